//! Stretches in which a promise burned, and who is named for them: what a named culprit lost, its callers lose more often
//! than once, by retries and by waiting, and the flow of equal losses alone would leave the difference with them.
//!
//! Knows slots; asks the diagnosis. Where nobody is named, or little is known of what is usual, nothing is said here.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use attain_math::warning::events;
use attain_model::verdict::{Attainment, ErrorBudget};

use crate::diagnose::{AMPLIFIED, Baseline, CallGraph, Question, Track, Unit, incidents};

/// A stretch burns where the budget is spent so many times as fast as allowed.
const BURN: f64 = 6.0;
/// Slots with less than this between them are one stretch.
const GAP: i64 = 3;
/// Slots outside of all stretches that it takes to know what is usual.
const USUAL_LEAST: usize = 12;
/// Slots before a stretch that are looked at with it.
const BEFORE_LEAST: i64 = 3;

/// What the named culprits of a stretch account for.
pub(super) struct Incident {
    pub slots: Range<i64>,
    /// Bad events of the promise by position of the node; at most what the stretch lost.
    pub spent: Vec<(usize, f64)>,
}

/// The incidents of a promise. The nodes are its own, first, and those below it.
pub(super) fn named(
    nodes: &[&BTreeMap<i64, Attainment>],
    graph: &CallGraph,
    budget: ErrorBudget,
) -> Vec<Incident> {
    let Some(customer) = nodes.first() else {
        return Vec::new();
    };
    let stretches = stretches(customer, budget);
    let inside: BTreeSet<i64> = stretches.iter().flat_map(|range| range.clone()).collect();
    let usual: Vec<i64> = customer
        .keys()
        .filter(|slot| !inside.contains(slot))
        .copied()
        .collect();
    if usual.len() < USUAL_LEAST || stretches.is_empty() {
        return Vec::new();
    }
    let fit = |did: &&BTreeMap<i64, Attainment>| Baseline::fit(Unit::Events, &track(did, &usual));
    let baselines: Vec<Baseline> = nodes.iter().map(fit).collect();
    let of = |slots: Range<i64>| {
        let length = slots.end - slots.start;
        let before = (length * 2 / 3).max(BEFORE_LEAST);
        let seen: Vec<i64> = (slots.start - before..slots.end).collect();
        let window: Vec<Track> = nodes.iter().map(|did| track(did, &seen)).collect();
        let question = Question {
            unit: Unit::Events,
            graph,
            target: 0,
            baselines: &baselines,
            window: &window,
        };
        let lost: u64 = customer.range(slots.clone()).map(|(_, did)| did.bad).sum();
        let spent = spent(&question, lost as f64);
        (!spent.is_empty()).then_some(Incident { slots, spent })
    };
    stretches.into_iter().filter_map(of).collect()
}

/// Of each incident of a stretch what its culprit accounts for.
fn spent(question: &Question<'_>, lost: f64) -> Vec<(usize, f64)> {
    let found = incidents(question);
    let mut spent = Vec::new();
    let mut left = lost;
    for (at, diagnosis) in found.iter().enumerate() {
        let Some(first) = diagnosis.named() else {
            break;
        };
        // Each later one is about what this one leaves.
        let rest = found.get(at + 1).map_or(0.0, |next| next.total);
        let share = match at + 1 < found.len() {
            true => 1.0,
            false => (AMPLIFIED * first.score).min(1.0),
        };
        let events = ((diagnosis.total - rest).max(0.0) * share).min(left);
        left -= events;
        if events > 0.0 {
            spent.push((first.node, events));
        }
    }
    spent
}

/// Runs of slots in which the budget burns.
fn stretches(customer: &BTreeMap<i64, Attainment>, budget: ErrorBudget) -> Vec<Range<i64>> {
    let total: u64 = customer.values().map(Attainment::total).sum();
    let allowed = budget.allowed_billionths as f64 / 1e9 / total.max(1) as f64;
    if allowed <= 0.0 {
        return Vec::new();
    }
    // Where no error rate reaches it, half of what can be reached is enough.
    let least = (BURN * allowed).min(0.5);
    let burns = |did: &Attainment| did.bad > 0 && did.bad as f64 >= least * did.total() as f64;
    let slots = customer
        .iter()
        .filter(|(_, did)| burns(did))
        .map(|(slot, _)| *slot);
    events(slots, GAP)
        .into_iter()
        .map(|event| event.start..event.end)
        .collect()
}

fn track(did: &BTreeMap<i64, Attainment>, slots: &[i64]) -> Track {
    let did = || slots.iter().map(|slot| did.get(slot));
    Track {
        requests: did()
            .map(|did| did.map_or(0.0, |did| did.total() as f64))
            .collect(),
        value: did()
            .map(|did| match did.filter(|did| did.total() > 0) {
                Some(did) => did.bad as f64 / did.total() as f64,
                None => f64::NAN,
            })
            .collect(),
    }
}
