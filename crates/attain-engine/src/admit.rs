//! How a delivery gets into the ledger: what of it is new, what is known, what comes too late or too early.
//!
//! Knows deliveries, positions, lateness and the watermark. Knows nothing of how counts are kept; see cells.rs.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use attain_model::delivery::{Counted, Delivery, Reading, Sample};
use attain_model::{SourceId, StreamKey};
use jiff::{SignedDuration, Timestamp};

use crate::grid::Grid;
use crate::hearing::Listeners;
use crate::ledger::Ledger;
use crate::ranges::RangeSet;

/// How far ahead of its arrival an event may be, live.
const AHEAD_AT_MOST: SignedDuration = SignedDuration::from_mins(10);

/// What taking a delivery came to. Events of aggregated rows weigh what they count; a sample or a reading is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// Taken now.
    pub counted: u64,
    /// Known already: the same range of the same origin for the same stream, or the same series at the same instant.
    pub already: u64,
    /// Refused: older than the watermark less the lateness.
    pub too_late: u64,
    /// Refused: more than ten minutes ahead of their arrival.
    pub ahead: u64,
    /// Of no stream that the delivery is counted for.
    pub no_stream: u64,
    /// The delivery as a whole was refused and nothing of it counted.
    pub refused: Option<Refusal>,
}

/// Why a delivery as a whole was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A part of the range was taken before, and the counts (or the rows that could not be read) cannot be told apart by
    /// position. Deliver the rest alone, or one position at a time; see [`Ledger::wanted`].
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

/// What the positions of a delivery are to the ledger.
struct Admission {
    /// The streams that they were not yet counted for.
    fresh: Arc<BTreeSet<StreamKey>>,
    /// The streams that they were counted for.
    known: BTreeSet<StreamKey>,
    /// They were read before, if not for all these streams: what they say of the source itself is known.
    is_seen: bool,
}

/// Whether the rows of a stream count.
#[derive(Clone, Copy)]
enum Whose {
    Fresh,
    Known,
    Nobody,
}

impl Admission {
    fn whose(&self, stream: &StreamKey) -> Whose {
        if self.fresh.contains(stream) {
            Whose::Fresh
        } else if self.known.contains(stream) {
            Whose::Known
        } else {
            Whose::Nobody
        }
    }
}

/// Whether a row is within the lateness.
enum Arrival {
    /// Count it; the arrival is given if it came after its slice.
    Count(Option<Timestamp>),
    TooLate,
    Ahead,
}

/// What rows are judged by.
///
/// Invariant: all rows of a delivery are judged by the watermark before it, so that splitting it changes nothing.
#[derive(Clone, Copy)]
struct Clock {
    grid: Grid,
    lateness: Option<SignedDuration>,
    delay: SignedDuration,
    watermark: Option<Timestamp>,
    /// When the delivery arrived, for rows that do not say it themselves.
    arrived: Option<Timestamp>,
}

/// When a row happened and arrived.
struct Times {
    time: Timestamp,
    /// The latest that its events can have happened.
    last: Timestamp,
    received: Option<Timestamp>,
}

/// A delivery on its way in.
struct Batch {
    source: SourceId,
    admission: Admission,
    clock: Clock,
    newest: Option<Timestamp>,
    taken: Taken,
    /// The slices of samples and readings.
    heard: RangeSet<i64>,
}

impl Ledger {
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

    fn take_rows(&mut self, delivery: Delivery, arrived: Option<Timestamp>) -> Taken {
        let admission = match self.admission(&delivery) {
            Ok(admission) => admission,
            Err(refusal) => {
                return Taken {
                    refused: Some(refusal),
                    ..Taken::default()
                };
            }
        };
        self.hear(&delivery, &admission);
        let mut batch = Batch {
            source: delivery.source.clone(),
            admission,
            clock: Clock {
                grid: self.grid,
                lateness: self.lateness,
                delay: self.delay,
                watermark: self.watermark,
                arrived,
            },
            newest: self.watermark,
            taken: Taken::default(),
            heard: RangeSet::default(),
        };
        let runs = delivery.counted.chunk_by(|a, b| a.stream == b.stream);
        for run in runs {
            self.take_counted(&mut batch, run);
        }
        for row in delivery.samples {
            self.take_sample(&mut batch, row);
        }
        for row in delivery.readings {
            self.take_reading(&mut batch, row);
        }
        self.watermark = batch.newest;
        // A source that does not say when it was heard was heard in the slices of its samples and readings.
        if delivery.observed.is_none()
            && let Some(state) = self.sources.get_mut(&batch.source)
        {
            let who = Listeners {
                source: !batch.admission.is_seen,
                streams: &batch.admission.fresh,
                named: &delivery.observed_streams,
            };
            for hearing in state.listening(&who) {
                hearing.slices.extend(&batch.heard);
            }
        }
        if !delivery.range.is_empty() {
            let of_source = self.origins.entry(batch.source).or_default();
            let origin = of_source.entry(delivery.origin).or_default();
            origin.add(&delivery.range, &batch.admission.fresh);
            origin.fingerprint.add(delivery.marks);
        }
        batch.taken
    }

