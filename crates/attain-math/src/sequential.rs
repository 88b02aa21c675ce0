//! Sequential tests for low traffic: how long until counts are evidence, however often one looks.
//!
//! Knows one slot after the other. Knows no slot length and keeps no history; the caller asks for impact ("two bad in six
//! hours") from its own windows. Looking at a p-value every five minutes inflates false alarms; these tests do not.
//!
//! Method: the Shiryaev-Roberts statistic (Roberts 1966; Pollak 1985), mixed over three burn rates; Page's CUSUM (1954).

use crate::ppb::{ONE_PPB, allowance_ppb};

/// The burn rates the test looks for at once.
pub const BURNS: [f64; 3] = [3.0, 14.4, 100.0];

/// No alternative claims a higher error ratio than this, so that one good request never rules an outage out.
const ERROR_RATIO_MAX: f64 = 0.99;

/// The statistic is held below this, so that an incident of any length stays a number: 2^100.
const CEILING: f64 = (1u128 << 100) as f64;

/// A mixture Shiryaev-Roberts test of "the error ratio is above the allowed one".
///
/// Per slot, for each burn rate j: `R_j = (1 + R_j) * (p_j/p0)^bad * ((1-p_j)/(1-p0))^good`, and an alarm when the mean
/// of the three reaches the threshold A. Guarantee: the mean number of slots between false alarms is at least A for every
/// error ratio up to the allowed one, whatever the traffic's shape. With A = 90 days of slots: at most one per 90 days.
///
/// Costs three floats of state and a logarithmic number of multiplications per slot. The same slots give the same bits
/// on every machine: only IEEE sums, products and quotients are used.
///
/// ```
/// use attain_math::sequential::Sequential;
/// let mut test = Sequential::new(999_500_000, 2_160).unwrap(); // hourly slots, 90 days
/// assert!(!test.step(10, 0));
/// assert!(!test.step(10, 1)); // one bad of twenty is no evidence yet
/// assert!(test.step(10, 2)); // the alarm, after which it starts again
/// assert_eq!(test.state(), [0.0; 3]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sequential {
    statistic: [f64; 3],
    bad_factor: [f64; 3],
    good_factor: [f64; 3],
    threshold_slots: f64,
}

impl Sequential {
    /// A test under a target, with at least `slots_between_false_alarms` slots between false alarms on average.
    ///
    /// `None` for a target of 0 % or 100 %, where there is nothing to tell apart.
    ///
    /// ```
    /// # use attain_math::sequential::Sequential;
    /// assert!(Sequential::new(1_000_000_000, 25_920).is_none());
    /// ```
    pub fn new(target_ppb: u32, slots_between_false_alarms: u64) -> Option<Self> {
        let allowance = allowance_ppb(target_ppb);
        if allowance == 0 || allowance == ONE_PPB {
            return None;
        }
        let allowed = f64::from(allowance) / f64::from(ONE_PPB);
        let alternatives = BURNS.map(|burn| (burn * allowed).min(ERROR_RATIO_MAX).max(allowed));
        Some(Self {
            statistic: [0.0; 3],
            bad_factor: alternatives.map(|ratio| ratio / allowed),
            good_factor: alternatives.map(|ratio| (1.0 - ratio) / (1.0 - allowed)),
            threshold_slots: slots_between_false_alarms as f64,
        })
    }

    /// Takes one slot and says whether it completes an alarm; after an alarm the test starts again from nothing.
    ///
    /// `bad` above `total` counts as all bad. A slot without traffic counts as one more slot waited.
    ///
    /// ```
    /// # use attain_math::sequential::Sequential;
    /// let mut test = Sequential::new(999_000_000, 1_000).unwrap();
    /// assert!(!test.step(0, 0));
    /// assert!(test.step(50, 50));
    /// ```
    pub fn step(&mut self, total: u64, bad: u64) -> bool {
        self.step_if(total, bad, || true)
    }

