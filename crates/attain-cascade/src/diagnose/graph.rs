//! Who calls whom. Knows positions of nodes, not their names, and no numbers but the weight of a call.

/// A call from one node to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call {
    /// The position of the node that is called.
    pub to: usize,
    /// How much of the callee's loss reaches the caller's own customers: 1 where nothing is said, 0 for a call that
    /// nobody waits for.
    pub weight: f64,
}

/// The calls of an application. Cycles and calls of oneself are allowed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallGraph {
    calls: Vec<Vec<Call>>,
}

impl CallGraph {
    /// A graph of so many nodes that do not call each other yet.
    #[must_use]
    pub fn new(nodes: usize) -> Self {
        Self {
            calls: vec![Vec::new(); nodes],
        }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.calls.len()
    }

    /// Adds a call with weight 1, unless it is there. Positions beyond the graph are left out.
    pub fn add(&mut self, from: usize, to: usize) {
        self.add_weighted(from, to, 1.0);
    }

    /// Adds a call, unless there is one; a weight that is not above 0 is 0. Positions beyond the graph are left out.
    pub fn add_weighted(&mut self, from: usize, to: usize, weight: f64) {
        let weight = if weight > 0.0 { weight } else { 0.0 };
        if to >= self.nodes() {
            return;
        }
        if let Some(calls) = self.calls.get_mut(from)
            && calls.iter().all(|call| call.to != to)
        {
            calls.push(Call { to, weight });
        }
    }

    /// Whom a node calls; nobody, if it is not in the graph.
    #[must_use]
    pub fn calls(&self, node: usize) -> &[Call] {
        self.calls.get(node).map_or(&[], Vec::as_slice)
    }

    /// The nodes that somebody waits for when `from` is called, nearest first, itself included. Calls with weight 0 are
    /// not followed.
    #[must_use]
    pub fn reached(&self, from: usize) -> Vec<usize> {
        let mut seen = vec![false; self.nodes()];
        let mut order = Vec::new();
        if from < self.nodes() {
            seen[from] = true;
            order.push(from);
        }
        let mut next = 0;
        while let Some(&node) = order.get(next) {
            next += 1;
            for call in self.calls(node) {
                if call.weight > 0.0 && !seen[call.to] {
                    seen[call.to] = true;
                    order.push(call.to);
                }
            }
        }
        order
    }
}
