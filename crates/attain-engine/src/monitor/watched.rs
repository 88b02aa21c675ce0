//! One SLO as the monitor sees it: which running sums carry it, since when its aggregates are as they are, and what it
//! says of both.
//!
//! Knows sums on a board. Knows neither cells (routes.rs) nor when slices close (monitor.rs). Says what evaluate.rs says.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use attain_math::{burn, ppb};
use attain_model::policy::LowTraffic;
use attain_model::slo::Objective;
use attain_model::verdict::{AlertState, Attainment, Burn, ErrorBudget, Masked, Part, Untagged};
use attain_model::{
    Goal, Multiple, ObjectiveId, Scope, SeriesName, SloId, Standing, Verdict, Window,
};

use crate::alerts::{self, Evidence, Slot};
use crate::board::{Board, NotCarried, View};
use crate::counts::Counts;
use crate::evaluate::{Said, exhausted_at, scopes};
use crate::judge::Judged;
use crate::look::{Looked, covers, within};
use crate::masking;
use crate::projection::{Fate, Projection};
use crate::silence::Silence;
use crate::standing::{coverage, standing};

/// An SLO of the monitor.
pub(super) struct Watched {
    pub(super) id: SloId,
    /// The first slice with counts.
    pub(super) first: Option<i64>,
    /// What was said last, where it is judged from its counts.
    pub(super) rest: Option<Said>,
    /// The first of its counts were there when it was judged last.
    pub(super) has_begun: bool,
    carried: Option<Carried>,
}

/// What carries an SLO.
struct Carried {
    /// All its requests, on the board.
    total: usize,
    /// Slices of its window.
    window: i64,
    objectives: Vec<Objectives>,
}

struct Objectives {
    id: ObjectiveId,
    segments: Vec<Carrier>,
    all: Aggregate,
}

/// A series on the board.
struct Carrier {
    scope: Scope,
    series: usize,
    goal: Option<Goal>,
    /// Since which slice the aggregate is met and this is not.
    hidden_since: Option<i64>,
    sequential: Option<Sequential>,
}

/// The sequential test, from the time that a series first needed it.
struct Sequential {
    evidence: Evidence,
    rule: LowTraffic,
    /// The slot that it began with.
    first: i64,
    /// What it looks back on, in slices.
    back: (i64, i64),
}

enum Aggregate {
    Own(Carrier),
    Pool(Pool),
}

/// What was promised to somebody, taken together.
struct Pool {
    /// Places among the segments.
    members: Vec<usize>,
    /// Windows of the policy, shortest first, and their slices.
    burns: Vec<(Duration, i64)>,
    overspent_since: Option<i64>,
}

impl Watched {
    pub(super) fn new(
        looked: &Looked<'_>,
        places: &BTreeMap<SeriesName, usize>,
        missing: &BTreeSet<SeriesName>,
    ) -> Self {
        Self {
            id: looked.slo.id.clone(),
            first: looked.read.first(),
            rest: None,
            has_begun: false,
            carried: carried(looked, places, missing),
        }
    }

    /// From now on it is judged from its counts. Returns whether it was not so before.
    pub(super) fn let_go(&mut self) -> bool {
        self.carried.take().is_some()
    }

    /// Whether late counts of some series may have changed since when something is so; `again` are those of which the
    /// board says so itself.
    pub(super) fn is_moved(
        &self,
        changed: &BTreeSet<usize>,
        again: &BTreeSet<usize>,
        board: &Board,
    ) -> bool {
        let Some(carried) = &self.carried else {
            return false;
        };
        let is_changed = |carrier: &Carrier| changed.contains(&carrier.series);
        let is_moved = |carrier: &Carrier| {
            again.contains(&carrier.series) || (is_changed(carrier) && carrier.sequential.is_some())
        };
        carried.carriers().any(is_moved)
            || again.contains(&carried.total)
            || carried.objectives.iter().any(|own| {
                let all = match &own.all {
                    Aggregate::Own(carrier) => Some(carrier),
                    Aggregate::Pool(_) => None,
                };
                let is_any = own.segments.iter().chain(all).any(is_changed);
                let is_hidden = || own.segments.iter().any(|s| s.hidden_since.is_some());
                is_any && (is_hidden() || own.is_pool_overspent(board, carried.window))
            })
    }

