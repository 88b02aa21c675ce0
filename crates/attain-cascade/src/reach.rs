//! What a promise rests on, however far down: every SLO that its dependencies lead to, with the shortest way there.
//!
//! Knows the edges of a catalogue; knows no weights. Members of a quorum and fallbacks are reached like anything else.

use std::collections::{BTreeMap, VecDeque};

use attain_model::slo::{Audience, Budgeting, Dependency, Objective, Provider};
use attain_model::source::SourceKind;
use attain_model::{Catalogue, Promises, Scope, SeriesName, SloId};
use jiff::civil::Date;

/// The SLOs that one edge leads to.
pub(crate) fn leads_to(edge: &Dependency) -> impl Iterator<Item = &SloId> {
    let (one, many) = match &edge.on {
        Provider::Slo(slo) => (Some(slo), [].as_slice()),
        Provider::AnyOf { slos, .. } => (None, slos.as_slice()),
        Provider::External { .. } => (None, [].as_slice()),
    };
    let fallback = edge.fallback.as_ref().map(|fallback| &fallback.slo);
    one.into_iter().chain(many).chain(fallback)
}

/// Each SLO below another with the shortest path to it, both ends included, in the order of their ids. Of paths of one
/// length it is the one whose edges stand first. Retired SLOs are left out, and what only they lead to.
#[must_use]
pub fn below(catalogue: &Catalogue, slo: &SloId, on: Date) -> BTreeMap<SloId, Vec<SloId>> {
    let mut paths: BTreeMap<SloId, Vec<SloId>> = BTreeMap::new();
    let mut next = VecDeque::from([vec![slo.clone()]]);
    while let Some(path) = next.pop_front() {
        let edges = path.last().and_then(|last| catalogue.slos.get(last));
        for to in edges.iter().flat_map(|s| &s.depends_on).flat_map(leads_to) {
            let is_live = catalogue
                .slos
                .get(to)
                .is_some_and(|slo| slo.retired.is_none_or(|retired| on < retired));
            if is_live && to != slo && !paths.contains_key(to) {
                let longer: Vec<SloId> = path.iter().chain([to]).cloned().collect();
                paths.insert(to.clone(), longer.clone());
                next.push_back(longer);
            }
        }
    }
    paths
}

/// The series of an objective that say how it goes for a scope's requests: those of the same segment, or else those of all
/// traffic. `None` where nothing is promised to either on that day.
pub(crate) fn series_for(
    slo: &SloId,
    objective: &Objective,
    scope: &Scope,
    on: Date,
) -> Option<SeriesName> {
    let targets = &objective.on(on)?.targets;
    let is_promised = |scope: &Scope| {
        let goal = targets.goal(scope);
        goal.is_some_and(|goal| goal.promised().is_some())
    };
    let scope = [scope, &Scope::All].into_iter().find(|s| is_promised(s))?;
    Some(SeriesName {
        slo: slo.clone(),
        objective: objective.id.clone(),
        scope: scope.clone(),
    })
}

/// Every promise to customers, one series for each objective and scope that is promised something on that day.
#[must_use]
pub fn customer_series(promises: &Promises, on: Date) -> Vec<SeriesName> {
    let catalogue = promises.catalogue();
    let mut names = Vec::new();
    for slo in catalogue.live_slos(on) {
        if slo.audience != Audience::Customer {
            continue;
        }
        for objective in slo.objectives.values() {
            let targets = objective.on(on).map(|term| &term.targets);
            for (scope, goal) in targets.iter().flat_map(|targets| targets.iter()) {
                if goal.promised().is_some() {
                    names.push(SeriesName {
                        slo: slo.id.clone(),
                        objective: objective.id.clone(),
                        scope,
                    });
                }
            }
        }
    }
    names
}

/// The length of the slots in which an SLO's data come: of the coarsest of its sources, of its readings, of its time
/// slices; a minute where nothing says more.
#[must_use]
pub fn slot_seconds(catalogue: &Catalogue, slo: &SloId) -> i64 {
    const MINUTE: u64 = 60;
    let Some(slo) = catalogue.slos.get(slo) else {
        return 60;
    };
    let sources = slo.indicator.sources.iter();
    let files = sources.filter_map(|id| match &catalogue.sources.get(id)?.kind {
        SourceKind::Csv(csv) => csv.slot,
        _ => None,
    });
    let slices = match slo.budgeting {
        Budgeting::Timeslices { slice, .. } | Budgeting::RatioTimeslices { slice } => Some(slice),
        Budgeting::Occurrences => None,
    };
    let lengths = files.chain(slices).chain([slo.indicator.slice]);
    let longest = lengths.map(|length| length.as_secs()).max();
    i64::try_from(longest.unwrap_or(MINUTE).max(MINUTE)).unwrap_or(i64::MAX)
}
