//! `cargo xtask bench`: how fast `attain status` reads an access log, into bench/RESULTS.md.
//!
//! One machine, one file in the page cache, the best of three: a number to notice a regression by, not a
//! claim about anybody else's machine.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::random::{draw, unit};
use crate::{cargo, root};

const LINES: u64 = 1_000_000;
const RUNS: usize = 3;
const SEED: u64 = 1;
const PAGE: &str = "bench/RESULTS.md";

const CATALOGUE: &str = "\
attain: 1
sources:
  access: {log: {files: [access.log], format: combined, append: [request_time], duration: {field: request_time, unit: s}}}
slos:
  page-loads:
    owner: web
    indicator: {log: access, where: {path: ~/page/.*}, bad: {status: 5xx}}
    objectives: {availability: 99.9%, latency: p99 < 500ms}
    window: 1d
";

/// Times `attain status` over a generated log and writes what it measured.
pub fn command() -> Result<(), String> {
    let program = build()?;
    let folder = root().join("target/bench/access-log");
    let bytes = write_input(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut best = f64::INFINITY;
    for run in 1..=RUNS {
        let seconds = time_status(&program, &folder)?;
        println!("run {run}: {seconds:.2} s");
        best = best.min(seconds);
    }
    let page = page(bytes, best);
    fs::create_dir_all(root().join("bench"))
        .and_then(|()| fs::write(root().join(PAGE), &page))
        .map_err(|error| format!("{PAGE}: {error}"))?;
    print!("{page}");
    Ok(())
}

fn build() -> Result<PathBuf, String> {
    let status = Command::new(cargo())
        .args(["build", "--release", "--locked", "-p", "attain"])
        .current_dir(root())
        .status()
        .map_err(|error| format!("cargo build: {error}"))?;
    if !status.success() {
        return Err("attain does not build".into());
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release/attain"))
}

/// Writes the catalogue and the log; the log's size in bytes.
fn write_input(folder: &Path) -> std::io::Result<u64> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("web.yaml"), CATALOGUE)?;
    let log = folder.join("access.log");
    let mut file = BufWriter::new(fs::File::create(&log)?);
    for number in 0..LINES {
        writeln!(file, "{}", line(number))?;
    }
    file.flush()?;
    Ok(fs::metadata(log)?.len())
}

/// The lines are spread evenly over one day, in order.
fn line(number: u64) -> String {
    let second = number * 86_400 / LINES;
    let status = if unit(SEED, number, 0) < 0.0005 {
        503
    } else {
        200
    };
    let duration = 0.001 + 0.3 * unit(SEED, number, 1).powi(4);
    format!(
        "10.0.{}.{} - - [02/Nov/2026:{:02}:{:02}:{:02} +0000] \"GET /page/{} HTTP/1.1\" {status} {} \"-\" \"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0\" {duration:.3}",
        draw(SEED, number, 2) % 256,
        draw(SEED, number, 3) % 256,
        second / 3600,
        second / 60 % 60,
        second % 60,
        draw(SEED, number, 4) % 1000,
        500 + draw(SEED, number, 5) % 40_000,
    )
}

fn time_status(program: &Path, folder: &Path) -> Result<f64, String> {
    let start = Instant::now();
    let output = Command::new(program)
        .arg("status")
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let seconds = start.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&output.stdout);
    // Exit codes tell of broken promises too; that it read and judged the log is what it prints.
    if !text.contains("page-loads") {
        return Err(format!(
            "attain status did not judge the log: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(seconds)
}

fn page(bytes: u64, seconds: f64) -> String {
    format!(
        "# What was measured\n\n\
         Written by `cargo xtask bench`. The best of {RUNS} runs on {}; the log is in the page cache.\n\n\
         | what | input | time | speed |\n\
         |---|---|---|---|\n\
         | `attain status` over an access log | {} M lines, {} MB | {seconds:.2} s | {:.2} M lines/s |\n",
        machine(),
        LINES / 1_000_000,
        bytes / 1_000_000,
        LINES as f64 / seconds / 1e6,
    )
}

/// The processor and how many of it there are, as the system says.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let name = fs::read_to_string("/proc/cpuinfo")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_string());
    format!(
        "{cores} cores of {}",
        name.unwrap_or_else(|| std::env::consts::ARCH.to_string())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_begins_and_ends_with_its_day() {
        assert!(line(0).contains("[02/Nov/2026:00:00:00 +0000]"));
        assert!(line(LINES - 1).contains("[02/Nov/2026:23:59:59 +0000]"));
    }

    #[test]
    fn the_page_says_lines_per_second() {
        assert!(page(120_000_000, 0.5).contains("| 1 M lines, 120 MB | 0.50 s | 2.00 M lines/s |"));
    }
}