    /// What carries it, on the board.
    pub(super) fn series(&self) -> impl Iterator<Item = usize> + '_ {
        let carried = self.carried.iter();
        carried.flat_map(|carried| carried.carriers().map(|c| c.series).chain([carried.total]))
    }

    /// The goal of a series that carries it.
    pub(super) fn goal(&self, series: usize) -> Option<Goal> {
        let mut carriers = self.carried.iter().flat_map(Carried::carriers);
        carriers.find(|carrier| carrier.series == series)?.goal
    }

    /// Works out from the counts since when aggregates are as they are, and whether the board can carry it at all.
    pub(super) fn start(&mut self, looked: &Looked<'_>, board: &Board) {
        let is_clear = self
            .carried
            .as_ref()
            .is_some_and(|c| c.is_clear(looked, board));
        if !is_clear {
            self.carried = None;
        }
        let Some(carried) = &mut self.carried else {
            return;
        };
        for own in &mut carried.objectives {
            if let Some(objective) = looked.slo.objectives.get(&own.id) {
                own.start(looked, objective, board);
            }
        }
    }

    /// Keeps up since when aggregates are as they are, after a slice was closed.
    pub(super) fn fold(&mut self, board: &Board, dropped: &BTreeMap<usize, NotCarried>, end: i64) {
        if !dropped.is_empty() && self.series().any(|series| dropped.contains_key(&series)) {
            self.carried = None;
        }
        if let Some(carried) = &mut self.carried {
            let window = carried.window;
            let own = carried.objectives.iter_mut();
            own.for_each(|own| own.fold(board, window, end - 1));
            for carrier in carried.carriers_mut() {
                carrier.observe(board, end);
            }
        }
    }

    /// What the running sums say; `None` if they do not say everything.
    pub(super) fn say(
        &self,
        looked: &Looked<'_>,
        counts: &dyn Counts,
        board: &Board,
        silence: &mut Silence,
    ) -> Option<Said> {
        let carried = self.carried.as_ref()?;
        let all = board.counted(carried.total, carried.window)?;
        let mut verdicts = Vec::new();
        let mut masked = Vec::new();
        for own in &carried.objectives {
            let objective = looked.slo.objectives.get(&own.id)?;
            own.say(
                looked,
                objective,
                board,
                all.total(),
                (&mut verdicts, &mut masked),
            )?;
        }
        let untagged = Untagged {
            slo: self.id.clone(),
            unknown: all.bad,
            total: all.total(),
        };
        let before = Said::before(looked, untagged, counts, silence);
        Some(Said {
            verdicts,
            masked,
            ..before
        })
    }
}

fn carried(
    looked: &Looked<'_>,
    places: &BTreeMap<SeriesName, usize>,
    missing: &BTreeSet<SeriesName>,
) -> Option<Carried> {
    let Window::Rolling(_) = &looked.slo.window else {
        return None;
    };
    let name = |objective: &ObjectiveId, scope: &Scope| SeriesName {
        slo: looked.slo.id.clone(),
        objective: objective.clone(),
        scope: scope.clone(),
    };
    let mut objectives = Vec::new();
    for objective in looked.slo.objectives.values() {
        let carrier = |scope: &Scope| {
            let name = name(&objective.id, scope);
            let spans = looked
                .promises
                .goals(objective, scope, looked.resolved.interval);
            let [span] = &spans[..] else {
                return None;
            };
            (!missing.contains(&name)).then_some(())?;
            Some(Carrier {
                scope: scope.clone(),
                series: *places.get(&name)?,
                goal: span.goal,
                hidden_since: None,
                sequential: None,
            })
        };
        let scopes = scopes(looked, objective);
        let named = scopes.iter().filter(|scope| **scope != Scope::All);
        let segments: Option<Vec<Carrier>> = named.map(carrier).collect();
        let segments = segments?;
        let all = if looked.is_pooled(objective, &Scope::All) {
            Aggregate::Pool(Pool::of(looked, &segments)?)
        } else {
            Aggregate::Own(carrier(&Scope::All)?)
        };
        objectives.push(Objectives {
            id: objective.id.clone(),
            segments,
            all,
        });
    }
    Some(Carried {
        total: *places.get(&name(&ObjectiveId::from(""), &Scope::All))?,
        window: looked.window.end - looked.window.start,
        objectives,
    })
}

