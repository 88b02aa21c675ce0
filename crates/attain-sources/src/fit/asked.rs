//! What a Prometheus-compatible API has of what the catalogue wants. Knows PromQL; judges nothing, and has its connection
//! from its caller.
//!
//! A handful of instant queries for each metric, all of them sums or the first of many: answers do not grow with the number
//! of series.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use attain_model::source::Source;

use super::alike::alike;
use super::copies::{Copies, copies};
use super::seen::{MetricSeen, Shape};
use super::wanted::Wanted;
use crate::pull::{HttpApi, Line, Newest, Puller, Trouble};

/// Series whose labels are looked at.
const SAMPLED: u32 = 200;
/// Series that are compared with each other.
const COMPARED: u64 = 2000;
/// Values of the label that says the segment.
const VALUES: u32 = 1000;
/// Names that are proposed instead of one that is not there.
const NAMES_SHOWN: usize = 3;

/// An API that is asked about one metric after the other.
pub struct Asking<'r> {
    api: &'r HttpApi,
    /// The label that says the segment.
    label: &'r str,
    /// The names of all metrics, once somebody wanted to know.
    names: Option<Vec<String>>,
}

impl<'r> Asking<'r> {
    /// For what a source is to say.
    #[must_use]
    pub fn new(api: &'r HttpApi, source: &'r Source) -> Self {
        Self {
            api,
            label: &source.labels.segment,
            names: None,
        }
    }

    /// What [`super::misfits`] judges by: whether series of it count, and their labels. `None` if it is not pulled as a
    /// metric.
    ///
    /// # Errors
    /// The API did not answer, or refuses a question.
    pub fn fits(
        &mut self,
        wanted: &Wanted,
        puller: &Puller,
    ) -> Result<Option<MetricSeen>, Trouble> {
        let Some(selector) = selector_of(wanted, puller) else {
            return Ok(None);
        };
        let mut seen = wanted.unseen();
        seen.series = self.number(&format!("count({selector})"))?;
        if seen.series == 0 {
            self.instead(wanted, selector, &mut seen)?;
            return Ok(Some(seen));
        }
        (seen.named, seen.lately) = (seen.series, seen.series);
        seen.labels = self.labels(selector)?;
        self.classes(selector, &mut seen)?;
        let label = self.label;
        let whole = whole(&seen, selector);
        let query = format!("topk({VALUES}, count by ({label}) ({whole}))");
        for line in self.lines(&query)? {
            let tagged = seen.tagged.entry(value_of(&line, label)).or_default();
            tagged.series += whole_of(&line);
        }
        Ok(Some(seen))
    }

    /// The same, with how old and how frequent its samples are, the events of the last hour and its edges.
    ///
    /// # Errors
    /// As [`Asking::fits`].
    pub fn whole(
        &mut self,
        wanted: &Wanted,
        puller: &Puller,
    ) -> Result<Option<MetricSeen>, Trouble> {
        let (Some(mut seen), Some(selector)) =
            (self.fits(wanted, puller)?, selector_of(wanted, puller))
        else {
            return Ok(None);
        };
        if seen.series == 0 {
            return Ok(Some(seen));
        }
        seen.age = self.api.newest(selector)?.map(whole_age);
        // Of what began within these minutes nobody can tell how often it comes.
        let was_there = self.number(&format!("count({selector} offset 5m)"))? > 0;
        let said = self.number(&format!("max(count_over_time({selector}[5m]))"))?;
        seen.interval = (was_there && said >= 2).then(|| Duration::from_secs(300 / said));
        if seen.shape != Shape::Gauge {
            let (label, whole) = (self.label, whole(&seen, selector));
            let query = format!("sum by ({label}) (increase({whole}[1h]))");
            for line in self.lines(&query)? {
                let tagged = seen.tagged.entry(value_of(&line, label)).or_default();
                tagged.events += whole_of(&line);
            }
            seen.copies = self.copies(&whole, &seen)?;
        }
        if wanted.shape == Shape::Histogram {
            let lines = self.lines(&format!("count by (le) ({selector})"))?;
            let edges = lines.iter().filter_map(|line| line.labels.get("le"));
            seen.edges = edges.filter_map(|le| wanted.edge(le)).collect();
        }
        Ok(Some(seen))
    }

    /// Whether every series is there several times. Where there are many, one target stands for all: what two Prometheus
    /// say of it is the same but for a label.
    fn copies(&self, whole: &str, seen: &MetricSeen) -> Result<Option<Copies>, Trouble> {
        let mut of = whole.to_owned();
        if self.number(&format!("count({of})"))? > COMPARED {
            let lines = self.lines(&format!("topk(1, {of})"))?;
            let labels = lines.first().map(|line| &line.labels);
            for name in ["job", "instance"] {
                if let Some(value) = labels.and_then(|labels| labels.get(name)) {
                    of = format!("{},{name}={value:?}}}", of.trim_end_matches('}'));
                }
            }
            if self.number(&format!("count({of})"))? > COMPARED {
                return Ok(None);
            }
        }
        let lines = self.lines(&format!("increase({of}[1h])"))?;
        let series: Vec<_> = (lines.into_iter())
            .map(|line| (line.labels.clone(), whole_of(&line)))
            .collect();
        let asked = seen.asked.iter().map(|(label, _)| label.as_str());
        let classes = seen.classes.iter().map(|class| class.label.as_str());
        let meant: BTreeSet<&str> = asked.chain(classes).chain([self.label]).collect();
        Ok(copies(&series, &meant))
    }

