//! The meter: from live samples to counts per slice, each event once, in whatever order samples come.
//!
//! Knows series by slot, what each said last, and the slices that are still open. Knows neither protocols nor labels, and
//! keeps no history: a closed slice leaves as a delivery, and the ledger has it from there. See meter/track.rs for how two
//! samples become an increment, meter/open.rs for slices, meter/hearing.rs for when a source was heard.
//!
//! Everything here is a function of the entries in their order: a meter that is restored from its facts and given the
//! entries since then equals one that was never stopped.

mod columns;
mod forgotten;
mod hearing;
mod kept;
mod newborn;
mod open;
mod past;
mod seldom;
mod track;
mod trail;
mod untold;
mod writers;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use attain_model::delivery::{Delivery, Reading};
use attain_model::live::{
    LiveBatch, LiveEntry, LivePoint, LiveSample, LiveSeries, LiveValue, SeriesId,
};
use attain_model::{CountedSegment, SourceId, Stream, StreamKey};
use jiff::Timestamp;

use crate::grid::Grid;
use columns::Columns;
use hearing::Hearing;
use newborn::{Nursery, Seen};
use open::{Column, Cut, Open};
use past::Pasts;
use track::{SETTLING_MS, Track};
use trail::Trail;
use untold::Untold;
use writers::Writers;

/// Turns live samples into counts per slice.
///
/// ```
/// use attain_engine::Meter;
///
/// let mut meter = Meter::new(10);
/// meter.count(&[]);
/// assert!(meter.close("2026-11-22T12:00:10Z".parse().unwrap()).is_empty());
/// ```
#[derive(Debug, Clone)]
pub struct Meter {
    grid: Grid,
    /// The first slice that is not closed.
    closed: Option<i64>,
    delivered: u64,
    /// How streams are cut, and since when each is counted: the newest sample of its sources then, none if they had not been
    /// heard.
    ///
    /// Invariant: until a source was heard for a while without a break, this is not before its last break: counters that
    /// were there before anybody counted them may not be seen at once.
    cuts: BTreeMap<StreamKey, Cut>,
    since: BTreeMap<StreamKey, Option<i64>>,
    /// By slot.
    counters: Vec<Option<Counter>>,
    /// By slot: what of a counter is not needed for each sample.
    known: Vec<Option<Known>>,
    writers: Writers,
    untold: Untold,
    pasts: Pasts,
    trail: Trail,
    open: Open,
    nursery: Nursery,
    sources: Vec<Source>,
}

/// A series that counts for somebody.
#[derive(Debug, Clone)]
struct Counter {
    track: Track,
    /// What its increments are added to.
    columns: Columns,
    source: u32,
}

/// Which series it is.
#[derive(Debug, Clone)]
struct Known {
    id: SeriesId,
    thing: u64,
}

#[derive(Debug, Clone)]
struct Source {
    id: SourceId,
    hearing: Hearing,
    /// Since when it is heard, by those who are told what is missing.
    since_ms: Option<i64>,
    readings: Vec<Reading>,
}

/// What holds for all samples of a batch.
struct Circumstances {
    arrived: Timestamp,
    /// The newest sample of its source before those that came with it.
    heard_before_ms: Option<i64>,
    /// The end of the last closed slice.
    closed_ms: i64,
    /// A sample's time and its slice: what comes together was mostly taken together.
    instant: (i64, i64),
}

/// What taking a batch came to. A sample is one, whatever it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metered {
    /// Samples that said something new.
    pub new: u64,
    /// Known already: the same series with the same value at the same instant, or a stretch inside one that was told.
    pub already: u64,
    /// Said another value than the same series at the same instant before, as far back as samples are remembered: the
    /// newest of a closed slice, and all since. The first value stays.
    pub conflicting: u64,
    /// Older than what their series said last in a closed slice, and not from before its first sample: they change no sum, only
    /// in which slice it lies. Stretches that were told, or may have been, and what a series that was given up may have said.
    pub too_late: u64,
    /// Stretches that overlap all that was told of their series, when no more writers can be remembered: not counted.
    pub overlapping: u64,
    /// Samples of no known slot.
    pub unknown: u64,
    /// First values of counters whose beginning is not known: at most so many events are missing.
    pub unknown_births: u64,
    /// Those of them that came after the first contact, of what was new since, by stream and segment: how many events at most
    /// are missing.
    pub missed: BTreeMap<(StreamKey, CountedSegment), u64>,
    /// Events whose slice was closed already: they count at their own time, and became known now.
    pub late_events: u64,
}

