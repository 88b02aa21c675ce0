//! Seeded random numbers for recordings and benchmarks (SplitMix64). Not for secrets.
//!
//! Stateless on purpose: a draw is a function of a seed and of what it is for, so that threads may
//! draw in any order and a second recording with the same seed plays the same script.

/// A draw in 0..2^64 for the `salt`-th question about the thing `id`.
pub fn draw(seed: u64, id: u64, salt: u64) -> u64 {
    let mut z = seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(id)
        .wrapping_mul(0xd134_2543_de82_ef95)
        .wrapping_add(salt.wrapping_mul(0x2545_f491_4f6c_dd1d))
        .wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A draw in 0..1.
pub fn unit(seed: u64, id: u64, salt: u64) -> f64 {
    (draw(seed, id, salt) >> 11) as f64 / (1u64 << 53) as f64
}

/// A draw from a log-normal distribution with the given median; `sigma` is the spread of its logarithm.
pub fn log_normal(median: f64, sigma: f64, seed: u64, id: u64, salt: u64) -> f64 {
    let radius = (-2.0 * (1.0 - unit(seed, id, salt)).ln()).sqrt();
    let angle = std::f64::consts::TAU * unit(seed, id, salt + 1);
    median * (sigma * radius * angle.cos()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_seed_thing_and_question_and_on_nothing_else() {
        assert_eq!(draw(1, 2, 3), draw(1, 2, 3));
        assert_ne!(draw(1, 2, 3), draw(2, 2, 3));
        assert_ne!(draw(1, 2, 3), draw(1, 3, 3));
        assert_ne!(draw(1, 2, 3), draw(1, 2, 4));
    }

    #[test]
    fn the_median_of_a_log_normal_is_its_median() {
        let below = (0..10_000)
            .filter(|&id| log_normal(50.0, 0.5, 7, id, 0) < 50.0)
            .count();
        assert!((4_800..5_200).contains(&below), "{below} of 10000 below");
    }
}
