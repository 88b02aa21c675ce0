//! How what a promise lost in a slot came to it: from the promise down, each SLO hands what its callees lost on to them
//! and keeps the rest.
//!
//! Knows losses in whole slots and how much of a callee's loss an edge lets through. An event that a callee lost reaches
//! its caller as far as the call was the caller's, had consequences, and no fallback or retry saved it.

use std::collections::BTreeMap;

use attain_model::slo::{Dependency, Provider};
use attain_model::verdict::{Attainment, ErrorBudget};
use attain_model::{Catalogue, SeriesName, Share, SloId};
use jiff::Timestamp;
use jiff::civil::Date;

use super::Track;
use super::incidents::named;
use crate::diagnose::CallGraph;
use crate::reach::{below, leads_to, slot_seconds};

/// A place where budget can be spent.
pub(super) struct Node {
    pub slo: SloId,
    pub path: Vec<SloId>,
    /// What happened, by slot.
    did: BTreeMap<i64, Attainment>,
    edges: Vec<Edge>,
}

struct Edge {
    /// Positions of those that it may call; of a quorum several.
    to: Vec<usize>,
    /// How many of them must work.
    need: usize,
    /// Calls for each request of the caller.
    calls: f64,
    /// How much of a failed call its caller's requests feel.
    felt: f64,
}

/// The promise and what is below it. The promise comes first, and every caller before its callees.
pub(super) struct Flow {
    nodes: Vec<Node>,
}

