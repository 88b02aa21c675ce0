//! `attain discover`: a shop whose weights are known, told by traces in two forms and by a service graph; what it proposes
//! is a catalogue that it then agrees with.

use std::fmt::Write as _;

use serde_json::Value;

use crate::Place;

/// The edges of `web-works` are in a file of their own, so that a proposal can take their place.
const SHOP: &str = "
attain: 1
sources: {counts: {csv: {files: [counts.csv], layout: long, time: time, slot: 1m, name: metric, value: value}, labels: {service: service}}}
services: {web: {match: frontend}, pay: {}, mail: {}, search: {}}
defaults: {source: counts, window: 10d, owner: shop, alerting: none, objectives: {availability: 99%}, indicator: {total: {metric: total}, bad: {metric: bad}}}
slos:
  pay-works: {service: pay}
  mail-works: {service: mail}
  search-works: {service: search}
";

fn catalogue(edges: &str) -> String {
    let web = "  web-works:\n    service: web\n";
    format!("{SHOP}{web}{}", edges.replace("slos:\n  web-works:\n", ""))
}

/// Of 1,000 requests each third pays, in two calls, of which each tenth request's first fails and takes the request with
/// it four times of five; mail goes out after the answer. As rows: trace, span, parent, service, kind, failed, start, end.
fn rows() -> Vec<[String; 8]> {
    let mut rows = Vec::new();
    let mut hits = 0;
    for trace in 1..=1000 {
        let pays = trace % 3 == 0;
        let hit = pays && trace % 10 == 0;
        hits += u32::from(hit);
        let mut row = |span: u32,
                       parent: u32,
                       service: &str,
                       kind: &str,
                       failed: bool,
                       start: u32,
                       end: u32| {
            let parent = if parent > 0 {
                format!("{trace:04x}{parent:04x}")
            } else {
                String::new()
            };
            rows.push([
                format!("{trace:032x}"),
                format!("{trace:04x}{span:04x}"),
                parent,
                service.to_owned(),
                kind.to_owned(),
                failed.to_string(),
                start.to_string(),
                end.to_string(),
            ]);
        };
        row(1, 0, "frontend", "server", hit && hits % 5 != 0, 100, 200);
        if pays {
            row(2, 1, "frontend", "client", hit, 110, 120);
            row(3, 2, "pay", "server", hit, 111, 119);
            row(4, 1, "pay", "server", false, 130, 140);
        }
        row(5, 1, "mail", "consumer", false, 300, 310);
    }
    rows
}

fn csv() -> String {
    let mut text = String::from("trace_id,span_id,parent_id,service,kind,error,start,end\n");
    for row in rows() {
        let _ = writeln!(text, "{}", row.join(","));
    }
    text
}

fn otlp() -> String {
    let mut text = String::new();
    for [trace, span, parent, service, kind, failed, start, end] in rows() {
        let code = if failed == "true" { 2 } else { 0 };
        let kind = format!("SPAN_KIND_{}", kind.to_uppercase());
        let span = serde_json::json!({
            "traceId": trace, "spanId": span, "parentSpanId": parent, "name": "x", "kind": kind,
            "startTimeUnixNano": start, "endTimeUnixNano": end, "status": {"code": code},
        });
        let name = serde_json::json!({"key": "service.name", "value": {"stringValue": service}});
        let document = serde_json::json!({
            "resourceSpans": [{"resource": {"attributes": [name]}, "scopeSpans": [{"spans": [span]}]}],
        });
        let _ = writeln!(text, "{document}");
    }
    text
}

const DECLARED: &str =
    "    depends_on: [{slo: pay-works, share: 80%, calls: 2x, impact: 80%}, search-works]\n";

#[test]
fn traces_tell_missing_and_idle_edges_and_what_to_write() {
    let place = Place::new();
    place
        .write("shop.yaml", &catalogue(DECLARED))
        .write("spans.csv", &csv())
        .write("spans.jsonl", &otlp());
    let ran = place.run(&["discover", "shop.yaml", "spans.csv"]);
    ran.exits(1);
    for says in [
        "1 missing in the catalogue, 1 idle, 1 with other numbers",
        "missing: web calls mail (1000 calls, 0 failed)",
        "idle: web-works depends on search-works, and none of 1000 requests called it",
        "differs: web-works on pay-works: share 80%, measured 33.3% (30-36%)",
        "- {slo: mail-works, async: true}   # new",
        "- {slo: pay-works, share: 33.3%, calls: 2x, impact: 81.8%}",
    ] {
        let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        let says = says.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&says), "no {says} in\n{}", ran.out);
    }
    // Told by OTLP it is the same to the byte, also split over two files.
    let same = place.run(&["discover", "shop.yaml", "spans.jsonl"]);
    assert_eq!(same.out, ran.out);
    let (first, second) = otlp().lines().map(str::to_owned).enumerate().fold(
        (String::new(), String::new()),
        |(a, b), (at, line)| {
            if at % 2 == 0 {
                (a + &line + "\n", b)
            } else {
                (a, b + &line + "\n")
            }
        },
    );
    place.write("a.jsonl", &first).write("b.jsonl", &second);
    assert_eq!(
        place
            .run(&["discover", "shop.yaml", "a.jsonl", "b.jsonl"])
            .out,
        ran.out
    );
}

