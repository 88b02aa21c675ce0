//! Series that did not come for a while make room for others, where there are many: those of pods that are gone.
//!
//! First they sleep: one that comes again has the slot that it had, and goes on from where it stood. Where very many sleep,
//! those that do for longest are given up, and a meter is told, which sees to it that nothing they said counts again.

use std::collections::{BTreeMap, HashMap};

use attain_model::live::Slot;

use super::super::Limits;
use super::super::whom::{Meaning, Whom};
use super::{Known, TooMany, total_of};

/// A series that did not come for so long makes room for others, where there are many.
pub(super) const ASLEEP_MS: i64 = 3_600_000;
/// One that sleeps for so long may be given up.
const GONE_MS: i64 = 86_400_000;

/// Series that were given up.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    slots: Vec<Slot>,
    /// Whoever counts knows of them.
    pub(super) is_told: bool,
}

impl Leaving {
    fn add(&mut self, slots: impl IntoIterator<Item = Slot>) {
        if self.is_told {
            self.slots.clear();
        }
        self.slots.extend(slots);
        self.is_told = false;
    }

    /// Those that were not told. They are kept: what is told may not be kept by who is told, and to tell it twice does no
    /// harm.
    pub(super) fn tell(&mut self) -> Vec<Slot> {
        match std::mem::replace(&mut self.is_told, true) {
            true => Vec::new(),
            false => self.slots.clone(),
        }
    }
}

impl Known {
    /// Counts a series that comes again after a while among the others.
    pub(super) fn wake(
        &mut self,
        slot: Slot,
        meanings: &[Meaning],
        whom: &Whom,
        limits: &Limits,
    ) -> Result<(), TooMany> {
        if (self.held.get(&slot)).is_none_or(|held| held.asleep_ms.is_none()) {
            return Ok(());
        }
        let counted = self.rooms.admit(&total_of(meanings, whom), limits)?;
        if let Some(held) = self.held.get_mut(&slot) {
            held.asleep_ms = None;
            let slept = std::mem::replace(&mut held.counted, counted);
            self.rooms.leave(&slept, true);
        }
        Ok(())
    }

    /// Has series sleep that do not come any more, where there are so many that others might find no room.
    pub(in super::super) fn make_way(&mut self, arrived_ms: i64, limits: &Limits) {
        if !self.rooms.is_crowded() {
            return;
        }
        let looked_ms = *self.looked_ms.get_or_insert(i64::MIN);
        // A clock that is set back begins anew.
        if looked_ms <= arrived_ms && arrived_ms.saturating_sub(looked_ms) < ASLEEP_MS {
            return;
        }
        let is_look_over = looked_ms != i64::MIN && looked_ms <= arrived_ms;
        self.give_up_sleepers(arrived_ms, limits);
        for held in self.held.values_mut() {
            let came = std::mem::take(&mut held.came);
            if came || held.asleep_ms.is_some() || !is_look_over {
                continue;
            }
            if self.rooms.sleep(&held.counted, limits) {
                held.asleep_ms = Some(arrived_ms);
            }
        }
        self.rooms.look_again(limits);
        self.looked_ms = self.rooms.is_crowded().then_some(arrived_ms);
        // Whoever comes is met again.
        self.forget_bytes();
    }

    /// Where as many of a stream and segment sleep as may, gives up about half of them: whole things, first those of which
    /// nothing came for longest.
    fn give_up_sleepers(&mut self, arrived_ms: i64, limits: &Limits) {
        let mut too_many = self.rooms.full_of_sleepers(limits);
        if too_many.is_empty() {
            return;
        }
        let mut gone: Vec<Slot> = Vec::new();
        for slots in self.long_asleep(arrived_ms) {
            let held = slots.iter().filter_map(|slot| self.held.get(slot));
            let counted: Vec<u64> = held.flat_map(|held| held.counted.to_vec()).collect();
            if !counted.iter().any(|key| too_many.contains_key(key)) {
                continue;
            }
            for key in counted {
                if let Some(left) = too_many.get_mut(&key) {
                    *left = left.saturating_sub(1);
                }
            }
            too_many.retain(|_, left| *left > 0);
            gone.extend(slots);
        }
        gone.sort_unstable();
        self.forget(&gone);
        self.leaving.add(gone);
    }

    /// The series of each thing of which nothing came for long, first of all of the one of which nothing came for longest.
    fn long_asleep(&self, arrived_ms: i64) -> impl Iterator<Item = Vec<Slot>> + use<> {
        // By thing, since when all of it sleeps; `None` if not all of it does.
        let mut things: HashMap<u64, Option<i64>> = HashMap::new();
        for held in self.held.values() {
            let since = things.entry(held.thing).or_insert(held.asleep_ms);
            *since = (*since).zip(held.asleep_ms).map(|(a, b)| a.max(b));
        }
        let is_long = |since: i64| arrived_ms.saturating_sub(since) >= GONE_MS;
        let mut by_age: BTreeMap<(i64, u64), Vec<Slot>> = BTreeMap::new();
        for (slot, held) in &self.held {
            let since = things.get(&held.thing).copied().flatten();
            if let Some(since) = since.filter(|since| is_long(*since)) {
                by_age.entry((since, held.thing)).or_default().push(*slot);
            }
        }
        by_age.into_values()
    }
}
