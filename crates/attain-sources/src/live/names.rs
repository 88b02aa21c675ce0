//! The names that one metric or label has in different protocols. Knows OpenTelemetry's and Prometheus' spelling; knows
//! no series.
//!
//! `http.server.request.duration` in seconds is `http_server_request_duration_seconds` in Prometheus, its buckets have
//! `_bucket` behind that, and a counter `http.requests` is `http_requests_total`. An indicator is written once, in either
//! spelling.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use attain_model::Stream;
use attain_model::indicator::{Counting, MetricKind};
use attain_model::quantity::Unit;
use attain_wire::otlp::{Kind, Metric};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::known::AsIs;

/// A name as Prometheus spells it: what is no letter, digit, `_` or `:` is `_`, one for several in a row.
pub(super) fn spelled(name: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    if name.chars().all(fits) && !name.contains("__") {
        return Cow::Borrowed(name);
    }
    let mut spelled = String::with_capacity(name.len());
    for c in name.chars() {
        if fits(c) && c != '_' {
            spelled.push(c);
        } else if !spelled.ends_with('_') {
            spelled.push('_');
        }
    }
    Cow::Owned(spelled)
}

/// As what a metric's name is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// A number.
    Value,
    /// A histogram.
    Buckets,
    /// How many events a histogram or summary has.
    Count,
}

/// One of a unit of time in UCUM, in nanoseconds; `None` for any other.
pub(super) fn unit_billionths(unit: &[u8]) -> Option<i128> {
    Some(match unit {
        b"s" => 1_000_000_000,
        b"ms" => 1_000_000,
        b"us" => 1000,
        b"ns" => 1,
        b"min" => 60_000_000_000,
        b"h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// What Prometheus has behind the name of an OpenTelemetry metric in this unit.
fn ucum_suffix(unit: &[u8], kind: Kind) -> Option<&'static str> {
    Some(match unit {
        b"s" => "_seconds",
        b"ms" => "_milliseconds",
        b"us" => "_microseconds",
        b"ns" => "_nanoseconds",
        b"min" => "_minutes",
        b"h" => "_hours",
        b"d" => "_days",
        b"By" => "_bytes",
        b"%" => "_percent",
        b"1" if kind == Kind::Gauge => "_ratio",
        _ => return None,
    })
}

/// The names that an OpenTelemetry metric has, in its own spelling and in Prometheus'.
fn names_of(metric: &Metric<'_>) -> Vec<(String, Form)> {
    let Ok(name) = std::str::from_utf8(metric.name) else {
        return Vec::new();
    };
    let base = spelled(name);
    let mut names = vec![name.to_owned(), base.to_string()];
    if let Some(suffix) = ucum_suffix(metric.unit, metric.kind)
        && !base.contains(suffix)
    {
        names.push(format!("{base}{suffix}"));
    }
    let with = |suffix: &str, form| {
        names
            .iter()
            .map(move |name| (format!("{name}{suffix}"), form))
            .collect::<Vec<_>>()
    };
    let mut forms = match metric.kind {
        Kind::Gauge => with("", Form::Value),
        // One that may fall is no counter; it is found under a counter's name to be refused, not passed over.
        Kind::Sum { .. } => [with("", Form::Value), with("_total", Form::Value)].concat(),
        Kind::Histogram | Kind::Exponential => [
            with("", Form::Buckets),
            with("_bucket", Form::Buckets),
            with("_count", Form::Count),
        ]
        .concat(),
        Kind::Summary => with("_count", Form::Count),
    };
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// What Prometheus has behind the name of a metric in this unit.
fn unit_suffix(unit: Unit) -> Option<&'static str> {
    match unit {
        Unit::Seconds => Some("_seconds"),
        Unit::Milliseconds => Some("_milliseconds"),
        Unit::Microseconds => Some("_microseconds"),
        Unit::Nanoseconds => Some("_nanoseconds"),
        Unit::Bytes => Some("_bytes"),
        Unit::Percent | Unit::None => None,
    }
}

/// A metric as the catalogue writes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) metric: String,
    /// Who wants it: numbers of streams.
    pub(super) streams: Vec<usize>,
}

/// The metrics that are wanted, by every name under which they may come.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    by_name: HashMap<String, Vec<Arc<Written>>>,
    /// Hashes of the names.
    hashes: HashSet<u64, AsIs>,
    /// OpenTelemetry metrics that were asked for before, by a hash.
    metrics: HashMap<u64, bool, AsIs>,
}

impl Wanted {
    pub(super) fn new(streams: &[Stream]) -> Self {
        let mut metrics: BTreeMap<(&str, MetricKind, Option<Unit>), Vec<usize>> = BTreeMap::new();
        for (index, stream) in streams.iter().enumerate() {
            let (names, kind, unit) = match &stream.indicator.counting {
                Counting::Metric {
                    metric, kind, unit, ..
                } => (vec![metric], *kind, *unit),
                Counting::Totals {
                    total,
                    of,
                    kind,
                    unit,
                    ..
                } => (vec![&total.metric, &of.metric], *kind, *unit),
                Counting::Log { .. } | Counting::PromQl { .. } => continue,
            };
            for metric in names {
                let wanting = metrics.entry((metric, kind, unit)).or_default();
                if wanting.last() != Some(&index) {
                    wanting.push(index);
                }
            }
        }
        let mut wanted = Self::default();
        for ((metric, kind, unit), streams) in metrics {
            wanted.add(metric, kind, unit, streams);
        }
        wanted
    }

