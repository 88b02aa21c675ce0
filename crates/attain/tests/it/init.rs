//! `attain init`: two commands from nothing to a table, without an editor.

use crate::Place;

#[test]
fn answers_make_a_catalogue_that_is_valid() {
    let place = Place::new();
    place
        .run(&[
            "init",
            "shop",
            "--name",
            "My \"Shop\": 1",
            "--segments",
            "premium,standard,free",
            "--service",
            "checkout",
            "--target",
            "99.95%,99.9%,99%",
        ])
        .exits(0)
        .says("wrote shop/catalogue.yaml")
        .says("attain status shop");
    let text = place.read("shop/catalogue.yaml");
    assert!(text.contains("premium: 99.95%"), "{text}");
    place.run(&["check", "shop"]).exits(0);
    place.run(&["init", "plain", "--yes"]).exits(0);
    place.run(&["check", "plain"]).exits(0);
    place
        .run(&["init", "one", "--service", "api", "--target", "99.9%"])
        .exits(0);
    place.run(&["check", "one"]).exits(0);
}

#[test]
fn a_file_that_is_there_stays() {
    let place = Place::new();
    place.write("shop/catalogue.yaml", "mine\n");
    place
        .run(&["init", "shop", "--yes"])
        .exits(2)
        .complains("--force");
    assert_eq!(place.read("shop/catalogue.yaml"), "mine\n");
    place.run(&["init", "shop", "--yes", "--force"]).exits(0);
    assert!(place.read("shop/catalogue.yaml").starts_with("attain: 1\n"));
}

#[test]
fn answers_that_make_no_catalogue_are_refused() {
    let place = Place::new();
    place
        .run(&["init", "shop", "--segments", "a,b", "--target", "99%"])
        .exits(2)
        .complains("as many targets");
    place
        .run(&["init", "shop", "--target", "99"])
        .exits(2)
        .complains("`99");
    place
        .run(&["init", "shop", "--segments", "Premium!", "--target", "99%"])
        .exits(2);
    assert!(!std::path::Path::new(&place.0.path().join("shop")).exists());
}

/// An hour of a shop's access log: premium's checkout fails more often than the others'.
fn access_log() -> String {
    let mut log = String::new();
    for i in 0..6_000_u32 {
        let (minute, second) = (i / 100, i % 100 * 60 / 100);
        let plan = match i % 50 {
            0 => "premium",
            1..20 => "standard",
            _ => "free",
        };
        let status = if plan == "premium" && i % 1_000 == 0 {
            503
        } else {
            200
        };
        let milliseconds = 20 + i * 7 % 90;
        log.push_str(&format!(
            "10.0.0.{} - - [02/Nov/2026:10:{minute:02}:{second:02} +0000] \"GET /checkout HTTP/1.1\" {status} 512 \
             \"-\" \"Mozilla/5.0\" 0.{milliseconds:03} \"{plan}\"\n",
            i % 250
        ));
    }
    log
}

#[test]
fn two_commands_from_a_log_to_a_table() {
    let place = Place::new();
    place.write("logs/access.log", &access_log());
    place
        .run(&["init", "--from", "logs/access.log", "-o", "shop"])
        .exits(0)
        .says("logs/access.log is an access log")
        .says("6000 from 2026-11-02 10:00 UTC")
        .says("premium (6 of 120 bad)")
        .says("wrote shop/catalogue.yaml")
        .says("attain status shop");
    assert!(
        place
            .read("shop/catalogue.yaml")
            .contains("../logs/access.log")
    );
    let ran = place.run(&["status", "shop"]);
    assert!(ran.code == 0 || ran.code == 1, "{}{}", ran.out, ran.err);
    ran.says("premium")
        .says("standard")
        .says("free")
        .says("budget left")
        .says("the end of the data");
    // From somewhere else, too.
    place.write("elsewhere/note", "");
    let again = place.run(&["status", &place.0.path().join("shop").to_string_lossy()]);
    assert_eq!(again.code, ran.code);
    place.run(&["check", "shop"]).exits(0);
}

/// A real log with a segment of a handful of requests: what is proposed has no tier that is saved first and promised less.
#[test]
fn a_real_log_gives_a_catalogue_that_checks() {
    let log = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/apache/access.log.gz"
    );
    let place = Place::new();
    place.run(&["init", "--from", log, "-o", "site"]).exits(0);
    place.run(&["check", "site"]).exits(0);
    place
        .run(&["status", "site"])
        .exits(0)
        .says("crawlers")
        .says("budget left");
}

#[test]
fn json_lines_and_csv_are_looked_into() {
    let place = Place::new();
    let (mut json, mut csv) = (String::new(), "at;tier;ok;took_ms\n".to_owned());
    for i in 0..3_000_u32 {
        let time = format!("2026-11-02T10:{:02}:{:02}Z", i / 60, i % 60);
        let tier = if i % 4 == 0 { "gold" } else { "basic" };
        let status = if i % 500 == 0 { 500 } else { 200 };
        json.push_str(&format!(
            "{{\"ts\":\"{time}\",\"plan\":\"{tier}\",\"status\":{status},\"duration_ms\":{}}}\n",
            i % 300
        ));
        csv.push_str(&format!("{time};{tier};{};{}\n", i % 500 != 0, i % 300));
    }
    place.write("events.jsonl", &json).write("events.csv", &csv);
    for (file, dir) in [("events.jsonl", "a"), ("events.csv", "b")] {
        place
            .run(&["init", "--from", file, "-o", dir])
            .exits(0)
            .says("gold");
        let ran = place.run(&["status", dir]);
        assert!(ran.code == 0 || ran.code == 1, "{}{}", ran.out, ran.err);
        ran.says("gold").says("basic");
        // A catalogue for all traffic as one, over the first.
        place
            .run(&["init", "--from", file, "-o", dir, "--by", "none"])
            .exits(2)
            .complains("--force");
        place
            .run(&["init", "--from", file, "-o", dir, "--by", "none", "--force"])
            .exits(0);
        let ran = place.run(&["status", dir]);
        assert!(!ran.out.contains("gold"), "{}", ran.out);
    }
    place
        .run(&["init", "--from", "events.csv", "-o", "c", "--by", "colour"])
        .exits(2)
        .complains("`colour`");
    place
        .run(&["init", "--from", "none.log", "-o", "c"])
        .exits(2)
        .complains("none.log");
    place.write("poem.txt", "no log\nat all\n");
    place
        .run(&["init", "--from", "poem.txt", "-o", "c"])
        .exits(2)
        .complains("poem.txt");
}

#[test]
fn nobody_to_ask_and_nothing_said_writes_nothing() {
    let place = Place::new();
    place
        .run(&["init", "shop"])
        .exits(2)
        .complains("--from FILE");
    place.run(&["init"]).exits(2).complains("--yes");
    assert!(place.files(".").is_empty());
}
