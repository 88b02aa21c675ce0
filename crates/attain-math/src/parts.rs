//! A window that spans a change of target, judged in parts.
//!
//! Knows parts of a window, each with its own target. Knows nothing of dates.

use crate::budget::Budget;
use crate::fraction::Fraction;
use crate::ppb::ONE_PPB;

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

    #[test]
    fn parts_without_a_budget_have_nothing_to_divide_by() {
        let parts = Parts::sum([Budget {
            bad: 1,
            total: 10,
            target_ppb: ONE_PPB,
        }]);
        assert!(!parts.met());
        assert_eq!((parts.consumed(), parts.remaining()), (None, None));
    }
}