    /// What the positions of a delivery are to the streams that it is counted for.
    fn admission(&self, delivery: &Delivery) -> Result<Admission, Refusal> {
        let range = &delivery.range;
        let named = self.named(delivery);
        if range.is_empty() {
            return match delivery.counted.is_empty() {
                true => Ok(Admission {
                    fresh: named,
                    known: BTreeSet::new(),
                    is_seen: false,
                }),
                false => Err(Refusal::NoRange {
                    origin: delivery.origin.clone(),
                }),
            };
        }
        let Some(origin) = self.origin(&delivery.source, &delivery.origin) else {
            return Ok(Admission {
                fresh: named,
                known: BTreeSet::new(),
                is_seen: false,
            });
        };
        let is_seen = origin.seen.contains(range);
        if !is_seen && !delivery.unparsed.is_empty() {
            apart(delivery, &origin.seen)?;
        }
        let taken = |stream: &StreamKey| origin.streams.get(stream);
        let known: BTreeSet<StreamKey> = (named.iter())
            .filter(|stream| taken(stream).is_some_and(|taken| taken.contains(range)))
            .cloned()
            .collect();
        // Samples and readings are told apart one by one.
        for run in delivery.counted.chunk_by(|a, b| a.stream == b.stream) {
            let stream = &run[0].stream;
            if let Some(taken) = taken(stream)
                && named.contains(stream)
                && !known.contains(stream)
            {
                apart(delivery, taken)?;
            }
        }
        let fresh = match known.is_empty() {
            true => named,
            false => Arc::new(&*named - &known),
        };
        Ok(Admission {
            fresh,
            known,
            is_seen,
        })
    }

    /// The streams that a delivery is counted for.
    fn named(&self, delivery: &Delivery) -> Arc<BTreeSet<StreamKey>> {
        let looking = self.looking_at(&delivery.source);
        match &delivery.streams {
            None => Arc::clone(&looking.counted),
            Some(streams) if streams.is_subset(&looking.kept) => Arc::clone(streams),
            Some(streams) => Arc::new(&**streams & &looking.kept),
        }
    }

    /// Takes down when the source and its streams were heard.
    fn hear(&mut self, delivery: &Delivery, admission: &Admission) {
        let (grid, is_new) = (self.grid, !admission.is_seen);
        let kept = Arc::clone(&self.looking_at(&delivery.source).kept);
        let state = self.sources.entry(delivery.source.clone()).or_default();
        if is_new {
            state.unparsed += delivery.unparsed.len() as u64;
            // Whoever is not counted here did not hear it.
            let others = kept.iter();
            for stream in others.filter(|stream| !admission.fresh.contains(*stream)) {
                state.part(stream);
            }
        }
        for (stream, intervals) in &delivery.observed_streams {
            if admission.fresh.contains(stream) {
                state.part(stream);
                if let Some(hearing) = state.streams.get_mut(stream) {
                    hearing.add(grid, intervals);
                }
            }
        }
        let who = Listeners {
            source: is_new,
            streams: &admission.fresh,
            named: &delivery.observed_streams,
        };
        for hearing in state.listening(&who) {
            match &delivery.observed {
                Some(intervals) => hearing.add(grid, intervals),
                // Whoever answers with a sample was there; see `take_rows`.
                None if !delivery.samples.is_empty() || !delivery.readings.is_empty() => {}
                None => hearing.is_unknown = true,
            }
        }
    }

    /// Takes rows of one stream.
    fn take_counted(&mut self, batch: &mut Batch, rows: &[Counted]) {
        let Some(stream) = rows.first().map(|row| &row.stream) else {
            return;
        };
        let whose = batch.admission.whose(stream);
        for row in rows {
            let grid = self.grid;
            let slice = grid.index(row.slice);
            let times = Times {
                time: row.slice,
                // The newest event of a slice may be as late as its end.
                last: grid.start(slice + 1),
                received: row.received,
            };
            let events = row.tally.total();
            let Some(late) = self.admit(batch, stream, whose, &times, events) else {
                continue;
            };
            if let Some(counts) = self.counts.get_mut(stream) {
                counts.add(&row.segment, &row.tally, slice, late);
                if let Some(changes) = &mut self.changes {
                    changes.count(stream, &row.segment, &row.tally, slice);
                }
            }
        }
    }

