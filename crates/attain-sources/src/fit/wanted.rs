//! What the catalogue wants of a source: metrics, which of their series, and for which SLOs. Knows the catalogue alone.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::indicator::{Counting, MetricKind};
use attain_model::quantity::{Threshold, Unit};
use attain_model::selector::{Match, Outcome, Selector};
use attain_model::slo::Slo;
use attain_model::source::Source;
use attain_model::{Catalogue, Stream, StreamKey};

use super::seen::{ClassLabel, MetricSeen, Shape};

/// A metric that some SLOs want of a source.
pub struct Wanted {
    /// Its name, as it stands on a page: with `_bucket` if it is a histogram.
    pub name: String,
    /// What it is.
    pub shape: Shape,
    /// Billionths of a second that one of its edges is counted in.
    pub unit_billionths: i128,
    /// Which of its series count.
    pub selector: Selector,
    /// The label of the service and the values that count, where the source has such a label.
    pub service: Option<(String, Vec<String>)>,
    /// The SLOs, by name.
    pub slos: Vec<String>,
    /// Latency limits of these.
    pub thresholds: BTreeSet<Threshold>,
    /// The labels by which its events are good or bad.
    pub classes: Vec<ClassLabel>,
    /// The stream that it counts for.
    pub stream: Stream,
}

impl Wanted {
    /// Everything that is wanted of a source, in the order of the streams.
    pub fn of(catalogue: &Catalogue, source: &Source) -> Vec<Self> {
        let mut all = Vec::new();
        let mut by_stream: BTreeMap<StreamKey, Vec<&Slo>> = BTreeMap::new();
        for slo in catalogue.slos.values() {
            let key = Stream::key_of(catalogue, slo);
            by_stream.entry(key).or_default().push(slo);
        }
        let streams = Stream::all(catalogue).into_iter();
        for stream in streams.filter(|stream| stream.sources.contains(&source.id)) {
            let slos = by_stream.remove(&stream.key).unwrap_or_default();
            let thresholds: BTreeSet<Threshold> =
                slos.iter().flat_map(|slo| slo.thresholds()).collect();
            let service = (source.labels.service.clone())
                .filter(|_| !stream.service_matches.is_empty())
                .map(|label| (label, stream.service_matches.clone()));
            let class = |label: &String| class_label(label, &slos);
            let classes: Vec<ClassLabel> = stream.class_labels.iter().map(class).collect();
            for (name, shape, unit, selector) in metrics(&stream) {
                all.push(Self {
                    name,
                    shape,
                    unit_billionths: unit.billionths(),
                    selector,
                    service: service.clone(),
                    slos: slos.iter().map(|slo| slo.id.to_string()).collect(),
                    thresholds: thresholds.clone(),
                    classes: classes.clone(),
                    stream: stream.clone(),
                });
            }
        }
        all
    }

    /// Whether a series of this name counts. `label` gives a value, `""` where it is absent.
    pub fn selects<'v>(&self, label: impl Fn(&str) -> &'v str) -> bool {
        let is_of_service = (self.service.as_ref())
            .is_none_or(|(name, values)| values.iter().any(|value| value == label(name)));
        is_of_service && self.selector.selects(label)
    }

    /// What was seen of it before anything was seen.
    pub fn unseen(&self) -> MetricSeen {
        let only = self.selector.only.iter();
        let mut asked: Vec<(String, String)> = only
            .map(|(label, value)| (label.clone(), value.to_string()))
            .collect();
        if let Some((label, values)) = &self.service {
            asked.push((label.clone(), values.join(" or ")));
        }
        MetricSeen {
            name: self.name.clone(),
            slos: self.slos.clone(),
            shape: self.shape,
            thresholds: self.thresholds.clone(),
            kept: self.stream.edges.iter().copied().collect(),
            asked,
            classes: self.classes.clone(),
            unit_billionths: self.unit_billionths,
            ..MetricSeen::default()
        }
    }

    /// An edge as `le` has it; `None` is infinity, or no number.
    pub fn edge(&self, le: &str) -> Option<Threshold> {
        let value: f64 = le.parse().ok()?;
        let nanoseconds = (value * self.unit_billionths as f64).round();
        let is_one = nanoseconds > 0.0 && nanoseconds < u64::MAX as f64;
        is_one.then(|| Threshold::from_nanoseconds(nanoseconds as u64))
    }
}

/// Who looks at a label to tell good from bad, and would not notice that it is absent.
fn class_label(label: &str, slos: &[&Slo]) -> ClassLabel {
    let mut class = ClassLabel {
        label: label.to_owned(),
        ..ClassLabel::default()
    };
    for slo in slos {
        let (matches, is_bad) = match slo.indicator.outcome() {
            Outcome::Good(matches) => (matches, false),
            Outcome::Bad(matches) => (matches, true),
            Outcome::AllGood | Outcome::GoodIf(_) => continue,
        };
        let may_be_absent = |values: &Match| match is_bad {
            // `good: {error.type: ""}` says so.
            false => values.matches(""),
            true => comes_with_failure(label, values),
        };
        if let Some(values) = matches.get(label)
            && !may_be_absent(values)
        {
            class.slos.push(slo.id.to_string());
            if !class.values.contains(values) {
                class.values.push(values.clone());
            }
        }
    }
    class
}

/// A label that comes with a failure: any value of it is one, or it is one of those that say what went wrong.
fn comes_with_failure(label: &str, values: &Match) -> bool {
    // OpenTelemetry's `error.type` is set if, and only if, there was an error.
    const ABOUT_FAILURES: [&str; 2] = ["error", "exception"];
    let first = label.split(['.', '_']).next().unwrap_or_default();
    let is_any = || {
        ["0", "no value that anybody would write"]
            .iter()
            .all(|any| values.matches(any))
    };
    ABOUT_FAILURES.contains(&first) || is_any()
}

/// The metrics of a stream; none of what is no metric.
fn metrics(stream: &Stream) -> Vec<(String, Shape, Unit, Selector)> {
    match &stream.indicator.counting {
        Counting::Metric {
            metric,
            kind,
            unit,
            selector,
            ..
        } => match kind {
            MetricKind::Counter => {
                let counter = (metric.clone(), Shape::Counter, Unit::None, selector.clone());
                vec![counter]
            }
            MetricKind::Gauge => {
                let gauge = (metric.clone(), Shape::Gauge, Unit::None, selector.clone());
                vec![gauge]
            }
            MetricKind::Histogram => {
                let name = match metric.ends_with("_bucket") {
                    true => metric.clone(),
                    false => format!("{metric}_bucket"),
                };
                let unit = unit.unwrap_or(Unit::Seconds);
                vec![(name, Shape::Histogram, unit, selector.clone())]
            }
            // These have edges of their own, so many that every limit is near one.
            MetricKind::NativeHistogram | MetricKind::ExponentialHistogram => Vec::new(),
        },
        Counting::Totals {
            total, of, kind, ..
        } => {
            let shape = match kind {
                MetricKind::Gauge => Shape::Gauge,
                _ => Shape::Counter,
            };
            [total, of]
                .map(|one| (one.metric.clone(), shape, Unit::None, one.selector.clone()))
                .into()
        }
        Counting::Log { .. } | Counting::PromQl { .. } => Vec::new(),
    }
}
