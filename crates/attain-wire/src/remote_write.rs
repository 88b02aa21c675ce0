//! Prometheus remote write 1.0: a request, series by series. Knows the message; leaves what a series is to its caller.
//!
//! ```text
//! WriteRequest { repeated TimeSeries timeseries = 1; }
//! TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; exemplars = 3; repeated Histogram histograms = 4; }
//! Label        { string name = 1; string value = 2; }
//! Sample       { double value = 1; int64 timestamp = 2; }
//! ```

mod encode;
mod native;

pub use encode::{Given, encode};
pub use native::{Native, native};

use crate::error::{Broken, WireError};
use crate::proto::{CUT, Fields, Value, delimited, fixed64, six_byte_varint, varint};

/// The bits of the value by which Prometheus says that a series has ended. Any other NaN is just a NaN.
pub const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

/// A series of a request as it came.
#[derive(Debug, Clone, Copy)]
pub struct Uncut<'a>(&'a [u8]);

/// A series of a request: nothing of it is checked yet but its length.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    labels: &'a [u8],
    rest: &'a [u8],
}

/// What a series says at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Item<'a> {
    /// A number.
    Sample {
        /// Whatever a float can be.
        value: f64,
        /// Milliseconds since 1970.
        time_ms: i64,
    },
    /// A native histogram; [`native`] reads it.
    Histogram(&'a [u8]),
}

/// Calls `visit` for each series of an unpacked request, in order.
///
/// # Errors
/// [`WireError::Unreadable`] if the request cannot be cut into series; then `visit` was not called at all. What is wrong
/// within a series is found by who walks it.
pub fn each_series<'a>(
    request: &'a [u8],
    mut visit: impl FnMut(Uncut<'a>),
) -> Result<(), WireError> {
    // Cut up twice: cheap, and a request is either taken series by series or not at all.
    let mut rest = request;
    while let Some(field) = next_field(rest).map_err(unreadable)? {
        rest = field.rest;
    }
    let mut rest = request;
    while let Ok(Some(field)) = next_field(rest) {
        rest = field.rest;
        if let Some(series) = field.series {
            visit(Uncut(series));
        }
    }
    Ok(())
}

/// A field of a request, and what follows it.
struct Field<'a> {
    /// What it holds, if it is a series.
    series: Option<&'a [u8]>,
    rest: &'a [u8],
}

/// The first field of what is left of a request; `None` at the end.
#[inline]
fn next_field(request: &[u8]) -> Result<Option<Field<'_>>, Broken> {
    if let [SERIES_TAG, rest @ ..] = request {
        let (series, rest) = delimited(rest)?;
        let series = Some(series);
        return Ok(Some(Field { series, rest }));
    }
    let mut fields = Fields::new(request);
    let Some(field) = fields.next_field()? else {
        return Ok(None);
    };
    let series = match field {
        (1, Value::Bytes(series)) => Some(series),
        _ => None,
    };
    let rest = fields.rest;
    Ok(Some(Field { series, rest }))
}

impl<'a> Uncut<'a> {
    /// Labels and samples apart.
    #[inline]
    #[must_use]
    pub fn cut(self) -> Series<'a> {
        let Self(series) = self;
        let mut rest = series;
        while let [LABEL_TAG, after @ ..] = rest {
            match delimited(after) {
                Ok((_, after)) => rest = after,
                Err(_) => break,
            }
        }
        let labels = &series[..series.len() - rest.len()];
        Series { labels, rest }
    }

    /// The same, if its labels are those that so many bytes at its beginning would be in any series: whoever knows them
    /// from another one need not walk them again. `None` if they may go on, or are cut off.
    #[inline]
    #[must_use]
    pub fn cut_at(self, length: usize) -> Option<Series<'a>> {
        let (labels, rest) = self.0.split_at_checked(length)?;
        (rest.first() != Some(&LABEL_TAG)).then_some(Series { labels, rest })
    }
}

