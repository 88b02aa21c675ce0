//! Vectors computed elsewhere, told as histories of counts and read from verdicts.

use std::time::Duration;

use attain_engine::{Grid, Ledger, window};
use attain_model::delivery::{Counted, Delivery};
use attain_model::policy::Urgency;
use attain_model::quantity::CalendarPeriod;
use attain_model::slo::{Budgeting, NoTraffic};
use attain_model::verdict::{AlertRule, AlertState};
use attain_model::{
    Bucket, Catalogue, Multiple, SourceId, Standing, Stream, Tally, Target, Verdict, Window,
};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::build::*;

const START: &str = "2025-03-01T00:00:00Z";

fn vectors() -> Vec<Value> {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/testdata/vectors.json"
    ));
    serde_json::from_str(&text.unwrap()).unwrap()
}

fn vector(id: &str) -> (Value, Value) {
    let found = vectors().into_iter().find(|vector| vector["id"] == id);
    let mut found = found.unwrap_or_else(|| panic!("no vector {id}"));
    (found["input"].take(), found["expect"].take())
}

#[test]
fn every_vector_is_asked_for() {
    let source = include_str!("vectors.rs");
    for vector in vectors() {
        let id = vector["id"].as_str().unwrap();
        let stem = id.rsplit_once(".T0.").map_or(id, |(stem, _)| stem);
        assert!(source.contains(stem), "{id} has no test");
    }
}

/// `0.999` is 99.9 %.
fn ppb(text: &Value) -> u32 {
    let digits = text.as_str().unwrap().strip_prefix("0.").unwrap();
    format!("{digits:0<9}").parse().unwrap()
}

fn one_target(target_ppb: u32, window: Window) -> Catalogue {
    let mut objective = objective("availability", &[(None, &[("all", "50%")])]);
    let attain_model::Targets::All(attain_model::Goal::Promised(promised)) =
        &mut objective.terms[0].targets
    else {
        panic!("a promise");
    };
    promised.target = Target::from_ppb(target_ppb).unwrap();
    catalogue(&[slo("checkout", window, &[objective])])
}

/// The verdict over parts of (total, bad), a minute each.
fn over(target_ppb: u32, parts: &[(u64, u64)]) -> Verdict {
    let catalogue = one_target(target_ppb, rolling(30));
    let mut rows = Rows::of(&catalogue);
    for (i, (total, bad)) in (0..).zip(parts) {
        let time = second(at(START).as_second() + i * 60);
        rows.count(time, "free", total - bad, *bad);
    }
    let instant = second(at(START).as_second() + 86_400);
    let found = evaluate(&catalogue, &ledger(&catalogue, &rows), instant);
    found.verdicts[0].clone()
}

fn ratio(numerator: impl Into<u128>, denominator: impl Into<u128>) -> f64 {
    numerator.into() as f64 / denominator.into() as f64
}

fn close(found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs().max(1e-9),
        "{found} {expected}"
    );
}

fn consumed(verdict: &Verdict) -> f64 {
    let budget = verdict.budget;
    ratio(
        u128::from(budget.spent) * 1_000_000_000,
        budget.allowed_billionths,
    )
}

#[test]
fn occurrences() {
    for id in [
        "budget.occurrences.basic",
        "budget.occurrences.overspent",
        "budget.decimal_target_edge",
    ] {
        let (input, expect) = vector(id);
        let (good, total) = (
            input["good"].as_u64().unwrap(),
            input["total"].as_u64().unwrap(),
        );
        let found = over(ppb(&input["target"]), &[(total, total - good)]);
        assert_eq!(found.attainment.bad, expect["bad"].as_u64().unwrap());
        close(
            ratio(found.attainment.good, found.attainment.total()),
            &expect["sli"],
        );
        close(
            ratio(found.budget.allowed_billionths, 1_000_000_000_u128),
            &expect["allowed_bad"],
        );
        close(consumed(&found), &expect["consumed"]);
        assert_eq!(
            found.standing == Standing::Met,
            expect["met"].as_bool().unwrap(),
            "{id}"
        );
    }
}

