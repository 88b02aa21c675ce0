//! The series that are known: which slot each has, whom it was told to count for, and who has too many.
//!
//! Two ways lead to a slot. The bytes of a series as they came lead there at once, and are forgotten with every reload;
//! its identity, a hash of its sorted labels, is kept for as long as the slot. Knows no bytes of any protocol.

mod claims;
mod lifts;
mod nobody;
mod rooms;
mod row;
mod sides;
mod sleeping;
mod waits;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasherDefault, DefaultHasher, Hasher};

use attain_model::StreamKey;
use attain_model::live::{
    CountsFor, LiveRole, LiveSample, LiveSeries, MeteredSeries, SeriesId, Slot,
};
use attain_model::{CountedSegment, SourceId};

use self::claims::{Claims, group_of};
use self::lifts::Lifts;
use self::nobody::Nobodies;
pub(super) use self::rooms::TooMany;
use self::rooms::{Rooms, Whose};
use self::row::{Came, Row};
pub(super) use self::sides::Side;
use self::sides::Sides;
use self::sleeping::{ASLEEP_MS, Leaving};
use self::waits::Waits;
use super::series::Labelled;
use super::whom::{Meaning, Says, Whom, at_or_under};
use super::{Limits, Numbers};

/// What is known of bytes that came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// One counter.
    Slot(Slot),
    /// Something else: its place among the [`Shape`]s.
    Shape(u32),
    /// It counts for nobody.
    Nobody,
    /// It would count, but for whom there are too many already.
    TooMany,
    /// Its labels cannot be read.
    Broken,
}

/// A series that is not just one counter.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Its count, if anybody wants that.
    pub(super) slot: Option<Slot>,
    /// Of a histogram: the slot of the events at or under each edge, in nanoseconds and ascending; `u64::MAX` is all.
    pub(super) edges: Vec<(u64, Slot)>,
    /// Of a histogram: what one of its unit is, in nanoseconds.
    pub(super) billionths: f64,
    /// Who reads it as a gauge, and in how many billionths.
    pub(super) gauges: Vec<(StreamKey, CountedSegment, i128)>,
    /// All labels, for readings.
    pub(super) text: String,
}

impl Shape {
    /// Somebody asks how many of its events are at or under a limit.
    pub(super) fn is_cut(&self) -> bool {
        self.edges.iter().any(|(edge, _)| *edge != u64::MAX)
    }
}

/// A series as it is met: all but its number.
pub(super) struct Met {
    pub(super) id: SeriesId,
    pub(super) thing: u64,
    /// As what it counts; no gauges.
    pub(super) meanings: Vec<Meaning>,
    /// Of a histogram.
    pub(super) histogram: Option<Histogram>,
    /// The series of all events of the same histogram in its other form.
    pub(super) other: Option<Slot>,
}

/// A histogram that a series is a part of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Histogram {
    /// Its labels without the edge of a bucket, as a hash.
    pub(super) labels: u64,
    pub(super) side: Side,
    /// The series is a bucket; else its edges are those of its streams.
    pub(super) is_bucket: bool,
}

impl Histogram {
    /// What its buckets have in common.
    fn group(self) -> Option<u64> {
        self.is_bucket.then_some(self.labels)
    }
}

