//! Which promises are explained when somebody asks about a cascade. Knows which exist; how one is explained is
//! [`explain`]'s.

use std::collections::BTreeMap;

use attain_model::slo::Audience;
use attain_model::{Catalogue, Evaluation, Scope, SeriesName, Slo};
use jiff::civil::Date;

use crate::explain::{Counted, Explained, explain};

/// Which promises of an SLO: all, unless something is named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Choice<'a> {
    /// Only this objective.
    pub objective: Option<&'a str>,
    /// Only this segment; `all` is all traffic.
    pub segment: Option<&'a str>,
}

/// The SLOs that are shown when none is named: those promised to customers that rest on others, or else all that do.
#[must_use]
pub fn resting(catalogue: &Catalogue, on: Date) -> Vec<&Slo> {
    let rests = |slo: &&Slo| !slo.depends_on.is_empty();
    let all: Vec<&Slo> = catalogue.live_slos(on).filter(rests).collect();
    let is_customers = |slo: &&Slo| slo.audience == Audience::Customer;
    let customers: Vec<&Slo> = all.iter().copied().filter(is_customers).collect();
    if customers.is_empty() { all } else { customers }
}

/// Every promise of these SLOs that is chosen, explained; segments in their order. Of several SLOs, those that rest on
/// nothing are left out.
#[must_use]
pub fn chosen(
    catalogue: &Catalogue,
    slos: &[&Slo],
    choice: Choice<'_>,
    on: Date,
    counted: &BTreeMap<SeriesName, Counted>,
) -> Vec<Explained> {
    let is_named = |named: Option<&str>, what: &str| named.is_none_or(|named| named == what);
    let ranks = catalogue.segments_by_rank();
    let rank = |scope: &Scope| {
        let id = scope.to_string();
        let rank = ranks.iter().position(|segment| segment.id.as_str() == id);
        rank.unwrap_or(usize::MAX)
    };
    let counts = |name: &SeriesName| counted.get(name).copied();
    let mut found = Vec::new();
    for slo in slos {
        let objectives = slo.objectives.values();
        for objective in objectives.filter(|o| is_named(choice.objective, o.id.as_str())) {
            let targets = objective.on(on).map(|term| term.targets.iter());
            let mut scopes: Vec<Scope> = targets.into_iter().flatten().map(|(s, _)| s).collect();
            scopes.sort_by_key(rank);
            scopes.retain(|scope| is_named(choice.segment, &scope.to_string()));
            let of = |scope: &Scope| explain(catalogue, slo, &objective.id, scope, on, &counts);
            found.extend(scopes.iter().filter_map(of));
        }
    }
    if slos.len() > 1 && found.iter().any(Explained::rests_on_something) {
        found.retain(Explained::rests_on_something);
    }
    found
}

/// What was counted of each series over its window; of those with events.
#[must_use]
pub fn counted(evaluation: &Evaluation) -> BTreeMap<SeriesName, Counted> {
    let of = evaluation.verdicts.iter().map(|verdict| {
        let counted = Counted {
            bad: verdict.attainment.bad,
            total: verdict.attainment.total(),
        };
        (verdict.name.clone(), counted)
    });
    of.filter(|(_, counted)| counted.total > 0).collect()
}
