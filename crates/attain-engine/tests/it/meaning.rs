//! Verdicts of small histories: what each word of a promise means in counts.

use std::time::Duration;

use attain_engine::{Ledger, history};
use attain_model::delivery::{Delivery, Reading};
use attain_model::indicator::{Counting, MetricKind};
use attain_model::quantity::{CalendarPeriod, Measure};
use attain_model::selector::{Comparison, Condition, Outcome, Selector};
use attain_model::slo::{Budgeting, MissingData, NoTraffic, OverLoad};
use attain_model::verdict::Coverage;
use attain_model::{
    AsOf, Bucket, Evaluation, GapReason, Promises, SeriesName, SourceId, Standing, Stream, Target,
    Window,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::build::*;

const NOW: &str = "2026-03-15T12:00:00Z";

fn gap_of(found: &Evaluation, about: &str) -> Vec<GapReason> {
    let gaps = found.gaps.iter().filter(|gap| gap.about == about);
    gaps.map(|gap| gap.why.clone()).collect()
}

fn counts(found: &Evaluation, name: &str) -> (u64, u64) {
    let attainment = verdict(found, name).attainment;
    (attainment.good, attainment.bad)
}

#[test]
fn premium_is_lost_behind_a_green_aggregate() {
    let goals = [
        ("premium", "99.95%"),
        ("standard", "99.9%"),
        ("free", "99%"),
        ("all", "99.9%"),
    ];
    let slo = slo(
        "checkout",
        rolling(30),
        &[objective("availability", &[(None, &goals)])],
    );
    let catalogue = catalogue(&[slo]);
    let mut rows = Rows::of(&catalogue);
    rows.count(at("2026-03-10T10:00:00Z"), "premium", 10_000, 0)
        .count(at("2026-03-10T10:00:00Z"), "standard", 379_810, 190)
        .count(at("2026-03-10T10:00:00Z"), "free", 599_880, 120)
        .count(at("2026-03-12T08:30:00Z"), "premium", 9_400, 600);
    let found = evaluate(&catalogue, &ledger(&catalogue, &rows), at(NOW));
    let names: Vec<_> = found.verdicts.iter().map(|v| v.name.to_string()).collect();
    assert_eq!(
        names,
        [
            "checkout/availability/premium",
            "checkout/availability/standard",
            "checkout/availability/free",
            "checkout/availability/all",
        ]
    );
    let all = verdict(&found, "checkout/availability/all");
    assert_eq!((all.attainment.good, all.attainment.bad), (999_090, 910));
    assert_eq!(all.standing, Standing::Met);
    assert_eq!(found.masked.len(), 1);
    let masked = &found.masked[0];
    assert_eq!(masked.name.to_string(), "checkout/availability/premium");
    assert_eq!(masked.since, at("2026-03-12T08:30:00Z"));
    assert_eq!(masked.segment_burn_millionths, 60_000_000);
    assert_eq!(masked.aggregate_burn_millionths, 910_000);
    assert_eq!(masked.share.to_string(), "2%");
}

#[test]
fn a_pool_is_what_was_promised_to_somebody() {
    let goals = [
        ("premium", "99.95%"),
        ("standard", "99.5%"),
        ("free", "best effort"),
    ];
    let march = Some(jiff::civil::date(2026, 3, 1));
    let before = [("premium", "best effort"), ("free", "best effort")];
    let terms: [(_, &[(&str, &str)]); 2] = [(march, &goals), (None, &before)];
    let slo = slo(
        "checkout",
        rolling(30),
        &[objective("availability", &terms)],
    );
    let catalogue = catalogue(&[slo]);
    let mut rows = Rows::of(&catalogue);
    let time = at("2026-03-10T10:00:00Z");
    rows.count(time, "premium", 9_990, 10)
        .count(time, "standard", 2_000, 0)
        .count(time, "free", 900, 100)
        .count(time, "unknown", 400, 0)
        .count(at("2026-02-20T10:00:00Z"), "free", 70, 30);
    let ledger = ledger(&catalogue, &rows);
    let found = evaluate(&catalogue, &ledger, at(NOW));
    let all = verdict(&found, "checkout/availability/all");
    assert!(all.pooled && all.goal.is_none() && all.alerts.is_empty());
    assert_eq!((all.attainment.good, all.attainment.bad), (11_990, 10));
    // 5 of premium and 10 of standard.
    assert_eq!(all.budget.allowed_billionths, 15_000_000_000);
    assert_eq!(all.standing, Standing::Met);
    assert_eq!(found.masked.len(), 1);
    assert_eq!(found.masked[0].aggregate_burn_millionths, 666_666);
    let free = verdict(&found, "checkout/availability/free");
    assert_eq!(free.standing, Standing::BestEffort);
    assert_eq!(counts(&found, "checkout/availability/free"), (970, 130));
    assert_eq!(
        (found.untagged[0].unknown, found.untagged[0].total),
        (400, 13_500)
    );
    // Before anybody was promised anything, all of it is measured.
    let found = evaluate(&catalogue, &ledger, at("2026-02-25T00:00:00Z"));
    let all = verdict(&found, "checkout/availability/all");
    assert_eq!((all.attainment.good, all.attainment.bad), (70, 30));
    assert_eq!(all.standing, Standing::BestEffort);
}

#[test]
fn a_pool_of_time_slices_has_the_budgets_of_quiet_segments_too() {
    let goals = [
        ("premium", "90%"),
        ("standard", "80%"),
        ("free", "best effort"),
    ];
    let mut slo = slo(
        "checkout",
        Window::Rolling(Duration::from_secs(600)),
        &[objective("availability", &[(None, &goals)])],
    );
    slo.budgeting = Budgeting::Timeslices {
        slice: Duration::from_secs(60),
        good_at: share("99%"),
    };
    slo.no_traffic = NoTraffic::Good;
    let catalogue = catalogue(&[slo]);
    let (start, end) = (at("2026-03-15T11:50:00Z"), at(NOW));
    let mut rows = Rows::of(&catalogue);
    rows.heard(start, end)
        .count(start, "premium", 0, 1)
        .count(start, "free", 0, 1);
    let found = evaluate(&catalogue, &ledger(&catalogue, &rows), end);
    let all = verdict(&found, "checkout/availability/all");
    // 10 slices each, of which 1 and 2 may be bad; none of free.
    assert_eq!((all.attainment.good, all.attainment.bad), (19, 1));
    assert_eq!(all.budget.allowed_billionths, 3_000_000_000);
    assert_eq!(all.standing, Standing::Met);
}

#[test]
fn overspent_since_is_what_going_back_slice_by_slice_finds() {
    let goals: [(_, &[(&str, &str)]); 1] = [(None, &[("all", "90%")])];
    let week = Window::Calendar(CalendarPeriod::Week, TimeZone::UTC);
    let catalogue = catalogue(&[
        slo("rolling", rolling(1), &[objective("availability", &goals)]),
        slo("by-week", week, &[objective("availability", &goals)]),
    ]);
    let promises = Promises::of(catalogue.clone());
    let minute = Duration::from_secs(60);
    let start = at("2026-03-12T00:00:00Z").as_second();
    let mut overspent = 0;
    for seed in 0..30 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut rows = Rows::of(&catalogue);
        for _ in 0..rng.usize(1..40) {
            let time = second(start + rng.i64(0..3 * 86_400));
            rows.count(time, "free", rng.u64(0..40), rng.u64(0..5));
        }
        let ledger = ledger(&catalogue, &rows);
        let now = second(start + rng.i64(2 * 86_400..4 * 86_400));
        let found = evaluate(&catalogue, &ledger, now);
        for verdict in &found.verdicts {
            let points = history(
                &promises,
                &ledger,
                &verdict.name,
                second(start),
                now,
                minute,
            );
            let run = points.iter().rev().take_while(|p| !p.budget.is_met());
            // A point looks back from the end of its slice.
            let first = run.last().map(|point| point.at.as_second() - 60);
            assert_eq!(
                verdict.overspent_since.map(|t| t.as_second()),
                first,
                "{seed}"
            );
            overspent += usize::from(first.is_some());
        }
    }
    assert!(overspent > 10, "{overspent}");
}

