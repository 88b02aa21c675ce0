//! Events as Parquet: columns by name as in CSV, a row is an event, or `count` of them. A position is a row. Knows which
//! column says what; knows no bytes.

use std::borrow::Cow;
use std::path::Path;

use attain_model::source::CsvSource;
use jiff::Timestamp;

use crate::counting::asked::{Asked, check_columns};
use crate::counting::count::{Counter, Event, Fields};
use crate::error::Error;
use crate::file::chunk::{Chunks, Place};
use crate::table::csv_events::find_column;
use crate::table::parquet_column::Column;
use crate::table::parquet_file::ParquetFile;

/// Reads a file into deliveries; `progress` is given the share of its rows that was read, in thousandths, and the lines
/// of the source so far; it says whether to go on.
pub(crate) fn read_file(
    csv: &CsvSource,
    asked: &[Asked],
    path: &Path,
    counter: &mut Counter,
    chunks: &mut Chunks<'_>,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<(), Error> {
    let mut file = ParquetFile::open(path)?;
    let events = ParquetEvents::new(csv, &counter.fields, &mut file, path)?;
    check_columns(asked, file.header(), path)?;
    let all = file.rows.max(1);
    // Invariant: rows before the first that is wanted were taken in an earlier run.
    let skip = chunks.first_wanted();
    file.each_batch(skip, &mut |columns, first, rows| {
        let mut values = Vec::with_capacity(events.fields.len());
        for row in 0..rows {
            let place = Place::of_row(first + row as u64);
            if !chunks.wants(place) {
                continue;
            }
            if chunks.is_due(place) {
                chunks.send(|delivery| delivery.counted = counter.drain())?;
            }
            values.clear();
            values.extend(events.values(columns, row));
            chunks.row(place, events.row(columns, row, &values, counter));
        }
        let done = u128::from(first + rows as u64) * 1000 / u128::from(all);
        let goes_on = progress(u64::try_from(done).unwrap_or(1000), chunks.totals.lines);
        chunks.totals.stopped |= !goes_on;
        Ok(goes_on)
    })?;
    chunks.send(|delivery| delivery.counted = counter.drain())
}

/// Which column holds what, in one file, by place among those that are read.
pub(crate) struct ParquetEvents {
    time: usize,
    received: Option<usize>,
    count: Option<usize>,
    duration: Option<(usize, i128)>,
    fields: Vec<Option<usize>>,
}

impl ParquetEvents {
    /// From the schema; the columns are then wanted of the file.
    ///
    /// # Errors
    /// As [`crate::table::csv_events::CsvEvents::new`], and for a column that is wanted and cannot be read.
    pub(crate) fn new(
        csv: &CsvSource,
        fields: &Fields,
        file: &mut ParquetFile,
        path: &Path,
    ) -> Result<Self, Error> {
        let header = file.header().to_vec();
        let mut find = |name: &str, role| {
            let place = find_column(&header, name, role, path)?;
            Ok(file.want(&header[place])?.unwrap_or(usize::MAX))
        };
        let mut optional = |name: &Option<String>, role| {
            let name = name.as_ref();
            name.map(|name| find(name, role)).transpose()
        };
        let received = optional(&csv.received, "time of arrival")?;
        let count = optional(&csv.count, "count")?;
        let time = find(&csv.time, "time")?;
        let duration = match &csv.duration {
            Some(duration) => Some((
                find(&duration.field, "latency")?,
                duration.unit.billionths(),
            )),
            None => None,
        };
        let mut places = Vec::with_capacity(fields.names.len());
        for name in &fields.names {
            let place = file.want(name)?;
            if let Some(place) = place {
                file.columns[place].want_text();
            }
            places.push(place);
        }
        Ok(Self {
            time,
            received,
            count,
            duration,
            fields: places,
        })
    }

    /// What the fields of a row say.
    fn values<'c>(&self, columns: &'c [Column], row: usize) -> impl Iterator<Item = Cow<'c, str>> {
        self.fields.iter().map(move |place| match place {
            Some(place) => columns[*place].text(row),
            None => Cow::Borrowed(""),
        })
    }

    /// Counts a row.
    fn row(
        &self,
        columns: &[Column],
        row: usize,
        values: &[Cow<'_, str>],
        counter: &mut Counter,
    ) -> Result<(), String> {
        let time_of = |place: usize| -> Result<Option<Timestamp>, String> {
            match columns[place].time(row) {
                None => Ok(None),
                Some(Ok(time)) => Ok(Some(time)),
                Some(Err(text)) => Err(format!("`{text}` is not a time")),
            }
        };
        let time = time_of(self.time)?.ok_or("its time is null")?;
        let received = self.received.map_or(Ok(None), time_of)?;
        let count = self
            .count
            .map_or(Ok(1), |place| columns[place].count(row))?;
        let nanoseconds = self.duration.and_then(|(place, unit)| {
            let column = &columns[place];
            column
                .nanoseconds(row, unit)
                .or_else(|| counter.latency(&column.text(row), unit))
        });
        counter.take(&Event {
            time,
            received,
            nanoseconds,
            count,
            values,
        });
        Ok(())
    }
}
