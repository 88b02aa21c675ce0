//! The parts of a promise as a graph with counts: an SLO, all that it rests on, and what was counted of each for one
//! segment. Knows the catalogue and the engine; knows no blame.

use std::collections::BTreeMap;

use attain_cascade::diagnose::CallGraph;
use attain_engine::{Counts, slices_for};
use attain_model::slo::{Objective, Provider};
use attain_model::{AsOf, Catalogue, Goal, ObjectiveId, Promises, Scope, SeriesName, Slo, SloId};
use jiff::civil::Date;

use super::Counted;

/// An SLO and what it rests on.
pub struct Parts {
    names: Vec<SloId>,
    graph: CallGraph,
    series: Vec<Counted>,
    blind: Vec<String>,
    goals: Objective,
    scope: Scope,
}

impl Parts {
    /// The parts of a series of the catalogue, and what was counted of each.
    pub fn of(promises: &Promises, counts: &dyn Counts, name: &SeriesName, as_of: AsOf) -> Self {
        let catalogue = promises.catalogue();
        let (names, graph, mut blind) = graph(catalogue, &name.slo);
        let objective = &catalogue.slos[&name.slo].objectives[&name.objective];
        let is_latency = is_latency(objective);
        let mut series = Vec::new();
        for id in &names {
            let slo = &catalogue.slos[id];
            let like = alike(slo, &name.objective, is_latency);
            let series_name = like.map(|like| SeriesName {
                slo: id.clone(),
                objective: like.id.clone(),
                scope: judged_as(like, &name.scope),
            });
            let counted = series_name.map_or_else(Vec::new, |series| {
                slices_for(promises, counts, &series, &name.scope, as_of)
            });
            if counted.is_empty() {
                blind.push(id.to_string());
            }
            series.push(
                counted
                    .into_iter()
                    .map(|(at, events)| (at.as_second(), events))
                    .collect(),
            );
        }
        Self {
            names,
            graph,
            series,
            blind,
            goals: objective.clone(),
            scope: name.scope.clone(),
        }
    }

    /// Who calls whom, by place.
    pub fn graph(&self) -> &CallGraph {
        &self.graph
    }

    /// The SLO at a place.
    pub fn name(&self, place: usize) -> &str {
        self.names[place].as_str()
    }

    /// Where the SLO that is asked about stands.
    pub fn target_place(&self) -> usize {
        0
    }

    /// What was counted of it.
    pub fn target(&self) -> &Counted {
        &self.series[0]
    }

    /// What was counted of each.
    pub fn series(&self) -> impl Iterator<Item = &Counted> {
        self.series.iter()
    }

    /// Parts of which nothing is counted.
    pub fn blind(&self) -> &[String] {
        &self.blind
    }

    /// The first second of which anything is known.
    pub fn first(&self) -> Option<i64> {
        let firsts = self.series.iter().filter_map(|series| series.first());
        firsts.map(|(at, _)| *at).min()
    }

    /// How far apart counts are: the longest length that all of them are a multiple of. `None` without counts.
    pub fn slot_seconds(&self) -> Option<i64> {
        let first = self.first()?;
        let times = self.series.iter().flatten().map(|(at, _)| at - first);
        let apart = times.fold(0, gcd);
        // One slot alone does not say how long it is.
        Some(if apart > 0 { apart } else { 60 })
    }

    /// What is aimed at on a day.
    pub fn target_ppb(&self, day: Date) -> Option<u32> {
        let term = self.goals.on(day).or(self.goals.terms.last())?;
        let promised = term.targets.goal(&self.scope)?.promised()?;
        Some(promised.target.ppb())
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The SLO first, then all that it rests on, nearest first; who waits for whom; and parts that are somebody else's.
///
/// What is called after the answer is no suspect. An edge that is called optional is followed all the same: whether the
/// caller really works without it is what the counts say.
fn graph(catalogue: &Catalogue, slo: &SloId) -> (Vec<SloId>, CallGraph, Vec<String>) {
    let mut names = vec![slo.clone()];
    let mut place = BTreeMap::from([(slo.clone(), 0)]);
    let mut edges = Vec::new();
    let mut outside = Vec::new();
    let mut next = 0;
    while let Some(caller) = names.get(next).and_then(|id| catalogue.slos.get(id)) {
        for dependency in caller.depends_on.iter().filter(|edge| !edge.asynchronous) {
            let on: Vec<&SloId> = match &dependency.on {
                Provider::Slo(id) => vec![id],
                Provider::AnyOf { slos, .. } => slos.iter().collect(),
                Provider::External { name, .. } => {
                    outside.push(name.clone());
                    Vec::new()
                }
            };
            let weight = match dependency.optional {
                true => 1.0,
                false => f64::from(dependency.impact.ppb()) / 1e9,
            };
            let fallback = dependency.fallback.as_ref().map(|fallback| &fallback.slo);
            for id in on.into_iter().chain(fallback) {
                if !catalogue.slos.contains_key(id) {
                    continue;
                }
                let to = *place.entry(id.clone()).or_insert_with(|| {
                    names.push(id.clone());
                    names.len() - 1
                });
                edges.push((next, to, weight));
            }
        }
        next += 1;
    }
    let mut graph = CallGraph::new(names.len());
    for (from, to, weight) in edges {
        graph.add_weighted(from, to, weight);
    }
    (names, graph, outside)
}

/// The objective of a part that is about the same: of the same name, or of the same sort.
fn alike<'s>(slo: &'s Slo, objective: &ObjectiveId, latency: bool) -> Option<&'s Objective> {
    let same = slo.objectives.get(objective);
    let same = same.filter(|same| is_latency(same) == latency);
    same.or_else(|| {
        slo.objectives
            .values()
            .find(|other| is_latency(other) == latency)
    })
}

fn is_latency(objective: &Objective) -> bool {
    let targets = &objective.current().targets;
    targets.iter().any(|(_, goal)| {
        goal.promised()
            .is_some_and(|promised| promised.under.is_some())
    })
}

/// By whose goals a segment is judged: by its own, or else by everybody's. Best effort says nothing of what is slow.
fn judged_as(objective: &Objective, scope: &Scope) -> Scope {
    let targets = &objective.current().targets;
    match targets.goal(scope) {
        Some(Goal::Promised(_)) => scope.clone(),
        Some(Goal::BestEffort) if targets.goal(&Scope::All).is_none() => scope.clone(),
        Some(Goal::BestEffort) | None => Scope::All,
    }
}
