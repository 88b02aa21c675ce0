//! Reads the files of one source. Knows which reader belongs to which kind of source; knows no format itself.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use attain_model::delivery::Delivery;
use attain_model::source::{CsvLayout, CsvSource, LogFormat, LogSource, Source, SourceKind};
use attain_model::{Catalogue, Interval};

use crate::counting::asked::{Asked, asked, check_columns};
use crate::counting::count::{Counter, Hints};
use crate::counting::heard::stretches;
use crate::counting::roster::Customers;
use crate::error::Error;
use crate::file::chunk::{Chunks, Totals};
use crate::file::files::{self, Opened};
use crate::file::identity;
use crate::file::marks::Marker;
use crate::file::pipes::Pipes;
use crate::file::wanted::{Wanted, streams_of};
use crate::file::whole::WholeLines;
use crate::log::access_log::AccessLog;
use crate::log::json_log::JsonLog;
use crate::log::lines::{End, LineFile, LineReader, Lines, Told};
use crate::log::named::NamedEvents;
use crate::log::pattern_log::{self, PatternLog};
use crate::reading::{FileReading, Options, Progress, Sink};
use crate::table::csv_events::{self, CsvEvents, each_row};
use crate::table::numbers::Numbers;
use crate::table::parquet_events;
use crate::table::parquet_file::{self, is_parquet};
use crate::text::exposition;

/// How far reading has come, over all files.
pub(crate) struct Meter<'a> {
    /// Bytes of the files before this one, and of this one so far.
    before: u64,
    here: u64,
    total: u64,
    lines: u64,
    report: &'a mut dyn FnMut(Progress),
}

impl<'a> Meter<'a> {
    pub(crate) fn new(total: u64, report: &'a mut dyn FnMut(Progress)) -> Self {
        Self {
            before: 0,
            here: 0,
            total,
            lines: 0,
            report,
        }
    }

    fn at(&mut self, here: u64, lines: u64) {
        (self.here, self.lines) = (here, lines);
        (self.report)(Progress {
            done: self.before + here,
            total: self.total,
            lines,
        });
    }

    /// A file was read, or left out.
    fn end_of_file(&mut self, size: u64) {
        self.before += size;
        self.at(0, self.lines);
    }
}

/// Reading one source.
pub(crate) struct Job<'a, 'm> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) source: &'a Source,
    pub(crate) base: &'a Path,
    pub(crate) options: &'a Options,
    pub(crate) customers: &'a Customers,
    pub(crate) totals: Totals,
    pub(crate) notes: Vec<String>,
    pub(crate) sink: &'a mut Sink<'m>,
    pub(crate) meter: &'a mut Meter<'m>,
    /// Origins of files that hold nothing beyond what was taken.
    pub(crate) known: BTreeSet<String>,
    pub(crate) pipes: Pipes,
}

/// A file to read.
struct Todo {
    full: PathBuf,
    path: PathBuf,
    size: u64,
    origin: String,
    /// Nothing of it is in another file.
    is_read: bool,
    /// It flowed, and was laid down: there is no more of it.
    is_laid: bool,
}

impl Job<'_, '_> {
    /// Reads all files; gives the segment values that nobody claims.
    pub(crate) fn run(
        &mut self,
        paths: &[PathBuf],
        read_files: &mut Vec<FileReading>,
    ) -> Result<BTreeMap<String, u64>, Error> {
        let files = self.todo(paths, read_files)?;
        let mut counter = self.counter(None);
        let asked = asked(self.catalogue, self.source);
        self.check_names(&asked, &files)?;
        let mut numbers = self.numbers();
        let mut rest = &files[..];
        while let Some(first) = rest.first()
            && !self.totals.stopped
        {
            let holds_lines = |file: &Todo| !file.is_read || self.holds_lines(file);
            let lines = rest.iter().take_while(|file| holds_lines(file)).count();
            let (now, after) = rest.split_at(lines.max(1));
            if lines > 0 {
                self.lines(now, &mut counter)?;
            } else {
                self.table(first, &mut counter, numbers.as_mut())?;
                self.meter.end_of_file(first.size);
            }
            rest = after;
        }
        if self.totals.stopped {
            return Ok(counter.unclaimed());
        }
        self.never_said(&asked, paths, &counter)?;
        self.send_heartbeats(&mut counter)?;
        let mut unclaimed = counter.unclaimed();
        if let Some(mut numbers) = numbers {
            self.notes
                .extend(numbers.check_exposed(&asked, &files_text(paths))?);
            self.notes.extend(numbers.end(&self.source.id, self.sink)?);
            unclaimed.extend(numbers.unclaimed);
        }
        Ok(unclaimed)
    }

