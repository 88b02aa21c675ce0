//! Native histograms of remote write: from a whole histogram to the slots of its edges.

use attain_model::live::{LiveValue, Slot};
use attain_wire::Broken;
use attain_wire::remote_write::native;

use super::Intake;
use super::batch::Batch;
use super::edges::{Powers, of_edges, slot_of, under_powers};
use super::known::{Entry, Shape, Side, TooMany};
use super::series::Labelled;
use super::whom::{NAME_LABEL, Says};

/// What a series of native histograms is, from now on.
pub(super) fn meet(intake: &mut Intake, labelled: &Labelled<'_>, batch: &mut Batch) -> Entry {
    let name = labelled.find(NAME_LABEL).unwrap_or("");
    let mut meanings = Vec::new();
    for written in intake.whom.wanted.written(name).to_vec() {
        intake.heard.met(&written.metric, labelled, true);
        // All of its events are those at or under no limit.
        let found = intake
            .whom
            .meanings(&written, Some("+Inf"), |label| labelled.find(label));
        meanings.extend(
            found
                .into_iter()
                .filter(|m| matches!(m.says, Says::AtOrUnder(..))),
        );
    }
    let Ok(slot) = count(intake, labelled, &format!("{name}_count"), batch) else {
        return Entry::TooMany;
    };
    let unit = meanings.first().map(|first| intake.whom.unit_of(first));
    if unit.is_none() && slot.is_none() {
        return Entry::Nobody;
    }
    let billionths = unit.map_or(0, |unit| unit.billionths()) as f64;
    match of_edges(intake, labelled, &meanings, Side::Powers, batch) {
        Ok(edges) => {
            let text = labelled.text();
            let shape = Shape {
                slot,
                edges,
                billionths,
                text,
                ..Shape::default()
            };
            intake.known.add_shape(shape, &intake.limits)
        }
        Err(_) => Entry::TooMany,
    }
}

/// The slot of its count, if somebody counts that: the one of the series `x_count` that comes with buckets, so that who sends
/// both is counted once.
fn count(
    intake: &mut Intake,
    labelled: &Labelled<'_>,
    name: &str,
    batch: &mut Batch,
) -> Result<Option<Slot>, TooMany> {
    let written = intake.whom.wanted.written(name).to_vec();
    let mut meanings = Vec::new();
    for written in &written {
        intake.heard.met(&written.metric, labelled, true);
        let found = intake
            .whom
            .meanings(written, None, |label| labelled.find(label));
        meanings.extend(
            found
                .into_iter()
                .filter(|m| !matches!(m.says, Says::Gauge(_))),
        );
    }
    match meanings.is_empty() {
        true => Ok(None),
        false => slot_of(intake, &labelled.named(name), meanings, batch),
    }
}

/// Takes one.
///
/// # Errors
/// It cannot be read.
pub(super) fn take(
    intake: &mut Intake,
    entry: Entry,
    histogram: &[u8],
    batch: &mut Batch,
) -> Result<(), Broken> {
    let histogram = native(histogram)?;
    let time_ms = histogram.time_ms;
    let shape = match entry {
        Entry::Shape(shape) => intake.known.shape_and_lifts(shape),
        Entry::TooMany => {
            intake.overflow(batch);
            return Ok(());
        }
        _ => None,
    };
    let is_counted = |shape: &Shape| shape.slot.is_some() || !shape.edges.is_empty();
    let Some((shape, lifts)) = shape.filter(|(shape, _)| is_counted(shape)) else {
        batch.nobodys(time_ms);
        return Ok(());
    };
    if !batch.hears(time_ms) {
        return Ok(());
    }
    let powers = Powers {
        scale: histogram.scale,
        zero_count: histogram.zero_count,
        zero_threshold: histogram.zero_threshold,
        count: histogram.count,
    };
    if let Some(slot) = shape.slot {
        let stands = LiveValue::Stands {
            value: histogram.count,
            created_ms: None,
        };
        let says = match histogram.is_stale {
            true => LiveValue::Ended,
            false => stands,
        };
        batch.push(slot, time_ms, says);
    }
    let under = under_powers(shape, &powers, histogram.buckets.iter().copied().map(Ok))?;
    for (slot, value) in under {
        let at = (0, time_ms);
        let value = match histogram.is_stale {
            true => 0,
            false => lifts
                .lifted(slot, value, histogram.count, at)
                .min(histogram.count),
        };
        let stands = LiveValue::Stands {
            value,
            created_ms: None,
        };
        batch.push(
            slot,
            time_ms,
            if histogram.is_stale {
                LiveValue::Ended
            } else {
                stands
            },
        );
    }
    batch.outcome.accepted += 1;
    Ok(())
}
