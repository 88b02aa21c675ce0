//! Incidents made on real normal traffic: a node is made slow or failing, and what it loses is passed up along the calls.
//! Knows the traffic, the graph and a seed; knows nothing of how incidents are diagnosed.
//!
//! What makes it hard, as real incidents do: levels that drifted since the history was recorded, retries that make
//! callers lose more than they wait for, callees that suffer from the load, bystanders that see the same calls, windows
//! without a healthy slot, several incidents at once.

use attain_cascade::diagnose::{Baseline, CallGraph, Track, Unit};
use attain_math::robust::median;
use fastrand::Rng;

use super::dataset::Scenario;

/// Slots around a window that its history leaves out as well.
const APART_SLOTS: usize = 3;
/// Requests per slot below which nobody would notice a node.
const REQUESTS_LEAST: f64 = 5.0;
/// Share of the slots in which a node was measured, for it to be a culprit.
const MEASURED_LEAST: f64 = 0.8;
/// How often another culprit is drawn when one cannot hurt the customer enough.
const DRAWS: usize = 200;

/// An incident that was made.
pub struct Made {
    /// Where it began; two if two began at once.
    pub roots: Vec<usize>,
    /// The node that the customer sees.
    pub target: usize,
    /// What the customer loses.
    pub unit: Unit,
    /// The other slots.
    pub history: Vec<Track>,
    /// What each node did.
    pub window: Vec<Track>,
}

/// Makes an incident; `None` if no culprit in this scenario can hurt the customer.
pub fn make(scenario: &Scenario, unit: Unit, two: bool, rng: &mut Rng) -> Option<Made> {
    let usual = scenario.usual.as_ref()?.tracks(unit);
    let target = scenario.incidents.first()?.target;
    let slots = usual.get(target)?.slots();
    let length = [5, 5, 5, 8, 12][rng.usize(..5)];
    let first = rng.usize(..slots.checked_sub(length)?);
    let range = first..first + length;
    let apart = first.saturating_sub(APART_SLOTS)..(range.end + APART_SLOTS).min(slots);
    let history: Vec<Track> = usual
        .iter()
        .map(|track| cut(track, |at| !apart.contains(&at)))
        .collect();
    let mut window: Vec<Track> = usual
        .iter()
        .map(|track| cut(track, |at| range.contains(&at)))
        .collect();
    let baseline = Baseline::fit(unit, &history[target]);
    let load = between(rng, 0.7, 1.4);
    for (node, track) in window.iter_mut().enumerate() {
        track
            .requests
            .iter_mut()
            .for_each(|requests| *requests = (*requests * load).round());
        if node != target {
            drift(track, unit, rng);
        }
    }
    let begins = match rng.f64() < 0.15 {
        true => 0,
        false => (length * 2).div_ceil(5),
    };
    let severity = power(rng, 3.0, 30.0);
    let mut roots = Vec::new();
    for nth in 0..1 + usize::from(two) {
        let severity = severity * if nth == 0 { 1.0 } else { power(rng, 0.5, 2.0) };
        let fault = Fault {
            unit,
            target,
            lost: severity * baseline.spread,
            begins: begins + if nth == 0 { 0 } else { rng.usize(..2) },
        };
        roots.push(strike(
            &scenario.graph,
            &history,
            &mut window,
            &fault,
            &roots,
            rng,
        )?);
    }
    Some(Made {
        roots,
        target,
        unit,
        history,
        window,
    })
}

struct Fault {
    unit: Unit,
    target: usize,
    /// What the customer loses in a slot.
    lost: f64,
    begins: usize,
}

/// Makes one node fail, and everybody who waits for it. Says which.
fn strike(
    graph: &CallGraph,
    history: &[Track],
    window: &mut Vec<Track>,
    fault: &Fault,
    not: &[usize],
    rng: &mut Rng,
) -> Option<usize> {
    let reached = graph.reached(fault.target);
    for _ in 0..DRAWS {
        let root = reached[rng.usize(..reached.len())];
        if not.contains(&root) || !is_busy(&history[root]) {
            continue;
        }
        let passed = passed_up(graph, history, fault.target, root, &reached, rng);
        if passed[fault.target] <= 0.0 {
            continue;
        }
        let mut struck = window.clone();
        let lost = fault.lost / passed[fault.target];
        if let Some(()) = spend(&mut struck, fault, &passed, lost, rng) {
            beside(graph, &mut struck, window, root, fault, rng);
            *window = struck;
            return Some(root);
        }
    }
    None
}

/// Which share of the root's loss each node has, itself included. Who calls more waits more; with retries it loses more
/// than what it waits for.
fn passed_up(
    graph: &CallGraph,
    history: &[Track],
    target: usize,
    root: usize,
    reached: &[usize],
    rng: &mut Rng,
) -> Vec<f64> {
    let mut passed = vec![0.0; graph.nodes()];
    passed[root] = 1.0;
    if root == target {
        return passed;
    }
    let busy: Vec<f64> = history.iter().map(requests).collect();
    // Callees first: each node passes on all that it was passed.
    for node in callees_first(graph, target) {
        let calls = |caller: &usize| graph.calls(*caller).iter().any(|call| call.to == node);
        let others = reached
            .iter()
            .copied()
            .filter(|caller| *caller != node && *caller != root);
        let callers: Vec<usize> = others.filter(calls).collect();
        let all: f64 = callers.iter().map(|caller| busy[*caller]).sum();
        if passed[node] <= 0.0 || all <= 0.0 || node == target {
            continue;
        }
        for caller in callers {
            let retried = match rng.f64() < 0.3 {
                true => between(rng, 1.0, 1.75),
                false => between(rng, 0.8, 1.0),
            };
            passed[caller] += passed[node] * busy[caller] / all * retried;
        }
    }
    passed
}