#[test]
fn the_silence_of_a_source_is_listed_once_and_no_more_than_the_twenty_longest() {
    let goals: [(_, &[(&str, &str)]); 1] = [(None, &[("all", "99%")])];
    let slos =
        ["one", "two"].map(|name| slo(name, rolling(1), &[objective("availability", &goals)]));
    let catalogue = catalogue(&slos);
    let start = at("2026-03-14T12:00:00Z").as_second();
    let minute = |minute: i64| second(start + minute * 60);
    let mut rows = Rows::of(&catalogue);
    // Heard from the third hour on, but for 25 stretches of which every second lasts two minutes.
    rows.count(minute(180), "free", 1, 0);
    let mut silent = Vec::new();
    let mut from = 180;
    for i in 0..25 {
        let (stops, resumes) = (200 + i * 10, 201 + i * 10 + i % 2);
        rows.heard(minute(from), minute(stops));
        silent.push((minute(stops), minute(resumes)));
        from = resumes;
    }
    rows.heard(minute(from), at(NOW));
    let found = evaluate(&catalogue, &ledger(&catalogue, &rows), at(NOW));
    let listed = found.gaps.iter().filter(|gap| gap.why == GapReason::NoData);
    let listed: Vec<_> = listed
        .map(|gap| {
            assert_eq!(gap.about, "source main");
            let interval = gap.interval.unwrap();
            (interval.start, interval.end)
        })
        .collect();
    // All twelve of two minutes, and the first eight of one.
    let expected = silent.into_iter().enumerate();
    let expected = expected.filter(|(i, _)| i % 2 == 1 || *i < 16);
    assert_eq!(
        listed,
        expected.map(|(_, stretch)| stretch).collect::<Vec<_>>()
    );
    for name in ["one", "two"] {
        assert_eq!(gap_of(&found, name), [GapReason::NotYet]);
    }
}