impl Carried {
    fn carriers(&self) -> impl Iterator<Item = &Carrier> {
        self.objectives.iter().flat_map(|own| {
            let all = match &own.all {
                Aggregate::Own(carrier) => Some(carrier),
                Aggregate::Pool(_) => None,
            };
            own.segments.iter().chain(all)
        })
    }

    fn carriers_mut(&mut self) -> impl Iterator<Item = &mut Carrier> {
        self.objectives.iter_mut().flat_map(|own| {
            let all = match &mut own.all {
                Aggregate::Own(carrier) => Some(carrier),
                Aggregate::Pool(_) => None,
            };
            own.segments.iter_mut().chain(all)
        })
    }

    /// Whether everything that was counted in the window can be told apart, and the board has all windows.
    fn is_clear(&self, looked: &Looked<'_>, board: &Board) -> bool {
        let mut births = looked.read.births.iter();
        if births.any(|birth| looked.window.contains(&birth.slice)) {
            return false;
        }
        let has_all = |own: &Objectives| match &own.all {
            Aggregate::Own(_) => true,
            Aggregate::Pool(pool) => pool.has_all(&own.segments, board, looked),
        };
        let is_sure = |carrier: &Carrier| carrier.is_sure(looked);
        self.objectives.iter().all(has_all) && self.carriers().all(is_sure)
    }
}

impl Objectives {
    /// Judges from the counts only what something is so of: few series are, and judging reads all of their past.
    fn start(&mut self, looked: &Looked<'_>, objective: &Objective, board: &Board) {
        let window = looked.window.end - looked.window.start;
        let judged_all = LazyCell::new(|| looked.judge(objective, &Scope::All));
        let budget = match &mut self.all {
            Aggregate::Own(carrier) => {
                carrier.sequential = carrier.sequential(looked, &judged_all, board);
                carrier.budget(board, window)
            }
            Aggregate::Pool(pool) => {
                let (_, budget) = pool.sums(&self.segments, board, window);
                pool.overspent_since = (!budget.is_met())
                    .then(|| crate::evaluate::overspent_since(looked, &judged_all))
                    .flatten()
                    .map(|since| looked.grid.index(since));
                budget
            }
        };
        for segment in &mut self.segments {
            let judged = LazyCell::new(|| looked.judge(objective, &segment.scope));
            let is_hidden = masking::hides(&budget, &segment.budget(board, window));
            let since = is_hidden.then(|| masking::since(looked, &judged_all, &judged));
            let sequential = segment.sequential(looked, &judged, board);
            (segment.hidden_since, segment.sequential) = (since, sequential);
        }
    }

    /// Whether the pool was or is overspent.
    fn is_pool_overspent(&self, board: &Board, window: i64) -> bool {
        match &self.all {
            Aggregate::Own(_) => false,
            Aggregate::Pool(pool) => {
                let (_, budget) = pool.sums(&self.segments, board, window);
                pool.overspent_since.is_some() || !budget.is_met()
            }
        }
    }

