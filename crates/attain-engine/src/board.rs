//! The hot projection: many series judged at the end of every slice, at the price of reading eight numbers each.
//!
//! Knows closed slices. Equal to [`evaluate`](crate::evaluate) to the event at every slice, for the series it carries;
//! it says which it does not carry and why. Late events are not pushed: their series are read anew
//! ([`Board::read_again`]).
//!
//! Counts are cumulative, one row of all series for each slice of the last days and one for each block of sixty slices
//! back to where the longest window begins. A window's sum is a difference of two rows. Of a window that is longer than
//! the slices kept, the block that its beginning stands in is fetched from the kept counts, a sixtieth of the series at a
//! time, and must add up to the block.

mod build;
mod hearing;
mod lane;
mod limit;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use attain_model::verdict::{AlertState, Attainment};
use attain_model::{SeriesName, SloId};
use jiff::Timestamp;

use crate::grid::Grid;
use hearing::Hearing;
use lane::Lane;
use view::Looking;

pub use build::KeptCounts;
pub(crate) use build::read_old;
pub use view::View;

/// How much of the past is in memory, in slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Windows up to this long are in memory slice by slice.
    // Invariant: at least two blocks.
    fine: i64,
    block: i64,
}

impl Layout {
    /// Slice by slice up to so many slices back, and in blocks of so many; at least two blocks of at least one slice.
    #[must_use]
    pub fn new(fine: u32, block: u32) -> Self {
        let block = i64::from(block.max(1));
        Self {
            fine: i64::from(fine).max(2 * block),
            block,
        }
    }
}

impl Default for Layout {
    /// Two days of minutes, in hours.
    fn default() -> Self {
        Self::new(2880, 60)
    }
}

/// Reads the counts of old slices again, as they were pushed or read when the board was made.
pub trait Leaving {
    /// Fills in what was counted of some series (the board's indices) in some closed slices: the slices of the first
    /// series, then those of the next. `into` comes empty.
    ///
    /// What cannot be read stays empty: the board compares with its own sums and drops series that differ.
    fn counts(&mut self, slices: Range<i64>, series: Range<usize>, into: &mut [Attainment]);
}

/// What was counted in the slice that is being closed.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    /// By series.
    pub counted: Counted<'r>,
    /// SLOs of which not every source was heard in the slice; by the board's index, in any order.
    pub silent: &'r [usize],
    /// SLOs of which any request was counted, whosever it was; by the board's index. Matters where a source cannot tell
    /// silence from no traffic.
    pub busy: &'r [usize],
}

/// Good and bad events by series.
#[derive(Debug, Clone, Copy)]
pub enum Counted<'r> {
    /// Of every series, in the board's order.
    All(&'r [Attainment]),
    /// Of some series, by the board's index; those of one series add up.
    Some(&'r [(usize, Attainment)]),
}

/// Why a row cannot be taken. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowError {
    /// So many series were given, and the board has so many: give one number for each.
    Length(usize, usize),
    /// There is no series of this index.
    NoSeries(usize),
    /// There is no SLO of this index.
    NoSlo(usize),
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RowError::Length(given, has) => {
                write!(
                    f,
                    "counts of {given} series for a board of {has}: give one for each"
                )
            }
            RowError::NoSeries(index) => write!(f, "the board has no series {index}"),
            RowError::NoSlo(index) => write!(f, "the board has no SLO {index}"),
        }
    }
}

impl std::error::Error for RowError {}

/// Why a series is not on the board; [`evaluate`](crate::evaluate) judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotCarried {
    /// It is the aggregate of an objective that has a goal for each segment and none for all.
    Pooled,
    /// Its budget is counted in time slices.
    TimeSlices,
    /// Its promise holds up to a load.
    Load,
    /// Its window is a calendar period.
    Calendar,
    /// Silence is failure.
    MissingIsBad,
    /// Its policy has more tiers than the board watches.
    ManyTiers,
    /// Something is excluded from it in the window or a window before, or again and again.
    Excluded,
    /// Its goal changes within the window, or has changed since the board was made; or the SLO was retired, or an exclusion
    /// began.
    GoalChanged,
    /// The tally does not keep what the objective asks for.
    NotKept,
    /// Kept counts of the window can no longer be read.
    Damaged,
    /// Old counts that were read again are not those that the board has: some came late, or are lost.
    CountsDiffer,
    /// More events than numbers have room for.
    TooMany,
}

/// One carried series.
pub(crate) struct Series {
    name: SeriesName,
    slo: usize,
    what: What,
}

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Good and bad events of a series.
    Judged,
    /// All requests of an SLO: good ones are those of a known segment.
    Tagged,
}