/// One source for two services; the cells of `images` are filled in 10 of 589 minutes, from the 101st on.
fn sparse() -> (attain_model::Catalogue, Ledger) {
    let goals: [(_, &[(&str, &str)]); 1] = [(None, &[("all", "99%")])];
    let window = || Window::Rolling(Duration::from_secs(589 * 60));
    let full = slo("full", window(), &[objective("availability", &goals)]);
    let mut images = slo("images", window(), &[objective("availability", &goals)]);
    let Counting::Metric { metric, .. } = &mut images.indicator.counting else {
        panic!("a metric");
    };
    *metric = "images_total".to_owned();
    let catalogue = catalogue(&[full, images.clone()]);
    let key = |name: &str| Stream::key_of(&catalogue, &catalogue.slos[name]);
    let start = sparse_minute(0);
    let mut rows = Rows::of(&catalogue);
    rows.heard(start, at(NOW));
    rows.key = key("full");
    rows.each_minute(start, at(NOW), "free", 10, 0);
    rows.key = key("images");
    let heard = rows
        .delivery
        .observed_streams
        .entry(key("images"))
        .or_default();
    for minute in (0..10).map(|i| 100 + i * 20) {
        heard.push(attain_model::Interval {
            start: sparse_minute(minute),
            end: sparse_minute(minute + 1),
        });
    }
    for minute in (0..10).map(|i| 100 + i * 20) {
        rows.count(sparse_minute(minute), "free", 10, 0);
    }
    let ledger = ledger(&catalogue, &rows);
    (catalogue, ledger)
}

fn sparse_minute(minute: i64) -> Timestamp {
    second(at(NOW).as_second() + (minute - 589) * 60)
}

#[test]
fn a_stream_can_be_silent_while_its_source_is_heard() {
    let (catalogue, ledger) = sparse();
    let found = evaluate(&catalogue, &ledger, at(NOW));
    let seen = |name: &str| {
        let verdict = verdict(&found, &format!("{name}/availability/all"));
        let Coverage::Share(share) = verdict.coverage else {
            panic!("coverage is known");
        };
        (share.to_string(), verdict.standing, verdict.attainment.bad)
    };
    assert_eq!(seen("full"), ("100%".to_owned(), Standing::Met, 0));
    // 10 of 589.
    assert_eq!(
        seen("images"),
        ("1.6977928%".to_owned(), Standing::Unknown, 0)
    );
    assert_eq!(gap_of(&found, "full"), []);
    assert_eq!(gap_of(&found, "images")[0], GapReason::NotYet);
    // Between the ten minutes and after them, in order; the source itself never was silent.
    let silent = found.gaps.iter().filter(|gap| gap.why == GapReason::NoData);
    let silent: Vec<_> = silent
        .map(|gap| (&gap.about[..], gap.interval.unwrap()))
        .collect();
    assert_eq!(silent.len(), 10);
    for (i, (about, interval)) in silent.into_iter().enumerate() {
        let start = 101 + i as i64 * 20;
        let end = if i == 9 { 589 } else { start + 19 };
        assert_eq!(about, "images");
        assert_eq!(
            (interval.start, interval.end),
            (sparse_minute(start), sparse_minute(end))
        );
    }
    let not_yet = found.gaps.iter().find(|gap| gap.why == GapReason::NotYet);
    let interval = not_yet.unwrap().interval.unwrap();
    assert_eq!(
        (interval.start, interval.end),
        (sparse_minute(0), sparse_minute(100))
    );
}

#[test]
fn overspent_since_is_the_first_slice_of_the_run() {
    let all: [(&str, &str); 1] = [("all", "99%")];
    let terms: [(_, &[(&str, &str)]); 1] = [(None, &all)];
    let month = Window::Calendar(CalendarPeriod::Month, TimeZone::UTC);
    let slos = [
        slo("rolling", rolling(5), &[objective("availability", &terms)]),
        slo("by-month", month, &[objective("availability", &terms)]),
    ];
    let catalogue = catalogue(&slos);
    let mut rows = Rows::of(&catalogue);
    rows.count(at("2026-02-26T10:00:00Z"), "free", 10, 90)
        .count(at("2026-02-27T10:00:00Z"), "free", 900, 0)
        // Overspent, well again, and overspent anew.
        .count(at("2026-03-09T10:00:00Z"), "free", 90, 10)
        .count(at("2026-03-10T10:00:00Z"), "free", 10_000, 0)
        .count(at("2026-03-12T08:30:00Z"), "free", 9_500, 500)
        .count(at("2026-03-13T08:30:00Z"), "free", 100, 0);
    let ledger = ledger(&catalogue, &rows);
    let since = |instant: &str, name: &str| {
        let found = evaluate(&catalogue, &ledger, at(instant));
        let since = verdict(&found, &format!("{name}/availability/all")).overspent_since;
        since.map(|since| since.to_string())
    };
    let second = Some("2026-03-12T08:30:00Z".to_owned());
    assert_eq!(since(NOW, "rolling"), second);
    assert_eq!(since(NOW, "by-month"), second);
    assert_eq!(since("2026-03-12T08:30:59Z", "rolling"), None);
    assert_eq!(since("2026-03-12T08:31:00Z", "rolling"), second);
    // The rolling window carries February over the turn of the month, the calendar month does not.
    let first = Some("2026-02-26T10:00:00Z".to_owned());
    assert_eq!(since("2026-02-28T23:00:00Z", "by-month"), first);
    // At midnight February is seen whole; a minute later it is March.
    assert_eq!(since("2026-03-01T00:00:00Z", "by-month"), first);
    assert_eq!(since("2026-03-01T00:01:00Z", "by-month"), None);
    assert_eq!(since("2026-03-01T00:00:00Z", "rolling"), first);
    let third = Some("2026-03-09T10:00:00Z".to_owned());
    assert_eq!(since("2026-03-10T10:00:00Z", "by-month"), third);
    assert_eq!(since("2026-03-11T10:00:00Z", "by-month"), None);
}

