//! From samples of a cumulative counter to increments per slice.
//!
//! Knows one series and the instants at which its source was observed. Knows nothing of classes, segments or windows.
//! A window is the sum of increments, so the slices telescope: no extrapolation, and a gap is caught up by the slice
//! after it.

use attain_model::facts::SampleFacts;
use jiff::{SignedDuration, Timestamp};

use crate::grid::Grid;

/// How far back a start time is believed when the source was never observed before.
///
/// A counter that says it began within the hour is counted from there. One that began long ago would put a life's worth
/// of events into one slice; it is a baseline.
const BELIEVED_START: SignedDuration = SignedDuration::from_hours(1);

/// The instants at which a source was observed, each with its arrival if that was later than its slice.
///
/// Only those are kept that may be the first to be known at some instant: of two the later one says nothing, unless it
/// arrived earlier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
// Invariant: ascending, each arrived before the one in front of it.
pub(crate) struct Instants(Vec<(Timestamp, Option<Timestamp>)>);

impl Instants {
    /// Adds one.
    pub(crate) fn add(&mut self, time: Timestamp, late: Option<Timestamp>) {
        let arrival = |(time, late): &(Timestamp, Option<Timestamp>)| late.unwrap_or(*time);
        let own = arrival(&(time, late));
        let at = self.0.partition_point(|(other, _)| *other <= time);
        let before = at.checked_sub(1).map(|last| &self.0[last]);
        if before.is_some_and(|before| arrival(before) <= own) {
            return;
        }
        let start = at - usize::from(before.is_some_and(|(other, _)| *other == time));
        let later = self.0[start..].iter();
        let end = start + later.take_while(|other| arrival(other) >= own).count();
        self.0.splice(start..end, [(time, late)]);
    }

    /// Those that are kept.
    pub(crate) fn all(&self) -> &[(Timestamp, Option<Timestamp>)] {
        &self.0
    }

    /// Whether any before `time` was known at an instant.
    pub(crate) fn any_before(&self, time: Timestamp, known_until: Timestamp) -> bool {
        let at = self.0.partition_point(|(other, _)| *other < time);
        let last = at.checked_sub(1).map(|last| self.0[last]);
        last.is_some_and(|(time, late)| is_known(time, late, known_until))
    }
}

impl FromIterator<(Timestamp, Option<Timestamp>)> for Instants {
    fn from_iter<I: IntoIterator<Item = (Timestamp, Option<Timestamp>)>>(all: I) -> Self {
        let mut instants = Self::default();
        for (time, late) in all {
            instants.add(time, late);
        }
        instants
    }
}

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
///
/// Samples ascend, each instant once. `is_born` says whether the counter was at zero just before a first sample.
pub(crate) fn increments(
    samples: &[SampleFacts],
    is_born: impl Fn(&SampleFacts) -> bool,
    grid: Grid,
    known_until: Timestamp,
) -> Increments {
    let mut increments = Increments::default();
    let mut before: Option<(Timestamp, u64)> = None;
    for point in samples {
        let time = point.time;
        if !is_known(time, point.late, known_until) {
            continue;
        }
        let slice = grid.index(time);
        let events = match before {
            Some((previous, value)) => step(previous, value, time, point),
            None if is_born(point) => point.value,
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

fn step(previous: Timestamp, value: u64, time: Timestamp, point: &SampleFacts) -> u64 {
    let restarted = point
        .created
        .is_some_and(|created| previous < created && created <= time);
    if restarted || point.value < value {
        point.value
    } else {
        point.value - value
    }
}

/// Whether a counter that is first seen says that it started a moment ago.
pub(crate) fn started_now(point: &SampleFacts) -> bool {
    point.created.is_some_and(|created| {
        created <= point.time && point.time.duration_since(created) <= BELIEVED_START
    })
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

    fn samples(points: &[(i64, u64)]) -> Vec<SampleFacts> {
        let sample = |(time, value): &(i64, u64)| SampleFacts {
            time: at(*time),
            value: *value,
            created: None,
            late: None,
        };
        points.iter().map(sample).collect()
    }

    fn counted(samples: &[SampleFacts], observed: &[i64]) -> Increments {
        let instants: Instants = observed.iter().map(|t| (at(*t), None)).collect();
        let is_born = |sample: &SampleFacts| {
            started_now(sample) || instants.any_before(sample.time, Timestamp::MAX)
        };
        increments(samples, is_born, Grid::new(60), Timestamp::MAX)
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
        series[0].created = Some(at(3_990));
        assert_eq!(counted(&series, &[4_000]).counts, [(66, 7), (67, 3)]);
        series[0].created = Some(at(100));
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
        series[1].created = Some(at(100));
        assert_eq!(counted(&series, &[0]).counts, [(1, 3), (2, 5)]);
    }

    #[test]
    fn what_had_not_arrived_is_left_out_and_caught_up() {
        let mut series = samples(&[(60, 3), (120, 5), (180, 9)]);
        series[1].late = Some(at(1_000));
        let known = |until| increments(&series, |_| true, Grid::new(60), at(until)).counts;
        assert_eq!(known(999), [(1, 3), (3, 6)]);
        assert_eq!(known(1_000), [(1, 3), (2, 2), (3, 4)]);
    }

    #[test]
    fn kept_instants_answer_like_all_of_them() {
        let mut rng = fastrand::Rng::with_seed(23);
        for _ in 0..500 {
            let mut all: Vec<(Timestamp, Option<Timestamp>)> = (0..rng.usize(0..12))
                .map(|_| {
                    let time = rng.i64(0..40);
                    let late = rng.bool().then(|| at(time + rng.i64(1..40)));
                    (at(time), late)
                })
                .collect();
            let instants: Instants = all.iter().copied().collect();
            rng.shuffle(&mut all);
            assert_eq!(instants, all.iter().copied().collect());
            for _ in 0..40 {
                let (time, known) = (at(rng.i64(0..45)), at(rng.i64(0..90)));
                let naive = (all.iter())
                    .any(|(other, late)| *other < time && is_known(*other, *late, known));
                assert_eq!(instants.any_before(time, known), naive);
            }
        }
    }
}