    fn fold(&mut self, board: &Board, window: i64, slice: i64) {
        let all = match &self.all {
            Aggregate::Own(carrier) => carrier.budget(board, window),
            Aggregate::Pool(pool) => pool.sums(&self.segments, board, window).1,
        };
        if let Aggregate::Pool(pool) = &mut self.all {
            keep(&mut pool.overspent_since, !all.is_met(), slice);
        }
        for segment in &mut self.segments {
            let own = segment.budget(board, window);
            keep(&mut segment.hidden_since, masking::hides(&all, &own), slice);
        }
    }

    fn say(
        &self,
        looked: &Looked<'_>,
        objective: &Objective,
        board: &Board,
        total: u64,
        (verdicts, masked): (&mut Vec<Verdict>, &mut Vec<Masked>),
    ) -> Option<()> {
        let at = verdicts.len();
        for segment in &self.segments {
            verdicts.push(segment.verdict(looked, objective, board, total)?);
        }
        let all = match &self.all {
            Aggregate::Own(carrier) => carrier.verdict(looked, objective, board, total)?,
            Aggregate::Pool(pool) => {
                pool.verdict(&self.segments, looked, objective, board, total)?
            }
        };
        if all.standing == Standing::Met {
            for (verdict, segment) in verdicts[at..].iter().zip(&self.segments) {
                if verdict.standing != Standing::Breached {
                    continue;
                }
                let since = segment.hidden_since?.max(looked.earliest());
                masked.push(Masked {
                    name: verdict.name.clone(),
                    since: looked.grid.start(since),
                    segment_burn_millionths: masking::burn_millionths(&verdict.budget),
                    aggregate_burn_millionths: masking::burn_millionths(&all.budget),
                    share: masking::share_of(verdict.attainment.total(), total),
                });
            }
        }
        verdicts.push(all);
        Some(())
    }
}

impl Carrier {
    fn budget(&self, board: &Board, window: i64) -> ErrorBudget {
        let counted = board.counted(self.series, window).unwrap_or_default();
        budget(self.goal, counted)
    }

    /// Whether no event of the window could be good or bad for all that the tally says.
    fn is_sure(&self, looked: &Looked<'_>) -> bool {
        let under = self.goal.and_then(|goal| goal.promised()?.under);
        let layouts = looked.read.layouts.iter();
        let projections: Vec<Projection<'_>> = layouts
            .map(|layout| Projection::new(layout, &looked.slo.indicator, under))
            .collect();
        let own = looked.read.columns.iter();
        let mut own = own.filter(|column| covers(&self.scope, &column.segment));
        own.all(|column| {
            let projection = projections.get(column.layout);
            let fate = projection.map(|projection| projection.fate(&column.class, column.bucket));
            !matches!(fate, Some(Fate::Unclear(_))) || within(column, &looked.window).is_empty()
        })
    }

    /// The sequential test over everything that was counted, if it is needed.
    fn sequential(
        &self,
        looked: &Looked<'_>,
        judged: &LazyCell<Judged, impl FnOnce() -> Judged>,
        board: &Board,
    ) -> Option<Sequential> {
        let policy = alerts::policy(looked, &self.scope)?;
        let is_needed = board.view(self.series)?.needs_sequential;
        if !is_needed || looked.span.is_empty() {
            return None;
        }
        let rule = alerts::low_traffic(looked, policy);
        Some(Sequential {
            evidence: Evidence::of(looked, judged, rule),
            rule,
            first: alerts::first_slot(looked),
            back: alerts::looks_back(looked, rule),
        })
    }

