//! Exact signed fractions, and their decimal text rounded against ourselves.
//!
//! Knows comparison and printing. Does no arithmetic: numerators and denominators are built from counts by the caller,
//! so nothing here can lose an event.

use std::cmp::Ordering;

/// The most decimals a percentage is printed with.
pub const DECIMALS_MAX: u32 = 12;

/// An exact signed ratio, such as "budget remaining" (which is negative when overspent).
///
/// Compares by value: 1/2 equals 2/4. It is not reduced, and a comparison cannot overflow.
///
/// ```
/// use attain_math::Fraction;
/// let half = Fraction::new(1, 2).unwrap();
/// assert_eq!(half, Fraction::new(2, 4).unwrap());
/// assert!(Fraction::new(-1, 3).unwrap() < half);
/// assert_eq!(Fraction::new(1, 0), None);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fraction {
    numerator: i128,
    // Invariant: 1..=i128::MAX, so that Euclid's division below stays in i128.
    denominator: i128,
}

impl Fraction {
    /// `numerator / denominator`; `None` when the denominator is zero or above `i128::MAX`.
    ///
    /// ```
    /// assert_eq!(attain_math::Fraction::new(3, 4).unwrap().to_f64(), 0.75);
    /// ```
    pub fn new(numerator: i128, denominator: u128) -> Option<Self> {
        let denominator = i128::try_from(denominator).ok()?;
        (denominator > 0).then_some(Self {
            numerator,
            denominator,
        })
    }

    /// `numerator / denominator` for a denominator known to be positive; below 1 it counts as 1.
    pub(crate) fn over(numerator: i128, denominator: i64) -> Self {
        Self {
            numerator,
            denominator: i128::from(denominator.max(1)),
        }
    }

    /// The numerator as given.
    ///
    /// ```
    /// assert_eq!(attain_math::Fraction::new(-3, 4).unwrap().numerator(), -3);
    /// ```
    pub fn numerator(&self) -> i128 {
        self.numerator
    }

    /// The denominator as given; at least 1.
    ///
    /// ```
    /// assert_eq!(attain_math::Fraction::new(-3, 4).unwrap().denominator(), 4);
    /// ```
    pub fn denominator(&self) -> u128 {
        self.denominator.unsigned_abs()
    }

