//! Latency sketches: which bucket a value falls into, and what a bucket can and cannot tell.
//!
//! Knows DDSketch, classic and exponential histograms as index arithmetic. Stores no counts and merges nothing.
//! Sources: Masson, Rim and Lee, "DDSketch", VLDB 2019; OpenTelemetry metrics data model, "ExponentialHistogram";
//! Prometheus `histogram_quantile`.

/// The index arithmetic of a DDSketch of relative accuracy alpha.
///
/// ```
/// use attain_math::sketch::DdMapping;
/// let mapping = DdMapping::new(0.01).unwrap();
/// let index = mapping.index(123.456).unwrap();
/// assert_eq!(index, 241);
/// assert!((mapping.representative(index) / 123.456 - 1.0).abs() <= 0.01);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DdMapping {
    gamma: f64,
    ln_gamma: f64,
}

impl DdMapping {
    /// A mapping of relative accuracy `alpha`; `None` unless it lies inside 0..1.
    ///
    /// ```
    /// assert!(attain_math::sketch::DdMapping::new(1.0).is_none());
    /// ```
    pub fn new(alpha: f64) -> Option<Self> {
        let gamma = (1.0 + alpha) / (1.0 - alpha);
        (alpha > 0.0 && alpha < 1.0).then(|| Self {
            gamma,
            ln_gamma: gamma.ln(),
        })
    }

    /// The ratio of neighbouring bucket edges: `(1 + alpha) / (1 - alpha)`.
    ///
    /// ```
    /// assert_eq!(attain_math::sketch::DdMapping::new(0.5).unwrap().gamma(), 3.0);
    /// ```
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// The bucket of a value, `ceil(log_gamma value)`; `None` unless the value is finite and above zero.
    ///
    /// A value exactly on an edge may fall to either side.
    ///
    /// ```
    /// assert_eq!(attain_math::sketch::DdMapping::new(0.01).unwrap().index(1.0), Some(0));
    /// ```
    pub fn index(&self, value: f64) -> Option<i64> {
        (value > 0.0 && value.is_finite()).then(|| (value.ln() / self.ln_gamma).ceil() as i64)
    }

    /// The value a bucket stands for, `2 gamma^index / (gamma + 1)`: at most alpha away from every value in it.
    ///
    /// ```
    /// assert_eq!(attain_math::sketch::DdMapping::new(0.5).unwrap().representative(1), 1.5);
    /// ```
    pub fn representative(&self, index: i64) -> f64 {
        let power = match i32::try_from(index) {
            Ok(index) => self.gamma.powi(index),
            Err(_) => (index as f64 * self.ln_gamma).exp(),
        };
        2.0 * power / (self.gamma + 1.0)
    }
}

/// A classic histogram: upper bucket edges and cumulative counts, as Prometheus exposes them.
///
/// ```
/// use attain_math::sketch::ClassicHistogram;
/// let (le, cumulative) = ([0.1, 0.25, 0.5, 1.0], [800, 940, 990, 1_000]);
/// let histogram = ClassicHistogram::new(&le, &cumulative).unwrap();
/// let p95 = histogram.quantile(0.95).unwrap();
/// assert!((p95.estimate - 0.3).abs() < 1e-12);
/// assert_eq!((p95.low, p95.high), (0.25, 0.5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassicHistogram<'a> {
    le: &'a [f64],
    cumulative: &'a [u64],
}

/// A quantile of a classic histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileEstimate {
    /// Linear interpolation inside the bucket, as `histogram_quantile` does.
    pub estimate: f64,
    /// The truth is above this (or at it, in the first bucket)...
    pub low: f64,
    /// ...and at or below this; infinite when the bucket is open.
    pub high: f64,
}

/// How many events are at or below a threshold, as far as buckets tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtThreshold {
    /// Surely at or below it. This is what a promise is judged by.
    pub good_min: u64,
    /// Possibly at or below it; equals `good_min` when the threshold is a bucket edge.
    pub good_max: u64,
    /// All events.
    pub total: u64,
    /// The guess of linear interpolation, for comparison only.
    pub good_linear: f64,
}

impl<'a> ClassicHistogram<'a> {
    /// A histogram of upper edges, strictly rising, and cumulative counts, never falling; the last count is the total.
    ///
    /// The last edge may be infinite. `None` when the lists are empty, differ in length, or are out of order.
    ///
    /// ```
    /// use attain_math::sketch::ClassicHistogram;
    /// assert!(ClassicHistogram::new(&[1.0, 0.5], &[1, 2]).is_none());
    /// assert!(ClassicHistogram::new(&[0.5, f64::INFINITY], &[1, 2]).is_some());
    /// ```
    pub fn new(le: &'a [f64], cumulative: &'a [u64]) -> Option<Self> {
        let in_order = le.windows(2).all(|pair| pair[0] < pair[1])
            && le
                .iter()
                .all(|edge| !edge.is_nan() && *edge > f64::NEG_INFINITY)
            && cumulative.windows(2).all(|pair| pair[0] <= pair[1]);
        (!le.is_empty() && le.len() == cumulative.len() && in_order)
            .then_some(Self { le, cumulative })
    }

