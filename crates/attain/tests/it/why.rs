//! `attain why`: the sentence, the account, the exit code.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::{Place, Ran};

const SHOP: &str = "\
attain: 1
catalogue: {name: Shop}
segments:
  premium: {rank: 1, contract: MSA 4.2}
  free:    {rank: 2, contract: best effort}
sources:
  events: {csv: {files: [events.csv], layout: events, time: time, count: events}, labels: {segment: segment}}
defaults: {owner: kim, window: 1d, coverage: 10%}
slos:
  checkout:
    indicator: {log: events, where: {service: checkout}, bad: {status: 5xx}}
    objectives: {availability: {premium: 99.95%, free: 99%}}
    depends_on: [payments, {slo: search, optional: true}]
  payments:
    indicator: {log: events, where: {service: payments}, bad: {status: 5xx}}
    objectives: {availability: 99.97%}
    depends_on: [payments-db]
  payments-db:
    owner: lou
    indicator: {log: events, where: {service: payments-db}, bad: {status: 5xx}}
    objectives: {availability: 99.99%}
    runbook: https://wiki.shop.example/payments-db
  search:
    indicator: {log: events, where: {service: search}, bad: {status: 5xx}}
    objectives: {availability: 99%}
";

/// Minutes from 12:00 on. Each service answers premium 60 times a minute and free 200 times; from 14:05 to 14:30
/// `failing` says who fails how often for whom.
fn events(failing: &[(&str, &str, u32)]) -> String {
    events_at(failing, &|minute| (125..150).contains(&minute))
}

/// The same at other minutes.
fn events_at(failing: &[(&str, &str, u32)], is_fault: &dyn Fn(u32) -> bool) -> String {
    let mut rows = "time,service,segment,status,events\n".to_owned();
    for minute in 0..160 {
        let time = format!("2026-11-02T{:02}:{:02}:30Z", 12 + minute / 60, minute % 60);
        for service in ["checkout", "payments", "payments-db", "search"] {
            for (segment, requests) in [("premium", 60), ("free", 200)] {
                let is_it = |(s, g, _): &&(&str, &str, u32)| *s == service && *g == segment;
                let bad = failing.iter().find(is_it).map_or(0, |(_, _, bad)| *bad);
                let bad = if is_fault(minute) { bad } else { 0 };
                let _ = writeln!(rows, "{time},{service},{segment},200,{}", requests - bad);
                if bad > 0 {
                    let _ = writeln!(rows, "{time},{service},{segment},503,{bad}");
                }
            }
        }
    }
    rows
}

