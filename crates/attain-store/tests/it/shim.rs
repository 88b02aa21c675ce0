//! Runs the workload in a child process, with `tests/faults/shim.c` between it and the disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workload;

const FOLDER: &str = "ATTAIN_STORE_CHILD_FOLDER";
const ACKS: &str = "ATTAIN_STORE_CHILD_ACKS";
const SEED: &str = "ATTAIN_STORE_CHILD_SEED";
const ROUNDS: &str = "ATTAIN_STORE_CHILD_ROUNDS";
/// If it is set, the child restores this backup and does nothing else.
pub const BACKUP: &str = "ATTAIN_STORE_CHILD_BACKUP";

/// What the child is to run.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    pub seed: u64,
    pub rounds: u64,
}

/// What the child did.
#[derive(Debug, Default)]
pub struct Ran {
    /// Steps that were acknowledged.
    pub acknowledged: usize,
    /// What it was told.
    pub errors: Vec<String>,
}

/// The shim, compiled; `None` without a C compiler, and says so.
pub fn compile(folder: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
    let library = folder.join("shim.so");
    let compiler = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .status();
    match compiler {
        Ok(status) => {
            assert!(status.success(), "cc does not compile the shim");
            Some(library)
        }
        Err(error) if cfg!(target_os = "linux") => {
            println!("skipped: no C compiler to make disks fail with: {error}");
            None
        }
        Err(_) => {
            println!("skipped: disks are made to fail on Linux only");
            None
        }
    }
}

/// Runs the child to its end. Acknowledgements go to `acks`.
pub fn run(
    library: &Path,
    folder: &Path,
    acks: &Path,
    workload: Workload,
    settings: &BTreeMap<&str, String>,
) -> Ran {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shim::child", "--nocapture", "--test-threads=1"])
        .env("LD_PRELOAD", library)
        .env("SHIM_FOLDER", folder)
        .env(FOLDER, folder)
        .env(ACKS, acks)
        .env(SEED, workload.seed.to_string())
        .env(ROUNDS, workload.rounds.to_string())
        .envs(settings)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{settings:?}: the child ended badly: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = fs::read_to_string(acks).unwrap_or_default();
    Ran {
        acknowledged: said.lines().filter(|line| *line == "ack").count(),
        errors: said
            .lines()
            .filter_map(|line| line.strip_prefix("error "))
            .map(str::to_owned)
            .collect(),
    }
}

/// Not a test by itself: what the tests of this file's users start again as a child. A step that fails is tried again;
/// a disk that stays broken ends the run.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let number = |name: &str| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let acks = std::env::var_os(ACKS).map(PathBuf::from).unwrap();
    let mut acks = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(acks)
        .unwrap();
    let mut say = |line: String| {
        use std::io::Write as _;
        acks.write_all(line.as_bytes()).unwrap();
    };
    if let Some(backup) = std::env::var_os(BACKUP).map(PathBuf::from) {
        attain_store::restore(&backup, &folder, workload::day(0)).unwrap();
        return say("ack\n".to_owned());
    }
    let mut store = None;
    for step in workload::steps(number(SEED), number(ROUNDS)) {
        let mut tries = 0;
        while let Err(error) = workload::run(&folder, &mut store, &step) {
            say(format!("error {error}\n"));
            tries += 1;
            if tries == 3 {
                return;
            }
        }
        say("ack\n".to_owned());
    }
}
