//! Rows of CSV and JSON lines.

use attain_model::Catalogue;
use attain_model::indicator::{MetricKind, Part};
use attain_model::quantity::Unit;
use attain_model::source::{CsvLayout, SourceKind};
use attain_sources::Options;

use crate::make::*;

pub fn events(file: &str, received: bool) -> Catalogue {
    let mut source = csv(&[file], CsvLayout::Events, "at");
    source.duration = Some(field_unit(("ms", Unit::Milliseconds)));
    source.count = Some("n".to_owned());
    source.received = received.then(|| "seen_at".to_owned());
    let route = if received { "route" } else { "http.route" };
    empty()
        .segment("premium", &["premium"])
        .segment("standard", &["standard"])
        .source("events", SourceKind::Csv(source))
        .slo(
            "checkout",
            metric(
                "requests",
                MetricKind::Histogram,
                only(&[(route, "/checkout")]),
                &[("status", "5xx")],
            ),
            &[200],
        )
}

#[test]
fn events_as_csv() {
    check(
        "events-csv",
        &read_text(
            &events("events.csv", true),
            &testdata(),
            &Options::default(),
        ),
    );
}

#[test]
fn events_as_json_lines() {
    check(
        "events-jsonl",
        &read_text(
            &events("events.jsonl", false),
            &testdata(),
            &Options::default(),
        ),
    );
}

#[test]
fn a_column_that_is_not_there() {
    let mut catalogue = events("events.csv", true);
    let SourceKind::Csv(csv) = &mut catalogue.sources.get_mut("events").unwrap().kind else {
        unreachable!()
    };
    csv.time = "when".to_owned();
    let text = read_text(&catalogue, &testdata(), &Options::default());
    let want = "no column `when` for the time; it has `at`, `segment`, `status`, `ms`, `n`, `route`, `seen_at`";
    assert!(text.contains(want), "{text}");
}

/// The PetShop layout: three header rows, a share of requests as availability, latency as a gauge.
pub fn petshop() -> Catalogue {
    let mut source = csv(&["petshop/metrics.csv"], CsvLayout::Wide, "unix_timestamp");
    source.header_rows = ["microservice", "metric", "statistic"]
        .map(str::to_owned)
        .to_vec();
    source.name = Some("metric".to_owned());
    source.slot = Some(std::time::Duration::from_secs(300));
    let served = totals(
        ("requests", only(&[("statistic", "Sum")])),
        Part::Ratio,
        ("availability", only(&[("statistic", "Average")])),
        Some(Unit::Percent),
    );
    let quick = metric(
        "latency",
        MetricKind::Gauge,
        only(&[("statistic", "p99")]),
        &[],
    );
    empty()
        .service("pet-site", "PetSite")
        .service(
            "adoptions-db",
            "adoptions@services-database.us-west-2.rds.amazonaws.com_Database::SQL",
        )
        .service("site-quick", "PetSite")
        .source("petshop", SourceKind::Csv(source))
        .labels("petshop", "segment", Some("microservice"), None)
        .slo("pet-site", served.clone(), &[])
        .slo("adoptions-db", served, &[])
        .slo("site-quick", quick, &[])
}

#[test]
fn a_wide_table_with_shares_and_gauges() {
    check(
        "petshop",
        &read_text(&petshop(), &testdata(), &Options::default()),
    );
}

#[test]
fn a_wide_table_whose_header_is_another() {
    let mut catalogue = petshop();
    let SourceKind::Csv(csv) = &mut catalogue.sources.get_mut("petshop").unwrap().kind else {
        unreachable!()
    };
    csv.header_rows.swap(0, 1);
    let text = read_text(&catalogue, &testdata(), &Options::default());
    assert!(
        text.contains("row 1 begins with `microservice`, not with `metric`"),
        "{text}"
    );
}

#[test]
fn shares_are_rounded_to_whole_events_and_bad_upward() {
    let dir = tempfile::tempdir().unwrap();
    let mut source = csv(&["w.csv"], CsvLayout::Wide, "time");
    source.slot = Some(std::time::Duration::from_secs(60));
    let counting = totals(
        ("requests", only(&[])),
        Part::Ratio,
        ("share", only(&[])),
        Some(Unit::Percent),
    );
    let catalogue = empty()
        .source("w", SourceKind::Csv(source))
        .slo("s", counting, &[]);
    let rows = [
        // 33.333333333333336 % of 3 went through a float: 2 bad, not 3.
        ("3", "33.333333333333336"),
        ("1000", "99.95"),
        ("1000", "99.99"),
        ("7", "100.00000000000001"),
        ("7", ""),
        ("", "50"),
        ("7", "150"),
    ];
    let mut text = "time,requests,share\n".to_owned();
    for (minute, (total, share)) in rows.iter().enumerate() {
        text.push_str(&format!("2026-11-02 09:0{minute}:00,{total},{share}\n"));
    }
    std::fs::write(dir.path().join("w.csv"), text).unwrap();
    check(
        "shares",
        &read_text(&catalogue, dir.path(), &Options::default()),
    );
}

pub fn long() -> Catalogue {
    let mut source = csv(&["long.csv"], CsvLayout::Long, "start");
    source.name = Some("metric".to_owned());
    source.slot = Some(std::time::Duration::from_secs(300));
    empty()
        .segment("premium", &["premium"])
        .source("long", SourceKind::Csv(source))
        .slo(
            "counter",
            metric(
                "requests",
                MetricKind::Counter,
                only(&[]),
                &[("code", "5xx")],
            ),
            &[],
        )
        .slo(
            "histogram",
            metric(
                "latency",
                MetricKind::Histogram,
                only(&[]),
                &[("code", "5xx")],
            ),
            &[100, 200],
        )
        .slo(
            "pair",
            totals(("calls", only(&[])), Part::Bad, ("errors", only(&[])), None),
            &[],
        )
        .slo(
            "gauge",
            metric("up", MetricKind::Gauge, only(&[]), &[]),
            &[],
        )
}

#[test]
fn a_long_table() {
    check(
        "long",
        &read_text(&long(), &testdata(), &Options::default()),
    );
}

pub fn samples() -> Catalogue {
    let mut source = csv(&["samples.csv"], CsvLayout::Samples, "t");
    source.name = Some("name".to_owned());
    source.created = Some("born".to_owned());
    source.received = Some("seen".to_owned());
    empty()
        .segment("premium", &["premium"])
        .source("samples", SourceKind::Csv(source))
        .slo(
            "histogram",
            metric("http", MetricKind::Histogram, only(&[]), &[("code", "5xx")]),
            &[100, 500],
        )
        .slo(
            "counter",
            metric("requests_total", MetricKind::Counter, only(&[]), &[]),
            &[],
        )
        .slo(
            "pair",
            totals(
                ("requests_total", only(&[])),
                Part::Bad,
                ("errors_total", only(&[])),
                None,
            ),
            &[],
        )
        .slo(
            "gauge",
            metric("temperature", MetricKind::Gauge, only(&[]), &[]),
            &[],
        )
}

#[test]
fn samples_of_counters() {
    check(
        "samples",
        &read_text(&samples(), &testdata(), &Options::default()),
    );
}
