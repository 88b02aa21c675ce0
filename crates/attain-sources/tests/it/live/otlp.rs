//! OTLP: what a real SDK sends is what was counted, whatever its temporality and its kind of histogram.

use std::collections::BTreeMap;

use attain_model::live::Slot;
use attain_wire::WireError;

use super::*;

fn recorded(name: &str) -> Vec<u8> {
    std::fs::read(testdata().join("otlp").join(name)).unwrap()
}

/// After the recordings.
fn arrived() -> Timestamp {
    "2026-11-22T07:00:00Z".parse().unwrap()
}

/// Counts what comes, as the meter would: by `metric segment role`.
#[derive(Default)]
struct Sums {
    to: BTreeMap<Slot, Vec<String>>,
    stands: BTreeMap<Slot, u64>,
    sums: BTreeMap<String, u64>,
    refused: u64,
}

impl Sums {
    fn take(&mut self, (batch, outcome): (LiveBatch, Outcome)) {
        self.refused += outcome.refused;
        for line in text((
            LiveBatch {
                samples: Vec::new(),
                ..batch.clone()
            },
            outcome,
        ))
        .lines()
        {
            if let Some((slot, to)) = line.split_once(": ")
                && let Ok(slot) = slot.parse()
            {
                self.to
                    .insert(slot, to.split(';').map(|to| to.trim().to_owned()).collect());
            }
        }
        for sample in &batch.samples {
            let events = match sample.says {
                LiveValue::Stands { value, created_ms } => {
                    assert!(created_ms.is_some());
                    value - self.stands.insert(sample.slot, value).unwrap_or(0)
                }
                LiveValue::Happened { events, start_ms } => {
                    assert!(start_ms <= sample.time_ms);
                    events
                }
                LiveValue::Ended => 0,
            };
            for to in self.to[&sample.slot].iter().filter(|to| !to.is_empty()) {
                *self.sums.entry(to.clone()).or_default() += events;
            }
        }
        for reading in &batch.readings {
            let key = format!(
                "{} {}",
                reading.stream.as_str().split(['|', ':']).nth(1).unwrap(),
                reading.segment
            );
            self.sums
                .insert(key, u64::try_from(reading.value.0).unwrap());
        }
    }
}

/// The indicators of three services that mean the same.
fn spelled(prometheus: bool) -> Catalogue {
    let [requests, status, latency, age] = match prometheus {
        true => [
            "http_requests_total",
            "http_response_status_code",
            "http_server_request_duration_seconds",
            "queue_age_milliseconds",
        ],
        false => [
            "http.requests",
            "http.response.status_code",
            "http.server.request.duration",
            "queue.age",
        ],
    };
    empty()
        .segment("premium", &["premium", "gold"])
        .segment("free", &["free"])
        .source("live", SourceKind::Otlp { token: None })
        .labels("live", "segment", None, None)
        .slo(
            "requests",
            metric(
                requests,
                MetricKind::Counter,
                only(&[("ok", "true|false")]),
                &[(status, "5xx")],
            ),
            &[],
        )
        .slo(
            "latency",
            metric(
                latency,
                MetricKind::Histogram,
                only(&[("job", "eu/shop")]),
                &[],
            ),
            &[100, 300],
        )
        .slo(
            "age",
            metric(
                age,
                MetricKind::Gauge,
                only(&[("service.name", "shop")]),
                &[],
            ),
            &[],
        )
        // Goes up and down: what it rose by is not what happened.
        .slo(
            "length",
            metric("queue.length", MetricKind::Counter, only(&[]), &[]),
            &[],
        )
}

