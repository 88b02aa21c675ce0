//! `attain data`: copies that answer as the folder does, days that are forgotten, and what is said of both.

use crate::Place;
use crate::shop::{self, Answers, replay};

const FILES: [&str; 2] = ["access-02.log", "access-03.log"];

fn place() -> Place {
    let place = Place::new();
    place.write("shop.yaml", shop::CATALOGUE);
    for (name, day) in FILES.into_iter().zip(2..) {
        place.write(name, &shop::log(u64::from(day), day, 1_000));
    }
    replay(&place, "shop.yaml", &FILES, "data", &[]).exits(0);
    place
}

fn answers(place: &Place, data: &str) -> Answers {
    shop::answers(place, "shop.yaml", &FILES, data)
}

#[test]
fn a_restored_backup_answers_as_the_folder_did() {
    let place = place();
    place
        .run(&["data", "backup", "data", "copy"])
        .exits(0)
        .says("copy is a copy of data, checked");
    place
        .run(&["data", "backup", "data", "copy"])
        .exits(2)
        .complains("copy: is there already");
    let before = answers(&place, "data");
    std::fs::remove_dir_all(place.0.path().join("data")).unwrap();
    place.run(&["data", "restore", "copy", "again"]).exits(0);
    place.run(&["data", "check", "again"]).exits(0);
    place
        .run(&["data", "show", "again"])
        .exits(0)
        .says("2026-11-02 00:00 UTC to 2026-11-04 00:00 UTC access|log")
        .says("replayed 2000 lines of 2 files, ")
        .says("restored from copy");
    assert_eq!(answers(&place, "again"), before);
    // It goes on from there.
    place.write("access-04.log", &shop::log(4, 4, 500));
    replay(&place, "shop.yaml", &["access-04.log"], "again", &[])
        .exits(0)
        .says("500 lines");
}

#[test]
fn pruned_days_are_gone_and_do_not_come_back() {
    let place = place();
    let csv = |place: &Place| answers(place, "data").counts;
    let before = csv(&place);
    place
        .run(&["data", "prune", "data", "--before", "2026-11-03"])
        .exits(0)
        .says("data keeps nothing before 2026-11-03 (UTC)");
    let left: Vec<&str> = before
        .lines()
        .filter(|line| !line.starts_with("2026-11-02"))
        .collect();
    assert!(left.len() > 1_000 && left.len() < before.lines().count());
    // `answers` has replayed all files again.
    assert_eq!(csv(&place).lines().collect::<Vec<_>>(), left);
    place
        .run(&["data", "show", "data"])
        .exits(0)
        .says("pruned: nothing is kept before 2026-11-03 00:00 UTC")
        .says("pruned before 2026-11-03 00:00 UTC");
    place.run(&["data", "check", "data"]).exits(0);
}

#[test]
fn what_is_no_data_folder_is_said_so() {
    let place = place();
    for command in ["check", "show"] {
        place
            .run(&["data", command, "nothing"])
            .exits(2)
            .complains("nothing: no data folder; `attain replay --data` makes one");
    }
    place.write(
        "notes/counts.db",
        "These are my notes, and they are long enough.\n",
    );
    for run in [
        place.run(&["data", "check", "notes"]),
        place.run(&["status", "shop.yaml", "--data", "notes"]),
        replay(&place, "shop.yaml", &FILES, "notes", &[]),
    ] {
        run.exits(2).complains("notes");
    }
    let notes = place.read("notes/counts.db");
    assert_eq!(notes, "These are my notes, and they are long enough.\n");
}
