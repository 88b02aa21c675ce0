//! A server that is killed at any moment under load: what it acknowledged is there, and nothing twice.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::Place;
use crate::served::{CATALOGUE, Sender, Served, another_ms, events, free_address, samples};
use crate::shop;

const SEED: u64 = 43;
const SENDERS: usize = 3;
const COUNTERS: usize = 100;

/// What the senders share.
#[derive(Default)]
struct Load {
    is_over: AtomicBool,
    /// The test has failed.
    is_given_up: AtomicBool,
    /// The value that the counters of each sender stood at in the last request that was acknowledged.
    acknowledged: [AtomicU64; SENDERS],
}

#[test]
fn a_killed_server_loses_nothing_and_counts_nothing_twice() {
    let (kills, wanted) = if shop::is_soak() {
        (500, 2_000_000)
    } else {
        (25, 100_000)
    };
    let place = Place::new();
    place.write("shop.yaml", CATALOGUE);
    let data = place.0.path().join("data");
    let address = free_address();
    let load = Load::default();
    let mut rng = Rng::with_seed(SEED);
    let samples = std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let load = &load;
            scope.spawn(move || send(load, sender, address));
        }
        // However a life ends, the senders must.
        let over = Over(&load);
        for kill in 0..kills {
            let before = load.samples();
            // Frames become pages every second, so that kills fall into that, too.
            let server = Served::start(&place, address, &["--seal-every", "1"]);
            // Until its share is done, and then to any moment.
            wait(|| load.samples() >= before + wanted / kills);
            sleep(Duration::from_millis(rng.u64(..100)));
            server.kill();
            if kill % 10 == 9 {
                let (acknowledged, kept) = (load.events(), events(&data));
                // What was kept and not answered any more is at most one request of each sender.
                let most = load.events() + (SENDERS * COUNTERS) as u64;
                assert!(
                    (acknowledged..=most).contains(&kept),
                    "{acknowledged} of {kept}"
                );
            }
        }
        let server = Served::start(&place, address, &[]);
        let before = load.samples();
        wait(|| load.samples() >= before + 1000);
        drop(over);
        // Every sender ends with an answer.
        wait(|| !load.is_sending());
        assert_eq!(server.stop().code(), Some(0));
        load.samples()
    });
    assert!(samples >= wanted, "{samples}");
    assert_eq!(events(&data), load.events());
    shop::said(kills, kills, SEED);
}

/// For at most two minutes.
fn wait(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "senders got no answer"
        );
        sleep(Duration::from_millis(1));
    }
}

/// Counts up; says a request again until it is acknowledged, as senders do.
fn send(load: &Load, sender: usize, address: SocketAddr) {
    let mut to = Sender::to(address);
    for value in 0.. {
        let body = samples(sender, COUNTERS, value, another_ms());
        loop {
            match to.write(&body) {
                Some(204) => break,
                _ if load.is_given_up.load(Ordering::SeqCst) => return,
                Some(503) | None => sleep(Duration::from_millis(2)),
                Some(other) => panic!("{other}"),
            }
        }
        load.acknowledged[sender].store(value, Ordering::SeqCst);
        if load.is_over.load(Ordering::SeqCst) {
            load.acknowledged[sender].store(value | DONE, Ordering::SeqCst);
            return;
        }
    }
}

/// Set in what a sender acknowledged once it has ended.
const DONE: u64 = 1 << 63;

impl Load {
    fn values(&self) -> impl Iterator<Item = u64> {
        let values = self.acknowledged.iter();
        values.map(|value| value.load(Ordering::SeqCst))
    }

    /// Events that were acknowledged: counters begin at 0.
    fn events(&self) -> u64 {
        self.values()
            .map(|value| (value & !DONE) * COUNTERS as u64)
            .sum()
    }

    fn samples(&self) -> u64 {
        self.values()
            .map(|value| ((value & !DONE) + 1) * COUNTERS as u64)
            .sum()
    }

    fn is_sending(&self) -> bool {
        self.values().any(|value| value & DONE == 0)
    }
}

struct Over<'l>(&'l Load);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        let given_up = std::thread::panicking();
        self.0.is_given_up.store(given_up, Ordering::SeqCst);
        self.0.is_over.store(true, Ordering::SeqCst);
    }
}
