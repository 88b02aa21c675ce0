//! What a promise rests on and who spent its budget, asked of a server.

use std::time::Duration;

use attain_server::Limits;
use serde_json::Value;

use crate::client::{eventually, get, request, write};
use crate::shop::{Shop, now_ms};

/// A checkout that waits for payments, both told by one sender.
const TWO: &str = r#"
attain: 1
catalogue: {name: shop}
segments:
  premium:  {rank: 1, price: 90 USD/month, contract: 12 months, severity: sev1}
sources:
  prom: {remote_write: {}, delay: 0s}
defaults: {source: prom, window: 30d, alerting: none, coverage: 0%}
slos:
  checkout:
    outcome: A customer can pay
    service: shop
    audience: customer
    owner: shop
    indicator: {metric: http_requests_total, bad: {code: 5xx}}
    objectives: {availability: {premium: 99%}}
    depends_on: [payments]
  payments:
    service: payments
    owner: money
    audience: internal
    indicator: {metric: pay_requests_total, bad: {code: 5xx}}
    objectives: {availability: {premium: 99.5%}}
"#;

/// Ten minutes in which both answered a hundred requests each ten seconds, half of them badly in the last of them.
fn ten_minutes() -> Vec<u8> {
    let begun = now_ms() / 1000 - 605;
    let of = |per_slice: i64, bad_from: i64, only_bad: bool| -> Vec<(f64, i64)> {
        let steps = 0..=60;
        let mut sum = 0;
        let each = steps.map(|step| {
            let is_bad_time = step > bad_from;
            sum += match (only_bad, is_bad_time) {
                (true, true) | (false, true) => per_slice / 2,
                (true, false) => 0,
                (false, false) => per_slice,
            };
            (sum as f64, (begun + step * 10) * 1000)
        });
        each.collect()
    };
    let (good, bad) = (of(100, 54, false), of(100, 54, true));
    let labels = |metric: &'static str, code: &'static str| {
        [("__name__", metric), ("code", code), ("segment", "premium")]
    };
    let labels = [
        labels("http_requests_total", "200"),
        labels("http_requests_total", "500"),
        labels("pay_requests_total", "200"),
        labels("pay_requests_total", "500"),
    ];
    let samples = [&good, &bad, &good, &bad];
    let series: Vec<_> = labels
        .iter()
        .zip(samples)
        .map(|(labels, samples)| (labels.as_slice(), samples.as_slice()))
        .collect();
    attain_wire::remote_write::encode(&series)
}

fn json(shop: &Shop, path: &str) -> Value {
    let answer = get(shop.address(), path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn who_spent_a_budget_is_named_and_what_it_rests_on_is_counted() {
    let limits = Limits {
        look: Duration::from_millis(10),
        ..Limits::default()
    };
    let shop = Shop::of(TWO, limits);
    let taken = write(shop.address(), "/api/v1/write", "", &ten_minutes());
    assert_eq!(taken.status, 204, "{}", taken.body);
    // All of it: what was just sent is judged slice by slice.
    let cascade = eventually("counted", || {
        let found = json(&shop, "/api/v1/cascade?slo=checkout");
        let counted = &found["promises"][0]["parts"][0]["counted"];
        (counted["bad"].as_u64() == Some(300)).then_some(found)
    });
    let promise = &cascade["promises"][0];
    assert_eq!(
        (&promise["segment"], &promise["carries"]),
        (&"premium".into(), &"always".into())
    );
    assert_eq!(promise["counted"]["bad"], 300);
    let part = &promise["parts"][0];
    assert_eq!(part["cost_ppb"], 5_000_000);
    assert!(
        part["measured_cost_ppb"].as_u64() > Some(5_000_000),
        "{part}"
    );
    // As of when may have moved on in between; what was counted has not.
    let all = json(&shop, "/api/v1/cascade");
    assert_eq!(all["promises"], cascade["promises"]);

    let why = json(&shop, "/api/v1/why?slo=checkout&segment=premium");
    let finding = &why["findings"][0];
    assert_eq!(finding["answer"], "named", "{why}");
    let account = &finding["episode"]["accounts"][0];
    assert_eq!(account["named"], "payments", "{why}");
    assert_eq!(account["suspects"][0]["owners"][0], "money");
    assert_eq!(finding["episode"]["bad"], 300);

    // The page says what the API says.
    let page = get(shop.address(), "/cascade");
    assert_eq!(page.status, 200, "{}", page.body);
    for words in [
        "started in payments",
        "of a loss started here",
        "Ask money",
        "/slos/payments",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    // So does the first page, once the answer is there.
    let head = "GET / HTTP/1.1\r\naccept: text/html\r\n";
    eventually("told on the first page", || {
        let page = request(shop.address(), head, &[]);
        let told = ["<dd><b>money</b>", "<dt>fault began<dd>"];
        told.iter()
            .all(|words| page.body.contains(words))
            .then_some(())
    });
    assert_eq!(get(shop.address(), "/cascade?slo=payments").status, 200);
    assert_eq!(get(shop.address(), "/cascade?slo=chekout").status, 404);

    for (path, status, says) in [
        ("/api/v1/why", 422, "slo is missing"),
        ("/api/v1/why?slo=chekout", 404, "there is no SLO `chekout`"),
        (
            "/api/v1/why?slo=checkout&segment=gold",
            404,
            "segments: premium",
        ),
        (
            "/api/v1/why?slo=checkout&since=2999-01-01T00:00:00Z",
            404,
            "not before the instant",
        ),
        (
            "/api/v1/why?slo=checkout&at=yesterday",
            422,
            "at is an instant",
        ),
        (
            "/api/v1/cascade?slo=chekout",
            404,
            "there is no SLO `chekout`",
        ),
    ] {
        let answer = get(shop.address(), path);
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(answer.body.contains(says), "{path}: {}", answer.body);
    }
}