#[test]
fn what_is_proposed_is_agreed_with() {
    let place = Place::new();
    place
        .write("shop.yaml", &catalogue(""))
        .write("spans.csv", &csv());
    let ran = place.run(&["discover", "shop.yaml", "spans.csv"]);
    ran.exits(1);
    let (_, proposed) = ran.out.split_once("Proposed\n").unwrap();
    place.write("shop.yaml", &catalogue(proposed));
    let ran = place.run(&["discover", "shop.yaml", "spans.csv"]);
    ran.exits(0);
    assert!(
        ran.out.contains("what is declared is what was seen"),
        "{}",
        ran.out
    );
}

#[test]
fn a_service_graph_tells_the_same_edges() {
    let place = Place::new();
    let graph = "\
traces_service_graph_request_total{client=\"user\",server=\"frontend\"} 1000
traces_service_graph_request_total{client=\"frontend\",server=\"pay\"} 666
traces_service_graph_request_failed_total{client=\"frontend\",server=\"pay\"} 33
traces_service_graph_request_total{client=\"frontend\",server=\"ledger\"} 10
";
    place
        .write("shop.yaml", &catalogue(DECLARED))
        .write("graph.prom", graph);
    let ran = place.run(&["discover", "shop.yaml", "graph.prom", "--format", "json"]);
    ran.exits(1);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let found: Vec<String> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| format!("{} {} {}", f["finding"], f["from"], f["to"]).replace('"', ""))
        .collect();
    let expected = [
        "unknown web ledger",
        "idle web-works search-works",
        "differs web-works pay-works",
    ];
    assert_eq!(found[..3], expected);
    assert_eq!(
        (
            json["findings"][2]["key"].as_str(),
            json["findings"][2]["declared"].as_f64()
        ),
        (Some("share x calls"), Some(1.6))
    );
    let edges = json["edges"].as_array().unwrap();
    let pay = edges.iter().find(|edge| edge["to"] == "pay").unwrap();
    assert_eq!(
        (pay["share"].as_f64(), pay["impact"].as_f64()),
        (Some(0.666), None)
    );
}

#[test]
fn what_holds_no_spans_says_what_to_give() {
    let place = Place::new();
    place
        .write("shop.yaml", &catalogue(DECLARED))
        .write("other.csv", "time,value\n1,2\n")
        .write("empty.json", "");
    let ran = place.run(&["discover", "shop.yaml", "other.csv"]);
    ran.exits(2);
    assert!(
        ran.err
            .contains("needs trace_id, span_id, parent_id and service"),
        "{}",
        ran.err
    );
    place.run(&["discover", "shop.yaml", "empty.json"]).exits(3);
    place.run(&["discover", "shop.yaml", "none.json"]).exits(2);
}

/// Without spans declared edges are measured by counts.
#[test]
fn slots_in_which_both_are_bad_tell_an_impact() {
    let place = Place::new();
    let mut counts = String::from("time,service,metric,value\n");
    for minute in 0..2000_u64 {
        let time = 1_790_000_040 + minute * 60;
        let db = minute % 40 == 0;
        let web = db && minute % 80 == 0;
        for (service, is_bad) in [("frontend", web), ("pay", db), ("search", false)] {
            let bad = if is_bad { 30 } else { 0 };
            let _ = writeln!(
                counts,
                "{time},{service},total,100\n{time},{service},bad,{bad}"
            );
        }
    }
    place
        .write("shop.yaml", &catalogue(DECLARED))
        .write("counts.csv", &counts);
    let ran = place.run(&["discover", "shop.yaml", "--format", "json"]);
    ran.exits(0);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let edge = &json["edges"][0];
    assert_eq!(
        (edge["slo"].as_str(), edge["on"].as_str()),
        (Some("web-works"), Some("pay-works"))
    );
    assert_eq!(
        (
            edge["slots_both_bad"].as_u64(),
            edge["slots_callee_bad"].as_u64()
        ),
        (Some(25), Some(25))
    );
    assert_eq!(edge["impact"], 0.5);
    assert_eq!(json["edges"][1]["impact"], Value::Null);
}
