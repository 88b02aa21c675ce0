//! What an SLO looks at: its stream's counts, when they were heard, its window at the instant.
//!
//! Knows no goal; see judge.rs.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use attain_model::facts::Damage;
use attain_model::selector::{Condition, Outcome};
use attain_model::slo::Objective;
use attain_model::{
    CountedSegment, Interval, Promises, Scope, SegmentNames, Slo, Stream, StreamKey, Targets,
    Window,
};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::by_slice::BySlice;
use crate::counts::{Column, Counts, Heard, Read};
use crate::cuts::Cuts;
use crate::exclusions::Excluded;
use crate::grid::Grid;
use crate::judge::Judged;
use crate::projection::Fate;
use crate::ranges::RangeSet;
use crate::series::Series;
use crate::shelved::CELLS_AT_MOST;
use crate::window::{self, Resolved};

/// How far back it is asked since when something has been so: 400 days.
///
/// One stray row of 1970 must not make anybody walk through fifty years of silence.
const LOOK_BACK_SECONDS: u64 = 400 * 86_400;

/// Reads a stream once for SLOs in a row that look at it, or as long as little was read.
pub(crate) struct Reader<'a> {
    promises: &'a Promises,
    counts: &'a dyn Counts,
    names: SegmentNames,
    instant: Timestamp,
    day: Date,
    known_until: Timestamp,
    /// The first slice that is read.
    since: i64,
    /// Where sums begin and end, if nothing else is asked for.
    cuts: Option<Cuts>,
    seen: BTreeMap<ReadKey, Rc<Read>>,
    /// How many counts of slices are in there.
    cells: usize,
}

/// A stream; of gauges also the condition and the slice that make events of readings.
type ReadKey = (StreamKey, Option<Condition>, Duration);

impl<'a> Reader<'a> {
    /// For slices that are over at `instant`, with what was known at `known_until`.
    pub(crate) fn new(
        promises: &'a Promises,
        counts: &'a dyn Counts,
        instant: Timestamp,
        known_until: Timestamp,
    ) -> Self {
        let zone = promises.catalogue().timezone.clone();
        Self {
            promises,
            counts,
            names: SegmentNames::of(promises.catalogue()),
            instant,
            day: window::last_judged(instant, counts.grid())
                .to_zoned(zone)
                .date(),
            known_until,
            since: i64::MIN,
            cuts: None,
            seen: BTreeMap::new(),
            cells: 0,
        }
    }

    /// Reads no counts from before a slice. For whoever sums windows and asks nothing of what was before them.
    pub(crate) fn since(self, slice: i64) -> Self {
        Self {
            since: slice,
            ..self
        }
    }

    /// For whoever asks only for sums from cut to cut, of one SLO. It is told of no damage.
    pub(crate) fn cut(self, cuts: Option<Cuts>) -> Self {
        Self { cuts, ..self }
    }

