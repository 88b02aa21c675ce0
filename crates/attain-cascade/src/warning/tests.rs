//! Histories made by hand: what warns, what only seems to.

use super::*;
use attain_model::Scope;

fn history(
    slo: &str,
    step_seconds: i64,
    slots: i64,
    bad: impl IntoIterator<Item = i64>,
) -> History {
    let bad: Vec<i64> = bad.into_iter().collect();
    let slot = |slot: i64| Slot {
        at: Timestamp::from_second(1_790_000_000 / 3600 * 3600 + slot * step_seconds).unwrap(),
        breached: bad.contains(&slot),
    };
    History {
        name: SeriesName {
            slo: slo.into(),
            objective: "availability".into(),
            scope: Scope::All,
        },
        slot: Duration::from_secs(60),
        slots: (0..slots).map(slot).collect(),
    }
}

fn found(customer: &History, insides: &[History]) -> Warnings {
    let paths: Vec<Vec<SloId>> = insides
        .iter()
        .map(|inside| vec![customer.name.slo.clone(), inside.name.slo.clone()])
        .collect();
    let insides: Vec<Inside<'_>> = (insides.iter().zip(&paths))
        .map(|(history, path)| Inside { path, history })
        .collect();
    warnings(customer, &insides, Matching::default())
}

/// Of a day each, at no even distance.
const OUTAGES: [i64; 8] = [300, 1900, 3100, 5000, 6400, 8300, 9050, 11_000];

#[test]
fn what_comes_twenty_minutes_before_is_predictive_and_worth_a_ticket() {
    let customer = history("whole", 60, 12_000, OUTAGES);
    let early = history("early", 60, 12_000, OUTAGES.map(|at| at - 20));
    let pair = &found(&customer, &[early]).pairs[0];
    assert_eq!(pair.verdict, Verdict::Predictive);
    assert_eq!(
        (pair.measured.found.warned, pair.measured.found.followed),
        (8, 8)
    );
    assert_eq!(pair.measured.found.lead().unwrap().value, 20);
    assert!(pair.has_earned_a_ticket());
}

#[test]
fn what_is_broken_half_of_the_time_is_not() {
    let customer = history("whole", 60, 12_000, OUTAGES);
    let noisy = history(
        "noisy",
        60,
        12_000,
        (0..12_000).filter(|at| at / 30 % 2 == 0),
    );
    let found = found(&customer, &[noisy]);
    let pair = &found.pairs[0];
    assert_eq!(
        (pair.measured.found.warned, pair.verdict),
        (8, Verdict::NotAboveChance)
    );
}

/// Many dependencies that have nothing to do with it: together they come before nearly everything, and none of them is
/// called predictive.
#[test]
fn of_many_strangers_none_is_predictive() {
    let mut rng = fastrand::Rng::with_seed(20);
    let mut called = 0;
    for _ in 0..8 {
        let customer = history("whole", 60, 12_000, OUTAGES);
        let strangers: Vec<History> = (0..22)
            .map(|i| {
                let bad: Vec<i64> = (0..60).map(|_| rng.i64(0..12_000)).collect();
                history(&format!("stranger-{i}"), 60, 12_000, bad)
            })
            .collect();
        let found = found(&customer, &strangers);
        let any = found.any.unwrap();
        assert!(any.found.recall() > Some(0.7) && any.chance.unwrap().recall > 0.9);
        called += found
            .pairs
            .iter()
            .filter(|p| p.verdict == Verdict::Predictive)
            .count();
    }
    assert!(called <= 1, "{called} of 176 called predictive");
}

/// A count of an hour is known when the hour is over: the customer's minutes within it have no order.
#[test]
fn coarse_data_warn_of_nothing_within_their_slot() {
    let hours = [5_i64, 31, 52, 83, 106, 138, 150, 183];
    let customer = history("whole", 60, 12_000, hours.map(|hour| hour * 60 + 40));
    let coarse = history("coarse", 3600, 200, hours);
    let pair = &found(&customer, &[coarse]).pairs[0];
    assert_eq!(pair.measured.slot, Duration::from_secs(3600));
    assert_eq!(
        (pair.measured.found.warned, pair.verdict),
        (0, Verdict::NotAboveChance)
    );
}

#[test]
fn two_coincidences_are_no_history() {
    let customer = history("whole", 60, 12_000, [300, 5000]);
    let early = history("early", 60, 12_000, [290, 4990]);
    let pair = &found(&customer, &[early]).pairs[0];
    assert_eq!(pair.verdict, Verdict::TooFew);
    assert!(!pair.has_earned_a_ticket());
}

#[test]
fn a_breach_at_the_end_is_open_and_one_of_yesterday_is_not() {
    let customer = history("whole", 60, 12_000, OUTAGES);
    let open = history(
        "open",
        60,
        12_000,
        OUTAGES.map(|at| at - 20).into_iter().chain([11_980]),
    );
    let found = found(
        &customer,
        &[open.clone(), history("calm", 60, 12_000, [300])],
    );
    let of = |slo: &str| {
        found
            .pairs
            .iter()
            .find(|p| p.inside.slo.as_str() == slo)
            .unwrap()
    };
    assert_eq!(of("open").breached_since, Some(open.slots[11_980].at));
    assert_eq!(of("calm").breached_since, None);
    assert!(!found.is_breached);
}

#[test]
fn without_data_nothing_is_said() {
    let none = history("none", 60, 0, []);
    let customer = history("whole", 60, 12_000, OUTAGES);
    for (a, b) in [(&customer, &none), (&none, &customer), (&none, &none)] {
        let found = found(a, std::slice::from_ref(b));
        assert_eq!(found.pairs[0].verdict, Verdict::TooFew);
    }
}
