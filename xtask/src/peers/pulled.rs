//! Pulling from a real Prometheus: random histories in its blocks, their whole window at first sight, then an outage.
//!
//! The histories reach into the next minutes, so that there is something to pull while it is away.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::attain::{self, Attain, Counts, slo};
use super::history::{History, PerMinute, SEGMENTS, STARTED};
use super::process::{Running, free_address, wait_for};
use super::{Checked, Outcome, http, install};
use crate::root;

const SEED: u64 = 42;
const HISTORIES: u64 = 6;
const MINUTES_BACK: i64 = 150;
const MINUTES_AHEAD: i64 = 15;
const AWAY: Duration = Duration::from_secs(10);

/// The check.
pub fn check() -> Outcome {
    Outcome::of(run())
}

fn run() -> Checked {
    let folder = install::folder("prometheus-pull", true)?;
    let programs = [
        install::program("prometheus", "prometheus")?,
        install::program("prometheus", "promtool")?,
    ];
    attain::program()?;
    check_rules(&programs[1])?;
    let from = (now_ms() / 60_000 - MINUTES_BACK) * 60_000;
    let histories: Vec<History> = (0..HISTORIES)
        .map(|index| History::random(SEED, index, from, MINUTES_BACK + MINUTES_AHEAD))
        .collect();
    let source = Source::of(&folder, programs, &histories)?;
    let running = source.start()?;
    let server = Attain::start(&folder, &catalogue(&histories, source.address))?;
    let oracles: Vec<PerMinute> = histories.iter().map(History::per_minute).collect();

    let latest = || now_ms() / 60_000;
    let at_first = wait_for("the window as pulled at first sight", 60, || {
        agree(&server, &histories, &oracles, latest() - 4)
    })?;

    // The minute that ends while it is away is the one to be caught up.
    let missed = latest() + i64::from(now_ms() % 60_000 > 50_000);
    sleep_until((missed + 1) * 60_000 - 4_000);
    drop(running);
    let back_at = now_ms() + i64::try_from(AWAY.as_millis()).unwrap_or(10_000);
    let mut has_said = false;
    while now_ms() < back_at {
        has_said |= server.troubles().contains(&source.address.to_string());
        std::thread::sleep(Duration::from_millis(100));
    }
    let _running = source.start()?;
    let caught_up = wait_for("the minute that was missed", 90, || {
        agree(&server, &histories, &oracles, missed + 1)
    })?;
    if !has_said {
        return Err(Outcome::Failed(
            "nothing was said about Prometheus being away".into(),
        ));
    }
    Ok(format!(
        "{HISTORIES} histories of {} minutes (seed {SEED}): {at_first} events pulled at first sight, {caught_up} after \
         10 s without Prometheus, all as the samples add up",
        MINUTES_BACK,
    ))
}

/// The rule file for whoever sends attain's alerts by Prometheus is one.
fn check_rules(promtool: &Path) -> Result<(), Outcome> {
    let rules = root().join("examples/prometheus/attain-alerts.yaml");
    let mut check = Command::new(promtool);
    check.args(["check", "rules"]).arg(rules);
    install::call(&mut check).map(drop).map_err(Outcome::Failed)
}

/// The events of all promises, if they are what the histories come to before one and the same minute, which is `at_least`.
fn agree(
    server: &Attain,
    histories: &[History],
    oracles: &[PerMinute],
    at_least: i64,
) -> Result<u64, String> {
    let status = http::get(server.address, "/api/v1/status")?;
    let mut differs = String::new();
    for until in (at_least..at_least + 6).rev() {
        let mut events = 0;
        differs.clear();
        for (history, oracle) in histories.iter().zip(oracles) {
            for segment in SEGMENTS {
                let expected = counted_until(oracle, segment, until);
                let id = slo_of(history);
                let got = attain::counts_in(&status, &id, segment).unwrap_or_default();
                events += got.good + got.bad;
                if got != expected {
                    differs = format!("{id} of {segment}: {got:?}, not {expected:?}");
                }
            }
        }
        if differs.is_empty() {
            return Ok(events);
        }
    }
    Err(format!("{differs}; {}", server.troubles()))
}

fn counted_until(oracle: &PerMinute, segment: &str, until: i64) -> Counts {
    let mut counts = Counts::default();
    for ((of, minute), (good, bad)) in oracle {
        if *of == segment && *minute < until {
            counts.good += good;
            counts.bad += bad;
        }
    }
    counts
}

fn slo_of(history: &History) -> String {
    history.metric.replace('_', "-")
}

fn catalogue(histories: &[History], address: SocketAddr) -> String {
    let sources = format!(
        "  prom: {{prometheus: {{url: \"http://{address}\"}}, interval: 15s, delay: 1s, started: {STARTED}}}\n"
    );
    let (mut indicators, mut slos) = (String::new(), String::new());
    for history in histories {
        let id = slo_of(history);
        indicators += &format!(
            "  {id}: {{metric: {}, bad: {{code: 5xx}}}}\n",
            history.metric
        );
        slos += &slo(
            &id,
            &id,
            "prom",
            "{availability: {premium: 99%, free: 99%}}",
        );
    }
    attain::catalogue(&sources, &SEGMENTS, &indicators, &slos)
}

/// A Prometheus with the histories in its blocks.
struct Source {
    folder: PathBuf,
    program: PathBuf,
    address: SocketAddr,
}

impl Source {
    fn of(folder: &Path, programs: [PathBuf; 2], histories: &[History]) -> Result<Self, Outcome> {
        let [program, promtool] = programs;
        let mut text = String::new();
        for history in histories {
            history.write(&mut text);
        }
        History::write_started(histories, &mut text);
        text += "# EOF\n";
        let write =
            |name: &str, text: &str| fs::write(folder.join(name), text).map_err(Outcome::failed);
        write("history.om", &text)?;
        write("prometheus.yml", "global: {scrape_interval: 1h}\n")?;
        let mut blocks = Command::new(promtool);
        blocks.args(["tsdb", "create-blocks-from", "openmetrics"]);
        blocks
            .arg(folder.join("history.om"))
            .arg(folder.join("tsdb"));
        install::call(&mut blocks).map_err(Outcome::Failed)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            program,
            address: free_address()?,
        })
    }

    fn start(&self) -> Result<Running, Outcome> {
        start_prometheus(&self.program, &self.folder, self.address)
    }
}

/// Prometheus on `prometheus.yml` and `tsdb` of a folder, ready.
pub fn start_prometheus(
    program: &Path,
    folder: &Path,
    address: SocketAddr,
) -> Result<Running, Outcome> {
    let mut command = Command::new(program);
    command
        .arg(format!(
            "--config.file={}",
            folder.join("prometheus.yml").display()
        ))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.join("tsdb").display()
        ))
        .arg(format!("--web.listen-address={address}"))
        .arg("--storage.tsdb.retention.time=10y");
    let mut running = Running::start(&mut command, folder)?;
    wait_for("Prometheus is ready", 60, || {
        running.has_ended().map_or(Ok(()), Err)?;
        http::get(address, "/-/ready")
    })?;
    Ok(running)
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Returns at a time, or at once if it is over.
pub fn sleep_until(time_ms: i64) {
    let left = u64::try_from(time_ms - now_ms()).unwrap_or(0);
    std::thread::sleep(Duration::from_millis(left));
}