#[test]
fn one_indicator_counts_the_same_from_every_kind_of_exporter() {
    for prometheus in [false, true] {
        for temporality in ["cumulative", "delta"] {
            for histogram in ["explicit", "exponential"] {
                let mut intake = intake(&spelled(prometheus));
                let mut sums = Sums::default();
                for round in [1, 2] {
                    let body = recorded(&format!("{temporality}-{histogram}-{round}.pb"));
                    sums.take(intake.otlp(&body, arrived()).unwrap());
                }
                // `queue.length`, once a round.
                assert_eq!(sums.refused, 2);
                let total = |end: &str| -> u64 {
                    let of = |(key, _): &(&String, &u64)| key.ends_with(end);
                    sums.sums.iter().filter(of).map(|(_, events)| events).sum()
                };
                let name = format!("{prometheus} {temporality} {histogram}: {:#?}", sums.sums);
                // 300 requests: every tenth failed, all for `free`.
                assert_eq!(total("status_code=200]"), 270, "{name}");
                assert_eq!(
                    total("free [http_response_status_code=503]")
                        + total("free [http.response.status_code=503]"),
                    30,
                    "{name}"
                );
                assert_eq!(
                    (total("premium [] all"), total("free [] all")),
                    (150, 150),
                    "{name}"
                );
                let under = [
                    total("premium [] <= 100ms"),
                    total("free [] <= 100ms"),
                    total("premium [] <= 300ms"),
                    total("free [] <= 300ms"),
                ];
                if histogram == "explicit" {
                    assert_eq!(under, [100, 100, 150, 150], "{name}");
                } else {
                    // No bucket ends at 100 ms: some of the 100 count as slower, and none of the others as faster.
                    assert!(
                        under[0] <= 100 && under[0] >= 90 && under[1] <= 100 && under[1] >= 90,
                        "{name}"
                    );
                    assert_eq!(under[2..], [150, 150], "{name}");
                }
                let age = if prometheus {
                    "queue_age_milliseconds free"
                } else {
                    "queue.age free"
                };
                assert_eq!(sums.sums[age], 501_000_000, "{name}");
                assert!(!name.contains("queue.length"), "{name}");
            }
        }
    }
}

#[test]
fn json_is_the_same_as_protobuf() {
    for name in [
        "cumulative-explicit-1",
        "cumulative-exponential-1",
        "delta-explicit-1",
        "delta-exponential-1",
    ] {
        let made = spelled(false);
        let protobuf = intake(&made)
            .otlp(&recorded(&format!("{name}.pb")), arrived())
            .unwrap();
        let json = intake(&made)
            .otlp_json(&recorded(&format!("{name}.json")), arrived())
            .unwrap();
        assert_eq!(protobuf, json, "{name}");
        assert!(!protobuf.0.samples.is_empty());
    }
}

/// A request with one metric of these points.
fn request(kind: &str, data: &str) -> String {
    format!(
        r#"{{"resourceMetrics":[{{"later":[1,{{}}],"scopeMetrics":[{{"metrics":[{{"name":"http.requests","{kind}":{data}}}]}}]}}]}}"#
    )
}

/// Names of metrics that nobody wants stand in a few bytes, and a resource in as many as it likes.
#[test]
fn a_resource_is_looked_at_once_however_many_metrics_it_has() {
    let resource = format!(
        r#"{{"attributes":[{{"key":"text","value":{{"stringValue":"{}"}}}}]}}"#,
        "x".repeat(8 << 20)
    );
    let names = ["none", "http.requests"];
    let metrics: Vec<String> = (0..100_000)
        .map(|at| {
            format!(
                r#"{{"name":"{}","sum":{{"dataPoints":[]}}}}"#,
                names[at % 2]
            )
        })
        .collect();
    let json = format!(
        r#"{{"resourceMetrics":[{{"resource":{resource},"scopeMetrics":[{{"metrics":[{}]}}]}}]}}"#,
        metrics.join(",")
    );
    let (batch, outcome) = intake(&spelled(false))
        .otlp_json(json.as_bytes(), arrived())
        .unwrap();
    assert_eq!((batch.samples.len(), outcome.refused), (0, 0));
}

