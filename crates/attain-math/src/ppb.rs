//! Parts per billion: targets as whole numbers, compared with counts exactly.
//!
//! Knows a target and counts. Knows nothing of windows or parts; see budget.rs.
//! A target is read as decimal text once and is a whole number ever after: in binary floats (1 - 0.9999) x 10,000 is
//! 0.9999999999998899, and one bad event of ten thousand would be reported as a breach.

use crate::fraction::{DECIMALS_MAX, Fraction};

/// One, in parts per billion: a target of 99.95 % is 999_500_000.
///
/// ```
/// assert_eq!(attain_math::ONE_PPB, 1_000_000_000);
/// ```
pub const ONE_PPB: u32 = 1_000_000_000;

/// The share of events that may be bad: 1 - target, in parts per billion. A target above one counts as one.
///
/// ```
/// assert_eq!(attain_math::ppb::allowance_ppb(999_500_000), 500_000);
/// assert_eq!(attain_math::ppb::allowance_ppb(u32::MAX), 0);
/// ```
pub fn allowance_ppb(target_ppb: u32) -> u32 {
    ONE_PPB.saturating_sub(target_ppb)
}

/// The bad events allowed, in billionths of an event: `(1 - target) * total`, exact.
///
/// ```
/// // 99.9 % of 1,500 requests leaves one and a half bad ones.
/// assert_eq!(attain_math::ppb::allowed_bad_billionths(1_500, 999_000_000), 1_500_000_000);
/// ```
pub fn allowed_bad_billionths(total: u64, target_ppb: u32) -> u128 {
    u128::from(allowance_ppb(target_ppb)) * u128::from(total)
}

/// Whether `bad` of `total` events keeps the target: `bad <= (1 - target) * total`, exact.
///
/// Spending the budget to the last event is met. No events at all is met here (0 <= 0); whether silence may be judged
/// is not a matter of arithmetic.
///
/// ```
/// use attain_math::ppb::met;
/// assert!(met(1, 10_000, 999_900_000));
/// assert!(!met(2, 10_000, 999_900_000));
/// ```
pub fn met(bad: u64, total: u64, target_ppb: u32) -> bool {
    u128::from(bad) * u128::from(ONE_PPB) <= allowed_bad_billionths(total, target_ppb)
}

/// What is left of the budget, in billionths of an event; negative when overspent.
///
/// ```
/// assert_eq!(attain_math::ppb::remaining_billionths(3, 2_000, 999_000_000), -1_000_000_000);
/// ```
pub fn remaining_billionths(bad: u64, total: u64, target_ppb: u32) -> i128 {
    // Both terms stay below 2^94.
    allowed_bad_billionths(total, target_ppb) as i128 - i128::from(bad) * i128::from(ONE_PPB)
}

/// The good share of events in parts per billion, rounded down; `None` without events. Good above total counts as all.
///
/// ```
/// assert_eq!(attain_math::ppb::attainment_ppb(2, 3), Some(666_666_666));
/// assert_eq!(attain_math::ppb::attainment_ppb(0, 0), None);
/// ```
pub fn attainment_ppb(good: u64, total: u64) -> Option<u32> {
    if total == 0 {
        return None;
    }
    let ppb = u128::from(good.min(total)) * u128::from(ONE_PPB) / u128::from(total);
    u32::try_from(ppb).ok()
}

/// `numerator / denominator` as a percentage with `decimals` digits, rounded DOWN, without a `%`.
///
/// So 100.00 is only ever shown for exactly all of them. `None` when the denominator is zero or a count is beyond
/// `i128::MAX`.
///
/// ```
/// use attain_math::ppb::percent_floor;
/// assert_eq!(percent_floor(999_999, 1_000_000, 2).as_deref(), Some("99.99"));
/// assert_eq!(percent_floor(1_000_000, 1_000_000, 2).as_deref(), Some("100.00"));
/// assert_eq!(percent_floor(1, 0, 2), None);
/// ```
pub fn percent_floor(numerator: u128, denominator: u128, decimals: u32) -> Option<String> {
    Some(Fraction::new(i128::try_from(numerator).ok()?, denominator)?.percent_floor(decimals))
}

