//! A data folder behind a ledger: what replaying keeps, and what every later question reads. Knows the order of append,
//! take and seal; the ledger decides what counts, the store what lies on disk.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use attain_engine::{Counts, Ledger, Shelf, Shelved};
use attain_model::delivery::Delivery;
use attain_model::facts::{Damage, KeptStream, OriginFacts, StreamFacts};
use attain_model::live::MeterFacts;
use attain_model::{
    Catalogue, Interval, SegmentNames, SourceId, SourceNames, Stream, StreamKey, left_behind_lately,
};
use attain_server::Pages;
use attain_spec::{Input, parse};
use attain_store::{Access, Done, Error, Store, Text};
use attain_view::status::begins_anew;
use jiff::Timestamp;

use crate::catalogue::shown;
use crate::exit::Failure;
use crate::facts::{SLICE_SECONDS, begin_of, end_of};

/// Frames before they are sealed into pages: memory stays bounded, and pages are not too many.
const FRAMES_UNSEALED: usize = 64;

/// Days whose many small pages are merged after a replay: a few each time, so that nobody waits long.
const COMPACTED_AT_ONCE: usize = 64;

/// What is kept, for reading.
pub struct Folder {
    store: Store,
    /// What was not sealed yet.
    ledger: Ledger,
    damage: Vec<Damage>,
    /// What sources are called by whoever asks.
    names: SourceNames,
    /// Counts that were not sealed, where a source was renamed since.
    unsealed: BTreeMap<StreamKey, StreamFacts>,
    /// From the first to the last slice with counts.
    pub span: Option<Interval>,
}

impl Folder {
    /// Opens a folder that `attain replay` or a server has written, for somebody to whom sources have these names.
    pub fn open(path: &Path, names: SourceNames) -> Result<Self, Failure> {
        let store = Store::open(path, Access::Read).map_err(|error| Failure::of(&error))?;
        let unsealed = Unsealed::of(&store, SLICE_SECONDS)?;
        let mut ledger = unsealed.unsealed.ledger;
        let mut counts = BTreeMap::new();
        if !names.is_empty() {
            counts = ledger.unload();
            ledger.call(&names);
        }
        let kept = store.streams().map(|(_, interval)| interval);
        let span = kept.chain(unsealed.span).reduce(|a, b| Interval {
            start: a.start.min(b.start),
            end: a.end.max(b.end),
        });
        let mut damage = unsealed.unsealed.damage;
        damage.extend(store.found().iter().cloned());
        damage.extend(store.since().map(Damage::pruned));
        Ok(Self {
            ledger,
            damage,
            names,
            unsealed: counts,
            span,
            store,
        })
    }

    /// What a person should know who asks with this catalogue.
    pub fn notes(&self, catalogue: &Catalogue) -> Vec<String> {
        let mut notes: Vec<String> = tells_apart_otherwise(&self.store, catalogue)
            .into_iter()
            .collect();
        let kept: Vec<(&StreamKey, Interval)> = self.store.streams().collect();
        let left = left_behind_lately(catalogue, kept.into_iter());
        notes.extend(left.iter().map(begins_anew));
        notes
    }

    /// Hands the counts to somebody who judges them.
    pub fn with<R>(&self, judge: impl FnOnce(&dyn Counts) -> R) -> R {
        let pages = Pages {
            store: &self.store,
            damage: &self.damage,
            names: &self.names,
            why: |error| Failure::of(error).what,
        };
        let unsealed = &self.unsealed;
        match unsealed.is_empty() {
            true => judge(&Shelved::new(&self.ledger, &pages)),
            false => judge(&Shelved::new(&self.ledger, &Renamed { pages, unsealed })),
        }
    }
}

/// Pages, and what is in none yet.
struct Renamed<'f> {
    pages: Pages<'f>,
    unsealed: &'f BTreeMap<StreamKey, StreamFacts>,
}

impl Shelf for Renamed<'_> {
    fn stream(&self, stream: &StreamKey) -> (StreamFacts, Vec<Damage>) {
        let (mut facts, damage) = self.pages.stream(stream);
        let names = self.pages.names;
        for (key, more) in self.unsealed {
            if names.stream_today(key) == *stream {
                facts.merge(more.clone().renamed(names));
            }
        }
        (facts, damage)
    }

    fn damage(&self) -> Vec<Damage> {
        self.pages.damage()
    }
}

