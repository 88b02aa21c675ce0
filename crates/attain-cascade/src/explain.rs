//! A promise as a sum: which part may cost how much of its budget, by what was promised and by what was counted.
//!
//! Knows the tree of parts as a person walks it. A part that is reached again is shown again and counted once: the
//! correction is a line of its own, so that the lines add up.

use std::collections::BTreeSet;

use attain_math::ONE_PPB;
use attain_math::fixed::Probability;
use attain_model::slo::{Dependency, Provider};
use attain_model::{Catalogue, ObjectiveId, Promised, Scope, SeriesName, Slo, SloId};
use jiff::civil::Date;

use crate::carried::EdgeCost;
use crate::composed::{Composed, composed};
use crate::edge::{Assumed, Caller, Outcome};
use crate::part::{Missing, Part};
use crate::tighter::{Tighter, tighter};

/// Bad and all events of a series over its window, where they were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Those that were bad.
    pub bad: u64,
    /// All.
    pub total: u64,
}

impl Counted {
    /// The share that was bad, in parts per billion, rounded up. `None` without events.
    #[must_use]
    pub fn bad_ppb(self) -> Option<u32> {
        let (bad, total) = (u128::from(self.bad), u128::from(self.total));
        (total > 0).then(|| (bad * u128::from(ONE_PPB)).div_ceil(total) as u32)
    }
}

/// Where counts come from: what was counted of a series over its window; `None` if nothing is known.
pub type Counts<'a> = dyn Fn(&SeriesName) -> Option<Counted> + 'a;

/// A promise and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Which promise.
    pub name: SeriesName,
    /// Its numbers.
    pub promised: Promised,
    /// What its parts carry together.
    pub composed: Composed,
    /// Whether that is enough for the objective, and for what was promised outside.
    pub tighter: Tighter,
    /// What it rests on, in the order of `depends_on`.
    pub lines: Vec<Line>,
    /// Parts that promise nothing.
    pub missing: Vec<Missing>,
    /// What was counted of the promise itself.
    pub counted: Option<Counted>,
}

/// A part in the tree of a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The part; the candidates of a quorum.
    pub parts: Vec<Part>,
    /// The edge to it.
    pub edge: Dependency,
    /// What the part promises, in parts per billion; `None` for a quorum or a part that promises nothing.
    pub target_ppb: Option<u32>,
    /// What it may cost, as a share of the requests at the top, in parts per billion.
    pub cost: EdgeCost,
    /// The same with what was counted of the part; `None` where nothing was.
    pub measured_ppb: Option<u32>,
    /// What was counted of the part.
    pub counted: Option<Counted>,
    /// It stands above in this tree already; what is below it is not shown again.
    pub is_repeated: bool,
    /// What the part rests on.
    pub below: Vec<Line>,
}

impl Explained {
    /// The budget: the share of requests that may fail, in parts per billion.
    #[must_use]
    pub fn budget_ppb(&self) -> u32 {
        self.promised.target.budget_ppb()
    }

    /// What the parts cost together, each counted once.
    #[must_use]
    pub fn cost_ppb(&self) -> u32 {
        ONE_PPB - self.composed.once_ppb
    }

    /// What the lines add up to.
    #[must_use]
    pub fn lines_ppb(&self) -> u32 {
        let costs = self.lines.iter().filter_map(|line| match line.cost {
            EdgeCost::Ppb(ppb) => Some(ppb),
            EdgeCost::Apart | EdgeCost::Unknown => None,
        });
        costs.fold(0, u32::saturating_add).min(ONE_PPB)
    }

    /// What is between the lines and the whole: negative where parts are shared, positive where what shall help out fails
    /// together with what it replaces.
    #[must_use]
    pub fn together_ppb(&self) -> i64 {
        i64::from(self.cost_ppb()) - i64::from(self.lines_ppb())
    }

    /// Whether anything takes part.
    #[must_use]
    pub fn rests_on_something(&self) -> bool {
        let takes_part = |line: &Line| line.cost != EdgeCost::Apart;
        self.lines.iter().any(takes_part)
    }
}