    fn take_sample(&mut self, batch: &mut Batch, row: Sample) {
        let times = Times::at(row.time, row.received);
        let (time, slice) = (row.time, self.grid.index(row.time));
        let Some(late) = self.admit_one(batch, &row.stream, &times) else {
            return;
        };
        if let Some(state) = self.sources.get_mut(&batch.source) {
            state.instants.add(time, late);
        }
        batch.heard.insert(slice..slice + 1);
        if let Some(changes) = &mut self.changes {
            changes.restate(&row.stream);
        }
        let counts = self.counts.get_mut(&row.stream);
        let is_new = counts.is_none_or(|counts| counts.add_sample(&batch.source, row, late));
        batch.taken.count_one(is_new);
    }

    fn take_reading(&mut self, batch: &mut Batch, row: Reading) {
        let times = Times::at(row.time, row.received);
        let slice = self.grid.index(row.time);
        let Some(late) = self.admit_one(batch, &row.stream, &times) else {
            return;
        };
        let kept = self.kept.get(&row.stream);
        let length = kept.map_or(1, |kept| self.grid.slices(kept.slice.as_secs()));
        let start = slice.div_euclid(length) * length;
        batch.heard.insert(start..start + length);
        if let Some(changes) = &mut self.changes {
            changes.restate(&row.stream);
        }
        let counts = self.counts.get_mut(&row.stream);
        let is_new = counts.is_none_or(|counts| counts.add_reading(&batch.source, row, late));
        batch.taken.count_one(is_new);
    }

    /// Books a sample or a reading; the caller says whether it was new.
    fn admit_one(
        &mut self,
        batch: &mut Batch,
        stream: &StreamKey,
        times: &Times,
    ) -> Option<Option<Timestamp>> {
        let whose = batch.admission.whose(stream);
        let late = self.admit(batch, stream, whose, times, 1)?;
        batch.taken.counted -= 1;
        Some(late)
    }

    /// Books a row; gives its arrival if it counts (`None` inside: with its slice).
    fn admit(
        &mut self,
        batch: &mut Batch,
        stream: &StreamKey,
        whose: Whose,
        times: &Times,
        events: u64,
    ) -> Option<Option<Timestamp>> {
        let taken = &mut batch.taken;
        let add = |sum: &mut u64| *sum = sum.saturating_add(events);
        match whose {
            Whose::Fresh => {}
            Whose::Known => {
                add(&mut taken.already);
                return None;
            }
            Whose::Nobody => {
                add(&mut taken.no_stream);
                return None;
            }
        }
        let state = self.sources.get_mut(&batch.source)?;
        match batch.clock.arrival(times, &mut batch.newest) {
            Arrival::TooLate => {
                add(&mut taken.too_late);
                add(&mut state.too_late);
                let slice = self.grid.index(times.time);
                let (first, last) = state.too_late_slices.unwrap_or((slice, slice));
                state.too_late_slices = Some((first.min(slice), last.max(slice)));
                None
            }
            Arrival::Ahead => {
                add(&mut taken.ahead);
                add(&mut state.ahead);
                None
            }
            Arrival::Count(late) => {
                let said = self.said.get(stream);
                if !said.is_some_and(|said| said.contains(&batch.source)) {
                    let said = self.said.entry(stream.clone()).or_default();
                    said.insert(batch.source.clone());
                }
                add(&mut taken.counted);
                Some(late)
            }
        }
    }
}

impl Clock {
    /// Judges a row by its time.
    fn arrival(&self, times: &Times, newest: &mut Option<Timestamp>) -> Arrival {
        let (time, received) = (times.time, times.received.or(self.arrived));
        if let Some(lateness) = self.lateness {
            if received.is_some_and(|received| time.duration_since(received) > AHEAD_AT_MOST) {
                return Arrival::Ahead;
            }
            let limit = self.watermark.map(|w| w.saturating_sub(lateness));
            if let Some(Ok(limit)) = limit
                && times.last < limit
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
}

impl Times {
    /// Of something that happened at an instant.
    fn at(time: Timestamp, received: Option<Timestamp>) -> Self {
        Self {
            time,
            last: time,
            received,
        }
    }
}

impl Taken {
    fn count_one(&mut self, is_new: bool) {
        if is_new {
            self.counted += 1;
        } else {
            self.already += 1;
        }
    }
}

/// Refuses a delivery of which a part was taken.
fn apart(delivery: &Delivery, taken: &RangeSet<u64>) -> Result<(), Refusal> {
    let range = &delivery.range;
    let piece = taken.ranges().iter().find(|r| r.end > range.start);
    match piece {
        Some(piece) if piece.start < range.end => Err(Refusal::Overlap {
            origin: delivery.origin.clone(),
            range: range.clone(),
            taken: piece.start.max(range.start)..piece.end.min(range.end),
        }),
        _ => Ok(()),
    }
}
