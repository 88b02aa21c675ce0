//! OTLP as JSON, written as the protobuf that it stands for.
//!
//! Keys are lowerCamelCase, enums numbers, 64-bit numbers text or numbers; what is not known is passed over.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use crate::error::{Broken, WireError};
use crate::proto::{put_bytes, put_fixed64, put_number};

/// The bytes of a request that came as JSON.
///
/// # Errors
/// [`WireError::Unreadable`] with the line and column of what is wrong.
pub fn from_json(json: &[u8]) -> Result<Vec<u8>, WireError> {
    let unreadable = |why: String| WireError::Unreadable {
        form: "OTLP metrics request in JSON",
        broken: Broken::at(why),
    };
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(unreadable("no object at line 1 column 1".to_owned()));
    }
    let request: Request<'_> =
        serde_json::from_slice(json).map_err(|error| unreadable(error.to_string()))?;
    let mut out = Vec::with_capacity(json.len() / 2);
    for resource in &request.resource_metrics {
        nested(&mut out, 1, |out| resource.write(out));
    }
    Ok(out)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Request<'a> {
    #[serde(borrow)]
    resource_metrics: Vec<ResourceMetrics<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ResourceMetrics<'a> {
    #[serde(borrow)]
    resource: Option<Resource<'a>>,
    scope_metrics: Vec<ScopeMetrics<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resource<'a> {
    #[serde(borrow)]
    attributes: Vec<KeyValue<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Scope<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ScopeMetrics<'a> {
    #[serde(borrow)]
    scope: Option<Scope<'a>>,
    #[serde(borrow)]
    metrics: Vec<Metric<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metric<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    unit: Cow<'a, str>,
    gauge: Option<Data<'a>>,
    sum: Option<Data<'a>>,
    histogram: Option<Data<'a>>,
    exponential_histogram: Option<Data<'a>>,
    summary: Option<Data<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Data<'a> {
    #[serde(borrow)]
    data_points: Vec<Point<'a>>,
    aggregation_temporality: Option<Temporality>,
    is_monotonic: bool,
}

/// Points of all kinds: no two kinds give one key two meanings.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Point<'a> {
    #[serde(borrow)]
    attributes: Vec<KeyValue<'a>>,
    start_time_unix_nano: Long,
    time_unix_nano: Long,
    as_double: Option<Double>,
    as_int: Option<Long>,
    count: Long,
    bucket_counts: Vec<Long>,
    explicit_bounds: Vec<Double>,
    scale: i32,
    zero_count: Long,
    zero_threshold: Double,
    positive: Option<Buckets>,
    flags: u32,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Buckets {
    offset: i32,
    bucket_counts: Vec<Long>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct KeyValue<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    value: Option<AnyValue<'a>>,
}

/// Lists, maps and bytes are no labels, and are passed over.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct AnyValue<'a> {
    #[serde(borrow)]
    string_value: Option<Cow<'a, str>>,
    bool_value: Option<bool>,
    int_value: Option<Long>,
    double_value: Option<Double>,
}

impl ResourceMetrics<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        if let Some(resource) = &self.resource {
            nested(out, 1, |out| attributes(out, 1, &resource.attributes));
        }
        for scope in &self.scope_metrics {
            nested(out, 2, |out| {
                if let Some(Scope { name }) = &scope.scope {
                    nested(out, 1, |out| put_bytes(out, 1, name.as_bytes()));
                }
                for metric in &scope.metrics {
                    nested(out, 2, |out| metric.write(out));
                }
            });
        }
    }
}

impl Metric<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        put_bytes(out, 1, self.name.as_bytes());
        put_bytes(out, 3, self.unit.as_bytes());
        for (field, data) in [
            (5, &self.gauge),
            (7, &self.sum),
            (9, &self.histogram),
            (10, &self.exponential_histogram),
            (11, &self.summary),
        ] {
            if let Some(data) = data {
                nested(out, field, |out| data.write(out, field));
            }
        }
    }
}

impl Data<'_> {
    fn write(&self, out: &mut Vec<u8>, kind: u32) {
        for point in &self.data_points {
            nested(out, 1, |out| match kind {
                9 => point.explicit(out),
                10 => point.exponential(out),
                _ => point.number(out, kind == 11),
            });
        }
        if let Some(Temporality(temporality)) = self.aggregation_temporality {
            put_number(out, 2, temporality);
        }
        put_number(out, 3, u64::from(self.is_monotonic));
    }
}