impl Metered {
    /// Adds what another batch came to. Events of counters that stand as high as numbers go add up to no more than that.
    pub fn add(&mut self, more: &Self) {
        self.new += more.new;
        self.already += more.already;
        self.conflicting += more.conflicting;
        self.too_late += more.too_late;
        self.overlapping += more.overlapping;
        self.unknown += more.unknown;
        self.unknown_births = self.unknown_births.saturating_add(more.unknown_births);
        self.late_events = self.late_events.saturating_add(more.late_events);
        for (of, events) in &more.missed {
            let missed = self.missed.entry(of.clone()).or_default();
            *missed = missed.saturating_add(*events);
        }
    }
}

impl Meter {
    /// An empty one; slices of so many seconds.
    #[must_use]
    pub fn new(slice_seconds: u32) -> Self {
        Self {
            grid: Grid::new(slice_seconds),
            closed: None,
            delivered: 0,
            cuts: BTreeMap::new(),
            since: BTreeMap::new(),
            counters: Vec::new(),
            known: Vec::new(),
            writers: Writers::default(),
            untold: Untold::default(),
            pasts: Pasts::default(),
            trail: Trail::default(),
            open: Open::default(),
            nursery: Nursery::default(),
            sources: Vec::new(),
        }
    }

    /// From now on these streams are counted, cut as they say. What was counted of others leaves with its slice.
    pub fn count(&mut self, streams: &[Stream]) {
        for stream in streams {
            let cut = Cut::of(stream);
            let newest = || {
                let sources = self.sources.iter();
                let its = sources.filter(|source| stream.sources.contains(&source.id));
                its.filter_map(|source| source.hearing.newest()).max()
            };
            // The buckets of an edge that nobody asked for before are counted from now on; they may be as old as any.
            let asked = match self.cuts.get(&stream.key) {
                Some(before) => before.edges().collect(),
                None => self.open.edges_of(&stream.key),
            };
            let has_more = !asked.is_empty() && cut.edges().any(|edge| !asked.contains(&edge));
            match self.since.entry(stream.key.clone()) {
                Entry::Vacant(new) => {
                    new.insert(newest());
                }
                Entry::Occupied(mut since) if has_more => {
                    since.insert(newest());
                }
                Entry::Occupied(_) => {}
            }
            self.cuts.insert(stream.key.clone(), cut);
        }
        let counted: BTreeSet<&StreamKey> = streams.iter().map(|stream| &stream.key).collect();
        self.since.retain(|stream, _| counted.contains(stream));
    }

    /// Does what an entry says; gives the deliveries of the slices that it closed.
    pub fn apply(&mut self, entry: &LiveEntry) -> (Metered, Vec<Delivery>) {
        match entry {
            LiveEntry::Arrived(batch) => (self.take(batch), Vec::new()),
            LiveEntry::Closed { at, until } => self.close_at(*at, *until),
        }
    }

    /// Takes what arrived together.
    pub fn take(&mut self, batch: &LiveBatch) -> Metered {
        let mut metered = Metered::default();
        self.give_up(&batch.forgotten, &mut metered);
        for series in &batch.series {
            self.hand_over(series, &batch.series);
            self.make(series);
        }
        let source = self.source(&batch.source);
        let mut circumstances = Circumstances {
            arrived: batch.arrived,
            heard_before_ms: self.sources[source].hearing.newest(),
            closed_ms: self.closed_ms(),
            instant: (i64::MIN, slice_of(self.grid, i64::MIN)),
        };
        for sample in &batch.samples {
            self.sample(sample, &mut circumstances, &mut metered);
        }
        if let Some(newest) = batch.newest_ms {
            self.hear(source, newest);
        }
        let source = &mut self.sources[source];
        source.readings.extend(batch.readings.iter().cloned());
        metered.new += batch.readings.len() as u64;
        metered
    }

