//! When a source was heard, from slots, samples or heartbeats. Knows instants; knows no source.

use std::collections::BTreeSet;
use std::time::Duration;

use attain_model::Interval;
use jiff::Timestamp;

/// A slot that is there was heard.
pub(crate) fn slots_heard(starts: BTreeSet<Timestamp>, slot: Duration) -> Vec<Interval> {
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
