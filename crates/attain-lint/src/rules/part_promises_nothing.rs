//! `part-promises-nothing`: a customer SLO rests on a part that promises nothing to the same requests.

use std::collections::BTreeMap;

use attain_cascade::{Missing, Part, Why, carried};
use attain_model::slo::Objective;
use attain_model::{Audience, Diagnostic, ObjectiveId, Scope, Slo, SloId};

use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;
use crate::words::list;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("part-promises-nothing.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos().filter(|slo| slo.audience == Audience::Customer) {
            for (edge, hole) in holes(look, slo) {
                found.about(&slo.meta, diagnostic(look, slo, edge, &hole));
            }
        }
    }
}

const NAME: &str = "part-promises-nothing";

/// A part that lacks something for one objective of its caller.
struct Hole<'a> {
    objective: &'a ObjectiveId,
    part: SloId,
    why: Why,
    /// Whose requests; [`Scope::All`] where the caller makes no difference.
    scopes: Vec<Scope>,
}

/// What the parts of an SLO lack, the first hole of each edge: one objective says it for all.
fn holes<'a>(look: &Look<'a>, slo: &'a Slo) -> BTreeMap<usize, Hole<'a>> {
    let mut holes: BTreeMap<usize, Hole<'a>> = BTreeMap::new();
    for objective in slo.objectives.values() {
        for (scope, one) in missing(look, slo, objective) {
            // A part that is only too slow promises something, and external ones always do.
            let (Part::Slo(part), Why::Retired | Why::NoObjective | Why::BestEffort) = (one.part, one.why) else {
                continue;
            };
            if look.is_broken(&part) {
                continue;
            }
            let hole = holes.entry(one.edge).or_insert_with(|| Hole {
                objective: &objective.id,
                part: part.clone(),
                why: one.why,
                scopes: Vec::new(),
            });
            let same = *hole.objective == objective.id && hole.part == part && hole.why == one.why;
            if same && !hole.scopes.contains(&scope) {
                hole.scopes.push(scope);
            }
        }
    }
    holes
}

fn missing(look: &Look<'_>, slo: &Slo, objective: &Objective) -> Vec<(Scope, Missing)> {
    let targets = &look.term_on(objective, look.today).targets;
    targets
        .iter()
        .filter_map(|(scope, _)| {
            let sum = carried(look.catalogue, slo, &objective.id, &scope, look.today)?;
            Some(sum.missing.into_iter().map(move |one| (scope.clone(), one)))
        })
        .flatten()
        .collect()
}

fn diagnostic(look: &Look<'_>, slo: &Slo, edge: usize, hole: &Hole<'_>) -> Diagnostic {
    let (caller, part, objective) = (&slo.id, &hole.part, hole.objective);
    let segments: Vec<String> = hole
        .scopes
        .iter()
        .filter(|scope| **scope != Scope::All)
        .map(ToString::to_string)
        .collect();
    let to = match segments.as_slice() {
        [] => String::new(),
        segments => format!(" to {}", list(segments)),
    };
    let lack = match hole.why {
        Why::Retired => "is retired".to_owned(),
        Why::BestEffort => match segments.as_slice() {
            [] => "is best effort".to_owned(),
            segments => format!("is best effort for {}", list(segments)),
        },
        Why::NoObjective | Why::TooSlow => "has no objective for that".to_owned(),
    };
    let cause = format!("{caller} promises {objective}{to}, but rests on {part}, which {lack}");
    let help = match hole.why {
        Why::Retired => format!("name what took the place of {part}, or take it out of `depends_on:`"),
        _ => format!("let {part} promise {objective}{to}, or say `optional: true` here if {caller} works without it"),
    };
    let place = look.at(&format!("slos.{caller}.depends_on.{edge}"));
    Diagnostic::warning(NAME, place, cause)
        .help(help)
        .label(look.key(&format!("slos.{part}")), "the part")
}
