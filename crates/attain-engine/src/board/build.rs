//! From promises and kept counts to a board: which series it carries, in which lanes, and what they hold already.
//!
//! Knows the catalogue and how counts are judged. Knows nothing of what happens after; see lane.rs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use attain_math::burn;
use attain_model::company::ExclusionTime;
use attain_model::promises::day_start;
use attain_model::slo::{Budgeting, MissingData};
use attain_model::verdict::{AlertRule, AlertState, Attainment};
use attain_model::{
    AsOf, Goal, Interval, ObjectiveId, Promises, Scope, SeriesName, Share, Slo, Verdict, Window,
};
use jiff::{SignedDuration, Timestamp};

use super::hearing::Hearing;
use super::lane::{Lane, NO_TRAFFIC, OVERSPENT, Run, Shape, TIERS_AT_MOST, TOO_FEW};
use super::limit::{Limit, Word, least_events};
use super::{Board, Layout, Leaving, NotCarried, Series, SloFacts, What};
use crate::alerts;
use crate::counts::{Counts, Heard};
use crate::evaluate::evaluate;
use crate::exclusions::{is_about, touches};
use crate::grid::Grid;
use crate::judge::Judged;
use crate::ledger::Ledger;
use crate::look::{Looked, Reader};
use crate::window;

impl Board {
    /// A board of the series it can carry, as of the end of the slice before `until`, with all that is known; and the
    /// series it does not carry. Reads the counts of one SLO at a time.
    #[must_use]
    pub fn new(
        promises: &Promises,
        counts: &dyn Counts,
        until: i64,
    ) -> (Self, Vec<(SeriesName, NotCarried)>) {
        Self::with_layout(promises, counts, until, Layout::default())
    }

    /// As [`Board::new`], with another share of the past in memory.
    #[must_use]
    pub fn with_layout(
        promises: &Promises,
        counts: &dyn Counts,
        until: i64,
        layout: Layout,
    ) -> (Self, Vec<(SeriesName, NotCarried)>) {
        let planned = plan(promises, counts.grid(), until, layout);
        let mut board = planned.board(promises, counts.grid(), until);
        let mut missing = planned.missing;
        for slo in 0..board.slos.len() {
            missing.extend(board.fill(promises, counts, slo));
        }
        (board, missing)
    }

    /// As [`Board::with_layout`], but nothing is read: see [`Board::fill`]. Behind the series of every SLO with a rolling
    /// window there is one of all its requests.
    pub(crate) fn with_totals(
        promises: &Promises,
        grid: Grid,
        until: i64,
        layout: Layout,
    ) -> (Self, Vec<(SeriesName, NotCarried)>) {
        let mut planned = plan(promises, grid, until, layout);
        let catalogue = promises.catalogue();
        let last = window::last_judged(grid.start(until), grid);
        let day = last.to_zoned(catalogue.timezone.clone()).date();
        for slo in catalogue.live_slos(day) {
            if let Window::Rolling(length) = &slo.window {
                planned.add_total(slo, grid.slices(length.as_secs()), grid, layout);
            }
        }
        (planned.board(promises, grid, until), planned.missing)
    }

    /// Reads some series anew, as of the last closed slice: those of which counts came late, or came back. Whatever was
    /// counted of them is then as [`Board::new`] would have it.
    ///
    /// The promises are those the board was made with. Indices that there are not are passed over.
    pub fn read_again(&mut self, promises: &Promises, counts: &dyn Counts, series: &[usize]) {
        self.settle();
        let is_left = |index: &usize| self.dropped.get(index) != Some(&NotCarried::GoalChanged);
        let found = series.iter().copied().filter(is_left);
        let wanted: BTreeSet<usize> = found.filter(|index| *index < self.series.len()).collect();
        let slos: BTreeSet<usize> = wanted.iter().map(|index| self.series[*index].slo).collect();
        for slo in slos {
            let Some((gone, hearing)) = self.fill_slo(promises, counts, slo, Some(&wanted)) else {
                continue;
            };
            self.hearings[slo] = hearing;
            for (index, why) in gone {
                self.drop_series(index, why);
            }
        }
        self.pending.extend(wanted);
        // What was heard may be more than it was, for all series of these SLOs.
        let mut changed = std::mem::take(&mut self.pending);
        self.judge(&mut changed);
        self.pending = changed;
    }

