//! What looks like a mistake and is none. A rule that cries wolf is excepted everywhere, and then it is no rule.

use crate::{file, lint, shown};

/// A customer SLO with one line that matters, resting on an internal one.
fn customer(line: &str) -> String {
    format!(
        "slos:
  checkout-completes:
    outcome: Checkout completes
    layer: product
    owners: {{product: growth, engineering: payments}}
    indicator: {{metric: http_request_duration_seconds, bad: {{code: 5xx}}}}
    {line}
    depends_on: [charge]
  charge:
    owner: payments
    indicator: {{metric: rpc_requests_total, bad: {{code: error}}}}
    objectives: {{availability: 99.99%}}
"
    )
}

const TIERS: &str = "segments:
  premium:  {rank: 1, price: 5000 USD/month, contract: MSA 4.2}
  standard: {rank: 2, price: 500 USD/month, contract: ToS 7}
  free:     {rank: 3, price: 0 USD/month, contract: best effort}
";

/// What a rule says about a catalogue.
fn says(rule: &str, text: &str) -> Vec<String> {
    assert!(
        attain_lint::explain(rule).is_some(),
        "there is no rule {rule}"
    );
    let (parsed, found) = lint(&[file("a.yaml", &format!("attain: 1\n{text}"))]);
    found
        .iter()
        .filter(|found| found.code == rule)
        .map(|found| shown(&parsed, found))
        .collect()
}

#[track_caller]
fn passes(rule: &str, text: &str) {
    assert_eq!(says(rule, text), [] as [String; 0], "{text}");
}

#[track_caller]
fn found(rule: &str, text: &str, times: usize) {
    let said = says(rule, text);
    assert_eq!(said.len(), times, "{said:#?}\n{text}");
}

#[test]
fn sentences_of_customers_are_outcomes() {
    let rule = "outcome-not-an-outcome";
    for outcome in [
        "API calls succeed",
        "Checkout completes in under 3 s for 95 % of users",
        "A parcel can be found",
        "Every order is confirmed by e-mail",
        "Der Warenkorb bleibt erhalten",
        "A database can be restored",
        "Room availability is shown",
        "Self-service works",
        "P1 tickets are answered",
    ] {
        let text = customer("objectives: {availability: 99.9%}");
        passes(rule, &text.replace("Checkout completes", outcome));
    }
    for outcome in [
        "Checkout",
        "auth-svc works",
        "http_requests_total is good",
        "95th percentile",
        "Low latency for all",
    ] {
        let text = customer("objectives: {availability: 99.9%}");
        found(rule, &text.replace("Checkout completes", outcome), 1);
    }
}

#[test]
fn an_internal_outcome_may_be_of_engineers() {
    let text = "slos:
  auth:
    outcome: auth-svc p99
    owner: identity
    indicator: {metric: http_requests_total, bad: {code: 5xx}}
    objectives: {availability: 99.9%}
";
    passes("outcome-not-an-outcome", text);
}

#[test]
fn whoever_pays_is_a_customer() {
    let rule = "internal-only-segment";
    passes(
        rule,
        "segments: {internal-audit: {rank: 1, price: 90 EUR/month, contract: A 1}}\n",
    );
    passes(
        rule,
        "segments: {trial: {rank: 1, contract: best effort}, partner: {rank: 2, contract: P 3}}\n",
    );
    passes(
        rule,
        "segments: {contestants: {rank: 1, contract: best effort}}\n",
    );
    found(
        rule,
        "segments: {employees: {rank: 1, price: 0 EUR/month, contract: best effort}}\n",
        1,
    );
    found(
        rule,
        "segments: {gold: {rank: 1, contract: staging cluster}}\n",
        1,
    );
}

