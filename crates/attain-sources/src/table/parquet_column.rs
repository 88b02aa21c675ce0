//! One column of a Parquet file, batch by batch: its values as text, time and number. Knows Parquet's types; knows no
//! file and no meaning of a column.
//!
//! A value reads as the same table would as CSV: a null is an empty cell, a float is its shortest decimal text.

use std::borrow::Cow;
use std::fmt::Write as _;

use jiff::Timestamp;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::schema::types::ColumnDescriptor;

use crate::log::named::count_of;
use crate::text::time::parse_time;

/// A column that somebody wants, and the values of one batch.
pub(crate) struct Column {
    pub(crate) name: String,
    /// Its place among the leaves of the schema.
    pub(crate) leaf: usize,
    kind: Kind,
    /// The definition level of a value that is there.
    full_level: i16,
    levels: Vec<i16>,
    values: Values,
    /// By row, the place in `values`; [`NULL`] where there is none.
    places: Vec<u32>,
    /// Values as text, where that is wanted and they are not text already.
    texts: Option<Texts>,
}

const NULL: u32 = u32::MAX;

/// What a stored value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What it looks like.
    Plain,
    Unsigned,
    /// Digits after the point.
    Decimal(u32),
    /// Days since 1970.
    Date,
    /// Since 1970 UTC, in steps of so many nanoseconds.
    Instant(i64),
    Uuid,
}

enum Values {
    Bool(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

/// Texts end to end, and where each ends.
#[derive(Default)]
struct Texts {
    all: String,
    ends: Vec<usize>,
}

impl Column {
    /// # Errors
    /// What cannot be read of its type.
    pub(crate) fn new(leaf: usize, described: &ColumnDescriptor) -> Result<Self, &'static str> {
        let values = match described.physical_type() {
            Physical::BOOLEAN => Values::Bool(Vec::new()),
            Physical::INT32 => Values::Int32(Vec::new()),
            Physical::INT64 => Values::Int64(Vec::new()),
            Physical::INT96 => Values::Int96(Vec::new()),
            Physical::FLOAT => Values::Float(Vec::new()),
            Physical::DOUBLE => Values::Double(Vec::new()),
            Physical::BYTE_ARRAY => Values::Bytes(Vec::new()),
            Physical::FIXED_LEN_BYTE_ARRAY => Values::Fixed(Vec::new()),
        };
        Ok(Self {
            name: described.name().to_owned(),
            leaf,
            kind: kind_of(described)?,
            full_level: described.max_def_level(),
            levels: Vec::new(),
            values,
            places: Vec::new(),
            texts: None,
        })
    }

    /// Makes texts of all values of a batch at once, from the next batch on.
    pub(crate) fn want_text(&mut self) {
        if !matches!(self.values, Values::Bytes(_)) {
            self.texts.get_or_insert_default();
        }
    }

    /// Reads the next rows in place of those before; gives how many there were.
    pub(crate) fn read(
        &mut self,
        reader: &mut ColumnReader,
        rows: usize,
    ) -> parquet::errors::Result<usize> {
        self.levels.clear();
        let levels = Some(&mut self.levels);
        macro_rules! read {
            ($reader:expr, $values:expr) => {{
                $values.clear();
                $reader.read_records(rows, levels, None, $values)?
            }};
        }
        let (records, values, _) = match (reader, &mut self.values) {
            (ColumnReader::BoolColumnReader(r), Values::Bool(v)) => read!(r, v),
            (ColumnReader::Int32ColumnReader(r), Values::Int32(v)) => read!(r, v),
            (ColumnReader::Int64ColumnReader(r), Values::Int64(v)) => read!(r, v),
            (ColumnReader::Int96ColumnReader(r), Values::Int96(v)) => read!(r, v),
            (ColumnReader::FloatColumnReader(r), Values::Float(v)) => read!(r, v),
            (ColumnReader::DoubleColumnReader(r), Values::Double(v)) => read!(r, v),
            (ColumnReader::ByteArrayColumnReader(r), Values::Bytes(v)) => read!(r, v),
            (ColumnReader::FixedLenByteArrayColumnReader(r), Values::Fixed(v)) => read!(r, v),
            _ => return Err(general("a row group says another type than the schema")),
        };
        self.place(records);
        let placed = self.places.iter().filter(|place| **place != NULL).count();
        if placed != values {
            return Err(general("a page has more or fewer values than it says"));
        }
        if let Some(mut texts) = self.texts.take() {
            texts.all.clear();
            texts.ends.clear();
            for place in 0..values {
                self.write_value(place, &mut texts.all);
                texts.ends.push(texts.all.len());
            }
            self.texts = Some(texts);
        }
        Ok(records)
    }

    fn place(&mut self, records: usize) {
        self.places.clear();
        if self.full_level == 0 {
            self.places
                .extend(0..u32::try_from(records).unwrap_or(NULL));
            return;
        }
        let mut next = 0;
        for level in &self.levels {
            let is_there = *level == self.full_level;
            self.places.push(if is_there { next } else { NULL });
            next += u32::from(is_there);
        }
    }

    /// The place of a row's value; `None` is null.
    fn place_of(&self, row: usize) -> Option<usize> {
        let place = *self.places.get(row)?;
        (place != NULL).then_some(place as usize)
    }

    /// A row's value as a CSV cell; empty where it is null.
    pub(crate) fn text(&self, row: usize) -> Cow<'_, str> {
        let Some(place) = self.place_of(row) else {
            return Cow::Borrowed("");
        };
        if let Values::Bytes(values) = &self.values {
            return String::from_utf8_lossy(values[place].data().trim_ascii());
        }
        if let Some(texts) = &self.texts {
            let start = place.checked_sub(1).map_or(0, |before| texts.ends[before]);
            return Cow::Borrowed(&texts.all[start..texts.ends[place]]);
        }
        let mut text = String::new();
        self.write_value(place, &mut text);
        Cow::Owned(text)
    }

