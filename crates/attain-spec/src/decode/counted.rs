//! An SLO and its indicator: where the counts come from, and whether they can tell what the objectives ask.

use attain_model::indicator::{Counting, Indicator, MetricKind};
use attain_model::source::{CsvLayout, Source, SourceKind};
use attain_model::{Goal, SourceId};

use super::indicator::{self, unit_unknown};
use super::logged;
use super::object::Obj;
use super::read::At;
use super::slo::Around;
use crate::schema::INDICATOR;
use crate::target;
use crate::tree::Kind;

/// The indicator with its sources. The nearest word counts: the SLO's own, else the indicator's, else that of `defaults:`,
/// else the only source there is.
pub(crate) fn own_indicator(obj: &Obj<'_, '_>, around: &Around<'_>) -> Option<Indicator> {
    let said: Vec<SourceId> = obj
        .refers("source", "source")
        .into_iter()
        .map(SourceId::from)
        .collect();
    let is_own = obj.has_own("source");
    let at = obj.get("indicator")?;
    let mut indicator = if at.is_map() {
        let inline = at.object(&INDICATOR)?;
        if is_own && obj.has_own("indicator") {
            source_twice(obj, &inline);
        }
        let mut read = indicator::indicator(None, &inline, around.shared)?;
        if let Some(name) = inline.get("use").and_then(|at| at.raw()) {
            read.id = Some(name.into());
        }
        read
    } else {
        let id = at.refer("indicator")?;
        around.shared.get(id)?.clone()
    };
    if matches!(indicator.counting, Counting::Log { .. }) {
        check_log_source(&at, &indicator, around);
        logged::check_selectors(&at, &indicator.sources, around.sources);
        return Some(indicator);
    }
    if !said.is_empty() && (is_own || indicator.sources.is_empty()) {
        indicator.sources = said;
    }
    if indicator.sources.is_empty() && !obj.has("source") && !obj.cx().damaged {
        let candidates: Vec<_> = around
            .sources
            .values()
            .filter(|source| carries_counts(source))
            .filter(|source| !around.evidence_only.contains(source.id.as_str()))
            .map(|source| source.id.clone())
            .collect();
        if candidates.len() > 1 {
            let names: Vec<_> = candidates.iter().map(SourceId::as_str).collect();
            at.error_at_key(
                "source-ambiguous",
                format!("this folder has several sources: {}", names.join(", ")),
                format!(
                    "add `source: {}`, or `source: [{}]` to add them up",
                    names[0],
                    names.join(", ")
                ),
            );
        }
        indicator.sources = candidates;
        // Which of several is meant is asked first.
        if indicator.sources.len() > 1 {
            return Some(indicator);
        }
    }
    check_source(obj, &at, &indicator, around);
    Some(indicator)
}

/// Says of each source that can never answer such an indicator what to write: nothing would ever be heard of it.
fn check_source(obj: &Obj<'_, '_>, at: &At<'_, '_>, indicator: &Indicator, around: &Around<'_>) {
    let inline = at.is_map().then(|| at.object(&INDICATOR)).flatten();
    let inline = inline.as_ref();
    let of_slo = obj.get("source").filter(|_| obj.has_own("source"));
    let said = of_slo.or_else(|| inline?.get("source"));
    let place = said.as_ref().unwrap_or(at);
    for id in &indicator.sources {
        let Some(source) = around.sources.get(id) else {
            continue;
        };
        if let Some((code, cause, help)) = answers_never(&indicator.counting, source) {
            place.error(code, cause, help);
        }
    }
}

fn answers_never(counting: &Counting, source: &Source) -> Option<(&'static str, String, String)> {
    const SAMPLES: &str = "metric-needs-samples";
    let id = &source.id;
    let csv = match &source.kind {
        SourceKind::Prometheus(_) => return None,
        SourceKind::Csv(csv) => Some(csv.layout),
        _ => None,
    };
    let is_log = matches!(source.kind, SourceKind::Log(_));
    match counting {
        Counting::Log { .. } => None,
        Counting::PromQl { .. } => Some((
            "promql-needs-api",
            format!("`{id}` is no API that answers PromQL, so nothing is ever counted"),
            "name a source with `prometheus: {url: ...}`, or write `metric:` and its labels instead of `promql:`".to_owned(),
        )),
        Counting::Metric { .. } | Counting::Totals { .. } if is_log => Some((
            SAMPLES,
            format!("`{id}` is a log, which has lines and no metrics, so nothing is ever counted"),
            format!("write `log: {id}` and which lines are `bad`, e.g. `bad: {{status: 5xx}}`, or name a source of metrics"),
        )),
        Counting::Totals { .. } if csv == Some(CsvLayout::Events) => Some((
            SAMPLES,
            format!("`{id}` has a row for each event and no sums, so nothing is ever counted"),
            format!("write `log: {id}` and which rows are `bad`, or another `layout`"),
        )),
        Counting::Metric {
            kind: MetricKind::Gauge,
            ..
        } if csv == Some(CsvLayout::Events) => Some((
            SAMPLES,
            format!("`{id}` has a row for each event, and a gauge has values over time, so nothing is ever counted"),
            format!("write `log: {id}` and which rows are `bad`, or another `layout`"),
        )),
        Counting::Metric { .. } | Counting::Totals { .. } => None,
    }
}