/// A target as people write it: a percentage with as many decimals as it has, without a `%`.
///
/// ```
/// use attain_math::ppb::percent_of_ppb;
/// assert_eq!(percent_of_ppb(999_500_000), "99.95");
/// assert_eq!(percent_of_ppb(990_000_000), "99");
/// assert_eq!(percent_of_ppb(999_999_999), "99.9999999");
/// ```
pub fn percent_of_ppb(ppb: u32) -> String {
    let (whole, part) = (ppb / 10_000_000, ppb % 10_000_000);
    if part == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{part:07}").trim_end_matches('0'))
}

/// The decimals at which attainment and target read as what they are: below, equal, or above.
///
/// At least `at_least`, at least those of the target, and as many more as it takes for the two texts to differ when the
/// values do; at most [`DECIMALS_MAX`]. Attainment is printed with [`percent_floor`], so a missed target never reads as
/// met. Without events it is the larger of `at_least` and the target's own.
///
/// ```
/// use attain_math::ppb::decimals_to_tell;
/// assert_eq!(decimals_to_tell(99_949, 100_000, 999_500_000, 1), 2); // 99.94 against 99.95
/// assert_eq!(decimals_to_tell(99_951, 100_000, 999_500_000, 1), 3); // 99.951 against 99.95
/// assert_eq!(decimals_to_tell(9_995, 10_000, 999_500_000, 1), 2); // equal
/// ```
pub fn decimals_to_tell(good: u64, total: u64, target_ppb: u32, at_least: u32) -> u32 {
    let fewest = at_least.max(decimals_of_ppb(target_ppb)).min(DECIMALS_MAX);
    let target = Fraction::new(i128::from(target_ppb), u128::from(ONE_PPB));
    let attained = Fraction::new(i128::from(good), u128::from(total));
    let (Some(target), Some(attained)) = (target, attained) else {
        return fewest;
    };
    if attained == target {
        return fewest;
    }
    (fewest..DECIMALS_MAX)
        .find(|&d| attained.percent_floor(d) != target.percent_floor(d))
        .unwrap_or(DECIMALS_MAX)
}

fn decimals_of_ppb(ppb: u32) -> u32 {
    percent_of_ppb(ppb)
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_counts_do_not_overflow() {
        assert!(met(0, u64::MAX, ONE_PPB));
        assert!(!met(1, u64::MAX, ONE_PPB));
        assert!(met(u64::MAX, u64::MAX, 0));
        assert!(remaining_billionths(u64::MAX, 0, ONE_PPB) < 0);
        assert_eq!(attainment_ppb(u64::MAX, u64::MAX), Some(ONE_PPB));
    }

    #[test]
    fn a_missed_target_never_reads_as_met() {
        let mut rng = fastrand::Rng::with_seed(3);
        for _ in 0..5_000 {
            let total = rng.u64(1..10_000_000_000);
            let target = rng.u32(900_000_000..ONE_PPB);
            let allowed = (allowed_bad_billionths(total, target) / 1_000_000_000) as u64;
            let bad = (allowed + rng.u64(0..3)).min(total);
            let decimals = decimals_to_tell(total - bad, total, target, 2);
            let shown =
                percent_floor(u128::from(total - bad), u128::from(total), decimals).unwrap();
            let target_shown = percent_floor(u128::from(target), 1_000_000_000, decimals).unwrap();
            // The same number of decimals and at least two digits before the point: text order is number order.
            let (shown, target_shown) = (format!("{shown:>20}"), format!("{target_shown:>20}"));
            assert_eq!(
                shown >= target_shown,
                met(bad, total, target),
                "{bad} of {total} at {target}"
            );
        }
    }
}
