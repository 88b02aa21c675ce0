//! `attain statement` over data folders: whoever has the catalogue and the logs gets the same document, and every other one
//! is told apart.

use serde_json::Value;

use crate::shop::{self, PERIOD};
use crate::{Place, Ran};

const FILES: [&str; 3] = ["access-02.log", "access-03.log", "access-04.log"];

/// A clone of the catalogue, and the logs.
fn clone(catalogue: &str) -> Place {
    let place = Place::new();
    let (head, slos) = shop::CATALOGUE.split_at(shop::CATALOGUE.find("slos:").unwrap());
    place.write(&format!("{catalogue}/shop.yaml"), head).write(
        &format!("{catalogue}/slos.yaml"),
        &format!("attain: 1\n{slos}"),
    );
    for (name, day) in FILES.into_iter().zip(2..) {
        place.write(name, &shop::log(u64::from(day), day, 1_200));
    }
    place
}

fn replay(place: &Place, catalogue: &str, files: &[&str], chunk_bytes: &str) {
    place
        .run_in(
            &shop::arguments(catalogue, files, "data", &[]),
            &[("ATTAIN_CHUNK_BYTES", chunk_bytes)],
        )
        .exits(0);
}

fn state(place: &Place, catalogue: &str) -> String {
    let ran = place.run(&[
        "statement",
        catalogue,
        "--data",
        "data",
        "--period",
        PERIOD,
        "--format",
        "json",
        "-o",
        "stated.json",
    ]);
    ran.exits(0).complains("wrote stated.json");
    assert_eq!(ran.out, "");
    place.read("stated.json")
}

fn verify(place: &Place, document: &str, catalogue: &str) -> Ran {
    place.run(&["statement", "verify", document, catalogue, "--data", "data"])
}

fn hash(document: &str) -> String {
    let value: Value = serde_json::from_str(document).unwrap();
    value["hash"].as_str().unwrap().to_owned()
}

#[test]
fn two_clones_state_the_same() {
    let (one, other) = (clone("shop"), clone("elsewhere/clone"));
    replay(&one, "shop", &FILES, "4096");
    let stated = state(&one, "shop");
    // In another order, in more runs, in deliveries of another size.
    replay(&other, "elsewhere/clone", &[FILES[2]], "100000");
    replay(&other, "elsewhere/clone", &[FILES[1], FILES[0]], "700");
    assert_eq!(state(&other, "elsewhere/clone"), stated);
    assert!(hash(&stated).starts_with("sha256:"), "{stated}");
    // What came in between is another period's.
    one.write("access-09.log", &shop::log(9, 9, 300));
    replay(&one, "shop", &["access-09.log"], "4096");
    assert_eq!(state(&one, "shop"), stated);
    other.write("theirs.json", &stated);
    verify(&other, "theirs.json", "elsewhere/clone")
        .exits(0)
        .says("theirs.json is what the data say: 8 promises recomputed, ")
        .says(&hash(&stated));
    // The record of a folder says what was stated from it.
    one.run(&["data", "show", "data"])
        .exits(0)
        .says(&format!("statement of {PERIOD}, {}", hash(&stated)));
}

#[test]
fn one_changed_line_of_a_log_is_found_with_its_day() {
    let (one, other) = (clone("shop"), clone("shop"));
    replay(&one, "shop", &FILES, "100000");
    let stated = state(&one, "shop");
    let log = other.read(FILES[1]);
    let (before, changed) = log.split_at(log.find("\" 200 ").unwrap());
    let segment = changed.lines().next().unwrap().rsplit(' ').next().unwrap();
    other.write(
        FILES[1],
        &format!("{before}{}", changed.replacen(" 200 ", " 500 ", 1)),
    );
    replay(&other, "shop", &FILES, "100000");
    other.write("stated.json", &stated);
    let found = verify(&other, "stated.json", "shop");
    found
        .exits(1)
        .says("stated.json is not what the data say")
        .says(&format!(
            "requests/availability/{segment}, days, 2026-11-03, bad: the document says "
        ));
    for day in ["2026-11-02", "2026-11-04"] {
        assert!(!found.out.contains(day), "{}", found.out);
    }
    assert!(!found.out.contains("latency"), "{}", found.out);
    assert!(
        !found.out.contains("changed after it was written"),
        "{}",
        found.out
    );
    // The other way round, too.
    assert_ne!(hash(&state(&other, "shop")), hash(&stated));
}

#[test]
fn an_edited_document_is_told_apart() {
    let place = clone("shop");
    replay(&place, "shop", &FILES, "100000");
    let stated = state(&place, "shop");
    let edited = |from: &str, to: &str| {
        assert!(stated.contains(from), "{stated}");
        place.write("edited.json", &stated.replacen(from, to, 1));
        verify(&place, "edited.json", "shop")
    };
    edited("\"kept\": true", "\"kept\": false")
        .exits(1)
        .says("the document was changed after it was written: its hash is ")
        .says("the document says");
    edited("a page comes", "a page comes soon")
        .exits(1)
        .says("the document was changed after it was written");
    edited(&hash(&stated)[..20], "sha256:0000000000000")
        .exits(1)
        .says("the document was changed after it was written");
    edited("{", "").exits(2).complains("edited.json");
    place.write("text.txt", "It was fine.\n");
    verify(&place, "text.txt", "shop")
        .exits(2)
        .complains("verify the JSON: attain statement --format json -o FILE");
}

#[test]
fn a_statement_asks_for_a_period_and_a_promise() {
    let place = clone("shop");
    replay(&place, "shop", &FILES, "100000");
    place
        .run(&["statement", "shop", "--data", "data"])
        .exits(2)
        .complains("--period");
    place
        .run(&["statement", "shop", "--data", "data", "--period", "autumn"])
        .exits(2)
        .complains("autumn");
    place
        .run(&["statement", "shop", "--data", "none", "--period", PERIOD])
        .exits(2)
        .complains("attain replay");
    place
        .run(&[
            "statement",
            "shop",
            "--data",
            "data",
            "--period",
            PERIOD,
            "--slo",
            "none",
        ])
        .exits(2)
        .complains("it has requests");
    place
        .run(&["statement", "shop", "--data", "data", "--period", "2026"])
        .exits(0)
        .complains("the data end before the period does");
    for (format, word) in [
        ("text", "a page comes"),
        ("markdown", "# "),
        ("json", "\"hash\""),
    ] {
        place
            .run(&[
                "statement",
                "shop",
                "--data",
                "data",
                "--period",
                PERIOD,
                "--format",
                format,
            ])
            .exits(0)
            .says(word);
    }
}