#[test]
fn half_an_hour_costs_what_its_traffic_weighs() {
    let objective = objective("availability", &[(None, &[("all", "99.9%")])]);
    let catalogue = catalogue(&[slo("checkout", rolling(30), &[objective])]);
    let end = at("2026-03-31T00:00:00Z");
    let start = second(end.as_second() - 30 * 86_400);
    let spent = |outage: i64| {
        let mut rows = Rows::of(&catalogue);
        for minute in (start.as_second()..end.as_second()).step_by(60) {
            let is_day = minute.rem_euclid(86_400) < 43_200;
            let requests = 60 * if is_day { 100 } else { 1 };
            let is_down = (outage..outage + 1800).contains(&minute);
            let (good, bad) = if is_down {
                (0, requests)
            } else {
                (requests, 0)
            };
            rows.count(second(minute), "free", good, bad);
        }
        let found = evaluate(&catalogue, &ledger(&catalogue, &rows), end);
        let budget = verdict(&found, "checkout/availability/all").budget;
        // In thousandths of a percent.
        u128::from(budget.spent) * 100_000 * 1_000_000_000 / budget.allowed_billionths
    };
    let tenth = at("2026-03-10T00:00:00Z").as_second();
    assert_eq!(spent(tenth + 6 * 3600), 137_513);
    assert_eq!(spent(tenth + 18 * 3600), 1_375);
}

#[test]
fn february_is_judged_by_what_was_promised_then() {
    let march = jiff::civil::date(2026, 3, 1);
    let terms: [(_, &[(&str, &str)]); 2] = [
        (Some(march), &[("all", "99.9%")]),
        (None, &[("all", "99%")]),
    ];
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let month = Window::Calendar(CalendarPeriod::Month, zone.clone());
    let slos = [
        slo("by-month", month, &[objective("availability", &terms)]),
        slo("rolling", rolling(30), &[objective("availability", &terms)]),
    ];
    let mut catalogue = catalogue(&slos);
    catalogue.timezone = zone;
    let mut rows = Rows::of(&catalogue);
    rows.count(at("2026-02-20T00:00:00Z"), "free", 9_950, 50)
        // The last minute of February in Berlin, and the first of March.
        .count(at("2026-02-28T22:59:00Z"), "free", 950, 50)
        .count(at("2026-02-28T23:00:00Z"), "free", 9_995, 5);
    let ledger = ledger(&catalogue, &rows);

    let february = evaluate(&catalogue, &ledger, at("2026-02-28T22:59:59Z"));
    let by_month = verdict(&february, "by-month/availability/all");
    assert_eq!(by_month.goal, Some(goal("99%")));
    assert_eq!(by_month.standing, Standing::Met);
    assert_eq!(by_month.attainment.bad, 50);

    let later = evaluate(&catalogue, &ledger, at("2026-03-02T00:00:00Z"));
    let by_month = verdict(&later, "by-month/availability/all");
    assert_eq!(
        (by_month.attainment.bad, by_month.budget.allowed_billionths),
        (5, 10_000_000_000)
    );
    let rolling = verdict(&later, "rolling/availability/all");
    assert_eq!(rolling.goal, Some(goal("99.9%")));
    // 1 % of 11,000 and 0.1 % of 10,000.
    assert_eq!(rolling.budget.allowed_billionths, 120_000_000_000);
    assert_eq!(
        (rolling.budget.spent, rolling.standing),
        (105, Standing::Met)
    );
    let parts: Vec<_> = rolling
        .parts
        .iter()
        .map(|part| (part.goal.unwrap().to_string(), part.attainment.bad))
        .collect();
    assert_eq!(parts, [("99%".to_owned(), 100), ("99.9%".to_owned(), 5)]);
    assert_eq!(rolling.parts[0].interval.end, at("2026-02-28T23:00:00Z"));
}

#[test]
fn as_known_then_says_what_was_said_then() {
    let objective = objective("availability", &[(None, &[("all", "99%")])]);
    let catalogue = catalogue(&[slo("checkout", rolling(30), &[objective])]);
    let mut rows = Rows::of(&catalogue);
    rows.count(at("2026-03-10T10:00:00Z"), "free", 990, 10);
    let instant = at("2026-03-10T12:00:00Z");
    let promises = Promises::of(catalogue.clone());
    let mut ledger = ledger(&catalogue, &rows);
    let known_then = AsOf {
        instant,
        known_until: instant,
    };
    let said = attain_engine::evaluate(&promises, &ledger, known_then);
    assert_eq!(
        verdict(&said, "checkout/availability/all").standing,
        Standing::Met
    );

    let mut late = Rows::of(&catalogue);
    late.count(at("2026-03-10T11:00:00Z"), "free", 0, 90);
    late.delivery.origin = "late rows".to_owned();
    late.delivery.counted[0].received = Some(at("2026-03-11T00:00:00Z"));
    assert_eq!(ledger.take(late.delivery).counted, 90);
    assert_eq!(
        attain_engine::evaluate(&promises, &ledger, known_then),
        said
    );
    let restated = evaluate(&catalogue, &ledger, instant);
    assert_eq!(counts(&restated, "checkout/availability/all"), (990, 100));
    assert_eq!(
        verdict(&restated, "checkout/availability/all").standing,
        Standing::Breached
    );
    let a_day_later = AsOf {
        instant,
        known_until: at("2026-03-11T00:00:00Z"),
    };
    let then = attain_engine::evaluate(&promises, &ledger, a_day_later);
    assert_eq!(counts(&then, "checkout/availability/all"), (990, 100));
}

