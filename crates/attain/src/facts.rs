//! What was counted: which files are read, and into what. Refuses files that are plainly written otherwise.

pub mod notes;
pub mod reading;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use attain_engine::{Counts, Ledger};
use attain_model::delivery::Delivery;
use attain_model::source::SourceKind;
use attain_model::{Catalogue, SourceId, SourceNames, Stream};
use attain_sources::{Options, Reading, read};
use attain_view::number;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::InputArguments;
use crate::exit::Failure;
use crate::keeper::Folder;
use crate::progress::Meter;
use crate::terminal::Terminal;

/// Length of a slice of what is read from files.
pub const SLICE_SECONDS: u32 = 60;
/// Unreadable lines that are quoted.
pub const EXAMPLES_SHOWN: usize = 3;

/// Which files to read.
pub fn options(
    catalogue: &Catalogue,
    files: &[PathBuf],
    source: Option<&str>,
) -> Result<Options, Failure> {
    let mut options = Options {
        slice: Duration::from_secs(u64::from(SLICE_SECONDS)),
        ..Options::default()
    };
    // For tests: many deliveries of a small file. What is counted does not depend on it.
    let chunk_bytes = std::env::var("ATTAIN_CHUNK_BYTES").ok();
    if let Some(bytes) = chunk_bytes.and_then(|text| text.parse().ok()) {
        options.chunk_bytes = bytes;
    }
    if files.is_empty() {
        if source.is_some() {
            return Err(
                Failure::new("--source says whose files are given, but no file is")
                    .help("name files behind the catalogue"),
            );
        }
        return Ok(options);
    }
    let id = match source {
        Some(id) => SourceId::new(id),
        None => only_file_source(catalogue)?,
    };
    // Names are the user's, so they are relative to where the user is, not to the catalogue.
    let here = std::env::current_dir()
        .map_err(|error| Failure::new(format!("cannot tell the current folder: {error}")))?;
    let absolute = |path: &PathBuf| match path.to_str() {
        Some("-") => path.clone(),
        _ => here.join(path),
    };
    options.files = BTreeMap::from([(id, files.iter().map(absolute).collect())]);
    Ok(options)
}

/// The one source that files can be of: the one that reads files, or a sole source of metrics, whose exposition text is
/// read.
fn only_file_source(catalogue: &Catalogue) -> Result<SourceId, Failure> {
    let all: Vec<&SourceId> = catalogue.sources.keys().collect();
    let reads_files = |id: &&&SourceId| is_file(&catalogue.sources[id.as_str()].kind);
    let files: Vec<&SourceId> = all.iter().filter(reads_files).copied().collect();
    match (files.as_slice(), all.as_slice()) {
        ([only], _) | ([], [only]) => Ok((*only).clone()),
        ([], []) => Err(Failure::new("no source of this catalogue reads files")
            .help("add one: sources: {access: {log: {files: [access.log*], format: combined}}}")),
        (several, _) => {
            let several = if several.is_empty() { &all } else { several };
            let names: Vec<&str> = several.iter().map(|id| id.as_str()).collect();
            Err(
                Failure::new("the files may be of several sources of this catalogue")
                    .help(format!("say which with --source: {}", names.join(", "))),
            )
        }
    }
}

fn is_file(kind: &SourceKind) -> bool {
    matches!(kind, SourceKind::Log(_) | SourceKind::Csv(_))
}

/// What was read.
pub struct Facts {
    kept: Kept,
    /// What reading found.
    pub reading: Reading,
    /// The beginning of the first slice in which anything was counted.
    pub begin: Option<Timestamp>,
    /// The end of the last slice in which anything was counted.
    pub end: Option<Timestamp>,
    /// Sources of the catalogue that this version does not read.
    pub not_read: Vec<SourceId>,
    /// What a data folder says of itself.
    pub notes: Vec<String>,
}

/// Where counts are.
enum Kept {
    /// Read just now.
    Files(Box<Ledger>),
    /// Kept by an earlier replay.
    Folder(Box<Folder>),
}

impl Facts {
    /// From the files that are given or that the catalogue names.
    pub fn of(
        catalogue: &Catalogue,
        base: &Path,
        input: &InputArguments,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        if let Some(folder) = &input.data {
            return Self::kept(folder, catalogue);
        }
        let limit = Limit::parse(&input.reading.max_unparsed)?;
        let options = options(catalogue, &input.files, input.reading.source.as_deref())?;
        Self::read(catalogue, base, &options, limit, terminal)
    }