#[test]
fn a_window_is_the_sum_of_its_counts() {
    for id in [
        "budget.exact_vs_mean_of_ratios",
        "budget.mean_of_ratios_hides_breach",
    ] {
        let (input, expect) = vector(id);
        let count = |part: &Value, key: &str| part[key].as_u64().unwrap();
        let parts = input["parts"].as_array().unwrap().iter();
        let parts: Vec<_> = parts
            .map(|p| (count(p, "total"), count(p, "bad")))
            .collect();
        let found = over(ppb(&input["target"]), &parts);
        close(
            ratio(found.attainment.good, found.attainment.total()),
            &expect["exact_sli"],
        );
        assert_eq!(
            found.standing == Standing::Met,
            expect["exact_met"].as_bool().unwrap()
        );
    }
}

#[test]
fn time_slices() {
    let (input, expect) = vector("budget.timeslices.small");
    let slices = input["slices"].as_array().unwrap();
    let sli = |no_traffic| {
        let mut slo = slo(
            "checkout",
            rolling(1),
            &[objective("a", &[(None, &[("all", "90%")])])],
        );
        slo.budgeting = Budgeting::Timeslices {
            slice: Duration::from_secs(60),
            good_at: share("95%"),
        };
        slo.no_traffic = no_traffic;
        let catalogue = catalogue(&[slo]);
        let mut rows = Rows::of(&catalogue);
        for (i, slice) in (0..).zip(slices) {
            let (good, total) = (slice[0].as_u64().unwrap(), slice[1].as_u64().unwrap());
            let time = second(at(START).as_second() + i * 60);
            rows.count(time, "free", good, total - good);
        }
        let instant = second(at(START).as_second() + 300);
        let found = evaluate(&catalogue, &ledger(&catalogue, &rows), instant);
        let attainment = found.verdicts[0].attainment;
        ratio(attainment.good, attainment.total())
    };
    close(sli(NoTraffic::Exclude), &expect["sli_nodata_excluded"]);
    close(sli(NoTraffic::Good), &expect["sli_nodata_good"]);
    close(sli(NoTraffic::Bad), &expect["sli_nodata_bad"]);
}

#[test]
fn a_month_of_time_slices() {
    let (input, expect) = vector("budget.timeslices.month");
    let goals: [(_, &[(&str, &str)]); 1] = [(None, &[("all", "99.9%")])];
    let mut slo = slo("checkout", rolling(30), &[objective("a", &goals)]);
    slo.budgeting = Budgeting::Timeslices {
        slice: Duration::from_secs(60),
        good_at: share("95%"),
    };
    slo.alerting = None;
    let catalogue = catalogue(&[slo]);
    let mut rows = Rows::of(&catalogue);
    let (start, bad) = (at(START).as_second(), input["bad_slices"].as_i64().unwrap());
    rows.each_minute(second(start), second(start + bad * 60), "free", 1, 1);
    rows.each_minute(
        second(start + bad * 60),
        second(start + 30 * 86_400),
        "free",
        1,
        0,
    );
    let instant = second(start + 30 * 86_400);
    let found = &evaluate(&catalogue, &ledger(&catalogue, &rows), instant).verdicts[0];
    assert_eq!(
        found.attainment.total(),
        input["period_slices"].as_u64().unwrap()
    );
    close(
        ratio(found.attainment.good, found.attainment.total()),
        &expect["sli"],
    );
    close(consumed(found), &expect["consumed"]);
}

#[test]
fn minutes_come_from_the_calendar() {
    let (_, expect) = vector("budget.minutes_allowed");
    let month = |zone: &str, instant: &str| {
        let zone = TimeZone::get(zone).unwrap();
        let window = Window::Calendar(CalendarPeriod::Month, zone);
        let found = window::resolve(&window, at(instant), Grid::new(60));
        (found.closes.as_second() - found.interval.start.as_second()) as f64 / 60_000.0
    };
    close(month("UTC", "2025-01-15T00:00:00Z"), &expect["jan_utc"]);
    close(
        month("UTC", "2025-02-15T00:00:00Z"),
        &expect["feb_2025_utc"],
    );
    close(
        month("Europe/Paris", "2025-03-15T00:00:00Z"),
        &expect["mar_2025_europe_paris"],
    );
}

