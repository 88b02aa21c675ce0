//! Increments that wait for their slice to close, and what they are when it does.
//!
//! Knows columns (for whom, as what) and slices by number. Cumulative columns of a histogram become buckets, and the two
//! metrics of a pair become good and bad, when all of a slice is there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use attain_model::counts::per_bucket;
use attain_model::delivery::Counted;
use attain_model::indicator::{Counting, Part};
use attain_model::live::{CountsFor, LiveRole, OpenCount};
use attain_model::{Bucket, Class, CountedSegment, SourceId, Stream, StreamKey, Tally};
use jiff::{SignedDuration, Timestamp};

use super::Owed;
use crate::grid::Grid;

/// How a stream is cut.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    /// Where it is counted.
    pub(super) sources: Vec<SourceId>,
    /// In nanoseconds, ascending.
    edges: Vec<u64>,
    /// What the other metric of a pair holds.
    part: Option<Part>,
}

/// One thing that increments are added to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Column {
    source: usize,
    pub(super) to: CountsFor,
}

/// What waits.
#[derive(Debug, Clone, Default)]
pub(super) struct Open {
    columns: Vec<Column>,
    numbers: HashMap<Column, u32>,
    /// By slice, then by column: as long as the highest column that has any.
    rows: BTreeMap<i64, Vec<u64>>,
    /// What arrived after its slice was closed, by slice, arrival and column.
    late: BTreeMap<(i64, Timestamp, u32), u64>,
    /// By how much parts ran ahead.
    pub(super) owed: Owed,
}

/// What one stream and segment counted in one slice.
#[derive(Default)]
struct Sums {
    events: Vec<(Class, u64)>,
    at_or_under: BTreeMap<Class, BTreeMap<u64, u64>>,
    total: u64,
    part: u64,
}

/// Parts of a histogram that came late wait so long for others after the last of them.
const LATE_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// They do not wait longer for each other.
const LATE_AT_MOST: SignedDuration = SignedDuration::from_secs(120);

/// Source, stream, segment and slice.
type OfSlice<'c> = (usize, &'c StreamKey, &'c CountedSegment, i64);

/// Whose sums they are: source, stream, segment, slice, arrival if late.
type Whose<'c> = (
    usize,
    &'c StreamKey,
    &'c CountedSegment,
    i64,
    Option<Timestamp>,
);

impl Cut {
    pub(super) fn of(stream: &Stream) -> Self {
        Self {
            sources: stream.sources.clone(),
            edges: stream.edges.iter().map(|edge| edge.nanoseconds()).collect(),
            part: match &stream.indicator.counting {
                Counting::Totals { part, .. } => Some(*part),
                _ => None,
            },
        }
    }

    /// In nanoseconds, ascending.
    pub(super) fn edges(&self) -> impl Iterator<Item = u64> {
        self.edges.iter().copied()
    }
}

impl Open {
    /// The edges, in nanoseconds, that series of a stream stand for.
    pub(super) fn edges_of(&self, stream: &StreamKey) -> BTreeSet<u64> {
        let own = self
            .columns
            .iter()
            .filter(|column| column.to.stream == *stream);
        let edge = |column: &Column| match &column.to.role {
            LiveRole::AtOrUnder(_, Some(edge)) => Some(edge.nanoseconds()),
            _ => None,
        };
        own.filter_map(edge).collect()
    }

    /// The number of a column, which is made if it is new.
    pub(super) fn column(&mut self, source: usize, to: &CountsFor) -> u32 {
        let column = Column {
            source,
            to: to.clone(),
        };
        if let Some(number) = self.numbers.get(&column) {
            return *number;
        }
        let number = u32::try_from(self.columns.len()).unwrap_or(u32::MAX);
        self.columns.push(column.clone());
        self.numbers.insert(column, number);
        number
    }

    pub(super) fn described(&self, column: u32) -> &CountsFor {
        &self.columns[column as usize].to
    }

    pub(super) fn stream_of(&self, column: u32) -> &StreamKey {
        self.columns[column as usize].stream()
    }

    /// Adds events to a slice.
    pub(super) fn add(&mut self, column: u32, slice: i64, late: Option<Timestamp>, events: u64) {
        if events == 0 {
            return;
        }
        let cell = match late {
            Some(arrived) => self.late.entry((slice, arrived, column)).or_default(),
            None => {
                let row = self.rows.entry(slice).or_default();
                let at = column as usize;
                if row.len() <= at {
                    row.resize(at + 1, 0);
                }
                &mut row[at]
            }
        };
        *cell = cell.saturating_add(events);
    }