#[test]
fn a_resource_of_more_than_its_share_is_refused() {
    let request = |bytes: usize| {
        format!(
            r#"{{"resourceMetrics":[{{"resource":{{"attributes":[{{"key":"text","value":{{"stringValue":"{}"}}}}]}},"scopeMetrics":[{{"metrics":[
                {{"name":"http.requests","sum":{{"isMonotonic":true,"aggregationTemporality":2,"dataPoints":[
                    {{"timeUnixNano":"{}","asInt":"5"}}]}}}}]}}]}}]}}"#,
            "x".repeat(bytes),
            NOW_MS * 1_000_000
        )
    };
    let mut intake = intake(&spelled(false));
    let mut refused = |bytes| {
        let (_, outcome) = intake.otlp_json(request(bytes).as_bytes(), now()).unwrap();
        (outcome.refused, outcome.reasons)
    };
    assert_eq!(refused(60_000), (0, vec![]));
    let (points, reasons) = refused(70_000);
    assert_eq!(points, 1);
    assert!(reasons[0].contains("64 KiB"), "{reasons:?}");
}

/// Two libraries of one process count under one name: each has its scope, and a stream of its own.
#[test]
fn scopes_that_say_the_same_are_two_series() {
    let scope = |scope: &str, value: u64, at_ms: i64| {
        format!(
            r#"{{{scope}"metrics":[{{"name":"http.requests","sum":{{"isMonotonic":true,"aggregationTemporality":2,"dataPoints":[
                {{"attributes":[{{"key":"ok","value":{{"boolValue":true}}}}],"startTimeUnixNano":"{}","timeUnixNano":"{}","asInt":"{value}"}}]}}}}]}}"#,
            NOW_MS * 1_000_000,
            (NOW_MS + at_ms) * 1_000_000
        )
    };
    // Another version is no other series: a collector is updated while its targets go on.
    let jetty = |round: i64| {
        format!(
            r#""scope":{{"name":"jetty","version":"{}"}},"#,
            1 + round / 5
        )
    };
    let tomcat = r#""scope":{"name":"tomcat"},"#;
    let made = spelled(false);
    let mut intake = intake(&made);
    let mut meter = attain_engine::Meter::new(10);
    meter.count(&attain_model::Stream::all(&made));
    let mut counted = 0;
    for round in 0..10 {
        let at = (round + 1) * 15_000;
        let mut scopes = [
            scope(&jetty(round), 5 + 5 * round as u64, at),
            scope(tomcat, 7 + 7 * round as u64, at),
        ];
        if round % 3 == 1 {
            scopes.reverse();
        }
        let json = format!(
            r#"{{"resourceMetrics":[{{"scopeMetrics":[{}]}}]}}"#,
            scopes.join(",")
        );
        let arrived = Timestamp::from_millisecond(NOW_MS + at).unwrap();
        let (batch, _) = intake.otlp_json(json.as_bytes(), arrived).unwrap();
        meter.take(&batch);
        for delivery in meter.close(arrived) {
            let cells = delivery.counted.iter();
            counted += cells
                .flat_map(|counted| counted.tally.cells.values())
                .sum::<u64>();
        }
        // Whoever comes first after a restart, each goes on as it was.
        if round % 2 == 0 {
            let facts = meter.facts();
            intake = self::intake(&made);
            intake.restore(&facts);
            meter = attain_engine::Meter::restore(facts, 10);
            meter.count(&attain_model::Stream::all(&made));
        }
    }
    for delivery in meter.close(Timestamp::MAX) {
        let cells = delivery.counted.iter();
        counted += cells
            .flat_map(|counted| counted.tally.cells.values())
            .sum::<u64>();
    }
    assert_eq!(counted, 50 + 70);
}