    /// A row's value as an instant; `None` where it is null.
    ///
    /// # Errors
    /// Its text, where it is none.
    pub(crate) fn time(&self, row: usize) -> Option<Result<Timestamp, Cow<'_, str>>> {
        let place = self.place_of(row)?;
        let instant = match self.instant(place) {
            Some(instant) => instant,
            None => {
                let text = self.text(row);
                if text.is_empty() {
                    return None;
                }
                parse_time(&text)
            }
        };
        Some(instant.ok_or_else(|| self.text(row)))
    }

    /// An instant that needs no parsing; `Some(None)` is one beyond what can be told.
    fn instant(&self, place: usize) -> Option<Option<Timestamp>> {
        let in_units = |value: i64, nanoseconds: i64| {
            let per_second = 1_000_000_000 / nanoseconds;
            let rest = value.rem_euclid(per_second) * nanoseconds;
            let rest = i32::try_from(rest).ok()?;
            Timestamp::new(value.div_euclid(per_second), rest).ok()
        };
        match (&self.values, self.kind) {
            (Values::Int64(values), Kind::Instant(unit)) => Some(in_units(values[place], unit)),
            (Values::Int64(values), Kind::Plain) => {
                Some(in_units(values[place], epoch_unit(values[place])))
            }
            (Values::Int32(values), Kind::Plain) => Some(in_units(values[place].into(), NANOS)),
            (Values::Int32(values), Kind::Date) => {
                Some(in_units(i64::from(values[place]) * DAY_SECONDS, NANOS))
            }
            (Values::Int96(values), _) => Some(instant_of_int96(&values[place])),
            _ => None,
        }
    }

    /// How many whole events a row stands for; an empty cell is one.
    ///
    /// # Errors
    /// It is no such number.
    pub(crate) fn count(&self, row: usize) -> Result<u64, String> {
        let place = self.place_of(row);
        let whole = place.and_then(|place| match (&self.values, self.kind) {
            (Values::Int64(values), Kind::Plain) => u64::try_from(values[place]).ok(),
            (Values::Int32(values), Kind::Plain) => u64::try_from(values[place]).ok(),
            _ => None,
        });
        whole.map_or_else(|| count_of(&self.text(row)), Ok)
    }

    /// A row's value in units of so many billionths of a second, as nanoseconds, where that needs no text: the number
    /// that its text would give.
    pub(crate) fn nanoseconds(&self, row: usize, unit_billionths: i128) -> Option<u64> {
        let place = self.place_of(row)?;
        let whole =
            |value: i64| u64::try_from(i128::from(value).checked_mul(unit_billionths)?).ok();
        match (&self.values, self.kind) {
            (Values::Int64(values), Kind::Plain) => whole(values[place]),
            (Values::Int32(values), Kind::Plain) => whole(values[place].into()),
            (Values::Double(values), _) => exact(values[place], unit_billionths as f64),
            _ => None,
        }
    }

    fn write_value(&self, place: usize, text: &mut String) {
        let _ = match (&self.values, self.kind) {
            (Values::Bool(values), _) => write!(text, "{}", values[place]),
            (Values::Int32(_) | Values::Int64(_), Kind::Date | Kind::Instant(_))
            | (Values::Int96(_), _) => match self.instant(place).flatten() {
                Some(instant) => write!(text, "{instant}"),
                None => text.write_str("beyond the calendar"),
            },
            (Values::Int32(values), Kind::Unsigned) => {
                write!(text, "{}", values[place].cast_unsigned())
            }
            (Values::Int64(values), Kind::Unsigned) => {
                write!(text, "{}", values[place].cast_unsigned())
            }
            (Values::Int32(values), Kind::Decimal(scale)) => {
                write_decimal(text, values[place].into(), scale)
            }
            (Values::Int64(values), Kind::Decimal(scale)) => {
                write_decimal(text, values[place].into(), scale)
            }
            (Values::Int32(values), _) => write!(text, "{}", values[place]),
            (Values::Int64(values), _) => write!(text, "{}", values[place]),
            (Values::Float(values), _) => write_float(text, values[place].into(), &values[place]),
            (Values::Double(values), _) => write_float(text, values[place], &values[place]),
            (Values::Bytes(values), kind) => write_bytes(text, values[place].data(), kind),
            (Values::Fixed(values), kind) => write_bytes(text, values[place].data(), kind),
        };
    }
}

