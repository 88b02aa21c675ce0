//! `cycle`: what judging many SLO-segments costs at the end of every slice, and what they hold in memory.
//!
//! Drives the engine's example `cycle`, which fills a board with 31 days and then closes and judges so many slices. It
//! reads no clock: it runs with few and with many slices, and the difference of the CPU seconds is that of the slices.

use std::path::Path;
use std::process::Command;

use super::measure::{self, GRAIN_SECONDS, Run, highest_peak, median};
use super::results::table;
use super::{Setting, built, inputs};

const SERIES: u64 = 100_000;
/// Whole hours: old counts are read again once an hour per series.
const FEW: u64 = 600;
const MANY: u64 = 3 * FEW;
const RUNS: usize = 3;
const AT_MOST_MILLISECONDS: f64 = 5.0;
const AT_MOST_BYTES: u64 = 48 * 1024;

/// Runs the bench; its section of the page.
pub fn run(setting: &Setting) -> Result<String, String> {
    let example = built(
        &["-p", "attain-engine", "--example", "cycle"],
        "examples/cycle",
    )?;
    let scratch = inputs::folder("cycle")?;
    let runs = measure::interleaved(RUNS, &[FEW, MANY], |cycles| {
        let run = once(&example, *cycles, &scratch)?;
        println!(
            "{cycles:>5} cycles {:7.2} CPU s {:7.2} s",
            run.cpu_seconds, run.wall_seconds
        );
        Ok(run)
    })?;
    let cpu = |runs: &[Run]| median(runs, |run| run.cpu_seconds);
    let milliseconds = (cpu(&runs[1]) - cpu(&runs[0])) * 1e3 / (MANY - FEW) as f64;
    let grain = 2.0 * GRAIN_SECONDS * 1e3 / (MANY - FEW) as f64;
    let bytes = highest_peak(&runs.concat()) / SERIES;
    let rows = [
        vec![
            "CPU of a cycle, one thread".into(),
            format!("{milliseconds:.2} ms"),
            format!("at most {AT_MOST_MILLISECONDS} ms"),
        ],
        vec![
            "resident per SLO-segment, of the whole program".into(),
            format!("{:.1} KB", bytes as f64 / 1024.0),
            format!("at most {} KB", AT_MOST_BYTES / 1024),
        ],
    ];
    Ok(format!(
        "{}.\n\n{SERIES} SLO-segments, each with 8 windows exact to the slice, the built-in alert policy and a budget of 30 \
         days. A cycle closes a slice of one minute with counts for every series, moves all windows, and judges. The \
         medians of {RUNS} interleaved runs with {FEW} and with {MANY} cycles, their difference by cycle, +-{grain:.2} ms; \
         filling the board is in neither.\n\n{}",
        setting.facts(),
        table(&["what", "measured", "must"], &rows)
    ))
}

fn once(example: &Path, cycles: u64, scratch: &Path) -> Result<Run, String> {
    let mut command = Command::new(example);
    command.args([SERIES.to_string(), cycles.to_string()]);
    let run = measure::run(&mut command, scratch)?.ended_with(&[0])?;
    believed(&run.said, cycles)?;
    Ok(run)
}

/// A run counts only if every series was carried to the end and the judging found changes.
fn believed(said: &str, cycles: u64) -> Result<(), String> {
    let whole = said.contains(&format!("series {SERIES}, cycles {cycles},"))
        && said.contains("dropped 0")
        && !said.contains("changed 0,");
    whole
        .then_some(())
        .ok_or_else(|| format!("the example `cycle` says: {}", said.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_that_dropped_a_series_or_judged_nothing_is_not_believed() {
        assert!(believed("series 100000, cycles 600, changed 7, dropped 0\n", 600).is_ok());
        for said in [
            "series 100000, cycles 600, changed 7, dropped 1\n",
            "series 100000, cycles 600, changed 0, dropped 0\n",
            "series 99999, cycles 600, changed 7, dropped 0\n",
            "series 100000, cycles 60, changed 7, dropped 0\n",
            "",
        ] {
            assert!(believed(said, 600).is_err(), "{said}");
        }
    }
}
