//! The project's own tooling: test, soak, bench, tidy, record-shop. Depends on nothing but the standard library.

// Tooling reads files, starts cargo and measures time; the rule is for the pure crates.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod bench;
mod git;
mod peers;
mod random;
mod record;
mod soak;
mod test;
mod tidy;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test [--fast]     every test and peer; ends with `N passed, N failed, N skipped`
                              --fast leaves the peers out; --peers [NAME]: only those, of this name
                              ATTAIN_REQUIRE_PEERS=1 fails on a skipped peer
cargo xtask tidy              layers, forbidden words, claims, the count of crates
cargo xtask soak [NAME]       claims at full size, into docs/soak.md; --list names them
cargo xtask bench [NAME]      speed and memory, into bench/RESULTS.md; --list names them; --lines N: a smaller log
cargo xtask record-shop       records examples/three-tiers from a real nginx, in about 6 minutes
                              --check: only 200 requests, compared and not kept; --seed N: another day
cargo xtask help              this";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let result = match arguments.first().map(String::as_str) {
        Some("test") => test::command(rest),
        Some("tidy") => tidy::command(),
        Some("soak") => soak::command(rest),
        Some("bench") => bench::command(rest),
        Some("record-shop") => record::command(rest),
        Some("help" | "--help" | "-h") => {
            println!("{HELP}");
            Ok(())
        }
        Some(other) => Err(format!(
            "`{other}` is not a command of xtask: see `cargo xtask help`"
        )),
        None => Err(format!("say what to do:\n{HELP}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's root folder.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// The cargo that started this, so that the toolchain stays the same.
pub fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
