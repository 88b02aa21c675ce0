//! Burn rates, the thresholds of burn alerts, and how soon such an alert speaks.
//!
//! Knows counts, targets and window lengths. Knows nothing of slices or alert state.
//! Thresholds are in millionths (14.4x is 14_400_000), so that "above 14.4" is decided in whole numbers.
//! Figures: Google, "The Site Reliability Workbook", ch. 5 "Alerting on SLOs", tables 5-6 and 5-8.

use crate::fraction::Fraction;
use crate::ppb::{ONE_PPB, allowance_ppb, allowed_bad_billionths};

/// A burn rate of one, in millionths.
pub const ONE_BURN_MILLIONTHS: u64 = 1_000_000;

/// Below this many bad events expected at budget in the long window, burn alerts page on chance.
pub const LOW_TRAFFIC_EXPECTED_BAD: u64 = 10;

/// The burn rate of counts: the error ratio in units of the allowed one. `None` without events or without a budget.
///
/// ```
/// let burn = attain_math::burn::burn_rate(1, 10, 999_000_000);
/// assert_eq!(burn.unwrap().to_f64(), 100.0);
/// ```
pub fn burn_rate(bad: u64, total: u64, target_ppb: u32) -> Option<Fraction> {
    Fraction::new(
        i128::from(bad) * i128::from(ONE_PPB),
        allowed_bad_billionths(total, target_ppb),
    )
}

/// Whether the burn rate of these counts is strictly above the threshold, exact: no float, no division.
///
/// False without events. With a target of 100 % any bad event is above every threshold.
///
/// ```
/// use attain_math::burn::exceeds;
/// assert!(!exceeds(144, 10_000, 999_000_000, 14_400_000)); // exactly 14.4x
/// assert!(exceeds(145, 10_000, 999_000_000, 14_400_000));
/// ```
pub fn exceeds(bad: u64, total: u64, target_ppb: u32, threshold_millionths: u64) -> bool {
    let allowed = allowed_bad_billionths(total, target_ppb);
    total > 0 && exceeds_allowed(bad, allowed, threshold_millionths)
}

/// The same for counts whose allowance is known, in billionths of an event: a window that spans a change of target has
/// only the sum of what was allowed.
///
/// ```
/// use attain_math::burn::exceeds_allowed;
/// let ten = 10 * 1_000_000_000;
/// assert!(!exceeds_allowed(144, ten, 14_400_000)); // exactly 14.4x
/// assert!(exceeds_allowed(145, ten, 14_400_000));
/// ```
pub fn exceeds_allowed(bad: u64, allowed_billionths: u128, threshold_millionths: u64) -> bool {
    // bad * 10^15 stays below 2^114; a right side that does not fit u128 is larger than that.
    let burnt = u128::from(bad) * u128::from(ONE_PPB) * u128::from(ONE_BURN_MILLIONTHS);
    let threshold = allowed_billionths.checked_mul(u128::from(threshold_millionths));
    threshold.is_some_and(|threshold| burnt > threshold)
}

/// The burn rate that spends a share of the window's budget within `long`: `spends * window / long`, not clamped.
///
/// `None` when `long` is zero.
///
/// ```
/// use attain_math::burn::threshold;
/// let page = threshold(20_000_000, 30 * 86_400, 3_600).unwrap(); // 2 % of 30 days in an hour
/// assert_eq!(page.to_f64(), 14.4);
/// ```
pub fn threshold(spends_ppb: u32, window_seconds: u64, long_seconds: u64) -> Option<Fraction> {
    let numerator = i128::from(spends_ppb) * i128::from(window_seconds);
    Fraction::new(numerator, u128::from(ONE_PPB) * u128::from(long_seconds))
}

/// [`threshold`] in millionths, rounded down, and never below one: under 1x an alert would page inside the SLO.
///
/// `None` when `long` is zero or the threshold is beyond `u64`.
///
/// ```
/// use attain_math::burn::threshold_millionths;
/// assert_eq!(threshold_millionths(20_000_000, 28 * 86_400, 3_600), Some(13_440_000));
/// // 10 % of 28 days in 3 days is 0.933x: clamped.
/// assert_eq!(threshold_millionths(100_000_000, 28 * 86_400, 3 * 86_400), Some(1_000_000));
/// ```
pub fn threshold_millionths(
    spends_ppb: u32,
    window_seconds: u64,
    long_seconds: u64,
) -> Option<u64> {
    let numerator =
        u128::from(spends_ppb) * u128::from(window_seconds) * u128::from(ONE_BURN_MILLIONTHS);
    let millionths = numerator.checked_div(u128::from(ONE_PPB) * u128::from(long_seconds))?;
    u64::try_from(millionths)
        .ok()
        .map(|millionths| millionths.max(ONE_BURN_MILLIONTHS))
}

