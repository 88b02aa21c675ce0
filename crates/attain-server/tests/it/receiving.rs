//! Remote write: what is acknowledged is kept once, and what is refused is told why.

use attain_server::Limits;

use crate::client::{eventually, get, request, write};
use crate::counted;
use crate::shop::{CATALOGUE, Shop, now_ms, samples};

const WRITE: &str = "/api/v1/write";

#[test]
fn what_was_acknowledged_is_counted_once() {
    let mut shop = Shop::open();
    let begun = now_ms() - 60_000;
    for step in 0..20 {
        let body = samples(10, step * 7, begun + step as i64 * 1000);
        assert_eq!(write(shop.address(), WRITE, "", &body).status, 204);
        // A sender that did not hear the answer says it again.
        assert_eq!(write(shop.address(), WRITE, "", &body).status, 204);
    }
    shop.stop();
    assert_eq!(counted::events(&shop.data()), 10 * 19 * 7);
    // And on from there, in another process.
    shop.start(Limits::default());
    let body = samples(10, 20 * 7, begun + 20_000);
    assert_eq!(write(shop.address(), WRITE, "", &body).status, 204);
    shop.stop();
    assert_eq!(counted::events(&shop.data()), 10 * 20 * 7);
}

#[test]
fn nothing_is_sealed_before_it_must_be_and_it_is_counted_all_the_same() {
    let shop = Shop::open();
    let begun = now_ms() - 60_000;
    for step in 0..5 {
        let body = samples(3, step, begun + step as i64 * 1000);
        assert_eq!(write(shop.address(), WRITE, "", &body).status, 204);
    }
    // A reader beside the server, as attain status --data is.
    assert_eq!(counted::events(&shop.data()), 3 * 4);
}

#[test]
fn one_bad_sample_spoils_nothing() {
    let mut shop = Shop::open();
    let now = now_ms();
    let label = |value: &'static str| {
        [
            ("__name__", "http_requests_total"),
            ("code", "200"),
            ("segment", value),
        ]
    };
    let (good, other) = (label("premium"), label("standard"));
    let in_five_days = now + 5 * 86_400_000;
    let first = [(0.0, now - 2000), (5.0, now - 1000)];
    let second = [(0.0, now - 2000), (9.0, in_five_days)];
    let body = attain_wire::remote_write::encode(&[(&good, &first), (&other, &second)]);
    let answer = write(shop.address(), WRITE, "", &body);
    assert_eq!(answer.status, 400);
    assert!(
        answer.body.contains("3 samples taken, 1 refused"),
        "{}",
        answer.body
    );
    let third = [(8.0, now)];
    let body = attain_wire::remote_write::encode(&[(&good, &third), (&other, &third)]);
    assert_eq!(write(shop.address(), WRITE, "", &body).status, 204);
    shop.stop();
    assert_eq!(counted::events(&shop.data()), 8 + 8);
}

#[test]
fn what_is_not_taken_is_told_why() {
    let limits = Limits {
        body_bytes: 10_000,
        unpacked_bytes: 50_000,
        ..Limits::default()
    };
    let shop = Shop::of(CATALOGUE, limits);
    let address = shop.address();
    let says = |answer: crate::client::Answer, status: u16, text: &str| {
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains(text), "{}", answer.body);
    };
    says(
        write(address, WRITE, "", b"\xff\xff\xff\xff\x0fno"),
        400,
        "send smaller",
    );
    says(write(address, WRITE, "", &[0; 20_000]), 413, "10000 bytes");
    // 40 bytes that say they are 2 GB.
    let mut bomb = vec![0x80, 0x80, 0x80, 0x80, 0x08];
    bomb.resize(40, 0);
    says(write(address, WRITE, "", &bomb), 400, "50000");
    let body = samples(1, 0, now_ms());
    says(
        write(address, "/api/v1/write/nobody", "", &body),
        404,
        "`nobody`",
    );
    let json = format!("POST {WRITE} HTTP/1.1\r\ncontent-type: application/json\r\n");
    says(request(address, &json, b"{}"), 415, "remote write 1.0");
    let second = format!(
        "POST {WRITE} HTTP/1.1\r\ncontent-type: application/x-protobuf;proto=io.prometheus.write.v2.Request\r\n"
    );
    says(
        request(address, &second, &body),
        415,
        "send remote write 1.0, which is `protobuf_message: prometheus.WriteRequest`",
    );
    assert_eq!(write(address, "/api/v1/write/prom", "", &body).status, 204);
    assert_eq!(get(address, "/readyz").status, 200);
    assert_eq!(get(address, "/livez").status, 200);
    let page = get(address, "/metrics").body;
    assert!(
        page.contains("attain_requests_total{way=\"remote_write\",code=\"204\"} 1\n"),
        "{page}"
    );
    assert!(
        page.contains("attain_requests_total{way=\"remote_write\",code=\"400\"} 2\n"),
        "{page}"
    );
}

#[test]
fn a_token_is_asked_for_and_several_sources_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "s3cret\n").unwrap();
    let sources = format!(
        "  prom: {{remote_write: {{token: {{file: {:?}}}}}}}\n  open: {{remote_write: {{}}}}\n  other: {{remote_write: {{}}}}\n",
        token.to_str().unwrap()
    );
    let catalogue = CATALOGUE.replace("  prom: {remote_write: {}}\n", &sources);
    let shop = Shop::of(&catalogue, Limits::default());
    let address = shop.address();
    let body = samples(1, 0, now_ms());
    let status = |path: &str, more: &str| write(address, path, more, &body).status;
    assert_eq!(status("/api/v1/write/prom", ""), 401);
    assert_eq!(
        status("/api/v1/write/prom", "authorization: Bearer no\r\n"),
        401
    );
    assert_eq!(
        status("/api/v1/write/prom", "authorization: Bearer s3cret\r\n"),
        204
    );
    assert_eq!(status(WRITE, "authorization: Bearer s3cret\r\n"), 204);
    let said = eventually("a status", || {
        let said = get(address, "/api/v1/status?format=human&width=200");
        (said.status == 200).then_some(said.body)
    });
    let says =
        "remote_write: 2 requests were turned away in the last 10m (401): no token, or another one";
    assert!(said.contains(says), "{said}");
    assert_eq!(status(WRITE, ""), 400);
    assert_eq!(status("/api/v1/write/open", ""), 204);
}

#[test]
fn too_much_at_once_is_told_to_come_again() {
    let limits = Limits {
        waiting_bytes: 4096,
        ..Limits::default()
    };
    let shop = Shop::of(CATALOGUE, limits);
    let body = samples(200, 0, now_ms());
    let answer = write(shop.address(), WRITE, "", &body);
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(
        answer.head.to_lowercase().contains("retry-after: 1"),
        "{}",
        answer.head
    );
    let small = samples(2, 0, now_ms());
    assert_eq!(write(shop.address(), WRITE, "", &small).status, 204);
    assert!(
        get(shop.address(), "/metrics")
            .body
            .contains("attain_requests_shed_total 1\n")
    );
}
