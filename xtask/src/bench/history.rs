//! `history`: 90 days of a shop's log, read once and kept; then judged under other targets without the log.
//!
//! The log is the recorded day of examples/three-tiers, 90 times with another date: a quarter in length and in lines, not
//! in variety.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::measure::{self, Run, highest_peak, median};
use super::results::table;
use super::{Setting, inputs};
use crate::root;

const EXAMPLE: &str = "examples/three-tiers";
const FILES: [&str; 4] = [
    "company.yaml",
    "customer.yaml",
    "internal.yaml",
    "customers.csv",
];
const DAYS: u32 = 90;
const RUNS: usize = 3;
const NEW_SLO_WALL_SECONDS: f64 = 0.05;

/// What is changed in customer.yaml: a name, and texts with what stands in their place.
const CHANGES: [(&str, &[(&str, &str)]); 3] = [
    (
        "a looser target for premium",
        &[("premium: 99.95%", "premium: 99.5%")],
    ),
    (
        "tighter targets for everybody",
        &[
            ("premium: 99.95%", "premium: 99.995%"),
            (
                "standard: 99.9%\n        free: 99%\n",
                "standard: 99.99%\n        free: 99.95%\n",
            ),
        ],
    ),
    (
        "another percentile for premium",
        &[("premium: p99 < 200ms", "premium: p95 < 200ms")],
    ),
];

const NEW_SLO: &str = "  checkout-is-reachable:
    outcome: Checkout can be reached
    service: checkout
    owners: {product: growth, engineering: payments}
    indicator: {log: edge-log, where: {path: /checkout}, bad: {status: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99.5%, free: 98%, all: 99%}}
";

/// Runs the bench; its section of the page.
pub fn run(setting: &Setting) -> Result<String, String> {
    let folder = inputs::folder("history")?;
    let day = inputs::content(&root().join(EXAMPLE).join("access.log.gz"))?;
    let log = inputs::repeated(&day, &folder.join("90-days.log"), DAYS, u64::MAX)?;
    let as_it_is = catalogue(&folder, "as-it-is", |text| Ok(text.to_string()))?;
    let data = folder.join("data");
    let mut rows = Vec::new();

    if data.exists() {
        fs::remove_dir_all(&data).map_err(|error| format!("{}: {error}", data.display()))?;
    }
    let replay = once(
        attain(setting, "replay", &as_it_is).arg(&log),
        &data,
        &folder,
        &[0],
    )?;
    rows.push(row("`attain replay --data`", &[replay]));
    let replay = once(
        attain(setting, "replay", &as_it_is).arg(&log),
        &data,
        &folder,
        &[0],
    )?;
    rows.push(row("the same once more: nothing is new", &[replay]));
    let judged = judge(setting, &as_it_is, &data, &folder)?;
    rows.push(row(
        "`attain status --data`, the targets as they were",
        &judged,
    ));
    for (number, (name, changes)) in CHANGES.iter().enumerate() {
        let changed = catalogue(&folder, &format!("change-{number}"), |text| {
            edit(text, changes)
        })?;
        let runs = judge(setting, &changed, &data, &folder)?;
        if runs[0].said == judged[0].said {
            return Err(format!("{name}: `attain status` says the same as before"));
        }
        rows.push(row(&format!("`attain status --data`, {name}"), &runs));
    }
    let with_new = catalogue(&folder, "new-slo", |text| Ok(with_new_slo(text)))?;
    let new = repeat(|| {
        let mut command = attain(setting, "status", &with_new);
        command.args(["--slo", "checkout-is-reachable"]);
        let run = once(&mut command, &data, &folder, &[0, 1, 3])?;
        if !run.said.contains("checkout-is-reachable") {
            return Err("`attain status` does not judge the new SLO".into());
        }
        Ok(run)
    })?;
    rows.push(row(
        "`attain status --data --slo` of a new SLO over what is kept",
        &new,
    ));
    let kept: u64 = fs::read_dir(&data)
        .map_err(|error| format!("{}: {error}", data.display()))?
        .map_while(Result::ok)
        .map(|entry| inputs::size(&entry.path()))
        .sum();
    Ok(format!(
        "{}. The recorded day of {EXAMPLE}, {DAYS} times: {:.2} GB, {:.1} M lines; kept in {:.1} MB. Replays once each, \
         the rest medians of {RUNS} runs. Only the replays read the log.\n\n{}\nA new SLO over an indicator that is kept \
         must take under {:.0} ms; this is the whole program, its start included.\n",
        setting.facts(),
        inputs::size(&log) as f64 / 1e9,
        inputs::count_lines(&log)? as f64 / 1e6,
        kept as f64 / 1e6,
        table(&["what", "CPU s", "wall s", "peak MB"], &rows),
        NEW_SLO_WALL_SECONDS * 1e3,
    ))
}