impl<'a> Series<'a> {
    /// All labels as they came: equal bytes are the same series.
    #[inline]
    #[must_use]
    pub fn label_bytes(&self) -> &'a [u8] {
        self.labels
    }

    /// The metric's name as it came. It is the first label, unless a label begins with a capital letter; `None` if there is
    /// none, or what stands before it is written in another way than most.
    #[inline]
    #[must_use]
    pub fn name(&self) -> Option<&'a [u8]> {
        const NAME_LABEL: &[u8] = b"\x0a\x08__name__\x12";
        let mut labels = self.labels;
        loop {
            let (label, others) = delimited(labels.get(1..)?).ok()?;
            if let Some(name) = label.strip_prefix(NAME_LABEL) {
                let (name, rest) = delimited(name).ok()?;
                return rest.is_empty().then_some(name);
            }
            labels = others;
        }
    }

    /// The labels, in the order in which they came.
    ///
    /// # Errors
    /// A label is cut off, is not UTF-8, or has no name.
    pub fn labels(&self) -> Result<Vec<(&'a str, &'a str)>, Broken> {
        let mut labels = Vec::new();
        let mut fields = Fields::new(self.labels);
        while let Some((_, value)) = fields.next_field()? {
            if let Value::Bytes(label) = value {
                labels.push(label_of(label)?);
            }
        }
        Ok(labels)
    }

    /// Its sample's value and time, if it has that one sample and nothing else; `None` may be something else to be walked.
    #[inline]
    #[must_use]
    pub fn only_sample(&self) -> Option<(f64, i64)> {
        let [SAMPLE_TAG, 16, sample @ ..] = self.rest else {
            return None;
        };
        sixteen(sample).map(|(value, time)| (f64::from_bits(value), time.cast_signed()))
    }

    /// The samples and native histograms, in the order in which they came. After an error nothing comes any more.
    #[inline]
    #[must_use]
    pub fn items(&self) -> Items<'a> {
        Items { rest: self.rest }
    }
}

/// See [`Series::items`].
#[derive(Debug, Clone)]
pub struct Items<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<Item<'a>, Broken>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let item = match self.rest {
            [SAMPLE_TAG, rest @ ..] => delimited(rest).and_then(|(sample, rest)| {
                self.rest = rest;
                sample_of(sample)
            }),
            _ => match self.other() {
                Ok(Some(item)) => Ok(item),
                Ok(None) => return None,
                Err(broken) => Err(broken),
            },
        };
        if item.is_err() {
            self.rest = &[];
        }
        Some(item)
    }
}

impl<'a> Items<'a> {
    /// The next sample or histogram behind exemplars and what is not known.
    fn other(&mut self) -> Result<Option<Item<'a>>, Broken> {
        let mut fields = Fields::new(self.rest);
        while let Some(field) = fields.next_field()? {
            self.rest = fields.rest;
            match field {
                (1, _) => return Err(Broken::new("a label stands behind a sample")),
                (2, Value::Bytes(sample)) => return sample_of(sample).map(Some),
                (4, Value::Bytes(histogram)) => return Ok(Some(Item::Histogram(histogram))),
                (2 | 4, _) => return Err(Broken::new("a sample is no message")),
                _ => {}
            }
        }
        Ok(None)
    }
}

const SERIES_TAG: u8 = 1 << 3 | 2;
const LABEL_TAG: u8 = 1 << 3 | 2;
const SAMPLE_TAG: u8 = 2 << 3 | 2;
const VALUE_TAG: u8 = 1 << 3 | 1;
const TIME_TAG: u8 = 2 << 3;

/// A number that is left out is zero.
#[inline]
fn sample_of<'a>(sample: &[u8]) -> Result<Item<'a>, Broken> {
    let usual = || {
        let (value, rest) = fixed64(sample.strip_prefix(&[VALUE_TAG])?).ok()?;
        let (time, rest) = varint(rest.strip_prefix(&[TIME_TAG])?).ok()?;
        rest.is_empty().then_some((value, time))
    };
    let (value, time) = match usual() {
        Some(both) => both,
        None => unusual_sample(sample)?,
    };
    Ok(Item::Sample {
        value: f64::from_bits(value),
        time_ms: time.cast_signed(),
    })
}

