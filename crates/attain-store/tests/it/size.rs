//! How much is tried, and where: a little in each test run, all of it in a soak.

use std::path::Path;

use tempfile::TempDir;

/// `small` cases, or `full` if `ATTAIN_SOAK` is set.
pub fn cases(small: u64, full: u64) -> u64 {
    if is_soak() { full } else { small }
}

pub fn is_soak() -> bool {
    std::env::var_os("ATTAIN_SOAK").is_some()
}

/// What `cargo xtask soak` reads.
pub fn said(held: u64, of: u64, seed: u64) {
    println!("soak: {held} of {of}, seed {seed}");
}

/// A folder for tests that do not ask whether a disk keeps its word: in memory where there is such a place, because
/// hundreds of folders wait minutes for a disk.
pub fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    match tempfile::tempdir_in(memory) {
        Ok(folder) => folder,
        Err(_) => tempfile::tempdir().unwrap(),
    }
}
