//! `attain report` over a data folder: where it goes, and that its numbers are those of `attain status`.

use serde_json::Value;

use crate::Place;
use crate::shop;

fn place() -> Place {
    let place = Place::new();
    place
        .write("shop.yaml", shop::CATALOGUE)
        .write("access.log", &shop::log(1, 2, 4_000));
    shop::replay(&place, "shop.yaml", &["access.log"], "data", &[]).exits(0);
    place
}

fn report(place: &Place, more: &[&str]) -> String {
    let mut arguments = vec!["report", "shop.yaml", "--data", "data"];
    arguments.extend(more);
    let ran = place.run(&arguments);
    ran.exits(0);
    ran.out
}

#[test]
fn a_report_says_what_status_says_of_the_same_instant() {
    let place = place();
    for at in ["2026-11-02T08:00:00Z", "2026-11-03T00:00:00Z"] {
        let status = place.run(&[
            "status",
            "shop.yaml",
            "--data",
            "data",
            "--format",
            "json",
            "--at",
            at,
        ]);
        let status: Value = serde_json::from_str(&status.out).unwrap();
        let json = report(&place, &["--at", at, "--format", "json"]);
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["status"], status, "{at}");
        let markdown = report(&place, &["--at", at, "--format", "markdown"]);
        let html = report(&place, &["--at", at, "--format", "html"]);
        let rows = table(&markdown);
        let mut compared = 0;
        for entry in status["verdicts"].as_array().unwrap() {
            let text = |key: &str| entry[key].as_str().unwrap().to_owned();
            let number = |key: &str| entry[key].as_u64().unwrap();
            let promise = format!("{}/{}", text("slo"), text("objective"));
            let segment = text("segment").replace("all", "all (pooled)");
            let row = rows
                .iter()
                .find(|row| row[0] == promise && row[1] == segment)
                .unwrap_or_else(|| panic!("no {promise} {segment} in\n{markdown}"));
            let verdict = row[2].split(' ').next().unwrap();
            assert_eq!(verdict, text("verdict"), "{promise} {segment}");
            let share = number("good") as f64 / number("total") as f64;
            let shown: f64 = row[3].trim_end_matches('%').parse().unwrap();
            assert!(
                (shown - share * 100.0).abs() < 0.001,
                "{promise} {segment}: {shown}"
            );
            assert!(html.contains(&row[3]), "{} is not on the page", row[3]);
            compared += 1;
        }
        assert_eq!(compared, 8);
    }
}

/// Cells of the rows of all tables.
fn table(markdown: &str) -> Vec<Vec<String>> {
    let rows = markdown.lines().filter(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

#[test]
fn a_report_goes_where_it_is_sent() {
    let place = place();
    for (format, begin) in [
        ("html", "<!doctype html>"),
        ("markdown", "# Shop"),
        ("json", "{"),
    ] {
        let said = report(&place, &["--format", format]);
        assert!(
            said.to_lowercase().starts_with(&begin.to_lowercase()),
            "{format}: {said:.100}"
        );
        let ran = place.run(&[
            "report",
            "shop.yaml",
            "--data",
            "data",
            "--format",
            format,
            "-o",
            "out",
        ]);
        ran.exits(0).complains("wrote out (");
        assert_eq!(ran.out, "");
        assert_eq!(place.read("out"), said, "{format}");
    }
    // A broken promise is no failed report.
    place
        .run(&["status", "shop.yaml", "--data", "data"])
        .exits(1);
    let refused = place.run(&[
        "report",
        "shop.yaml",
        "--data",
        "data",
        "-o",
        "no/folder/out",
    ]);
    refused.exits(2).complains("cannot write no/folder/out");
    place
        .run(&["report", "shop.yaml", "--data", "nothing"])
        .exits(2)
        .complains("nothing: no data folder; `attain replay --data` makes one");
    place
        .run(&["report", "shop.yaml", "--data", "data", "--slo", "none"])
        .exits(2)
        .complains("it has requests");
    place.write("shop.yaml", "attain: 1\nslos: 3\n");
    place
        .run(&["report", "shop.yaml", "--data", "data"])
        .exits(2);
}