/// The fastest a budget can burn: `1 / (1 - target)`, reached when every event is bad. `None` for a target of 100 %.
///
/// ```
/// assert_eq!(attain_math::burn::cap(900_000_000).unwrap().to_f64(), 10.0);
/// ```
pub fn cap(target_ppb: u32) -> Option<Fraction> {
    Fraction::new(i128::from(ONE_PPB), u128::from(allowance_ppb(target_ppb)))
}

/// Whether a burn above the threshold is possible at all under this target: the cap is strictly above it.
///
/// At 90 % the cap is 10, so a page at 14.4x can never fire.
///
/// ```
/// use attain_math::burn::reachable;
/// assert!(!reachable(14_400_000, 900_000_000));
/// assert!(reachable(14_400_000, 990_000_000));
/// ```
pub fn reachable(threshold_millionths: u64, target_ppb: u32) -> bool {
    exceeds(1, 1, target_ppb, threshold_millionths)
}

/// The target above which a threshold is reachable: `1 - 1/threshold`; strictly greater is needed. `None` for zero.
///
/// ```
/// let above = attain_math::burn::min_target(14_400_000).unwrap();
/// assert_eq!(above.percent_floor(4), "93.0555");
/// ```
pub fn min_target(threshold_millionths: u64) -> Option<Fraction> {
    let above_one = i128::from(threshold_millionths) - i128::from(ONE_BURN_MILLIONTHS);
    Fraction::new(above_one, u128::from(threshold_millionths))
}

/// The error ratio at which a threshold is reached: `threshold * (1 - target)`. Above one it cannot be.
///
/// ```
/// assert_eq!(attain_math::burn::error_ratio_needed(14_400_000, 990_000_000).to_f64(), 0.144);
/// ```
pub fn error_ratio_needed(threshold_millionths: u64, target_ppb: u32) -> Fraction {
    let numerator = i128::from(threshold_millionths) * i128::from(allowance_ppb(target_ppb));
    Fraction::over(numerator, 1_000_000_000_000_000)
}

/// The fewest requests in which `bad` bad ones are not above the threshold. `None` when no number is enough.
///
/// At 99.95 % one failure in fewer than 139 requests is already above 14.4x.
///
/// ```
/// assert_eq!(attain_math::burn::min_requests(1, 14_400_000, 999_500_000), Some(139));
/// ```
pub fn min_requests(bad: u64, threshold_millionths: u64, target_ppb: u32) -> Option<u64> {
    let numerator = u128::from(bad) * u128::from(ONE_PPB) * u128::from(ONE_BURN_MILLIONTHS);
    let per_request = u128::from(threshold_millionths) * u128::from(allowance_ppb(target_ppb));
    (per_request > 0)
        .then(|| numerator.div_ceil(per_request))
        .and_then(|n| u64::try_from(n).ok())
}

/// Whether a burn alert over these events would page on chance: fewer than ten bad ones expected at budget.
///
/// ```
/// use attain_math::burn::low_traffic;
/// assert!(low_traffic(19_999, 999_500_000));
/// assert!(!low_traffic(20_000, 999_500_000));
/// ```
pub fn low_traffic(total_in_long_window: u64, target_ppb: u32) -> bool {
    let ten = u128::from(LOW_TRAFFIC_EXPECTED_BAD) * u128::from(ONE_PPB);
    allowed_bad_billionths(total_in_long_window, target_ppb) < ten
}

/// One tier of a multi-window burn alert: it fires while both windows burn above the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The window that gathers evidence.
    pub long_seconds: u64,
    /// The window that lets go soon after the end.
    pub short_seconds: u64,
    /// The share of the budget that the long window spends at the threshold, in parts per billion.
    pub spends_ppb: u32,
    /// Whether it wakes somebody; otherwise it is a ticket.
    pub pages: bool,
}