#[test]
fn what_a_point_may_say() {
    let mut intake = intake(&spelled(false));
    let at = |offset: i64| (NOW_MS + offset) * 1_000_000;
    let point = |value: &str, start: i64, time: i64| {
        format!(
            r#"{{"attributes":[{{"key":"ok","value":{{"stringValue":"true"}}}}],"startTimeUnixNano":{start},"timeUnixNano":"{time}",{value}}}"#
        )
    };
    let points = [
        point(r#""asInt":"5""#, at(-10_000), at(0)),
        point(r#""asDouble":7.9"#, at(1), at(1)),
        point(r#""flags":1"#, at(-10_000), at(2)),
        point(r#""asInt":-1"#, 0, at(3)),
        point(r#""asDouble":"NaN""#, 0, at(4)),
        point(r#""flags":0"#, 0, at(5)),
        point(r#""asInt":9"#, 0, at(86_400_000)),
        point(r#""asInt":9"#, 0, at(6)),
    ]
    .join(",");
    let sum = |temporality: u8| {
        format!(
            r#"{{"isMonotonic":true,"aggregationTemporality":{temporality},"dataPoints":[{points}]}}"#
        )
    };
    let got = text(
        intake
            .otlp_json(request("sum", &sum(2)).as_bytes(), now())
            .unwrap(),
    );
    check(&got, "\
        0: http.requests unknown [];
        0 at 0: 5 since -10000
        0 at 1: 7 since 2
        0 at 2: ended
        0 at 6: 9
        4 accepted, 0 of them for nobody, 4 refused, newest Some(6)
        - http.requests: a counter cannot stand at -1
        - http.requests: a counter cannot stand at NaN
        - http.requests: it has no value, and does not say that it has none
        - a sample of 2026-11-03T09:40:00Z arrived at 2026-11-02T09:40:00Z: it is too far ahead; compare the clocks
    ");
    let got = text(
        intake
            .otlp_json(request("sum", &sum(1)).as_bytes(), now())
            .unwrap(),
    );
    assert!(
        got.contains("0 at 0: +5 since -10000\n0 at 2: ended\n")
            && got.contains("- http.requests: 7.9 is no number of events since the point before"),
        "{got}"
    );
    let got = text(
        intake
            .otlp_json(request("sum", &sum(0)).as_bytes(), now())
            .unwrap(),
    );
    assert!(
        got.contains("- http.requests: it does not say whether it counts since"),
        "{got}"
    );
    let got = text(
        intake
            .otlp_json(request("gauge", &sum(0)).as_bytes(), now())
            .unwrap(),
    );
    let refused = "- http.requests: it is counted, and is sent as a gauge or a sum that may fall";
    assert!(
        got.contains("0 accepted, 0 of them for nobody, 8 refused") && got.contains(refused),
        "{got}"
    );
}

/// Nothing of a histogram that contradicts itself can be told apart as fast or slow.
#[test]
fn a_histogram_that_cannot_be_is_refused_with_the_reason() {
    let latency = metric("http.duration", MetricKind::Histogram, only(&[]), &[]);
    let mut intake = intake(&spelled(false).slo("any", latency, &[100]));
    let four = r#""5","3","1","1""#;
    let unordered = "its bounds do not ascend";
    let bare = "a latency is asked of it, and it has no buckets";
    for (bounds, counts, why) in [
        ("0.1,0.25,0.5", four, None),
        ("0.5,0.1,0.25", four, Some(unordered)),
        ("0.1,0.1,0.5", four, Some(unordered)),
        (r#"0.1,"NaN",0.5"#, four, Some(unordered)),
        (
            "0.1,0.25",
            four,
            Some("it has not one count more than it has bounds"),
        ),
        (
            "0.1",
            r#""5","4""#,
            Some("its buckets hold 9 events, and it says that it has 10"),
        ),
        ("", "", Some(bare)),
        ("", r#""10""#, Some(bare)),
    ] {
        let data = format!(
            r#"{{"aggregationTemporality":2,"dataPoints":[{{"startTimeUnixNano":"{}","timeUnixNano":"{}","count":"10","bucketCounts":[{counts}],"explicitBounds":[{bounds}]}}]}}"#,
            (NOW_MS - 10_000) * 1_000_000,
            NOW_MS * 1_000_000
        );
        let got = request("histogram", &data).replace("http.requests", "http.duration");
        let (_, outcome) = intake.otlp_json(got.as_bytes(), now()).unwrap();
        assert_eq!(outcome.refused, u64::from(why.is_some()), "{bounds}");
        let said = outcome.reasons.join("\n");
        assert!(said.contains(why.unwrap_or_default()), "{bounds}: {said}");
    }
}

/// Under a counter's name in Prometheus' spelling as well: what is passed over in silence is found by nobody.
#[test]
fn a_sum_that_may_fall_is_refused_under_any_name_of_a_counter() {
    let mut intake = intake(&spelled(true));
    let point = r#"{"attributes":[{"key":"ok","value":{"stringValue":"true"}}],"timeUnixNano":"1","asInt":"5"}"#;
    let sum =
        format!(r#"{{"isMonotonic":false,"aggregationTemporality":2,"dataPoints":[{point}]}}"#);
    let body = request("sum", &sum);
    let (_, outcome) = intake.otlp_json(body.as_bytes(), now()).unwrap();
    assert_eq!((outcome.accepted, outcome.refused), (0, 1));
    assert_eq!(
        outcome.reasons,
        [
            "http.requests: it is counted, and is sent as a gauge or a sum that may fall: send a monotonic sum, or write `type: gauge`"
        ]
    );
}

/// An SDK's first point of an observable counter begins microseconds before it was taken.
#[test]
fn a_start_is_known_if_it_is_before_the_point_to_the_nanosecond() {
    let mut intake = intake(&spelled(false));
    let at_ns = NOW_MS * 1_000_000;
    let mut told = |start_ns: i64, time_ns: i64| {
        let data = format!(
            r#"{{"isMonotonic":true,"aggregationTemporality":2,"dataPoints":[{{"attributes":[{{"key":"ok","value":{{"stringValue":"true"}}}}],"startTimeUnixNano":{start_ns},"timeUnixNano":"{time_ns}","asInt":"5"}}]}}"#
        );
        let taken = intake.otlp_json(request("sum", &data).as_bytes(), now());
        taken.unwrap().0.samples[0].says
    };
    let stands = |created_ms| LiveValue::Stands {
        value: 5,
        created_ms,
    };
    assert_eq!(told(at_ns + 100, at_ns + 9_600), stands(Some(NOW_MS)));
    // Not known: told as one to come, the same for the points that follow.
    assert_eq!(told(at_ns + 100, at_ns + 100), stands(Some(NOW_MS + 1)));
    let later = at_ns + 3_000_000;
    assert_eq!(told(later, at_ns + 100), stands(Some(NOW_MS + 3)));
    assert_eq!(told(0, at_ns), stands(None));
}

#[test]
fn a_request_that_cannot_be_read_is_refused_as_a_whole() {
    let mut intake = intake(&spelled(false));
    let body = recorded("cumulative-explicit-1.pb");
    for cut in [1, 5, 100, body.len() - 1] {
        assert!(
            matches!(
                intake.otlp(&body[..cut], now()),
                Err(WireError::Unreadable { .. })
            ),
            "{cut}"
        );
    }
    assert_eq!(intake.otlp(b"", now()).unwrap().1, Outcome::default());
    for json in [
        "",
        "[]",
        "{\"resourceMetrics\":1}",
        "{\"resourceMetrics\":[{}]",
        &request("sum", r#"{"dataPoints":[{"asInt":"x"}]}"#),
    ] {
        let error = intake.otlp_json(json.as_bytes(), now()).unwrap_err();
        assert!(error.to_string().contains("line 1 column"), "{error}");
    }
}
