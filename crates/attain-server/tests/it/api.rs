//! The API as its document says it: what is answered, what is refused and how, and who may.

use std::fs;
use std::path::Path;
use std::time::Duration;

use attain_server::Limits;
use attain_server::tokens::{Scope, Tokens};
use jiff::Timestamp;

use crate::client::{Answer, eventually, get, request, write};
use crate::shop::{CATALOGUE, Shop, now_ms, samples};

fn limits() -> Limits {
    Limits {
        look: Duration::from_millis(10),
        ..Limits::default()
    }
}

/// A shop of which something was counted and judged.
fn counted() -> Shop {
    let catalogue = CATALOGUE
        .replace("remote_write: {}", "remote_write: {}, delay: 0s")
        .replace("alerting: none", "alerting: none, coverage: 0%");
    let shop = Shop::of(&catalogue, limits());
    let begun = now_ms() - 40_000;
    for (value, at) in [(0, begun), (100, begun + 5_000)] {
        let body = samples(1, value, at);
        assert_eq!(
            write(shop.address(), "/api/v1/write", "", &body).status,
            204
        );
    }
    eventually("counted", || {
        let page = get(shop.address(), "/api/v1/status").body;
        page.contains("\"good\": 100,").then_some(())
    });
    shop
}

fn ask(shop: &Shop, path: &str, more: &str) -> Answer {
    request(
        shop.address(),
        &format!("GET {path} HTTP/1.1\r\n{more}"),
        &[],
    )
}

