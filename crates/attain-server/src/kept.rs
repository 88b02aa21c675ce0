//! What is kept of live counts: a data folder, and the ledger and the meter that its frames make.
//!
//! Knows the order of append, take, close and seal. What is appended is on disk before it counts; what is closed is said
//! in a frame before anything that comes after it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use attain_engine::{Changes, Counts, Ledger, Meter, Metered, Shelved, Wanted};
use attain_model::delivery::Delivery;
use attain_model::facts::{Damage, KeptStream, OriginFacts};
use attain_model::live::{LiveEntry, MeterFacts};
use attain_model::{
    Catalogue, LeftBehind, SegmentNames, SourceId, SourceNames, Stream, StreamKey,
    left_behind_lately,
};
use attain_store::{Access, Coarser, Done, Error, Store};
use jiff::Timestamp;

use crate::asked::Unpaged;
use crate::shelf::Pages;
use crate::unsealed::{Unsealed, settle};

/// Length of a slice in a folder that is new. One that was made by `attain replay` keeps its own.
const SLICE_SECONDS: u32 = 10;
/// What is older than this is kept by the minute. The windows that a monitor has slice by slice in memory, eight hours of
/// 10 s, must read the same after a restart.
const FINE_HOURS: i64 = 8;
/// How often more is made coarser.
const COARSER_EVERY_HOURS: i64 = 6;
const MINUTE_SECONDS: u32 = 60;

/// A data folder that is written to.
pub(crate) struct Kept {
    store: Store,
    ledger: Ledger,
    meter: Meter,
    slice_seconds: u32,
    damage: Vec<Damage>,
    /// What sources are called today.
    names: SourceNames,
    /// How the streams are counted now.
    kept: BTreeMap<StreamKey, KeptStream>,
    /// There may be pages to be merged.
    is_untidy: bool,
    /// A closing that could not be written down yet.
    ///
    /// Invariant: it stands in the log before anything that arrived after it.
    unwritten: Option<(Timestamp, Timestamp)>,
    /// The state must be written before anything else is: the streams have changed.
    must_seal: bool,
    /// Bytes of frames since the last seal, about.
    pub(crate) unsealed_bytes: u64,
    /// What became of all samples since the start.
    pub(crate) metered: Metered,
}

/// From where files are read on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// What was taken of each origin so far.
    pub origins: BTreeMap<(SourceId, String), OriginFacts>,
    /// The end of the last slice in which each source was heard.
    pub heard_until: BTreeMap<SourceId, Timestamp>,
}

/// What was appended together.
#[derive(Default)]
pub(crate) struct Together {
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) live: Vec<LiveEntry>,
}

impl Together {
    pub(crate) fn is_empty(&self) -> bool {
        self.deliveries.is_empty() && self.live.is_empty()
    }
}

impl Kept {
    /// Opens a folder, or makes one, and counts what was not sealed.
    pub(crate) fn open(
        folder: &Path,
        catalogue: &Catalogue,
        written: &Done,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let store = Store::open(folder, Access::WriteOrCreate)?;
        let unsealed = Unsealed::of(&store, SLICE_SECONDS, |_| {})?;
        if let Some(damage) = unsealed.damage.first() {
            // Sealing what is left would forget that something is missing.
            return Err(Error::Damaged {
                file: folder.join("counts.db"),
                why: damage.why.clone(),
            });
        }
        let mut damage: Vec<Damage> = store.found().to_vec();
        damage.extend(store.since().map(Damage::pruned));
        let slice_seconds = unsealed.ledger.state().slice_seconds;
        let mut kept = Self {
            store,
            ledger: unsealed.ledger,
            meter: unsealed.meter,
            slice_seconds,
            damage,
            names: SourceNames::default(),
            kept: BTreeMap::new(),
            is_untidy: true,
            unwritten: None,
            must_seal: false,
            unsealed_bytes: 0,
            metered: Metered::default(),
        };
        // What was not sealed was counted as the streams were then.
        kept.count(catalogue, written, now)?;
        Ok(kept)
    }

