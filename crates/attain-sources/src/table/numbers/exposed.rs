//! Samples from exposition text: which line is whose, and when a counter began. Knows the naming of metrics; leaves the
//! syntax to exposition.rs and the meaning of numbers to csv_samples.rs.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;

use attain_model::Stream;
use attain_model::indicator::Counting;
use jiff::Timestamp;

use super::Numbers;
use crate::counting::asked::{Asked, Strength};
use crate::counting::series::{Hit, Labels, Matcher, Role};
use crate::error::Error;
use crate::file::chunk::{Chunks, Place};
use crate::file::files::{Opened, take_line};
use crate::first::sniff::not_understood;
use crate::table::counter_pairs::CounterPairs;
use crate::table::csv_long::{Known, Row};
use crate::table::csv_samples::Samples;
use crate::text::exposition::{self, Line, Series};
use crate::text::number::scaled;

/// The label that holds a metric's name.
pub(crate) const NAME_LABEL: &str = "__name__";

/// What the exposition text of one source said, over all files.
#[derive(Debug, Default)]
pub(super) struct Exposed {
    /// Samples with a time, whoever wants them.
    samples: u64,
    /// Labels that the series of each stream have.
    labels: HashMap<usize, BTreeSet<String>>,
    /// Names of metrics.
    metrics: BTreeSet<String>,
    /// Gauges that somebody counts.
    gauges_counted: BTreeSet<String>,
}

/// What is known of one file.
#[derive(Default)]
struct Page {
    /// Kinds by family.
    kinds: HashMap<String, String>,
    /// By the text of a series, its place in `series`.
    places: HashMap<Box<str>, usize>,
    series: Vec<Member>,
    points: Vec<Point>,
    /// The numbers of `points`, end to end.
    texts: String,
    /// When counters began, by base name and labels, in the order in which it was said.
    births: HashMap<Rc<Series>, Vec<Birth>>,
    with_time: u64,
    /// The first line with a sample without a time.
    without_time: Option<u64>,
}

/// A series.
#[derive(Clone)]
struct Member {
    known: Rc<Known>,
    /// Where its births are: its base name, and its labels without `le`.
    base: Rc<Series>,
    /// It says when another one began.
    is_birth: bool,
}

/// A sample that somebody wants.
struct Point {
    series: usize,
    time: Timestamp,
    line: u64,
    is_new: bool,
    /// The end of its text.
    end: usize,
}

struct Birth {
    said: Timestamp,
    created: Timestamp,
}

impl Numbers {
    /// Reads one file of exposition text. The samples of one instant may stand anywhere in it, and what says when a
    /// counter began after its samples, so what is new in a file is one delivery.
    pub(crate) fn exposition(
        &mut self,
        path: &Path,
        opened: Opened,
        chunks: &mut Chunks<'_>,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<(), Error> {
        let named = self.matcher.name_by(Some(NAME_LABEL.to_owned()));
        let outcome = self.page(path, opened, chunks, is_stopped);
        self.matcher.name_by(named);
        outcome
    }

    fn page(
        &mut self,
        path: &Path,
        mut opened: Opened,
        chunks: &mut Chunks<'_>,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<(), Error> {
        let mut page = Page::default();
        let mut text = Vec::new();
        let (mut line, mut start) = (0, 0);
        loop {
            let taken = take_line(&mut opened.reader, &mut text)
                .map_err(|source| broken(&opened, path, line, source))?;
            if taken == 0 {
                break;
            }
            if line % STOP_LINES == 0 && is_stopped() {
                // Half of a page says nothing that is whole.
                chunks.totals.stopped = true;
                return Ok(());
            }
            let end = start + taken;
            let place = Place { line, start, end };
            let is_new = chunks.wants(place);
            if is_new && chunks.is_due(place) {
                self.send_points(&mut page, chunks)?;
            }
            match page.line(&text, (line, is_new), self) {
                Ok(false) => {}
                outcome if is_new => chunks.row(place, outcome.map(|_| ())),
                _ => {}
            }
            (line, start) = (line + 1, end);
        }
        page.check_times(path)?;
        self.exposed.samples += page.with_time;
        self.send_points(&mut page, chunks)
    }

    fn send_points(&mut self, page: &mut Page, chunks: &mut Chunks<'_>) -> Result<(), Error> {
        let mut samples = Samples::default();
        let mut pairs = std::mem::take(&mut self.pairs);
        let mut start = 0;
        for point in &page.points {
            let text = &page.texts[start..point.end];
            start = point.end;
            let member = &page.series[point.series];
            let row = Row {
                time: point.time,
                received: None,
                created: page.born(member, point.time),
                value: None,
                series: member.known.clone(),
            };
            if let Err(why) = take(&self.matcher, &row, text, point, &mut samples, &mut pairs) {
                chunks.unparsed(point.line, why);
            }
        }
        self.pairs = pairs;
        page.points.clear();
        page.texts.clear();
        chunks.send(|delivery| {
            samples.finish(&self.matcher, delivery);
            // When the source was heard is told once, when all sample times are known.
            delivery.observed = Some(Vec::new());
        })
    }

