//! More series than anybody means: memory is bounded, what was known goes on, and the server answers meanwhile.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::Place;
use crate::served::{CATALOGUE, Sender, Served, another_ms, events, free_address, get, samples};
use crate::shop;

const TOGETHER: usize = 4000;
/// What a process may have of its own: the data of all its threads.
const MEMORY_BYTES: u64 = 256 << 20;

#[test]
fn a_flood_of_series_is_survived_in_bounded_memory() {
    let requests = if shop::is_soak() { 1250 } else { 50 };
    let place = Place::new();
    place.write("shop.yaml", CATALOGUE);
    let address = free_address();
    let server = Served::start(&place, address, &["--seal-every", "5"]);
    let (id, limit) = (server.id().to_string(), format!("--data={MEMORY_BYTES}"));
    let limited = Command::new("prlimit")
        .args(["--pid", &id, &limit])
        .status();
    assert!(limited.unwrap().success());
    let mut sender = Sender::to(address);
    let known = |value| samples(0, 100, value, another_ms());
    assert_eq!(sender.write(&known(0)), Some(204));
    assert_eq!(sender.write(&known(1)), Some(204));
    let begun = Judged::first(address);
    let is_over = AtomicBool::new(false);
    let (mut waits, most_lag) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let (mut waits, mut most_lag) = (Vec::new(), 0);
            while !is_over.load(Ordering::SeqCst) {
                let asked = Instant::now();
                let (status, _) = get(address, "/api/v1/status").unwrap();
                waits.push(asked.elapsed());
                assert_eq!(status, 200);
                most_lag = most_lag.max(Judged::now(address).unwrap().lag_seconds);
                let (_, page) = get(address, "/metrics").unwrap();
                assert!(page.contains("attain_lag_seconds"), "{page}");
                // As somebody looks who wants to know, not as one who wants to flood as well.
                std::thread::sleep(Duration::from_millis(20));
            }
            (waits, most_lag)
        });
        let mut refused = 0;
        // 40 bytes that say they are 2.7 GB, and 12 MB that are 256 MB: neither is unpacked.
        let mut small = vec![0x80, 0x80, 0x80, 0x80, 0x0a];
        small.resize(40, 0);
        let large = attain_wire::snappy::pack(&vec![7; 256 << 20]);
        for request in 1..=requests {
            if request % 25 == 0 {
                assert_eq!(sender.write(&small), Some(400));
                assert_eq!(sender.write(&large), Some(400));
            }
            let body = samples(request, TOGETHER, 0, another_ms());
            match sender.write(&body) {
                Some(204) => {}
                Some(400) => refused += 1,
                other => {
                    is_over.store(true, Ordering::SeqCst);
                    panic!("{other:?} to request {request}");
                }
            }
        }
        is_over.store(true, Ordering::SeqCst);
        // The most of it finds no room.
        assert!(refused > requests / 2, "{refused} of {requests}");
        asking.join().unwrap()
    });
    assert!(!waits.is_empty());
    waits.sort_unstable();
    // Every slice was judged, one after the other.
    let ended = Judged::now(address).unwrap();
    let passed = ended.until.as_second() - begun.until.as_second();
    assert_eq!(passed, (ended.slices - begun.slices) * 10);
    // Whoever was there before is counted on.
    assert_eq!(sender.write(&known(2)), Some(204));
    let page = get(address, "/api/v1/server").unwrap().1;
    assert!(page.contains("\"series\": 50000,"), "{page}");
    assert_eq!(server.stop().code(), Some(0));
    assert_eq!(events(&place.0.path().join("data")), 200);
    let p99 = waits[(waits.len() - 1) * 99 / 100];
    let measured = format!(
        "of {} questions for the status p99 {} ms, at most {} ms; judged at most {most_lag} s behind",
        waits.len(),
        p99.as_millis(),
        waits[waits.len() - 1].as_millis()
    );
    let series = (requests * TOGETHER) as u64;
    shop::said_and_measured(series, series, 0, &measured);
}

/// How far judging is.
struct Judged {
    until: Timestamp,
    slices: i64,
    lag_seconds: i64,
}

impl Judged {
    /// `None` until the first slice was judged.
    fn now(address: SocketAddr) -> Option<Self> {
        let page = get(address, "/api/v1/server").unwrap().1;
        let page: serde_json::Value = serde_json::from_str(&page).unwrap();
        Some(Self {
            until: page["judged_until"].as_str()?.parse().unwrap(),
            slices: page["slices_judged"].as_i64().unwrap(),
            lag_seconds: page["lag_seconds"].as_i64().unwrap(),
        })
    }

    fn first(address: SocketAddr) -> Self {
        let begun = Instant::now();
        loop {
            if let Some(judged) = Self::now(address) {
                return judged;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "nothing was judged"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