fn json(answer: &Answer) -> serde_json::Value {
    assert_eq!(answer.status, 200, "{} {}", answer.head, answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn the_document_is_the_one_that_is_kept() {
    let document = attain_server::openapi();
    let value: serde_json::Value = serde_json::from_str(&document).unwrap();
    // Every schema that is named is there.
    let mut rest = document.as_str();
    while let Some(at) = rest.find("#/components/schemas/") {
        rest = &rest[at + "#/components/schemas/".len()..];
        let name = &rest[..rest.find('"').unwrap()];
        assert!(value["components"]["schemas"][name].is_object(), "{name}");
    }
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/openapi.json");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&kept, &document).unwrap();
    }
    let kept = fs::read_to_string(kept).unwrap();
    assert!(
        kept == document,
        "UPDATE_EXPECT=1 cargo test -p attain-server --test it the_document"
    );
}

#[test]
fn every_resource_says_the_same_numbers() {
    let shop = counted();
    let status = json(&ask(&shop, "/api/v1/status", ""));
    let at = status["as_of"].as_str().unwrap();
    let of_status = &status["verdicts"];
    let same = |path: &str| json(&ask(&shop, &format!("{path}at={at}"), ""));
    let slos = same("/api/v1/slos?");
    assert_eq!(slos["total"], 1);
    assert_eq!(&slos["slos"][0]["verdicts"], of_status);
    assert_eq!(
        &same("/api/v1/slos/checkout?")["status"]["verdicts"],
        of_status
    );
    assert_eq!(
        &same("/api/v1/report?slo=checkout&")["status"]["verdicts"],
        of_status
    );
    let segments = same("/api/v1/segments?");
    assert_eq!(segments["segments"][0]["segment"], "premium");
    assert_eq!(segments["segments"][0]["promises"]["met"], 1);
    assert_eq!(segments["segments"][0]["price"]["cents"], 9000);
    let catalogue = json(&ask(&shop, "/api/v1/catalogue", ""));
    let server = json(&ask(&shop, "/api/v1/server", ""));
    assert_eq!(catalogue["sha256"], server["catalogue"]["sha256"]);
    assert!(
        catalogue["files"][0]["text"]
            .as_str()
            .unwrap()
            .contains("A customer can pay")
    );
    assert_eq!(catalogue["findings"]["errors"], 0);
    let page = ask(&shop, "/api/v1/report?format=html", "");
    assert!(page.body.starts_with("<!doctype html>"), "{}", page.body);
    let month = json(&ask(
        &shop,
        "/api/v1/statement?period=2026-10&slo=checkout",
        "",
    ));
    assert_eq!(month["format"], attain_view::statement::FORMAT);
}

#[test]
fn slos_come_page_by_page_and_filtered() {
    let slo = |id: &str, layer: &str| {
        format!(
            "  {id}:\n    service: shop\n    layer: {layer}\n    indicator: {{metric: http_requests_total, bad: {{code: 5xx}}}}\n    \
             objectives:\n      availability: {{premium: 99.9%, standard: 99%}}\n"
        )
    };
    let mut catalogue = CATALOGUE.replace("remote_write: {}", "remote_write: {}, delay: 0s");
    for id in ["a", "b", "c", "d"] {
        catalogue += &slo(
            id,
            if id < "c" {
                "service"
            } else {
                "infrastructure"
            },
        );
    }
    let shop = Shop::of(&catalogue, limits());
    eventually("judged", || {
        (ask(&shop, "/api/v1/slos", "").status == 200).then_some(())
    });
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = json(&ask(
            &shop,
            &format!("/api/v1/slos?limit=2&cursor={cursor}"),
            "",
        ));
        assert_eq!(page["total"], 5);
        let slos = page["slos"].as_array().unwrap();
        seen.extend(
            slos.iter()
                .map(|slo| slo["slo"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, ["a", "b", "c", "checkout", "d"]);
    for (query, total) in [
        ("layer=service", 3),
        ("q=PAY%20customer", 1),
        ("q=shop", 5),
        ("q=nothing", 0),
        ("segment=premium", 5),
        ("segment=nobody", 0),
        ("state=unknown", 5),
        ("state=met", 0),
        ("team=shop", 5),
        ("team=&layer=infrastructure", 2),
    ] {
        let page = json(&ask(&shop, &format!("/api/v1/slos?{query}"), ""));
        assert_eq!(page["total"], total, "{query}");
    }
}

#[test]
fn what_is_not_answered_is_a_problem_with_words() {
    let shop = counted();
    let long = "x".repeat(201);
    let longer = "x".repeat(61_000);
    let far = "x".repeat(9_000);
    let at_the_end = [
        ("GET", "/api/v1/nothing".to_owned(), "", 404),
        ("GET", "/api/v1/slos/nothing".to_owned(), "", 404),
        (
            "GET",
            "/api/v1/status?at=2999-01-01T00:00:00Z".to_owned(),
            "",
            404,
        ),
        (
            "GET",
            "/api/v1/statement?period=2026-02-31".to_owned(),
            "",
            404,
        ),
        ("DELETE", "/api/v1/slos".to_owned(), "", 405),
        ("POST", "/".to_owned(), "", 405),
        (
            "GET",
            "/api/v1/slos".to_owned(),
            "accept: text/html\r\n",
            406,
        ),
        (
            "GET",
            "/api/v1/slos".to_owned(),
            "accept: application/json;q=0\r\n",
            406,
        ),
        ("GET", format!("/api/v1/slos?q={longer}"), "", 422),
        ("GET", format!("/api/v1/slos/{far}"), "", 414),
        ("GET", "/api/v1/slos?limit=0".to_owned(), "", 422),
        ("GET", "/api/v1/slos?limit=501".to_owned(), "", 422),
        ("GET", "/api/v1/slos?limit=%2B5".to_owned(), "", 422),
        ("GET", "/api/v1/slos?limit=5&limit=5".to_owned(), "", 422),
        ("GET", "/api/v1/slos?state=fine".to_owned(), "", 422),
        ("GET", "/api/v1/slos?limits=5".to_owned(), "", 422),
        ("GET", format!("/api/v1/slos?q={long}"), "", 422),
        ("GET", format!("/api/v1/slos/{long}"), "", 422),
        ("GET", "/api/v1/slos?slo=checkout".to_owned(), "", 422),
        (
            "GET",
            format!("/api/v1/report?slo={}", &long[..101]),
            "",
            422,
        ),
        (
            "GET",
            format!("/api/v1/report?{}", "slo=checkout&".repeat(41)),
            "",
            422,
        ),
        ("GET", "/api/v1/status?at=yesterday".to_owned(), "", 422),
        (
            "GET",
            "/api/v1/statement?period=October".to_owned(),
            "",
            422,
        ),
    ];
    for (method, path, more, status) in at_the_end {
        let head = format!("{method} {path} HTTP/1.1\r\n{more}");
        let answer = request(shop.address(), &head, &[]);
        let what = format!("{method} {:.60}: {} {}", path, answer.head, answer.body);
        assert_eq!(answer.status, status, "{what}");
        assert!(answer.head.contains("application/problem+json"), "{what}");
        let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(problem["status"], status, "{what}");
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{what}");
        assert_eq!(
            answer.head.to_lowercase().contains("\r\nallow: "),
            status == 405,
            "{what}"
        );
    }
    let large = request(
        shop.address(),
        "GET /api/v1/slos HTTP/1.1\r\n",
        &[b'x'; 70_000],
    );
    assert_eq!(large.status, 413, "{}", large.body);
}

#[test]
fn whoever_has_an_answer_already_is_told_so() {
    let shop = counted();
    let tag = |answer: &Answer| {
        let line = answer.head.lines().find(|line| line.starts_with("etag: "));
        line.unwrap_or_else(|| panic!("{}", answer.head))["etag: ".len()..].to_owned()
    };
    let path = "/api/v1/slos/checkout";
    // A tick may lie between two requests; of some in a row one has none.
    eventually("not modified", || {
        let first = ask(&shop, path, "");
        let again = ask(
            &shop,
            path,
            &format!("if-none-match: \"x\", {}\r\n", tag(&first)),
        );
        assert!([200, 304].contains(&again.status), "{}", again.head);
        (again.status == 304 && again.body.is_empty()).then_some(())
    });
    let other = ask(&shop, "/api/v1/slos", "");
    let again = ask(&shop, path, &format!("if-none-match: {}\r\n", tag(&other)));
    assert_eq!(again.status, 200);
    // Another catalogue is another answer.
    let before = ask(&shop, path, "");
    shop.edit(&CATALOGUE.replace("99.9%", "99.5%"));
    let has_changed = || {
        let answer = ask(&shop, "/api/v1/catalogue", "");
        answer.body.contains("99.5%").then_some(())
    };
    eventually("another catalogue", has_changed);
    let after = ask(&shop, path, &format!("if-none-match: {}\r\n", tag(&before)));
    assert_eq!(after.status, 200, "{}", after.head);
}

#[test]
fn every_answer_says_to_browsers_what_they_may() {
    let shop = Shop::open();
    for path in [
        "/",
        "/livez",
        "/metrics",
        "/api/v1/server",
        "/nothing",
        "/api/v1/slos?x",
    ] {
        let head = ask(&shop, path, "").head;
        for header in [
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            "cache-control: ",
        ] {
            assert!(head.contains(header), "{path}: {header} in {head}");
        }
    }
}

/// A page of any site can make its own name mean 127.0.0.1.
#[test]
fn a_page_of_another_site_gets_nothing_and_changes_nothing() {
    let shop = Shop::open();
    let from = |head: &str| {
        let mut stream = std::net::TcpStream::connect(shop.address()).unwrap();
        crate::client::exchange(
            &mut stream,
            &format!("{head}connection: close\r\ncontent-length: 0\r\n\r\n"),
        )
    };
    for host in [
        "evil.example",
        "localhost.evil.example:7878",
        "127.0.0.1.evil.example",
        "192.168.1.1",
    ] {
        let answer = from(&format!("GET /api/v1/server HTTP/1.1\r\nhost: {host}\r\n"));
        assert_eq!(answer.status, 421, "{host}: {}", answer.body);
    }
    for host in ["localhost:1", "127.0.0.1", "[::1]:7878", "app.localhost"] {
        let answer = from(&format!("GET /api/v1/server HTTP/1.1\r\nhost: {host}\r\n"));
        assert_eq!(answer.status, 200, "{host}: {}", answer.body);
    }
    for (host, origin, status) in [
        ("localhost", "https://evil.example", 403),
        ("evil.example", "http://evil.example", 403),
        ("localhost", "null", 403),
        // One's own page; what it sends is looked at then.
        ("localhost:7878", "http://localhost:7878", 400),
    ] {
        let head = format!("POST /api/v1/write HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\n");
        assert_eq!(from(&head).status, status, "{host} {origin}");
    }
}

#[test]
fn tokens_are_asked_for_from_the_first_on_and_each_does_what_it_says() {
    let shop = Shop::open();
    assert_eq!(ask(&shop, "/api/v1/server", "").status, 200);
    let mut tokens = Tokens::read(&shop.data()).unwrap();
    let text = tokens.make("ci", Scope::Read, Timestamp::now()).unwrap();
    tokens.write(&shop.data()).unwrap();
    eventually("asked for a token", || {
        (ask(&shop, "/api/v1/server", "").status == 401).then_some(())
    });
    let refused = ask(&shop, "/api/v1/server", "");
    assert!(
        refused.head.contains("www-authenticate: Bearer"),
        "{}",
        refused.head
    );
    // A browser asks its user.
    let page = ask(&shop, "/", "");
    assert!(
        page.head.contains("www-authenticate: Basic"),
        "{}",
        page.head
    );
    let shown = |text: &str| {
        ask(
            &shop,
            "/api/v1/server",
            &format!("authorization: Bearer {text}\r\n"),
        )
    };
    assert_eq!(shown(&text).status, 200);
    assert_eq!(shown(&text[..text.len() - 1]).status, 401);
    // Behind a token any name will do.
    let head = format!(
        "GET /api/v1/server HTTP/1.1\r\nauthorization: Bearer {text}\r\nhost: attain.example\r\nconnection: close\r\n\r\n"
    );
    let mut stream = std::net::TcpStream::connect(shop.address()).unwrap();
    assert_eq!(crate::client::exchange(&mut stream, &head).status, 200);
    for open in ["/livez", "/readyz", "/api/v1/openapi.json"] {
        assert_eq!(ask(&shop, open, "").status, 200, "{open}");
    }
    // Sources have tokens of their own.
    let body = samples(1, 1, now_ms());
    assert_eq!(
        write(shop.address(), "/api/v1/write", "", &body).status,
        204
    );
    let id = tokens.tokens[0].id.clone();
    assert!(tokens.revoke(&id, Timestamp::now()));
    tokens.write(&shop.data()).unwrap();
    eventually("revoked", || (shown(&text).status == 401).then_some(()));
    // The last one revoked opens nothing.
    assert_eq!(ask(&shop, "/api/v1/server", "").status, 401);
    // Nor does a file that cannot be read.
    fs::write(shop.data().join("tokens.json"), "nonsense").unwrap();
    eventually("refused", || (shown(&text).status == 401).then_some(()));
}

#[test]
fn others_are_let_in_on_purpose_only() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = folder.path().join("shop");
    fs::create_dir(&catalogue).unwrap();
    fs::write(catalogue.join("shop.yaml"), CATALOGUE).unwrap();
    let data = folder.path().join("data");
    let config = |anonymous| attain_server::Config {
        listen: "0.0.0.0:0".parse().unwrap(),
        anonymous,
        ..crate::shop::config(&catalogue, &data, limits())
    };
    let refused = attain_server::start(config(false))
        .err()
        .unwrap()
        .to_string();
    assert!(refused.contains("attain token new"), "{refused}");
    let here = |server: &attain_server::Server| {
        std::net::SocketAddr::from(([127, 0, 0, 1], server.address().port()))
    };
    let server = attain_server::start(config(true)).unwrap();
    assert_eq!(get(here(&server), "/api/v1/server").status, 200);
    server.stop().unwrap();
    let mut tokens = Tokens::default();
    let text = tokens.make("me", Scope::Admin, Timestamp::now()).unwrap();
    tokens.write(&data).unwrap();
    let server = attain_server::start(config(false)).unwrap();
    assert_eq!(get(here(&server), "/api/v1/server").status, 401);
    let shown = format!("GET /api/v1/server HTTP/1.1\r\nauthorization: bearer {text}\r\n");
    assert_eq!(request(here(&server), &shown, &[]).status, 200);
    server.stop().unwrap();
}
