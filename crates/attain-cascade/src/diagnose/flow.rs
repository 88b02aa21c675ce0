//! How much of a loss can reach the customer: the widest way along the calls. Knows what each node on the way lost;
//! knows nothing of scores.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::graph::CallGraph;

/// The widest ways from the target to every node.
pub(super) struct Ways {
    /// How much fits through, by position; `None` where there is no way.
    width: Vec<Option<f64>>,
    /// How much of what a node loses reaches the target, as far as the calls say; by position.
    weight: Vec<f64>,
    /// Who calls a node on its way.
    caller: Vec<Option<usize>>,
    target: usize,
}

/// A way that was found; the widest first, then the shortest.
#[derive(PartialEq)]
struct Found {
    width: f64,
    calls: usize,
    node: usize,
}

impl Eq for Found {}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> Ordering {
        let width = self.width.total_cmp(&other.width);
        width
            .then(other.calls.cmp(&self.calls))
            .then(other.node.cmp(&self.node))
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ways {
    /// The way to a node is as wide as the narrowest node between: `width_of` says how wide one is.
    pub fn of(graph: &CallGraph, target: usize, width_of: impl Fn(usize) -> f64) -> Self {
        let mut ways = Self {
            width: vec![None; graph.nodes()],
            weight: vec![1.0; graph.nodes()],
            caller: vec![None; graph.nodes()],
            target,
        };
        let mut done = vec![false; graph.nodes()];
        let mut heap = BinaryHeap::from([Found {
            width: f64::INFINITY,
            calls: 0,
            node: target,
        }]);
        while let Some(found) = heap.pop() {
            let node = found.node;
            if done.get(node).copied().unwrap_or(true) {
                continue;
            }
            done[node] = true;
            if node == target {
                ways.width[node] = Some(f64::INFINITY);
            }
            let through = match node == target {
                true => f64::INFINITY,
                false => found.width.min(width_of(node)),
            };
            for call in graph.calls(node) {
                let is_wider = ways.width[call.to].is_none_or(|width| through > width);
                if call.weight > 0.0 && !done[call.to] && is_wider {
                    ways.width[call.to] = Some(through);
                    ways.weight[call.to] = ways.weight[node] * call.weight;
                    ways.caller[call.to] = Some(node);
                    heap.push(Found {
                        width: through,
                        calls: found.calls + 1,
                        node: call.to,
                    });
                }
            }
        }
        ways
    }

    /// How much of what a node lost can have reached the target.
    pub fn reaching(&self, node: usize, lost: f64) -> f64 {
        let width = self.width.get(node).copied().flatten().unwrap_or(0.0);
        let weight = self.weight.get(node).copied().unwrap_or(0.0);
        (lost * weight).min(width)
    }

    /// The way from the target to a node, both included.
    pub fn path(&self, node: usize) -> Vec<usize> {
        let mut path = vec![node];
        let mut at = node;
        while at != self.target
            && let Some(caller) = self.caller.get(at).copied().flatten()
        {
            path.push(caller);
            at = caller;
        }
        path.reverse();
        path
    }
}
