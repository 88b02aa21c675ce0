//! Prometheus' native histograms. Knows exponential buckets, of whole and of fractional counts; knows no custom bounds.
//!
//! ```text
//! Histogram  { count_int = 1 or count_float = 2; sum = 3; sint32 schema = 4; zero_threshold = 5; zero_count_int = 6 or
//!              zero_count_float = 7; repeated BucketSpan positive_spans = 11; repeated sint64 positive_deltas = 12 or
//!              repeated double positive_counts = 13; reset_hint = 14; int64 timestamp = 15; }
//! BucketSpan { sint32 offset = 1; uint32 length = 2; }
//! ```

use super::STALE_BITS;
use crate::error::Broken;
use crate::proto::{Fields, Value, fixed64, message, varint, zigzag};

/// A native histogram.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Native {
    /// When it was taken, in milliseconds since 1970.
    pub time_ms: i64,
    /// The series has ended; the rest says nothing.
    pub is_stale: bool,
    /// All events.
    pub count: u64,
    /// How fine it is.
    pub scale: i32,
    /// Events at or under `zero_threshold`.
    pub zero_count: u64,
    /// What counts as zero.
    pub zero_threshold: f64,
    /// Index and events of the positive buckets, ascending: bucket `i` holds values above `2^(i / 2^scale)`, up to and with
    /// `2^((i + 1) / 2^scale)`.
    pub buckets: Vec<(i64, u64)>,
}

/// Reads one.
///
/// # Errors
/// It is cut off, its spans and counts do not fit together, it has bounds of its own, or it is one whose buckets may fall.
pub fn native(histogram: &[u8]) -> Result<Native, Broken> {
    const CUSTOM_BOUNDS: i32 = -53;
    const GAUGE: u64 = 3;
    let mut native = Native::default();
    let mut spans: Vec<(i32, u64)> = Vec::new();
    let mut counts: Vec<u64> = Vec::new();
    let mut fields = Fields::new(histogram);
    while let Some(field) = fields.next_field()? {
        match field {
            (1, Value::Varint(count)) => native.count = count,
            (2, Value::Fixed64(bits)) => native.count = whole(bits)?,
            (3, Value::Fixed64(bits)) => native.is_stale = bits == STALE_BITS,
            (4, Value::Varint(schema)) => native.scale = zigzag(schema)?,
            (5, Value::Fixed64(bits)) => native.zero_threshold = f64::from_bits(bits),
            (6, Value::Varint(count)) => native.zero_count = count,
            (7, Value::Fixed64(bits)) => native.zero_count = whole(bits)?,
            (11, value) => spans.push(span(message(value)?)?),
            (12, value) => deltas(message(value)?, &mut counts)?,
            (13, value) => floats(message(value)?, &mut counts)?,
            (14, Value::Varint(GAUGE)) => {
                return Err(Broken::new(
                    "a histogram whose buckets may fall is not counted",
                ));
            }
            (15, Value::Varint(time)) => native.time_ms = time.cast_signed(),
            _ => {}
        }
    }
    if native.scale == CUSTOM_BOUNDS {
        return Err(Broken::new(
            "a native histogram with bounds of its own is not taken; send classic buckets",
        ));
    }
    native.buckets = indexed(&spans, &counts)?;
    Ok(native)
}

fn span(bytes: &[u8]) -> Result<(i32, u64), Broken> {
    let mut span = (0, 0);
    let mut fields = Fields::new(bytes);
    while let Some(field) = fields.next_field()? {
        match field {
            (1, Value::Varint(offset)) => span.0 = zigzag(offset)?,
            (2, Value::Varint(length)) => span.1 = length,
            _ => {}
        }
    }
    Ok(span)
}