    /// Fills the columns of an SLO, by the board's index; gives the series of which not everything can be told.
    ///
    /// A new board is whole once this was done for all of them.
    pub(crate) fn fill(
        &mut self,
        promises: &Promises,
        counts: &dyn Counts,
        slo: usize,
    ) -> Vec<(SeriesName, NotCarried)> {
        let Some((gone, hearing)) = self.fill_slo(promises, counts, slo, None) else {
            return Vec::new();
        };
        let is_adopting = self.slos[slo].is_adopting(self.instant());
        self.phases[slo] = (hearing.is_covered(self.end), is_adopting);
        self.hearings[slo] = hearing;
        let mut missing = Vec::new();
        for (index, why) in gone {
            self.dropped.insert(index, why);
            missing.push((self.series[index].name.clone(), why));
        }
        missing
    }

    /// Fills the columns of an SLO; `None` only for promises that lack it.
    fn fill_slo(
        &mut self,
        promises: &Promises,
        counts: &dyn Counts,
        slo: usize,
        only: Option<&BTreeSet<usize>>,
    ) -> Option<(Vec<(usize, NotCarried)>, Hearing)> {
        let promised = promises.catalogue().slos.get(&self.slos[slo].id)?;
        let reader = &mut Reader::new(promises, counts, self.instant(), Timestamp::MAX);
        let looked = reader.look(promised);
        let mut gone = Vec::new();
        for index in self.slos[slo].series.clone() {
            let name = self.series[index].name.clone();
            let objective = promised.objectives.get(&name.objective);
            let is_wanted = only.is_none_or(|only| only.contains(&index));
            if is_wanted && self.series[index].what == What::Tagged {
                self.dropped.remove(&index);
                self.wide.remove(&index);
                let tagged = looked.tagged();
                self.fill_column(index, State::default(), |range| tagged.sum(range).all());
                continue;
            }
            let Some(objective) = objective.filter(|_| is_wanted) else {
                continue;
            };
            let judged = looked.judge(objective, &name.scope);
            let lane = &self.lanes[self.lane_of(index)];
            let past = Lane::<u32>::oldest(&lane.shape, self.end)..self.end;
            if !judged.is_kept(&past) {
                gone.push((index, NotCarried::NotKept));
            } else if looked.damaged.overlaps(&past) {
                gone.push((index, NotCarried::Damaged));
            }
            self.dropped.remove(&index);
            self.wide.remove(&index);
            self.fill_series(index, &looked, &judged);
        }
        Some((gone, hearing(&looked)))
    }

    fn fill_series(&mut self, index: usize, looked: &Looked<'_>, judged: &Judged) {
        let lane = &self.lanes[self.lane_of(index)];
        let run = lane.run(index - lane.first);
        let state = state(looked, judged, run, &self.series[index].name);
        self.fill_column(index, state, |range| judged.sum(&range).all());
    }

    fn fill_column(&mut self, index: usize, state: State, sum: impl Fn(Range<i64>) -> Attainment) {
        let end = self.end;
        let lane_at = self.lane_of(index);
        let lane = &mut self.lanes[lane_at];
        let column = index - lane.first;
        let oldest = Lane::<u32>::oldest(&lane.shape, end);
        let cumulative = |at: i64| {
            // Rows from before the oldest block are never read.
            let sum = sum(oldest..at.max(oldest));
            (sum.total(), sum.bad)
        };
        let wide = cumulative(end).0 > <u32 as Word>::MOST;
        if !wide {
            lane.fill(column, cumulative);
            lane.start(column, state.flags, &state.since);
        } else if let Some(mut wide) = lane.alone(column) {
            wide.fill(0, cumulative);
            wide.start(0, state.flags, &state.since);
            self.wide.insert(index, wide);
        }
    }
}

