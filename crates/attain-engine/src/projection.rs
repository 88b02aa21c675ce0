//! From what happened to whether that was good: classes and buckets under one objective.
//!
//! Knows an indicator, a threshold, and what the tallies keep. What they cannot tell is bad, and said so.

use std::time::Duration;

use attain_model::facts::Layout;
use attain_model::indicator::Indicator;
use attain_model::quantity::duration_text;
use attain_model::{Bucket, Class, GapReason, Threshold};

/// What an event was, under one objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Good,
    Bad,
    /// It could have been good; it counts as bad.
    Unclear(Why),
}

/// Why an event cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// The tally lacks a label or any edge.
    NotKept,
    /// The threshold lies between two edges, and so does the event.
    BetweenBuckets,
    /// Nothing is known about how long it took.
    Untimed,
}

/// How events that were counted under one layout are judged under one objective.
#[derive(Debug, Clone)]
pub(crate) struct Projection<'a> {
    indicator: &'a Indicator,
    kept: &'a Layout,
    under: Option<Threshold>,
}

impl<'a> Projection<'a> {
    pub(crate) fn new(
        kept: &'a Layout,
        indicator: &'a Indicator,
        under: Option<Threshold>,
    ) -> Self {
        Self {
            indicator,
            kept,
            under,
        }
    }

    /// The threshold of the objective.
    pub(crate) fn under(&self) -> Option<Threshold> {
        self.under
    }

    /// The labels that a class is made of.
    pub(crate) fn class_labels(&self) -> &[String] {
        &self.kept.class_labels
    }

    /// What events of a class and bucket were.
    pub(crate) fn fate(&self, class: &Class, bucket: Bucket) -> Fate {
        match self.under {
            None => self.by_outcome(class),
            Some(under) => self.by_latency(under, bucket),
        }
    }

    /// The gap to show for events that cannot be judged.
    pub(crate) fn gap(&self, why: Why, events: u64) -> GapReason {
        match why {
            Why::BetweenBuckets => GapReason::BetweenBuckets(events),
            Why::Untimed => GapReason::Untimed(events),
            Why::NotKept => GapReason::NotKept(match (self.under, self.missing_label()) {
                (Some(under), _) => format!("threshold {}", length(under)),
                (None, Some(label)) => format!("label {label}"),
                (None, None) => "outcome".to_owned(),
            }),
        }
    }

    fn by_outcome(&self, class: &Class) -> Fate {
        // A label of the data may be called `outcome` too; then the label decides.
        let is_told = !self
            .kept
            .class_labels
            .iter()
            .any(|label| label == "outcome");
        let is_bad = if is_told && *class == Class::bad() {
            true
        } else if is_told && *class == Class::good() {
            false
        } else if self.missing_label().is_some() {
            return Fate::Unclear(Why::NotKept);
        } else {
            self.indicator.outcome().is_bad(|label| class.label(label))
        };
        if is_bad { Fate::Bad } else { Fate::Good }
    }

    fn missing_label(&self) -> Option<&str> {
        let kept = &self.kept.class_labels;
        self.indicator
            .outcome()
            .labels()
            .find(|label| !kept.iter().any(|k| k == label))
    }

    /// A bucket is the number of edges at or under the latency: with the threshold at edge i, buckets 0 to i are under it.
    fn by_latency(&self, under: Threshold, bucket: Bucket) -> Fate {
        if bucket == Bucket::UNTIMED {
            return Fate::Unclear(Why::Untimed);
        }
        let edges = &self.kept.edges;
        if edges.is_empty() {
            return Fate::Unclear(Why::NotKept);
        }
        let bucket = usize::from(bucket.0);
        let at = edges.partition_point(|edge| *edge < under);
        let is_edge = edges.get(at) == Some(&under);
        match bucket.cmp(&at) {
            std::cmp::Ordering::Less => Fate::Good,
            std::cmp::Ordering::Equal if is_edge => Fate::Good,
            std::cmp::Ordering::Equal => Fate::Unclear(Why::BetweenBuckets),
            std::cmp::Ordering::Greater => Fate::Bad,
        }
    }
}

/// As people say it: a limit of a day is `1d`, one below a minute what it is written as.
fn length(under: Threshold) -> String {
    let length = Duration::from_nanos(under.nanoseconds());
    match length < Duration::from_secs(60) {
        true => under.to_string(),
        false => duration_text(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_said_as_a_length() {
        let said = |seconds: u64| length(Threshold::from_nanoseconds(seconds * 1_000_000_000));
        assert_eq!([said(86_400), said(5_400), said(3)], ["1d", "90m", "3s"]);
        assert_eq!(length(Threshold::from_nanoseconds(500_000)), "0.5ms");
    }
}