    /// What to read, told apart.
    fn todo(
        &mut self,
        paths: &[PathBuf],
        read_files: &mut Vec<FileReading>,
    ) -> Result<Vec<Todo>, Error> {
        let mut full: Vec<PathBuf> = paths.iter().map(|path| self.full(path)).collect();
        let mut is_laid = vec![false; full.len()];
        for (full, is_laid) in full.iter_mut().zip(&mut is_laid) {
            if let Some(folder) = &self.options.lay_in
                && files::flows(full)
            {
                let mut goes_on = |bytes| {
                    self.meter.at(bytes, self.meter.lines);
                    !self.options.is_stopped()
                };
                let Some(laid) = self.pipes.lay_down(full, folder, &mut goes_on)? else {
                    self.totals.stopped = true;
                    return Ok(Vec::new());
                };
                (*full, *is_laid) = (laid, true);
            }
        }
        let id = &self.source.id;
        let known = self
            .options
            .taken
            .iter()
            .filter(|((source, _), _)| source == id);
        let known = known.map(|((_, origin), facts)| (&**origin, &facts.fingerprint));
        let mut identities = identity::identify(&full, &known.collect())?;
        parquet_file::identify(&full, &mut identities);
        // A name of ours says nothing to anybody.
        let places: BTreeMap<PathBuf, PathBuf> = (full.iter().cloned().zip(paths.iter().cloned()))
            .zip(&is_laid)
            .filter_map(|(place, is_laid)| is_laid.then_some(place))
            .collect();
        let mut files = Vec::new();
        let files_of = paths.iter().zip(full).zip(is_laid);
        for (((path, full), is_laid), identity) in files_of.zip(identities) {
            let same_as = identity.same_as.as_ref();
            files.push(Todo {
                size: full.metadata().map_or(0, |data| data.len()),
                full,
                path: path.clone(),
                origin: identity.origin.clone(),
                is_read: same_as.is_none(),
                is_laid,
            });
            let short = |same: &PathBuf| match places.get(same) {
                Some(name) => name.clone(),
                None => same.strip_prefix(self.base).unwrap_or(same).to_owned(),
            };
            read_files.push(FileReading {
                path: path.clone(),
                same_as: same_as.map(short),
                origin: identity.origin,
                is_known: false,
            });
        }
        Ok(files)
    }

    /// What counts the events of this source.
    fn counter(&self, hints: Option<Arc<Hints>>) -> Counter {
        let slice_seconds = i64::try_from(self.options.slice.as_secs()).unwrap_or(60);
        Counter::new(
            self.catalogue,
            self.source,
            self.customers,
            slice_seconds,
            hints,
        )
    }

