//! OpenTelemetry metrics: from a point to its slots, and its samples. Leaves the format to attain-wire and names to
//! names.rs.
//!
//! A histogram becomes one series per edge of a stream, and one for all events. What lies in a bucket that straddles an
//! edge counts as slower.

mod meet;

use attain_model::live::{LiveBatch, LiveValue};
use attain_wire::otlp::{Kind, Metric, Point, Recorded, Temporality, each_metric};
use attain_wire::{Broken, WireError};
use jiff::Timestamp;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128_with_seed};

use self::meet::meet;
use super::batch::Batch;
use super::edges::{Powers, under_bounds, under_powers};
use super::known::Entry;
use super::remote_write::stands;
use super::{Intake, Outcome};

/// See [`Intake::otlp`].
pub(super) fn take(
    intake: &mut Intake,
    request: &[u8],
    arrived: Timestamp,
) -> Result<(LiveBatch, Outcome), WireError> {
    let mut batch = Batch::new(arrived, intake.limits.ahead, intake.usual_samples);
    intake.heard.begin();
    each_metric(request, |metric| {
        let is_wanted = intake.whom.wanted.has_metric(&metric);
        let seed = match is_wanted {
            true => seed_of(&metric),
            false => {
                intake.heard.unwanted(metric.name);
                Ok(0)
            }
        };
        for point in metric.points() {
            match (&point, &seed) {
                (Ok(point), _) if !is_wanted => batch.nobodys(point.time_ms),
                (Ok(point), Ok(seed)) => take_point(intake, &metric, *seed, point, &mut batch),
                (Err(broken), _) | (_, Err(broken)) => {
                    batch.outcome.refuse(1, || of(&metric, broken));
                }
            }
        }
    })?;
    intake.usual_samples = batch.samples.len();
    Ok(intake.finish(batch))
}

/// What all points of a metric have in common.
///
/// # Errors
/// Its resource is larger than anything that is walked for each of its metrics and series may be.
fn seed_of(metric: &Metric<'_>) -> Result<u64, Broken> {
    const RESOURCE_BYTES: usize = 64 << 10;
    if metric.resource.bytes().len() > RESOURCE_BYTES {
        return Err(Broken::new(
            "its resource has more than 64 KiB of attributes; leave out what tells nothing apart",
        ));
    }
    let kind = match metric.kind {
        Kind::Gauge => 1,
        Kind::Sum { is_monotonic } => 2 + u64::from(is_monotonic),
        Kind::Histogram => 4,
        Kind::Exponential => 5,
        Kind::Summary => 6,
    };
    let seed = xxh3_64_with_seed(metric.name, xxh3_64(metric.resource.bytes()) ^ kind);
    let seed = xxh3_64_with_seed(metric.unit, seed);
    Ok(xxh3_64_with_seed(metric.scope, seed))
}

fn take_point(
    intake: &mut Intake,
    metric: &Metric<'_>,
    seed: u64,
    point: &Point<'_>,
    batch: &mut Batch,
) {
    let bytes = xxh3_128_with_seed(point.attributes.bytes(), seed);
    let entry = match intake.known.entry(bytes) {
        Some(entry) => Ok(entry),
        None => {
            intake.known.make_room(&intake.limits);
            meet(intake, metric, point, batch).inspect(|entry| {
                intake.known.remember(bytes, *entry);
            })
        }
    };
    let outcome = match entry {
        Ok(Entry::Slot(slot)) => batch.hears(point.time_ms).then(|| {
            let says = says(metric, point)?;
            batch.push(slot, point.time_ms, says);
            Ok(())
        }),
        Ok(Entry::Shape(shape)) => batch
            .hears(point.time_ms)
            .then(|| shaped(intake, shape, metric, point, batch)),
        Ok(Entry::TooMany) => return intake.overflow(batch),
        Ok(Entry::Nobody | Entry::Broken) => return batch.nobodys(point.time_ms),
        Err(broken) => Some(Err(broken)),
    };
    match outcome {
        Some(Ok(())) => batch.outcome.accepted += 1,
        Some(Err(broken)) => batch.outcome.refuse(1, || of(metric, &broken)),
        // Its time is refused already.
        None => {}
    }
}