#[test]
fn five_segments_are_enough_and_not_too_many() {
    let rule = "too-many-segments";
    let five: String = (1..=5)
        .map(|n| format!("  s{n}: {{rank: {n}, contract: C {n}}}\n"))
        .collect();
    passes(rule, &format!("segments:\n{five}"));
    let sixth = "  s6: {rank: 6, contract: C 6";
    found(rule, &format!("segments:\n{five}{sixth}}}\n"), 1);
    passes(
        rule,
        &format!(
            "segments:\n{five}{sixth}, allow: {{{rule}: schools are a market of their own}}}}\n"
        ),
    );
    // One contract at two prices is two deals.
    passes(
        rule,
        "segments: {a: {rank: 1, price: 9 USD/month, contract: MSA}, b: {rank: 2, price: 5 USD/month, contract: MSA}}\n",
    );
}

#[test]
fn tiers_may_be_equal_or_not_comparable() {
    let rule = "tiers-inverted";
    for targets in [
        "availability: {premium: 99.9%, standard: 99.9%, free: best effort}",
        "latency: {premium: p99.9 < 500ms, standard: p95 < 200ms, free: best effort}",
        "latency: {premium: p99 < 200ms at 500 rps, standard: p99 < 500ms, free: best effort}",
    ] {
        passes(
            rule,
            &format!("{TIERS}{}", customer(&format!("objectives: {{{targets}}}"))),
        );
    }
    for targets in [
        "availability: {premium: best effort, standard: 99.9%, free: best effort}",
        "latency: {premium: p95 < 200ms, standard: p99 < 200ms, free: best effort}",
    ] {
        found(
            rule,
            &format!("{TIERS}{}", customer(&format!("objectives: {{{targets}}}"))),
            1,
        );
    }
}

#[test]
fn a_lower_tier_that_is_promised_something_is_above_one_that_is_not() {
    let lines = "objectives: {availability: {premium: 99.95%, standard: 99.9%, free: 99%}}
    commitments: [{since: 2026-01-01, targets: {availability: {standard: 99.5%}}, published: [ToS 7]}]";
    found("tiers-inverted", &format!("{TIERS}{}", customer(lines)), 1);
}

#[test]
fn a_buffer_of_one_and_a_half_is_enough() {
    let rule = "commitment-without-buffer";
    let committed = |objective: &str, commitment: &str| {
        customer(&format!(
            "objectives: {{o: {objective}}}
    commitments: [{{since: 2026-10-01, targets: {{o: {commitment}}}, published: [page]}}]"
        ))
    };
    passes(rule, &committed("99.9%", "99.85%"));
    found(rule, &committed("99.9%", "99.8501%"), 1);
    // The same share, and time to spare.
    passes(rule, &committed("p99 < 200ms", "p99 < 300ms"));
    found(rule, &committed("p99 < 200ms", "p99 < 250ms"), 1);
    // Above the objective is another rule's business.
    passes(rule, &committed("99.9%", "99.95%"));
}

#[test]
fn a_superseded_commitment_no_longer_binds_and_an_announced_one_does() {
    let rule = "commitment-above-objective";
    let lines = |first: &str, second: &str| {
        customer(&format!(
            "objectives: {{o: 99.9%}}
    commitments:
      - {{since: {first}, targets: {{o: 99.5%}}, published: [page]}}
      - {{since: {second}, targets: {{o: 99.99%}}, published: [page]}}"
        ))
    };
    passes(rule, &lines("2026-02-01", "2024-01-01"));
    found(rule, &lines("2027-02-01", "2024-01-01"), 1);
    let announced = lines("2027-02-01", "2024-01-01")
        .replace("99.99%", "99%")
        .replace("99.5%", "99.95%");
    found(rule, &announced, 1);
    // Not to be ordered: fewer requests, but faster.
    let mixed = lines("2026-02-01", "2024-01-01")
        .replace("o: 99.9%", "o: p99 < 500ms")
        .replace("o: 99.5%", "o: p95 < 100ms")
        .replace("o: 99.99%", "o: p95 < 100ms");
    passes(rule, &mixed);
}

