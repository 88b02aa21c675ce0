//! Two incidents in one window, and calls that carry only a part of what is lost.

use attain_cascade::diagnose::{Baseline, CallGraph, Gate, Question, Track, Unit, incidents};

const WEB: usize = 0;
const CART: usize = 1;
const SEARCH: usize = 2;
const DB: usize = 3;

/// web calls cart and search, cart calls db.
fn graph(to_cart: f64) -> CallGraph {
    let mut graph = CallGraph::new(4);
    graph.add_weighted(WEB, CART, to_cart);
    graph.add(WEB, SEARCH);
    graph.add(CART, DB);
    graph
}

/// 1,000 requests a slot, one of which is bad where nothing happens, and so many more where something does.
fn track(more: &[f64]) -> Track {
    let value = more.iter().map(|more| (1.0 + more) / 1000.0);
    Track {
        requests: vec![1000.0; more.len()],
        value: value.collect(),
    }
}

fn named(graph: &CallGraph, window: &[Track]) -> Vec<usize> {
    let usual = Baseline::fit(Unit::Events, &track(&[0.0; 100]));
    let found = incidents(&Question {
        unit: Unit::Events,
        graph,
        target: WEB,
        baselines: &[usual; 4],
        window,
    });
    let named = found.iter().filter_map(|diagnosis| diagnosis.named());
    named.map(|suspect| suspect.node).collect()
}

#[test]
fn two_incidents_in_one_window_are_told_apart() {
    let db = [0.0, 0.0, 60.0, 60.0, 60.0, 60.0];
    let search = [0.0, 0.0, 0.0, 40.0, 40.0, 40.0];
    let both: Vec<f64> = db.iter().zip(&search).map(|(a, b)| a + b).collect();
    let window = [track(&both), track(&db), track(&search), track(&db)];
    assert_eq!(named(&graph(1.0), &window), [DB, SEARCH]);
    // One incident is one, though the caller loses a half more than what it waits for.
    let retried = db.map(|lost| lost * 1.5);
    let window = [track(&retried), track(&db), track(&[0.0; 6]), track(&db)];
    assert_eq!(named(&graph(1.0), &window), [DB]);
}

#[test]
fn what_does_not_reach_the_customer_is_not_blamed() {
    let lost = [0.0, 0.0, 50.0, 50.0, 50.0, 50.0];
    let window = [track(&lost), track(&lost), track(&[0.0; 6]), track(&lost)];
    assert_eq!(named(&graph(1.0), &window), [DB]);
    // Nobody waits for the cart, so what the customer lost is the page's own.
    assert_eq!(named(&graph(0.0), &window), [WEB]);
}

#[test]
fn a_normal_window_is_not_looked_into() {
    let history: Vec<f64> = (0..300).map(|at| f64::from(at * 7 % 5)).collect();
    let usual = Baseline::fit(Unit::Events, &track(&history));
    let gate = Gate::of(&usual, &track(&history), 5);
    assert!(!gate.is_open(&track(&history[17..22])));
    assert!(gate.is_open(&track(&[9.0; 5])));
    // A short history says nothing.
    let short = Gate::of(&usual, &track(&history[..50]), 5);
    assert!(!short.is_open(&track(&[9.0; 5])));
}

/// Two nodes of which each could have lost all of it: whoever names one of them guesses.
#[test]
fn of_two_with_the_same_claim_none_is_named() {
    let lost = [0.0, 0.0, 50.0, 50.0, 50.0, 50.0];
    let window = [track(&lost), track(&lost), track(&lost), track(&[0.0; 6])];
    assert!(named(&graph(1.0), &window).is_empty());
}

/// The page lost much and nothing stands out below it, but the search is so noisy that it may have been the search.
#[test]
fn a_caller_is_not_named_while_the_noise_of_its_callee_could_hide_the_culprit() {
    let noise: Vec<f64> = (0..100).map(|at| f64::from(at * 37 % 100) * 3.0).collect();
    let usual = Baseline::fit(Unit::Events, &track(&[0.0; 100]));
    let noisy = Baseline::fit(Unit::Events, &track(&noise));
    let lost = [0.0, 0.0, 50.0, 50.0, 50.0, 50.0];
    let window = [
        track(&lost),
        track(&[0.0; 6]),
        track(&[150.0; 6]),
        track(&[0.0; 6]),
    ];
    let graph = graph(1.0);
    let is_named = |search: Baseline| {
        let found = incidents(&Question {
            unit: Unit::Events,
            graph: &graph,
            target: WEB,
            baselines: &[usual, usual, search, usual],
            window: &window,
        });
        let first = &found[0].suspects[0];
        assert_eq!(first.node, WEB);
        assert!(first.score > 0.9);
        found[0].named().is_some()
    };
    assert!(!is_named(noisy));
    let spread = 1.0;
    assert!(is_named(Baseline { spread, ..noisy }));
}
