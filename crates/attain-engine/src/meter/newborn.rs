//! Counters that seem to be born, until their slice closes: whether they are, is known when all of it is there.
//!
//! Somebody gives all series of a thing another label (an external label of a Prometheus, a relabelling): every counter of it
//! is new and stands where another one stood. It is not born; it goes on. A process that begins anew is told from that by
//! where its counters stand. Knows slots, columns and instants; knows no labels.

use std::collections::BTreeMap;

use super::track::SETTLING_MS;

/// So many are remembered; more are born.
const AT_MOST: usize = 100_000;

/// A counter that seems to be born.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Newborn {
    pub(super) time_ms: i64,
    /// Where it stood then.
    pub(super) value: u64,
}

/// Those whose slices are open, by slot.
#[derive(Debug, Clone, Default)]
pub(super) struct Nursery {
    waiting: BTreeMap<u32, Newborn>,
}

/// What a counter is, for who asks whether it goes on in others.
pub(super) struct Seen<'m> {
    pub(super) slot: u32,
    /// Its source and what it observes.
    pub(super) thing: (u32, u64),
    pub(super) columns: &'m [u32],
    pub(super) newest_ms: i64,
    pub(super) value: u64,
}

/// Events that were added to the slice of an instant and did not happen then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Again {
    pub(super) column: u32,
    pub(super) time_ms: i64,
    pub(super) events: u64,
}

/// What became of one thing.
#[derive(Default)]
struct Thing {
    /// When the first of its counters seemed to be born.
    first_ms: i64,
    born: Vec<(Newborn, Vec<u32>)>,
    /// Where the counters of each column stood that have said nothing since.
    stood: BTreeMap<u32, u64>,
    /// Another counter of it has said something since.
    goes_on: bool,
}

impl Nursery {
    pub(super) fn add(&mut self, slot: u32, newborn: Newborn) {
        if self.waiting.len() < AT_MOST {
            self.waiting.insert(slot, newborn);
        }
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Newborn> {
        self.waiting.get(&slot)
    }

    /// It counts for more now, or is another one: not all that it counts for had what it stood at.
    pub(super) fn forget(&mut self, slot: u32) {
        self.waiting.remove(&slot);
    }

    /// The slices before an instant close: what of those that were born in them was counted before, given all counters.
    /// `is_whole` says of a column that an event is in it once.
    pub(super) fn leave<'m, I: Iterator<Item = Seen<'m>>>(
        &mut self,
        closed_ms: i64,
        counters: impl Fn() -> I,
        is_whole: impl Fn(u32) -> bool,
    ) -> Vec<Again> {
        let leaves = |newborn: &Newborn| newborn.time_ms < closed_ms;
        if !self.waiting.values().any(leaves) {
            return Vec::new();
        }
        let mut things: BTreeMap<(u32, u64), Thing> = BTreeMap::new();
        for seen in counters() {
            let Some(newborn) = self.waiting.get(&seen.slot).filter(|one| leaves(one)) else {
                continue;
            };
            let thing = things.entry(seen.thing).or_insert_with(|| Thing {
                first_ms: newborn.time_ms,
                ..Thing::default()
            });
            thing.first_ms = thing.first_ms.min(newborn.time_ms);
            thing.born.push((*newborn, seen.columns.to_vec()));
        }
        for seen in counters().filter(|seen| !self.waiting.contains_key(&seen.slot)) {
            let Some(thing) = things.get_mut(&seen.thing) else {
                continue;
            };
            thing.goes_on |= seen.newest_ms >= thing.first_ms;
            if seen.newest_ms.saturating_add(SETTLING_MS) > thing.first_ms {
                for column in seen.columns {
                    let stood = thing.stood.entry(*column).or_default();
                    *stood = stood.saturating_add(seen.value);
                }
            }
        }
        self.waiting.retain(|_, newborn| !leaves(newborn));
        let again = things.values().flat_map(|thing| thing.again(&is_whole));
        again.collect()
    }
}

impl Thing {
    /// What of it was counted before. A process that began anew stands lower than the one before it.
    fn again(&self, is_whole: &impl Fn(u32) -> bool) -> Vec<Again> {
        let mut born: BTreeMap<u32, u64> = BTreeMap::new();
        for (newborn, columns) in &self.born {
            for column in columns {
                let sum = born.entry(*column).or_default();
                *sum = sum.saturating_add(newborn.value);
            }
        }
        let whole = |sums: &BTreeMap<u32, u64>| {
            let whole = sums.iter().filter(|(column, _)| is_whole(**column));
            whole.fold(0, |sum: u64, (_, events)| sum.saturating_add(*events))
        };
        let stood = whole(&self.stood);
        if self.goes_on || stood == 0 || whole(&born) < stood {
            return Vec::new();
        }
        let mut again = Vec::new();
        for (column, stood) in &self.stood {
            let mut left = *stood;
            for (newborn, columns) in &self.born {
                if left > 0 && columns.contains(column) {
                    let events = left.min(newborn.value);
                    left -= events;
                    again.push(Again {
                        column: *column,
                        time_ms: newborn.time_ms,
                        events,
                    });
                }
            }
        }
        again
    }
}
