//! Events as CSV: a header names the labels, a row is an event, or `count` of them. JSON lines are in
//! [`crate::log::named`]. A position is a line; a row over several lines stands at its first.

use std::borrow::Cow;
use std::io::BufRead;
use std::path::Path;

use attain_model::source::CsvSource;
use jiff::Timestamp;

use crate::counting::count::{Counter, Event, Fields};
use crate::error::Error;
use crate::file::chunk::{Chunks, Place};
use crate::file::files::Opened;
use crate::log::named::count_of;
use crate::text::time::parse_time;

/// Which column holds what, in one file.
pub(crate) struct CsvEvents {
    width: usize,
    time: usize,
    received: Option<usize>,
    count: Option<usize>,
    duration: Option<(usize, i128)>,
    fields: Vec<Option<usize>>,
}

impl CsvEvents {
    /// From the header.
    ///
    /// # Errors
    /// A column that the source names for time, count, latency or arrival is not there. A label that is not there is
    /// absent in every row.
    pub(crate) fn new(
        csv: &CsvSource,
        fields: &Fields,
        header: &[String],
        path: &Path,
    ) -> Result<Self, Error> {
        let find = |name: &str, role| find_column(header, name, role, path);
        let optional =
            |name: &Option<String>, role| name.as_ref().map(|name| find(name, role)).transpose();
        Ok(Self {
            width: header.len(),
            time: find(&csv.time, "time")?,
            received: optional(&csv.received, "time of arrival")?,
            count: optional(&csv.count, "count")?,
            duration: match &csv.duration {
                Some(duration) => Some((
                    find(&duration.field, "latency")?,
                    duration.unit.billionths(),
                )),
                None => None,
            },
            fields: fields
                .names
                .iter()
                .map(|name| header.iter().position(|column| column == name))
                .collect(),
        })
    }

    /// Counts one row.
    pub(crate) fn row(&self, row: &csv::ByteRecord, counter: &mut Counter) -> Result<(), String> {
        if row.len() != self.width {
            return Err(format!(
                "{} cells where the header has {}",
                row.len(),
                self.width
            ));
        }
        let cell =
            |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default().trim_ascii());
        let time = time_of(&cell(self.time))?;
        let received = match self.received.map(cell) {
            Some(text) if !text.is_empty() => Some(time_of(&text)?),
            _ => None,
        };
        let count = self.count.map_or(Ok(1), |at| count_of(&cell(at)))?;
        let nanoseconds = self
            .duration
            .and_then(|(at, unit)| counter.latency(&cell(at), unit));
        let values: Vec<Cow<'_, str>> = self
            .fields
            .iter()
            .map(|at| at.map(cell).unwrap_or_default())
            .collect();
        counter.take(&Event {
            time,
            received,
            nanoseconds,
            count,
            values: &values,
        });
        Ok(())
    }
}

pub(crate) fn time_of(text: &str) -> Result<Timestamp, String> {
    parse_time(text).ok_or_else(|| format!("`{text}` is not a time"))
}

/// The place of a column that must be there.
pub(crate) fn find_column(
    header: &[String],
    name: &str,
    role: &'static str,
    path: &Path,
) -> Result<usize, Error> {
    header
        .iter()
        .position(|column| column == name)
        .ok_or_else(|| Error::Column {
            path: path.to_owned(),
            column: name.to_owned(),
            role,
            has: header.to_vec(),
        })
}

/// A CSV reader that takes rows of any width, with the delimiter that the first line shows: comma, semicolon or tab.
pub(crate) fn reader_of(mut input: Box<dyn BufRead>) -> csv::Reader<Box<dyn BufRead>> {
    let delimiter = input.fill_buf().map_or(b',', delimiter_of);
    csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(delimiter)
        .from_reader(input)
}

/// The most frequent of comma, semicolon and tab in the first line; a comma if there is none.
pub(crate) fn delimiter_of(text: &[u8]) -> u8 {
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let count = |wanted: u8| text[..end].iter().filter(|byte| **byte == wanted).count();
    let mut best = b',';
    for candidate in [b';', b'\t'] {
        if count(candidate) > count(best) {
            best = candidate;
        }
    }
    best
}

/// A header row as text, without a byte order mark.
pub(crate) fn header_of(row: &csv::ByteRecord) -> Vec<String> {
    row.iter()
        .map(|cell| {
            let text = String::from_utf8_lossy(cell);
            text.trim_start_matches('\u{feff}').trim().to_owned()
        })
        .collect()
}

/// The header of a file; empty if it cannot be read.
pub(crate) fn header_in(opened: Opened) -> Vec<String> {
    let mut row = csv::ByteRecord::new();
    match reader_of(opened.reader).read_byte_record(&mut row) {
        Ok(true) => header_of(&row),
        _ => Vec::new(),
    }
}

/// What is done with a row at its place.
type OnRow<'r> = dyn FnMut(&csv::ByteRecord, Place, &mut Chunks<'_>) -> Result<(), Error> + 'r;

/// A quoted field over more lines than this is a quote that is never closed: it has swallowed the rows after it.
const QUOTED_LINES: u64 = 20;

/// Reads CSV row by row. A compressed file that breaks off and a disk that fails are errors; rows that a stray quote has
/// swallowed are unreadable, each of them.
pub(crate) fn each_row(
    opened: Opened,
    path: &Path,
    chunks: &mut Chunks<'_>,
    on_row: &mut OnRow<'_>,
) -> Result<(), Error> {
    let packed = opened.packed;
    let mut rows = reader_of(opened.reader);
    let mut row = csv::ByteRecord::new();
    while !chunks.is_stopped() {
        let before = rows.position().line().saturating_sub(1);
        let from = rows.position().byte();
        match rows.read_byte_record(&mut row) {
            Ok(true) => {
                let line = row
                    .position()
                    .map_or(before, |at| at.line().saturating_sub(1));
                let after = rows.position().line().saturating_sub(1);
                let place = Place {
                    line,
                    start: row.position().map_or(from, csv::Position::byte),
                    end: rows.position().byte(),
                };
                if after.saturating_sub(line) <= QUOTED_LINES {
                    on_row(&row, place, chunks)?;
                    continue;
                }
                for line in line..after {
                    let why = "a quote before it is never closed".to_owned();
                    chunks.row(Place { line, ..place }, Err(why));
                }
            }
            Ok(false) => return Ok(()),
            Err(error) if packed => {
                return Err(Error::Broken {
                    path: path.to_owned(),
                    lines: before,
                    why: error.to_string(),
                });
            }
            Err(error) => {
                return Err(Error::Read {
                    path: path.to_owned(),
                    source: std::io::Error::other(error),
                });
            }
        }
    }
    Ok(())
}
