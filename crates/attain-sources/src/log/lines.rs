//! Reads files of lines on all cores and hands their counts over in the order of lines. Knows units of work and
//! deliveries; a [`LineReader`] knows what a line says.
//!
//! A plain file is cut into units of some megabytes that workers read themselves; a compressed one, or one that flows, is
//! one unit. What a unit counts is small, so it waits until its turn comes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use attain_model::SourceId;
use attain_model::delivery::{Delivery, Unparsed};
use attain_model::facts::Mark;

use crate::counting::count::{Counter, Hints, Tallies};
use crate::error::Error;
use crate::file::chunk::{Totals, keep_only};
use crate::file::files::{self, BYTE_ORDER_MARK, Packing};
use crate::file::marks::Marker;
use crate::file::pool::{Next, in_order};
use crate::file::scan::Scan;
use crate::file::wanted::{For, Wanted};
use crate::reading::{Options, Sink};

/// A unit of a plain file: what it counts is some hundred kilobytes at most.
const UNIT_BYTES: u64 = 8 << 20;

/// What reads lines of one source.
pub(crate) trait LineReader {
    /// Counts one line.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn line(&mut self, line: &[u8], counter: &mut Counter) -> Result<(), String>;

    /// Another run of lines begins.
    fn run(&mut self, _run: &[u8]) {}

    /// Counts lines of a run from the beginning of one on, as long as that is quickly done; gives the beginning of the
    /// first that it leaves to [`LineReader::quick`] and [`LineReader::line`], and how many it counted.
    fn quick_lines(&mut self, _run: &[u8], at: usize) -> (usize, u64) {
        (at, 0)
    }

    /// Counts a line if that is quickly done; `false` leaves it to [`LineReader::line`], which must say the same.
    fn quick(&mut self, _line: &[u8], _counter: &mut Counter) -> bool {
        false
    }

    /// Hands over what was counted quickly.
    fn settle(&mut self, _counter: &mut Counter) {}
}

/// One file to read.
#[derive(Debug, Clone)]
pub(crate) struct LineFile {
    /// Where it is.
    pub(crate) full: PathBuf,
    /// As a person would find it.
    pub(crate) path: PathBuf,
    pub(crate) origin: String,
    /// There is no more of it: its last line is one, whether it ends or not.
    pub(crate) is_laid: bool,
    pub(crate) wanted: Wanted,
}

/// How to read the files of a source.
pub(crate) struct Lines<'a> {
    pub(crate) source: &'a SourceId,
    pub(crate) options: &'a Options,
    pub(crate) with_heartbeat: bool,
}

/// What a worker does next.
#[derive(Debug, Clone)]
struct Unit {
    file: usize,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    /// Lines of a plain file that begin here.
    Part {
        from: u64,
        to: u64,
        mark: u64,
        stretch: usize,
    },
    /// All of it, in its order.
    Whole,
}

/// What a unit, or a part of it, said.
struct Said {
    /// Of `wanted`.
    stretch: usize,
    /// The position of its first line, and the one after its last.
    begin: u64,
    end: u64,
    /// Line ends in it.
    lines: u64,
    /// Lines that say something.
    full_lines: u64,
    tallies: Tallies,
    /// Line within this part, and why it cannot be read.
    unparsed: Vec<(u64, String)>,
    /// Lines before it in the file, where they were read.
    before: Option<u64>,
    /// Bytes of the file taken for it, as on disk.
    on_disk: u64,
    /// Somebody asked to stop.
    stopped: bool,
    /// A last line without its end was left.
    is_unfinished: bool,
}

/// Where reading a file ended.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct End {
    /// Up to here it was read.
    pub(crate) position: u64,
    /// A last line without its end was left.
    pub(crate) is_unfinished: bool,
}

/// How far a reading has come.
pub(crate) trait Told {
    /// So many more bytes of the file, as on disk, and lines.
    fn more(&mut self, file: usize, bytes: u64, lines: u64);
}

