//! A data folder of which bytes have changed: every answer says what is lost, or is the one that was given before.

use std::path::{Path, PathBuf};

use fastrand::Rng;
use serde_json::Value;

use crate::shop::{self, PERIOD, replay};
use crate::{Place, Ran};

const SEED: u64 = 47;
const FILES: [&str; 3] = ["access-02.log", "access-03.log", "access-04.log"];

/// A folder with three days in it, whose promises are kept as long as all of it can be read.
fn place() -> Place {
    let place = Place::new();
    let easy = shop::CATALOGUE
        .replace(
            "99.9%, standard: 99.5%, free: 99%",
            "95%, standard: 95%, free: 95%",
        )
        .replace("p99 < 200ms", "p20 < 200ms")
        .replace("coverage: 1%", "coverage: 95%")
        .replace("window: 7d", "window: 3d");
    place.write("shop.yaml", &easy);
    for (name, day) in FILES.into_iter().zip(2..) {
        place.write(name, &shop::log(SEED + u64::from(day), day, 1_500));
        replay(&place, "shop.yaml", &[name], "whole", &[]).exits(0);
    }
    place
}

fn copy(place: &Place, to: &str) -> PathBuf {
    let (from, to) = (place.0.path().join("whole"), place.0.path().join(to));
    let _ = std::fs::remove_dir_all(&to);
    std::fs::create_dir(&to).unwrap();
    for name in ["counts.db", "record.db"] {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
    to
}

fn flip(file: &Path, at: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[at] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

/// Where pages of counts may lie: what is no longer used looks the same.
fn pages(file: &Path) -> Vec<usize> {
    let bytes = std::fs::read(file).unwrap();
    let begins = |at: &usize| bytes[*at..].starts_with(b"P\x01");
    (0..bytes.len() - 100).filter(begins).collect()
}

fn ask(place: &Place, command: &str, more: &[&str]) -> Ran {
    let mut arguments = vec![command, "shop.yaml", "--data", "data"];
    arguments.extend(more);
    place.run(&arguments)
}

fn coverage(status: &Value) -> Vec<Option<u64>> {
    let verdicts = status["verdicts"].as_array().unwrap().iter();
    verdicts
        .map(|verdict| verdict["coverage"].as_u64())
        .collect()
}

#[test]
fn a_damaged_page_is_named_with_its_time() {
    let place = place();
    place
        .run(&["status", "shop.yaml", "--data", "whole"])
        .exits(0)
        .says("promises are kept");
    let counts = copy(&place, "data").join("counts.db");
    let mut days = Vec::new();
    for at in pages(&counts) {
        copy(&place, "data");
        flip(&counts, at + 60);
        let checked = place.run(&["data", "check", "data"]);
        if checked.code == 0 {
            continue;
        }
        checked
            .exits(1)
            .says("fails its checksum")
            .says("restore a backup (attain data restore), or replay the files of that time");
        let day = (2..5).find(|day| {
            checked
                .out
                .contains(&format!("2026-11-{day:02} 00:00 UTC to"))
        });
        let day = day.unwrap_or_else(|| panic!("no day in {}", checked.out));
        days.push(day);
        judged_without(&place, day);
    }
    days.sort_unstable();
    assert_eq!(days, [2, 3, 4]);
}

/// All answers from a folder that has lost a day.
fn judged_without(place: &Place, day: u32) {
    let lost = format!("(2026-11-{day:02} 00:00 to 2026-11-{:02} 00:00)", day + 1);
    ask(place, "status", &[])
        .exits(3)
        .says("No promise can be judged yet")
        .says("coverage 66.6%")
        .says("requests: kept counts are damaged: page ")
        .says(&lost);
    let status = ask(place, "status", &["--format", "json"]);
    let status: Value = serde_json::from_str(&status.out).unwrap();
    assert!(
        coverage(&status)
            .iter()
            .all(|share| *share == Some(666_666_666))
    );
    let mut gaps = status["gaps"].as_array().unwrap().iter();
    let gap = gaps.find(|gap| gap["why"] == "damaged").unwrap();
    assert_eq!(gap["start"], format!("2026-11-{day:02}T00:00:00Z"));
    ask(place, "statement", &["--period", PERIOD])
        .exits(0)
        .says("Whether the objective was kept cannot be said")
        .says("counts that were kept can no longer be read");
    ask(place, "report", &["--format", "markdown"])
        .exits(0)
        .says("kept counts are damaged");
    let refused = replay(place, "shop.yaml", &FILES, "data", &[]);
    refused
        .exits(2)
        .complains("data is damaged: page ")
        .complains("attain data check data")
        .complains("attain data restore");
}

/// Any byte of both files.
#[test]
fn no_answer_is_silently_another() {
    let place = place();
    let whole = place.run(&["status", "shop.yaml", "--data", "whole", "--format", "json"]);
    let cases = if shop::is_soak() { 2_000 } else { 60 };
    let mut rng = Rng::with_seed(SEED);
    let mut noticed = 0;
    for case in 0..cases {
        let folder = copy(&place, "data");
        let name = ["counts.db", "record.db"][rng.usize(..2)];
        let file = folder.join(name);
        let at = rng.usize(..usize::try_from(file.metadata().unwrap().len()).unwrap());
        flip(&file, at);
        let what = format!("case {case}: {name} at {at}");
        let status = ask(&place, "status", &["--format", "json"]);
        let checked = place.run(&["data", "check", "data"]);
        assert!(matches!(checked.code, 0..=2), "{what}: {}", checked.err);
        if status.out != whole.out {
            noticed += 1;
            assert_ne!(checked.code, 0, "{what}: {}", status.out);
            let is_said = status.code == 2 || status.out.contains("\"damaged\"");
            assert!(is_said, "{what}: {}{}", status.out, status.err);
            let refused = replay(&place, "shop.yaml", &FILES, "data", &[]);
            assert_eq!(refused.code, 2, "{what}: {}", refused.out);
        }
    }
    assert!(noticed > 0);
    shop::said(cases, cases, SEED);
}
