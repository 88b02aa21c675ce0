//! What is found in an API never seen before, and what is proposed for it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use attain_model::policy::{Secret, Setting};
use attain_model::source::ApiSource;
use attain_sources::Answers;
use attain_sources::pull::{HttpApi, Survey, propose_pulled, survey};

/// Answers as a Prometheus with these names and series would; increases are 1,000 of everything, and 990 under 0.2.
fn look(names: &[&str], series: &'static [(&str, &str)]) -> Survey {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let names = format!("[\"{}\"]", names.join("\",\""));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let mut request = String::new();
            reader.read_line(&mut request).unwrap();
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            let of_metric = |label: &str| {
                let found = series.iter().filter(|(name, _)| request.contains(name));
                let lines = found.map(|(_, labels)| match label {
                    "" => format!("{{{labels}}}"),
                    _ => {
                        let value = if labels.contains(r#""le":"0.2""#) {
                            990
                        } else {
                            1000
                        };
                        format!("{{\"metric\":{{{labels}}},\"value\":[1766404800,\"{value}\"]}}")
                    }
                });
                lines.collect::<Vec<_>>().join(",")
            };
            let data = if request.contains("/label/__name__/values") {
                names.clone()
            } else if request.contains("/series") {
                format!("[{}]", of_metric(""))
            } else {
                format!(
                    "{{\"resultType\":\"vector\",\"result\":[{}]}}",
                    of_metric("value")
                )
            };
            let body = format!("{{\"status\":\"success\",\"data\":{data}}}");
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = reader.get_mut().write_all((head + &body).as_bytes());
        }
    });
    survey(&HttpApi::new(&format!("http://{address}"), None)).unwrap()
}

fn at(url: &str) -> ApiSource {
    ApiSource {
        url: url.to_owned(),
        ..ApiSource::default()
    }
}

const SHOP: &[(&str, &str)] = &[
    (
        "http_requests_total",
        r#""code":"200","tier":"Gold","instance":"a""#,
    ),
    (
        "http_requests_total",
        r#""code":"503","tier":"free","instance":"b""#,
    ),
    (
        "http_duration_seconds_bucket",
        r#""le":"0.2","tier":"Gold""#,
    ),
    (
        "http_duration_seconds_bucket",
        r#""le":"0.1","tier":"free""#,
    ),
    (
        "http_duration_seconds_bucket",
        r#""le":"+Inf","tier":"Gold""#,
    ),
    ("prometheus_http_requests_total", r#""code":"200""#),
];

#[test]
fn requests_durations_and_segments_are_found_and_proposed() {
    let names = [
        "prometheus_http_requests_total",
        "http_duration_seconds_bucket",
        "http_requests_total",
        "queue_length",
    ];
    let found = look(&names, SHOP);
    let requests = found.requests.as_ref().unwrap();
    assert_eq!(requests.metric, "http_requests_total");
    assert_eq!(
        (requests.label.as_str(), &requests.bad[..]),
        ("code", &["5xx".to_owned()][..])
    );
    assert_eq!(
        (requests.measured["Gold"].bad, requests.measured["free"].bad),
        (0, 1000)
    );
    let durations = found.durations.as_ref().unwrap();
    assert_eq!(durations.metric, "http_duration_seconds");
    assert_eq!(durations.edges, ["0.1", "0.2"]);
    // The least edge that 95 of 100 are under, and what is above it.
    assert_eq!(durations.edge, "0.1");
    let segments = [(
        "tier".to_owned(),
        vec!["Gold".to_owned(), "free".to_owned()],
    )];
    assert_eq!(found.segments, segments);

    let text = propose_pulled(&found, &Answers::default(), &at("http://prom:9090"));
    for line in [
        "  gold:\n    rank: 1\n    contract: best effort\n    match: [\"Gold\"]\n",
        "    labels:\n      segment: tier\n",
        "      metric: http_requests_total\n      type: counter\n      bad:\n        code: [\"5xx\"]\n",
        "      buckets: [100ms, 200ms]\n",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn a_proposal_says_where_secrets_lie() {
    let found = look(
        &["http_requests_total"],
        &[("http_requests_total", r#""code":"200","tier":"gold""#)],
    );
    let mut api = at("https://mimir/prometheus");
    api.tenant = Some("team: \"a\"".to_owned());
    api.bearer = Some(Secret::File("secrets/mimir".to_owned()));
    api.headers = BTreeMap::from([
        ("X-Cluster".to_owned(), Setting::Text("eu".to_owned())),
        (
            "X-Key".to_owned(),
            Setting::Secret(Secret::Env("MIMIR_KEY".to_owned())),
        ),
    ]);
    let text = propose_pulled(&found, &Answers::default(), &api);
    let expected = "    prometheus:
      url: \"https://mimir/prometheus\"
      tenant: \"team: \\\"a\\\"\"
      auth:
        bearer: {file: \"secrets/mimir\"}
      headers:
        \"X-Cluster\": \"eu\"
        \"X-Key\": {env: \"MIMIR_KEY\"}
";
    assert!(text.contains(expected), "{text}");
}

const STARTED: &str = "process_start_time_seconds";

#[test]
fn births_are_proposed_where_the_processes_that_count_say_them() {
    let proposed = |series: &'static [(&'static str, &'static str)]| {
        let found = look(&["http_requests_total", STARTED], series);
        propose_pulled(&found, &Answers::default(), &at("http://prom:9090"))
    };
    let (a, b) = (
        (
            "http_requests_total",
            r#""code":"200","job":"shop","instance":"a""#,
        ),
        (
            "http_requests_total",
            r#""code":"200","job":"shop","instance":"b""#,
        ),
    );
    let a_began = (STARTED, r#""job":"shop","instance":"a""#);
    let other_began = (STARTED, r#""job":"node","instance":"a""#);

    let all: &'static [_] = vec![a, a_began, other_began].leak();
    let text = proposed(all);
    assert!(
        text.contains("    started: process_start_time_seconds\n"),
        "{text}"
    );
    assert!(!text.contains("targets say it"), "{text}");
    let one: &'static [_] = vec![a, b, a_began].leak();
    let text = proposed(one);
    assert!(text.contains("1 of 2 targets say it."), "{text}");
    assert!(
        text.contains("    started: process_start_time_seconds\n"),
        "{text}"
    );

    let none: &'static [_] = vec![a, other_began].leak();
    assert!(!proposed(none).contains("started"));
    // What an exporter counts is older than the exporter.
    let exporter = ("exporter_build_info", r#""job":"shop","instance":"a""#);
    let spoken_for: &'static [_] = vec![a, a_began, exporter].leak();
    assert!(!proposed(spoken_for).contains("started"));
}

#[test]
fn an_api_without_requests_proposes_nothing() {
    let found = look(
        &["up", "node_load1", "queue_bytes_total"],
        &[("queue_bytes_total", r#""a":"b""#)],
    );
    assert_eq!(found, Survey::default());
}
