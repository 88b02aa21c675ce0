//! Histograms whose buckets change while they count.
//!
//! An exponential histogram becomes coarser as its values spread; a bucket that now straddles an edge is not at or under
//! it any more, and what was counted would fall. A counter that falls has begun again, which this one has not: it is
//! lifted to where it stood, and rises from there.

use std::collections::HashMap;

use attain_model::live::{LivePoint, Slot};

#[derive(Debug, Clone, Copy)]
struct Lift {
    /// What was said last, lifted.
    last: u64,
    lift: u64,
    start_ms: i64,
    time_ms: i64,
    /// All events of the histogram.
    all: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(in super::super) struct Lifts {
    by_slot: HashMap<Slot, Lift>,
}

impl Lifts {
    /// Goes on from what a meter remembers.
    pub(super) fn restore(&mut self, slot: Slot, point: &LivePoint) {
        let lift = Lift {
            last: point.value,
            lift: 0,
            start_ms: point.created_ms.unwrap_or(0),
            time_ms: point.time_ms,
            all: 0,
        };
        self.by_slot.insert(slot, lift);
    }

    /// When a series stood where it was remembered last: of one that a meter knew and that was not met since, where the
    /// meter left off.
    pub(super) fn stood_ms(&self, slot: Slot) -> Option<i64> {
        self.by_slot.get(&slot).map(|lift| lift.time_ms)
    }

    pub(super) fn forget(&mut self, slot: Slot) {
        self.by_slot.remove(&slot);
    }

    /// Where a count stands that is now `events` of `all`; it began and was taken `at`.
    pub(in super::super) fn lifted(
        &mut self,
        slot: Slot,
        events: u64,
        all: u64,
        (start_ms, time_ms): (i64, i64),
    ) -> u64 {
        let new = Lift {
            last: events,
            lift: 0,
            start_ms,
            time_ms,
            all,
        };
        let lift = self.by_slot.entry(slot).or_insert(new);
        let lifted = events.saturating_add(lift.lift);
        if time_ms < lift.time_ms {
            // Of another process nothing is known here.
            return match start_ms == lift.start_ms {
                true => lifted.min(lift.last),
                false => events,
            };
        }
        if start_ms != lift.start_ms || all < lift.all {
            *lift = new;
            return events;
        }
        lift.lift = lift.lift.max(lift.last.saturating_sub(events));
        lift.last = events.saturating_add(lift.lift);
        (lift.time_ms, lift.all) = (time_ms, all);
        lift.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_rises_is_lifted_and_a_new_beginning_is_not() {
        let mut lifts = Lifts::default();
        let mut told = |events, all, start, time| lifts.lifted(7, events, all, (start, time));
        assert_eq!(told(90, 100, 5, 10), 90);
        // Coarser: ten of the 90 cannot be told apart any more.
        assert_eq!(told(85, 105, 5, 20), 90);
        assert_eq!(told(95, 115, 5, 30), 100);
        assert_eq!(told(85, 105, 5, 20), 90, "late");
        // It began again: by its start, or by its count.
        assert_eq!(told(3, 4, 35, 40), 3);
        assert_eq!(told(1, 1, 35, 50), 1);
    }

    #[test]
    fn a_restart_goes_on() {
        let mut lifts = Lifts::default();
        let point = LivePoint {
            time_ms: 10,
            value: 90,
            added: 0,
            created_ms: Some(5),
        };
        lifts.restore(7, &point);
        assert_eq!(lifts.lifted(7, 85, 105, (5, 20)), 90);
        assert_eq!(lifts.lifted(7, 86, 106, (5, 30)), 91);
    }
}