    /// Takes events back that were added to an open slice.
    pub(super) fn take_back(&mut self, column: u32, slice: i64, events: u64) {
        let cell = self.rows.get_mut(&slice);
        if let Some(cell) = cell.and_then(|row| row.get_mut(column as usize)) {
            *cell = cell.saturating_sub(events);
        }
    }

    /// Takes the slices before one out, and what came late, by source.
    pub(super) fn close(
        &mut self,
        now: Timestamp,
        first_open: i64,
        grid: Grid,
        cuts: &BTreeMap<StreamKey, Cut>,
    ) -> BTreeMap<usize, Vec<Counted>> {
        let open = self.rows.split_off(&first_open);
        let mut rows = std::mem::replace(&mut self.rows, open);
        let late = self.take_late(now);
        for (slice, row) in &mut rows {
            self.keep_what_is_no_whole(*slice, row, now);
        }
        let mut sums: BTreeMap<Whose<'_>, Sums> = BTreeMap::new();
        let on_time = rows.iter().flat_map(|(slice, row)| {
            let cells = row.iter().enumerate();
            cells.map(move |(column, events)| (*slice, None, column, *events))
        });
        let late = late
            .iter()
            .map(|((slice, at, column), events)| (*slice, Some(*at), *column as usize, *events));
        for (slice, at, column, events) in on_time.chain(late).filter(|cell| cell.3 > 0) {
            let Column { source, to } = &self.columns[column];
            let whose = (*source, &to.stream, &to.segment, slice, at);
            sums.entry(whose).or_default().add(&to.role, events);
        }
        let mut counted: BTreeMap<usize, Vec<Counted>> = BTreeMap::new();
        for ((source, stream, segment, slice, late), sums) in sums {
            // A stream that nobody counts any more has no cut.
            let Some(cut) = cuts.get(stream) else {
                continue;
            };
            let tally = sums.tally(cut, || (stream.clone(), segment.clone()), &mut self.owed);
            if tally.cells.is_empty() {
                continue;
            }
            counted.entry(source).or_default().push(Counted {
                stream: stream.clone(),
                segment: segment.clone(),
                slice: grid.start(slice),
                tally,
                received: late,
            });
        }
        counted
    }

    /// Takes out what came late and is whole.
    ///
    /// The buckets of a histogram come in several requests, in any order, and mean something together only: those of a slice
    /// wait until nothing more of it has come for a while.
    fn take_late(&mut self, now: Timestamp) -> BTreeMap<(i64, Timestamp, u32), u64> {
        let all = std::mem::take(&mut self.late);
        // The first and the last arrival of what is of one histogram.
        let mut arrivals: BTreeMap<OfSlice<'_>, (Timestamp, Timestamp)> = BTreeMap::new();
        for (slice, at, column) in all.keys() {
            if let Some(whose) = self.histogram_of(*slice, *column) {
                let (first, last) = arrivals.entry(whose).or_insert((*at, *at));
                (*first, *last) = ((*first).min(*at), (*last).max(*at));
            }
        }
        let (mut taken, mut kept) = (BTreeMap::new(), BTreeMap::new());
        for ((slice, at, column), events) in &all {
            let whose = self.histogram_of(*slice, *column);
            let came = whose.and_then(|whose| arrivals.get(&whose)).copied();
            let (first, last) = came.unwrap_or((*at, *at));
            let is_over =
                |at: Timestamp, after| at.saturating_add(after).is_ok_and(|due| due <= now);
            let leaves =
                came.is_none() || is_over(last, LATE_AFTER) || is_over(first, LATE_AT_MOST);
            match leaves {
                true => *taken.entry((*slice, last, *column)).or_default() += events,
                false => {
                    kept.insert((*slice, *at, *column), *events);
                }
            }
        }
        self.late = kept;
        taken
    }