const NANOS: i64 = 1_000_000_000;
const DAY_SECONDS: i64 = 86_400;

fn kind_of(described: &ColumnDescriptor) -> Result<Kind, &'static str> {
    let unit_nanoseconds = |unit: &TimeUnit| match unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1000,
        TimeUnit::NANOS => 1,
    };
    let decimal = || match described.physical_type() {
        Physical::BYTE_ARRAY => Err("a decimal of any length"),
        Physical::FIXED_LEN_BYTE_ARRAY if described.type_length() > 16 => {
            Err("a decimal of more than 38 digits")
        }
        _ => u32::try_from(described.type_scale())
            .ok()
            .filter(|scale| *scale <= 38)
            .map(Kind::Decimal)
            .ok_or("a decimal with a scale beyond 38"),
    };
    let by_logical = match described.logical_type_ref() {
        Some(LogicalType::Timestamp(stamp)) => Some(Kind::Instant(unit_nanoseconds(&stamp.unit))),
        Some(LogicalType::Date) => Some(Kind::Date),
        Some(LogicalType::Decimal(_)) => Some(decimal()?),
        Some(LogicalType::Integer(int)) if !int.is_signed => Some(Kind::Unsigned),
        Some(LogicalType::Uuid) => Some(Kind::Uuid),
        Some(LogicalType::Float16) => return Err("a float of 16 bits"),
        _ => None,
    };
    if let Some(kind) = by_logical {
        return Ok(kind);
    }
    Ok(match described.converted_type() {
        ConvertedType::TIMESTAMP_MILLIS => Kind::Instant(1_000_000),
        ConvertedType::TIMESTAMP_MICROS => Kind::Instant(1000),
        ConvertedType::DATE => Kind::Date,
        ConvertedType::DECIMAL => decimal()?,
        ConvertedType::INTERVAL => return Err("an interval of months, days and milliseconds"),
        ConvertedType::UINT_8
        | ConvertedType::UINT_16
        | ConvertedType::UINT_32
        | ConvertedType::UINT_64 => Kind::Unsigned,
        _ => Kind::Plain,
    })
}

/// Nanoseconds per step of a whole number since 1970, told by its size as in text (see [`parse_time`]).
fn epoch_unit(value: i64) -> i64 {
    match value.unsigned_abs() {
        0..100_000_000_000 => NANOS,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1000,
        _ => 1,
    }
}

/// Nanoseconds of a day and a Julian day number, as older writers have it.
fn instant_of_int96(value: &Int96) -> Option<Timestamp> {
    const JULIAN_DAY_OF_1970: i64 = 2_440_588;
    let [low, high, day] = *value.data() else {
        return None;
    };
    let nanoseconds = (u64::from(high) << 32 | u64::from(low)).cast_signed();
    let seconds = (i64::from(day.cast_signed()) - JULIAN_DAY_OF_1970) * DAY_SECONDS;
    let total = i128::from(seconds) * i128::from(NANOS) + i128::from(nanoseconds);
    Timestamp::from_nanosecond(total).ok()
}