/// One SLO with carried series.
pub(crate) struct SloFacts {
    id: SloId,
    adoption: Option<Range<Timestamp>>,
    series: Vec<usize>,
}

impl SloFacts {
    fn is_adopting(&self, instant: Timestamp) -> bool {
        self.adoption.as_ref().is_some_and(|a| a.contains(&instant))
    }
}

/// All carried series, judged at the end of the last closed slice.
///
/// Costs 8 bytes per series for each slice up to the longest window of at most two days, 8 for each block of the longest
/// window, and 1 KB for each longer window. A series whose longest window may hold 2^32 events takes twice that.
pub struct Board {
    grid: Grid,
    end: i64,
    series: Vec<Series>,
    slos: Vec<SloFacts>,
    hearings: Vec<Hearing>,
    /// Whether each SLO heard enough at the last slice judged, and whether it was in adoption.
    phases: Vec<(bool, bool)>,
    // Invariant: ascending by their first index, no holes.
    lanes: Vec<Lane<u32>>,
    /// Series of which a window may hold 2^32 events.
    wide: BTreeMap<usize, Lane<u64>>,
    dropped: BTreeMap<usize, NotCarried>,
    /// Slices with whose end series are dropped, latest first.
    endings: Vec<(i64, usize)>,
    next_change: Option<Timestamp>,
    names: Arc<[(SeriesName, What)]>,
    // Invariant: the closed slice is judged before another is closed, or alerts would begin too late.
    is_judged: bool,
    pending: Vec<usize>,
}

impl Board {
    /// The slices that it closes.
    pub(crate) fn grid(&self) -> Grid {
        self.grid
    }

    /// The instant up to which slices are closed.
    #[must_use]
    pub fn instant(&self) -> Timestamp {
        self.grid.start(self.end)
    }

    /// How many series there are, dropped ones included; their indices are `0..len`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// What each index counts, and of whom.
    pub(crate) fn names(&self) -> Arc<[(SeriesName, What)]> {
        Arc::clone(&self.names)
    }

    /// The indices by name; that of an SLO's requests has an empty objective.
    pub(crate) fn places(&self) -> BTreeMap<SeriesName, usize> {
        let series = self.series.iter().enumerate();
        series
            .map(|(index, series)| (series.name.clone(), index))
            .collect()
    }

    /// What a series counts, and its name.
    pub(crate) fn about(&self, index: usize) -> Option<(&SeriesName, What)> {
        let series = self.series.get(index)?;
        Some((&series.name, series.what))
    }

    /// What was counted of a series in a window of so many slices; `None` if that is neither a window of it nor in
    /// memory slice by slice.
    pub(crate) fn counted(&self, index: usize, slices: i64) -> Option<Attainment> {
        let sum = match self.wide.get(&index) {
            Some(lane) => lane.last(0, slices),
            None => {
                let lane = self.lanes.get(self.lane_of(index))?;
                lane.last(index.checked_sub(lane.first)?, slices)
            }
        };
        let (total, bad) = sum?;
        Some(Attainment {
            good: total.saturating_sub(bad),
            bad,
        })
    }

    /// The name of a series.
    #[must_use]
    pub fn name(&self, index: usize) -> Option<&SeriesName> {
        self.series.get(index).map(|series| &series.name)
    }

    /// The SLOs, in the order of their indices.
    pub fn slos(&self) -> impl Iterator<Item = &SloId> {
        self.slos.iter().map(|slo| &slo.id)
    }

    /// Series that are no longer carried, and why.
    pub fn dropped(&self) -> impl Iterator<Item = (usize, NotCarried)> {
        self.dropped.iter().map(|(index, why)| (*index, *why))
    }

    /// When the catalogue next begins a term or retires an SLO: series come and go, so that a new board is due.
    #[must_use]
    pub fn next_change(&self) -> Option<Timestamp> {
        self.next_change
    }

    /// How many series are kept in the wide words.
    #[must_use]
    pub fn wide(&self) -> usize {
        self.wide.len()
    }

    /// Closes the next slice.
    ///
    /// # Errors
    /// If the row names series or SLOs that the board does not have, or too few of them; nothing has changed then.
    pub fn push(&mut self, row: Row<'_>, leaving: &mut dyn Leaving) -> Result<(), RowError> {
        self.check(&row)?;
        self.settle();
        self.widen(&row.counted);
        self.count(&row.counted);
        let slice = self.end;
        for slo in row.silent {
            self.hearings[*slo].silence(slice);
        }
        for slo in row.busy {
            self.hearings[*slo].busy(slice);
        }
        self.end += 1;
        self.close(leaving);
        self.is_judged = false;
        Ok(())
    }

