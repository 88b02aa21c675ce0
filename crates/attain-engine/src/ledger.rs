//! The ledger in memory: what was counted, each thing once, in whatever order it came.
//!
//! Knows deliveries, lateness and the watermark. Knows no objective: counts are kept by class and bucket, and samples
//! and readings as they were, so that an edit of a promise re-reads history. See counter.rs and gauge.rs for how these
//! become events, read.rs for how they are asked for, export.rs for the ledger as text.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use attain_model::delivery::{Counted, Delivery, Reading, Sample};
use attain_model::{Bucket, Class, CountedSegment, Interval, SourceId, Stream, StreamKey, Tally};
use jiff::{SignedDuration, Timestamp};

use crate::counter::{Instants, Point, Samples};
use crate::gauge::Readings;
use crate::grid::Grid;
use crate::ranges::RangeSet;

/// How far ahead of its arrival an event may be, live.
const AHEAD_AT_MOST: SignedDuration = SignedDuration::from_mins(10);

/// What was counted, by stream, segment, class, bucket and slice.
///
/// Invariant: the content depends on the set of rows taken, not on their order, split or repetition (as long as all lie
/// within the lateness). [`Ledger::export`] is how this is checked.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(crate) grid: Grid,
    lateness: Option<SignedDuration>,
    delay: SignedDuration,
    pub(crate) streams: BTreeMap<StreamKey, StreamCounts>,
    pub(crate) origins: BTreeMap<(SourceId, String), RangeSet<u64>>,
    pub(crate) sources: BTreeMap<SourceId, SourceState>,
    pub(crate) watermark: Option<Timestamp>,
}

/// What taking a delivery came to. Events of aggregated rows weigh what they count; a sample or a reading is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// Taken now.
    pub counted: u64,
    /// Known already: the same range of the same origin, or the same series at the same instant.
    pub already: u64,
    /// Refused: older than the watermark less the lateness.
    pub too_late: u64,
    /// Refused: more than ten minutes ahead of their arrival.
    pub ahead: u64,
    /// Of no stream of this ledger.
    pub no_stream: u64,
    /// The delivery as a whole was refused and nothing of it counted.
    pub refused: Option<Refusal>,
}

/// Why a delivery as a whole was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A part of the range was taken before, and the counts cannot be told apart by position. Deliver the rest alone,
    /// or one position at a time.
    Overlap {
        /// The origin.
        origin: String,
        /// The range that was delivered.
        range: Range<u64>,
        /// The part of it that was taken before, first piece.
        taken: Range<u64>,
    },
    /// Counts without positions could not be told from the same counts delivered again.
    NoRange {
        /// The origin.
        origin: String,
    },
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Overlap {
                origin,
                range,
                taken,
            } => write!(
                f,
                "{origin} {}..{} was taken in part ({}..{}); deliver the rest alone",
                range.start, range.end, taken.start, taken.end
            ),
            Refusal::NoRange { origin } => write!(
                f,
                "{origin} delivers counts without positions; say which rows they come from"
            ),
        }
    }
}

/// The counts of one stream.
#[derive(Debug, Clone)]
pub(crate) struct StreamCounts {
    pub(crate) stream: Stream,
    pub(crate) columns: BTreeMap<CellKey, Cells>,
    pub(crate) series: BTreeMap<(SourceId, String, CellKey), Samples>,
    pub(crate) gauges: BTreeMap<(SourceId, String, CountedSegment), Readings>,
    /// The sources that said anything about it.
    pub(crate) sources: BTreeSet<SourceId>,
}

pub(crate) type CellKey = (CountedSegment, Class, Bucket);

/// Events by slice: those that arrived with their slice, and those that came later, by slice and arrival.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cells {
    pub(crate) on_time: BTreeMap<i64, u64>,
    pub(crate) late: BTreeMap<(i64, Timestamp), u64>,
}

/// What is known about one source.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceState {
    /// When it was heard.
    pub(crate) hearing: Hearing,
    /// When those of its streams were heard that can be silent while it is not.
    // Invariant: what a delivery says of the source holds for each of these that it does not name.
    pub(crate) streams: BTreeMap<StreamKey, Hearing>,
    /// Instants of its samples.
    pub(crate) instants: Instants,
    /// Lines or rows that could not be read.
    pub(crate) unparsed: u64,
    /// Refused as too late, and the slices they were about.
    pub(crate) too_late: u64,
    pub(crate) too_late_slices: Option<(i64, i64)>,
    /// Refused as ahead of their arrival.
    pub(crate) ahead: u64,
}

