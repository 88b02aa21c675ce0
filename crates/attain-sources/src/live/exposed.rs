//! A scraped page: from a line to its slot, and its sample. Leaves the syntax to exposition.rs.
//!
//! A line is recognised by its text, as an exposer writes it the same way each time, and in the same order: the line that
//! came next before is looked for first, and if it is there, only its number is read. Knows what `# TYPE` says of names, and
//! that `_created` says when counters began.

use std::collections::HashMap;
use std::ops::Range;

use attain_model::live::{LiveBatch, LiveValue};
use attain_wire::Broken;
use jiff::Timestamp;
use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_128_with_seed};

use super::batch::Batch;
use super::known::{AsIs, Entry};
use super::remote_write::stands;
use super::series::{Labelled, meet, stem_of};
use super::whom::NAME_LABEL;
use super::{Intake, Outcome};
use crate::text::exposition::{self, Line, Sample};
use crate::text::number::scaled;

/// What is known of one page while it is walked.
struct Page<'p> {
    at: Timestamp,
    at_ms: i64,
    target: &'p [(String, String)],
    /// A hash of the target's labels.
    seed: u64,
    /// The last family that was named, and its kind.
    family: (&'p str, &'p str),
    /// When counters began, by their names and labels; `None` if the page does not say so of any.
    births: Option<HashMap<u64, i64, AsIs>>,
    /// Samples of counters by their place in the batch, and by what their births are found.
    counters: Vec<(usize, u64)>,
    /// When the process began whose page it is, if it says so.
    started_ms: Option<i64>,
    /// Samples of what is first met, by their places in the batch.
    met: Vec<Range<usize>>,
}

/// See [`Intake::exposition`].
pub(super) fn take(
    intake: &mut Intake,
    page: &[u8],
    at: Timestamp,
    target: &[(String, String)],
) -> (LiveBatch, Outcome) {
    let mut batch = Batch::new(at, intake.limits.ahead, intake.usual_samples);
    intake.heard.begin();
    let mut hasher = Xxh3::new();
    for text in target.iter().flat_map(|(name, value)| [name, value]) {
        hasher.update(text.as_bytes());
        hasher.update(b"\0");
    }
    let mut walked = Page {
        at,
        at_ms: at.as_millisecond(),
        target,
        seed: hasher.digest(),
        family: ("", ""),
        births: memchr::memmem::find(page, b"_created").map(|_| HashMap::default()),
        counters: Vec::new(),
        started_ms: intake.started.as_ref().and_then(|name| started(page, name)),
        met: Vec::new(),
    };
    let (mut rest, mut number) = (page, 0_u64);
    while !rest.is_empty() {
        number += 1;
        if let Some(after) = walked.again(rest, intake, &mut batch) {
            rest = after;
            continue;
        }
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if let Err(why) = walked.line(line, intake, &mut batch) {
            batch.outcome.refuse(1, || format!("line {number}: {why}"));
        }
    }
    walked.bear(&mut batch);
    intake.usual_samples = batch.samples.len();
    intake.finish(batch)
}

