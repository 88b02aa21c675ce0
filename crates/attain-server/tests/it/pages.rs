//! Pages as a browser asks for them.

use attain_server::Limits;

use crate::client::{Answer, eventually, request, write};
use crate::shop::{CATALOGUE, Shop, now_ms, samples};

/// Asks as a browser does.
fn browse(shop: &Shop, path: &str, more: &str) -> Answer {
    let head = format!("GET {path} HTTP/1.1\r\naccept: text/html\r\n{more}");
    request(shop.address(), &head, &[])
}

fn counted() -> Shop {
    let catalogue = CATALOGUE
        .replace("remote_write: {}", "remote_write: {}, delay: 0s")
        .replace("alerting: none", "alerting: none, coverage: 0%");
    let shop = Shop::of(&catalogue, Limits::default());
    let begun = now_ms() - 60_000;
    for (value, at) in [(0, begun), (100, begun + 5_000), (150, begun + 35_000)] {
        let body = samples(1, value, at);
        assert_eq!(
            write(shop.address(), "/api/v1/write", "", &body).status,
            204
        );
    }
    shop
}

#[test]
fn a_browser_gets_pages_and_a_program_what_else_there_is() {
    let shop = counted();
    let page = eventually("judged", || {
        let page = browse(&shop, "/slos/checkout", "");
        page.body.contains("0 of ").then_some(page)
    });
    assert_eq!(page.status, 200);
    assert!(
        page.head
            .contains("content-security-policy: default-src 'none'"),
        "{}",
        page.head
    );
    assert!(
        page.body
            .contains("availability: {premium: 99.9%, standard: 99%}"),
        "its YAML"
    );
    for path in [
        "/",
        "/segments/premium",
        "/catalogue",
        "/reports",
        "/reports/product",
        "/reports/engineering",
    ] {
        let page = browse(&shop, path, "");
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("<!doctype html>"), "{path}");
        assert!(page.head.contains("text/html"), "{path}");
    }
    for (path, kind) in [
        ("/reports/product.md", "text/markdown"),
        ("/reports/engineering.json", "application/json"),
        ("/reports/product.html", "text/html"),
        ("/assets/live.js", "text/javascript"),
    ] {
        let answer = browse(&shop, path, "");
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.head.contains(kind), "{path}: {}", answer.head);
    }
    let index = request(shop.address(), "GET / HTTP/1.1\r\naccept: */*\r\n", &[]);
    assert!(index.body.contains("/api/v1/status"), "{}", index.body);
}

#[test]
fn what_is_not_there_is_said_on_a_page_with_what_is_near() {
    let shop = counted();
    let page = browse(&shop, "/slos/chekout", "");
    assert_eq!(page.status, 404);
    assert!(
        page.body.contains("There is no SLO chekout."),
        "{}",
        page.body
    );
    assert!(page.body.contains("Did you mean"), "{}", page.body);
    assert_eq!(browse(&shop, "/segments/gold", "").status, 404);
    assert_eq!(browse(&shop, "/reports/sales", "").status, 404);
    // What no page is has one of its own, with ways out; a program gets a document.
    let page = browse(&shop, "/dashboards/1", "");
    assert_eq!(page.status, 404);
    assert!(page.head.contains("text/html"), "{}", page.head);
    for words in ["There is no page /dashboards/1.", "<a href=\"/reports\">"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let program = request(
        shop.address(),
        "GET /dashboards/1 HTTP/1.1\r\naccept: */*\r\n",
        &[],
    );
    assert_eq!(program.status, 404);
    assert!(program.head.contains("application/problem+json"));
    let api = browse(&shop, "/api/v1/nothing", "");
    assert!(
        api.head.contains("application/problem+json"),
        "{}",
        api.head
    );
    let page = browse(&shop, "/?at=tomorrow", "");
    assert_eq!(page.status, 422);
    assert!(
        page.body.contains("tomorrow\u{201d} is no time."),
        "{}",
        page.body
    );
}

#[test]
fn a_page_that_has_not_changed_is_not_sent_again_and_others_are_packed() {
    let shop = counted();
    let script = browse(&shop, "/assets/live.js", "");
    let tag = script
        .head
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap();
    let again = browse(
        &shop,
        "/assets/live.js",
        &format!("if-none-match: {tag}\r\n"),
    );
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let packed = browse(&shop, "/assets/live.js", "accept-encoding: gzip\r\n");
    assert!(
        packed.head.contains("content-encoding: gzip"),
        "{}",
        packed.head
    );
    assert!(packed.body.len() < script.body.len());
}

#[test]
fn before_anything_is_counted_a_page_says_what_to_send_where() {
    let shop = Shop::of(CATALOGUE, Limits::default());
    let page = browse(&shop, "/", "");
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("url: http://localhost/api/v1/write"),
        "{}",
        page.body
    );
}
