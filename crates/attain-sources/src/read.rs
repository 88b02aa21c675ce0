//! Reads every file source of a catalogue, streaming, and hands over deliveries. Knows which reader belongs to which
//! source; knows no format itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use attain_model::delivery::{Delivery, Unparsed};
use attain_model::source::{CsvLayout, CsvSource, LogFormat, LogSource, Source, SourceKind};
use attain_model::{Catalogue, Interval, SourceId};
use jiff::Timestamp;

use crate::access_log::AccessLog;
use crate::chunk::{Chunks, Totals};
use crate::count::Counter;
use crate::csv_events::{self, CsvEvents};
use crate::error::Error;
use crate::files::{self, Identity, Opened};
use crate::json_line::JsonLine;
use crate::json_log::JsonLog;
use crate::named::NamedEvents;
use crate::numbers::Numbers;
use crate::pattern_log::PatternLog;
use crate::roster::Customers;

/// How to read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files to read instead of those that the catalogue names, by source; `-` is standard input. These must exist.
    pub files: BTreeMap<SourceId, Vec<PathBuf>>,
    /// The ledger's slice: whole seconds, one minute unless said.
    pub slice: Duration,
    /// Lines per delivery.
    pub chunk_lines: u64,
    /// Lines already taken in an earlier run, by origin; they are not read again.
    pub taken: BTreeMap<String, u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            files: BTreeMap::new(),
            slice: Duration::from_secs(60),
            chunk_lines: 65_536,
            taken: BTreeMap::new(),
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
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// By file source, also those without a file.
    pub sources: BTreeMap<SourceId, SourceReading>,
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
}

/// Reads every log and csv source of a catalogue. File names are relative to `base`.
///
/// `sink` is given a delivery per [`Options::chunk_lines`] lines, in the order of sources, files and lines; `progress`
/// is called after each. Sources that are not files are left out. A line that cannot be read is in
/// [`Delivery::unparsed`], never an error.
///
/// # Errors
/// A file that was named on the command line does not open, a file breaks in its middle, the roster cannot be read,
/// or a column that the catalogue needs is not in the file.
pub fn read(
    catalogue: &Catalogue,
    base: &Path,
    options: &Options,
    sink: &mut dyn FnMut(Delivery),
    progress: &mut dyn FnMut(Progress),
) -> Result<Reading, Error> {
    check_overrides(catalogue, options)?;
    let customers = match &catalogue.roster {
        Some(roster) if catalogue.sources.values().any(is_file_source) => {
            Customers::read(roster, base)?
        }
        _ => Customers::default(),
    };
    let mut reading = Reading::default();
    let mut work = Vec::new();
    for source in catalogue
        .sources
        .values()
        .filter(|source| is_file_source(source))
    {
        let (paths, without_files) = files_of(source, base, options);
        work.push((source, paths));
        let entry = reading.sources.entry(source.id.clone()).or_default();
        entry.without_files = without_files;
    }
    let size = |path: &PathBuf| base.join(path).metadata().map_or(0, |data| data.len());
    let total = work.iter().flat_map(|(_, paths)| paths).map(size).sum();
    let mut meter = Meter {
        before: 0,
        total,
        report: progress,
    };
    for (source, paths) in work {
        let mut job = Job {
            catalogue,
            source,
            base,
            options,
            customers: &customers,
            totals: Totals::default(),
            notes: Vec::new(),
            sink,
            meter: &mut meter,
        };
        let entry = reading.sources.entry(source.id.clone()).or_default();
        let unclaimed = job.run(&paths, &mut entry.files)?;
        entry.lines = job.totals.lines;
        entry.unparsed = job.totals.unparsed;
        entry.examples = job.totals.examples;
        entry.notes = job.notes;
        entry.unknown_values = unclaimed;
    }
    Ok(reading)
}

/// Bytes, over all files.
struct Meter<'a> {
    before: u64,
    total: u64,
    report: &'a mut dyn FnMut(Progress),
}

