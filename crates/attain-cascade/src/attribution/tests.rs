//! Losses made by hand, and where they are put.

use super::*;
use crate::fixture::{DAY, all, catalogue, edge, outcome, share, slo};
use attain_model::slo::{Dependency, Fallback, Provider, Retry};

type Slot = (u64, u64);

fn track(slots: &[Slot]) -> Track {
    let at = |minute: usize| Timestamp::from_second(1_790_000_040 + 60 * minute as i64).unwrap();
    let did = |&(bad, total): &Slot| Attainment {
        good: total - bad,
        bad,
    };
    slots
        .iter()
        .enumerate()
        .map(|(minute, slot)| (at(minute), did(slot)))
        .collect()
}

/// Who spent how much of what `whole` lost, with a target of 99 %.
fn spent(slos: &[(&str, Vec<Dependency>)], did: &[(&str, &[Slot])]) -> Vec<(String, u64)> {
    let target = || [("availability", outcome(990_000_000))];
    let slos = slos
        .iter()
        .map(|(id, edges)| slo(id, target(), edges.clone()));
    let catalogue = catalogue(slos);
    let mut tracks: BTreeMap<SloId, Track> = did
        .iter()
        .map(|(id, slots)| ((*id).into(), track(slots)))
        .collect();
    let own = tracks.remove("whole").unwrap();
    let customer = SeriesName {
        slo: "whole".into(),
        objective: "availability".into(),
        scope: all(),
    };
    let window = Interval {
        start: own[0].0,
        end: Timestamp::MAX,
    };
    let bad = own.iter().map(|(_, events)| events.bad).sum();
    let total: u64 = own.iter().map(|(_, events)| events.total()).sum();
    let budget = ErrorBudget {
        allowed_billionths: u128::from(total) * 10_000_000,
        spent: bad,
    };
    let line = attribute(&catalogue, DAY, &customer, window, budget, &own, &tracks);
    assert_eq!(line.shares.iter().map(|s| s.spent).sum::<u64>(), bad);
    let name = |share: Share| match share.account {
        Account::Slo(slo) => (slo.to_string(), share.spent),
        Account::Unexplained => ("?".to_owned(), share.spent),
    };
    line.shares.into_iter().map(name).collect()
}

fn is(slo: &str, spent: u64) -> (String, u64) {
    (slo.to_owned(), spent)
}

#[test]
fn what_a_database_lost_is_handed_down_to_it() {
    let shop = [
        ("whole", vec![edge("pay"), edge("search")]),
        ("pay", vec![edge("db")]),
        ("search", vec![]),
        ("db", vec![]),
    ];
    let did: &[(&str, &[Slot])] = &[
        ("whole", &[(0, 1000), (60, 1000), (30, 1000)]),
        ("pay", &[(0, 1000), (55, 1000), (0, 1000)]),
        ("search", &[(5, 1000), (0, 1000), (10, 1000)]),
        ("db", &[(9, 1000), (50, 1000), (9, 1000)]),
    ];
    // Of 60: 50 by the database, 5 more by pay; of 30: 10 by search. The rest is nobody else's.
    assert_eq!(
        spent(&shop, did),
        [
            is("db", 50),
            is("whole", 25),
            is("search", 10),
            is("pay", 5)
        ]
    );
}

#[test]
fn of_a_shared_part_only_the_own_calls_count() {
    let shop = [("whole", vec![edge("db")]), ("db", vec![])];
    let did: &[(&str, &[Slot])] = &[("whole", &[(40, 1000)]), ("db", &[(200, 10_000)])];
    assert_eq!(spent(&shop, did), [is("db", 20), is("whole", 20)]);
}

#[test]
fn what_nobody_waits_for_and_what_is_saved_is_not_charged() {
    let fallback = |covers| {
        Some(Fallback {
            slo: "spare".into(),
            covers,
        })
    };
    let retry = Retry {
        attempts: 2,
        fails_again: share(50),
    };
    for (edge, felt) in [
        (
            Dependency {
                optional: true,
                ..edge("db")
            },
            0,
        ),
        (
            Dependency {
                asynchronous: true,
                ..edge("db")
            },
            0,
        ),
        (
            Dependency {
                impact: share(25),
                ..edge("db")
            },
            20,
        ),
        (
            Dependency {
                fallback: fallback(share(75)),
                ..edge("db")
            },
            20,
        ),
        // Of three failed calls two are first tries and one is the last: one request in three failed calls.
        (
            Dependency {
                retry: Some(retry),
                ..edge("db")
            },
            27,
        ),
    ] {
        let shop = [("whole", vec![edge]), ("db", vec![]), ("spare", vec![])];
        let did: &[(&str, &[Slot])] = &[("whole", &[(80, 1000)]), ("db", &[(80, 1000)])];
        let found = spent(&shop, did);
        let of = |slo: &str| found.iter().find(|(s, _)| s == slo).map_or(0, |(_, n)| *n);
        assert_eq!((of("db"), of("whole")), (felt, 80 - felt));
    }
}

