//! Reads every file source of a catalogue, streaming, and hands over deliveries. Knows which files
//! belong to which source; job.rs reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use attain_model::delivery::{Delivery, Unparsed};
use attain_model::facts::OriginFacts;
use attain_model::source::{Source, SourceKind};
use attain_model::{Catalogue, SourceId};
use jiff::Timestamp;

use crate::counting::roster::Customers;
use crate::counting::silent;
use crate::error::Error;
use crate::file::chunk::Totals;
use crate::file::files;
use crate::file::job::{Job, Meter};

/// How to read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files to read instead of those that the catalogue names, by source; `-` is standard input. These must exist.
    pub files: BTreeMap<SourceId, Vec<PathBuf>>,
    /// The ledger's slice: whole seconds, one minute unless said.
    pub slice: Duration,
    /// Bytes of content per delivery, about. A delivery of a table whose rows belong together is longer.
    pub chunk_bytes: u64,
    /// Threads that read; 0 is one per core. What is read does not depend on it.
    pub threads: usize,
    /// What earlier runs took, by source and origin, as a ledger's state says it: positions that were counted for every
    /// stream are not read again, the others are counted for the streams that lack them.
    pub taken: BTreeMap<(SourceId, String), OriginFacts>,
    /// Until when each source was heard in earlier runs, as a ledger says it: a log is not silent between the last heartbeat
    /// of one run and the first of the next, if they are no further apart than promised.
    pub heard_until: BTreeMap<SourceId, Timestamp>,
    /// A last line without its end is left, and said so: it may still be being written, and whoever keeps what is read
    /// reads it whole the next time. Not so of standard input and other pipes, which are read once.
    pub whole_lines: bool,
    /// Set by somebody who wants the reading to end early.
    pub stop: Option<Arc<AtomicBool>>,
}

