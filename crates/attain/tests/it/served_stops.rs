//! A server and the commands beside it: they say the same, and it stops as it should.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use jiff::Timestamp;

use crate::served::{CATALOGUE, Sender, Served, another_ms, events, free_address, get, samples};
use crate::{Place, shop};

#[test]
fn a_server_says_what_the_command_says() {
    let place = Place::new();
    place.write("shop.yaml", CATALOGUE);
    let address = free_address();
    let url = format!("http://{address}");
    let server = Served::start(&place, address, &[]);
    let mut sender = Sender::to(address);
    let begun = Timestamp::now().as_millisecond() - 60_000;
    for (value, at) in [(0, begun), (50, begun + 10_000)] {
        assert_eq!(sender.write(&samples(0, 2, value, at)), Some(204));
    }
    let since = Instant::now();
    let said = loop {
        let said = place.run(&["status", "--server", &url, "--format", "json"]);
        if said.out.contains("\"good\": 100,") {
            break said;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{}", said.out);
    };
    // Two slices of thirty days: too little was observed to say.
    said.exits(3);
    place
        .run(&["status", "--server", &url])
        .exits(3)
        .says("checkout");
    let verdicts = |text: &str| {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let at = json["as_of"].as_str().unwrap().to_owned();
        (at, json["verdicts"].clone())
    };
    let (at, of_server) = verdicts(&said.out);
    // The same folder, read beside the server.
    let read = place.run(&[
        "status",
        "shop.yaml",
        "--data",
        "data",
        "--at",
        &at,
        "--format",
        "json",
    ]);
    read.exits(3);
    assert_eq!(verdicts(&read.out).1, of_server);
    assert_eq!(server.stop().code(), Some(0));
    let read = place.run(&[
        "status",
        "shop.yaml",
        "--data",
        "data",
        "--at",
        &at,
        "--format",
        "json",
    ]);
    assert_eq!(verdicts(&read.out).1, of_server);
}

/// A stop at any moment: whoever got an answer is counted, and the process ends by itself and well.
#[test]
fn a_server_that_is_stopped_under_load_answers_what_it_has_taken() {
    let (seed, stops) = (53, if shop::is_soak() { 200 } else { 10 });
    let place = Place::new();
    place.write("shop.yaml", CATALOGUE);
    let address = free_address();
    let mut rng = Rng::with_seed(seed);
    let acknowledged = AtomicU64::new(0);
    for _ in 0..stops {
        let server = Served::start(&place, address, &[]);
        std::thread::scope(|scope| {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                let mut sender = Sender::to(address);
                loop {
                    let value = acknowledged.load(Ordering::SeqCst);
                    let body = samples(0, 20, value, another_ms());
                    match sender.write(&body) {
                        Some(204) => acknowledged.store(value + 1, Ordering::SeqCst),
                        Some(503) | None => return,
                        Some(other) => panic!("{other}"),
                    }
                }
            });
            let before = acknowledged.load(Ordering::SeqCst);
            let since = Instant::now();
            while acknowledged.load(Ordering::SeqCst) < before + rng.u64(1..40) {
                assert!(since.elapsed() < Duration::from_secs(60));
                std::thread::yield_now();
            }
            assert_eq!(server.stop().code(), Some(0));
        });
        let last = acknowledged.load(Ordering::SeqCst) - 1;
        // The next request is written again in the next life: it may be kept already.
        let kept = events(&place.0.path().join("data"));
        assert!(
            (last * 20..=(last + 1) * 20).contains(&kept),
            "{last} {kept}"
        );
    }
    shop::said(stops, stops, seed);
}

/// As a machine that sleeps, or one that has no time for it: every slice is judged, in order, when it can be.
#[test]
fn a_server_that_stood_still_leaves_out_no_slice() {
    let seconds = if shop::is_soak() { 60 } else { 12 };
    let place = Place::new();
    place.write("shop.yaml", CATALOGUE);
    let address = free_address();
    let server = Served::start(&place, address, &[]);
    let page = || get(address, "/api/v1/server").unwrap().1;
    let number = |name: &str| -> u64 {
        let page = page();
        let line = page.lines().find(|line| line.contains(name)).unwrap();
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    let mut sender = Sender::to(address);
    let begun = Instant::now();
    let before = number("slices_judged");
    let mut write = |value| {
        let body = samples(0, 20, value, another_ms());
        // A connection that was silent for long is closed; a sender says it again on another.
        let answer = sender.write(&body).or_else(|| sender.write(&body));
        assert_eq!(answer, Some(204));
    };
    write(0);
    server.signal("-STOP");
    std::thread::sleep(Duration::from_secs(seconds));
    server.signal("-CONT");
    write(7);
    let passed = begun.elapsed().as_secs() / 10;
    while number("slices_judged") < before + passed {
        assert!(begun.elapsed() < Duration::from_secs(seconds + 60));
    }
    assert_eq!(number("lag_seconds"), 0);
    assert_eq!(server.stop().code(), Some(0));
    assert_eq!(events(&place.0.path().join("data")), 20 * 7);
    shop::said(1, 1, 0);
}
