//! The parts of a promise as a graph with counts: an SLO, all that it rests on, and what was counted of each for one
//! segment. Knows the catalogue; knows no blame.

use std::collections::BTreeMap;

use attain_model::slo::{Objective, Provider};
use attain_model::verdict::Attainment;
use attain_model::{Catalogue, Goal, ObjectiveId, Scope, SeriesName, Slo, SloId};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Counted, Counts};
use crate::diagnose::CallGraph;

/// An SLO and what it rests on.
pub(super) struct Parts<'a> {
    names: Vec<SloId>,
    graph: CallGraph,
    series: Vec<Counted>,
    blind: Vec<String>,
    goals: &'a Objective,
    scope: Scope,
}

impl<'a> Parts<'a> {
    /// The parts of a series of the catalogue, and what was counted of each.
    pub(super) fn of(
        catalogue: &'a Catalogue,
        name: &SeriesName,
        counted: &mut Counts<'_>,
    ) -> Option<Self> {
        let objective = catalogue
            .slos
            .get(&name.slo)?
            .objectives
            .get(&name.objective)?;
        let (names, graph, mut blind) = graph(catalogue, &name.slo);
        let asked = series_of(catalogue, name, &names);
        let read = asked.iter().map(|series| {
            let read = series.as_ref().map(|series| counted(series, &name.scope));
            let seconds = |(at, events): (Timestamp, Attainment)| (at.as_second(), events);
            read.into_iter().flatten().map(seconds).collect()
        });
        let series: Vec<Counted> = read.collect();
        let uncounted = names.iter().zip(&series).filter(|(_, of)| of.is_empty());
        blind.extend(uncounted.map(|(id, _)| id.to_string()));
        Some(Self {
            names,
            graph,
            series,
            blind,
            goals: objective,
            scope: name.scope.clone(),
        })
    }

    /// Who calls whom, by place.
    pub(super) fn graph(&self) -> &CallGraph {
        &self.graph
    }

    /// The SLO at a place.
    pub(super) fn name(&self, place: usize) -> &str {
        self.names[place].as_str()
    }

    /// Where the SLO that is asked about stands.
    pub(super) fn target_place(&self) -> usize {
        0
    }

    /// What was counted of it.
    pub(super) fn target(&self) -> &Counted {
        &self.series[0]
    }

    /// What was counted of each.
    pub(super) fn series(&self) -> impl Iterator<Item = &Counted> {
        self.series.iter()
    }

    /// Parts of which nothing is counted.
    pub(super) fn blind(&self) -> &[String] {
        &self.blind
    }

    /// The first second of which anything is known.
    pub(super) fn first(&self) -> Option<i64> {
        let firsts = self.series.iter().filter_map(|series| series.first());
        firsts.map(|(at, _)| *at).min()
    }

    /// How far apart counts are: the longest length that all of them are a multiple of. `None` without counts.
    pub(super) fn slot_seconds(&self) -> Option<i64> {
        let first = self.first()?;
        let times = self.series.iter().flatten().map(|(at, _)| at - first);
        let apart = times.fold(0, gcd);
        // One slot alone does not say how long it is.
        Some(if apart > 0 { apart } else { 60 })
    }

    /// What is aimed at on a day.
    pub(super) fn target_ppb(&self, day: Date) -> Option<u32> {
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

/// The series that have to be read to say who spent the budget of this one.
pub(super) fn wanted(catalogue: &Catalogue, name: &SeriesName) -> Vec<SeriesName> {
    let (names, _, _) = graph(catalogue, &name.slo);
    series_of(catalogue, name, &names)
        .into_iter()
        .flatten()
        .collect()
}

/// Of each part the series that is about the same; `None` where it has none.
fn series_of(catalogue: &Catalogue, name: &SeriesName, parts: &[SloId]) -> Vec<Option<SeriesName>> {
    let slo = catalogue.slos.get(&name.slo);
    let objective = slo.and_then(|slo| slo.objectives.get(&name.objective));
    let is_latency = objective.is_some_and(is_latency);
    let of = |id: &SloId| {
        let like = alike(catalogue.slos.get(id)?, &name.objective, is_latency)?;
        Some(SeriesName {
            slo: id.clone(),
            objective: like.id.clone(),
            scope: judged_as(like, &name.scope),
        })
    };
    parts.iter().map(of).collect()
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
