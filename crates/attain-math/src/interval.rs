//! How sure counts make us: intervals of a share, tail probabilities, ranks that bracket a percentile.
//!
//! Knows one sample. Knows nothing of repeated looks (see sequential.rs) or of dependence between events.
//! Sources: Wilson 1927; Clopper and Pearson 1934; Brown, Cai and DasGupta 2001 for the Jeffreys prior. The incomplete
//! beta function is the continued fraction of DLMF 8.17.22 with a prefactor in Loader's saddle-point form (2000), which
//! keeps its digits when counts are large.

use std::f64::consts::PI;

/// The 97.5 % point of the normal distribution: two-sided 95 %.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// A closed interval of a share; both ends in 0..=1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Wilson's score interval of the share `hits / n` at `z` standard deviations ([`Z_95`]). `None` when `n` is zero.
///
/// Hits above `n` count as `n`.
///
/// ```
/// use attain_math::interval::{Z_95, wilson};
/// let interval = wilson(47, 48, Z_95).unwrap();
/// assert!((interval.low - 0.8910).abs() < 1e-4 && (interval.high - 0.9963).abs() < 1e-4);
/// ```
pub fn wilson(hits: u64, n: u64, z: f64) -> Option<Interval> {
    if n == 0 {
        return None;
    }
    let hits = hits.min(n);
    let (count, share) = (n as f64, hits as f64 / n as f64);
    let scale = 1.0 + z * z / count;
    let middle = (share + z * z / (2.0 * count)) / scale;
    let half = z * (share * (1.0 - share) / count + z * z / (4.0 * count * count)).sqrt() / scale;
    Some(Interval {
        low: if hits == 0 {
            0.0
        } else {
            (middle - half).clamp(0.0, 1.0)
        },
        high: if hits == n {
            1.0
        } else {
            (middle + half).clamp(0.0, 1.0)
        },
    })
}

/// The exact (Clopper-Pearson) interval of the share `hits / n`, wrong with probability at most `1 - confidence`.
///
/// `None` when `n` is zero or the confidence is not inside 0..1. Hits above `n` count as `n`.
///
/// ```
/// let interval = attain_math::interval::clopper_pearson(0, 10, 0.95).unwrap();
/// assert_eq!(interval.low, 0.0);
/// assert!((interval.high - 0.3085).abs() < 1e-4);
/// ```
pub fn clopper_pearson(hits: u64, n: u64, confidence: f64) -> Option<Interval> {
    if n == 0 || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let (hits, tail) = (hits.min(n), (1.0 - confidence) / 2.0);
    let low = if hits == 0 {
        0.0
    } else {
        root(|p| binomial_at_least(hits, n, p) - tail)
    };
    let high = if hits == n {
        1.0
    } else {
        root(|p| tail - binomial_at_most(hits, n, p))
    };
    Some(Interval { low, high })
}

/// P(X >= hits) for X binomial over `n` trials of probability `p`: the p-value of "at least this many bad".
///
/// One for no hits, zero for more hits than trials. `p` outside 0..=1 is clamped.
///
/// ```
/// let p_value = attain_math::interval::binomial_at_least(1, 10, 0.0005);
/// assert!((p_value - 0.004_988_765).abs() < 1e-9);
/// ```
pub fn binomial_at_least(hits: u64, n: u64, p: f64) -> f64 {
    match hits {
        0 => 1.0,
        _ if hits > n => 0.0,
        _ => beta_below(clamp_share(p), hits as f64, (n - hits) as f64 + 1.0).0,
    }
}

/// P(X <= hits) for X binomial over `n` trials of probability `p`.
///
/// ```
/// assert!((attain_math::interval::binomial_at_most(0, 2, 0.5) - 0.25).abs() < 1e-15);
/// ```
pub fn binomial_at_most(hits: u64, n: u64, p: f64) -> f64 {
    if hits >= n {
        1.0
    } else {
        beta_below(clamp_share(p), hits as f64 + 1.0, (n - hits) as f64).1
    }
}

/// The probability that the true bad share is above `p`, given `bad` of `n` and the Jeffreys prior Beta(1/2, 1/2).
///
/// With `p` the threshold times (1 - target) it is "how sure are we that the burn is above the threshold". One for
/// `p <= 0`, zero for `p >= 1`; without events it is the prior. Bad above `n` counts as `n`.
///
/// ```
/// let sure = attain_math::interval::jeffreys_above(1, 10, 0.0005);
/// assert!((sure - 0.999_744_8).abs() < 1e-6);
/// ```
pub fn jeffreys_above(bad: u64, n: u64, p: f64) -> f64 {
    let bad = bad.min(n);
    beta_below(clamp_share(p), bad as f64 + 0.5, (n - bad) as f64 + 0.5).1
}

