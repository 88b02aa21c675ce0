//! The promises below a promise, and targets for them: at their best, and for a given scale of the budgets. Knows how one
//! budget is divided over edges; knows nothing of what is told to people.

use std::collections::{BTreeMap, BTreeSet};

use attain_math::ONE_PPB;
use attain_math::allocate::{Part as Taker, allocate as divide};
use attain_math::fixed::Probability;
use attain_model::slo::{Dependency, Provider};
use attain_model::{Catalogue, Goal, Promised, SeriesName, SloId, Target, Targets};
use jiff::civil::Date;

use super::{By, Wish};
use crate::composed::{composed, parts_of};
use crate::edge::{Assumed, Caller, Outcome, takes_part};
use crate::explain::{Counted, Counts};
use crate::part::Part;

/// The best target that can be written: one more, and nothing may ever fail.
const BEST_PPB: u32 = ONE_PPB - 1;
/// Halvings of the scale: more than a part per billion can tell.
const HALVINGS: u32 = 40;
/// No budget is worth more than so many times itself: the parts that are shared would have to be reached so often.
const SCALE_MAX: f64 = 64.0;

/// A promise of a part.
pub(super) struct Promise {
    pub name: SeriesName,
    pub today: Promised,
    pub bad_ppb: Option<u32>,
    pub is_direct: bool,
}

/// The promises below a promise. Fallbacks stay as they are.
pub(super) struct Tree<'t> {
    catalogue: &'t Catalogue,
    top: SeriesName,
    on: Date,
    wish: &'t Wish,
    /// What a part stands on comes before it.
    pub promises: Vec<Promise>,
    pub without: Vec<Part>,
    /// The best target of each.
    best: BTreeMap<SeriesName, u32>,
}

impl<'t> Tree<'t> {
    /// `None` when nothing with a promise takes part.
    pub fn of(
        catalogue: &'t Catalogue,
        top: SeriesName,
        on: Date,
        wish: &'t Wish,
        counts: &Counts<'_>,
    ) -> Option<Self> {
        let mut tree = Self {
            catalogue,
            top: top.clone(),
            on,
            wish,
            promises: Vec::new(),
            without: Vec::new(),
            best: BTreeMap::new(),
        };
        let mut seen = BTreeSet::new();
        tree.walk(&top, &mut seen);
        tree.without.sort();
        tree.without.dedup();
        let direct: BTreeSet<SeriesName> = tree.below(catalogue, &top).into_iter().collect();
        for promise in &mut tree.promises {
            promise.is_direct = direct.contains(&promise.name);
            promise.bad_ppb = counts(&promise.name).and_then(Counted::bad_ppb);
        }
        (!tree.promises.is_empty()).then_some(tree)
    }

    /// Parts first. The catalogue has no cycle.
    fn walk(&mut self, name: &SeriesName, seen: &mut BTreeSet<SeriesName>) {
        for part in self.below(self.catalogue, name) {
            if seen.insert(part.clone()) {
                self.walk(&part, seen);
                let today = promised(self.catalogue, &part, self.on);
                self.promises.extend(today.map(|today| Promise {
                    name: part,
                    today,
                    bad_ppb: None,
                    is_direct: false,
                }));
            }
        }
        let (Some(slo), Some(caller)) = self.caller(self.catalogue, name) else {
            return;
        };
        for edge in slo.depends_on.iter().filter(|edge| takes_part(edge)) {
            if caller.promised.under.is_some() && edge.latency.is_none() {
                continue;
            }
            let question = caller.question(edge);
            for part in parts_of(edge) {
                if let Part::Slo(id) = &part
                    && question.answer(id).is_err()
                {
                    self.without.push(part);
                }
            }
        }
    }

    /// The promises that take part in one; none below a promise of latency, which knows only its own edges.
    fn below(&self, catalogue: &Catalogue, name: &SeriesName) -> Vec<SeriesName> {
        let (Some(slo), Some(caller)) = self.caller(catalogue, name) else {
            return Vec::new();
        };
        let latency = caller.promised.under.is_some();
        if latency && *name != self.top {
            return Vec::new();
        }
        let mut names = Vec::new();
        for edge in slo.depends_on.iter().filter(|edge| takes_part(edge)) {
            if latency && edge.latency.is_none() {
                continue;
            }
            names.extend(members(edge).filter_map(|id| asked_of(&caller, edge, id)));
        }
        names
    }

