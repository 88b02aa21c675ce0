//! How long a budget lasts: at the rate that whoever was woken sees, and over what it was measured.

use std::time::Duration;

use attain_model::policy::{AlertPolicy, Spends, Tier, Urgency};
use attain_model::verdict::{AlertCondition, AlertRule, AlertState, Attainment, Burn};
use attain_model::{Multiple, Promises, Verdict};
use attain_view::Look;
use attain_view::status::{Run, status};

use crate::shop::{self, at, verdict};

fn burn(seconds: u64, total: u64, bad: u64) -> Burn {
    Burn {
        window: Duration::from_secs(seconds),
        attainment: Attainment {
            good: total - bad,
            bad,
        },
        allowed_billionths: u128::from(total) * 1_000_000,
    }
}

/// A page of so long a pair of windows, in seconds.
fn page(long: u64, short: u64) -> AlertCondition {
    let burn = Multiple::from_millionths(3_000_000);
    AlertCondition {
        policy: AlertPolicy::WORKBOOK.into(),
        urgency: Urgency::Page,
        rule: AlertRule::BurnRate {
            tier: Tier {
                long: Duration::from_secs(long),
                short: Duration::from_secs(short),
                spends: Spends::Burn(burn),
            },
            burn,
        },
        state: AlertState::Firing(at("2026-11-02T23:58:00Z")),
    }
}

/// 310 of the 1000 events of a budget of 30 days are left; the last hour alone says they last for 100 h.
fn burning(promises: &Promises) -> Verdict {
    let name = "checkout-completes/availability/standard";
    let mut burning = verdict(promises, name, 1_000_000, 690, (36_000, 80));
    burning.exhausted_in = Some(Duration::from_secs(100 * 3600));
    burning.alerts = vec![page(300, 60), page(21_600, 1800)];
    burning
}

fn said(promises: &Promises, burning: Verdict) -> String {
    let text = status(
        promises,
        &shop::evaluation(vec![burning]),
        &Run::default(),
        &Look::plain(),
    );
    let text: Vec<&str> = text.split_whitespace().collect();
    text.join(" ")
}

#[test]
fn while_an_alert_fires_its_shortest_windows_say_how_long_a_budget_lasts() {
    let promises = Promises::of(shop::catalogue());
    // (bad in the last 1m of 600 requests, in the last 5m of 3000): 0.31 x 720 h over 400, 85, 85 times.
    for (last_1m, last_5m, says) in [
        (240, 255, "gone in 33m 28s at the rate of the last 1m"),
        (30, 255, "gone in 2h 37m at the rate of the last 5m"),
        // Two events of a minute are no rate.
        (2, 9, "gone in 3d 2h at the rate of the last 5m"),
    ] {
        let mut burning = burning(&promises);
        burning.burn.insert(0, burn(60, 600, last_1m));
        burning.burn.insert(1, burn(300, 3000, last_5m));
        let text = said(&promises, burning);
        assert!(text.contains(says), "{says}: {text}");
    }
}

#[test]
fn nothing_is_said_to_last_or_to_be_gone_at_a_rate_that_is_over() {
    let promises = Promises::of(shop::catalogue());
    let mut quiet = burning(&promises);
    quiet.burn.insert(0, burn(60, 600, 0));
    quiet.burn.insert(1, burn(300, 3000, 255));
    let text = said(&promises, quiet);
    assert!(
        !text.contains("gone in") && !text.contains("lasts"),
        "{text}"
    );
}
