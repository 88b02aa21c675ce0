//! OpenTelemetry over HTTP and gRPC: the same points, however they are written, are counted once.

use std::io::Write as _;

use attain_server::Limits;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::client::{Answer, request};
use crate::counted;
use crate::shop::{CATALOGUE, Shop, now_ms};

const METRICS: &str = "/v1/metrics";
const EXPORT: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

fn shop(limits: Limits) -> Shop {
    let catalogue = CATALOGUE
        .replace("  prom: {remote_write: {}}", "  otel: {otlp: {}}")
        .replace("source: prom", "source: otel");
    Shop::of(&catalogue, limits)
}

/// A cumulative sum that began at `start_ms`.
fn json(value: u64, start_ms: i64, time_ms: i64) -> String {
    format!(
        r#"{{"resourceMetrics": [{{"resource": {{"attributes": [{{"key": "service.name", "value": {{"stringValue": "shop"}}}}]}}, "scopeMetrics": [{{"metrics": [{{
            "name": "http.requests", "sum": {{"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [{{
            "attributes": [{{"key": "segment", "value": {{"stringValue": "premium"}}}},
                           {{"key": "code", "value": {{"stringValue": "200"}}}}],
            "startTimeUnixNano": "{start_ms}000000", "timeUnixNano": "{time_ms}000000", "asInt": "{value}"}}]}}}}]}}]}}]}}"#
    )
}

fn protobuf(value: u64, start_ms: i64, time_ms: i64) -> Vec<u8> {
    attain_wire::otlp::from_json(json(value, start_ms, time_ms).as_bytes()).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn post(shop: &Shop, form: &str, more: &str, body: &[u8]) -> Answer {
    let head = format!("POST {METRICS} HTTP/1.1\r\ncontent-type: {form}\r\n{more}");
    request(shop.address(), &head, body)
}

/// Calls the service as an exporter does; status, message and answer.
fn export(shop: &Shop, more: &[(&str, &str)], message: &[u8]) -> (String, String, Bytes) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(shop.address())
            .await
            .unwrap();
        let io = TokioIo::new(stream);
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
                .await
                .unwrap();
        tokio::spawn(connection);
        let mut request = Request::post(format!("http://{}{EXPORT}", shop.address()))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let body = Full::new(Bytes::copy_from_slice(message));
        let response: Response<_> = sender
            .send_request(request.body(body).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        let said = |headers: &hyper::HeaderMap, name: &str| {
            let value = headers.get(name).map(|value| value.to_str().unwrap());
            value.unwrap_or_default().to_owned()
        };
        let (early, why) = (
            said(response.headers(), "grpc-status"),
            said(response.headers(), "grpc-message"),
        );
        let collected = response.into_body().collect().await.unwrap();
        let late = collected
            .trailers()
            .map(|trailers| said(trailers, "grpc-status"));
        let status = if early.is_empty() {
            late.unwrap_or_default()
        } else {
            early
        };
        (status, why, collected.to_bytes())
    })
}

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut framed = vec![flag];
    framed.extend((message.len() as u32).to_be_bytes());
    framed.extend(message);
    framed
}

#[test]
fn the_same_points_count_once_however_they_are_written() {
    let mut shop = shop(Limits::default());
    let begun = now_ms() - 60_000;
    let time = |step: i64| begun + step * 1000;
    let answer = post(
        &shop,
        "application/json",
        "",
        json(3, begun, time(1)).as_bytes(),
    );
    assert_eq!(
        (answer.status, answer.body.trim()),
        (200, "{}"),
        "{}",
        answer.head
    );
    let body = protobuf(5, begun, time(2));
    for _ in 0..2 {
        assert_eq!(post(&shop, "application/x-protobuf", "", &body).status, 200);
    }
    let packed = gzip(&protobuf(9, begun, time(3)));
    let encoding = "content-encoding: gzip\r\n";
    assert_eq!(
        post(&shop, "application/x-protobuf", encoding, &packed).status,
        200
    );
    let (status, _, message) = export(&shop, &[], &framed(0, &protobuf(12, begun, time(4))));
    assert_eq!((status.as_str(), &message[..]), ("0", &[0; 5][..]));
    let packed = framed(1, &gzip(&protobuf(20, begun, time(5))));
    let (status, why, _) = export(&shop, &[("grpc-encoding", "gzip")], &packed);
    assert_eq!((status.as_str(), why.as_str()), ("0", ""));
    shop.stop();
    assert_eq!(counted::events(&shop.data()), 20);
}

#[test]
fn what_an_exporter_does_wrong_is_said_in_its_own_form() {
    let limits = Limits {
        unpacked_bytes: 100_000,
        ..Limits::default()
    };
    let shop = shop(limits);
    let answer = post(&shop, "application/json", "", b"{\"resourceMetrics\": 3}");
    assert_eq!(answer.status, 400);
    assert!(answer.head.contains("application/json"), "{}", answer.head);
    assert_eq!(
        post(&shop, "application/x-protobuf", "", b"\xff\xff").status,
        400
    );
    assert_eq!(post(&shop, "text/plain", "", b"").status, 415);
    // A bomb of gzip: 10 MB of zeros.
    let bomb = gzip(&vec![0; 10_000_000]);
    let encoding = "content-encoding: gzip\r\n";
    assert_eq!(
        post(&shop, "application/x-protobuf", encoding, &bomb).status,
        413
    );
    assert_eq!(
        post(&shop, "application/x-protobuf", encoding, b"no gzip").status,
        400
    );
    let (status, why, _) = export(&shop, &[("grpc-encoding", "gzip")], &framed(1, &bomb));
    assert_eq!(status, "8", "{why}");
    let (status, why, _) = export(&shop, &[], &[0, 0, 0, 0, 9, 1]);
    assert_eq!(status, "3", "{why}");
    assert!(why.contains("not as long"), "{why}");
    // A point that is wrong is refused alone.
    let far = now_ms() + 5 * 86_400_000;
    let answer = post(
        &shop,
        "application/json",
        "",
        json(3, far - 1, far).as_bytes(),
    );
    assert_eq!(answer.status, 200);
    assert!(
        answer.body.contains("\"rejectedDataPoints\""),
        "{}",
        answer.body
    );
}