#[test]
fn an_objective_may_be_raised_before_the_promise_begins() {
    let text = customer(
        "objectives:
      - {since: 2027-01-01, targets: {availability: 99.99%}}
      - {targets: {availability: 99.9%}}
    commitments:
      - {since: 2027-02-01, targets: {availability: 99.95%}, published: [page]}",
    );
    passes("commitment-above-objective", &text);
    let early = text.replace("2027-02-01", "2026-12-01");
    let said = says("commitment-above-objective", &early);
    assert_eq!(
        said,
        [
            "error[commitment-above-objective] a.yaml:12:53: everybody was promised 99.95%, but the team aims at 99.9%; \
             promise less, or raise the objective above 99.95%"
        ]
    );
}

#[test]
fn a_contract_with_one_customer_is_a_promise_too() {
    let contract = |target: &str| {
        format!(
            "{TIERS}contracts:
  acc-7: {{segment: premium, terms: [{{since: 2026-01-01, targets: {{checkout-completes: {{availability: {target}}}}}}}]}}
{}",
            customer("objectives: {availability: {premium: 99.95%, standard: 99.9%, free: 99%}}")
        )
    };
    passes("commitment-above-objective", &contract("99.9%"));
    found("commitment-above-objective", &contract("99.97%"), 1);
    found("commitment-without-buffer", &contract("99.94%"), 1);
    found(
        "best-effort-committed",
        &contract("99.5%").replace("segment: premium", "segment: free"),
        1,
    );
}

#[test]
fn measuring_a_free_tier_promises_nothing() {
    let lines = "objectives: {availability: {premium: 99.95%, standard: 99.9%, free: 99%}}
    commitments: [{since: 2026-01-01, targets: {availability: {premium: 99.9%}}, published: [MSA 4.2]}]";
    passes(
        "best-effort-committed",
        &format!("{TIERS}{}", customer(lines)),
    );
}

#[test]
fn an_alert_just_below_the_fastest_burn_can_fire() {
    let rule = "alert-unreachable";
    let policy = |tier: &str, target: &str| {
        format!(
            "alert_policies: {{p: {{page: [{tier}]}}}}\n{}",
            customer(&format!(
                "objectives: {{availability: {target}}}\n    alerting: p"
            ))
        )
    };
    passes(rule, &policy("{long: 1h, burn: 99x}", "99%"));
    found(rule, &policy("{long: 1h, burn: 100x}", "99%"), 1);
    passes(rule, &policy("{long: 6h, spends: 80%}", "99%"));
    found(rule, &policy("{long: 6h, spends: 90%}", "99%"), 1);
    // Best effort has no budget, and `alerting: none` no alert.
    passes(
        rule,
        &customer("objectives: {availability: 50%}\n    alerting: none"),
    );
    found(rule, &customer("objectives: {availability: 50%}"), 1);
    found(
        rule,
        &customer(
            "objectives: {availability: 50%}\n    allow: {alert-unreachable: nobody is woken}",
        ),
        0,
    );
}

#[test]
fn the_one_alert_message_names_the_target_that_is_furthest_away() {
    let text = format!(
        "alert_policies: {{p: {{page: [{{long: 1h, burn: 60x}}]}}}}\n{TIERS}{}",
        customer(
            "objectives: {availability: {premium: 99.5%, standard: 98%, free: 90%}}\n    alerting: p"
        )
    );
    let said = says("alert-unreachable", &text);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("checkout-completes/availability/free (90%) cannot burn faster than 10"),
        "{said:?}"
    );
}