    /// What a person should know of exposition text; nothing where there was none.
    ///
    /// # Errors
    /// A label that tells good from bad is on no series, in enough samples.
    pub(crate) fn check_exposed(&self, asked: &[Asked], files: &str) -> Result<Vec<String>, Error> {
        const ENOUGH_SAMPLES: u64 = 100;
        let mut notes = Vec::new();
        if self.exposed.samples == 0 {
            return Ok(notes);
        }
        for (index, stream) in self.matcher.streams.iter().enumerate() {
            let Some(has) = self.exposed.labels.get(&index) else {
                notes.extend(self.exposed.none_of(stream));
                continue;
            };
            let mut labels = stream
                .class_labels
                .iter()
                .filter(|label| !has.contains(*label));
            let lacks = labels.find_map(|label| {
                asked
                    .iter()
                    .find(|asked| asked.field == *label && asked.strength == Strength::Judges)
            });
            if let Some(asked) = lacks {
                let error = Error::Absent {
                    files: files.to_owned(),
                    field: asked.field.clone(),
                    by: asked.by.clone(),
                    has: has.iter().cloned().collect(),
                };
                if self.exposed.samples >= ENOUGH_SAMPLES {
                    return Err(error);
                }
                notes.push(error.to_string());
            }
        }
        notes.extend(self.exposed.gauges_counted.iter().map(|name| {
            format!(
                "`{name}` is a gauge, its `# TYPE` says, and is counted here as what only rises"
            )
        }));
        Ok(notes)
    }

    /// Finds the streams of a series.
    fn member(&mut self, (name, labels): Series, kinds: &HashMap<String, String>) -> Member {
        let family = family_of(&name, kinds);
        let kind = family.map(|(_, kind)| kind);
        let stem = stem_of(&name);
        let is_birth =
            name.ends_with("_created") && family_is_cumulative(stem, kinds) != Some(false);
        // Its buckets go up and down.
        let is_current = kind == Some("gaugehistogram") && name.ends_with("_bucket");
        self.exposed.metrics.insert(name.clone());
        let mut all: Labels = labels.iter().cloned().collect();
        all.insert(NAME_LABEL.to_owned(), name.clone());
        let mut hits = if is_current {
            Vec::new()
        } else {
            self.matcher.hits(&all)
        };
        if hits.is_empty() && kind == Some("counter") {
            // The family `x` and its sample `x_total` are one counter, whichever of the names the catalogue has.
            let other = name
                .strip_suffix("_total")
                .map_or_else(|| format!("{name}_total"), str::to_owned);
            all.insert(NAME_LABEL.to_owned(), other);
            hits = self.matcher.hits(&all);
        }
        for hit in &hits {
            let has = self.exposed.labels.entry(hit.stream).or_default();
            has.extend(
                hit.labels
                    .keys()
                    .filter(|label| *label != NAME_LABEL)
                    .cloned(),
            );
            has.extend(
                labels
                    .iter()
                    .filter(|(_, value)| !value.is_empty())
                    .map(|(label, _)| label.clone()),
            );
            if kind == Some("gauge") && !matches!(hit.role, Role::Gauge(_)) {
                self.exposed.gauges_counted.insert(name.clone());
            }
        }
        let unclaimed = self.matcher.unclaimed(&all).map(str::to_owned);
        let mut base_labels: Vec<(String, String)> = labels
            .into_iter()
            .filter(|(label, _)| label != "le")
            .collect();
        base_labels.sort_unstable();
        Member {
            known: Rc::new(Known { hits, unclaimed }),
            base: Rc::new((stem.to_owned(), base_labels)),
            is_birth,
        }
    }
}

impl Exposed {
    /// That nothing was for a stream.
    fn none_of(&self, stream: &Stream) -> Option<String> {
        let metric = match &stream.indicator.counting {
            Counting::Metric { metric, .. } => metric,
            Counting::Totals { total, .. } => &total.metric,
            Counting::Log { .. } | Counting::PromQl { .. } => return None,
        };
        let names = [
            metric.clone(),
            format!("{metric}_bucket"),
            format!("{metric}_total"),
        ];
        Some(if names.iter().any(|name| self.metrics.contains(name)) {
            format!(
                "no series of `{metric}` is selected: check `where`, the service's label, and that its `kind` is as in the file"
            )
        } else {
            format!("no series is called `{metric}`; it counts nothing")
        })
    }
}

