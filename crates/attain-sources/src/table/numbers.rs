//! Tables of numbers, file by file: wide, long and samples. Knows when the source was heard; leaves rows to csv_wide.rs
//! and csv_long.rs, and their meaning to slots.rs and csv_samples.rs.

mod exposed;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use attain_model::delivery::Delivery;
use attain_model::indicator::Counting;
use attain_model::quantity::duration_text;
use attain_model::source::{CsvLayout, CsvSource, Source};
use attain_model::{Catalogue, SourceId};
use jiff::Timestamp;

use self::exposed::Exposed;
use crate::counting::count::note_unclaimed;
use crate::counting::heard::{SlotsSaid, samples_heard};
use crate::counting::roster::Customers;
use crate::counting::series::{Hit, Matcher, Role};
use crate::error::Error;
use crate::file::chunk::Chunks;
use crate::file::files::Opened;
use crate::reading::Sink;
use crate::table::counter_pairs::CounterPairs;
use crate::table::csv_events::{each_row, header_of};
use crate::table::csv_long::{CsvLong, Row};
use crate::table::csv_samples::Samples;
use crate::table::csv_wide::{CsvWide, METRIC_LABEL};
use crate::table::slot_pairs::Misfits;
use crate::table::slots::{Number, Slots};

/// Collects the rows of a table with one number per row.
trait Collect {
    /// Takes a row, and whether it was not taken in an earlier run.
    fn take(&mut self, matcher: &Matcher, row: &Row, at: (u64, bool)) -> Result<(), String>;

    /// Sends what was collected.
    fn send(&mut self, numbers: &mut Numbers, chunks: &mut Chunks<'_>) -> Result<(), Error>;
}

/// Reads the files of one source.
pub(crate) struct Numbers {
    matcher: Matcher,
    slice_seconds: i64,
    /// `None` is inferred from the rows of all files.
    slot: Option<Duration>,
    /// What the slots said that were not told yet, as their length is not known.
    said: SlotsSaid,
    /// When counters were sampled, over all files.
    sampled: BTreeSet<Timestamp>,
    /// Counters of totals and their parts, over all files.
    pairs: CounterPairs,
    /// What did not fit together, over all files.
    misfits: Misfits,
    /// The `le` values that were seen, by stream.
    edges_seen: BTreeMap<usize, BTreeSet<u64>>,
    is_samples: bool,
    /// What exposition text said, over all files.
    exposed: Exposed,
    pub(crate) unclaimed: BTreeMap<String, u64>,
}

impl Numbers {
    pub(crate) fn new(
        catalogue: &Catalogue,
        source: &Source,
        csv: &CsvSource,
        customers: &Customers,
        slice: Duration,
    ) -> Self {
        let one_header = csv.layout == CsvLayout::Wide && csv.header_rows.is_empty();
        let name = csv
            .name
            .clone()
            .or_else(|| one_header.then(|| METRIC_LABEL.to_owned()));
        Self {
            matcher: Matcher::new(catalogue, source, customers, name),
            slice_seconds: i64::try_from(slice.as_secs()).unwrap_or(60).max(1),
            slot: csv.slot,
            said: SlotsSaid::default(),
            sampled: BTreeSet::new(),
            pairs: CounterPairs::default(),
            misfits: Misfits::default(),
            edges_seen: BTreeMap::new(),
            is_samples: csv.layout == CsvLayout::Samples,
            exposed: Exposed::default(),
            unclaimed: BTreeMap::new(),
        }
    }

    /// For a source of metrics that is no csv source: its files are exposition text.
    pub(crate) fn of_metrics(
        catalogue: &Catalogue,
        source: &Source,
        customers: &Customers,
        slice: Duration,
    ) -> Self {
        let csv = CsvSource {
            files: Vec::new(),
            time: String::new(),
            layout: CsvLayout::Samples,
            header_rows: Vec::new(),
            name: None,
            slot: None,
            value: None,
            duration: None,
            count: None,
            received: None,
            created: None,
        };
        Self::new(catalogue, source, &csv, customers, slice)
    }

