//! Order statistics that a few wild values do not move: median, quantile, spread.
//!
//! Knows plain numbers in memory; sorts no more of them than it must. For numbers that stream by see sketch.rs.

/// Half of the standard normal distribution lies within this many standard deviations: turns a median absolute deviation
/// into a standard deviation, were the values normal.
const MAD_TO_SIGMA: f64 = 1.4826;

/// A normal distribution has its 5 % and 95 % quantiles this many standard deviations apart.
const P5_TO_P95_SIGMAS: f64 = 3.29;

/// The quantile `q` of the values by linear interpolation between the two nearest ranks; `None` if there are none.
///
/// Reorders `values`. `q` is taken between 0 and 1. With no NaN in, none comes out.
///
/// ```
/// use attain_math::robust::quantile;
/// assert_eq!(quantile(&mut [4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
/// assert_eq!(quantile(&mut [], 0.5), None);
/// ```
#[must_use]
pub fn quantile(values: &mut [f64], q: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let rank = q.clamp(0.0, 1.0) * last as f64;
    // A rank is at most `last`, which a `usize` holds.
    let below = rank.floor() as usize;
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let weight = rank - below as f64;
    if weight <= 0.0 {
        return Some(low);
    }
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    Some(low + (high - low) * weight)
}

/// The middle value, or the mean of the two in the middle; `None` if there are none. Reorders `values`.
#[must_use]
pub fn median(values: &mut [f64]) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let (_, &mut low, above) = values.select_nth_unstable_by(last / 2, f64::total_cmp);
    if last % 2 == 0 {
        return Some(low);
    }
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    Some((low + high) / 2.0)
}

/// How far the values scatter, as a standard deviation: the larger of what the median absolute deviation and what the
/// distance of the 5 % and 95 % quantiles say. 0 if there are none. Reorders and overwrites `values`.
///
/// Two views, because a series that is mostly zero has no median deviation, and one with a few outliers no fair quantile.
#[must_use]
pub fn spread(values: &mut [f64]) -> f64 {
    let Some(middle) = median(values) else {
        return 0.0;
    };
    let low = quantile(values, 0.05).unwrap_or(middle);
    let high = quantile(values, 0.95).unwrap_or(middle);
    for value in &mut *values {
        *value = (*value - middle).abs();
    }
    let deviation = median(values).unwrap_or(0.0);
    (MAD_TO_SIGMA * deviation).max((high - low) / P5_TO_P95_SIGMAS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selecting_says_what_sorting_says() {
        let mut rng = fastrand::Rng::with_seed(5);
        for _ in 0..500 {
            let mut values: Vec<f64> = (0..rng.usize(1..60)).map(|_| rng.f64() * 9.0).collect();
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let q = rng.f64();
            let rank = q * (sorted.len() - 1) as f64;
            let (low, high) = (sorted[rank as usize], sorted[rank.ceil() as usize]);
            let expected = low + (high - low) * rank.fract();
            assert!((quantile(&mut values, q).unwrap() - expected).abs() < 1e-12);
            let half = quantile(&mut values, 0.5).unwrap();
            assert!((median(&mut values).unwrap() - half).abs() < 1e-12);
        }
    }

    #[test]
    fn spread_of_few_and_of_equal_values() {
        assert_eq!(spread(&mut []), 0.0);
        assert_eq!(spread(&mut [7.0]), 0.0);
        assert_eq!(spread(&mut [7.0; 20]), 0.0);
        // 1..=101: quantiles at 6 and 96, median deviation 25.
        let mut values: Vec<f64> = (1..=101).map(f64::from).collect();
        assert!((spread(&mut values) - 25.0 * MAD_TO_SIGMA).abs() < 1e-9);
    }

    /// One wild value among many moves the median not at all, and the spread hardly.
    #[test]
    fn one_wild_value_is_one_value() {
        let tame: Vec<f64> = (0..100).map(|i| f64::from(i % 10)).collect();
        let mut wild = tame.clone();
        wild[59] = 1e12;
        assert_eq!(median(&mut tame.clone()), median(&mut wild.clone()));
        assert!(spread(&mut wild) < 2.0 * spread(&mut tame.clone()));
    }
}