#[test]
fn thresholds_on_edges_and_thresholds_without_edges_pass() {
    let rule = "threshold-off-bucket";
    let with = |buckets: &str, target: &str| {
        format!(
            "slos:
  quick:
    owner: search
    indicator: {{metric: http_request_duration_seconds{buckets}}}
    objectives: {{latency: {target}}}
"
        )
    };
    let edges = ", buckets: [100ms, 500ms, 1s]";
    passes(rule, &with(edges, "p99 < 1000ms"));
    passes(rule, &with(edges, "99% < 0.5s"));
    passes(rule, &with("", "p99 < 230ms"));
    let said = says(rule, &with(edges, "p99 < 3s at 5 rps"));
    assert_eq!(
        said,
        [
            "warning[threshold-off-bucket] a.yaml:6:33: 3s lies above the last bucket, 1s; what cannot be told apart is \
             counted as bad; use 1s, or add a 3 bucket to the metric"
        ]
    );
    found(rule, &with(edges, "99% < 50ms"), 1);
}

#[test]
fn promql_that_is_pulled_or_that_nobody_pulls_is_let_alone() {
    let rule = "promql-not-pulled";
    let with = |source: &str, promql: &str| {
        format!(
            "sources: {{s: {source}}}
slos:
  fresh:
    owner: ledger
    indicator: {{promql: {promql}}}
    objectives: {{freshness: 99.9%}}
"
        )
    };
    let api = "{prometheus: {url: \"http://localhost:9090\"}}";
    let minute = "{slice: 1m, bad: 'increase(b[1m])', total: 'increase(t[1m])'}";
    passes(rule, &with(api, minute));
    passes(
        rule,
        &with(
            api,
            "{slice: 60s, ratio: 'avg(up)', total: 'increase(t[1m])'}",
        ),
    );
    found(rule, &with(api, "{slice: 1m, ratio: 'avg(up)'}"), 1);
    let long = "{slice: 5m, bad: 'increase(b[5m])', total: 'increase(t[5m])'}";
    assert_eq!(
        says(rule, &with(api, long)),
        [
            "warning[promql-not-pulled] a.yaml:6:33: a slice of 5m is not pulled: attain asks minute by minute, so nothing is \
             ever counted; write `slice: 1m`, and `[1m]` for the ranges of its queries"
        ]
    );
}

#[test]
fn metrics_of_customers_may_have_suspicious_labels() {
    let rule = "customer-slo-on-internal-metric";
    let with = |indicator: &str| {
        customer("objectives: {availability: 99.9%}").replace(
            "{metric: http_request_duration_seconds, bad: {code: 5xx}}",
            indicator,
        )
    };
    for metric in [
        "settlement_age_seconds",
        "message_queue_deliveries_total",
        "gcal_sync_requests_total",
        "car_pool_bookings_total",
        "page_loads_total",
        "nodes_rendered_total",
    ] {
        passes(
            rule,
            &with(&format!("{{metric: {metric}, bad: {{result: error}}}}")),
        );
    }
    passes(
        rule,
        &with(
            "{promql: {slice: 1m, good: 'sum by (node_name) (increase(http_ok_total{container_name=\"web\"}[1m]))', \
             total: 'sum(increase(http_all_total[1m]))'}}",
        ),
    );
    found(
        rule,
        &with(
            "{promql: {slice: 1m, good: 'sum(increase(http_ok_total[1m]))', \
             total: 'sum(increase(kafka_consumergroup_lag{topic=\"a\"}[1m]))'}}",
        ),
        1,
    );
    found(
        rule,
        &with("{metric: container_cpu_usage_seconds_total, bad: {result: error}}"),
        1,
    );
}

#[test]
fn whatever_a_customer_slo_rests_on_is_rolled_up() {
    let text = "slos:
  found:
    outcome: A parcel can be found
    layer: product
    owners: {product: pm, engineering: eng}
    indicator: {metric: http_requests_total, bad: {code: 5xx}}
    objectives: {availability: 99%}
    depends_on:
      - {any_of: [a, b], need: 1}
      - {slo: c, fallback: {slo: d, covers: 90%}}
      - {slo: e, async: true}
  a: &
  b: &
  c: & depends_on: [f]
  d: &
  e: &
  f: &
  old: & retired: 2025-01-01
"
    .replace(
        '&',
        "\n    owner: eng\n    indicator: {metric: http_requests_total, bad: {code: 5xx}}\n    objectives: {availability: \
         99.9%}\n   ",
    );
    passes("never-rolled-up", &text);
    passes("customer-without-internal", &text);
    found(
        "never-rolled-up",
        &text.replace("      - {slo: e, async: true}\n", ""),
        1,
    );
}