    /// Reads one file into deliveries.
    pub(crate) fn file(
        &mut self,
        csv: &CsvSource,
        path: &Path,
        opened: Opened,
        chunks: &mut Chunks<'_>,
    ) -> Result<(), Error> {
        match csv.layout {
            CsvLayout::Wide => self.wide(csv, path, opened, chunks),
            CsvLayout::Long => self.rows(csv, path, opened, chunks, &mut LongRows::default()),
            CsvLayout::Samples => {
                let mut samples = SampleRows {
                    samples: Samples::default(),
                    sampled: std::mem::take(&mut self.sampled),
                    pairs: std::mem::take(&mut self.pairs),
                };
                let outcome = self.rows(csv, path, opened, chunks, &mut samples);
                (self.sampled, self.pairs) = (samples.sampled, samples.pairs);
                outcome
            }
            CsvLayout::Events => Ok(()),
        }
    }

    fn wide(
        &mut self,
        csv: &CsvSource,
        path: &Path,
        opened: Opened,
        chunks: &mut Chunks<'_>,
    ) -> Result<(), Error> {
        let mut table = CsvWide::new(csv);
        let mut slots = Slots::default();
        let mut heard = BTreeSet::new();
        each_row(opened, path, chunks, &mut |row, place, chunks| {
            if table.header(row, &mut self.matcher, path)? || !chunks.wants(place) {
                return Ok(());
            }
            if chunks.is_due(place) {
                self.send_slots(&mut slots, std::mem::take(&mut heard), chunks)?;
            }
            let outcome = table.row(row, place.line, &self.matcher, &mut slots);
            heard.extend(outcome.as_ref().ok());
            chunks.row(place, outcome.map(|_| ()));
            Ok(())
        })?;
        self.send_slots(&mut slots, heard, chunks)
    }

    /// Rows of one slot, and samples of one instant, may stand anywhere in a file, so what is new in it is one delivery.
    fn rows(
        &mut self,
        csv: &CsvSource,
        path: &Path,
        opened: Opened,
        chunks: &mut Chunks<'_>,
        collected: &mut dyn Collect,
    ) -> Result<(), Error> {
        let mut table: Option<CsvLong> = None;
        each_row(opened, path, chunks, &mut |row, place, chunks| {
            let Some(table) = &mut table else {
                table = Some(CsvLong::new(csv, &header_of(row), path)?);
                return Ok(());
            };
            let is_new = chunks.wants(place);
            if !is_new && !self.is_samples {
                return Ok(());
            }
            if is_new && chunks.is_due(place) {
                collected.send(self, chunks)?;
            }
            let outcome = table.row(row, &mut self.matcher).and_then(|row| {
                if is_new {
                    self.see(&row.series.hits, row.series.unclaimed.as_deref());
                }
                collected.take(&self.matcher, &row, (place.line, is_new))
            });
            if is_new {
                chunks.row(place, outcome);
            }
            Ok(())
        })?;
        // The rest of a slot may stand in the rows that were not read.
        if chunks.totals.stopped {
            return Ok(());
        }
        collected.send(self, chunks)
    }

    fn send_slots(
        &mut self,
        slots: &mut Slots,
        rows: BTreeSet<Timestamp>,
        chunks: &mut Chunks<'_>,
    ) -> Result<(), Error> {
        let mut finished = Delivery::new(chunks.source.clone(), "", 0..0);
        for (line, why) in slots.finish(&self.matcher, self.slice_seconds, &mut finished) {
            chunks.unparsed(line, why);
        }
        self.misfits.merge(&slots.pairs.take_misfits());
        let said = SlotsSaid {
            rows,
            streams: std::mem::take(&mut slots.said),
        };
        chunks.send(|delivery| {
            delivery.counted = finished.counted;
            delivery.readings = finished.readings;
            match self.slot {
                Some(slot) => said.tell(slot, &self.matcher.streams, delivery),
                None => {
                    self.said.merge(said);
                    delivery.observed = Some(Vec::new());
                }
            }
        })
    }

    fn see(&mut self, hits: &[Hit], unclaimed: Option<&str>) {
        for hit in hits {
            if let Role::AtOrUnder(_, edge) = hit.role {
                self.edges_seen.entry(hit.stream).or_default().insert(edge);
            }
        }
        if let Some(value) = unclaimed.filter(|_| !hits.is_empty()) {
            note_unclaimed(&mut self.unclaimed, value, 1);
        }
    }