impl Meter<'_> {
    fn at(&mut self, in_this_file: u64) {
        (self.report)(Progress {
            done: self.before + in_this_file,
            total: self.total,
        });
    }
}

fn is_file_source(source: &Source) -> bool {
    matches!(source.kind, SourceKind::Log(_) | SourceKind::Csv(_))
}

fn check_overrides(catalogue: &Catalogue, options: &Options) -> Result<(), Error> {
    let wrong = options
        .files
        .keys()
        .find(|id| !catalogue.sources.get(*id).is_some_and(is_file_source));
    let Some(id) = wrong else {
        return Ok(());
    };
    let files = catalogue
        .sources
        .values()
        .filter(|source| is_file_source(source));
    Err(Error::NotAFileSource {
        source_id: id.to_string(),
        has: files.map(|source| source.id.to_string()).collect(),
    })
}

/// The files of a source, and the patterns that no file fits. A name given twice is read once.
fn files_of(source: &Source, base: &Path, options: &Options) -> (Vec<PathBuf>, Vec<String>) {
    if let Some(paths) = options.files.get(&source.id) {
        return (paths.clone(), Vec::new());
    }
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

/// Reading one source.
struct Job<'a, 'm> {
    catalogue: &'a Catalogue,
    source: &'a Source,
    base: &'a Path,
    options: &'a Options,
    customers: &'a Customers,
    totals: Totals,
    notes: Vec<String>,
    sink: &'a mut dyn FnMut(Delivery),
    meter: &'a mut Meter<'m>,
}

/// Reads one line.
type LineReader = Box<dyn FnMut(&[u8], &mut Counter) -> Result<(), String>>;

impl Job<'_, '_> {
    /// Reads all files; gives the segment values that nobody claims.
    fn run(
        &mut self,
        paths: &[PathBuf],
        read_files: &mut Vec<FileReading>,
    ) -> Result<BTreeMap<String, u64>, Error> {
        let header_lines = match &self.source.kind {
            SourceKind::Csv(csv) if csv.layout == CsvLayout::Wide => csv.header_rows.len() + 1,
            SourceKind::Csv(_) => 1,
            _ => 0,
        };
        let full: Vec<PathBuf> = paths.iter().map(|path| self.full(path)).collect();
        let identities = files::identify(&full, header_lines)?;
        let mut counter = Counter::new(
            self.catalogue,
            self.source,
            self.customers,
            i64::try_from(self.options.slice.as_secs()).unwrap_or(60),
        );
        let mut numbers = self.numbers();
        for ((path, full), identity) in paths.iter().zip(&full).zip(identities) {
            let size = full.metadata().map_or(0, |data| data.len());
            if identity.same_as.is_none() {
                self.file(path, &identity, &mut counter, numbers.as_mut())?;
            }
            self.meter.before += size;
            self.meter.at(0);
            read_files.push(FileReading {
                path: path.clone(),
                origin: identity.origin,
                same_as: identity.same_as.map(|same| {
                    same.strip_prefix(self.base)
                        .map(Path::to_owned)
                        .unwrap_or(same)
                }),
            });
        }
        self.send_heartbeats(&mut counter);
        if let Some(numbers) = numbers {
            self.notes.extend(numbers.end(&self.source.id, self.sink));
            counter.unclaimed.extend(numbers.unclaimed);
        }
        Ok(counter.unclaimed)
    }

    /// For tables of numbers.
    fn numbers(&self) -> Option<Numbers> {
        match &self.source.kind {
            SourceKind::Csv(csv) if csv.layout != CsvLayout::Events => Some(Numbers::new(
                self.catalogue,
                self.source,
                csv,
                self.customers,
                self.options.slice,
            )),
            _ => None,
        }
    }

    fn full(&self, path: &Path) -> PathBuf {
        if path == Path::new("-") {
            path.to_owned()
        } else {
            self.base.join(path)
        }
    }

    fn file(
        &mut self,
        path: &Path,
        identity: &Identity,
        counter: &mut Counter,
        numbers: Option<&mut Numbers>,
    ) -> Result<(), Error> {
        let full = self.full(path);
        let mut opened = files::open(&full)?;
        match &self.source.kind {
            SourceKind::Log(log) => {
                let reader = log_reader(log, counter);
                self.lines(path, identity, opened, counter, reader)
            }
            SourceKind::Csv(csv) if csv.layout == CsvLayout::Events => {
                if holds_json(&full, &mut opened) {
                    let events = NamedEvents::of_events(csv, &counter.fields);
                    let reader: LineReader = Box::new(move |line, counter| {
                        events.take(&JsonLine::parse(line)?, counter)
                    });
                    self.lines(path, identity, opened, counter, reader)
                } else {
                    self.csv_events(csv, path, identity, opened, counter)
                }
            }
            SourceKind::Csv(csv) => {
                let Some(numbers) = numbers else {
                    return Ok(());
                };
                let name = path.display().to_string();
                let mut chunks = chunks_of(
                    (self.source, &identity.origin, &name),
                    self.options,
                    &mut self.totals,
                    self.sink,
                );
                numbers.file(csv, path, opened, &mut chunks)
            }
            _ => Ok(()),
        }
    }

    /// Reads a file line by line.
    fn lines(
        &mut self,
        path: &Path,
        identity: &Identity,
        mut opened: Opened,
        counter: &mut Counter,
        mut reader: LineReader,
    ) -> Result<(), Error> {
        let name = path.display().to_string();
        let with_heartbeat =
            matches!(&self.source.kind, SourceKind::Log(log) if log.heartbeat.is_some());
        let mut chunks = chunks_of(
            (self.source, &identity.origin, &name),
            self.options,
            &mut self.totals,
            self.sink,
        );
        let send = |chunks: &mut Chunks<'_>, counter: &mut Counter| {
            chunks.send(|delivery| {
                delivery.counted = counter.drain();
                // What is heard between heartbeats is told once, when all of them are known.
                delivery.observed = with_heartbeat.then(Vec::new);
            });
        };
        let mut line = Vec::new();
        for number in 0.. {
            match files::next_line(&mut opened.reader, &mut line) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) if opened.gzip => {
                    chunks.line(
                        number,
                        Err(format!("the compressed file breaks off here: {error}")),
                    );
                    break;
                }
                Err(source) => {
                    return Err(Error::Read {
                        path: path.to_owned(),
                        source,
                    });
                }
            }
            if !chunks.wants(number) || line.trim_ascii().is_empty() {
                continue;
            }
            chunks.line(number, reader(&line, counter));
            if chunks.is_full() {
                send(&mut chunks, counter);
                self.meter.at(opened.taken.get());
            }
        }
        send(&mut chunks, counter);
        Ok(())
    }

    fn csv_events(
        &mut self,
        csv: &CsvSource,
        path: &Path,
        identity: &Identity,
        opened: Opened,
        counter: &mut Counter,
    ) -> Result<(), Error> {
        let name = path.display().to_string();
        let taken = opened.taken.clone();
        let mut chunks = chunks_of(
            (self.source, &identity.origin, &name),
            self.options,
            &mut self.totals,
            self.sink,
        );
        let mut columns: Option<CsvEvents> = None;
        each_row(opened, path, &mut chunks, &mut |row, number, chunks| {
            let Some(columns) = &columns else {
                let header = csv_events::header_of(row);
                columns = Some(CsvEvents::new(csv, &counter.fields, &header, path)?);
                return Ok(());
            };
            if chunks.wants(number) {
                chunks.line(number, columns.row(row, counter));
            }
            if chunks.is_full() {
                chunks.send(|delivery| delivery.counted = counter.drain());
                self.meter.at(taken.get());
            }
            Ok(())
        })?;
        chunks.send(|delivery| delivery.counted = counter.drain());
        Ok(())
    }

    /// The log was being written between two heartbeats that are no further apart than promised.
    fn send_heartbeats(&mut self, counter: &mut Counter) {
        let SourceKind::Log(LogSource {
            heartbeat: Some(beat),
            ..
        }) = &self.source.kind
        else {
            return;
        };
        let every = i128::try_from(beat.every.as_nanos()).unwrap_or(i128::MAX);
        let mut times = std::mem::take(&mut counter.heartbeats);
        times.sort_unstable();
        let mut delivery = Delivery::new(self.source.id.clone(), "heartbeats", 0..0);
        delivery.observed = Some(stretches(&times, every));
        (self.sink)(delivery);
    }
}