    /// As [`Self::step`], but an alarm also needs `impact`: that the slots seen matter enough to wake somebody. It is asked
    /// only where there is evidence.
    ///
    /// Evidence without impact is kept, not lost: the alarm comes with the first slot that has both.
    ///
    /// ```
    /// # use attain_math::sequential::Sequential;
    /// let mut test = Sequential::new(999_000_000, 1_000).unwrap();
    /// assert!(!test.step_if(50, 50, || false));
    /// assert!(test.step_if(0, 0, || true));
    /// ```
    pub fn step_if(&mut self, total: u64, bad: u64, impact: impl FnOnce() -> bool) -> bool {
        let alarm = self.observe(total, bad) >= self.threshold_slots && impact();
        if alarm {
            self.statistic = [0.0; 3];
        }
        alarm
    }

    /// Takes one slot and returns the statistic, in slots, without ever starting again. At most 2^100.
    ///
    /// ```
    /// # use attain_math::sequential::Sequential;
    /// let mut test = Sequential::new(999_000_000, 1_000).unwrap();
    /// assert_eq!(test.observe(0, 0), 1.0);
    /// ```
    pub fn observe(&mut self, total: u64, bad: u64) -> f64 {
        let good = total.saturating_sub(bad);
        for j in 0..BURNS.len() {
            let ratio = Scaled::power(self.bad_factor[j], bad)
                .times(Scaled::power(self.good_factor[j], good));
            self.statistic[j] = ratio
                .times(Scaled::from(1.0 + self.statistic[j]))
                .to_f64()
                .min(CEILING);
        }
        self.statistic.iter().sum::<f64>() / BURNS.len() as f64
    }

    /// The three components, for a checkpoint. Finite and not negative.
    ///
    /// ```
    /// # use attain_math::sequential::Sequential;
    /// assert_eq!(Sequential::new(999_000_000, 1_000).unwrap().state(), [0.0; 3]);
    /// ```
    pub fn state(&self) -> [f64; 3] {
        self.statistic
    }

    /// Goes on from a checkpoint. A component that is not a number of 0 or more is taken as 0.
    ///
    /// ```
    /// # use attain_math::sequential::Sequential;
    /// let mut test = Sequential::new(999_000_000, 1_000).unwrap();
    /// test.step(1_000, 2);
    /// let mut again = Sequential::new(999_000_000, 1_000).unwrap();
    /// again.restore(test.state());
    /// assert_eq!(again, test);
    /// ```
    pub fn restore(&mut self, state: [f64; 3]) {
        self.statistic = state.map(|component| {
            if component.is_nan() {
                0.0
            } else {
                component.clamp(0.0, CEILING)
            }
        });
    }
}

/// Page's CUSUM over single outcomes, on the log-likelihood ratio of two error ratios.
///
/// ```
/// use attain_math::sequential::Cusum;
/// let mut cusum = Cusum::new(0.001, 0.0144, 5.0).unwrap();
/// assert!(!cusum.step(true)); // ln(14.4) = 2.67
/// assert!(cusum.step(true));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Cusum {
    sum: f64,
    up: f64,
    down: f64,
    threshold: f64,
}

impl Cusum {
    /// A test of `bad_ratio` against `allowed_ratio`, alarming at `threshold` nats.
    ///
    /// `None` unless `0 < allowed_ratio < bad_ratio < 1` and the threshold is a number above zero.
    ///
    /// ```
    /// # use attain_math::sequential::Cusum;
    /// assert!(Cusum::new(0.01, 0.001, 5.0).is_none());
    /// ```
    pub fn new(allowed_ratio: f64, bad_ratio: f64, threshold: f64) -> Option<Self> {
        let in_order =
            0.0 < allowed_ratio && allowed_ratio < bad_ratio && bad_ratio < 1.0 && threshold > 0.0;
        in_order.then(|| Self {
            sum: 0.0,
            up: (bad_ratio / allowed_ratio).ln(),
            down: (-bad_ratio).ln_1p() - (-allowed_ratio).ln_1p(),
            threshold,
        })
    }