#[test]
fn a_chain_that_is_not_rolled_up_is_one_cause() {
    let text = format!(
        "{}  a: {{owner: x, indicator: {{metric: a_total, bad: {{r: e}}}}, objectives: {{o: 99%}}, depends_on: [b]}}
  b: {{owner: x, indicator: {{metric: b_total, bad: {{r: e}}}}, objectives: {{o: 99.9%}}}}
",
        customer("objectives: {availability: 99.9%}")
    );
    let said = says("never-rolled-up", &text);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("`a`"), "{said:?}");
}

#[test]
fn a_customer_slo_may_rest_on_internal_ones_through_another() {
    let text = customer("objectives: {availability: 99.9%}")
        + "  shop-works:
    outcome: The shop works
    layer: product
    owners: {product: growth, engineering: payments}
    indicator: {metric: http_requests_total, bad: {code: 5xx}}
    objectives: {availability: 99%}
    depends_on: [checkout-completes]
";
    passes("customer-without-internal", &text);
    let external = text.replace(
        "depends_on: [charge]",
        "depends_on: [{external: bank, promised: 99.9%}]",
    );
    found("customer-without-internal", &external, 2);
}

#[test]
fn a_customer_slo_that_rests_on_nothing_is_one_cause() {
    let text =
        customer("objectives: {availability: 99.9%}").replace("    depends_on: [charge]\n", "");
    found("customer-without-internal", &text, 1);
    passes("never-rolled-up", &text);
    let excepted = text.replace(
        "  charge:",
        "    allow: {customer-without-internal: one process does it all}\n  charge:",
    );
    passes("customer-without-internal", &excepted);
    found("never-rolled-up", &excepted, 1);
}

#[test]
fn a_first_slo_is_not_half_a_picture() {
    let one = "slos:
  search-answers:
    owner: search
    indicator: {metric: http_requests_total, bad: {code: 5xx}}
    objectives: {availability: 99.9%}
";
    passes("single-audience-catalogue", one);
    passes("never-rolled-up", one);
    let two = format!(
        "{one}{}",
        one.replace("slos:\n", "").replace("search-", "b-")
    );
    found("single-audience-catalogue", &two, 1);
    let of_one = two.replace("    owner:", "    service: shop\n    owner:");
    passes("single-audience-catalogue", &of_one);
    passes("never-rolled-up", &two);
}

#[test]
fn names_are_taken_at_their_word_without_teams_and_platform_may_deliver() {
    let text = customer("objectives: {availability: 99.9%}");
    passes("owner-seat-missing", &text);
    passes("missing-layer-owner", &text);
    let teams = "teams: {growth: {seat: product, members: [a]}, payments: {seat: platform, members: [b]}}\n";
    passes("owner-seat-missing", &format!("{teams}{text}"));
    passes("missing-layer-owner", &format!("{teams}{text}"));
    let legal = teams.replace("platform", "legal");
    found("owner-seat-missing", &format!("{legal}{text}"), 1);
    found("missing-layer-owner", &format!("{legal}{text}"), 1);
    let from_service = text.replace("    owner: payments\n", "    service: cards\n");
    passes(
        "missing-layer-owner",
        &format!(
            "services: {{cards: {{owner: payments}}, checkout-completes: {{}}}}\n{from_service}"
        ),
    );
}

