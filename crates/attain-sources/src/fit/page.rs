//! What pages of metrics have of what is wanted. Knows pages that were read; judges nothing.

use super::alike::alike;
use super::seen::{MetricSeen, Shape};
use super::wanted::Wanted;
use crate::scrape::Shown;

/// Names that are proposed instead of one that is not there.
const NAMES_SHOWN: usize = 3;

/// What the pages of all targets have of what is wanted.
pub fn metrics_on(wanted: &[Wanted], shown: &[Shown], segment_label: &str) -> Vec<MetricSeen> {
    let metric = |wanted: &Wanted| {
        let mut seen = wanted.unseen();
        let of_name: Vec<&Shown> = shown.iter().filter(|one| one.name == wanted.name).collect();
        seen.named = of_name.len() as u64;
        if of_name.is_empty() {
            let names = shown.iter().map(|one| one.name.as_str());
            seen.alike = alike(&wanted.name, names, NAMES_SHOWN);
        }
        let counting: Vec<&Shown> = (of_name.iter().copied())
            .filter(|one| wanted.selects(|label| value(one, label)))
            .collect();
        (seen.series, seen.lately) = (counting.len() as u64, counting.len() as u64);
        let sampled = if counting.is_empty() {
            &of_name
        } else {
            &counting
        };
        for one in sampled {
            for (label, value) in one.labels.iter().filter(|(label, _)| *label != "le") {
                let values = seen.labels.entry(label.clone()).or_default();
                values.insert(value.clone());
            }
        }
        for one in &counting {
            take(&mut seen, wanted, one, segment_label);
        }
        seen
    };
    wanted.iter().map(metric).collect()
}

fn take(seen: &mut MetricSeen, wanted: &Wanted, one: &Shown, segment_label: &str) {
    let le = value(one, "le");
    if wanted.shape == Shape::Histogram {
        seen.edges.extend(wanted.edge(le));
        if le != "+Inf" {
            return;
        }
    }
    let tagged = seen
        .tagged
        .entry(value(one, segment_label).to_owned())
        .or_default();
    tagged.series += 1;
    if wanted.shape != Shape::Gauge {
        let events = one
            .value
            .as_deref()
            .and_then(|value| value.parse::<f64>().ok());
        tagged.events += events.map_or(0, |events| events as u64);
    }
}

fn value<'s>(one: &'s Shown, label: &str) -> &'s str {
    one.labels.get(label).map_or("", String::as_str)
}
