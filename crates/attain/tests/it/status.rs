//! `attain status`: the sentence, the table, the exit code.

use crate::{Place, one_slo};

const TIERS: &str = "\
attain: 1
catalogue: {name: Shop}
segments:
  premium:  {rank: 1, contract: MSA 4.2}
  standard: {rank: 2, contract: ToS 7}
  free:     {rank: 3, contract: best effort}
sources:
  events: {csv: {files: [events.csv], layout: events, time: time, count: events}, labels: {segment: segment}}
slos:
  checkout-completes:
    owner: payments
    indicator: {log: events, bad: {status: 5xx}}
    objectives: {availability: {premium: 99.95%, standard: 99.9%, free: 99%, all: 99.9%}}
    window: 30d
    runbook: https://wiki.shop.example/checkout
";

/// A day by hours: premium is 2 % of the traffic and 3 % of it fails, from noon on.
fn hidden_premium() -> String {
    let mut rows = "time,segment,status,events\n".to_owned();
    let mut row = |hour: u32, segment: &str, status: u32, n: u32| {
        if n > 0 {
            rows.push_str(&format!(
                "2026-11-02T{hour:02}:30:00Z,{segment},{status},{n}\n"
            ));
        }
    };
    for hour in 0..20 {
        let failing = if hour < 12 { 0 } else { 75 };
        row(hour, "premium", 200, 1_000 - failing);
        row(hour, "premium", 503, failing);
        row(
            hour,
            "standard",
            200,
            19_000 - if hour < 10 { 9 } else { 10 },
        );
        row(hour, "standard", 503, if hour < 10 { 9 } else { 10 });
        row(hour, "free", 200, 30_000 - 6);
        row(hour, "free", 503, 6);
    }
    rows
}

#[test]
fn a_segment_hidden_by_the_aggregate_is_found() {
    let place = Place::new();
    place
        .write("shop/slo.yaml", TIERS)
        .write("shop/events.csv", &hidden_premium());
    let ran = place.run(&["status", "shop"]);
    ran.exits(1);
    // 1,000,000 requests, 600 + 190 + 120 bad.
    let row = |segment: &str| {
        let found = ran
            .out
            .lines()
            .find(|line| line.trim_start().starts_with(segment));
        found
            .unwrap_or_else(|| panic!("no row of {segment} in\n{}", ran.out))
            .to_owned()
    };
    assert!(
        row("all ").contains("99.909%") && row("all ").contains("met"),
        "{}",
        ran.out
    );
    assert!(
        row("premium").contains("97.000%") && row("premium").contains("breached"),
        "{}",
        ran.out
    );
    assert!(row("premium").contains("masked since 12:30"), "{}", ran.out);
    assert!(
        row("standard").contains("99.950%") && row("standard").contains("50%"),
        "{}",
        ran.out
    );
    assert!(
        row("free").contains("99.980%") && row("free").contains("98%"),
        "{}",
        ran.out
    );
    ran.says("checkout-completes (availability) is broken for premium")
        .says("3% of requests fail where 0.05% may, 60x as many")
        .says("is overspent (-5900% left) since 12:30")
        .says("The aggregate hides it: all together look fine at 99.909%")
        .says("-5900%")
        .says("https://wiki.shop.example/checkout")
        .says("Shop, as of 2026-11-02 19:31 UTC, the end of the data");
}

#[test]
fn json_has_exact_numbers() {
    let place = Place::new();
    place
        .write("shop/slo.yaml", TIERS)
        .write("shop/events.csv", &hidden_premium());
    let ran = place.run(&["status", "shop", "--format", "json"]);
    ran.exits(1);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["catalogue"], "Shop");
    let premium = &json["verdicts"][0];
    assert_eq!(premium["segment"], "premium");
    assert_eq!(
        (premium["bad"].as_u64(), premium["total"].as_u64()),
        (Some(600), Some(20_000))
    );
    assert_eq!(premium["budget"]["allowed_billionths"], "10000000000");
    assert_eq!(json["masked"][0]["segment_burn_millionths"], "60000000");
    assert_eq!(json["masked"][0]["since"], "2026-11-02T12:30:00Z");
}

#[test]
fn a_promise_kept_ends_with_0_and_a_broken_one_with_1() {
    let events = "time,status,events\n2026-11-02T10:00:00Z,200,999\n2026-11-02T10:00:30Z,500,1\n";
    let place = Place::new();
    place
        .write("kept/slo.yaml", &one_slo("99.9%"))
        .write("kept/events.csv", events);
    place
        .write("broken/slo.yaml", &one_slo("99.91%"))
        .write("broken/events.csv", events);
    place
        .run(&["status", "kept"])
        .exits(0)
        .says("The one promise is kept.")
        .says("99.900%");
    place
        .run(&["status", "broken"])
        .exits(1)
        .says("breached")
        .says("99.900%");
}