#[test]
fn nobody_needs_a_runbook_who_is_not_woken() {
    let rule = "no-runbook";
    let teams = "teams: {growth: {seat: product, members: [a]}, payments: {seat: engineering, members: [b], oncall: p}}
receivers: {p: {pagerduty: {routing_key: {env: PD}}}}
alert_policies: {slow: {ticket: [{long: 3d, spends: 10%}]}}
";
    let with = |line: &str| {
        format!(
            "{teams}{}",
            customer(&format!("objectives: {{o: 99.9%}}\n    {line}"))
        )
    };
    found(rule, &with("alerting: workbook"), 1);
    passes(rule, &with("alerting: slow"));
    let free = "segments: {free: {rank: 1, contract: best effort, severity: ticket}}\n";
    passes(
        rule,
        &format!(
            "{free}{}",
            with("alerting: workbook").replace("o: 99.9%", "o: {free: 99.9%}")
        ),
    );
    passes(rule, &with("alerting: none"));
    passes(rule, &with("adoption: {from: 2026-11-01, for: 30d}"));
    found(rule, &with("adoption: {from: 2026-09-01, for: 30d}"), 1);
    passes(rule, &with("alerting: workbook").replace(", oncall: p", ""));
}

#[test]
fn a_review_cannot_be_yet_to_come() {
    let on = |day: &str| customer(&format!("objectives: {{o: 99.9%}}\n    reviewed: {day}"));
    passes("stale-review", &on("2026-11-22"));
    found("stale-review", &on("2026-11-23"), 1);
    found("stale-review", &on("2062-11-01"), 1);
}

#[test]
fn a_price_against_the_rank_is_one_finding() {
    let tiers = "segments:
  premium: {rank: 2, price: 500 USD/month, contract: MSA}
  standard: {rank: 1, price: 50 USD/month, contract: ToS}
";
    let lines = "objectives: {availability: {premium: 99.9%, standard: 99%}, o: {premium: 99.9%, standard: 99%}}
    commitments: [{since: 2026-01-01, targets: {availability: {premium: 99.5%, standard: 98%}}, published: [ToS 7]}]";
    found("tiers-inverted", &format!("{tiers}{}", customer(lines)), 1);
    let other = "objectives: {availability: {premium: 99%, standard: 99.9%}}";
    found("tiers-inverted", &format!("{tiers}{}", customer(other)), 1);
}

#[test]
fn a_review_is_due_a_day_after_its_period() {
    let rule = "stale-review";
    let reviewed = |day: &str| customer(&format!("objectives: {{o: 99.9%}}\n    reviewed: {day}"));
    passes(rule, &reviewed("2026-08-22"));
    found(rule, &reviewed("2026-08-21"), 1);
    passes(
        rule,
        &customer("objectives: {o: 99.9%}\n    reviewed: 2025-11-22\n    review: {every: year}"),
    );
    // Somebody changed the objective, so somebody looked at it.
    passes(
        rule,
        &customer(
            "objectives: [{since: 2026-09-01, targets: {o: 99.9%}}, {targets: {o: 99%}}]\n    reviewed: 2026-01-05",
        ),
    );
    // Nothing was promised, so nobody has to have looked.
    passes(rule, &customer("objectives: {o: 99.9%}"));
    // The day of the promise is a look at the number.
    passes(
        rule,
        &customer(
            "objectives: {o: 99.9%}\n    commitments: [{since: 2026-10-01, targets: {o: 99%}, published: [page]}]",
        ),
    );
}

#[test]
fn one_piece_of_field_data_is_enough() {
    let rule = "evidence-is-a-load-test";
    let says_ = |text: &str| customer(&format!("objectives: {{o: 99.9%}}\n    evidence: [{text}]"));
    passes(
        rule,
        &says_("{says: users leave after 3 s, from: interviews}"),
    );
    passes(
        rule,
        &says_("{says: a k6 run agrees}, {says: users leave after 3 s, from: field data}"),
    );
    passes(
        rule,
        &says_("{says: nobody restaging an event waits longer}"),
    );
    passes(
        rule,
        &says_("{says: a benchmark study of shops sees 53% leave}"),
    );
    found(rule, &says_("{says: an educated guess}"), 1);
    found(
        rule,
        &says_("{says: 300 ms at full load, from: benchmark of May}"),
        1,
    );
    passes(
        "objective-without-evidence",
        &says_("{says: an educated guess}"),
    );
}

