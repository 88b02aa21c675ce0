//! The burn-down of an SLO, an hour a point. Knows what of it stays when the next slice is judged, and the next hour.
//!
//! A window that ended with a whole hour stays what it was until something is counted in its past. Pages are read when an
//! SLO is asked about for the first time, and again after that; when an hour ends, its verdict is the next point. The last
//! point is the verdict of the slice. With time slices what was heard counts, too: nobody says when that changes, and all
//! of it is read at each tick.

use std::sync::Arc;

use attain_engine::stood_at;
use attain_model::detail::Point;
use attain_model::slo::Budgeting;
use attain_model::{AsOf, Evaluation, SeriesName, Slo, SloId, Stream, StreamKey};
use attain_view::resources::WholeHours;
use bytes::Bytes;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Asking, Unanswered, streams_of};
use crate::published::{Published, Turns, Version, whole_hour};

/// Whole hours that are kept of each series: a month.
pub(crate) const HOURS: u32 = 743;

/// What stays of one SLO.
pub(crate) type Hours = WholeHours;

/// By what a whole answer is kept.
pub(super) type BurnDownKey = (Version, AsOf, SloId, usize);

/// By what it is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HoursKey {
    course: Course,
    last: Timestamp,
}

/// As long as it is the same, the hours go on where they ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Course {
    slo: SloId,
    stream: StreamKey,
    sha256: String,
    /// Since which day the terms of its objectives are in force: they say which series there are.
    terms: Vec<Option<Date>>,
    restated: (u64, u64),
    as_of: Option<AsOf>,
}

impl Asking {
    /// The windows of an SLO's series as they stood at the whole hours before an evaluation, oldest first.
    async fn hours(
        &self,
        seen: &Published,
        evaluation: &Evaluation,
        slo: &Slo,
    ) -> Result<Arc<Hours>, Unanswered> {
        let as_of = evaluation.as_of;
        let last = whole_hour(last_second(as_of));
        let key = HoursKey {
            course: course(seen, as_of, slo),
            last,
        };
        let of_slo = evaluation.verdicts.iter().filter(|v| v.name.slo == slo.id);
        let names: Vec<SeriesName> = of_slo.map(|verdict| verdict.name.clone()).collect();
        let hours = self.hours.get(key.clone(), async || {
            if let Some(hours) = self.carried_on(&key, &names, &seen.turns) {
                return Ok(hours);
            }
            let _turn = self.turns.try_acquire().map_err(|_| Unanswered::Busy)?;
            let promises = Arc::clone(&seen.promises);
            let streams = streams_of(&promises, [&slo.id].into_iter());
            self.ask(streams, move |counts| {
                let points = stood_at(&promises, counts, &names, as_of, &hours_to(last));
                Hours::of(last, points)
            })
            .await
        });
        hours.await
    }

    /// The hours of earlier ones and of the verdicts since; `None` if either is not kept. What was before is let go.
    fn carried_on(&self, key: &HoursKey, names: &[SeriesName], turns: &Turns) -> Option<Hours> {
        let is_before = |other: &HoursKey| {
            other.course.slo == key.course.slo && other.last <= key.last && other != key
        };
        let before = self.hours.take(is_before);
        let mut same = (before.into_iter()).filter(|(other, _)| other.course == key.course);
        let (_, hours) = same.next_back()?;
        carry_on(Arc::unwrap_or_clone(hours), names, key, turns)
    }

    /// The burn-down of an SLO as text, worked out once a tick: `say` makes it of the whole hours.
    pub(crate) async fn burn_down(
        &self,
        seen: &Published,
        evaluation: &Evaluation,
        slo: &Slo,
        points: usize,
        say: impl FnOnce(&Hours) -> String,
    ) -> Result<Bytes, Unanswered> {
        let key = (seen.version(), evaluation.as_of, slo.id.clone(), points);
        let said = self.burn_downs.get(key, async || {
            let hours = self.hours(seen, evaluation, slo).await?;
            Ok(Bytes::from(say(&hours)))
        });
        said.await.map(|said| Bytes::clone(&said))
    }
}

/// The last second that is looked back on: the last point is the instant itself.
fn last_second(as_of: AsOf) -> Timestamp {
    let before = as_of.instant.saturating_sub(SignedDuration::from_secs(1));
    before.unwrap_or(as_of.instant)
}

/// What says whether the hours of an SLO go on where they ended.
fn course(seen: &Published, as_of: AsOf, slo: &Slo) -> Course {
    let catalogue = seen.promises.catalogue();
    let day = last_second(as_of).to_zoned(catalogue.timezone.clone());
    let objectives = slo.objectives.values();
    let terms = objectives.map(|objective| objective.on(day.date()).and_then(|term| term.since));
    let is_steady = matches!(slo.budgeting, Budgeting::Occurrences);
    let stream = Stream::key_of(catalogue, slo);
    Course {
        slo: slo.id.clone(),
        sha256: seen.catalogue.sha256.clone(),
        terms: terms.collect(),
        restated: seen.restated.of(&stream),
        stream,
        as_of: (!is_steady).then_some(as_of),
    }
}

/// Hours that ended with one whole hour, up to another: as many as before.
fn carry_on(mut hours: Hours, names: &[SeriesName], to: &HoursKey, turns: &Turns) -> Option<Hours> {
    if !hours.names().eq(names) {
        return None;
    }
    let HoursKey { course, last } = to;
    while hours.last() < *last {
        let next = hours.last() + SignedDuration::from_hours(1);
        let of = |name| turns.of((name, &course.stream), next, course.restated);
        let points: Option<Vec<Point>> = names.iter().map(of).collect();
        hours.go_on(&points?);
    }
    Some(hours)
}