/// A folder that is written to.
pub struct Keeper {
    store: Store,
    ledger: Ledger,
    /// What a server knows of live counts: it goes on with that.
    meter: MeterFacts,
    /// How the streams are counted now.
    kept: BTreeMap<StreamKey, KeptStream>,
    unsealed: usize,
    /// Events (samples, readings) that are new.
    pub new: u64,
    /// Those that were known already.
    pub known: u64,
}

impl Keeper {
    /// Opens a folder, or makes one, to count the streams of a catalogue.
    pub fn open(path: &Path, catalogue: &Catalogue) -> Result<Self, Failure> {
        Self::open_with(path, catalogue, SLICE_SECONDS)
    }

    /// As [`Keeper::open`]; a folder that is made has slices of this length.
    pub fn open_with(
        path: &Path,
        catalogue: &Catalogue,
        slice_seconds: u32,
    ) -> Result<Self, Failure> {
        let store =
            Store::open(path, Access::WriteOrCreate).map_err(|error| Failure::of(&error))?;
        let mut unsealed = Unsealed::of(&store, slice_seconds)?.unsealed;
        unsealed.settle();
        let mut found = unsealed.damage;
        found.extend(store.found().iter().cloned());
        for (stream, _) in store.streams() {
            found.extend(store.lost(stream));
        }
        if let Some(damage) = found.first() {
            // Counting on would put new numbers beside a hole that nobody has looked at.
            let folder = shown(path);
            return Err(
                Failure::new(format!("{folder} is damaged: {}", damage.why)).help(format!(
                    "see all of it: attain data check {folder}; then restore a backup with attain data restore, or \
                     replay all files into a new folder"
                )),
            );
        }
        let mut keeper = Self {
            store,
            ledger: unsealed.ledger,
            meter: unsealed.meter.facts(),
            kept: BTreeMap::new(),
            unsealed: unsealed.frames,
            new: 0,
            known: 0,
        };
        let names = SourceNames::of(catalogue);
        if keeper.unsealed > 0 || !names.is_empty() {
            // They were counted as the streams were then, and are kept under the names of then.
            keeper.seal()?;
        }
        let before = keeper.ledger.state();
        keeper.ledger.call(&names);
        let segments = SegmentNames::of(catalogue);
        keeper.meter = keeper.meter.renamed(&names, &segments);
        keeper.ledger.count(&Stream::all(catalogue));
        let now = keeper.ledger.state();
        keeper.kept.clone_from(&now.kept);
        if now != before {
            // Invariant: frames are taken again by a ledger of the kept state, so it must know their streams first.
            keeper.seal()?;
        }
        Ok(keeper)
    }

    /// What was taken of each origin, so that only the rest is read.
    pub fn taken(&self) -> BTreeMap<(SourceId, String), OriginFacts> {
        self.ledger.origins_taken()
    }

    /// The end of the last slice in which each source was heard.
    pub fn heard_until(&self) -> BTreeMap<SourceId, Timestamp> {
        self.ledger.heard_until()
    }

    /// The events that were counted so far of a stream, by the second in which their slice begins.
    pub fn counted(
        &self,
        catalogue: &Catalogue,
        stream: &StreamKey,
        seconds: Range<i64>,
    ) -> BTreeMap<i64, u64> {
        let pages = Pages {
            store: &self.store,
            damage: &[],
            names: &SourceNames::of(catalogue),
            why: |error| Failure::of(error).what,
        };
        let counts = Shelved::new(&self.ledger, &pages);
        let mut slos = catalogue.slos.values();
        let Some(slo) = slos.find(|slo| Stream::key_of(catalogue, slo) == *stream) else {
            return BTreeMap::new();
        };
        let (grid, names) = (counts.grid(), SegmentNames::of(catalogue));
        let at = |second| Timestamp::from_second(second).map_or(0, |at| grid.index(at));
        let slices = at(seconds.start)..at(seconds.end);
        let read = counts.read(stream, &slo.indicator, &names, slices, Timestamp::MAX);
        let mut by_slice = BTreeMap::new();
        for (slice, events) in read.columns.iter().flat_map(|column| column.counts.iter()) {
            *by_slice.entry(grid.start(*slice).as_second()).or_insert(0) += events;
        }
        by_slice
    }

