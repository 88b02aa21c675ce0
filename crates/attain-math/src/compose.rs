//! Composition of availabilities, as floats: what parts make together, with bounds where independence is assumed.
//!
//! Knows probabilities between 0 and 1. Decides nothing: whether parts carry a promise is decided in edge.rs, exactly and
//! against ourselves. Arguments outside 0..=1 are clamped, NaN counts as 0.
//! Sources: Frechet 1935 for the bounds; Treynor et al., "The Calculus of Service Availability", ACM Queue 2017.

/// An availability: under independence, and the bounds that hold under any dependence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Composition {
    /// The least it can be, whatever depends on what.
    pub low: f64,
    /// What it is if parts fail independently.
    pub independent: f64,
    /// The most it can be, whatever depends on what.
    pub high: f64,
}

/// All parts are needed. Give each component once: a database behind two branches is one part, not two.
///
/// Bounds: `max(0, sum - (n - 1))` and the weakest part. Nothing needed is always available.
///
/// ```
/// let three = attain_math::compose::series(&[0.9995; 3]);
/// assert!((three.independent - 0.998_500_749_875).abs() < 1e-12);
/// assert!((three.low - 0.9985).abs() < 1e-12 && three.high == 0.9995);
/// ```
pub fn series(parts: &[f64]) -> Composition {
    let parts = || parts.iter().map(|&a| share(a));
    Composition {
        low: (1.0 - parts().map(|a| 1.0 - a).sum::<f64>()).max(0.0),
        independent: parts().product(),
        high: parts().fold(1.0, f64::min),
    }
}

/// One of the parts is enough. Independence is optimistic here: what fails together does not help.
///
/// Bounds: the best part, and `min(1, sum)`. Nothing to choose from is never available.
///
/// ```
/// let two = attain_math::compose::redundant(&[0.99, 0.99]);
/// assert!((two.independent - 0.9999).abs() < 1e-12);
/// assert_eq!((two.low, two.high), (0.99, 1.0));
/// ```
pub fn redundant(parts: &[f64]) -> Composition {
    let parts = || parts.iter().map(|&a| share(a));
    Composition {
        low: parts().fold(0.0, f64::max),
        independent: 1.0 - parts().map(|a| 1.0 - a).product::<f64>(),
        high: parts().sum::<f64>().min(1.0),
    }
}

/// At least `need` of the parts, failing independently: the Poisson binomial tail.
///
/// One for `need` of zero, zero for more than there are.
///
/// ```
/// let two_of_three = attain_math::compose::quorum(&[0.99; 3], 2);
/// assert!((two_of_three - 0.999702).abs() < 1e-12);
/// ```
pub fn quorum(parts: &[f64], need: usize) -> f64 {
    let mut up = vec![0.0; parts.len() + 1];
    up[0] = 1.0;
    for (seen, &part) in parts.iter().enumerate() {
        let a = share(part);
        for k in (0..=seen).rev() {
            up[k + 1] += up[k] * a;
            up[k] *= 1.0 - a;
        }
    }
    // The smaller tail is summed, so that a nine far behind the point is not lost.
    let failing: f64 = up.iter().take(need).sum();
    share(1.0 - failing)
}

/// What retrying makes of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// The share of calls that succeed within the attempts.
    pub availability: f64,
    /// Attempts per call on average: the load on the dependency is multiplied by this.
    pub attempts_mean: f64,
}

/// A call that fails with probability `fail`, tried up to `attempts` times; `fails_again` is the probability that a retry
/// fails after a failure. `None` stands for independent attempts, which real outages are not.
///
/// Zero attempts never succeed.
///
/// ```
/// let retry = attain_math::compose::retry(0.01, 3, Some(0.6));
/// assert!((retry.availability - 0.9964).abs() < 1e-12);
/// assert!((retry.attempts_mean - 1.016).abs() < 1e-12);
/// ```
pub fn retry(fail: f64, attempts: u32, fails_again: Option<f64>) -> Retry {
    let (fail, again) = (share(fail), share(fails_again.unwrap_or(fail)));
    if attempts == 0 {
        return Retry {
            availability: 0.0,
            attempts_mean: 0.0,
        };
    }
    // The chance that attempt k + 1 is needed is fail * again^(k - 1): a geometric sum.
    let retries = attempts - 1;
    let failing = fail * again.powf(f64::from(retries));
    let needed = if again < 1.0 {
        (1.0 - again.powf(f64::from(retries))) / (1.0 - again)
    } else {
        f64::from(retries)
    };
    Retry {
        availability: 1.0 - failing,
        attempts_mean: 1.0 + fail * needed,
    }
}