/// What was said, wherever lines were broken.
fn told(ran: &Ran) -> String {
    ran.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shop(failing: &[(&str, &str, u32)]) -> Place {
    let place = Place::new();
    place
        .write("shop/slo.yaml", SHOP)
        .write("shop/events.csv", &events(failing));
    place
}

/// The database fails premium, everybody waits for it, and the page fails a little by itself.
const DATABASE: &[(&str, &str, u32)] = &[
    ("payments-db", "premium", 9),
    ("payments", "premium", 9),
    ("checkout", "premium", 11),
];

#[test]
fn the_part_that_spent_the_budget_of_a_segment_is_named() {
    let place = shop(DATABASE);
    let ran = place.run(&["why", "shop", "checkout", "--at", "2026-11-02 14:30"]);
    ran.exits(1);
    let sentence = "% of the budget premium lost since 14:05 started in payments-db;";
    assert!(told(&ran).contains(sentence), "{}", ran.out);
    assert!(
        told(&ran).contains("path checkout > payments > payments-db"),
        "{}",
        ran.out
    );
    assert!(
        told(&ran).contains("275 of 1500 bad from 14:05"),
        "{}",
        ran.out
    );
    assert!(
        told(&ran).contains("path checkout > payments > payments-db. Ask lou; runbook https:"),
        "{}",
        ran.out
    );
    assert!(
        told(&ran).contains("https://wiki.shop.example/payments-db"),
        "{}",
        ran.out
    );
    assert!(
        told(&ran).contains("checkout/availability/free."),
        "free lost nothing: {}",
        ran.out
    );
    // Nobody failed free, and before it began nobody was to blame.
    place
        .run(&[
            "why",
            "shop",
            "checkout",
            "--at",
            "2026-11-02 14:30",
            "--segment",
            "free",
        ])
        .exits(0);
    place
        .run(&["why", "shop", "checkout", "--at", "2026-11-02 14:00"])
        .exits(0);
    let ran = place.run(&["why", "shop", "checkout"]);
    assert!(
        ran.out
            .contains("lost from 14:05 to 14:30 started in payments-db"),
        "{}",
        ran.out
    );
}

/// What was lost last may have started in several; the budget is gone since the fault before it.
#[test]
fn where_the_last_loss_names_nobody_all_since_the_budget_is_gone_is_asked_about() {
    let place = Place::new();
    let mut events = events_at(DATABASE, &|minute| (125..135).contains(&minute));
    for (second, service, bad) in [(20, "payments", 4), (40, "checkout", 4), (40, "search", 2)] {
        let _ = writeln!(
            events,
            "2026-11-02T14:38:{second}Z,{service},premium,503,{bad}"
        );
    }
    place
        .write("shop/slo.yaml", SHOP)
        .write("shop/events.csv", &events);
    let ask = ["why", "shop", "checkout", "--segment", "premium"];
    let ran = place.run(&ask);
    ran.exits(1);
    assert!(told(&ran).contains("started in payments-db"), "{}", ran.out);
    // Who asks about the last loss alone is answered about it.
    let since = place.run(&[&ask[..], &["--since", "2026-11-02 14:38"]].concat());
    since.exits(3);
    assert!(told(&since).contains("too weak"), "{}", since.out);
}

#[test]
fn two_faults_ten_minutes_apart_are_two() {
    // Of 60 requests one in 2000 may fail: the first fault alone lost what hours of calm may.
    let is_fault = |minute| (110..114).contains(&minute) || (124..130).contains(&minute);
    let place = Place::new();
    place
        .write("shop/slo.yaml", SHOP)
        .write("shop/events.csv", &events_at(DATABASE, &is_fault));
    let ran = place.run(&["why", "shop", "checkout", "--at", "2026-11-02 14:10"]);
    ran.exits(1);
    for says in [
        "premium lost since 14:04 started in payments-db",
        "66 of 360 bad from 14:04",
        "earlier 13:50 to 13:54 (44 bad, started in payments-db)",
    ] {
        assert!(told(&ran).contains(says), "{says}: {}", ran.out);
    }
    // A minute without a failure in the middle is none of that.
    let place = Place::new();
    let is_fault = |minute| is_fault(minute) || (114..124).contains(&minute) && minute != 118;
    place
        .write("shop/slo.yaml", SHOP)
        .write("shop/events.csv", &events_at(DATABASE, &is_fault));
    let ran = place.run(&["why", "shop", "checkout", "--at", "2026-11-02 14:10"]);
    assert!(told(&ran).contains("since 13:50"), "{}", ran.out);
    assert!(!told(&ran).contains("earlier"), "{}", ran.out);
}

#[test]
fn programs_get_the_same_answer_with_its_numbers() {
    let ran = shop(DATABASE).run(&[
        "why",
        "shop",
        "checkout",
        "--at",
        "2026-11-02 14:30",
        "--format",
        "json",
    ]);
    ran.exits(1);
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    let premium = &answer["findings"][0];
    assert_eq!(premium["segment"], "premium");
    assert_eq!(premium["answer"], "named");
    assert_eq!(premium["episode"]["start"], "2026-11-02T14:05:00Z");
    assert_eq!(premium["episode"]["bad"], 275);
    let account = &premium["episode"]["accounts"][0];
    assert_eq!(account["named"], "payments-db");
    let first = &account["suspects"][0];
    assert_eq!(
        first["path"],
        serde_json::json!(["checkout", "payments", "payments-db"])
    );
    let score = first["score"].as_f64().unwrap();
    assert!(
        (0.7..=0.82).contains(&score),
        "nine of eleven at most: {score}"
    );
    assert_eq!(answer["findings"][1]["answer"], "nothing");
}

#[test]
fn the_page_itself_may_have_spent_it() {
    let place = shop(&[
        ("checkout", "premium", 11),
        ("payments-db", "free", 9),
        ("payments", "free", 9),
    ]);
    let ran = place.run(&[
        "why",
        "shop",
        "checkout",
        "--at",
        "2026-11-02 14:30",
        "--segment",
        "premium",
    ]);
    ran.exits(1);
    assert!(
        told(&ran).contains("started in checkout itself"),
        "{}",
        ran.out
    );
    // What the database did to others is not what premium lost.
    assert!(!told(&ran).contains("payments-db"), "{}", ran.out);
}

/// `optional: true` is a claim; whether the caller works without it is what the counts say.
#[test]
fn an_optional_part_is_named_where_it_did_hurt() {
    let ran = shop(&[("checkout", "free", 20), ("search", "free", 22)]).run(&[
        "why",
        "shop",
        "checkout",
        "--at",
        "2026-11-02 14:30",
    ]);
    ran.exits(1);
    assert!(
        ran.out
            .contains("started in search; path checkout > search"),
        "{}",
        ran.out
    );
}

#[test]
fn two_parts_at_once_are_told_apart() {
    let ran = shop(&[
        ("payments-db", "premium", 12),
        ("payments", "premium", 12),
        ("search", "premium", 8),
        ("checkout", "premium", 20),
    ])
    .run(&[
        "why",
        "shop",
        "checkout",
        "--at",
        "2026-11-02 14:30",
        "--segment",
        "premium",
    ]);
    ran.exits(1);
    assert!(
        told(&ran).contains("lost since 14:05 started in payments-db"),
        "{}",
        ran.out
    );
    assert!(
        told(&ran).contains("of what is left started in search"),
        "{}",
        ran.out
    );
}

/// A part that is not counted cannot be blamed, and the answer says so.
#[test]
fn what_cannot_be_told_is_said() {
    let place = shop(DATABASE);
    let without = SHOP.replace("where: {service: payments-db}", "where: {service: nowhere}");
    place.write("shop/slo.yaml", &without);
    let ran = place.run(&["why", "shop", "checkout", "--at", "2026-11-02 14:30"]);
    ran.exits(1);
    assert!(
        ran.out
            .contains("started in payments; path checkout > payments"),
        "{}",
        ran.out
    );
    assert!(
        told(&ran).contains("nothing is counted of payments-db"),
        "{}",
        ran.out
    );
}

fn example(name: &str, slo: &str, at: &str) -> Ran {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name);
    Place::new().run(&["why", path.to_str().unwrap(), slo, "--at", at])
}