/// Each count is the one before and its delta.
fn deltas(mut packed: &[u8], counts: &mut Vec<u64>) -> Result<(), Broken> {
    let mut count = counts.last().copied().unwrap_or(0);
    while !packed.is_empty() {
        let (delta, rest) = varint(packed)?;
        let delta = (delta >> 1).cast_signed() ^ -(delta & 1).cast_signed();
        let next = count.checked_add_signed(delta);
        count = next.ok_or(Broken::new(
            "a bucket of a native histogram is less than nothing",
        ))?;
        counts.push(count);
        packed = rest;
    }
    Ok(())
}

fn floats(mut packed: &[u8], counts: &mut Vec<u64>) -> Result<(), Broken> {
    while !packed.is_empty() {
        let (bits, rest) = fixed64(packed)?;
        counts.push(whole(bits)?);
        packed = rest;
    }
    Ok(())
}

fn whole(bits: u64) -> Result<u64, Broken> {
    /// 2^64.
    const TOO_MANY: f64 = 18_446_744_073_709_551_616.0;
    let number = f64::from_bits(bits);
    match (0.0..TOO_MANY).contains(&number) || bits == STALE_BITS {
        true => Ok(number as u64),
        false => Err(Broken::at(format!(
            "a histogram cannot have {number} events"
        ))),
    }
}

/// Spans are offsets from the end of the one before; their buckets follow each other in `counts`.
fn indexed(spans: &[(i32, u64)], counts: &[u64]) -> Result<Vec<(i64, u64)>, Broken> {
    let misfit = Broken::new("spans and buckets of a native histogram do not fit together");
    let mut buckets = Vec::with_capacity(counts.len());
    let mut counts = counts.iter();
    // Prometheus numbers a bucket by its end.
    let mut index = -1_i64;
    for (offset, length) in spans {
        index += i64::from(*offset);
        for _ in 0..*length {
            let count = counts.next().ok_or(misfit.clone())?;
            buckets.push((index, *count));
            index += 1;
        }
    }
    match counts.next() {
        None => Ok(buckets),
        Some(_) => Err(misfit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{put_bytes, put_fixed64, put_number};

    /// Two spans: buckets 1 and 2 (up to 2 and 4 at schema 0), a gap of two, and bucket 5.
    fn written() -> Vec<u8> {
        let mut bytes = Vec::new();
        put_number(&mut bytes, 1, 10);
        put_fixed64(&mut bytes, 5, 1e-9_f64.to_bits());
        put_number(&mut bytes, 6, 1);
        for (offset, length) in [(2, 2), (4, 1)] {
            let mut span = Vec::new();
            put_number(&mut span, 1, offset);
            put_number(&mut span, 2, length);
            put_bytes(&mut bytes, 11, &span);
        }
        // 3, then 5 (+2), then 1 (-4).
        put_bytes(&mut bytes, 12, &[6, 4, 7]);
        put_number(&mut bytes, 15, 1_793_612_400_000);
        bytes
    }

    #[test]
    fn spans_and_deltas_are_buckets() {
        let read = native(&written()).unwrap();
        assert_eq!(read.buckets, [(0, 3), (1, 5), (4, 1)]);
        assert_eq!((read.count, read.zero_count, read.scale), (10, 1, 0));
        assert_eq!((read.time_ms, read.is_stale), (1_793_612_400_000, false));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let with = |more: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = written();
            more(&mut bytes);
            native(&bytes)
        };
        assert!(
            with(&|b| put_bytes(b, 12, &[2])).is_err(),
            "one bucket too many"
        );
        assert!(
            with(&|b| put_bytes(b, 11, &[0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])).is_err(),
            "too few"
        );
        assert!(
            with(&|b| put_bytes(b, 12, &[13])).is_err(),
            "less than nothing"
        );
        assert!(with(&|b| put_number(b, 14, 3)).is_err(), "a gauge");
        assert!(
            with(&|b| put_number(b, 4, 105)).is_err(),
            "bounds of its own"
        );
        assert!(
            with(&|b| put_fixed64(b, 2, f64::NAN.to_bits())).is_err(),
            "no number"
        );
        assert!(native(&written()[..5]).is_err());
        assert!(with(&|b| put_fixed64(b, 3, STALE_BITS)).unwrap().is_stale);
    }
}