    /// Takes the slot that ends with the closed slice, if one does.
    fn observe(&mut self, board: &Board, end: i64) {
        let length = alerts::slot(board.grid());
        let Some(sequential) = self.sequential.as_mut().filter(|_| end % length == 0) else {
            return;
        };
        let (within, hour) = sequential.back;
        let last = |slices: i64| board.counted(self.series, slices);
        let (Some(events), Some(within), Some(hour)) = (last(length), last(within), last(hour))
        else {
            self.sequential = None;
            return;
        };
        let slot = Slot {
            start: end - length,
            target_ppb: self
                .goal
                .and_then(|goal| Some(goal.promised()?.target.ppb())),
            total: events.total(),
            bad: events.bad,
            length,
        };
        let series = self.series;
        let begun = |slices: i64| {
            let later = board.counted(series, length - slices).unwrap_or_default();
            let (total, bad) = (events.total() - later.total(), events.bad - later.bad);
            (total, bad)
        };
        let at_least = sequential.rule.at_least_bad;
        let hourly = budget(self.goal, hour);
        let is_burning = || {
            let one = Multiple::ONE.millionths();
            burn::exceeds_allowed(hourly.spent, hourly.allowed_billionths, one)
        };
        let evidence = &mut sequential.evidence;
        let has_impact = |later: u64| within.bad.saturating_sub(later) >= at_least;
        evidence.step(&slot, has_impact, begun, is_burning);
    }

    /// What the sequential test says; `None` if it was not run from where it would begin today.
    fn evidence(&self, looked: &Looked<'_>) -> Option<AlertState> {
        let sequential = self.sequential.as_ref()?;
        let is_whole = sequential.first == alerts::first_slot(looked);
        is_whole.then(|| sequential.evidence.state(looked.grid))
    }

    /// As `verdict` in evaluate.rs; `None` where its alerts need the sequential test.
    fn verdict(
        &self,
        looked: &Looked<'_>,
        objective: &Objective,
        board: &Board,
        total: u64,
    ) -> Option<Verdict> {
        let View {
            name,
            attainment,
            budget,
            overspent_since,
            burn,
            alerts,
            needs_sequential,
            exhausted_in,
            ..
        } = board.view_with(self.series, self.evidence(looked))?;
        if needs_sequential && self.evidence(looked).is_none() {
            return None;
        }
        let promised = self.goal.is_some_and(|goal| goal.promised().is_some());
        let shared = Shared::of(looked, &self.scope, (promised, total), attainment, budget);
        let term = objective.on(looked.day);
        let earliest = looked.grid.start(looked.earliest());
        Some(Verdict {
            name,
            goal: term
                .and_then(|term| term.targets.goal(&self.scope))
                .copied(),
            overspent_since: overspent_since.map(|since| since.max(earliest)),
            burn,
            alerts,
            exhausted_in,
            ..shared.verdict(looked, objective, &self.scope, self.goal)
        })
    }
}

impl Pool {
    fn of(looked: &Looked<'_>, segments: &[Carrier]) -> Option<Self> {
        let is_promised = |carrier: &Carrier| carrier.goal.is_some_and(|g| g.promised().is_some());
        let members = segments
            .iter()
            .enumerate()
            .filter(|(_, carrier)| is_promised(carrier));
        let members: Vec<usize> = members.map(|(at, _)| at).collect();
        let policy = alerts::policy(looked, &Scope::All);
        let windows = policy.map_or_else(Vec::new, |policy| alerts::windows(looked, policy));
        let slices = |window: &Duration| (*window, looked.grid.slices(window.as_secs()));
        // Where nobody is promised anything, everything is measured: nothing sums that up.
        (!members.is_empty()).then(|| Self {
            members,
            burns: windows.iter().map(slices).collect(),
            overspent_since: None,
        })
    }

    /// Whether the segments look at the windows of the pool's policy.
    fn has_all(&self, segments: &[Carrier], board: &Board, looked: &Looked<'_>) -> bool {
        let hour = looked.grid.slices(3600);
        let windows = self.burns.iter().map(|(_, slices)| *slices).chain([hour]);
        windows.into_iter().all(|slices| {
            let mut members = self.members.iter().map(|at| segments[*at].series);
            members.all(|series| board.counted(series, slices).is_some())
        })
    }

    fn sums(&self, segments: &[Carrier], board: &Board, window: i64) -> (Attainment, ErrorBudget) {
        let (mut sum, mut all) = (Attainment::default(), ErrorBudget::default());
        for segment in self.members.iter().map(|at| &segments[*at]) {
            let counted = board.counted(segment.series, window).unwrap_or_default();
            let own = budget(segment.goal, counted);
            sum.good = sum.good.saturating_add(counted.good);
            sum.bad = sum.bad.saturating_add(counted.bad);
            all.spent = all.spent.saturating_add(own.spent);
            all.allowed_billionths += own.allowed_billionths;
        }
        (sum, all)
    }