/// Stretches of time in which no two neighbours are further apart than `step_nanoseconds`. `times` are in order.
pub(crate) fn stretches(times: &[Timestamp], step_nanoseconds: i128) -> Vec<Interval> {
    let mut found: Vec<Interval> = Vec::new();
    for pair in times.windows(2) {
        let (start, end) = (pair[0], pair[1]);
        if end <= start || end.as_nanosecond() - start.as_nanosecond() > step_nanoseconds {
            continue;
        }
        match found.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => found.push(Interval { start, end }),
        }
    }
    found
}

pub(crate) fn chunks_of<'a>(
    (source, origin, name): (&'a Source, &'a str, &'a str),
    options: &Options,
    totals: &'a mut Totals,
    sink: &'a mut dyn FnMut(Delivery),
) -> Chunks<'a> {
    let skip = options.taken.get(origin).copied().unwrap_or(0);
    Chunks::new(
        (&source.id, origin, name),
        (skip, options.chunk_lines),
        totals,
        sink,
    )
}

/// What is done with a row at a line.
type OnRow<'r> = dyn FnMut(&csv::ByteRecord, u64, &mut Chunks<'_>) -> Result<(), Error> + 'r;

/// Reads CSV row by row. A compressed file that breaks off is what was read of it and an unreadable line; a disk that
/// fails is an error.
pub(crate) fn each_row(
    opened: Opened,
    path: &Path,
    chunks: &mut Chunks<'_>,
    on_row: &mut OnRow<'_>,
) -> Result<(), Error> {
    let mut rows = csv_events::reader_of(opened.reader);
    let mut row = csv::ByteRecord::new();
    loop {
        let before = rows.position().line().saturating_sub(1);
        match rows.read_byte_record(&mut row) {
            Ok(true) => {
                let number = row
                    .position()
                    .map_or(before, |at| at.line().saturating_sub(1));
                on_row(&row, number, chunks)?;
            }
            Ok(false) => return Ok(()),
            Err(error) if opened.gzip => {
                let why = format!("the compressed file breaks off here: {error}");
                chunks.line(before, Err(why));
                return Ok(());
            }
            Err(error) => {
                return Err(Error::Read {
                    path: path.to_owned(),
                    source: std::io::Error::other(error),
                });
            }
        }
    }
}

fn log_reader(log: &LogSource, counter: &Counter) -> LineReader {
    match &log.format {
        LogFormat::Combined => {
            let mut reader = AccessLog::new(log, &counter.fields);
            Box::new(move |line, counter| reader.line(line, counter))
        }
        LogFormat::Json => {
            let mut reader = JsonLog::new(log, &counter.fields);
            Box::new(move |line, counter| reader.line(line, counter))
        }
        LogFormat::Pattern(pattern) => {
            let mut reader = PatternLog::new(pattern, log, &counter.fields);
            Box::new(move |line, counter| reader.line(line, counter))
        }
    }
}

/// JSON lines are known by their name, or by the first byte.
fn holds_json(path: &Path, opened: &mut Opened) -> bool {
    let name = path.to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let named = [".json", ".jsonl", ".ndjson"]
        .iter()
        .any(|end| name.ends_with(end));
    let first = opened
        .reader
        .fill_buf()
        .map(|bytes| bytes.trim_ascii_start().first().copied());
    named || matches!(first, Ok(Some(b'{')))
}
