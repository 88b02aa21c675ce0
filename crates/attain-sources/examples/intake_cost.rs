//! What a sample costs from the bytes of a remote-write request to its slot: CPU time per sample, best of several rounds.
//!
//! `cargo run --release -p attain-sources --example intake_cost`: 10,000 series of 8 labels, 2,000 a request, every sample
//! matched; then the same of a metric that nobody wants; as a page that is scraped; and a million series, each new, of a
//! wanted metric that no stream selects.
// A measurement reads the clock.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use attain_model::company::Segment;
use attain_model::indicator::{Counting, Indicator, MetricKind};
use attain_model::meta::Meta;
use attain_model::selector::{Match, Outcome, Selector};
use attain_model::source::{LabelNames, Source, SourceKind};
use attain_model::{Catalogue, Slo};
use attain_sources::Customers;
use attain_sources::live::{Intake, Limits, Numbers};
use attain_wire::remote_write::{Given, encode};
use jiff::Timestamp;

const SERIES: usize = 10_000;
const PER_REQUEST: usize = 2_000;
const ROUNDS: usize = 60;
const NOW_MS: i64 = 1_793_612_400_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for metric in ["http_requests_total", "process_cpu_seconds_total"] {
        let bodies = bodies(metric);
        let (catalogue, source) = catalogue();
        let customers = Customers::default();
        let numbers = Numbers::default();
        let mut intake = Intake::new(&catalogue, &source, &customers, &numbers, Limits::default());
        let arrived = Timestamp::from_millisecond(NOW_MS)?;
        let mut best = Duration::MAX;
        let (mut first, mut matched) = (Duration::ZERO, 0);
        for round in 0..ROUNDS {
            let start = Instant::now();
            for body in &bodies {
                let (batch, outcome) = intake.remote_write(body, arrived)?;
                matched += batch.samples.len();
                assert_eq!(outcome.refused, 0);
            }
            let took = start.elapsed();
            if round == 0 {
                first = took;
            } else {
                best = best.min(took);
            }
        }
        println!(
            "{metric}: {} of {} samples matched; first {} ns/sample, then {} ns/sample",
            matched / ROUNDS,
            SERIES,
            first.as_nanos() / SERIES as u128,
            best.as_nanos() / SERIES as u128,
        );
    }
    pages()?;
    flood()
}

/// The same series as a page that is scraped.
fn pages() -> Result<(), Box<dyn std::error::Error>> {
    let mut page = String::from("# TYPE http_requests_total counter\n");
    for i in 0..SERIES {
        let code = ["200", "201", "404", "500", "503"][i / 3 % 5];
        let segment = ["premium", "standard", "free"][i % 3];
        page.push_str(&format!(
            "http_requests_total{{code=\"{code}\",method=\"GET\",path=\"/api/v1/items/{i}\",segment=\"{segment}\"}} {}\n",
            i * 1000
        ));
    }
    let (catalogue, source) = catalogue();
    let (customers, numbers) = (Customers::default(), Numbers::default());
    let mut intake = Intake::new(&catalogue, &source, &customers, &numbers, Limits::default());
    let at = Timestamp::from_millisecond(NOW_MS)?;
    let target = [
        ("instance".to_owned(), "10.1.1.1:8080".to_owned()),
        ("job".to_owned(), "shop".to_owned()),
    ];
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let (batch, _) = intake.exposition(page.as_bytes(), at, &target);
        best = best.min(start.elapsed());
        assert_eq!(batch.samples.len(), SERIES);
    }
    let bytes = page.len() / SERIES;
    println!(
        "a page: {} ns/sample of {bytes} bytes",
        best.as_nanos() / SERIES as u128
    );
    Ok(())
}

