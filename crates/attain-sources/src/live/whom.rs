//! For whom a series counts, and as what: the catalogue's side of an intake.
//!
//! Translates a series into the names that the catalogue uses and asks the same matcher that reads files. Knows no slots
//! and no numbers.

use std::collections::BTreeSet;

use attain_model::indicator::{Counting, Part};
use attain_model::live::{CountsFor, LiveRole};
use attain_model::quantity::{Threshold, Unit};
use attain_model::source::Source;
use attain_model::{Catalogue, Class, CountedSegment, Stream, StreamKey};

use super::names::{Wanted, Written, spelled};
use crate::counting::roster::Customers;
use crate::counting::segment::SegmentIndex;
use crate::counting::series::{Labels, Matcher, Role, pair_of};

/// The label that holds a metric's name.
pub(super) const NAME_LABEL: &str = "__name__";

/// The segment, where a source's own label does not say it.
const SEGMENT_ATTRIBUTE: &str = "attain_segment";

/// What a series is to one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    /// Index of the stream, as long as the catalogue stays.
    pub(super) stream: u32,
    pub(super) segment: SegmentIndex,
    pub(super) says: Says,
}

/// As what a series counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Says {
    /// Events of a class.
    Events(Class),
    /// Events of a class at or under a latency in nanoseconds; `u64::MAX` is all.
    AtOrUnder(Class, u64),
    /// All events of a pair.
    Total,
    /// The other number of a pair.
    Part,
    /// A value in this many billionths.
    Gauge(i128),
}

/// Asks a catalogue.
pub(super) struct Whom {
    matcher: Matcher,
    pub(super) wanted: Wanted,
    /// The labels that the catalogue looks at: as it writes them, and as Prometheus spells them.
    labels: Vec<(String, String)>,
    segment_label: String,
}

impl Whom {
    pub(super) fn new(catalogue: &Catalogue, source: &Source, customers: &Customers) -> Self {
        let named = Some(NAME_LABEL.to_owned());
        let matcher = Matcher::new(catalogue, source, customers, named);
        let names = &source.labels;
        let own = [
            Some(&names.segment),
            names.customer.as_ref(),
            names.service.as_ref(),
        ];
        let own = own.into_iter().flatten().map(String::as_str);
        let labels: BTreeSet<&str> = matcher
            .streams
            .iter()
            .flat_map(looked_at)
            .chain(own)
            .collect();
        let labels = labels
            .into_iter()
            .map(|label| (label.to_owned(), spelled(label).into_owned()))
            .collect();
        Self {
            wanted: Wanted::new(&matcher.streams),
            matcher,
            labels,
            segment_label: source.labels.segment.clone(),
        }
    }

    /// What a series is to whoever wants the metric `written`. `find` gives the value of a label by Prometheus' spelling.
    pub(super) fn meanings<'v>(
        &mut self,
        written: &Written,
        le: Option<&str>,
        find: impl Fn(&str) -> Option<&'v str>,
    ) -> Vec<Meaning> {
        let mut labels = Labels::new();
        for (label, spelled) in &self.labels {
            let value = find(spelled).or_else(|| {
                let is_segment = *label == self.segment_label;
                is_segment.then(|| find(SEGMENT_ATTRIBUTE)).flatten()
            });
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                labels.insert(label.clone(), value.to_owned());
            }
        }
        if let Some(le) = le {
            labels.insert("le".to_owned(), le.to_owned());
        }
        labels.insert(NAME_LABEL.to_owned(), written.metric.clone());
        let (segment, roles) = self.matcher.roles_for(labels, &written.streams);
        let meant = roles.into_iter().filter_map(|(stream, role)| {
            let says = match role {
                Role::Events(class) => Says::Events(class),
                Role::AtOrUnder(class, edge) => Says::AtOrUnder(class, edge),
                Role::Gauge(billionths) => Says::Gauge(billionths),
                // A share is a gauge beside a total; as counters the two say nothing.
                Role::Total | Role::Part if self.is_ratio(stream) => return None,
                Role::Total => Says::Total,
                Role::Part => Says::Part,
            };
            let stream = u32::try_from(stream).ok()?;
            Some(Meaning {
                stream,
                segment,
                says,
            })
        });
        meant.collect()
    }

    fn is_ratio(&self, stream: usize) -> bool {
        matches!(
            pair_of(&self.matcher.streams[stream]),
            Some((Part::Ratio, _))
        )
    }

    /// Whether the catalogue looks at a label of this name.
    pub(super) fn looks_at(&self, label: &str) -> bool {
        self.labels.iter().any(|(_, spelled)| spelled == label)
    }

    /// The stream of a meaning.
    pub(super) fn stream(&self, meaning: &Meaning) -> &Stream {
        &self.matcher.streams[meaning.stream as usize]
    }

    /// Who reads a gauge, and in how many billionths; `None` if it is no gauge.
    pub(super) fn gauge(&self, meaning: &Meaning) -> Option<(StreamKey, CountedSegment, i128)> {
        let Says::Gauge(billionths) = meaning.says else {
            return None;
        };
        let segment = self.matcher.decider.segments.name(meaning.segment);
        Some((
            self.stream(meaning).key.clone(),
            segment.clone(),
            billionths,
        ))
    }

    /// The unit in which a stream wants its metric.
    pub(super) fn unit_of(&self, meaning: &Meaning) -> Unit {
        match &self.stream(meaning).indicator.counting {
            Counting::Metric {
                unit: Some(unit), ..
            } => *unit,
            _ => Unit::Seconds,
        }
    }

    /// All segments, unknown among them.
    pub(super) fn segments(&self) -> &[CountedSegment] {
        self.matcher.decider.segments.names()
    }

    /// All streams that look at the source.
    pub(super) fn streams(&self) -> &[Stream] {
        &self.matcher.streams
    }

    /// A meaning with names, for a role.
    pub(super) fn counts_for(&self, meaning: &Meaning, role: LiveRole) -> CountsFor {
        CountsFor {
            stream: self.stream(meaning).key.clone(),
            segment: self.matcher.decider.segments.name(meaning.segment).clone(),
            role,
        }
    }
}

/// The role of events at or under an edge in nanoseconds; `u64::MAX` is all of them.
pub(super) fn at_or_under(class: &Class, edge: u64) -> LiveRole {
    let limit = (edge != u64::MAX).then(|| Threshold::from_nanoseconds(edge));
    LiveRole::AtOrUnder(class.clone(), limit)
}

/// The labels by which a stream selects and classifies.
fn looked_at(stream: &Stream) -> Vec<&str> {
    let selectors = match &stream.indicator.counting {
        Counting::Metric { selector, .. } => vec![selector],
        Counting::Totals { total, of, .. } => vec![&total.selector, &of.selector],
        Counting::Log { .. } | Counting::PromQl { .. } => Vec::new(),
    };
    let selecting = selectors
        .into_iter()
        .flat_map(|selector| selector.only.keys().chain(selector.except.keys()));
    selecting
        .chain(&stream.class_labels)
        .map(String::as_str)
        .collect()
}