/// What is so of a series at the end of the last slice.
#[derive(Default)]
struct State {
    flags: u32,
    since: Vec<(usize, i64)>,
}

fn state(looked: &Looked<'_>, judged: &Judged, run: Option<&Run>, name: &SeriesName) -> State {
    let mut state = State::default();
    let Some(run) = run else {
        return state;
    };
    let tiers = run.conditions.len().saturating_sub(1);
    if judged.sum(&looked.window).all().total() == 0 {
        state.flags |= 1 << NO_TRAFFIC;
    }
    let is_overspent = |window: &Range<i64>| !judged.budget_before(looked, window).is_met();
    if is_overspent(&looked.window) {
        state.flags |= 1 << OVERSPENT;
        let since = looked.first_of_run(&[judged], is_overspent);
        state.since.push((tiers, since));
    }
    let objective = looked.slo.objectives.get(&name.objective);
    let goal = objective.and_then(|o| o.on(looked.day)?.targets.goal(&name.scope).copied());
    let Some(policy) = alerts::policy(looked, &name.scope) else {
        return state;
    };
    let conditions = alerts::conditions(looked, judged, policy, goal);
    for (tier, condition) in conditions.iter().take(tiers).enumerate() {
        match condition.state {
            AlertState::Firing(since) => {
                state.flags |= 1 << tier;
                state.since.push((tier, looked.grid.index(since)));
            }
            AlertState::TooFewEvents => state.flags |= 1 << (TOO_FEW as usize + tier),
            AlertState::Quiet | AlertState::Unreachable | AlertState::Standby => {}
        }
    }
    state
}

fn hearing(looked: &Looked<'_>) -> Hearing {
    let columns = looked.read.columns.iter();
    let last = columns.filter_map(|column| column.counts.last().map(|(slice, _)| *slice));
    Hearing::new(
        &looked.heard,
        looked.window.end - looked.window.start,
        looked.slo.coverage,
        looked.window.end,
        last.max(),
    )
}

/// What a board will be, before any count is read.
struct Plan {
    /// By what they look at.
    lanes: BTreeMap<String, (Shape, Runs)>,
    missing: Vec<(SeriesName, NotCarried)>,
}

/// By target and policy.
type Runs = BTreeMap<String, (Run, Vec<Planned>)>;

struct Planned {
    name: SeriesName,
    what: What,
    /// The end of the last slice for which it is carried.
    ending: i64,
}

fn plan(promises: &Promises, grid: Grid, until: i64, layout: Layout) -> Plan {
    let as_of = AsOf {
        instant: grid.start(until),
        known_until: Timestamp::MAX,
    };
    let mut plan = Plan {
        lanes: BTreeMap::new(),
        missing: Vec::new(),
    };
    // The verdicts of no counts say which series there are and under which conditions; adoption comes and goes.
    let mut plain = promises.catalogue().clone();
    for slo in plain.slos.values_mut() {
        slo.adoption = None;
    }
    let seconds = u32::try_from(grid.seconds()).unwrap_or(u32::MAX);
    let no_counts = Ledger::new(&[], seconds, None);
    for verdict in evaluate(&Promises::of(plain), &no_counts, as_of).verdicts {
        let Some(slo) = promises.catalogue().slos.get(&verdict.name.slo) else {
            continue;
        };
        match carry(promises, grid, until, slo, &verdict) {
            Ok((goal, ending)) => plan.add(grid, layout, &verdict, goal, ending),
            Err(why) => plan.missing.push((verdict.name, why)),
        }
    }
    plan
}

