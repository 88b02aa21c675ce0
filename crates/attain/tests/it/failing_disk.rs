//! A disk that fails or is full, once or from some moment on, under a replay: it says what to do, and once the disk is well
//! again the same command ends where an undisturbed one does.
//!
//! The failing is done by the shim that attain-store's tests use; what the store does about it in itself is shown there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fastrand::Rng;

use crate::shop::{self, Answers, answers, arguments};
use crate::{Place, Ran, command};

const SEED: u64 = 43;
const FILES: [&str; 2] = ["access-02.log", "access-03.log"];
const EIO: u32 = 5;
const ENOSPC: u32 = 28;

/// What the shim does: the call by its number, from 1.
#[derive(Debug, Clone, Copy)]
struct Fault {
    at: usize,
    errno: u32,
    mode: &'static str,
}

/// The shim, compiled; `None` without a C compiler.
fn shim(folder: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../attain-store/tests/faults/shim.c");
    let library = folder.join("shim.so");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .status();
    match compiled {
        Ok(status) if cfg!(target_os = "linux") => {
            assert!(status.success(), "cc does not compile the shim");
            Some(library)
        }
        _ => {
            println!("skipped: disks are made to fail on Linux, with a C compiler");
            None
        }
    }
}

/// Replays all files into `data` with the shim between the replay and the disk.
fn replay(place: &Place, library: &Path, data: &str, settings: &[(&str, String)]) -> Ran {
    let folder = place.0.path().canonicalize().unwrap().join(data);
    let output = command(place.0.path(), &arguments("shop.yaml", &FILES, data, &[]))
        .env("ATTAIN_CHUNK_BYTES", "16384")
        .env("LD_PRELOAD", library)
        .env("SHIM_FOLDER", folder)
        .envs(settings.iter().map(|(name, value)| (*name, value)))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// How many writes, syncs and renames an undisturbed replay asks for: in what the shim writes down each has a kind, the lengths of
/// a path and of bytes, and these.
fn calls(trace: &Path) -> usize {
    let bytes = std::fs::read(trace).unwrap();
    let number = |at: usize| {
        let bytes = bytes[at..at + 8].try_into().unwrap();
        usize::try_from(u64::from_le_bytes(bytes)).unwrap()
    };
    let (mut at, mut calls) = (0, 0);
    while at < bytes.len() {
        let kind = bytes[at];
        let path = number(at + 1);
        let length = number(at + 9 + path + 8);
        at += 25 + path;
        if matches!(kind, b'w' | b'r') {
            at += length;
        }
        if matches!(kind, b'w' | b's' | b't' | b'r') {
            calls += 1;
        }
    }
    calls
}

#[test]
fn a_failing_disk_loses_nothing_and_says_what_to_do() {
    let place = Place::new();
    let Some(library) = shim(place.0.path()) else {
        return;
    };
    place.write("shop.yaml", shop::CATALOGUE);
    for (name, day) in [(FILES[0], 2), (FILES[1], 3)] {
        place.write(name, &shop::log(SEED + u64::from(day), day, 600));
    }
    let trace = place.0.path().join("trace");
    let settings = [("SHIM_TRACE", trace.display().to_string())];
    replay(&place, &library, "whole", &settings).exits(0);
    let whole = answers(&place, "shop.yaml", &FILES, "whole");
    let calls = calls(&trace);
    assert!(calls > 50, "{calls} calls");
    let mut rng = Rng::with_seed(SEED);
    let (mut tried, mut failed) = (0, 0);
    let mut told = BTreeSet::new();
    for at in 1..=calls {
        for mode in ["once", "persistent"] {
            for errno in [EIO, ENOSPC] {
                if shop::is_soak() || rng.usize(..calls * 4) < 24 {
                    let fault = Fault { at, errno, mode };
                    failed += u64::from(try_fault(&place, &library, fault, &whole, &mut told));
                    tried += 1;
                }
            }
        }
    }
    // A call that fails once may be tried again, and some only tidy up.
    assert!(failed * 2 > tried, "{failed} of {tried} were told");
    assert_eq!(told.into_iter().collect::<Vec<_>>(), ["failing", "full"]);
    shop::said(tried, tried, SEED);
}

/// Whether the replay failed of it.
fn try_fault(
    place: &Place,
    library: &Path,
    fault: Fault,
    whole: &Answers,
    told: &mut BTreeSet<&'static str>,
) -> bool {
    let settings = [
        ("SHIM_AT", fault.at.to_string()),
        ("SHIM_ERRNO", fault.errno.to_string()),
        ("SHIM_MODE", fault.mode.to_owned()),
    ];
    let ran = replay(place, library, "data", &settings);
    let what = format!("{fault:?}\n{}{}", ran.out, ran.err);
    assert!(!ran.err.contains("panicked"), "{what}");
    match ran.code {
        // Invariant: what ends well has kept all of it; the answers below take nothing new then.
        0 => assert_eq!(ran.err, "", "{what}"),
        2 => {
            assert_eq!(ran.err.matches("error: ").count(), 1, "{what}");
            ran.complains("error: data")
                .complains("nothing acknowledged is lost");
            let is_full = ran.err.contains(
                "the disk is full; nothing acknowledged is lost: free space on it, then run it again",
            );
            // A sync that finds the disk full is told as one that fails.
            assert!(!is_full || fault.errno == ENOSPC, "{what}");
            let is_failing = ran
                .err
                .contains("see the system's log for the disk, then run it again");
            assert!(is_full || is_failing, "{what}");
            told.insert(if is_full { "full" } else { "failing" });
        }
        _ => panic!("{what}"),
    }
    // The disk is well again.
    if ran.code == 2 {
        shop::replay(place, "shop.yaml", &FILES, "data", &[]).exits(0);
    }
    assert_eq!(
        &answers(place, "shop.yaml", &FILES, "data"),
        whole,
        "{what}"
    );
    place.run(&["data", "check", "data"]).exits(0);
    std::fs::remove_dir_all(place.0.path().join("data")).unwrap();
    ran.code == 2
}
