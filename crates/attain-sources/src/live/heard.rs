//! A sample of what arrives, for whoever looks for what is wrong: series of wanted metrics with their labels, and names
//! that nobody wants. Knows labels; judges nothing.
//!
//! A series is noted when it is first met; names that nobody wants are looked at in the first requests, and then in one
//! of many. What is kept is bounded: a sample, and no list.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::series::Labelled;
use super::whom::NAME_LABEL;

/// Series of one wanted metric.
const SERIES: usize = 500;
/// Series of all of them.
const ALL_SERIES: usize = 4000;
/// Names that nobody wants.
const NAMES: usize = 1000;
/// Labels and names longer than this are not kept.
const TEXT_BYTES: usize = 256;
/// Labels of one series, and names of labels of one metric.
const LABELS: usize = 64;
/// Requests whose unwanted names are all looked at; after them one of so many.
const FIRST_REQUESTS: u64 = 16;
const ONE_OF: u64 = 64;

/// A series of a metric that some indicator wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeardSeries {
    /// The metric as the catalogue writes it.
    pub metric: String,
    /// All labels but the name; of a bucket with `le`.
    pub labels: BTreeMap<String, String>,
    /// It is no bucket, and holds all buckets of a histogram: which edges it has is not known here.
    pub is_whole: bool,
}

/// What was heard of a source since the start, or since another catalogue is in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeardSample {
    /// Series of wanted metrics: at most 500 of each and 4,000 in all.
    pub series: Vec<HeardSeries>,
    /// The labels that series of a wanted metric have, those outside the sample included; at most 64.
    pub labels: BTreeMap<String, BTreeSet<String>>,
    /// Names of metrics that nobody wants; at most 1,000.
    pub others: BTreeSet<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Heard {
    series: HashMap<(String, u128), HeardSeries>,
    metrics: BTreeMap<String, (usize, BTreeSet<String>)>,
    others: BTreeSet<String>,
    requests: u64,
    is_looking: bool,
    /// How often any of it changed.
    pub(super) changes: u64,
}

impl Heard {
    /// A request begins.
    pub(super) fn begin(&mut self) {
        self.is_looking = self.others.len() < NAMES
            && (self.requests < FIRST_REQUESTS || self.requests.is_multiple_of(ONE_OF));
        self.requests += 1;
    }

    /// Nobody wants a metric of this name.
    #[inline]
    pub(super) fn unwanted(&mut self, name: &[u8]) {
        if self.is_looking {
            self.keep_name(name);
        }
    }

    fn keep_name(&mut self, name: &[u8]) {
        if self.others.len() >= NAMES || name.len() > TEXT_BYTES {
            return;
        }
        if let Ok(name) = std::str::from_utf8(name)
            && !self.others.contains(name)
        {
            self.others.insert(name.to_owned());
            self.changes += 1;
        }
    }

    /// A series of a wanted metric is met.
    pub(super) fn met(&mut self, metric: &str, labelled: &Labelled<'_>, is_whole: bool) {
        let (series, names) = self.metrics.entry(metric.to_owned()).or_default();
        let labels = || {
            let all = labelled.pairs().iter();
            all.filter(|(name, value)| {
                *name != NAME_LABEL && name.len() <= TEXT_BYTES && value.len() <= TEXT_BYTES
            })
        };
        for (name, _) in labels() {
            if names.len() < LABELS && !names.contains(*name) {
                names.insert((*name).to_owned());
                self.changes += 1;
            }
        }
        if *series >= SERIES || self.series.len() >= ALL_SERIES {
            return;
        }
        let heard = HeardSeries {
            metric: metric.to_owned(),
            labels: (labels().take(LABELS))
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            is_whole,
        };
        let id = (metric.to_owned(), labelled.id(None).0);
        let is_new = self.series.insert(id, heard).is_none();
        *series += usize::from(is_new);
        self.changes += u64::from(is_new);
    }

    /// Another catalogue is in force.
    pub(super) fn clear(&mut self) {
        *self = Self {
            changes: self.changes + 1,
            ..Self::default()
        };
    }

    /// All of it, in an order that does not depend on when it came.
    pub(super) fn sample(&self) -> HeardSample {
        let mut series: Vec<HeardSeries> = self.series.values().cloned().collect();
        series.sort_by(|a, b| (&a.metric, &a.labels).cmp(&(&b.metric, &b.labels)));
        let metrics = self.metrics.iter();
        HeardSample {
            series,
            labels: metrics
                .map(|(metric, (_, labels))| (metric.clone(), labels.clone()))
                .collect(),
            others: self.others.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_its_bounds() {
        let mut heard = Heard::default();
        for number in 0..3 * SERIES {
            let value = number.to_string();
            let labels = vec![(NAME_LABEL, "x_total"), ("n", value.as_str())];
            let labelled = Labelled::new(labels).expect("labels");
            heard.met("x_total", &labelled, false);
            heard.met("x_total", &labelled, false);
        }
        heard.begin();
        for number in 0..2 * NAMES {
            heard.unwanted(format!("y{number}").as_bytes());
        }
        let sample = heard.sample();
        assert_eq!(sample.series.len(), SERIES);
        assert_eq!(sample.others.len(), NAMES);
        // A label that comes after the sample is full is still known.
        let late = vec![(NAME_LABEL, "x_total"), ("error", "1")];
        let labelled = Labelled::new(late).expect("labels");
        heard.met("x_total", &labelled, false);
        assert!(heard.sample().labels["x_total"].contains("error"));
        heard.clear();
        assert_eq!(heard.sample(), HeardSample::default());
    }

    #[test]
    fn names_are_looked_at_first_and_then_now_and_then() {
        let mut heard = Heard::default();
        let looks = (0..200)
            .filter(|_| {
                heard.begin();
                heard.is_looking
            })
            .count();
        assert_eq!(looks, 16 + 3);
    }
}