    /// The value below which a share `q` of the events lies, with the bucket that bounds it.
    ///
    /// `None` without events or with `q` outside 0..=1. In the open bucket the estimate is its lower edge.
    ///
    /// ```
    /// use attain_math::sketch::ClassicHistogram;
    /// let histogram = ClassicHistogram::new(&[0.5, f64::INFINITY], &[0, 2]).unwrap();
    /// assert_eq!(histogram.quantile(0.5).unwrap().estimate, 0.5);
    /// ```
    pub fn quantile(&self, q: f64) -> Option<QuantileEstimate> {
        let total = *self.cumulative.last()?;
        if total == 0 || !(0.0..=1.0).contains(&q) {
            return None;
        }
        let rank = q * total as f64;
        let reached = |&i: &usize| {
            self.cumulative[i] as f64 >= rank && self.cumulative[i] > self.count_below(i)
        };
        let bucket = (0..self.le.len()).find(reached)?;
        let (low, high) = (self.edge_below(bucket), self.le[bucket]);
        let (before, inside) = (
            self.count_below(bucket),
            self.cumulative[bucket] - self.count_below(bucket),
        );
        let share = ((rank - before as f64) / inside as f64).clamp(0.0, 1.0);
        let estimate = if high.is_finite() {
            low + (high - low) * share
        } else {
            low
        };
        Some(QuantileEstimate {
            estimate,
            low,
            high,
        })
    }

    /// The events at or below a threshold: exact on an edge, an interval between two.
    ///
    /// ```
    /// use attain_math::sketch::ClassicHistogram;
    /// let histogram = ClassicHistogram::new(&[0.25, 0.5, 1.0], &[940, 990, 1_000]).unwrap();
    /// let split = histogram.at_threshold(0.3);
    /// assert_eq!((split.good_min, split.good_max), (940, 990));
    /// assert_eq!(histogram.at_threshold(0.5).good_max, 990);
    /// ```
    pub fn at_threshold(&self, threshold: f64) -> AtThreshold {
        let total = self.cumulative.last().copied().unwrap_or(0);
        let bucket = self.le.iter().position(|&edge| edge >= threshold);
        let Some(bucket) = bucket else {
            // Above every edge (or not a number): what lies beyond the last edge cannot be told apart.
            let all = if threshold.is_nan() { 0 } else { total };
            return AtThreshold {
                good_min: all,
                good_max: total,
                total,
                good_linear: all as f64,
            };
        };
        let (low, high) = (self.edge_below(bucket), self.le[bucket]);
        let (before, upto) = (self.count_below(bucket), self.cumulative[bucket]);
        let on_edge = high == threshold;
        let share = if high.is_finite() && high > low {
            ((threshold - low) / (high - low)).clamp(0.0, 1.0)
        } else {
            0.0
        };
        AtThreshold {
            good_min: if on_edge { upto } else { before },
            good_max: upto,
            total,
            good_linear: if on_edge {
                upto as f64
            } else {
                before as f64 + (upto - before) as f64 * share
            },
        }
    }

    fn count_below(&self, bucket: usize) -> u64 {
        if bucket == 0 {
            0
        } else {
            self.cumulative[bucket - 1]
        }
    }

    /// The first bucket begins at zero, or at its own edge when that is not positive.
    fn edge_below(&self, bucket: usize) -> f64 {
        if bucket == 0 {
            self.le[0].min(0.0)
        } else {
            self.le[bucket - 1]
        }
    }
}

/// The ratio of neighbouring edges of an exponential histogram: `2^(2^-scale)`. Infinite below scale -9.
///
/// ```
/// assert_eq!(attain_math::sketch::exponential_base(0), 2.0);
/// ```
pub fn exponential_base(scale: i8) -> f64 {
    (-f64::from(scale)).exp2().exp2()
}

/// The bucket of a value in OpenTelemetry's numbering: bucket i is `(base^i, base^(i+1)]`.
///
/// Powers of two are exact; another edge may fall to either side. `None` unless the value is finite and above zero and
/// the scale is one that OpenTelemetry has (-10..=20).
///
/// ```
/// use attain_math::sketch::exponential_index;
/// assert_eq!(exponential_index(1.0, 3), Some(-1));
/// assert_eq!(exponential_index(1.5, 3), Some(4));
/// ```
pub fn exponential_index(value: f64, scale: i8) -> Option<i32> {
    if !(value > 0.0 && value.is_finite() && (-10..=20).contains(&scale)) {
        return None;
    }
    let (exponent, mantissa) = split(value);
    if scale <= 0 {
        let floor = if mantissa == 1.0 {
            exponent - 1
        } else {
            exponent
        };
        return Some(floor >> -scale);
    }
    let per_octave = 1 << scale;
    let inside = match mantissa {
        1.0 => -1,
        _ => ((mantissa.log2() * f64::from(per_octave)).ceil() as i32 - 1).clamp(0, per_octave - 1),
    };
    Some(exponent * per_octave + inside)
}

