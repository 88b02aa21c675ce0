//! Every write and every sync fails once, or from then on: nothing acknowledged is lost, and it goes on.

use std::collections::BTreeMap;

use attain_store::{Access, Store};

use crate::shim::{self, Workload};
use crate::trace::Trace;
use crate::{size, workload};

const WORKLOAD: Workload = Workload {
    seed: 21,
    rounds: 3,
};
const EIO: u32 = 5;
const ENOSPC: u32 = 28;

#[derive(Debug, Clone, Copy)]
struct Fault {
    at: usize,
    errno: u32,
    mode: &'static str,
}

#[test]
fn failing_writes_lose_nothing_that_was_acknowledged() {
    let base = size::scratch();
    let Some(library) = shim::compile(base.path()) else {
        return;
    };
    let path = base.path().join("trace");
    let settings = BTreeMap::from([("SHIM_TRACE", path.display().to_string())]);
    let (folder, acks) = (base.path().join("recorded"), base.path().join("acks"));
    shim::run(&library, &folder, &acks, WORKLOAD, &settings);
    let calls = Trace::read(&path).calls();
    assert!(calls > 50, "{calls} calls");
    let mut tried = 0;
    for at in 1..=calls + 1 {
        for mode in ["once", "persistent"] {
            // The small size takes one of the two errors for each call.
            for errno in [EIO, ENOSPC] {
                if size::is_soak() || (at % 2 == 0) == (errno == EIO) {
                    try_fault(base.path(), &library, Fault { at, errno, mode });
                    tried += 1;
                }
            }
        }
    }
    size::said(tried, tried, WORKLOAD.seed);
}

fn try_fault(base: &std::path::Path, library: &std::path::Path, fault: Fault) {
    let run = base.join("run");
    let _ = std::fs::remove_dir_all(&run);
    std::fs::create_dir_all(&run).unwrap();
    let (folder, acks) = (run.join("data"), run.join("acks"));
    let settings = BTreeMap::from([
        ("SHIM_AT", fault.at.to_string()),
        ("SHIM_ERRNO", fault.errno.to_string()),
        ("SHIM_MODE", fault.mode.to_owned()),
    ]);
    let ran = shim::run(library, &folder, &acks, WORKLOAD, &settings);
    let what = format!("{fault:?}: {ran:?}");
    for error in &ran.errors {
        let is_clear = error.contains("nothing acknowledged is lost");
        assert!(is_clear, "{what}");
    }
    let steps = workload::steps(WORKLOAD.seed, WORKLOAD.rounds);
    let models = workload::models(&steps);
    if fault.mode == "once" {
        assert_eq!(ran.acknowledged, steps.len(), "{what}");
    }
    // The disk is well again: what is left of the run is done now.
    let store = workload::open(&folder).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut done = workload::holds(&what, &store, &models, ran.acknowledged);
    let mut store = Some(store);
    while done < steps.len() {
        workload::run(&folder, &mut store, &steps[done]).unwrap();
        done += 1;
    }
    drop(store);
    let store = Store::open(&folder, Access::Read).unwrap();
    let last = models.len() - 1;
    assert_eq!(workload::holds(&what, &store, &models, last), last);
    assert!(store.check().damage.is_empty(), "{what}");
}