#[test]
fn a_latency_at_any_load_is_a_strong_promise() {
    let rule = "load-condition-missing";
    passes(rule, &customer("objectives: {latency: p99 < 200ms}"));
    // A neighbour of another service says nothing about this one.
    let text = format!(
        "{}  other:
    service: elsewhere
    owner: payments
    indicator: {{metric: rpc_server_duration_seconds}}
    objectives: {{latency: p99 < 200ms at 5 rps}}
  third:
    service: third
    owner: payments
    indicator: {{metric: rpc_server_duration_seconds}}
    objectives: {{latency: p99 < 100ms}}
",
        customer("objectives: {availability: 99.9%}")
    );
    passes(rule, &text);
    found(
        rule,
        &text.replace("service: third", "service: elsewhere"),
        1,
    );
    // A caller that gives this latency a share of its own, up to a load.
    let caller = text
        .replace(
            "objectives: {availability: 99.9%}\n    depends_on: [charge]",
            "objectives: {latency: p99 < 900ms at 9 rps}\n    depends_on: [charge, {slo: third, latency: 100ms}]",
        );
    found(rule, &caller, 1);
}

#[test]
fn parts_that_just_carry_are_enough() {
    let rule = "internal-not-tighter";
    let whole = |edges: &str| {
        format!(
            "slos:
  whole:
    outcome: It works
    layer: product
    owners: {{product: pm, engineering: eng}}
    indicator: {{metric: a_total, bad: {{r: e}}}}
    objectives: {{availability: 99.9%}}
    depends_on: [{edges}]
  part: {{owner: eng, indicator: {{metric: b_total, bad: {{r: e}}}}, objectives: {{availability: 99.9%}}}}
  spare: {{owner: eng, indicator: {{metric: c_total, bad: {{r: e}}}}, objectives: {{availability: 99%}}}}
"
        )
    };
    passes(rule, &whole("part"));
    found(rule, &whole("part, spare"), 1);
    passes(rule, &whole("part, {slo: spare, optional: true}"));
    passes(rule, &whole("{slo: spare, share: 10%}"));
    passes(
        rule,
        &whole("{slo: spare, fallback: {slo: part, covers: 95%}}"),
    );
    passes(
        rule,
        &whole("{slo: spare, retry: {attempts: 2, fails_again: 5%}}"),
    );
    let said = says(rule, &whole("{external: bank, promised: 99.5%}"));
    assert_eq!(
        said,
        [
            "error[internal-not-tighter] a.yaml:9:45: the parts of whole carry 99.5% together; it needs 99.9% \
             (a.yaml:8); bank needs 99.9% or more, or a fallback on its edge"
        ]
    );
}

#[test]
fn one_weak_part_under_two_callers_is_one_cause() {
    let text = "slos:
  first:  {owner: x, indicator: {metric: a_total, bad: {r: e}}, objectives: {o: 99.9%}, depends_on: [part]}
  second: {owner: x, indicator: {metric: b_total, bad: {r: e}}, objectives: {o: 99.95%}, depends_on: [part]}
  part:   {owner: x, indicator: {metric: c_total, bad: {r: e}}, objectives: {o: 99%}}
";
    let said = says("internal-not-tighter", text);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("part needs 99.95% or more"), "{said:?}");
}

#[test]
fn an_internal_number_that_nobody_outside_sees_is_not_published() {
    let text = customer("objectives: {availability: 99.9%}")
        + "page: {title: Shop, show: [checkout-completes]}\n";
    passes("internal-slo-published", &text);
}

