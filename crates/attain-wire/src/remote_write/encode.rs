//! Remote-write requests, written. For tests, and for whoever sends.

use crate::proto::{put_bytes, put_fixed64, put_number};
use crate::snappy::pack;

/// Labels of a series (name, value), and its samples (value, milliseconds since 1970).
pub type Given<'a> = (&'a [(&'a str, &'a str)], &'a [(f64, i64)]);

/// A request, packed, series by series.
///
/// Labels are written as given; the protocol wants them sorted by name.
#[must_use]
pub fn encode(all: &[Given<'_>]) -> Vec<u8> {
    let mut request = Vec::new();
    let mut series = Vec::new();
    let mut part = Vec::new();
    for (labels, samples) in all {
        series.clear();
        for (name, value) in *labels {
            part.clear();
            put_bytes(&mut part, 1, name.as_bytes());
            put_bytes(&mut part, 2, value.as_bytes());
            put_bytes(&mut series, 1, &part);
        }
        for (value, time_ms) in *samples {
            part.clear();
            put_fixed64(&mut part, 1, value.to_bits());
            put_number(&mut part, 2, time_ms.cast_unsigned());
            put_bytes(&mut series, 2, &part);
        }
        put_bytes(&mut request, 1, &series);
    }
    pack(&request)
}