    /// What an SLO looks at.
    pub(crate) fn look(&mut self, slo: &'a Slo) -> Looked<'a> {
        let resolved = window::resolve(&slo.window, self.instant, self.counts.grid());
        self.look_over(slo, resolved)
    }

    /// The same over another window, which ends at the instant.
    pub(crate) fn look_over(&mut self, slo: &'a Slo, resolved: Resolved) -> Looked<'a> {
        let (counts, grid) = (self.counts, self.counts.grid());
        let (since, until) = (self.since, grid.index(self.instant));
        let key = Stream::key_of(self.promises.catalogue(), slo);
        let condition = match slo.indicator.outcome() {
            Outcome::GoodIf(condition) => Some(*condition),
            Outcome::AllGood | Outcome::Good(_) | Outcome::Bad(_) => None,
        };
        let read = self.read((key.clone(), condition, slo.indicator.slice), slo, until);
        let window = grid.index(resolved.interval.start)..until;
        let damage = match self.cuts {
            None => counts.damage(&key, since..until),
            // Sums of events do not depend on it, and to find it all of the stream would be read.
            Some(_) => Vec::new(),
        };
        let damaged = damaged(&damage, grid, &window);
        let heard = counts.heard(&key);
        let first_of = |slices: &RangeSet<i64>| slices.ranges().first().map(|range| range.start);
        let first_heard = match &heard {
            Heard::Slices(slices) => first_of(slices),
            Heard::Never | Heard::NotKnown => None,
        };
        let firsts = [read.first(), first_heard, first_of(&damaged)];
        let first = firsts.into_iter().flatten().min();
        let span = first.map_or(until, |first| first.min(until))..until;
        let over = window.start.min(span.start)..until;
        Looked {
            excluded: Excluded::of(self.promises.catalogue(), slo, grid, &over),
            promises: self.promises,
            slo,
            is_counted: counts.is_counted(&key),
            read,
            heard: match heard {
                Heard::Slices(slices) if !damage.is_empty() => {
                    Heard::Slices(slices.without(&damaged))
                }
                heard => heard,
            },
            damage,
            damaged,
            grid,
            day: self.day,
            instant: self.instant,
            window,
            resolved,
            span,
        }
    }
}

impl<'a> Reader<'a> {
    fn read(&mut self, key: ReadKey, slo: &Slo, until: i64) -> Rc<Read> {
        if let Some(read) = self.seen.get(&key) {
            return Rc::clone(read);
        }
        // Whoever keeps the counts lets go of them, too, before more is read.
        if self.cells > CELLS_AT_MOST {
            self.seen.clear();
            self.cells = 0;
        }
        let slices = self.since..until;
        let (stream, indicator) = (&key.0, &slo.indicator);
        let (names, known_until) = (&self.names, self.known_until);
        let counts = self.counts;
        let read = match &self.cuts {
            None => counts.read(stream, indicator, names, slices, known_until),
            Some(cuts) => counts.read_cut(stream, indicator, names, (cuts, slices), known_until),
        };
        let cells = read.columns.iter().map(|column| column.counts.len());
        self.cells += cells.sum::<usize>();
        let read = Rc::new(read);
        self.seen.insert(key, Rc::clone(&read));
        read
    }
}

/// The counts that an SLO looks at.
pub(crate) struct Looked<'a> {
    pub(crate) promises: &'a Promises,
    pub(crate) slo: &'a Slo,
    /// Whether anybody counts it.
    pub(crate) is_counted: bool,
    pub(crate) read: Rc<Read>,
    /// Without the slices that are damaged.
    pub(crate) heard: Heard,
    /// What was kept and can no longer be read.
    pub(crate) damage: Vec<Damage>,
    /// Its slices before the instant.
    pub(crate) damaged: RangeSet<i64>,
    /// What lies outside the promise by agreement.
    pub(crate) excluded: Excluded,
    pub(crate) grid: Grid,
    /// The instant that is judged.
    pub(crate) instant: Timestamp,
    /// The day of the last second that it looks back on, in the catalogue's zone.
    pub(crate) day: Date,
    /// The SLO's window at the instant.
    pub(crate) resolved: Resolved,
    /// Its slices.
    pub(crate) window: Range<i64>,
    /// From the first slice with counts or in which a source was heard, to the instant.
    pub(crate) span: Range<i64>,
}

impl Looked<'_> {
    /// The slices of the SLO's window as it stood at the end of a slice, as `--at` judges it: at the midnight that begins a
    /// period, the whole of the one before.
    pub(crate) fn window_stood_at(&self, end: i64) -> Range<i64> {
        if end == self.window.start {
            let resolved = window::resolve(&self.slo.window, self.grid.start(end), self.grid);
            return self.grid.index(resolved.interval.start)..end;
        }
        self.window_at(end)
    }

    /// The slices of the SLO's window as seen from the end of a slice. Empty at the beginning of the window's own period,
    /// for whoever follows one period from there.
    pub(crate) fn window_at(&self, end: i64) -> Range<i64> {
        if end == self.window.end {
            return self.window.clone();
        }
        if let Window::Rolling(length) = &self.slo.window {
            // What `window::resolve` would say, without going through the calendar.
            return end - self.grid.slices(length.as_secs())..end;
        }
        // Nor is it asked for an earlier instant of the same calendar period.
        if self.window.contains(&end) {
            return self.window.start..end;
        }
        let resolved = window::resolve(&self.slo.window, self.grid.start(end), self.grid);
        self.grid.index(resolved.interval.start)..end
    }

    pub(crate) fn interval(&self, slices: &Range<i64>) -> Interval {
        self.grid.interval(slices)
    }

