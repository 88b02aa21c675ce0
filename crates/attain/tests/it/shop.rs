//! A made-up shop for the tests of data folders: its catalogue, its access logs, and the answers that are compared. Knows
//! nothing of what happens to a folder in between.

use std::fmt::Write as _;
use std::io::Write as _;

use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{Place, Ran};

/// What the shop promises.
pub const CATALOGUE: &str = "\
attain: 1
catalogue: {name: Shop}
segments:
  premium:  {rank: 1, contract: MSA 4.2}
  standard: {rank: 2, contract: ToS 7}
  free:     {rank: 3, contract: best effort}
sources:
  access:
    log:
      files: [access.log]
      format: combined
      append: [request_time, segment]
      duration: {field: request_time, unit: s}
slos:
  requests:
    owners: {product: shop, engineering: web}
    audience: customer
    outcome: a page comes
    indicator: {log: access, bad: {status: 5xx}}
    objectives:
      availability: {premium: 99.9%, standard: 99.5%, free: 99%}
      latency: {premium: p99 < 200ms, standard: p99 < 500ms, free: p95 < 2s}
    window: 7d
    coverage: 1%
    alerting: none
";

/// The period that statements are about: all days of the logs.
pub const PERIOD: &str = "2026-11-02..2026-11-04";

/// Lines of one day of November 2026, about in order of time; one in a thousand cannot be read.
pub fn log(seed: u64, day: u32, lines: usize) -> String {
    let mut rng = Rng::with_seed(seed);
    let mut text = String::new();
    for line in 0..lines {
        let before = (line * 86_400 / lines).saturating_sub(rng.usize(..90));
        // The day ends with its last minute.
        let at = if line + 1 == lines { 86_399 } else { before };
        let (hour, minute, second) = (at / 3600, at / 60 % 60, at % 60);
        let (segment, bad_ppm) = match rng.u32(..100) {
            0..5 => ("premium", 2_000),
            5..40 => ("standard", 1_000),
            _ => ("free", 4_000),
        };
        let status = if rng.u32(..1_000_000) < bad_ppm {
            503
        } else {
            200
        };
        let _ = match rng.u32(..1_000) {
            0 => writeln!(text, "10.0.0.{} closed before it asked", rng.u8(..)),
            _ => writeln!(
                text,
                "10.0.0.{} - - [{day:02}/Nov/2026:{hour:02}:{minute:02}:{second:02} +0000] \"GET /item/{} HTTP/1.1\" \
                 {status} {} \"-\" \"shop/1.0\" 0.{:03} {segment}",
                rng.u8(..),
                rng.u32(..1_000_000),
                rng.u32(..50_000),
                rng.u32(1..500).min(rng.u32(1..600)),
            ),
        };
    }
    text
}

pub fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// All that is asked of a folder, to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// What was counted, as CSV.
    pub counts: String,
    pub status: String,
    pub statement: String,
}

/// Asks a folder everything. `catalogue` and `data` are names within the place; `files` were replayed into it.
pub fn answers(place: &Place, catalogue: &str, files: &[&str], data: &str) -> Answers {
    let csv = format!("{data}.csv");
    let again = replay(place, catalogue, files, data, &["--counts", &csv]);
    again.exits(0).says(": 0 new,");
    let status = place.run(&["status", catalogue, "--data", data, "--format", "json"]);
    assert!(matches!(status.code, 0 | 1), "{}", status.err);
    let statement = place.run(&[
        "statement",
        catalogue,
        "--data",
        data,
        "--period",
        PERIOD,
        "--format",
        "json",
    ]);
    statement.exits(0);
    Answers {
        counts: place.read(&csv),
        status: status.out,
        statement: statement.out,
    }
}

/// Replays files into a folder.
pub fn replay(place: &Place, catalogue: &str, files: &[&str], data: &str, more: &[&str]) -> Ran {
    place.run(&arguments(catalogue, files, data, more))
}

/// The command that replays files into a folder.
pub fn arguments<'a>(
    catalogue: &'a str,
    files: &[&'a str],
    data: &'a str,
    more: &[&'a str],
) -> Vec<&'a str> {
    let mut arguments = vec!["replay", catalogue];
    arguments.extend(files);
    arguments.extend(["--data", data]);
    arguments.extend(more);
    arguments
}

/// Whether tests run at their full size.
pub fn is_soak() -> bool {
    std::env::var_os("ATTAIN_SOAK").is_some()
}

/// What `cargo xtask soak` reads.
pub fn said(held: u64, of: u64, seed: u64) {
    if is_soak() {
        println!("soak: {held} of {of}, seed {seed}");
    }
}

/// The same, with what was measured beside it.
pub fn said_and_measured(held: u64, of: u64, seed: u64, measured: &str) {
    if is_soak() {
        println!("soak: {held} of {of}, seed {seed}; {measured}");
    }
}
