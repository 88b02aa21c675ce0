//! Masking: when an aggregate looks fine while one of its segments does not, and why an aggregate moved.
//!
//! Knows the counts and targets of segments, by position. Knows no names and no time.

use std::cmp::Ordering;

use crate::budget::Budget;

/// What an aggregate hides.
#[derive(Clone, Debug, PartialEq)]
pub struct Masking {
    /// The counts of all segments under the aggregate's target.
    pub aggregate: Budget,
    /// The segments, by position, that miss their own target while the aggregate meets its own.
    pub masked: Vec<usize>,
    /// The segment that burns fastest, by position; `None` when no segment has a burn rate.
    pub worst: Option<usize>,
    /// The worst segment's burn rate over the aggregate's: 1 hides nothing. `None` when the aggregate burns nothing.
    pub masking_index: Option<f64>,
}

/// Compares segments with the aggregate they disappear in. Whether something is masked is decided exactly.
///
/// Segments may have different targets; a segment without events neither burns nor is masked.
///
/// ```
/// use attain_math::budget::Budget;
/// let premium = Budget { bad: 600, total: 20_000, target_ppb: 999_500_000 };
/// let free = Budget { bad: 310, total: 980_000, target_ppb: 990_000_000 };
/// let masking = attain_math::masking::masking(&[premium, free], 999_000_000);
/// assert!(masking.aggregate.met());
/// assert_eq!(masking.masked, [0]);
/// assert!(masking.masking_index.unwrap() > 65.0);
/// ```
pub fn masking(segments: &[Budget], aggregate_target_ppb: u32) -> Masking {
    let sum = |count: fn(&Budget) -> u64| segments.iter().map(count).fold(0, u64::saturating_add);
    let aggregate = Budget {
        bad: sum(|s| s.bad),
        total: sum(|s| s.total),
        target_ppb: aggregate_target_ppb,
    };
    let masked = match aggregate.met() {
        true => (0..segments.len())
            .filter(|&i| !segments[i].met())
            .collect(),
        false => Vec::new(),
    };
    let worst = segments
        .iter()
        .enumerate()
        .filter_map(|(i, segment)| Some((segment.burn_rate()?, i)))
        // The first of equals, so that the answer does not depend on the order of comparison.
        .max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
    let masking_index = worst
        .zip(aggregate.burn_rate())
        .and_then(|((worst, _), all)| {
            let all = all.to_f64();
            (all.partial_cmp(&0.0) == Some(Ordering::Greater)).then(|| worst.to_f64() / all)
        });
    Masking {
        aggregate,
        masked,
        worst: worst.map(|(_, i)| i),
        masking_index,
    }
}

/// The error ratio a segment of this share of the traffic can have before the aggregate misses its target:
/// `((1 - target) - (1 - share) * others) / share`, held in 0..=1.
///
/// `None` unless `0 < share <= 1`.
///
/// ```
/// let hidden = attain_math::masking::hidden_error_max(999_000_000, 0.02, 0.0002).unwrap();
/// assert!((hidden - 0.0402).abs() < 1e-12); // 4 % of premium's requests fail, and the aggregate is met
/// ```
pub fn hidden_error_max(target_ppb: u32, share: f64, others_error_ratio: f64) -> Option<f64> {
    if !(share > 0.0 && share <= 1.0) {
        return None;
    }
    let allowed = f64::from(crate::ppb::allowance_ppb(target_ppb)) / f64::from(crate::ONE_PPB);
    let hidden = (allowed - (1.0 - share) * others_error_ratio) / share;
    (!hidden.is_nan()).then(|| hidden.clamp(0.0, 1.0))
}

/// Bad and all events of one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Bad events.
    pub bad: u64,
    /// All events.
    pub total: u64,
}

/// Why an aggregate's error ratio changed. `rate_effect + mix_effect` is the change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MixShift {
    /// The aggregate's error ratio before.
    pub before: f64,
    /// The aggregate's error ratio after.
    pub after: f64,
    /// The part due to segments getting worse (positive) or better.
    pub rate_effect: f64,
    /// The part due to traffic moving between segments.
    pub mix_effect: f64,
}

