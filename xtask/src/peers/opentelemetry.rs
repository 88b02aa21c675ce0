//! The OpenTelemetry SDK for Python exports to attain: both temporalities, both kinds of histogram, by HTTP and by gRPC.
//! What it recorded it says itself; attain must count the same.

use std::process::Command;

use super::attain::{self, Attain, Counts, slo};
use super::{Checked, Outcome, install};
use crate::root;

/// Temporality, kind of histogram, protocol: each combination is a segment of its own.
const COMBINATIONS: [&str; 8] = [
    "cumulative-explicit-http",
    "cumulative-explicit-grpc",
    "cumulative-exponential-http",
    "cumulative-exponential-grpc",
    "delta-explicit-http",
    "delta-explicit-grpc",
    "delta-exponential-http",
    "delta-exponential-grpc",
];

/// The check.
pub fn check() -> Outcome {
    Outcome::of(run())
}

fn run() -> Checked {
    let folder = install::folder("opentelemetry-python", true)?;
    let python = install::python()?;
    attain::program()?;
    let server = Attain::start(&folder, &catalogue())?;
    let mut exporter = Command::new(python);
    exporter
        .arg(root().join("xtask/peers/export.py"))
        .arg(server.address.to_string())
        .args(COMBINATIONS);
    let said = install::call(&mut exporter).map_err(Outcome::Failed)?;
    let mut events = 0;
    for combination in COMBINATIONS {
        let recorded = said.lines().find_map(|line| line.strip_prefix(combination));
        let numbers: Vec<u64> = recorded
            .unwrap_or_default()
            .split_whitespace()
            .filter_map(|number| number.parse().ok())
            .collect();
        let [good, bad, fast, slow] = numbers[..] else {
            return Err(Outcome::Failed(format!("the exporter said `{said}`")));
        };
        server.wait_for("calls", combination, Counts { good, bad }, 90)?;
        let (good, bad) = (fast, slow);
        server.wait_for("latency", combination, Counts { good, bad }, 60)?;
        events += numbers.iter().sum::<u64>();
    }
    Ok(format!(
        "{events} events recorded in {} combinations of temporality, histogram and protocol: the same counts",
        COMBINATIONS.len()
    ))
}

fn catalogue() -> String {
    let goals = |goal: &str| {
        let goals = COMBINATIONS.map(|segment| format!("{segment}: \"{goal}\""));
        goals.join(", ")
    };
    let indicators = "  calls: {metric: shop.calls, type: counter, bad: {outcome: failed}}\n  \
                      duration: {metric: http.server.request.duration}\n";
    let slos = slo(
        "calls",
        "calls",
        "otel",
        &format!("{{availability: {{{}}}}}", goals("90%")),
    ) + &slo(
        "latency",
        "duration",
        "otel",
        &format!("{{fast: {{{}}}}}", goals("90% < 250ms")),
    );
    attain::catalogue(
        "  otel: {otlp: {}, delay: 1s}\n",
        &COMBINATIONS,
        indicators,
        &slos,
    )
}
