//! Which conditions fire at an instant, and since when.

use std::time::Duration;

use attain_model::policy::{AlertPolicy, LowTraffic, Spends, Tier, Urgency};
use attain_model::slo::Adoption;
use attain_model::verdict::{AlertCondition, AlertRule, AlertState};
use attain_model::{Catalogue, Multiple, PolicyId};
use jiff::Timestamp;

use crate::build::*;

const START: &str = "2026-03-01T00:00:00Z";

fn hours(n: i64) -> Timestamp {
    second(at(START).as_second() + n * 3600)
}

fn minutes(n: i64) -> Timestamp {
    second(at(START).as_second() + n * 60)
}

fn checkout() -> Catalogue {
    let goals = [
        ("premium", "99.95%"),
        ("standard", "99%"),
        ("free", "best effort"),
    ];
    catalogue(&[slo(
        "checkout",
        rolling(30),
        &[objective("availability", &[(None, &goals)])],
    )])
}

fn alerts(
    catalogue: &Catalogue,
    rows: &Rows,
    who: &str,
    instant: Timestamp,
) -> Vec<AlertCondition> {
    let found = evaluate(catalogue, &ledger(catalogue, rows), instant);
    verdict(&found, &format!("checkout/availability/{who}"))
        .alerts
        .clone()
}

fn states(conditions: &[AlertCondition]) -> Vec<AlertState> {
    conditions.iter().map(|condition| condition.state).collect()
}

/// A day of premium at 6,000 a minute, failing one in twenty from the twelfth hour on.
fn busy(catalogue: &Catalogue) -> Rows {
    let mut rows = Rows::of(catalogue);
    rows.each_minute(hours(0), hours(12), "premium", 6_000, 0)
        .each_minute(hours(12), hours(24), "premium", 5_700, 300);
    rows
}

#[test]
fn a_page_fires_since_the_slice_that_crossed_it() {
    let catalogue = checkout();
    let rows = busy(&catalogue);
    // 5 % errors burn 100x. The first hour-long window above 14.4x holds nine bad minutes: 9 / 60 of 100 is 15.
    let since = minutes(12 * 60 + 8);
    let found = states(&alerts(&catalogue, &rows, "premium", minutes(12 * 60 + 30)));
    assert_eq!(found[0], AlertState::Firing(since));
    let found = states(&alerts(&catalogue, &rows, "premium", minutes(12 * 60 + 9)));
    assert_eq!(found[0], AlertState::Firing(since));
    let found = states(&alerts(&catalogue, &rows, "premium", minutes(12 * 60 + 8)));
    assert_eq!(found[0], AlertState::Quiet);
    // Alert state is a function of event time: a second in a running slice changes nothing.
    let running = second(minutes(12 * 60 + 9).as_second() + 59);
    let found = states(&alerts(&catalogue, &rows, "premium", running));
    assert_eq!(found[0], AlertState::Firing(since));
    assert_eq!(found[4], AlertState::Standby);
}

#[test]
fn best_effort_and_silence_ask_nothing_of_people() {
    let catalogue = checkout();
    let rows = busy(&catalogue);
    assert_eq!(alerts(&catalogue, &rows, "free", hours(13)), []);
    assert_eq!(alerts(&catalogue, &rows, "all", hours(13)), []);
    let mut silent = checkout();
    for slo in silent.slos.values_mut() {
        slo.alerting = None;
    }
    assert_eq!(alerts(&silent, &rows, "premium", hours(13)), []);
}

#[test]
fn a_segments_own_policy_wins_and_adoption_opens_tickets() {
    let mut catalogue = checkout();
    let own = AlertPolicy {
        id: PolicyId::from("gold"),
        page: vec![Tier {
            long: Duration::from_secs(7200),
            short: Duration::from_secs(600),
            spends: Spends::Burn(Multiple::from_millionths(20_000_000)),
        }],
        ticket: Vec::new(),
        ..AlertPolicy::workbook()
    };
    catalogue.alert_policies.insert(own.id.clone(), own);
    let premium = catalogue.segments.get_mut("premium").unwrap();
    premium.alerting = Some(PolicyId::from("gold"));
    let rows = busy(&catalogue);
    let found = alerts(&catalogue, &rows, "premium", hours(13));
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].policy.as_str(), found[0].urgency),
        ("gold", Urgency::Page)
    );
    // 25 bad minutes of 120 burn 20.8x.
    assert_eq!(found[0].state, AlertState::Firing(minutes(12 * 60 + 24)));
    assert_eq!(
        alerts(&catalogue, &rows, "standard", hours(13))[0]
            .policy
            .as_str(),
        "workbook"
    );
    let burn = evaluate(&catalogue, &ledger(&catalogue, &rows), hours(13));
    let burn = &verdict(&burn, "checkout/availability/premium").burn;
    let windows: Vec<_> = burn.iter().map(|b| b.window.as_secs()).collect();
    assert_eq!(windows, [600, 7200]);
    assert_eq!(burn[0].attainment.bad, 3000);
    assert_eq!(burn[0].allowed_billionths, 30_000_000_000);

    for slo in catalogue.slos.values_mut() {
        slo.adoption = Some(Adoption {
            from: jiff::civil::date(2026, 3, 1),
            length: Duration::from_secs(13 * 3600),
        });
    }
    let during = alerts(&catalogue, &rows, "premium", minutes(13 * 60 - 1));
    assert_eq!(during[0].urgency, Urgency::Ticket);
    let after = alerts(&catalogue, &rows, "premium", hours(13));
    assert_eq!(after[0].urgency, Urgency::Page);
}

