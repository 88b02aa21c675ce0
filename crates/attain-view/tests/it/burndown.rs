//! A budget over time, drawn.

use attain_model::verdict::ErrorBudget;
use attain_view::Look;
use attain_view::burndown::{Burndown, Point, burndown};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::shop::at;
use crate::{expect, fits};

fn series(left_percent: impl Iterator<Item = Option<i64>>) -> Burndown {
    let start = at("2026-10-03T00:00:00Z");
    let points = left_percent
        .enumerate()
        .map(|(i, left)| Point {
            at: start + ((i as i64) * 12).hours(),
            budget: left.map(|left| ErrorBudget {
                allowed_billionths: 100_000_000_000,
                spent: u64::try_from(100 - left).unwrap(),
            }),
        })
        .collect();
    Burndown {
        title: "checkout-completes/availability/premium".to_owned(),
        points,
        changes: Vec::new(),
        zone: TimeZone::UTC,
    }
}

fn drawn(series: &Burndown, width: usize, ascii: bool) -> String {
    let text = burndown(
        series,
        &Look {
            width,
            color: false,
            ascii,
        },
    );
    fits(&text, width);
    text
}

#[test]
fn a_budget_that_is_spent_and_overspent() {
    let mut series = series((0..60).map(|i| match i {
        20..24 => None,
        _ => Some(100 - i * i / 16),
    }));
    let change: Timestamp = at("2026-10-12T00:00:00Z");
    series.changes = vec![(change, "99.95% (before: 99.9%)".to_owned())];
    expect("burndown/overspent-80.txt", &drawn(&series, 80, false));
    expect("burndown/overspent-ascii.txt", &drawn(&series, 80, true));
}

#[test]
fn scales() {
    let text = [
        drawn(&series((0..60).map(|i| Some(100 - i / 2))), 60, false),
        drawn(&series((0..60).map(|i| Some(90 - 2 * i))), 60, false),
        drawn(
            &series((0..60).map(|i| Some(if i < 30 { 80 } else { -5_900 }))),
            60,
            true,
        ),
    ]
    .join("\n");
    expect("burndown/scales.txt", &text);
}

#[test]
fn nothing_to_draw() {
    let text = [
        drawn(&series(std::iter::empty()), 80, false),
        drawn(&series([Some(50)].into_iter()), 80, false),
        drawn(&series([None, None].into_iter()), 80, false),
    ]
    .concat();
    expect("burndown/nothing.txt", &text);
}