    /// Whether somebody may want a metric of this name.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        let is_spelled = |name: &[u8]| self.hashes.contains(&xxh3_64(name));
        is_spelled(name)
            || name.contains(&b'.')
                && std::str::from_utf8(name).is_ok_and(|name| is_spelled(spelled(name).as_bytes()))
    }

    /// Whether somebody may want an OpenTelemetry metric.
    pub(super) fn has_metric(&mut self, metric: &Metric<'_>) -> bool {
        /// Names are few; whoever makes up new ones all the time fills no memory.
        const REMEMBERED: usize = 10_000;
        let mut hash = xxh3_64_with_seed(metric.unit, xxh3_64(metric.name));
        hash ^= match metric.kind {
            Kind::Gauge => 1,
            Kind::Sum { .. } => 2,
            Kind::Histogram | Kind::Exponential => 3,
            Kind::Summary => 4,
        };
        if let Some(known) = self.metrics.get(&hash) {
            return *known;
        }
        let is_wanted = !self.written_of(metric).is_empty();
        if self.metrics.len() >= REMEMBERED {
            self.metrics.clear();
        }
        self.metrics.insert(hash, is_wanted);
        is_wanted
    }

    /// What an OpenTelemetry metric is called in the catalogue, and as what.
    pub(super) fn written_of(&self, metric: &Metric<'_>) -> Vec<(Arc<Written>, Form)> {
        let names = names_of(metric).into_iter();
        let written = names.flat_map(|(name, form)| {
            let written = self.by_name.get(&name).into_iter().flatten();
            written.map(move |written| (written.clone(), form))
        });
        written.collect()
    }

    /// What a metric is called in the catalogue; nothing if nobody wants it.
    pub(super) fn written(&self, name: &str) -> &[Arc<Written>] {
        let found = self.by_name.get(name);
        let found = found.or_else(|| self.by_name.get(spelled(name).as_ref()));
        found.map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, metric: &str, kind: MetricKind, unit: Option<Unit>, streams: Vec<usize>) {
        let is_histogram = matches!(
            kind,
            MetricKind::Histogram | MetricKind::NativeHistogram | MetricKind::ExponentialHistogram
        );
        let unit = unit.or(is_histogram.then_some(Unit::Seconds));
        let written = Arc::new(Written {
            metric: metric.to_owned(),
            streams,
        });
        let base = spelled(metric);
        let mut names = vec![base.to_string()];
        if let Some(suffix) = unit.and_then(unit_suffix)
            && !base.contains(suffix)
        {
            names.push(format!("{base}{suffix}"));
        }
        // The count of a histogram that comes as a whole (native::meet) has no series of its own.
        if let Some(whole) = base.strip_suffix("_count") {
            self.hashes.insert(xxh3_64(whole.as_bytes()));
        }
        if kind == MetricKind::Counter && !base.ends_with("_total") {
            names.extend(names.clone().iter().map(|name| format!("{name}_total")));
        }
        for name in names {
            if is_histogram && !name.ends_with("_bucket") {
                self.insert(format!("{name}_bucket"), &written);
            }
            self.insert(name, &written);
        }
        // A name that is spelled as it was, with what no rule of spelling allows.
        self.insert(metric.to_owned(), &written);
    }

    fn insert(&mut self, name: String, written: &Arc<Written>) {
        self.hashes.insert(xxh3_64(name.as_bytes()));
        let known = self.by_name.entry(name).or_default();
        if !known.iter().any(|known| Arc::ptr_eq(known, written)) {
            known.push(written.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_metric_under_all_its_names() {
        let mut wanted = Wanted::default();
        wanted.add(
            "http.server.request.duration",
            MetricKind::Histogram,
            None,
            vec![0],
        );
        wanted.add(
            "http_request_duration_seconds",
            MetricKind::Histogram,
            None,
            vec![0],
        );
        wanted.add("http.requests", MetricKind::Counter, None, vec![0]);
        wanted.add("jobs_total", MetricKind::Counter, None, vec![0]);
        for (name, metric) in [
            (
                "http_server_request_duration_seconds_bucket",
                "http.server.request.duration",
            ),
            (
                "http_server_request_duration_bucket",
                "http.server.request.duration",
            ),
            (
                "http.server.request.duration",
                "http.server.request.duration",
            ),
            (
                "http_request_duration_seconds_bucket",
                "http_request_duration_seconds",
            ),
            ("http_requests_total", "http.requests"),
            ("http_requests", "http.requests"),
            ("jobs_total", "jobs_total"),
        ] {
            let written = wanted
                .written(name)
                .iter()
                .map(|written| written.metric.as_str());
            assert_eq!(written.collect::<Vec<_>>(), [metric], "{name}");
        }
        for name in [
            "jobs",
            "jobs_total_total",
            "http_request_duration_seconds_seconds",
            "http_requests_bucket",
        ] {
            assert!(wanted.written(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn spelling() {
        for (name, want) in [
            ("a.b-c", "a_b_c"),
            ("a__b", "a_b"),
            ("a:b", "a:b"),
            ("häuser", "h_user"),
            ("", ""),
        ] {
            assert_eq!(spelled(name), want);
        }
    }
}