    fn caller<'c>(
        &self,
        catalogue: &'c Catalogue,
        name: &'c SeriesName,
    ) -> (Option<&'c attain_model::Slo>, Option<Caller<'c>>) {
        let slo = catalogue.slos.get(&name.slo);
        let caller =
            slo.and_then(|slo| Caller::new(catalogue, slo, &name.objective, &name.scope, self.on));
        (slo, caller)
    }

    /// The catalogue with every promise at its best: what is said of it, and what its parts let it keep.
    pub fn at_best(&mut self) -> Catalogue {
        let mut catalogue = self.catalogue.clone();
        for promise in &self.promises {
            let said = self.wish.floors.iter().find(|(id, _)| promise.is_of(id));
            let said = said.map_or(BEST_PPB, |(_, ppb)| (*ppb).clamp(1, BEST_PPB));
            let mut best = said;
            set(&mut catalogue, &promise.name, best, self.on);
            if !self.below(&catalogue, &promise.name).is_empty() {
                best = best.min(self.carried(&catalogue, &promise.name)).max(1);
                set(&mut catalogue, &promise.name, best, self.on);
            }
            self.best.insert(promise.name.clone(), best);
        }
        catalogue
    }

    /// The best of each direct part.
    pub fn floors(&self) -> Vec<(Part, u32)> {
        let direct = self.promises.iter().filter(|promise| promise.is_direct);
        let best = direct.filter_map(|promise| {
            let ppb = *self.best.get(&promise.name)?;
            Some((Part::Slo(promise.name.slo.clone()), ppb))
        });
        best.collect()
    }

    /// The catalogue with the loosest targets that carry `asked_ppb` and each other, none looser than is allowed. `None`
    /// if not even the best do.
    pub fn loosest(&self, asked_ppb: u32) -> Option<Catalogue> {
        if !self.wish.may_loosen && self.is_enough_today(asked_ppb) {
            return Some(self.catalogue.clone());
        }
        let carries = |scale: f64| {
            let catalogue = self.scaled(asked_ppb, scale);
            self.holds(&catalogue, asked_ppb).then_some(catalogue)
        };
        // The budgets by edges are not enough where redundancy is shared, and too little to ask for where parts are.
        let (mut found, mut low, mut high) = match carries(1.0) {
            Some(found) if self.is_sure(&found, asked_ppb) => return Some(found),
            Some(found) => (found, 1.0, SCALE_MAX),
            None => (carries(0.0)?, 0.0, 1.0),
        };
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            match carries(middle) {
                Some(catalogue) => (found, low) = (catalogue, middle),
                None => high = middle,
            }
        }
        Some(found)
    }

    /// Whether there is nothing to do: it is carried, by promises that can be kept.
    fn is_enough_today(&self, asked_ppb: u32) -> bool {
        let can_be_kept = |promise: &Promise| {
            let best = self.best.get(&promise.name);
            best.is_none_or(|best| promise.today.target.ppb() <= *best)
        };
        self.carried(self.catalogue, &self.top) >= asked_ppb
            && self.promises.iter().all(can_be_kept)
    }

    /// Whether it is carried whatever fails together.
    fn is_sure(&self, catalogue: &Catalogue, asked_ppb: u32) -> bool {
        let (slo, top) = (catalogue.slos.get(&self.top.slo), &self.top);
        slo.and_then(|slo| composed(catalogue, slo, &top.objective, &top.scope, self.on))
            .is_some_and(|found| found.sum_ppb >= asked_ppb)
    }

    /// Whether the promise and all below it are carried, each part counted once.
    fn holds(&self, catalogue: &Catalogue, asked_ppb: u32) -> bool {
        let is_carried = |promise: &Promise| {
            self.below(catalogue, &promise.name).is_empty()
                || target(catalogue, &promise.name, self.on).is_some_and(|target| {
                    // What was not carried before and is not touched is another's concern.
                    target <= self.carried(catalogue, &promise.name)
                        || !self.is_touched(catalogue, promise)
                })
        };
        self.carried(catalogue, &self.top) >= asked_ppb && self.promises.iter().all(is_carried)
    }

    fn is_touched(&self, catalogue: &Catalogue, promise: &Promise) -> bool {
        let is_new = |name: &SeriesName| {
            target(catalogue, name, self.on) != target(self.catalogue, name, self.on)
        };
        is_new(&promise.name) || self.below(catalogue, &promise.name).iter().any(is_new)
    }

    fn carried(&self, catalogue: &Catalogue, name: &SeriesName) -> u32 {
        let slo = catalogue.slos.get(&name.slo);
        slo.and_then(|slo| composed(catalogue, slo, &name.objective, &name.scope, self.on))
            .map_or(ONE_PPB, |found| found.once_ppb)
    }

    /// Targets for budgets scaled by this, callers first.
    fn scaled(&self, asked_ppb: u32, scale: f64) -> Catalogue {
        let mut catalogue = self.catalogue.clone();
        let mut demanded: BTreeMap<SeriesName, u32> = BTreeMap::new();
        let tops = [(&self.top, asked_ppb)].into_iter();
        self.demand(tops, scale, &mut demanded);
        for promise in self.promises.iter().rev() {
            let today = promise.today.target.ppb();
            let needed = demanded.get(&promise.name).copied();
            let wanted = match self.wish.may_loosen {
                true => needed.unwrap_or(today),
                false => needed.unwrap_or(today).max(today),
            };
            let best = self.best.get(&promise.name).copied().unwrap_or(BEST_PPB);
            // What is more than it can keep is no promise, today's included.
            let target = if wanted == today {
                today
            } else {
                rounded(wanted)
            }
            .min(best);
            set(&mut catalogue, &promise.name, target, self.on);
            self.demand([(&promise.name, target)].into_iter(), scale, &mut demanded);
        }
        catalogue
    }

    /// What promises ask of their parts.
    fn demand<'n>(
        &self,
        callers: impl Iterator<Item = (&'n SeriesName, u32)>,
        scale: f64,
        demanded: &mut BTreeMap<SeriesName, u32>,
    ) {
        for (name, target_ppb) in callers {
            for (part, ppb) in self.divided(name, target_ppb, scale) {
                let tightest = demanded.entry(part).or_insert(0);
                *tightest = (*tightest).max(ppb);
            }
        }
    }

    /// A budget over the edges of its promise: which target each part needs.
    fn divided(&self, name: &SeriesName, target_ppb: u32, scale: f64) -> Vec<(SeriesName, u32)> {
        let (Some(slo), Some(caller)) = self.caller(self.catalogue, name) else {
            return Vec::new();
        };
        let edges = slo.depends_on.iter();
        let takers: Vec<Edge<'_>> = edges
            .filter_map(|edge| Edge::of(self, &caller, edge))
            .collect();
        // What cannot be changed is paid first.
        let fixed = slo.depends_on.iter().filter(|edge| is_external(edge));
        let fixed: f64 = fixed
            .filter_map(|edge| Some(cost(&caller, edge, Assumed::Nothing)?.to_f64()))
            .sum();
        let budget = f64::from(ONE_PPB - target_ppb) / f64::from(ONE_PPB) * scale - fixed;
        let floors: f64 = takers.iter().map(|edge| edge.taker.floor).sum();
        let parts: Vec<Taker> = takers.iter().map(|edge| edge.taker).collect();
        let Ok(division) = divide(&parts, budget.max(floors)) else {
            return Vec::new();
        };
        let mut needed = Vec::new();
        for (edge, budget) in takers.iter().zip(division.budgets) {
            needed.extend(edge.targets(&caller, budget));
        }
        needed
    }
}

