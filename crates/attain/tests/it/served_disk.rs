//! A disk that takes nothing more: the server answers 503, goes on, and recovers by itself.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Place;
use crate::served::{CATALOGUE, Sender, Served, another_ms, events, free_address, get, samples};

const COUNTERS: usize = 10;

fn wait<T>(what: &str, ask: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "not {what}");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_full_disk_is_survived() {
    let place = Place::new();
    place.write("shop.yaml", CATALOGUE);
    let address = free_address();
    let server = Served::start(&place, address, &[]);
    let mut sender = Sender::to(address);
    let mut value = 0;
    // What was refused is said again, byte for byte, as senders do.
    let mut refused = None;
    let mut send = |expected: u16| {
        let new = || samples(0, COUNTERS, value, another_ms());
        let body = refused.take().unwrap_or_else(new);
        assert_eq!(sender.write(&body), Some(expected));
        match expected {
            204 => value += 1,
            _ => refused = Some(body),
        }
    };
    for _ in 0..5 {
        send(204);
    }
    let mut newcomers = Sender::to(address);
    for round in 1..=2 {
        // No file may grow, or be written to at all.
        server.limit_files("1");
        send(503);
        send(503);
        // Series that were never seen before.
        let newcomer = |value| samples(round, COUNTERS, value, another_ms());
        let first = newcomer(0);
        assert_eq!(newcomers.write(&first), Some(503));
        let page = get(address, "/api/v1/server").unwrap().1;
        assert!(!page.contains("\"disk\": null"), "{page}");
        assert!(page.contains("nothing acknowledged is lost"), "{page}");
        assert!(page.contains("it goes on by itself"), "{page}");
        assert_eq!(get(address, "/readyz").unwrap().0, 503);
        assert_eq!(get(address, "/livez").unwrap().0, 200);
        // It goes on judging.
        let judged = |page: &str| {
            let line = page.lines().find(|line| line.contains("\"judged_until\""));
            line.unwrap().to_owned()
        };
        let before = judged(&page);
        wait("judged", || {
            let page = get(address, "/api/v1/server")?.1;
            (judged(&page) != before).then_some(())
        });
        // And is there again when there is room.
        server.limit_files("unlimited");
        wait("ready", || {
            (get(address, "/readyz")?.0 == 200).then_some(())
        });
        for _ in 0..5 {
            send(204);
        }
        assert_eq!(newcomers.write(&first), Some(204));
        assert_eq!(newcomers.write(&newcomer(3)), Some(204));
    }
    assert_eq!(server.stop().code(), Some(0));
    let expected = (value - 1 + 2 * 3) * COUNTERS as u64;
    assert_eq!(events(&place.0.path().join("data")), expected);
}

/// What is full while the server is killed is as whole as what is full while it runs.
#[test]
fn a_full_disk_and_a_kill_lose_nothing() {
    let place = Place::new();
    place.write("shop.yaml", CATALOGUE);
    let address = free_address();
    let server = Served::start(&place, address, &[]);
    let mut sender = Sender::to(address);
    for value in 0..6 {
        let body = samples(0, COUNTERS, value, another_ms());
        assert_eq!(sender.write(&body), Some(204));
    }
    server.limit_files("1");
    let body = samples(0, COUNTERS, 9, another_ms());
    assert_eq!(sender.write(&body), Some(503));
    server.kill();
    assert_eq!(events(&place.0.path().join("data")), 5 * COUNTERS as u64);
    let server = Served::start(&place, address, &[]);
    assert_eq!(Sender::to(address).write(&body), Some(204));
    assert_eq!(server.stop().code(), Some(0));
    assert_eq!(events(&place.0.path().join("data")), 9 * COUNTERS as u64);
}

impl Served {
    /// How long a file of it may get, in bytes.
    fn limit_files(&self, bytes: &str) {
        let (id, limit) = (self.id().to_string(), format!("--fsize={bytes}:unlimited"));
        let status = Command::new("prlimit")
            .args(["--pid", &id, &limit])
            .status()
            .unwrap();
        assert!(status.success());
    }
}