    /// From now on the streams of this catalogue are counted.
    ///
    /// # Errors
    /// Errors of the disk. If the catalogue was recorded before it failed, nothing is appended until the rest is written
    /// as well; `false` means that nothing has changed.
    pub(crate) fn count(
        &mut self,
        catalogue: &Catalogue,
        written: &Done,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.seal()?;
        if self.recorded().as_ref() != Some(written) {
            self.store.record(now, written)?;
        }
        // Invariant: frames are taken again by a ledger of the sealed state and a meter of the recorded catalogue, so
        // both must be those of the frames that come.
        let streams = Stream::all(catalogue);
        self.call(catalogue);
        self.ledger.count(&streams);
        self.meter.count(&streams);
        self.kept = self.ledger.state().kept;
        self.must_seal = true;
        self.seal()
    }

    /// What is kept of sources that a catalogue does not name.
    pub(crate) fn left_behind(&self, catalogue: &Catalogue) -> Vec<LeftBehind> {
        let kept: Vec<_> = self.store.streams().collect();
        left_behind_lately(catalogue, kept.into_iter())
    }

    /// What was counted and not told yet goes on under the names of today. Everything else is in pages.
    fn call(&mut self, catalogue: &Catalogue) {
        self.names = SourceNames::of(catalogue);
        self.ledger.call(&self.names);
        let segments = SegmentNames::of(catalogue);
        if self.names.is_empty() && segments.is_empty() {
            return;
        }
        let facts = self.meter.facts();
        let renamed = facts.clone().renamed(&self.names, &segments);
        if renamed != facts {
            self.meter = Meter::restore(renamed, self.slice_seconds);
        }
    }

    /// Keeps what came together, and counts it. It is durable on return.
    ///
    /// # Errors
    /// Errors of the disk: then nothing of it is kept or counted.
    pub(crate) fn append(&mut self, mut together: Together) -> Result<(), Error> {
        if self.must_seal {
            self.seal()?;
        }
        if !self.names.is_empty() {
            // It may have been on its way when a source was renamed.
            (together.deliveries.iter_mut()).for_each(|delivery| delivery.rename(&self.names));
            (together.live.iter_mut()).for_each(|entry| entry.rename(&self.names));
        }
        for delivery in &mut together.deliveries {
            // A frame must not count for streams that the catalogue gets later.
            let streams = &mut delivery.streams;
            streams.get_or_insert_with(|| self.ledger.streams_of(&delivery.source));
        }
        let unwritten = self
            .unwritten
            .map(|(at, until)| LiveEntry::Closed { at, until });
        let is_owing = unwritten.is_some();
        if let Some(closed) = unwritten {
            together.live.insert(0, closed);
        }
        let nobody = BTreeMap::new();
        let kept = if together.deliveries.is_empty() {
            &nobody
        } else {
            &self.kept
        };
        self.store
            .append_with(kept, &together.deliveries, &together.live)?;
        self.unwritten = None;
        for delivery in together.deliveries {
            self.unsealed_bytes += 64 * (1 + delivery.counted.len() as u64);
            self.ledger.take(delivery);
        }
        for entry in together.live.iter().skip(usize::from(is_owing)) {
            self.apply(entry);
        }
        Ok(())
    }

    /// Closes the slices that end by an instant, after taking what came until then. Returns whether it was written down:
    /// if not, it is closed all the same, and written down before anything else is.
    pub(crate) fn close(&mut self, at: Timestamp, until: Timestamp) -> Result<(), Error> {
        let closed = LiveEntry::Closed { at, until };
        let together = Together {
            deliveries: Vec::new(),
            live: vec![closed.clone()],
        };
        let result = self.append(together);
        if result.is_err() {
            self.unwritten = Some((at, until));
            self.apply(&closed);
        }
        result
    }

    /// Turns what was counted into pages, and forgets it in memory.
    ///
    /// # Errors
    /// Errors of the disk: then all stays as it is.
    pub(crate) fn seal(&mut self) -> Result<(), Error> {
        // What is in no slice of its own, such as a reading, is not in what a meter knows.
        settle(&mut self.meter, &mut self.ledger);
        let through = self.store.last();
        let facts = self.ledger.facts();
        let meter = self.meter.facts();
        self.store
            .seal_with(&facts.state, &meter, &facts.streams, through)?;
        // Only now: what could not be written stays.
        drop(self.ledger.unload());
        self.unwritten = None;
        self.must_seal = false;
        self.unsealed_bytes = 0;
        self.is_untidy = true;
        Ok(())
    }