    /// Judges the closed slice, and gives the series whose standing or alerts changed since the last call, ascending,
    /// each once; numbers alone are no change.
    pub fn cycle(&mut self, changed: &mut Vec<usize>) {
        changed.clear();
        changed.append(&mut self.pending);
        if !self.is_judged {
            self.judge(changed);
        }
        if !changed.is_empty() {
            changed.sort_unstable();
            changed.dedup();
        }
    }

    /// What the counts of a series mean; `None` if it is not carried, or before [`Board::cycle`] has judged the slice.
    #[must_use]
    pub fn view(&self, index: usize) -> Option<View> {
        self.view_with(index, None)
    }

    /// The same; `evidence` is what the sequential test says, should it be needed.
    pub(crate) fn view_with(&self, index: usize, evidence: Option<AlertState>) -> Option<View> {
        if self.dropped.contains_key(&index) || !self.is_judged {
            return None;
        }
        if let Some(lane) = self.wide.get(&index) {
            return self.look(lane, index, evidence);
        }
        self.look(self.lanes.get(self.lane_of(index))?, index, evidence)
    }

    /// Adds events to closed slices: series, slice, events. Gives the series that must be read again: those of which
    /// something has been so for a while, and perhaps otherwise than it was known.
    pub(crate) fn add_late(&mut self, late: &[(usize, i64, Attainment)]) -> BTreeSet<usize> {
        self.settle();
        let mut again = BTreeSet::new();
        for (index, slice, events) in late {
            let at = self.lane_of(*index);
            let lane = &mut self.lanes[at];
            let column = index - lane.first;
            let is_carried = !self.dropped.contains_key(index);
            if let Some(lane) = self.wide.get_mut(index) {
                if lane.is_since(0) || !add_late(lane, 0, *slice, *events) {
                    again.insert(*index);
                }
            } else if !is_carried
                || lane.is_since(column)
                || !add_late(lane, column, *slice, *events)
            {
                again.insert(*index);
            }
        }
        self.is_judged = false;
        self.settle();
        for (index, _, _) in late {
            let is_since = match self.wide.get(index) {
                Some(lane) => lane.is_since(0),
                None => {
                    let lane = &self.lanes[self.lane_of(*index)];
                    lane.is_since(index - lane.first)
                }
            };
            if is_since {
                again.insert(*index);
            }
        }
        again
    }

    /// Judges the closed slice, if that was not done; what changed is told with the next cycle.
    fn settle(&mut self) {
        if !self.is_judged {
            let mut changed = std::mem::take(&mut self.pending);
            self.judge(&mut changed);
            self.pending = changed;
        }
    }

    fn look<W: limit::Word>(
        &self,
        lane: &Lane<W>,
        index: usize,
        evidence: Option<AlertState>,
    ) -> Option<View> {
        let column = index.checked_sub(lane.first)?;
        let series = self.series.get(index)?;
        let looking = Looking {
            lane,
            column,
            run: lane.run(column)?,
            series,
            slo: &self.slos[series.slo],
            hearing: &self.hearings[series.slo],
            grid: self.grid,
            end: self.end,
            evidence,
        };
        Some(looking.view())
    }

    fn check(&self, row: &Row<'_>) -> Result<(), RowError> {
        match row.counted {
            Counted::All(events) if events.len() != self.series.len() => {
                return Err(RowError::Length(events.len(), self.series.len()));
            }
            Counted::Some(events) => {
                let unknown = events.iter().find(|(index, _)| *index >= self.series.len());
                if let Some((index, _)) = unknown {
                    return Err(RowError::NoSeries(*index));
                }
            }
            Counted::All(_) => {}
        }
        let mut slos = row.silent.iter().chain(row.busy);
        match slos.find(|slo| **slo >= self.slos.len()) {
            Some(slo) => Err(RowError::NoSlo(*slo)),
            None => Ok(()),
        }
    }

    fn lane_of(&self, index: usize) -> usize {
        let after = self.lanes.partition_point(|lane| lane.first <= index);
        after.saturating_sub(1)
    }