    /// Keeps a delivery. It is durable on return.
    pub fn take(&mut self, mut delivery: Delivery) -> Result<(), Failure> {
        // A frame must not count for streams that the catalogue gets later.
        let streams = &mut delivery.streams;
        streams.get_or_insert_with(|| self.ledger.streams_of(&delivery.source));
        self.store
            .append(&self.kept, std::slice::from_ref(&delivery))
            .map_err(|error| Failure::of(&error))?;
        let taken = self.ledger.take(delivery);
        if let Some(refusal) = taken.refused {
            return Err(Failure::new(refusal.to_string()));
        }
        self.new += taken.counted;
        self.known += taken.already;
        self.unsealed += 1;
        if self.unsealed >= FRAMES_UNSEALED {
            self.seal()?;
        }
        Ok(())
    }

    /// Puts everything in its final place, and writes down what was done.
    pub fn finish(mut self, done: &[Done], now: Timestamp) -> Result<u64, Failure> {
        self.seal()?;
        let failed = |error: Error| Failure::of(&error);
        for _ in 0..COMPACTED_AT_ONCE {
            if !self.store.compact().map_err(failed)? {
                break;
            }
        }
        for done in done {
            self.store.record(now, done).map_err(failed)?;
        }
        let size = self.store.size();
        Ok(size.counts_bytes + size.record_bytes)
    }

    /// What a person should know who replays with this catalogue.
    pub fn note(&self, catalogue: &Catalogue) -> Option<String> {
        tells_apart_otherwise(&self.store, catalogue)
    }

    /// Whether the newest catalogue of the record is another one.
    pub fn is_new(&self, catalogue: &Done) -> bool {
        last_catalogue(&self.store).as_ref() != Some(catalogue)
    }

    fn seal(&mut self) -> Result<(), Failure> {
        let streams = self.ledger.unload();
        self.unsealed = 0;
        let through = self.store.last();
        self.store
            .seal_with(&self.ledger.state(), &self.meter, &streams, through)
            .map_err(|error| Failure::of(&error))
    }
}

/// The segment of a request is decided when it is counted: whoever changes how must know that the past keeps its own.
fn tells_apart_otherwise(store: &Store, catalogue: &Catalogue) -> Option<String> {
    let Some(Done::Catalogue { files, .. }) = last_catalogue(store) else {
        return None;
    };
    let input = |file: Text| Input {
        name: file.path,
        text: file.text,
    };
    let inputs: Vec<Input> = files.into_iter().map(input).collect();
    let before = parse(&inputs).catalogue?;
    (who_is_who(&before) != who_is_who(catalogue)).then(|| {
        "the catalogue tells segments apart otherwise than when counts were kept last; what is kept keeps the segment it was \
         counted under. To count the past anew, replay the files into a new folder"
            .to_owned()
    })
}

/// The newest catalogue of the record.
fn last_catalogue(store: &Store) -> Option<Done> {
    let entries = store.entries().entries.into_iter().rev();
    let mut done = entries.map(|entry| entry.done);
    done.find(|done| matches!(done, Done::Catalogue { .. }))
}

/// All that decides whose a request is.
fn who_is_who(catalogue: &Catalogue) -> impl PartialEq {
    let segments = catalogue.segments.values();
    let matches: Vec<_> = segments
        .map(|segment| (segment.id.clone(), segment.matches.clone()))
        .collect();
    let sources = catalogue.sources.values();
    let labels: Vec<_> = sources
        .map(|source| (source.id.clone(), source.labels.clone()))
        .collect();
    let edge = catalogue.edge.as_ref();
    let edge = edge.map(|edge| (edge.identify.clone(), edge.otherwise.clone()));
    (matches, labels, edge, catalogue.roster.clone())
}

/// What was appended to a folder and not sealed yet, and when it happened.
struct Unsealed {
    unsealed: attain_server::Unsealed,
    span: Option<Interval>,
}

impl Unsealed {
    fn of(store: &Store, slice_seconds: u32) -> Result<Self, Failure> {
        let (mut begin, mut end) = (None, None);
        let unsealed = attain_server::Unsealed::of(store, slice_seconds, |delivery| {
            begin = [begin, begin_of(delivery)].into_iter().flatten().min();
            end = end.max(end_of(delivery));
        });
        Ok(Self {
            unsealed: unsealed.map_err(|error| Failure::of(&error))?,
            span: begin.zip(end).map(|(start, end)| Interval { start, end }),
        })
    }
}
