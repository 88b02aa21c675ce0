//! What was sent to a server, put as a page would be: what it has of what the catalogue wants. Judges nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use attain_model::source::Source;

use super::alike::alike;
use super::page;
use super::seen::{MetricSeen, Shape};
use super::wanted::Wanted;
use crate::live::HeardSample;
use crate::scrape::Shown;

/// How a segment may be said, whatever the label of the source is called.
const SEGMENT_ATTRIBUTE: &str = "attain_segment";
/// Names that are proposed instead of one that is not there.
const NAMES_SHOWN: usize = 3;

/// What a sample has of what is wanted.
pub fn metrics_heard<'w>(
    wanted: &'w [Wanted],
    heard: &HeardSample,
    source: &Source,
) -> Vec<MetricSeen> {
    let segment_label = &source.labels.segment;
    // Most indicators of a metric speak of the same labels: its series are the same to all of them.
    let mut pages: BTreeMap<(&str, bool, Asked), Vec<Shown>> = BTreeMap::new();
    let metric = |wanted: &'w Wanted| {
        let asked = asked(wanted, segment_label);
        let is_its = |metric: &str| base(metric) == base(&wanted.name);
        let is_histogram = wanted.shape == Shape::Histogram;
        let page = pages.entry((wanted.name.as_str(), is_histogram, asked.clone()));
        let page = page.or_insert_with(|| {
            let series = heard.series.iter().filter(|one| is_its(&one.metric));
            series
                .filter_map(|one| shown(wanted, &one.labels, one.is_whole, &asked, source))
                .collect()
        });
        let mut seen = page::metrics_on(std::slice::from_ref(wanted), page, segment_label)
            .pop()
            .unwrap_or_default();
        if seen.named == 0 {
            let names = heard.series.iter().map(|one| &one.metric);
            let names = names.chain(&heard.others).map(String::as_str);
            seen.alike = alike(&wanted.name, names, NAMES_SHOWN);
            let plain = heard.series.iter().filter(|one| {
                let is_part = ["le", "quantile"].map(|label| one.labels.contains_key(label));
                is_its(&one.metric) && !one.is_whole && is_part == [false; 2]
            });
            seen.plain = match wanted.shape {
                Shape::Histogram => plain.count() as u64,
                Shape::Counter | Shape::Gauge => 0,
            };
        }
        let labels = heard.labels.iter().filter(|(metric, _)| is_its(metric));
        for label in labels.flat_map(|(_, labels)| labels) {
            if label != "le" && seen.named > 0 {
                seen.labels.entry(as_asked(label, &asked)).or_default();
            }
        }
        seen
    };
    wanted.iter().map(metric).collect()
}

/// A series as it would stand on a page; `None` if it is no part of what is wanted.
fn shown(
    wanted: &Wanted,
    labels: &BTreeMap<String, String>,
    is_whole: bool,
    asked: &Asked,
    source: &Source,
) -> Option<Shown> {
    let is_histogram = wanted.shape == Shape::Histogram;
    if is_histogram && !is_whole && !labels.contains_key("le") {
        return None;
    }
    let mut one = Shown {
        name: wanted.name.clone(),
        labels: BTreeMap::new(),
        value: None,
    };
    for (label, value) in labels {
        one.labels.insert(as_asked(label, asked), value.clone());
    }
    let segment = (labels.iter()).find(|(label, _)| spelled(label) == SEGMENT_ATTRIBUTE);
    if let Some((_, segment)) = segment {
        let label = one.labels.entry(source.labels.segment.clone());
        label.or_insert_with(|| segment.clone());
    }
    for (label, value) in &source.add {
        let label = one.labels.entry(label.clone());
        label.or_insert_with(|| value.clone());
    }
    if is_histogram && is_whole {
        one.labels.insert("le".to_owned(), "+Inf".to_owned());
    }
    Some(one)
}

/// Labels that the catalogue speaks of, by Prometheus' spelling: `http.route` and `http_route` are one.
type Asked = BTreeMap<String, String>;

fn asked(wanted: &Wanted, segment_label: &str) -> Asked {
    let selector = &wanted.selector;
    let selecting = selector.only.keys().chain(selector.except.keys());
    let service = wanted.service.iter().map(|(label, _)| label);
    let classes = wanted.classes.iter().map(|class| &class.label);
    let labels: BTreeSet<&str> = (selecting.chain(service).chain(classes))
        .map(String::as_str)
        .chain([segment_label])
        .collect();
    // Of two spellings of one label the first in order is meant.
    let labels = labels.into_iter().rev();
    labels
        .map(|label| (spelled(label).into_owned(), label.to_owned()))
        .collect()
}

/// A label as the catalogue spells it.
fn as_asked(label: &str, asked: &Asked) -> String {
    let known = asked.get(&*spelled(label));
    known.map_or(label, String::as_str).to_owned()
}

/// Most names are spelled so already.
fn spelled(name: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match name.chars().all(fits) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(
            name.chars()
                .map(|c| if fits(c) { c } else { '_' })
                .collect(),
        ),
    }
}

fn base(metric: &str) -> &str {
    metric.strip_suffix("_bucket").unwrap_or(metric)
}
