//! Wide CSV: one row is a slot, each column a series. The first rows name the series, label by label; the first column
//! is the time at which the slot starts.

use std::path::Path;

use attain_model::source::CsvSource;

use crate::counting::series::{Hit, Labels, Matcher};
use crate::error::Error;
use crate::table::csv_events::header_of;
use crate::table::slots::{Number, Slots};

/// Reads the rows of one file.
pub(crate) struct CsvWide {
    time: String,
    header_rows: Vec<String>,
    header: Vec<Vec<String>>,
    columns: Vec<Vec<Hit>>,
}

/// The label of a file with one unnamed header row.
pub(crate) const METRIC_LABEL: &str = "name";

impl CsvWide {
    pub(crate) fn new(csv: &CsvSource) -> Self {
        let mut header_rows = csv.header_rows.clone();
        if header_rows.is_empty() {
            header_rows.push(csv.name.clone().unwrap_or_else(|| METRIC_LABEL.to_owned()));
        }
        Self {
            time: csv.time.clone(),
            header_rows,
            header: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// Takes a row if it belongs to the header.
    ///
    /// # Errors
    /// The row begins with another name than the catalogue says.
    pub(crate) fn header(
        &mut self,
        row: &csv::ByteRecord,
        matcher: &mut Matcher,
        path: &Path,
    ) -> Result<bool, Error> {
        let cells = header_of(row);
        let first = cells.first().map_or("", String::as_str);
        if self.header.len() == self.header_rows.len() {
            // Some writers put the name of the time column on a line of its own.
            return Ok(first == self.time);
        }
        let name = &self.header_rows[self.header.len()];
        if !first.is_empty() && first != name && first != self.time {
            let number = self.header.len() + 1;
            return Err(Error::Header {
                path: path.to_owned(),
                why: format!("row {number} begins with `{first}`, not with `{name}`"),
            });
        }
        self.header.push(cells);
        if self.header.len() == self.header_rows.len() {
            self.columns = self.match_columns(matcher);
        }
        Ok(true)
    }

    fn match_columns(&self, matcher: &mut Matcher) -> Vec<Vec<Hit>> {
        let width = self.header.iter().map(Vec::len).max().unwrap_or(0);
        (0..width)
            .map(|column| {
                if column == 0 {
                    return Vec::new();
                }
                let names = self.header_rows.iter().zip(&self.header);
                let labels: Labels = names
                    .filter_map(|(name, row)| Some((name.clone(), row.get(column)?.clone())))
                    .collect();
                matcher.hits(&labels)
            })
            .collect()
    }

    /// Takes a row of numbers; gives the start of its slot.
    pub(crate) fn row(
        &self,
        row: &csv::ByteRecord,
        line: u64,
        matcher: &Matcher,
        slots: &mut Slots,
    ) -> Result<jiff::Timestamp, String> {
        let cell =
            |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default().trim_ascii());
        if row.len() > self.columns.len() {
            return Err(format!(
                "{} cells where the header has {}",
                row.len(),
                self.columns.len()
            ));
        }
        let time = crate::table::csv_events::time_of(&cell(0))?;
        let mut first_error = Ok(time);
        for (at, hits) in self.columns.iter().enumerate() {
            let text = if hits.is_empty() { continue } else { cell(at) };
            let is_empty = is_empty(&text);
            for hit in hits {
                let number = Number {
                    text: &text,
                    time,
                    received: None,
                    line,
                };
                if is_empty {
                    slots.pairs.take_empty(&matcher.streams, hit, &number);
                    continue;
                }
                if let Err(why) = slots.take(&matcher.streams, hit, &number) {
                    first_error = first_error.and(Err(format!("column {}: {why}", at + 1)));
                }
            }
        }
        first_error
    }
}

/// A cell that says that there is no number.
pub(crate) fn is_empty(text: &str) -> bool {
    matches!(text, "" | "-")
        || ["nan", "null", "none", "n/a"]
            .iter()
            .any(|no| text.eq_ignore_ascii_case(no))
}
