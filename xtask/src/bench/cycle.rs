//! `cycle`: what judging many SLO-segments costs at the end of every slice, and what they hold in memory.
//!
//! Drives the engine's example `cycle`, which fills a board with 31 days and then closes and judges slices when it is
//! told to. It reads no clock: its CPU time is read from outside while it waits for the next command, so that filling
//! the board is not in it and what was measured is known to the microsecond.

use std::path::Path;

use super::driven::{Driven, spread};
use super::measure::peak;
use super::results::table;
use super::{Setting, built};

const SERIES: u64 = 100_000;
/// Different targets: one for each segment; and nearly as many as a catalogue of hand-written SLOs could have.
const TARGETS: [u64; 2] = [5, 4_900];
/// Whole hours: old counts are read again once an hour per series.
const CYCLES: u64 = 60;
const BATCHES: usize = 10;
const AT_MOST_MILLISECONDS: f64 = 5.0;
const AT_MOST_BYTES: u64 = 48 * 1024;

/// Runs the bench; its section of the page.
pub fn run(setting: &Setting) -> Result<String, String> {
    let example = built(
        &["-p", "attain-engine", "--example", "cycle"],
        "examples/cycle",
    )?;
    let mut rows = Vec::new();
    let mut highest = 0;
    for targets in TARGETS {
        let measured = measure(&example, targets)?;
        println!("{targets} targets: {measured:?}");
        rows.extend(measured.rows(targets));
        highest = highest.max(measured.peak_bytes);
    }
    rows.push(vec![
        "resident per SLO-segment, of the whole program".into(),
        format!("{:.1} KB", highest as f64 / SERIES as f64 / 1024.0),
        String::new(),
        format!("at most {} KB", AT_MOST_BYTES / 1024),
    ]);
    Ok(format!(
        "{}.\n\n{SERIES} SLO-segments, each with 8 windows exact to the slice, the built-in alert policy and a budget of 30 \
         days. A cycle closes a slice of one minute with counts for every series, moves all windows, reads again the old \
         counts that windows leave behind, and judges. CPU of the one thread, medians of {BATCHES} stretches of {CYCLES} \
         cycles; filling the board is not in it. Old counts are made by the program that measures; a store takes longer \
         for them.\n\n{}",
        setting.facts(),
        table(&["what", "median", "from to", "must"], &rows)
    ))
}

/// Milliseconds of CPU by cycle, of each stretch.
#[derive(Debug)]
struct Measured {
    cycle: Vec<f64>,
    /// Of the cycles: old counts made by the example.
    again: Vec<f64>,
    peak_bytes: u64,
}

impl Measured {
    fn rows(&self, targets: u64) -> Vec<Vec<String>> {
        let row = |what: String, numbers: &[f64], must: String| {
            let (least, middle, most) = spread(numbers);
            let middle = format!("{middle:.2} ms");
            vec![what, middle, format!("{least:.2} to {most:.2}"), must]
        };
        let must = format!("at most {AT_MOST_MILLISECONDS} ms");
        let again = format!("of which making old counts, {targets} targets");
        vec![
            row(format!("a cycle, {targets} targets"), &self.cycle, must),
            row(again, &self.again, String::new()),
        ]
    }
}

fn measure(example: &Path, targets: u64) -> Result<Measured, String> {
    let mut driven = started(example, targets)?;
    let mut measured = Measured {
        cycle: Vec::new(),
        again: Vec::new(),
        peak_bytes: 0,
    };
    let cycles = format!("cycles {CYCLES}");
    // The first stretch finds caches cold, and is not counted.
    believed(&driven.ask(&cycles)?.0)?;
    for _ in 0..BATCHES {
        let (said, milliseconds) = driven.ask(&cycles)?;
        believed(&said)?;
        measured.cycle.push(milliseconds / CYCLES as f64);
        let (said, milliseconds) = driven.ask("again")?;
        if !said.starts_with("again ") || said == "again 0" {
            return Err(format!("the example `cycle` says: {said}"));
        }
        measured.again.push(milliseconds / CYCLES as f64);
    }
    measured.peak_bytes = peak(driven.id()).unwrap_or(0);
    Ok(measured)
}

fn started(example: &Path, targets: u64) -> Result<Driven, String> {
    let hello = format!("series {SERIES}, targets {targets}");
    Driven::start(example, &[SERIES, targets], &hello)
}

/// A stretch counts only if every series was carried to the end and the judging found changes.
fn believed(said: &str) -> Result<(), String> {
    let whole = said.starts_with(&format!("cycles {CYCLES},"))
        && said.ends_with("dropped 0")
        && !said.contains("changed 0,");
    whole
        .then_some(())
        .ok_or_else(|| format!("the example `cycle` says: {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_that_dropped_a_series_or_judged_nothing_is_not_believed() {
        assert!(believed("cycles 60, changed 7, dropped 0").is_ok());
        for said in [
            "cycles 60, changed 7, dropped 1",
            "cycles 60, changed 0, dropped 0",
            "cycles 6, changed 7, dropped 0",
            "",
        ] {
            assert!(believed(said).is_err(), "{said}");
        }
    }
}
