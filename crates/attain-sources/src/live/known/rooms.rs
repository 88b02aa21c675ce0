//! How many series each stream and segment has, awake and asleep, and who found no room for another.

use std::collections::{BTreeSet, HashMap, HashSet};

use attain_model::live::CountsFor;
use attain_model::{CountedSegment, StreamKey};

use super::super::Limits;
use super::hash_of;

/// Streams and segments without room that are remembered, to be named.
const FULL_AT_MOST: usize = 100;
/// How many times as many may sleep as may be awake.
const ASLEEP_AT_MOST: u32 = 4;

/// There are too many series of a stream and segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct TooMany;

/// Among whose series a series is counted: hashes of stream and segment, in memory only.
pub(super) type Whose = Box<[u64]>;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    awake: HashMap<u64, u32>,
    asleep: HashMap<u64, u32>,
    sleepers: u64,
    /// Some stream and segment has many that are awake.
    is_crowded: bool,
    /// Those that had no room for another; not all of very many.
    full: BTreeSet<(StreamKey, CountedSegment)>,
}

impl Rooms {
    /// Counts another series, awake.
    pub(super) fn admit(&mut self, to: &[CountsFor], limits: &Limits) -> Result<Whose, TooMany> {
        let is_full = |key: &u64| self.awake.get(key).is_some_and(|n| *n >= limits.series);
        let full: Vec<&CountsFor> = to.iter().filter(|to| is_full(&key_of(to))).collect();
        if !full.is_empty() {
            let room = FULL_AT_MOST.saturating_sub(self.full.len());
            let full = full.into_iter().take(room);
            (self.full).extend(full.map(|to| (to.stream.clone(), to.segment.clone())));
            return Err(TooMany);
        }
        let whose = whose(to);
        self.add(&whose, limits);
        Ok(whose)
    }

    /// Counts one that is there, however many there are.
    pub(super) fn restore(&mut self, to: &[CountsFor], is_asleep: bool, limits: &Limits) -> Whose {
        let whose = whose(to);
        match is_asleep {
            true => self.add_asleep(&whose),
            false => self.add(&whose, limits),
        }
        whose
    }

    /// One is gone.
    pub(super) fn leave(&mut self, whose: &[u64], is_asleep: bool) {
        match is_asleep {
            true => {
                self.sleepers -= 1;
                uncount(&mut self.asleep, whose);
            }
            false => uncount(&mut self.awake, whose),
        }
    }

    /// Has one that is awake sleep, if there is room for that.
    pub(super) fn sleep(&mut self, whose: &[u64], limits: &Limits) -> bool {
        let most = asleep_at_most(limits);
        let is_full = |key: &u64| self.asleep.get(key).is_some_and(|n| *n >= most);
        if whose.iter().any(is_full) {
            return false;
        }
        uncount(&mut self.awake, whose);
        self.add_asleep(whose);
        true
    }

    /// Of whom as many sleep as may, and by how many these are more than half as many.
    pub(super) fn full_of_sleepers(&self, limits: &Limits) -> HashMap<u64, u32> {
        let most = asleep_at_most(limits);
        let full = self.asleep.iter().filter(|(_, count)| **count >= most);
        full.map(|(key, count)| (*key, count - most / 2)).collect()
    }

    /// Some stream and segment has so many that are awake that others might find no room.
    pub(super) fn is_crowded(&self) -> bool {
        self.is_crowded
    }

    /// The same, after some were put to sleep.
    pub(super) fn look_again(&mut self, limits: &Limits) {
        self.is_crowded = self.awake.values().any(|count| is_many(*count, limits));
    }

    /// All that sleep.
    pub(super) fn sleepers(&self) -> u64 {
        self.sleepers
    }

    /// Whether any series is of a stream.
    pub(super) fn has_any(&self, stream: &StreamKey, segments: &[CountedSegment]) -> bool {
        let mut keys = segments.iter().map(|segment| hash_of(&(stream, segment)));
        let counts = [&self.awake, &self.asleep];
        keys.any(|key| (counts.iter()).any(|counts| counts.get(&key).is_some_and(|n| *n > 0)))
    }

    /// Those that had no room for another.
    pub(super) fn full(&self) -> &BTreeSet<(StreamKey, CountedSegment)> {
        &self.full
    }

    /// Nobody has found no room so far.
    pub(super) fn forget_full(&mut self) {
        self.full.clear();
    }

    fn add(&mut self, whose: &[u64], limits: &Limits) {
        for key in whose {
            let count = self.awake.entry(*key).or_insert(0);
            *count += 1;
            self.is_crowded |= is_many(*count, limits);
        }
    }

    fn add_asleep(&mut self, whose: &[u64]) {
        self.sleepers += 1;
        for key in whose {
            *self.asleep.entry(*key).or_insert(0) += 1;
        }
    }
}

fn asleep_at_most(limits: &Limits) -> u32 {
    limits.series.saturating_mul(ASLEEP_AT_MOST)
}

/// Half of what a stream and segment may have.
fn is_many(count: u32, limits: &Limits) -> bool {
    count >= limits.series.div_ceil(2)
}

fn whose(to: &[CountsFor]) -> Whose {
    let keys: HashSet<u64> = to.iter().map(key_of).collect();
    keys.into_iter().collect()
}

fn key_of(to: &CountsFor) -> u64 {
    hash_of(&(&to.stream, &to.segment))
}

fn uncount(counts: &mut HashMap<u64, u32>, whose: &[u64]) {
    for key in whose {
        if let Some(count) = counts.get_mut(key) {
            *count = count.saturating_sub(1);
        }
    }
}
