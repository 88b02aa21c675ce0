//! When counters of remote write began. OpenMetrics has that in a series of its own, `x_created`, beside `x_total` or the
//! parts of a histogram `x`. What does not is as old as its process, if a metric of the source's choice says when that began.
//!
//! It is asked when a counter is first met: a reset is seen by the counter itself. The two may come in either order within
//! a request; in requests of their own, the birth has to come first. Knows bytes of remote write; knows no catalogue.

use std::collections::HashMap;
use std::ops::Range;

use attain_model::live::LiveValue;
use attain_wire::remote_write::{Item, Series};
use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

use super::Intake;
use super::batch::Batch;
use super::series::{Labelled, stem_of};
use super::whom::NAME_LABEL;

/// What the name of such a series ends with.
const SUFFIX: &[u8] = b"_created";

/// Births that are remembered: of these the newest half at least.
const MOST: usize = 100_000;

/// When counters of remote write began, by what they have in common with the series that says so. Processes come and go for
/// years: what was said last is remembered, and each says it with every scrape.
#[derive(Debug, Default)]
pub(super) struct Births {
    new: HashMap<u64, i64>,
    old: HashMap<u64, i64>,
}

impl Births {
    fn remember(&mut self, what: u64, born_ms: i64) {
        if self.new.len() >= MOST / 2 && !self.new.contains_key(&what) {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(what, born_ms);
    }

    fn of(&self, what: u64) -> Option<&i64> {
        self.new.get(&what).or_else(|| self.old.get(&what))
    }

    fn is_empty(&self) -> bool {
        self.new.is_empty()
    }
}

/// Any number of its own.
const PROCESS_SEED: u64 = 0x70_72_6f_63;

/// Remembers what a series that nobody wants says of a beginning, if it does.
#[inline]
pub(super) fn note(intake: &mut Intake, name: &[u8], series: &Series<'_>) {
    if name.ends_with(SUFFIX) {
        note_created(intake, name, series);
    } else if let Some(started) = &intake.started
        && started.as_bytes() == name
    {
        remember(intake, process(series), series);
    }
}

/// Counters began, if anybody counts them.
#[cold]
fn note_created(intake: &mut Intake, name: &[u8], series: &Series<'_>) {
    let Some(stem) = name.strip_suffix(SUFFIX) else {
        return;
    };
    let parts = ["_total", "_bucket", "_count", ""];
    let is_wanted = |part: &&str| intake.whom.wanted.has(&[stem, part.as_bytes()].concat());
    if parts.iter().any(is_wanted) {
        remember(intake, family(series), series);
    }
}

#[cold]
fn remember(intake: &mut Intake, what: Option<u64>, series: &Series<'_>) {
    let (Some(what), Some(born_ms)) = (what, newest(series)) else {
        return;
    };
    intake.births.remember(what, born_ms);
}

/// Says of counters that were met for the first time when they began. Each stands with its places in the batch.
pub(super) fn bear(intake: &Intake, met: &[(Range<usize>, Series<'_>)], batch: &mut Batch) {
    if intake.births.is_empty() {
        return;
    }
    for (places, series) in met {
        let born = |what: Option<u64>| intake.births.of(what?);
        // What a counter says of itself is nearer than what its process does.
        let of_process = || intake.started.as_ref().and_then(|_| born(process(series)));
        let born = born(family(series)).or_else(of_process);
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

/// What all counters of a process have in common.
fn process(series: &Series<'_>) -> Option<u64> {
    let labelled = Labelled::new(series.labels().ok()?).ok()?;
    // Apart from those of families, which are hashed otherwise.
    Some(xxh3_64_with_seed(
        &labelled.thing().to_le_bytes(),
        PROCESS_SEED,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_there_were_the_last_are_remembered() {
        let mut births = Births::default();
        for what in 0..3 * MOST as u64 {
            births.remember(what, 7);
            // One that says it again and again.
            births.remember(1, 9);
            assert_eq!(births.of(1), Some(&9));
            let recent = what.saturating_sub(MOST as u64 / 2 - 2);
            assert!(births.of(recent).is_some());
        }
        assert!(births.new.len() + births.old.len() <= MOST);
        assert_eq!(births.of(2), None);
    }
}