    /// Merges small pages and makes old counts coarser, as long as there is something to do: one step, for somebody waits.
    ///
    /// # Errors
    /// Errors of the disk: then all stays as it is.
    pub(crate) fn tidy(&mut self) -> Result<(), Error> {
        if self.is_untidy {
            let coarser = self.coarser();
            self.is_untidy = self.store.compact_with(coarser.as_ref())?;
        }
        Ok(())
    }

    /// Whether there may be something to merge.
    pub(crate) fn is_untidy(&self) -> bool {
        self.is_untidy
    }

    /// Which counts are kept by the minute from now on; `None` if a slice is as long or fits into no minute.
    fn coarser(&self) -> Option<Coarser> {
        let slices = MINUTE_SECONDS / self.slice_seconds.max(1);
        // By what was closed and not by a clock, which may be wrong.
        let closed = self.closed_until()?.as_second();
        let step = COARSER_EVERY_HOURS * 3600;
        let before = (closed - FINE_HOURS * 3600).div_euclid(step) * step;
        let is_wanted = slices > 1 && slices * self.slice_seconds == MINUTE_SECONDS;
        is_wanted.then_some(Coarser {
            before: Timestamp::from_second(before).ok()?,
            slices,
        })
    }

    /// A copy of what of some streams is in no page yet, for whoever reads the pages elsewhere.
    pub(crate) fn unpaged(&self, streams: &BTreeSet<StreamKey>) -> Unpaged {
        Unpaged {
            ledger: self.ledger.part(streams),
            damage: self.damage.clone(),
            names: self.names.clone(),
            folder: self.store.folder().to_owned(),
            generation: self.store.generation(),
        }
    }

    /// Hands the counts to somebody who judges them.
    pub(crate) fn with<R>(&self, judge: impl FnOnce(&dyn Counts) -> R) -> R {
        judge(&Shelved::new(&self.ledger, &self.pages()))
    }

    fn pages(&self) -> Pages<'_> {
        Pages {
            store: &self.store,
            damage: &self.damage,
            names: &self.names,
            why: Error::to_string,
        }
    }

    /// What was counted since this was asked last.
    pub(crate) fn changes(&mut self) -> Changes {
        self.ledger.changes()
    }

    /// The end of the last closed slice.
    pub(crate) fn closed_until(&self) -> Option<Timestamp> {
        self.meter.closed_until()
    }

    /// Seconds of a slice.
    pub(crate) fn slice_seconds(&self) -> u32 {
        self.slice_seconds
    }

    /// What the meter knows, to go on matching where it was left.
    pub(crate) fn meter(&self) -> MeterFacts {
        self.meter.facts()
    }

    /// What was taken of each origin, so that only the rest of a file is read.
    pub(crate) fn taken(&self) -> Taken {
        Taken {
            origins: self.ledger.origins_taken(),
            heard_until: self.ledger.heard_until(),
        }
    }

    /// What of an origin is still to be delivered, and for which streams.
    pub(crate) fn wanted(&self, source: &SourceId, origin: &str, range: Range<u64>) -> Vec<Wanted> {
        (self.ledger).wanted(self.names.today(source), origin, range)
    }

    fn apply(&mut self, entry: &LiveEntry) {
        if let LiveEntry::Arrived(batch) = entry {
            let samples = batch.samples.len() + batch.readings.len() * 4;
            self.unsealed_bytes += 40 + 5 * samples as u64 + 100 * batch.series.len() as u64;
        }
        let (metered, deliveries) = self.meter.apply(entry);
        self.metered.add(&metered);
        self.deliver(deliveries);
    }

    fn deliver(&mut self, deliveries: Vec<Delivery>) {
        for mut delivery in deliveries {
            delivery.streams = Some(Arc::clone(&self.ledger.streams_of(&delivery.source)));
            self.ledger.take(delivery);
        }
    }

    fn recorded(&self) -> Option<Done> {
        let entries = self.store.entries().entries;
        let mut done = entries.into_iter().rev().map(|entry| entry.done);
        done.find(|done| matches!(done, Done::Catalogue { .. }))
    }
}

#[cfg(test)]
mod tests;