/// Ranks of a sorted sample that bracket a percentile, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranks {
    /// Rank of the lower end; `None` when the sample is too small to have one.
    pub lower: Option<u64>,
    /// Rank of the upper end; `None` when the sample is too small to have one.
    pub upper: Option<u64>,
    /// The probability that the true percentile lies between them.
    pub coverage: f64,
}

/// The order-statistic interval of the `q` quantile: `[x(lower), x(upper)]` of the sorted sample of `n`.
///
/// Needs no assumption on the distribution. `None` when `n` is zero or `q` or `confidence` is not inside 0..1.
/// Source: David and Nagaraja, "Order Statistics", 7.1.
///
/// ```
/// let ranks = attain_math::interval::quantile_ranks(26, 0.5, 0.95).unwrap();
/// assert_eq!((ranks.lower, ranks.upper), (Some(8), Some(19)));
/// // 200 values have no upper bound of their p99.
/// assert_eq!(attain_math::interval::quantile_ranks(200, 0.99, 0.95).unwrap().upper, None);
/// ```
pub fn quantile_ranks(n: u64, q: f64, confidence: f64) -> Option<Ranks> {
    let inside = |share: f64| share > 0.0 && share < 1.0;
    if n == 0 || !inside(q) || !inside(confidence) {
        return None;
    }
    let tail = (1.0 - confidence) / 2.0;
    // The largest rank with P(X <= rank - 1) <= tail, and the smallest with P(X >= rank) <= tail.
    let lower = first(n + 1, |count| binomial_at_most(count, n, q) > tail);
    let upper = first(n + 1, |count| binomial_at_least(count + 1, n, q) <= tail) + 1;
    let below = if lower == 0 {
        0.0
    } else {
        binomial_at_most(lower - 1, n, q)
    };
    let above = binomial_at_least(upper, n, q);
    Some(Ranks {
        lower: (lower > 0).then_some(lower),
        upper: (upper <= n).then_some(upper),
        coverage: (1.0 - below - above).clamp(0.0, 1.0),
    })
}

/// The regularised incomplete beta function and its complement: `(I_x(a, b), 1 - I_x(a, b))`, both to full precision.
///
/// `x` is clamped to 0..=1. Shapes that are not above zero have no distribution; they give `(0, 1)` below `x = 1`.
///
/// ```
/// let (below, above) = attain_math::interval::beta_below(0.5, 2.0, 2.0);
/// assert!((below - 0.5).abs() < 1e-15 && (above - 0.5).abs() < 1e-15);
/// ```
pub fn beta_below(x: f64, a: f64, b: f64) -> (f64, f64) {
    let x = clamp_share(x);
    if x >= 1.0 {
        return (1.0, 0.0);
    }
    if x <= 0.0 || !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite()) {
        return (0.0, 1.0);
    }
    let y = 1.0 - x;
    let density = beta_prefactor(x, y, a, b);
    // The fraction converges fast on the near side of the mean only.
    if x <= (a + 1.0) / (a + b + 2.0) {
        let below = (density * beta_fraction(x, a, b) / a).clamp(0.0, 1.0);
        (below, 1.0 - below)
    } else {
        let above = (density * beta_fraction(y, b, a) / b).clamp(0.0, 1.0);
        (1.0 - above, above)
    }
}

