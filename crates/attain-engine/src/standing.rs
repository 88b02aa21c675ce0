//! How a verdict stands: met, breached, or why neither can be said; and how much of a window was observed.
//!
//! Knows sums and coverage. Knows neither how they came about (judge.rs) nor what is shown besides (evaluate.rs).

use std::ops::Range;

use attain_model::slo::{Budgeting, MissingData};
use attain_model::verdict::{Attainment, Coverage, ErrorBudget};
use attain_model::{Scope, Share, Standing};

use crate::counts::Heard;
use crate::look::Looked;
use crate::ranges::RangeSet;

/// What the verdict is, the first row that holds. `is_any` says whether anything was counted in the window, of whomever;
/// `other` is what was counted outside every promise; covered is what was
/// observed of at least the SLO's `coverage:`, or that anything was counted where coverage cannot be known. What the tally
/// does not keep is `unknown` before any of this.
///
/// | promised in the window | covered | counted             | standing                                            |
/// |------------------------|---------|---------------------|-----------------------------------------------------|
/// | nothing                | any     | other               | best effort                                         |
/// | nothing                | yes     | nothing             | no traffic                                          |
/// | nothing                | no      | nothing             | unknown                                             |
/// | something              | no      | anything            | unknown, or the rows below with `missing_data: bad` |
/// | something              | no      | by events, not time | breached: nobody knows how many events are missing  |
/// | something              | any     | nothing             | no traffic                                          |
/// | something              | any     | within the budget   | met                                                 |
/// | something              | any     | beyond the budget   | breached                                            |
pub(crate) fn standing(
    looked: &Looked<'_>,
    scope: &Scope,
    promised: bool,
    attainment: Attainment,
    budget: ErrorBudget,
    coverage: Coverage,
    is_any: impl Fn() -> bool,
) -> Standing {
    if !promised && attainment.total() > 0 {
        return Standing::BestEffort;
    }
    let is_covered = match coverage {
        Coverage::Share(share) => share >= looked.slo.coverage,
        // A log that says nothing at all may be a log that nobody wrote.
        Coverage::NotKnown => attainment.total() > 0 || is_any(),
    };
    if !promised && is_covered {
        return Standing::NoTraffic;
    }
    let is_judged = is_covered || (promised && judges_silence(looked, scope));
    if !is_judged {
        return Standing::Unknown;
    }
    match looked.slo.budgeting {
        Budgeting::Occurrences if !is_covered => Standing::Breached,
        _ if attainment.total() == 0 => Standing::NoTraffic,
        _ if budget.is_met() => Standing::Met,
        _ => Standing::Breached,
    }
}

/// How much of a range of slices was observed, and can still be read; without those in which all of a scope is excluded.
pub(crate) fn coverage(looked: &Looked<'_>, scope: &Scope, range: &Range<i64>) -> Coverage {
    let excluded = looked.excluded.of_scope(scope);
    let within = |slices: &RangeSet<i64>| {
        if excluded.overlaps(range) {
            slices.without(excluded).count_in(range)
        } else {
            slices.count_in(range)
        }
    };
    let all = (range.end - range.start).max(0).unsigned_abs() - excluded.count_in(range);
    let damaged = within(&looked.damaged);
    let observed = match &looked.heard {
        // Nobody knows what was heard; but what was lost is known not to be here.
        Heard::NotKnown if damaged > 0 => all - damaged,
        Heard::NotKnown => return Coverage::NotKnown,
        Heard::Never => return Coverage::Share(Share::NONE),
        Heard::Slices(slices) => within(slices),
    };
    if all == 0 {
        return Coverage::Share(Share::WHOLE);
    }
    let ppb = u128::from(observed) * u128::from(attain_math::ONE_PPB) / u128::from(all);
    let share = u32::try_from(ppb).ok().and_then(Share::from_ppb);
    Coverage::Share(share.unwrap_or(Share::WHOLE))
}

/// Whether too little data since it began is a verdict of its own: `missing_data: bad`.
///
/// Missing time slices are in the budget as bad ones. Of missing events nobody knows the number, so that silence below
/// the coverage is a breach. Before the data began nothing was missing.
fn judges_silence(looked: &Looked<'_>, scope: &Scope) -> bool {
    let since = looked.span.start.max(looked.window.start)..looked.window.end;
    let is_silent = match coverage(looked, scope, &since) {
        Coverage::Share(share) => share < looked.slo.coverage,
        Coverage::NotKnown => false,
    };
    looked.slo.missing_data == MissingData::Bad
        && (is_silent || looked.slo.budgeting != Budgeting::Occurrences)
}