#[test]
fn an_unknown_birth_is_a_gap_and_a_known_one_counts() {
    let objective = objective("availability", &[(None, &[("all", "99%")])]);
    let catalogue = catalogue(&[slo("checkout", rolling(30), &[objective])]);
    let key = Stream::all(&catalogue)[0].key.clone();
    let start = at("2026-03-15T10:00:00Z").as_second();
    let scraped = |samples| {
        let mut delivery = Delivery::new(SourceId::from("main"), "scrape", 0..0);
        delivery.samples = samples;
        let mut ledger = Ledger::new(&Stream::all(&catalogue), 60, None);
        ledger.take(delivery);
        evaluate(&catalogue, &ledger, at(NOW))
    };
    let born = [
        sample(&key, "a", start, 7),
        sample(&key, "a", start + 60, 10),
    ];
    let unknown = scraped(born.to_vec());
    assert_eq!(counts(&unknown, "checkout/availability/all"), (3, 0));
    assert_eq!(
        gap_of(&unknown, "checkout/availability/all"),
        [GapReason::UnknownBirth(7)]
    );
    let mut seen_before = born.to_vec();
    seen_before.push(sample(&key, "b", start - 60, 0));
    let known = scraped(seen_before);
    assert_eq!(counts(&known, "checkout/availability/all"), (10, 0));
    assert_eq!(gap_of(&known, "checkout/availability/all"), []);
}

#[test]
fn missing_is_neither_zero_nor_good() {
    let goals = [
        ("premium", "99%"),
        ("standard", "99%"),
        ("free", "best effort"),
    ];
    let slo_ = slo(
        "checkout",
        rolling(1),
        &[objective("availability", &[(None, &goals)])],
    );
    let catalogue_ = catalogue(std::slice::from_ref(&slo_));
    let (day_ago, now) = (at("2026-03-14T12:00:00Z"), at(NOW));
    let hours = |n: i64| second(day_ago.as_second() + n * 3600);

    // Heard all day, with nothing from standard.
    let mut rows = Rows::of(&catalogue_);
    rows.count(hours(0), "premium", 100, 0).heard(day_ago, now);
    let found = evaluate(&catalogue_, &ledger(&catalogue_, &rows), now);
    let standing = |found: &Evaluation, who: &str| {
        verdict(found, &format!("checkout/availability/{who}")).standing
    };
    assert_eq!(standing(&found, "premium"), Standing::Met);
    assert_eq!(standing(&found, "standard"), Standing::NoTraffic);
    assert_eq!(gap_of(&found, "checkout"), []);

    // Silent for two hours of 24: below 95 %.
    let mut rows = Rows::of(&catalogue_);
    rows.count(hours(0), "premium", 100, 0)
        .heard(day_ago, hours(10))
        .heard(hours(12), now);
    let silent = ledger(&catalogue_, &rows);
    let found = evaluate(&catalogue_, &silent, now);
    assert_eq!(standing(&found, "premium"), Standing::Unknown);
    let Coverage::Share(share) = verdict(&found, "checkout/availability/premium").coverage else {
        panic!("coverage is known");
    };
    assert_eq!(share.to_string(), "91.6666666%");
    let mut strict = slo_.clone();
    strict.missing_data = MissingData::Bad;
    let found = evaluate(&catalogue(&[strict]), &silent, now);
    assert_eq!(standing(&found, "premium"), Standing::Breached);

    // Counted since an hour ago only: not yet, and no silence.
    let mut rows = Rows::of(&catalogue_);
    rows.count(hours(23), "premium", 100, 0)
        .heard(hours(23), now);
    let young = ledger(&catalogue_, &rows);
    let found = evaluate(&catalogue_, &young, now);
    assert_eq!(standing(&found, "premium"), Standing::Unknown);
    assert_eq!(gap_of(&found, "checkout"), [GapReason::NotYet]);
    assert_eq!(
        verdict(&found, "checkout/availability/premium")
            .budget
            .spent,
        0
    );
    let mut strict = slo_;
    strict.missing_data = MissingData::Bad;
    let found = evaluate(&catalogue(&[strict]), &young, now);
    assert_eq!(standing(&found, "premium"), Standing::Unknown);

    // A log: silence and no traffic look the same, and no penalty.
    let mut rows = Rows::of(&catalogue_);
    rows.count(hours(23), "premium", 100, 0);
    let found = evaluate(&catalogue_, &ledger(&catalogue_, &rows), now);
    assert_eq!(standing(&found, "premium"), Standing::Met);
    assert_eq!(standing(&found, "standard"), Standing::NoTraffic);
    assert_eq!(gap_of(&found, "source main"), [GapReason::CoverageUnknown]);

    // Nothing at all.
    let nothing = Ledger::new(&Stream::all(&catalogue_), 60, None);
    let found = evaluate(&catalogue_, &nothing, now);
    assert_eq!(standing(&found, "premium"), Standing::Unknown);
    assert_eq!(gap_of(&found, "checkout"), [GapReason::NoData]);
}