    /// Takes one outcome and says whether the sum is at or above the threshold. It does not start again by itself.
    ///
    /// ```
    /// # use attain_math::sequential::Cusum;
    /// assert!(!Cusum::new(0.001, 0.0144, 5.0).unwrap().step(false));
    /// ```
    pub fn step(&mut self, bad: bool) -> bool {
        self.sum = (self.sum + if bad { self.up } else { self.down }).max(0.0);
        self.sum >= self.threshold
    }

    /// The sum so far, in nats; never negative.
    ///
    /// ```
    /// # use attain_math::sequential::Cusum;
    /// assert_eq!(Cusum::new(0.001, 0.0144, 5.0).unwrap().sum(), 0.0);
    /// ```
    pub fn sum(&self) -> f64 {
        self.sum
    }
}

/// `mantissa * 2^exponent` with a mantissa in 1..2 (or zero): a product of large powers that neither overflows nor
/// vanishes half-way.
#[derive(Clone, Copy)]
struct Scaled {
    mantissa: f64,
    exponent: i64,
}

impl Scaled {
    /// Of a number that is finite and not negative.
    fn from(value: f64) -> Self {
        Self {
            mantissa: value,
            exponent: 0,
        }
        .normal()
    }

    /// `base^count` by squaring.
    fn power(base: f64, mut count: u64) -> Self {
        let (mut square, mut result) = (Self::from(base), Self::from(1.0));
        while count > 0 {
            if count & 1 == 1 {
                result = result.times(square);
            }
            square = square.times(square);
            count >>= 1;
        }
        result
    }

    fn times(self, other: Self) -> Self {
        let exponent = self.exponent.saturating_add(other.exponent);
        Self {
            mantissa: self.mantissa * other.mantissa,
            exponent,
        }
        .normal()
    }

    fn normal(self) -> Self {
        if self.mantissa < f64::MIN_POSITIVE {
            return Self {
                mantissa: 0.0,
                exponent: 0,
            };
        }
        let bits = self.mantissa.to_bits();
        let exponent = (bits >> 52) as i64 - 1023;
        let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
        Self {
            mantissa,
            exponent: self.exponent.saturating_add(exponent),
        }
    }

    /// Saturates at the largest float and at zero.
    fn to_f64(self) -> f64 {
        match self.exponent {
            _ if self.mantissa == 0.0 => 0.0,
            ..=-1023 => 0.0,
            1024.. => f64::MAX,
            exponent => self.mantissa * f64::from_bits(((exponent + 1023) as u64) << 52),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_counts_make_it_anything_but_a_number() {
        for (total, bad) in [
            (u64::MAX, 0),
            (u64::MAX, u64::MAX),
            (0, u64::MAX),
            (1 << 40, 1 << 20),
            (1_000, 300),
        ] {
            let mut test = Sequential::new(999_500_000, 25_920).unwrap();
            for _ in 0..3 {
                let statistic = test.observe(total, bad);
                assert!(
                    (0.0..=CEILING).contains(&statistic),
                    "{bad} of {total}: {statistic}"
                );
            }
        }
    }

    #[test]
    fn powers_agree_with_the_library() {
        for base in [200.0, 14.4, 0.985_07, 0.5, 3.0] {
            for count in [0, 1, 2, 7, 60, 100] {
                let (ours, theirs) = (
                    Scaled::power(base, count).to_f64(),
                    f64::powi(base, count as i32),
                );
                assert!(
                    (ours - theirs).abs() <= 1e-12 * theirs,
                    "{base}^{count}: {ours} {theirs}"
                );
            }
        }
    }

    #[test]
    fn long_silence_alone_is_no_alarm_before_its_time() {
        let mut test = Sequential::new(999_500_000, 25_920).unwrap();
        let alarms = (0..25_919).filter(|_| test.step(0, 0)).count();
        assert_eq!(alarms, 0);
    }

    #[test]
    fn good_traffic_never_alarms() {
        let mut test = Sequential::new(999_500_000, 100).unwrap();
        assert!((0..10_000).all(|_| !test.step(100, 0)));
    }
}