impl Tier {
    /// The tier's threshold for an SLO window of this length; see [`threshold_millionths`].
    ///
    /// ```
    /// use attain_math::burn::WORKBOOK_TIERS;
    /// let thresholds = WORKBOOK_TIERS.map(|tier| tier.threshold_millionths(30 * 86_400).unwrap());
    /// assert_eq!(thresholds, [14_400_000, 6_000_000, 3_000_000, 1_000_000]);
    /// ```
    pub fn threshold_millionths(&self, window_seconds: u64) -> Option<u64> {
        threshold_millionths(self.spends_ppb, window_seconds, self.long_seconds)
    }
}

/// The tiers the Workbook recommends (table 5-8), stated as budget spent so that they scale with the SLO window.
pub const WORKBOOK_TIERS: [Tier; 4] = [
    Tier {
        long_seconds: 3_600,
        short_seconds: 300,
        spends_ppb: 20_000_000,
        pages: true,
    },
    Tier {
        long_seconds: 6 * 3_600,
        short_seconds: 1_800,
        spends_ppb: 50_000_000,
        pages: true,
    },
    Tier {
        long_seconds: 86_400,
        short_seconds: 7_200,
        spends_ppb: 100_000_000,
        pages: false,
    },
    Tier {
        long_seconds: 3 * 86_400,
        short_seconds: 6 * 3_600,
        spends_ppb: 100_000_000,
        pages: false,
    },
];

/// How a multi-window burn condition meets an outage of constant error ratio under constant traffic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// From the start of the outage until both windows are above the threshold.
    pub detect_seconds: f64,
    /// From the end of an outage longer than the short window until the short window is below again.
    pub reset_seconds: f64,
    /// Budget burnt at detection, in seconds of the SLO window at 1x; divide by the window's length for the share.
    pub burnt_seconds: f64,
}

/// Detection and reset time of a condition over `long` and `short` windows; `None` when it never fires.
///
/// With `e` the error ratio and `t = threshold * (1 - target)`: detection after `t * long / e`, reset after
/// `short - t * short / e`. Single-window alerts are the case `short == long`.
///
/// ```
/// use attain_math::burn::detection;
/// let seen = detection(1.0, 999_000_000, 14_400_000, 3_600.0, 300.0).unwrap();
/// assert!((seen.detect_seconds - 51.84).abs() < 1e-9);
/// assert!((seen.reset_seconds - 295.68).abs() < 1e-9);
/// assert!((seen.burnt_seconds / (30.0 * 86_400.0) - 0.02).abs() < 1e-12);
/// assert_eq!(detection(1.0, 900_000_000, 14_400_000, 3_600.0, 300.0), None);
/// ```
pub fn detection(
    error_ratio: f64,
    target_ppb: u32,
    threshold_millionths: u64,
    long_seconds: f64,
    short_seconds: f64,
) -> Option<Detection> {
    let needed = error_ratio_needed(threshold_millionths, target_ppb).to_f64();
    let allowed = f64::from(allowance_ppb(target_ppb)) / f64::from(ONE_PPB);
    if !(error_ratio > needed && error_ratio <= 1.0 && allowed > 0.0) {
        return None;
    }
    let share = needed / error_ratio;
    let detect_seconds = share * long_seconds.max(short_seconds);
    Some(Detection {
        detect_seconds,
        reset_seconds: short_seconds - share * short_seconds,
        burnt_seconds: detect_seconds * error_ratio / allowed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_overflows_and_nothing_fires_without_events() {
        assert!(!exceeds(0, 0, 0, 0));
        assert!(!exceeds(u64::MAX, u64::MAX, 0, u64::MAX));
        assert!(exceeds(1, u64::MAX, ONE_PPB, u64::MAX));
        assert_eq!(threshold_millionths(1, 1, 0), None);
        assert_eq!(threshold_millionths(u32::MAX, u64::MAX, 1), None);
        assert_eq!(min_requests(1, 0, 0), None);
        assert_eq!(cap(ONE_PPB), None);
    }

    #[test]
    fn a_condition_holds_up_to_the_smallest_count_that_is_not_above_it() {
        for target in [990_000_000, 999_000_000, 999_500_000] {
            for bad in 1..5 {
                let enough = min_requests(bad, 14_400_000, target).unwrap();
                assert!(!exceeds(bad, enough, target, 14_400_000));
                assert!(exceeds(bad, enough - 1, target, 14_400_000));
            }
        }
    }

    #[test]
    fn a_burn_that_is_not_a_number_never_fires() {
        assert_eq!(
            detection(f64::NAN, 999_000_000, 14_400_000, 3_600.0, 300.0),
            None
        );
        assert_eq!(detection(0.0, 999_000_000, 0, 3_600.0, 300.0), None);
    }
}