#[test]
fn what_cannot_be_told_apart_is_bad_and_said() {
    let goals: [(_, &[(&str, &str)]); 1] = [(None, &[("all", "99% < 200ms")])];
    let catalogue_ = catalogue(&[slo(
        "checkout",
        rolling(30),
        &[objective("latency", &goals)],
    )]);
    let mut rows = Rows::of(&catalogue_);
    let time = at("2026-03-10T10:00:00Z");
    rows.timed(
        time,
        "free",
        &[("200", 0, 900), ("500", 0, 50), ("200", 1, 10)],
    );
    rows.timed(time, "free", &[("200", Bucket::UNTIMED.0, 5)]);
    let kept = ledger(&catalogue_, &rows);
    let found = evaluate(&catalogue_, &kept, at(NOW));
    let latency = verdict(&found, "checkout/latency/all");
    // Failed requests count by the time they took.
    assert_eq!((latency.attainment.good, latency.attainment.bad), (950, 15));
    assert_eq!(latency.uncertain, 5);
    assert_eq!(
        gap_of(&found, "checkout/latency/all"),
        [GapReason::Untimed(5)]
    );

    // The promise was edited; the tallies know the edge of 200 ms only.
    let goals: [(_, &[(&str, &str)]); 1] = [(None, &[("all", "99% < 150ms")])];
    let edited = catalogue(&[slo(
        "checkout",
        rolling(30),
        &[objective("latency", &goals)],
    )]);
    let found = evaluate(&edited, &kept, at(NOW));
    let latency = verdict(&found, "checkout/latency/all");
    assert_eq!((latency.attainment.good, latency.attainment.bad), (0, 965));
    assert_eq!(latency.uncertain, 955);
    assert_eq!(
        gap_of(&found, "checkout/latency/all"),
        [GapReason::BetweenBuckets(950), GapReason::Untimed(5)]
    );

    // So was what is bad: the tallies keep `status`, and nothing of `reason`.
    let goals: [(_, &[(&str, &str)]); 1] = [(None, &[("all", "99%")])];
    let mut edited = slo(
        "checkout",
        rolling(30),
        &[objective("availability", &goals)],
    );
    let Counting::Metric { outcome, .. } = &mut edited.indicator.counting else {
        panic!("a metric");
    };
    *outcome = Outcome::Bad([("reason".to_owned(), attain_model::selector::Match::Absent)].into());
    let found = evaluate(&catalogue(&[edited]), &kept, at(NOW));
    assert_eq!(counts(&found, "checkout/availability/all"), (0, 965));
    assert_eq!(
        gap_of(&found, "checkout/availability/all"),
        [GapReason::NotKept("label reason".to_owned())]
    );
    // All bad by the budget, and yet nobody knows.
    let unknown = verdict(&found, "checkout/availability/all");
    assert!(!unknown.budget.is_met());
    assert_eq!(unknown.standing, Standing::Unknown);
    assert_eq!(
        (unknown.overspent_since, &unknown.alerts[..]),
        (None, &[][..])
    );
}

#[test]
fn editing_what_is_bad_rereads_history() {
    let goals: [(_, &[(&str, &str)]); 1] = [(None, &[("all", "99%")])];
    let slo_ = slo(
        "checkout",
        rolling(30),
        &[objective("availability", &goals)],
    );
    let catalogue_ = catalogue(std::slice::from_ref(&slo_));
    let mut rows = Rows::of(&catalogue_);
    let time = at("2026-03-10T10:00:00Z");
    rows.timed(
        time,
        "free",
        &[("200", 0, 90), ("500", 0, 4), ("429", 0, 6)],
    );
    let ledger = ledger(&catalogue_, &rows);
    let found = evaluate(&catalogue_, &ledger, at(NOW));
    assert_eq!(counts(&found, "checkout/availability/all"), (96, 4));
    let mut edited = slo_;
    let Counting::Metric { outcome, .. } = &mut edited.indicator.counting else {
        panic!("a metric");
    };
    let good = attain_model::selector::Match::Class('2');
    *outcome = Outcome::Good([("status".to_owned(), good)].into());
    let found = evaluate(&catalogue(&[edited]), &ledger, at(NOW));
    assert_eq!(counts(&found, "checkout/availability/all"), (90, 10));
}

#[test]
fn time_slices_are_good_or_bad_as_a_whole() {
    let goals: [(_, &[(&str, &str)]); 1] = [(None, &[("all", "50%")])];
    let mut slo = slo("checkout", rolling(1), &[objective("availability", &goals)]);
    slo.budgeting = Budgeting::Timeslices {
        slice: Duration::from_secs(300),
        good_at: share("95%"),
    };
    let first = at("2026-03-15T10:00:00Z");
    let judged = |slo: &attain_model::Slo, heard_minutes: i64| {
        let catalogue = catalogue(std::slice::from_ref(slo));
        let mut rows = Rows::of(&catalogue);
        let slices = [(100, 100), (94, 100), (0, 0), (960, 1000), (40, 50)];
        for (i, (good, total)) in (0..).zip(slices) {
            // In two minutes of five.
            let start = first.as_second() + i * 300;
            rows.count(second(start), "free", good / 2, 0);
            rows.count(second(start + 240), "free", good - good / 2, total - good);
        }
        rows.heard(first, second(first.as_second() + heard_minutes * 60));
        let ledger = ledger(&catalogue, &rows);
        let found = evaluate(&catalogue, &ledger, second(first.as_second() + 1800));
        let verdict = verdict(&found, "checkout/availability/all");
        (
            verdict.attainment.good,
            verdict.attainment.bad,
            verdict.standing,
        )
    };
    // Five slices, then five silent minutes; heard for 25 minutes. Standing needs a day of coverage.
    assert_eq!(judged(&slo, 25), (2, 2, Standing::Unknown));
    slo.coverage = share("0%");
    assert_eq!(judged(&slo, 25), (2, 2, Standing::Met));
    slo.no_traffic = NoTraffic::Good;
    assert_eq!(judged(&slo, 25), (3, 2, Standing::Met));
    slo.no_traffic = NoTraffic::Bad;
    assert_eq!(judged(&slo, 25), (2, 3, Standing::Breached));
    slo.missing_data = MissingData::Bad;
    assert_eq!(judged(&slo, 25), (2, 4, Standing::Breached));
    slo.no_traffic = NoTraffic::Exclude;
    assert_eq!(judged(&slo, 25), (2, 3, Standing::Breached));
    slo.budgeting = Budgeting::RatioTimeslices {
        slice: Duration::from_secs(300),
    };
    slo.missing_data = MissingData::Unknown;
    // 100 % + 94 % + 96 % + 80 % of four slices, in billionths.
    let billion = 1_000_000_000;
    assert_eq!(
        judged(&slo, 25),
        (3 * billion + 700_000_000, 300_000_000, Standing::Met)
    );
}