impl Lines<'_> {
    /// Reads files; `counter` gets what is only told at the end, the sink all else. Gives where each ended.
    pub(crate) fn read<R: LineReader>(
        &self,
        files: &[LineFile],
        counter: &mut Counter,
        (make_counter, make_reader): (
            impl Fn(Arc<Hints>) -> Counter + Sync,
            impl Fn(&Counter) -> R + Sync,
        ),
        (totals, sink, told): (&mut Totals, &mut Sink<'_>, &mut dyn Told),
    ) -> Result<Vec<End>, Error> {
        let units = self.units(files)?;
        let hints = counter.hints();
        let mut merge = Merge {
            lines: self,
            files,
            counter,
            totals,
            sink,
            told,
            at: 0,
            open: None,
            marker: None,
            known: (0, 0),
            ends: vec![End::default(); files.len()],
        };
        in_order(
            (units.len(), threads(self.options)),
            || {
                let counter = make_counter(hints.clone());
                let reader = make_reader(&counter);
                Worker {
                    reader,
                    counter,
                    buffer: Vec::new(),
                    lines_read: 0,
                    stop: self.options.stop.clone(),
                    whole_lines: self.options.whole_lines,
                }
            },
            |worker: &mut Worker<R>, unit, give| {
                let unit = &units[unit];
                let file = &files[unit.file];
                let outcome = match unit.what {
                    What::Part {
                        from,
                        to,
                        mark,
                        stretch,
                    } => worker.part(file, (from, to, mark), stretch, give),
                    What::Whole => worker.whole(file, self.unit_bytes(), give),
                };
                if let Err(error) = outcome {
                    give(Err(error));
                }
            },
            &mut |unit, said: Result<Said, Error>| merge.take(units[unit].file, said?),
        )?;
        merge.send()?;
        Ok(merge.ends)
    }

    fn units(&self, files: &[LineFile]) -> Result<Vec<Unit>, Error> {
        let mut units = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let whole = Unit {
                file: index,
                what: What::Whole,
            };
            if files::flows(&file.full) {
                units.push(whole);
                continue;
            }
            let failed = |source| Error::Open {
                path: file.full.clone(),
                source,
            };
            let mut opened = File::open(&file.full).map_err(failed)?;
            let data = opened.metadata().map_err(failed)?;
            if data.is_dir() {
                return Err(failed(std::io::Error::other("it is a directory")));
            }
            let mut first = Vec::new();
            opened
                .by_ref()
                .take(4)
                .read_to_end(&mut first)
                .map_err(failed)?;
            if Packing::of(&first) != Packing::None {
                units.push(whole);
                continue;
            }
            let mark = if first.starts_with(BYTE_ORDER_MARK) {
                BYTE_ORDER_MARK.len() as u64
            } else {
                0
            };
            let size = data.len() - mark;
            for (stretch, (range, whom)) in file.wanted.stretches().iter().enumerate() {
                if *whom == For::Nobody {
                    continue;
                }
                let mut from = range.start;
                while from < range.end.min(size) {
                    let to = range.end.min(from.saturating_add(self.unit_bytes()));
                    // The last takes what was written since.
                    let to = if to >= size { range.end } else { to };
                    let what = What::Part {
                        from,
                        to,
                        mark,
                        stretch,
                    };
                    units.push(Unit { file: index, what });
                    from = to;
                }
            }
        }
        Ok(units)
    }

    fn unit_bytes(&self) -> u64 {
        UNIT_BYTES.min(self.options.chunk_bytes).max(1)
    }
}

fn threads(options: &Options) -> usize {
    match options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    }
}

/// What one thread works with.
struct Worker<R> {
    reader: R,
    counter: Counter,
    buffer: Vec<u8>,
    /// Line ends that the stretch in work has read.
    lines_read: u64,
    stop: Option<Arc<AtomicBool>>,
    whole_lines: bool,
}

type Give<'g> = dyn FnMut(Result<Said, Error>) -> Next + 'g;

impl<R: LineReader> Worker<R> {
    fn part(
        &mut self,
        file: &LineFile,
        (from, to, mark): (u64, u64, u64),
        stretch: usize,
        give: &mut Give<'_>,
    ) -> Result<(), Error> {
        let failed = |source| Error::Read {
            path: file.path.clone(),
            source,
        };
        let mut input = File::open(&file.full).map_err(failed)?;
        // From the byte before: whether a line begins at `from` stands there.
        let start = from.saturating_sub(1);
        input.seek(SeekFrom::Start(start + mark)).map_err(failed)?;
        let mut scan = Scan::new(input, start, std::mem::take(&mut self.buffer))
            .whole_lines(self.whole_lines && !file.is_laid);
        if from > 0 {
            scan.pass(from).map_err(failed)?;
        }
        let mut said = self.stretch(&mut scan, to, stretch).map_err(failed)?;
        said.on_disk = said.end - from.min(said.end);
        self.buffer = scan.into_buffer();
        give(Ok(said));
        Ok(())
    }

