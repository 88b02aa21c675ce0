//! How often a whole fails when each part is counted once: what is reached in several ways fails for all of them
//! together, everything else fails by itself. Knows a graph; knows no names and no targets.
//!
//! A promise includes what the part rests on, so of each part there is first taken out what the parts below it cost; what
//! is left is its own. Then the states of the shared parts are gone through, each with its probability, and for given
//! states the rest is a tree, in which probabilities multiply. A shared part that is down is down for the whole request;
//! an edge that calls it several times meets it down as often as its own formula says.

use crate::graph::{Edge, Graph, To, ratio};

/// States that one estimate goes through at most.
const STATES_MAX: usize = 20_000;
/// States less probable than this are given up first, then less and less probable ones.
const LEAST: [f64; 4] = [1e-5, 1e-8, 1e-11, 1e-14];
/// What may be given up: a hundredth of a part per billion.
const GIVEN_UP_MAX: f64 = 1e-11;

/// A probability that was added up as far as it was worth it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    /// What was added up.
    pub at_least: f64,
    /// The probability of all that was not looked at.
    pub given_up: f64,
}

impl Estimate {
    /// With all that was not looked at counted as failing.
    pub fn at_most(self) -> f64 {
        (self.at_least + self.given_up).min(1.0)
    }
}

/// A graph with what each part adds to what is below it.
#[derive(Debug, Clone)]
pub(crate) struct Model<'g> {
    graph: &'g Graph,
    /// Failures of each part that no part below it explains.
    pub own: Vec<f64>,
    /// The share of what its parts do to it that it survives not. Below one where the parts cost more than the promise:
    /// the promise is believed, and that they do not carry it is said elsewhere.
    passes: Vec<f64>,
}

impl<'g> Model<'g> {
    pub fn of(graph: &'g Graph) -> Self {
        let mut model = Self {
            graph,
            own: Vec::with_capacity(graph.nodes.len()),
            passes: Vec::with_capacity(graph.nodes.len()),
        };
        for node in &graph.nodes {
            let failure = ratio(node.failure_ppb);
            let below = model.failure(&node.edges).at_most();
            let (own, passes) = if below > failure {
                (0.0, failure / below)
            } else if below < 1.0 {
                ((failure - below) / (1.0 - below), 1.0)
            } else {
                (0.0, 1.0)
            };
            model.own.push(own);
            model.passes.push(passes);
        }
        model
    }

    /// How often a caller with these edges fails through them.
    pub fn failure(&self, edges: &[Edge]) -> Estimate {
        let ways = self.graph.ways(edges);
        let shared: Vec<Shared> = (0..ways.len())
            .filter(|node| ways[*node] > 1)
            .map(|node| self.shared(node, edges))
            .collect();
        let mut best = Estimate {
            at_least: 0.0,
            given_up: 1.0,
        };
        for least in LEAST {
            let mut walk = Walk {
                model: self,
                shared: &shared,
                edges,
                least,
                states: vec![State::Alone; self.graph.nodes.len()],
                visited: 0,
                found: Estimate {
                    at_least: 0.0,
                    given_up: 0.0,
                },
            };
            walk.go(0, 1.0);
            if walk.found.given_up < best.given_up {
                best = walk.found;
            }
            if best.given_up <= GIVEN_UP_MAX || walk.visited >= STATES_MAX {
                break;
            }
        }
        best
    }

    /// A shared part, and the numbers of calls with which it is met.
    fn shared(&self, node: usize, edges: &[Edge]) -> Shared {
        let below = self.graph.nodes.iter().flat_map(|node| &node.edges);
        let mut calls: Vec<f64> = edges
            .iter()
            .chain(below)
            .filter(|edge| edge.parts().any(|part| part == node))
            .map(|edge| match edge.to {
                To::One(to) if to == node => edge.calls,
                // A candidate or a fallback is met call by call; the edge counts the calls.
                _ => 1.0,
            })
            .collect();
        calls.sort_by(f64::total_cmp);
        calls.dedup();
        Shared { node, calls }
    }
}

struct Shared {
    node: usize,
    /// Ascending, each once.
    calls: Vec<f64>,
}