    /// Hands the counts to somebody who judges them.
    pub fn with<R>(&self, judge: impl FnOnce(&dyn Counts) -> R) -> R {
        match &self.kept {
            Kept::Files(ledger) => judge(ledger.as_ref()),
            Kept::Folder(folder) => folder.with(judge),
        }
    }

    /// Whether they come out of a data folder.
    pub fn is_kept(&self) -> bool {
        matches!(self.kept, Kept::Folder(_))
    }

    /// From what `attain replay` has kept.
    pub fn kept(path: &Path, catalogue: &Catalogue) -> Result<Self, Failure> {
        let folder = Folder::open(path, SourceNames::of(catalogue))?;
        Ok(Self {
            notes: folder.notes(catalogue),
            begin: folder.span.map(|span| span.start),
            end: folder.span.map(|span| span.end),
            kept: Kept::Folder(Box::new(folder)),
            reading: Reading::default(),
            not_read: Vec::new(),
        })
    }

    /// Reads everything, telling somebody who waits how far it has come.
    pub fn read(
        catalogue: &Catalogue,
        base: &Path,
        options: &Options,
        limit: Limit,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let mut ledger = Ledger::new(&Stream::all(catalogue), SLICE_SECONDS, None);
        let (mut begin, mut end) = (None, None);
        let reading = read_files(catalogue, base, options, terminal, &mut |delivery, _| {
            begin = [begin, begin_of(&delivery)].into_iter().flatten().min();
            end = end.max(end_of(&delivery));
            ledger.take(delivery);
            Ok(())
        })?;
        limit.refuse(&reading)?;
        Ok(Self {
            kept: Kept::Files(Box::new(ledger)),
            reading,
            begin,
            end,
            not_read: not_read(catalogue, options),
            notes: Vec::new(),
        })
    }

    /// What a reader must know of an instant that lies outside the data.
    pub fn beyond(&self, instant: Timestamp, now: Timestamp, zone: &TimeZone) -> Option<String> {
        const TOLERATED_SECONDS: i64 = 3600;
        let (begin, end) = (self.begin?, self.end?);
        let after = instant.as_second().saturating_sub(end.as_second());
        if after > TOLERATED_SECONDS {
            let end = number::instant(end, zone);
            return Some(format!("the data end {end}, {} before", length(after)));
        }
        if end > now {
            let end = number::instant(end, zone);
            return Some(format!("some rows lie in the future, until {end}"));
        }
        let before = begin.as_second().saturating_sub(instant.as_second());
        (before > 0).then(|| {
            let begin = number::instant(begin, zone);
            format!("the data begin {begin}, {} after", length(before))
        })
    }

    /// What the instant is where nobody named one.
    pub fn instant_is(&self, now: Timestamp) -> &'static str {
        match self.end {
            Some(end) if end > now => "now",
            Some(_) => "the end of the data",
            None => "now, for no data was read",
        }
    }
}

/// Reads the files of a catalogue, telling somebody who waits how far it has come. `take` is given each delivery, and how
/// many lines had been read before it.
pub fn read_files(
    catalogue: &Catalogue,
    base: &Path,
    options: &Options,
    terminal: &Terminal,
    take: &mut dyn FnMut(Delivery, u64) -> Result<(), Failure>,
) -> Result<Reading, Failure> {
    let mut meter = Meter::start(terminal);
    let mut failed = None;
    let lines = Cell::new(0);
    let reading = read(
        catalogue,
        base,
        options,
        &mut |delivery| match take(delivery, lines.get()) {
            Ok(()) => Ok(()),
            Err(failure) => {
                failed = Some(failure);
                Err("a delivery could not be taken".into())
            }
        },
        &mut |progress| {
            lines.set(progress.lines);
            meter.at(&progress);
        },
    );
    match failed {
        Some(failure) => Err(failure),
        None => reading.map_err(|error| Failure::of(&error)),
    }
}

/// Sources that are no files and were given none, and so were not read.
fn not_read(catalogue: &Catalogue, options: &Options) -> Vec<SourceId> {
    let sources = catalogue.sources.values();
    let others = sources.filter(|source| !is_file(&source.kind));
    let ids = others.map(|source| source.id.clone());
    ids.filter(|id| !options.files.contains_key(id)).collect()
}

fn length(seconds: i64) -> String {
    number::about(Duration::from_secs(seconds.unsigned_abs()))
}

/// The beginning of the first slice that a delivery counts anything in.
pub fn begin_of(delivery: &Delivery) -> Option<Timestamp> {
    let counted = delivery.counted.iter().map(|counted| counted.slice).min();
    let samples = delivery.samples.iter().map(|sample| sample.time).min();
    let readings = delivery.readings.iter().map(|reading| reading.time).min();
    [counted, samples.map(floor), readings.map(floor)]
        .into_iter()
        .flatten()
        .min()
}