/// A series with a slot.
#[derive(Debug)]
struct Held {
    id: SeriesId,
    thing: u64,
    /// Invariant: empty until it was seen under the present catalogue; stream numbers are the present ones.
    meanings: Box<[Meaning]>,
    histogram: Option<Histogram>,
    /// The bytes that lead to it.
    bytes: u128,
    is_seen: bool,
    /// A hash of the `to` that was told last.
    told: Option<u64>,
    /// What a meter had it count for, until it is seen.
    restored: Option<Box<[CountsFor]>>,
    /// Among whose series it is counted.
    counted: Whose,
    /// It came since it was looked at last.
    came: bool,
    /// It did not come for a while, and is counted among those that did not: since when.
    asleep_ms: Option<i64>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Known {
    entries: Row,
    nobodies: Nobodies,
    shapes: Vec<Shape>,
    by_id: HashMap<u128, Slot, AsIs>,
    held: HashMap<Slot, Held>,
    claims: Claims,
    lifts: Lifts,
    sides: Sides,
    waits: Waits,
    rooms: Rooms,
    /// Since when it is looked who comes.
    looked_ms: Option<i64>,
    leaving: Leaving,
    /// Whose the first series with some labels is, by their identity.
    scopes: HashMap<u128, u64, AsIs>,
    /// Shapes that are gauges and nothing else, by the same.
    gauges: HashMap<u64, u32>,
}

impl Known {
    /// What came of these bytes before.
    #[inline]
    pub(super) fn entry(&mut self, bytes: u128) -> Option<Entry> {
        self.entries.get(bytes).or_else(|| self.nobodies.get(bytes))
    }

    /// What is expected to come next, in the order in which it came before, if it is a counter that may be guessed by its
    /// length: a hash of its bytes, its slot, and how many bytes there are.
    #[inline]
    pub(super) fn expected(&self) -> Option<(u128, Slot, usize)> {
        match *self.entries.expected()? {
            Came {
                bytes,
                entry: Entry::Slot(slot),
                length: length @ 1..,
            } => Some((bytes, slot, length as usize)),
            _ => None,
        }
    }

    /// What was expected has come.
    #[inline]
    pub(super) fn came(&mut self) {
        self.entries.came();
    }

    /// Remembers what came of these bytes.
    pub(super) fn remember(&mut self, bytes: u128, entry: Entry) {
        self.remember_of(bytes, entry, 0);
    }

    /// The same; so many bytes that come again where they are expected may be taken for the same.
    pub(super) fn remember_of(&mut self, bytes: u128, entry: Entry, length: u32) {
        match entry {
            Entry::Slot(slot) => {
                self.entries.insert(bytes, entry, length);
                if let Some(held) = self.held.get_mut(&slot) {
                    held.bytes = bytes;
                }
            }
            Entry::Shape(_) => {
                self.entries.insert(bytes, entry, 0);
            }
            Entry::Nobody | Entry::TooMany => self.nobodies.put(bytes, entry),
            Entry::Broken => {}
        }
    }

    /// A shape, and what is remembered of histograms whose buckets change.
    pub(super) fn shape_and_lifts(&mut self, index: u32) -> Option<(&Shape, &mut Lifts)> {
        Some((self.shapes.get(index as usize)?, &mut self.lifts))
    }

    pub(super) fn shape(&self, index: u32) -> Option<&Shape> {
        self.shapes.get(index as usize)
    }

    /// Remembers a series that is not just one counter. What counts is admitted by its slots; gauges are admitted here.
    pub(super) fn add_shape(&mut self, shape: Shape, limits: &Limits) -> Entry {
        let Ok(index) = u32::try_from(self.shapes.len()) else {
            return Entry::TooMany;
        };
        if shape.slot.is_none() && shape.edges.is_empty() {
            let keys = shape.gauges.iter();
            let keys: HashSet<u64> = keys
                .map(|(stream, segment, _)| hash_of(&(stream, segment)))
                .collect();
            let is_full = |key: &u64| self.gauges.get(key).is_some_and(|n| *n >= limits.series);
            if keys.iter().any(is_full) {
                return Entry::TooMany;
            }
            for key in keys {
                *self.gauges.entry(key).or_insert(0) += 1;
            }
        }
        self.shapes.push(shape);
        Entry::Shape(index)
    }

    /// Forgets all bytes if there are far more than there are series: whoever writes a series in another way each time
    /// must not have all of them remembered. Call it before anything is met, which may lead to a shape.
    pub(super) fn make_room(&mut self, limits: &Limits) {
        let gauges: usize = self.gauges.values().map(|count| *count as usize).sum();
        if self.entries.len() > 4 * (self.held.len() + gauges) + limits.series as usize {
            self.forget_bytes();
            self.scopes.clear();
        }
    }

