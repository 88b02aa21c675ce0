//! Remote write: whose series is whose, what a number may be, and that one bad sample spoils nothing.

use attain_model::live::{LivePoint, MeterFacts, MeteredSeries};
use attain_wire::WireError;
use attain_wire::remote_write::{Given, STALE_BITS, encode};

use super::*;

fn send(intake: &mut Intake, given: &[Given<'_>]) -> String {
    let at_now = |samples: &[(f64, i64)]| {
        samples
            .iter()
            .map(|(value, at)| (*value, NOW_MS + at))
            .collect()
    };
    let samples: Vec<Vec<(f64, i64)>> = given.iter().map(|(_, samples)| at_now(samples)).collect();
    let given: Vec<Given<'_>> = (given.iter().zip(&samples))
        .map(|((labels, _), samples)| (*labels, samples.as_slice()))
        .collect();
    text(intake.remote_write(&encode(&given), now()).unwrap())
}

const OK: &[(&str, &str)] = &[
    ("__name__", "http_requests_total"),
    ("code", "200"),
    ("job", "shop"),
    ("segment", "gold"),
];
const FAILED: &[(&str, &str)] = &[
    ("__name__", "http_requests_total"),
    ("code", "503"),
    ("job", "shop"),
];

#[test]
fn a_series_is_told_once_and_found_again() {
    let mut intake = intake(&catalogue("request_seconds"));
    let got = send(
        &mut intake,
        &[
            (OK, &[(5.0, -15_000), (7.5, 0)]),
            (FAILED, &[(1.0, 0)]),
            (
                &[("__name__", "http_requests_total"), ("job", "other")],
                &[(1.0, 0)],
            ),
            (
                &[("__name__", "up"), ("job", "shop")],
                &[(1.0, 0), (1.0, 10)],
            ),
        ],
    );
    check(
        &got,
        "\
        0: http_requests_total premium [code=200];
        1: http_requests_total unknown [code=503];
        0 at -15000: 5
        0 at 0: 7
        1 at 0: 1
        6 accepted, 3 of them for nobody, 0 refused, newest Some(10)
    ",
    );
    let again = [OK[2], OK[0], OK[3], OK[1]];
    let got = send(
        &mut intake,
        &[(FAILED, &[(2.0, 15_000)]), (&again, &[(9.0, 15_000)])],
    );
    check(
        &got,
        "\
        1 at 15000: 2
        0 at 15000: 9
        2 accepted, 0 of them for nobody, 0 refused, newest Some(15000)
    ",
    );
    assert_eq!(intake.counters().series, 2);
}

#[test]
fn pairs_and_gauges() {
    let mut intake = intake(&catalogue("request_seconds"));
    let stale = f64::from_bits(STALE_BITS);
    let got = send(
        &mut intake,
        &[
            (
                &[("__name__", "jobs_total"), ("segment", "free")],
                &[(10.0, 0), (stale, 5)],
            ),
            (
                &[("__name__", "jobs_failed_total"), ("segment", "free")],
                &[(3.0, 0)],
            ),
            (
                &[
                    ("__name__", "queue_age"),
                    ("segment", "free"),
                    ("queue", "q"),
                ],
                &[(0.25, 0), (-1e-3, 1), (stale, 2), (f64::NAN, 3)],
            ),
        ],
    );
    check(
        &got,
        "\
        0: jobs_total free total;
        1: jobs_total free part;
        0 at 0: 10
        0 at 5: ended
        1 at 0: 3
        queue_age{queue=\"q\",segment=\"free\"} free at 0: 250000000
        queue_age{queue=\"q\",segment=\"free\"} free at 1: -1000000
        6 accepted, 0 of them for nobody, 1 refused, newest Some(5)
        - queue_age{queue=\"q\",segment=\"free\"}: a value of NaN is no number
    ",
    );
}

#[test]
fn a_series_of_births_says_when_counters_began() {
    let born = (NOW_MS / 1000 - 30) as f64;
    let created: &[(&str, &str)] = &[
        ("__name__", "http_requests_created"),
        ("code", "200"),
        ("job", "shop"),
        ("segment", "gold"),
    ];
    let with = |name: &'static str, le: &'static str| {
        let le = if le.is_empty() {
            vec![]
        } else {
            vec![("le", le)]
        };
        [vec![("__name__", name), ("pod", "a")], le].concat()
    };
    let (bucket, histogram) = (
        with("request_seconds_bucket", "0.1"),
        with("request_seconds_created", ""),
    );
    // Before, behind, and of another series; what began later than it was taken did not.
    let given: [Given<'_>; 5] = [
        (OK, &[(5.0, 0)]),
        (created, &[(0.0, -15_000), (born, 0)]),
        (&histogram, &[(born + 3600.0, 0)]),
        (FAILED, &[(2.0, 0)]),
        (&bucket, &[(7.0, 0)]),
    ];
    let mut first = intake(&catalogue("request_seconds"));
    let got = send(&mut first, &given);
    let told = "0 at 0: 5 since -30000\n1 at 0: 2\n2 at 0: 7\n6 accepted, 3 of them for nobody";
    assert!(got.contains(told), "{got}");

    // In requests of their own, the birth first. It is said once: a reset is seen by the counter itself.
    let mut other = intake(&catalogue("request_seconds"));
    send(
        &mut other,
        &[(created, &[(born, 0)]), (&histogram, &[(born, 0)])],
    );
    let got = send(&mut other, &[(&bucket, &[(7.0, 0)]), (OK, &[(5.0, 0)])]);
    assert!(
        got.contains("0 at 0: 7 since -30000\n1 at 0: 5 since -30000\n"),
        "{got}"
    );
    let got = send(&mut other, &[(OK, &[(6.0, 15_000)])]);
    assert!(got.contains("1 at 15000: 6\n"), "{got}");
}

#[test]
fn births_that_are_no_time_say_nothing() {
    let created: &[(&str, &str)] = &[("__name__", "http_requests_created"), OK[1], OK[2], OK[3]];
    for wrong in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
        let mut intake = intake(&catalogue("request_seconds"));
        let got = send(&mut intake, &[(created, &[(wrong, 0)]), (OK, &[(5.0, 0)])]);
        assert!(got.contains("0 at 0: 5\n"), "{wrong}: {got}");
    }
}

#[test]
fn a_process_that_says_when_it_began_says_it_of_its_counters() {
    let born = (NOW_MS / 1000 - 30) as f64;
    let of = |name: &'static str, instance: &'static str| {
        let code = (name == "http_requests_total").then_some(("code", "200"));
        let mut labels = vec![("__name__", name), ("instance", instance), ("job", "shop")];
        labels.extend(code);
        labels
    };
    let started = "process_start_time_seconds";
    let all = [
        (of("http_requests_total", "a"), 5.0),
        (of(started, "a"), born),
        (of("http_requests_total", "b"), 7.0),
        // Nobody believes that it begins tomorrow.
        (of(started, "b"), born + 86_400.0),
        (of("http_requests_total", "c"), 9.0),
    ];
    let at: Vec<[(f64, i64); 1]> = all.iter().map(|(_, value)| [(*value, 0)]).collect();
    let given: Vec<Given<'_>> = (all.iter().zip(&at))
        .map(|((labels, _), at)| (labels.as_slice(), at.as_slice()))
        .collect();
    let mut catalogue = catalogue("request_seconds");
    let got = send(&mut intake(&catalogue), &given);
    assert!(got.contains("0 at 0: 5\n1 at 0: 7\n2 at 0: 9\n"), "{got}");
    for source in catalogue.sources.values_mut() {
        source.started = Some(started.to_owned());
    }
    let mut intake = intake(&catalogue);
    let got = send(&mut intake, &given);
    let told = "0 at 0: 5 since -30000\n1 at 0: 7\n2 at 0: 9\n";
    assert!(got.contains(told), "{got}");
    // It is of the past as soon as the counter is known.
    let got = send(&mut intake, &given);
    assert!(got.contains("0 at 0: 5\n"), "{got}");
}

/// A label that begins with a capital letter stands before the name.
#[test]
fn births_are_found_wherever_the_name_of_their_series_stands() {
    let born = (NOW_MS / 1000 - 30) as f64;
    let zone = ("Zone", "eu");
    let created = [
        zone,
        ("__name__", "http_requests_created"),
        OK[1],
        OK[2],
        OK[3],
    ];
    let counter = [zone, OK[0], OK[1], OK[2], OK[3]];
    let mut first = intake(&catalogue("request_seconds"));
    let got = send(
        &mut first,
        &[(&created, &[(born, 0)]), (&counter, &[(5.0, 0)])],
    );
    assert!(got.contains("0 at 0: 5 since -30000\n"), "{got}");
}

fn bucket<'a>(le: &'a str, pod: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("__name__", "request_seconds_bucket"),
        ("le", le),
        ("pod", pod),
        ("segment", "free"),
    ]
}

#[test]
fn the_closest_bucket_stands_for_an_edge() {
    // The edges are 100 ms and 300 ms; no bucket ends at 300 ms.
    let mut intake = intake(&catalogue("request_seconds"));
    let first = [
        (&bucket("0.05", "a")[..], &[(1.0, 0)][..]),
        (&bucket("0.1", "a"), &[(2.0, 0)]),
    ];
    check(
        &send(&mut intake, &first),
        "\
        1: request_seconds free [] <= 100ms; request_seconds free [] <= 300ms;
        1 at 0: 2
        2 accepted, 1 of them for nobody, 0 refused, newest Some(0)
    ",
    );
    let more = [
        (&bucket("0.5", "a")[..], &[(4.0, 0)][..]),
        (&bucket("0.25", "a"), &[(3.0, 0)]),
        (&bucket("+Inf", "a"), &[(5.0, 0)]),
        (&bucket("0.3", "b"), &[(3.0, 0)]),
        (
            &[
                ("__name__", "request_seconds_count"),
                ("pod", "a"),
                ("segment", "free"),
            ],
            &[(5.0, 0)],
        ),
    ];
    check(
        &send(&mut intake, &more),
        "\
        1: request_seconds free [] <= 100ms;
        2: request_seconds free [] <= 300ms;
        3: request_seconds free [] all;
        4: request_seconds free [] <= 300ms;
        2 at 0: 3
        3 at 0: 5
        4 at 0: 3
        5 accepted, 2 of them for nobody, 0 refused, newest Some(0)
    ",
    );
}

#[test]
fn an_indicator_in_opentelemetrys_words_finds_prometheus_names() {
    let mut made = catalogue("http.server.request.duration");
    made.sources.get_mut("live").unwrap().labels.segment = "customer.tier".to_owned();
    let mut intake = intake(&made);
    let name = ("__name__", "http_server_request_duration_seconds_bucket");
    let got = send(
        &mut intake,
        &[
            (
                &[name, ("customer_tier", "free"), ("le", "+Inf")],
                &[(1.0, 0)],
            ),
            (
                &[name, ("attain_segment", "gold"), ("le", "0.1")],
                &[(1.0, 0)],
            ),
            (
                &[
                    ("__name__", "http.server.request.duration_bucket"),
                    ("customer.tier", "gold"),
                    ("le", "+Inf"),
                ],
                &[(1.0, 0)],
            ),
        ],
    );
    check(&got, "\
        0: http.server.request.duration free [] all;
        1: http.server.request.duration premium [] <= 100ms; http.server.request.duration premium [] <= 300ms;
        2: http.server.request.duration premium [] all;
        0 at 0: 1
        1 at 0: 1
        2 at 0: 1
        3 accepted, 0 of them for nobody, 0 refused, newest Some(0)
    ");
}

#[test]
fn bad_samples_never_block_good_ones() {
    let mut intake = intake(&catalogue("request_seconds"));
    let five_days = 5 * 86_400_000;
    let twice = [OK[0], OK[1], OK[1], OK[2]];
    let got = send(
        &mut intake,
        &[
            (
                OK,
                &[
                    (5.0, five_days),
                    (6.0, 600_000),
                    (7.0, NOW_MS / 1000 - NOW_MS),
                    (f64::NAN, 0),
                    (-1.0, 0),
                    (f64::INFINITY, 0),
                    (8.0, 1),
                ],
            ),
            (&twice, &[(1.0, 0)]),
            (&[("A", "b"), ("job", "shop")], &[(1.0, 0)]),
            (FAILED, &[(1.0, 2)]),
        ],
    );
    check(&got, "\
        0: http_requests_total premium [code=200];
        1: http_requests_total unknown [code=503];
        0 at 600000: 6
        0 at 1: 8
        1 at 2: 1
        3 accepted, 0 of them for nobody, 7 refused, newest Some(600000)
        - a sample of 2026-11-07T09:40:00Z arrived at 2026-11-02T09:40:00Z: it is too far ahead; compare the clocks
        - a sample of 1970-01-21T18:13:32.4Z: that is before 2000; times are milliseconds since 1970, in OTLP nanoseconds
        - http_requests_total{code=\"200\",job=\"shop\",segment=\"gold\"}: a counter cannot stand at NaN
        - http_requests_total{code=\"200\",job=\"shop\",segment=\"gold\"}: a counter cannot stand at -1
        - http_requests_total{code=\"200\",job=\"shop\",segment=\"gold\"}: a counter cannot stand at inf
    ");
    assert!(matches!(
        intake.remote_write(b"no snappy", now()),
        Err(WireError::Unreadable { .. })
    ));
    assert!(matches!(
        intake.remote_write(&attain_wire::snappy::pack(b"\x0a\x05a"), now()),
        Err(WireError::Unreadable { .. })
    ));
}

#[test]
fn what_is_too_many_is_refused_and_shown() {
    let limits = Limits {
        series: 2,
        unpacked_bytes: 1 << 16,
        ..Limits::default()
    };
    let mut intake = limited(&catalogue("request_seconds"), limits);
    for round in 0..2 {
        let mut refused = 0;
        for pod in 0..10 {
            let pod = pod.to_string();
            let labels = [OK[0], OK[2], ("pod", pod.as_str()), OK[3]];
            let (_, outcome) = intake
                .remote_write(&encode(&[(&labels, &[(1.0, NOW_MS)])]), now())
                .unwrap();
            refused += outcome.refused;
            if let Some(reason) = outcome.reasons.first() {
                assert_eq!(
                    reason,
                    "its stream and segment have 2 series already, and no more are counted; sum some labels away"
                );
            }
        }
        assert_eq!(refused, 8);
        assert_eq!(intake.counters().overflowing, 8 * (round + 1));
    }
    let full: Vec<String> = (intake.full().iter())
        .map(|(_, segment)| segment.to_string())
        .collect();
    assert_eq!(full, ["premium"]);
    // Another segment has its own.
    let got = send(&mut intake, &[(FAILED, &[(1.0, 0)])]);
    assert!(got.starts_with("2: http_requests_total unknown"), "{got}");
    // A slot that was given up makes room.
    intake.forget(&[0]);
    let labels = [OK[0], OK[2], ("pod", "new"), OK[3]];
    assert!(send(&mut intake, &[(&labels, &[(1.0, 0)])]).starts_with("3: "));
    let bomb = attain_wire::snappy::pack(&vec![0; (1 << 16) + 1]);
    assert!(matches!(
        intake.remote_write(&bomb, now()),
        Err(WireError::TooLarge { .. })
    ));
}

/// Gauges have no slots, and no more of them are read than there may be series of a stream and segment.
#[test]
fn gauges_of_each_segment_have_their_own_limit() {
    let limits = Limits {
        series: 2,
        ..Limits::default()
    };
    let mut intake = limited(&catalogue("request_seconds"), limits);
    for segment in ["free", "gold", "other"] {
        for (pod, is_taken) in [("a", true), ("b", true), ("c", false), ("a", true)] {
            let labels = [
                ("__name__", "queue_age"),
                ("pod", pod),
                ("segment", segment),
            ];
            let body = encode(&[(&labels, &[(1.0, NOW_MS)])]);
            let (batch, outcome) = intake.remote_write(&body, now()).unwrap();
            let got = (batch.readings.len(), outcome.refused);
            let want = if is_taken { (1, 0) } else { (0, 1) };
            assert_eq!(got, want, "{segment} {pod}");
        }
    }
}

/// Labels without a value are no labels: one series can be written in as many ways as there are names.
#[test]
fn of_a_series_that_is_never_written_the_same_way_not_all_ways_are_remembered() {
    let limits = Limits {
        series: 100,
        ..Limits::default()
    };
    let mut intake = limited(&catalogue("request_seconds"), limits);
    for round in 0..2_000 {
        let nothing = format!("no_{round}");
        let counter = [OK[0], OK[1], OK[2], (nothing.as_str(), ""), OK[3]];
        let gauge = [("__name__", "queue_age"), (nothing.as_str(), "")];
        let at = [(f64::from(round), NOW_MS + i64::from(round))];
        let (batch, _) = intake
            .remote_write(&encode(&[(&counter, &at), (&gauge, &at)]), now())
            .unwrap();
        assert_eq!(batch.samples.len(), 1);
        assert_eq!(batch.samples[0].slot, 0);
        assert!(intake.counters().remembered < 1_000, "{round}");
    }
}

/// What cannot be read is read once, however many samples it has.
#[test]
fn a_series_whose_labels_cannot_be_read_has_any_number_of_samples() {
    let names: Vec<String> = (0..50_000)
        .map(|number| format!("label_{number}"))
        .collect();
    let mut labels: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    labels.extend([OK[0], OK[1], OK[1]]);
    let samples: Vec<(f64, i64)> = (0..100_000).map(|at| (1.0, NOW_MS + at)).collect();
    let body = encode(&[(&labels, &samples), (OK, &[(1.0, NOW_MS)])]);
    let mut intake = intake(&catalogue("request_seconds"));
    let (batch, outcome) = intake.remote_write(&body, now()).unwrap();
    assert_eq!((outcome.refused, outcome.accepted), (100_000, 1));
    assert_eq!(batch.samples.len(), 1);
}

#[test]
fn slots_outlive_a_reload_and_a_restart() {
    let made = catalogue("request_seconds");
    let mut first = intake(&made);
    let given = [
        (OK, &[(5.0, 0)][..]),
        (FAILED, &[(1.0, 0)]),
        (&bucket("0.25", "a"), &[(1.0, 0)]),
        (&bucket("0.05", "a"), &[(1.0, 0)]),
    ];
    let body = encode(&given.map(|(labels, _)| (labels, &[(5.0, NOW_MS)][..])));
    let (batch, _) = first.remote_write(&body, now()).unwrap();
    assert_eq!(batch.series.len(), 4);

    // What was told is not told again, but if it was not kept.
    let (again, _) = first.remote_write(&body, now()).unwrap();
    assert_eq!(again.series, []);
    first.retell();
    let (again, _) = first.remote_write(&body, now()).unwrap();
    assert_eq!(again.series, batch.series);

    // A meter that knows them.
    let facts = MeterFacts {
        series: (batch.series.iter().cloned())
            .map(|series| MeteredSeries {
                series,
                points: Vec::<LivePoint>::new(),
            })
            .collect(),
        ..MeterFacts::default()
    };
    let mut second = intake(&made);
    second.restore(&facts);
    assert_eq!(second.counters().series, 4);
    // Alone the smaller bucket would stand for both edges; the larger one still does for one of them.
    let got = send(
        &mut second,
        &[given[3], (&[("__name__", "jobs_total")], &[(1.0, 0)])],
    );
    check(
        &got,
        "\
        4: jobs_total unknown total;
        3 at 0: 1
        4 at 0: 1
        2 accepted, 0 of them for nobody, 0 refused, newest Some(0)
    ",
    );
    let (again, _) = second.remote_write(&body, now()).unwrap();
    assert_eq!(again.series, []);
    assert_eq!(again.samples, batch.samples);

    // Another catalogue: `gold` is free now, and nobody counts jobs.
    let mut other = made.clone();
    other.slos.remove("jobs");
    other.segments.get_mut("premium").unwrap().matches.pop();
    other
        .segments
        .get_mut("free")
        .unwrap()
        .matches
        .push("gold".to_owned());
    second.reload(
        &other,
        &other.sources[&SourceId::new("live")],
        &Customers::default(),
    );
    let got = send(
        &mut second,
        &[
            given[0],
            given[1],
            (&[("__name__", "jobs_total")], &[(1.0, 0)]),
        ],
    );
    check(
        &got,
        "\
        0: http_requests_total free [code=200];
        0 at 0: 5
        1 at 0: 1
        3 accepted, 1 of them for nobody, 0 refused, newest Some(0)
    ",
    );
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
    field.extend_from_slice(bytes);
    field
}

/// A native histogram in one span whose last bucket ends at 1 s, as a request; scale and deltas are in zigzag.
pub(super) fn native_request(scale: u8, count: u8, deltas: &[u8], offset_ms: i64) -> Vec<u8> {
    let label = |name: &[u8], value: &[u8]| field(1, &[field(1, name), field(2, value)].concat());
    let mut histogram = vec![1 << 3, count, 4 << 3, scale];
    // It begins as far under 1 s as it has buckets.
    let length = u8::try_from(deltas.len()).unwrap();
    let offset = 2 * (length - 1) - 1;
    histogram.extend(field(11, &[1 << 3, offset, 2 << 3, length]));
    histogram.extend(field(12, deltas));
    histogram.push(15 << 3);
    let mut time = (NOW_MS + offset_ms).cast_unsigned();
    while time >= 0x80 {
        histogram.push(time as u8 | 0x80);
        time >>= 7;
    }
    histogram.push(time as u8);
    let series = [
        label(b"__name__", b"request_seconds"),
        label(b"segment", b"free"),
        field(4, &histogram),
    ]
    .concat();
    attain_wire::snappy::pack(&field(1, &series))
}

#[test]
fn native_histograms_count_what_is_surely_fast_enough() {
    let mut intake = intake(&catalogue("request_seconds"));
    // Scale 0: 4, 3, 4 and 3 up to 1/8, 1/4, 1/2 and 1 s. The edges are 100 and 300 ms.
    let got = text(
        intake
            .remote_write(&native_request(0, 14, &[8, 1, 2, 1], 0), now())
            .unwrap(),
    );
    check(
        &got,
        "\
        0: request_seconds free [] <= 100ms;
        1: request_seconds free [] <= 300ms;
        2: request_seconds free [] all;
        0 at 0: 0
        1 at 0: 7
        2 at 0: 14
        1 accepted, 0 of them for nobody, 0 refused, newest Some(0)
    ",
    );
    // Scale -1 of now and of then: a bucket up to 1/4 s ends under the edge, one up to 1 s does not. What was said before
    // stands, and rises with what comes.
    for (at, count, first_delta, under) in [(5, 20, 10, 7), (10, 25, 16, 10)] {
        let body = native_request(1, count, &[first_delta, 8], at);
        let got = text(intake.remote_write(&body, now()).unwrap());
        let want = format!("0 at {at}: 0\n1 at {at}: {under}\n2 at {at}: {count}\n1 accepted");
        assert!(got.starts_with(&want), "{got}");
    }
}

#[test]
fn a_histogram_that_comes_in_both_forms_is_noticed() {
    let mut intake = intake(&catalogue("request_seconds"));
    let native = native_request(0, 14, &[8, 1, 2, 1], 0);
    intake.remote_write(&native, now()).unwrap();
    // Of another segment, and what is no bucket.
    let others: [Given<'_>; 2] = [
        (
            &[
                ("__name__", "request_seconds_bucket"),
                ("le", "0.1"),
                ("segment", "gold"),
            ],
            &[(1.0, 0)],
        ),
        (
            &[("__name__", "request_seconds_count"), ("segment", "free")],
            &[(1.0, 0)],
        ),
    ];
    send(&mut intake, &others);
    assert_eq!(intake.counters().histograms_twice, 0);
    let bucket = |le| {
        [
            ("__name__", "request_seconds_bucket"),
            ("le", le),
            ("segment", "free"),
        ]
    };
    for le in ["0.1", "0.2", "+Inf"] {
        send(&mut intake, &[(&bucket(le), &[(7.0, 0)])]);
    }
    intake.remote_write(&native, now()).unwrap();
    assert_eq!(intake.counters().histograms_twice, 1);
}
