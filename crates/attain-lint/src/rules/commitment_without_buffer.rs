//! `commitment-without-buffer`: the promise is so near the objective that a bad month breaks it.

use attain_model::{Diagnostic, Promised, Target};

use crate::committed::{committed, implies};
use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;
use crate::words::ratio;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("commitment-without-buffer.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for commitment in committed(look).iter().filter(|one| !one.best_effort) {
            let Some(aimed) = commitment.aimed.promised() else {
                continue;
            };
            let promised = &commitment.promised;
            // What is not below the objective, or not to be compared, is no buffer but another question.
            if !implies(aimed, promised) || has_buffer(aimed, promised) {
                continue;
            }
            let times = ratio(
                u128::from(promised.target.budget_ppb()),
                u128::from(aimed.target.budget_ppb()),
                2,
            );
            let cause = format!(
                "{} was promised {promised} and the team aims at {aimed}: {times} times the errors is no room for a bad month",
                commitment.who
            );
            let mut diagnostic = Diagnostic::warning(NAME, look.at(&commitment.path), cause);
            if let Some(target) = with_buffer(aimed.target) {
                let safe = Promised { target, ..*promised };
                diagnostic = diagnostic.help(format!("promise {safe} or less, or aim higher"));
            }
            found.about(commitment.meta, diagnostic);
        }
    }
}

const NAME: &str = "commitment-without-buffer";

/// The promise must allow at least this many halves of the objective's errors: one and a half times.
///
/// A month that spends its whole budget as planned and then has one incident worth half a budget more is a bad month,
/// and not yet a broken promise.
const HALVES: u64 = 3;

/// Whether a promise leaves room, in its errors or in its threshold.
fn has_buffer(aimed: &Promised, promised: &Promised) -> bool {
    let wide = |looser: u64, tighter: u64| looser * 2 >= tighter * HALVES;
    let errors = wide(
        u64::from(promised.target.budget_ppb()),
        u64::from(aimed.target.budget_ppb()),
    );
    let threshold = match (promised.under, aimed.under) {
        (Some(promised), Some(aimed)) => {
            u128::from(promised.nanoseconds()) * 2
                >= u128::from(aimed.nanoseconds()) * u128::from(HALVES)
        }
        _ => false,
    };
    errors || threshold
}

/// The highest target that leaves room.
fn with_buffer(aimed: Target) -> Option<Target> {
    let budget = (u64::from(aimed.budget_ppb()) * HALVES).div_ceil(2);
    let budget = u32::try_from(budget).ok()?;
    Target::from_ppb(1_000_000_000_u32.checked_sub(budget)?)
}
