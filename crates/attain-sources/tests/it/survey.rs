//! What is found in an API never seen before, and what is proposed for it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use attain_model::policy::{Secret, Setting};
use attain_model::source::ApiSource;
use attain_sources::pull::{HttpApi, Survey, propose_pulled, survey};
use attain_sources::{Answers, SegmentAnswer};

/// Answers as a Prometheus with these names and series would; increases are 1,000 of everything, and 990 under 0.2.
fn look(names: &[&str], series: &'static [(&str, &str)]) -> Survey {
    look_by(names, series, &SegmentAnswer::Best)
}

fn look_by(names: &[&str], series: &'static [(&str, &str)], by: &SegmentAnswer) -> Survey {
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
    survey(&HttpApi::new(&format!("http://{address}"), None), by).unwrap()
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
fn an_api_without_requests_proposes_nothing_and_says_what_counts() {
    let found = look(
        &["up", "node_load1", "queue_bytes_total", "go_gc_total"],
        &[("queue_bytes_total", r#""a":"b""#)],
    );
    let only_this = Survey {
        unclear: vec!["queue_bytes_total".to_owned()],
        ..Survey::default()
    };
    assert_eq!(found, only_this);
}

/// As OpenTelemetry's SDKs do: the histogram of durations is all that there is, and has the status.
#[test]
fn a_histogram_says_alone_which_requests_were_good() {
    let names = [
        "http_server_request_duration_seconds_bucket",
        "http_server_request_duration_seconds_count",
        "http_response_size_bytes_bucket",
    ];
    let found = look(
        &names,
        &[
            (
                "http_server_request_duration_seconds",
                r#""http_response_status_code":"200","le":"0.1","tier":"gold""#,
            ),
            (
                "http_server_request_duration_seconds",
                r#""http_response_status_code":"503","le":"+Inf","tier":"free""#,
            ),
        ],
    );
    let requests = found.requests.as_ref().unwrap();
    assert_eq!(
        requests.metric,
        "http_server_request_duration_seconds_count"
    );
    assert_eq!(requests.label, "http_response_status_code");
    assert_eq!(requests.measured["free"].bad, 1000);
    let text = propose_pulled(&found, &Answers::default(), &at("http://prom:9090"));
    assert!(
        text.contains(
            "      metric: http_server_request_duration_seconds_count\n      type: counter\n"
        ),
        "{text}"
    );
}

#[test]
fn what_was_bad_is_found_in_many_spellings() {
    for (metric, one, other, label, bad) in [
        (
            "grpc_server_handled_total",
            r#""grpc_code":"OK""#,
            r#""grpc_code":"NotFound""#,
            "grpc_code",
            "Unknown DeadlineExceeded Unimplemented Internal Unavailable DataLoss",
        ),
        (
            "rpc_server_calls_total",
            r#""rpc_grpc_status_code":"0""#,
            r#""rpc_grpc_status_code":"14""#,
            "rpc_grpc_status_code",
            "2 4 12 13 14 15",
        ),
        (
            "envoy_cluster_upstream_rq_xx",
            r#""envoy_response_code_class":"2""#,
            r#""envoy_response_code_class":"4""#,
            "envoy_response_code_class",
            "5",
        ),
        (
            "web_requests_total",
            r#""code":"2xx""#,
            r#""code":"4xx""#,
            "code",
            "5xx",
        ),
        (
            "orders_total",
            r#""result":"ok""#,
            r#""result":"error""#,
            "result",
            "error",
        ),
        (
            "nginx_ingress_controller_requests",
            r#""status":"200""#,
            r#""status":"404""#,
            "status",
            "5xx",
        ),
        (
            "http_server_requests_seconds_count",
            r#""status":"200","outcome":"SUCCESS""#,
            r#""status":"500","outcome":"SERVER_ERROR""#,
            "status",
            "5xx",
        ),
    ] {
        let series: &'static [_] = vec![(metric, one), (metric, other)].leak();
        let requests = look(&[metric], series).requests.expect(metric);
        let found = (requests.label.as_str(), requests.bad.join(" "));
        assert_eq!(found, (label, bad.to_owned()), "{metric}");
    }
    // Bytes are no time.
    let sizes: &[_] = &[("http_response_size_bytes_bucket", r#""le":"100""#)];
    assert_eq!(
        look(&["http_response_size_bytes_bucket"], sizes),
        Survey::default()
    );
}

#[test]
fn durations_are_in_the_unit_of_their_name_or_of_their_size() {
    for (metric, le, unit, shown) in [
        ("latency_milliseconds_bucket", "250", "unit: ms\n", "250ms"),
        ("latency_seconds_bucket", "2500", "unit: s\n", "2500s"),
        (
            "request_time_bucket",
            "3600000",
            "unit: ms   # guessed",
            "3600s",
        ),
        ("request_time_bucket", "10", "unit: s   # guessed", "10s"),
    ] {
        let labels: &'static str = format!(r#""le":"{le}""#).leak();
        let series: &'static [_] = vec![(&*metric.to_owned().leak(), labels)].leak();
        let found = look(&[metric], series);
        let text = propose_pulled(&found, &Answers::default(), &at("http://prom:9090"));
        assert!(text.contains(unit), "{metric} {le}: {text}");
        assert!(
            text.contains(&format!("[{shown}]")),
            "{metric} {le}: {text}"
        );
    }
}

#[test]
fn what_no_segment_has_is_said_and_the_label_that_was_chosen_is_measured() {
    const HALF: &[(&str, &str)] = &[
        (
            "http_requests_total",
            r#""code":"200","plan":"gold","tier":"a""#,
        ),
        (
            "http_requests_total",
            r#""code":"500","plan":"free","tier":"b""#,
        ),
        ("http_requests_total", r#""code":"404","tier":"a""#),
        ("http_requests_total", r#""code":"201","tier":"b""#),
    ];
    let names = ["http_requests_total"];
    let found = look(&names, HALF);
    assert_eq!(found.segments[0].0, "plan");
    assert_eq!(found.untagged().as_deref(), Some("50%"));
    let text = propose_pulled(&found, &Answers::default(), &at("http://prom:9090"));
    assert!(
        text.contains("# 50% of the requests of the last day had no `plan`"),
        "{text}"
    );

    let chosen = SegmentAnswer::Field("tier".to_owned());
    let found = look_by(&names, HALF, &chosen);
    assert_eq!(found.segments[0].0, "tier");
    assert_eq!(
        (found.untagged(), found.requests.unwrap().measured["b"].bad),
        (None, 1000)
    );
    let found = look_by(&names, HALF, &SegmentAnswer::Nothing);
    assert_eq!(found.requests.unwrap().measured[""].events, 4000);
}
