//! What an edge of a cascade costs its caller, rounded against ourselves.
//!
//! Knows failure probabilities, shares and calls, in fixed point. Knows no names and no graph.
//! Cost of an edge: `share * impact * (1 - a^calls)`; the failure of one call is first lowered by retries and a fallback.
//! Costs of several edges add: the union bound, which holds under any dependence and is off by the product of small
//! numbers at most.

use crate::fixed::Probability;
use crate::ppb::ONE_PPB;

/// One call, in millionths: `1.5x` is 1_500_000.
pub const ONE_CALL_MILLIONTHS: u64 = 1_000_000;

/// How a caller uses a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The share of the caller's requests that take this edge, in parts per billion.
    pub share_ppb: u32,
    /// Calls per request that takes it, in millionths.
    pub calls_millionths: u64,
    /// The share of those with a failed call that are bad for the caller, in parts per billion.
    pub impact_ppb: u32,
}

impl Default for Use {
    /// Every request, one call, and a failed call is a failed request.
    fn default() -> Self {
        Self {
            share_ppb: ONE_PPB,
            calls_millionths: ONE_CALL_MILLIONTHS,
            impact_ppb: ONE_PPB,
        }
    }
}

/// The share of the caller's requests that this edge makes bad, rounded up.
///
/// `failure` is that of one call, after [`after_retry`] and [`after_fallback`]. Whole numbers of calls are exact to
/// 1e-18; a fraction of a call is rounded up.
///
/// ```
/// use attain_math::{edge::{Use, cost}, fixed::Probability};
/// let thrice = Use { share_ppb: 200_000_000, calls_millionths: 3_000_000, ..Use::default() };
/// assert_eq!(cost(Probability::from_ppb(1_000_000), thrice).ppb_ceil(), 599_401); // 0.2 * (1 - 0.999^3)
/// ```
pub fn cost(failure: Probability, edge: Use) -> Probability {
    let (whole, part) = (
        edge.calls_millionths / ONE_CALL_MILLIONTHS,
        edge.calls_millionths % ONE_CALL_MILLIONTHS,
    );
    let whole_calls_hold = failure.complement().power_down(whole);
    let part_call_holds = match part {
        0 => Probability::ONE,
        _ => {
            let calls = part as f64 / ONE_CALL_MILLIONTHS as f64;
            Probability::from_f64_up(-((-failure.to_f64()).ln_1p() * calls).exp_m1()).complement()
        }
    };
    let some_call_fails = whole_calls_hold.times_down(part_call_holds).complement();
    some_call_fails
        .times_up(Probability::from_ppb(edge.share_ppb))
        .times_up(Probability::from_ppb(edge.impact_ppb))
}

/// The most that an edge can cost, whatever fails together with what: the calls of a request never help each other out.
///
/// ```
/// use attain_math::{edge::{Use, cost_most}, fixed::Probability};
/// let thrice = Use { share_ppb: 200_000_000, calls_millionths: 3_000_000, ..Use::default() };
/// assert_eq!(cost_most(Probability::from_ppb(1_000_000), thrice).ppb_ceil(), 600_000); // 0.2 * 3 * 0.001
/// ```
pub fn cost_most(failure: Probability, edge: Use) -> Probability {
    failure
        .repeated_up(edge.calls_millionths, ONE_CALL_MILLIONTHS)
        .times_up(Probability::from_ppb(edge.share_ppb))
        .times_up(Probability::from_ppb(edge.impact_ppb))
}

/// The failure of a call tried up to `attempts` times, where a retry fails again with this probability; rounded up.
///
/// Zero attempts count as one: the call is made.
///
/// ```
/// use attain_math::{edge::after_retry, fixed::Probability};
/// assert_eq!(after_retry(Probability::from_ppb(100_000), 2, 600_000_000).ppb_ceil(), 60_000);
/// ```
pub fn after_retry(failure: Probability, attempts: u32, fails_again_ppb: u32) -> Probability {
    let again =
        Probability::from_ppb(fails_again_ppb).power_up(u64::from(attempts.saturating_sub(1)));
    failure.times_up(again)
}

/// The failure that is left when a fallback of this availability covers a share of the failures; rounded up.
///
/// ```
/// use attain_math::{edge::after_fallback, fixed::Probability};
/// let left = after_fallback(Probability::from_ppb(10_000_000), 800_000_000, 995_000_000);
/// assert_eq!(left.ppb_ceil(), 2_040_000);
/// ```
pub fn after_fallback(failure: Probability, covers_ppb: u32, fallback_ppb: u32) -> Probability {
    let covered = Probability::from_ppb(covers_ppb).times_down(Probability::from_ppb(fallback_ppb));
    failure.times_up(covered.complement())
}

/// The probability that fewer than `need` of the parts hold, failing independently; rounded up.
///
/// Zero for `need` of zero, one for more than there are. Independence is optimistic for redundancy: parts that share a
/// database are one part.
///
/// ```
/// use attain_math::{edge::quorum_failure, fixed::Probability};
/// let failures = [Probability::from_ppb(10_000_000); 3];
/// assert_eq!(quorum_failure(&failures, 2).ppb_ceil(), 298_000); // 3 q^2 (1 - q) + q^3
/// ```
pub fn quorum_failure(failures: &[Probability], need: usize) -> Probability {
    if need > failures.len() {
        return Probability::ONE;
    }
    // holding[k]: exactly k of the parts seen hold.
    let mut holding = vec![Probability::ZERO; failures.len() + 1];
    holding[0] = Probability::ONE;
    for (seen, &failure) in failures.iter().enumerate() {
        for k in (0..=seen).rev() {
            holding[k + 1] = holding[k + 1].plus(holding[k].times_up(failure.complement()));
            holding[k] = holding[k].times_up(failure);
        }
    }
    holding
        .iter()
        .take(need)
        .fold(Probability::ZERO, |sum, &p| sum.plus(p))
}

