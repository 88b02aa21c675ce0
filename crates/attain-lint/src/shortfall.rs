//! Where the parts of an SLO cannot carry what it asks for. Knows which place to mend; attain-cascade knows the numbers.

use attain_cascade::{Need, Part, carried, composed, needed, needed_once};
use attain_model::meta::Meta;
use attain_model::slo::{Objective, Term};
use attain_model::{Goal, ObjectiveId, Promised, Scope, Slo, SloId, Span, Target, Targets};

use crate::graph;
use crate::look::Look;

/// Parts that carry too little, for one objective and scope of an SLO.
pub(crate) struct Shortfall<'a> {
    /// The SLO that rests on them.
    pub caller: &'a Slo,
    /// The objective of the caller.
    pub objective: &'a Objective,
    /// Whose requests.
    pub scope: Scope,
    /// What the caller asks for, or promised.
    pub target: Target,
    /// What the parts carry together, in parts per billion.
    pub carried_ppb: u32,
    /// The part that costs most.
    pub weakest: Part,
    /// What it would have to promise; `None` if even a perfect one would not do.
    pub needs_ppb: Option<u32>,
    /// Where the number of the weakest part stands.
    pub place: Span,
    /// The exceptions of the weakest part, if it is of this catalogue.
    pub part_meta: Option<&'a Meta>,
}

/// What the parts of `caller` lack for one objective and scope to keep what is asked of it; `None` if they carry it, if
/// nothing says what they carry, or if a part is broken and another diagnostic is about it.
pub(crate) fn shortfall<'a>(
    look: &Look<'a>,
    caller: &'a Slo,
    objective: &'a Objective,
    scope: &Scope,
    asked: Promised,
) -> Option<Shortfall<'a>> {
    let parts = caller.depends_on.iter().flat_map(graph::parts);
    if parts.into_iter().any(|part| look.is_broken(part)) {
        return None;
    }
    let whole = asking(caller, objective, scope, asked);
    let sum = carried(look.catalogue, &whole, &objective.id, scope, look.today)?;
    let costliest = sum.costliest()?;
    if sum.ppb >= asked.target.ppb() && !graph::is_redundant(look.catalogue, caller) {
        return None;
    }
    let once = composed(look.catalogue, &whole, &objective.id, scope, look.today)?;
    if once.once_ppb >= asked.target.ppb() {
        return None;
    }
    let (edge, weakest, needs_ppb) = if once.once_ppb < sum.ppb {
        // What should help out rests on what it replaces: the part to mend may lie deep.
        let is_ours = |part: &&Part| matches!(part, Part::Slo(_));
        let weakest = once
            .parts
            .iter()
            .map(|cost| &cost.part)
            .find(is_ours)?
            .clone();
        let (on, of) = (look.today, &objective.id);
        let needs = needed_once(look.catalogue, &whole, of, scope, on, &weakest);
        (costliest, weakest, needs)
    } else {
        // What each edge needs by itself is always enough, whatever fails together.
        let needs = needed(look.catalogue, &whole, &objective.id, scope, look.today);
        let need = needs.iter().find(|need| need.edge == costliest)?;
        (costliest, weakest(look, need, &objective.id)?, need.ppb)
    };
    let (place, part_meta) = match &weakest {
        Part::Slo(id) => {
            let part = look.slo(id)?;
            let is_latency = asked.under.is_some();
            let place = target_place(look, part, &objective.id, scope, is_latency);
            (place, Some(&part.meta))
        }
        Part::External(_) => {
            let path = format!("slos.{}.depends_on.{edge}.promised", caller.id);
            (look.at(&path), None)
        }
    };
    Some(Shortfall {
        caller,
        objective,
        scope: scope.clone(),
        target: asked.target,
        carried_ppb: sum.ppb.min(once.once_ppb),
        weakest,
        needs_ppb,
        place,
        part_meta,
    })
}

/// The SLO as if it asked for just this: a commitment asks for other numbers than the objective.
fn asking(slo: &Slo, objective: &Objective, scope: &Scope, asked: Promised) -> Slo {
    let goal = Goal::Promised(asked);
    let targets = match scope {
        Scope::All => Targets::All(goal),
        Scope::Segment(id) => Targets::PerSegment {
            segments: [(id.clone(), goal)].into(),
            all: None,
        },
    };
    let term = Term {
        since: None,
        targets,
    };
    let asking = Objective {
        id: objective.id.clone(),
        terms: vec![term],
    };
    Slo {
        objectives: [(objective.id.clone(), asking)].into(),
        ..slo.clone()
    }
}

/// The part behind an edge; of a quorum the candidate with the lowest target.
fn weakest(look: &Look<'_>, need: &Need, objective: &ObjectiveId) -> Option<Part> {
    let lowest = |id: &SloId| {
        let slo = look.slo(id)?;
        let objective = slo.objectives.get(objective)?;
        let targets = &look.term_on(objective, look.today).targets;
        let goals = targets.iter().filter_map(|(_, goal)| goal.promised());
        goals.map(|promised| promised.target).min()
    };
    need.parts
        .iter()
        .min_by_key(|part| match part {
            Part::Slo(id) => lowest(id).map_or(u32::MAX, Target::ppb),
            Part::External(_) => u32::MAX,
        })
        .cloned()
}

/// Where a part says what it promises to an objective and scope of its caller.
fn target_place(
    look: &Look<'_>,
    part: &Slo,
    asked: &ObjectiveId,
    scope: &Scope,
    is_latency: bool,
) -> Span {
    let fits = |objective: &&Objective| {
        let targets = &look.term_on(objective, look.today).targets;
        let mut goals = targets.iter().filter_map(|(_, goal)| goal.promised());
        goals.any(|promised| promised.under.is_some() == is_latency)
    };
    let objective = part
        .objectives
        .get(asked)
        .filter(fits)
        .or_else(|| part.objectives.values().find(fits));
    let Some(objective) = objective else {
        return look.key(&format!("slos.{}", part.id));
    };
    look.at(&look.target_path(part, objective, scope))
}
