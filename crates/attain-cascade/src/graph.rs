//! The parts below one promise, each once. Knows which part answers which edge, at any depth, and over how many ways it
//! is reached; computes nothing.

use std::collections::BTreeMap;

use attain_model::slo::{Dependency, Provider};
use attain_model::{Slo, SloId};

use crate::edge::{Caller, takes_part};
use crate::part::{Part, Question};

/// Parts and edges below a promise.
///
/// Invariant: a part stands behind the parts it rests on, so indices grow towards the caller.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    /// Each part once.
    pub nodes: Vec<Node>,
    /// The edges of the promise itself that take part in it with a known part.
    pub edges: Vec<Edge>,
}

/// A part.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub part: Part,
    /// How often it may fail by its promise, what it rests on included.
    pub failure_ppb: u32,
    pub edges: Vec<Edge>,
}

/// An edge whose part promises something.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    /// By position in `depends_on` of its caller.
    pub position: usize,
    pub to: To,
    pub share: f64,
    pub calls: f64,
    pub impact: f64,
    /// What retries leave of a failure.
    pub persists: f64,
    /// Who takes over, and which share of failures it can answer.
    pub fallback: Option<(usize, f64)>,
}

/// Where an edge leads.
#[derive(Debug, Clone)]
pub(crate) enum To {
    One(usize),
    /// At least `need` of these; candidates without a promise are left out, as if they were down.
    Quorum {
        members: Vec<usize>,
        need: usize,
    },
}

impl Edge {
    /// The parts it asks directly; the fallback last.
    pub fn parts(&self) -> impl Iterator<Item = usize> {
        let (one, members) = match &self.to {
            To::One(node) => (Some(*node), [].as_slice()),
            To::Quorum { members, .. } => (None, members.as_slice()),
        };
        let fallback = self.fallback.map(|(node, _)| node);
        one.into_iter()
            .chain(members.iter().copied())
            .chain(fallback)
    }

    /// Whether what it asks may fail without the edge failing.
    pub fn is_redundant(&self) -> bool {
        self.fallback.is_some() || matches!(self.to, To::Quorum { .. })
    }
}

impl Graph {
    /// What is below a promise. A promise of latency is about the edges that name a share of the threshold, and about
    /// nothing below them: how much of a part's time is another part's is not written anywhere.
    pub fn of(caller: &Caller<'_>, slo: &Slo) -> Self {
        let mut builder = Builder {
            caller,
            nodes: Vec::new(),
            seen: BTreeMap::new(),
        };
        let edges = builder.edges(&slo.depends_on);
        Self {
            nodes: builder.nodes,
            edges,
        }
    }

    /// How many edges lead to each part from what is below `edges`; zero for parts that are not below them.
    pub fn ways(&self, edges: &[Edge]) -> Vec<u32> {
        let mut ways = vec![0; self.nodes.len()];
        for part in edges.iter().flat_map(Edge::parts) {
            ways[part] += 1;
        }
        for node in (0..self.nodes.len()).rev() {
            if ways[node] == 0 {
                continue;
            }
            for part in self.nodes[node].edges.iter().flat_map(Edge::parts) {
                ways[part] += 1;
            }
        }
        ways
    }

    /// Every edge, the promise's own first.
    pub fn all_edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges
            .iter()
            .chain(self.nodes.iter().flat_map(|node| &node.edges))
    }
}

/// What makes two asked parts the same: the part, and which of its promises is asked. Somebody else may have promised
/// several numbers.
type Key = (Part, u32);

struct Builder<'c> {
    caller: &'c Caller<'c>,
    nodes: Vec<Node>,
    seen: BTreeMap<Key, usize>,
}

impl Builder<'_> {
    fn edges(&mut self, depends_on: &[Dependency]) -> Vec<Edge> {
        depends_on
            .iter()
            .enumerate()
            .filter_map(|(position, dependency)| self.edge(position, dependency))
            .collect()
    }

    fn edge(&mut self, position: usize, dependency: &Dependency) -> Option<Edge> {
        let latency = self.caller.promised.under.is_some();
        if !takes_part(dependency) || (latency && dependency.latency.is_none()) {
            return None;
        }
        let question = self.caller.question(dependency);
        let to = match &dependency.on {
            Provider::Slo(slo) => To::One(self.slo(&question, slo)?),
            Provider::External { .. } if latency => return None,
            Provider::External { name, promised } => {
                To::One(self.node(Part::External(name.clone()), promised.ppb(), &[]))
            }
            Provider::AnyOf { slos, need } => {
                let members = slos.iter().filter_map(|slo| self.slo(&question, slo));
                let members: Vec<usize> = members.collect();
                let need = *need as usize;
                if members.len() < need {
                    return None;
                }
                To::Quorum { members, need }
            }
        };
        // A retry or a fallback makes an answer good, not fast.
        let (retry, fallback) = match latency {
            true => (None, None),
            false => (dependency.retry, dependency.fallback.as_ref()),
        };
        let persists = retry.map_or(1.0, |retry| {
            ratio(retry.fails_again.ppb()).powf(f64::from(retry.attempts.saturating_sub(1)))
        });
        let fallback = fallback.and_then(|fallback| {
            let node = self.slo(&question, &fallback.slo)?;
            Some((node, ratio(fallback.covers.ppb())))
        });
        Some(Edge {
            position,
            to,
            share: ratio(dependency.share.ppb()),
            calls: dependency.calls.millionths() as f64 / 1e6,
            impact: ratio(dependency.impact.ppb()),
            persists,
            fallback,
        })
    }

    fn slo(&mut self, question: &Question<'_>, id: &SloId) -> Option<usize> {
        let answer = question.answer(id).ok()?;
        let slo = question.catalogue.slos.get(id)?;
        let below: &[Dependency] = match question.within {
            Some(_) => &[],
            None => &slo.depends_on,
        };
        Some(self.node(Part::Slo(id.clone()), answer.ppb, below))
    }

    fn node(&mut self, part: Part, target_ppb: u32, depends_on: &[Dependency]) -> usize {
        let key = (part.clone(), target_ppb);
        if let Some(known) = self.seen.get(&key) {
            return *known;
        }
        // The catalogue has no cycle: a part is never below itself.
        let edges = self.edges(depends_on);
        self.nodes.push(Node {
            part,
            failure_ppb: attain_math::ONE_PPB - target_ppb,
            edges,
        });
        let node = self.nodes.len() - 1;
        self.seen.insert(key, node);
        node
    }
}

/// Parts per billion as a float.
pub(crate) fn ratio(ppb: u32) -> f64 {
    f64::from(ppb) / f64::from(attain_math::ONE_PPB)
}
