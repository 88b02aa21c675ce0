//! The judgement: what of a metric does not fit, so that nothing is counted, or everything counts the same. Knows one
//! metric of one source; knows no words for it.

use std::collections::BTreeSet;

use attain_model::slo::CommittedTargets;
use attain_model::source::Source;
use attain_model::{Catalogue, Targets};

use super::alike::nearness;
use super::seen::{MetricSeen, Shape};

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Misfit {
    /// No series has the metric's name.
    Absent,
    /// Series have its name, and none of them counts: `where`, `except` or the service take them all.
    NoneCounts,
    /// No series has a label that `good:` or `bad:` looks at, and nothing says that it may be absent: all events count the
    /// same.
    NoClassLabel {
        /// The label.
        label: String,
        /// The SLOs that look at it.
        slos: Vec<String>,
        /// A label that does have such values, e.g. `code` for `status: 5xx`.
        other: Option<String>,
    },
    /// No bucket of a histogram holds all its events: how many there are is not known, and nothing counts.
    NoWhole,
    /// No series has the label that says the segment: all events are in none.
    NoSegmentLabel {
        /// A label that says the catalogue's segments instead.
        other: Option<String>,
    },
}

/// What does not fit of a metric, the worst first. Nothing while it is there and silent, or there in another form.
#[must_use]
pub fn misfits(catalogue: &Catalogue, source: &Source, metric: &MetricSeen) -> Vec<Misfit> {
    if metric.series == 0 {
        let is_there = metric.lately > 0 || metric.native > 0;
        return match metric.named {
            _ if is_there => Vec::new(),
            0 => vec![Misfit::Absent],
            _ => vec![Misfit::NoneCounts],
        };
    }
    let mut all = Vec::new();
    for class in &metric.classes {
        let is_said = source.add.contains_key(&class.label);
        if metric.labels.contains_key(&class.label) || class.slos.is_empty() || is_said {
            continue;
        }
        let fits = |values: &BTreeSet<String>| {
            let mut wanted = class.values.iter();
            wanted.any(|wanted| values.iter().any(|value| wanted.matches(value)))
        };
        let other = (metric.labels.iter()).find(|(_, values)| fits(values));
        all.push(Misfit::NoClassLabel {
            label: class.label.clone(),
            slos: class.slos.clone(),
            other: other.map(|(label, _)| label.clone()),
        });
    }
    // By segment those are counted that hold all.
    if metric.shape == Shape::Histogram && metric.tagged.is_empty() {
        all.push(Misfit::NoWhole);
        return all;
    }
    let label = &source.labels.segment;
    let is_tagged = metric.tagged.keys().any(|value| !value.is_empty());
    let is_by_tag = !catalogue.segments.is_empty() && !source.add.contains_key(label);
    let mut slos = metric.slos.iter();
    let tells_apart = slos.len() == 0 || slos.any(|slo| tells_apart(catalogue, slo));
    let is_by_tag = is_by_tag && tells_apart;
    if is_by_tag && !is_tagged && source.labels.customer.is_none() {
        let claimed = claimed_by(catalogue);
        let says_it = |values: &BTreeSet<String>| {
            let is_claimed = |value: &String| {
                let mut claimed = claimed.iter();
                claimed.any(|claimed| nearness(claimed, value) == Some(0))
            };
            values.iter().any(is_claimed)
        };
        let other = metric.labels.iter().find(|(_, values)| says_it(values));
        all.push(Misfit::NoSegmentLabel {
            other: other.map(|(label, _)| label.clone()),
        });
    }
    all
}

/// Whether an SLO promises anything to a segment. What is promised to all traffic as one needs no label.
fn tells_apart(catalogue: &Catalogue, slo: &str) -> bool {
    // One that is not known may.
    let Some(slo) = catalogue.slos.get(slo) else {
        return true;
    };
    let mut terms = slo
        .objectives
        .values()
        .flat_map(|objective| &objective.terms);
    let by_segment = terms.any(|term| matches!(term.targets, Targets::PerSegment { .. }));
    let committed = slo.commitments.iter();
    let mut committed = committed.flat_map(|commitment| commitment.targets.values());
    by_segment || committed.any(|targets| matches!(targets, CommittedTargets::Segments(_)))
}

/// All values of the segment label that some segment claims.
#[must_use]
pub fn claimed_by(catalogue: &Catalogue) -> BTreeSet<&str> {
    let segments = catalogue.segments.values();
    segments
        .flat_map(|segment| segment.matches.iter().map(String::as_str))
        .collect()
}