#[test]
fn segments_that_were_sold_nothing_yet_are_no_twins() {
    let rule = "too-many-segments";
    let segment =
        |name: &str, rank: u32| format!("  {name}: {{rank: {rank}, contract: best effort}}\n");
    let several = |count: u32| {
        let segments: String = (1..=count)
            .map(|n| segment(&format!("tier-{n}"), n))
            .collect();
        format!("segments:\n{segments}")
    };
    passes(rule, &several(5));
    found(rule, &several(6), 1);
    passes(
        rule,
        "segments: {a: {rank: 1, contract: terms of service}, b: {rank: 2, contract: terms of service}}\n",
    );
    let priced = "segments:
  basic: {rank: 1, price: 0 USD/month, contract: best effort}
  trial: {rank: 2, price: 0 USD/month, contract: best effort}
";
    found(rule, priced, 1);
}

#[test]
fn parts_that_need_not_promise_anything() {
    let rule = "part-promises-nothing";
    let with = |edge: &str, part: &str| {
        customer("objectives: {availability: 99.9%, speed: p99 < 200ms}")
            .replace("depends_on: [charge]", &format!("depends_on: [{edge}]"))
            .replace("rpc_requests_total", "rpc_duration_seconds")
            .replace("objectives: {availability: 99.99%}", part)
    };
    let none = "objectives: {availability: best effort}";
    for edge in [
        "charge",
        "{slo: charge, share: 1%}",
        "{any_of: [charge], need: 1}",
    ] {
        found(rule, &with(edge, none), 1);
    }
    for edge in [
        "{slo: charge, optional: true}",
        "{slo: charge, async: true}",
        "{slo: charge, impact: 0%}",
        "{external: bank, promised: 99.99%}",
    ] {
        passes(rule, &with(edge, none));
    }
    passes(rule, &with("charge", "objectives: {answers: 99.99%}"));
    found(rule, &with("charge", "objectives: {speed: p99 < 50ms}"), 1);
    // Too slow is a promise, though not one that helps.
    let within = "{slo: charge, latency: 20ms}";
    passes(
        rule,
        &with(
            within,
            "objectives: {availability: 99.99%, speed: p99.9 < 50ms}",
        ),
    );
    found(rule, &with(within, "objectives: {availability: 99.99%}"), 1);
    found(
        rule,
        &with(
            "charge",
            "objectives: {availability: 99.99%}\n    retired: 2020-01-01",
        ),
        1,
    );
    passes(
        rule,
        &with(
            "charge",
            "objectives: {availability: 99.99%}\n    retired: 2099-01-01",
        ),
    );
}

#[test]
fn a_part_must_promise_something_to_the_same_segment() {
    let rule = "part-promises-nothing";
    let with = |part: &str| {
        let slos = customer(
            "objectives: {availability: {premium: 99.9%, standard: 99.5%, free: best effort}}",
        )
        .replace(
            "objectives: {availability: 99.99%}",
            &format!("objectives: {{availability: {part}}}"),
        );
        format!("{TIERS}{slos}")
    };
    passes(
        rule,
        &with("{premium: 99.99%, standard: 99.9%, free: best effort}"),
    );
    let said = says(
        rule,
        &with("{premium: 99.99%, standard: best effort, free: best effort}"),
    );
    let cause = "warning[part-promises-nothing] a.yaml:13:18: checkout-completes promises availability to standard, \
                 but rests on charge, which is best effort for standard; let charge promise";
    assert!(said.len() == 1 && said[0].starts_with(cause), "{said:#?}");
}

#[test]
fn internal_slos_may_rest_on_what_is_only_measured() {
    let text = customer("objectives: {availability: 99.9%}");
    let text = text.replace(
        "objectives: {availability: 99.99%}",
        "objectives: {availability: 99.99%}\n    depends_on: [host]",
    );
    let host = "  host:
    owner: platform
    indicator: {metric: node_requests_total, bad: {code: error}}
    objectives: {availability: best effort}
";
    passes("part-promises-nothing", &format!("{text}{host}"));
}
