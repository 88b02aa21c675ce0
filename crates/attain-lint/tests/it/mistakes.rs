//! The mistakes of the format's reference page that a lint finds: code, place, cause and help, to the letter.

use attain_model::Level;

use crate::catalogues::{CATALOGUES, read};
use crate::{file, lint, shown};

/// Applies a mistake to a copy of a catalogue, and shows what is new.
fn mistake(name: &str, old: &str, new: &str) -> Vec<String> {
    let names = CATALOGUES
        .iter()
        .find(|names| names.contains(&name))
        .unwrap();
    let before = lint(&read(names)).1;
    let mut files = read(names);
    let file = files.iter_mut().find(|file| file.name == name).unwrap();
    assert!(file.text.contains(old), "{name} lacks {old}");
    file.text = file.text.replacen(old, new, 1);
    let (parsed, found) = lint(&files);
    found
        .iter()
        .filter(|found| {
            let same = |other: &&attain_model::Diagnostic| {
                other.code == found.code && other.cause == found.cause
            };
            !before.iter().any(|other| same(&other))
        })
        .map(|found| shown(&parsed, found))
        .collect()
}

#[test]
fn a_segment_without_a_contract() {
    assert_eq!(
        mistake("company.yaml", "contract: MSA 4.2, ", ""),
        [
            "error[segment-not-commercial] company.yaml:4:3: segment `premium` names no contract: a persona is not a \
             promise; name the document in `contract:`, or `contract: best effort`"
        ]
    );
}

#[test]
fn an_owner_without_a_seat() {
    assert_eq!(
        mistake(
            "customer.yaml",
            "{product: growth, engineering: payments}",
            "{engineering: payments}"
        ),
        [
            "error[owner-seat-missing] customer.yaml:7:13: a customer SLO has two owners, and nobody sits in the product \
             seat; add `product: <team>`; teams with that seat: growth"
        ]
    );
}

#[test]
fn one_owner_of_a_customer_slo() {
    assert_eq!(
        mistake(
            "customer.yaml",
            "owners: {product: growth, engineering: payments}",
            "owner: growth"
        ),
        [
            "error[owner-seat-missing] customer.yaml:7:5: a customer SLO has two owners, and this one names neither; replace \
             `owner:` by `owners: {product: growth, engineering: payments}`"
        ]
    );
}

#[test]
fn owners_in_each_others_seats() {
    assert_eq!(
        mistake(
            "customer.yaml",
            "{product: growth, engineering: payments}",
            "{product: payments, engineering: growth}"
        ),
        [
            "error[owner-seat-missing] customer.yaml:7:13: `payments` and `growth` sit in each other's seats; swap them: \
             `owners: {product: growth, engineering: payments}`"
        ]
    );
}

#[test]
fn a_threshold_between_buckets() {
    assert_eq!(
        mistake("customer.yaml", "p99 < 200ms", "p99 < 230ms"),
        [
            "warning[threshold-off-bucket] customer.yaml:20:24: 230ms lies between the buckets 200ms and 500ms; what \
             cannot be told apart is counted as bad; use 200ms or 500ms, or add a 0.23 bucket to the metric"
        ]
    );
}

#[test]
fn a_commitment_above_the_objective() {
    assert_eq!(
        mistake(
            "customer.yaml",
            "{premium: 99.9%, standard: 99.5%}",
            "{premium: 99.99%, standard: 99.5%}"
        ),
        [
            "error[commitment-above-objective] customer.yaml:24:63: premium was promised 99.99%, but the team aims at \
             99.95%; promise less, or raise the objective above 99.99%"
        ]
    );
}

#[test]
fn an_outcome_that_is_none() {
    assert_eq!(
        mistake(
            "customer.yaml",
            "outcome: Checkout completes",
            "outcome: checkout-svc p99"
        ),
        [
            "warning[outcome-not-an-outcome] customer.yaml:5:14: `checkout-svc p99` names a component and a percentile, \
             not what the customer gets; say what they see: `Checkout completes`"
        ]
    );
}