#[test]
fn one_of_two_that_can_do_alone_is_not_charged() {
    let both = Dependency {
        on: Provider::AnyOf {
            slos: vec!["a".into(), "b".into()],
            need: 1,
        },
        ..edge("a")
    };
    let shop = [("whole", vec![both]), ("a", vec![]), ("b", vec![])];
    let did: &[(&str, &[Slot])] = &[
        ("whole", &[(10, 100), (10, 100)]),
        ("a", &[(100, 100), (10, 100)]),
        ("b", &[(0, 100), (10, 100)]),
    ];
    assert_eq!(spent(&shop, did), [is("whole", 10), is("a", 5), is("b", 5)]);
}

#[test]
fn what_was_not_measured_lets_through_what_its_edges_say() {
    let half = Dependency {
        impact: share(50),
        ..edge("db")
    };
    let shop = [
        ("whole", vec![edge("pay")]),
        ("pay", vec![half]),
        ("db", vec![]),
    ];
    let did: &[(&str, &[Slot])] = &[("whole", &[(40, 100)]), ("db", &[(40, 100)])];
    assert_eq!(spent(&shop, did), [is("db", 20), is("whole", 20)]);
}

/// Random graphs and losses: whole events, and none of them lost or made.
#[test]
fn shares_add_up_to_the_event() {
    let mut rng = fastrand::Rng::with_seed(11);
    for _ in 0..200 {
        let names: Vec<String> = (0..rng.usize(1..8)).map(|i| format!("n{i}")).collect();
        let mut slos: Vec<(&str, Vec<Dependency>)> = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let callees = names[at + 1..].iter().filter(|_| rng.bool());
            slos.push((name, callees.map(|name| edge(name)).collect()));
        }
        slos.push(("whole", vec![edge("n0")]));
        let slots = rng.usize(1..30);
        let mut random = || -> Vec<Slot> {
            (0..slots)
                .map(|_| {
                    let total = rng.u64(1..500);
                    (rng.u64(1..=total), total)
                })
                .collect()
        };
        let whole = random();
        let inside: Vec<Vec<Slot>> = names.iter().map(|_| random()).collect();
        let mut did: Vec<(&str, &[Slot])> = vec![("whole", &whole)];
        did.extend(
            names
                .iter()
                .zip(&inside)
                .map(|(name, slots)| (name.as_str(), &slots[..])),
        );
        // `spent` compares the sum.
        assert!(!spent(&slos, &did).is_empty());
    }
}

#[test]
fn what_no_slot_tells_is_unexplained_and_not_lost() {
    let catalogue = catalogue([slo("whole", [("availability", outcome(990_000_000))], [])]);
    let customer = SeriesName {
        slo: "whole".into(),
        objective: "availability".into(),
        scope: all(),
    };
    let window = Interval {
        start: Timestamp::UNIX_EPOCH,
        end: Timestamp::MAX,
    };
    let budget = ErrorBudget {
        allowed_billionths: 0,
        spent: 12,
    };
    let of = |own: &Track| {
        let line = attribute(
            &catalogue,
            DAY,
            &customer,
            window,
            budget,
            own,
            &BTreeMap::new(),
        );
        line.shares
            .into_iter()
            .map(|s| (s.account, s.spent))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&Vec::new()), [(Account::Unexplained, 12)]);
    let own = of(&track(&[(10, 100)]));
    assert_eq!(
        own,
        [
            (Account::Slo("whole".into()), 10),
            (Account::Unexplained, 2)
        ]
    );
}

/// An incident of ten slots, of which retries and waiting make more on the way up than the database lost.
#[test]
fn what_callers_lose_beyond_a_named_culprit_is_the_culprits() {
    let shop = [
        ("whole", vec![edge("pay")]),
        ("pay", vec![edge("db")]),
        ("db", vec![]),
    ];
    let mut rng = fastrand::Rng::with_seed(2);
    let (mut whole, mut pay, mut db) = (Vec::new(), Vec::new(), Vec::new());
    for slot in 0..200 {
        let is_down = (120..130).contains(&slot);
        let mut lost = |bad: u64| {
            if is_down {
                bad + rng.u64(0..10)
            } else {
                rng.u64(0..2)
            }
        };
        whole.push((lost(150), 1000));
        pay.push((lost(120), 1000));
        db.push((lost(90), 1000));
    }
    let did: &[(&str, &[Slot])] = &[("whole", &whole), ("pay", &pay), ("db", &db)];
    let incident: u64 = whole[120..130].iter().map(|(bad, _)| bad).sum();
    let found = spent(&shop, did);
    let (who, events) = &found[0];
    assert_eq!(who, "db");
    assert!(
        *events as f64 > 0.9 * incident as f64,
        "{found:?} of {incident}"
    );
}