/// The goal of a series and the end of the last slice for which it holds, or why it is not carried.
fn carry(
    promises: &Promises,
    grid: Grid,
    until: i64,
    slo: &Slo,
    verdict: &Verdict,
) -> Result<(Option<Goal>, i64), NotCarried> {
    let name = &verdict.name;
    let tiers = verdict.alerts.len().saturating_sub(1);
    if verdict.pooled {
        return Err(NotCarried::Pooled);
    }
    if slo.budgeting != Budgeting::Occurrences {
        return Err(NotCarried::TimeSlices);
    }
    if slo.missing_data == MissingData::Bad {
        return Err(NotCarried::MissingIsBad);
    }
    if matches!(slo.window, Window::Calendar(..)) {
        return Err(NotCarried::Calendar);
    }
    if tiers > TIERS_AT_MOST || verdict.burn.len() > 2 * TIERS_AT_MOST {
        return Err(NotCarried::ManyTiers);
    }
    let from_now_on = Interval {
        start: verdict.window.start,
        end: Timestamp::MAX,
    };
    let objective = slo.objectives.get(&name.objective);
    let spans = objective.map(|o| promises.goals(o, &name.scope, from_now_on));
    let Some(first) = spans.as_ref().and_then(|spans| spans.first()) else {
        return Err(NotCarried::GoalChanged);
    };
    let retired = slo
        .retired
        .map(|day| day_start(day, &promises.catalogue().timezone));
    let ending = retired.map_or(first.interval.end, |retired| {
        retired.min(first.interval.end)
    });
    if grid.index(ending) < until {
        return Err(NotCarried::GoalChanged);
    }
    let ending = grid.index(ending);
    let ending = ending.min(until_excluded(promises, grid, slo, verdict)?);
    match first.goal {
        Some(Goal::Promised(promised)) if promised.load.is_some() => Err(NotCarried::Load),
        goal => Ok((goal, ending)),
    }
}

/// The slice with which the first exclusion to come begins; an error while one is in force or repeats.
fn until_excluded(
    promises: &Promises,
    grid: Grid,
    slo: &Slo,
    verdict: &Verdict,
) -> Result<i64, NotCarried> {
    let mut ending = i64::MAX;
    let all = promises.catalogue().exclusions.values();
    let touching = all.filter(|exclusion| touches(exclusion, slo));
    for exclusion in touching.filter(|exclusion| is_about(exclusion, &verdict.name.scope)) {
        let ExclusionTime::Once { from, length } = &exclusion.when else {
            return Err(NotCarried::Excluded);
        };
        // The board's oldest block begins a little before the window.
        let margin = grid.index(verdict.window.end) - grid.index(verdict.window.start);
        let oldest = grid.index(verdict.window.start) - margin;
        let end = from.checked_add(*length).unwrap_or(Timestamp::MAX);
        if *from >= verdict.window.end {
            ending = ending.min(grid.index(*from));
        } else if grid.index(end) >= oldest {
            return Err(NotCarried::Excluded);
        }
    }
    Ok(ending)
}

impl Plan {
    fn add(
        &mut self,
        grid: Grid,
        layout: Layout,
        verdict: &Verdict,
        goal: Option<Goal>,
        ending: i64,
    ) {
        let shape = shape(grid, layout, verdict);
        let run = run(grid, verdict, goal, &shape);
        let lane_key = format!("{shape:?}");
        let run_key = format!("{:?} {:?} {:?}", run.target_ppb, run.burns, run.conditions);
        let lane = self.lanes.entry(lane_key);
        let (_, runs) = lane.or_insert_with(|| (shape, Runs::new()));
        let (_, series) = runs.entry(run_key).or_insert_with(|| (run, Vec::new()));
        series.push(Planned {
            name: verdict.name.clone(),
            what: What::Judged,
            ending,
        });
    }