/// The logarithm of the gamma function for `x > 0`; infinite at and below zero, where nothing here needs it.
///
/// ```
/// assert!((attain_math::interval::ln_gamma(6.0) - 120f64.ln()).abs() < 1e-14);
/// ```
pub fn ln_gamma(x: f64) -> f64 {
    if x > 0.0 {
        (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln() + stirling_rest(x)
    } else {
        f64::INFINITY
    }
}

/// What Stirling's formula leaves out of ln Gamma(x): shifted up until the asymptotic series (DLMF 5.11.1) is exact.
fn stirling_rest(mut x: f64) -> f64 {
    let mut rest = 0.0;
    while x < 16.0 {
        rest += (x + 0.5) * (1.0 / x).ln_1p() - 1.0;
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series = 1.0 / 12.0
        - inverse
            * (1.0 / 360.0
                - inverse * (1.0 / 1260.0 - inverse * (1.0 / 1680.0 - inverse * (1.0 / 1188.0))));
    rest + series / x
}

/// `x^a y^b Gamma(a+b) / (Gamma(a) Gamma(b))` without the cancellation of large logarithms.
fn beta_prefactor(x: f64, y: f64, a: f64, b: f64) -> f64 {
    let n = a + b;
    let shape = (a * b / (2.0 * PI * n)).sqrt();
    let rest = stirling_rest(n) - stirling_rest(a) - stirling_rest(b);
    shape * (rest - deviance(a, n * x) - deviance(b, n * y)).exp()
}

/// `a ln(a/m) + m - a`, by series where the terms would cancel.
fn deviance(a: f64, m: f64) -> f64 {
    let v = (a - m) / (a + m);
    if v.abs() >= 0.1 {
        return a * (a / m).ln() + m - a;
    }
    let (mut sum, mut term, mut k) = ((a - m) * v, 2.0 * a * v, 3.0);
    loop {
        term *= v * v;
        let next = sum + term / k;
        if next == sum || k > 200.0 {
            return next;
        }
        (sum, k) = (next, k + 2.0);
    }
}

/// The continued fraction of the incomplete beta function, by Lentz's method. Needs about sqrt(a + b) rounds.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const ROUNDS_MAX: u32 = 200_000;
    let away_from_zero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for round in 1..ROUNDS_MAX {
        let m = f64::from(round);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

/// Where an increasing function crosses zero in 0..=1, to the last bit.
fn root(increasing: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if increasing(middle) < 0.0 {
            low = middle
        } else {
            high = middle
        }
    }
}

/// The first count below `end` for which a condition that stays true becomes true; `end` when it never does.
fn first(end: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle
        } else {
            low = middle + 1
        }
    }
    low
}

/// NaN counts as 0.
fn clamp_share(p: f64) -> f64 {
    if p.is_nan() { 0.0 } else { p.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slow way: every term of the binomial distribution.
    fn summed_at_least(hits: u64, n: u64, p: f64) -> f64 {
        let mut term = (1.0 - p).powi(n as i32);
        let mut sum = 0.0;
        for k in 0..=n {
            if k >= hits {
                sum += term;
            }
            term *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
        }
        sum
    }

    #[test]
    fn tails_agree_with_the_sum_of_their_terms() {
        for n in [1, 2, 7, 40, 300] {
            for hits in 0..=n {
                for p in [0.001, 0.05, 0.5, 0.7] {
                    let (fast, slow) = (binomial_at_least(hits, n, p), summed_at_least(hits, n, p));
                    assert!(
                        (fast - slow).abs() <= 1e-11 * slow + 1e-15,
                        "{hits} of {n} at {p}: {fast} {slow}"
                    );
                    let both = fast
                        + if hits == 0 {
                            0.0
                        } else {
                            binomial_at_most(hits - 1, n, p)
                        };
                    assert!((both - 1.0).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn large_counts_keep_their_digits() {
        // At the mean the tail is a half, plus a little for the skew and the middle term.
        let tail = binomial_at_least(1_000_000, 2_000_000_000, 0.0005);
        assert!((tail - 0.5).abs() < 1e-3, "{tail}");
        let interval = clopper_pearson(1_000_000, 2_000_000_000, 0.95).unwrap();
        let score = wilson(1_000_000, 2_000_000_000, Z_95).unwrap();
        assert!(
            (interval.low / score.low - 1.0).abs() < 1e-5
                && (interval.high / score.high - 1.0).abs() < 1e-5
        );
    }

    #[test]
    fn gamma_of_whole_and_half_numbers() {
        let mut factorial = 1.0f64;
        for n in 1..20 {
            assert!(
                (ln_gamma(f64::from(n)) - factorial.ln()).abs() <= 1e-14 * factorial.ln().max(1.0),
                "{n}"
            );
            factorial *= f64::from(n);
        }
        assert!((ln_gamma(0.5) - 0.5 * PI.ln()).abs() < 1e-14);
    }

    #[test]
    fn impossible_input_gives_no_interval_or_an_end() {
        assert_eq!(wilson(0, 0, Z_95), None);
        assert_eq!(clopper_pearson(1, 2, 1.0), None);
        assert_eq!(quantile_ranks(10, 1.0, 0.95), None);
        assert_eq!(binomial_at_least(3, 2, 0.5), 0.0);
        assert_eq!(beta_below(f64::NAN, 1.0, 1.0), (0.0, 1.0));
        assert_eq!(beta_below(0.5, -1.0, f64::NAN), (0.0, 1.0));
    }
}