    /// Takes out of a slice that closes the histograms of which more events took at most so long than there were: the rest of
    /// them is on its way, and comes late.
    fn keep_what_is_no_whole(&mut self, slice: i64, row: &mut [u64], now: Timestamp) {
        let mut classes: BTreeMap<(OfSlice<'_>, &Class), (u64, u64)> = BTreeMap::new();
        for (column, events) in (0..).zip(&*row) {
            if let (Some(whose), LiveRole::AtOrUnder(class, edge)) = (
                self.histogram_of(slice, column),
                &self.columns[column as usize].to.role,
            ) {
                let (under, all) = classes.entry((whose, class)).or_default();
                match edge {
                    Some(_) => *under = (*under).max(*events),
                    None => *all += *events,
                }
            }
        }
        let parts = classes.into_iter().filter(|(_, (under, all))| under > all);
        let parts: BTreeSet<OfSlice<'_>> = parts.map(|((whose, _), _)| whose).collect();
        let is_part = |column: u32| {
            let whose = self.histogram_of(slice, column);
            whose.is_some_and(|whose| parts.contains(&whose))
        };
        let kept: Vec<u32> = (0..)
            .zip(&*row)
            .map(|(column, _)| column)
            .filter(|column| is_part(*column))
            .collect();
        for column in kept {
            let events = std::mem::take(&mut row[column as usize]);
            self.add(column, slice, Some(now), events);
        }
    }

    /// Whose histogram a column is a part of, if it is.
    fn histogram_of(&self, slice: i64, column: u32) -> Option<OfSlice<'_>> {
        let Column { source, to } = self.columns.get(column as usize)?;
        let is_part = matches!(to.role, LiveRole::AtOrUnder(..));
        is_part.then_some((*source, &to.stream, &to.segment, slice))
    }

    /// What waits, as facts.
    pub(super) fn waiting<'s>(&self, source: impl Fn(usize) -> &'s SourceId) -> Vec<OpenCount> {
        let on_time = self.rows.iter().flat_map(|(slice, row)| {
            let cells = row.iter().enumerate().filter(|(_, events)| **events > 0);
            cells.map(move |(column, events)| (*slice, None, column, *events))
        });
        let late = self.late.iter();
        let late = late
            .map(|((slice, at, column), events)| (*slice, Some(*at), *column as usize, *events));
        on_time
            .chain(late)
            .map(|(slice, late, column, events)| OpenCount {
                to: self.columns[column].to.clone(),
                source: source(self.columns[column].source).clone(),
                slice,
                late,
                events,
            })
            .collect()
    }

    /// What parts owe, as facts.
    pub(super) fn owed(&self) -> Vec<(StreamKey, CountedSegment, u64)> {
        let owed = self.owed.iter();
        owed.map(|((stream, segment), events)| (stream.clone(), segment.clone(), *events))
            .collect()
    }
}

impl Sums {
    fn add(&mut self, role: &LiveRole, events: u64) {
        match role {
            LiveRole::Events(class) => self.events.push((class.clone(), events)),
            LiveRole::AtOrUnder(class, edge) => {
                let edge = edge.map_or(u64::MAX, |edge| edge.nanoseconds());
                let below = self.at_or_under.entry(class.clone()).or_default();
                *below.entry(edge).or_default() += events;
            }
            LiveRole::Total => self.total += events,
            LiveRole::Part => self.part += events,
        }
    }

    fn tally(
        &self,
        cut: &Cut,
        whose: impl FnOnce() -> (StreamKey, CountedSegment),
        owed: &mut Owed,
    ) -> Tally {
        let mut tally = Tally::default();
        for (class, events) in &self.events {
            tally.add(class.clone(), Bucket::UNTIMED, *events);
        }
        for (class, below) in &self.at_or_under {
            // What there is under an edge and not at all was counted as slower when all of it came, or is not known.
            let all = below.get(&u64::MAX).copied().unwrap_or(0);
            let below = below
                .iter()
                .map(|(edge, events)| (*edge, (*events).min(all)));
            for (bucket, events) in (0..).zip(per_bucket(&cut.edges, &below.collect())) {
                tally.add(class.clone(), Bucket(bucket), events);
            }
        }
        if let Some(part) = cut.part
            && (self.total > 0 || self.part > 0)
        {
            let (good, bad) = self.pair(part, whose, owed);
            tally.add(Class::good(), Bucket::UNTIMED, good);
            tally.add(Class::bad(), Bucket::UNTIMED, bad);
        }
        tally
    }

    /// Good and bad of a pair. What its part runs ahead of its total is taken off the next slices: never good twice.
    fn pair(
        &self,
        part: Part,
        whose: impl FnOnce() -> (StreamKey, CountedSegment),
        owed: &mut Owed,
    ) -> (u64, u64) {
        let whose = whose();
        let before = owed.remove(&whose).unwrap_or(0);
        let rest = i128::from(self.total) - i128::from(self.part) - i128::from(before);
        let ahead = u64::try_from(-rest).unwrap_or(0);
        if ahead > 0 {
            owed.insert(whose, ahead);
        }
        let rest = u64::try_from(rest).unwrap_or(0);
        match part {
            Part::Good => (self.total.saturating_sub(rest), rest),
            Part::Bad | Part::Ratio => (rest, self.part),
        }
    }
}