/// The most often that fewer than `need` of the parts hold, whatever fails together with what; rounded up.
///
/// Markov's bound on how many are down, over all parts and over all but the least reliable ones, of which no more can be
/// down than there are (Rueger 1978).
///
/// ```
/// use attain_math::{edge::quorum_failure_most, fixed::Probability};
/// let failures = [Probability::from_ppb(10_000_000); 3];
/// assert_eq!(quorum_failure_most(&failures, 2).ppb_ceil(), 15_000_000); // they fail in pairs
/// assert_eq!(quorum_failure_most(&failures, 1).ppb_ceil(), 10_000_000); // all at once
/// ```
pub fn quorum_failure_most(failures: &[Probability], need: usize) -> Probability {
    let Some(enough_down) = (failures.len() + 1).checked_sub(need) else {
        return Probability::ONE;
    };
    if need == 0 {
        return Probability::ZERO;
    }
    let mut sorted = failures.to_vec();
    sorted.sort();
    (0..enough_down)
        .map(|apart| {
            // Divided before they are added, for a sum is held at one.
            let parts = sorted[..sorted.len() - apart].iter();
            parts.fold(Probability::ZERO, |sum, p| {
                sum.plus(p.divided_up((enough_down - apart) as u64))
            })
        })
        .min()
        .unwrap_or(Probability::ONE)
}

/// What a whole carries whose edges cost this much together: `1 - cost` in parts per billion, rounded down.
///
/// A target is carried exactly when it is at most this.
///
/// ```
/// use attain_math::{edge::carried_ppb, fixed::Probability};
/// assert_eq!(carried_ppb(Probability::from_ppb(1_036_000)), 998_964_000);
/// ```
pub fn carried_ppb(cost: Probability) -> u32 {
    cost.complement().ppb_floor()
}

/// The lowest target of a dependency with which its cost stays within `allowed`, in parts per billion.
///
/// `cost_at` is the cost as a function of the dependency's target and must not rise with it. `None` when even 100 % is
/// not enough.
///
/// ```
/// use attain_math::{edge::{Use, cost, lowest_target}, fixed::Probability};
/// let at = |target_ppb| cost(Probability::from_ppb(target_ppb).complement(), Use::default());
/// assert_eq!(lowest_target(Probability::from_ppb(464_000), at), Some(999_536_000));
/// ```
pub fn lowest_target(allowed: Probability, cost_at: impl Fn(u32) -> Probability) -> Option<u32> {
    if cost_at(ONE_PPB) > allowed {
        return None;
    }
    let (mut low, mut high) = (0, ONE_PPB);
    while low < high {
        let middle = low + (high - low) / 2;
        if cost_at(middle) <= allowed {
            high = middle
        } else {
            low = middle + 1
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose;

    #[test]
    fn the_exact_cost_is_never_below_the_float() {
        let mut rng = fastrand::Rng::with_seed(6);
        for _ in 0..20_000 {
            let edge = Use {
                share_ppb: rng.u32(0..=ONE_PPB),
                calls_millionths: rng.u64(0..8) * 500_000,
                impact_ppb: rng.u32(0..=ONE_PPB),
            };
            let failure = Probability::from_ppb(rng.u32(0..20_000_000));
            let float = compose::edge_cost(
                1.0 - failure.to_f64(),
                f64::from(edge.share_ppb) / 1e9,
                edge.calls_millionths as f64 / 1e6,
                f64::from(edge.impact_ppb) / 1e9,
            );
            let fixed = cost(failure, edge).to_f64();
            assert!(
                fixed >= float - 1e-15 && fixed - float < 1e-12,
                "{failure:?} {edge:?}: {fixed} {float}"
            );
        }
    }

    #[test]
    fn a_promise_carried_to_the_last_part_is_carried() {
        let each = cost(Probability::from_ppb(500_000), Use::default());
        assert_eq!(carried_ppb(each.plus(each)), 999_000_000);
    }

    #[test]
    fn a_quorum_agrees_with_the_float() {
        let ppb = [999_000_000, 990_000_000, 995_000_000];
        let floats = ppb.map(|p| f64::from(p) / 1e9);
        let failures = ppb.map(|p| Probability::from_ppb(p).complement());
        for need in 0..=4 {
            let (fixed, float) = (
                quorum_failure(&failures, need).to_f64(),
                1.0 - compose::quorum(&floats, need),
            );
            assert!(
                fixed >= float - 1e-15 && fixed - float < 1e-12,
                "{need}: {fixed} {float}"
            );
        }
    }

    #[test]
    fn the_lowest_target_holds_and_the_next_lower_does_not() {
        let edge = Use {
            share_ppb: 300_000_000,
            calls_millionths: 2_500_000,
            ..Use::default()
        };
        let at = |target| {
            cost(
                after_retry(Probability::from_ppb(target).complement(), 2, 600_000_000),
                edge,
            )
        };
        let allowed = Probability::from_ppb(300_000);
        let lowest = lowest_target(allowed, at).unwrap();
        assert!(at(lowest) <= allowed && at(lowest - 1) > allowed);
        assert_eq!(
            lowest_target(Probability::ZERO, |_| Probability::from_ppb(1)),
            None
        );
        assert_eq!(lowest_target(Probability::ONE, at), Some(0));
    }
}
