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
