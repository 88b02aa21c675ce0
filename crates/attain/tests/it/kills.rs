//! A replay that is killed at any moment, and started again, ends where an undisturbed one does.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::shop::{self, Answers, answers, arguments};
use crate::{Place, command};

const SEED: u64 = 41;
const FILES: [&str; 3] = ["access-02.log.gz", "access-03.log", "access-04.log"];
/// Small deliveries, so that a kill falls between two of them and into one.
const CHUNK_BYTES: &str = "65536";

fn place(lines: usize) -> Place {
    let place = Place::new();
    place.write("shop.yaml", shop::CATALOGUE);
    // Unpacking is slow where nothing is optimised.
    let packed = shop::gzip(&shop::log(SEED, 2, lines / 10));
    std::fs::write(place.0.path().join(FILES[0]), packed).unwrap();
    for (name, day) in [(FILES[1], 3), (FILES[2], 4)] {
        place.write(name, &shop::log(SEED + u64::from(day), day, lines * 9 / 20));
    }
    place
}

fn replay(place: &Place, data: &str) -> Command {
    let mut command = command(
        place.0.path(),
        &arguments("shop.yaml", &FILES, data, &["--format", "json"]),
    );
    command
        .env("ATTAIN_CHUNK_BYTES", CHUNK_BYTES)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits for the end: whether it came by itself, and what was said.
fn end(child: Child) -> (bool, String) {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!error.contains("panicked"), "{error}");
    if let Some(code) = output.status.code() {
        assert_eq!(code, 0, "{said}{error}");
    }
    (output.status.success(), said)
}

#[test]
fn killed_replays_count_everything_once() {
    let (kills_wanted, lines) = if shop::is_soak() {
        (200, 300_000)
    } else {
        (20, 100_000)
    };
    let place = place(lines);
    let begun = Instant::now();
    let (finished, _) = end(replay(&place, "whole").spawn().unwrap());
    let length = begun.elapsed();
    assert!(finished);
    let whole = answers(&place, "shop.yaml", &FILES, "whole");
    assert!(whole.counts.lines().count() > 1_000, "{}", whole.counts);
    let mut rng = Rng::with_seed(SEED);
    let mut kills = 0;
    for round in 0.. {
        if kills >= kills_wanted {
            break;
        }
        let data = format!("killed-{round}");
        kills += kill_until_done(&place, &data, length, &mut rng);
        check(&place, &data, &whole);
        std::fs::remove_dir_all(place.0.path().join(&data)).unwrap();
    }
    shop::said(kills, kills, SEED);
}

/// Runs the replay until it ends by itself, and counts how often it was killed before.
fn kill_until_done(place: &Place, data: &str, length: Duration, rng: &mut Rng) -> u64 {
    let mut kills = 0;
    loop {
        let mut child = replay(place, data).spawn().unwrap();
        // The moment is what is random here; nothing depends on where in the run it falls.
        sleep(length.mul_f64(rng.f64() * 0.5));
        child.kill().unwrap();
        match end(child) {
            (true, _) => return kills,
            (false, _) => kills += 1,
        }
    }
}

fn check(place: &Place, data: &str, whole: &Answers) {
    assert_eq!(&answers(place, "shop.yaml", &FILES, data), whole, "{data}");
    place
        .run(&["data", "check", data])
        .exits(0)
        .says("is as it was written");
}
