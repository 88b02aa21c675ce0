//! How a series came to be what it is: burn-down, days, silence, worst hours and causes, for a report.
//!
//! Knows one series over the window of its SLO, judged as evaluate.rs judges it: the same sums, cut differently.

use std::ops::Range;
use std::time::Duration;

use attain_model::detail::{Detail, Point, Stretch};
use attain_model::promises::day_start;
use attain_model::slo::Objective;
use attain_model::verdict::{AsOf, SeriesName};
use attain_model::{Interval, Promises};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::counts::{Counts, Heard};
use crate::cuts::Cuts;
use crate::judge::Judged;
use crate::look::{Looked, Reader};
use crate::standing::coverage;

/// The most steps of a burn-down.
const STEPS_AT_MOST: u64 = 200;
/// Steps that people can name, in seconds: minutes, hours, days, a week.
const STEPS: [u64; 16] = [
    60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800,
    345_600, 604_800,
];
/// The most hours that are named.
const HOURS_AT_MOST: usize = 5;
/// The most silent stretches of one series: the longest ones.
const SILENT_AT_MOST: usize = 100;

/// What lies behind each of these series, over its window at `as_of.instant` with what had arrived by
/// `as_of.known_until`; in their order. Names that the catalogue lacks are left out.
///
/// It agrees with [`evaluate`](crate::evaluate) to the event: the last point of the burn-down is the verdict, the days
/// add up to it, and the causes to its bad events.
///
/// - The burn-down takes at most 200 even steps back from the instant, as far as the window reaches. Each point looks
///   back on its own window: that of a rolling one is as long as any, that of a calendar period begins with the period.
/// - Of many silent stretches the 100 longest are given. The time before the first data is not silence.
/// - With time slices (budgeting), all of these count slices. A bad slice is put down to the most frequent of its bad
///   events; one without any to `no traffic` or `no data`.
#[must_use]
pub fn detail(
    promises: &Promises,
    counts: &dyn Counts,
    names: &[SeriesName],
    as_of: AsOf,
) -> Vec<Detail> {
    let mut reader = Reader::new(promises, counts, as_of.instant, as_of.known_until);
    let catalogue = promises.catalogue();
    let mut details = Vec::new();
    for name in names {
        let slo = catalogue.slos.get(&name.slo);
        let objective = slo.and_then(|slo| Some((slo, slo.objectives.get(&name.objective)?)));
        if let Some((slo, objective)) = objective {
            let looked = reader.look(slo);
            details.push(of(&looked, objective, name, &catalogue.timezone));
        }
    }
    details
}

/// The windows of series as they stood at some instants up to `as_of.instant`, with what had arrived by
/// `as_of.known_until`: each is what [`evaluate`](crate::evaluate) says at that instant of these counts. Names that the catalogue
/// lacks are left out.
///
/// They are the points that [`detail`] gives, but for the midnight at which a calendar period begins: the whole of the
/// period before stood then, and a burn-down of one period begins with nothing.
#[must_use]
pub fn stood_at(
    promises: &Promises,
    counts: &dyn Counts,
    names: &[SeriesName],
    as_of: AsOf,
    instants: &[Timestamp],
) -> Vec<(SeriesName, Vec<Point>)> {
    let catalogue = promises.catalogue();
    let mut stood = Vec::new();
    for names in names.chunk_by(|a, b| a.slo == b.slo) {
        let Some(slo) = names.first().and_then(|name| catalogue.slos.get(&name.slo)) else {
            continue;
        };
        let objectives = names.iter().filter_map(|name| {
            let objective = slo.objectives.get(&name.objective)?;
            Some((name, objective))
        });
        let of: Vec<&Objective> = objectives.clone().map(|(_, objective)| objective).collect();
        // A cut before all of it is known would tell what is counted behind it.
        let is_known = instants.iter().all(|at| *at <= as_of.known_until);
        let grid = (as_of.instant, counts.grid());
        let cuts = Cuts::of(promises, slo, &of, instants, grid).filter(|_| is_known);
        let reader = Reader::new(promises, counts, as_of.instant, as_of.known_until);
        let looked = reader.cut(cuts).look(slo);
        for (name, objective) in objectives {
            let judged = looked.judge(objective, &name.scope);
            let points = instants
                .iter()
                .map(|at| looked.window_stood_at(looked.grid.index(*at)))
                .map(|window| point(&looked, &judged, window));
            stood.push((name.clone(), points.collect()));
        }
    }
    stood
}

