//! More series than anybody means: memory is bounded, what was known goes on, and the server answers meanwhile.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

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
    let is_over = AtomicBool::new(false);
    let answered = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut answered = 0;
            while !is_over.load(Ordering::SeqCst) {
                let (status, _) = get(address, "/livez").unwrap();
                let (_, page) = get(address, "/metrics").unwrap();
                assert_eq!(status, 200);
                assert!(page.contains("attain_lag_seconds"), "{page}");
                answered += 1;
            }
            answered
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
    assert!(answered > 0);
    // Whoever was there before is counted on.
    assert_eq!(sender.write(&known(2)), Some(204));
    let page = get(address, "/api/v1/server").unwrap().1;
    assert!(page.contains("\"series\": 50000,"), "{page}");
    assert_eq!(server.stop().code(), Some(0));
    assert_eq!(events(&place.0.path().join("data")), 200);
    shop::said(requests as u64, requests as u64, 0);
}
