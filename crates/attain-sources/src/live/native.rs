//! Native histograms of remote write: from a whole histogram to the slots of its edges.

use attain_model::live::LiveValue;
use attain_wire::Broken;
use attain_wire::remote_write::native;

use super::Intake;
use super::batch::Batch;
use super::edges::{Powers, of_edges, under_powers};
use super::known::{Entry, Shape, Side};
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
    let Some(first) = meanings.first() else {
        return Entry::Nobody;
    };
    let billionths = intake.whom.unit_of(first).billionths() as f64;
    match of_edges(intake, labelled, &meanings, Side::Powers, batch) {
        Ok(edges) => {
            let text = labelled.text();
            let shape = Shape {
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
    let Some((shape, lifts)) = shape.filter(|(shape, _)| !shape.edges.is_empty()) else {
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
