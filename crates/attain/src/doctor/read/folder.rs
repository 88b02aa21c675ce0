//! A data folder and its disk: room, a few writes with sync, and everything in it read once. Judges nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use attain_model::{Catalogue, CountedSegment, Stream, StreamKey};
use attain_server::Unsealed;
use attain_store::{Access, Store};
use jiff::Timestamp;

use crate::catalogue::shown;
use crate::doctor::seen::{FolderSeen, KeptSeen};

/// Writes that are timed, and the bytes of each: what a server writes for a request of some hundred series.
const WRITES: usize = 16;
const WRITE_BYTES: usize = 16 << 10;

/// Slices of a folder that is empty yet.
const SLICE_SECONDS: u32 = 10;

/// Looks at everything.
pub fn folder(folder: &Path, catalogue: &Catalogue) -> FolderSeen {
    let is_there = folder.is_dir();
    // A folder that is not there yet will be made where its parent is.
    let disk_at = match folder.ancestors().find(|at| at.is_dir()) {
        Some(at) => at.to_owned(),
        None => PathBuf::from("."),
    };
    FolderSeen {
        folder: shown(folder),
        is_there,
        disk: room(&disk_at),
        sync: timed(&disk_at),
        kept: is_there.then(|| kept(folder, catalogue)),
    }
}

/// Bytes free and in all. The standard library cannot ask; `df` can.
fn room(at: &Path) -> Option<(u64, u64)> {
    let output = Command::new("df")
        .arg("-Pk")
        .arg(at)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    free_in(&String::from_utf8_lossy(&output.stdout))
}

/// From the last line of `df -Pk`: name, kilobytes, used, available, share, place.
fn free_in(said: &str) -> Option<(u64, u64)> {
    let mut fields = said.lines().last()?.split_whitespace().skip(1);
    let all: u64 = fields.next()?.parse().ok()?;
    let free: u64 = fields.nth(1)?.parse().ok()?;
    Some((free * 1024, all * 1024))
}

/// The longest and the middle of some writes with sync, in a file that is gone afterwards.
fn timed(at: &Path) -> Result<(Duration, Duration), String> {
    let path = at.join(format!(".attain-doctor-{}", std::process::id()));
    let outcome = time_writes(&path).map_err(|error| error.to_string());
    let _ = fs::remove_file(&path);
    let mut times = outcome?;
    times.sort_unstable();
    let longest = times.last().copied().unwrap_or_default();
    Ok((longest, times[times.len() / 2]))
}

fn time_writes(path: &Path) -> std::io::Result<Vec<Duration>> {
    let mut file = File::create_new(path)?;
    let block = [0x61; WRITE_BYTES];
    let mut times = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let begun = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

fn kept(folder: &Path, catalogue: &Catalogue) -> Result<KeptSeen, String> {
    let store = Store::open(folder, Access::Read).map_err(|error| error.to_string())?;
    let report = store.check();
    let size = store.size();
    let mut seen = KeptSeen {
        bytes: size.counts_bytes + size.record_bytes,
        damage: report.damage.iter().map(crate::data::said).collect(),
        warnings: report.warnings,
        ..KeptSeen::default()
    };
    let mut counted: BTreeMap<StreamKey, Counted> = BTreeMap::new();
    for (key, _) in store.streams() {
        if let Ok((facts, _)) = store.stream(key) {
            counted.entry(key.clone()).or_default().add(&facts);
        }
    }
    if let Ok(mut unsealed) = Unsealed::of(&store, SLICE_SECONDS, |_| {}) {
        unsealed.settle();
        for (key, facts) in unsealed.ledger.facts().streams {
            counted.entry(key).or_default().add(&facts);
        }
    }
    let slice_seconds = store
        .state()
        .map_or(0, |state| i64::from(state.slice_seconds));
    let newest = counted.values().filter_map(|one| one.newest_slice).max();
    seen.newest_age_seconds = newest
        .filter(|_| slice_seconds > 0)
        .map(|slice| Timestamp::now().as_second() - (slice + 1) * slice_seconds);
    for (key, one) in &counted {
        let slos = (catalogue.slos.values()).filter(|slo| Stream::key_of(catalogue, slo) == *key);
        let slos: Vec<String> = slos.map(|slo| slo.id.to_string()).collect();
        if !slos.is_empty() {
            seen.untagged.push((slos, one.unknown, one.all));
        }
    }
    Ok(seen)
}

#[derive(Default)]
struct Counted {
    unknown: u64,
    all: u64,
    newest_slice: Option<i64>,
}

impl Counted {
    fn add(&mut self, facts: &attain_model::facts::StreamFacts) {
        for column in &facts.columns {
            let on_time = column
                .on_time
                .iter()
                .map(|(slice, events)| (*slice, *events));
            let late = column
                .late
                .iter()
                .map(|(slice, _, events)| (*slice, *events));
            for (slice, events) in on_time.chain(late) {
                self.all = self.all.saturating_add(events);
                if column.segment == CountedSegment::Unknown {
                    self.unknown = self.unknown.saturating_add(events);
                }
                self.newest_slice = self.newest_slice.max(Some(slice));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn df_is_read_from_its_last_line() {
        let said = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/x 100 60 40 60% /a b\n";
        assert_eq!(free_in(said), Some((40 << 10, 100 << 10)));
        assert_eq!(free_in("df: no such file\n"), None);
        assert_eq!(free_in(""), None);
    }
}
