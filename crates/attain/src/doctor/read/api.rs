//! A Prometheus-compatible API, asked what it has of what the catalogue wants. Knows PromQL; judges nothing.
//!
//! A handful of instant queries for each metric, all of them sums or the first of many: what they cost does not grow with
//! the number of series that are sent back.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_sources::fit::{MetricSeen, Shape, Wanted, alike};
use attain_sources::pull::{Ask, HttpApi, Line, Puller, Trouble, lines_in};
use jiff::Timestamp;

use super::http::{WITHIN, fetch};
use crate::doctor::seen::{ApiSeen, Unreached};

/// Series whose labels are looked at.
const SAMPLED: u32 = 200;
/// Names that are proposed instead of one that is not there.
const NAMES_SHOWN: usize = 3;

/// What is said with each question.
pub struct Reach {
    pub url: String,
    pub headers: Vec<(String, String)>,
    /// The label that says the segment.
    pub segment_label: String,
}

/// Asks for everything that is wanted.
pub fn api(reach: &Reach, wanted: &[Wanted], puller: &Puller) -> ApiSeen {
    let mut seen = ApiSeen {
        url: reach.url.clone(),
        reached: Err(Unreached::Away(String::new())),
        held_back: Duration::ZERO,
        metrics: Vec::new(),
    };
    seen.reached = greet(reach, &mut seen.held_back);
    if seen.reached.is_err() {
        return seen;
    }
    let mut api = HttpApi::new(&reach.url, Some(WITHIN));
    for (name, value) in &reach.headers {
        api = api.with_header(name, value);
    }
    let mut asking = Asking {
        api,
        label: &reach.segment_label,
        names: None,
    };
    for wanted in wanted {
        let is_it = |ask: &&Ask| ask.stream == wanted.stream.key && ask.metric == wanted.name;
        let Some(ask) = puller.asks().iter().find(is_it) else {
            continue;
        };
        match asking.metric(wanted, ask.query.selector()) {
            Ok(metric) => seen.metrics.push(metric),
            Err(trouble) => {
                seen.reached = Err(Unreached::Other(trouble.to_string()));
                return seen;
            }
        }
    }
    seen
}

/// The first question: what time it is for queries.
fn greet(
    reach: &Reach,
    held_back: &mut Duration,
) -> Result<crate::doctor::seen::Answered, Unreached> {
    let base = reach.url.trim_end_matches('/');
    let page = format!("{base}/api/v1/query");
    let fetched = fetch(&page, &reach.headers, &[("query", "vector(time())")])?;
    let lines = lines_in(base, fetched.status, &fetched.body).map_err(|trouble| {
        match (&trouble, fetched.status) {
            (Trouble::Away(_), 500..) => Unreached::Away(trouble.to_string()),
            _ => Unreached::Other(trouble.to_string()),
        }
    })?;
    let at = lines.first().and_then(|line| line.points.last());
    if let (Some((_, value)), Some(date)) = (at, fetched.date)
        && let Ok(queried) = value.parse::<f64>()
    {
        let behind = date.as_second() as f64 + 0.5 - queried;
        *held_back = Duration::from_secs(behind.round().clamp(0.0, 86_400.0) as u64);
    }
    Ok(fetched.answered)
}

struct Asking<'r> {
    api: HttpApi,
    label: &'r str,
    /// The names of all metrics, once somebody wanted to know.
    names: Option<Vec<String>>,
}

impl Asking<'_> {
    fn metric(&mut self, wanted: &Wanted, selector: &str) -> Result<MetricSeen, Trouble> {
        let mut seen = wanted.unseen();
        seen.series = self.number(&format!("count({selector})"))?;
        let named = format!("{{__name__=\"{}\"}}", wanted.name);
        if seen.series == 0 {
            seen.lately = self.number(&format!("count(last_over_time({selector}[1d]))"))?;
            seen.named = self.number(&format!("count({named})"))?;
            if seen.named == 0 && seen.lately == 0 {
                seen.alike = self.alike(&wanted.name)?;
                if let Some(whole) = wanted.name.strip_suffix("_bucket") {
                    let whole = format!("{{__name__=\"{whole}\"}}");
                    seen.native = self.number(&format!("count({whole})"))?;
                }
            } else {
                seen.labels = self.labels(&named)?;
            }
            return Ok(seen);
        }
        (seen.named, seen.lately) = (seen.series, seen.series);
        seen.age = self.age(selector)?;
        // Of what began within these minutes nobody can tell how often it comes.
        let was_there = self.number(&format!("count({selector} offset 5m)"))? > 0;
        let said = self.number(&format!("max(count_over_time({selector}[5m]))"))?;
        seen.interval = (was_there && said >= 2).then(|| Duration::from_secs(300 / said));
        seen.labels = self.labels(selector)?;
        self.classes(selector, &mut seen)?;
        self.tagged(selector, &mut seen)?;
        if wanted.shape == Shape::Histogram {
            let lines = self.lines(&format!("count by (le) ({selector})"))?;
            let edges = lines.iter().filter_map(|line| line.labels.get("le"));
            seen.edges = edges.filter_map(|le| wanted.edge(le)).collect();
        }
        Ok(seen)
    }

    fn tagged(&self, selector: &str, seen: &mut MetricSeen) -> Result<(), Trouble> {
        let label = self.label;
        // Of a histogram one series of many counts all requests.
        let whole = match seen.shape {
            Shape::Histogram => format!("{},le=\"+Inf\"}}", selector.trim_end_matches('}')),
            Shape::Counter | Shape::Gauge => selector.to_owned(),
        };
        for line in self.lines(&format!("count by ({label}) ({whole})"))? {
            let tagged = seen.tagged.entry(value_of(&line, label)).or_default();
            tagged.series += whole_of(&line);
        }
        if seen.shape != Shape::Gauge {
            let query = format!("sum by ({label}) (increase({whole}[1h]))");
            for line in self.lines(&query)? {
                let tagged = seen.tagged.entry(value_of(&line, label)).or_default();
                tagged.events += whole_of(&line);
            }
        }
        Ok(())
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

    /// How old the newest sample is, by the clock of the answer.
    fn age(&self, selector: &str) -> Result<Option<Duration>, Trouble> {
        let lines = self.lines(&format!("max(timestamp({selector}))"))?;
        let newest = lines.first().and_then(|line| line.points.last());
        Ok(newest.and_then(|(at, value)| age_of(*at, value)))
    }

    fn labels(
        &self,
        selector: &str,
    ) -> Result<BTreeMap<String, std::collections::BTreeSet<String>>, Trouble> {
        let mut labels: BTreeMap<String, std::collections::BTreeSet<String>> = BTreeMap::new();
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

fn value_of(line: &Line, label: &str) -> String {
    line.labels.get(label).cloned().unwrap_or_default()
}

/// The newest value, cut to a whole number; 0 if it is none.
fn whole_of(line: &Line) -> u64 {
    let value = line.points.last();
    let value = value.and_then(|(_, value)| value.parse::<f64>().ok());
    value.map_or(0, |value| value as u64)
}

fn age_of(at: Timestamp, sampled: &str) -> Option<Duration> {
    let sampled: f64 = sampled.parse().ok()?;
    let age = at.as_millisecond() as f64 / 1000.0 - sampled;
    age.is_finite()
        .then(|| Duration::from_secs(age.round().max(0.0) as u64))
}