fn callees_first(graph: &CallGraph, from: usize) -> Vec<usize> {
    let mut order = Vec::new();
    let mut seen = vec![false; graph.nodes()];
    let mut stack = vec![(from, 0)];
    seen[from] = true;
    while let Some((node, next)) = stack.pop() {
        match graph.calls(node).get(next) {
            Some(call) => {
                stack.push((node, next + 1));
                if !seen[call.to] {
                    seen[call.to] = true;
                    stack.push((call.to, 0));
                }
            }
            None => order.push(node),
        }
    }
    order
}

/// Adds the losses; `None` where a node would have to be absurdly slow, or fail more than it is asked.
fn spend(
    window: &mut [Track],
    fault: &Fault,
    passed: &[f64],
    lost: f64,
    rng: &mut Rng,
) -> Option<()> {
    let slots = window[fault.target].slots();
    for slot in fault.begins.min(slots.saturating_sub(2))..slots {
        let lost = lost * between(rng, 0.7, 1.3);
        for (track, share) in window.iter_mut().zip(passed) {
            let requests = track.requests[slot];
            if *share <= 0.0 || requests <= 0.0 || !track.value[slot].is_finite() {
                continue;
            }
            let more = lost * share / requests;
            track.value[slot] = worse(fault.unit, track.value[slot], more, requests)?;
        }
    }
    Some(())
}

fn worse(unit: Unit, value: f64, more: f64, requests: f64) -> Option<f64> {
    const SLOWER_AT_MOST: f64 = 100.0;
    match unit {
        Unit::Seconds => (more <= SLOWER_AT_MOST * value.max(0.001)).then_some(value + more),
        Unit::Events => {
            let bad = ((value + more) * requests).round();
            (bad <= 0.9 * requests).then(|| bad / requests)
        }
    }
}

/// Callees that suffer from the load, and bystanders that see the same calls.
fn beside(
    graph: &CallGraph,
    struck: &mut [Track],
    before: &[Track],
    root: usize,
    fault: &Fault,
    rng: &mut Rng,
) {
    let slower: Vec<f64> = (struck[root].value.iter().zip(&before[root].value))
        .map(|(a, b)| a - b)
        .collect();
    let lost: Vec<f64> = slower
        .iter()
        .zip(&before[root].requests)
        .map(|(d, r)| d * r)
        .collect();
    for call in graph.calls(root) {
        if call.to != root && call.to != fault.target && rng.f64() < 0.3 {
            let share = between(rng, 0.05, 0.3);
            let track = &mut struck[call.to];
            for (slot, lost) in lost.iter().enumerate() {
                let requests = track.requests[slot];
                if requests > 0.0 && *lost > 0.0 {
                    let more = lost * share / requests;
                    track.value[slot] = worse(fault.unit, track.value[slot], more, requests)
                        .unwrap_or(track.value[slot]);
                }
            }
        }
    }
    let is_caller = |node: &usize| graph.calls(*node).iter().any(|call| call.to == root);
    let siblings: Vec<usize> = (0..graph.nodes())
        .filter(is_caller)
        .flat_map(|caller| graph.calls(caller).iter().map(|call| call.to))
        .filter(|node| *node != root && *node != fault.target && graph.calls(*node).is_empty())
        .collect();
    if !siblings.is_empty() && rng.f64() < 0.2 {
        let track = &mut struck[siblings[rng.usize(..siblings.len())]];
        let fewer = requests(track) < 0.3 * requests(&before[root]);
        for (slot, slower) in slower.iter().enumerate() {
            if fewer && *slower > 0.0 && track.value[slot].is_finite() {
                let more = slower * between(rng, 0.8, 1.2);
                let asked = track.requests[slot].max(1.0);
                track.value[slot] =
                    worse(fault.unit, track.value[slot], more, asked).unwrap_or(track.value[slot]);
            }
        }
    }
}

/// The level of a node since its history was recorded; nobody was hurt by it.
fn drift(track: &mut Track, unit: Unit, rng: &mut Rng) {
    match unit {
        Unit::Seconds if rng.f64() < 0.25 => {
            let factor = power(rng, 0.7, 2.0);
            track.value.iter_mut().for_each(|value| *value *= factor);
        }
        Unit::Events if rng.f64() < 0.1 => {
            let more = between(rng, 0.0, 0.02);
            let slots = track.value.iter_mut().zip(&track.requests);
            slots
                .filter(|(_, requests)| **requests > 0.0)
                .for_each(|(value, requests)| {
                    *value = ((*value + more) * requests).round().min(*requests) / requests;
                });
        }
        _ => {}
    }
}

fn is_busy(track: &Track) -> bool {
    let measured = track.value.iter().filter(|value| value.is_finite()).count();
    measured as f64 >= MEASURED_LEAST * track.slots() as f64 && requests(track) >= REQUESTS_LEAST
}

fn requests(track: &Track) -> f64 {
    median(&mut track.requests.clone()).unwrap_or(0.0)
}

fn cut(track: &Track, wanted: impl Fn(usize) -> bool) -> Track {
    let slots = || (0..track.slots()).filter(|at| wanted(*at));
    Track {
        requests: slots().map(|at| track.requests[at]).collect(),
        value: slots().map(|at| track.value[at]).collect(),
    }
}

fn between(rng: &mut Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.f64()
}

/// As likely to double as to halve.
fn power(rng: &mut Rng, low: f64, high: f64) -> f64 {
    (low.ln() + (high.ln() - low.ln()) * rng.f64()).exp()
}