#[test]
fn nothing_read_ends_with_3_and_says_what_to_do() {
    let place = Place::new();
    place.write("shop/slo.yaml", &one_slo("99.9%"));
    place
        .run(&["status", "shop", "--at", "2026-11-02 12:00"])
        .exits(3)
        .says("no event was read")
        .says("no file fits `events.csv`");
}

#[test]
fn other_files_can_be_named_and_piped() {
    let events = "time,status,events\n2026-11-02T10:00:00Z,200,10\n";
    let place = Place::new();
    place
        .write("shop/slo.yaml", &one_slo("99.9%"))
        .write("other.csv", events);
    place
        .run(&["status", "shop", "other.csv"])
        .exits(0)
        .says("100.000%");
    place
        .run_with(&["status", "shop", "-"], events)
        .exits(0)
        .says("100.000%");
    place
        .run(&["status", "shop", "none.csv"])
        .exits(2)
        .complains("none.csv");
    place
        .run(&["status", "shop", "other.csv", "--source", "x"])
        .exits(2)
        .complains("x is not a source of this catalogue");
    place
        .run(&["status", "shop", "--source", "events"])
        .exits(2)
        .complains("no file is");
}

#[test]
fn an_instant_can_be_named() {
    let events = "time,status,events\n2026-11-02T10:00:00Z,200,10\n2026-11-02T11:00:00Z,500,10\n";
    let place = Place::new();
    place
        .write("shop/slo.yaml", &one_slo("99.9%"))
        .write("shop/events.csv", events);
    place
        .run(&["status", "shop", "--at", "2026-11-02 10:30"])
        .exits(0)
        .says("as of 2026-11-02 10:30 UTC");
    place
        .run(&["status", "shop", "--at", "2026-11-02"])
        .exits(1)
        .says("as of 2026-11-03 00:00 UTC");
    let known = [
        "status",
        "shop",
        "--at",
        "2026-11-02T10:30:00Z",
        "--as-known-then",
    ];
    place.run(&known).exits(0).says("as known then");
    place
        .run(&["status", "shop", "--at", "noon"])
        .exits(2)
        .complains("`noon` is no time");
    place.run(&["status", "shop", "--as-known-then"]).exits(2);
}

#[test]
fn what_was_known_then_can_be_repeated() {
    let slo = one_slo("99.9%").replace("count: events", "count: events, received: got");
    let place = Place::new();
    place.write("shop/slo.yaml", &slo).write(
        "shop/events.csv",
        "time,status,events,got\n\
         2026-11-02T10:00:00Z,200,10,2026-11-02T10:00:30Z\n\
         2026-11-02T10:10:00Z,500,10,2026-11-02T12:00:00Z\n",
    );
    let at = ["status", "shop", "--at", "2026-11-02T11:00:00Z"];
    place.run(&at).exits(1).says("50.000%");
    place
        .run(&[&at[..], &["--as-known-then"]].concat())
        .exits(0)
        .says("100.000%");
}

#[test]
fn lines_that_cannot_be_read_are_counted_shown_and_refused_when_many() {
    let mut events = "time,status,events\n".to_owned();
    for second in 0..199 {
        events.push_str(&format!(
            "2026-11-02T10:{:02}:{:02}Z,200,1\n",
            second / 60,
            second % 60
        ));
    }
    events.push_str("never,200,1\n");
    let place = Place::new();
    place
        .write("shop/slo.yaml", &one_slo("99.9%"))
        .write("shop/events.csv", &events);
    place
        .run(&["status", "shop"])
        .exits(0)
        .says("1 of 200 lines could not be read")
        .says("events.csv:201");
    place
        .run(&["status", "shop", "--max-unparsed", "0.1%"])
        .exits(2)
        .complains("1 of 200 lines of source events could not be read")
        .complains("events.csv:201");
    place
        .run(&["status", "shop", "--max-unparsed", "few"])
        .exits(2)
        .complains("`few` is no share");
}

#[test]
fn one_slo_and_one_series() {
    let place = Place::new();
    place
        .write("shop/slo.yaml", TIERS)
        .write("shop/events.csv", &hidden_premium());
    place
        .run(&["status", "shop", "--slo", "nope"])
        .exits(2)
        .complains("it has checkout-completes");
    place
        .run(&["status", "shop", "--slo", "checkout-completes"])
        .exits(1)
        .says("premium");
    let chart = |series: &str, code: i32, says: &str| {
        let ran = place.run(&["status", "shop", "--chart", series, "--ascii"]);
        ran.exits(code).says(says);
        assert!(ran.out.is_ascii());
    };
    chart(
        "checkout-completes/availability/premium",
        1,
        "first overspent: 2026-11-02",
    );
    chart(
        "checkout-completes/availability/free",
        0,
        "left at the end: 98%",
    );
    place
        .run(&["status", "shop", "--chart", "checkout-completes"])
        .exits(2)
        .complains("checkout-completes/availability/premium");
}

