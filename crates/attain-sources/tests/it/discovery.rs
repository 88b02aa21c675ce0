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
            "service,a,a\nmetric,requests,errors\n1,2,3\n",
            "write a source with `layout: wide`",
        ),
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

#[test]
fn fields_at_the_end_of_a_line_are_named_by_what_they_hold() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let line = |n: u32| {
        let plan = ["ent-2", "team", "free"][n as usize % 3];
        let cache = ["HIT", "MISS"][n as usize % 2];
        format!(
            "192.0.2.1 - - [02/Nov/2026:09:{:02}:{:02} +0000] \"GET /a HTTP/1.1\" 200 1 \"-\" \"a\" 0.{:03} {} {cache} \"{plan}\" 198.51.100.7 \"key_{n}x{n}\"\n",
            n / 60,
            n % 60,
            n + 1,
            if n.is_multiple_of(7) {
                "-"
            } else {
                "0.005, 0.001"
            },
        )
    };
    std::fs::write(&path, (0..300).map(line).collect::<String>()).unwrap();
    let names = "append: [request_time, upstream_response_time, upstream_cache_status, segment, http_x_forwarded_for, http_x_api_key]";
    let text = propose(&discover(&path).unwrap(), &Answers::default());
    assert!(text.contains(names), "{text}");
}

#[test]
fn keys_that_begin_alike_are_told_apart_by_their_next_word() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("calls.jsonl");
    let line = |n: u32| {
        let plan = ["premium", "free"][n as usize % 2];
        format!(
            "{{\"time\":{},\"status\":200,\"http_x_api_key\":\"pk_{plan}_{n:x}a1\"}}\n",
            1_793_612_400 + n
        )
    };
    std::fs::write(&path, (0..300).map(line).collect::<String>()).unwrap();
    let text = propose(&discover(&path).unwrap(), &Answers::default());
    let want = "  otherwise: free
  identify:
    - header: X-Api-Key
      match: ~pk_premium(-|_).*
      segment: premium
    - header: X-Api-Key
      match: ~pk_free(-|_).*
      segment: free
";
    assert!(text.contains(want), "{text}");
}

#[test]
fn a_regular_health_check_is_a_heartbeat() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let log = |silent: std::ops::Range<u32>| {
        let line = |n: u32| {
            let path = if n.is_multiple_of(2) {
                "/buy"
            } else {
                "/healthz?deep=1"
            };
            let agent = if path == "/buy" {
                ["curl/8", "Mozilla/5.0"][n as usize / 2 % 2]
            } else {
                "kube-probe/1.30"
            };
            format!(
                "192.0.2.1 - - [02/Nov/2026:09:{:02}:{:02} +0000] \"GET {path} HTTP/1.1\" 200 1 \"-\" \"{agent}\"\n",
                n / 4,
                n % 4 * 15
            )
        };
        let text: String = (0..200)
            .filter(|n: &u32| n.is_multiple_of(2) || !silent.contains(n))
            .map(line)
            .collect();
        std::fs::write(&path, text).unwrap();
        propose(&discover(&path).unwrap(), &Answers::default())
    };
    let text = log(0..0);
    assert!(
        text.contains("      heartbeat:\n        path: /healthz\n        every: 1m\n"),
        "{text}"
    );
    assert!(
        text.contains("      except:\n        path: /healthz\n"),
        "{text}"
    );
    // They are in no number: half of 200 requests are health checks.
    assert!(text.contains("access.log: 100 events,"), "{text}");
    assert!(
        text.contains("# Besides, 100 health checks of /healthz; no number below counts them.\n"),
        "{text}"
    );
    assert!(
        text.contains("people: best effort  # measured: 0 of 50 bad"),
        "{text}"
    );
    assert!(!text.contains("monitors"), "{text}");
    // Coverage will be known, so that a month would be unknown: the 50 minutes there are fill no more than an hour's.
    assert!(text.contains("    window: 1h\n"), "{text}");
    assert!(!text.contains("#   /healthz"), "{text}");
    // One missed is room enough; a quarter of an hour is not.
    let holey = log(20..80);
    assert!(!holey.contains("heartbeat:"));
    assert!(holey.contains("    window: 30d\n"), "{holey}");
}

#[test]
fn who_is_saved_first_is_promised_at_least_as_much() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("calls.jsonl");
    // Premium fails 68 of 10000 and is slower; standard fails 3 of 10000.
    let mut text: String = (0..10_000)
        .map(|n: u32| {
            let (a, b) = (n < 68, n < 3);
            let status = |bad| if bad { 503 } else { 200 };
            let line = |plan, bad, ms| {
                format!(
                    "{{\"time\":{},\"status\":{},\"plan\":\"{plan}\",\"duration_ms\":{ms}}}\n",
                    1_793_612_400 + n,
                    status(bad)
                )
            };
            line("premium", a, 180) + &line("standard", b, 80)
        })
        .collect();
    text.push_str("{\n");
    std::fs::write(&path, text).unwrap();
    let text = propose(&discover(&path).unwrap(), &Answers::default());
    let want = "      availability:
        premium: 99.95%  # measured: 68 of 10000 bad (0.68%); raised to what standard gets, which it would have missed
        standard: 99.95%  # measured: 3 of 10000 bad (0.03%)
      latency:
        premium: p99 < 100ms  # measured: p99 180 ms; raised to what standard gets, which it would have missed
        standard: p99 < 100ms  # measured: p99 80 ms
";
    assert!(text.contains(want), "{text}");
    assert!(text.contains("# 1 line could not be read.\n"), "{text}");
}
