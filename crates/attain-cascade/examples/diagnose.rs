//! Diagnoses made incidents: `diagnose NODES SLOTS`, then commands on standard input. It reads no clock: who runs it looks
//! at its CPU time between two answers.
//!
//! ```text
//! > (made)              nodes 50, slots 60
//! < diagnose 1000       a window of so many slots with known baselines, as often
//! > diagnose 1000, right 1000
//! < fit 1000            the baselines of all nodes, from a history of so many slots, as often
//! > fit 1000, known 50000
//! ```
//!
//! The graph has layers of ten, each node calls three of the next layer; one node of the last layer fails from the middle
//! of the window on, and all that wait for it fail with it.
// An example is a program: it takes arguments.
#![allow(clippy::disallowed_methods)]

use std::error::Error;
use std::process::ExitCode;

use attain_cascade::diagnose::{Baseline, CallGraph, Question, Track, Unit, incidents};
use fastrand::Rng;

const LAYER: usize = 10;
const CALLS: usize = 3;
const REQUESTS: f64 = 1000.0;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let (Some(nodes), Some(slots), None) = (numbers.next(), numbers.next(), numbers.next()) else {
        return Err("usage: diagnose NODES SLOTS".into());
    };
    let (nodes, slots) = (nodes?.max(2 * LAYER), slots?.max(6));
    let made = Made::of(nodes, slots);
    println!("nodes {nodes}, slots {slots}");
    for line in std::io::stdin().lines() {
        println!("{}", made.obey(&line?)?);
    }
    Ok(())
}

struct Made {
    graph: CallGraph,
    history: Vec<Track>,
    window: Vec<Track>,
    baselines: Vec<Baseline>,
    root: usize,
}

impl Made {
    fn of(nodes: usize, slots: usize) -> Self {
        let mut rng = Rng::with_seed(1);
        let mut graph = CallGraph::new(nodes);
        let layers = nodes.div_ceil(LAYER);
        for node in 0..nodes {
            let next = (node / LAYER + 1) * LAYER;
            for _ in 0..CALLS {
                graph.add(node, (next + rng.usize(..LAYER)).min(nodes - 1));
            }
        }
        // The first layer is the customer's page and what it calls.
        for node in 1..LAYER {
            graph.add(0, node);
        }
        let reached = graph.reached(0);
        let last = |node: &&usize| **node / LAYER == layers - 1;
        let root = reached
            .iter()
            .rev()
            .find(last)
            .copied()
            .unwrap_or(nodes - 1);
        let normal = |rng: &mut Rng| -> Track {
            let value = (0..slots)
                .map(|_| rng.u32(0..4).into())
                .map(|bad: f64| bad / REQUESTS);
            Track {
                requests: vec![REQUESTS; slots],
                value: value.collect(),
            }
        };
        let history: Vec<Track> = (0..nodes).map(|_| normal(&mut rng)).collect();
        let mut window: Vec<Track> = (0..nodes).map(|_| normal(&mut rng)).collect();
        for (node, track) in window.iter_mut().enumerate() {
            if graph.reached(node).contains(&root) {
                track.value[slots / 2..]
                    .iter_mut()
                    .for_each(|value| *value += 0.05);
            }
        }
        let baselines = history
            .iter()
            .map(|track| Baseline::fit(Unit::Events, track));
        Self {
            baselines: baselines.collect(),
            graph,
            history,
            window,
            root,
        }
    }

    fn obey(&self, line: &str) -> Result<String, Box<dyn Error>> {
        let (what, count) = line.split_once(' ').ok_or("diagnose N, or fit N")?;
        let count: usize = count.parse()?;
        Ok(match what {
            "diagnose" => {
                let right = (0..count).filter(|_| self.is_right()).count();
                format!("{line}, right {right}")
            }
            "fit" => {
                let fit = |_| {
                    self.history
                        .iter()
                        .map(|track| Baseline::fit(Unit::Events, track))
                };
                let known = (0..count)
                    .flat_map(fit)
                    .filter(|baseline| baseline.is_known);
                format!("{line}, known {}", known.count())
            }
            _ => return Err("diagnose N, or fit N".into()),
        })
    }

    fn is_right(&self) -> bool {
        let found = incidents(&Question {
            unit: Unit::Events,
            graph: &self.graph,
            target: 0,
            baselines: &self.baselines,
            window: &self.window,
        });
        let first = found.first().and_then(|diagnosis| diagnosis.named());
        first.is_some_and(|first| first.node == self.root)
    }
}