#[test]
fn calendar_windows_forgive_at_the_boundary() {
    let (input, expect) = vector("budget.calendar_vs_rolling");
    let (from, to) = (
        at(input["outage"][0].as_str().unwrap()),
        at(input["outage"][1].as_str().unwrap()),
    );
    let month = Window::Calendar(CalendarPeriod::Month, TimeZone::UTC);
    let of = |window: Window, instant: &str| {
        let mut catalogue = one_target(ppb(&input["target"]), window);
        for slo in catalogue.slos.values_mut() {
            slo.alerting = None;
        }
        let mut rows = Rows::of(&catalogue);
        rows.each_minute(at("2024-12-30T00:00:00Z"), from, "free", 1, 0)
            .each_minute(from, to, "free", 0, 1)
            .each_minute(to, at("2025-03-01T00:00:00Z"), "free", 1, 0);
        consumed(&evaluate(&catalogue, &ledger(&catalogue, &rows), at(instant)).verdicts[0])
    };
    // January as it stood when it closed, less its last minute, whose slice closes with the month.
    let january = of(month.clone(), "2025-01-31T23:59:59Z");
    let left_out = (29.0 / 44.639) / (30.0 / 44.64);
    let whole = expect["jan_consumed"].as_f64().unwrap();
    assert!((january / whole - left_out).abs() < 1e-9, "{january}");
    let february = of(month, "2025-02-28T23:59:59Z");
    let whole = expect["feb_consumed"].as_f64().unwrap();
    assert!(
        (february / whole - 40.32 / 40.319).abs() < 1e-9,
        "{february}"
    );
    close(
        of(rolling(28), "2025-02-01T00:10:00Z"),
        &expect["rolling_28d_consumed_at_2025_02_01T00_10"],
    );
}

#[test]
fn spending_is_not_burn_times_time() {
    let (input, expect) = vector("budget.spend_is_not_burn_times_time");
    let count = |key: &str| input[key].as_u64().unwrap();
    let catalogue = one_target(ppb(&input["target"]), rolling(30));
    let mut rows = Rows::of(&catalogue);
    let (hour, bad) = (count("hour_total"), count("hour_bad"));
    rows.count(at(START), "free", count("window_total") - hour, 0);
    rows.count(at("2025-03-02T23:30:00Z"), "free", hour - bad, bad);
    let found = evaluate(
        &catalogue,
        &ledger(&catalogue, &rows),
        at("2025-03-03T00:00:00Z"),
    );
    let found = &found.verdicts[0];
    close(consumed(found), &expect["budget_spent_exact"]);
    let hour = found
        .burn
        .iter()
        .find(|burn| burn.window == Duration::from_secs(3600));
    let hour = hour.unwrap();
    let burn = ratio(
        u128::from(hour.attainment.bad) * 1_000_000_000,
        hour.allowed_billionths,
    );
    close(burn, &expect["burn_1h"]);
}

#[test]
fn time_to_exhaustion() {
    for id in [
        "budget.time_to_exhaustion.14.4_1.0",
        "budget.time_to_exhaustion.6.0_0.4",
        "budget.time_to_exhaustion.1.0_1.0",
    ] {
        let (input, expect) = vector(id);
        let (burn, remaining) = (
            input["burn"].as_f64().unwrap(),
            input["remaining"].as_f64().unwrap(),
        );
        // A million requests at 99 %; the last hour has so few of them that it spends next to nothing.
        let total = 1_000_000_000_000_u64;
        let hourly = 100_000;
        let bad_hourly = (burn * hourly as f64 / 100.0).round() as u64;
        let spent = ((1.0 - remaining) * total as f64 / 100.0) as u64;
        let catalogue = one_target(990_000_000, rolling(30));
        let mut rows = Rows::of(&catalogue);
        rows.count(at(START), "free", total - spent, spent);
        let last = at("2025-03-04T23:30:00Z");
        rows.count(last, "free", hourly - bad_hourly, bad_hourly);
        let found = evaluate(
            &catalogue,
            &ledger(&catalogue, &rows),
            at("2025-03-05T00:00:00Z"),
        );
        let left = found.verdicts[0].exhausted_in.unwrap();
        let hours = expect["hours"].as_f64().unwrap();
        assert!(
            (left.as_secs_f64() / 3600.0 - hours).abs() < 0.001,
            "{id}: {left:?}"
        );
    }
}