impl Page {
    /// Takes a line; says whether it was a sample.
    fn line(
        &mut self,
        line: &[u8],
        (number, is_new): (u64, bool),
        numbers: &mut Numbers,
    ) -> Result<bool, String> {
        let sample = match exposition::parse(line)? {
            Line::Nothing => return Ok(false),
            Line::Type { family, kind } => {
                self.kinds.insert(family.to_owned(), kind.to_owned());
                return Ok(false);
            }
            Line::Sample(sample) => sample,
        };
        let place = match self.places.get(sample.series) {
            Some(place) => *place,
            None => {
                let series = exposition::series_of(sample.series)?;
                self.series.push(numbers.member(series, &self.kinds));
                self.places
                    .insert(sample.series.into(), self.series.len() - 1);
                self.series.len() - 1
            }
        };
        let Some(time) = sample.time else {
            self.without_time.get_or_insert(number);
            return Err("no time after the value".to_owned());
        };
        self.with_time += 1;
        let member = &self.series[place];
        let Some(text) = sample.value else {
            // The series has ended, or knows nothing: neither a number, nor heard.
            return Ok(true);
        };
        if member.is_birth {
            self.birth(place, time, text)?;
        }
        let member = &self.series[place];
        if is_new {
            numbers.see(&member.known.hits, member.known.unclaimed.as_deref());
        }
        numbers.sampled.insert(time);
        if !member.known.hits.is_empty() {
            self.texts.push_str(text);
            self.points.push(Point {
                series: place,
                time,
                line: number,
                is_new,
                end: self.texts.len(),
            });
        }
        Ok(true)
    }

    /// A counter says when it began, in seconds since 1970.
    fn birth(&mut self, place: usize, said: Timestamp, text: &str) -> Result<(), String> {
        let created = scaled(text, 1_000_000_000)
            .and_then(|nanoseconds| Timestamp::from_nanosecond(nanoseconds).ok())
            .ok_or_else(|| format!("`{text}` is not the time at which a counter began"))?;
        let births = self
            .births
            .entry(self.series[place].base.clone())
            .or_default();
        if births.last().is_none_or(|last| last.created != created) {
            births.push(Birth { said, created });
        }
        Ok(())
    }

    /// When the counter of a sample began: what was last said by then, or else the first that was said later.
    fn born(&self, member: &Member, time: Timestamp) -> Option<Timestamp> {
        let births = self.births.get(&member.base)?;
        let by_then = births.iter().filter(|birth| birth.said <= time);
        let birth = by_then
            .max_by_key(|birth| birth.said)
            .or_else(|| births.iter().min_by_key(|birth| birth.said))?;
        Some(birth.created).filter(|created| *created <= time)
    }

    /// # Errors
    /// No sample of the file has a time.
    fn check_times(&self, path: &Path) -> Result<(), Error> {
        match self.without_time {
            Some(line) if self.with_time == 0 => {
                let place = format!("{}:{}", path.display(), line + 1);
                let why = "no sample says when it was taken: this is a page as it is scraped, and one page counts \
                           nothing; give samples over time with a time after each value (in milliseconds, or in seconds \
                           as OpenMetrics), as `promtool tsdb dump` and `promtool tsdb dump-openmetrics` write them";
                Err(not_understood(Path::new(&place), why))
            }
            _ => Ok(()),
        }
    }
}

fn broken(opened: &Opened, path: &Path, lines: u64, source: std::io::Error) -> Error {
    let path = path.to_owned();
    if !opened.packed {
        return Error::Read { path, source };
    }
    let why = source.to_string();
    Error::Broken { path, lines, why }
}

fn take(
    matcher: &Matcher,
    row: &Row,
    text: &str,
    point: &Point,
    samples: &mut Samples,
    pairs: &mut CounterPairs,
) -> Result<(), String> {
    // A sum needs the restarts of all of its counters, so what was taken earlier is added up again.
    let is_wanted = |hit: &&Hit| point.is_new || matches!(hit.role, Role::Total | Role::Part);
    let mut hits = row.series.hits.iter().filter(is_wanted);
    hits.try_for_each(|hit| samples.take(matcher, hit, row, text, pairs))
}

/// After so many lines it is asked whether to go on.
const STOP_LINES: u64 = 1024;

/// What the parts of a metric have after its name.
const SUFFIXES: &[&str] = &["_total", "_bucket", "_count", "_sum", "_created"];

/// The name of a metric without what tells its parts.
fn stem_of(name: &str) -> &str {
    SUFFIXES
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .unwrap_or(name)
}

/// The family of a name, as `# TYPE` has it, and its kind.
fn family_of<'k>(name: &str, kinds: &'k HashMap<String, String>) -> Option<(&'k str, &'k str)> {
    let found = kinds
        .get_key_value(name)
        .or_else(|| kinds.get_key_value(stem_of(name)));
    found.map(|(family, kind)| (family.as_str(), kind.as_str()))
}

/// Whether a family of this stem begins somewhere; `None` if nothing says so.
fn family_is_cumulative(stem: &str, kinds: &HashMap<String, String>) -> Option<bool> {
    let kind = kinds
        .get(stem)
        .or_else(|| kinds.get(&format!("{stem}_total")))?;
    Some(["counter", "histogram", "summary", "unknown", "untyped"].contains(&kind.as_str()))
}
