//! Cuts what a file says into deliveries. Knows positions and unreadable lines; knows no format and no counting.

use std::collections::BTreeSet;
use std::ops::Range;

use attain_model::SourceId;
use attain_model::delivery::{Delivery, Unparsed};
use attain_model::source::Source;

use crate::read::Options;

/// Where one file's lines go.
pub(crate) struct Chunks<'a> {
    pub(crate) source: &'a SourceId,
    pub(crate) origin: &'a str,
    /// The file's name, as a person would find it.
    pub(crate) name: &'a str,
    /// Lines before this one were taken in an earlier run.
    pub(crate) skip: u64,
    /// Lines per delivery.
    pub(crate) length: u64,
    start: u64,
    next: u64,
    unparsed: Vec<Unparsed>,
    /// The lines in `unparsed`: several reasons on one line are one unreadable line.
    unparsed_lines: BTreeSet<u64>,
    pub(crate) totals: &'a mut Totals,
    sink: &'a mut dyn FnMut(Delivery),
}

/// What was read, over all files of a source.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) lines: u64,
    pub(crate) unparsed: u64,
    pub(crate) examples: Vec<Unparsed>,
}

impl<'a> Chunks<'a> {
    pub(crate) fn new(
        (source, origin, name): (&'a SourceId, &'a str, &'a str),
        (skip, length): (u64, u64),
        totals: &'a mut Totals,
        sink: &'a mut dyn FnMut(Delivery),
    ) -> Self {
        Self {
            source,
            origin,
            name,
            skip,
            length: length.max(1),
            start: skip,
            next: skip,
            unparsed: Vec::new(),
            unparsed_lines: BTreeSet::new(),
            totals,
            sink,
        }
    }

    /// Whether a line (from 0) still has to be read.
    pub(crate) fn wants(&self, line: u64) -> bool {
        line >= self.skip
    }

    /// A line was read, or could not be.
    pub(crate) fn line(&mut self, line: u64, outcome: Result<(), String>) {
        self.next = self.next.max(line + 1);
        self.totals.lines += 1;
        if let Err(why) = outcome {
            self.unparsed(line, why);
        }
    }

    /// Something at a line could not be read.
    pub(crate) fn unparsed(&mut self, line: u64, why: String) {
        const KEPT_EXAMPLES: usize = 20;
        if !self.unparsed_lines.insert(line) {
            return;
        }
        let place = format!("{}:{}", self.name, line + 1);
        let unparsed = Unparsed { place, why };
        self.totals.unparsed += 1;
        if self.totals.examples.len() < KEPT_EXAMPLES {
            self.totals.examples.push(unparsed.clone());
        }
        self.unparsed.push(unparsed);
    }

    /// Whether it is time for a delivery.
    pub(crate) fn is_full(&self) -> bool {
        self.next - self.start >= self.length
    }

    /// Lines since the last delivery.
    pub(crate) fn range(&self) -> Range<u64> {
        self.start..self.next
    }

    /// Sends what `fill` puts into a delivery of the lines since the last one. Nothing to say sends nothing.
    pub(crate) fn send(&mut self, fill: impl FnOnce(&mut Delivery)) {
        let mut delivery = Delivery::new(self.source.clone(), self.origin, self.range());
        delivery.unparsed = std::mem::take(&mut self.unparsed);
        fill(&mut delivery);
        self.start = self.next;
        self.unparsed_lines.clear();
        if !delivery.range.is_empty() {
            (self.sink)(delivery);
        }
    }
}

/// For one file; what was taken of it in an earlier run is left out.
pub(crate) fn chunks_of<'a>(
    (source, origin, name): (&'a Source, &'a str, &'a str),
    options: &Options,
    totals: &'a mut Totals,
    sink: &'a mut dyn FnMut(Delivery),
) -> Chunks<'a> {
    let skip = options.taken.get(origin).copied().unwrap_or(0);
    Chunks::new(
        (&source.id, origin, name),
        (skip, options.chunk_lines),
        totals,
        sink,
    )
}
