//! Power lost at any point of a run: all that was acknowledged is there, and nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use attain_store::{Access, Error, Store};
use fastrand::Rng;
use tempfile::TempDir;

use crate::shim::{self, Workload};
use crate::trace::{Call, Disk, Trace};
use crate::workload::After;
use crate::{size, workload};

/// So many percent of what was not synced are there afterwards.
const KEPT: [u8; 5] = [0, 10, 50, 90, 100];

#[test]
fn a_power_loss_loses_nothing_that_was_acknowledged() {
    let workload = Workload {
        seed: 31,
        rounds: 12,
    };
    let Some(run) = Run::trace(workload) else {
        return;
    };
    let states = size::cases(200, 2000);
    let mut rng = Rng::with_seed(workload.seed);
    for state in 0..states {
        let end = rng.usize(..=run.calls.len());
        let kept = KEPT[rng.usize(..KEPT.len())];
        run.try_state(&format!("state {state}"), end, kept, &mut rng);
    }
    size::said(states, states, workload.seed);
}

/// A folder is there, or it is not: a power loss at any call while it is made leaves none that is refused.
#[test]
fn a_power_loss_leaves_no_folder_that_is_half_made() {
    let workload = Workload { seed: 7, rounds: 0 };
    if let Some(run) = Run::trace(workload) {
        run.try_each_call(workload.seed);
    }
}

/// The same where a call fails first, and it is tried again: what was done before may not be on disk.
#[test]
fn a_power_loss_after_a_second_try_loses_nothing() {
    let workload = Workload { seed: 7, rounds: 0 };
    let Some(undisturbed) = Run::trace(workload) else {
        return;
    };
    let mut rng = Rng::with_seed(workload.seed);
    let can_fail = undisturbed.calls.iter().filter(|call| call.can_fail());
    for (at, call) in (1..).zip(can_fail) {
        if call.is_ack() {
            continue;
        }
        let settings = BTreeMap::from([
            ("SHIM_AT", at.to_string()),
            ("SHIM_ERRNO", "5".to_owned()),
            ("SHIM_MODE", "once".to_owned()),
        ]);
        let models = undisturbed.models.clone();
        let run = Run::trace_with(workload, models, settings).unwrap();
        for kept in [0, 50] {
            let what = format!("call {at} failed");
            run.try_state(&what, run.calls.len(), kept, &mut rng);
        }
    }
}

/// A restored folder is there with all that is in it, and the entry that says so, or it is not there.
#[test]
fn a_power_loss_leaves_no_folder_that_is_half_restored() {
    let workload = Workload { seed: 8, rounds: 2 };
    let steps = workload::steps(workload.seed, workload.rounds);
    let base = size::scratch();
    let backup = base.path().join("backup");
    let mut store = None;
    for step in &steps {
        workload::run(&backup, &mut store, step).unwrap();
    }
    drop(store);
    let mut restored = workload::models(&steps).pop().unwrap();
    restored.entries += 1;
    let models = vec![After::default(), restored];
    let settings = BTreeMap::from([(shim::BACKUP, backup.display().to_string())]);
    if let Some(run) = Run::trace_with(workload, models, settings) {
        run.try_each_call(workload.seed);
    }
}

/// Of a folder, by their names in it.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// What a child did to a folder.
struct Run {
    base: TempDir,
    folder: PathBuf,
    calls: Vec<Call>,
    models: Vec<After>,
}

impl Run {
    /// The steps of a workload. `None` where disks cannot be watched.
    fn trace(workload: Workload) -> Option<Self> {
        let steps = workload::steps(workload.seed, workload.rounds);
        Self::trace_with(workload, workload::models(&steps), BTreeMap::new())
    }

    fn trace_with(
        workload: Workload,
        models: Vec<After>,
        mut settings: BTreeMap<&str, String>,
    ) -> Option<Self> {
        let base = size::scratch();
        let library = shim::compile(base.path())?;
        // The acknowledgements lie under the folder that is traced, so that the trace has them in their place.
        let traced = base.path().join("traced");
        let (folder, acks) = (traced.join("new").join("data"), traced.join("acks"));
        let path = base.path().join("trace");
        fs::create_dir_all(&traced).unwrap();
        settings.insert("SHIM_TRACE", path.display().to_string());
        settings.insert("SHIM_FOLDER", traced.display().to_string());
        let ran = shim::run(&library, &folder, &acks, workload, &settings);
        assert_eq!(ran.acknowledged, models.len() - 1, "{ran:?}");
        Some(Self {
            folder,
            calls: Trace::read(&path).calls,
            models,
            base,
        })
    }

    /// The power goes at each call: with each choice of the names that are not sure, and none, some or all of the bytes.
    fn try_each_call(&self, seed: u64) {
        let mut rng = Rng::with_seed(seed);
        let mut tried = BTreeSet::new();
        for end in 0..=self.calls.len() {
            let (disk, acknowledged) = self.disk_at(end);
            for chosen in 0..1_u32 << disk.unsure_names() {
                for kept in [0, 50, 100] {
                    let files = disk.lose_power_but(|name| chosen >> name & 1 == 1, &mut rng, kept);
                    let files = self.in_folder(files);
                    if tried.insert((acknowledged, digest(&files))) {
                        let what = format!("{end} calls, names {chosen:b}, {kept} %");
                        self.try_files(&what, &files, acknowledged);
                    }
                }
            }
        }
        assert!(tried.len() > 2, "{}", tried.len());
    }

    /// The power goes after the first `end` calls.
    fn try_state(&self, what: &str, end: usize, kept: u8, rng: &mut Rng) {
        let what = format!("{what}: {end} of {} calls, {kept} %", self.calls.len());
        let (disk, acknowledged) = self.disk_at(end);
        let files = self.in_folder(disk.lose_power(rng, kept));
        self.try_files(&what, &files, acknowledged);
    }

    /// And the steps that were acknowledged by then.
    fn disk_at(&self, end: usize) -> (Disk, usize) {
        let mut disk = Disk::default();
        let mut acknowledged = 0;
        for call in &self.calls[..end] {
            acknowledged += usize::from(call.is_ack());
            disk.apply(call);
        }
        (disk, acknowledged)
    }

    /// By their names in the folder.
    fn in_folder(&self, files: BTreeMap<PathBuf, Vec<u8>>) -> Files {
        let name = |file: &Path| Some(file.strip_prefix(&self.folder).ok()?.to_owned());
        files
            .into_iter()
            .filter_map(|(file, bytes)| Some((name(&file)?, bytes)))
            .filter(|(name, _)| !name.to_string_lossy().ends_with("-shm"))
            .collect()
    }

    fn try_files(&self, what: &str, files: &Files, acknowledged: usize) {
        let crashed = self.base.path().join("crashed");
        let _ = fs::remove_dir_all(&crashed);
        fs::create_dir_all(&crashed).unwrap();
        for (name, bytes) in files {
            fs::write(crashed.join(name), bytes).unwrap();
        }
        self.is_whole(what, &crashed, acknowledged);
    }

    fn is_whole(&self, what: &str, folder: &Path, acknowledged: usize) {
        let models = &self.models;
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
}

fn digest(files: &Files) -> u64 {
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    hasher.finish()
}
