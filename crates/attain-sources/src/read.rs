//! Reads every file source of a catalogue, streaming, and hands over deliveries. Knows which files
//! belong to which source; read/job.rs reads them.

pub(crate) mod job;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use attain_model::Catalogue;
use attain_model::source::{Source, SourceKind};

use crate::counting::roster::Customers;
use crate::counting::silent;
use crate::error::Error;
use crate::file::chunk::Totals;
use crate::file::files;
use crate::file::pipes::Pipes;
use crate::read::job::{Job, Meter};
use crate::reading::{Options, Progress, Reading, Sink};

/// Reads every log and csv source of a catalogue, and the files that were named for any other. File names are relative to `base`.
///
/// `sink` is given a delivery per [`Options::chunk_bytes`], in the order of sources, files and lines; `progress`
/// is called more often. Sources that are not files are left out. A line that cannot be read is in
/// [`Delivery::unparsed`](attain_model::delivery::Delivery::unparsed), never an error.
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
            notes: silent::notes(catalogue, source, &customers),
            sink,
            meter: &mut meter,
            known: BTreeSet::new(),
            pipes: Pipes::default(),
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
