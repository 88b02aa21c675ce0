//! `kept`: a server with a month behind it: how long it takes to start, what it holds, and for how long whoever writes
//! waits while somebody asks.
//!
//! The example `kept` of attain-server makes the folder as a server would have, old counts by the minute, and asks.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::results::table;
use super::{Setting, built, inputs};
use crate::peers::http;
use crate::peers::process::free_address;

const SLOS: u64 = 34;
const SEGMENTS: u64 = 3;
const DAYS: u64 = 30;
/// A piece of work that whoever writes may wait for.
const PIECE_MS: f64 = 10.0;

/// What the example measured, by name.
type Numbers = BTreeMap<String, f64>;

/// What is asked, by the name that the example gives it.
const QUESTIONS: [(&str, &str); 9] = [
    ("status", "`/api/v1/status`"),
    ("slos", "`/api/v1/slos?q=ID`"),
    (
        "burndown",
        "`/api/v1/slos/ID/burndown`, the first of an hour",
    ),
    ("burndown_again", "the same at a later slice"),
    ("slo", "`/api/v1/slos/ID`, the first of a slice"),
    ("slo_again", "the same again"),
    ("cascade", "`/api/v1/cascade`"),
    ("why", "`/api/v1/why?slo=ID`"),
    ("past", "`/api/v1/status?at=` of another day"),
];

/// Runs the bench; its section of the page.
pub fn run(setting: &Setting) -> Result<String, String> {
    let what = ["-p", "attain-server", "--example", "kept"];
    let example = built(&what, "examples/kept")?;
    let folder = inputs::folder("kept")?;
    fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let place = folder.display().to_string();
    let filled = numbers(
        Command::new(&example)
            .args(["fill", &place])
            .args([SLOS.to_string(), DAYS.to_string()]),
    )?;
    let address = free_address().map_err(|_| "there is no free address".to_string())?;
    let mut server = Command::new(&setting.program)
        .args(["serve", "shop.yaml", "--data", "data", "--listen"])
        .arg(address.to_string())
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("attain serve: {error}"))?;
    let measured = (|| {
        let begun = Instant::now();
        let ready = since(begun, || http::get(address, "/readyz"))?;
        let judged = since(begun, || http::get(address, "/api/v1/status"))?;
        let started = Memory::of(server.id());
        let asked =
            numbers(Command::new(&example).args(["ask", &address.to_string(), &SLOS.to_string()]))?;
        Ok::<_, String>((ready, judged, started, Memory::of(server.id()), asked))
    })();
    let _ = server.kill();
    let _ = server.wait();
    let (ready, judged, started, after, asked) = measured?;
    let rows: Vec<Vec<String>> = QUESTIONS
        .iter()
        .map(|(name, what)| {
            let number = |of: &str| asked.get(&format!("{name}_{of}")).copied();
            let said = |of: &str| format!("{:.2}", number(of).unwrap_or(f64::NAN));
            let of = ["median_ms", "worst_ms", "write_median_ms", "write_worst_ms"];
            let mut row = vec![(*what).to_string()];
            row.extend(of.map(said));
            row
        })
        .collect();
    let header = [
        "asked",
        "median ms",
        "worst ms",
        "a write meanwhile, median ms",
        "worst ms",
    ];
    let number = |name: &str| filled.get(name).copied().unwrap_or(f64::NAN);
    Ok(format!(
        "{}. {DAYS} days of {} SLO-segments, each with counts in every slice of 10 s; what is older than eight hours by the \
         minute, as a server keeps it.\n\n{}\n\
         Asked one after the other while somebody writes one sample after the other, each synced to disk. Nobody wrote for \
         longer than {:.2} ms when nothing was asked (median {:.2} ms).\n\n{}",
        setting.facts(),
        SLOS * SEGMENTS,
        table(
            &["what", "measured", "must"],
            &[
                row("folder", format!("{:.1} MB", number("bytes") / 1e6), ""),
                row(
                    "made coarser in steps, each day's",
                    format!(
                        "{:.0} steps, median {:.1} ms, worst {:.1} ms",
                        number("steps"),
                        number("step_median_ms"),
                        number("step_worst_ms")
                    ),
                    &format!("about {PIECE_MS:.0} ms"),
                ),
                row(
                    "looked through again after a start",
                    format!(
                        "{:.0} steps, median {:.1} ms, worst {:.1} ms",
                        number("again_steps"),
                        number("again_median_ms"),
                        number("again_worst_ms")
                    ),
                    &format!("about {PIECE_MS:.0} ms"),
                ),
                row("from the start to `/readyz`", format!("{ready:.2} s"), ""),
                row("to the first status", format!("{judged:.2} s"), ""),
                row("resident once started", started.said(), ""),
                row("resident after all questions", after.said(), ""),
            ]
        ),
        asked
            .get("quiet_write_worst_ms")
            .copied()
            .unwrap_or(f64::NAN),
        asked
            .get("quiet_write_median_ms")
            .copied()
            .unwrap_or(f64::NAN),
        table(&header, &rows)
    ))
}

fn row(what: &str, measured: String, must: &str) -> Vec<String> {
    vec![what.to_string(), measured, must.to_string()]
}

/// Seconds since an instant when something succeeds for the first time.
fn since(
    begun: Instant,
    mut succeeds: impl FnMut() -> Result<String, String>,
) -> Result<f64, String> {
    while let Err(why) = succeeds() {
        if begun.elapsed() > Duration::from_secs(120) {
            return Err(why);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(begun.elapsed().as_secs_f64())
}

/// Runs the example to its end; the lines `name number` that it says.
fn numbers(command: &mut Command) -> Result<Numbers, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("the example `kept`: {error}"))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the example `kept`: {}", why.trim()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    Ok(lines
        .filter_map(|(name, number)| Some((name.to_string(), number.parse().ok()?)))
        .collect())
}

/// Memory of a process, in bytes.
struct Memory {
    resident: u64,
    /// Of which pages of files: the program's own.
    of_files: u64,
    /// The most that was resident so far.
    peak: u64,
}

impl Memory {
    fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB"));
            let kilobytes = kilobytes.and_then(|kilobytes| kilobytes.trim().parse::<u64>().ok());
            kilobytes.unwrap_or(0) * 1024
        };
        Self {
            resident: of("VmRSS:"),
            of_files: of("RssFile:"),
            peak: of("VmHWM:"),
        }
    }

    fn said(&self) -> String {
        let each = |bytes: u64| bytes / 1000 / (SLOS * SEGMENTS);
        let own = self.resident.saturating_sub(self.of_files);
        format!(
            "{} MB, {} KB an SLO-segment; without the {} MB of the program's own pages {} KB; peak {} MB",
            self.resident / 1_000_000,
            each(self.resident),
            self.of_files / 1_000_000,
            each(own),
            self.peak / 1_000_000
        )
    }
}
