//! Series that did not come for a while make room for others, where there are many: those of pods that are gone.

use attain_model::live::Slot;

use super::super::Limits;
use super::super::whom::{Meaning, Whom};
use super::{Known, TooMany, is_many, uncount};

/// A series that did not come for so long makes room for others, where there are many.
pub(super) const ASLEEP_MS: i64 = 3_600_000;
/// How many times as many may sleep as may be awake.
const ASLEEP_AT_MOST: u32 = 4;

impl Known {
    /// Counts a series that comes again after a while among the others.
    pub(super) fn wake(
        &mut self,
        slot: Slot,
        meanings: &[Meaning],
        whom: &Whom,
        limits: &Limits,
    ) -> Result<(), TooMany> {
        if !self.held.get(&slot).is_some_and(|held| held.is_asleep) {
            return Ok(());
        }
        let counted = self.admit(meanings, whom, limits)?;
        if let Some(held) = self.held.get_mut(&slot) {
            held.is_asleep = false;
            self.sleepers -= 1;
            let slept = std::mem::replace(&mut held.counted, counted);
            uncount(&mut self.asleep, &slept);
        }
        Ok(())
    }

    /// Has series sleep that do not come any more, where there are so many that others might find no room: those of pods
    /// that are gone. One that comes again has the slot that it had, and goes on from where it stood.
    pub(in super::super) fn make_way(&mut self, arrived_ms: i64, limits: &Limits) {
        if !self.is_crowded {
            return;
        }
        let looked_ms = *self.looked_ms.get_or_insert(i64::MIN);
        // A clock that is set back begins anew.
        if looked_ms <= arrived_ms && arrived_ms.saturating_sub(looked_ms) < ASLEEP_MS {
            return;
        }
        let is_look_over = looked_ms != i64::MIN && looked_ms <= arrived_ms;
        for held in self.held.values_mut() {
            let came = std::mem::take(&mut held.came);
            if came || held.is_asleep || !is_look_over {
                continue;
            }
            let most = limits.series.saturating_mul(ASLEEP_AT_MOST);
            let is_full = |key: &u64| self.asleep.get(key).is_some_and(|n| *n >= most);
            if held.counted.iter().any(is_full) {
                continue;
            }
            held.is_asleep = true;
            self.sleepers += 1;
            uncount(&mut self.counts, &held.counted);
            for key in &held.counted {
                *self.asleep.entry(*key).or_insert(0) += 1;
            }
        }
        self.is_crowded = self.counts.values().any(|count| is_many(*count, limits));
        self.looked_ms = self.is_crowded.then_some(arrived_ms);
        // Whoever comes is met again.
        self.forget_bytes();
    }
}