    fn verdict(
        &self,
        segments: &[Carrier],
        looked: &Looked<'_>,
        objective: &Objective,
        board: &Board,
        total: u64,
    ) -> Option<Verdict> {
        let window = looked.window.end - looked.window.start;
        let (attainment, budget) = self.sums(segments, board, window);
        let (_, hourly) = self.sums(segments, board, looked.grid.slices(3600));
        let burn = |(window, slices): &(Duration, i64)| {
            let (attainment, budget) = self.sums(segments, board, *slices);
            Burn {
                window: *window,
                attainment,
                allowed_billionths: budget.allowed_billionths,
            }
        };
        let promised = attainment.total() > 0;
        let shared = Shared::of(looked, &Scope::All, (promised, total), attainment, budget);
        let since = self
            .overspent_since
            .map(|since| since.max(looked.earliest()));
        let term = objective.on(looked.day);
        Some(Verdict {
            goal: term
                .and_then(|term| term.targets.goal(&Scope::All))
                .copied(),
            pooled: true,
            overspent_since: since.map(|since| looked.grid.start(since)),
            burn: self.burns.iter().map(burn).collect(),
            exhausted_in: exhausted_at(looked, budget, hourly),
            ..shared.verdict(looked, objective, &Scope::All, None)
        })
    }
}

/// What the verdicts of a series and of a pool have in common.
struct Shared {
    attainment: Attainment,
    budget: ErrorBudget,
    coverage: attain_model::verdict::Coverage,
    standing: Standing,
}

impl Shared {
    fn of(
        looked: &Looked<'_>,
        scope: &Scope,
        (promised, total): (bool, u64),
        attainment: Attainment,
        budget: ErrorBudget,
    ) -> Self {
        let coverage = coverage(looked, scope, &looked.window);
        let is_any = || total > 0;
        Self {
            attainment,
            budget,
            coverage,
            standing: standing(
                looked, scope, promised, attainment, budget, coverage, is_any,
            ),
        }
    }

    fn verdict(
        self,
        looked: &Looked<'_>,
        objective: &Objective,
        scope: &Scope,
        goal: Option<Goal>,
    ) -> Verdict {
        let slo = looked.slo;
        let part = Part {
            interval: looked.interval(&looked.window),
            goal,
            attainment: self.attainment,
        };
        Verdict {
            name: SeriesName {
                slo: slo.id.clone(),
                objective: objective.id.clone(),
                scope: scope.clone(),
            },
            layer: slo.layer,
            audience: slo.audience,
            goal: None,
            pooled: false,
            window: looked.resolved.interval,
            window_closes: looked.resolved.closes,
            attainment: self.attainment,
            budget: self.budget,
            parts: vec![part],
            standing: self.standing,
            overspent_since: None,
            coverage: self.coverage,
            burn: Vec::new(),
            alerts: Vec::new(),
            over_load: None,
            excluded: None,
            uncertain: 0,
            exhausted_in: None,
        }
    }
}

/// The budget of what was counted under a goal; none where nothing is promised.
fn budget(goal: Option<Goal>, counted: Attainment) -> ErrorBudget {
    let target = goal.and_then(|goal| goal.promised().map(|promised| promised.target.ppb()));
    let budget = target.map(|target| ErrorBudget {
        allowed_billionths: ppb::allowed_bad_billionths(counted.total(), target),
        spent: counted.bad,
    });
    budget.unwrap_or_default()
}

/// Since which slice something has been so without a break.
fn keep(since: &mut Option<i64>, holds: bool, slice: i64) {
    *since = match (holds, *since) {
        (true, since) => since.or(Some(slice)),
        (false, _) => None,
    };
}
