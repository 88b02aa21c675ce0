//! Reads the files of one source. Knows which reader belongs to which kind of source; knows no format itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use attain_model::Catalogue;
use attain_model::delivery::Delivery;
use attain_model::source::{CsvLayout, CsvSource, LogFormat, LogSource, Source, SourceKind};

use crate::access_log::AccessLog;
use crate::asked::{Asked, asked, check_columns};
use crate::chunk::{Chunks, Totals, chunks_of};
use crate::count::Counter;
use crate::csv_events::{self, CsvEvents, each_row};
use crate::error::Error;
use crate::files::{self, Identity, Opened};
use crate::heard::stretches;
use crate::json_line::JsonLine;
use crate::json_log::JsonLog;
use crate::named::NamedEvents;
use crate::numbers::Numbers;
use crate::parquet_events;
use crate::parquet_file::{self, is_parquet};
use crate::pattern_log::{self, PatternLog};
use crate::read::{FileReading, Options, Progress};
use crate::roster::Customers;

/// Bytes, over all files.
pub(crate) struct Meter<'a> {
    pub(crate) before: u64,
    pub(crate) total: u64,
    pub(crate) report: &'a mut dyn FnMut(Progress),
}

impl Meter<'_> {
    pub(crate) fn at(&mut self, in_this_file: u64) {
        (self.report)(Progress {
            done: self.before + in_this_file,
            total: self.total,
        });
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
    pub(crate) sink: &'a mut dyn FnMut(Delivery),
    pub(crate) meter: &'a mut Meter<'m>,
}

/// Reads one line.
type LineReader = Box<dyn FnMut(&[u8], &mut Counter) -> Result<(), String>>;

impl Job<'_, '_> {
    /// Reads all files; gives the segment values that nobody claims.
    pub(crate) fn run(
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
        let mut identities = files::identify(&full, header_lines)?;
        parquet_file::identify(&full, &mut identities);
        let mut counter = Counter::new(
            self.catalogue,
            self.source,
            self.customers,
            i64::try_from(self.options.slice.as_secs()).unwrap_or(60),
        );
        let asked = asked(self.catalogue, self.source);
        self.check_names(&asked, &full)?;
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
        self.never_said(&asked, paths, &counter)?;
        self.send_heartbeats(&mut counter);
        if let Some(mut numbers) = numbers {
            self.notes.extend(numbers.end(&self.source.id, self.sink));
            counter.unclaimed.extend(numbers.unclaimed);
        }
        Ok(counter.unclaimed)
    }

    /// Names that are known before any line is read: a pattern's groups, and the columns of tables of numbers, whose files
    /// may have different ones.
    fn check_names(&self, asked: &[Asked], paths: &[PathBuf]) -> Result<(), Error> {
        match &self.source.kind {
            SourceKind::Log(log) => match &log.format {
                LogFormat::Pattern(pattern) => {
                    pattern_log::check_groups(pattern, log, asked, &self.source.id)
                }
                _ => Ok(()),
            },
            SourceKind::Csv(csv) if matches!(csv.layout, CsvLayout::Long | CsvLayout::Samples) => {
                let mut header = Vec::new();
                for path in paths {
                    if path == Path::new("-") {
                        return Ok(());
                    }
                    let mut opened = files::open(path)?;
                    if is_parquet(path, &mut opened.reader) {
                        return Err(parquet_file::out_of_place(path));
                    }
                    header.extend(csv_events::header_in(opened));
                }
                match paths {
                    [first, ..] if !header.is_empty() => check_columns(asked, &header, first),
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
        let files = match paths {
            [] => return Ok(()),
            [one] => format!("`{}`", one.display()),
            [first, more @ ..] => format!("`{}` and {} more", first.display(), more.len()),
        };
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
        if is_parquet(&full, &mut opened.reader) {
            return self.parquet(path, &full, identity, counter);
        }
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

    fn parquet(
        &mut self,
        path: &Path,
        full: &Path,
        identity: &Identity,
        counter: &mut Counter,
    ) -> Result<(), Error> {
        let csv = match &self.source.kind {
            SourceKind::Csv(csv) if csv.layout == CsvLayout::Events => csv,
            _ => return Err(parquet_file::out_of_place(path)),
        };
        let name = path.display().to_string();
        let mut chunks = chunks_of(
            (self.source, &identity.origin, &name),
            self.options,
            &mut self.totals,
            self.sink,
        );
        let asked = asked(self.catalogue, self.source);
        let bytes = full.metadata().map_or(0, |data| data.len());
        let meter = &mut *self.meter;
        parquet_events::read_file(
            csv,
            &asked,
            full,
            counter,
            &mut chunks,
            &mut |thousandths| {
                meter.at(bytes / 1000 * thousandths);
            },
        )
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
                    return Err(Error::Broken {
                        path: path.to_owned(),
                        lines: number,
                        why: error.to_string(),
                    });
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
        let asked = asked(self.catalogue, self.source);
        each_row(opened, path, &mut chunks, &mut |row, number, chunks| {
            let Some(columns) = &columns else {
                let header = csv_events::header_of(row);
                columns = Some(CsvEvents::new(csv, &counter.fields, &header, path)?);
                check_columns(&asked, &header, path)?;
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
