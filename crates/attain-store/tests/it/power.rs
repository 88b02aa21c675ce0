//! Power lost at any point of a run: all that was acknowledged is there, and nothing twice.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use attain_store::{Access, Error, Store};
use fastrand::Rng;

use crate::shim::{self, Workload};
use crate::trace::{Call, Disk, Trace};
use crate::{size, workload};

const WORKLOAD: Workload = Workload {
    seed: 31,
    rounds: 12,
};

#[test]
fn a_power_loss_loses_nothing_that_was_acknowledged() {
    let base = size::scratch();
    let Some(library) = shim::compile(base.path()) else {
        return;
    };
    // The acknowledgements lie under the folder that is traced, so that the trace has them in their place.
    let traced = base.path().join("traced");
    let (folder, acks, path) = (
        traced.join("data"),
        traced.join("acks"),
        base.path().join("trace"),
    );
    fs::create_dir_all(&traced).unwrap();
    let settings = BTreeMap::from([
        ("SHIM_TRACE", path.display().to_string()),
        ("SHIM_FOLDER", traced.display().to_string()),
    ]);
    let steps = workload::steps(WORKLOAD.seed, WORKLOAD.rounds);
    let models = workload::models(&steps);
    let ran = shim::run(&library, &folder, &acks, WORKLOAD, &settings);
    assert_eq!(ran.acknowledged, steps.len(), "{ran:?}");
    let trace = Trace::read(&path);
    let states = size::cases(200, 2000);
    let mut rng = Rng::with_seed(WORKLOAD.seed);
    let crashed = base.path().join("crashed");
    for state in 0..states {
        let end = rng.usize(..=trace.calls.len());
        let kept = [0, 10, 50, 90, 100][rng.usize(..5)];
        let what = format!(
            "state {state}: {end} of {} calls, {kept} %",
            trace.calls.len()
        );
        let mut disk = Disk::default();
        let mut acknowledged = 0;
        for call in &trace.calls[..end] {
            match call {
                Call::Write { file, .. } if *file == acks => acknowledged += 1,
                call => disk.apply(call),
            }
        }
        let files = disk.lose_power(&mut rng, kept);
        write_files(&crashed, &folder, &files);
        try_state(&what, &crashed, &models, acknowledged);
    }
    size::said(states, states, WORKLOAD.seed);
}

fn write_files(to: &Path, folder: &Path, files: &BTreeMap<std::path::PathBuf, Vec<u8>>) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for (file, bytes) in files {
        if let Ok(name) = file.strip_prefix(folder)
            && !name.to_string_lossy().ends_with("-shm")
        {
            fs::write(to.join(name), bytes).unwrap();
        }
    }
}

fn try_state(
    what: &str,
    folder: &Path,
    models: &[(crate::folder::Model, usize)],
    acknowledged: usize,
) {
    match Store::open(folder, Access::Read) {
        Ok(store) => {
            workload::holds(what, &store, models, acknowledged);
        }
        // A folder that was being made.
        Err(Error::Missing { .. }) if acknowledged == 0 => {}
        Err(error) => panic!("{what}: {error}"),
    }
    let store = workload::open(folder).unwrap_or_else(|error| panic!("{what}: {error}"));
    workload::holds(what, &store, models, acknowledged);
    drop(store);
    let store = Store::open(folder, Access::Read).unwrap();
    workload::holds(what, &store, models, acknowledged);
    assert!(store.check().is_clean(), "{what}: {:?}", store.check());
}
