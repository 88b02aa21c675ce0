//! From samples of a cumulative counter to increments per slice.
//!
//! Knows one series and the instants at which its source was observed. Knows nothing of classes, segments or windows.
//! A window is the sum of increments, so the slices telescope: no extrapolation, and a gap is caught up by the slice
//! after it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::grid::Grid;

/// How far back a start time is believed when the source was never observed before.
///
/// A counter that says it began within the hour is counted from there. One that began long ago would put a life's worth
/// of events into one slice; it is a baseline.
const BELIEVED_START: SignedDuration = SignedDuration::from_hours(1);

/// One sample. What arrived first comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    /// When it arrived, if that was later than its slice.
    pub(crate) late: Option<Timestamp>,
    /// The counter's value.
    pub(crate) value: u64,
    /// When it started at zero, if it says so.
    pub(crate) created: Option<Timestamp>,
}

/// The samples of one series by time.
pub(crate) type Samples = BTreeMap<Timestamp, Point>;

/// The instants at which a source was observed, each with its arrival if that was later than its slice.
pub(crate) type Instants = BTreeMap<Timestamp, Option<Timestamp>>;

/// What a series adds up to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Increments {
    /// Slice and events, ascending, each slice once, no zeros.
    pub(crate) counts: Vec<(i64, u64)>,
    /// The slice and the value of a first sample whose beginning is unknown.
    pub(crate) birth: Option<(i64, u64)>,
}

/// The increments of a series, with what was known at an instant.
///
/// An increment belongs to the slice of the later sample. It is the value less the one before, or the value itself after
/// a reset (it fell, or says that it started since) and at a known birth.
pub(crate) fn increments(
    samples: &Samples,
    instants: &Instants,
    grid: Grid,
    known_until: Timestamp,
) -> Increments {
    let mut increments = Increments::default();
    let mut before: Option<(Timestamp, u64)> = None;
    for (&time, point) in samples {
        if !is_known(time, point.late, known_until) {
            continue;
        }
        let slice = grid.index(time);
        let events = match before {
            Some((previous, value)) => step(previous, value, time, point),
            None if birth_is_known(time, point, instants, known_until) => point.value,
            None => {
                increments.birth = (point.value > 0).then_some((slice, point.value));
                0
            }
        };
        push(&mut increments.counts, slice, events);
        before = Some((time, point.value));
    }
    increments
}

/// Whether something that happened at `time` had arrived by an instant.
pub(crate) fn is_known(time: Timestamp, late: Option<Timestamp>, known_until: Timestamp) -> bool {
    late.unwrap_or(time) <= known_until
}

fn step(previous: Timestamp, value: u64, time: Timestamp, point: &Point) -> u64 {
    let restarted = point
        .created
        .is_some_and(|created| previous < created && created <= time);
    if restarted || point.value < value {
        point.value
    } else {
        point.value - value
    }
}

/// Whether a series that is first seen at `time` began then.
///
/// It did if its source was observed before without it, or if it says that it started a moment ago.
fn birth_is_known(
    time: Timestamp,
    point: &Point,
    instants: &Instants,
    known_until: Timestamp,
) -> bool {
    let observed_before = instants
        .range(..time)
        .any(|(instant, late)| is_known(*instant, *late, known_until));
    let started_now = point
        .created
        .is_some_and(|created| created <= time && time.duration_since(created) <= BELIEVED_START);
    observed_before || started_now
}

fn push(counts: &mut Vec<(i64, u64)>, slice: i64, events: u64) {
    if events == 0 {
        return;
    }
    match counts.last_mut() {
        Some((last, sum)) if *last == slice => *sum = sum.saturating_add(events),
        _ => counts.push((slice, events)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn samples(points: &[(i64, u64)]) -> Samples {
        let point = |value| Point {
            value,
            created: None,
            late: None,
        };
        points.iter().map(|(t, v)| (at(*t), point(*v))).collect()
    }

    fn counted(samples: &Samples, observed: &[i64]) -> Increments {
        let instants = observed.iter().map(|t| (at(*t), None)).collect();
        increments(samples, &instants, Grid::new(60), Timestamp::MAX)
    }

    #[test]
    fn a_known_birth_counts_and_an_unknown_one_is_said() {
        let series = samples(&[(60, 7), (120, 10)]);
        assert_eq!(counted(&series, &[0, 60, 120]).counts, [(1, 7), (2, 3)]);
        let unknown = counted(&series, &[60, 120]);
        assert_eq!(unknown.counts, [(2, 3)]);
        assert_eq!(unknown.birth, Some((1, 7)));
    }

    #[test]
    fn a_start_within_the_hour_is_a_known_birth() {
        let mut series = samples(&[(4_000, 7), (4_060, 10)]);
        series.get_mut(&at(4_000)).unwrap().created = Some(at(3_990));
        assert_eq!(counted(&series, &[4_000]).counts, [(66, 7), (67, 3)]);
        series.get_mut(&at(4_000)).unwrap().created = Some(at(100));
        assert_eq!(counted(&series, &[4_000]).birth, Some((66, 7)));
    }

    #[test]
    fn a_reset_counts_the_new_value_and_a_gap_is_caught_up() {
        // Born at 3, up to 303, then a reset and a silence: 3 + 300 + 10 = 313.
        let series = samples(&[(60, 3), (120, 303), (400, 10)]);
        let counted = counted(&series, &[0]);
        assert_eq!(counted.counts, [(1, 3), (2, 300), (6, 10)]);
    }

    #[test]
    fn a_new_start_is_a_reset_although_the_value_rose() {
        let mut series = samples(&[(60, 3), (120, 5)]);
        series.get_mut(&at(120)).unwrap().created = Some(at(100));
        assert_eq!(counted(&series, &[0]).counts, [(1, 3), (2, 5)]);
    }

    #[test]
    fn what_had_not_arrived_is_left_out_and_caught_up() {
        let mut series = samples(&[(60, 3), (120, 5), (180, 9)]);
        series.get_mut(&at(120)).unwrap().late = Some(at(1_000));
        let instants = [(at(0), None)].into();
        let known = |until| increments(&series, &instants, Grid::new(60), at(until)).counts;
        assert_eq!(known(999), [(1, 3), (3, 6)]);
        assert_eq!(known(1_000), [(1, 3), (2, 2), (3, 4)]);
    }
}
