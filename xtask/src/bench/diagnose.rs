//! `diagnose`: what it costs to say who spent a budget.
//!
//! Drives the cascade's example `diagnose`, which makes an incident in a graph and then diagnoses it as often as it is
//! told. Making it is not in what is measured.

use std::path::Path;

use super::driven::{Driven, spread};
use super::results::table;
use super::{Setting, built};

const SLOTS: u64 = 60;
const BATCHES: usize = 10;

/// Nodes, diagnoses of a batch, microseconds of CPU that one may take.
const SIZES: [(u64, u64, f64); 2] = [(50, 2_000, 200.0), (5_000, 20, 20_000.0)];

/// Runs the bench; its section of the page.
pub fn run(setting: &Setting) -> Result<String, String> {
    let example = built(
        &["-p", "attain-cascade", "--example", "diagnose"],
        "examples/diagnose",
    )?;
    let mut rows = Vec::new();
    for (nodes, times, at_most) in SIZES {
        for (what, words, must) in [
            (
                "diagnose",
                "a diagnosis",
                format!("at most {at_most:.0} us"),
            ),
            ("fit", "what is usual, for all nodes", String::new()),
        ] {
            let measured = measure(&example, nodes, what, times)?;
            let (least, middle, most) = spread(&measured);
            rows.push(vec![
                format!("{words}, {nodes} nodes"),
                format!("{middle:.0} us"),
                format!("{least:.0} to {most:.0}"),
                must,
            ]);
        }
    }
    Ok(format!(
        "{}.\n\nOne incident behind several calls, {SLOTS} slots of each node. A diagnosis tells incidents apart and gives \
         scores, shares and paths; what is usual is fitted to another {SLOTS} slots. CPU of the one thread, medians of \
         {BATCHES} stretches.\n\n{}",
        setting.facts(),
        table(&["what", "median", "from to", "must"], &rows)
    ))
}

/// Microseconds of CPU by diagnosis, of each stretch.
fn measure(example: &Path, nodes: u64, what: &str, times: u64) -> Result<Vec<f64>, String> {
    let hello = format!("nodes {nodes}, slots {SLOTS}");
    let mut driven = Driven::start(example, &[nodes, SLOTS], &hello)?;
    let command = format!("{what} {times}");
    let expected = match what {
        "fit" => format!("{command}, known {}", times * nodes),
        _ => format!("{command}, right {times}"),
    };
    let mut measured = Vec::new();
    // The first stretch finds caches cold, and is not counted.
    for batch in 0..=BATCHES {
        let (said, milliseconds) = driven.ask(&command)?;
        if said != expected {
            return Err(format!("the example `diagnose` says: {said}"));
        }
        if batch > 0 {
            measured.push(milliseconds * 1e3 / times as f64);
        }
    }
    Ok(measured)
}
