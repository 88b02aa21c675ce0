//! How latencies add up, and how they do not: percentiles are never added.
//!
//! Knows shares of requests over a threshold, distributions over bins of equal width, and one distribution with a formula
//! to compare with. All are floats that inform; what decides is the union bound in edge.rs. Shares outside 0..=1 are
//! clamped, NaN counts as 1: not known is late.

/// The most requests that can be late when stages run one after the other, each with a threshold of its own: the sum of the
/// shares that are late at each. Holds whatever depends on what, as long as the thresholds add up to the whole's.
///
/// ```
/// let late = attain_math::latency::late_at_most(&[0.004, 0.003, 0.001]);
/// assert!((late - 0.008).abs() < 1e-12);
/// ```
pub fn late_at_most(shares: &[f64]) -> f64 {
    shares.iter().map(|&late| share(late)).sum::<f64>().min(1.0)
}

/// The percentile that the sum of so many `q`-percentiles is sure to bound: `1 - n (1 - q)`. The sum of two p99 is a bound of
/// the p98.
///
/// ```
/// assert!((attain_math::latency::sure_quantile(2, 0.99) - 0.98).abs() < 1e-12);
/// assert_eq!(attain_math::latency::sure_quantile(200, 0.99), 0.0);
/// ```
pub fn sure_quantile(stages: u32, q: f64) -> f64 {
    share(1.0 - f64::from(stages) * (1.0 - q))
}

/// The distribution of the sum of two independent latencies, over bins of one width: bin `k` is `k` widths.
///
/// Empty if one of them is.
///
/// ```
/// let sum = attain_math::latency::added(&[0.5, 0.5], &[0.5, 0.5]);
/// assert_eq!(sum, [0.25, 0.5, 0.25]);
/// ```
pub fn added(a: &[f64], b: &[f64]) -> Vec<f64> {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    let mut sum = vec![0.0; a.len() + b.len() - 1];
    for (i, p) in a.iter().enumerate() {
        for (k, q) in b.iter().enumerate() {
            sum[i + k] += p * q;
        }
    }
    sum
}

/// The first bin up to which at least `q` of a distribution lies; `None` if it never does.
///
/// ```
/// assert_eq!(attain_math::latency::quantile_bin(&[0.3, 0.33, 0.23, 0.14], 0.8), Some(2));
/// ```
pub fn quantile_bin(bins: &[f64], q: f64) -> Option<usize> {
    let mut below = 0.0;
    bins.iter().position(|p| {
        below += p;
        // Sums of decimals are off by their last digits.
        below >= q - 1e-12
    })
}

/// The share of requests with at least one slow leg, when each waits for `legs` independent ones.
///
/// ```
/// assert!((attain_math::latency::fan_out(100, 0.01) - 0.634).abs() < 1e-3);
/// ```
pub fn fan_out(legs: u32, slow: f64) -> f64 {
    -((-share(slow)).ln_1p() * f64::from(legs)).exp_m1()
}

/// How slow each of `legs` may be for at most this share of requests with a slow one; one for no legs.
///
/// ```
/// let each = attain_math::latency::per_leg(100, 0.01);
/// assert!((attain_math::latency::fan_out(100, each) - 0.01).abs() < 1e-12);
/// ```
pub fn per_leg(legs: u32, overall: f64) -> f64 {
    if legs == 0 {
        return 1.0;
    }
    share(-((-share(overall)).ln_1p() / f64::from(legs)).exp_m1())
}

/// The `q`-quantile of the sum of so many independent exponential latencies of one mean: what adding percentiles gets wrong.
///
/// Zero for no stages, for `q` of zero or below, and for a mean that is not positive; infinite for `q` of one.
///
/// ```
/// let p99 = attain_math::latency::exponential_quantile(2, 100.0, 0.99);
/// assert!((p99 - 663.835).abs() < 1e-3); // and not 2 * 460.517
/// ```
pub fn exponential_quantile(stages: u32, mean: f64, q: f64) -> f64 {
    if stages == 0 || q.is_nan() || q <= 0.0 || mean.is_nan() || mean <= 0.0 {
        return 0.0;
    }
    if q >= 1.0 {
        return f64::INFINITY;
    }
    // Erlang: beyond x with probability e^-x * sum of x^k / k! below `stages`.
    let beyond = |x: f64| {
        let mut term = (-x).exp();
        let mut sum = term;
        for k in 1..stages {
            term *= x / f64::from(k);
            sum += term;
        }
        sum
    };
    let (mut low, mut high) = (0.0, 1.0);
    while beyond(high) > 1.0 - q && high < 1e6 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if beyond(middle) > 1.0 - q {
            low = middle
        } else {
            high = middle
        }
    }
    high * mean
}

fn share(p: f64) -> f64 {
    if p.is_nan() { 1.0 } else { p.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_share_makes_no_nan() {
        for value in [f64::NAN, -1.0, 2.0, f64::INFINITY] {
            for result in [
                late_at_most(&[value]),
                sure_quantile(3, value),
                fan_out(3, value),
                per_leg(3, value),
                exponential_quantile(3, value, 0.5),
            ] {
                assert!(!result.is_nan(), "{value}");
            }
        }
        assert_eq!(quantile_bin(&[0.5], 0.9), None);
        assert!(added(&[], &[1.0]).is_empty());
    }
}
