//! A shop with something of everything that a page can say, as it stands at an instant that is always the same.
//!
//! Three days of a log: checkouts that rest on a database that fails for premium, a slow search, a batch that counts
//! minutes, a tier nobody uses, promises that changed.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use attain_server::{Config, Limits, start};
use jiff::{SignedDuration, Timestamp};

use crate::client::within;
use crate::shop::{Shop, config};

/// When it is looked at.
pub const NOW: &str = "2026-11-04T14:30:00Z";
/// The instant that is asked about: closed long before.
pub const AT: &str = "2026-11-04T14:28:00Z";
/// The SLOs.
pub const SLOS: [&str; 6] = [
    "checkout-completes",
    "payments-db",
    "search-answers",
    "batch-runs",
    "emails-sent",
    "exports-end",
];

const HOURS: i64 = 72;
const EVERY: i64 = 120;

const CATALOGUE: &str = r"
attain: 1
catalogue: {name: shop, timezone: UTC}
segments:
  premium:  {rank: 1, price: 5000 USD/month, contract: MSA 4.2, customers: 12, severity: sev1}
  standard: {rank: 2, price: 500 USD/month, contract: ToS 7, customers: 1400, severity: sev2}
  free:     {rank: 3, contract: best effort, customers: 31000}
teams:
  growth:   {seat: product, lead: ana, members: [ana]}
  payments: {seat: engineering, lead: kim, members: [kim]}
sources:
  web:
    log: {files: [web.jsonl], format: json, time: time, duration: {field: took, unit: s}}
    labels: {segment: tier}
    delay: 1s
defaults: {window: 3d, coverage: 50%}
exclusions:
  upgrade: {from: 2026-11-02 03:00 UTC, for: 1h, reason: database upgrade, announced: 2026-10-20, slos: [checkout-completes]}
slos:
  checkout-completes:
    outcome: Checkout completes
    layer: product
    service: checkout
    owners: {product: growth, engineering: payments}
    indicator: {log: web, where: {path: /checkout}, bad: {status: 5xx}}
    objectives:
      availability: {premium: 99.9%, standard: 99%, free: best effort, all: 98%}
      latency: {premium: p95 < 250ms, standard: p90 < 250ms, free: best effort, all: p90 < 250ms}
    commitments:
      - {since: 2026-01-01, targets: {availability: {premium: 99.5%, standard: 98%}}, published: [pricing page, MSA 4.2]}
    depends_on: [payments-db, {slo: emails-sent, optional: true}, {slo: search-answers, share: 60%}]
    runbook: https://wiki.shop.example/checkout
    reviewed: 2026-10-05
  payments-db:
    owner: payments
    layer: infrastructure
    indicator: {log: web, where: {path: /db}, bad: {status: 5xx}}
    objectives: {availability: 99.95%}
  search-answers:
    owner: growth
    layer: service
    window: calendar month
    indicator: {log: web, where: {path: /search}, bad: {status: 5xx}}
    objectives: {availability: 99%, latency: p99 < 250ms}
  batch-runs:
    owner: payments
    layer: service
    budgeting: {method: timeslices, slice: 1m, good_at: 95%}
    indicator: {log: web, where: {path: /batch}, bad: {status: 5xx}}
    objectives: {availability: 99.5%}
  emails-sent:
    owner: growth
    layer: service
    indicator: {log: web, where: {path: /mail}, bad: {status: 5xx}}
    objectives: {availability: {premium: 95%, standard: 90%, free: best effort, all: 90%}}
  exports-end:
    owner: payments
    layer: service
    indicator: {log: web, where: {path: /export}, bad: {status: 5xx}}
    objectives: {availability: {premium: 99%, standard: 95%, free: 90%}}
";

/// The shop, with all of its log judged.
pub fn open() -> Shop {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("shop")).unwrap();
    let mut shop = Shop {
        folder,
        clock_off: Arc::default(),
        server: None,
    };
    shop.edit(CATALOGUE);
    let now: Timestamp = NOW.parse().unwrap();
    let log = log(now.as_second());
    let length = log.len() as u64;
    fs::write(shop.catalogue().join("web.jsonl"), log).unwrap();
    let off = Arc::clone(&shop.clock_off);
    let config = Config {
        // It stands still until all of the log is read, and then for good.
        wall: Arc::new(move || now - SignedDuration::from_secs(300 - off.load(Ordering::SeqCst))),
        ..config(&shop.catalogue(), &shop.data(), Limits::default())
    };
    shop.server = Some(start(config).unwrap());
    within(300, "read", || {
        let taken = shop.server().handle().taken().ok()?;
        let origin = taken.origins.into_values().next()?;
        (origin.seen.iter().any(|range| range.end == length)).then_some(())
    });
    shop.clock_off.store(300, Ordering::SeqCst);
    shop
}

fn log(now: i64) -> String {
    let mut lines = String::new();
    for (round, at) in (now - HOURS * 3600..now)
        .step_by(EVERY as usize)
        .enumerate()
    {
        let before = now - at;
        // Three hours are silent, one was bad a day ago, and the last ones are bad for premium.
        if (40 * 3600..43 * 3600).contains(&before) {
            continue;
        }
        let was_bad = (26 * 3600..27 * 3600).contains(&before) && round % 3 == 0;
        let is_bad = (600..9_000).contains(&before) && round % 4 == 0;
        for (tier, requests) in [("premium", 2), ("standard", 5), ("free", 6)] {
            for nth in 0..requests {
                let fails = nth == 0 && (is_bad && tier == "premium" || was_bad && tier != "free");
                let status = if fails { 503 } else { 200 };
                let slow = tier == "standard" && nth == 1 && round % 2 == 0;
                line(&mut lines, at, "/checkout", status, tier, slow);
                if nth % 3 == 0 {
                    line(&mut lines, at, "/db", status, tier, false);
                }
            }
        }
        let found = if round % 50 == 0 { 500 } else { 200 };
        line(
            &mut lines,
            at,
            "/search",
            found,
            "standard",
            round % 300 == 0,
        );
        line(
            &mut lines,
            at,
            "/batch",
            if round % 120 == 0 { 500 } else { 200 },
            "free",
            false,
        );
        line(
            &mut lines,
            at,
            "/mail",
            if round % 11 == 0 { 502 } else { 200 },
            "premium",
            false,
        );
        line(
            &mut lines,
            at,
            "/mail",
            if round % 40 == 0 { 502 } else { 200 },
            "standard",
            false,
        );
        // Nobody said who they are.
        if round % 10 == 0 {
            line(&mut lines, at, "/checkout", 200, "", false);
        }
        if round % 30 == 0 {
            line(&mut lines, at, "/export", 200, "standard", false);
        }
    }
    lines
}

fn line(lines: &mut String, at: i64, path: &str, status: u16, tier: &str, is_slow: bool) {
    let took = if is_slow { 0.4 } else { 0.05 };
    let _ = writeln!(
        lines,
        "{{\"time\":{at},\"path\":\"{path}\",\"status\":{status},\"took\":{took},\"tier\":\"{tier}\"}}"
    );
}