#[test]
fn minutes_above_the_load_are_outside_up_to_a_cap() {
    let loaded = |text: &'static str, over_load| {
        let goals = [
            ("premium", text),
            ("standard", "99%"),
            ("free", "best effort"),
        ];
        let window = Window::Rolling(Duration::from_secs(3600));
        let mut slo = slo(
            "checkout",
            window,
            &[objective("availability", &[(None, &goals)])],
        );
        slo.over_load = over_load;
        slo.coverage = share("0%");
        catalogue(&[slo])
    };
    let now = at(NOW);
    let hour_ago = second(now.as_second() - 3600);
    let found = |catalogue: &attain_model::Catalogue| {
        let mut rows = Rows::of(catalogue);
        // 10 rps of premium and 30 of standard; in the minutes 10 to 14 standard asks for 61 rps and premium fails.
        for minute in 0..60 {
            let is_over = (10..15).contains(&minute);
            let time = second(hour_ago.as_second() + minute * 60);
            let (good, bad) = if is_over { (500, 100) } else { (600, 0) };
            rows.count(time, "premium", good, bad);
            rows.count(time, "standard", if is_over { 61 * 60 } else { 30 * 60 }, 0);
        }
        evaluate(catalogue, &ledger(catalogue, &rows), now)
    };
    let name = "checkout/availability/premium";
    let separate = found(&loaded("99% at 70 rps", OverLoad::Separate));
    // The cap is three minutes of sixty: the fourth and the fifth are judged all the same.
    assert_eq!(counts(&separate, name), (55 * 600 + 1000, 200));
    let over = verdict(&separate, name).over_load.unwrap();
    assert_eq!(
        (over.minutes, over.of_minutes, over.judged_minutes),
        (5, 60, 2)
    );
    assert_eq!((over.attainment.good, over.attainment.bad), (2500, 500));
    assert_eq!(
        verdict(&separate, "checkout/availability/standard").over_load,
        None
    );
    let pooled = verdict(&separate, "checkout/availability/all");
    assert_eq!(pooled.attainment.bad, 200);

    // Exactly the load is not above it.
    let exact = found(&loaded("99% at 71 rps", OverLoad::Separate));
    assert_eq!(counts(&exact, name), (55 * 600 + 2500, 500));
    assert_eq!(verdict(&exact, name).over_load.unwrap().minutes, 0);
    let own = found(&loaded("99% at 9.9 rps own", OverLoad::Separate));
    assert_eq!(verdict(&own, name).over_load.unwrap().minutes, 60);
    let own = found(&loaded("99% at 10 rps own", OverLoad::Separate));
    assert_eq!(verdict(&own, name).over_load.unwrap().minutes, 0);
    let count = found(&loaded("99% at 70 rps", OverLoad::Count));
    assert_eq!(counts(&count, name), (55 * 600 + 2500, 500));
    assert_eq!(verdict(&count, name).over_load.unwrap().judged_minutes, 5);
}

#[test]
fn a_gauge_gives_one_event_per_series_and_slice() {
    let goals: [(_, &[(&str, &str)]); 1] = [(None, &[("all", "99%")])];
    let mut slo = slo("probe", rolling(1), &[objective("availability", &goals)]);
    slo.indicator.counting = Counting::Metric {
        metric: "probe_success".to_owned(),
        kind: MetricKind::Gauge,
        unit: None,
        selector: Selector::default(),
        outcome: Outcome::GoodIf(Condition {
            comparison: Comparison::Equal,
            value: Measure(1_000_000_000),
        }),
    };
    let catalogue = catalogue(&[slo]);
    let stream = &Stream::all(&catalogue)[0];
    let mut ledger = Ledger::new(std::slice::from_ref(stream), 60, None);
    let start = at("2026-03-15T10:00:00Z").as_second();
    let mut delivery = Delivery::new(SourceId::from("main"), "scrape", 0..0);
    for (series, time, up) in [("eu", 0, 1), ("eu", 15, 0), ("us", 0, 1), ("eu", 60, 1)] {
        delivery.readings.push(Reading {
            stream: stream.key.clone(),
            segment: segment("unknown"),
            series: series.to_owned(),
            time: second(start + time),
            value: Measure(up * 1_000_000_000),
            received: None,
        });
    }
    assert_eq!(ledger.take(delivery.clone()).counted, 4);
    assert_eq!(ledger.take(delivery).already, 4);
    let found = evaluate(&catalogue, &ledger, at(NOW));
    assert_eq!(counts(&found, "probe/availability/all"), (2, 1));
    // Two minutes of a day were heard.
    let coverage = verdict(&found, "probe/availability/all").coverage;
    assert_eq!(coverage, Coverage::Share(share("0.1388888%")));
}