impl Point<'_> {
    fn times(&self, out: &mut Vec<u8>) {
        put_fixed64(out, 2, self.start_time_unix_nano.0);
        put_fixed64(out, 3, self.time_unix_nano.0);
    }

    fn number(&self, out: &mut Vec<u8>, is_summary: bool) {
        self.times(out);
        if is_summary {
            put_fixed64(out, 4, self.count.0);
        } else if let Some(number) = &self.as_double {
            put_fixed64(out, 4, number.0.to_bits());
        } else if let Some(number) = &self.as_int {
            put_fixed64(out, 6, number.0);
        }
        attributes(out, 7, &self.attributes);
        put_number(out, 8, u64::from(self.flags));
    }

    fn explicit(&self, out: &mut Vec<u8>) {
        self.times(out);
        put_fixed64(out, 4, self.count.0);
        let counts = self
            .bucket_counts
            .iter()
            .flat_map(|count| count.0.to_le_bytes());
        put_bytes(out, 6, &counts.collect::<Vec<u8>>());
        let bounds = self
            .explicit_bounds
            .iter()
            .flat_map(|bound| bound.0.to_le_bytes());
        put_bytes(out, 7, &bounds.collect::<Vec<u8>>());
        attributes(out, 9, &self.attributes);
        put_number(out, 10, u64::from(self.flags));
    }

    fn exponential(&self, out: &mut Vec<u8>) {
        attributes(out, 1, &self.attributes);
        self.times(out);
        put_fixed64(out, 4, self.count.0);
        put_number(out, 6, zigzag(self.scale));
        put_fixed64(out, 7, self.zero_count.0);
        if let Some(buckets) = &self.positive {
            nested(out, 8, |out| {
                put_number(out, 1, zigzag(buckets.offset));
                nested(out, 2, |out| {
                    for count in &buckets.bucket_counts {
                        crate::proto::put_varint(out, count.0);
                    }
                });
            });
        }
        put_number(out, 10, u64::from(self.flags));
        put_fixed64(out, 14, self.zero_threshold.0.to_bits());
    }
}

fn attributes(out: &mut Vec<u8>, field: u32, all: &[KeyValue<'_>]) {
    for pair in all {
        nested(out, field, |out| {
            put_bytes(out, 1, pair.key.as_bytes());
            if let Some(value) = &pair.value {
                nested(out, 2, |out| value.write(out));
            }
        });
    }
}

impl AnyValue<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        if let Some(text) = &self.string_value {
            put_bytes(out, 1, text.as_bytes());
        } else if let Some(is) = self.bool_value {
            put_number(out, 2, u64::from(is));
        } else if let Some(number) = &self.int_value {
            put_number(out, 3, number.0);
        } else if let Some(number) = &self.double_value {
            put_fixed64(out, 4, number.0.to_bits());
        }
    }
}

/// Writes a field that is a message.
fn nested(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let mut message = Vec::new();
    write(&mut message);
    put_bytes(out, field, &message);
}

fn zigzag(number: i32) -> u64 {
    let number = i64::from(number);
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

/// The bits of a whole number of 64 bits, signed or not, as a number or as text.
#[derive(Default, Clone, Copy)]
struct Long(u64);

/// A number, or the text of one: `"NaN"`, `"Infinity"`.
#[derive(Default, Clone, Copy)]
struct Double(f64);

/// Its number; some write its name.
#[derive(Clone, Copy)]
struct Temporality(u64);

impl<'de> Deserialize<'de> for Long {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Whole).map(Self)
    }
}

struct Whole;

impl Visitor<'_> for Whole {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of 64 bits, or its text")
    }

    fn visit_u64<E>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_i64<E>(self, number: i64) -> Result<u64, E> {
        Ok(number.cast_unsigned())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        // Some writers know no whole numbers. What is larger is not exact any more.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && number.abs() <= EXACT {
            return Ok((number as i64).cast_unsigned());
        }
        Err(E::custom(format_args!("{number} is no whole number")))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        let signed = || text.parse::<i64>().map(i64::cast_unsigned);
        text.parse()
            .or_else(|_| signed())
            .map_err(|_| E::custom(format_args!("`{text}` is no whole number of 64 bits")))
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = f64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or its text")
            }

            fn visit_u64<E>(self, number: u64) -> Result<f64, E> {
                Ok(number as f64)
            }

            fn visit_i64<E>(self, number: i64) -> Result<f64, E> {
                Ok(number as f64)
            }

            fn visit_f64<E>(self, number: f64) -> Result<f64, E> {
                Ok(number)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
                text.parse()
                    .map_err(|_| E::custom(format_args!("`{text}` is no number")))
            }
        }
        from.deserialize_any(Any).map(Self)
    }
}

impl<'de> Deserialize<'de> for Temporality {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Named;
        impl Visitor<'_> for Named {
            type Value = u64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("1 (delta) or 2 (cumulative)")
            }

            fn visit_u64<E>(self, number: u64) -> Result<u64, E> {
                Ok(number)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
                match text {
                    "AGGREGATION_TEMPORALITY_DELTA" => Ok(1),
                    "AGGREGATION_TEMPORALITY_CUMULATIVE" => Ok(2),
                    "AGGREGATION_TEMPORALITY_UNSPECIFIED" => Ok(0),
                    _ => Err(E::custom(format_args!("`{text}` is no temporality"))),
                }
            }
        }
        from.deserialize_any(Named).map(Self)
    }
}
