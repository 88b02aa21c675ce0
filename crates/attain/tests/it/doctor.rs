//! `attain doctor`, against loopback fakes that tell the same on every day.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::Place;
use crate::served::{CATALOGUE, Sender, Served, another_ms, free_address, get, samples};

/// What a fake answers to a path with this in it: the first that fits.
type Answers = Vec<(&'static str, u16, String)>;

/// Answers for as long as the test runs, one connection after the other. Its clock is so many seconds ahead.
fn fake(answers: Answers, ahead_seconds: i64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
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
            let asked = unescaped(head.split(' ').nth(1).unwrap_or_default());
            let found = answers.iter().find(|(part, _, _)| asked.contains(part));
            let (status, body) = match found {
                Some((_, status, body)) => (*status, body.clone()),
                None => (200, series(&[])),
            };
            let now = Timestamp::now().as_second() + ahead_seconds;
            let body = body.replace("QUERIED", &format!("{}.5", now - 30));
            let date = Timestamp::from_second(now).unwrap();
            let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT");
            let _ = write!(
                stream,
                "HTTP/1.1 {status} x\r\ndate: {date}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
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

/// An answer with these series: labels as JSON has them, and a value at 1,000,000 s.
fn series(all: &[(&str, &str)]) -> String {
    let series = |(labels, value): &(&str, &str)| {
        format!("{{\"metric\":{{{labels}}},\"value\":[1000000,\"{value}\"]}}")
    };
    let series: Vec<String> = all.iter().map(series).collect();
    format!(
        "{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[{}]}}}}",
        series.join(",")
    )
}

fn catalogue(sources: &str) -> String {
    format!(
        "attain: 1\ncatalogue: {{name: shop}}\n\
         segments:\n  premium:  {{rank: 1, contract: best-effort}}\n  standard: {{rank: 2, contract: best-effort}}\n\
         sources:\n{sources}\
         defaults: {{window: 30d, owner: shop, alerting: none}}\n\
         slos:\n  \
           pay:\n    outcome: A customer can pay\n    service: shop\n    \
             indicator: {{metric: http_requests_total, bad: {{code: 5xx}}}}\n    \
             objectives: {{availability: {{premium: 99.9%, standard: 99%}}}}\n  \
           fast:\n    outcome: A customer need not wait\n    service: shop\n    \
             indicator: {{metric: http_request_duration_seconds}}\n    \
             objectives: {{latency: {{premium: \"99% < 300ms\", standard: \"99% < 500ms\"}}}}\n"
    )
}

/// An API that holds back 30 s, has no edge at 300 ms, and writes `premium` in two ways.
fn ill() -> Answers {
    let ok = |all: &[(&str, &str)]| series(all);
    vec![
        ("vector(time())", 200, ok(&[("", "QUERIED")])),
        ("max(timestamp(", 200, ok(&[("", "999993")])),
        ("max(count_over_time(", 200, ok(&[("", "20")])),
        (
            "count by (segment)",
            200,
            ok(&[
                ("\"segment\":\"premium\"", "4"),
                ("\"segment\":\"Premium\"", "1"),
                ("\"segment\":\"gold\"", "2"),
                ("", "3"),
            ]),
        ),
        (
            "sum by (segment)",
            200,
            ok(&[
                ("\"segment\":\"premium\"", "900"),
                ("\"segment\":\"Premium\"", "20"),
                ("\"segment\":\"gold\"", "30"),
                ("", "50"),
            ]),
        ),
        (
            "count by (le)",
            200,
            ok(&[
                ("\"le\":\"0.25\"", "3"),
                ("\"le\":\"0.5\"", "3"),
                ("\"le\":\"+Inf\"", "3"),
            ]),
        ),
        ("topk(", 200, ok(&[("\"segment\":\"premium\"", "1")])),
        ("count({__name__=\"http_request", 200, ok(&[("", "10")])),
    ]
}

/// Compares with `testdata/<name>`; with `UPDATE_EXPECT=1` rewrites it.
fn expect(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        actual, expected,
        "{name} differs (UPDATE_EXPECT=1 rewrites it)"
    );
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_type() {
    let address = fake(ill(), 0);
    let place = Place::new();
    let sources = format!("  prom: {{prometheus: {{url: \"http://{address}\"}}, delay: 10s}}\n");
    place.write("shop.yaml", &catalogue(&sources));
    let ran = place.run(&["doctor", "shop.yaml"]);
    expect(
        "doctor.txt",
        &ran.exits(1).out.replace(&address.to_string(), "PROM:9090"),
    );
    let ran = place.run(&["doctor", "shop.yaml", "--format", "json"]);
    expect(
        "doctor.json",
        &ran.exits(1).out.replace(&address.to_string(), "PROM:9090"),
    );
}

#[test]
fn the_doctor_finds_nothing_where_all_is_well() {
    let mut answers = ill();
    answers[0].2 = series(&[("", "QUERIED")]);
    let edges = [
        ("\"le\":\"0.3\"", "3"),
        ("\"le\":\"0.5\"", "3"),
        ("\"le\":\"+Inf\"", "3"),
    ];
    let tags = [
        ("\"segment\":\"premium\"", "9"),
        ("\"segment\":\"standard\"", "9"),
    ];
    for (asked, _, answer) in &mut answers {
        match *asked {
            "count by (le)" => *answer = series(&edges),
            "count by (segment)" | "sum by (segment)" => *answer = series(&tags),
            _ => {}
        }
    }
    let address = fake(answers, 0);
    let place = Place::new();
    let sources = format!("  prom: {{prometheus: {{url: \"http://{address}\"}}}}\n");
    place.write("shop.yaml", &catalogue(&sources));
    let ran = place.run(&["doctor", "shop.yaml"]);
    ran.exits(0)
        .says("nothing is wrong that can be seen from here")
        .says("its queries see nothing that is younger than 30s; a minute is asked for 30s after its end")
        .says("10 series count, the newest sample is 7s old, one every 15s");
}

/// Two Prometheus look at one target, and the API has what both saw.
#[test]
fn the_doctor_finds_a_pair_that_counts_twice() {
    let of = |code: &str, replica: &str| {
        format!(
            "\"segment\":\"premium\",\"code\":\"{code}\",\"instance\":\"web:80\",\"monitor\":\"{replica}\""
        )
    };
    let four = [
        (of("200", "a"), "1003"),
        (of("200", "b"), "1000"),
        (of("500", "a"), "40"),
        (of("500", "b"), "40"),
    ];
    let pairs: Vec<(&str, &str)> = (four.iter())
        .map(|(labels, rose)| (labels.as_str(), *rose))
        .collect();
    let mut answers = ill();
    answers.insert(
        0,
        (
            "query=increase({__name__=\"http_requests_total",
            200,
            series(&pairs),
        ),
    );
    let place = Place::new();
    let url = format!("http://{}", fake(answers, 0));
    let source = format!("  prom: {{prometheus: {{url: \"{url}\"}}}}\n");
    place.write("shop.yaml", &catalogue(&source));
    let told = place.run(&["doctor", "shop.yaml", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    let mut findings = found["findings"].as_array().unwrap().iter();
    let pair = findings.find(|found| found["code"] == "series-in-copies");
    let pair = pair.unwrap_or_else(|| panic!("{}", told.out));
    let seen = pair["seen"].as_str().unwrap();
    assert!(
        seen.starts_with(
            "`http_requests_total` is there twice: its series differ in `monitor` alone (`a`, `b`)"
        ),
        "{seen}"
    );
}

#[test]
fn the_doctor_tells_who_does_not_answer_from_who_refuses() {
    let (refusing, other) = (
        fake(vec![("", 401, "no".to_owned())], 0),
        fake(vec![("", 200, "<html>".to_owned())], 0),
    );
    let nobody = free_address();
    let place = Place::new();
    let sources = format!(
        "  away: {{prometheus: {{url: \"http://{nobody}\"}}}}\n  \
           other: {{prometheus: {{url: \"http://{other}\"}}}}\n  \
           refusing: {{prometheus: {{url: \"http://{refusing}\"}}}}\n  \
           secret: {{prometheus: {{url: \"http://{refusing}\", auth: {{bearer: {{env: ATTAIN_NO_SUCH}}}}}}}}\n"
    );
    let text = catalogue(&sources).replace("defaults: {", "defaults: {source: away, ");
    place.write("shop.yaml", &text);
    place
        .run(&["doctor", "shop.yaml"])
        .exits(1)
        .says("source away: source-away")
        .says("source other: source-other")
        .says("source refusing: token-refused")
        .says("source secret: token-missing")
        .says("the environment variable ATTAIN_NO_SUCH is not set")
        .says("4 findings");
}

#[test]
fn the_doctor_compares_clocks() {
    let address = fake(ill(), 7200);
    let place = Place::new();
    let sources = format!("  prom: {{prometheus: {{url: \"http://{address}\"}}, delay: 30s}}\n");
    place.write("shop.yaml", &catalogue(&sources));
    place
        .run(&["doctor", "shop.yaml"])
        .exits(1)
        .says("clock-off")
        .says("ahead of this machine's");
}

#[test]
fn the_doctor_reads_a_scraped_page() {
    let page = "http_requests_total{code=\"200\",plan=\"premium\"} 90\n\
                http_requests_total{code=\"500\",plan=\"standard\"} 10\n\
                http_request_duration_seconds_bucket{le=\"0.1\",segment=\"premium\"} 3\n\
                http_request_duration_seconds_bucket{le=\"0.5\",segment=\"premium\"} 3\n\
                http_request_duration_seconds_bucket{le=\"+Inf\",segment=\"premium\"} 4\n";
    let address = fake(vec![("/metrics", 200, page.to_owned())], 0);
    let place = Place::new();
    let sources = format!("  shop: {{scrape: {{targets: [\"{address}\"]}}}}\n");
    place.write("shop.yaml", &catalogue(&sources));
    place
        .run(&["doctor", "shop.yaml"])
        .exits(1)
        .says("no series of `http_requests_total` has the label `segment`")
        .says("sources: {shop: {…, labels: {segment: plan}}}")
        .says("is at 300ms; the nearest: 100ms and 500ms")
        .says("an edge at 500ms")
        .says("2 findings");
}

/// A login's, a proxy's: it answers, and says nothing.
#[test]
fn a_page_for_people_is_trouble_of_a_scraped_source() {
    let address = fake(
        vec![("/metrics", 200, "<html>\nlog in\n</html>".to_owned())],
        0,
    );
    let place = Place::new();
    let sources = format!("  shop: {{scrape: {{targets: [\"{address}\"], every: 1s}}}}\n");
    place.write("shop.yaml", &catalogue(&sources));
    let listen = free_address();
    let server = Served::start(&place, listen, &[]);
    let says = format!(
        "source shop: http://{address}/metrics: what it answers is no page of metrics: line 1: "
    );
    let begun = Instant::now();
    loop {
        let said = get(listen, "/api/v1/status?format=human&width=300").map(|(_, said)| said);
        if said.as_ref().is_some_and(|said| said.contains(&says)) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{said:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    server.stop();
    place
        .run(&["doctor", "shop.yaml"])
        .exits(1)
        .says("page-unreadable")
        .says(&format!(
            "what it answers: curl -sS http://{address}/metrics"
        ));
}

#[test]
fn the_doctor_looks_at_files_and_at_a_folder() {
    let place = Place::new();
    place.write("shop.yaml", &crate::one_slo("99%"));
    place
        .run(&["doctor", "shop.yaml", "--data", "data"])
        .exits(1)
        .says("file-missing")
        .says("it is not there yet");
    let csv = "time,status,events\n2026-11-02T09:00:00Z,200,99\n2026-11-02T09:00:30Z,500,1\n";
    place.write("events.csv", csv);
    place
        .run(&["replay", "shop.yaml", "--data", "data"])
        .exits(0);
    // Files are relative to the catalogue, wherever somebody asks.
    std::fs::create_dir(place.0.path().join("below")).unwrap();
    place.write("below/shop.yaml", &crate::one_slo("99%"));
    place.write("below/events.csv", csv);
    std::fs::remove_file(place.0.path().join("events.csv")).unwrap();
    let ran = place.run(&["doctor", "below/shop.yaml", "--format", "json"]);
    assert!(!ran.out.contains("file-"), "{}", ran.out);
    place.write("events.csv", csv);
    let ran = place.run(&["doctor", "shop.yaml", "--data", "data", "--format", "json"]);
    assert!(ran.out.contains("all as it was written"), "{}", ran.out);
    assert!(ran.out.contains("1 file (events.csv)"), "{}", ran.out);
    let left = place.files("data");
    assert!(!left.iter().any(|name| name.contains("doctor")), "{left:?}");

    let counts = place.0.path().join("data/counts.db");
    std::fs::write(&counts, b"this is no database, and never was one").unwrap();
    place
        .run(&["doctor", "shop.yaml", "--data", "data"])
        .exits(1)
        .says("data data: data-");
}

#[test]
fn the_doctor_asks_a_server_what_arrives() {
    let place = Place::new();
    place.write("shop.yaml", CATALOGUE);
    let address = free_address();
    let url = address.to_string();
    place
        .run(&["doctor", "shop.yaml", "--server", &url])
        .exits(1)
        .says("nobody answers at");
    let server = Served::start(&place, address, &[]);
    place
        .run(&["doctor", "shop.yaml", "--server", &url])
        .exits(1)
        .says("nothing has arrived since the server started")
        .says(&format!(
            "remote_write: [{{url: \"http://{url}/api/v1/write/prom\"}}]"
        ));
    let mut sender = Sender::to(address);
    assert_eq!(sender.write(&samples(1, 3, 5, another_ms())), Some(204));
    place
        .run(&["doctor", "shop.yaml", "--server", &url])
        .exits(1)
        .says("source prom: 3 samples since the server started, 3 series count");
    server.stop();
}

const PUSHED: &str = "
attain: 1
catalogue: {name: shop}
segments:
  premium:  {rank: 1, contract: best-effort}
  standard: {rank: 2, contract: best-effort}
sources:
  prom: {remote_write: {}, delay: 5s}
  wrong: {remote_write: {}, delay: 5s, labels: {segment: tier}}
defaults: {source: prom, window: 30d, owner: shop, alerting: none}
slos:
  badlabel:
    outcome: A customer can pay
    indicator: {metric: http_requests_total, bad: {status: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
  typo:
    outcome: A customer can order
    indicator: {metric: http_request_total, bad: {code: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
  nopath:
    outcome: A customer can search
    indicator: {metric: http_requests_total, where: {path: /nope}, bad: {code: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
  edge:
    outcome: A customer need not wait
    indicator: {metric: http_request_duration_seconds}
    objectives: {latency: {premium: \"99% < 250ms\", standard: \"99% < 300ms\"}}
  rootless:
    outcome: A customer need not wait for a reply
    indicator: {metric: reply_seconds}
    objectives: {latency: {premium: \"99% < 200ms\", standard: \"99% < 200ms\"}}
  tier:
    outcome: A customer can look
    indicator: {source: wrong, metric: looks_total, bad: {code: 5xx}}
    objectives: {availability: {premium: 99.9%, standard: 99%}}
";

/// What a Prometheus sends: requests of three segments, one of which nobody claims, and a histogram.
fn pushed() -> Vec<u8> {
    let sample = [(5.0, another_ms())];
    let mut labels = Vec::new();
    for segment in ["premium", "standard", "gold"] {
        for code in ["200", "500"] {
            let own = [("code", code), ("path", "/pay"), ("segment", segment)];
            labels.push(
                [("__name__", "http_requests_total")]
                    .iter()
                    .chain(&own)
                    .copied()
                    .collect(),
            );
            labels.push(
                [("__name__", "looks_total")]
                    .iter()
                    .chain(&own)
                    .copied()
                    .collect(),
            );
        }
        for le in ["0.2", "0.3", "+Inf"] {
            let name = ("__name__", "http_request_duration_seconds_bucket");
            labels.push(vec![name, ("le", le), ("segment", segment)]);
        }
        let name = ("__name__", "reply_seconds_bucket");
        labels.push(vec![name, ("le", "0.2"), ("segment", segment)]);
    }
    let series: Vec<_> = labels
        .iter()
        .map(|labels: &Vec<_>| (labels.as_slice(), sample.as_slice()))
        .collect();
    attain_wire::remote_write::encode(&series)
}

#[test]
fn the_doctor_knows_what_is_wrong_with_what_is_pushed() {
    let place = Place::new();
    place.write("shop.yaml", PUSHED);
    let address = free_address();
    let url = address.to_string();
    let server = Served::start(&place, address, &[]);
    for source in ["prom", "wrong"] {
        let mut sender = Sender::of(address, source);
        assert_eq!(sender.write(&pushed()), Some(204));
    }
    let doctor = place.run(&["doctor", "shop.yaml", "--server", &url, "--format", "json"]);
    doctor.exits(1);
    server.stop();
    let said: serde_json::Value = serde_json::from_str(&doctor.out).unwrap();
    let found = |code: &str, slo: &str| {
        let mut all = said["findings"].as_array().unwrap().iter();
        let one = all.find(|found| {
            found["code"] == code && found["slos"].as_array().unwrap().contains(&slo.into())
        });
        let one = one.unwrap_or_else(|| panic!("{code} of {slo} in {said:#}"));
        [&one["seen"], &one["fix"]].map(|text| text.as_str().unwrap().to_owned())
    };
    let [seen, fix] = found("label-missing", "badlabel");
    assert_eq!(
        seen,
        "no series of `http_requests_total` has the label `status`, which `good:` or `bad:` looks at"
    );
    assert!(
        fix.starts_with("write `code` for it under `good:` or `bad:`; `code` is"),
        "{fix}"
    );
    let [seen, fix] = found("metric-missing", "typo");
    assert_eq!(
        seen,
        "it sends, and no series of `http_request_total` is among what has arrived"
    );
    assert!(
        fix.starts_with("write `metric: http_requests_total` if that is meant"),
        "{fix}"
    );
    let [seen, _] = found("metric-unmatched", "nopath");
    assert_eq!(
        seen,
        "none of the 6 series of `http_requests_total` counts: `path` shall be /nope and is `/pay`"
    );
    let [seen, _] = found("edge-missing", "edge");
    assert_eq!(
        seen,
        "no edge of `http_request_duration_seconds_bucket` is at 250ms; the nearest: 200ms and 300ms"
    );
    let [seen, _] = found("infinity-missing", "rootless");
    assert_eq!(
        seen,
        "no series of `reply_seconds_bucket` has `le=\"+Inf\"`"
    );
    let [seen, fix] = found("segment-label-missing", "tier");
    assert_eq!(seen, "no series of `looks_total` has the label `tier`");
    assert_eq!(
        fix,
        "sources: {wrong: {…, labels: {segment: segment}}}; `segment` is `gold`, `premium`, `standard`"
    );
    let [seen, _] = found("segment-value-unclaimed", "badlabel");
    assert_eq!(
        seen,
        "`segment` of `http_request_duration_seconds_bucket` has values that no segment claims: `gold` \
         (33% of its series); and 1 more like this"
    );
    // What a source lacks is said once, at the source.
    let untagged = |found: &&serde_json::Value| found["code"] == "untagged";
    assert_eq!(
        said["findings"].as_array().unwrap().iter().find(untagged),
        None
    );
}

#[test]
fn the_doctor_needs_a_valid_catalogue() {
    let place = Place::new();
    place.write("shop.yaml", "attain: 1\nslos: {x: {}}\n");
    place.run(&["doctor", "shop.yaml"]).exits(2);
    place.run(&["doctor", "nowhere"]).exits(2);
}