    /// The nearest float, for printers and statistics only. Never NaN or infinite.
    ///
    /// ```
    /// assert_eq!(attain_math::Fraction::new(-2, 1).unwrap().to_f64(), -2.0);
    /// ```
    pub fn to_f64(&self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// The ratio as a percentage with `decimals` digits, rounded towards minus infinity, without a `%`.
    ///
    /// For what is good to have: attainment, budget remaining. `decimals` above [`DECIMALS_MAX`] counts as that.
    ///
    /// ```
    /// use attain_math::Fraction;
    /// assert_eq!(Fraction::new(2, 3).unwrap().percent_floor(2), "66.66");
    /// assert_eq!(Fraction::new(-2, 3).unwrap().percent_floor(2), "-66.67");
    /// ```
    pub fn percent_floor(&self, decimals: u32) -> String {
        self.percent(decimals, self.numerator < 0)
    }

    /// The ratio as a percentage with `decimals` digits, rounded towards plus infinity, without a `%`.
    ///
    /// For what is bad to have: budget spent, burn. `decimals` above [`DECIMALS_MAX`] counts as that.
    ///
    /// ```
    /// use attain_math::Fraction;
    /// assert_eq!(Fraction::new(2, 3).unwrap().percent_ceil(2), "66.67");
    /// assert_eq!(Fraction::new(100, 100).unwrap().percent_ceil(2), "100.00");
    /// ```
    pub fn percent_ceil(&self, decimals: u32) -> String {
        self.percent(decimals, self.numerator >= 0)
    }

    /// Long division, digit by digit. `away` rounds the magnitude up.
    fn percent(&self, decimals: u32, away: bool) -> String {
        let decimals = decimals.min(DECIMALS_MAX) as usize;
        let denominator = self.denominator.unsigned_abs();
        let magnitude = self.numerator.unsigned_abs();
        let mut digits = (magnitude / denominator).to_string().into_bytes();
        let mut rest = magnitude % denominator;
        for _ in 0..decimals + 2 {
            let (digit, left) = next_digit(rest, denominator);
            digits.push(b'0' + digit);
            rest = left;
        }
        if away && rest > 0 {
            increment(&mut digits);
        }
        let mut text: String = digits.iter().map(|&d| char::from(d)).collect();
        if decimals > 0 {
            text.insert(text.len() - decimals, '.');
        }
        let text = strip_leading_zeros(&text);
        let is_zero = text.bytes().all(|b| b == b'0' || b == b'.');
        if self.numerator < 0 && !is_zero {
            format!("-{text}")
        } else {
            text.to_string()
        }
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (*self, *other);
        loop {
            let whole = a
                .numerator
                .div_euclid(a.denominator)
                .cmp(&b.numerator.div_euclid(b.denominator));
            if whole.is_ne() {
                return whole;
            }
            let (left, right) = (
                a.numerator.rem_euclid(a.denominator),
                b.numerator.rem_euclid(b.denominator),
            );
            if left == 0 || right == 0 {
                return left.cmp(&right);
            }
            // Both lie in (0, 1): compare the reciprocals the other way round. The denominators shrink each time.
            let next_a = Fraction {
                numerator: b.denominator,
                denominator: right,
            };
            b = Fraction {
                numerator: a.denominator,
                denominator: left,
            };
            a = next_a;
        }
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Fraction {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Fraction {}

/// `rest * 10 / denominator` and what is left, by addition, because the product may not fit.
fn next_digit(rest: u128, denominator: u128) -> (u8, u128) {
    let (mut digit, mut left) = (0, 0);
    for _ in 0..10 {
        // Both are below the denominator, which is at most i128::MAX: the sum fits u128.
        left += rest;
        if left >= denominator {
            left -= denominator;
            digit += 1;
        }
    }
    (digit, left)
}

fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

/// `0099.5` is `99.5`, `000.5` is `0.5`.
fn strip_leading_zeros(text: &str) -> &str {
    let whole = text.find('.').unwrap_or(text.len());
    let zeros = text
        .bytes()
        .take(whole.saturating_sub(1))
        .take_while(|&b| b == b'0')
        .count();
    &text[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_agrees_with_cross_multiplication() {
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let (a, b) = (rng.i64(-50..50) as i128, rng.i64(-50..50) as i128);
            let (c, d) = (rng.u64(1..40) as i128, rng.u64(1..40) as i128);
            let (left, right) = (
                Fraction::new(a, c as u128).unwrap(),
                Fraction::new(b, d as u128).unwrap(),
            );
            assert_eq!(left.cmp(&right), (a * d).cmp(&(b * c)), "{a}/{c} {b}/{d}");
        }
    }

    #[test]
    fn neighbours_too_large_to_cross_multiply_are_told_apart() {
        let large = i128::MAX as u128;
        let below = Fraction::new(i128::MAX - 2, large - 1).unwrap();
        let above = Fraction::new(i128::MAX - 1, large).unwrap();
        assert!(below < above);
    }

    #[test]
    fn text_brackets_the_value() {
        let mut rng = fastrand::Rng::with_seed(8);
        for _ in 0..5_000 {
            let (n, d) = (rng.i64(-300..300) as i128, rng.u64(1..300) as u128);
            let fraction = Fraction::new(n, d).unwrap();
            let (low, high) = (fraction.percent_floor(3), fraction.percent_ceil(3));
            let milli = |text: &str| text.replace('.', "").parse::<i128>().unwrap();
            let exact = n * 100_000;
            assert!(
                milli(&low) * d as i128 <= exact && (milli(&low) + 1) * d as i128 > exact,
                "{n}/{d} {low}"
            );
            assert!(
                milli(&high) * d as i128 >= exact && (milli(&high) - 1) * (d as i128) < exact,
                "{n}/{d} {high}"
            );
        }
    }

    #[test]
    fn small_and_whole_percentages_have_one_leading_digit() {
        let text = |n, d, decimals| Fraction::new(n, d).unwrap().percent_floor(decimals);
        assert_eq!(text(0, 5, 0), "0");
        assert_eq!(text(0, 5, 2), "0.00");
        assert_eq!(text(1, 1000, 2), "0.10");
        assert_eq!(text(10, 1, 0), "1000");
        assert_eq!(
            Fraction::new(9999, 10_000).unwrap().percent_ceil(1),
            "100.0"
        );
        assert_eq!(Fraction::new(-1, 1_000_000).unwrap().percent_ceil(1), "0.0");
    }

    #[test]
    fn the_largest_values_print() {
        let fraction = Fraction::new(i128::MAX - 1, i128::MAX as u128).unwrap();
        assert_eq!(fraction.percent_floor(4), "99.9999");
        assert_eq!(
            Fraction::new(i128::MIN, 1).unwrap().percent_floor(99).len(),
            1 + 39 + 2 + 1 + 12
        );
    }
}
