//! Counts cut into slots that begin where a loss began. Knows counts of one series; knows no graph.

use std::ops::Range;

use attain_model::verdict::Attainment;

use crate::diagnose::{Spent, Track, episodes};

/// How time is cut: slot 0 begins at the origin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slots {
    /// In seconds since 1970.
    pub(super) origin: i64,
    /// Seconds of a slot.
    pub(super) slot: i64,
}

impl Slots {
    /// The slot that a second lies in.
    pub(super) fn slot_of(self, second: i64) -> i64 {
        (second - self.origin).div_euclid(self.slot)
    }

    /// The beginning of a slot.
    pub(super) fn time(self, slot: i64) -> i64 {
        self.origin + slot * self.slot
    }

    /// What was counted in some slots, ascending; a slot without requests was not measured.
    pub(super) fn track(self, series: &[(i64, Attainment)], slots: &[i64]) -> Track {
        self.track_within(series, slots, i64::MAX)
    }

    /// The same without what was counted from an instant on.
    pub(super) fn track_within(
        self,
        series: &[(i64, Attainment)],
        slots: &[i64],
        until: i64,
    ) -> Track {
        let mut track = Track::default();
        for slot in slots {
            let range = self.time(*slot)..self.time(slot + 1).min(until);
            let events = sum(series, &range);
            let requests = events.total() as f64;
            track.requests.push(requests);
            track.value.push(match events.total() {
                0 => f64::NAN,
                _ => events.bad as f64 / requests,
            });
        }
        track
    }
}

/// What was counted in a range of seconds.
pub(super) fn sum(series: &[(i64, Attainment)], range: &Range<i64>) -> Attainment {
    let start = series.partition_point(|(at, _)| *at < range.start);
    let end = series.partition_point(|(at, _)| *at < range.end);
    let inside = series[start..end.max(start)].iter();
    inside.fold(Attainment::default(), |sum, (_, events)| Attainment {
        good: sum.good + events.good,
        bad: sum.bad + events.bad,
    })
}

/// Slots that a calm has at least, however long they are: one good slot in the middle of a fault is none.
const CALM_LEAST: i64 = 3;

/// When budget was lost, and when that is over.
pub(super) struct Lost {
    /// What is allowed, in parts per billion of what is asked.
    pub(super) target_ppb: u32,
    /// Seconds of a slot.
    pub(super) slot: i64,
    /// Seconds without a loss that end it.
    pub(super) calm: i64,
    /// Whether somebody is told of it now.
    pub(super) firing: bool,
}

impl Lost {
    /// Each time in which more was lost than allowed, in seconds, oldest first.
    pub(super) fn episodes(
        &self,
        series: &[(i64, Attainment)],
        within: Range<i64>,
    ) -> Vec<Range<i64>> {
        let slot = self.slot;
        let first = within.start.div_euclid(slot) * slot;
        let slots: Vec<Range<i64>> = (0..)
            .map(|nth| first + nth * slot..first + (nth + 1) * slot)
            .take_while(|range| range.start < within.end)
            .collect();
        let allowed = f64::from(1_000_000_000 - self.target_ppb.min(1_000_000_000)) / 1e9;
        let spent = |range: &Range<i64>| {
            let events = sum(series, &(range.start..range.end.min(within.end)));
            Spent {
                lost: events.bad as f64,
                allowed: events.total() as f64 * allowed,
            }
        };
        let spent: Vec<Spent> = slots.iter().map(spent).collect();
        let calm = ((self.calm + slot - 1) / slot).max(CALM_LEAST);
        let found = episodes(&spent, usize::try_from(calm).unwrap_or(1), self.firing);
        let seconds =
            |of: &Range<usize>| slots[of.start].start..slots[of.end.max(1) - 1].end.min(within.end);
        found.iter().map(seconds).collect()
    }
}