#[test]
fn thresholds_scale_with_the_window() {
    let (_, expect) = vector("alert.burn_thresholds_by_window");
    for (days, name) in [(7, "7d"), (28, "28d"), (30, "30d"), (90, "90d")] {
        let catalogue = one_target(999_000_000, rolling(days));
        let rows = Rows::of(&catalogue);
        let found = evaluate(&catalogue, &ledger(&catalogue, &rows), at(START));
        let tiers = ["2%_1h", "5%_6h", "10%_24h", "10%_3d"];
        for (condition, tier) in found.verdicts[0].alerts.iter().zip(tiers) {
            let AlertRule::BurnRate { burn, .. } = condition.rule else {
                panic!("a burn rate");
            };
            let stated = expect[name][tier].as_f64().unwrap();
            let millionths = (stated.max(1.0) * 1e6).floor() as u64;
            assert_eq!(burn, Multiple::from_millionths(millionths), "{name} {tier}");
        }
    }
}

#[test]
fn what_cannot_fire_says_so() {
    let (_, expect) = vector("alert.burn_cap");
    for (target, stated) in expect.as_object().unwrap() {
        let target_ppb = ppb(&Value::from(target.as_str()));
        let states: Vec<_> = {
            let catalogue = one_target(target_ppb, rolling(30));
            let mut rows = Rows::of(&catalogue);
            // Plenty, so that only reach matters.
            let plenty = 10_000_000_000;
            rows.count(at("2025-02-28T23:59:00Z"), "free", plenty, 0);
            let found = evaluate(&catalogue, &ledger(&catalogue, &rows), at(START));
            found.verdicts[0]
                .alerts
                .iter()
                .map(|alert| alert.state)
                .collect()
        };
        for (state, key) in states
            .iter()
            .zip(["fires_14.4", "fires_6", "fires_3", "fires_1"])
        {
            let can_fire = *state != AlertState::Unreachable;
            assert_eq!(can_fire, stated[key].as_bool().unwrap(), "{target} {key}");
        }
    }
}

/// Constant traffic in slices of a second, with an outage of two hours that begins after one.
struct Outage {
    catalogue: Catalogue,
    ledger: Ledger,
    start: i64,
}

impl Outage {
    const LENGTH: i64 = 7200;

    fn new(target_ppb: u32, bad_of_ten_thousand: u64) -> Self {
        let mut catalogue = one_target(target_ppb, rolling(30));
        let workbook = catalogue.alert_policies.values_mut().next().unwrap();
        workbook.page.truncate(1);
        workbook.ticket.clear();
        let stream = &Stream::all(&catalogue)[0];
        let mut ledger = Ledger::new(std::slice::from_ref(stream), 1, None);
        let begin = at(START).as_second();
        let start = begin + 3600;
        let mut delivery = Delivery::new(SourceId::from("main"), "rows", 0..1);
        for time in begin..start + Self::LENGTH + 600 {
            let is_out = (start..start + Self::LENGTH).contains(&time);
            let bad = if is_out { bad_of_ten_thousand } else { 0 };
            let mut tally = Tally::default();
            tally.add(status("200"), Bucket::UNTIMED, 10_000 - bad);
            tally.add(status("500"), Bucket::UNTIMED, bad);
            delivery.counted.push(Counted {
                stream: stream.key.clone(),
                segment: segment("free"),
                slice: second(time),
                tally,
                received: None,
            });
        }
        ledger.take(delivery);
        Self {
            catalogue,
            ledger,
            start,
        }
    }

