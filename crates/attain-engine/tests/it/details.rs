//! What lies behind a verdict adds up to it, whatever the promise.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_engine::{Ledger, Shelf};
use attain_model::company::{Exclusion, ExclusionTime};
use attain_model::delivery::Delivery;
use attain_model::detail::{Detail, Stretch};
use attain_model::facts::{Damage, StreamFacts};
use attain_model::meta::Meta;
use attain_model::quantity::CalendarPeriod;
use attain_model::schedule::{Schedule, ScheduleDays};
use attain_model::slo::{Budgeting, MissingData, NoTraffic, Objective, OverLoad, Promised};
use attain_model::verdict::Attainment;
use attain_model::{
    AsOf, Catalogue, ExclusionId, Goal, ObjectiveId, Promises, SeriesName, Slo, Stream, StreamKey,
    Targets, Verdict, Window,
};
use fastrand::Rng;
use jiff::civil::{Weekday, date, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::build::*;

const SPAN: i64 = 10 * 86_400;
/// Ten days from here hold a change of clocks in Berlin, on Lord Howe (half an hour), and none.
const STARTS: [&str; 3] = [
    "2026-03-22T00:00:00Z",
    "2026-04-01T00:00:00Z",
    "2026-06-20T00:00:00Z",
];

fn promises(rng: &mut Rng) -> Catalogue {
    let zone = [
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "UTC",
    ];
    let zone = TimeZone::get(rng.choice(zone).unwrap()).unwrap();
    let goals: [&[(&str, &str)]; 6] = [
        &[("all", "99.9%")],
        &[
            ("premium", "99.9%"),
            ("standard", "99%"),
            ("free", "best effort"),
        ],
        &[
            ("premium", "99% < 200ms"),
            ("standard", "98% < 500ms"),
            ("free", "95% < 300ms"),
        ],
        &[
            ("premium", "99% at 0.05 rps"),
            ("standard", "99% at 0.02 rps own"),
            ("free", "best effort"),
            ("all", "97%"),
        ],
        &[
            ("premium", "best effort"),
            ("standard", "best effort"),
            ("free", "best effort"),
        ],
        &[("all", "99% < 200ms at 0.1 rps")],
    ];
    let mut slo = |name: &str| {
        let start = at("2026-03-25T00:00:00Z").to_zoned(zone.clone()).date();
        let changed = start.checked_add(rng.i64(0..8).days()).unwrap();
        let shape = rng.usize(0..goals.len());
        let other = if rng.bool() {
            shape
        } else {
            rng.usize(0..goals.len())
        };
        let newer = (Some(changed), goals[shape]);
        let older = (
            rng.bool().then(|| changed.yesterday().unwrap()),
            goals[other],
        );
        let terms = if rng.bool() {
            vec![newer, older]
        } else {
            vec![older]
        };
        let window = match rng.u8(0..4) {
            0 => Window::Rolling(Duration::from_secs(90_061)),
            1 => rolling(7),
            2 => Window::Calendar(CalendarPeriod::Week, zone.clone()),
            _ => Window::Calendar(CalendarPeriod::Month, zone.clone()),
        };
        let slice = Duration::from_secs([60, 300, 3600][rng.usize(0..3)]);
        Slo {
            budgeting: match rng.u8(0..4) {
                0 | 1 => Budgeting::Occurrences,
                2 => Budgeting::Timeslices {
                    slice,
                    good_at: share("95%"),
                },
                _ => Budgeting::RatioTimeslices { slice },
            },
            alerting: None,
            over_load: if rng.bool() {
                OverLoad::Separate
            } else {
                OverLoad::Count
            },
            missing_data: if rng.bool() {
                MissingData::Unknown
            } else {
                MissingData::Bad
            },
            no_traffic: [NoTraffic::Exclude, NoTraffic::Bad, NoTraffic::Good][rng.usize(0..3)],
            ..slo(name, window, &[objective("promise", &terms)])
        }
    };
    let slos = [slo("first"), slo("second")];
    let mut catalogue = catalogue(&slos);
    catalogue.timezone = zone;
    catalogue.exclusions = exclusions(rng);
    catalogue
}

/// None, or some: once or every week, of all or of one segment, announced or not.
fn exclusions(rng: &mut Rng) -> BTreeMap<ExclusionId, Exclusion> {
    let one = |rng: &mut Rng, number: usize| {
        let id = ExclusionId::new(format!("e{number}"));
        let length = Duration::from_secs(rng.u64(1..200_000));
        let from = second(at("2026-03-21T00:00:00Z").as_second() + rng.i64(0..100 * 86_400));
        let schedule = Schedule {
            days: [
                ScheduleDays::Daily,
                ScheduleDays::Weekly(Weekday::Sunday),
                ScheduleDays::Monthly(29),
            ][rng.usize(0..3)],
            at: time(rng.i8(0..24), rng.i8(0..60), 0, 0),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            text: String::new(),
        };
        let exclusion = Exclusion {
            id: id.clone(),
            slos: [vec![], vec!["first".into()]][rng.usize(0..2)].clone(),
            services: [vec![], vec!["second".into()]][rng.usize(0..2)].clone(),
            segments: [vec![], vec![], vec!["standard".into()]][rng.usize(0..3)].clone(),
            when: if rng.bool() {
                ExclusionTime::Once { from, length }
            } else {
                let length = length / 8;
                ExclusionTime::Every { schedule, length }
            },
            reason: "moved".to_owned(),
            announced: [None, Some(date(2026, 1, 1)), Some(date(2026, 3, 29))][rng.usize(0..3)],
            meta: Meta::default(),
        };
        (id, exclusion)
    };
    let count = rng.usize(0..4);
    (0..count).map(|number| one(rng, number)).collect()
}

/// Whether an exclusion covers a slice of an SLO whole; slow, and shares nothing with the engine but the definitions.
fn is_excluded(catalogue: &Catalogue, slo: &Slo, who: &str, slice: i64) -> bool {
    catalogue.exclusions.values().any(|exclusion| {
        let is_all = exclusion.slos.is_empty() && exclusion.services.is_empty();
        let names = exclusion.slos.contains(&slo.id) || exclusion.services.contains(&slo.service);
        let is_his = exclusion.segments.is_empty()
            || exclusion
                .segments
                .iter()
                .any(|segment| segment.as_str() == who);
        let starts: Vec<(i64, Duration)> = match &exclusion.when {
            ExclusionTime::Once { from, length } => vec![(from.as_second(), *length)],
            ExclusionTime::Every { schedule, length } => (-40..=1)
                .filter_map(|days| {
                    let day = second(slice).to_zoned(schedule.zone.clone()).date();
                    let start = schedule.on(day.checked_add(days.days()).unwrap())?;
                    Some((start.as_second(), *length))
                })
                .collect(),
        };
        let covers = |(start, length): &(i64, Duration)| {
            let day = second(*start).to_zoned(catalogue.timezone.clone()).date();
            let end = start + i64::try_from(length.as_secs()).unwrap();
            exclusion
                .announced
                .is_some_and(|announced| announced <= day)
                && *start <= slice
                && slice + 60 <= end
        };
        (is_all || names) && is_his && starts.iter().any(covers)
    })
}

#[test]
fn what_is_excluded_is_as_if_it_had_not_happened() {
    let mut rng = Rng::with_seed(7);
    let (mut compared, mut excluded) = (0, 0);
    for number in 0..40 {
        let start = at(rng.choice(STARTS).unwrap()).as_second();
        let mut catalogue = promises(&mut rng);
        for slo in catalogue.slos.values_mut() {
            // Of events: a time slice that is excluded in part is judged, which its own scenario shows.
            slo.budgeting = Budgeting::Occurrences;
            slo.missing_data = MissingData::Unknown;
            slo.objectives = slo.objectives.clone().into_iter().map(unloaded).collect();
        }
        let mut rows = Rows::of(&catalogue);
        for _ in 0..400 {
            let at = second(start + rng.i64(0..SPAN));
            let who = rng
                .choice(["premium", "standard", "free", "unknown"])
                .unwrap();
            rows.timed(
                at,
                who,
                &[("200", 0, rng.u64(1..9)), ("500", 1, rng.u64(0..3))],
            );
        }
        let whole = ledger(&catalogue, &rows);
        let mut without = catalogue.clone();
        without.exclusions.clear();
        let instant = second(start + SPAN);
        let found = evaluate(&catalogue, &whole, instant);
        for slo in catalogue.slos.values() {
            let mut rest = Rows::of(&catalogue);
            rest.delivery = rows.delivery.clone();
            rest.delivery.counted.retain(|row| {
                let who = row.segment.to_string();
                !is_excluded(&catalogue, slo, &who, row.slice.as_second())
            });
            let expected = evaluate(&without, &ledger(&without, &rest), instant);
            let own = |verdict: &&Verdict| verdict.name.slo == slo.id;
            let pairs = found
                .verdicts
                .iter()
                .filter(own)
                .zip(expected.verdicts.iter().filter(own));
            for (found, expected) in pairs {
                let context = format!("history {number}, {}", found.name);
                assert_eq!(found.attainment, expected.attainment, "{context}");
                assert_eq!(found.budget, expected.budget, "{context}");
                compared += 1;
                let share = found.excluded.map(|share| share.attainment.total());
                excluded += usize::from(share.unwrap_or(0) > 0);
            }
        }
    }
    assert!(compared > 150 && excluded > 40, "{excluded} of {compared}");
}

/// Without load conditions: minutes that were not there have no load.
fn unloaded((id, mut objective): (ObjectiveId, Objective)) -> (ObjectiveId, Objective) {
    for term in &mut objective.terms {
        match &mut term.targets {
            Targets::All(goal) => *goal = without_load(*goal),
            Targets::PerSegment { segments, all } => {
                let goals = segments.values_mut().chain(all.as_mut());
                goals.for_each(|goal| *goal = without_load(*goal));
            }
        }
    }
    (id, objective)
}

fn without_load(goal: Goal) -> Goal {
    match goal {
        Goal::BestEffort => Goal::BestEffort,
        Goal::Promised(promised) => Goal::Promised(Promised {
            load: None,
            ..promised
        }),
    }
}

fn happened(rng: &mut Rng, catalogue: &Catalogue, start: i64) -> Ledger {
    let mut rows = Rows::of(catalogue);
    let edges = Stream::all(catalogue)[0].edges.len() as u16;
    let buckets = edges + 1;
    for _ in 0..rng.usize(50..600) {
        let time = second(start + rng.i64(0..SPAN));
        let who = rng
            .choice(["premium", "standard", "free", "unknown"])
            .unwrap();
        let mut cells = Vec::new();
        for code in ["200", "404", "500", "503", ""] {
            let bucket = if rng.u8(0..9) == 0 {
                u16::MAX
            } else {
                rng.u16(0..buckets)
            };
            cells.push((code, bucket, rng.u64(0..9) * u64::from(rng.bool())));
        }
        rows.timed(time, who, &cells);
    }
    if rng.bool() {
        for _ in 0..rng.usize(1..30) {
            let from = start + rng.i64(0..SPAN);
            rows.heard(second(from), second(from + rng.i64(60..86_400)));
        }
    }
    ledger(catalogue, &rows)
}

fn instants(rng: &mut Rng, start: i64) -> Vec<AsOf> {
    let instants = (0..6).map(|_| second(start + rng.i64(-3600..SPAN + 86_400)));
    instants.map(as_of).collect()
}

fn sum(stretches: &[Stretch]) -> (Attainment, u128, u64) {
    let start = (Attainment::default(), 0, 0);
    stretches.iter().fold(start, |(sum, allowed, spent), s| {
        let good = sum.good + s.attainment.good;
        let bad = sum.bad + s.attainment.bad;
        (
            Attainment { good, bad },
            allowed + s.budget.allowed_billionths,
            spent + s.budget.spent,
        )
    })
}

fn agree(verdict: &Verdict, detail: &Detail) {
    let last = detail.burn_down.last().unwrap();
    assert_eq!(last.at, verdict.window.end);
    assert_eq!(
        (last.attainment, last.budget),
        (verdict.attainment, verdict.budget)
    );
    assert!(detail.burn_down.len() <= 201);
    let step = i64::try_from(detail.step.as_secs()).unwrap();
    for pair in detail.burn_down.windows(2) {
        assert_eq!(pair[1].at.as_second() - pair[0].at.as_second(), step);
    }
    let (attainment, allowed, spent) = sum(&detail.days);
    assert_eq!(attainment, verdict.attainment);
    assert_eq!(
        (allowed, spent),
        (verdict.budget.allowed_billionths, verdict.budget.spent)
    );
    let caused: u64 = detail.causes.iter().map(|cause| cause.bad).sum();
    assert_eq!(caused, verdict.attainment.bad, "{:?}", detail.causes);
    assert!(
        detail
            .causes
            .iter()
            .all(|cause| !cause.what.is_empty() && cause.bad > 0)
    );
    assert!(detail.worst_hours.len() <= 5);
    let worst: u64 = detail
        .worst_hours
        .iter()
        .map(|hour| hour.attainment.bad)
        .sum();
    assert!(worst <= verdict.attainment.bad);
    assert_eq!(worst == 0, verdict.attainment.bad == 0);
}

#[test]
fn what_lies_behind_a_verdict_adds_up_to_it() {
    let mut rng = Rng::with_seed(20_261_122);
    let (mut compared, mut bad) = (0, 0);
    for number in 0..40 {
        let start = at(rng.choice(STARTS).unwrap()).as_second();
        let catalogue = promises(&mut rng);
        let ledger = happened(&mut rng, &catalogue, start);
        let promises = Promises::of(catalogue);
        for as_of in instants(&mut rng, start) {
            let found = attain_engine::evaluate(&promises, &ledger, as_of);
            let names: Vec<SeriesName> = found.verdicts.iter().map(|v| v.name.clone()).collect();
            let details = attain_engine::detail(&promises, &ledger, &names, as_of);
            for detail in &details {
                let slo = &promises.catalogue().slos[&detail.name.slo];
                let begins = match &slo.window {
                    Window::Calendar(..) => found.verdicts.iter().find(|v| v.name == detail.name),
                    Window::Rolling(_) => None,
                };
                // The burn-down of a period begins with nothing spent, where what stood then is the period before.
                let burn_down = detail.burn_down.iter().copied();
                let burn_down: Vec<_> = burn_down
                    .filter(|p| begins.is_none_or(|verdict| p.at != verdict.window.start))
                    .collect();
                let instants: Vec<Timestamp> = burn_down.iter().map(|p| p.at).collect();
                let name = std::slice::from_ref(&detail.name);
                let stood = attain_engine::stood_at(&promises, &ledger, name, as_of, &instants);
                assert_eq!(stood, [(detail.name.clone(), burn_down)]);
            }
            assert_eq!(details.len(), names.len());
            for (verdict, detail) in found.verdicts.iter().zip(&details) {
                let context = format!("history {number}, {} at {as_of:?}", verdict.name);
                let result = std::panic::catch_unwind(|| agree(verdict, detail));
                assert!(
                    result.is_ok(),
                    "{context}\n{verdict:#?}\n{:#?}",
                    detail.causes
                );
                compared += 1;
                bad += usize::from(verdict.attainment.bad > 0);
            }
        }
    }
    assert!(compared > 500 && bad * 3 > compared, "{bad} of {compared}");
}

/// What was handed over, whole.
struct Shelved(BTreeMap<StreamKey, StreamFacts>);

impl Shelf for Shelved {
    fn stream(&self, stream: &StreamKey) -> (StreamFacts, Vec<Damage>) {
        (self.0.get(stream).cloned().unwrap_or_default(), Vec::new())
    }

    fn damage(&self) -> Vec<Damage> {
        Vec::new()
    }
}

/// Traffic of ten days, some of it told late.
fn traffic(rng: &mut Rng, catalogue: &Catalogue, start: i64, origin: &str) -> Delivery {
    let mut rows = Rows::of(catalogue);
    rows.delivery.origin = origin.to_owned();
    for _ in 0..rng.usize(50..600) {
        let time = second(start + rng.i64(-SPAN..SPAN));
        let who = rng
            .choice(["premium", "standard", "free", "unknown"])
            .unwrap();
        let cells = [("200", 0, rng.u64(1..9)), ("500", 1, rng.u64(0..3))];
        rows.timed(time, who, &cells);
        if rng.u8(0..5) == 0 {
            let late = time + rng.i64(60..90_000).seconds();
            rows.delivery.counted.last_mut().unwrap().received = Some(late);
        }
    }
    rows.delivery
}

#[test]
fn windows_are_the_same_of_counts_that_were_added_up_from_cut_to_cut() {
    let mut rng = Rng::with_seed(61);
    let (mut compared, mut spent) = (0, 0);
    for number in 0..10 {
        let start = at(rng.choice(STARTS).unwrap()).as_second();
        let mut catalogue = promises(&mut rng);
        for slo in catalogue.slos.values_mut() {
            // Most of what is promised counts events, at any load; the rest is read as it is.
            if rng.u8(0..4) > 0 {
                slo.budgeting = Budgeting::Occurrences;
                slo.objectives = slo.objectives.clone().into_iter().map(unloaded).collect();
            }
        }
        let streams = Stream::all(&catalogue);
        let (mut whole, mut ledger) = (
            Ledger::new(&streams, 60, None),
            Ledger::new(&streams, 60, None),
        );
        let mut shelf = Shelved(BTreeMap::new());
        for origin in ["old", "new"] {
            let delivery = traffic(&mut rng, &catalogue, start, origin);
            assert_eq!(whole.take(delivery.clone()).refused, None);
            if origin == "new" {
                shelf = Shelved(ledger.unload());
            }
            assert_eq!(ledger.take(delivery).refused, None);
        }
        let promises = Promises::of(catalogue);
        for as_of in instants(&mut rng, start) {
            let known_until = as_of.instant + rng.i64(-90_000..200_000).seconds();
            for as_of in [
                as_of,
                AsOf {
                    known_until,
                    ..as_of
                },
            ] {
                let found = attain_engine::evaluate(&promises, &whole, as_of);
                let names: Vec<SeriesName> = found.verdicts.into_iter().map(|v| v.name).collect();
                let last = as_of.instant.as_second().div_euclid(3600) * 3600;
                let hours: Vec<Timestamp> =
                    (0..200).rev().map(|h| second(last - h * 3600)).collect();
                let few: Vec<Timestamp> = (0..5)
                    .map(|_| as_of.instant - rng.i64(0..SPAN).seconds())
                    .collect();
                for instants in [hours, few] {
                    let slowly =
                        attain_engine::stood_at(&promises, &whole, &names, as_of, &instants);
                    let counts = attain_engine::Shelved::new(&ledger, &shelf);
                    let quickly =
                        attain_engine::stood_at(&promises, &counts, &names, as_of, &instants);
                    assert_eq!(slowly, quickly, "history {number} at {as_of:?}");
                    let points = quickly.iter().flat_map(|(_, points)| points);
                    compared += points.clone().count();
                    spent += points.filter(|point| point.budget.spent > 0).count();
                }
            }
        }
    }
    assert!(
        compared > 20_000 && spent * 4 > compared,
        "{spent} of {compared}"
    );
}

/// What `--at` says of the midnight at which a period ends, a burn-down says, too: the whole of the period.
#[test]
fn a_window_stood_as_it_is_judged_at_that_instant() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let goals: [(_, &[(&str, &str)]); 1] = [(None, &[("all", "90%")])];
    let window = Window::Calendar(CalendarPeriod::Month, zone);
    let objective = objective("availability", &goals);
    let catalogue = one(slo("checkout", window, &[objective]));
    let mut rows = Rows::of(&catalogue);
    rows.count(at("2026-01-31T22:30:00Z"), "free", 400, 40)
        .count(at("2026-02-27T10:00:00Z"), "free", 90, 10)
        .count(at("2026-02-28T23:20:00Z"), "free", 7, 1);
    let ledger = ledger(&catalogue, &rows);
    let promises = Promises::of(catalogue);
    let midnight = at("2026-02-28T23:00:00Z").as_second();
    let hours: Vec<Timestamp> = (-700..=3).map(|h| second(midnight + h * 3600)).collect();
    let as_of = |instant| AsOf {
        instant,
        known_until: Timestamp::MAX,
    };
    let judged = |instant| {
        let found = attain_engine::evaluate(&promises, &ledger, as_of(instant));
        let of = found.verdicts.into_iter();
        let mut all = of.filter(|verdict| verdict.name.scope == scope("all"));
        all.next().unwrap()
    };
    let names = [judged(second(midnight)).name];
    // As of the midnight itself, of the hours after it, and of a month after that.
    for now in [0, 3600, 4_000, 3 * 3600 + 10, 30 * 86_400] {
        let now = second(midnight + now);
        let hours: Vec<Timestamp> = hours.iter().copied().filter(|at| *at <= now).collect();
        let stood = attain_engine::stood_at(&promises, &ledger, &names, as_of(now), &hours);
        let mut good = BTreeMap::new();
        for point in &stood[0].1 {
            let verdict = judged(point.at);
            assert_eq!(
                (point.attainment, point.budget),
                (verdict.attainment, verdict.budget),
                "{} as of {now}",
                point.at
            );
            good.insert(point.at.as_second() - midnight, point.attainment.good);
        }
        let first = midnight - at("2026-01-31T23:00:00Z").as_second();
        assert_eq!((good[&0], good.get(&-first)), (90, Some(&400)));
    }
}

