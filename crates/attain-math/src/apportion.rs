//! Whole things divided by shares so that nothing is lost: largest remainders.
//!
//! Knows a number and weights. What is divided is exact; weights are estimates.

/// Divides `whole` in proportion to weights. The parts are whole and add up to `whole`; each is the exact share rounded
/// down or up, up where the most was cut off, of equals the first.
///
/// Weights that are negative or no numbers count as zero. `None` if none is above zero.
///
/// ```
/// use attain_math::apportion::apportion;
/// assert_eq!(apportion(10, &[1.0, 1.0, 1.0]), Some(vec![4, 3, 3]));
/// assert_eq!(apportion(7, &[0.0, 2.0, 0.5]), Some(vec![0, 6, 1]));
/// assert_eq!(apportion(7, &[0.0]), None);
/// ```
#[must_use]
pub fn apportion(whole: u64, weights: &[f64]) -> Option<Vec<u64>> {
    // Whole numbers of 52 bits, so that the parts are exact whatever the size of what is divided.
    const FINE: f64 = (1_u64 << 52) as f64;
    let clean = |weight: &f64| {
        if weight.is_finite() {
            weight.max(0.0)
        } else {
            0.0
        }
    };
    let most = weights.iter().map(clean).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let shares: Vec<u128> = weights
        .iter()
        .map(|weight| (clean(weight) / most * FINE).round() as u128)
        .collect();
    let all: u128 = shares.iter().sum();
    // A share is below 2^53 and the whole below 2^64, so that no product is cut.
    let product = |share: &u128| share * u128::from(whole);
    let mut parts: Vec<u64> = shares.iter().map(|s| (product(s) / all) as u64).collect();
    let mut by_rest: Vec<usize> = (0..shares.len()).collect();
    by_rest.sort_by_key(|place| std::cmp::Reverse(product(&shares[*place]) % all));
    let given: u64 = parts.iter().sum();
    for place in by_rest.into_iter().take((whole - given) as usize) {
        parts[place] += 1;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_and_nobody_gets_a_whole_one_too_much() {
        let mut rng = fastrand::Rng::with_seed(5);
        for _ in 0..2000 {
            let weights: Vec<f64> = (0..rng.usize(1..30))
                .map(|_| if rng.bool() { rng.f64() * 1e6 } else { 0.0 })
                .collect();
            let whole = match rng.u8(0..3) {
                0 => rng.u64(0..20),
                1 => rng.u64(0..1_000_000),
                _ => u64::MAX - rng.u64(0..9),
            };
            let sum: f64 = weights.iter().sum();
            let Some(parts) = apportion(whole, &weights) else {
                assert_eq!(sum, 0.0);
                continue;
            };
            assert_eq!(
                parts.iter().map(|p| u128::from(*p)).sum::<u128>(),
                u128::from(whole)
            );
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = whole as f64 * (weight / sum);
                assert!(
                    (*part as f64 - exact).abs() <= 1.0 + exact * 1e-12,
                    "{part} {exact}"
                );
            }
        }
    }

    #[test]
    fn weights_that_are_no_numbers_get_nothing() {
        assert_eq!(
            apportion(3, &[f64::NAN, 1.0, -5.0, f64::INFINITY]),
            Some(vec![0, 3, 0, 0])
        );
        assert_eq!(apportion(0, &[1.0, 2.0]), Some(vec![0, 0]));
        assert_eq!(apportion(3, &[]), None);
    }
}