#[test]
fn an_internal_target_that_is_not_tighter() {
    assert_eq!(
        mistake(
            "internal.yaml",
            "objectives: {availability: 99.99%, latency: p99",
            "objectives: {availability: 99.9%, latency: p99"
        ),
        [
            "error[internal-not-tighter] internal.yaml:7:117: the parts of checkout-completes carry 99.896% together; \
             premium needs 99.95% (customer.yaml:16); auth-login needs 99.954% or more, or a fallback on its edge"
        ]
    );
}

#[test]
fn a_part_that_breaks_a_contract_too_says_where_it_was_promised() {
    let mut files = read(&["company.yaml", "customer.yaml", "internal.yaml"]);
    files[2].text = files[2]
        .text
        .replacen("availability: 99.99%", "availability: 99.9%", 1);
    let (parsed, found) = lint(&files);
    let labels: Vec<String> = found[0]
        .labels
        .iter()
        .map(|label| format!("{} {}", parsed.sources.place(label.span), label.text))
        .collect();
    assert_eq!(
        labels,
        [
            "customer.yaml:16:18 what rests on it",
            "customer.yaml:24:63 promised outside, and not carried either"
        ]
    );
}

#[test]
fn an_alert_that_cannot_fire() {
    assert_eq!(
        mistake("api.yaml", "spends: 2%", "spends: 20%"),
        [
            "warning[alert-unreachable] api.yaml:13:42: 20% of a month in 1h is a burn of 148.8; \
             settlement-is-fresh/freshness/team (99%) cannot burn faster than 100; write `spends: 2%`, or a longer `long`"
        ]
    );
}

#[test]
fn a_mistake_that_is_not_a_lints_gives_no_lint() {
    // attain-spec says what is wrong; the SLO is broken and what rests on it stays silent.
    let mut files = read(&["company.yaml", "customer.yaml", "internal.yaml"]);
    files[1].text = files[1].text.replacen("- auth-login", "- auth-logn", 1);
    let parsed = attain_spec::parse(&files);
    let spec: Vec<&str> = parsed
        .diagnostics
        .iter()
        .filter(|found| found.level == Level::Error)
        .map(|found| found.code)
        .collect();
    assert_eq!(spec, ["unknown-slo"]);
    let (parsed, found) = crate::lint_draft(parsed, crate::TODAY);
    let found: Vec<String> = found.iter().map(|one| shown(&parsed, one)).collect();
    assert_eq!(found, [] as [String; 0]);
}

#[test]
fn replicas_on_one_database() {
    let text = "\
attain: 1
indicators: {up: {total: {metric: requests_total}, bad: {metric: errors_total}}}
defaults: {owner: ops, indicator: up}
slos:
  reads:
    objectives: {availability: 99.99%}
    depends_on: [{any_of: [store-a, store-b], need: 1}]
  store-a: {objectives: {availability: 99.9%}, depends_on: [disk]}
  store-b: {objectives: {availability: 99.9%}, depends_on: [disk]}
  disk: {layer: infrastructure, objectives: {availability: 99.95%}}
";
    let found = |text: &str| {
        let (parsed, found) = lint(&[file("shop.yaml", text)]);
        let tighter = found
            .iter()
            .filter(|one| one.code == "internal-not-tighter");
        tighter.map(|one| shown(&parsed, one)).collect::<Vec<_>>()
    };
    assert_eq!(
        found(text),
        [
            "error[internal-not-tighter] shop.yaml:10:60: the parts of reads carry 99.949% together; it needs 99.99% \
             (shop.yaml:6); disk needs 99.991% or more, or a fallback on its edge"
        ]
    );
    // Each on a disk of its own, they are replicas.
    let apart = text.replace("99.9%}, depends_on: [disk]}", "99.9%}}");
    assert!(found(&apart).is_empty());
}
