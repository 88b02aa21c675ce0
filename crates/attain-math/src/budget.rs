//! Error budgets: what the counts of a window say under a target.
//!
//! Knows counts and a target. Knows nothing of when they happened or how windows are cut; slices of time are in slices.rs,
//! a window with more than one target in parts.rs.
//! A window is the sum of its counts; there is no function here that averages ratios, on purpose.

use crate::fraction::Fraction;
use crate::ppb::{self, ONE_PPB};

pub use crate::parts::Parts;
pub use crate::slices::{NoTraffic, SliceCount, slice_bad_ppb, slice_is_good};

/// The counts of one window under one target (budgeting by occurrences).
///
/// Also the budget of a time-slice SLO, with slices for events ([`SliceCount::budget`]), and of minutes.
///
/// ```
/// use attain_math::budget::Budget;
/// let budget = Budget { bad: 750, total: 1_000_000, target_ppb: 999_000_000 };
/// assert!(budget.met());
/// assert_eq!(budget.consumed().unwrap().percent_ceil(0), "75");
/// assert_eq!(budget.remaining().unwrap().percent_floor(0), "25");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bad events. More than `total` is taken at its word for the budget and as "all bad" for the SLI.
    pub bad: u64,
    /// All events.
    pub total: u64,
    /// The target, in parts per billion.
    pub target_ppb: u32,
}

impl Budget {
    /// The SLI, good / total; `None` without events: no traffic is not 100 %.
    ///
    /// ```
    /// # use attain_math::budget::Budget;
    /// assert_eq!(Budget { bad: 1, total: 4, target_ppb: 0 }.sli().unwrap().to_f64(), 0.75);
    /// assert_eq!(Budget { bad: 0, total: 0, target_ppb: 0 }.sli(), None);
    /// ```
    pub fn sli(&self) -> Option<Fraction> {
        Fraction::new(
            i128::from(self.total.saturating_sub(self.bad)),
            u128::from(self.total),
        )
    }

    /// Whether the target is met: `bad <= (1 - target) * total`, exact.
    ///
    /// ```
    /// # use attain_math::budget::Budget;
    /// assert!(Budget { bad: 1, total: 10_000, target_ppb: 999_900_000 }.met());
    /// ```
    pub fn met(&self) -> bool {
        ppb::met(self.bad, self.total, self.target_ppb)
    }

    /// The bad events allowed, in billionths of an event.
    ///
    /// ```
    /// # use attain_math::budget::Budget;
    /// let allowed = Budget { bad: 0, total: 1_500, target_ppb: 999_000_000 }.allowed_bad_billionths();
    /// assert_eq!(allowed, 1_500_000_000);
    /// ```
    pub fn allowed_bad_billionths(&self) -> u128 {
        ppb::allowed_bad_billionths(self.total, self.target_ppb)
    }

    /// The budget spent, as a fraction of what is allowed: 1 is all of it. `None` when nothing is allowed.
    ///
    /// ```
    /// # use attain_math::budget::Budget;
    /// let consumed = Budget { bad: 30, total: 10_000, target_ppb: 999_000_000 }.consumed();
    /// assert_eq!(consumed.unwrap().to_f64(), 3.0);
    /// ```
    pub fn consumed(&self) -> Option<Fraction> {
        Fraction::new(
            i128::from(self.bad) * i128::from(ONE_PPB),
            self.allowed_bad_billionths(),
        )
    }

    /// The budget left, as a fraction of what is allowed; negative when overspent. `None` when nothing is allowed.
    ///
    /// ```
    /// # use attain_math::budget::Budget;
    /// let remaining = Budget { bad: 30, total: 10_000, target_ppb: 999_000_000 }.remaining();
    /// assert_eq!(remaining.unwrap().to_f64(), -2.0);
    /// ```
    pub fn remaining(&self) -> Option<Fraction> {
        let left = ppb::remaining_billionths(self.bad, self.total, self.target_ppb);
        Fraction::new(left, self.allowed_bad_billionths())
    }

    /// The burn rate: the error ratio in units of the allowed one. Over the whole window it equals [`Self::consumed`].
    ///
    /// ```
    /// # use attain_math::budget::Budget;
    /// let burn = Budget { bad: 432, total: 30_000, target_ppb: 999_000_000 }.burn_rate();
    /// assert_eq!(burn.unwrap().to_f64(), 14.4);
    /// ```
    pub fn burn_rate(&self) -> Option<Fraction> {
        self.consumed()
    }
}

/// The share of a window's budget that `bad` events spent: `bad / ((1 - target) * window_total)`, exact.
///
/// This and not burn x time is what a part of a window costs: an hour with three times the mean traffic at 14.4x spends
/// 6 % of a 30-day budget, not 2 %. `None` when nothing is allowed.
///
/// ```
/// let spent = attain_math::budget::spent(432, 7_200_000, 999_000_000);
/// assert_eq!(spent.unwrap().to_f64(), 0.06);
/// ```
pub fn spent(bad: u64, window_total: u64, target_ppb: u32) -> Option<Fraction> {
    Budget {
        bad,
        total: window_total,
        target_ppb,
    }
    .consumed()
}

/// The share of a window's budget spent by a burn rate held for some time, *if traffic were uniform*.
///
/// `burn * elapsed / window`; both times in the same unit. Zero for a window of zero. For what was spent use [`spent`].
///
/// ```
/// let hour_at_14_4 = attain_math::budget::spent_if_uniform(14.4, 1.0, 720.0);
/// assert!((hour_at_14_4 - 0.02).abs() < 1e-12);
/// ```
pub fn spent_if_uniform(burn_rate: f64, elapsed: f64, window: f64) -> f64 {
    if window > 0.0 {
        burn_rate * elapsed / window
    } else {
        0.0
    }
}

/// The minutes of total outage a window allows under constant traffic: `(1 - target) * minutes`.
///
/// Take the minutes from the calendar: March 2025 in Paris has 743 hours.
///
/// ```
/// assert_eq!(attain_math::budget::minutes_allowed(30 * 1440, 999_000_000).to_f64(), 43.2);
/// ```
pub fn minutes_allowed(window_minutes: u64, target_ppb: u32) -> Fraction {
    let billionths = ppb::allowed_bad_billionths(window_minutes, target_ppb);
    // Below 2^94 over a constant that is not zero.
    Fraction::new(billionths as i128, u128::from(ONE_PPB))
        .unwrap_or_else(|| unreachable!("one billion is not zero"))
}

/// How long the remaining budget lasts at this burn rate: `remaining * window / burn`, in the unit of `window`.
///
/// Exact for calendar windows under constant traffic; for rolling ones a lower bound, because old bad events roll off.
/// `None` when nothing burns; zero when nothing remains.
///
/// ```
/// use attain_math::budget::time_to_exhaustion;
/// assert_eq!(time_to_exhaustion(6.0, 0.4, 720.0), Some(48.0));
/// assert_eq!(time_to_exhaustion(0.0, 0.4, 720.0), None);
/// assert_eq!(time_to_exhaustion(6.0, -0.4, 720.0), Some(0.0));
/// ```
pub fn time_to_exhaustion(burn_rate: f64, remaining: f64, window: f64) -> Option<f64> {
    (burn_rate > 0.0).then(|| remaining.max(0.0) * window / burn_rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_of_all_has_no_budget_to_divide_by() {
        let budget = Budget {
            bad: 1,
            total: 10,
            target_ppb: ONE_PPB,
        };
        assert!(!budget.met());
        assert_eq!(budget.consumed(), None);
        assert_eq!(budget.remaining(), None);
    }
}
