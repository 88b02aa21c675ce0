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

/// What a folder answers by one catalogue, with another word for what that calls a segment.
fn without_name(ran: &crate::Ran, part: &str, name: &str) -> Vec<String> {
    assert!(matches!(ran.code, 0 | 1), "{}", ran.err);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let entries = document[part].as_array().unwrap().iter();
    let texts = entries.map(|entry| entry.to_string().replace(name, "the first"));
    let mut texts: Vec<String> = texts.collect();
    assert!(texts.iter().any(|text| text.contains("the first")));
    // They are in the order of their names.
    texts.sort();
    texts
}

#[test]
fn a_renamed_source_keeps_what_a_folder_holds_of_it() {
    let place = place();
    // Twice, and the list of earlier names is in no order.
    for (catalogue, source) in [
        ("second.yaml", "requests: {formerly: [access], "),
        ("third.yaml", "hits: {formerly: [access, requests], "),
    ] {
        let entry = shop::CATALOGUE
            .replace("  access:\n", &format!("  {source}\n"))
            .replace(
                "duration: {field: request_time, unit: s}",
                "duration: {field: request_time, unit: s}}}",
            )
            .replace("log:\n", "log: {\n")
            .replace("files: [access.log]", "files: [access.log],")
            .replace("format: combined", "format: combined,")
            .replace("[request_time, segment]", "[request_time, segment],");
        let name = source.split(':').next().unwrap();
        let entry = entry.replace("{log: access,", &format!("{{log: {name},"));
        place.write(catalogue, &entry);
    }
    let status = |catalogue: &str, data: &str| {
        let ran = place.run(&["status", catalogue, "--data", data, "--format", "json"]);
        without_name(&ran, "verdicts", "premium")
    };
    let before = status("shop.yaml", "data");
    assert_eq!(status("second.yaml", "data"), before);
    // Without a word it is another source, and the status says so.
    let says = |catalogue: &str| {
        let ran = place.run(&["status", catalogue, "--data", "data"]);
        let words: Vec<&str> = ran.out.split_whitespace().collect();
        words
            .join(" ")
            .contains("write `formerly: [access]` under `requests`")
    };
    let named = std::fs::read_to_string(place.0.path().join("second.yaml")).unwrap();
    place.write("silent.yaml", &named.replace("formerly: [access], ", ""));
    assert!(says("silent.yaml") && !says("second.yaml"));
    // Files that were read are not read again, and what is new adds up.
    replay(&place, "second.yaml", &["access-03.log"], "data", &[]).exits(0);
    assert_eq!(status("second.yaml", "data"), before);
    assert_eq!(status("third.yaml", "data"), before);
    place.write("access-04.log", &shop::log(4, 4, 500));
    let files = ["access-02.log", "access-03.log", "access-04.log"];
    replay(&place, "third.yaml", &files, "data", &[]).exits(0);
    replay(&place, "third.yaml", &files, "whole", &[]).exits(0);
    assert_eq!(status("third.yaml", "data"), status("third.yaml", "whole"));
    assert_ne!(status("third.yaml", "data"), before);
}

#[test]
fn a_renamed_segment_keeps_what_a_folder_holds_of_it() {
    let place = place();
    let renamed = shop::CATALOGUE
        .replace("premium: 99.9%", "gold: 99.9%")
        .replace("premium: p99", "gold: p99")
        .replace(
            "  premium:  {",
            "  gold:     {formerly: [premium], match: [premium], ",
        );
    place.write("renamed.yaml", &renamed);
    let status = |catalogue: &str, data: &str, name: &str| {
        let ran = place.run(&["status", catalogue, "--data", data, "--format", "json"]);
        without_name(&ran, "verdicts", name)
    };
    let statement = |catalogue: &str, name: &str| {
        let period = ["--period", shop::PERIOD, "--format", "json"];
        let arguments = [&["statement", catalogue, "--data", "data"], &period[..]].concat();
        without_name(&place.run(&arguments), "entries", name)
    };
    let before = status("shop.yaml", "data", "premium");
    assert_eq!(status("renamed.yaml", "data", "gold"), before);
    assert_eq!(
        statement("renamed.yaml", "gold"),
        statement("shop.yaml", "premium")
    );
    // What comes after the renaming adds up with it, as if it had never been called otherwise.
    place.write("access-04.log", &shop::log(4, 4, 500));
    replay(&place, "renamed.yaml", &["access-04.log"], "data", &[]).exits(0);
    let files = ["access-02.log", "access-03.log", "access-04.log"];
    replay(&place, "renamed.yaml", &files, "whole", &[]).exits(0);
    assert_eq!(
        status("renamed.yaml", "data", "gold"),
        status("renamed.yaml", "whole", "gold")
    );
    // Whoever goes back finds what was there, and as of then all of it.
    assert_ne!(
        status("shop.yaml", "data", "premium"),
        status("renamed.yaml", "data", "gold")
    );
    let then = [
        "--at",
        "2026-11-04T00:00:00Z",
        "--as-known-then",
        "--format",
        "json",
    ];
    let arguments = [&["status", "shop.yaml", "--data", "data"], &then[..]].concat();
    let then = without_name(&place.run(&arguments), "verdicts", "premium");
    assert_eq!(then.len(), before.len());
    assert!(
        then.iter()
            .any(|text| text.contains("the first") && !text.contains("\"total\":0"))
    );
}