/// What a part is while the rest is looked at.
#[derive(Debug, Clone, Copy)]
enum State {
    /// Reached in one way: it fails by itself.
    Alone,
    Up,
    /// Down for every edge that makes at least so many calls; one call fails with this probability.
    Down {
        calls: f64,
        failure: f64,
    },
}

struct Walk<'w> {
    model: &'w Model<'w>,
    shared: &'w [Shared],
    edges: &'w [Edge],
    least: f64,
    states: Vec<State>,
    visited: usize,
    found: Estimate,
}

impl Walk<'_> {
    /// Gives the shared parts from `at` on all their states. Parts below come first, so their states are known.
    fn go(&mut self, at: usize, weight: f64) {
        if weight <= 0.0 {
            return;
        }
        if weight < self.least || self.visited >= STATES_MAX {
            self.found.given_up += weight;
            return;
        }
        let Some(shared) = self.shared.get(at) else {
            self.visited += 1;
            self.found.at_least += weight * self.fails_through(self.edges);
            return;
        };
        let node = shared.node;
        let failure = self.fails_by_itself(node);
        let most = shared
            .calls
            .last()
            .map_or(0.0, |calls| some_of(failure, *calls));
        // The most probable state first: what is given up should weigh little.
        self.states[node] = State::Up;
        self.go(at + 1, weight * (1.0 - most));
        let mut below = 0.0;
        for calls in &shared.calls {
            let down = some_of(failure, *calls);
            self.states[node] = State::Down {
                calls: *calls,
                failure,
            };
            self.go(at + 1, weight * (down - below).max(0.0));
            below = down;
        }
        self.states[node] = State::Alone;
    }

    /// One call to a part.
    fn fails(&self, node: usize) -> f64 {
        match self.states[node] {
            State::Alone => self.fails_by_itself(node),
            State::Up => 0.0,
            State::Down { calls, .. } => f64::from(u8::from(calls <= 1.0)),
        }
    }

    fn fails_by_itself(&self, node: usize) -> f64 {
        let below = self.fails_through(&self.model.graph.nodes[node].edges);
        let own = self.model.own[node];
        // Not 1 - (1 - a)(1 - b), which loses the nines.
        (own + self.model.passes[node] * below * (1.0 - own)).min(1.0)
    }

    fn fails_through(&self, edges: &[Edge]) -> f64 {
        let holds: f64 = edges.iter().map(|edge| (-self.harm(edge)).ln_1p()).sum();
        -holds.exp_m1()
    }

    /// The share of the caller's requests that an edge makes bad.
    fn harm(&self, edge: &Edge) -> f64 {
        let uncovered = edge.fallback.map_or(1.0, |(node, covers)| {
            1.0 - covers * (1.0 - self.fails(node))
        });
        let left = edge.persists * uncovered;
        let met = match &edge.to {
            To::One(node) => match self.states[*node] {
                State::Alone => some_of(self.fails_by_itself(*node) * left, edge.calls),
                State::Down { calls, failure } if calls <= edge.calls => {
                    some_of(failure * left, edge.calls) / some_of(failure, edge.calls)
                }
                State::Up | State::Down { .. } => 0.0,
            },
            To::Quorum { members, need } => {
                let failing = members.iter().map(|member| self.fails(*member));
                some_of(too_few(failing, members.len(), *need) * left, edge.calls)
            }
        };
        (edge.share * edge.impact * met).clamp(0.0, 1.0)
    }
}

/// That at least one of so many calls fails.
///
/// Invariant: a failure is at most one, to the last digit; above it the logarithm is none.
fn some_of(failure: f64, calls: f64) -> f64 {
    -((-failure.min(1.0)).ln_1p() * calls).exp_m1()
}

/// That fewer than `need` of the members hold, each failing by itself.
fn too_few(failing: impl Iterator<Item = f64>, members: usize, need: usize) -> f64 {
    let mut holding = vec![0.0; members + 1];
    holding[0] = 1.0;
    for (seen, failure) in failing.enumerate() {
        for k in (0..=seen).rev() {
            holding[k + 1] += holding[k] * (1.0 - failure);
            holding[k] *= failure;
        }
    }
    holding.iter().take(need).sum()
}
