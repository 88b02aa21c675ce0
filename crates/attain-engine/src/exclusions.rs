//! Time that a promise leaves out: which slices of an SLO are excluded, for whom.
//!
//! Knows the catalogue's exclusions and the grid. Knows no counts; judge.rs sets aside what was counted in them.
//!
//! Only whole slices are excluded: one that an exclusion touches in part is judged, and with it, where the budget is
//! counted in time slices, all of such a slice.

use std::collections::BTreeMap;
use std::ops::Range;

use attain_model::company::{Exclusion, ExclusionTime};
use attain_model::slo::Budgeting;
use attain_model::{Audience, Catalogue, CountedSegment, Interval, Scope, SegmentId, Slo};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::grid::Grid;
use crate::ranges::RangeSet;

/// How far back exclusions are looked for: ten years. Stray rows of 1970 are not excluded from anything.
const LOOK_BACK_SECONDS: i64 = 10 * 366 * 86_400;

/// The excluded slices of one SLO.
#[derive(Debug, Clone, Default)]
pub(crate) struct Excluded {
    /// For everybody, the untagged too.
    everybody: RangeSet<i64>,
    /// For a segment, those for everybody included; only segments that have others.
    segments: BTreeMap<SegmentId, RangeSet<i64>>,
}

impl Excluded {
    /// What all exclusions of the catalogue that hold take out of an SLO.
    pub(crate) fn of(catalogue: &Catalogue, slo: &Slo, grid: Grid, over: &Range<i64>) -> Self {
        let mut slices = Slices::default();
        for exclusion in catalogue.exclusions.values() {
            if touches(exclusion, slo) {
                let times = times(exclusion, slo, &catalogue.timezone, grid.interval(over));
                slices.add(exclusion, &times.holding, grid);
            }
        }
        slices.finish(slo, grid)
    }

    /// What these times of one exclusion take out of an SLO.
    pub(crate) fn only(exclusion: &Exclusion, times: &[Interval], slo: &Slo, grid: Grid) -> Self {
        let mut slices = Slices::default();
        slices.add(exclusion, times, grid);
        slices.finish(slo, grid)
    }

    /// The slices in which the requests of a segment are excluded.
    pub(crate) fn of_segment(&self, segment: &CountedSegment) -> &RangeSet<i64> {
        match segment {
            CountedSegment::Known(id) => self.segments.get(id).unwrap_or(&self.everybody),
            CountedSegment::Unknown => &self.everybody,
        }
    }

    /// The slices in which everything of a scope is excluded.
    pub(crate) fn of_scope(&self, scope: &Scope) -> &RangeSet<i64> {
        match scope {
            Scope::Segment(id) => self.segments.get(id).unwrap_or(&self.everybody),
            Scope::All => &self.everybody,
        }
    }

    /// Where any of it begins or ends.
    pub(crate) fn edges(&self) -> impl Iterator<Item = i64> {
        let all = std::iter::once(&self.everybody).chain(self.segments.values());
        all.flat_map(|slices| slices.ranges())
            .flat_map(|range| [range.start, range.end])
    }

    /// The slices in which anything of a scope is excluded.
    pub(crate) fn touching(&self, scope: &Scope) -> RangeSet<i64> {
        let mut slices = self.of_scope(scope).clone();
        if *scope == Scope::All {
            for own in self.segments.values() {
                slices.extend(own);
            }
        }
        slices
    }
}

/// Excluded slices before they are made whole time slices.
#[derive(Default)]
struct Slices {
    everybody: RangeSet<i64>,
    segments: BTreeMap<SegmentId, RangeSet<i64>>,
}

impl Slices {
    fn add(&mut self, exclusion: &Exclusion, times: &[Interval], grid: Grid) {
        for time in times {
            let slices = grid.index_up(time.start)..grid.index(time.end);
            if exclusion.segments.is_empty() {
                self.everybody.insert(slices);
                continue;
            }
            for id in &exclusion.segments {
                let own = self.segments.entry(id.clone()).or_default();
                own.insert(slices.clone());
            }
        }
    }

    fn finish(self, slo: &Slo, grid: Grid) -> Excluded {
        let length = match slo.budgeting {
            Budgeting::Occurrences => 1,
            Budgeting::Timeslices { slice, .. } | Budgeting::RatioTimeslices { slice } => {
                grid.slices(slice.as_secs())
            }
        };
        let segments = self.segments.into_iter().map(|(id, mut slices)| {
            slices.extend(&self.everybody);
            (id, whole(&slices, length))
        });
        Excluded {
            segments: segments.collect(),
            everybody: whole(&self.everybody, length),
        }
    }
}

/// The whole time slices of so many slices in a set.
fn whole(slices: &RangeSet<i64>, length: i64) -> RangeSet<i64> {
    let mut set = RangeSet::default();
    for range in slices.ranges() {
        let start = range.start + (-range.start).rem_euclid(length);
        set.insert(start..range.end - range.end.rem_euclid(length));
    }
    set
}

/// Whether an exclusion is about an SLO: it names it, or its service, or neither SLOs nor services.
pub(crate) fn touches(exclusion: &Exclusion, slo: &Slo) -> bool {
    (exclusion.slos.is_empty() && exclusion.services.is_empty())
        || exclusion.slos.contains(&slo.id)
        || exclusion.services.contains(&slo.service)
}

