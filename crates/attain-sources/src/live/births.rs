//! When counters of remote write began. OpenMetrics has that in a series of its own, `x_created`, beside `x_total` or the
//! parts of a histogram `x`.
//!
//! It is asked when a counter is first met: a reset is seen by the counter itself. The two may come in either order within
//! a request; in requests of their own, the birth has to come first. Knows bytes of remote write; knows no catalogue.

use std::ops::Range;

use attain_model::live::LiveValue;
use attain_wire::remote_write::{Item, Series};
use xxhash_rust::xxh3::Xxh3;

use super::Intake;
use super::batch::Batch;
use super::series::stem_of;
use super::whom::NAME_LABEL;

/// What the name of such a series ends with.
pub(super) const SUFFIX: &[u8] = b"_created";

/// Births that are remembered. What comes beyond is not known.
const MOST: usize = 100_000;

/// Remembers what a series says of a beginning, if anybody counts what began.
#[cold]
pub(super) fn note(intake: &mut Intake, series: &Series<'_>) {
    let Some(stem) = series
        .leading_name()
        .and_then(|name| name.strip_suffix(SUFFIX))
    else {
        return;
    };
    let parts = ["_total", "_bucket", "_count", ""];
    let is_wanted = |part: &&str| intake.whom.wanted.has(&[stem, part.as_bytes()].concat());
    if !parts.iter().any(is_wanted) {
        return;
    }
    let (Some(family), Some(born_ms)) = (family(series), newest(series)) else {
        return;
    };
    if intake.births.len() < MOST || intake.births.contains_key(&family) {
        intake.births.insert(family, born_ms);
    }
}

/// Says of counters that were met for the first time when they began. Each stands with its places in the batch.
pub(super) fn bear(intake: &Intake, met: &[(Range<usize>, Series<'_>)], batch: &mut Batch) {
    if intake.births.is_empty() {
        return;
    }
    for (places, series) in met {
        let born = family(series).and_then(|family| intake.births.get(&family));
        let (Some(born), Some(samples)) = (born, batch.samples.get_mut(places.clone())) else {
            continue;
        };
        for sample in samples {
            if let LiveValue::Stands { created_ms, .. } = &mut sample.says
                && (1..=sample.time_ms).contains(born)
            {
                *created_ms = created_ms.or(Some(*born));
            }
        }
    }
}

/// The newest value of a series of births, in milliseconds; they are seconds since 1970.
fn newest(series: &Series<'_>) -> Option<i64> {
    let mut newest: Option<(i64, f64)> = None;
    for item in series.items() {
        if let Ok(Item::Sample { value, time_ms }) = item
            && newest.is_none_or(|(time, _)| time <= time_ms)
        {
            newest = Some((time_ms, value));
        }
    }
    let (_, seconds) = newest?;
    // Up to the year 9999; a NaN is no time.
    let is_time = seconds > 0.0 && seconds < 253_402_300_800.0;
    is_time.then(|| (seconds * 1000.0).round() as i64)
}

/// What a counter, the parts of a histogram and their birth have in common: stem and labels, but the edge of a bucket.
fn family(series: &Series<'_>) -> Option<u64> {
    let mut labels = series.labels().ok()?;
    labels.sort_unstable();
    let mut hasher = Xxh3::new();
    for (name, value) in labels {
        let value = match name {
            "le" => continue,
            NAME_LABEL => value.strip_suffix("_created").unwrap_or(stem_of(value)),
            _ => value,
        };
        hasher.update(name.as_bytes());
        hasher.update(&[0xff]);
        hasher.update(value.as_bytes());
        hasher.update(&[0xfe]);
    }
    Some(hasher.digest())
}