    /// The page so many seconds after the outage began.
    fn page(&self, after: i64) -> AlertState {
        let found = evaluate(&self.catalogue, &self.ledger, second(self.start + after));
        let page = &found.verdicts[0].alerts[0];
        assert_eq!(page.urgency, Urgency::Page);
        page.state
    }
}

#[test]
fn detection_and_reset() {
    for id in [
        "alert.mwmb_1h_5m_14.4.T0.999.e1",
        "alert.mwmb_1h_5m_14.4.T0.999.e0.15",
        "alert.mwmb_1h_5m_14.4.T0.999.e0.0144",
        "alert.mwmb_1h_5m_14.4.T0.99.e1",
        "alert.mwmb_1h_5m_14.4.T0.9.e1",
        "alert.mwmb_1h_5m_14.4.T0.99.e0.15",
    ] {
        let (input, expect) = vector(id);
        let error: f64 = input["error_ratio"].as_str().unwrap().parse().unwrap();
        let outage = Outage::new(ppb(&input["target"]), (error * 10_000.0).round() as u64);
        if !expect["fires"].as_bool().unwrap() {
            let state = outage.page(Outage::LENGTH);
            assert!(
                matches!(state, AlertState::Quiet | AlertState::Unreachable),
                "{id}"
            );
            continue;
        }
        // Strictly above: the first whole second after the moment of equality.
        let detected = expect["detect_s"].as_f64().unwrap().floor() as i64 + 1;
        assert_eq!(outage.page(detected - 1), AlertState::Quiet, "{id}");
        let since = second(outage.start + detected - 1);
        assert_eq!(outage.page(detected), AlertState::Firing(since), "{id}");
        let reset = expect["reset_after_end_s"].as_f64().unwrap().ceil() as i64;
        let last = Outage::LENGTH + reset - 1;
        assert_eq!(outage.page(last), AlertState::Firing(since), "{id}");
        assert_eq!(outage.page(last + 1), AlertState::Quiet, "{id}");
    }
}

#[test]
fn masking() {
    let (input, expect) = vector("masking.premium_hidden");
    let segments = input["segments"].as_object().unwrap();
    let percent = |text: &Value| format!("{}%", f64::from(ppb(text)) / 1e7);
    let mut goals: Vec<(&str, String)> = segments
        .iter()
        .map(|(name, segment)| (name.as_str(), percent(&segment["target"])))
        .collect();
    goals.push(("all", percent(&input["aggregate_target"])));
    let goals: Vec<(&str, &str)> = goals.iter().map(|(n, g)| (*n, g.as_str())).collect();
    let catalogue = catalogue(&[slo(
        "checkout",
        rolling(30),
        &[objective("a", &[(None, &goals)])],
    )]);
    let mut rows = Rows::of(&catalogue);
    for (name, segment) in segments {
        let count = |key: &str| segment[key].as_u64().unwrap();
        rows.count(at(START), name, count("total") - count("bad"), count("bad"));
    }
    let found = evaluate(
        &catalogue,
        &ledger(&catalogue, &rows),
        at("2025-03-02T00:00:00Z"),
    );
    for (name, burn) in expect["burn"].as_object().unwrap() {
        close(
            consumed(verdict(&found, &format!("checkout/a/{name}"))),
            burn,
        );
    }
    let all = verdict(&found, "checkout/a/all");
    assert_eq!(
        all.standing == Standing::Met,
        expect["aggregate_met"].as_bool().unwrap()
    );
    close(consumed(all), &expect["aggregate_burn"]);
    let masked: Vec<_> = found
        .masked
        .iter()
        .map(|m| m.name.scope.to_string())
        .collect();
    assert_eq!(Value::from(masked), expect["masked"]);
    let masked = &found.masked[0];
    let index = ratio(
        masked.segment_burn_millionths,
        masked.aggregate_burn_millionths,
    );
    close(index, &expect["masking_index"]);
}
