//! What `attain serve` says on standard error while it runs.

use std::fs::{self, File};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::served::{CATALOGUE, Sender, Served, free_address};
use crate::{Place, command};

/// Waits until the log has a text, and gives all of it.
fn log_with(place: &Place, text: &str) -> String {
    let begun = Instant::now();
    loop {
        let log = fs::read_to_string(place.0.path().join("log")).unwrap();
        if log.contains(text) {
            return log;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "no {text} in {log}"
        );
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_happens_is_said_once_on_standard_error() {
    let place = Place::new();
    let catalogue = CATALOGUE.replace(
        "remote_write: {}",
        "remote_write: {token: {file: token.txt}}",
    );
    place.write("token.txt", "s3cret-word\n");
    place.write("shop.yaml", &catalogue);
    let address = free_address();
    let listen = address.to_string();
    let arguments = ["serve", "shop.yaml", "--data", "data", "--listen", &listen];
    let log = File::create(place.0.path().join("log")).unwrap();
    let server = Served::heard(&mut command(place.0.path(), &arguments), address, log);
    let log = log_with(&place, " started: ");
    assert!(
        log.contains(&format!(" started: http://{address}, catalogue shop ")),
        "{log}"
    );
    let time = log.split(' ').next().unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok(), "{log}");

    let mut sender = Sender::to(address);
    for _ in 0..3 {
        assert_eq!(sender.write(&[]), Some(401));
    }
    let log = log_with(&place, "turned away");
    assert!(
        log.contains("the token is missing or another one (401)"),
        "{log}"
    );

    // Two mistakes: both are there, with their places.
    let bad = catalogue
        .replace("premium: 99.9%", "premium: 99.9")
        .replace("service: shop", "servise: shop");
    place.write("shop.yaml", &bad);
    server.signal("-HUP");
    log_with(&place, "2 errors in 1 file");
    place.write("shop.yaml", &catalogue);
    server.signal("-HUP");
    log_with(&place, "again those in force");
    place.write("shop.yaml", &catalogue.replace("99.9%", "99.8%"));
    server.signal("-HUP");
    log_with(&place, "another catalogue is in force");
    assert!(server.stop().success());
    let log = log_with(&place, "stopped: everything is sealed");
    assert_eq!(log.matches("are refused").count(), 1, "{log}");
    assert_eq!(log.matches("error[").count(), 2, "{log}");
    assert_eq!(log.matches("--> shop.yaml:").count(), 2, "{log}");
    // The first is said at once, the others together, a minute later.
    assert!(log.matches("turned away").count() <= 2, "{log}");
    assert!(!log.contains("s3cret-word"), "{log}");
}

#[test]
fn quiet_says_nothing() {
    let place = Place::new();
    place.write("shop.yaml", CATALOGUE);
    let address = free_address();
    let listen = address.to_string();
    let arguments = [
        "--quiet",
        "serve",
        "shop.yaml",
        "--data",
        "data",
        "--listen",
        &listen,
    ];
    let log = File::create(place.0.path().join("log")).unwrap();
    let server = Served::heard(&mut command(place.0.path(), &arguments), address, log);
    assert!(server.stop().success());
    let log = fs::read_to_string(place.0.path().join("log")).unwrap();
    assert_eq!(log, "");
}