/// When a source, or one of its streams, was heard.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hearing {
    /// In these slices.
    pub(crate) slices: RangeSet<i64>,
    /// It said something without saying when it was heard.
    pub(crate) is_unknown: bool,
}

impl Hearing {
    fn add(&mut self, grid: Grid, intervals: &[Interval]) {
        for interval in intervals {
            let start = grid.index(interval.start);
            let end = grid.index_up(interval.end).max(start + 1);
            self.slices.insert(start..end);
        }
    }
}

impl SourceState {
    /// The source's own, and those of its streams that a delivery does not name.
    fn unnamed<'s>(&'s mut self, named: &'s Named) -> impl Iterator<Item = &'s mut Hearing> {
        let streams = self.streams.iter_mut();
        let others = streams.filter(|(stream, _)| !named.contains(*stream));
        std::iter::once(&mut self.hearing).chain(others.map(|(_, hearing)| hearing))
    }
}

/// The streams that a delivery names.
type Named = BTreeSet<StreamKey>;

/// Whether a row is within the lateness.
enum Arrival {
    /// Count it; the arrival is given if it came after its slice.
    Count(Option<Timestamp>),
    TooLate,
    Ahead,
}

impl Ledger {
    /// An empty ledger of these streams, counted in slices of so many seconds (60 for files).
    ///
    /// Without a lateness nothing is ever too late, and nothing is ahead: files are taken as they are.
    #[must_use]
    pub fn new(streams: &[Stream], slice_seconds: u32, lateness: Option<Duration>) -> Self {
        let of = |stream: &Stream| StreamCounts {
            stream: stream.clone(),
            columns: BTreeMap::new(),
            series: BTreeMap::new(),
            gauges: BTreeMap::new(),
            sources: BTreeSet::new(),
        };
        Self {
            grid: Grid::new(slice_seconds),
            lateness: lateness.map(signed),
            delay: SignedDuration::ZERO,
            streams: streams.iter().map(|s| (s.key.clone(), of(s))).collect(),
            origins: BTreeMap::new(),
            sources: BTreeMap::new(),
            watermark: None,
        }
    }