    /// How many series there are but those that sleep.
    pub(super) fn len(&self) -> u64 {
        self.held.len() as u64 - self.rooms.sleepers()
    }

    /// How many ways of writing a series are recognised.
    pub(super) fn remembered(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Streams and segments that had no room for another series, since the catalogue is in force.
    pub(super) fn full(&self) -> &BTreeSet<(StreamKey, CountedSegment)> {
        self.rooms.full()
    }

    /// How many histograms come in two forms.
    pub(super) fn histograms_twice(&self) -> u64 {
        self.sides.both()
    }

    /// The slot of the first of some series that is there.
    pub(super) fn slot_of_any(&self, ids: &[SeriesId]) -> Option<Slot> {
        ids.iter().find_map(|id| self.by_id.get(&id.0)).copied()
    }

    /// Whether a series of a scope is another one than the first with the same labels, which has the identity that says
    /// nothing of scopes: that of those who have one, and of all before scopes were looked at.
    pub(super) fn is_of_another_scope(&self, plain: &Labelled<'_>, scope: u64) -> bool {
        let own = plain.of_scope(scope);
        let ids = [None, Some(u64::MAX.to_string())].map(|edge| own.id(edge.as_deref()));
        let first = self.scopes.get(&plain.id(None).0);
        first.is_some_and(|first| *first != scope) || self.slot_of_any(&ids).is_some()
    }

    /// Series with these labels are of a scope, unless they are of another one's already.
    pub(super) fn note_scope(&mut self, labelled: &Labelled<'_>, scope: u64) {
        if !labelled.has_scope() {
            self.scopes.insert(labelled.id(None).0, scope);
        }
    }

    /// The identity of an edge of a histogram that comes as a whole: the `plain` one, but `own` if the other form has that.
    pub(super) fn identity(&self, plain: SeriesId, own: SeriesId, side: Side) -> SeriesId {
        let plainly = (self.by_id.get(&plain.0)).and_then(|slot| self.held.get(slot));
        let is_other = |held: &Held| held.histogram.is_some_and(|known| known.side != side);
        if self.by_id.contains_key(&own.0) || plainly.is_some_and(is_other) {
            return own;
        }
        plain
    }

    /// The slot of a series, new or old; `None` if it counts for nobody, or there are too many (`Err`). Whoever is to be
    /// told of goes to `tell`.
    pub(super) fn meet(
        &mut self,
        met: Met,
        whom: &Whom,
        (numbers, limits): (&Numbers, &Limits),
        tell: &mut Vec<Slot>,
    ) -> Result<Option<Slot>, TooMany> {
        let slot = match self.by_id.get(&met.id.0).copied() {
            Some(slot) => {
                self.wake(slot, &met.meanings, whom, limits)?;
                slot
            }
            None if !self.is_useful(&met, whom) => return Ok(None),
            None => {
                let counted = self.rooms.admit(&total_of(&met.meanings, whom), limits)?;
                let slot = numbers.next();
                self.by_id.insert(met.id.0, slot);
                let held = Held {
                    id: met.id,
                    thing: met.thing,
                    meanings: Box::default(),
                    histogram: None,
                    bytes: 0,
                    is_seen: false,
                    told: None,
                    restored: None,
                    counted,
                    came: true,
                    asleep_ms: None,
                };
                self.held.insert(slot, held);
                slot
            }
        };
        let Some(held) = self.held.get_mut(&slot) else {
            return Ok(None);
        };
        (held.is_seen, held.came) = (true, true);
        let restored = held.restored.take();
        if let Some(to) = &restored {
            self.waits.came(held.thing, to);
        }
        held.thing = met.thing;
        held.histogram = met.histogram;
        held.meanings = met.meanings.into();
        let counts = !held.meanings.is_empty();
        self.take_side(slot, met.other, restored.as_deref(), whom);
        // One that waited stood for no edge.
        let restored = restored.filter(|to| !to.is_empty());
        self.claim(slot, restored.as_deref(), whom, tell);
        tell.push(slot);
        Ok(counts.then_some(slot))
    }

    /// Whether a series that has no slot needs one: a bucket that no edge is closest to counts for nobody.
    fn is_useful(&mut self, met: &Met, whom: &Whom) -> bool {
        let mut is_any = false;
        for meaning in &met.meanings {
            let (Says::AtOrUnder(class, le), Some(group)) =
                (&meaning.says, met.histogram.and_then(Histogram::group))
            else {
                return true;
            };
            if *le == u64::MAX {
                return true;
            }
            let stream = whom.stream(meaning);
            let group = group_of(group, &stream.key);
            for edge in stream.edges.iter().map(|edge| edge.nanoseconds()) {
                let is_closest = edge >= *le
                    && match self.claims.best(group, edge) {
                        Some(best) => best < *le,
                        None => {
                            edge == *le || {
                                let to = whom.counts_for(meaning, at_or_under(class, edge));
                                !self.waits.holds(met.thing, &to)
                            }
                        }
                    };
                is_any |= is_closest;
            }
        }
        is_any
    }

    /// Decides by which of its forms a histogram counts, where that is not decided yet.
    fn take_side(
        &mut self,
        slot: Slot,
        other: Option<Slot>,
        restored: Option<&[CountsFor]>,
        whom: &Whom,
    ) {
        let Some(held) = self.held.get(&slot) else {
            return;
        };
        let Some(Histogram { labels, side, .. }) = held.histogram else {
            return;
        };
        // What was not seen yet says what it counted before a restart.
        let others = other.and_then(|other| self.held.get(&other)?.restored.as_deref());
        for meaning in &held.meanings {
            let stream = &whom.stream(meaning).key;
            let counted = |to: &[CountsFor]| to.iter().any(|to| to.stream == *stream);
            let counts = self.sides.of(labels, stream).unwrap_or_else(|| {
                let is_others = !restored.is_some_and(counted) && others.is_some_and(counted);
                let counts = if is_others { side.other() } else { side };
                self.sides.decide(labels, stream, counts);
                counts
            });
            if counts != side {
                let other_ms = other.and_then(|other| self.lifts.stood_ms(other));
                self.sides.doubled(labels, stream, (side, other_ms));
            }
        }
        let stood_ms = self.lifts.stood_ms(slot);
        self.sides.watch(slot, (labels, side), stood_ms);
    }

    /// Says which series change from waiting for another form of their histogram to counting, or back, as samples come.
    pub(super) fn take_over(
        &mut self,
        samples: &[LiveSample],
        arrived_ms: i64,
        tell: &mut Vec<Slot>,
    ) {
        let new = self.sides.unwatched();
        if !new.is_empty() {
            for (slot, held) in &self.held {
                if let Some(Histogram { labels, side, .. }) = held.histogram
                    && new.contains(&labels)
                {
                    self.sides.watch(*slot, (labels, side), None);
                }
            }
        }
        tell.extend(self.sides.came(samples, arrived_ms));
    }

    /// Leaves out what is counted in another form.
    pub(super) fn settle(&mut self, samples: &mut Vec<LiveSample>) {
        self.sides.settle(samples);
    }

    /// Has those come again that waited for a bucket which stood for their edge before a restart, when it is there or does
    /// not come any more.
    pub(super) fn wait_no_longer(&mut self, arrived_ms: i64) {
        if self.waits.is_over(arrived_ms) {
            self.forget_bytes();
        }
    }

    /// Has a bucket of a classic histogram stand for the edges of its streams that no closer bucket stands for.
    fn claim(
        &mut self,
        slot: Slot,
        restored: Option<&[CountsFor]>,
        whom: &Whom,
        tell: &mut Vec<Slot>,
    ) {
        let Some(held) = self.held.get(&slot) else {
            return;
        };
        let Some(group) = held.histogram.and_then(Histogram::group) else {
            return;
        };
        for meaning in &held.meanings {
            let (class, le) = match &meaning.says {
                Says::AtOrUnder(class, le) if *le != u64::MAX => (class, *le),
                _ => continue,
            };
            let stream = whom.stream(meaning);
            let mut may_claim = |edge: u64| match restored {
                _ if edge == le => true,
                Some(to) => to.iter().any(|to| stands_for(to, &stream.key, edge)),
                None => {
                    let to = whom.counts_for(meaning, at_or_under(class, edge));
                    !self.waits.holds(held.thing, &to)
                }
            };
            let edges = stream.edges.iter().map(|edge| edge.nanoseconds());
            let edges = edges.filter(|edge| *edge >= le && may_claim(*edge));
            let is_seen = |slot: Slot| self.held.get(&slot).is_some_and(|held| held.is_seen);
            tell.extend(
                self.claims
                    .claim(group_of(group, &stream.key), edges, le, slot, is_seen),
            );
        }
    }

    /// A series as it is told, if that is news. One that counts for nobody any more is given up, and goes to `idle`.
    pub(super) fn telling(
        &mut self,
        slot: Slot,
        whom: &Whom,
        source: &SourceId,
        idle: &mut Vec<Slot>,
    ) -> Option<LiveSeries> {
        let held = self.held.get(&slot).filter(|held| held.is_seen)?;
        let mut to = self.to_of(slot, held, whom);
        let mut waits = false;
        if let Some(Histogram { labels, side, .. }) = held.histogram
            && !to.is_empty()
        {
            to.retain(|to| !self.sides.waits(labels, side, &to.stream));
            waits = to.is_empty();
        }
        self.sides.told(slot, waits);
        let told = hash_of(&to);
        let held = self.held.get_mut(&slot)?;
        let told_before = held.told.replace(told);
        let (id, thing, bytes) = (held.id, held.thing, held.bytes);
        if to.is_empty() && !waits {
            self.give_up(slot);
            self.entries.remove(bytes);
            self.remember(bytes, Entry::Nobody);
            idle.push(slot);
            told_before?;
        }
        (told_before != Some(told)).then(|| LiveSeries {
            slot,
            id,
            source: source.clone(),
            thing,
            to,
        })
    }

    /// For whom a series counts.
    fn to_of(&self, slot: Slot, held: &Held, whom: &Whom) -> Vec<CountsFor> {
        let mut to = Vec::new();
        for meaning in &held.meanings {
            let mut add = |role| to.push(whom.counts_for(meaning, role));
            match (&meaning.says, held.histogram.and_then(Histogram::group)) {
                (Says::Events(class), _) => add(LiveRole::Events(class.clone())),
                (Says::Total, _) => add(LiveRole::Total),
                (Says::Part, _) => add(LiveRole::Part),
                (Says::AtOrUnder(class, le), Some(group)) if *le != u64::MAX => {
                    let group = group_of(group, &whom.stream(meaning).key);
                    for edge in self.claims.of(group, slot) {
                        add(at_or_under(class, edge));
                    }
                }
                (Says::AtOrUnder(class, edge), _) => add(at_or_under(class, *edge)),
                (Says::Gauge(_), _) => {}
            }
        }
        to.sort_unstable();
        to.dedup();
        to
    }

    /// Whether any series is of a stream.
    pub(super) fn has_any(&self, stream: &StreamKey, segments: &[CountedSegment]) -> bool {
        self.rooms.has_any(stream, segments)
    }

    /// Takes a series that a meter knows, whose source was heard last at an instant.
    pub(super) fn restore(
        &mut self,
        metered: &MeteredSeries,
        heard_ms: Option<i64>,
        limits: &Limits,
    ) {
        let series = &metered.series;
        if self.held.contains_key(&series.slot) {
            // Of several writers the first goes on.
            return;
        }
        if let Some(point) = metered.points.last() {
            self.lifts.restore(series.slot, point);
        }
        let came_ms = metered.points.last().map(|point| point.time_ms);
        let slept_ms = heard_ms.unwrap_or(i64::MIN).saturating_sub(ASLEEP_MS);
        let asleep_ms = came_ms.filter(|came| *came < slept_ms);
        let is_asleep = asleep_ms.is_some();
        let counted = self.rooms.restore(&series.to, is_asleep, limits);
        let mut to = series.to.clone();
        to.sort_unstable();
        to.dedup();
        if !is_asleep {
            self.waits.expect(series.thing, &to);
        }
        let held = Held {
            id: series.id,
            thing: series.thing,
            meanings: Box::default(),
            histogram: None,
            bytes: 0,
            is_seen: false,
            told: Some(hash_of(&to)),
            restored: Some(to.into()),
            counted,
            came: true,
            asleep_ms,
        };
        self.by_id.insert(series.id.0, series.slot);
        self.held.insert(series.slot, held);
    }

    /// Another catalogue is asked from now on.
    pub(super) fn forget_meanings(&mut self, whom: &Whom) {
        self.forget_bytes();
        self.rooms.forget_full();
        for held in self.held.values_mut() {
            held.is_seen = false;
            held.meanings = Box::default();
        }
        self.claims.keep_those_of(whom.streams());
        let streams = whom.streams().iter();
        let streams: HashSet<u64> = streams.map(|stream| group_of(0, &stream.key).0).collect();
        (self.sides).keep(|_| true, |stream| streams.contains(&stream));
    }

    /// Nothing was told.
    pub(super) fn forget_told(&mut self) {
        self.forget_bytes();
        self.sides.forget_told();
        self.leaving.is_told = false;
        for held in self.held.values_mut() {
            held.told = None;
        }
    }

    /// Series that were given up for others, if that was not told yet.
    pub(super) fn tell_leaving(&mut self) -> Vec<Slot> {
        self.leaving.tell()
    }

    /// These slots are given up.
    pub(super) fn forget(&mut self, slots: &[Slot]) {
        for slot in slots {
            self.give_up(*slot);
        }
        self.forget_bytes();
        self.claims.release(|slot| self.held.contains_key(&slot));
        let held = self.held.values();
        let histograms = held.filter_map(|held| Some(held.histogram?.labels));
        let histograms: HashSet<u64> = histograms.collect();
        (self.sides).keep(|histogram| histograms.contains(&histogram), |_| true);
    }

    fn give_up(&mut self, slot: Slot) {
        let Some(held) = self.held.remove(&slot) else {
            return;
        };
        self.by_id.remove(&held.id.0);
        if let Some(to) = &held.restored {
            self.waits.came(held.thing, to);
        }
        self.lifts.forget(slot);
        self.sides.forget(slot);
        self.rooms.leave(&held.counted, held.asleep_ms.is_some());
    }

    /// Bytes must find their way again.
    pub(super) fn forget_bytes(&mut self) {
        self.entries.clear();
        self.nobodies.clear();
        self.shapes.clear();
        self.gauges.clear();
    }
}

/// For whom something counts, whatever its role.
fn total_of(meanings: &[Meaning], whom: &Whom) -> Vec<CountsFor> {
    let all = meanings.iter();
    all.map(|meaning| whom.counts_for(meaning, LiveRole::Total))
        .collect()
}

fn stands_for(to: &CountsFor, stream: &StreamKey, edge: u64) -> bool {
    let is_edge =
        matches!(&to.role, LiveRole::AtOrUnder(_, Some(limit)) if limit.nanoseconds() == edge);
    is_edge && to.stream == *stream
}

fn hash_of(what: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// For keys that are hashes already.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Itself(u64);

/// See [`Itself`].
pub(super) type AsIs = BuildHasherDefault<Itself>;

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}