impl<'p> Page<'p> {
    /// Takes the line that is expected, if the page goes on with it and a number; gives what follows.
    ///
    /// Invariant: what is taken here, [`Page::line`] would take the same way.
    #[inline]
    fn again(&self, rest: &'p [u8], intake: &mut Intake, batch: &mut Batch) -> Option<&'p [u8]> {
        let (bytes, slot, length) = intake.known.expected()?;
        // What says when it began stands elsewhere on the page.
        if self.births.is_some() {
            return None;
        }
        let (series, after) = rest.split_at_checked(length)?;
        let (says, after) = number(after.strip_prefix(b" ")?)?;
        if xxh3_128_with_seed(series, self.seed) != bytes {
            return None;
        }
        intake.known.came();
        if batch.hears(self.at_ms) {
            batch.take(slot, self.at_ms, says);
        }
        Some(after)
    }

    fn line(
        &mut self,
        line: &'p [u8],
        intake: &mut Intake,
        batch: &mut Batch,
    ) -> Result<(), String> {
        let sample = match exposition::parse(line)? {
            Line::Nothing => return Ok(()),
            Line::Type { family, kind } => {
                self.family = (family, kind);
                return Ok(());
            }
            Line::Sample(sample) => sample,
        };
        let time_ms = sample.time.unwrap_or(self.at).as_millisecond();
        let (name, labels) = parts(sample.series);
        let is_wanted = name.is_empty() || intake.whom.wanted.has(name.as_bytes());
        if !is_wanted && !self.is_wanted_total(name, intake) {
            if self.births.is_some()
                && let Some(stem) = name.strip_suffix("_created")
            {
                self.birth(stem, labels, &sample)?;
            }
            intake.heard.unwanted(name.as_bytes());
            batch.nobodys(time_ms);
            return Ok(());
        }
        let bytes = xxh3_128_with_seed(sample.series.as_bytes(), self.seed);
        let known = intake.known.entry(bytes);
        let entry = match known {
            Some(entry) => entry,
            None => {
                intake.known.make_room(&intake.limits);
                let entry = self.meet(sample.series, intake, batch)?;
                // What is wanted only as what `# TYPE` says of it is looked at each time.
                let length = u32::try_from(sample.series.len()).unwrap_or(0);
                let length = if is_wanted { length } else { 0 };
                intake.known.remember_of(bytes, entry, length);
                entry
            }
        };
        let place = batch.samples.len();
        self.sample(entry, &sample, time_ms, intake, batch)?;
        if known.is_none() && self.started_ms.is_some() {
            self.met.push(place..batch.samples.len());
        }
        if self.births.is_some() && batch.samples.len() > place {
            self.counters.push((place, base_of(stem_of(name), labels)));
        }
        Ok(())
    }

    fn sample(
        &self,
        entry: Entry,
        sample: &Sample<'_>,
        time_ms: i64,
        intake: &mut Intake,
        batch: &mut Batch,
    ) -> Result<(), String> {
        let text = match (entry, sample.value) {
            (Entry::Nobody | Entry::Broken, _) => {
                batch.nobodys(time_ms);
                return Ok(());
            }
            (Entry::TooMany, _) => {
                intake.overflow(batch);
                return Ok(());
            }
            (_, None) => return Err(format!("`{}` is NaN: it knows no number", sample.series)),
            (_, Some(text)) => text,
        };
        // Its time is refused by itself.
        if !batch.hears(time_ms) {
            return Ok(());
        }
        let shape = match entry {
            Entry::Shape(shape) => intake.known.shape(shape),
            _ => None,
        };
        let slot = match entry {
            Entry::Slot(slot) => Some(slot),
            _ => shape.and_then(|shape| shape.slot),
        };
        if let Some(slot) = slot {
            let says = counter(text).ok_or_else(|| format!("a counter cannot stand at {text}"))?;
            batch.push(slot, time_ms, says);
        }
        if let Some(shape) = shape {
            batch.read(shape, text, time_ms, intake.delay_ms);
        }
        batch.outcome.accepted += 1;
        Ok(())
    }

    /// Whether somebody wants a family of counters that is meant by its name with `_total`.
    fn is_wanted_total(&self, name: &str, intake: &Intake) -> bool {
        let wanted = &intake.whom.wanted;
        self.is_bare_counter(name) && wanted.has(format!("{name}_total").as_bytes())
    }

    fn is_bare_counter(&self, name: &str) -> bool {
        self.family == (name, "counter") && !name.ends_with("_total")
    }

    fn meet(&self, series: &str, intake: &mut Intake, batch: &mut Batch) -> Result<Entry, String> {
        let (mut name, own) = exposition::series_of(series)?;
        let (family, kind) = self.family;
        // Its buckets go up and down.
        if kind == "gaugehistogram" && name.strip_suffix("_bucket") == Some(family) {
            return Ok(Entry::Nobody);
        }
        if self.is_bare_counter(&name) && intake.whom.wanted.written(&name).is_empty() {
            name.push_str("_total");
        }
        let is_of_target = |name: &str| self.target.iter().any(|(label, _)| label == name);
        let mut labels: Vec<(String, String)> = vec![(NAME_LABEL.to_owned(), name)];
        labels.extend(self.target.iter().cloned());
        labels.extend(own.into_iter().map(|(name, value)| {
            // As Prometheus does: what the target is called is not for the page to say.
            let is_taken = is_of_target(&name);
            (
                if is_taken {
                    format!("exported_{name}")
                } else {
                    name
                },
                value,
            )
        }));
        let pairs = labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let labelled =
            Labelled::new(pairs.collect()).map_err(|broken: Broken| broken.to_string())?;
        Ok(meet(intake, &labelled, batch))
    }

    /// A counter says when it began, in seconds since 1970.
    fn birth(&mut self, stem: &str, labels: &str, sample: &Sample<'_>) -> Result<(), String> {
        let text = sample.value.unwrap_or("NaN");
        let created_ms = scaled(text, 1000)
            .and_then(|ms| i64::try_from(ms).ok())
            .ok_or_else(|| format!("`{text}` is not the time at which a counter began"))?;
        if let Some(births) = &mut self.births {
            births.insert(base_of(stem, labels), created_ms);
        }
        Ok(())
    }

    /// Says of each counter when it began, where the page does: by itself, or as old as its process.
    fn bear(&self, batch: &mut Batch) {
        let met = self.met.iter().flat_map(Clone::clone);
        for (place, started) in met.filter_map(|place| Some((place, self.started_ms?))) {
            if let Some(sample) = batch.samples.get_mut(place)
                && let LiveValue::Stands { created_ms, .. } = &mut sample.says
                && (1..=sample.time_ms).contains(&started)
            {
                *created_ms = Some(started);
            }
        }
        let Some(births) = self.births.as_ref().filter(|births| !births.is_empty()) else {
            return;
        };
        for (place, base) in &self.counters {
            let (Some(sample), Some(born)) = (batch.samples.get_mut(*place), births.get(base))
            else {
                continue;
            };
            if let LiveValue::Stands { created_ms, .. } = &mut sample.says
                && (1..=sample.time_ms).contains(born)
            {
                *created_ms = Some(*born);
            }
        }
    }
}

/// When a process began, in milliseconds, as its page says.
fn started(page: &[u8], name: &str) -> Option<i64> {
    let mut found = memchr::memmem::find_iter(page, name);
    let at = found.find(|at| {
        let is_first = *at == 0 || page[at - 1] == b'\n';
        is_first && matches!(page.get(at + name.len()), Some(b' ' | b'{'))
    })?;
    let line = page[at..].split(|byte| *byte == b'\n').next()?;
    let Ok(Line::Sample(sample)) = exposition::parse(line) else {
        return None;
    };
    i64::try_from(scaled(sample.value?, 1000)?).ok()
}

/// A number at the end of its line, and what follows the line. A number that is written in another way than most is none
/// here.
#[inline]
fn number(rest: &[u8]) -> Option<(LiveValue, &[u8])> {
    /// More may be too many for 64 bits.
    const DIGITS_AT_MOST: usize = 19;
    let mut value = 0_u64;
    let mut digits = 0;
    loop {
        match rest.get(digits) {
            Some(digit @ b'0'..=b'9') if digits < DIGITS_AT_MOST => {
                value = value * 10 + u64::from(digit - b'0');
                digits += 1;
            }
            Some(b'\n') if digits > 0 => {
                let says = LiveValue::Stands {
                    value,
                    created_ms: None,
                };
                return Some((says, &rest[digits + 1..]));
            }
            Some(b'.' | b'e' | b'E' | b'0'..=b'9') if digits > 0 => break,
            _ => return None,
        }
    }
    // With a fraction or an exponent.
    let end = rest
        .iter()
        .position(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))?;
    let text = std::str::from_utf8(&rest[..end]).ok()?;
    match rest[end] {
        b'\n' => Some((counter(text)?, &rest[end + 1..])),
        _ => None,
    }
}