    /// Closes the slices that end at or before an instant, once: they leave as deliveries, one of each source.
    ///
    /// What arrived late since the last time leaves too. The deliveries name no streams: they are counted for all that
    /// look at their source.
    pub fn close(&mut self, until: Timestamp) -> Vec<Delivery> {
        self.close_at(until, until).1
    }

    /// The same, decided at an instant: parts of histograms that came just before it may wait for the rest of them.
    fn close_at(&mut self, at: Timestamp, until: Timestamp) -> (Metered, Vec<Delivery>) {
        let first_open = self.grid.index(until).max(self.closed.unwrap_or(i64::MIN));
        let before_ms = self.closed_ms();
        self.closed = Some(first_open);
        self.take_back_what_goes_on();
        self.trail.let_go(self.closed_ms());
        self.writers.let_go(self.closed_ms());
        self.untold.let_go(self.closed_ms(), before_ms);
        self.pasts.let_go(self.closed_ms(), before_ms);
        let mut metered = Metered::default();
        self.count_pasts(at, &mut metered);
        let mut counted = self.open.close(at, first_open, self.grid, &self.cuts);
        let mut deliveries = Vec::new();
        for (index, source) in self.sources.iter_mut().enumerate() {
            let at = self.delivered;
            let mut delivery = Delivery::new(source.id.clone(), "live", at..at + 1);
            delivery.counted = counted.remove(&index).unwrap_or_default();
            delivery.readings = std::mem::take(&mut source.readings);
            let heard = source.hearing.tell();
            for (column, past) in source.hearing.tell_past() {
                let stream = self.open.stream_of(column).clone();
                let own = delivery.observed_streams.entry(stream);
                own.or_insert_with(|| heard.clone()).extend(past);
            }
            delivery.observed = Some(heard);
            self.delivered += 1;
            deliveries.push(delivery);
        }
        (metered, deliveries)
    }

    /// What seemed to be born in the slices that close and was counted under another name before, did not happen in them.
    fn take_back_what_goes_on(&mut self) {
        let (counters, known) = (&self.counters, &self.known);
        let all = || {
            let both = (0..).zip(counters.iter().zip(known));
            both.filter_map(|(slot, (counter, known))| {
                let counter = counter.as_ref()?;
                Some(Seen {
                    slot,
                    thing: (counter.source, known.as_ref()?.thing),
                    columns: counter.columns.all(),
                    newest_ms: counter.track.newest_ms()?,
                    value: counter.track.value(),
                })
            })
        };
        let is_whole = |column| self.open.described(column).role.is_whole();
        let closed_ms = self.closed_ms();
        for again in self.nursery.leave(closed_ms, all, is_whole) {
            let slice = slice_of(self.grid, again.time_ms);
            self.open.take_back(again.column, slice, again.events);
        }
    }

    /// The end of the last closed slice.
    #[must_use]
    pub fn closed_until(&self) -> Option<Timestamp> {
        self.closed.map(|first_open| self.grid.start(first_open))
    }

    /// Makes a series known, or has it count for others from now on: its last sample stays.
    fn make(&mut self, series: &LiveSeries) {
        let source = self.source(&series.source);
        let columns = series.to.iter().map(|to| self.open.column(source, to));
        let columns: Columns = columns.collect();
        let slot = series.slot as usize;
        if self.counters.len() <= slot {
            self.counters.resize_with(slot + 1, || None);
            self.known.resize_with(slot + 1, || None);
        }
        self.keep_past(series, columns.all());
        match (&mut self.counters[slot], &mut self.known[slot]) {
            (Some(counter), Some(known)) if known.id == series.id => {
                let before = counter.columns.all();
                if columns.all().iter().any(|column| !before.contains(column)) {
                    self.nursery.forget(series.slot);
                }
                counter.columns = columns;
            }
            (counter, known) => {
                self.writers.forget(series.slot);
                self.untold.forget(series.slot);
                self.nursery.forget(series.slot);
                *counter = Some(Counter {
                    track: Track::default(),
                    columns,
                    source: source as u32,
                });
                *known = Some(Known {
                    id: series.id,
                    thing: series.thing,
                });
            }
        }
    }