/// An SLO and the indicator that stands in it are one person's words: two sources are a slip of the hand.
fn source_twice(obj: &Obj<'_, '_>, inline: &Obj<'_, '_>) {
    let (Some(of_slo), Some(of_indicator)) = (obj.get("source"), inline.get("source")) else {
        return;
    };
    let named = |at: &At<'_, '_>| -> Vec<String> {
        let list = at.list();
        let names = list.iter().filter_map(|at| at.raw());
        names.map(str::to_owned).collect()
    };
    let (outer, inner) = (named(&of_slo), named(&of_indicator));
    if outer == inner {
        return;
    }
    let cause = format!(
        "this SLO has its counts from `{}`, and its indicator from `{}`",
        outer.join(", "),
        inner.join(", ")
    );
    let (early, late) = if of_slo.key.start <= of_indicator.key.start {
        (of_slo, of_indicator)
    } else {
        (of_indicator, of_slo)
    };
    obj.cx().push(
        attain_model::Diagnostic::error("source-twice", late.key, cause)
            .help("keep one; a list of both adds them up")
            .label(early.key, "given here"),
    );
}

/// Whether a source holds metrics rather than single events.
fn carries_counts(source: &Source) -> bool {
    match &source.kind {
        SourceKind::Log(_) => false,
        SourceKind::Csv(csv) => csv.layout != CsvLayout::Events,
        _ => true,
    }
}

fn check_log_source(at: &At<'_, '_>, indicator: &Indicator, around: &Around<'_>) {
    for id in &indicator.sources {
        let Some(source) = around.sources.get(id) else {
            continue;
        };
        let events = match &source.kind {
            SourceKind::Log(_) => true,
            SourceKind::Csv(csv) => csv.layout == CsvLayout::Events,
            _ => false,
        };
        if !events {
            at.error(
                "log-needs-events",
                format!("`{id}` holds no single events"),
                "name a source with `log:`, or `csv:` with `layout: events`",
            );
        }
    }
}

/// A latency objective needs to know how long each request took.
pub(crate) fn check_latency(
    id: &str,
    obj: &Obj<'_, '_>,
    indicator: &Indicator,
    around: &Around<'_>,
) {
    let Some(objectives) = obj.get("objectives") else {
        return;
    };
    let Some(at) = first_latency(&objectives) else {
        return;
    };
    let needs = |cause: String, help: &str| at.error("latency-needs-histogram", cause, help);
    const HELP: &str = "use the histogram of the same requests, in an SLO of its own";
    match &indicator.counting {
        Counting::Metric {
            metric, kind, unit, ..
        } if indicator.measures_latency() => {
            let otel = metric.contains('.')
                || !indicator.sources.is_empty()
                    && indicator.sources.iter().all(|id| {
                        around
                            .sources
                            .get(id)
                            .is_some_and(|source| matches!(source.kind, SourceKind::Otlp { .. }))
                    })
                || *kind == MetricKind::ExponentialHistogram;
            if unit.is_none() && !otel {
                metric_place(id, obj, indicator, metric);
            }
        }
        Counting::Metric { metric, kind, .. } => {
            let what = if *kind == MetricKind::Gauge {
                "gauge"
            } else {
                "counter"
            };
            needs(
                format!("`{metric}` is a {what}: it does not say how long a request took"),
                HELP,
            );
        }
        Counting::Totals { total, .. } => needs(
            format!(
                "`{}` is a count: it does not say how long a request took",
                total.metric
            ),
            HELP,
        ),
        Counting::PromQl { .. } => needs(
            "raw PromQL gives counts: it does not say how long a request took".into(),
            "count the fast ones as `good`, and write the objective as a percentage",
        ),
        Counting::Log { .. } => {
            let timed =
                indicator
                    .sources
                    .iter()
                    .all(|id| match around.sources.get(id).map(|s| &s.kind) {
                        Some(SourceKind::Log(log)) => log.duration.is_some(),
                        Some(SourceKind::Csv(csv)) => csv.duration.is_some(),
                        _ => true,
                    });
            if !timed {
                let id = &indicator.sources[0];
                needs(
                    format!("`{id}` does not say which field holds how long a request took"),
                    "add `duration: {field: request_time, unit: s}` to the source",
                );
            }
        }
    }
}

/// Reports an unknown unit at the metric, wherever the indicator stands.
fn metric_place(id: &str, obj: &Obj<'_, '_>, indicator: &Indicator, metric: &str) {
    let inline = obj.get("indicator").and_then(|at| match &at.node.kind {
        Kind::Map(map) => {
            let entry = map.get("metric")?;
            Some(At {
                cx: at.cx,
                path: format!("slos.{id}.indicator.metric"),
                name: &entry.key,
                key: entry.key_span,
                node: &entry.value,
            })
        }
        _ => None,
    });
    if let Some(at) = inline {
        return unit_unknown(&at, metric);
    }
    let Some(shared) = &indicator.id else { return };
    let span = obj
        .cx()
        .spans
        .borrow()
        .value(&format!("indicators.{shared}.metric"));
    if let Some(span) = span {
        let cause = format!("the unit of `{metric}` cannot be told from its name");
        obj.cx().push(
            attain_model::Diagnostic::error("unit-unknown", span, cause)
                .help("add `unit: s` (or `ms`)"),
        );
    }
}

/// The first target with a latency threshold.
fn first_latency<'c, 't>(at: &At<'c, 't>) -> Option<At<'c, 't>> {
    match &at.node.kind {
        Kind::Scalar(scalar) => match target::goal(&scalar.text) {
            Ok(Goal::Promised(promised)) if promised.under.is_some() => Some(at.clone()),
            _ => None,
        },
        Kind::Map(map) => map.entries.iter().find_map(|entry| {
            first_latency(&At {
                cx: at.cx,
                path: format!("{}.{}", at.path, entry.key),
                name: &entry.key,
                key: entry.key_span,
                node: &entry.value,
            })
        }),
        Kind::List(items) => items.iter().find_map(|item| {
            first_latency(&At {
                node: item,
                key: item.span,
                ..at.clone()
            })
        }),
        Kind::Refused => None,
    }
}