/// The end of the last slice that a delivery says anything about. A slice of which only a part was observed is none.
pub fn end_of(delivery: &Delivery) -> Option<Timestamp> {
    let slice = jiff::SignedDuration::from_secs(i64::from(SLICE_SECONDS));
    let counted = delivery.counted.iter().map(|counted| counted.slice).max();
    let samples = delivery.samples.iter().map(|sample| sample.time).max();
    let readings = delivery.readings.iter().map(|reading| reading.time).max();
    let last = counted.max(samples.map(floor)).max(readings.map(floor));
    let observed = delivery
        .observed
        .iter()
        .flatten()
        .map(|interval| floor(interval.end))
        .max();
    last.and_then(|at| at.checked_add(slice).ok()).max(observed)
}

fn floor(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    let slice = i64::from(SLICE_SECONDS);
    Timestamp::from_second(second - second.rem_euclid(slice)).unwrap_or(at)
}

/// How large a share of the lines may be unreadable. More than that is another format, and its numbers would be fiction.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    ppb: u128,
}

impl Limit {
    /// As written behind `--max-unparsed`.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let ppb = percent_ppb(text).ok_or_else(|| {
            Failure::new(format!("`{text}` is no share"))
                .help("write it like this: --max-unparsed 1%")
        })?;
        Ok(Self { ppb })
    }

    /// Whether so many unreadable lines of so many are too many.
    pub fn is_over(self, unparsed: u64, lines: u64) -> bool {
        u128::from(unparsed) * 1_000_000_000 > self.ppb * u128::from(lines)
    }

    /// Refuses to go on where so many are unreadable, once there are enough lines to tell.
    pub fn refuse_so_far(self, unparsed: u64, lines: u64) -> Result<(), Failure> {
        const ENOUGH_LINES: u64 = 1000;
        if lines < ENOUGH_LINES || !self.is_over(unparsed, lines) {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{} of the first {} could not be read",
            number::grouped(unparsed),
            number::plural(lines, "line")
        ))
        .help("see which and why: attain replay without --data; or allow more: --max-unparsed 5%"))
    }

    /// Refuses a reading with too many.
    pub fn refuse(self, reading: &Reading) -> Result<(), Failure> {
        let mut sources = reading.sources.iter();
        let over = sources.find(|(_, source)| self.is_over(source.unparsed, source.lines));
        let Some((id, source)) = over else {
            return Ok(());
        };
        let examples: Vec<String> = source
            .examples
            .iter()
            .take(EXAMPLES_SHOWN)
            .map(|line| format!("\n         {}: {}", line.place, line.why))
            .collect();
        Err(Failure::new(format!(
            "{} of {} of source {id} could not be read{}",
            number::grouped(source.unparsed),
            number::plural(source.lines, "line"),
            examples.concat()
        ))
        .help("correct the `format:` of the source, or allow more with --max-unparsed 5%"))
    }
}

/// `1%`, `0.5%` in parts per billion; exact.
pub fn percent_ppb(text: &str) -> Option<u128> {
    let digits = text.trim().strip_suffix('%')?;
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 7 || !plain(whole) || !plain(decimals) {
        return None;
    }
    let ppb: u128 = format!("{whole}{decimals:0<7}").parse().ok()?;
    (ppb <= 1_000_000_000).then_some(ppb)
}

#[cfg(test)]
mod tests {
    use attain_model::Interval;
    use attain_model::delivery::Delivery;
    use jiff::Timestamp;

    use super::{end_of, percent_ppb};

    /// A heartbeat speaks at any second; the instant that is judged is a whole slice's end.
    #[test]
    fn the_end_is_that_of_a_slice() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut delivery = Delivery::new("access".into(), "access.log", 0..1);
        delivery.observed = Some(vec![Interval {
            start: at("2026-11-02T00:00:00Z"),
            end: at("2026-11-02T23:59:29Z"),
        }]);
        assert_eq!(end_of(&delivery), Some(at("2026-11-02T23:59:00Z")));
    }

    #[test]
    fn shares() {
        assert_eq!(percent_ppb("1%"), Some(10_000_000));
        assert_eq!(percent_ppb("0.5%"), Some(5_000_000));
        assert_eq!(percent_ppb("100%"), Some(1_000_000_000));
        for text in ["1", "%", "-1%", "101%", "1e2%", "0.00000001%", ""] {
            assert_eq!(percent_ppb(text), None, "{text}");
        }
    }
}