fn one(slo: Slo) -> Catalogue {
    let mut catalogue = catalogue(&[slo]);
    catalogue.timezone = TimeZone::get("Europe/Berlin").unwrap();
    catalogue
}

fn detail_of(catalogue: &Catalogue, ledger: &Ledger, name: &str, instant: Timestamp) -> Detail {
    let found = evaluate(catalogue, ledger, instant);
    let name = verdict(&found, name).name.clone();
    let promises = Promises::of(catalogue.clone());
    let mut details = attain_engine::detail(&promises, ledger, &[name], as_of(instant));
    details.remove(0)
}

#[test]
fn a_day_without_two_oclock_has_23_hours() {
    let availability = objective("availability", &[(None, &[("all", "99%")])]);
    let catalogue = one(slo("shop", rolling(3), &[availability]));
    let mut rows = Rows::of(&catalogue);
    // The last minute of the 29th of March in Berlin, and the first one of the 30th.
    rows.count(at("2026-03-29T21:59:00Z"), "free", 5, 1);
    rows.count(at("2026-03-29T22:00:00Z"), "free", 7, 2);
    let instant = at("2026-03-30T12:00:00Z");
    let detail = detail_of(
        &catalogue,
        &ledger(&catalogue, &rows),
        "shop/availability/all",
        instant,
    );
    let days: Vec<(u64, u64)> = detail
        .days
        .iter()
        .map(|day| (day.interval.seconds() / 3600, day.attainment.total()))
        .collect();
    assert_eq!(days, [(11, 0), (24, 0), (23, 6), (14, 9)]);
    let hours: Vec<String> = detail
        .worst_hours
        .iter()
        .map(|hour| format!("{} {}", hour.interval.start, hour.attainment.bad))
        .collect();
    assert_eq!(hours, ["2026-03-29T22:00:00Z 2", "2026-03-29T21:00:00Z 1"]);
}