    /// Moves series that would hold too many events to wide words.
    fn widen(&mut self, counted: &Counted<'_>) {
        let mut found: Vec<usize> = Vec::new();
        match counted {
            Counted::All(events) => {
                for lane in &self.lanes {
                    let own = &events[lane.first..lane.first + lane.len()];
                    let too_many = lane.too_many(own);
                    found.extend(too_many.into_iter().map(|column| lane.first + column));
                }
            }
            Counted::Some(events) => {
                let mut sums: BTreeMap<usize, u64> = BTreeMap::new();
                for (index, events) in *events {
                    let lane = &self.lanes[self.lane_of(*index)];
                    let sum = sums.entry(*index).or_insert(0);
                    *sum = sum.saturating_add(events.total());
                    if lane.is_too_many(index - lane.first, *sum) {
                        found.push(*index);
                    }
                }
            }
        }
        for index in found {
            let lane = &self.lanes[self.lane_of(index)];
            let known = self.wide.contains_key(&index);
            if let Some(wide) = (!known).then(|| lane.widen(index - lane.first)).flatten() {
                self.wide.insert(index, wide);
            }
        }
    }

    fn count(&mut self, counted: &Counted<'_>) {
        for lane in &mut self.lanes {
            lane.open();
        }
        for lane in self.wide.values_mut() {
            lane.open();
        }
        match counted {
            Counted::All(events) => {
                // The narrow column of a wide series goes on, and wraps; nobody reads it.
                for lane in &mut self.lanes {
                    lane.add_all(&events[lane.first..lane.first + lane.len()]);
                }
                let mut full = Vec::new();
                for (index, lane) in &mut self.wide {
                    if !add_wide(lane, events[*index]) {
                        full.push(*index);
                    }
                }
                full.into_iter()
                    .for_each(|i| self.drop_series(i, NotCarried::TooMany));
            }
            Counted::Some(events) => {
                for (index, events) in *events {
                    let at = self.lane_of(*index);
                    let Some(lane) = self.wide.get_mut(index) else {
                        let lane = &mut self.lanes[at];
                        lane.add(index - lane.first, *events);
                        continue;
                    };
                    if !add_wide(lane, *events) {
                        self.drop_series(*index, NotCarried::TooMany);
                    }
                }
            }
        }
    }

    fn close(&mut self, leaving: &mut dyn Leaving) {
        let mut wrong = Vec::new();
        for lane in &mut self.lanes {
            let columns = lane.close(leaving).into_iter();
            let first = lane.first;
            let narrow = columns.map(|column| first + column);
            wrong.extend(narrow.filter(|index| !self.wide.contains_key(index)));
        }
        for (index, lane) in &mut self.wide {
            if !lane.close(leaving).is_empty() {
                wrong.push(*index);
            }
        }
        for index in wrong {
            self.drop_series(index, NotCarried::CountsDiffer);
        }
        while let Some((_, index)) = self.endings.pop_if(|(end, _)| *end < self.end) {
            self.drop_series(index, NotCarried::GoalChanged);
        }
        for hearing in &mut self.hearings {
            hearing.close(self.end);
        }
    }

    fn drop_series(&mut self, index: usize, why: NotCarried) {
        if self.dropped.insert(index, why).is_none() {
            self.pending.push(index);
        }
    }

    fn judge(&mut self, changed: &mut Vec<usize>) {
        let before = changed.len();
        for lane in &mut self.lanes {
            lane.judge(changed);
        }
        let mut fresh = changed.split_off(before);
        fresh.retain(|index| !self.wide.contains_key(index));
        for lane in self.wide.values_mut() {
            lane.judge(&mut fresh);
        }
        fresh.retain(|index| !self.dropped.contains_key(index));
        changed.append(&mut fresh);
        let instant = self.instant();
        for (slo, hearing) in self.hearings.iter().enumerate() {
            let facts = &self.slos[slo];
            let phase = (hearing.is_covered(self.end), facts.is_adopting(instant));
            if phase != self.phases[slo] {
                self.phases[slo] = phase;
                let carried = facts.series.iter();
                changed.extend(carried.filter(|index| !self.dropped.contains_key(index)));
            }
        }
        self.is_judged = true;
    }
}

/// Adds to a closed slice, unless there is no room.
fn add_late<W: limit::Word>(
    lane: &mut Lane<W>,
    column: usize,
    slice: i64,
    events: Attainment,
) -> bool {
    let fits = !lane.is_too_many(column, events.total());
    if fits {
        lane.add_late(column, slice, events);
    }
    fits
}

/// Adds to a wide series, unless that has no room either.
fn add_wide(lane: &mut Lane<u64>, events: Attainment) -> bool {
    let fits = events.good.checked_add(events.bad).is_some();
    let fits = fits && !lane.is_too_many(0, events.total());
    if fits {
        lane.add(0, events);
    }
    fits
}
