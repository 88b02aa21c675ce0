//! Series that are given up for others to find room: those of pods that are gone for long.
//!
//! What they said is counted and stays so. What must not be is that any of it counts again, should it come once more: a
//! backlog that is sent twice, a process that nobody could reach for days. So whatever may be theirs is no news: what a
//! series without any past says of the time up to their newest sample, and where it stands when a thing of which nothing
//! was left is observed again.

use std::collections::BTreeSet;

use attain_model::live::Slot;

use super::{Meter, Metered};

impl Meter {
    /// Gives up series; a thing of which none is left is not observed any more.
    pub(super) fn give_up(&mut self, slots: &[Slot], metered: &mut Metered) {
        if slots.is_empty() {
            return;
        }
        let mut gone: BTreeSet<(u32, u64)> = BTreeSet::new();
        for slot in slots {
            self.end_past(*slot, metered);
            let at = *slot as usize;
            let (Some(counter), Some(known)) = (
                self.counters.get_mut(at).and_then(Option::take),
                self.known.get_mut(at).and_then(Option::take),
            ) else {
                continue;
            };
            let others = self.writers.of(*slot).iter();
            let newest_ms = others.chain([&counter.track]).filter_map(|t| t.newest_ms());
            let hearing = &mut self.sources[counter.source as usize].hearing;
            hearing.give_up(newest_ms.max());
            gone.insert((counter.source, known.thing));
            self.writers.forget(*slot);
            self.untold.forget(*slot);
            self.nursery.forget(*slot);
        }
        let left = self.counters.iter().zip(&self.known);
        for (counter, known) in left {
            if let (Some(counter), Some(known)) = (counter, known) {
                gone.remove(&(counter.source, known.thing));
            }
        }
        for (index, source) in (0..).zip(&mut self.sources) {
            let things = gone.range((index, 0)..=(index, u64::MAX));
            source.hearing.forget(things.map(|(_, thing)| *thing));
        }
    }
}
