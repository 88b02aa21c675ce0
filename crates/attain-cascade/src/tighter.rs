//! Whether the inside carries the outside: the objective, and the buffer that it keeps before what was promised. Knows
//! what the parts carry; knows nothing of edges.

use attain_math::ONE_PPB;
use attain_model::{ObjectiveId, Promised, Scope, Slo};
use jiff::civil::Date;

use crate::composed::{Carries, Composed};

/// An objective and what was promised outside, beside what the parts carry. Everything in parts per billion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tighter {
    /// Whether the objective is carried. Then the buffer is, too: it lies between the objective and the commitment.
    pub objective: Carries,
    /// How much the parts lack to carry the objective; zero if they do.
    pub gap_ppb: u32,
    /// What the parts leave of the objective's budget for the SLO's own failures; zero if nothing.
    pub left_ppb: u32,
    /// What was promised outside to this scope, if anything was: the tightest number in force.
    pub committed: Option<Outside>,
}

/// A commitment beside what the parts carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outside {
    /// What was promised.
    pub promised: Promised,
    /// Whether it is carried.
    pub carried: Carries,
    /// The share of the commitment's budget that the objective keeps back; zero if the objective is no tighter.
    pub buffer_ppb: u32,
    /// The best commitment that leaves the same share in reserve and that the parts carry; rounded down.
    pub supported_ppb: u32,
}

/// Compares. The commitment in force is the newest that has begun; a customer's own contract is not looked at.
pub(crate) fn tighter(
    slo: &Slo,
    objective: &ObjectiveId,
    scope: &Scope,
    on: Date,
    promised: &Promised,
    composed: &Composed,
) -> Tighter {
    let (target, carried) = (promised.target.ppb(), composed.once_ppb);
    Tighter {
        objective: composed.carries(target),
        gap_ppb: target.saturating_sub(carried),
        left_ppb: carried.saturating_sub(target),
        committed: committed(slo, objective, scope, on)
            // A threshold that is not the objective's is about other events.
            .filter(|outside| outside.under == promised.under)
            .map(|outside| of_outside(outside, target, composed)),
    }
}

fn committed(slo: &Slo, objective: &ObjectiveId, scope: &Scope, on: Date) -> Option<Promised> {
    let begun = slo.commitments.iter().filter(|c| c.since <= on);
    let newest = begun.max_by_key(|c| c.since)?;
    newest
        .targets
        .get(objective)?
        .goal(scope)?
        .promised()
        .copied()
}

fn of_outside(outside: Promised, target_ppb: u32, composed: &Composed) -> Outside {
    let promised_budget = u64::from(outside.target.budget_ppb());
    let budget = u64::from(ONE_PPB - target_ppb).min(promised_budget);
    let one = u64::from(ONE_PPB);
    let buffer_ppb = (promised_budget - budget) * one / promised_budget.max(1);
    Outside {
        promised: outside,
        carried: composed.carries(outside.target.ppb()),
        buffer_ppb: buffer_ppb as u32,
        supported_ppb: with_buffer(composed.once_ppb, buffer_ppb as u32),
    }
}

/// The best promise that keeps a share of its budget in reserve and of which the parts carry the rest, in parts per
/// billion, rounded down: `1 - (1 - carried) / (1 - buffer)`. Zero if that is none.
///
/// ```
/// // Three parts of 99.95 % support 99.7 % with half of the budget in reserve.
/// assert_eq!(attain_cascade::with_buffer(998_500_749, 500_000_000), 997_001_498);
/// ```
#[must_use]
pub fn with_buffer(carried_ppb: u32, buffer_ppb: u32) -> u32 {
    let kept = u64::from(ONE_PPB - buffer_ppb.min(ONE_PPB));
    let cost = u64::from(ONE_PPB - carried_ppb.min(ONE_PPB)) * u64::from(ONE_PPB);
    if kept == 0 {
        return if cost == 0 { ONE_PPB } else { 0 };
    }
    let budget = cost.div_ceil(kept).min(u64::from(ONE_PPB));
    ONE_PPB - budget as u32
}