    /// Of a bucket that seemed to be born: takes back what it stood at from what a closer bucket of its histogram, told of
    /// with it, stands for from now on. That one is born, too, and all it stands at counts.
    fn hand_over(&mut self, series: &LiveSeries, together: &[LiveSeries]) {
        let slot = series.slot as usize;
        let (Some(newborn), Some(Some(counter)), Some(Some(known))) = (
            self.nursery.get(series.slot).copied(),
            self.counters.get(slot),
            self.known.get(slot),
        ) else {
            return;
        };
        if known.id != series.id {
            return;
        }
        let slice = slice_of(self.grid, newborn.time_ms);
        for column in counter.columns.all() {
            let to = self.open.described(*column);
            let has = |series: &LiveSeries| series.thing == known.thing && series.to.contains(to);
            if !series.to.contains(to) && together.iter().any(has) {
                self.open.take_back(*column, slice, newborn.value);
            }
        }
    }

    fn closed_ms(&self) -> i64 {
        let closed = self.closed.map(|index| self.grid.start(index));
        closed.map_or(i64::MIN, Timestamp::as_millisecond)
    }

    fn sample(
        &mut self,
        sample: &LiveSample,
        circumstances: &mut Circumstances,
        metered: &mut Metered,
    ) {
        let Some(Some(counter)) = self.counters.get_mut(sample.slot as usize) else {
            metered.unknown += 1;
            return;
        };
        let LiveValue::Stands { value, created_ms } = sample.says else {
            return self.seldom(sample, circumstances, metered);
        };
        let point = LivePoint {
            time_ms: sample.time_ms,
            value,
            added: 0,
            created_ms,
        };
        let (before_ms, closed_ms) = (counter.track.newest_ms(), circumstances.closed_ms);
        let added = counter.track.follow(point, closed_ms, &mut self.trail);
        let (Some(before_ms), Some(added)) = (before_ms, added) else {
            return self.seldom(sample, circumstances, metered);
        };
        metered.new += 1;
        let columns = counter.columns.all();
        let hearing = &mut self.sources[counter.source as usize].hearing;
        hearing.follow(columns, before_ms, sample.time_ms, closed_ms);
        if circumstances.instant.0 != sample.time_ms {
            circumstances.instant = (sample.time_ms, slice_of(self.grid, sample.time_ms));
        }
        let slice = circumstances.instant.1;
        let is_late = self.closed.is_some_and(|closed| slice < closed);
        if is_late {
            metered.late_events = metered.late_events.saturating_add(added);
        }
        let late = is_late.then_some(circumstances.arrived);
        for column in columns {
            self.open.add(*column, slice, late, added);
        }
    }

    /// A source was heard at an instant.
    fn hear(&mut self, source: usize, time_ms: i64) {
        let Source {
            id,
            hearing,
            since_ms,
            ..
        } = &mut self.sources[source];
        since_ms.get_or_insert(time_ms);
        if hearing.is_broken_at(time_ms) {
            let before_ms = hearing.newest().unwrap_or(i64::MIN);
            let is_its = |stream| {
                let cut: Option<&Cut> = self.cuts.get(stream);
                cut.is_some_and(|cut| cut.sources.contains(id))
            };
            for (stream, since) in &mut self.since {
                let Some(since) = since else {
                    continue;
                };
                if is_its(stream) && since.saturating_add(SETTLING_MS) > before_ms {
                    *since = (*since).max(time_ms);
                }
            }
        }
        hearing.hear(time_ms);
    }

    /// The place of a source, which is made if it is new.
    fn source(&mut self, id: &SourceId) -> usize {
        if let Some(index) = self.sources.iter().position(|source| source.id == *id) {
            return index;
        }
        self.sources.push(Source {
            id: id.clone(),
            hearing: Hearing::default(),
            since_ms: None,
            readings: Vec::new(),
        });
        self.sources.len() - 1
    }
}

fn slice_of(grid: Grid, time_ms: i64) -> i64 {
    time_ms.div_euclid(1000).div_euclid(grid.seconds())
}

/// What a pair of metrics owes: by how much its part ran ahead of its total.
type Owed = BTreeMap<(StreamKey, CountedSegment), u64>;

impl Column {
    fn stream(&self) -> &StreamKey {
        &self.to.stream
    }
}
