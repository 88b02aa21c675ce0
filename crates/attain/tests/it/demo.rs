//! The demo: its story is told whatever the machine, and nothing of it is left.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::{Place, command};

#[test]
fn premium_burns_behind_the_aggregate_is_explained_and_recovers() {
    let place = Place::new();
    let demo = place.run(&[
        "demo",
        "--headless",
        "--speed",
        "30",
        "--for",
        "20m",
        "--port",
        "0",
        "--data",
        "kept",
    ]);
    demo.exits(0);
    for said in [
        "open   http://127.0.0.1:",
        "payments-db has no connections left for premium",
        "checkout-completes (availability) for premium pages, since ",
        "that pages nobody: the aggregate hides it",
        "of what premium lost started in payments-db-answers, owned by platform",
        "path checkout-completes > checkout-works > payments-charge > payments-db-answers",
        "payments-db has connections again",
        "checkout-completes (availability) for premium: the page is over after",
        "whom it comes from: payments-db-answers",
    ] {
        demo.says(said);
    }
    // What it left is a catalogue and a folder like any other.
    place
        .run(&["check", "kept/catalogue", "--deny", "warnings"])
        .exits(0);
    place.run(&["data", "check", "kept/data"]).exits(0);
    // It goes on with them, and says so; a second is too short for a story.
    let again = place.run(&["demo", "--for", "1s", "--port", "0", "--data", "kept"]);
    again.exits(1).says("It goes on with what was kept before");
}

#[test]
fn it_stops_when_asked_and_leaves_nothing() {
    let place = Place::new();
    std::fs::create_dir(place.0.path().join("tmp")).unwrap();
    let mut demo = command(place.0.path(), &["demo", "--port", "0"])
        .env("TMPDIR", place.0.path().join("tmp"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let table: Vec<String> = lines
        .by_ref()
        .map(Result::unwrap)
        .skip_while(|line| !line.contains("budget left"))
        .take(5)
        .collect();
    assert!(
        table[1].contains("premium") && table[1].ends_with("met"),
        "{table:?}"
    );
    assert!(!place.files("tmp").is_empty());
    let id = demo.id().to_string();
    let killed = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(killed.success());
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(demo.wait().unwrap().code(), Some(0), "{rest:?}");
    assert!(place.files("tmp").is_empty());
}

#[test]
fn a_port_that_is_taken_or_a_length_that_is_none_is_said() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let demo = place.run(&["demo", "--port", &port]);
    demo.exits(2);
    assert!(demo.err.contains("--port 0"), "{}", demo.err);
    for length in ["60", "0s", "s", "", "1d", "99999999999999999h", "é"] {
        place.run(&["demo", "--for", length]).exits(2);
    }
}