/// What one number says.
fn says(metric: &Metric<'_>, point: &Point<'_>) -> Result<LiveValue, Broken> {
    let events = match point.recorded {
        Recorded::Nothing => return Ok(LiveValue::Ended),
        Recorded::Whole(number) => u64::try_from(number)
            .map_err(|_| Broken::at(format!("a counter cannot stand at {number}")))?,
        // Nobody knows the rest of it when the next part comes.
        Recorded::Number(number)
            if metric.temporality == Temporality::Delta && number.fract().abs() > 0.0 =>
        {
            return Err(Broken::at(format!(
                "{number} is no number of events since the point before: send it as cumulative, or whole"
            )));
        }
        Recorded::Number(number) => match stands(number) {
            Some(LiveValue::Stands { value, .. }) => value,
            _ => return Err(Broken::at(format!("a counter cannot stand at {number}"))),
        },
        Recorded::Count(count) => count,
        Recorded::Explicit(histogram) => histogram.count,
        Recorded::Exponential(histogram) => histogram.count,
    };
    counted(metric, point, events)
}

/// So many events, since when the metric says.
fn counted(metric: &Metric<'_>, point: &Point<'_>, events: u64) -> Result<LiveValue, Broken> {
    let start_ms = point.start_ms;
    match metric.temporality {
        Temporality::Cumulative => Ok(LiveValue::Stands {
            value: events,
            created_ms: created_ms(point),
        }),
        Temporality::Delta if start_ms > point.time_ms => {
            Err(Broken::new("it begins after it was taken"))
        }
        Temporality::Delta => Ok(LiveValue::Happened {
            events,
            start_ms: if start_ms == 0 {
                point.time_ms
            } else {
                start_ms
            },
        }),
        Temporality::Unspecified => Err(Broken::new(
            "it does not say whether it counts since its beginning or since the point before",
        )),
    }
}

/// When what is counted since began, if it says so.
///
/// A start that is not before the point's time is not known. It is told as one that is still to come, which no counter is
/// born by: the points that follow have the same start, and are told from a new beginning by it.
fn created_ms(point: &Point<'_>) -> Option<i64> {
    match (point.start_ms, point.is_start_known) {
        (0, _) => None,
        (start_ms, true) => Some(start_ms),
        (start_ms, false) => Some(start_ms.max(point.time_ms.saturating_add(1))),
    }
}

/// A histogram, or what is a gauge to somebody.
fn shaped(
    intake: &mut Intake,
    shape: u32,
    metric: &Metric<'_>,
    point: &Point<'_>,
    batch: &mut Batch,
) -> Result<(), Broken> {
    let delay_ms = intake.delay_ms;
    let Some((shape, lifts)) = intake.known.shape_and_lifts(shape) else {
        return Ok(());
    };
    if let Some(slot) = shape.slot {
        batch.push(slot, point.time_ms, says(metric, point)?);
    }
    match point.recorded {
        Recorded::Nothing => {
            for (_, slot) in &shape.edges {
                batch.push(*slot, point.time_ms, LiveValue::Ended);
            }
        }
        Recorded::Explicit(histogram) if shape.is_cut() && !histogram.has_bounds() => {
            return Err(Broken::new(
                "a latency is asked of it, and it has no buckets: give it bounds, one of them at the limit",
            ));
        }
        Recorded::Explicit(histogram) => {
            for (slot, events) in under_bounds(shape, histogram.buckets()?, histogram.count) {
                batch.push(slot, point.time_ms, counted(metric, point, events)?);
            }
        }
        Recorded::Exponential(histogram) => {
            let powers = Powers {
                scale: histogram.scale,
                zero_count: histogram.zero_count,
                zero_threshold: histogram.zero_threshold,
                count: histogram.count,
            };
            for (slot, events) in under_powers(shape, &powers, histogram.buckets())? {
                let mut events = events;
                if metric.temporality == Temporality::Cumulative {
                    let at = (point.start_ms, point.time_ms);
                    events = lifts
                        .lifted(slot, events, histogram.count, at)
                        .min(histogram.count);
                }
                batch.push(slot, point.time_ms, counted(metric, point, events)?);
            }
        }
        Recorded::Whole(number) => batch.read(shape, &number.to_string(), point.time_ms, delay_ms),
        Recorded::Number(number) if number.is_finite() => {
            batch.read(shape, &number.to_string(), point.time_ms, delay_ms);
        }
        Recorded::Number(number) => {
            return Err(Broken::at(format!("a value of {number} is no number")));
        }
        Recorded::Count(_) => {}
    }
    Ok(())
}

/// Words about a metric.
fn of(metric: &Metric<'_>, why: &Broken) -> String {
    format!("{}: {why}", String::from_utf8_lossy(metric.name))
}