/// A counter's value. Whole numbers are taken exactly; the others have a fraction or an exponent.
fn counter(text: &str) -> Option<LiveValue> {
    match text.parse() {
        Ok(value) => Some(LiveValue::Stands {
            value,
            created_ms: None,
        }),
        Err(_) => stands(text.parse().ok()?),
    }
}

/// The name and the text of the labels; the name is empty if it stands among them.
fn parts(series: &str) -> (&str, &str) {
    match series.split_once('{') {
        None => (series, ""),
        Some((name, labels)) => (name.trim_end(), labels.trim_end().trim_end_matches('}')),
    }
}

/// By what a counter and what says when it began find each other: stem and labels as written, without `le`.
fn base_of(stem: &str, labels: &str) -> u64 {
    let (before, after) = match edge_in(labels) {
        Some((start, end)) => (&labels[..start], &labels[end..]),
        None => (labels, ""),
    };
    let is_blank = |c: char| c == ',' || c == ' ';
    let pieces = [before.trim_matches(is_blank), after.trim_matches(is_blank)];
    let pieces: Vec<&str> = pieces
        .into_iter()
        .filter(|piece| !piece.is_empty())
        .collect();
    xxh3_64(format!("{stem}\0{}", pieces.join(",")).as_bytes())
}

/// Where `le="..."` stands.
fn edge_in(labels: &str) -> Option<(usize, usize)> {
    let start = if labels.starts_with("le=\"") {
        0
    } else {
        labels.find(",le=\"")? + 1
    };
    let value = start + "le=\"".len();
    let end = labels[value..].find('"')?;
    Some((start, value + end + 1))
}