/// The same bucket in Prometheus' numbering of native histograms, where bucket i is `(base^(i-1), base^i]`.
///
/// ```
/// assert_eq!(attain_math::sketch::native_index(1.0, 3), Some(0));
/// ```
pub fn native_index(value: f64, scale: i8) -> Option<i32> {
    exponential_index(value, scale).map(|index| index + 1)
}

/// The upper edge of an OpenTelemetry bucket: `base^(index + 1)`. Zero or infinite beyond the range of floats.
///
/// ```
/// assert_eq!(attain_math::sketch::exponential_upper_edge(7, 3), 2.0);
/// ```
pub fn exponential_upper_edge(index: i32, scale: i8) -> f64 {
    // An integral part apart from the rest keeps powers of two exact.
    let octaves = (f64::from(index) + 1.0) * (-f64::from(scale)).exp2();
    (octaves - octaves.floor()).exp2() * octaves.floor().exp2()
}

/// The highest bucket edge that is not above a threshold: what can surely be counted as good.
///
/// `None` where [`exponential_index`] is.
///
/// ```
/// let edge = attain_math::sketch::exponential_edge_below(0.3, 3).unwrap();
/// assert!((edge - 0.297_301_778_750_680_26).abs() < 1e-15);
/// assert_eq!(attain_math::sketch::exponential_edge_below(0.25, 3), Some(0.25));
/// ```
pub fn exponential_edge_below(threshold: f64, scale: i8) -> Option<f64> {
    let index = exponential_index(threshold, scale)?;
    let upper = exponential_upper_edge(index, scale);
    Some(if upper <= threshold {
        upper
    } else {
        exponential_upper_edge(index - 1, scale)
    })
}

/// The largest relative error of taking a bucket's harmonic midpoint for any value in it: `(base - 1) / (base + 1)`.
///
/// ```
/// assert!((attain_math::sketch::exponential_error_max(3) - 0.0433).abs() < 1e-4);
/// ```
pub fn exponential_error_max(scale: i8) -> f64 {
    let base = exponential_base(scale);
    if base.is_finite() {
        (base - 1.0) / (base + 1.0)
    } else {
        1.0
    }
}

/// `value = mantissa * 2^exponent` with a mantissa in 1..2, exact, subnormal values included.
fn split(value: f64) -> (i32, f64) {
    const SUBNORMAL_SHIFT: i32 = 54;
    let (value, shift) = if value < f64::MIN_POSITIVE {
        (
            value * f64::from_bits((1023 + SUBNORMAL_SHIFT as u64) << 52),
            SUBNORMAL_SHIFT,
        )
    } else {
        (value, 0)
    };
    let bits = value.to_bits();
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    ((bits >> 52) as i32 - 1023 - shift, mantissa)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lies_in_its_bucket() {
        let mut rng = fastrand::Rng::with_seed(5);
        for scale in -10..=20i8 {
            for _ in 0..200 {
                let value = (rng.f64() * 40.0 - 20.0).exp2();
                let index = exponential_index(value, scale).unwrap();
                let (low, high) = (
                    exponential_upper_edge(index - 1, scale),
                    exponential_upper_edge(index, scale),
                );
                let slack = 1e-13 * value;
                assert!(
                    low - slack <= value && value <= high + slack,
                    "{value} at {scale}: {low}..{high}"
                );
            }
        }
    }

    #[test]
    fn powers_of_two_close_their_bucket_at_every_scale() {
        for scale in 0..=20i8 {
            for exponent in [-1074, -1022, -3, 0, 1, 10, 1023] {
                let value = f64::from(exponent).exp2();
                assert_eq!(
                    exponential_index(value, scale),
                    Some((exponent << scale) - 1),
                    "2^{exponent} at {scale}"
                );
            }
        }
    }

    #[test]
    fn downscaling_by_one_halves_the_index() {
        for value in [0.3, 1.0, 1.5, 2.0, 250.0, 8.0] {
            for scale in -9..=8i8 {
                let fine = exponential_index(value, scale).unwrap();
                assert_eq!(
                    exponential_index(value, scale - 1),
                    Some(fine >> 1),
                    "{value} at {scale}"
                );
            }
        }
    }

    #[test]
    fn buckets_that_say_nothing_give_nothing() {
        assert_eq!(
            ClassicHistogram::new(&[1.0], &[0]).unwrap().quantile(0.5),
            None
        );
        assert_eq!(exponential_index(0.0, 3), None);
        assert_eq!(exponential_index(f64::NAN, 3), None);
        assert_eq!(exponential_index(1.0, 21), None);
        let histogram = ClassicHistogram::new(&[0.5, f64::INFINITY], &[1, 4]).unwrap();
        assert_eq!(
            histogram.at_threshold(9.0),
            AtThreshold {
                good_min: 1,
                good_max: 4,
                total: 4,
                good_linear: 1.0
            }
        );
    }

    #[test]
    fn an_empty_first_bucket_is_stepped_over() {
        let histogram = ClassicHistogram::new(&[0.1, 0.5], &[0, 10]).unwrap();
        assert_eq!(histogram.quantile(0.0).unwrap().estimate, 0.1);
    }
}
