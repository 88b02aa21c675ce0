//! Masking: the aggregate looks fine while a segment's budget is gone. Since when, and by how much.
//!
//! Knows verdicts of one objective and the judged counts behind them.

use attain_model::counts::CountedSegment;
use attain_model::verdict::{ErrorBudget, Masked};
use attain_model::{Scope, Share, Standing, Verdict};

use crate::judge::Judged;
use crate::look::Looked;

const MILLIONTHS_PER_BILLIONTH: u128 = 1_000_000 * 1_000_000_000;

/// The segments that an aggregate hides, in the order given.
pub(crate) fn masked(
    looked: &Looked<'_>,
    aggregate: (&Verdict, &Judged),
    segments: &[(Verdict, Judged)],
) -> Vec<Masked> {
    let (all, all_judged) = aggregate;
    if all.standing != Standing::Met {
        return Vec::new();
    }
    let hidden = segments
        .iter()
        .filter(|(verdict, _)| verdict.standing == Standing::Breached);
    hidden
        .map(|(verdict, judged)| Masked {
            name: verdict.name.clone(),
            since: looked.grid.start(since(looked, all_judged, judged)),
            segment_burn_millionths: burn_millionths(&verdict.budget),
            aggregate_burn_millionths: burn_millionths(&all.budget),
            share: share(looked, &verdict.name.scope),
        })
        .collect()
}

/// Whether an aggregate hides a segment as far as their budgets go, whatever else their verdicts say.
pub(crate) fn hides(all: &ErrorBudget, segment: &ErrorBudget) -> bool {
    all.is_met() && !segment.is_met()
}

/// The first slice of the unbroken run in which the aggregate was met and the segment was not.
pub(crate) fn since(looked: &Looked<'_>, all: &Judged, segment: &Judged) -> i64 {
    looked.first_of_run(&[all, segment], |window| {
        hides(
            &all.budget_before(looked, window),
            &segment.budget_before(looked, window),
        )
    })
}

/// The burn rate over the window in millionths, rounded down; the largest there is where nothing was allowed.
pub(crate) fn burn_millionths(budget: &ErrorBudget) -> u128 {
    let burnt = u128::from(budget.spent) * MILLIONTHS_PER_BILLIONTH;
    match burnt.checked_div(budget.allowed_billionths) {
        Some(burn) => burn,
        None if burnt == 0 => 0,
        None => u128::MAX,
    }
}

/// The segment's share of all events in the window.
fn share(looked: &Looked<'_>, scope: &Scope) -> Share {
    let window = &looked.window;
    let is_own = |segment: &CountedSegment| crate::look::covers(scope, segment);
    share_of(
        looked.events(is_own, window),
        looked.events(|_| true, window),
    )
}

/// So many events of all.
pub(crate) fn share_of(own: u64, all: u64) -> Share {
    let (own, all) = (u128::from(own), u128::from(all));
    let ppb = (own * u128::from(attain_math::ONE_PPB)).checked_div(all);
    ppb.and_then(|ppb| Share::from_ppb(u32::try_from(ppb).ok()?))
        .unwrap_or(Share::NONE)
}
