//! What is asked of a Prometheus-compatible API, and what its answers count.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_model::delivery::Delivery;
use attain_model::indicator::{MetricKind, Part};
use attain_model::selector::Selector;
use attain_model::source::SourceKind;
use attain_model::{Bucket, Catalogue};
use attain_sources::Customers;
use attain_sources::pull::{Ask, Puller};

use crate::make::*;

fn prometheus() -> SourceKind {
    SourceKind::Prometheus {
        url: "http://127.0.0.1:9090".to_owned(),
        tenant: None,
        bearer: None,
        push_rules: false,
    }
}

fn puller(catalogue: &Catalogue) -> Puller {
    let source = &catalogue.sources["prom"];
    Puller::new(
        catalogue,
        source,
        &Customers::default(),
        Duration::from_secs(60),
    )
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

/// `slice segment class bucket events`, sorted.
fn counted(delivery: &Delivery) -> Vec<String> {
    let rows = delivery.counted.iter().flat_map(|row| {
        row.tally
            .cells
            .iter()
            .map(|((class, Bucket(bucket)), events)| {
                let slice = row.slice.as_second() / 60;
                format!(
                    "{slice} {} {} {bucket} {events}",
                    row.segment,
                    class.as_str()
                )
            })
    });
    let mut rows: Vec<String> = rows.collect();
    rows.sort();
    rows
}

#[test]
fn a_counter_is_asked_for_once_by_segment_and_class() {
    let http = metric(
        "http_requests_total",
        MetricKind::Counter,
        only(&[("route", "/pay")]),
        &[("code", "5xx")],
    );
    let catalogue = empty()
        .segment("premium", &["gold"])
        .source("prom", prometheus())
        .slo("pay", http, &[]);
    let mut puller = puller(&catalogue);
    let asks: Vec<Ask> = puller.asks().to_vec();
    assert_eq!(asks.len(), 1);
    assert!(asks[0].query.near().starts_with("sum by (code, segment) ("));
    assert!(asks[0].query.near().contains(r#"route="/pay""#));

    let mut answers = puller.answers(&asks[0].stream, 10..14).unwrap();
    let ok = labels(&[("segment", "gold"), ("code", "200")]);
    let failed = labels(&[("segment", "gold"), ("code", "503")]);
    let untagged = labels(&[("code", "200")]);
    answers.take(&asks[0], &ok, 10, "100");
    answers.take(&asks[0], &failed, 10, "3");
    answers.take(&asks[0], &untagged, 11, "7");
    // 12: nothing was said. 13: not a number, so nothing of the slice counts.
    answers.take(&asks[0], &ok, 13, "5");
    answers.take(&asks[0], &failed, 13, "NaN");
    answers.take(&asks[0], &ok, 14, "1000");
    answers.unborn("9");
    let pulled = answers.finish();
    assert_eq!(
        counted(&pulled.delivery),
        [
            "10 premium code=200 65535 100",
            "10 premium code=503 65535 3",
            "11 unknown code=200 65535 7",
        ]
    );
    assert_eq!(pulled.unborn, 9);
    let heard = &pulled.delivery.observed_streams[&asks[0].stream];
    let heard: Vec<(i64, i64)> = (heard.iter())
        .map(|h| (h.start.as_second() / 60, h.end.as_second() / 60))
        .collect();
    assert_eq!(heard, [(10, 12)]);
    assert_eq!(
        pulled.delivery.unparsed[0].why,
        "http_requests_total is NaN"
    );
    assert_eq!(pulled.delivery.range, 10..14);
}

#[test]
fn buckets_and_pairs_are_cut_like_those_of_files() {
    let latency = metric(
        "http_seconds",
        MetricKind::Histogram,
        Selector::default(),
        &[],
    );
    let errors = totals(
        ("calls_total", Selector::default()),
        Part::Bad,
        ("failures_total", Selector::default()),
        None,
    );
    let catalogue = empty()
        .segment("premium", &["premium"])
        .source("prom", prometheus())
        .slo("latency", latency, &[200])
        .slo("calls", errors, &[]);
    let mut puller = puller(&catalogue);
    let asks: Vec<Ask> = puller.asks().to_vec();
    let metrics: Vec<&str> = asks.iter().map(|ask| ask.metric.as_str()).collect();
    assert_eq!(
        metrics,
        ["calls_total", "failures_total", "http_seconds_bucket"]
    );

    let premium = labels(&[("segment", "premium")]);
    let mut answers = puller.answers(&asks[0].stream, 1..3).unwrap();
    answers.take(&asks[0], &premium, 1, "50");
    answers.take(&asks[1], &premium, 1, "2");
    // No error series yet: that is zero.
    answers.take(&asks[0], &premium, 2, "50");
    let pulled = answers.finish();
    assert_eq!(
        counted(&pulled.delivery),
        [
            "1 premium outcome=bad 65535 2",
            "1 premium outcome=good 65535 48",
            "2 premium outcome=good 65535 50",
        ]
    );

    let mut answers = puller.answers(&asks[2].stream, 1..2).unwrap();
    for (le, value) in [("0.1", "80"), ("0.2", "90"), ("+Inf", "100")] {
        let at = labels(&[("segment", "premium"), ("le", le)]);
        answers.take(&asks[2], &at, 1, value);
    }
    let pulled = answers.finish();
    assert_eq!(
        counted(&pulled.delivery),
        ["1 premium  0 90", "1 premium  1 10"]
    );
}

#[test]
fn what_cannot_be_pulled_is_said() {
    let native = metric("x", MetricKind::NativeHistogram, Selector::default(), &[]);
    let catalogue = empty()
        .source("prom", prometheus())
        .slo("native", native, &[100]);
    let puller = puller(&catalogue);
    assert!(puller.asks().is_empty());
    assert!(puller.notes()[0].contains("native histogram"));
}
