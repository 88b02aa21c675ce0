//! Error budgets: what the counts of a window say under a target.
//!
//! Knows counts of events, or of slices, and targets. Knows nothing of when they happened or how windows are cut.
//! A window is the sum of its counts; there is no function here that averages ratios, on purpose.

use crate::fraction::Fraction;
use crate::ppb::{self, ONE_PPB};

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

/// What a slice without traffic counts as. "Missing" is another matter: it never arrives here as an empty slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTraffic {
    /// It is neither good nor bad, and the window has one slice less.
    Exclude,
    /// It is a good slice.
    Good,
    /// It is a bad slice.
    Bad,
}

/// Slices of a window by what they were (budgeting by time slices).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SliceCount {
    /// Slices with traffic that reached the slice's target.
    pub good: u64,
    /// Slices with traffic that did not.
    pub bad: u64,
    /// Slices without traffic.
    pub empty: u64,
}

impl SliceCount {
    /// Counts slices given as `(good events, all events)`; a slice is good when `good / total >= good_at`.
    ///
    /// A slice with one request weighs as much as one with a million: that is what time slices mean.
    ///
    /// ```
    /// use attain_math::budget::SliceCount;
    /// let count = SliceCount::from_counts([(95, 100), (94, 100), (0, 0)], 950_000_000);
    /// assert_eq!(count, SliceCount { good: 1, bad: 1, empty: 1 });
    /// ```
    pub fn from_counts(slices: impl IntoIterator<Item = (u64, u64)>, good_at_ppb: u32) -> Self {
        let mut count = Self::default();
        for (good, total) in slices {
            match slice_is_good(good, total, good_at_ppb) {
                Some(true) => count.good += 1,
                Some(false) => count.bad += 1,
                None => count.empty += 1,
            }
        }
        count
    }

    /// The budget over these slices, where a slice without traffic counts as `no_traffic` says.
    ///
    /// ```
    /// use attain_math::budget::{NoTraffic, SliceCount};
    /// let count = SliceCount { good: 2, bad: 2, empty: 1 };
    /// assert_eq!(count.budget(NoTraffic::Exclude, 0).sli().unwrap().to_f64(), 0.5);
    /// assert_eq!(count.budget(NoTraffic::Good, 0).sli().unwrap().to_f64(), 0.6);
    /// assert_eq!(count.budget(NoTraffic::Bad, 0).sli().unwrap().to_f64(), 0.4);
    /// ```
    pub fn budget(&self, no_traffic: NoTraffic, target_ppb: u32) -> Budget {
        let with_traffic = self.good.saturating_add(self.bad);
        let (bad, total) = match no_traffic {
            NoTraffic::Exclude => (self.bad, with_traffic),
            NoTraffic::Good => (self.bad, with_traffic.saturating_add(self.empty)),
            NoTraffic::Bad => (
                self.bad.saturating_add(self.empty),
                with_traffic.saturating_add(self.empty),
            ),
        };
        Budget {
            bad,
            total,
            target_ppb,
        }
    }
}

/// Whether one slice is good: `good / total >= good_at`, exact. `None` without traffic.
///
/// ```
/// use attain_math::budget::slice_is_good;
/// assert_eq!(slice_is_good(95, 100, 950_000_000), Some(true));
/// assert_eq!(slice_is_good(0, 0, 950_000_000), None);
/// ```
pub fn slice_is_good(good: u64, total: u64, good_at_ppb: u32) -> Option<bool> {
    (total > 0).then(|| {
        u128::from(good) * u128::from(ONE_PPB) >= u128::from(good_at_ppb) * u128::from(total)
    })
}

/// The budget of a window that spans a change of target: each part by the promise then in force.
///
/// Allowed is the exact sum over the parts of `(1 - target) * events`. The window is met when the bad events are at most
/// that; as they are whole, that is the same as at most its whole part.
///
/// ```
/// use attain_math::budget::{Budget, Parts};
/// let parts = Parts::sum([
///     Budget { bad: 2, total: 1_500, target_ppb: 999_000_000 },
///     Budget { bad: 0, total: 1_500, target_ppb: 999_000_000 },
/// ]);
/// // 1.5 and 1.5 bad events are allowed: three together, where part by part only one and one would be.
/// assert_eq!(parts.allowed_bad_whole(), 3);
/// assert!(parts.met());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Bad events of all parts.
    pub bad: u128,
    /// All events of all parts.
    pub total: u128,
    /// Bad events allowed over all parts, in billionths of an event.
    pub allowed_bad_billionths: u128,
}

impl Parts {
    /// Adds up the parts. Exact for up to 2^32 parts of any size.
    ///
    /// ```
    /// # use attain_math::budget::Parts;
    /// assert_eq!(Parts::sum([]), Parts::default());
    /// ```
    pub fn sum(parts: impl IntoIterator<Item = Budget>) -> Self {
        let mut sum = Self::default();
        for part in parts {
            sum.bad = sum.bad.saturating_add(u128::from(part.bad));
            sum.total = sum.total.saturating_add(u128::from(part.total));
            sum.allowed_bad_billionths = sum
                .allowed_bad_billionths
                .saturating_add(part.allowed_bad_billionths());
        }
        sum
    }

