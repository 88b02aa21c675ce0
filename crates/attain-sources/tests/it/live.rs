//! Requests in, samples by slot as text.

mod counts;
mod crowded;
mod exposed;
mod fuzz;
mod otlp;
mod remote_write;
mod replicas;
mod restarts;
mod sides;

use std::fmt::Write as _;

use attain_model::indicator::{MetricKind, Part};
use attain_model::live::{LiveBatch, LiveRole, LiveValue};
use attain_model::selector::{Comparison, Condition, Outcome as Judged};
use attain_model::source::SourceKind;
use attain_model::{Catalogue, SourceId};
use attain_sources::Customers;
use attain_sources::live::{Intake, Limits, Numbers, Outcome};
use jiff::Timestamp;

use crate::make::*;

/// 2026-11-02T09:40:00Z.
const NOW_MS: i64 = 1_793_612_400_000;

fn now() -> Timestamp {
    Timestamp::from_millisecond(NOW_MS).unwrap()
}

/// Requests by outcome, latency in Prometheus' or OpenTelemetry's spelling, a pair and a gauge.
fn catalogue(latency: &str) -> Catalogue {
    let mut made = empty()
        .segment("premium", &["premium", "gold"])
        .segment("free", &["free"])
        .source("live", SourceKind::RemoteWrite { token: None })
        .slo(
            "requests",
            metric(
                "http_requests_total",
                MetricKind::Counter,
                only(&[("job", "shop")]),
                &[("code", "5xx")],
            ),
            &[],
        )
        .slo(
            "latency",
            metric(latency, MetricKind::Histogram, only(&[]), &[]),
            &[100, 300],
        )
        .slo(
            "jobs",
            totals(
                ("jobs_total", only(&[])),
                Part::Bad,
                ("jobs_failed_total", only(&[])),
                None,
            ),
            &[],
        )
        .slo(
            "queue",
            metric("queue_age", MetricKind::Gauge, only(&[]), &[]),
            &[],
        );
    let queue = made.slos.get_mut("queue").unwrap();
    if let attain_model::indicator::Counting::Metric { outcome, .. } = &mut queue.indicator.counting
    {
        *outcome = Judged::GoodIf(Condition {
            comparison: Comparison::Below,
            value: attain_model::quantity::Measure(1_000_000_000),
        });
    }
    made
}

fn intake(catalogue: &Catalogue) -> Intake {
    limited(catalogue, Limits::default())
}

fn limited(catalogue: &Catalogue, limits: Limits) -> Intake {
    let source = &catalogue.sources[&SourceId::new("live")];
    Intake::new(
        catalogue,
        source,
        &Customers::default(),
        &Numbers::default(),
        limits,
    )
}

/// A batch and what became of it, line by line.
fn text((batch, outcome): (LiveBatch, Outcome)) -> String {
    let mut text = String::new();
    for series in &batch.series {
        let _ = write!(text, "{}:", series.slot);
        for to in &series.to {
            let stream = to.stream.as_str().split(['|', ':']).nth(1).unwrap();
            let role = match &to.role {
                LiveRole::Events(class) => format!("[{}]", class.as_str()),
                LiveRole::AtOrUnder(class, None) => format!("[{}] all", class.as_str()),
                LiveRole::AtOrUnder(class, Some(limit)) => {
                    format!("[{}] <= {limit}", class.as_str())
                }
                LiveRole::Total => "total".to_owned(),
                LiveRole::Part => "part".to_owned(),
            };
            let _ = write!(text, " {stream} {} {role};", to.segment);
        }
        text.push('\n');
    }
    for sample in &batch.samples {
        let says = match sample.says {
            LiveValue::Stands { value, created_ms } => {
                let created =
                    created_ms.map_or(String::new(), |ms| format!(" since {}", ms - NOW_MS));
                format!("{value}{created}")
            }
            LiveValue::Happened { events, start_ms } => {
                format!("+{events} since {}", start_ms - NOW_MS)
            }
            LiveValue::Ended => "ended".to_owned(),
        };
        let _ = writeln!(
            text,
            "{} at {}: {says}",
            sample.slot,
            sample.time_ms - NOW_MS
        );
    }
    for r in &batch.readings {
        let at = r.time.as_millisecond() - NOW_MS;
        let _ = writeln!(text, "{} {} at {at}: {}", r.series, r.segment, r.value.0);
    }
    let newest = batch.newest_ms.map(|ms| ms - NOW_MS);
    let Outcome {
        accepted,
        unmatched,
        refused,
        reasons,
    } = outcome;
    let _ = writeln!(
        text,
        "{accepted} accepted, {unmatched} of them for nobody, {refused} refused, newest {newest:?}"
    );
    for reason in reasons {
        let _ = writeln!(text, "- {reason}");
    }
    text
}

#[track_caller]
fn check(got: &str, want: &str) {
    let want: String = want
        .trim()
        .lines()
        .map(|line| format!("{}\n", line.trim_start()))
        .collect();
    assert!(got == want, "--- got ---\n{got}--- want ---\n{want}");
}
