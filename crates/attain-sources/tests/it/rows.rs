//! Rows of CSV and JSON lines.

use attain_model::Catalogue;
use attain_model::indicator::MetricKind;
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
