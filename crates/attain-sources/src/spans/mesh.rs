//! A service-graph metric as exposition text: calls by client and server, those that failed besides. Of a page as it is
//! scraped the value counts; of samples over time what the counter rose by.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use super::SpanFile;
use crate::error::Error;
use crate::file::files;
use crate::first::sniff::not_understood;
use crate::text::exposition::{Line, parse, series_of};

/// The metric of all calls; the one of failed ones beside it.
pub(super) const CALLS: &str = "traces_service_graph_request_total";
const FAILED: &str = "traces_service_graph_request_failed_total";

/// One counter as it was read so far.
#[derive(Default)]
struct Risen {
    last: Option<f64>,
    rise: f64,
    samples: u64,
}

pub(super) fn read(path: &Path, reader: &mut dyn BufRead) -> Result<SpanFile, Error> {
    let mut file = SpanFile::default();
    let mut counters: BTreeMap<String, Risen> = BTreeMap::new();
    let mut line = Vec::new();
    while files::next_line(reader, &mut line).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })? {
        file.read += 1;
        let read = file.read;
        match parse(&line) {
            Ok(Line::Sample(sample)) if sample.series.contains("traces_service_graph_request") => {
                let value = sample.value.and_then(|value| value.parse::<f64>().ok());
                let counter = counters.entry(sample.series.to_owned()).or_default();
                match value.filter(|value| value.is_finite() && *value >= 0.0) {
                    Some(value) => counter.take(value),
                    None => file.broken(
                        path,
                        read,
                        "a counter is a number and not below zero".to_owned(),
                    ),
                }
            }
            Ok(_) => {}
            Err(why) => file.broken(path, read, why),
        }
    }
    for (series, counter) in &counters {
        let Ok((name, labels)) = series_of(series) else {
            continue;
        };
        let label = |key: &str| {
            labels
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, v)| v.clone())
        };
        let Some((client, server)) = label("client").zip(label("server")) else {
            continue;
        };
        let count = file.counts.entry((client, server)).or_default();
        match name.as_str() {
            CALLS => count.calls = count.calls.saturating_add(counter.count()),
            FAILED => count.failed = count.failed.saturating_add(counter.count()),
            _ => {}
        }
    }
    file.counts.retain(|_, count| count.calls > 0);
    if counters.is_empty() {
        let why = format!(
            "it has no {CALLS}{{client=…,server=…}}; give that metric, OTLP as JSON, or CSV with a header"
        );
        return Err(not_understood(path, &why));
    }
    Ok(file)
}

impl Risen {
    fn take(&mut self, value: f64) {
        self.rise += match self.last {
            Some(last) if value >= last => value - last,
            // It began again.
            Some(_) => value,
            None => 0.0,
        };
        self.last = Some(value);
        self.samples += 1;
    }

    fn count(&self) -> u64 {
        let counted = match self.samples {
            0 | 1 => self.last.unwrap_or(0.0),
            _ => self.rise,
        };
        counted.round() as u64
    }
}