    fn whole(
        &mut self,
        file: &LineFile,
        unit_bytes: u64,
        give: &mut Give<'_>,
    ) -> Result<(), Error> {
        let opened = files::open(&file.full)?;
        let (taken, packed) = (opened.taken.clone(), opened.packed);
        let mut scan = Scan::new(opened.reader, 0, std::mem::take(&mut self.buffer))
            .whole_lines(self.whole_lines && !files::flows(&file.full));
        let (mut lines, mut told) = (0, 0);
        let failed = |lines, error: std::io::Error| {
            let path = file.path.clone();
            if packed {
                Error::Broken {
                    path,
                    lines,
                    why: error.to_string(),
                }
            } else {
                Error::Read {
                    path,
                    source: error,
                }
            }
        };
        for (stretch, (range, whom)) in file.wanted.stretches().iter().enumerate() {
            // A line that was taken in part was taken.
            lines += scan
                .pass(range.start)
                .map_err(|error| failed(lines, error))?;
            if *whom == For::Nobody {
                continue;
            }
            // Invariant: where a stretch ends short of its end, the file has ended.
            while scan.position() >= range.start && scan.position() < range.end {
                let (before, from) = (lines, scan.position());
                let to = range.end.min(from.saturating_add(unit_bytes));
                let outcome = self.stretch(&mut scan, to, stretch);
                let read = lines + self.lines_read;
                let mut said = outcome.map_err(|error| failed(read, error))?;
                if said.end == from && !said.stopped {
                    break;
                }
                lines += said.lines;
                said.before = Some(before);
                said.on_disk = taken.get() - told;
                told = taken.get();
                let stopped = said.stopped;
                if give(Ok(said)) == Next::Stop || stopped {
                    return Ok(());
                }
            }
        }
        self.buffer = scan.into_buffer();
        Ok(())
    }

    /// Counts the lines that begin before `to`.
    fn stretch<I: Read>(
        &mut self,
        scan: &mut Scan<I>,
        to: u64,
        stretch: usize,
    ) -> std::io::Result<Said> {
        let mut said = Said {
            stretch,
            begin: scan.position(),
            end: scan.position(),
            lines: 0,
            full_lines: 0,
            tallies: Tallies::default(),
            unparsed: Vec::new(),
            before: None,
            on_disk: 0,
            stopped: false,
            is_unfinished: false,
        };
        self.lines_read = 0;
        while let Some(run) = scan.run(to)? {
            said.end = run.end;
            count(run.bytes, &mut self.reader, &mut self.counter, &mut said);
            self.lines_read = said.lines;
            if self
                .stop
                .as_ref()
                .is_some_and(|stop| stop.load(Ordering::Relaxed))
            {
                said.stopped = true;
                break;
            }
        }
        self.reader.settle(&mut self.counter);
        said.tallies = self.counter.take_tallies();
        said.is_unfinished = scan.is_unfinished();
        Ok(said)
    }
}