#[test]
fn a_catalogue_with_errors_is_not_judged() {
    let place = Place::new();
    place.write("shop/slo.yaml", &one_slo("99.9"));
    place
        .run(&["status", "shop"])
        .exits(2)
        .complains("error[unit-missing]")
        .complains("shop/slo.yaml:8:")
        .complains("attain check shop");
    assert_eq!(place.run(&["status", "shop"]).out, "");
}

#[test]
fn programs_read_what_reading_left_out_too() {
    let place = Place::new();
    let catalogue = TIERS.replace("files: [events.csv]", "files: [events.csv, older-*.csv]");
    let catalogue = catalogue.replace(
        "slos:\n",
        "  main: {prometheus: {url: https://metrics.shop.example}}\nslos:\n",
    );
    let mut rows = hidden_premium();
    rows.push_str("2026-11-02T09:30:00Z,gold,200,7\nyesterday,free,200,1\n");
    place
        .write("shop/slo.yaml", &catalogue)
        .write("shop/events.csv", &rows);
    let ran = place.run(&["status", "shop", "--format", "json", "--max-unparsed", "2%"]);
    ran.exits(1);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let sources = json["reading"]["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 2);
    let events = &sources[0];
    assert_eq!(events["source"], "events");
    assert_eq!(events["files"], 1);
    assert_eq!(events["unparsed"], 1);
    assert_eq!(events["without_files"][0], "older-*.csv");
    assert_eq!(events["unclaimed_segments"]["gold"], 7);
    let place = events["examples"][0]["place"].as_str().unwrap();
    assert!(place.contains("events.csv:"), "{place}");
    assert_eq!(
        (&sources[1]["source"], &sources[1]["supported"]),
        (&"main".into(), &false.into())
    );
    assert_eq!(
        json["verdicts"][0]["overspent_since"],
        "2026-11-02T12:30:00Z"
    );
}

/// A budget of 30 days lasts a while at twenty times the speed, but somebody has to come now.
#[test]
fn a_page_before_the_budget_is_gone_is_no_success() {
    let place = Place::new();
    let mut rows = "time,status,events\n".to_owned();
    for day in 1..=29 {
        rows.push_str(&format!("2026-10-{day:02}T12:30:00Z,200,24000\n"));
    }
    for minute in 0..60 {
        rows.push_str(&format!("2026-10-30T11:{minute:02}:00Z,200,49\n"));
        rows.push_str(&format!("2026-10-30T11:{minute:02}:00Z,503,1\n"));
    }
    place
        .write(
            "slo.yaml",
            &one_slo("99.9%").replace("window: 1d", "window: 30d"),
        )
        .write("events.csv", &rows);
    let ran = place.run(&["status", "."]);
    ran.exits(1)
        .says("is burning for all traffic")
        .says("page since");
    assert!(!ran.out.contains("breached"), "{}", ran.out);
}

#[test]
fn an_instant_outside_the_data_is_said() {
    let place = Place::new();
    place.write("slo.yaml", &one_slo("99%")).write(
        "events.csv",
        "time,status,events\n2026-11-02T10:00:00Z,200,5\n",
    );
    place
        .run(&["status", ".", "--at", "2026-11-04 10:01"])
        .says("the data end 2026-11-02 10:01 UTC, 2d before");
    place
        .run(&["status", ".", "--at", "2026-11-01 10:00"])
        .says("the data begin 2026-11-02 10:00 UTC, 1d after");
    let near = place.run(&["status", ".", "--at", "2026-11-02 11:01"]);
    assert!(!near.out.contains("the data end"), "{}", near.out);
}

#[test]
fn a_log_is_no_catalogue() {
    let place = Place::new();
    place.write(
        "access.log",
        "192.0.2.1 - - [02/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5\n",
    );
    place
        .run(&["status", "access.log"])
        .exits(2)
        .complains("this looks like a log")
        .complains("attain init --from access.log");
}

#[test]
fn a_page_in_progress_leads() {
    let place = Place::new();
    let tiers = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/three-tiers");
    let ran = place.run(&["status", tiers, "--at", "2026-11-02T14:30:00Z"]);
    ran.exits(1)
        .says("page since 14:04")
        .says("Broken earlier, not burning now: checkout-completes/availability/premium");
    assert!(
        ran.out
            .starts_with("checkout-completes (latency) is broken for premium"),
        "{}",
        ran.out
    );
}

#[test]
fn errors_of_check_are_pointed_to() {
    let place = Place::new();
    let inverted = TIERS.replace("premium: 99.95%", "premium: 98%");
    place
        .write("shop/slo.yaml", &inverted)
        .write("shop/events.csv", &hidden_premium());
    place.run(&["check", "shop"]).exits(1);
    let ran = place.run(&["status", "shop"]);
    ran.complains("check has ").complains("attain check shop");
    place.write("shop/slo.yaml", TIERS);
    let ran = place.run(&["status", "shop"]);
    assert!(!ran.err.contains("check has"), "{}", ran.err);
}