    /// Whole bad events allowed over all parts: the sum rounded down once, not part by part.
    ///
    /// ```
    /// # use attain_math::budget::Parts;
    /// let parts = Parts { bad: 0, total: 10, allowed_bad_billionths: 2_999_999_999 };
    /// assert_eq!(parts.allowed_bad_whole(), 2);
    /// ```
    pub fn allowed_bad_whole(&self) -> u128 {
        self.allowed_bad_billionths / u128::from(ONE_PPB)
    }

    /// Whether the bad events are at most what the parts allow together.
    ///
    /// ```
    /// # use attain_math::budget::Parts;
    /// assert!(!Parts { bad: 3, total: 10, allowed_bad_billionths: 2_999_999_999 }.met());
    /// ```
    pub fn met(&self) -> bool {
        self.bad <= self.allowed_bad_whole()
    }

    /// Good / total over all parts; `None` without events.
    ///
    /// ```
    /// # use attain_math::budget::Parts;
    /// let parts = Parts { bad: 1, total: 4, allowed_bad_billionths: 0 };
    /// assert_eq!(parts.sli().unwrap().to_f64(), 0.75);
    /// ```
    pub fn sli(&self) -> Option<Fraction> {
        Fraction::new(
            i128::try_from(self.total.saturating_sub(self.bad)).ok()?,
            self.total,
        )
    }

    /// The budget spent as a fraction of what is allowed; `None` when nothing is allowed.
    ///
    /// ```
    /// # use attain_math::budget::Parts;
    /// let parts = Parts { bad: 1, total: 4_000, allowed_bad_billionths: 4_000_000_000 };
    /// assert_eq!(parts.consumed().unwrap().to_f64(), 0.25);
    /// ```
    pub fn consumed(&self) -> Option<Fraction> {
        let bad_billionths = self.bad.checked_mul(u128::from(ONE_PPB))?;
        Fraction::new(
            i128::try_from(bad_billionths).ok()?,
            self.allowed_bad_billionths,
        )
    }

    /// The budget left as a fraction of what is allowed; negative when overspent; `None` when nothing is allowed.
    ///
    /// ```
    /// # use attain_math::budget::Parts;
    /// let parts = Parts { bad: 8, total: 4_000, allowed_bad_billionths: 4_000_000_000 };
    /// assert_eq!(parts.remaining().unwrap().to_f64(), -1.0);
    /// ```
    pub fn remaining(&self) -> Option<Fraction> {
        let consumed = self.consumed()?;
        let allowed = i128::try_from(self.allowed_bad_billionths).ok()?;
        Fraction::new(
            allowed.checked_sub(consumed.numerator())?,
            self.allowed_bad_billionths,
        )
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
    fn parts_under_one_target_are_one_window() {
        let mut rng = fastrand::Rng::with_seed(11);
        for _ in 0..2_000 {
            let target_ppb = rng.u32(0..=ONE_PPB);
            let parts: Vec<Budget> = (0..rng.usize(1..6))
                .map(|_| {
                    let total = rng.u64(0..100_000);
                    Budget {
                        bad: rng.u64(0..=total.min(50)),
                        total,
                        target_ppb,
                    }
                })
                .collect();
            let whole = Budget {
                bad: parts.iter().map(|p| p.bad).sum(),
                total: parts.iter().map(|p| p.total).sum(),
                target_ppb,
            };
            let sum = Parts::sum(parts);
            assert_eq!(sum.met(), whole.met());
            assert_eq!(sum.consumed(), whole.consumed());
            assert_eq!(sum.remaining(), whole.remaining());
            assert_eq!(sum.sli(), whole.sli());
        }
    }

    #[test]
    fn a_tightened_target_is_judged_by_its_own_events_only() {
        let before = Budget {
            bad: 50,
            total: 10_000,
            target_ppb: 995_000_000,
        };
        let after = Budget {
            bad: 1,
            total: 10_000,
            target_ppb: 999_900_000,
        };
        let parts = Parts::sum([before, after]);
        assert_eq!(parts.allowed_bad_whole(), 51);
        assert!(parts.met());
        assert!(!Parts::sum([before, Budget { bad: 2, ..after }]).met());
    }

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
        assert_eq!(Parts::sum([budget]).consumed(), None);
    }

    #[test]
    fn the_largest_window_does_not_overflow() {
        let largest = Budget {
            bad: u64::MAX,
            total: u64::MAX,
            target_ppb: 0,
        };
        let parts = Parts::sum([largest; 4]);
        assert!(parts.met());
        assert_eq!(parts.consumed().map(|f| f.to_f64()), Some(1.0));
    }
}
