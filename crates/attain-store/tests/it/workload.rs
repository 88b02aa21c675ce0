//! A small run with everything in it, the same each time, so that a child process and its parent know the same.

use std::collections::BTreeMap;
use std::path::Path;

use attain_model::StreamKey;
use attain_model::delivery::Delivery;
use attain_model::facts::{KeptStream, State, StreamFacts};
use attain_model::live::{LiveEntry, MeterFacts};
use attain_store::{Access, Coarser, Done, Error, Store};
use jiff::Timestamp;

use crate::folder::{GROUP, Model};
use crate::random::{NOVEMBER, Random};

#[derive(Debug, Clone)]
pub enum Step {
    Append(
        BTreeMap<StreamKey, KeptStream>,
        Vec<Delivery>,
        Vec<LiveEntry>,
    ),
    Seal(Box<(State, MeterFacts)>, BTreeMap<StreamKey, StreamFacts>),
    Record(Done),
    Compact,
    Coarsen,
    Retain(Timestamp),
    Reopen,
}

/// Appends, a seal, an entry, and again; now and then the folder is closed.
pub fn steps(seed: u64, rounds: u64) -> Vec<Step> {
    let mut random = Random::new(seed);
    let mut steps = Vec::new();
    for round in 0..rounds {
        for _ in 0..random.rng.usize(1..4) {
            steps.push(Step::Append(
                random.kept(),
                random.deliveries(),
                random.live(),
            ));
        }
        steps.push(Step::Record(Done::Stated {
            period: "2026-10".to_owned(),
            hash: round.to_string(),
        }));
        steps.push(Step::Seal(
            Box::new((random.state(), random.meter())),
            random.streams(),
        ));
        match round % 4 {
            0 if round > 0 => steps.push(Step::Retain(day(round as i64 / 4))),
            1 => steps.push(Step::Reopen),
            2 => steps.push(Step::Coarsen),
            3 => steps.push(Step::Compact),
            _ => {}
        }
    }
    steps.push(Step::Append(
        random.kept(),
        random.deliveries(),
        random.live(),
    ));
    steps
}

/// The beginning of a day.
pub fn day(number: i64) -> Timestamp {
    Timestamp::from_second(NOVEMBER + number * 86_400).unwrap()
}

/// Most of what there is.
pub fn coarser() -> Coarser {
    Coarser {
        before: Timestamp::from_second(NOVEMBER + 3 * 86_400 + 4711).unwrap(),
        slices: GROUP as u32,
    }
}

pub fn open(folder: &Path) -> Result<Store, Error> {
    Store::open(folder, Access::WriteOrCreate)
}

/// One step; what it did is acknowledged by its return.
pub fn run(folder: &Path, store: &mut Option<Store>, step: &Step) -> Result<(), Error> {
    if store.is_none() {
        *store = Some(open(folder)?);
    }
    let Some(open) = store.as_mut() else {
        return Ok(());
    };
    match step {
        Step::Append(kept, deliveries, live) => {
            open.append_with(kept, deliveries, live).map(|_| ())
        }
        Step::Seal(known, streams) => open.seal_with(&known.0, &known.1, streams, open.last()),
        Step::Record(done) => open.record(day(0), done).map(|_| ()),
        Step::Compact => open.compact().map(|_| ()),
        Step::Coarsen => open.compact_with(Some(&coarser())).map(|_| ()),
        Step::Retain(before) => open.retain(*before, day(0)),
        Step::Reopen => {
            *store = None;
            Ok(())
        }
    }
}

/// What there should be after a step.
#[derive(Debug, Clone, Default)]
pub struct After {
    pub model: Model,
    /// Entries of the record; the last may not be there yet.
    pub entries: usize,
    pub is_last_entry_sure: bool,
}

impl After {
    fn has(&self, entries: usize) -> bool {
        entries == self.entries || !self.is_last_entry_sure && entries + 1 == self.entries
    }
}

/// What there should be after each step, from none to all.
pub fn models(steps: &[Step]) -> Vec<After> {
    let mut after = After::default();
    let mut models = vec![after.clone()];
    for step in steps {
        after.is_last_entry_sure = true;
        let model = &mut after.model;
        match step {
            Step::Append(kept, deliveries, live) => model.append(kept, deliveries, live),
            Step::Seal(known, streams) => model.seal(&known.0, &known.1, streams, model.last),
            Step::Record(_) => after.entries += 1,
            Step::Coarsen => model.is_coarse = true,
            Step::Retain(before) => {
                model.retain(*before);
                // In the other file, and after what it tells of.
                after.entries += 1;
                after.is_last_entry_sure = false;
            }
            Step::Compact | Step::Reopen => {}
        }
        models.push(after.clone());
    }
    models
}

/// Which of the states from `acknowledged` on a folder holds: that one or, if the next step was under way, the next.
/// Nothing less, nothing twice, and no damage where nothing was damaged.
pub fn holds(what: &str, store: &Store, models: &[After], acknowledged: usize) -> usize {
    let frames = store.frames();
    assert_eq!(frames.damage, [], "{what}");
    let entries = store.entries();
    assert_eq!(entries.damage, [], "{what}");
    let (state, meter) = (store.state().unwrap(), store.meter().unwrap());
    let candidates = acknowledged..=(acknowledged + 1).min(models.len() - 1);
    let found = candidates.rev().find(|at| {
        let After { model, .. } = &models[*at];
        model.frames == frames.frames
            && model.state == state
            && model.meter == meter
            && models[*at].has(entries.entries.len())
            && (*at == acknowledged || model.has_pages(store))
    });
    let Some(found) = found else {
        let numbers = |frames: &[attain_store::Frame]| -> Vec<u64> {
            frames.iter().map(|frame| frame.number).collect()
        };
        let After {
            model,
            entries: kept,
            ..
        } = &models[acknowledged];
        panic!(
            "{what}: {acknowledged} steps were acknowledged; frames {:?} of {:?}, {} of {kept} entries",
            numbers(&frames.frames),
            numbers(&model.frames),
            entries.entries.len(),
        );
    };
    models[found].model.assert_is(store);
    found
}
