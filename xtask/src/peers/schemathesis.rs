//! schemathesis, which reads the OpenAPI document and asks what it promises: every path, with and without what it takes, with
//! a token and without. Every answer must be one that the document names, in its shape.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use super::attain::{self, Attain};
use super::process::wait_for;
use super::{Checked, Outcome, install};
use crate::root;

const SEED: &str = "7";
/// Cases of one path that are drawn; others cover each parameter in turn.
const DRAWN: &str = "40";

const CATALOGUE: &str = "\
attain: 1
catalogue: {name: shop}
segments:
  premium:  {rank: 1, price: 90 USD/month, contract: 12 months, severity: sev1}
  standard: {rank: 2, price: 9 USD/month, contract: none, severity: sev2}
sources:
  events: {csv: {files: [events.csv], layout: events, time: time, count: events}}
defaults: {source: events, window: 30d, owner: shop, alerting: none, coverage: 0%}
slos:
  checkout:
    outcome: A customer can pay
    layer: product
    service: shop
    indicator: {log: events, bad: {status: 5xx}}
    objectives:
      availability: {premium: 99.9%, standard: 99%}
    depends_on: [{slo: database, impact: 100%}]
  database:
    service: db
    layer: infrastructure
    indicator: {log: events, bad: {status: 503}}
    objectives:
      availability: 99.99%
";

/// The check.
pub fn check() -> Outcome {
    Outcome::of(run())
}

fn run() -> Checked {
    let schemathesis = install::schemathesis()?;
    let folder = install::folder("schemathesis", true)?;
    let program = attain::program()?;
    fs::write(folder.join("events.csv"), events()).map_err(Outcome::failed)?;
    let data = folder.join("data");
    let mut new = Command::new(&program);
    new.args(["token", "new", "--name", "schemathesis", "--data"]);
    let token = install::call(new.arg(&data)).map_err(Outcome::Failed)?;
    let token = token.trim();
    let server = Attain::start(&folder, CATALOGUE)?;
    let url = format!("http://{}", server.address);
    wait_for("something is judged", 60, || {
        let mut status = Command::new(&program);
        status.args(["status", "--server", &url]);
        let status = status.env("ATTAIN_TOKEN", token).stdin(Stdio::null());
        let output = status.output().map_err(|error| error.to_string())?;
        match output.status.code() {
            Some(1) => Ok(()),
            code => Err(format!("attain status ends with {code:?}")),
        }
    })?;
    let output = Command::new(schemathesis)
        .arg("run")
        .arg(root().join("docs/reference/openapi.json"))
        .args(["--url", &url])
        .args(["-H", &format!("Authorization: Bearer {token}")])
        // It has no end.
        .args(["--exclude-path", "/api/v1/events"])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--seed", SEED, "--max-examples", DRAWN])
        .args(["--generation-database", "none", "--no-color"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .map_err(Outcome::failed)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    fs::write(folder.join("said.txt"), &said).map_err(Outcome::failed)?;
    let line = |has: &str| said.lines().map(str::trim).find(|line| line.contains(has));
    if !output.status.success() {
        let found = said
            .split_once("FAILURES")
            .map_or(said.as_str(), |(_, found)| found);
        let first: Vec<&str> = found.lines().take(40).collect();
        return Err(Outcome::Failed(first.join("\n")));
    }
    let operations = line("Tested:").unwrap_or("nothing is said of what was tested");
    let cases = line("generated").unwrap_or("no word of cases");
    Ok(format!("{operations}; {cases}; seed {SEED}, 0 failures"))
}

/// Ten minutes up to now, every ten seconds; a tenth of what premium asks for fails in the last two.
fn events() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    let mut text = "time,segment,status,events\n".to_owned();
    for step in (0..60).rev() {
        let at = now - 30 - step * 10;
        let failing = if step < 12 { 10 } else { 0 };
        for (tier, status, events) in [
            ("premium", 200, 100),
            ("premium", 503, failing),
            ("standard", 200, 1000),
        ] {
            if events > 0 {
                let _ = writeln!(text, "{at},{tier},{status},{events}");
            }
        }
    }
    text
}
