//! Streams: what is counted once, for every SLO that looks at it.
//!
//! A stream is an indicator without its verdict: which requests count, of which service, from which sources. Two SLOs
//! that differ only in `good`/`bad`, targets or thresholds share one, so an edit of these re-reads history.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::catalogue::Catalogue;
use crate::id::SourceId;
use crate::indicator::{Counting, Indicator, MetricKind, Part};
use crate::quantity::Threshold;
use crate::selector::Selector;
use crate::slo::{CommittedTargets, Slo};

/// The identity of a stream: canonical text of what is selected. Equal keys count the same requests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamKey(String);

impl StreamKey {
    /// From its canonical text, e.g. when read back from a ledger export.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The sources that are counted, and what of them; `None` if the text is none that a catalogue makes.
    pub(crate) fn parts(&self) -> Option<(impl Iterator<Item = SourceId>, &str)> {
        let (sources, rest) = self.0.split_once('|')?;
        Some((sources.split('+').map(SourceId::from), rest))
    }
}

/// What is counted once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Its identity.
    pub key: StreamKey,
    /// Where counts come from; all sources of the catalogue if the indicator names none.
    pub sources: Vec<SourceId>,
    /// What is counted; its outcome is one of those that look at the stream.
    pub indicator: Indicator,
    /// Values of the service label that count, where a source has such a label and the selector does not name it.
    pub service_matches: Vec<String>,
    /// Latency edges, ascending: every threshold of every SLO that looks here, and the buckets the catalogue names.
    /// A classic histogram whose buckets are named has these alone: it cannot be cut anywhere else.
    pub edges: Vec<Threshold>,
    /// Labels whose values make the outcome class, in order.
    pub class_labels: Vec<String>,
}

impl Stream {
    /// The identity of the stream that an SLO looks at.
    #[must_use]
    pub fn key_of(catalogue: &Catalogue, slo: &Slo) -> StreamKey {
        let mut text = String::new();
        for source in sources_of(catalogue, &slo.indicator) {
            let _ = write!(text, "{source}+");
        }
        text.pop();
        text.push('|');
        write_counting(&mut text, &slo.indicator);
        for value in service_matches(catalogue, slo) {
            let _ = write!(text, "|service={value}");
        }
        StreamKey(text)
    }

    /// Every stream of a catalogue, in the order of their keys.
    #[must_use]
    pub fn all(catalogue: &Catalogue) -> Vec<Stream> {
        let mut streams: BTreeMap<StreamKey, Gathered> = BTreeMap::new();
        for slo in catalogue.slos.values() {
            let key = Self::key_of(catalogue, slo);
            let gathered = streams.entry(key.clone()).or_insert_with(|| Gathered {
                stream: Stream {
                    key,
                    sources: sources_of(catalogue, &slo.indicator),
                    indicator: slo.indicator.clone(),
                    service_matches: service_matches(catalogue, slo),
                    edges: Vec::new(),
                    class_labels: Vec::new(),
                },
                buckets: BTreeSet::new(),
                thresholds: BTreeSet::new(),
                labels: BTreeSet::new(),
            });
            gathered.look(slo);
        }
        streams.into_values().map(Gathered::stream).collect()
    }
}

/// What all SLOs that look at one stream ask of it.
struct Gathered {
    stream: Stream,
    buckets: BTreeSet<Threshold>,
    thresholds: BTreeSet<Threshold>,
    labels: BTreeSet<String>,
}

impl Gathered {
    fn look(&mut self, slo: &Slo) {
        self.buckets.extend(slo.indicator.buckets.iter().copied());
        self.thresholds.extend(slo.thresholds());
        self.labels
            .extend(slo.indicator.outcome().labels().map(str::to_owned));
        if matches!(slo.indicator.counting, Counting::Log { .. }) {
            self.labels.insert("status".to_owned());
        }
    }

    fn stream(self) -> Stream {
        let is_classic = matches!(
            self.stream.indicator.counting,
            Counting::Metric {
                kind: MetricKind::Histogram,
                ..
            }
        );
        let edges = if is_classic && !self.buckets.is_empty() {
            self.buckets
        } else {
            &self.buckets | &self.thresholds
        };
        Stream {
            edges: edges.into_iter().collect(),
            class_labels: self.labels.into_iter().collect(),
            ..self.stream
        }
    }
}

impl Slo {
    /// Every latency threshold that an objective or a commitment of this SLO has or had.
    pub fn thresholds(&self) -> impl Iterator<Item = Threshold> {
        let objectives = self
            .objectives
            .values()
            .flat_map(|objective| &objective.terms)
            .flat_map(|term| term.targets.iter().map(|(_, goal)| *goal));
        let commitments = self
            .commitments
            .iter()
            .flat_map(|commitment| commitment.targets.values())
            .flat_map(CommittedTargets::goals);
        objectives
            .chain(commitments)
            .filter_map(|goal| goal.promised().and_then(|promised| promised.under))
    }
}

fn sources_of(catalogue: &Catalogue, indicator: &Indicator) -> Vec<SourceId> {
    if indicator.sources.is_empty() {
        catalogue.sources.keys().cloned().collect()
    } else {
        indicator.sources.clone()
    }
}

/// The service values that count: nothing where no source of the indicator has a service label, or the selector names it.
fn service_matches(catalogue: &Catalogue, slo: &Slo) -> Vec<String> {
    let label = sources_of(catalogue, &slo.indicator)
        .iter()
        .find_map(|id| catalogue.sources.get(id)?.labels.service.clone());
    let Some(label) = label else {
        return Vec::new();
    };
    let named = slo
        .indicator
        .selector()
        .is_some_and(|selector| selector.only.contains_key(&label));
    match catalogue.services.get(&slo.service) {
        Some(service) if !named => service.matches.clone(),
        _ => Vec::new(),
    }
}

fn write_counting(text: &mut String, indicator: &Indicator) {
    match &indicator.counting {
        Counting::Metric {
            metric,
            kind,
            selector,
            ..
        } => {
            let _ = write!(text, "{metric}:{kind:?}");
            write_selector(text, selector);
        }
        Counting::Totals {
            total, part, of, ..
        } => {
            let _ = write!(text, "{}", total.metric);
            write_selector(text, &total.selector);
            let part = match part {
                Part::Good => "good",
                Part::Bad => "bad",
                Part::Ratio => "ratio",
            };
            let _ = write!(text, "|{part}={}", of.metric);
            write_selector(text, &of.selector);
        }
        Counting::Log { selector, .. } => {
            text.push_str("log");
            write_selector(text, selector);
        }
        Counting::PromQl {
            part,
            part_query,
            total_query,
        } => {
            let _ = write!(text, "promql|{part:?}={part_query}|total={total_query:?}");
        }
    }
}

fn write_selector(text: &mut String, selector: &Selector) {
    for (label, value) in &selector.only {
        let _ = write!(text, "|{label}={value}");
    }
    for (label, value) in &selector.except {
        let _ = write!(text, "|-{label}={value}");
    }
}