impl Flow {
    pub fn of(
        catalogue: &Catalogue,
        on: Date,
        customer: &SeriesName,
        own: &Track,
        insides: &BTreeMap<SloId, Track>,
    ) -> Self {
        let mut paths = below(catalogue, &customer.slo, on);
        paths.insert(customer.slo.clone(), vec![customer.slo.clone()]);
        // Only who was measured can be told to have spent something.
        paths.retain(|slo, _| *slo == customer.slo || insides.contains_key(slo));
        let order = callers_first(catalogue, &customer.slo, &paths);
        let seconds = (order.iter().map(|slo| slot_seconds(catalogue, slo)))
            .max()
            .unwrap_or(60);
        let places: BTreeMap<&SloId, usize> = order
            .iter()
            .enumerate()
            .map(|(at, slo)| (*slo, at))
            .collect();
        let node = |slo: &&SloId| {
            let track = match *slo == &customer.slo {
                true => Some(own),
                false => insides.get(*slo),
            };
            let whole = Way {
                calls: 1.0,
                felt: 1.0,
            };
            let mut edges = Vec::new();
            edges_of(catalogue, slo, &places, whole, &mut edges);
            Node {
                slo: (*slo).clone(),
                path: paths.get(*slo).cloned().unwrap_or_default(),
                did: by_slot(track.map_or(&[][..], |track| track), seconds),
                edges,
            }
        };
        Self {
            nodes: order.iter().map(node).collect(),
        }
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What each node spent of the promise, by position; adds up to what it lost, but for the last digits.
    ///
    /// What the named culprits of a stretch account for is theirs; what is left of it, and all else, is handed down.
    pub fn spent_by_node(&self, budget: ErrorBudget) -> Vec<f64> {
        let mut spent = vec![0.0; self.nodes.len()];
        let Some(customer) = self.nodes.first() else {
            return spent;
        };
        let did: Vec<&BTreeMap<i64, Attainment>> =
            self.nodes.iter().map(|node| &node.did).collect();
        let incidents = named(&did, &self.graph(), budget);
        let mut kept: BTreeMap<i64, f64> = BTreeMap::new();
        for incident in &incidents {
            let stretch = || customer.did.range(incident.slots.clone());
            let lost: u64 = stretch().map(|(_, did)| did.bad).sum();
            let theirs: f64 = incident.spent.iter().map(|(_, events)| events).sum();
            let left = (1.0 - theirs / lost.max(1) as f64).clamp(0.0, 1.0);
            kept.extend(stretch().map(|(slot, _)| (*slot, left)));
            for (node, events) in &incident.spent {
                spent[*node] += events;
            }
        }
        for (slot, did) in customer.did.iter().filter(|(_, did)| did.bad > 0) {
            let left = kept.get(slot).copied().unwrap_or(1.0);
            self.divide(*slot, did.bad as f64 * left, &mut spent);
        }
        spent
    }

    /// The calls, as a diagnosis sees them. Of a quorum nobody is waited for alone.
    fn graph(&self) -> CallGraph {
        let mut graph = CallGraph::new(self.nodes.len());
        for (from, node) in self.nodes.iter().enumerate() {
            for edge in node.edges.iter().filter(|edge| edge.need == edge.to.len()) {
                for to in &edge.to {
                    graph.add_weighted(from, *to, edge.felt);
                }
            }
        }
        graph
    }

    /// Hands what was lost in a slot down.
    fn divide(&self, slot: i64, lost: f64, spent: &mut [f64]) {
        let mut arrived = vec![0.0; self.nodes.len()];
        arrived[0] = lost;
        for (at, node) in self.nodes.iter().enumerate() {
            let here = arrived[at];
            if here <= 0.0 {
                continue;
            }
            let by_callee = self.felt_of_callees(node, slot);
            let felt: f64 = by_callee.iter().map(|(_, felt)| felt).sum();
            let own = node.did.get(&slot).map_or(0.0, |did| did.bad as f64);
            let explained = if own > 0.0 {
                (felt / own).min(1.0)
            } else {
                0.0
            };
            for (to, part) in by_callee {
                arrived[to] += here * explained * part / felt;
            }
            spent[at] += here * (1.0 - explained);
        }
    }

    /// How many of a node's bad events each callee accounts for in a slot.
    fn felt_of_callees(&self, node: &Node, slot: i64) -> Vec<(usize, f64)> {
        let requests = node.did.get(&slot).map_or(0.0, |did| did.total() as f64);
        let mut felt = Vec::new();
        for edge in &node.edges {
            let mut losses: Vec<(usize, f64)> = (edge.to.iter())
                .filter_map(|to| {
                    let did = self.nodes[*to].did.get(&slot).filter(|did| did.bad > 0)?;
                    // Others call it, too: only the calls of this caller are its loss.
                    let ours = (requests * edge.calls / did.total() as f64).min(1.0);
                    Some((*to, did.bad as f64 * ours * edge.felt))
                })
                .filter(|(_, loss)| *loss > 0.0)
                .collect();
            // A quorum fails with as many as it cannot do without: those that lost the most, up to what all of them lost.
            let together = edge.to.len() + 1 - edge.need;
            losses.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            if losses.len() < together {
                continue;
            }
            losses.truncate(together);
            let least = losses.last().map_or(0.0, |(_, loss)| *loss);
            felt.extend(losses.iter().map(|(to, _)| (*to, least / together as f64)));
        }
        felt
    }
}

/// Edges on the way down, and how much of them is left so far.
#[derive(Clone, Copy)]
struct Way {
    calls: f64,
    felt: f64,
}

/// The edges of an SLO to those that were measured. What was not measured lets through what its own edges say.
fn edges_of(
    catalogue: &Catalogue,
    slo: &SloId,
    places: &BTreeMap<&SloId, usize>,
    so_far: Way,
    edges: &mut Vec<Edge>,
) {
    let depends_on = catalogue.slos.get(slo).map(|slo| slo.depends_on.as_slice());
    for edge in depends_on.unwrap_or_default() {
        if edge.optional || edge.asynchronous {
            continue;
        }
        let way = Way {
            calls: so_far.calls * share(edge.share) * edge.calls.millionths() as f64 / 1e6,
            felt: so_far.felt * felt(edge),
        };
        if way.calls <= 0.0 || way.felt <= 0.0 {
            continue;
        }
        let (slos, need) = match &edge.on {
            Provider::Slo(slo) => (std::slice::from_ref(slo), 1),
            Provider::AnyOf { slos, need } => (slos.as_slice(), *need as usize),
            Provider::External { .. } => continue,
        };
        let to: Vec<usize> = slos
            .iter()
            .filter_map(|slo| places.get(slo).copied())
            .collect();
        match slos {
            // Of a quorum only the whole tells how much of it was lost.
            _ if to.len() == slos.len() => edges.push(Edge {
                need: need.clamp(1, to.len().max(1)),
                to,
                calls: way.calls,
                felt: way.felt,
            }),
            [one] => edges_of(catalogue, one, places, way, edges),
            _ => {}
        }
    }
}

fn share(share: Share) -> f64 {
    f64::from(share.ppb()) / 1e9
}

/// How much of a failed call its caller's requests feel.
fn felt(edge: &Dependency) -> f64 {
    let saved = edge
        .fallback
        .as_ref()
        .map_or(0.0, |fallback| share(fallback.covers));
    share(edge.impact) * (1.0 - saved) * after_retries(edge)
}

/// Of the failed calls, how many were the last try: each failed try is an event of the callee, and only the last is felt.
fn after_retries(edge: &Dependency) -> f64 {
    let Some(retry) = &edge.retry else {
        return 1.0;
    };
    let again = share(retry.fails_again);
    let tries = i32::try_from(retry.attempts.max(1)).unwrap_or(i32::MAX);
    let failed: f64 = (0..tries.min(64)).map(|attempt| again.powi(attempt)).sum();
    again.powi(tries - 1) / failed.max(1.0)
}

fn by_slot(track: &[(Timestamp, Attainment)], seconds: i64) -> BTreeMap<i64, Attainment> {
    let mut slots: BTreeMap<i64, Attainment> = BTreeMap::new();
    for (at, events) in track {
        let slot = slots.entry(at.as_second().div_euclid(seconds)).or_default();
        slot.good = slot.good.saturating_add(events.good);
        slot.bad = slot.bad.saturating_add(events.bad);
    }
    slots
}

/// Every measured SLO after all that call it, the promise first.
///
/// Invariant: a catalogue has no cycles, so that everything that is reached gets its turn.
fn callers_first<'c>(
    catalogue: &'c Catalogue,
    first: &'c SloId,
    measured: &BTreeMap<SloId, Vec<SloId>>,
) -> Vec<&'c SloId> {
    let calls = |slo: &SloId| {
        let edges = catalogue.slos.get(slo).map(|slo| slo.depends_on.as_slice());
        edges.unwrap_or_default().iter().flat_map(leads_to)
    };
    let mut waits_for: BTreeMap<&SloId, usize> = BTreeMap::from([(first, 0)]);
    let mut next = vec![first];
    while let Some(slo) = next.pop() {
        for to in calls(slo) {
            let callers = waits_for.entry(to).or_insert_with(|| {
                next.push(to);
                0
            });
            *callers += 1;
        }
    }
    let mut order = vec![first];
    let mut at = 0;
    while let Some(slo) = order.get(at) {
        at += 1;
        for to in calls(slo) {
            if let Some(callers) = waits_for.get_mut(to) {
                *callers -= 1;
                if *callers == 0 {
                    order.push(to);
                }
            }
        }
    }
    order.retain(|slo| measured.contains_key(*slo));
    order
}