    /// Names that are known before any line is read: a pattern's groups, and the columns of tables of numbers, whose files
    /// may have different ones.
    fn check_names(&self, asked: &[Asked], files: &[Todo]) -> Result<(), Error> {
        match &self.source.kind {
            SourceKind::Log(log) => match &log.format {
                LogFormat::Pattern(pattern) => {
                    pattern_log::check_groups(pattern, log, asked, &self.source.id)
                }
                _ => Ok(()),
            },
            SourceKind::Csv(csv) if matches!(csv.layout, CsvLayout::Long | CsvLayout::Samples) => {
                let mut header = Vec::new();
                for file in files {
                    if files::flows(&file.full) {
                        return Ok(());
                    }
                    let mut opened = files::open(&file.full)?;
                    if is_parquet(&file.full, &mut opened.reader) {
                        return Err(parquet_file::out_of_place(&file.path));
                    }
                    if csv.layout == CsvLayout::Samples && exposition::is_in(&mut opened.reader) {
                        continue;
                    }
                    header.extend(csv_events::header_in(opened));
                }
                match files {
                    [first, ..] if !header.is_empty() => check_columns(asked, &header, &first.full),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// What no event of any file said, though the catalogue looks at it.
    fn never_said(
        &mut self,
        asked: &[Asked],
        paths: &[PathBuf],
        counter: &Counter,
    ) -> Result<(), Error> {
        if paths.is_empty() {
            return Ok(());
        }
        let files = files_text(paths);
        self.notes.splice(0..0, counter.never(self.source));
        let watch = &counter.watch;
        let names = &counter.fields.names;
        self.notes
            .extend(watch.absent_fields(asked, names, &files)?);
        let (duration, has) = match &self.source.kind {
            SourceKind::Log(log) => (&log.duration, &log.append[..]),
            SourceKind::Csv(csv) => (&csv.duration, &[][..]),
            _ => return Ok(()),
        };
        if let Some(duration) = duration {
            let is_asked = counter.asks_latency();
            let note = watch.absent_latency(&duration.field, &files, has, is_asked)?;
            self.notes.extend(note);
        }
        Ok(())
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
            SourceKind::Log(_) | SourceKind::Csv(_) => None,
            _ => Some(Numbers::of_metrics(
                self.catalogue,
                self.source,
                self.customers,
                self.options.slice,
            )),
        }
    }

    fn full(&self, path: &Path) -> PathBuf {
        if path == Path::new("-") {
            path.to_owned()
        } else {
            self.base.join(path)
        }
    }

    /// Whether each of its lines is an event.
    fn holds_lines(&self, file: &Todo) -> bool {
        match &self.source.kind {
            SourceKind::Log(_) => true,
            SourceKind::Csv(csv) if csv.layout == CsvLayout::Events => holds_json(&file.full),
            _ => false,
        }
    }

    /// What of a file is to be read.
    fn wanted(&self, file: &Todo) -> Wanted {
        let key = (self.source.id.clone(), file.origin.clone());
        let streams = streams_of(self.catalogue, &self.source.id);
        Wanted::new(self.options.taken.get(&key), &streams)
    }

    /// Reads files of lines.
    fn lines(&mut self, files: &[Todo], counter: &mut Counter) -> Result<(), Error> {
        let reads: Vec<&Todo> = files.iter().filter(|file| file.is_read).collect();
        let line_files: Vec<LineFile> = reads
            .iter()
            .map(|file| LineFile {
                full: file.full.clone(),
                path: file.path.clone(),
                origin: file.origin.clone(),
                is_laid: file.is_laid,
                wanted: self.wanted(file),
            })
            .collect();
        for file in reads.iter().filter(|file| !files::flows(&file.full)) {
            if is_parquet(&file.full, &mut files::open(&file.full)?.reader) {
                return Err(parquet_file::out_of_place(&file.path));
            }
        }
        let ends = match &self.source.kind {
            SourceKind::Log(log) => match &log.format {
                LogFormat::Combined => {
                    self.lines_by(&line_files, files, counter, |counter: &Counter| {
                        AccessLog::new(log, counter)
                    })
                }
                LogFormat::Json => {
                    self.lines_by(&line_files, files, counter, |counter: &Counter| {
                        JsonLog::new(NamedEvents::of_log(log, &counter.fields), counter)
                    })
                }
                LogFormat::Pattern(pattern) => {
                    self.lines_by(&line_files, files, counter, |counter: &Counter| {
                        PatternLog::new(pattern, log, &counter.fields)
                    })
                }
            },
            SourceKind::Csv(csv) => {
                self.lines_by(&line_files, files, counter, |counter: &Counter| {
                    JsonLog::new(NamedEvents::of_events(csv, &counter.fields), counter)
                })
            }
            _ => return Ok(()),
        }?;
        for (file, end) in reads.iter().zip(ends) {
            if end.is_unfinished {
                self.notes.push(unfinished(&file.path));
            }
            self.read_up_to(file, end.position);
        }
        Ok(())
    }

    fn lines_by<R: LineReader>(
        &mut self,
        line_files: &[LineFile],
        files: &[Todo],
        counter: &mut Counter,
        reader: impl Fn(&Counter) -> R + Sync,
    ) -> Result<Vec<End>, Error> {
        let with_heartbeat =
            matches!(&self.source.kind, SourceKind::Log(log) if log.heartbeat.is_some());
        let lines = Lines {
            source: &self.source.id,
            options: self.options,
            with_heartbeat,
        };
        let (catalogue, source, customers) = (self.catalogue, self.source, self.customers);
        let slice_seconds = i64::try_from(self.options.slice.as_secs()).unwrap_or(60);
        let make_counter =
            move |hints| Counter::new(catalogue, source, customers, slice_seconds, Some(hints));
        let sizes = files
            .iter()
            .filter(|file| file.is_read)
            .map(|file| file.size);
        let mut told = FilesTold {
            before: self.meter.before,
            sizes: sizes.collect(),
            at: (0, 0),
            lines: self.meter.lines,
            meter: self.meter,
        };
        let outcome = lines.read(
            line_files,
            counter,
            (make_counter, reader),
            (&mut self.totals, self.sink, &mut told),
        );
        let before = told.before;
        if !self.totals.stopped {
            self.meter.before = before;
            self.meter
                .end_of_file(files.iter().map(|file| file.size).sum());
        }
        outcome
    }

    /// A file was read up to a position; 0 if there was nothing to read.
    fn read_up_to(&mut self, file: &Todo, end: u64) {
        let key = (self.source.id.clone(), file.origin.clone());
        if end == 0 && !self.totals.stopped && self.options.taken.contains_key(&key) {
            self.known.insert(file.origin.clone());
        }
    }

    /// Reads a table.
    fn table(
        &mut self,
        file: &Todo,
        counter: &mut Counter,
        numbers: Option<&mut Numbers>,
    ) -> Result<(), Error> {
        let csv = match &self.source.kind {
            SourceKind::Csv(csv) => Some(csv),
            _ => None,
        };
        let mut opened = files::open(&file.full)?;
        if is_parquet(&file.full, &mut opened.reader) {
            return self.parquet(csv, file, counter);
        }
        let is_unfinished = Rc::new(Cell::new(false));
        if self.options.whole_lines && !file.is_laid && !files::flows(&file.full) {
            opened.reader = Box::new(WholeLines::new(opened.reader, is_unfinished.clone()));
        }
        let reads_samples = csv.is_none_or(|csv| csv.layout == CsvLayout::Samples);
        let is_exposition = reads_samples && exposition::is_in(&mut opened.reader);
        let wanted = self.wanted(file);
        let name = file.path.display().to_string();
        let lines_before = self.totals.lines;
        let is_long = csv.is_some_and(|csv| csv.layout == CsvLayout::Long);
        let is_whole = reads_samples || is_long;
        let length = if is_whole {
            u64::MAX
        } else {
            self.options.chunk_bytes
        };
        let mut chunks = Chunks::new(
            (&self.source.id, &file.origin, &name),
            (&wanted, length),
            &mut self.totals,
            self.sink,
        );
        chunks.marker = Marker::new(&file.full);
        chunks.stop.clone_from(&self.options.stop);
        match (csv, numbers) {
            (_, Some(numbers)) if is_exposition => {
                let is_stopped = || self.options.is_stopped();
                numbers.exposition(&file.path, opened, &mut chunks, &is_stopped)?;
            }
            (None, _) => return Err(exposition::is_none(&file.path)),
            (Some(csv), Some(numbers)) => numbers.file(csv, &file.path, opened, &mut chunks)?,
            (Some(csv), None) => csv_rows(
                csv,
                &file.path,
                opened,
                (counter, &mut chunks),
                (&asked(self.catalogue, self.source), self.meter),
            )?,
        }
        let end = chunks.end();
        self.meter.lines += self.totals.lines - lines_before;
        if is_unfinished.get() {
            self.notes.push(unfinished(&file.path));
        }
        self.read_up_to(file, end);
        Ok(())
    }

    /// Reads a Parquet file, whose positions are rows.
    fn parquet(
        &mut self,
        csv: Option<&CsvSource>,
        file: &Todo,
        counter: &mut Counter,
    ) -> Result<(), Error> {
        /// About as many bytes as a row has.
        const ROW_BYTES: u64 = 64;
        let Some(csv) = csv.filter(|csv| csv.layout == CsvLayout::Events) else {
            return Err(parquet_file::out_of_place(&file.path));
        };
        let wanted = self.wanted(file);
        let name = file.path.display().to_string();
        let lines_before = self.meter.lines - self.totals.lines.min(self.meter.lines);
        let mut chunks = Chunks::new(
            (&self.source.id, &file.origin, &name),
            (&wanted, self.options.chunk_bytes / ROW_BYTES),
            &mut self.totals,
            self.sink,
        );
        let asked = asked(self.catalogue, self.source);
        let meter = &mut *self.meter;
        let options = self.options;
        let mut progress = |thousandths, lines| {
            meter.at(file.size / 1000 * thousandths, lines_before + lines);
            !options.is_stopped()
        };
        parquet_events::read_file(csv, &asked, &file.full, counter, &mut chunks, &mut progress)?;
        let end = chunks.end();
        self.read_up_to(file, end);
        Ok(())
    }

    /// The log was being written between two heartbeats that are no further apart than promised.
    fn send_heartbeats(&mut self, counter: &mut Counter) -> Result<(), Error> {
        let SourceKind::Log(LogSource {
            heartbeat: Some(beat),
            ..
        }) = &self.source.kind
        else {
            return Ok(());
        };
        let every = i128::try_from(beat.every.as_nanos()).unwrap_or(i128::MAX);
        let mut times = std::mem::take(&mut counter.heartbeats);
        let before = self.options.heard_until.get(&self.source.id);
        times.extend(before.filter(|before| times.iter().all(|time| time > before)));
        times.sort_unstable();
        let mut delivery = Delivery::new(self.source.id.clone(), "heartbeats", 0..0);
        let mut observed = stretches(&times, every);
        // Alone it says little; but the next run goes on from it.
        let alone = times
            .last()
            .filter(|last| observed.last().is_none_or(|before| before.end != **last));
        observed.extend(alone.map(|last| Interval {
            start: *last,
            end: *last,
        }));
        delivery.observed = Some(observed);
        (self.sink)(delivery).map_err(Error::Sink)
    }
}

/// Reads events as CSV.
fn csv_rows(
    csv: &CsvSource,
    path: &Path,
    opened: Opened,
    (counter, chunks): (&mut Counter, &mut Chunks<'_>),
    (asked, meter): (&[Asked], &mut Meter<'_>),
) -> Result<(), Error> {
    let taken = opened.taken.clone();
    let mut columns: Option<CsvEvents> = None;
    each_row(opened, path, chunks, &mut |row, place, chunks| {
        let Some(columns) = &columns else {
            let header = csv_events::header_of(row);
            columns = Some(CsvEvents::new(csv, &counter.fields, &header, path)?);
            return check_columns(asked, &header, path);
        };
        if !chunks.wants(place) {
            return Ok(());
        }
        if chunks.is_due(place) {
            chunks.send(|delivery| delivery.counted = counter.drain())?;
            meter.at(taken.get(), meter.lines);
        }
        let outcome = columns.row(row, counter);
        chunks.row(place, outcome);
        Ok(())
    })?;
    chunks.send(|delivery| delivery.counted = counter.drain())
}

/// Tells a meter how far files have come that are read together.
struct FilesTold<'t, 'm> {
    meter: &'t mut Meter<'m>,
    before: u64,
    sizes: Vec<u64>,
    /// The file, and its bytes so far.
    at: (usize, u64),
    lines: u64,
}

impl Told for FilesTold<'_, '_> {
    fn more(&mut self, file: usize, bytes: u64, lines: u64) {
        let so_far = if self.at.0 == file { self.at.1 } else { 0 };
        self.at = (file, so_far + bytes);
        self.lines += lines;
        self.meter.before = self.before + self.sizes[..file].iter().sum::<u64>();
        let here = self.at.1.min(self.sizes[file]);
        self.meter.at(here, self.lines);
    }
}

/// The files of a source in a message.
fn files_text(paths: &[PathBuf]) -> String {
    match paths {
        [] => "no file".to_owned(),
        [one] => format!("`{}`", one.display()),
        [first, more @ ..] => format!("`{}` and {} more", first.display(), more.len()),
    }
}

/// JSON lines are known by their name, or by the first byte.
fn holds_json(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let name = [".gz", ".zst"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(&name);
    if [".json", ".jsonl", ".ndjson"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        return true;
    }
    if path == Path::new("-") {
        // What is looked at in the buffer of standard input is still there when it is read.
        let mut input = std::io::stdin().lock();
        let first = input
            .fill_buf()
            .map(|bytes| bytes.trim_ascii_start().first().copied());
        return matches!(first, Ok(Some(b'{')));
    }
    if files::flows(path) {
        return false;
    }
    let Ok(mut opened) = files::open(path) else {
        return false;
    };
    let first = opened
        .reader
        .fill_buf()
        .map(|bytes| bytes.trim_ascii_start().first().copied());
    matches!(first, Ok(Some(b'{')))
}

fn unfinished(path: &Path) -> String {
    format!(
        "the last line of `{}` has no line end yet and is left for the next time",
        path.display()
    )
}