    /// A column for all requests of an SLO over its window.
    fn add_total(&mut self, slo: &Slo, whole: i64, grid: Grid, layout: Layout) {
        let mut windows = vec![grid.slices(3600), whole];
        windows.sort_unstable();
        windows.dedup();
        let place = |length: i64| windows.partition_point(|window| *window < length);
        let shape = Shape {
            whole: place(whole),
            hour: place(grid.slices(3600)),
            tiers: Vec::new(),
            layout,
            windows,
        };
        let run = Run {
            columns: 0..0,
            target_ppb: None,
            conditions: Vec::new(),
            watched: Vec::new(),
            least_events: u64::MAX,
            budget: None,
            burns: Vec::new(),
        };
        let lane = self.lanes.entry(format!("{shape:?}"));
        let (_, runs) = lane.or_insert_with(|| (shape, Runs::new()));
        // No key of a judged run is empty.
        let (_, series) = runs
            .entry(String::new())
            .or_insert_with(|| (run, Vec::new()));
        series.push(Planned {
            name: SeriesName {
                slo: slo.id.clone(),
                objective: ObjectiveId::from(""),
                scope: Scope::All,
            },
            what: What::Tagged,
            ending: i64::MAX,
        });
    }

    /// An empty board, with a column for every series.
    fn board(&self, promises: &Promises, grid: Grid, until: i64) -> Board {
        let mut board = Board {
            grid,
            end: until,
            series: Vec::new(),
            slos: Vec::new(),
            hearings: Vec::new(),
            phases: Vec::new(),
            lanes: Vec::new(),
            wide: BTreeMap::new(),
            dropped: BTreeMap::new(),
            endings: Vec::new(),
            next_change: next_change(promises, grid.start(until)),
            is_judged: true,
            pending: Vec::new(),
            names: Arc::from([]),
        };
        let mut slos: BTreeMap<&str, usize> = BTreeMap::new();
        for (shape, runs) in self.lanes.values() {
            let first = board.series.len();
            let mut placed = Vec::new();
            for (run, series) in runs.values() {
                let start = board.series.len() - first;
                for planned in series {
                    let slo = *slos.entry(planned.name.slo.as_str()).or_insert_with(|| {
                        board.slos.push(slo_facts(promises, &planned.name));
                        board.slos.len() - 1
                    });
                    board.slos[slo].series.push(board.series.len());
                    board.endings.push((planned.ending, board.series.len()));
                    board.series.push(Series {
                        name: planned.name.clone(),
                        slo,
                        what: planned.what,
                    });
                }
                placed.push(Run {
                    columns: start..board.series.len() - first,
                    ..run.clone()
                });
            }
            board
                .lanes
                .push(Lane::new(first, shape.clone(), placed, until));
        }
        let unheard = |_: &SloFacts| Hearing::new(&Heard::Never, 0, Share::NONE, until, None);
        board.hearings = board.slos.iter().map(unheard).collect();
        board.phases = vec![(false, false); board.slos.len()];
        let names = board.series.iter();
        board.names = names.map(|s| (s.name.clone(), s.what)).collect();
        board.endings.sort_unstable_by(|a, b| b.cmp(a));
        board
    }
}

fn slo_facts(promises: &Promises, name: &SeriesName) -> SloFacts {
    let zone = &promises.catalogue().timezone;
    let slo = promises.catalogue().slos.get(&name.slo);
    let adoption = slo.and_then(|slo| slo.adoption).map(|adoption| {
        let from = day_start(adoption.from, zone);
        let length = SignedDuration::try_from(adoption.length).unwrap_or(SignedDuration::MAX);
        from..from.saturating_add(length).unwrap_or(Timestamp::MAX)
    });
    SloFacts {
        id: name.slo.clone(),
        adoption,
        series: Vec::new(),
    }
}

fn shape(grid: Grid, layout: Layout, verdict: &Verdict) -> Shape {
    let whole = grid.index(verdict.window.end) - grid.index(verdict.window.start);
    let hour = grid.slices(3600);
    let slices = |window: std::time::Duration| grid.slices(window.as_secs()).min(whole);
    let burns = verdict.burn.iter().map(|burn| slices(burn.window));
    let mut windows: Vec<i64> = burns.chain([whole, hour]).collect();
    windows.sort_unstable();
    windows.dedup();
    let place = |length: i64| windows.partition_point(|window| *window < length);
    let tiers = verdict
        .alerts
        .iter()
        .filter_map(|condition| match condition.rule {
            AlertRule::BurnRate { tier, .. } => {
                Some((place(slices(tier.short)), place(slices(tier.long))))
            }
            AlertRule::LowTraffic { .. } => None,
        });
    Shape {
        tiers: tiers.collect(),
        whole: place(whole),
        hour: place(hour),
        layout,
        windows,
    }
}