/// Counts the lines of a run.
fn count<R: LineReader>(run: &[u8], reader: &mut R, counter: &mut Counter, said: &mut Said) {
    reader.run(run);
    let mut at = 0;
    loop {
        let (next, counted) = reader.quick_lines(run, at);
        said.lines += counted;
        said.full_lines += counted;
        let rest = &run[next..];
        if rest.is_empty() {
            return;
        }
        let end = memchr::memchr(b'\n', rest);
        let line = &rest[..end.unwrap_or(rest.len())];
        at = next + line.len() + usize::from(end.is_some());
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let number = said.lines;
        said.lines += u64::from(end.is_some());
        if reader.quick(line, counter) {
            said.full_lines += 1;
            continue;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        said.full_lines += 1;
        if let Err(why) = reader.line(line, counter) {
            said.unparsed.push((number, why));
        }
    }
}

/// Puts what units said together.
struct Merge<'m, 'a> {
    lines: &'m Lines<'a>,
    files: &'m [LineFile],
    counter: &'m mut Counter,
    totals: &'m mut Totals,
    sink: &'m mut Sink<'m>,
    told: &'m mut dyn Told,
    /// The file of `known`.
    at: usize,
    /// What was put together and not sent.
    open: Option<Open>,
    /// A file, and what marks it.
    marker: Option<(usize, Option<Marker>)>,
    /// A position in the file, and the lines before it.
    known: (u64, u64),
    ends: Vec<End>,
}

/// A delivery in the making.
struct Open {
    file: usize,
    stretch: usize,
    start: u64,
    end: u64,
    unparsed: Vec<Unparsed>,
}

impl Merge<'_, '_> {
    fn take(&mut self, file: usize, said: Said) -> Result<Next, Error> {
        if self.at != file {
            (self.at, self.known) = (file, (0, 0));
        }
        let is_other = |open: &Open| (open.file, open.stretch) != (file, said.stretch);
        if self.open.as_ref().is_some_and(is_other) {
            self.send()?;
        }
        let unparsed = self.unparsed(file, &said)?;
        self.known = match said.before {
            Some(before) => (said.end, before + said.lines),
            None if self.known.0 == said.begin => (said.end, self.known.1 + said.lines),
            None => self.known,
        };
        self.totals.lines += said.full_lines;
        unparsed
            .iter()
            .for_each(|unparsed| self.totals.unparsed(unparsed));
        let range = &self.files[file].wanted.stretches()[said.stretch].0;
        let open = self.open.get_or_insert(Open {
            file,
            stretch: said.stretch,
            // What is left of a line that was taken in part belongs here too.
            start: self.ends[file].position.max(range.start),
            end: 0,
            unparsed: Vec::new(),
        });
        open.end = said.end;
        open.unparsed.extend(unparsed);
        let is_full = open.end.saturating_sub(open.start) >= self.lines.options.chunk_bytes;
        self.ends[file].position = said.end;
        self.ends[file].is_unfinished |= said.is_unfinished;
        self.counter.merge(said.tallies);
        if is_full {
            self.send()?;
        }
        self.told.more(file, said.on_disk, said.full_lines);
        self.totals.stopped |= said.stopped;
        Ok(if said.stopped { Next::Stop } else { Next::GoOn })
    }

    /// Unreadable lines by file and line.
    fn unparsed(&mut self, file: usize, said: &Said) -> Result<Vec<Unparsed>, Error> {
        if said.unparsed.is_empty() {
            return Ok(Vec::new());
        }
        let before = match said.before {
            Some(before) => before,
            None => self.lines_before(file, said.begin)?,
        };
        let name = self.files[file].path.display();
        let unparsed = said.unparsed.iter().map(|(line, why)| Unparsed {
            place: format!("{name}:{}", before + line + 1),
            why: why.clone(),
        });
        Ok(unparsed.collect())
    }

    /// The lines of a plain file before a position at which one begins.
    fn lines_before(&mut self, file: usize, position: u64) -> Result<u64, Error> {
        if self.known.0 < position {
            let file = &self.files[file];
            let more = line_ends(&file.full, self.known.0, position);
            let failed = |source| Error::Read {
                path: file.path.clone(),
                source,
            };
            self.known = (position, self.known.1 + more.map_err(failed)?);
        }
        Ok(self.known.1)
    }

    fn send(&mut self) -> Result<(), Error> {
        let Some(open) = self.open.take().filter(|open| open.end > open.start) else {
            return Ok(());
        };
        let file = &self.files[open.file];
        let mut delivery = Delivery::new(
            self.lines.source.clone(),
            &*file.origin,
            open.start..open.end,
        );
        delivery.counted = self.counter.drain();
        delivery.unparsed = open.unparsed;
        // What is heard between heartbeats is told once, when all of them are known.
        delivery.observed = self.lines.with_heartbeat.then(Vec::new);
        keep_only(&file.wanted.stretches()[open.stretch].1, &mut delivery);
        delivery.marks = self.marks(open.file, &delivery.range);
        (self.sink)(delivery).map_err(Error::Sink)
    }

    fn marks(&mut self, file: usize, range: &Range<u64>) -> Vec<Mark> {
        if !matches!(self.marker, Some((of, _)) if of == file) {
            self.marker = Some((file, Marker::new(&self.files[file].full)));
        }
        let marker = self.marker.as_mut().and_then(|(_, marker)| marker.as_mut());
        marker.map_or_else(Vec::new, |marker| marker.marks(range))
    }
}

fn line_ends(path: &Path, from: u64, to: u64) -> std::io::Result<u64> {
    let mut file = File::open(path)?;
    let mut first = Vec::new();
    file.by_ref()
        .take(BYTE_ORDER_MARK.len() as u64)
        .read_to_end(&mut first)?;
    let mark = if first == BYTE_ORDER_MARK {
        first.len() as u64
    } else {
        0
    };
    file.seek(SeekFrom::Start(from + mark))?;
    let mut buffer = vec![0; 1 << 16];
    let (mut left, mut ends) = (file.take(to - from), 0);
    loop {
        let length = left.read(&mut buffer)?;
        if length == 0 {
            return Ok(ends);
        }
        ends += memchr::memchr_iter(b'\n', &buffer[..length]).count() as u64;
    }
}
