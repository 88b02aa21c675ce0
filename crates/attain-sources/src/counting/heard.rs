//! When a source and its streams were heard, from slots, samples or heartbeats. Knows instants; knows no source.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use attain_model::delivery::Delivery;
use attain_model::{Interval, Stream};
use jiff::Timestamp;

/// The starts of slots in which a table said something: at all, and of single streams, by index.
#[derive(Debug, Default)]
pub(crate) struct SlotsSaid {
    pub(crate) rows: BTreeSet<Timestamp>,
    pub(crate) streams: BTreeMap<usize, BTreeSet<Timestamp>>,
}

impl SlotsSaid {
    pub(crate) fn merge(&mut self, other: SlotsSaid) {
        self.rows.extend(other.rows);
        for (stream, starts) in other.streams {
            self.streams.entry(stream).or_default().extend(starts);
        }
    }

    /// The most frequent step between rows, the shorter of two; `None` if there are no two rows.
    pub(crate) fn usual_step(&self) -> Option<Duration> {
        let mut steps: BTreeMap<u128, (u64, Reverse<u128>)> = BTreeMap::new();
        for (before, after) in self.rows.iter().zip(self.rows.iter().skip(1)) {
            let step = after.duration_since(*before).unsigned_abs().as_nanos();
            steps.entry(step).or_insert((0, Reverse(step))).0 += 1;
        }
        let (_, Reverse(step)) = steps.into_values().max()?;
        Some(Duration::from_nanos(u64::try_from(step).ok()?))
    }

    /// Says it in a delivery. Every stream is named: a column with empty cells is silent while its table is not.
    pub(crate) fn tell(mut self, slot: Duration, streams: &[Stream], delivery: &mut Delivery) {
        delivery.observed = Some(slots_heard(self.rows, slot));
        for (index, stream) in streams.iter().enumerate() {
            let starts = self.streams.remove(&index).unwrap_or_default();
            let heard = slots_heard(starts, slot);
            delivery.observed_streams.insert(stream.key.clone(), heard);
        }
    }
}

/// A slot that is there was heard.
fn slots_heard(starts: BTreeSet<Timestamp>, slot: Duration) -> Vec<Interval> {
    let mut heard: Vec<Interval> = Vec::new();
    for start in starts {
        let end = start.saturating_add(slot).unwrap_or(start);
        match heard.last_mut() {
            Some(last) if last.end >= start => last.end = last.end.max(end),
            _ => heard.push(Interval { start, end }),
        }
    }
    heard
}

/// A source was heard between two samples that are at most five usual steps apart, and at a lone sample.
pub(crate) fn samples_heard(times: &BTreeSet<Timestamp>) -> Vec<Interval> {
    const STEPS_AT_MOST: i128 = 5;
    let times: Vec<Timestamp> = times.iter().copied().collect();
    let mut steps: Vec<i128> = times
        .windows(2)
        .map(|pair| pair[1].as_nanosecond() - pair[0].as_nanosecond())
        .collect();
    steps.sort_unstable();
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(0);
    let mut heard = stretches(&times, usual * STEPS_AT_MOST);
    for time in times {
        let at = heard.partition_point(|interval| interval.end < time);
        if heard.get(at).is_none_or(|interval| time < interval.start) {
            let end = time.saturating_add(Duration::from_nanos(1)).unwrap_or(time);
            heard.insert(at, Interval { start: time, end });
        }
    }
    heard
}

/// Stretches of time in which no two neighbours are further apart than `step_nanoseconds`. `times` are in order.
pub(crate) fn stretches(times: &[Timestamp], step_nanoseconds: i128) -> Vec<Interval> {
    let mut found: Vec<Interval> = Vec::new();
    for pair in times.windows(2) {
        let (start, end) = (pair[0], pair[1]);
        if end <= start || end.as_nanosecond() - start.as_nanosecond() > step_nanoseconds {
            continue;
        }
        match found.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => found.push(Interval { start, end }),
        }
    }
    found
}