/// Splits the change of an aggregate's error ratio into rate and mix, each at the mean of before and after.
///
/// Segments are matched by position. One without traffic on one side keeps its error ratio of the other side, so that
/// its coming or going is mix. `None` when the lists differ in length or a side has no events.
///
/// ```
/// use attain_math::masking::{Counts, mix_shift};
/// // Both segments got worse, and the aggregate got better: traffic moved to the better one.
/// let before = [Counts { bad: 100, total: 100_000 }, Counts { bad: 9_000, total: 900_000 }];
/// let after = [Counts { bad: 600, total: 500_000 }, Counts { bad: 5_500, total: 500_000 }];
/// let shift = mix_shift(&before, &after).unwrap();
/// assert!(shift.after < shift.before && shift.rate_effect > 0.0 && shift.mix_effect < 0.0);
/// ```
pub fn mix_shift(before: &[Counts], after: &[Counts]) -> Option<MixShift> {
    let totals = |side: &[Counts]| {
        side.iter().fold((0.0, 0.0), |sum, c| {
            (sum.0 + c.bad as f64, sum.1 + c.total as f64)
        })
    };
    let ((bad_before, total_before), (bad_after, total_after)) = (totals(before), totals(after));
    if before.len() != after.len() || total_before == 0.0 || total_after == 0.0 {
        return None;
    }
    let ratio = |c: &Counts| (c.total > 0).then(|| c.bad as f64 / c.total as f64);
    let (mut rate_effect, mut mix_effect) = (0.0, 0.0);
    for (b, a) in before.iter().zip(after) {
        let Some(known) = ratio(b).or(ratio(a)) else {
            continue;
        };
        let (error_before, error_after) = (ratio(b).unwrap_or(known), ratio(a).unwrap_or(known));
        let (share_before, share_after) =
            (b.total as f64 / total_before, a.total as f64 / total_after);
        rate_effect += (error_after - error_before) * (share_after + share_before) / 2.0;
        mix_effect += (share_after - share_before) * (error_after + error_before) / 2.0;
    }
    Some(MixShift {
        before: bad_before / total_before,
        after: bad_after / total_after,
        rate_effect,
        mix_effect,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aggregate_that_misses_masks_nothing() {
        let bad = Budget {
            bad: 500,
            total: 1_000,
            target_ppb: 999_000_000,
        };
        let masking = masking(&[bad, bad], 999_000_000);
        assert_eq!((masking.masked.len(), masking.worst), (0, Some(0)));
        assert_eq!(masking.masking_index, Some(1.0));
    }

    #[test]
    fn silence_is_neither_masked_nor_worst() {
        let none = Budget {
            bad: 0,
            total: 0,
            target_ppb: 999_000_000,
        };
        let masking = masking(&[none], 999_000_000);
        assert_eq!((masking.worst, masking.masking_index), (None, None));
    }

    #[test]
    fn the_effects_add_up_when_a_segment_appears() {
        let before = [
            Counts {
                bad: 10,
                total: 1_000,
            },
            Counts { bad: 0, total: 0 },
        ];
        let after = [
            Counts {
                bad: 12,
                total: 1_000,
            },
            Counts {
                bad: 90,
                total: 1_000,
            },
        ];
        let shift = mix_shift(&before, &after).unwrap();
        assert!(
            (shift.rate_effect + shift.mix_effect - (shift.after - shift.before)).abs() < 1e-15
        );
        assert!((shift.rate_effect - 0.002 * 0.75).abs() < 1e-15);
        assert_eq!(mix_shift(&before, &after[..1]), None);
    }

    #[test]
    fn hidden_error_stays_a_share() {
        assert_eq!(hidden_error_max(0, 0.5, 0.0), Some(1.0));
        assert_eq!(hidden_error_max(999_000_000, 0.5, 0.9), Some(0.0));
        assert_eq!(hidden_error_max(999_000_000, 0.0, 0.0), None);
    }
}