/// Series that never come again.
fn flood() -> Result<(), Box<dyn std::error::Error>> {
    const FLOOD: usize = 1_000_000;
    let (mut catalogue, source) = catalogue();
    for slo in catalogue.slos.values_mut() {
        if let Counting::Metric { selector, .. } = &mut slo.indicator.counting {
            selector
                .only
                .insert("job".to_owned(), Match::Exact("shop".to_owned()));
        }
    }
    let (customers, numbers) = (Customers::default(), Numbers::default());
    let mut intake = Intake::new(&catalogue, &source, &customers, &numbers, Limits::default());
    let arrived = Timestamp::from_millisecond(NOW_MS)?;
    let mut took = Duration::ZERO;
    let before = resident_kib();
    for request in 0..FLOOD / PER_REQUEST {
        let ids: Vec<String> = (0..PER_REQUEST).map(|i| format!("{request}-{i}")).collect();
        let labels: Vec<[(&str, &str); 4]> = ids
            .iter()
            .map(|id| {
                [
                    ("__name__", "http_requests_total"),
                    ("code", "200"),
                    ("id", id.as_str()),
                    ("segment", "free"),
                ]
            })
            .collect();
        let given: Vec<Given<'_>> = labels
            .iter()
            .map(|labels| (&labels[..], &[(1.0, NOW_MS)][..]))
            .collect();
        let body = encode(&given);
        let start = Instant::now();
        let (_, outcome) = intake.remote_write(&body, arrived)?;
        took += start.elapsed();
        assert_eq!(outcome.unmatched, PER_REQUEST as u64);
    }
    println!(
        "flood: {FLOOD} series, {} ns each, {} KiB more resident",
        took.as_nanos() / FLOOD as u128,
        resident_kib().saturating_sub(before)
    );
    Ok(())
}

/// Of this process, where the system says so.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

fn bodies(metric: &str) -> Vec<Vec<u8>> {
    let labels: Vec<Vec<(&str, String)>> = (0..SERIES)
        .map(|i| {
            vec![
                ("__name__", metric.to_owned()),
                (
                    "code",
                    ["200", "201", "404", "500", "503"][i / 3 % 5].to_owned(),
                ),
                (
                    "instance",
                    format!("10.1.{}.{}:8080", i / 256 % 256, i % 256),
                ),
                ("job", format!("svc-{:04}", i / 250)),
                ("method", "GET".to_owned()),
                ("namespace", "prod".to_owned()),
                ("pod", format!("svc-{:04}-7f9c6d5b8-{i:05}", i / 250)),
                ("segment", ["premium", "standard", "free"][i % 3].to_owned()),
            ]
        })
        .collect();
    let labels: Vec<Vec<(&str, &str)>> = labels
        .iter()
        .map(|labels| {
            labels
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect()
        })
        .collect();
    let samples: Vec<[(f64, i64); 1]> =
        (0..SERIES).map(|i| [(i as f64 * 1000.0, NOW_MS)]).collect();
    let given: Vec<Given<'_>> = (labels.iter().zip(&samples))
        .map(|(labels, samples)| (labels.as_slice(), samples.as_slice()))
        .collect();
    given.chunks(PER_REQUEST).map(encode).collect()
}

fn catalogue() -> (Catalogue, Source) {
    let source = Source {
        id: "live".into(),
        kind: SourceKind::RemoteWrite { token: None },
        labels: LabelNames {
            segment: "segment".to_owned(),
            service: None,
            customer: None,
            replica: None,
        },
        add: BTreeMap::new(),
        interval: None,
        delay: Some(Duration::from_secs(60)),
        started: None,
        meta: Meta::default(),
    };
    let mut catalogue = Catalogue::empty("bench");
    for (rank, id) in (1..).zip(["premium", "standard", "free"]) {
        let segment = Segment {
            id: id.into(),
            rank,
            contract: None,
            price: None,
            customers: None,
            severity: None,
            matches: vec![id.to_owned()],
            alerting: None,
            meta: Meta::default(),
        };
        catalogue.segments.insert(id.into(), segment);
    }
    catalogue.sources.insert("live".into(), source.clone());
    let indicator = Indicator {
        id: None,
        sources: Vec::new(),
        counting: Counting::Metric {
            metric: "http_requests_total".to_owned(),
            kind: MetricKind::Counter,
            unit: None,
            selector: Selector::default(),
            outcome: Outcome::Bad([("code".to_owned(), Match::Class('5'))].into()),
        },
        buckets: Vec::new(),
        slice: Duration::from_secs(60),
    };
    catalogue.slos.insert(
        "requests".into(),
        Slo::new("requests".into(), "shop".into(), indicator),
    );
    (catalogue, source)
}
