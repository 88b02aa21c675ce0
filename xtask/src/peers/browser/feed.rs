//! What the pages are looked at with: a catalogue and a log that is six hours long. Knows no page.
//!
//! Premium lost part of its checkouts in the last hour, because of the database; nobody else noticed. Wherever a person may
//! write free text stands one of the payloads of payloads.rs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::Outcome;
use super::payloads::PAYLOADS;

/// Hours of log.
const HOURS: i64 = 6;
/// Seconds between two rounds of requests.
const EVERY: i64 = 10;

/// Writes the catalogue and its log into a folder.
pub fn write(folder: &Path) -> Result<(), Outcome> {
    fs::write(folder.join("shop.yaml"), catalogue()).map_err(Outcome::failed)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_err(Outcome::failed)?.as_secs() as i64;
    fs::write(folder.join("web.jsonl"), log(now)).map_err(Outcome::failed)
}

fn log(now: i64) -> String {
    let mut lines = String::new();
    let begin = now - HOURS * 3600;
    for (round, at) in (begin..now).step_by(EVERY as usize).enumerate() {
        let is_failing = (now - 3000..now - 1200).contains(&at) && round % 5 == 0;
        for (tier, requests) in [("premium", 2), ("standard", 6), ("free", 8)] {
            for request in 0..requests {
                let is_bad = is_failing && tier == "premium" && request == 0;
                let status = if is_bad { 503 } else { 200 };
                line(&mut lines, at, "/checkout", status, tier);
                line(&mut lines, at, "/db", status, tier);
            }
        }
        // Text of strangers: whatever a client sends as its tier.
        let stranger = PAYLOADS[round % PAYLOADS.len()];
        line(&mut lines, at, "/checkout", 200, stranger);
    }
    lines
}

fn line(lines: &mut String, at: i64, path: &str, status: u16, tier: &str) {
    let tier = super::driver::quoted(tier);
    let _ = writeln!(
        lines,
        "{{\"time\":{at},\"path\":\"{path}\",\"status\":{status},\"took\":0.05,\"tier\":{tier}}}"
    );
}

/// A text of YAML with the payload in it.
fn text(at: usize) -> String {
    let payload = PAYLOADS[at % PAYLOADS.len()].replace('\'', "''");
    format!("'{payload}'")
}

fn catalogue() -> String {
    let mut payloads = 0..;
    let mut next = || text(payloads.next().unwrap_or_default());
    let mut slos = String::new();
    let outcomes: Vec<String> = (0..PAYLOADS.len()).map(text).collect();
    for (at, outcome) in outcomes.iter().enumerate() {
        let _ = write!(
            slos,
            "  noted-{at}:\n    outcome: {outcome}\n    description: {outcome}\n    layer: product\n    \
             service: checkout\n    owners: {{product: growth, engineering: payments}}\n    \
             indicator: {{log: web, where: {{path: {outcome}}}, bad: {{status: 5xx}}}}\n    \
             objectives: {{availability: 99%}}\n    \
             evidence: [{{says: {outcome}, from: {outcome}}}]\n    \
             annotations: {{note: {outcome}}}\n    depends_on: [payments-db]\n"
        );
    }
    format!(
        "attain: 1\n\
         catalogue: {{name: {name}, timezone: UTC}}\n\
         segments:\n  \
           premium: {{rank: 1, price: 5000 USD/month, contract: {contract}, customers: 4, severity: sev1}}\n  \
           standard: {{rank: 2, price: 500 USD/month, contract: {other}, customers: 10}}\n  \
           free: {{rank: 3, contract: best effort}}\n\
         teams:\n  \
           growth: {{seat: product, members: [{member}]}}\n  \
           payments: {{seat: engineering, members: [kim]}}\n\
         sources:\n  \
           web:\n    \
             log: {{files: [web.jsonl], format: json, time: time, duration: {{field: took, unit: s}}}}\n    \
             labels: {{segment: tier}}\n    \
             delay: 1s\n\
         defaults: {{window: 6h, coverage: 50%}}\n\
         slos:\n  \
           checkout-completes:\n    \
             outcome: Checkout completes\n    \
             layer: product\n    \
             service: checkout\n    \
             owners: {{product: growth, engineering: payments}}\n    \
             indicator: {{log: web, where: {{path: /checkout}}, bad: {{status: 5xx}}}}\n    \
             objectives:\n      \
               availability: {{premium: 99.9%, standard: 99%, free: 95%, all: 99%}}\n    \
             commitments: [{{since: 2026-01-01, targets: {{availability: {{premium: 99.5%}}}}, published: [{published}]}}]\n    \
             depends_on: [payments-db]\n    \
             runbook: https://wiki.shop.example/checkout\n  \
           payments-db:\n    \
             owner: payments\n    \
             layer: infrastructure\n    \
             indicator: {{log: web, where: {{path: /db}}, bad: {{status: 5xx}}}}\n    \
             objectives: {{availability: 99.95%}}\n{slos}",
        name = next(),
        contract = next(),
        other = next(),
        member = next(),
        published = next(),
    )
}
