//! An API that is pulled is looked at as well: what it has and does not fit is said in the status.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use attain_server::Limits;
use serde_json::Value;

use crate::client::{get, within};
use crate::shop::Shop;

const CATALOGUE: &str = "
attain: 1
catalogue: {name: shop}
segments:
  premium:  {rank: 1, price: 90 USD/month, contract: 12 months, severity: sev1}
  standard: {rank: 2, price: 9 USD/month, contract: none, severity: sev2}
sources:
  prom:  {prometheus: {url: \"http://PROM\"}, delay: 10s}
  wrong: {prometheus: {url: \"http://PROM\"}, delay: 10s, labels: {segment: tier}}
  mute:  {prometheus: {url: \"http://PROM/mute\"}, delay: 10s}
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
    indicator: {metric: http_requests_total, where: {path: /pay}, bad: {status: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
  rule:
    outcome: A customer can pay
    indicator: {metric: 'job:http:sum', bad: {code: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
  tier:
    outcome: A customer can pay
    indicator: {source: wrong, metric: http_requests_total, bad: {code: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
  refused:
    outcome: A customer can pay
    indicator: {source: mute, metric: http_request_total, bad: {code: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
";

type Labels = BTreeMap<String, String>;

/// Answers for as long as the test runs: nothing over time, and now three series. It refuses what asks `/mute` about now.
fn fake(refused: &Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let refused = Arc::clone(refused);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut head = Vec::new();
            let mut buffer = [0; 4096];
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(read) if read > 0 => head.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let (status, data) =
                match answer(&unescaped(head.split(' ').nth(1).unwrap_or_default())) {
                    Some(data) => (200, format!("{{\"status\":\"success\",\"data\":{data}}}")),
                    None => {
                        refused.fetch_add(1, Ordering::Relaxed);
                        let no = r#"{"status":"error","errorType":"bad_data","error":"no"}"#;
                        (400, no.to_owned())
                    }
                };
            let _ = write!(
                stream,
                "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{data}",
                data.len()
            );
        }
    });
    address
}

/// What there is.
fn series() -> Vec<Labels> {
    let series = ["premium", "standard", "gold"].map(|segment| {
        let labels = [
            ("__name__", "http_requests_total"),
            ("code", "200"),
            ("path", "/pay"),
            ("segment", segment),
        ];
        let owned = labels.map(|(label, value)| (label.to_owned(), value.to_owned()));
        BTreeMap::from(owned)
    });
    let mut series = Vec::from(series);
    let mut rule = series[0].clone();
    rule.insert("__name__".to_owned(), "job:http:sum".to_owned());
    series.push(rule);
    series
}

/// The answer to a path; `None` is a refusal.
fn answer(path: &str) -> Option<String> {
    if path.contains("/query_range") {
        return Some(r#"{"resultType":"matrix","result":[]}"#.to_owned());
    }
    if path.starts_with("/mute") {
        return None;
    }
    if path.contains("/label/__name__/values") {
        return Some(r#"["http_requests_total","up"]"#.to_owned());
    }
    let query = path.split_once("query=")?.1;
    // There are no native histograms.
    if query.contains("histogram_count(") {
        return Some(r#"{"resultType":"vector","result":[]}"#.to_owned());
    }
    let selected = selected(query);
    let vector: Vec<(Labels, usize)> = if query.contains("count by (") {
        let label = query.split_once("count by (")?.1.split(')').next()?;
        let mut by: BTreeMap<Labels, usize> = BTreeMap::new();
        for one in selected {
            let kept = one.into_iter().filter(|(name, _)| name == label);
            *by.entry(kept.collect()).or_default() += 1;
        }
        by.into_iter().collect()
    } else if query.starts_with("topk(") {
        selected.into_iter().map(|one| (one, 1)).collect()
    } else {
        let counted = (!selected.is_empty()).then_some((Labels::new(), selected.len()));
        counted.into_iter().collect()
    };
    let result: Vec<Value> = (vector.into_iter())
        .map(|(labels, value)| serde_json::json!({"metric": labels, "value": [1_000_000, value.to_string()]}))
        .collect();
    Some(serde_json::json!({"resultType": "vector", "result": result}).to_string())
}

/// The series that the selector of a query has.
fn selected(query: &str) -> Vec<Labels> {
    let selector = query.split_once('{').map_or("", |(_, rest)| rest);
    let selector = selector.split('}').next().unwrap_or_default();
    let mut all = series();
    for matcher in selector.split(',') {
        let Some((label, value)) = matcher.split_once('=') else {
            continue;
        };
        let (label, is_same) = match label.strip_suffix('!') {
            Some(label) => (label, false),
            None => (label, true),
        };
        let value = value.trim_matches('"');
        all.retain(|one| (one.get(label).map_or("", String::as_str) == value) == is_same);
    }
    all
}

fn unescaped(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                let digits = std::str::from_utf8(&digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn what_an_api_has_and_does_not_fit_is_said_in_the_status() {
    let limits = Limits {
        look: Duration::from_millis(10),
        ..Limits::default()
    };
    let refused = Arc::new(AtomicU64::new(0));
    let api = fake(&refused).to_string();
    let shop = Shop::of(&CATALOGUE.replace("PROM", &api), limits);
    let status = within(120, "notes of both sources", || {
        // Before the status is: what was refused shall stand in none.
        let is_refused = refused.load(Ordering::Relaxed) > 0;
        let status = get(shop.address(), "/api/v1/status");
        let status: Value = serde_json::from_str(&status.body).ok()?;
        let what = |slo| what(&status, slo).is_some();
        (is_refused && what("typo") && what("tier")).then_some(status)
    });
    assert_eq!(
        what(&status, "typo").unwrap(),
        (
            "never heard",
            "prom has no `http_request_total`; alike: `http_requests_total`"
        )
    );
    assert_eq!(
        what(&status, "rule").unwrap().1,
        "`job:http:sum` from prom is no histogram, and is taken for one: `type: counter` is missing beside `metric:`"
    );
    assert_eq!(
        what(&status, "nopath").unwrap(),
        (
            "never heard",
            "no series of `http_requests_total` from prom counts: `path` shall be /search and is `/pay`"
        )
    );
    assert_eq!(
        what(&status, "badlabel").unwrap(),
        (
            "no label",
            "nothing tells good from bad: no series of `http_requests_total` from prom has `status`; it has `code`, `path`, \
             `segment`"
        )
    );
    assert_eq!(
        what(&status, "tier").unwrap(),
        (
            "never heard",
            "no series of `http_requests_total` from wrong has `tier`, which says the segment; `segment` has segments"
        )
    );
    // To programs, too, as of what is sent.
    let sources = status["reading"]["sources"].as_array().unwrap();
    let ids: Vec<&str> = (sources.iter())
        .map(|one| one["source"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["mute", "prom", "wrong"]);
    let gold = serde_json::json!({"gold": 1});
    assert_eq!(sources[1]["unclaimed_segments"], gold, "{status}");
    // What fits, and what an API does not say, is nothing to speak of; and no trouble.
    assert_eq!(what(&status, "ok"), None);
    assert_eq!(what(&status, "refused"), None);
    let answer = get(shop.address(), "/api/v1/status?format=human&width=200");
    for says in [
        "typo: never heard: prom has no `http_request_total`; alike: `http_requests_total`",
        "badlabel: nothing tells good from bad",
        "source prom: no segment claims `gold` (1 series)",
    ] {
        assert!(answer.body.contains(says), "{says} in {}", answer.body);
    }
    assert!(!answer.body.contains("source mute"), "{}", answer.body);
}

/// Why a gap says that nothing of an SLO fits, and what it says.
fn what<'s>(status: &'s Value, slo: &str) -> Option<(&'s str, &'s str)> {
    let mut gaps = status["gaps"].as_array()?.iter();
    let gap = gaps.find(|gap| {
        gap["about"] == slo
            && ["never heard", "no label"]
                .iter()
                .any(|why| gap["why"] == *why)
    })?;
    Some((gap["why"].as_str()?, gap["what"].as_str()?))
}