/// The value and time of a sample of sixteen bytes, as all of our days have.
#[inline]
fn sixteen(sample: &[u8]) -> Option<(u64, u64)> {
    let sample: &[u8; 16] = sample.try_into().ok()?;
    let (value, rest) = sample[1..].split_first_chunk::<8>()?;
    let [TIME_TAG, time @ ..] = rest else {
        return None;
    };
    let mut word = [0; 8];
    word[..6].copy_from_slice(time);
    let time = six_byte_varint(u64::from_le_bytes(word))?;
    (sample[0] == VALUE_TAG).then_some((u64::from_le_bytes(*value), time))
}

#[cold]
fn unusual_sample(sample: &[u8]) -> Result<(u64, u64), Broken> {
    let (mut value, mut time) = (0, 0);
    let mut fields = Fields::new(sample);
    while let Some(field) = fields.next_field()? {
        match field {
            (1, Value::Fixed64(found)) => value = found,
            (2, Value::Varint(found)) => time = found,
            (1 | 2, _) => return Err(Broken::new("a sample's value or time is of another kind")),
            _ => {}
        }
    }
    Ok((value, time))
}

fn label_of(label: &[u8]) -> Result<(&str, &str), Broken> {
    let (mut name, mut text) = ("", "");
    let mut fields = Fields::new(label);
    while let Some(field) = fields.next_field()? {
        let place = match field.0 {
            1 => &mut name,
            2 => &mut text,
            _ => continue,
        };
        let Value::Bytes(bytes) = field.1 else {
            return Err(Broken::new("a label is no text"));
        };
        *place = std::str::from_utf8(bytes).map_err(|_| Broken::new("a label is not UTF-8"))?;
    }
    if name.is_empty() {
        return Err(Broken::new("a label has no name"));
    }
    Ok((name, text))
}

