//! Time slices: each slice of a window is good or bad as a whole, or counts by the good share of its events.
//!
//! Knows the counts of slices. Knows nothing of their length or order.

use crate::budget::Budget;
use crate::ppb::{self, ONE_PPB};

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

/// The bad share of one slice in parts per billion, rounded up; `None` without traffic. Good above total counts as all.
///
/// For budgets in which each slice counts by the good share of its events (OpenSLO's `RatioTimeslices`): the sum of these
/// is the `bad` of a [`Budget`] whose `total` is the number of slices times one billion.
///
/// ```
/// use attain_math::budget::slice_bad_ppb;
/// assert_eq!(slice_bad_ppb(2, 3), Some(333_333_334));
/// assert_eq!(slice_bad_ppb(0, 0), None);
/// ```
pub fn slice_bad_ppb(good: u64, total: u64) -> Option<u32> {
    ppb::attainment_ppb(good, total).map(|good_ppb| ONE_PPB - good_ppb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_good_up_to_its_last_allowed_event() {
        assert_eq!(slice_is_good(999, 1_000, 999_000_000), Some(true));
        assert_eq!(slice_is_good(998, 1_000, 999_000_000), Some(false));
        assert_eq!(slice_is_good(u64::MAX, u64::MAX, ONE_PPB), Some(true));
    }

    #[test]
    fn no_counts_overflow() {
        let most = SliceCount {
            good: u64::MAX,
            bad: u64::MAX,
            empty: u64::MAX,
        };
        for no_traffic in [NoTraffic::Exclude, NoTraffic::Good, NoTraffic::Bad] {
            assert_eq!(most.budget(no_traffic, 0).total, u64::MAX);
        }
    }

    #[test]
    fn slices_by_share_add_up_to_a_mean_that_is_never_flattered() {
        let slices = [(1, 3), (2, 3), (3, 3)];
        let bad: u64 = slices
            .iter()
            .filter_map(|&(good, total)| slice_bad_ppb(good, total))
            .map(u64::from)
            .sum();
        let budget = Budget {
            bad,
            total: 3 * u64::from(ONE_PPB),
            target_ppb: 0,
        };
        let sli = budget.sli().unwrap().to_f64();
        assert!(sli <= 2.0 / 3.0 && sli > 2.0 / 3.0 - 1e-8);
    }
}