fn of(looked: &Looked<'_>, objective: &Objective, name: &SeriesName, zone: &TimeZone) -> Detail {
    let judged = looked.judge_with_causes(objective, &name.scope);
    let step = step(looked);
    let days = day_ranges(looked, &looked.window, zone);
    let is_promised = judged.is_promised(&looked.window);
    let stretch = |part: &Range<i64>| {
        let sums = judged.sum_within(&looked.window, part);
        Stretch {
            interval: looked.interval(part),
            attainment: if is_promised {
                sums.promised
            } else {
                sums.other
            },
            budget: sums.budget(),
            coverage: coverage(looked, &name.scope, part),
        }
    };
    Detail {
        name: name.clone(),
        burn_down: burn_down(looked, &judged, step),
        days: days.iter().map(stretch).collect(),
        silent: silent(looked),
        worst_hours: worst(hours(looked, zone).iter().map(stretch).collect()),
        causes: judged.causes(looked, &looked.window),
        step: Duration::from_secs(step.unsigned_abs() * looked.grid.seconds().unsigned_abs()),
    }
}

/// The slices between two points.
fn step(looked: &Looked<'_>) -> i64 {
    let slice = looked.grid.seconds().unsigned_abs();
    let seconds = looked.interval(&looked.window).seconds();
    let is_fit = |step: &u64| step.is_multiple_of(slice) && seconds <= step * STEPS_AT_MOST;
    let named = STEPS.into_iter().find(is_fit);
    looked
        .grid
        .slices(named.unwrap_or(seconds.div_ceil(STEPS_AT_MOST)))
}

fn burn_down(looked: &Looked<'_>, judged: &Judged, step: i64) -> Vec<Point> {
    let window = &looked.window;
    let steps = ((window.end - window.start) / step).max(0);
    let ends = (0..=steps).rev().map(|back| window.end - back * step);
    ends.map(|end| point(looked, judged, looked.window_at(end)))
        .collect()
}

/// What is in a window, at its end.
fn point(looked: &Looked<'_>, judged: &Judged, window: Range<i64>) -> Point {
    let sums = judged.sum(&window);
    Point {
        at: looked.grid.start(window.end),
        attainment: if judged.is_promised(&window) {
            sums.promised
        } else {
            sums.other
        },
        budget: sums.budget(),
    }
}

/// The days of a zone that a range of slices touches, cut to it.
pub(crate) fn day_ranges(
    looked: &Looked<'_>,
    range: &Range<i64>,
    zone: &TimeZone,
) -> Vec<Range<i64>> {
    let next = |at: Timestamp| {
        let tomorrow = at.to_zoned(zone.clone()).date().tomorrow();
        tomorrow.map_or(Timestamp::MAX, |day| day_start(day, zone))
    };
    cut(looked, range, next)
}

/// The clock hours of the window, cut to it.
fn hours(looked: &Looked<'_>, zone: &TimeZone) -> Vec<Range<i64>> {
    const HOUR: i64 = 3600;
    cut(looked, &looked.window, |at| {
        let local = at.as_second() + i64::from(zone.to_offset(at).seconds());
        let second = at.as_second() - local.rem_euclid(HOUR) + HOUR;
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
    })
}

/// Cuts a range of slices where `next` says that something new begins after an instant.
fn cut(
    looked: &Looked<'_>,
    range: &Range<i64>,
    next: impl Fn(Timestamp) -> Timestamp,
) -> Vec<Range<i64>> {
    let mut parts = Vec::new();
    let (mut from, mut at) = (range.start, looked.grid.start(range.start));
    while from < range.end {
        at = next(at);
        let to = looked.grid.index(at).min(range.end);
        // Where slices are longer than what is cut, several edges lie in one.
        if to > from {
            parts.push(from..to);
            from = to;
        }
    }
    parts
}

fn silent(looked: &Looked<'_>) -> Vec<Interval> {
    let Heard::Slices(heard) = &looked.heard else {
        return Vec::new();
    };
    let since = looked.span.start.max(looked.window.start)..looked.window.end;
    let mut longest = heard.missing_in(&since).ranges().to_vec();
    longest.sort_by_key(|range| (range.start - range.end, range.start));
    longest.truncate(SILENT_AT_MOST);
    longest.sort_by_key(|range| range.start);
    longest.iter().map(|range| looked.interval(range)).collect()
}

/// The worst first; of equally bad ones the earliest.
fn worst(mut hours: Vec<Stretch>) -> Vec<Stretch> {
    hours.retain(|hour| hour.attainment.bad > 0);
    hours.sort_by_key(|hour| std::cmp::Reverse(hour.attainment.bad));
    hours.truncate(HOURS_AT_MOST);
    hours
}
