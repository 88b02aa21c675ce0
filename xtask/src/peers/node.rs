//! Prometheus' node exporter, scraped by attain: a gauge per collector, one event per collector and slice.

use std::process::Command;

use super::attain::{self, Attain, slo};
use super::process::{Running, free_address, wait_for};
use super::{Checked, Outcome, http, install};

const GAUGE: &str = "node_scrape_collector_success";

/// Slices to wait for. Gauges are judged anew once a minute.
const SLICES: u64 = 2;

/// The check.
pub fn check() -> Outcome {
    Outcome::of(run())
}

fn run() -> Checked {
    let folder = install::folder("node-exporter", true)?;
    let program = install::program("prometheus-node-exporter", "prometheus-node-exporter")?;
    attain::program()?;
    let address = free_address()?;
    // What every machine has, and one thing that none has: a collector that works and one that fails.
    let missing = folder.join("missing");
    let mut command = Command::new(program);
    command
        .arg(format!("--web.listen-address={address}"))
        .arg("--collector.disable-defaults")
        .args([
            "--collector.loadavg",
            "--collector.meminfo",
            "--collector.ntp",
        ])
        .arg("--collector.ntp.server=127.0.0.1")
        .arg(format!("--path.udev.data={}", missing.display()));
    let mut exporter = Running::start(&mut command, &folder)?;
    let page = wait_for("the node exporter answers", 30, || {
        exporter.has_ended().map_or(Ok(()), Err)?;
        http::get(address, "/metrics")
    })?;
    let samples = page.lines().filter(|line| line.starts_with(GAUGE));
    let values: Vec<bool> = samples.map(|line| line.ends_with(" 1")).collect();
    let (series, failing) = (
        values.len() as u64,
        values.iter().filter(|ok| !**ok).count() as u64,
    );
    if series == 0 {
        return Err(Outcome::Failed(format!("no {GAUGE} on its page")));
    }
    let server = Attain::start(&folder, &catalogue(&address.to_string()))?;
    let seen = wait_for("slices of the collectors", 150, || {
        let counts = server.counts("collectors", "all")?;
        let slices = (counts.good + counts.bad) / series;
        let is_whole = counts.good + counts.bad == slices * series;
        if slices >= SLICES && is_whole && counts.bad == slices * failing {
            return Ok(slices);
        }
        Err(format!(
            "{counts:?} of {series} collectors, {failing} of them failing"
        ))
    })?;
    Ok(format!(
        "{series} collectors scraped, {failing} of them failing: {seen} slices count {series} events each"
    ))
}

fn catalogue(target: &str) -> String {
    let sources =
        format!("  node: {{scrape: {{targets: [\"{target}\"], every: 2s}}, delay: 1s}}\n");
    let indicators =
        format!("  collectors: {{metric: {GAUGE}, type: gauge, good: value == 1, slice: 10s}}\n");
    let slos = slo("collectors", "collectors", "node", "{works: 99%}");
    attain::catalogue(&sources, &[], &indicators, &slos)
}