/// An edge that takes some of a budget.
struct Edge<'e> {
    edge: &'e Dependency,
    /// The promises that are asked, with the best of each: one, or those of the candidates of a quorum.
    asked: Vec<(SeriesName, u32)>,
    taker: Taker,
}

impl<'e> Edge<'e> {
    fn of(tree: &Tree<'_>, caller: &Caller<'_>, edge: &'e Dependency) -> Option<Self> {
        let best = |name: SeriesName| {
            let best = tree.best.get(&name).copied().unwrap_or(BEST_PPB);
            (name, best)
        };
        let asked: Vec<(SeriesName, u32)> = members(edge)
            .filter_map(|id| asked_of(caller, edge, id))
            .map(best)
            .collect();
        let cost = |ppb: &dyn Fn(&SeriesName, u32) -> Option<u32>| {
            let each = |id: &SloId| {
                let (name, best) = asked.iter().find(|(name, _)| name.slo == *id)?;
                ppb(name, *best)
            };
            cost(caller, edge, Assumed::Each(&each)).map(Probability::to_f64)
        };
        let floor = cost(&|_, best| Some(best))?;
        let now = cost(&|name, _| target(tree.catalogue, name, tree.on))?;
        let counted = |name: &SeriesName| {
            let promise = tree.promises.iter().find(|promise| promise.name == *name);
            promise.and_then(|promise| promise.bad_ppb)
        };
        let key = match tree.wish.by {
            By::Equal => 1.0,
            // What never failed is no wonder: a part per billion.
            By::Proportional => cost(&|name, _| {
                let bad = counted(name).map(|bad| ONE_PPB - bad.max(1));
                bad.or_else(|| target(tree.catalogue, name, tree.on))
            })?,
            By::Cost => {
                let said = |name: &SeriesName| tree.wish.costs.get(&name.slo).copied();
                let costs = asked
                    .iter()
                    .map(|(name, _)| f64::from(said(name).unwrap_or(1)));
                costs.sum()
            }
        };
        let ceiling = match tree.wish.may_loosen {
            true => f64::INFINITY,
            false => now.max(floor),
        };
        (!asked.is_empty()).then_some(Self {
            edge,
            asked,
            taker: Taker {
                weight: 1.0,
                key,
                floor,
                ceiling,
            },
        })
    }

