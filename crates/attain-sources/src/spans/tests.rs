//! The three forms say the same of the same trace; what is broken is counted.

use super::*;
use attain_model::trace::CallSide;

fn read(name: &str, text: &str) -> (Vec<TraceSpan>, Result<SpanFile, String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let mut spans = Vec::new();
    let file = read_spans(&path, &mut |span| spans.push(span.clone()));
    (spans, file.map_err(|error| error.to_string()))
}

fn document(service: &str, spans: &str) -> String {
    format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{service}"}}}}]}},"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#
    )
}

const WEB: &str = r#"{"traceId":"5B8E","spanId":"01","name":"GET }{","kind":2,"startTimeUnixNano":"100","endTimeUnixNano":"200","status":{}},
 {"traceId":"5b8e","spanId":"02","parentSpanId":"01","kind":"SPAN_KIND_CLIENT","startTimeUnixNano":110,"endTimeUnixNano":190,"status":{"code":"STATUS_CODE_ERROR"}}"#;
const PAY: &str = r#"{"traceId":"5b8e","spanId":"03","parentSpanId":"02","kind":2,"startTimeUnixNano":"120","endTimeUnixNano":"180","status":{"code":2}}"#;
const TABLE: &str = "\
service,Trace_ID,SpanID,parent-id,kind,status,start,end
web,5b8e,01,,server,0,100,200
web,5b8e,02,01,client,ERROR,110,190
pay,5b8e,03,02,server,503,120,180
";

#[test]
fn json_by_lines_json_by_documents_and_a_table_say_the_same() {
    let (web, pay) = (
        document("web", &WEB.replace('\n', "")),
        document("pay", PAY),
    );
    let (by_lines, file) = read("spans.jsonl", &format!("{web}\n\n{pay}\n"));
    assert_eq!(
        (file.as_ref().unwrap().read, file.unwrap().unparsed),
        (2, 0)
    );
    let pretty = |text: &str| {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    };
    let (by_documents, _) = read(
        "spans.json",
        &format!("\u{feff}{}\n{}", pretty(&web), pretty(&pay)),
    );
    let (by_rows, _) = read("spans.csv", TABLE);
    assert_eq!(by_lines.len(), 3);
    assert_eq!(by_lines, by_documents);
    assert_eq!(by_lines, by_rows);
    assert_eq!(
        (by_lines[0].parent, by_lines[1].parent),
        (None, Some(by_lines[0].id))
    );
    let failed: Vec<bool> = by_lines.iter().map(|span| span.failed).collect();
    assert_eq!(failed, [false, true, true]);
    assert_eq!(by_lines[1].side, CallSide::Client);
    assert_eq!(by_lines[2].time, Some((120, 180)));
}

#[test]
fn a_database_without_spans_is_named_by_its_client() {
    let span = r#"{"traceId":"1","spanId":"2","kind":3,"attributes":[{"key":"db.name","value":{"stringValue":"orders"}},{"key":"server.address","value":{"stringValue":"10.0.0.1"}}]}"#;
    let (spans, _) = read("spans.json", &document("web", span));
    assert_eq!(spans[0].peer.as_deref(), Some("orders"));
}

#[test]
fn what_is_broken_is_counted_and_the_rest_is_read() {
    let good = document("web", PAY);
    let text = format!("{good}\n{{\"resourceSpans\": 7}}\n{{\"cut\": \"off\n{good}\n");
    let (spans, file) = read("spans.jsonl", &text);
    let file = file.unwrap();
    assert_eq!((spans.len(), file.read, file.unparsed), (2, 4, 2));
    assert!(
        file.examples[0].place.ends_with("spans.jsonl:2"),
        "{:?}",
        file.examples
    );
    let (spans, file) = read(
        "spans.csv",
        "trace_id,span_id,parent_id,service\n1,2,,\n1,,,web\n1,3,0000,web\n",
    );
    assert_eq!((spans.len(), file.unwrap().unparsed), (1, 2));
    assert_eq!(spans[0].parent, None);
    let (_, file) = read("spans.csv", "time,value\n1,2\n");
    let why = file.unwrap_err();
    assert!(
        why.contains("no column `traceid`") && why.contains("it has time, value"),
        "{why}"
    );
    assert_eq!(read("empty.json", "").1, Ok(SpanFile::default()));
}

#[test]
fn a_service_graph_is_counted_once_or_by_its_rise() {
    let page = "\
# TYPE traces_service_graph_request_total counter
traces_service_graph_request_total{client=\"web\",server=\"pay\",connection_type=\"\"} 300
traces_service_graph_request_total{client=\"web\",server=\"pay\",connection_type=\"virtual\"} 10
traces_service_graph_request_failed_total{client=\"web\",server=\"pay\",connection_type=\"\"} 4
traces_service_graph_request_total{client=\"user\",server=\"web\"} 1000
other_total{client=\"a\",server=\"b\"} 5
";
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let (_, file) = read("graph.prom", page);
    let counts = file.unwrap().counts;
    assert_eq!(
        counts[&pair("web", "pay")],
        CallCount {
            calls: 310,
            failed: 4
        }
    );
    assert_eq!(
        (counts.len(), counts[&pair("user", "web")].calls),
        (2, 1000)
    );
    let series = "traces_service_graph_request_total{client=\"web\",server=\"pay\"}";
    let over_time = format!(
        "{series} 100 1793612400000\n{series} 160 1793612460000\n{series} 5 1793612520000\n"
    );
    let (_, file) = read("graph.prom", &over_time);
    assert_eq!(file.unwrap().counts[&pair("web", "pay")].calls, 65);
    let (_, file) = read("other.prom", "# TYPE up gauge\nup 1 1793612400000\n");
    assert!(
        file.unwrap_err()
            .contains("traces_service_graph_request_total")
    );
}