/// Explains a promise by the promises of a day and, where there are counts, by those.
///
/// `None` when the SLO promises nothing to this scope on that day.
#[must_use]
pub fn explain(
    catalogue: &Catalogue,
    slo: &Slo,
    objective: &ObjectiveId,
    scope: &Scope,
    on: Date,
    counts: &Counts<'_>,
) -> Option<Explained> {
    let caller = Caller::new(catalogue, slo, objective, scope, on)?;
    let composed = composed(catalogue, slo, objective, scope, on)?;
    let name = SeriesName {
        slo: slo.id.clone(),
        objective: objective.clone(),
        scope: scope.clone(),
    };
    let mut walk = Walk {
        catalogue,
        caller: &caller,
        counts,
        seen: BTreeSet::new(),
        missing: Vec::new(),
    };
    let lines = walk.lines(&slo.depends_on, 1.0, true);
    Some(Explained {
        tighter: tighter(slo, objective, scope, on, &caller.promised, &composed),
        counted: counts(&name),
        promised: caller.promised,
        missing: walk.missing,
        name,
        composed,
        lines,
    })
}

struct Walk<'w> {
    catalogue: &'w Catalogue,
    caller: &'w Caller<'w>,
    counts: &'w Counts<'w>,
    seen: BTreeSet<SloId>,
    missing: Vec<Missing>,
}

impl Walk<'_> {
    /// Edges, of whose costs such a share reaches the top.
    fn lines(&mut self, edges: &[Dependency], reaches: f64, is_top: bool) -> Vec<Line> {
        let mut lines = Vec::with_capacity(edges.len());
        for (position, edge) in edges.iter().enumerate() {
            let mut missing = Vec::new();
            let outcome = self
                .caller
                .cost(position, edge, Assumed::Nothing, &mut missing);
            if is_top {
                self.missing.append(&mut missing);
            }
            lines.push(self.line(edge, outcome, reaches));
        }
        lines
    }

    fn line(&mut self, edge: &Dependency, outcome: Outcome, reaches: f64) -> Line {
        let cost = match outcome {
            Outcome::Cost(cost) => EdgeCost::Ppb(scaled(cost, reaches)),
            Outcome::Apart => EdgeCost::Apart,
            Outcome::Unknown => EdgeCost::Unknown,
        };
        let mut line = Line {
            parts: crate::composed::parts_of(edge),
            edge: edge.clone(),
            target_ppb: None,
            cost,
            measured_ppb: None,
            counted: None,
            is_repeated: false,
            below: Vec::new(),
        };
        match &edge.on {
            Provider::External { promised, .. } => line.target_ppb = Some(promised.ppb()),
            Provider::Slo(id) => self.of_slo(&mut line, id, outcome, reaches),
            Provider::AnyOf { slos, .. } => {
                line.below = slos.iter().map(|id| self.candidate(id)).collect();
            }
        }
        line
    }

    fn of_slo(&mut self, line: &mut Line, id: &SloId, outcome: Outcome, reaches: f64) {
        self.ask(line, id);
        let (Outcome::Cost(cost), Some(target)) = (outcome, line.target_ppb) else {
            return;
        };
        let measured = line.counted.and_then(Counted::bad_ppb).map(|bad| {
            let kept = Assumed::All(ONE_PPB - bad);
            self.caller.cost(0, &line.edge, kept, &mut Vec::new())
        });
        if let Some(Outcome::Cost(measured)) = measured {
            line.measured_ppb = Some(scaled(measured, reaches));
        }
        if line.is_repeated || self.caller.promised.under.is_some() {
            return;
        }
        // Of what the part does to the top, a part of its own does as much as it does to the part.
        let failure = Probability::from_ppb(target).complement().to_f64();
        let reaches = reaches * cost.to_f64() / failure.max(f64::MIN_POSITIVE);
        if let Some(slo) = self.catalogue.slos.get(id) {
            line.below = self.lines(&slo.depends_on, reaches, false);
        }
    }

    /// A candidate of a quorum: what it costs depends on the others, so it has no cost of its own.
    fn candidate(&mut self, id: &SloId) -> Line {
        let mut line = Line {
            parts: vec![Part::Slo(id.clone())],
            edge: Dependency::on(Provider::Slo(id.clone())),
            target_ppb: None,
            cost: EdgeCost::Apart,
            measured_ppb: None,
            counted: None,
            is_repeated: false,
            below: Vec::new(),
        };
        self.ask(&mut line, id);
        line
    }

    fn ask(&mut self, line: &mut Line, id: &SloId) {
        line.is_repeated = !self.seen.insert(id.clone());
        let Ok(answer) = self.caller.question(&line.edge).answer(id) else {
            return;
        };
        line.target_ppb = Some(answer.ppb);
        line.counted = (self.counts)(&SeriesName {
            slo: id.clone(),
            objective: answer.objective,
            scope: answer.scope,
        });
    }
}

fn scaled(cost: Probability, reaches: f64) -> u32 {
    if reaches >= 1.0 {
        return cost.ppb_ceil();
    }
    crate::composed::up(cost.to_f64() * reaches)
}