/// Whether an exclusion is about anything of a scope.
pub(crate) fn is_about(exclusion: &Exclusion, scope: &Scope) -> bool {
    match scope {
        Scope::All => true,
        Scope::Segment(id) => exclusion.segments.is_empty() || exclusion.segments.contains(id),
    }
}

/// The times of an exclusion.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// Those that hold.
    pub(crate) holding: Vec<Interval>,
    /// Those that customers were not told of before they began: they hold nothing.
    pub(crate) untold: Vec<Interval>,
}

/// The times of an exclusion that touch an interval, oldest first.
///
/// Of an SLO that is promised to customers they must have been announced by the day on which they begin.
pub(crate) fn times(exclusion: &Exclusion, slo: &Slo, zone: &TimeZone, over: Interval) -> Times {
    let mut times = Times::default();
    for time in occurrences(&exclusion.when, over) {
        let day = time.start.to_zoned(zone.clone()).date();
        let is_told = exclusion
            .announced
            .is_some_and(|announced| announced <= day);
        if is_told || slo.audience == Audience::Internal {
            times.holding.push(time);
        } else {
            times.untold.push(time);
        }
    }
    times
}

/// When an exclusion happens: all of its times that touch an interval, whole.
fn occurrences(when: &ExclusionTime, over: Interval) -> Vec<Interval> {
    let touches = |time: &Interval| time.start < over.end && time.end > over.start;
    let lasting = |start: Timestamp, length: std::time::Duration| Interval {
        start,
        end: start.checked_add(length).unwrap_or(Timestamp::MAX),
    };
    match when {
        ExclusionTime::Once { from, length } => {
            let once = lasting(*from, *length);
            Some(once).filter(touches).into_iter().collect()
        }
        ExclusionTime::Every { schedule, length } => {
            let back = SignedDuration::try_from(*length).unwrap_or(SignedDuration::MAX);
            let from = over.start.checked_sub(back).unwrap_or(over.start);
            let earliest = over.end.as_second().saturating_sub(LOOK_BACK_SECONDS);
            let from = from.max(Timestamp::from_second(earliest).unwrap_or(Timestamp::MIN));
            let day_of = |at: Timestamp| at.to_zoned(schedule.zone.clone()).date();
            let first = day_of(from).yesterday().unwrap_or(day_of(from));
            let days = first
                .series(1.day())
                .take_while(|day| *day <= day_of(over.end));
            days.filter_map(|day| schedule.on(day))
                .map(|start| lasting(start, *length))
                .filter(touches)
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attain_model::schedule::{Schedule, ScheduleDays};
    use jiff::civil::{Weekday, time};
    use std::time::Duration;

    fn every(days: ScheduleDays, zone: &str, hours: u64) -> ExclusionTime {
        ExclusionTime::Every {
            schedule: Schedule {
                days,
                at: time(2, 30, 0, 0),
                zone: TimeZone::get(zone).unwrap(),
                text: String::new(),
            },
            length: Duration::from_secs(hours * 3600),
        }
    }

    fn seen(when: &ExclusionTime, start: &str, end: &str) -> Vec<String> {
        let over = Interval {
            start: start.parse().unwrap(),
            end: end.parse().unwrap(),
        };
        let times = occurrences(when, over);
        times
            .iter()
            .map(|t| format!("{} {}", t.start, t.end))
            .collect()
    }

    #[test]
    fn a_schedule_follows_the_clocks_of_its_zone() {
        let sundays = every(ScheduleDays::Weekly(Weekday::Sunday), "Europe/Berlin", 1);
        assert_eq!(
            seen(&sundays, "2026-03-22T00:00:00Z", "2026-04-06T00:00:00Z"),
            [
                "2026-03-22T01:30:00Z 2026-03-22T02:30:00Z",
                // 02:30 is skipped on this day.
                "2026-03-29T01:30:00Z 2026-03-29T02:30:00Z",
                "2026-04-05T00:30:00Z 2026-04-05T01:30:00Z",
            ]
        );
        let last = every(ScheduleDays::Monthly(31), "UTC", 1);
        assert_eq!(
            seen(&last, "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"),
            [
                "2026-01-31T02:30:00Z 2026-01-31T03:30:00Z",
                "2026-03-31T02:30:00Z 2026-03-31T03:30:00Z",
            ]
        );
    }

    #[test]
    fn what_began_before_still_lasts() {
        let daily = every(ScheduleDays::Daily, "Asia/Tokyo", 20);
        assert_eq!(
            seen(&daily, "2026-05-02T10:00:00Z", "2026-05-02T10:01:00Z"),
            ["2026-05-01T17:30:00Z 2026-05-02T13:30:00Z"]
        );
        assert_eq!(
            seen(&daily, "2026-05-02T13:30:00Z", "2026-05-02T17:30:00Z"),
            [""; 0]
        );
    }

    #[test]
    fn only_whole_time_slices_are_excluded() {
        let mut slices = RangeSet::default();
        slices.insert(-7..11);
        slices.insert(16..19);
        let mut inner = RangeSet::default();
        inner.insert(-5..10);
        assert_eq!(whole(&slices, 5), inner);
        assert_eq!(whole(&slices, 1), slices);
    }
}