    /// Whether all sources were heard in any of these slices; also where that cannot be told.
    pub(crate) fn is_heard(&self, slices: &Range<i64>) -> bool {
        match &self.heard {
            Heard::Slices(heard) => heard.overlaps(slices),
            Heard::Never | Heard::NotKnown => true,
        }
    }

    /// The first slice that is asked whether something was so already.
    pub(crate) fn earliest(&self) -> i64 {
        let back = self.grid.slices(LOOK_BACK_SECONDS);
        self.span.start.max(self.span.end - back)
    }

    /// The first slice of the unbroken run, up to the instant, in which something held over the window that ends with the
    /// slice. Goes back no further than [`Looked::earliest`], and takes it that it holds at the instant.
    ///
    /// It must depend on the sums of these series alone, and not hold over an empty window.
    pub(crate) fn first_of_run(&self, of: &[&Judged], holds: impl Fn(&Range<i64>) -> bool) -> i64 {
        let earliest = self.earliest().min(self.span.end - 1);
        let mut window = self.window.clone();
        loop {
            let changes = of.iter().map(|judged| judged.change_before(self, &window));
            let since = changes.max().unwrap_or(earliest).max(earliest);
            window = self.window_at(since);
            if since == earliest || !holds(&window) {
                return since;
            }
        }
    }

    /// The targets in force at the instant; before the first, the first.
    pub(crate) fn targets<'o>(&self, objective: &'o Objective) -> Option<&'o Targets> {
        let term = objective.on(self.day).or(objective.terms.last());
        term.map(|term| &term.targets)
    }

    /// Whether a scope is the aggregate of a per-segment objective without a goal of its own.
    pub(crate) fn is_pooled(&self, objective: &Objective, scope: &Scope) -> bool {
        let targets = self.targets(objective);
        *scope == Scope::All && matches!(targets, Some(Targets::PerSegment { all: None, .. }))
    }

    /// Whether nothing was counted in a range of slices.
    pub(crate) fn is_empty(&self, range: &Range<i64>) -> bool {
        let columns = &self.read.columns;
        columns
            .iter()
            .all(|column| within(column, range).is_empty())
    }

    /// All requests: good ones are those of a known segment.
    pub(crate) fn tagged(&self) -> Series {
        let columns = &self.read.columns;
        let mut events = BySlice::of(columns.iter().map(|column| &column.counts[..]));
        for column in columns {
            let is_known = column.segment != CountedSegment::Unknown;
            let fate = if is_known { Fate::Good } else { Fate::Bad };
            events.add_all(&column.counts, fate);
        }
        // Under one target, whichever: sums of the same size are then kept in a quarter of the room.
        Series::new(events.entries(Some(attain_math::ONE_PPB)))
    }

    /// All events of some segments in a range of slices, whatever their outcome.
    pub(crate) fn events(
        &self,
        include: impl Fn(&CountedSegment) -> bool,
        range: &Range<i64>,
    ) -> u64 {
        let columns = self.read.columns.iter().filter(|c| include(&c.segment));
        columns
            .flat_map(|column| within(column, range))
            .map(|(_, events)| *events)
            .fold(0, u64::saturating_add)
    }
}

/// The slices of what can no longer be read. What may have happened at any time counts as all of the window.
fn damaged(damage: &[Damage], grid: Grid, window: &Range<i64>) -> RangeSet<i64> {
    let slices = damage.iter().map(|damage| match damage.interval {
        Some(interval) => {
            let end = grid.index_up(interval.end).min(window.end);
            grid.index(interval.start)..end
        }
        None => window.clone(),
    });
    slices.collect()
}

/// Whether a scope covers a counted segment.
pub(crate) fn covers(scope: &Scope, segment: &CountedSegment) -> bool {
    match (scope, segment) {
        (Scope::All, _) => true,
        (Scope::Segment(id), CountedSegment::Known(other)) => id == other,
        (Scope::Segment(_), CountedSegment::Unknown) => false,
    }
}

/// The counts of a column in a range of slices.
pub(crate) fn within<'c>(column: &'c Column, range: &Range<i64>) -> &'c [(i64, u64)] {
    let counts = &column.counts;
    let start = counts.partition_point(|(slice, _)| *slice < range.start);
    let end = counts.partition_point(|(slice, _)| *slice < range.end);
    &counts[start..end.max(start)]
}