#[test]
fn a_burn_down_has_a_point_at_every_step() {
    let objective = objective("availability", &[(None, &[("all", "99%")])]);
    let catalogue = catalogue(&[slo("checkout", rolling(1), &[objective])]);
    let mut rows = Rows::of(&catalogue);
    rows.count(at("2026-03-15T10:00:00Z"), "free", 90, 10)
        .count(at("2026-03-15T11:00:00Z"), "free", 99, 1);
    let name = SeriesName {
        slo: "checkout".into(),
        objective: "availability".into(),
        scope: scope("all"),
    };
    let points = |name: &SeriesName| {
        let promises = Promises::of(catalogue.clone());
        let ledger = ledger(&catalogue, &rows);
        let (from, to) = (at("2026-03-15T10:00:30Z"), at("2026-03-16T10:30:00Z"));
        let found = history(
            &promises,
            &ledger,
            name,
            from,
            to,
            Duration::from_secs(12 * 3600),
        );
        let shown = found.into_iter().map(|point| {
            let budget = point.budget;
            (
                point.at.to_string(),
                budget.spent,
                budget.allowed_billionths / 1_000_000_000,
            )
        });
        shown.collect::<Vec<_>>()
    };
    assert_eq!(
        points(&name),
        [
            ("2026-03-15T10:00:00Z".to_owned(), 0, 0),
            ("2026-03-15T22:00:00Z".to_owned(), 11, 2),
            ("2026-03-16T10:00:00Z".to_owned(), 11, 2),
        ]
    );
    let nobody = SeriesName {
        slo: "other".into(),
        ..name
    };
    assert_eq!(points(&nobody), []);
}

#[test]
fn a_target_at_the_last_billionth_is_exact() {
    let met = |bad: u64, total: u64, ppb: u32| {
        let mut goal = objective("availability", &[(None, &[("all", "50%")])]);
        let attain_model::Targets::All(attain_model::Goal::Promised(promised)) =
            &mut goal.terms[0].targets
        else {
            panic!("a promise");
        };
        promised.target = Target::from_ppb(ppb).unwrap();
        let catalogue = catalogue(&[slo("checkout", rolling(30), &[goal])]);
        let mut rows = Rows::of(&catalogue);
        rows.count(at("2026-03-10T10:00:00Z"), "free", total - bad, bad);
        let found = evaluate(&catalogue, &ledger(&catalogue, &rows), at(NOW));
        verdict(&found, "checkout/availability/all").standing == Standing::Met
    };
    assert!(met(1, 10_000, 999_900_000));
    assert!(!met(2, 10_000, 999_900_000));
    assert!(met(1, 1_000_000_000, 999_999_999));
    assert!(!met(1, 999_999_999, 999_999_999));
    assert!(met(750, 1_000_000, 999_000_000));
    assert!(!met(30, 10_000, 999_000_000));
}

#[test]
fn no_instant_and_no_count_is_too_large() {
    let zone = TimeZone::get("Australia/Lord_Howe").unwrap();
    let periods = [
        CalendarPeriod::Week,
        CalendarPeriod::Month,
        CalendarPeriod::Quarter,
        CalendarPeriod::Year,
    ];
    let mut windows: Vec<Window> = periods.map(|p| Window::Calendar(p, zone.clone())).into();
    windows.push(Window::Rolling(Duration::MAX));
    windows.push(Window::Rolling(Duration::ZERO));
    let goals = [
        ("premium", "99% < 200ms at 500 rps"),
        ("standard", "99%"),
        ("free", "best effort"),
    ];
    let slos = windows.into_iter().enumerate().map(|(i, window)| {
        let mut slo = slo(
            &format!("slo-{i}"),
            window,
            &[objective("a", &[(None, &goals)])],
        );
        // Looking back through years of silence is slow where nothing is optimised: once is enough.
        slo.alerting = slo.alerting.filter(|_| i == 1);
        if i % 2 == 0 {
            slo.missing_data = MissingData::Bad;
            slo.budgeting = Budgeting::Timeslices {
                slice: Duration::MAX,
                good_at: share("99%"),
            };
        }
        slo
    });
    let catalogue = catalogue(&slos.collect::<Vec<_>>());
    let mut rows = Rows::of(&catalogue);
    let first = second(Timestamp::MIN.as_second() + 3600);
    for time in [first, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
        rows.count(time, "premium", u64::MAX / 3, u64::MAX)
            .count(time, "standard", u64::MAX, 0);
    }
    let ledger = ledger(&catalogue, &rows);
    assert!(!ledger.export().is_empty());
    for instant in [
        Timestamp::MIN,
        Timestamp::UNIX_EPOCH,
        at(NOW),
        Timestamp::MAX,
    ] {
        let found = evaluate(&catalogue, &ledger, instant);
        assert_eq!(found.verdicts.len(), 6 * 4);
    }
}
