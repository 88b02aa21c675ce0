//! `attain attribution` over the examples: the same events counted by promise, by node, and by `attain status`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::Place;

fn json(arguments: &[&str]) -> Value {
    let ran = Place::new().run(arguments);
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.out, ran.err))
}

fn example(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    root.join(name).to_str().unwrap().to_owned()
}

fn name(value: &Value) -> String {
    let text = |key: &str| value[key].as_str().unwrap();
    format!("{}/{}/{}", text("slo"), text("objective"), text("segment"))
}

fn sum(of: &Value) -> u64 {
    let parts = of.as_array().unwrap().iter();
    parts.map(|part| part["spent"].as_u64().unwrap()).sum()
}

/// What the customers' side adds up to, promise by promise and node by node, is what the nodes spent of theirs.
fn adds_up(found: &Value) {
    let mut by_node: BTreeMap<(String, String), u64> = BTreeMap::new();
    for promise in found["promises"].as_array().unwrap() {
        assert_eq!(sum(&promise["shares"]), promise["spent"].as_u64().unwrap());
        for share in promise["shares"].as_array().unwrap() {
            let node = share["slo"].as_str().unwrap_or("-").to_owned();
            let spent = share["spent"].as_u64().unwrap();
            by_node.insert((node, name(promise)), spent);
        }
    }
    let mut seen = 0;
    for node in found["nodes"].as_array().unwrap() {
        assert_eq!(sum(&node["promises"]), node["spent"].as_u64().unwrap());
        for promise in node["promises"].as_array().unwrap() {
            let key = (
                node["slo"].as_str().unwrap_or("-").to_owned(),
                name(promise),
            );
            assert_eq!(
                promise["spent"].as_u64(),
                by_node.get(&key).copied(),
                "{key:?}"
            );
            seen += 1;
        }
    }
    assert_eq!(seen, by_node.len());
    assert_eq!(sum(&found["nodes"]), sum(&found["promises"]));
    assert_eq!(sum(&found["nodes"]), found["spent"].as_u64().unwrap());
}

#[test]
fn the_nodes_spent_what_the_promises_lost() {
    for (shop, promises) in [
        ("petshop", 1),
        ("three-tiers", 5),
        ("apache", 2),
        ("middle-tier", 1),
    ] {
        let shop = example(shop);
        let status = json(&["status", &shop, "--format", "json"]);
        let spent: BTreeMap<String, u64> = status["verdicts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|verdict| (name(verdict), verdict["budget"]["spent"].as_u64().unwrap()))
            .collect();
        let found = json(&["attribution", &shop, "--format", "json"]);
        adds_up(&found);
        let lines = found["promises"].as_array().unwrap();
        assert_eq!(lines.len(), promises, "{shop}");
        for line in lines {
            assert_eq!(
                line["spent"].as_u64(),
                spent.get(&name(line)).copied(),
                "{}",
                name(line)
            );
        }
        // Of every SLO as well, internal ones too, and over a period.
        let slos: Vec<String> = spent
            .keys()
            .map(|name| name.split('/').next().unwrap().to_owned())
            .collect();
        let mut arguments = vec!["attribution", &shop, "--format", "json"];
        arguments.extend(slos.iter().flat_map(|slo| ["--slo", slo.as_str()]));
        adds_up(&json(&arguments));
    }
}

#[test]
fn a_period_of_the_past_adds_up_from_its_days() {
    let shop = example("petshop");
    let of = |period: &str| {
        let found = json(&["attribution", &shop, "--period", period, "--format", "json"]);
        adds_up(&found);
        found["spent"].as_u64().unwrap()
    };
    let days: u64 = ["2023-08-21", "2023-08-22", "2023-08-23"]
        .map(of)
        .iter()
        .sum();
    assert_eq!((of("2023-08-21..2023-08-23"), of("2023-08")), (days, days));
    assert!(days > 1000);
    assert_eq!(of("2023-07"), 0);
    let ran = Place::new().run(&["attribution", &shop, "--period", "August"]);
    ran.exits(2);
    assert!(ran.err.contains("is not a period"), "{}", ran.err);
}
