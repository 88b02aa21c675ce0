//! What was promised outside, beside what is aimed at inside.
//!
//! Knows which commitments hold and how two numbers compare. Knows no rule.

use attain_model::company::Contract;
use attain_model::meta::Meta;
use attain_model::slo::{Commitment, CommittedTargets, Objective};
use attain_model::{Goal, Promised, Scope, SegmentId, Slo, Targets};
use jiff::civil::Date;

use crate::look::Look;

/// One number that somebody outside was promised.
pub(crate) struct Committed<'a> {
    /// The SLO it is about.
    pub slo: &'a Slo,
    /// The objective it is about.
    pub objective: &'a Objective,
    /// Whose exceptions apply: the SLO, or the contract with a single customer.
    pub meta: &'a Meta,
    /// Where the number stands.
    pub path: String,
    /// Who was promised it: a segment, a customer, or `everybody`.
    pub who: String,
    /// The segment it touches, if it touches one.
    pub segment: Option<&'a SegmentId>,
    /// What was promised.
    pub promised: Promised,
    /// What is aimed at for them from the day on which it is promised.
    pub aimed: Goal,
    /// Whether it should not be promised at all: the segment's contract, or the team's aim, is best effort. Other
    /// rules about the number would only repeat the cause.
    pub best_effort: bool,
}

/// Every number that is promised today or will be, of SLOs that can be looked at.
pub(crate) fn committed<'a>(look: &Look<'a>) -> Vec<Committed<'a>> {
    let mut all: Vec<_> = look
        .slos()
        .flat_map(|slo| committed_by(look, slo))
        .collect();
    of_contracts(look, &mut all);
    all
}

/// The same of one SLO, contracts with single customers left out.
pub(crate) fn committed_by<'a>(look: &Look<'a>, slo: &'a Slo) -> Vec<Committed<'a>> {
    let mut all = Vec::new();
    for (index, commitment) in in_force(&slo.commitments, look.today, |c| c.since) {
        let base = format!("slos.{}.commitments.{index}.targets", slo.id);
        of_commitment(look, slo, commitment, &base, &mut all);
    }
    all
}

/// The entries of a list of `since` that hold on a day or will: the newest that has begun, and all that have not.
pub(crate) fn in_force<T>(
    entries: &[T],
    today: Date,
    since: impl Fn(&T) -> Date,
) -> Vec<(usize, &T)> {
    let current = entries.iter().map(&since).filter(|day| *day <= today).max();
    entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| since(entry) > today || Some(since(entry)) == current)
        .collect()
}

fn of_commitment<'a>(
    look: &Look<'a>,
    slo: &'a Slo,
    commitment: &'a Commitment,
    base: &str,
    all: &mut Vec<Committed<'a>>,
) {
    for (id, targets) in &commitment.targets {
        let Some(objective) = slo.objectives.get(id) else {
            continue;
        };
        let day = commitment.since.max(look.today);
        let aimed = &look.term_on(objective, day).targets;
        for (who, segment, goal, aimed, path) in pairs(targets, aimed, &format!("{base}.{id}")) {
            if let Some(&promised) = goal.promised() {
                all.push(Committed {
                    slo,
                    objective,
                    meta: &slo.meta,
                    path,
                    who,
                    segment,
                    promised,
                    aimed,
                    best_effort: is_best_effort(look, segment, &aimed),
                });
            }
        }
    }
}

type Pair<'a> = (String, Option<&'a SegmentId>, Goal, Goal, String);

/// Each committed goal beside the goal that is aimed at for the same requests.
fn pairs<'a>(committed: &'a CommittedTargets, aimed: &'a Targets, path: &str) -> Vec<Pair<'a>> {
    match (committed, aimed) {
        (CommittedTargets::All(goal), Targets::All(aimed)) => {
            vec![("everybody".to_owned(), None, *goal, *aimed, path.to_owned())]
        }
        (CommittedTargets::All(goal), Targets::PerSegment { segments, .. }) => segments
            .iter()
            .map(|(id, aimed)| (id.to_string(), Some(id), *goal, *aimed, path.to_owned()))
            .collect(),
        (CommittedTargets::Segments(goals), aimed) => goals
            .iter()
            .filter_map(|(id, goal)| {
                let aimed = aimed
                    .goal(&Scope::Segment(id.clone()))
                    .or_else(|| aimed.goal(&Scope::All))?;
                Some((
                    id.to_string(),
                    Some(id),
                    *goal,
                    *aimed,
                    format!("{path}.{id}"),
                ))
            })
            .collect(),
    }
}

fn of_contracts<'a>(look: &Look<'a>, all: &mut Vec<Committed<'a>>) {
    for contract in look.catalogue.contracts.values() {
        let base = format!("contracts.{}", contract.id);
        if look.spans.is_broken(&base) {
            continue;
        }
        let scope = Scope::Segment(contract.segment.clone());
        for (index, term) in in_force(&contract.terms, look.today, |term| term.since) {
            for (slo, objectives) in &term.targets {
                let Some(slo) = look.slo(slo) else { continue };
                for (id, targets) in objectives {
                    let Some(objective) = slo.objectives.get(id) else {
                        continue;
                    };
                    let day = term.since.max(look.today);
                    let aims = &look.term_on(objective, day).targets;
                    let aimed = aims.goal(&scope).or_else(|| aims.goal(&Scope::All));
                    let goal = targets.goal(&scope).and_then(Goal::promised);
                    let (Some(&aimed), Some(&promised)) = (aimed, goal) else {
                        continue;
                    };
                    let mut path = format!("{base}.terms.{index}.targets.{}.{id}", slo.id);
                    if let CommittedTargets::Segments(_) = targets {
                        path = format!("{path}.{}", contract.segment);
                    }
                    all.push(Committed {
                        slo,
                        objective,
                        meta: &contract.meta,
                        path,
                        who: contract.id.to_string(),
                        segment: Some(&contract.segment),
                        promised,
                        aimed,
                        best_effort: is_best_effort(look, Some(&contract.segment), &aimed),
                    });
                }
            }
        }
    }
}

fn is_best_effort(look: &Look<'_>, segment: Option<&SegmentId>, aimed: &Goal) -> bool {
    aimed.promised().is_none() || segment.is_some_and(|id| is_served_at_best_effort(look, id))
}

/// Whether a segment's contract is best effort.
pub(crate) fn is_served_at_best_effort(look: &Look<'_>, segment: &SegmentId) -> bool {
    let segment = look.catalogue.segments.get(segment);
    segment.is_some_and(|segment| segment.contract == Some(Contract::BestEffort))
}

/// Whether keeping `strict` keeps `loose`, too; false where neither implies the other.
pub(crate) fn implies(strict: &Promised, loose: &Promised) -> bool {
    let under = match (strict.under, loose.under) {
        (None, None) => true,
        (Some(strict), Some(loose)) => strict <= loose,
        _ => false,
    };
    under && strict.target >= loose.target
}

/// Whether a goal asks for less than another: best effort asks for the least. False where they cannot be compared.
pub(crate) fn is_looser(goal: &Goal, than: &Goal) -> bool {
    match (goal, than) {
        (Goal::BestEffort, Goal::Promised(_)) => true,
        (Goal::Promised(goal), Goal::Promised(than)) => implies(than, goal) && !implies(goal, than),
        (_, Goal::BestEffort) => false,
    }
}