/// `value * unit` where that is whole and its text says just this; else `None`.
///
/// A decimal of up to 15 digits is the shortest text of the float that it reads as, so a whole number of nanoseconds
/// below 10^15 that divides back to the value is what the text says.
fn exact(value: f64, unit: f64) -> Option<u64> {
    const FIFTEEN_DIGITS: f64 = 1e15;
    let rounded = (value * unit).round();
    let is_told = (0.0..FIFTEEN_DIGITS).contains(&rounded) && rounded / unit == value;
    is_told.then_some(rounded as u64)
}

/// The shortest decimal text; with an exponent where it would be long.
fn write_float<F>(text: &mut String, size: f64, value: &F) -> std::fmt::Result
where
    F: std::fmt::Display + std::fmt::LowerExp,
{
    let size = size.abs();
    if size != 0.0 && size.is_finite() && !(1e-6..1e17).contains(&size) {
        write!(text, "{value:e}")
    } else {
        write!(text, "{value}")
    }
}

fn write_bytes(text: &mut String, bytes: &[u8], kind: Kind) -> std::fmt::Result {
    match kind {
        Kind::Decimal(scale) => {
            let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
            let start = if negative { -1 } else { 0 };
            let value = bytes
                .iter()
                .fold(start, |value: i128, byte| value << 8 | i128::from(*byte));
            write_decimal(text, value, scale)
        }
        Kind::Uuid => {
            for (place, byte) in bytes.iter().enumerate() {
                if matches!(place, 4 | 6 | 8 | 10) {
                    text.push('-');
                }
                write!(text, "{byte:02x}")?;
            }
            Ok(())
        }
        _ => text.write_str(&String::from_utf8_lossy(bytes.trim_ascii())),
    }
}

fn write_decimal(text: &mut String, value: i128, scale: u32) -> std::fmt::Result {
    let Some(one) = 10_u128.checked_pow(scale).filter(|one| *one > 1) else {
        return write!(text, "{value}");
    };
    let sign = if value < 0 { "-" } else { "" };
    let (whole, rest) = (value.unsigned_abs() / one, value.unsigned_abs() % one);
    let width = scale as usize;
    write!(text, "{sign}{whole}.{rest:0width$}")
}

fn general(why: &str) -> parquet::errors::ParquetError {
    parquet::errors::ParquetError::General(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::number::nanoseconds;

    #[test]
    fn a_float_is_as_many_nanoseconds_as_its_text_says() {
        let mut seed = 7_u64;
        let mut exact_ones = 0;
        for round in 0..200_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let digits = seed >> 40;
            let value = match round % 4 {
                0 => digits as f64 / 1000.0,
                1 => digits as f64 * 0.001,
                2 => f64::from_bits(0x3fb0_0000_0000_0000 | seed >> 12),
                _ => digits as f64 / 1e9,
            };
            for (unit, billionths) in [(1e9, 1_000_000_000), (1e6, 1_000_000)] {
                if let Some(found) = exact(value, unit) {
                    exact_ones += 1;
                    let text = nanoseconds(&value.to_string(), billionths);
                    assert_eq!(Some(found), text, "{value}");
                }
            }
        }
        assert!(exact_ones > 100_000, "{exact_ones}");
        for value in [f64::NAN, f64::INFINITY, -1.0, 1e300, 1e-300] {
            assert_eq!(exact(value, 1e9), None, "{value}");
        }
    }

    #[test]
    fn whole_numbers_are_the_time_that_their_text_is() {
        for value in [
            0,
            -1,
            1_793_612_400,
            1_793_612_400_123,
            1_793_612_400_123_456,
            1_793_612_400_123_456_789,
            -99_999_999_999,
        ] {
            let unit = epoch_unit(value);
            let total = i128::from(value) * i128::from(unit);
            let instant = Timestamp::from_nanosecond(total).ok();
            assert_eq!(instant, parse_time(&value.to_string()), "{value}");
        }
    }

    #[test]
    fn numbers_as_text() {
        let mut text = String::new();
        let floats: [f64; 5] = [0.25, 503.0, 1e20, 1e-9, f64::NAN];
        for value in floats {
            write_float(&mut text, value, &value).unwrap();
            text.push(' ');
        }
        write_decimal(&mut text, -12_305, 2).unwrap();
        text.push(' ');
        write_bytes(&mut text, &[0xff, 0x85], Kind::Decimal(3)).unwrap();
        assert_eq!(text, "0.25 503 1e20 1e-9 NaN -123.05 -0.123");
    }
}
