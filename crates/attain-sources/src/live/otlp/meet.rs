//! A point's series as it is first met: its labels, and what they count for.

use std::collections::BTreeMap;
use std::sync::Arc;

use attain_wire::Broken;
use attain_wire::otlp::{Kind, Metric, Point};
use xxhash_rust::xxh3::xxh3_64;

use super::super::Intake;
use super::super::batch::Batch;
use super::super::edges::{of_edges, slot_of};
use super::super::known::{Entry, Shape, Side};
use super::super::names::{Form, Written, unit_billionths};
use super::super::series::Labelled;
use super::super::whom::{Meaning, NAME_LABEL, Says};

/// What the series of a point is, from now on.
///
/// # Errors
/// Its labels cannot be read.
pub(super) fn meet(
    intake: &mut Intake,
    metric: &Metric<'_>,
    point: &Point<'_>,
    batch: &mut Batch,
) -> Result<Entry, Broken> {
    let labels = labels_of(metric, point)?;
    let pairs = labels
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let plain = Labelled::new(pairs.collect())?;
    // Stable, as the identity is. Its version is no part of it: that of a collector changes while its targets go on.
    let scope = xxh3_64(metric.scope);
    let labelled = match intake.known.is_of_another_scope(&plain, scope) {
        true => plain.of_scope(scope),
        false => plain,
    };
    let (gauges, meanings): (Vec<_>, Vec<_>) = meanings_of(intake, metric, &labelled)?
        .into_iter()
        .partition(|meaning| matches!(meaning.says, Says::Gauge(_)));
    let own_unit = unit_billionths(metric.unit);
    let stated = || Some(intake.whom.unit_of(meanings.first()?).billionths());
    let billionths = own_unit.or_else(stated).unwrap_or(1_000_000_000) as f64;
    let side = match metric.kind {
        Kind::Histogram => Some(Side::Bounds),
        Kind::Exponential => Some(Side::Powers),
        _ => None,
    };
    let slots = match side {
        Some(side) => {
            of_edges(intake, &labelled, &meanings, side, batch).map(|edges| (None, edges))
        }
        None => slot_of(intake, &labelled, meanings, batch).map(|slot| (slot, Vec::new())),
    };
    let Ok((slot, edges)) = slots else {
        return Ok(Entry::TooMany);
    };
    if slot.is_some() || !edges.is_empty() {
        intake.known.note_scope(&labelled, scope);
    }
    Ok(match slot {
        Some(slot) if gauges.is_empty() => Entry::Slot(slot),
        None if gauges.is_empty() && edges.is_empty() => Entry::Nobody,
        slot => {
            let gauges = gauges
                .iter()
                .filter_map(|meaning| intake.whom.gauge(meaning));
            let gauges = gauges
                .map(|(stream, segment, stated)| (stream, segment, own_unit.unwrap_or(stated)));
            let shape = Shape {
                slot,
                edges,
                billionths,
                gauges: gauges.collect(),
                text: labelled.text(),
            };
            intake.known.add_shape(shape, &intake.limits)
        }
    })
}

/// What a series is to whoever wants its metric, under any of its names.
///
/// # Errors
/// Somebody counts it, and its values may fall: what it rose by is not what happened.
fn meanings_of(
    intake: &mut Intake,
    metric: &Metric<'_>,
    labelled: &Labelled<'_>,
) -> Result<Vec<Meaning>, Broken> {
    let only_rises = !matches!(
        metric.kind,
        Kind::Gauge
            | Kind::Sum {
                is_monotonic: false
            }
    );
    let mut meanings: Vec<Meaning> = Vec::new();
    let mut is_counted = false;
    let mut asked: Vec<(Arc<Written>, Option<&str>)> = Vec::new();
    for (written, form) in intake.whom.wanted.written_of(metric) {
        // All of a histogram's events are those at or under no limit.
        let le = (form == Form::Buckets).then_some("+Inf");
        let is_asked =
            |(known, as_le): &(Arc<Written>, _)| Arc::ptr_eq(known, &written) && *as_le == le;
        if asked.iter().any(is_asked) {
            continue;
        }
        asked.push((written.clone(), le));
        let is_whole = form == Form::Buckets;
        intake.heard.met(&written.metric, labelled, is_whole);
        let found = intake
            .whom
            .meanings(&written, le, |label| labelled.find(label));
        for meaning in found {
            match meaning.says {
                Says::Gauge(_) if form == Form::Value => meanings.push(meaning),
                Says::Gauge(_) => {}
                _ if only_rises => meanings.push(meaning),
                _ => is_counted = true,
            }
        }
    }
    if is_counted && meanings.is_empty() {
        return Err(Broken::new(
            "it is counted, and is sent as a gauge or a sum that may fall: send a monotonic sum, or write `type: gauge`",
        ));
    }
    Ok(meanings)
}

/// The labels of a point and of its resource, and those that Prometheus would give it.
fn labels_of(metric: &Metric<'_>, point: &Point<'_>) -> Result<BTreeMap<String, String>, Broken> {
    let name =
        std::str::from_utf8(metric.name).map_err(|_| Broken::new("its name is not UTF-8"))?;
    let mut labels = BTreeMap::new();
    for said in [metric.resource.said()?, point.attributes.said()?] {
        let said = said.into_iter();
        labels.extend(said.map(|(name, value)| (name.to_owned(), value.into_owned())));
    }
    let of = |name: &str| labels.get(name).cloned();
    let job = match (of("service.namespace"), of("service.name")) {
        (Some(namespace), Some(name)) => Some(format!("{namespace}/{name}")),
        (_, name) => name,
    };
    let instance = of("service.instance.id");
    for (label, value) in [("job", job), ("instance", instance)] {
        if let Some(value) = value {
            labels.entry(label.to_owned()).or_insert(value);
        }
    }
    labels.insert(NAME_LABEL.to_owned(), name.to_owned());
    Ok(labels)
}
