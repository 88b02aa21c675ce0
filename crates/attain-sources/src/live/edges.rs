//! A histogram that comes as a whole: one slot per edge of the streams that want it, and one for all its events.
//!
//! What lies in a bucket that straddles an edge counts as slower.

use std::collections::BTreeMap;

use attain_model::live::Slot;
use attain_wire::Broken;

use super::Intake;
use super::batch::Batch;
use super::known::{Histogram, Known, Met, Shape, Side, TooMany};
use super::series::Labelled;
use super::whom::{Meaning, Says};

/// An exponential histogram. Bucket `i` holds values above `2^(i / 2^scale)`, up to and with `2^((i + 1) / 2^scale)`.
pub(super) struct Powers {
    pub(super) scale: i32,
    pub(super) zero_count: u64,
    pub(super) zero_threshold: f64,
    /// All events.
    pub(super) count: u64,
}

/// One slot per edge of the streams, ascending, and one for all events; none if nobody wants them.
pub(super) fn of_edges(
    intake: &mut Intake,
    labelled: &Labelled<'_>,
    meanings: &[Meaning],
    side: Side,
    batch: &mut Batch,
) -> Result<Vec<(u64, Slot)>, TooMany> {
    let mut edges: BTreeMap<u64, Vec<Meaning>> = BTreeMap::new();
    for meaning in meanings {
        edges.entry(u64::MAX).or_default().push(meaning.clone());
        if let Says::AtOrUnder(class, _) = &meaning.says {
            for edge in &intake.whom.stream(meaning).edges {
                let edge = edge.nanoseconds();
                let says = Says::AtOrUnder(class.clone(), edge);
                let meaning = Meaning {
                    says,
                    ..meaning.clone()
                };
                edges.entry(edge).or_default().push(meaning);
            }
        }
    }
    let mut slots = Vec::new();
    let histogram = Histogram {
        labels: labelled.histogram(),
        side,
        is_bucket: false,
    };
    // Both forms have one name, where neither comes in buckets: the plain identity is that of the first.
    let plain = |edge: u64| labelled.id(Some(&edge.to_string()));
    let own = |edge: u64, side: Side| labelled.id(Some(&format!("{edge}/{side:?}")));
    let identity = |known: &Known, edge| known.identity(plain(edge), own(edge, side), side);
    let others = match identity(&intake.known, u64::MAX) == plain(u64::MAX) {
        true => own(u64::MAX, side.other()),
        false => plain(u64::MAX),
    };
    let other = (intake.known).slot_of_any(&[labelled.in_buckets(), others]);
    for (edge, meanings) in edges {
        let met = Met {
            id: identity(&intake.known, edge),
            thing: labelled.thing(),
            meanings,
            histogram: Some(histogram),
            other,
        };
        let slot = meet(intake, met, batch)?;
        slots.extend(slot.map(|slot| (edge, slot)));
    }
    Ok(slots)
}

/// The slot of a series that is no histogram.
pub(super) fn slot_of(
    intake: &mut Intake,
    labelled: &Labelled<'_>,
    meanings: Vec<Meaning>,
    batch: &mut Batch,
) -> Result<Option<Slot>, TooMany> {
    let met = Met {
        id: labelled.id(None),
        thing: labelled.thing(),
        meanings,
        histogram: None,
        other: None,
    };
    meet(intake, met, batch)
}

fn meet(intake: &mut Intake, met: Met, batch: &mut Batch) -> Result<Option<Slot>, TooMany> {
    let limits = (&intake.numbers, &intake.limits);
    intake
        .known
        .meet(met, &intake.whom, limits, &mut batch.tell)
}

/// Events at or under each edge, between explicit bounds.
pub(super) fn under_bounds(
    shape: &Shape,
    buckets: impl Iterator<Item = (Option<f64>, u64)>,
    all: u64,
) -> Vec<(Slot, u64)> {
    let mut counts = vec![0_u64; shape.edges.len()];
    for (bound, events) in buckets {
        // Of a bound that is no latency nothing can be said.
        let bound_ns = match bound {
            Some(bound) if bound.is_finite() => (bound * shape.billionths).round().max(0.0) as u64,
            _ => u64::MAX,
        };
        for (count, (edge, _)) in counts.iter_mut().zip(&shape.edges) {
            if bound_ns <= *edge && *edge != u64::MAX {
                *count = count.saturating_add(events);
            }
        }
    }
    with_all(shape, counts, all)
}

/// Events at or under each edge, between powers of a base.
///
/// # Errors
/// The scale is out of range, or of the buckets.
pub(super) fn under_powers(
    shape: &Shape,
    powers: &Powers,
    buckets: impl Iterator<Item = Result<(i64, u64), Broken>>,
) -> Result<Vec<(Slot, u64)>, Broken> {
    /// What the protocols allow is -10 to 20.
    const SCALES: std::ops::RangeInclusive<i32> = -64..=64;
    /// For edges that are a power of the base, but for rounding.
    const ROUNDING: f64 = 1e-9;
    if !SCALES.contains(&powers.scale) {
        return Err(Broken::at(format!(
            "a scale of {} is out of range",
            powers.scale
        )));
    }
    // The first bucket that does not end at or under the edge.
    let limit = |(edge, _): &(u64, Slot)| {
        let edge = *edge as f64 / shape.billionths;
        (edge.log2() * f64::from(powers.scale).exp2() + ROUNDING).floor() as i64
    };
    let limits: Vec<i64> = shape.edges.iter().map(limit).collect();
    let zero_ns = powers.zero_threshold * shape.billionths;
    let zeros = |edge: u64| {
        if zero_ns <= edge as f64 {
            powers.zero_count
        } else {
            0
        }
    };
    let mut counts: Vec<u64> = shape.edges.iter().map(|(edge, _)| zeros(*edge)).collect();
    for bucket in buckets {
        let (index, events) = bucket?;
        for (count, limit) in counts.iter_mut().zip(&limits) {
            if index < *limit {
                *count = count.saturating_add(events);
            }
        }
    }
    Ok(with_all(shape, counts, powers.count))
}

/// Invariant: never more at or under an edge than there are.
fn with_all(shape: &Shape, counts: Vec<u64>, all: u64) -> Vec<(Slot, u64)> {
    let counted = shape.edges.iter().zip(counts);
    counted
        .map(|((edge, slot), count)| {
            (
                *slot,
                if *edge == u64::MAX {
                    all
                } else {
                    count.min(all)
                },
            )
        })
        .collect()
}
