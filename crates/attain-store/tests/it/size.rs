//! How much is tried: a little in each test run, all of it in a soak.

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
