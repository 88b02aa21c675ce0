//! A file never seen before in, a first catalogue out.

use attain_sources::{Answers, SegmentAnswer, discover, propose};

use crate::make::*;

fn proposed(file: &str, answers: &Answers) -> String {
    match discover(&testdata().join(file)) {
        Ok(discovery) => {
            let answers = Answers {
                file: Some(file.to_owned()),
                ..answers.clone()
            };
            propose(&discovery, &answers)
        }
        Err(error) => format!("error: {error}\n"),
    }
}

#[test]
fn a_log_with_latency_and_a_plan() {
    check("init-plans", &proposed("plans.log.gz", &Answers::default()));
}

#[test]
fn a_log_with_user_agents_only() {
    check(
        "init-apache",
        &proposed("apache/access.log", &Answers::default()),
    );
}

#[test]
fn json_lines_with_keys_and_success() {
    check("init-calls", &proposed("calls.jsonl", &Answers::default()));
}

#[test]
fn csv_with_semicolons() {
    check("init-orders", &proposed("orders.csv", &Answers::default()));
}

#[test]
fn answers_win() {
    let answers = Answers {
        service: Some("Shop Front".to_owned()),
        team: Some("payments".to_owned()),
        order: vec!["free".to_owned()],
        ..Answers::default()
    };
    let text = proposed("plans.log.gz", &answers);
    assert!(text.contains("  free:\n    rank: 1\n"), "{text}");
    assert!(
        text.contains("service: shop-front\n    owner: payments\n"),
        "{text}"
    );
    let answers = Answers {
        segment: SegmentAnswer::Nothing,
        ..Answers::default()
    };
    let text = proposed("plans.log.gz", &answers);
    assert!(text.contains("\n      availability: 99"), "{text}");
    assert!(!text.contains("\nsegments:"), "{text}");
}

#[test]
fn what_is_not_telemetry_is_said() {
    let dir = tempfile::tempdir().unwrap();
    for (text, want) in [
        ("", "the file is empty"),
        ("hello\nworld\n", "neither an access log"),
        ("{\"a\":1}\n{\"a\":2}\n", "no field holds a time"),
        (
            "time,colour\n2026-11-02,red\n2026-11-03,blue\n",
            "no field says whether an event was good",
        ),
    ] {
        let path = dir.path().join("file");
        std::fs::write(&path, text).unwrap();
        let error = discover(&path).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}