    /// Tells when the source was heard in slots as long as its rows are usually apart; gives a note on this.
    fn tell_slots(&mut self, source: &SourceId, sink: &mut Sink<'_>) -> Result<String, Error> {
        const LONE_ROW: Duration = Duration::from_secs(60);
        let said = std::mem::take(&mut self.said);
        let step = said.usual_step();
        let slot = step.unwrap_or(LONE_ROW);
        let mut delivery = Delivery::new(source.clone(), "slots", 0..0);
        said.tell(slot, &self.matcher.streams, &mut delivery);
        sink(delivery).map_err(Error::Sink)?;
        let text = duration_text(slot);
        let why = match step {
            Some(_) => "the most frequent step between rows",
            None => "as there is one row only",
        };
        Ok(format!(
            "no `slot` is given; a row is taken for {text}, {why}: write `slot: {text}`"
        ))
    }

    /// Tells when the source was heard, if that needs all files; gives what a person should know.
    ///
    /// # Errors
    /// The sink does not take it.
    pub(crate) fn end(
        &mut self,
        source: &SourceId,
        sink: &mut Sink<'_>,
    ) -> Result<Vec<String>, Error> {
        let mut notes = Vec::new();
        if self.is_samples {
            let mut delivery = Delivery::new(source.clone(), "samples", 0..0);
            delivery.observed = Some(samples_heard(&self.sampled));
            (delivery.samples, notes) = std::mem::take(&mut self.pairs).finish(&self.matcher);
            sink(delivery).map_err(Error::Sink)?;
        }
        if self.slot.is_none() && !self.said.rows.is_empty() {
            notes.push(self.tell_slots(source, sink)?);
        }
        notes.extend(self.misfits.notes(&self.matcher.streams));
        for (index, seen) in &self.edges_seen {
            let stream = &self.matcher.streams[*index];
            for edge in stream
                .edges
                .iter()
                .filter(|edge| !seen.contains(&edge.nanoseconds()))
            {
                let metric = match &stream.indicator.counting {
                    Counting::Metric { metric, .. } => metric,
                    _ => continue,
                };
                notes.push(format!(
                    "{metric} has no bucket at {edge}: what lies between its buckets counts as slower"
                ));
            }
        }
        notes.sort();
        notes.dedup();
        Ok(notes)
    }
}

/// Numbers of slots.
#[derive(Default)]
struct LongRows {
    slots: Slots,
    heard: BTreeSet<Timestamp>,
}

impl Collect for LongRows {
    fn take(&mut self, matcher: &Matcher, row: &Row, (line, _): (u64, bool)) -> Result<(), String> {
        self.heard.insert(row.time);
        let number = Number {
            text: row.value.as_deref().unwrap_or_default(),
            time: row.time,
            received: row.received,
            line,
        };
        let mut hits = row.series.hits.iter();
        if row.value.is_none() {
            hits.for_each(|hit| self.slots.pairs.take_empty(&matcher.streams, hit, &number));
            return Ok(());
        }
        hits.try_for_each(|hit| self.slots.take(&matcher.streams, hit, &number))
    }

    fn send(&mut self, numbers: &mut Numbers, chunks: &mut Chunks<'_>) -> Result<(), Error> {
        numbers.send_slots(&mut self.slots, std::mem::take(&mut self.heard), chunks)
    }
}

/// Samples of counters.
struct SampleRows {
    samples: Samples,
    sampled: BTreeSet<Timestamp>,
    pairs: CounterPairs,
}

impl Collect for SampleRows {
    fn take(
        &mut self,
        matcher: &Matcher,
        row: &Row,
        (_, is_new): (u64, bool),
    ) -> Result<(), String> {
        self.sampled.insert(row.time);
        let Some(text) = row.value.as_deref() else {
            return Ok(());
        };
        // A sum needs the restarts of all of its counters, so what was taken earlier is added up again.
        let is_wanted = |hit: &&Hit| is_new || matches!(hit.role, Role::Total | Role::Part);
        let mut hits = row.series.hits.iter().filter(is_wanted);
        let (samples, pairs) = (&mut self.samples, &mut self.pairs);
        hits.try_for_each(|hit| samples.take(matcher, hit, row, text, pairs))
    }

    fn send(&mut self, numbers: &mut Numbers, chunks: &mut Chunks<'_>) -> Result<(), Error> {
        let samples = std::mem::take(&mut self.samples);
        chunks.send(|delivery| {
            samples.finish(&numbers.matcher, delivery);
            // When the source was heard is told once, when all sample times are known.
            delivery.observed = Some(Vec::new());
        })
    }
}
