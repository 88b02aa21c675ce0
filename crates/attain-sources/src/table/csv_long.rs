//! Long CSV and samples: one row is one number of one series at one time; every other column is a label.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use attain_model::source::CsvSource;
use jiff::Timestamp;

use crate::counting::series::{Hit, Labels, Matcher};
use crate::error::Error;
use crate::table::csv_events::{find_column, time_of};
use crate::table::csv_wide::is_empty;

/// Which column holds what, in one file.
pub(crate) struct CsvLong {
    width: usize,
    time: usize,
    value: usize,
    received: Option<usize>,
    created: Option<usize>,
    labels: Vec<(usize, String)>,
    known: HashMap<Vec<u8>, Rc<Known>>,
}

/// What is known of a series after its first row.
pub(crate) struct Known {
    pub(crate) hits: Vec<Hit>,
    pub(crate) unclaimed: Option<String>,
}

/// One row.
pub(crate) struct Row {
    pub(crate) time: Timestamp,
    pub(crate) received: Option<Timestamp>,
    pub(crate) created: Option<Timestamp>,
    /// `None` where the cell is empty.
    pub(crate) value: Option<String>,
    pub(crate) series: Rc<Known>,
}

impl CsvLong {
    /// From the header.
    ///
    /// # Errors
    /// A column that the source names is not there.
    pub(crate) fn new(csv: &CsvSource, header: &[String], path: &Path) -> Result<Self, Error> {
        let find = |name: &str, role| find_column(header, name, role, path);
        let optional =
            |name: &Option<String>, role| name.as_ref().map(|name| find(name, role)).transpose();
        if let Some(name) = &csv.name {
            find(name, "name of the metric")?;
        }
        let time = find(&csv.time, "time")?;
        let value = find(csv.value.as_deref().unwrap_or("value"), "value")?;
        let received = optional(&csv.received, "time of arrival")?;
        let created = optional(&csv.created, "start of the counter")?;
        let labels = header
            .iter()
            .enumerate()
            .filter(|(at, _)| ![Some(time), Some(value), received, created].contains(&Some(*at)))
            .map(|(at, name)| (at, name.clone()))
            .collect();
        Ok(Self {
            width: header.len(),
            time,
            value,
            received,
            created,
            labels,
            known: HashMap::new(),
        })
    }

    /// Cuts a row up.
    pub(crate) fn row(
        &mut self,
        row: &csv::ByteRecord,
        matcher: &mut Matcher,
    ) -> Result<Row, String> {
        if row.len() != self.width {
            return Err(format!(
                "{} cells where the header has {}",
                row.len(),
                self.width
            ));
        }
        let cell =
            |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default().trim_ascii());
        let optional_time = |at: Option<usize>| match at.map(cell) {
            Some(text) if !text.is_empty() => time_of(&text).map(Some),
            _ => Ok(None),
        };
        let value = cell(self.value);
        Ok(Row {
            time: time_of(&cell(self.time))?,
            received: optional_time(self.received)?,
            created: optional_time(self.created)?,
            value: (!is_empty(&value)).then(|| value.into_owned()),
            series: self.series(row, matcher),
        })
    }

    fn series(&mut self, row: &csv::ByteRecord, matcher: &mut Matcher) -> Rc<Known> {
        let mut key = Vec::new();
        for (at, _) in &self.labels {
            key.extend_from_slice(row.get(*at).unwrap_or_default());
            key.push(0x1f);
        }
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let labels: Labels = self
            .labels
            .iter()
            .map(|(at, name)| {
                let text = String::from_utf8_lossy(row.get(*at).unwrap_or_default().trim_ascii());
                (name.clone(), text.into_owned())
            })
            .collect();
        let known = Rc::new(Known {
            hits: matcher.hits(&labels),
            unclaimed: matcher.unclaimed(&labels).map(str::to_owned),
        });
        self.known.insert(key, known.clone());
        known
    }
}