    /// The lowest targets with which the edge keeps to a budget, each at most its best, rounded against the parts. A
    /// budget is a float and may be short of the best by its last digit.
    fn targets(&self, caller: &Caller<'_>, budget: f64) -> Vec<(SeriesName, u32)> {
        let allowed = Probability::from_f64_up(budget);
        let at = |most: u32| {
            let each = |id: &SloId| {
                let asked = self.asked.iter().find(|(name, _)| name.slo == *id);
                asked.map(|(_, best)| most.min(*best))
            };
            cost(caller, self.edge, Assumed::Each(&each)).unwrap_or(Probability::ONE)
        };
        let most = attain_math::edge::lowest_target(allowed, at).unwrap_or(BEST_PPB);
        let each = self.asked.iter();
        each.map(|(name, best)| (name.clone(), most.min(*best).max(1)))
            .collect()
    }
}

fn cost(caller: &Caller<'_>, edge: &Dependency, assumed: Assumed<'_>) -> Option<Probability> {
    match caller.cost(0, edge, assumed, &mut Vec::new()) {
        Outcome::Cost(cost) => Some(cost),
        Outcome::Apart | Outcome::Unknown => None,
    }
}

fn is_external(edge: &Dependency) -> bool {
    matches!(edge.on, Provider::External { .. })
}

fn members(edge: &Dependency) -> impl Iterator<Item = &SloId> {
    let slos: &[SloId] = match &edge.on {
        Provider::Slo(id) => std::slice::from_ref(id),
        Provider::AnyOf { slos, .. } => slos,
        Provider::External { .. } => &[],
    };
    slos.iter()
}

fn asked_of(caller: &Caller<'_>, edge: &Dependency, id: &SloId) -> Option<SeriesName> {
    let answer = caller.question(edge).answer(id).ok()?;
    Some(SeriesName {
        slo: id.clone(),
        objective: answer.objective,
        scope: answer.scope,
    })
}

fn promised(catalogue: &Catalogue, name: &SeriesName, on: Date) -> Option<Promised> {
    let slo = catalogue.slos.get(&name.slo)?;
    let term = slo.objectives.get(&name.objective)?.on(on)?;
    term.targets.goal(&name.scope)?.promised().copied()
}

/// What a promise is in a catalogue.
pub(super) fn target(catalogue: &Catalogue, name: &SeriesName, on: Date) -> Option<u32> {
    promised(catalogue, name, on).map(|promised| promised.target.ppb())
}

fn set(catalogue: &mut Catalogue, name: &SeriesName, target_ppb: u32, on: Date) {
    let goal = catalogue.slos.get_mut(&name.slo).and_then(|slo| {
        let terms = &mut slo.objectives.get_mut(&name.objective)?.terms;
        let in_force = |term: &&mut attain_model::slo::Term| term.since.is_none_or(|day| day <= on);
        match (&mut terms.iter_mut().find(in_force)?.targets, &name.scope) {
            (Targets::All(goal), _) => Some(goal),
            (Targets::PerSegment { all, .. }, attain_model::Scope::All) => all.as_mut(),
            (Targets::PerSegment { segments, .. }, attain_model::Scope::Segment(id)) => {
                segments.get_mut(id)
            }
        }
    });
    if let (Some(Goal::Promised(promised)), Some(target)) = (goal, Target::from_ppb(target_ppb)) {
        promised.target = target;
    }
}

/// A target that people like to read: failures with three digits that say something, fewer rather than more.
fn rounded(target_ppb: u32) -> u32 {
    let failure = ONE_PPB - target_ppb;
    let digits = failure.checked_ilog10().unwrap_or(0);
    let unit = 10_u32.pow(digits.saturating_sub(2));
    (ONE_PPB - failure / unit * unit).min(BEST_PPB)
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn targets_people_like() {
        assert_eq!(rounded(999_823_456), 999_824_000);
        assert_eq!(rounded(999_500_000), 999_500_000);
        assert_eq!(rounded(999_999_999), 999_999_999);
        assert_eq!(rounded(987_654_321), 987_700_000);
    }
}