/// Real traffic: nothing was injected, and it went wrong all the same.
#[test]
fn real_losses_of_petshop_are_explained() {
    let ran = example("petshop", "adoption-works", "2023-08-21 12:00");
    ran.exits(1);
    assert!(
        ran.out
            .contains("started in pet-search; path adoption-works > pet-search")
            || told(&ran).contains("started in pet-search;"),
        "{}",
        ran.out
    );
    assert!(told(&ran).contains("143 of 4878 bad"), "{}", ran.out);
    assert!(
        told(&ran).contains("little was counted before"),
        "{}",
        ran.out
    );
    let ran = example("petshop", "adoption-works", "2023-08-23 06:00");
    ran.exits(1);
    assert!(
        told(&ran).contains("started in adoption-works itself"),
        "{}",
        ran.out
    );
    let ran = example("petshop", "adoption-works", "2023-08-22 12:00");
    ran.exits(0);
    assert!(told(&ran).contains("nothing unusual"), "{}", ran.out);
}

#[test]
fn the_upstream_of_three_tiers_is_found_behind_two_calls() {
    let ran = example("three-tiers", "checkout-completes", "2026-11-02 16:45");
    ran.exits(1);
    assert!(
        told(&ran).contains("started in edge-reachable"),
        "{}",
        ran.out
    );
    assert!(
        told(&ran).contains("> edge-reachable. Ask platform."),
        "{}",
        ran.out
    );
}

#[test]
fn questions_that_have_no_answer_are_refused_with_advice() {
    let place = shop(DATABASE);
    let ran = place.run(&["why", "shop", "nothing"]);
    ran.exits(2);
    assert!(ran.err.contains("it has checkout, payments"), "{}", ran.err);
    let ran = place.run(&["why", "shop", "checkout", "--segment", "gold"]);
    ran.exits(2);
    assert!(ran.err.contains("segments: free, premium"), "{}", ran.err);
    let ran = place.run(&[
        "why",
        "shop",
        "checkout",
        "--at",
        "2026-11-02 14:00",
        "--since",
        "2026-11-02 14:30",
    ]);
    ran.exits(2);
    assert!(ran.err.contains("--since is not before"), "{}", ran.err);
}

/// While it is lost, the status says so above the table; not once it is over.
#[test]
fn the_status_says_which_segment_loses_budget_right_now() {
    let place = Place::new();
    let alerted = SHOP.replace("window: 1d", "window: 1d, alerting: workbook");
    place
        .write("shop/slo.yaml", &alerted)
        .write("shop/events.csv", &events(DATABASE));
    let ran = place.run(&["status", "shop", "--at", "2026-11-02 14:20"]);
    ran.exits(1);
    let says = "Losing now: checkout/availability: premium lost 3929% of its budget of 1d since 14:05:00 UTC (15m ago); it \
                started in payments-db. Also losing: payments/availability/all. segment";
    assert!(told(&ran).contains(says), "{}", ran.out);
    for calm in ["2026-11-02 14:00", "2026-11-02 14:40"] {
        let ran = place.run(&["status", "shop", "--at", calm]);
        assert!(!ran.out.contains("Losing now"), "{}", ran.out);
    }
}
