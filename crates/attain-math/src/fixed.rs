//! Probabilities with eighteen decimals, rounded where we say and nowhere else.
//!
//! Knows one unit, 1e-18, and products that round up or down. Exact wherever the result has at most eighteen decimals,
//! which is what targets, shares and their first products have; so a promise that is carried to the last part per
//! billion is not refused for a float's sake.

use crate::ppb::ONE_PPB;

const ONE: u64 = 1_000_000_000_000_000_000;
const PER_PPB: u64 = 1_000_000_000;

/// A probability in units of 1e-18, always within 0..=1.
///
/// ```
/// use attain_math::fixed::Probability;
/// let half = Probability::from_ppb(500_000_000);
/// assert_eq!(half.times_up(half).ppb_ceil(), 250_000_000);
/// assert_eq!(half.complement(), half);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Probability(
    // Invariant: at most ONE.
    u64,
);

impl Probability {
    /// Impossible.
    pub const ZERO: Self = Self(0);
    /// Certain.
    pub const ONE: Self = Self(ONE);

    /// Of parts per billion, exact; above one counts as one.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// assert_eq!(Probability::from_ppb(1_000_000_000), Probability::ONE);
    /// ```
    pub fn from_ppb(ppb: u32) -> Self {
        Self(u64::from(ppb.min(ONE_PPB)) * PER_PPB)
    }

    /// Of a float, rounded up by at least its last digits: never below the value meant. NaN is one: not known is bad.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// assert!(Probability::from_f64_up(0.1).to_f64() >= 0.1);
    /// assert_eq!(Probability::from_f64_up(f64::NAN), Probability::ONE);
    /// ```
    pub fn from_f64_up(value: f64) -> Self {
        if value.is_nan() {
            return Self::ONE;
        }
        // Library functions are good to a few parts in 1e16; 1e-14 is room enough. The cast saturates.
        Self(((value.clamp(0.0, 1.0) * (1.0 + 1e-14) * ONE as f64).ceil() as u64).min(ONE))
    }

    /// The probability that it does not happen, exact.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// assert_eq!(Probability::ZERO.complement(), Probability::ONE);
    /// ```
    pub fn complement(self) -> Self {
        Self(ONE - self.0)
    }

    /// The product, rounded up to 1e-18.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// let small = Probability::from_ppb(1);
    /// assert!(small.times_up(small).times_up(small) > Probability::ZERO);
    /// ```
    pub fn times_up(self, other: Self) -> Self {
        Self((u128::from(self.0) * u128::from(other.0)).div_ceil(u128::from(ONE)) as u64)
    }

    /// The product, rounded down to 1e-18.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// let small = Probability::from_ppb(1);
    /// assert_eq!(small.times_down(small).times_down(small), Probability::ZERO);
    /// ```
    pub fn times_down(self, other: Self) -> Self {
        Self((u128::from(self.0) * u128::from(other.0) / u128::from(ONE)) as u64)
    }

    /// The sum, held at one: the union bound of things that may happen together.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// assert_eq!(Probability::ONE.plus(Probability::ONE), Probability::ONE);
    /// ```
    pub fn plus(self, other: Self) -> Self {
        Self((self.0 + other.0).min(ONE))
    }

    /// The difference, held at zero.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// assert_eq!(Probability::ZERO.minus(Probability::ONE), Probability::ZERO);
    /// ```
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many times itself, a ratio of whole numbers, rounded up and held at one. Nothing divided by nothing is one.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// assert_eq!(Probability::from_ppb(3).repeated_up(1_500_000, 1_000_000).ppb_ceil(), 5);
    /// ```
    pub fn repeated_up(self, times: u64, of: u64) -> Self {
        if of == 0 {
            return Self::ONE;
        }
        let product = (u128::from(self.0) * u128::from(times)).div_ceil(u128::from(of));
        Self(product.min(u128::from(ONE)) as u64)
    }

    /// An equal part of it, rounded up. Divided by nothing is one.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// assert_eq!(Probability::from_ppb(9).divided_up(3).ppb_ceil(), 3);
    /// ```
    pub fn divided_up(self, parts: u64) -> Self {
        self.repeated_up(1, parts)
    }

    /// The power, each product rounded down. To the power of zero is one.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// assert_eq!(Probability::from_ppb(500_000_000).power_down(3).ppb_floor(), 125_000_000);
    /// ```
    pub fn power_down(self, exponent: u64) -> Self {
        self.power(exponent, Self::times_down)
    }

    /// The power, each product rounded up. To the power of zero is one.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// assert!(Probability::from_ppb(1).power_up(9) > Probability::ZERO);
    /// ```
    pub fn power_up(self, exponent: u64) -> Self {
        self.power(exponent, Self::times_up)
    }

    /// In parts per billion, rounded down.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// assert_eq!(Probability::from_f64_up(0.123_456_789_9).ppb_floor(), 123_456_789);
    /// ```
    pub fn ppb_floor(self) -> u32 {
        (self.0 / PER_PPB) as u32
    }

    /// In parts per billion, rounded up.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// assert_eq!(Probability::from_f64_up(0.123_456_789_1).ppb_ceil(), 123_456_790);
    /// ```
    pub fn ppb_ceil(self) -> u32 {
        self.0.div_ceil(PER_PPB) as u32
    }

    /// The nearest float, for printers.
    ///
    /// ```
    /// # use attain_math::fixed::Probability;
    /// assert_eq!(Probability::from_ppb(250_000_000).to_f64(), 0.25);
    /// ```
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / ONE as f64
    }

    fn power(self, mut exponent: u64, times: fn(Self, Self) -> Self) -> Self {
        let (mut square, mut result) = (self, Self::ONE);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = times(result, square);
            }
            square = times(square, square);
            exponent >>= 1;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_and_down_bracket_the_product() {
        let mut rng = fastrand::Rng::with_seed(4);
        for _ in 0..10_000 {
            let (a, b) = (Probability(rng.u64(0..=ONE)), Probability(rng.u64(0..=ONE)));
            let (up, down) = (a.times_up(b).0, a.times_down(b).0);
            assert!(up - down <= 1 && up <= ONE);
            let exact = u128::from(a.0) * u128::from(b.0);
            assert!(
                u128::from(down) * u128::from(ONE) <= exact
                    && exact <= u128::from(up) * u128::from(ONE)
            );
        }
    }

    #[test]
    fn powers_bracket_the_float() {
        for ppb in [999_999_999, 999_500_000, 900_000_000, 1] {
            let p = Probability::from_ppb(ppb);
            for exponent in [1, 2, 3, 10, 1_000] {
                let float = p.to_f64().powi(exponent);
                let (down, up) = (
                    p.power_down(exponent as u64).to_f64(),
                    p.power_up(exponent as u64).to_f64(),
                );
                assert!(
                    down <= float + 1e-12 && float - 1e-12 <= up && up - down < 1e-12,
                    "{ppb}^{exponent}"
                );
            }
        }
    }
}
