//! Verdicts of small histories: what each word of a promise means in counts.

use attain_model::{CountedSegment, GapReason, Standing};

use crate::build::*;

const NOW: &str = "2026-03-15T12:00:00Z";

#[test]
fn premium_is_lost_behind_a_green_aggregate() {
    let goals = [
        ("premium", "99.95%"),
        ("standard", "99.9%"),
        ("free", "99%"),
        ("all", "99.9%"),
    ];
    let slo = slo(
        "checkout",
        rolling(30),
        &[objective("availability", &[(None, &goals)])],
    );
    let catalogue = catalogue(&[slo]);
    let mut rows = Rows::of(&catalogue);
    rows.count(at("2026-03-10T10:00:00Z"), "premium", 10_000, 0)
        .count(at("2026-03-10T10:00:00Z"), "standard", 379_810, 190)
        .count(at("2026-03-10T10:00:00Z"), "free", 599_880, 120)
        .count(at("2026-03-12T08:30:00Z"), "premium", 9_400, 600);
    let found = evaluate(&catalogue, &ledger(&catalogue, &rows), at(NOW));
    let names: Vec<_> = found.verdicts.iter().map(|v| v.name.to_string()).collect();
    assert_eq!(
        names,
        [
            "checkout/availability/premium",
            "checkout/availability/standard",
            "checkout/availability/free",
            "checkout/availability/all",
        ]
    );
    let all = verdict(&found, "checkout/availability/all");
    assert_eq!((all.attainment.good, all.attainment.bad), (999_090, 910));
    assert_eq!(all.standing, Standing::Met);
    assert_eq!(found.masked.len(), 1);
    let masked = &found.masked[0];
    assert_eq!(masked.name.to_string(), "checkout/availability/premium");
    assert_eq!(masked.since, at("2026-03-12T08:30:00Z"));
    assert_eq!(masked.segment_burn_millionths, 60_000_000);
    assert_eq!(masked.aggregate_burn_millionths, 910_000);
    assert_eq!(masked.share.to_string(), "2%");
}