fn unreadable(broken: Broken) -> WireError {
    let broken = if broken == CUT {
        Broken::new("it ends in the middle of a series")
    } else {
        broken
    };
    WireError::Unreadable {
        form: "remote-write request",
        broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{put_bytes, put_fixed64, put_number};

    fn label(name: &str, value: &str) -> Vec<u8> {
        let mut label = Vec::new();
        put_bytes(&mut label, 1, name.as_bytes());
        put_bytes(&mut label, 2, value.as_bytes());
        label
    }

    type Seen<'a> = (Vec<(&'a str, &'a str)>, Vec<Result<Item<'a>, Broken>>);

    fn walk(request: &[u8]) -> Vec<Seen<'_>> {
        let mut seen = Vec::new();
        each_series(request, |series| {
            let series = series.cut();
            seen.push((
                series.labels().unwrap_or_default(),
                series.items().collect(),
            ));
        })
        .unwrap();
        seen
    }

    #[test]
    fn what_is_left_out_is_zero_and_what_is_not_known_is_passed_over() {
        let mut series = Vec::new();
        put_bytes(&mut series, 1, &label("__name__", "up"));
        put_bytes(&mut series, 2, b"");
        put_bytes(&mut series, 3, b"an exemplar");
        let mut sample = Vec::new();
        put_number(&mut sample, 2, (-5_i64).cast_unsigned());
        put_number(&mut sample, 9, 1);
        put_bytes(&mut series, 2, &sample);
        put_bytes(&mut series, 4, b"native");
        let mut request = Vec::new();
        put_bytes(&mut request, 3, b"metadata");
        put_bytes(&mut request, 1, &series);
        put_bytes(&mut request, 1, b"");
        let item = |value, time_ms| Ok(Item::Sample { value, time_ms });
        assert_eq!(
            walk(&request),
            [
                (
                    vec![("__name__", "up")],
                    vec![item(0.0, 0), item(0.0, -5), Ok(Item::Histogram(b"native"))]
                ),
                (vec![], vec![]),
            ]
        );
    }

    #[test]
    fn a_broken_series_leaves_the_others() {
        let mut good = Vec::new();
        put_bytes(&mut good, 1, &label("__name__", "up"));
        let mut sample = Vec::new();
        put_fixed64(&mut sample, 1, 1.5_f64.to_bits());
        put_number(&mut sample, 2, 7);
        put_bytes(&mut good, 2, &sample);
        let (mut cut, mut late) = (good.clone(), good.clone());
        cut.pop();
        put_bytes(&mut late, 1, &label("a", "b"));
        for series in [&good, &cut, &late] {
            let (labels, whole) = (Uncut(series).cut().labels, Uncut(series));
            for length in 0..=series.len() + 1 {
                let cut = whole.cut_at(length).map(|series| series.labels);
                assert!(length != labels.len() || cut == Some(labels));
            }
        }
        let mut request = Vec::new();
        for series in [&good, &cut, &late, &good] {
            put_bytes(&mut request, 1, series);
        }
        let seen = walk(&request);
        let item = Ok(Item::Sample {
            value: 1.5,
            time_ms: 7,
        });
        assert_eq!(seen[0], seen[3]);
        assert_eq!(seen[0].1, vec![item.clone()]);
        assert_eq!(seen[1].1, [Err(CUT)]);
        assert_eq!(
            seen[2].1,
            [item, Err(Broken::new("a label stands behind a sample"))]
        );
        request.pop();
        let mut calls = 0;
        assert!(each_series(&request, |_| calls += 1).is_err());
        assert_eq!(calls, 0);
    }

    #[test]
    fn a_single_sample_is_the_same_as_walked() {
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..5_000 {
            let mut sample = Vec::new();
            put_fixed64(&mut sample, 1, random.u64(..));
            put_number(&mut sample, 2, random.u64(..) >> random.u32(0..64));
            let mut series = Vec::new();
            put_bytes(&mut series, 1, &label("__name__", "up"));
            put_bytes(&mut series, 2, &sample);
            if random.u32(0..4) == 0 {
                put_bytes(&mut series, 3, b"");
            }
            if random.u32(0..4) == 0 {
                let at = random.usize(0..series.len());
                series[at] = random.u8(..);
            }
            let series = Uncut(&series).cut();
            let Some((value, time_ms)) = series.only_sample() else {
                continue;
            };
            let walked: Vec<_> = series.items().collect();
            let [
                Ok(Item::Sample {
                    value: walked,
                    time_ms: at,
                }),
            ] = walked[..]
            else {
                panic!("{walked:?}");
            };
            assert_eq!((value.to_bits(), time_ms), (walked.to_bits(), at));
        }
    }

    #[test]
    fn the_name_and_the_bytes_of_a_series() {
        let request = [("__name__", "up"), ("job", "a")];
        let body = encode(&[(&request, &[(1.0, 5)])]);
        let raw = crate::snappy::Unpacker::default()
            .unpack(&body, 1000)
            .unwrap()
            .to_vec();
        each_series(&raw, |series| {
            let series = series.cut();
            assert_eq!(series.name(), Some(&b"up"[..]));
            assert_eq!(series.labels().unwrap(), request);
            assert!(series.label_bytes().ends_with(b"\x12\x01a"));
        })
        .unwrap();
        let before: &[(&str, &str)] = &[("A", "b"), ("__name__", "up"), ("job", "a")];
        for (labels, name) in [
            (before, Some(&b"up"[..])),
            (&before[..1], None),
            (&[], None),
        ] {
            let body = encode(&[(labels, &[])]);
            let raw = crate::snappy::Unpacker::default()
                .unpack(&body, 1000)
                .unwrap()
                .to_vec();
            each_series(&raw, |series| assert_eq!(series.cut().name(), name)).unwrap();
        }
    }
}