fn run(grid: Grid, verdict: &Verdict, goal: Option<Goal>, shape: &Shape) -> Run {
    let target = goal.and_then(|goal| goal.promised().map(|p| p.target.ppb()));
    let mut watched = Vec::new();
    for (tier, condition) in verdict.alerts.iter().enumerate() {
        if let (AlertRule::BurnRate { burn: above, .. }, Some(target)) = (condition.rule, target)
            && burn::reachable(above.millionths(), target)
        {
            watched.push((tier, Limit::new(target, above.millionths())));
        }
    }
    let whole = shape.windows[shape.whole];
    let burns = verdict.burn.iter().map(|burn| {
        let slices = grid.slices(burn.window.as_secs()).min(whole);
        let place = shape.windows.partition_point(|window| *window < slices);
        (burn.window, place)
    });
    Run {
        columns: 0..0,
        target_ppb: target,
        conditions: verdict.alerts.clone(),
        watched,
        least_events: target.map_or(u64::MAX, least_events),
        budget: target.map(Limit::budget),
        burns: burns.collect(),
    }
}

/// The first instant after `now` at which a term begins or an SLO is retired.
fn next_change(promises: &Promises, now: Timestamp) -> Option<Timestamp> {
    let catalogue = promises.catalogue();
    let slos = catalogue.slos.values();
    let days = slos.flat_map(|slo| {
        let objectives = slo.objectives.values();
        let terms = objectives.flat_map(|objective| &objective.terms);
        terms.filter_map(|term| term.since).chain(slo.retired)
    });
    let changes = days.map(|day| day_start(day, &catalogue.timezone));
    changes.filter(|change| *change >= now).min()
}

/// [`Leaving`] from kept counts: reads the slices that are asked for, of one SLO after the other.
pub struct KeptCounts<'c> {
    promises: &'c Promises,
    counts: &'c dyn Counts,
    series: Arc<[(SeriesName, What)]>,
}

impl<'c> KeptCounts<'c> {
    /// For the series of a board.
    #[must_use]
    pub fn new(promises: &'c Promises, counts: &'c dyn Counts, board: &Board) -> Self {
        Self {
            promises,
            counts,
            series: board.names(),
        }
    }
}

impl Leaving for KeptCounts<'_> {
    fn counts(&mut self, slices: Range<i64>, series: Range<usize>, into: &mut [Attainment]) {
        let series = self.series.get(series).unwrap_or(&[]);
        let series = series.iter().map(|(name, what)| (name, *what));
        read_old(self.promises, self.counts, slices, series, into);
    }
}

/// Reads old slices of some series again.
pub(crate) fn read_old<'s>(
    promises: &Promises,
    counts: &dyn Counts,
    slices: Range<i64>,
    series: impl Iterator<Item = (&'s SeriesName, What)>,
    into: &mut [Attainment],
) {
    let each = usize::try_from(slices.end - slices.start)
        .unwrap_or(1)
        .max(1);
    let until = counts.grid().start(slices.end);
    let mut reader = Reader::new(promises, counts, until, Timestamp::MAX).since(slices.start);
    for ((name, what), into) in series.zip(into.chunks_mut(each)) {
        let Some(slo) = promises.catalogue().slos.get(&name.slo) else {
            continue;
        };
        let looked = reader.look(slo);
        let each = slices.clone().zip(into);
        if what == What::Tagged {
            let tagged = looked.tagged();
            each.for_each(|(slice, into)| *into = tagged.sum(slice..slice + 1).all());
        } else if let Some(objective) = slo.objectives.get(&name.objective) {
            let judged = looked.judge(objective, &name.scope);
            each.for_each(|(slice, into)| *into = judged.sum(&(slice..slice + 1)).all());
        }
    }
}
