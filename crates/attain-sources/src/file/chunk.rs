//! Cuts what a table says into deliveries. Knows positions and unreadable rows; knows no format and no counting.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use attain_model::SourceId;
use attain_model::delivery::{Delivery, Unparsed};

use crate::error::Error;
use crate::file::marks::Marker;
use crate::file::wanted::{For, Wanted};
use crate::reading::Sink;

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its line in the file, from 0.
    pub(crate) line: u64,
    /// Its first byte in the content.
    pub(crate) start: u64,
    /// The byte after it.
    pub(crate) end: u64,
}

impl Place {
    /// Of a row where positions are rows.
    pub(crate) fn of_row(row: u64) -> Self {
        Self {
            line: row,
            start: row,
            end: row + 1,
        }
    }
}

/// Where one file's rows go.
pub(crate) struct Chunks<'a> {
    pub(crate) source: &'a SourceId,
    pub(crate) origin: &'a str,
    /// The file's name, as a person would find it.
    pub(crate) name: &'a str,
    wanted: &'a Wanted,
    /// Bytes per delivery.
    length: u64,
    /// The stretch of `wanted` that is collected.
    stretch: usize,
    start: u64,
    next: u64,
    unparsed: Vec<Unparsed>,
    /// The lines in `unparsed`: several reasons on one line are one unreadable line.
    unparsed_lines: BTreeSet<u64>,
    pub(crate) totals: &'a mut Totals,
    sink: &'a mut Sink<'a>,
    /// Marks what is sent.
    pub(crate) marker: Option<Marker>,
    /// Set by somebody who wants the reading to end early.
    pub(crate) stop: Option<Arc<AtomicBool>>,
}

/// What was read, over all files of a source.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) lines: u64,
    pub(crate) unparsed: u64,
    pub(crate) examples: Vec<Unparsed>,
    /// Somebody asked to stop.
    pub(crate) stopped: bool,
}

impl Totals {
    /// Takes down a line that could not be read.
    pub(crate) fn unparsed(&mut self, unparsed: &Unparsed) {
        const KEPT_EXAMPLES: usize = 20;
        self.unparsed += 1;
        if self.examples.len() < KEPT_EXAMPLES {
            self.examples.push(unparsed.clone());
        }
    }
}

impl<'a> Chunks<'a> {
    /// For one file of which `wanted` is to be read; a delivery holds about `length` bytes.
    pub(crate) fn new(
        (source, origin, name): (&'a SourceId, &'a str, &'a str),
        (wanted, length): (&'a Wanted, u64),
        totals: &'a mut Totals,
        sink: &'a mut Sink<'a>,
    ) -> Self {
        Self {
            source,
            origin,
            name,
            wanted,
            length: length.max(1),
            stretch: 0,
            start: 0,
            next: 0,
            unparsed: Vec::new(),
            unparsed_lines: BTreeSet::new(),
            totals,
            sink,
            marker: None,
            stop: None,
        }
    }

    /// The position up to which rows were sent.
    pub(crate) fn end(&self) -> u64 {
        self.next
    }

    /// Whether the reading ends here because somebody asked to.
    pub(crate) fn is_stopped(&mut self) -> bool {
        let stop = self.stop.as_ref();
        self.totals.stopped |= stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
        self.totals.stopped
    }

    /// Before this position nothing is to be read.
    pub(crate) fn first_wanted(&self) -> u64 {
        let mut stretches = self.wanted.stretches().iter();
        let first = stretches.find(|(_, whom)| *whom != For::Nobody);
        first.map_or(u64::MAX, |(range, _)| range.start)
    }

    /// Whether a row still has to be read.
    pub(crate) fn wants(&self, place: Place) -> bool {
        let (_, whom) = &self.wanted.stretches()[self.wanted.at(place.start)];
        *whom != For::Nobody
    }

    /// Whether what was collected must be sent before this row is taken: it is full, or read for other streams.
    pub(crate) fn is_due(&self, place: Place) -> bool {
        let is_full = self.next - self.start >= self.length;
        let is_other = self.wanted.at(place.start) != self.stretch;
        self.next > self.start && (is_full || is_other)
    }

    /// A row was read, or could not be.
    pub(crate) fn row(&mut self, place: Place, outcome: Result<(), String>) {
        if self.next == self.start {
            self.stretch = self.wanted.at(place.start);
            // What lies between rows, e.g. the header, belongs to the row after it.
            let stretch = &self.wanted.stretches()[self.stretch].0;
            self.start = self.start.max(stretch.start);
        }
        self.next = self.next.max(place.end);
        self.totals.lines += 1;
        if let Err(why) = outcome {
            self.unparsed(place.line, why);
        }
    }

    /// Something at a line could not be read.
    pub(crate) fn unparsed(&mut self, line: u64, why: String) {
        if !self.unparsed_lines.insert(line) {
            return;
        }
        let place = format!("{}:{}", self.name, line + 1);
        let unparsed = Unparsed { place, why };
        self.totals.unparsed(&unparsed);
        self.unparsed.push(unparsed);
    }

    /// Sends what `fill` puts into a delivery of the rows since the last one. Nothing to say sends nothing.
    ///
    /// # Errors
    /// The sink does not take it.
    pub(crate) fn send(&mut self, fill: impl FnOnce(&mut Delivery)) -> Result<(), Error> {
        let range = self.start..self.next.max(self.start);
        let mut delivery = Delivery::new(self.source.clone(), self.origin, range);
        delivery.unparsed = std::mem::take(&mut self.unparsed);
        fill(&mut delivery);
        self.start = self.start.max(self.next);
        self.next = self.start;
        self.unparsed_lines.clear();
        if delivery.range.is_empty() {
            return Ok(());
        }
        let (_, whom) = &self.wanted.stretches()[self.stretch];
        keep_only(whom, &mut delivery);
        if let Some(marker) = &mut self.marker {
            delivery.marks = marker.marks(&delivery.range);
        }
        (self.sink)(delivery).map_err(Error::Sink)
    }
}

/// Leaves in a delivery what its positions were read for.
pub(crate) fn keep_only(whom: &For, delivery: &mut Delivery) {
    delivery.streams = whom.streams();
    if let For::Some(streams) = whom {
        delivery
            .counted
            .retain(|counted| streams.contains(&counted.stream));
        delivery
            .samples
            .retain(|sample| streams.contains(&sample.stream));
        delivery
            .readings
            .retain(|reading| streams.contains(&reading.stream));
        delivery
            .observed_streams
            .retain(|stream, _| streams.contains(stream));
    }
}