    /// What arrives within this time after the end of its slice counts as known with the slice; none unless said.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = signed(delay);
        self
    }

    /// Takes a delivery whose rows say themselves when they arrived, or arrived at their own time.
    ///
    /// A row that does not say when it arrived never moves the watermark: nothing vouches for its time.
    pub fn take(&mut self, delivery: Delivery) -> Taken {
        self.take_rows(delivery, None)
    }

    /// Takes a delivery that arrived at an instant; rows that say when they arrived keep that.
    pub fn take_at(&mut self, delivery: Delivery, arrived: Timestamp) -> Taken {
        self.take_rows(delivery, Some(arrived))
    }

    /// The positions of an origin that were taken, so that a source can deliver just the rest.
    #[must_use]
    pub fn positions(&self, source: &SourceId, origin: &str) -> &[Range<u64>] {
        self.origins
            .get(&(source.clone(), origin.to_owned()))
            .map_or(&[], RangeSet::ranges)
    }

    /// Events of a source that were refused because they lay more than ten minutes ahead of their arrival.
    #[must_use]
    pub fn ahead(&self, source: &SourceId) -> u64 {
        self.sources.get(source).map_or(0, |state| state.ahead)
    }

    /// The newest event time that its arrival vouches for; `None` before the first.
    #[must_use]
    pub fn watermark(&self) -> Option<Timestamp> {
        self.watermark
    }

    fn take_rows(&mut self, delivery: Delivery, arrived: Option<Timestamp>) -> Taken {
        if let Some(taken) = self.known(&delivery) {
            return taken;
        }
        let source = delivery.source.clone();
        let named = self.hear(&delivery);
        let mut taken = Taken::default();
        // Invariant: all rows of a delivery are judged by the watermark before it, so that splitting it changes nothing.
        let mut newest = self.watermark;
        for row in delivery.counted {
            self.take_counted(&source, row, arrived, &mut newest, &mut taken);
        }
        let is_heard_by_rows = delivery.observed.is_none();
        for row in delivery.samples {
            let slice = self.grid.index(row.time);
            let before = taken.counted + taken.already;
            self.take_sample(&source, row, arrived, &mut newest, &mut taken);
            if is_heard_by_rows && taken.counted + taken.already > before {
                self.hear_at(&source, slice, 1, &named);
            }
        }
        for row in delivery.readings {
            let slice = self.grid.index(row.time);
            let length = self.streams.get(&row.stream).map_or(1, |kept| {
                self.grid.slices(kept.stream.indicator.slice.as_secs())
            });
            let before = taken.counted + taken.already;
            self.take_reading(&source, row, arrived, &mut newest, &mut taken);
            if is_heard_by_rows && taken.counted + taken.already > before {
                self.hear_at(&source, slice, length, &named);
            }
        }
        self.watermark = newest;
        if delivery.range.start < delivery.range.end {
            self.origins
                .entry((source, delivery.origin))
                .or_default()
                .insert(delivery.range);
        }
        taken
    }

    /// What to answer to a delivery that is known already or cannot be told apart; `None` if it is new.
    fn known(&self, delivery: &Delivery) -> Option<Taken> {
        let range = &delivery.range;
        let origin = delivery.origin.clone();
        if range.start >= range.end {
            return (!delivery.counted.is_empty()).then(|| Taken {
                refused: Some(Refusal::NoRange { origin }),
                ..Taken::default()
            });
        }
        let taken = self
            .origins
            .get(&(delivery.source.clone(), origin.clone()))?;
        if taken.contains(range) {
            return Some(Taken {
                already: rows_of(delivery),
                ..Taken::default()
            });
        }
        // Samples and readings are told apart one by one.
        if !taken.overlaps(range) || delivery.counted.is_empty() {
            return None;
        }
        let piece = taken.ranges().iter().find(|r| r.end > range.start)?;
        Some(Taken {
            refused: Some(Refusal::Overlap {
                origin,
                range: range.clone(),
                taken: piece.start.max(range.start)..piece.end.min(range.end),
            }),
            ..Taken::default()
        })
    }

    /// Takes down when the source and its streams were heard; gives the streams that the delivery names.
    fn hear(&mut self, delivery: &Delivery) -> Named {
        let grid = self.grid;
        let state = self.sources.entry(delivery.source.clone()).or_default();
        state.unparsed += delivery.unparsed.len() as u64;
        for (stream, intervals) in &delivery.observed_streams {
            // So far it was heard with its source.
            let so_far = || state.hearing.clone();
            let hearing = state.streams.entry(stream.clone()).or_insert_with(so_far);
            hearing.add(grid, intervals);
        }
        let named: Named = delivery.observed_streams.keys().cloned().collect();
        for hearing in state.unnamed(&named) {
            match &delivery.observed {
                Some(intervals) => hearing.add(grid, intervals),
                // Whoever answers with a sample was there; see `hear_at`.
                None if !delivery.samples.is_empty() || !delivery.readings.is_empty() => {}
                None => hearing.is_unknown = true,
            }
        }
        named
    }

    /// A source that does not say when it was heard was heard in the slices of its samples and readings.
    fn hear_at(&mut self, source: &SourceId, slice: i64, length: i64, named: &Named) {
        let start = slice.div_euclid(length) * length;
        if let Some(state) = self.sources.get_mut(source) {
            for hearing in state.unnamed(named) {
                hearing.slices.insert(start..start + length);
            }
        }
    }

    fn take_counted(
        &mut self,
        source: &SourceId,
        row: Counted,
        arrived: Option<Timestamp>,
        newest: &mut Option<Timestamp>,
        taken: &mut Taken,
    ) {
        let events = events_of(&row.tally);
        let slice = self.grid.index(row.slice);
        // The newest event of a slice may be as late as its end.
        let last = self.grid.start(slice + 1);
        let arrival = self.arrival(row.slice, last, row.received.or(arrived), newest);
        let Some(late) = self.admit(source, &row.stream, arrival, slice, events, taken) else {
            return;
        };
        let Some(kept) = self.streams.get_mut(&row.stream) else {
            return;
        };
        for ((class, bucket), events) in row.tally.cells {
            let cells = kept
                .columns
                .entry((row.segment.clone(), class, bucket))
                .or_default();
            let cell = match late {
                None => cells.on_time.entry(slice).or_insert(0),
                Some(received) => cells.late.entry((slice, received)).or_insert(0),
            };
            *cell = cell.saturating_add(events);
        }
    }

    fn take_sample(
        &mut self,
        source: &SourceId,
        row: Sample,
        arrived: Option<Timestamp>,
        newest: &mut Option<Timestamp>,
        taken: &mut Taken,
    ) {
        let slice = self.grid.index(row.time);
        let arrival = self.arrival(row.time, row.time, row.received.or(arrived), newest);
        let Some(late) = self.admit(source, &row.stream, arrival, slice, 1, taken) else {
            return;
        };
        if let Some(state) = self.sources.get_mut(source) {
            keep_first(state.instants.entry(row.time), late);
        }
        let Some(kept) = self.streams.get_mut(&row.stream) else {
            return;
        };
        let key = (
            source.clone(),
            row.series,
            (row.segment, row.class, row.bucket),
        );
        let point = Point {
            late,
            value: row.value,
            created: row.created,
        };
        let samples = kept.series.entry(key).or_default();
        if !keep_first(samples.entry(row.time), point) {
            taken.counted -= 1;
            taken.already += 1;
        }
    }

    fn take_reading(
        &mut self,
        source: &SourceId,
        row: Reading,
        arrived: Option<Timestamp>,
        newest: &mut Option<Timestamp>,
        taken: &mut Taken,
    ) {
        let slice = self.grid.index(row.time);
        let arrival = self.arrival(row.time, row.time, row.received.or(arrived), newest);
        let Some(late) = self.admit(source, &row.stream, arrival, slice, 1, taken) else {
            return;
        };
        let Some(kept) = self.streams.get_mut(&row.stream) else {
            return;
        };
        let readings = kept
            .gauges
            .entry((source.clone(), row.series, row.segment))
            .or_default();
        if !keep_first(readings.entry(row.time), (late, row.value)) {
            taken.counted -= 1;
            taken.already += 1;
        }
    }

    /// Judges a row by its time; `last` is the latest that its events can have happened.
    fn arrival(
        &self,
        time: Timestamp,
        last: Timestamp,
        received: Option<Timestamp>,
        newest: &mut Option<Timestamp>,
    ) -> Arrival {
        if let Some(lateness) = self.lateness {
            if received.is_some_and(|received| time.duration_since(received) > AHEAD_AT_MOST) {
                return Arrival::Ahead;
            }
            let limit = self.watermark.map(|w| w.saturating_sub(lateness));
            if let Some(Ok(limit)) = limit
                && last < limit
            {
                return Arrival::TooLate;
            }
            if received.is_some() {
                *newest = (*newest).max(Some(time));
            }
        }
        let slice_end = self.grid.start(self.grid.index(time) + 1);
        let known_by = slice_end.saturating_add(self.delay).unwrap_or(slice_end);
        Arrival::Count(received.filter(|received| *received > known_by))
    }

    /// Books a row; gives its arrival if it counts (`None` inside: with its slice).
    fn admit(
        &mut self,
        source: &SourceId,
        stream: &StreamKey,
        arrival: Arrival,
        slice: i64,
        events: u64,
        taken: &mut Taken,
    ) -> Option<Option<Timestamp>> {
        let state = self.sources.get_mut(source)?;
        match arrival {
            Arrival::TooLate => {
                taken.too_late = taken.too_late.saturating_add(events);
                state.too_late = state.too_late.saturating_add(events);
                let (first, last) = state.too_late_slices.unwrap_or((slice, slice));
                state.too_late_slices = Some((first.min(slice), last.max(slice)));
                None
            }
            Arrival::Ahead => {
                taken.ahead = taken.ahead.saturating_add(events);
                state.ahead = state.ahead.saturating_add(events);
                None
            }
            Arrival::Count(late) => {
                let Some(kept) = self.streams.get_mut(stream) else {
                    taken.no_stream = taken.no_stream.saturating_add(events);
                    return None;
                };
                if !kept.sources.contains(source) {
                    kept.sources.insert(source.clone());
                }
                taken.counted = taken.counted.saturating_add(events);
                Some(late)
            }
        }
    }
}

fn rows_of(delivery: &Delivery) -> u64 {
    let events = delivery.counted.iter().map(|row| events_of(&row.tally));
    let rows = delivery.samples.len() + delivery.readings.len();
    events.fold(rows as u64, u64::saturating_add)
}

/// All events of a tally; saturates where the sum does not fit.
fn events_of(tally: &Tally) -> u64 {
    let cells = tally.cells.values().copied();
    cells.fold(0, u64::saturating_add)
}

/// Keeps what arrived first; of two that arrived together the lesser, so that order does not matter. Says if it is new.
///
/// An arrival of `None` is with its slice, earlier than any other.
fn keep_first<V: Ord>(entry: Entry<'_, Timestamp, V>, value: V) -> bool {
    match entry {
        Entry::Vacant(vacant) => {
            vacant.insert(value);
            true
        }
        Entry::Occupied(mut known) => {
            if value < *known.get() {
                known.insert(value);
            }
            false
        }
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