/// A primary with a fallback that covers a share of its failures: `a + (1 - a) * covers * fallback`.
///
/// ```
/// let both = attain_math::compose::with_fallback(0.99, 0.8, 0.995);
/// assert!((both - 0.99796).abs() < 1e-12);
/// ```
pub fn with_fallback(primary: f64, covers: f64, fallback: f64) -> f64 {
    let primary = share(primary);
    primary + (1.0 - primary) * share(covers) * share(fallback)
}

/// The share of the caller's requests that an edge makes bad: `share * impact * (1 - a^calls)`.
///
/// `share` of requests take the edge, with `calls` calls each; `impact` of those with a failed call are bad. Negative
/// calls count as none.
///
/// ```
/// let cost = attain_math::compose::edge_cost(0.999, 0.2, 3.0, 1.0);
/// assert!((1.0 - cost - 0.999_400_599_8).abs() < 1e-12);
/// ```
pub fn edge_cost(availability: f64, share_of_requests: f64, calls: f64, impact: f64) -> f64 {
    let calls = if calls > 0.0 { calls } else { 0.0 };
    if calls == 0.0 {
        return 0.0;
    }
    // 1 - a^calls without losing the nines of a.
    let failing = -((share(availability) - 1.0).ln_1p() * calls).exp_m1();
    share(share_of_requests) * share(impact) * share(failing)
}

/// Slots in which two parts were up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JointSlots {
    /// Both up.
    pub both_up: u64,
    /// Only the first up.
    pub first_up: u64,
    /// Only the second up.
    pub second_up: u64,
    /// Both down.
    pub both_down: u64,
}

/// What two parts did together, measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredJoint {
    /// Availability of the first part.
    pub first: f64,
    /// Availability of the second part.
    pub second: f64,
    /// Availability of both together: the measured series.
    pub series: f64,
    /// Availability of at least one: the measured redundancy.
    pub redundant: f64,
    /// Correlation of up and down, -1..=1; `None` when a part never changed.
    pub phi: Option<f64>,
    /// Of the slots in which the steadier part was down, the share in which the other was down too; `None` when it
    /// never was.
    pub down_overlap: Option<f64>,
}

/// Series and redundancy as they were, instead of as independence would have them. `None` without slots.
///
/// ```
/// use attain_math::compose::{JointSlots, measured_joint};
/// let slots = JointSlots { both_up: 43_000, first_up: 60, second_up: 110, both_down: 30 };
/// let joint = measured_joint(slots).unwrap();
/// assert!((joint.redundant - 0.999_305_6).abs() < 1e-7); // "independent" would be 0.999993
/// ```
pub fn measured_joint(slots: JointSlots) -> Option<MeasuredJoint> {
    let [both, one, two, none] = [
        slots.both_up,
        slots.first_up,
        slots.second_up,
        slots.both_down,
    ]
    .map(|n| n as f64);
    let all = both + one + two + none;
    if all == 0.0 {
        return None;
    }
    let margins = ((both + one) * (two + none) * (both + two) * (one + none)).sqrt();
    let down_least = (one + none).min(two + none);
    Some(MeasuredJoint {
        first: (both + one) / all,
        second: (both + two) / all,
        series: both / all,
        redundant: 1.0 - none / all,
        phi: (margins > 0.0).then(|| (both * none - one * two) / margins),
        down_overlap: (down_least > 0.0).then(|| none / down_least),
    })
}

fn share(p: f64) -> f64 {
    if p.is_nan() { 0.0 } else { p.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quorum_contains_series_and_redundancy() {
        let parts = [0.9, 0.95, 0.8];
        assert!((quorum(&parts, 3) - series(&parts).independent).abs() < 1e-12);
        assert!((quorum(&parts, 1) - redundant(&parts).independent).abs() < 1e-12);
        assert_eq!((quorum(&parts, 0), quorum(&parts, 4)), (1.0, 0.0));
    }

    #[test]
    fn independence_lies_between_the_bounds() {
        let mut rng = fastrand::Rng::with_seed(2);
        for _ in 0..2_000 {
            let parts: Vec<f64> = (0..rng.usize(0..6)).map(|_| rng.f64()).collect();
            for whole in [series(&parts), redundant(&parts)] {
                assert!(
                    whole.low <= whole.independent + 1e-12
                        && whole.independent <= whole.high + 1e-12,
                    "{parts:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_not_a_probability_makes_no_nan() {
        assert_eq!(edge_cost(f64::NAN, 1.0, 1.0, 1.0), 1.0);
        assert_eq!(edge_cost(0.0, 1.0, 0.0, 1.0), 0.0);
        assert_eq!(
            edge_cost(1.0, 1.0, f64::INFINITY, 1.0).to_bits() & (1 << 63),
            0
        );
        assert_eq!(
            retry(1.0, 5, Some(1.0)),
            Retry {
                availability: 0.0,
                attempts_mean: 5.0
            }
        );
        assert_eq!(retry(0.5, 0, None).availability, 0.0);
    }
}
