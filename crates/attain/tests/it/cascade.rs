//! `attain cascade`: what a promise rests on, and whether it is carried.

use super::Place;

/// A promise over three parts, each as good as it.
fn three_in_series(target: &str) -> Place {
    let place = Place::new();
    let part = |id: &str| format!("  {id}: {{owner: ops, indicator: up}}\n");
    place.write(
        "shop.yaml",
        &format!(
            "attain: 1\n\
             sources: {{prom: {{prometheus: {{url: 'http://127.0.0.1:9'}}}}}}\n\
             indicators: {{up: {{total: {{metric: requests_total}}, bad: {{metric: errors_total}}}}}}\n\
             defaults: {{objectives: {{availability: 99.95%}}}}\n\
             slos:\n  \
               checkout:\n    \
                 outcome: Checkout completes\n    \
                 audience: customer\n    \
                 owners: {{product: shop, engineering: ops}}\n    \
                 indicator: up\n    \
                 objectives: {{availability: {target}}}\n    \
                 commitments: [{{since: 2024-01-01, targets: {{availability: 99.8%}}, published: [page]}}]\n    \
                 depends_on: [a, b, c]\n{}{}{}",
            part("a"),
            part("b"),
            part("c")
        ),
    );
    place
}

#[test]
fn three_times_99_95_in_series() {
    let place = three_in_series("99.9%");
    let ran = place.run(&["cascade", "shop.yaml", "--promised"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    for text in [
        "carry 99.850% together, 0.05% short of 99.9%",
        "99.850% to 99.950%",
        "99.8% was promised outside, and that is carried, but not its buffer of 50%",
        "the parts support 99.7%",
    ] {
        assert!(
            ran.out.replace("\n    ", " ").contains(text),
            "{text} in\n{}",
            ran.out
        );
    }
    assert!(ran.err.contains("attain allocate shop.yaml checkout"));
    // Nothing is shared, and 749 parts per billion are no line.
    assert!(!ran.out.contains("counted once"), "{}", ran.out);
    // Without data it is the same.
    assert_eq!(place.run(&["cascade", "shop.yaml"]).code, 1);
    let ran = three_in_series("99.85%").run(&["cascade", "shop.yaml"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
}

#[test]
fn for_programs_and_drawn() {
    let place = three_in_series("99.9%");
    let ran = place.run(&["cascade", "shop.yaml", "checkout", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let promise = &json["promises"][0];
    assert_eq!(promise["carries"], "no");
    assert_eq!(promise["carried_ppb"]["once"], 998_500_749);
    assert_eq!(promise["carried_ppb"]["low"], 998_500_000);
    assert_eq!(promise["carried_ppb"]["high"], 999_500_000);
    assert_eq!(promise["parts"][2]["cost_ppb"], 500_000);
    let ran = place.run(&["cascade", "shop.yaml", "--format", "svg"]);
    assert!(ran.out.starts_with("<svg xmlns=") && ran.out.contains("not carried: 99.850%"));
    place.run(&["cascade", "shop.yaml", "--svg", "a.svg", "--quiet"]);
    assert_eq!(place.read("a.svg"), ran.out);
}

/// Both rest on one edge: what they did together is what the weaker did, and independence would have it worse.
#[test]
fn two_parts_that_failed_together_are_measured() {
    let place = Place::new();
    let tiers = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/three-tiers");
    let asked = ["cascade", tiers, "checkout-completes", "--segment", "all"];
    let ran = place.run(&asked);
    let told = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = "auth-login and payments-charge, as measured: both kept what they promise in 99.235% of 1438 slots; if \
                    independent 99.166%, whatever fails together 99.165% to 99.236% (slots that were worse: 1, 11, both at \
                    once 1)";
    assert!(told.contains(sentence), "{}{}", ran.out, ran.err);
    let svg = place.run(&[&asked[..], &["--format", "svg"]].concat()).out;
    assert!(
        svg.contains("auth-login and payments-charge, as measured"),
        "{svg}"
    );
    let json = place.run(&[&asked[..], &["--format", "json"]].concat()).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let pair = &json["promises"][0]["measured_together"][0];
    assert_eq!(
        (&pair["slots"], &pair["both_worse"]),
        (&1438.into(), &1.into())
    );
    assert_eq!(pair["measured_ppb"], pair["high_ppb"]);
    // What was promised says nothing of what was measured.
    let promised = place.run(&[&asked[..], &["--promised"]].concat());
    assert!(!promised.out.contains("as measured"), "{}", promised.out);
}

#[test]
fn what_cannot_be_answered() {
    let place = three_in_series("99.9%");
    let ran = place.run(&["cascade", "shop.yaml", "chekout"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("there is no SLO `chekout`") && ran.err.contains("it has a, b, c"));
    let ran = place.run(&["cascade", "shop.yaml", "checkout", "--segment", "gold"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("nothing is promised that fits"));
}

#[test]
fn targets_that_carry_the_promise_are_written_and_nothing_else() {
    let place = three_in_series("99.9%");
    let before = place.read("shop.yaml");
    place
        .run(&["allocate", "shop.yaml", "checkout", "--buffer", "25%"])
        .exits(0)
        .says("3 targets to change, then the parts carry 99.9% (99.925% with the buffer), whatever fails together")
        .complains("--write puts the targets into the files");
    place
        .run(&["allocate", "shop.yaml", "--format", "yaml"])
        .exits(0)
        .says("  a: {objectives: {availability: 99.9667%}}  # today 99.95%\n");
    assert_eq!(place.read("shop.yaml"), before);

    place
        .run(&["allocate", "shop.yaml", "--buffer", "25%", "--write"])
        .exits(0)
        .complains("wrote 3 targets into shop.yaml");
    // The targets come from `defaults:`, which others may use: each part now says its own.
    let expected = before
        .replace(
            "  a: {owner",
            "  a: {objectives: {availability: 99.975%}, owner",
        )
        .replace(
            "  b: {owner",
            "  b: {objectives: {availability: 99.975%}, owner",
        )
        .replace(
            "  c: {owner",
            "  c: {objectives: {availability: 99.975%}, owner",
        );
    assert_eq!(place.read("shop.yaml"), expected);
    place.run(&["cascade", "shop.yaml"]).exits(0);
    place
        .run(&["allocate", "shop.yaml", "--buffer", "25%"])
        .exits(0)
        .says("nothing to do: today's targets carry 99.9%");
    // Now each stands where it is written.
    place
        .run(&[
            "allocate",
            "shop.yaml",
            "--buffer",
            "50%",
            "--by",
            "cost",
            "--cost",
            "a=2",
            "--write",
        ])
        .exits(0);
    let text = place.read("shop.yaml");
    assert!(
        text.contains("  b: {objectives: {availability: 99.9875%}, owner"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_carried_is_explained() {
    let place = three_in_series("99.9%");
    let floors = ["a", "b", "c"].map(|id| format!("--floor={id}=99.96%"));
    let mut arguments = vec!["allocate", "shop.yaml", "--buffer", "30%"];
    arguments.extend(floors.iter().map(String::as_str));
    place
        .run(&arguments)
        .exits(1)
        .says("at their best the parts lack 0.05%")
        .says("the best target they support is 99.880%, or 99.828% with the same buffer");
    arguments.extend(["--format", "json"]);
    let ran = place.run(&arguments);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["feasible"], false);
    assert_eq!(json["asked_ppb"], 999_300_000);
    for (arguments, complaint) in [
        (["--floor", "a"], "does not say for which SLO"),
        (["--floor", "x=99%"], "there is no SLO `x`"),
        (["--cost", "a=0"], "is no cost"),
        (["--buffer", "half"], "is no percentage"),
    ] {
        let all = [["allocate", "shop.yaml"], arguments].concat();
        place.run(&all).exits(2).complains(complaint);
    }
}

/// What the owners are told that they spent is what the promises to customers say that was spent.
#[test]
fn what_each_owner_spent_is_what_the_promises_lost() {
    for (example, teams) in [
        ("three-tiers", ["payments", "platform"]),
        ("petshop", ["shop", "shop"]),
    ] {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/");
        let catalogue = format!("{root}{example}");
        let place = Place::new();
        let json = |arguments: &[&str]| -> serde_json::Value {
            let ran = place.run(&[arguments, &["--format", "json"]].concat());
            serde_json::from_str(&ran.exits(0).out).unwrap()
        };
        let mut lost = std::collections::BTreeMap::new();
        let promises = json(&["attribution", &catalogue]);
        for promise in promises["promises"].as_array().unwrap() {
            let word = |key: &str| promise[key].as_str().unwrap();
            let name = format!("{}/{}/{}", word("slo"), word("objective"), word("segment"));
            for share in promise["shares"].as_array().unwrap() {
                if let Some(slo) = share["slo"].as_str() {
                    lost.insert((name.clone(), slo.to_owned()), share["spent"].clone());
                }
            }
        }
        let mut told = std::collections::BTreeMap::new();
        for team in teams {
            let view = json(&["owner", &catalogue, team]);
            for one in view["spent"].as_array().unwrap() {
                let word = |key: &str| one[key].as_str().unwrap().to_owned();
                told.insert((word("promise"), word("slo")), one["bad"].clone());
            }
        }
        assert!(!lost.is_empty());
        assert_eq!(told, lost, "{example}");
    }
}

#[test]
fn who_owns_what() {
    let place = three_in_series("99.9%");
    place
        .run(&["owner", "shop.yaml"])
        .exits(0)
        .says("ops   4 SLOs")
        .says("shop  1 SLO");
    place
        .run(&["owner", "shop.yaml", "shop"])
        .exits(0)
        .says("checkout/availability/all 99.9% do not carry it product, to customers")
        .says("checkout/availability/all a ops 99.95% 0.05% 50%")
        .says("nothing was counted");
    place
        .run(&["owner", "shop.yaml", "nobody"])
        .exits(2)
        .complains("those who do: ops, shop");
}
