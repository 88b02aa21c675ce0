//! What a source has of a metric that is wanted, as plain data: readers write it, judges read it. Knows no network, no file
//! and no clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::copies::Copies;
use attain_model::quantity::Threshold;
use attain_model::selector::Match;

/// Whether a metric is a number of events, a histogram, or something that goes up and down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// Counts.
    #[default]
    Counter,
    /// Counts by edge.
    Histogram,
    /// Readings.
    Gauge,
}

/// A metric that the catalogue wants, as one source has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricSeen {
    /// Its name.
    pub name: String,
    /// The SLOs that look at it.
    pub slos: Vec<String>,
    /// What it is.
    pub shape: Shape,
    /// Latency limits that promises cut it at.
    pub thresholds: BTreeSet<Threshold>,
    /// Where its counts are cut and kept: at the limits, or at the edges that the catalogue names.
    pub kept: BTreeSet<Threshold>,
    /// Series that count for the SLOs, now.
    pub series: u64,
    /// Those that said something within the last day.
    pub lately: u64,
    /// Series of that name, whatever their labels.
    pub named: u64,
    /// Other names that look like it; only where `named` is 0.
    pub alike: Vec<String>,
    /// Series of native histograms in place of its buckets; only where `named` is 0.
    pub native: u64,
    /// Series of exactly the name that was written, as numbers in place of a histogram; only where `named` is 0.
    pub plain: u64,
    /// How old its newest sample is.
    pub age: Option<Duration>,
    /// From one sample to the next.
    pub interval: Option<Duration>,
    /// Labels that the catalogue asks something of, and what they must be.
    pub asked: Vec<(String, String)>,
    /// The labels by which its events are good or bad.
    pub classes: Vec<ClassLabel>,
    /// Values of labels: of the series that count, or of all of that name where none does. Not all of them.
    pub labels: BTreeMap<String, BTreeSet<String>>,
    /// By the value of the label that says the segment; `""` where it is absent.
    pub tagged: BTreeMap<String, Tagged>,
    /// Of a histogram: what its edges are in, in billionths.
    pub unit_billionths: i128,
    /// Edges of a histogram, ascending, without infinity.
    pub edges: BTreeSet<Threshold>,
    /// Every series that was looked at is there several times.
    pub copies: Option<Copies>,
}

impl MetricSeen {
    /// What is asked of labels and met by no value that was seen. All that is asked, if each alone is met: then no series
    /// meets them together.
    #[must_use]
    pub fn unmet(&self) -> Vec<&(String, String)> {
        let is_met = |(label, wanted): &&(String, String)| {
            let values = self.labels.get(label).into_iter().flatten();
            let mut wanted = wanted.split(" or ");
            values.clone().count() > 0 && wanted.any(|one| values.clone().any(|value| value == one))
        };
        let (met, unmet): (Vec<_>, Vec<_>) = self.asked.iter().partition(is_met);
        if unmet.is_empty() { met } else { unmet }
    }
}

/// How much has one value of the label that says the segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tagged {
    /// Series.
    pub series: u64,
    /// Events: of the last hour, or since the counter began.
    pub events: u64,
}

/// A label by which events are good or bad.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassLabel {
    /// The label.
    pub label: String,
    /// The SLOs to which all events are the same where it is absent, and that do not say that it may be.
    pub slos: Vec<String>,
    /// What they look for.
    pub values: Vec<Match>,
}