#[test]
fn causes_are_in_the_words_of_the_data() {
    let fast = [("all", "90% < 200ms")];
    let whole = [("all", "90%")];
    let slo = slo(
        "shop",
        rolling(1),
        &[
            objective("latency", &[(None, &fast)]),
            objective("availability", &[(None, &whole)]),
        ],
    );
    let catalogue = one(slo);
    let mut rows = Rows::of(&catalogue);
    let untimed = u16::MAX;
    rows.timed(
        at("2026-06-01T10:00:00Z"),
        "free",
        &[
            ("200", 0, 80),
            ("200", 1, 7),
            ("503", 1, 4),
            ("500", untimed, 2),
        ],
    );
    let ledger = ledger(&catalogue, &rows);
    let causes = |name: &str| {
        let detail = detail_of(&catalogue, &ledger, name, at("2026-06-01T11:00:00Z"));
        let texts = detail
            .causes
            .iter()
            .map(|cause| format!("{} {}", cause.bad, cause.what));
        texts.collect::<Vec<_>>()
    };
    assert_eq!(
        causes("shop/latency/all"),
        ["11 200ms or slower", "2 not timed"]
    );
    assert_eq!(
        causes("shop/availability/all"),
        ["4 status=503", "2 status=500"]
    );
}

#[test]
fn a_bad_slice_is_put_down_to_the_most_frequent_of_its_bad_events() {
    let availability = objective("availability", &[(None, &[("all", "90%")])]);
    let slo = Slo {
        budgeting: Budgeting::Timeslices {
            slice: Duration::from_secs(300),
            good_at: share("90%"),
        },
        no_traffic: NoTraffic::Bad,
        ..slo("shop", rolling(1), &[availability])
    };
    let catalogue = one(slo);
    let mut rows = Rows::of(&catalogue);
    rows.timed(
        at("2026-06-01T10:00:00Z"),
        "free",
        &[("500", 0, 3), ("200", 0, 5)],
    );
    rows.timed(at("2026-06-01T10:04:00Z"), "free", &[("503", 0, 4)]);
    rows.timed(at("2026-06-01T10:11:00Z"), "free", &[("200", 0, 4)]);
    let ledger = ledger(&catalogue, &rows);
    let detail = detail_of(
        &catalogue,
        &ledger,
        "shop/availability/all",
        at("2026-06-01T10:15:00Z"),
    );
    let causes: Vec<(&str, u64)> = detail
        .causes
        .iter()
        .map(|c| (c.what.as_str(), c.bad))
        .collect();
    assert_eq!(causes, [("no traffic", 1), ("status=503", 1)]);
}

#[test]
fn silence_is_what_was_not_heard_since_data_began() {
    let availability = objective("availability", &[(None, &[("all", "99%")])]);
    let catalogue = one(slo("shop", rolling(1), &[availability]));
    let mut rows = Rows::of(&catalogue);
    rows.count(at("2026-06-01T10:00:00Z"), "free", 5, 1);
    rows.heard(at("2026-06-01T10:00:00Z"), at("2026-06-01T10:30:00Z"));
    rows.heard(at("2026-06-01T10:40:00Z"), at("2026-06-01T11:00:00Z"));
    let ledger = ledger(&catalogue, &rows);
    let detail = detail_of(
        &catalogue,
        &ledger,
        "shop/availability/all",
        at("2026-06-01T11:00:00Z"),
    );
    let silent: Vec<String> = detail
        .silent
        .iter()
        .map(|s| format!("{} {}", s.start, s.end))
        .collect();
    assert_eq!(silent, ["2026-06-01T10:30:00Z 2026-06-01T10:40:00Z"]);
    assert!(
        detail.burn_down[0].at < at("2026-05-31T11:10:00Z"),
        "as far as the window reaches"
    );
}
