//! Indicators (SLIs): what is counted, and where it comes from.

use std::time::Duration;

use crate::id::{IndicatorId, SourceId};
use crate::quantity::{Threshold, Unit};
use crate::selector::{Outcome, Selector};

/// An indicator, with everything resolved: `use:` merged, sources named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    /// Its name, if it stands under `indicators:`, also when an SLO narrows it.
    pub id: Option<IndicatorId>,
    /// Where counts come from; counts of several sources add up. Empty if the catalogue names no source.
    pub sources: Vec<SourceId>,
    /// What is counted.
    pub counting: Counting,
    /// Bucket edges, ascending, as far as the catalogue says them; empty means: as seen in the data.
    pub buckets: Vec<Threshold>,
    /// Length of a slice: gauges give one event per series and slice, raw PromQL counts one slice.
    pub slice: Duration,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counting {
    /// One metric holds good and bad.
    Metric {
        /// Its name as written, e.g. `http_requests_total`.
        metric: String,
        /// Its shape.
        kind: MetricKind,
        /// The unit of its values, where known.
        unit: Option<Unit>,
        /// Which of its series count.
        selector: Selector,
        /// Which of them are good.
        outcome: Outcome,
    },
    /// A total and, in a metric of its own, its good, its bad, or its good share.
    Totals {
        /// All requests.
        total: Selection,
        /// The shape of both metrics; a ratio is a gauge whatever this says.
        kind: MetricKind,
        /// What the other metric holds.
        part: Part,
        /// The other metric.
        of: Selection,
        /// The unit of a ratio: percent, or none for 0 to 1.
        unit: Option<Unit>,
    },
    /// One line of a log is one event.
    Log {
        /// Which lines count.
        selector: Selector,
        /// Which of them are good.
        outcome: Outcome,
    },
    /// Raw PromQL; its range equals the indicator's slice.
    PromQl {
        /// What `part_query` counts.
        part: Part,
        /// The query for the part.
        part_query: String,
        /// The query for the total; without one each slice is one event.
        total_query: Option<String>,
    },
}

/// A metric and which of its series count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Its name as written.
    pub metric: String,
    /// Which of its series count.
    pub selector: Selector,
}

/// What the second metric or query of an indicator holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Good events.
    Good,
    /// Bad events.
    Bad,
    /// The good share of the total; rounded to whole events, bad upward.
    Ratio,
}

/// The shape of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetricKind {
    /// A counter: how many.
    Counter,
    /// A classic histogram: how many at or below each edge.
    Histogram,
    /// A Prometheus native histogram.
    NativeHistogram,
    /// An OpenTelemetry exponential histogram.
    ExponentialHistogram,
    /// A value that goes up and down; one event per series and slice.
    Gauge,
}

impl Indicator {
    /// Whether it can tell how long a request took.
    #[must_use]
    pub fn measures_latency(&self) -> bool {
        match &self.counting {
            Counting::Log { .. } => true,
            Counting::Metric { kind, .. } => matches!(
                kind,
                MetricKind::Histogram
                    | MetricKind::NativeHistogram
                    | MetricKind::ExponentialHistogram
            ),
            Counting::Totals { .. } | Counting::PromQl { .. } => false,
        }
    }

    /// Which of the selected requests were good, where labels or a gauge's value say so.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        match &self.counting {
            Counting::Metric { outcome, .. } | Counting::Log { outcome, .. } => outcome,
            Counting::Totals { .. } | Counting::PromQl { .. } => &Outcome::AllGood,
        }
    }

    /// Which requests count; of a [`Counting::Totals`] the total's.
    #[must_use]
    pub fn selector(&self) -> Option<&Selector> {
        match &self.counting {
            Counting::Metric { selector, .. } | Counting::Log { selector, .. } => Some(selector),
            Counting::Totals { total, .. } => Some(&total.selector),
            Counting::PromQl { .. } => None,
        }
    }
}
