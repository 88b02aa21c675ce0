//! What each node lost, slot by slot, beyond its history and beyond its own level before the incident. Knows nothing of
//! calls.

use attain_math::robust::median;

use super::graph::CallGraph;
use super::{Question, Track, Unit};

/// Shortest window that can hold slots from before the incident.
const SLOTS_LEAST: usize = 4;
/// The share of a window that may be taken for the time before the incident.
const SHARE_BEFORE: f64 = 0.4;
/// The customer was well in those slots if he lost at most this share of what he lost in the worst.
const WELL: f64 = 0.34;

/// Loss of each node that is reached from the target and was measured.
pub(super) struct Losses {
    /// Their positions, nearest to the target first; the target is the first.
    pub nodes: Vec<usize>,
    /// Where a node stands in `nodes`, by its position.
    place: Vec<Option<usize>>,
    slots: usize,
    /// By place, then by slot.
    lost: Vec<f64>,
    /// What was taken out of each; empty until something was. By place, then by slot.
    taken: Vec<f64>,
}

impl Losses {
    /// Empty where the target was not measured.
    pub fn of(question: &Question<'_>) -> Self {
        let slots = track(question, question.target).map_or(0, Track::slots);
        let measured = |node: &usize| slots > 0 && slots_of(question, *node) >= slots;
        let mut nodes = question.graph.reached(question.target);
        nodes.retain(measured);
        let mut place = vec![None; question.graph.nodes()];
        for (at, node) in nodes.iter().enumerate() {
            place[*node] = Some(at);
        }
        let bases: Vec<f64> = nodes.iter().map(|node| base(question, *node)).collect();
        let over = |at: usize, base: f64| {
            let track = &question.window[nodes[at]];
            (0..slots).map(move |slot| track.loss(slot, base))
        };
        let mut lost: Vec<f64> = Vec::with_capacity(nodes.len() * slots);
        for (at, base) in bases.iter().enumerate() {
            lost.extend(over(at, *base));
        }
        let customers = &lost[..slots.min(lost.len())];
        if let Some(before) = slots_before(customers) {
            let mut scratch = Vec::with_capacity(before.len());
            for (at, base) in bases.iter().enumerate() {
                let level = level(&question.window[nodes[at]], &before, &mut scratch);
                let local: Vec<f64> = over(at, level.unwrap_or(*base)).collect();
                let row = &mut lost[at * slots..(at + 1) * slots];
                // A suspect must be worse than its history and than its own level before.
                let both = row.iter().zip(&local).map(|(a, b)| a.min(*b));
                let both: Vec<f64> = both.collect();
                let is_lost = both.iter().any(|lost| *lost > 0.0);
                // The customer is no suspect only: what he lost is what the question is about.
                row.copy_from_slice(if at > 0 || is_lost { &both } else { &local });
            }
        }
        Self {
            nodes,
            place,
            slots,
            lost,
            taken: Vec::new(),
        }
    }

    /// What the node at a place lost altogether, in the slots in which it lost anything; 0 if there is none.
    pub fn total(&self, at: usize) -> f64 {
        let row = self.lost.get(at * self.slots..(at + 1) * self.slots);
        row.unwrap_or_default()
            .iter()
            .map(|lost| lost.max(0.0))
            .sum()
    }

    /// Takes what a node lost out of its own account and out of everybody's that waits for it.
    pub fn take_out(&mut self, graph: &CallGraph, node: usize) {
        let Some(at) = self.place(node) else {
            return;
        };
        let out: Vec<f64> = self.row(at).iter().map(|lost| lost.max(0.0)).collect();
        self.taken.resize(self.lost.len(), 0.0);
        for waiting in waiting_for(graph, node) {
            let Some(at) = self.place(waiting) else {
                continue;
            };
            let row = at * self.slots..(at + 1) * self.slots;
            let taken = &mut self.taken[row.clone()];
            taken
                .iter_mut()
                .zip(&out)
                .for_each(|(taken, out)| *taken += out);
            let row = &mut self.lost[row];
            for (lost, out) in row.iter_mut().zip(&out) {
                // What is over is not the opposite of a loss.
                *lost = if waiting == node {
                    lost.min(0.0)
                } else {
                    (*lost - out).max(lost.min(0.0))
                };
            }
        }
    }

    /// The losses of the node at a place in `nodes`.
    pub fn row(&self, at: usize) -> &[f64] {
        &self.lost[at * self.slots..(at + 1) * self.slots]
    }

    /// What was taken out of the node at a place in `nodes`; empty if nothing was.
    pub fn taken(&self, at: usize) -> &[f64] {
        let row = self.taken.get(at * self.slots..(at + 1) * self.slots);
        row.unwrap_or_default()
    }

    /// Where a node stands in `nodes`.
    pub fn place(&self, node: usize) -> Option<usize> {
        self.place.get(node).copied().flatten()
    }
}

/// A node, and all that wait for it, directly or not.
fn waiting_for(graph: &CallGraph, node: usize) -> Vec<usize> {
    let mut callers = vec![Vec::new(); graph.nodes()];
    for caller in 0..graph.nodes() {
        for call in graph.calls(caller).iter().filter(|call| call.weight > 0.0) {
            callers[call.to].push(caller);
        }
    }
    let mut seen = vec![false; graph.nodes()];
    seen[node] = true;
    let mut waiting = vec![node];
    let mut next = 0;
    while let Some(&at) = waiting.get(next) {
        next += 1;
        for &caller in &callers[at] {
            if !seen[caller] {
                seen[caller] = true;
                waiting.push(caller);
            }
        }
    }
    waiting
}

fn track<'q>(question: &Question<'q>, node: usize) -> Option<&'q Track> {
    question.window.get(node)
}

fn slots_of(question: &Question<'_>, node: usize) -> usize {
    track(question, node).map_or(0, Track::slots)
}

/// What is usual; for a node without history the best of the window, or no failure at all.
fn base(question: &Question<'_>, node: usize) -> f64 {
    question.baseline(node).base.unwrap_or_else(|| {
        let values = question.window[node].value.iter().copied();
        let least = values
            .filter(|v| v.is_finite())
            .fold(f64::INFINITY, f64::min);
        match question.unit {
            Unit::Seconds if least.is_finite() => least,
            Unit::Seconds | Unit::Events => 0.0,
        }
    })
}

/// The slots in which the customer was best off, if he was well in them.
fn slots_before(customers: &[f64]) -> Option<Vec<usize>> {
    if customers.len() < SLOTS_LEAST {
        return None;
    }
    let count = ((SHARE_BEFORE * customers.len() as f64) as usize).max(1);
    let mut slots: Vec<usize> = (0..customers.len()).collect();
    slots.sort_by(|a, b| customers[*a].total_cmp(&customers[*b]));
    slots.truncate(count);
    let mean = slots.iter().map(|slot| customers[*slot]).sum::<f64>() / count as f64;
    let worst = customers.iter().copied().fold(0.0, f64::max);
    (mean <= WELL * worst).then_some(slots)
}

/// The usual value of a node in some slots.
fn level(track: &Track, slots: &[usize], scratch: &mut Vec<f64>) -> Option<f64> {
    scratch.clear();
    let values = slots.iter().map(|slot| track.value[*slot]);
    scratch.extend(values.filter(|value| value.is_finite()));
    median(scratch)
}
