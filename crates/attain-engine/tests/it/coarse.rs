//! Old counts by the minute: what is judged at full minutes stays as it was, and windows that begin within an old minute
//! begin with it. Since when a budget is overspent or an alert fires is known by the minute: a lapse within one is not
//! seen.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_engine::{Counts as _, Ledger, Shelved};
use attain_model::facts::StreamFacts;
use attain_model::verdict::{AlertState, Attainment};
use attain_model::{Catalogue, Evaluation, Promises, Stream, StreamKey, Verdict, Window};
use fastrand::Rng;

use crate::build::*;
use crate::monitor::{Memory, SLICE, World, promised, whole};

/// Slices of a minute.
const MINUTE: i64 = 6;

/// What is old, two hours before the end and more, by the minute; the first minute stays.
fn coarse(streams: &BTreeMap<StreamKey, StreamFacts>, first: i64, end: i64) -> Memory {
    let mut streams = streams.clone();
    let mut is_changed = false;
    for facts in streams.values_mut() {
        let after_first = first.div_euclid(MINUTE) * MINUTE + MINUTE;
        is_changed |= facts.coarsen(after_first..end - 2 * 60 * MINUTE, MINUTE);
    }
    assert!(is_changed);
    Memory(streams)
}

/// Windows of whole minutes that reach back to what is old, each so much longer.
fn longer(catalogue: &Catalogue, seconds: u64) -> Promises {
    let mut catalogue = catalogue.clone();
    for slo in catalogue.slos.values_mut() {
        if let Window::Rolling(length) = &mut slo.window {
            let minutes = 150 + length.as_secs() / 60;
            *length = Duration::from_secs(minutes * 60 + seconds);
        }
    }
    Promises::of(catalogue)
}

/// Whether all is the same but since when a budget has been overspent or an alert has been firing.
fn same_but_since(is: &Verdict, should: &Verdict) -> bool {
    let mut should = should.clone();
    if is.overspent_since.is_some() == should.overspent_since.is_some() {
        should.overspent_since = is.overspent_since;
    }
    for (is, should) in is.alerts.iter().zip(&mut should.alerts) {
        if let (AlertState::Firing(since), AlertState::Firing(other)) =
            (is.state, &mut should.state)
        {
            *other = since;
        }
    }
    *is == should
}

fn sums(evaluation: &Evaluation) -> Vec<(String, Attainment)> {
    let verdicts = evaluation.verdicts.iter();
    verdicts
        .map(|verdict| (verdict.name.to_string(), verdict.attainment))
        .collect()
}

#[test]
fn what_is_old_is_judged_the_same_by_the_minute() {
    let mut rng = Rng::with_seed(77);
    let (mut is_coarser, mut judged, mut firing) = (0, 0, 0);
    for _ in 0..3 {
        let catalogue = promised(&mut rng);
        let streams = Stream::all(&catalogue);
        let mut ledger = Ledger::new(&streams, 10, None);
        let mut world = World::new(rng.fork(), streams[0].key.clone());
        let first = at("2026-03-01T02:00:00Z").as_second() / SLICE + rng.i64(0..MINUTE);
        let end = first + rng.i64(3_000..4_000);
        for slice in first..end {
            ledger.take(world.slice(slice));
        }
        let fine = Memory(ledger.unload());
        let coarse = coarse(&fine.0, first, end);
        let (fine, coarse) = (Shelved::new(&ledger, &fine), Shelved::new(&ledger, &coarse));
        for slice in end - 12..end {
            let past = slice.rem_euclid(MINUTE);
            let promises = longer(&catalogue, 0);
            let is = whole(&promises, &coarse, slice);
            if past == 0 {
                let should = whole(&promises, &fine, slice);
                for (is, should) in is.verdicts.iter().zip(&should.verdicts) {
                    assert!(same_but_since(is, should), "{is:?}\n{should:?}");
                }
                assert_eq!((is.untagged, is.gaps), (should.untagged, should.gaps));
                judged += should.verdicts.len();
                let alerts = should.verdicts.iter().flat_map(|verdict| &verdict.alerts);
                let is_firing = |state| matches!(state, AlertState::Firing(_));
                firing += alerts.filter(|alert| is_firing(alert.state)).count();
                continue;
            }
            // Within a minute: as if each window had begun with the minute that it begins in.
            let seconds = u64::try_from(past * SLICE).unwrap();
            let floored = whole(&longer(&catalogue, seconds), &fine, slice);
            let by_minute = |name: &str| name.contains("slices") || name.contains("month");
            for (is, should) in sums(&is).iter().zip(sums(&floored)) {
                assert!(*is == should || by_minute(&is.0), "{is:?} {should:?}");
            }
            is_coarser += usize::from(sums(&is) != sums(&whole(&promises, &fine, slice)));
        }
    }
    assert!(
        judged > 40 && is_coarser > 10 && firing > 40,
        "{judged} {is_coarser} {firing}"
    );
}

#[test]
fn a_part_of_a_ledger_reads_like_the_whole() {
    let mut rng = Rng::with_seed(78);
    let catalogue = promised(&mut rng);
    let streams = Stream::all(&catalogue);
    let mut ledger = Ledger::new(&streams, 10, None);
    let mut world = World::new(rng.fork(), streams[0].key.clone());
    let first = at("2026-03-01T02:00:00Z").as_second() / SLICE;
    for slice in first..first + 1_000 {
        ledger.take(world.slice(slice));
    }
    let promises = Promises::of(catalogue.clone());
    let should = whole(&promises, &ledger, first + 1_000);
    let mut judged = 0;
    for slo in catalogue.slos.values() {
        let key = Stream::key_of(&catalogue, slo);
        let part = ledger.part(&[key].into());
        let is = whole(&promises, &part, first + 1_000);
        let of_slo = |evaluation: &Evaluation| -> Vec<Verdict> {
            let verdicts = evaluation.verdicts.iter();
            verdicts.filter(|v| v.name.slo == slo.id).cloned().collect()
        };
        assert_eq!(of_slo(&is), of_slo(&should));
        judged += of_slo(&is).len();
    }
    assert!(judged > 5, "{judged}");
    assert_eq!(ledger.part(&Default::default()).gaps(), ledger.gaps());
}