impl Options {
    /// Whether somebody wants the reading to end early.
    pub(crate) fn is_stopped(&self) -> bool {
        let stop = self.stop.as_ref();
        stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

/// Why a sink does not take a delivery.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Takes deliveries. An error stops the reading.
pub type Sink<'s> = dyn FnMut(Delivery) -> Result<(), SinkError> + 's;

impl Default for Options {
    fn default() -> Self {
        Self {
            files: BTreeMap::new(),
            slice: Duration::from_secs(60),
            chunk_bytes: 32 << 20,
            threads: 0,
            whole_lines: false,
            taken: BTreeMap::new(),
            heard_until: BTreeMap::new(),
            stop: None,
        }
    }
}

/// How far reading has come. `total` is 0 where it cannot be known (standard input).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes taken from all files so far, as on disk.
    pub done: u64,
    /// Bytes of all files, as on disk.
    pub total: u64,
    /// Lines (rows) read so far, without blank ones and headers.
    pub lines: u64,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// By file source, also those without a file.
    pub sources: BTreeMap<SourceId, SourceReading>,
    /// It ended early because somebody asked to. What was handed over is valid; notes are about that part.
    pub stopped: bool,
}

/// What was read of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceReading {
    /// Its files, in the order in which they were read.
    pub files: Vec<FileReading>,
    /// Patterns of the catalogue that no file fits.
    pub without_files: Vec<String>,
    /// Lines (rows) read, the unreadable ones included; blank ones and headers are not.
    pub lines: u64,
    /// Lines that could not be read, or only in part; all are in the deliveries too.
    pub unparsed: u64,
    /// The first 20 of them.
    pub examples: Vec<Unparsed>,
    /// Values of the segment label that no segment claims, and how many events had them; the first 1000 values.
    pub unknown_values: BTreeMap<String, u64>,
    /// What a person should know about this source, e.g. a histogram without the needed bucket.
    pub notes: Vec<String>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReading {
    /// As named by the catalogue or the command line.
    pub path: PathBuf,
    /// The identity of its content, as in [`Delivery::origin`].
    pub origin: String,
    /// It was left out because this file holds all that it holds.
    pub same_as: Option<PathBuf>,
    /// It holds nothing beyond what an earlier run took ([`Options::taken`]), so nothing of it was counted.
    pub is_known: bool,
}

/// Reads every log and csv source of a catalogue, and the files that were named for any other. File names are relative to `base`.
///
/// `sink` is given a delivery per [`Options::chunk_bytes`], in the order of sources, files and lines; `progress`
/// is called more often. Sources that are not files are left out. A line that cannot be read is in
/// [`Delivery::unparsed`], never an error.
///
/// # Errors
/// The sink does not take a delivery; those before it were taken.
/// A file that was named on the command line does not open, a file breaks in its middle, the roster cannot be read,
/// a column or named group that the catalogue looks at is not there, or, after reading, no line of at least 100 has the
/// JSON field that tells good from bad or the latency that is promised. Deliveries that were handed over before an error
/// are to be dropped.
pub fn read(
    catalogue: &Catalogue,
    base: &Path,
    options: &Options,
    sink: &mut Sink<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Reading, Error> {
    check_overrides(catalogue, options)?;
    let customers = match &catalogue.roster {
        Some(roster)
            if catalogue
                .sources
                .values()
                .any(|source| is_read(source, options)) =>
        {
            Customers::read(roster, base)?
        }
        _ => Customers::default(),
    };
    let mut reading = Reading::default();
    let mut work = Vec::new();
    for source in catalogue
        .sources
        .values()
        .filter(|source| is_read(source, options))
    {
        let (paths, without_files) = files_of(source, base, options);
        work.push((source, paths));
        let entry = reading.sources.entry(source.id.clone()).or_default();
        entry.without_files = without_files;
    }
    let size = |path: &PathBuf| base.join(path).metadata().map_or(0, |data| data.len());
    let total = work.iter().flat_map(|(_, paths)| paths).map(size).sum();
    let mut meter = Meter::new(total, progress);
    for (source, paths) in work {
        let mut job = Job {
            catalogue,
            source,
            base,
            options,
            customers: &customers,
            totals: Totals::default(),
            notes: silent::notes(catalogue, source),
            sink,
            meter: &mut meter,
            known: BTreeSet::new(),
        };
        let entry = reading.sources.entry(source.id.clone()).or_default();
        let unclaimed = job.run(&paths, &mut entry.files)?;
        entry.lines = job.totals.lines;
        entry.unparsed = job.totals.unparsed;
        entry.examples = job.totals.examples;
        entry.notes = job.notes;
        entry.unknown_values = unclaimed;
        reading.stopped = job.totals.stopped;
        for file in &mut entry.files {
            file.is_known = file.same_as.is_none() && job.known.contains(&file.origin);
        }
        if reading.stopped {
            break;
        }
    }
    Ok(reading)
}

/// Whether files of a source are read: those of a log or csv source, and those that were named for any other.
fn is_read(source: &Source, options: &Options) -> bool {
    let is_file_source = matches!(source.kind, SourceKind::Log(_) | SourceKind::Csv(_));
    is_file_source || options.files.contains_key(&source.id)
}

fn check_overrides(catalogue: &Catalogue, options: &Options) -> Result<(), Error> {
    let has = &catalogue.sources;
    match options.files.keys().find(|id| !has.contains_key(*id)) {
        None => Ok(()),
        Some(id) => Err(Error::NotASource {
            source_id: id.to_string(),
            has: has.keys().map(ToString::to_string).collect(),
        }),
    }
}

/// The files of a source as its patterns find them now, relative to `base`; none of a source that is no file.
#[must_use]
pub fn files_now(source: &Source, base: &Path) -> Vec<PathBuf> {
    found(source, base).0
}

/// The files of a source, and the patterns that no file fits. A name given twice is read once.
fn files_of(source: &Source, base: &Path, options: &Options) -> (Vec<PathBuf>, Vec<String>) {
    if let Some(paths) = options.files.get(&source.id) {
        return (paths.clone(), Vec::new());
    }
    found(source, base)
}

fn found(source: &Source, base: &Path) -> (Vec<PathBuf>, Vec<String>) {
    let patterns = match &source.kind {
        SourceKind::Log(log) => &log.files[..],
        SourceKind::Csv(csv) => &csv.files[..],
        _ => &[],
    };
    let (mut paths, mut without_files) = (Vec::new(), Vec::new());
    for pattern in patterns {
        let found = files::expand(base, pattern);
        if found.is_empty() {
            without_files.push(pattern.clone());
        }
        paths.extend(found);
    }
    paths.sort();
    paths.dedup();
    (paths, without_files)
}