/// The example's catalogue over 90 days, its customer.yaml edited.
fn catalogue(
    folder: &Path,
    name: &str,
    edit: impl Fn(&str) -> Result<String, String>,
) -> Result<PathBuf, String> {
    let catalogue = folder.join(name);
    let failed = |error: std::io::Error| format!("{}: {error}", catalogue.display());
    fs::create_dir_all(&catalogue).map_err(failed)?;
    for file in FILES {
        let mut text = fs::read_to_string(root().join(EXAMPLE).join(file)).map_err(failed)?;
        if file.ends_with(".yaml") {
            text = text.replace("window: 1d", &format!("window: {DAYS}d"));
        }
        if file == "customer.yaml" {
            text = edit(&text)?;
        }
        fs::write(catalogue.join(file), text).map_err(failed)?;
    }
    Ok(catalogue)
}

/// The text with every change made; an error if one finds nothing to change.
fn edit(text: &str, changes: &[(&str, &str)]) -> Result<String, String> {
    changes
        .iter()
        .try_fold(text.to_string(), |text, (from, to)| {
            if text.contains(from) {
                Ok(text.replacen(from, to, 1))
            } else {
                Err(format!(
                    "{EXAMPLE}/customer.yaml does not hold `{from}`: adapt the bench"
                ))
            }
        })
}

/// `slos` is the last section of customer.yaml.
fn with_new_slo(text: &str) -> String {
    format!("{}\n{NEW_SLO}", text.trim_end())
}

fn attain(setting: &Setting, command: &str, catalogue: &Path) -> Command {
    let mut program = Command::new(&setting.program);
    program.arg(command).arg(catalogue);
    program
}

fn judge(
    setting: &Setting,
    catalogue: &Path,
    data: &Path,
    folder: &Path,
) -> Result<Vec<Run>, String> {
    repeat(|| {
        once(
            &mut attain(setting, "status", catalogue),
            data,
            folder,
            &[0, 1, 3],
        )
    })
}

fn once(command: &mut Command, data: &Path, folder: &Path, codes: &[i32]) -> Result<Run, String> {
    let run = measure::run(command.arg("--data").arg(data), folder)?.ended_with(codes)?;
    println!("{:6.2} CPU s {:6.2} s", run.cpu_seconds, run.wall_seconds);
    Ok(run)
}

fn repeat(mut once: impl FnMut() -> Result<Run, String>) -> Result<Vec<Run>, String> {
    (0..RUNS).map(|_| once()).collect()
}

fn row(what: &str, runs: &[Run]) -> Vec<String> {
    vec![
        what.to_string(),
        format!("{:.2}", median(runs, |run| run.cpu_seconds)),
        format!("{:.3}", median(runs, |run| run.wall_seconds)),
        (highest_peak(runs) / 1_000_000).to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_finds_its_place_in_the_example() {
        let text = fs::read_to_string(root().join(EXAMPLE).join("customer.yaml")).unwrap();
        for (name, changes) in CHANGES {
            let changed = edit(&text, changes).unwrap();
            assert_ne!(changed, text, "{name}");
        }
        assert!(edit(&text, &[("no such text", "")]).is_err());
        let (_, slos) = text.split_once("\nslos:\n").unwrap();
        assert!(
            slos.lines().all(|line| line.starts_with("  ")),
            "slos is the last section"
        );
        assert!(with_new_slo(&text).contains("\n  checkout-is-reachable:\n    outcome: "));
    }
}
