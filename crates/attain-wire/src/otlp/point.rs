//! One point of a metric: when, of which series, and what it says.

use super::Kind;
use super::attributes::{Attributes, Run};
use crate::error::Broken;
use crate::proto::{CUT, Fields, Value, message, varint, zigzag};

/// A point.
#[derive(Debug, Clone, Copy)]
pub struct Point<'a> {
    /// What tells its series from others of the metric.
    pub attributes: Attributes<'a>,
    /// Since when it counts, in milliseconds since 1970; 0 is not said.
    pub start_ms: i64,
    /// When it was taken, in milliseconds since 1970; 0 is not said.
    pub time_ms: i64,
    /// Whether it says when it began: before it was taken. A cumulative point that begins when it was taken, to the
    /// nanosecond, says that nobody knows ("unknown start time" of OpenTelemetry's data model).
    pub is_start_known: bool,
    /// What it says.
    pub recorded: Recorded<'a>,
}

/// What a point says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Recorded<'a> {
    /// Nothing: the series has no value now.
    Nothing,
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A histogram with explicit bounds.
    Explicit(Explicit<'a>),
    /// An exponential histogram.
    Exponential(Exponential<'a>),
    /// How many a summary counted.
    Count(u64),
}

/// A histogram with explicit bounds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Explicit<'a> {
    /// All events.
    pub count: u64,
    counts: &'a [u8],
    bounds: &'a [u8],
}

/// An exponential histogram. Bucket `i` holds values above `2^(i / 2^scale)`, up to and with `2^((i + 1) / 2^scale)`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Exponential<'a> {
    /// All events.
    pub count: u64,
    /// How fine it is.
    pub scale: i32,
    /// Events at or under `zero_threshold`.
    pub zero_count: u64,
    /// What counts as zero.
    pub zero_threshold: f64,
    /// The index of the first positive bucket.
    offset: i32,
    counts: &'a [u8],
}

impl Explicit<'_> {
    /// Whether it says how its events lie.
    #[must_use]
    pub fn has_bounds(&self) -> bool {
        !self.bounds.is_empty()
    }

    /// Upper bounds, ascending as they came, and the events under each; the last bucket has no bound.
    ///
    /// # Errors
    /// Counts and bounds do not fit together, bounds do not ascend, or the counts do not add up to all events.
    pub fn buckets(&self) -> Result<impl Iterator<Item = (Option<f64>, u64)>, Broken> {
        let (counts, [], bounds, []) = parts(self.counts, self.bounds) else {
            return Err(CUT);
        };
        let fits = counts.len() == bounds.len() + 1 || counts.is_empty() && bounds.is_empty();
        if !fits {
            return Err(Broken::new("it has not one count more than it has bounds"));
        }
        let bounds = bounds.iter().map(|bytes| f64::from_le_bytes(*bytes));
        let is_any_no_number = bounds.clone().any(f64::is_nan);
        if is_any_no_number || !bounds.clone().is_sorted_by(|one, next| one < next) {
            return Err(Broken::new("its bounds do not ascend"));
        }
        let bounds = bounds.map(Some);
        let counts = counts.iter().map(|bytes| u64::from_le_bytes(*bytes));
        let sum = counts.clone().fold(0, u64::saturating_add);
        if sum != self.count && counts.len() > 0 {
            return Err(Broken::at(format!(
                "its buckets hold {sum} events, and it says that it has {}",
                self.count
            )));
        }
        Ok(bounds.chain([None]).zip(counts))
    }
}

type Eights<'a> = &'a [[u8; 8]];

fn parts<'a>(counts: &'a [u8], bounds: &'a [u8]) -> (Eights<'a>, &'a [u8], Eights<'a>, &'a [u8]) {
    let (counts, counts_rest) = counts.as_chunks();
    let (bounds, bounds_rest) = bounds.as_chunks();
    (counts, counts_rest, bounds, bounds_rest)
}

impl Exponential<'_> {
    /// The index of each positive bucket, ascending, and the events in it.
    pub fn buckets(&self) -> impl Iterator<Item = Result<(i64, u64), Broken>> {
        let mut rest = self.counts;
        (i64::from(self.offset)..).map_while(move |index| {
            if rest.is_empty() {
                return None;
            }
            match varint(rest) {
                Ok((count, after)) => {
                    rest = after;
                    Some(Ok((index, count)))
                }
                Err(broken) => {
                    rest = &[];
                    Some(Err(broken))
                }
            }
        })
    }
}

/// The points of a metric.
#[derive(Debug, Clone)]
pub struct Points<'a> {
    kind: Kind,
    data: Fields<'a>,
}

impl<'a> Points<'a> {
    pub(super) fn new(kind: Kind, data: &'a [u8]) -> Self {
        let data = Fields::new(data);
        Self { kind, data }
    }
}

