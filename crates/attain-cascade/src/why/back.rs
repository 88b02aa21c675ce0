//! When a rolling budget that is overspent is back, if nothing else goes bad and as much is asked as in its window. Knows the
//! counts of one series; what may be lost is the verdict's.

use attain_model::slo::Budgeting;
use attain_model::verdict::{Attainment, ErrorBudget};
use attain_model::{Slo, Standing, Verdict, Window};
use jiff::Timestamp;

/// The first instant at which as many bad events have left the window as were one too many; `None` where nothing is overspent,
/// nothing leaves the window, or the counts are not those that were judged.
pub(super) fn back_at(
    slo: &Slo,
    verdict: &Verdict,
    slices: &[(i64, Attainment)],
    slice_seconds: i64,
) -> Option<Timestamp> {
    let Window::Rolling(length) = slo.window else {
        return None;
    };
    if verdict.standing != Standing::Breached || slo.budgeting != Budgeting::Occurrences {
        return None;
    }
    let length = i64::try_from(length.as_secs()).ok()?;
    let window = verdict.window.start.as_second()..verdict.window.end.as_second();
    let from = slices.partition_point(|(at, _)| *at < window.start);
    let to = slices.partition_point(|(at, _)| *at < window.end);
    let second = met_again(verdict.budget, slices.get(from..to)?, slice_seconds)?;
    Timestamp::from_second(second + length).ok()
}

/// Where a window has to begin for its budget to be met: at the end of a slice, in seconds.
fn met_again(budget: ErrorBudget, inside: &[(i64, Attainment)], slice_seconds: i64) -> Option<i64> {
    let mut left = ErrorBudget {
        spent: inside.iter().map(|(_, events)| events.bad).sum(),
        ..budget
    };
    // Exclusions, a load and a changed promise are judged otherwise: nothing is said of them.
    if left.spent != budget.spent {
        return None;
    }
    inside.iter().find_map(|(at, events)| {
        left.spent -= events.bad;
        left.is_met().then_some(at + slice_seconds)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_back_once_enough_has_left_the_window() {
        let slice = |at, bad| (at, Attainment { good: 90, bad });
        let slices = [slice(0, 1), slice(10, 0), slice(20, 4), slice(30, 5)];
        let budget = |spent, allowed: u128| ErrorBudget {
            allowed_billionths: allowed * 1_000_000_000 / 10,
            spent,
        };
        let back = |spent, tenths| met_again(budget(spent, tenths), &slices, 10);
        // 10 were lost: 9, 5 and 0 are left after the first, the third and the last slice.
        assert_eq!(back(10, 90), Some(10));
        assert_eq!(back(10, 89), Some(30));
        assert_eq!(back(10, 50), Some(30));
        assert_eq!(back(10, 49), Some(40));
        // What was judged is something else than what was counted.
        assert_eq!(back(11, 90), None);
        assert_eq!(met_again(budget(0, 9), &[], 10), None);
    }
}
