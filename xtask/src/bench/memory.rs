//! `memory`: what attain holds while it reads a log of 2 GB.

use std::process::Command;

use super::measure::{self, highest_peak, median};
use super::results::table;
use super::traffic::Format;
use super::{Setting, inputs};
use crate::root;

const BYTES: u64 = 2_000_000_000;
const RUNS: usize = 3;
const AT_MOST_BYTES: u64 = 200_000_000;

/// Runs the bench; its section of the page.
pub fn run(setting: &Setting) -> Result<String, String> {
    let folder = inputs::folder("memory")?;
    let day = inputs::log(Format::Combined, setting.lines)?;
    let name = format!(
        "{BYTES}-of-{}",
        day.file_name().unwrap_or_default().display()
    );
    let days = BYTES / inputs::size(&day).max(1) + 1;
    let days = u32::try_from(days).map_err(|_| "--lines is too small for 2 GB".to_string())?;
    let log = inputs::repeated(&inputs::content(&day)?, &folder.join(name), days, BYTES)?;
    let lines = inputs::count_lines(&log)?;
    let runs = measure::interleaved(RUNS, &[()], |()| {
        let mut command = Command::new(&setting.program);
        command
            .arg("replay")
            .arg(root().join("bench/logs/combined.yaml"))
            .arg(&log)
            .args(["--format", "json"]);
        let run = measure::run(&mut command, &folder)?.ended_with(&[0])?;
        if !run.said.contains(&format!("\"lines\": {lines},")) {
            return Err(format!("attain did not read all {lines} lines"));
        }
        println!(
            "{:.1} s, peak {} MB",
            run.wall_seconds,
            run.peak_bytes / 1_000_000
        );
        Ok(run)
    })?;
    let runs = runs.concat();
    let row = vec![
        format!(
            "`attain replay`, {:.1} GB, {:.1} M lines, {days} days",
            inputs::size(&log) as f64 / 1e9,
            lines as f64 / 1e6
        ),
        format!("{:.1}", median(&runs, |run| run.cpu_seconds)),
        format!("{:.1}", median(&runs, |run| run.wall_seconds)),
        (highest_peak(&runs) / 1_000_000).to_string(),
        format!("under {}", AT_MOST_BYTES / 1_000_000),
    ];
    let header = ["what", "CPU s", "wall s", "peak MB", "must"];
    Ok(format!(
        "{}. Medians of {RUNS} runs, the highest of the peaks.\n\n{}",
        setting.facts(),
        table(&header, &[row])
    ))
}