#[test]
fn few_requests_are_judged_by_the_sequential_test() {
    let mut catalogue = checkout();
    for slo in catalogue.slos.values_mut() {
        slo.low_traffic = Some(LowTraffic::default());
    }
    // Thirty requests an hour; one failure alone is 33x over the hour and no evidence.
    let quiet = |rows: &mut Rows| {
        for minute in (0..48 * 60).step_by(2) {
            let is_out = (30 * 60..31 * 60).contains(&minute);
            let is_odd = minute == 20 * 60;
            let bad = u64::from(is_out || is_odd);
            rows.count(minutes(minute), "premium", 1 - bad, bad);
        }
    };
    let mut rows = Rows::of(&catalogue);
    quiet(&mut rows);
    let at_minute = |minute: i64| states(&alerts(&catalogue, &rows, "premium", minutes(minute)));
    let after_one = at_minute(20 * 60 + 10);
    assert_eq!(after_one[0], AlertState::TooFewEvents);
    assert_eq!(after_one[4], AlertState::Quiet);
    // An hour of failures: the slot that holds the second or third of them.
    let AlertState::Firing(since) = at_minute(30 * 60 + 30)[4] else {
        panic!("an outage of half an hour is seen");
    };
    assert!(
        since >= minutes(30 * 60) && since <= minutes(30 * 60 + 5),
        "{since}"
    );
    // It lasts until an hour has burnt no faster than allowed.
    assert_eq!(at_minute(31 * 60 + 50)[4], AlertState::Firing(since));
    assert_eq!(at_minute(32 * 60 + 5)[4], AlertState::Quiet);
    let conditions = alerts(&catalogue, &rows, "premium", hours(31));
    assert!(matches!(conditions[4].rule, AlertRule::LowTraffic { .. }));
    assert_eq!(conditions[4].urgency, Urgency::Page);
}

/// The slot has five minutes; what happened in it may have begun with its last one.
#[test]
fn a_page_for_few_requests_is_since_the_event_that_crossed_it() {
    let mut catalogue = checkout();
    for slo in catalogue.slos.values_mut() {
        slo.low_traffic = Some(LowTraffic::default());
    }
    for (first, between) in [(3, 1), (4, 5), (0, 2), (2, 2), (1, 7)] {
        let mut rows = Rows::of(&catalogue);
        let start = 30 * 60 + first;
        for minute in (0..start).step_by(10) {
            rows.count(minutes(minute), "premium", 1, 0);
        }
        for failure in 0..12 {
            rows.count(minutes(start + failure * between), "premium", 0, 1);
        }
        let states_at = |minute| states(&alerts(&catalogue, &rows, "premium", minutes(minute)));
        // Two in six hours are enough, and evidence among so few.
        let second = start + between;
        let slot_ends = second.div_euclid(5) * 5 + 5;
        assert_eq!(states_at(slot_ends - 1)[4], AlertState::Quiet);
        let since = AlertState::Firing(minutes(second));
        assert_eq!(states_at(slot_ends)[4], since, "{first} {between}");
        assert_eq!(states_at(slot_ends + 20)[4], since, "{first} {between}");
    }
}

#[test]
fn a_sequential_page_ends_at_medium_traffic_too() {
    // With 3,660 requests an hour, two bad ones in six hours are within the budget of 99.95 %.
    let catalogue = checkout();
    let mut premium = Rows::of(&catalogue);
    for minute in 0..24 * 60 {
        let bad = u64::from((600..605).contains(&minute)) * 60 + u64::from(minute % 300 == 0);
        premium.count(minutes(minute), "premium", 61 - bad.min(61), bad.min(61));
    }
    let page = |minute: i64| states(&alerts(&catalogue, &premium, "premium", minutes(minute)))[4];
    assert!(matches!(page(605), AlertState::Firing(_)));
    assert!(matches!(page(660), AlertState::Firing(_)));
    // There were three hundred bad ones in the last six hours, and none in the last hour.
    assert_eq!(page(670), AlertState::Quiet);
}

#[test]
fn a_tier_looks_at_no_more_than_the_slos_window() {
    let mut catalogue = checkout();
    for slo in catalogue.slos.values_mut() {
        slo.window = rolling(1);
    }
    let mut rows = Rows::of(&catalogue);
    // All that failed lies two days back; the day since then is clean.
    rows.each_minute(hours(0), hours(24), "premium", 0, 6_000)
        .each_minute(hours(24), hours(60), "premium", 6_000, 0);
    let found = alerts(&catalogue, &rows, "premium", hours(60));
    let AlertRule::BurnRate { tier, burn } = found[3].rule else {
        panic!("the three-day tier");
    };
    assert_eq!((tier.long.as_secs(), burn), (3 * 86_400, Multiple::ONE));
    assert_eq!(found[3].state, AlertState::Quiet);
    let found = evaluate(&catalogue, &ledger(&catalogue, &rows), hours(60));
    let burn = &verdict(&found, "checkout/availability/premium").burn;
    assert_eq!(burn.last().map(|burn| burn.window.as_secs()), Some(86_400));
}