/// Whole hours up to and including one, oldest first.
fn hours_to(last: Timestamp) -> Vec<Timestamp> {
    let hours = (0..i64::from(HOURS)).rev();
    let before = |hours| last.checked_sub(SignedDuration::from_hours(hours)).ok();
    hours.filter_map(before).collect()
}

#[cfg(test)]
mod tests {
    use attain_engine::evaluate;
    use attain_model::Promises;
    use attain_model::verdict::{Attainment, ErrorBudget};

    use super::*;
    use crate::published::Restated;

    const CATALOGUE: &str = "
attain: 1
segments: {premium: {rank: 1}, free: {rank: 2}}
sources: {prom: {remote_write: {}}}
slos:
  checkout:
    outcome: A customer can pay
    service: shop
    owner: shop
    indicator: {metric: http_requests_total, bad: {code: 5xx}}
    objectives: {availability: {premium: 99.9%, free: 99%}}
    window: 30d
";

    fn hour(number: i64) -> Timestamp {
        Timestamp::from_second(number * 3600).unwrap()
    }

    /// The verdicts of no counts, with a number of their own in each.
    fn judged(at: Timestamp, number: u64) -> Evaluation {
        let input = attain_spec::Input {
            name: "shop.yaml".to_owned(),
            text: CATALOGUE.to_owned(),
        };
        let promises = Promises::of(attain_spec::parse(&[input]).catalogue.unwrap());
        let as_of = AsOf {
            instant: at,
            known_until: Timestamp::MAX,
        };
        let mut evaluation = evaluate(&promises, &attain_engine::Ledger::new(&[], 10, None), as_of);
        for (place, verdict) in evaluation.verdicts.iter_mut().enumerate() {
            verdict.attainment.good = number * 10 + place as u64;
        }
        evaluation
    }

    #[test]
    fn hours_go_on_with_the_verdicts_of_each_and_not_where_one_is_missing() {
        let names: Vec<SeriesName> = (judged(hour(1), 0).verdicts.into_iter())
            .map(|verdict| verdict.name)
            .collect();
        assert_eq!(names.len(), 3);
        let point = |at| Point {
            at,
            attainment: Attainment::default(),
            budget: ErrorBudget::default(),
        };
        let last = hour(10_000);
        let points: Vec<Point> = hours_to(last).into_iter().map(point).collect();
        let points = names.iter().map(|name| (name.clone(), points.clone()));
        let points: Vec<(SeriesName, Vec<Point>)> = points.collect();
        let hours = Hours::of(last, points.clone());
        let mut turns = Turns::default();
        let mut restated = Restated::default();
        let to = |last, restated: &Restated| HoursKey {
            course: Course {
                slo: names[0].slo.clone(),
                stream: StreamKey::new("prom"),
                sha256: String::new(),
                terms: Vec::new(),
                restated: restated.of(&StreamKey::new("prom")),
                as_of: None,
            },
            last,
        };
        // Only what ended with an hour is kept.
        for (second, number) in [(0, 1), (10, 2), (3600, 3), (7190, 4), (7200, 5)] {
            let at = last + SignedDuration::from_secs(second);
            turns.keep(&judged(at, number), &restated);
        }
        let on = |until: i64| carry_on(hours.clone(), &names, &to(hour(until), &restated), &turns);
        let mut longer = points.clone();
        for (place, (_, points)) in longer.iter_mut().enumerate() {
            for (at, number) in [(10_001, 3), (10_002, 5)] {
                let mut next = point(hour(at));
                next.attainment.good = number * 10 + place as u64;
                points.remove(0);
                points.push(next);
            }
        }
        assert_eq!(on(10_002), Some(Hours::of(hour(10_002), longer)));
        assert_eq!(on(10_003), None);
        let one = to(hour(10_001), &restated);
        assert_eq!(carry_on(hours.clone(), &names[1..], &one, &turns), None);
        // Nor do they go on with what was judged before something came late.
        restated.restate([StreamKey::new("other")].iter());
        let one = to(hour(10_001), &restated);
        assert!(carry_on(hours.clone(), &names, &one, &turns).is_some());
        restated.restate([StreamKey::new("prom")].iter());
        let one = to(hour(10_001), &restated);
        assert_eq!(carry_on(hours.clone(), &names, &one, &turns), None);
        // What was judged a slice before is no point of the hour.
        let mut old = judged(hour(10_003), 6);
        old.verdicts[1].window.end = hour(10_003) - SignedDuration::from_secs(10);
        turns.keep(&old, &restated);
        let restated = &restated;
        let of = |turns: &Turns, name: &SeriesName, number: i64| {
            let stream = StreamKey::new("prom");
            turns.of((name, &stream), hour(number), restated.of(&stream))
        };
        assert_eq!(of(&turns, &names[1], 10_003), None);
        assert!(of(&turns, &names[0], 10_003).is_some());
        // A day of them is kept, and no more.
        for number in 10_004..10_040 {
            turns.keep(&judged(hour(number), 0), restated);
        }
        assert_eq!(of(&turns, &names[0], 10_014), None);
        assert!(of(&turns, &names[0], 10_015).is_some());
    }
}