impl<'a> Iterator for Points<'a> {
    type Item = Result<Point<'a>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // The framing was walked before.
            match self.data.next_field() {
                Ok(Some((1, Value::Bytes(point)))) => return Some(point_of(self.kind, point)),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

fn point_of(kind: Kind, point: &[u8]) -> Result<Point<'_>, Broken> {
    match kind {
        Kind::Gauge | Kind::Sum { .. } => number(point),
        Kind::Summary => summary(point),
        Kind::Histogram => explicit(point),
        Kind::Exponential => exponential(point),
    }
}

/// What all points have.
#[derive(Default)]
struct Frame<'a> {
    run: Run<'a>,
    start_ns: u64,
    time_ns: u64,
    is_nothing: bool,
}

impl<'a> Frame<'a> {
    fn point(self, field: u32, recorded: Recorded<'a>) -> Point<'a> {
        let ms = |ns: u64| i64::try_from(ns / 1_000_000).unwrap_or(i64::MAX);
        Point {
            attributes: self.run.attributes(field),
            start_ms: ms(self.start_ns),
            time_ms: ms(self.time_ns),
            is_start_known: 0 < self.start_ns && self.start_ns < self.time_ns,
            recorded: if self.is_nothing {
                Recorded::Nothing
            } else {
                recorded
            },
        }
    }

    /// Start and time have the same numbers in every kind; the flags have not.
    fn take(&mut self, flags: u32, found: (u32, Value<'a>)) {
        match found {
            (2, Value::Fixed64(ns)) => self.start_ns = ns,
            (3, Value::Fixed64(ns)) => self.time_ns = ns,
            (field, Value::Varint(bits)) if field == flags => self.is_nothing = bits & 1 == 1,
            _ => {}
        }
    }
}

/// Calls `take` for each field but the attributes.
fn each<'a>(
    point: &'a [u8],
    (attributes, flags): (u32, u32),
    mut take: impl FnMut(u32, Value<'a>) -> Result<(), Broken>,
) -> Result<Frame<'a>, Broken> {
    let mut frame = Frame::default();
    let mut fields = Fields::new(point);
    loop {
        let before = fields.rest;
        let Some((field, value)) = fields.next_field()? else {
            return Ok(frame);
        };
        if field == attributes {
            frame.run.add(before, fields.rest)?;
        } else {
            frame.take(flags, (field, value));
            take(field, value)?;
        }
    }
}

fn number(point: &[u8]) -> Result<Point<'_>, Broken> {
    let mut recorded = None;
    let frame = each(point, (7, 8), |field, value| {
        match (field, value) {
            (4, Value::Fixed64(bits)) => recorded = Some(Recorded::Number(f64::from_bits(bits))),
            (6, Value::Fixed64(bits)) => recorded = Some(Recorded::Whole(bits.cast_signed())),
            _ => {}
        }
        Ok(())
    })?;
    if recorded.is_none() && !frame.is_nothing {
        return Err(Broken::new(
            "it has no value, and does not say that it has none",
        ));
    }
    Ok(frame.point(7, recorded.unwrap_or(Recorded::Nothing)))
}

fn summary(point: &[u8]) -> Result<Point<'_>, Broken> {
    let mut count = 0;
    let frame = each(point, (7, 8), |field, value| {
        if let (4, Value::Fixed64(found)) = (field, value) {
            count = found;
        }
        Ok(())
    })?;
    Ok(frame.point(7, Recorded::Count(count)))
}

fn explicit(point: &[u8]) -> Result<Point<'_>, Broken> {
    let mut histogram = Explicit::default();
    let frame = each(point, (9, 10), |field, value| {
        match (field, value) {
            (4, Value::Fixed64(count)) => histogram.count = count,
            (6, value) => histogram.counts = message(value)?,
            (7, value) => histogram.bounds = message(value)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(frame.point(9, Recorded::Explicit(histogram)))
}

fn exponential(point: &[u8]) -> Result<Point<'_>, Broken> {
    let mut histogram = Exponential::default();
    let frame = each(point, (1, 10), |field, value| {
        match (field, value) {
            (4, Value::Fixed64(count)) => histogram.count = count,
            (6, Value::Varint(scale)) => histogram.scale = zigzag(scale)?,
            (7, Value::Fixed64(count)) => histogram.zero_count = count,
            (8, value) => buckets(message(value)?, &mut histogram)?,
            (14, Value::Fixed64(bits)) => histogram.zero_threshold = f64::from_bits(bits),
            _ => {}
        }
        Ok(())
    })?;
    Ok(frame.point(1, Recorded::Exponential(histogram)))
}

/// `Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2; }`
fn buckets<'a>(bytes: &'a [u8], histogram: &mut Exponential<'a>) -> Result<(), Broken> {
    let mut fields = Fields::new(bytes);
    while let Some((field, value)) = fields.next_field()? {
        match (field, value) {
            (1, Value::Varint(offset)) => histogram.offset = zigzag(offset)?,
            (2, value) => histogram.counts = message(value)?,
            _ => {}
        }
    }
    Ok(())
}