    /// What there is in place of series that count.
    fn instead(
        &mut self,
        wanted: &Wanted,
        selector: &str,
        seen: &mut MetricSeen,
    ) -> Result<(), Trouble> {
        let named = format!("{{__name__=\"{}\"}}", wanted.name);
        seen.lately = self.number(&format!("count(last_over_time({selector}[1d]))"))?;
        seen.named = self.number(&format!("count({named})"))?;
        if seen.named > 0 || seen.lately > 0 {
            seen.labels = self.labels(&named)?;
            return Ok(());
        }
        seen.alike = self.alike(&wanted.name)?;
        if let Some(whole) = wanted.name.strip_suffix("_bucket") {
            // What has quantiles is a summary.
            let whole = format!("{{__name__=\"{whole}\",quantile=\"\"}}");
            let there = self.number(&format!("count({whole})"))?;
            if there > 0 {
                seen.native = self.native(&whole, there)?;
                seen.plain = there.saturating_sub(seen.native);
            }
        }
        Ok(())
    }

    /// How many of these are native histograms. Who does not know the question has none.
    fn native(&self, whole: &str, there: u64) -> Result<u64, Trouble> {
        match self.number(&format!("count(histogram_count({whole}))")) {
            Err(Trouble::Refused(_)) => Ok(0),
            // VictoriaMetrics.
            Err(Trouble::Away(why)) if why.contains("unknown func") => Ok(0),
            native => Ok(native?.min(there)),
        }
    }

    /// Labels that say good from bad may be on few series: those that are not among the first are asked for by name.
    fn classes(&self, selector: &str, seen: &mut MetricSeen) -> Result<(), Trouble> {
        for label in seen.classes.iter().map(|class| &class.label) {
            if seen.labels.contains_key(label) {
                continue;
            }
            let is_plain = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let with_it = format!("{},{label}!=\"\"}}", selector.trim_end_matches('}'));
            // What PromQL cannot name is not said to be missing.
            if !is_plain || self.number(&format!("count({with_it})"))? > 0 {
                seen.labels.entry(label.clone()).or_default();
            }
        }
        Ok(())
    }

    fn labels(&self, selector: &str) -> Result<BTreeMap<String, BTreeSet<String>>, Trouble> {
        let mut labels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in self.lines(&format!("topk({SAMPLED}, {selector})"))? {
            for (label, value) in line.labels {
                if label != "__name__" && label != "le" {
                    labels.entry(label).or_default().insert(value);
                }
            }
        }
        Ok(labels)
    }

    fn alike(&mut self, name: &str) -> Result<Vec<String>, Trouble> {
        if self.names.is_none() {
            self.names = Some(self.api.label_values("__name__", &[])?);
        }
        let names = self.names.as_deref().unwrap_or_default();
        Ok(alike(name, names.iter().map(String::as_str), NAMES_SHOWN))
    }

    fn number(&self, query: &str) -> Result<u64, Trouble> {
        Ok(self.lines(query)?.first().map_or(0, whole_of))
    }

    fn lines(&self, query: &str) -> Result<Vec<Line>, Trouble> {
        self.api.instant(query, None)
    }
}

/// The series that a metric is pulled of.
fn selector_of<'p>(wanted: &Wanted, puller: &'p Puller) -> Option<&'p str> {
    let mut asks = puller.asks().iter();
    let ask = asks.find(|ask| ask.stream == wanted.stream.key && ask.metric == wanted.name)?;
    Some(ask.query.selector())
}

/// Of a histogram one series of many counts all requests.
fn whole(seen: &MetricSeen, selector: &str) -> String {
    match seen.shape {
        Shape::Histogram => format!("{},le=\"+Inf\"}}", selector.trim_end_matches('}')),
        Shape::Counter | Shape::Gauge => selector.to_owned(),
    }
}

fn value_of(line: &Line, label: &str) -> String {
    line.labels.get(label).cloned().unwrap_or_default()
}

/// The newest value, cut to a whole number; 0 if it is none.
fn whole_of(line: &Line) -> u64 {
    let value = line.points.last();
    let value = value.and_then(|(_, value)| value.parse::<f64>().ok());
    value.map_or(0, |value| value as u64)
}

/// To the second.
fn whole_age(newest: Newest) -> Duration {
    Duration::from_secs(newest.age().as_secs_f64().round() as u64)
}
