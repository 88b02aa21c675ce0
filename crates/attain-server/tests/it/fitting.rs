//! What arrives and does not fit what the catalogue wants is said where people look: in the status, for people and programs.

use std::time::Duration;

use attain_server::{Journal, Limits};
use serde_json::Value;

use crate::client::{get, within, write};
use crate::shop::{Shop, now_ms, samples};

const CATALOGUE: &str = "
attain: 1
catalogue: {name: shop}
segments:
  premium:  {rank: 1, price: 90 USD/month, contract: 12 months, severity: sev1}
  standard: {rank: 2, price: 9 USD/month, contract: none, severity: sev2}
sources:
  prom:  {remote_write: {}, delay: 0s}
  wrong: {remote_write: {}, delay: 0s, labels: {segment: tier}}
defaults: {source: prom, window: 1h, owner: shop, alerting: none, coverage: 0%}
slos:
  ok:
    outcome: A customer can pay
    indicator: {metric: http_requests_total, bad: {code: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
  typo:
    outcome: A customer can pay
    indicator: {metric: http_request_total, bad: {code: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
  nopath:
    outcome: A customer can search
    indicator: {metric: http_requests_total, where: {path: /search}, bad: {code: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
  badlabel:
    outcome: A customer can pay
    indicator: {metric: http_requests_total, bad: {status: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
  errors:
    outcome: A customer can pay
    indicator: {metric: http_requests_total, bad: {error.type: timeout}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
  rule:
    outcome: A customer can pay
    indicator: {metric: 'job:http:sum', bad: {code: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
  tier:
    outcome: A customer can pay
    indicator: {source: wrong, metric: http_requests_total, bad: {code: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
";

/// What is counted nowhere is said where people look, with whom it is missing of.
#[test]
fn series_that_find_no_room_are_told_of() {
    let shop = Shop::open();
    let body = samples(50_003, 1, now_ms());
    let answer = write(shop.address(), "/api/v1/write", "", &body);
    assert_eq!(answer.status, 400);
    let status = within(60, "noted", || {
        let status = get(shop.address(), "/api/v1/status?format=human&width=200").body;
        status.contains("counted nowhere").then_some(status)
    });
    let says = "source prom: 3 samples since the server started are counted nowhere: checkout premium has as many series";
    assert!(status.contains(says), "{status}");
    let lines = shop.server().happened(&mut Journal::default());
    let says = "source prom: 3 samples refused: their stream and segment have too many series";
    assert!(lines.iter().any(|line| line.starts_with(says)), "{lines:?}");
}

fn pushed(value: u64) -> Vec<u8> {
    let sample = [(value as f64, now_ms())];
    let series = ["premium", "standard", "gold"].map(|segment| {
        let name = ("__name__", "http_requests_total");
        [
            name,
            ("code", "200"),
            ("path", "/pay"),
            ("segment", segment),
        ]
    });
    let rule = [
        ("__name__", "job:http:sum"),
        ("code", "200"),
        ("path", "/pay"),
        ("segment", "premium"),
    ];
    let series: Vec<_> = (series.iter().chain([&rule]))
        .map(|labels| (labels.as_slice(), sample.as_slice()))
        .collect();
    attain_wire::remote_write::encode(&series)
}

#[test]
fn what_does_not_fit_is_said_in_the_status() {
    let limits = Limits {
        look: Duration::from_millis(10),
        ..Limits::default()
    };
    let shop = Shop::of(CATALOGUE, limits);
    for source in ["prom", "wrong"] {
        for value in [0, 5] {
            let path = format!("/api/v1/write/{source}");
            assert_eq!(write(shop.address(), &path, "", &pushed(value)).status, 204);
        }
    }
    let status = within(60, "a note", || {
        let status: Value =
            serde_json::from_str(&get(shop.address(), "/api/v1/status").body).ok()?;
        // What was heard is looked at beside what is judged: both must have seen what was sent to both sources.
        let is_said = status["gaps"]
            .as_array()?
            .iter()
            .any(|gap| gap["why"] == "never heard" && gap["about"] == "tier");
        let is_counted = status["verdicts"].as_array()?.iter().any(|verdict| {
            verdict["slo"] == "ok" && verdict["segment"] == "premium" && verdict["good"] == 5
        });
        let is_said = is_said && is_counted;
        is_said.then_some(status)
    });
    let what = |slo: &str, why: &str| -> Option<String> {
        let mut gaps = status["gaps"].as_array().unwrap().iter();
        let gap = gaps.find(|gap| gap["about"] == slo && gap["why"] == why)?;
        gap["what"].as_str().map(str::to_owned)
    };
    assert_eq!(
        what("typo", "never heard").unwrap(),
        "prom sends no `http_request_total`; alike: `http_requests_total`"
    );
    assert_eq!(
        what("rule", "never heard").unwrap(),
        "`job:http:sum` from prom is no histogram, and is taken for one: `type: counter` is missing beside `metric:`"
    );
    assert_eq!(
        what("nopath", "never heard").unwrap(),
        "no series of `http_requests_total` from prom counts: `path` shall be /search and is `/pay`"
    );
    assert_eq!(
        what("badlabel", "no label").unwrap(),
        "nothing tells good from bad: no series of `http_requests_total` from prom has `status`; it has `code`, `path`, `segment`"
    );
    assert_eq!(
        what("tier", "never heard").unwrap(),
        "no series of `http_requests_total` from wrong has `tier`, which says the segment; `segment` has segments"
    );
    for slo in ["ok", "errors", "badlabel"] {
        assert_eq!(what(slo, "never heard"), None);
    }
    for slo in ["ok", "errors", "tier"] {
        assert_eq!(what(slo, "no label"), None);
    }
    let premium = |slo: &str| {
        let mut verdicts = status["verdicts"].as_array().unwrap().iter();
        let verdict = verdicts.find(|one| one["slo"] == slo && one["segment"] == "premium");
        verdict.unwrap()["verdict"].as_str().unwrap().to_owned()
    };
    // Missing is not good.
    for slo in ["typo", "nopath", "tier", "badlabel"] {
        assert_eq!(premium(slo), "unknown", "{slo}");
    }
    for slo in ["ok", "errors"] {
        assert_eq!(premium(slo), "met", "{slo}");
    }
    let sources = status["reading"]["sources"].as_array().unwrap();
    assert_eq!(sources[0]["unclaimed_segments"]["gold"], 1);

    let answer = get(shop.address(), "/api/v1/status?format=human&width=200");
    assert!(answer.head.contains("attain-exit: 3"), "{}", answer.head);
    for says in [
        "never heard",
        "8 were never heard of: the notes say what is not sent. 2 cannot be judged: nothing tells good from bad.",
        "typo: never heard: prom sends no `http_request_total`; alike: `http_requests_total`",
        "badlabel: nothing tells good from bad",
        "source prom: no segment claims `gold` (1 series)",
    ] {
        assert!(answer.body.contains(says), "{says} in {}", answer.body);
    }
}

#[test]
fn a_status_says_how_late_it_is() {
    let pulled = CATALOGUE.replace(
        "prom:  {remote_write: {}, delay: 0s}",
        "prom: {prometheus: {url: \"http://127.0.0.1:1\"}}",
    );
    let shop = Shop::of(&pulled, Limits::default());
    let said = within(60, "a status", || {
        let said = get(shop.address(), "/api/v1/status?format=human&width=200");
        (said.status == 200).then_some(said.body)
    });
    let says = "the last closed slice (judged 1m 15s after its end)";
    assert!(said.contains(says), "{said}");
    // What is always so late is not stale.
    let page = get(shop.address(), "/").body;
    assert!(!page.contains("Stale: nothing was judged"), "{page}");
}

/// What an instance of the shop has answered so far, with its failures.
fn answered(instance: &str, good: u64, bad: u64, time_ms: i64) -> Vec<u8> {
    let label = |code| {
        [
            ("__name__", "http_requests_total"),
            ("code", code),
            ("instance", instance),
            ("job", "shop"),
            ("path", "/pay"),
            ("segment", "premium"),
        ]
    };
    let (ok, failed) = (label("200"), label("503"));
    let (good, bad) = ([(good as f64, time_ms)], [(bad as f64, time_ms)]);
    attain_wire::remote_write::encode(&[(&ok, &good), (&failed, &bad)])
}

#[test]
fn what_new_processes_counted_before_they_were_seen_is_said_to_be_missing() {
    let shop = Shop::of(CATALOGUE, Limits::default());
    let send = |body: &[u8]| {
        assert_eq!(
            write(shop.address(), "/api/v1/write/prom", "", body).status,
            204
        );
    };
    let note = || {
        let text = get(shop.address(), "/api/v1/status?format=human&width=400").body;
        let line = text.lines().find(|line| line.contains("new processes:"));
        line.map(|line| line.trim().to_owned())
    };
    // At the first contact something is there already: nobody is told of that.
    let now = now_ms();
    send(&answered("a", 1_000, 3, now - 400_000));
    send(&answered("a", 1_001, 3, now - 200_000));
    assert_eq!(note(), None);
    send(&answered("b", 36, 4, now));
    let note = within(60, "a note", note);
    let says = "new processes: at most 40 of badlabel premium, 40 of errors premium, 40 of ok premium since the server started \
                are not counted, as nothing says when their counters began; `started: process_start_time_seconds` at the \
                source does, if they have that metric";
    assert_eq!(note, says);
}
