//! From events to tallies. Knows streams, classes, buckets and slices; knows no file format.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use attain_model::delivery::Counted;
use attain_model::indicator::{Counting, MetricKind};
use attain_model::selector::Match;
use attain_model::source::{Source, SourceKind};
use attain_model::{Bucket, Catalogue, Class, Stream, StreamKey, Tally};
use jiff::Timestamp;

use crate::counting::frequent::Frequent;
use crate::counting::roster::Customers;
use crate::counting::segment::{Decider, SegmentIndex};
use crate::counting::watch::Watch;
use crate::text::number::nanoseconds;

/// The fields that the streams of a source look at, in the order in which a reader hands their values over.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) names: Vec<String>,
}

impl Fields {
    /// The place of a field, new or old.
    pub(crate) fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.names.iter().position(|known| known == name) {
            return place;
        }
        self.names.push(name.to_owned());
        self.names.len() - 1
    }
}

/// One event, or `count` equal ones.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) time: Timestamp,
    pub(crate) received: Option<Timestamp>,
    /// How long it took; `None` is not known.
    pub(crate) nanoseconds: Option<u64>,
    pub(crate) count: u64,
    /// The values of [`Fields::names`], `""` where absent.
    pub(crate) values: &'a [Cow<'a, str>],
}

/// Counts the events of one source into slices.
pub(crate) struct Counter {
    pub(crate) fields: Fields,
    /// Constant labels of the source, by place; they fill what a row leaves empty.
    constants: Vec<String>,
    decider: Decider,
    streams: Vec<StreamCounter>,
    slice_seconds: i64,
    classes: Vec<Class>,
    class_index: HashMap<Box<str>, u32, FastHash>,
    cells: HashMap<Cell, u64, FastHash>,
    /// Segment label values that no segment claims, and how many events had them.
    unclaimed: Unclaimed,
    class_text: String,
    /// What other counters of the same source have seen.
    hints: Arc<Hints>,
    /// The place of the path, and the path of the requests that prove that the log was being written.
    heartbeat: Option<(usize, String)>,
    /// When such requests were.
    pub(crate) heartbeats: Vec<Timestamp>,
    /// What no event said.
    pub(crate) watch: Watch,
}

/// What is known once any counter of a source has seen it, so that nobody else need look for it.
///
/// Invariant: it spares work and changes no result, so it may be told late or never.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    /// Of each stream: an event fits.
    fits: Vec<AtomicBool>,
    /// A request was told to a segment.
    segment_known: AtomicBool,
    /// Enough lines were merged: the names of fields in later ones are passed over.
    names_known: AtomicBool,
}

/// What one counter counted in one stretch of lines, for another to add.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    cells: Vec<(Cell, u64)>,
    classes: Vec<Class>,
    /// In the order in which they were first seen.
    unclaimed: Unclaimed,
    heartbeats: Vec<Timestamp>,
    watch: Watch,
    unfit: Vec<Option<Vec<Frequent>>>,
}

/// What an event is by its values, whenever it was and however long it took.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// `None` if no stream selects it.
    segment: Option<SegmentIndex>,
    /// Streams that select it, and its class there.
    hits: Vec<(usize, u32)>,
    /// The value of the segment label that no segment claims.
    unclaimed: Option<String>,
    /// Of each place, whether there is a value.
    has: Vec<bool>,
    /// Its time says that the log was being written.
    pub(crate) is_heartbeat: bool,
}

/// Segment values that nobody claims, the first ones, in the order in which they were first seen.
#[derive(Debug, Default)]
pub(crate) struct Unclaimed {
    values: Vec<(String, u64)>,
    places: BTreeMap<String, usize>,
}

impl Unclaimed {
    /// Remembers a value; a field full of noise must not fill the memory.
    pub(crate) fn note(&mut self, label: &str, count: u64) {
        if let Some(place) = self.places.get(label) {
            let seen = &mut self.values[*place].1;
            *seen = seen.saturating_add(count);
        } else if self.values.len() < REMEMBERED_VALUES {
            self.places.insert(label.to_owned(), self.values.len());
            self.values.push((label.to_owned(), count));
        }
    }
}

const REMEMBERED_VALUES: usize = 1000;

struct StreamCounter {
    key: StreamKey,
    only: Vec<(usize, Match)>,
    except: Vec<(usize, Match)>,
    /// Any of these values at this place.
    any_of: Vec<(usize, Vec<String>)>,
    class_labels: Vec<(usize, String)>,
    edges: Vec<u64>,
    /// Values of the labels that select, until an event fits.
    unfit: Option<Vec<Frequent>>,
    /// The SLOs that look here.
    slos: String,
}

#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
struct Cell {
    slice: i64,
    stream: u32,
    segment: SegmentIndex,
    class: u32,
    bucket: Bucket,
    received: Option<Timestamp>,
}

impl Counter {
    /// For a log, or CSV events.
    pub(crate) fn new(
        catalogue: &Catalogue,
        source: &Source,
        customers: &Customers,
        slice_seconds: i64,
        hints: Option<Arc<Hints>>,
    ) -> Self {
        let mut fields = Fields::default();
        let decider = Decider::new(catalogue, &source.labels, customers, true, |name| {
            fields.place(name)
        });
        let streams = Stream::all(catalogue)
            .iter()
            .filter(|stream| stream.sources.contains(&source.id))
            .filter_map(|stream| {
                let slos = catalogue.slos.values();
                let slos = slos.filter(|slo| Stream::key_of(catalogue, slo) == stream.key);
                let slos: Vec<String> = slos.map(|slo| format!("`{}`", slo.id)).collect();
                let mut counter = StreamCounter::new(stream, source, &mut fields)?;
                counter.slos = slos.join(", ");
                Some(counter)
            })
            .collect();
        let heartbeat = match &source.kind {
            SourceKind::Log(log) => log.heartbeat.as_ref(),
            _ => None,
        };
        let heartbeat = heartbeat.map(|beat| (fields.place("path"), beat.path.clone()));
        let streams: Vec<StreamCounter> = streams;
        let hints = hints.unwrap_or_else(|| {
            Arc::new(Hints {
                fits: streams.iter().map(|_| AtomicBool::new(false)).collect(),
                segment_known: AtomicBool::new(false),
                names_known: AtomicBool::new(false),
            })
        });
        let constants = fields
            .names
            .iter()
            .map(|name| source.add.get(name).cloned().unwrap_or_default())
            .collect();
        Self {
            watch: Watch::new(fields.names.len()),
            fields,
            constants,
            decider,
            streams,
            slice_seconds: slice_seconds.max(1),
            classes: Vec::new(),
            class_index: HashMap::default(),
            cells: HashMap::default(),
            unclaimed: Unclaimed::default(),
            class_text: String::new(),
            hints,
            heartbeat,
            heartbeats: Vec::new(),
        }
    }

    /// Counts an event in every stream that selects it.
    pub(crate) fn take(&mut self, event: &Event<'_>) {
        let constants = &self.constants;
        let value = |place: usize| match event.values.get(place).map(AsRef::as_ref) {
            None | Some("") => constants.get(place).map_or("", String::as_str),
            Some(value) => value,
        };
        self.watch.event(event.nanoseconds.is_some(), value);
        if let Some((place, path)) = &self.heartbeat
            && value(*place) == path
        {
            self.heartbeats.push(event.time);
        }
        let mut segment = None;
        for (index, stream) in self.streams.iter_mut().enumerate() {
            if !stream.selects(value) {
                if self.watch.looks() {
                    stream.note_unfit(value);
                }
                continue;
            }
            stream.unfit = None;
            let segment = *segment.get_or_insert_with(|| self.decider.decide(value));
            self.class_text.clear();
            stream.write_class(&mut self.class_text, value);
            let known = self.class_index.get(self.class_text.as_str());
            let class = known.copied().unwrap_or_else(|| {
                let class = u32::try_from(self.classes.len()).unwrap_or(u32::MAX);
                self.classes.push(Class::new(&self.class_text));
                self.class_index
                    .insert(self.class_text.as_str().into(), class);
                class
            });
            let cell = Cell {
                slice: event.time.as_second().div_euclid(self.slice_seconds),
                stream: u32::try_from(index).unwrap_or(u32::MAX),
                segment,
                class,
                bucket: bucket_of(&stream.edges, event.nanoseconds),
                received: event.received,
            };
            let count = self.cells.entry(cell).or_insert(0);
            *count = count.saturating_add(event.count);
        }
        if let Some(segment) = segment {
            self.watch.segment(segment, &self.decider, value);
        }
        if segment == Some(0)
            && let Some(label) = self.decider.unclaimed(value)
        {
            self.unclaimed.note(label, event.count);
        }
    }

    /// The edges of all streams, ascending.
    pub(crate) fn edges(&self) -> Vec<u64> {
        let edges = self.streams.iter().flat_map(|stream| &stream.edges);
        edges
            .copied()
            .collect::<BTreeSet<u64>>()
            .into_iter()
            .collect()
    }

    /// The length of a slice.
    pub(crate) fn slice_seconds(&self) -> i64 {
        self.slice_seconds
    }

    /// What can be told of a value at a place: two values with the same signature are alike for [`Counter::judge`].
    // Invariant: whatever `take` asks of a value is asked here.
    pub(crate) fn signature(&mut self, place: usize, value: &str) -> Vec<u8> {
        let value = match (value, self.constants.get(place)) {
            ("", Some(constant)) => constant.as_str(),
            _ => value,
        };
        let mut signature = vec![u8::from(value.is_empty())];
        for stream in &self.streams {
            stream.add_signature(place, value, &mut signature);
        }
        self.decider.add_signature(place, value, &mut signature);
        let is_beat = |(at, path): &(usize, String)| *at == place && path == value;
        signature.push(u8::from(self.heartbeat.as_ref().is_some_and(is_beat)));
        signature
    }

    /// What `take` makes of an event with these values, without counting it.
    pub(crate) fn judge(&mut self, values: &[Cow<'_, str>]) -> Judged {
        let constants = self.constants.clone();
        let value = |place: usize| match values.get(place).map(AsRef::as_ref) {
            None | Some("") => constants.get(place).map_or("", String::as_str),
            Some(value) => value,
        };
        let mut judged = Judged {
            has: (0..constants.len())
                .map(|place| !value(place).is_empty())
                .collect(),
            is_heartbeat: matches!(&self.heartbeat, Some((place, path)) if value(*place) == path),
            ..Judged::default()
        };
        for index in 0..self.streams.len() {
            let stream = &self.streams[index];
            if !stream.selects(value) {
                continue;
            }
            let mut class = String::new();
            stream.write_class(&mut class, value);
            let class = self.class_of(&class);
            let segment = self.decider.decide(value);
            judged.segment = Some(segment);
            judged.hits.push((index, class));
        }
        if judged.segment == Some(0) {
            judged.unclaimed = self.decider.unclaimed(value).map(str::to_owned);
        }
        judged
    }

    /// Whether each event is still looked at for what it says instead of what is asked for.
    pub(crate) fn is_looking(&self) -> bool {
        let is_unknown = self.decider.segments.are_there()
            && !self.watch.knows_segments()
            && !self.hints.segment_known.load(Ordering::Relaxed);
        let is_unfit = || self.streams.iter().any(|stream| stream.unfit.is_some());
        self.wants_names() || (self.watch.looks() && (is_unknown || is_unfit()))
    }

    /// Whether names of fields are still collected.
    pub(crate) fn wants_names(&self) -> bool {
        self.watch.wants_names() && !self.hints.names_known.load(Ordering::Relaxed)
    }

    /// Counts events that were judged, all in one slice, with any of the latencies of one bucket.
    pub(crate) fn add(
        &mut self,
        judged: &Judged,
        (slice, latency): (i64, Option<u64>),
        events: u64,
    ) {
        for (index, class) in &judged.hits {
            let stream = &mut self.streams[*index];
            stream.unfit = None;
            let cell = Cell {
                slice,
                stream: u32::try_from(*index).unwrap_or(u32::MAX),
                segment: judged.segment.unwrap_or(0),
                class: *class,
                bucket: bucket_of(&stream.edges, latency),
                received: None,
            };
            let count = self.cells.entry(cell).or_insert(0);
            *count = count.saturating_add(events);
        }
        let timed = if latency.is_some() { events } else { 0 };
        self.watch.events(events, timed, |place| judged.has[place]);
        if let Some(segment) = judged.segment {
            self.watch.segments(segment, events);
        }
        if let Some(label) = &judged.unclaimed {
            self.unclaimed.note(label, events);
        }
    }

    /// What other counters of the same source may be told.
    pub(crate) fn hints(&self) -> Arc<Hints> {
        self.hints.clone()
    }

    /// Everything since the last call, for another counter of the same source to add.
    pub(crate) fn take_tallies(&mut self) -> Tallies {
        let fresh = Watch::new(self.fields.names.len());
        let watch = std::mem::replace(&mut self.watch, fresh);
        if watch.knows_segments() {
            self.hints.segment_known.store(true, Ordering::Relaxed);
        }
        let mut unfit = Vec::new();
        for (stream, fits) in self.streams.iter_mut().zip(&self.hints.fits) {
            if stream.unfit.is_none() {
                fits.store(true, Ordering::Relaxed);
            }
            let is_known = fits.load(Ordering::Relaxed);
            let next = (!is_known).then(Vec::new);
            unfit.push(std::mem::replace(&mut stream.unfit, next));
        }
        Tallies {
            cells: self.cells.drain().collect(),
            classes: self.classes.clone(),
            unclaimed: std::mem::take(&mut self.unclaimed),
            heartbeats: std::mem::take(&mut self.heartbeats),
            watch,
            unfit,
        }
    }

    /// Adds what another counter of the same source counted in lines after these.
    pub(crate) fn merge(&mut self, later: Tallies) {
        let mut classes: Vec<Option<u32>> = vec![None; later.classes.len()];
        for (cell, events) in later.cells {
            let place = cell.class as usize;
            let class = match classes[place] {
                Some(class) => class,
                None => *classes[place].insert(self.class_of(later.classes[place].as_str())),
            };
            let count = self.cells.entry(Cell { class, ..cell }).or_insert(0);
            *count = count.saturating_add(events);
        }
        for (label, events) in &later.unclaimed.values {
            self.unclaimed.note(label, *events);
        }
        self.heartbeats.extend(later.heartbeats);
        self.watch.merge(later.watch);
        // Invariant: what is not merged yet comes after this.
        if self.watch.has_all_names() {
            self.hints.names_known.store(true, Ordering::Relaxed);
        }
        for (stream, unfit) in self.streams.iter_mut().zip(later.unfit) {
            match (&mut stream.unfit, unfit) {
                (Some(values), Some(more)) => {
                    values.resize_with(values.len().max(more.len()), Frequent::default);
                    values
                        .iter_mut()
                        .zip(&more)
                        .for_each(|(values, more)| values.merge(more));
                }
                (unfit, _) => *unfit = None,
            }
        }
    }

    /// The index of a class by its text.
    fn class_of(&mut self, text: &str) -> u32 {
        if let Some(class) = self.class_index.get(text) {
            return *class;
        }
        let class = u32::try_from(self.classes.len()).unwrap_or(u32::MAX);
        self.classes.push(Class::new(text));
        self.class_index.insert(text.into(), class);
        class
    }

    /// The values of the segment label that no segment claims.
    pub(crate) fn unclaimed(&self) -> BTreeMap<String, u64> {
        self.unclaimed.values.iter().cloned().collect()
    }

    /// What the events never were: of a known segment, what a stream selects. The worst first.
    pub(crate) fn never(&self, source: &Source) -> Vec<String> {
        let mut notes = Vec::new();
        if self.decider.segments.are_there() {
            let names = &self.fields.names;
            notes.extend(
                self.watch
                    .no_segment(source.id.as_str(), &self.decider, names),
            );
        }
        if let Some(events) = self.watch.enough_events() {
            let unfit = |stream: &StreamCounter| stream.unfit_note(events, &self.fields.names);
            notes.extend(self.streams.iter().filter_map(unfit));
        }
        notes
    }

    /// Whether any stream looks at latencies.
    pub(crate) fn asks_latency(&self) -> bool {
        self.streams.iter().any(|stream| !stream.edges.is_empty())
    }

    /// A latency as text in billionths of a second, if it is one.
    pub(crate) fn latency(&mut self, text: &str, unit_billionths: i128) -> Option<u64> {
        let found = nanoseconds(text, unit_billionths);
        if found.is_none() {
            self.watch.not_a_latency(text);
        }
        found
    }

    /// What was counted since the last call, in a fixed order.
    pub(crate) fn drain(&mut self) -> Vec<Counted> {
        let mut cells: Vec<(Cell, u64)> = self.cells.drain().collect();
        cells.sort_unstable_by_key(|(cell, _)| (cell.group(), cell.class, cell.bucket));
        let mut counted = Vec::new();
        for group in cells.chunk_by(|(a, _), (b, _)| a.group() == b.group()) {
            let cell = group[0].0;
            let Ok(slice) = Timestamp::from_second(cell.slice * self.slice_seconds) else {
                continue;
            };
            let tally = group.iter().map(|(cell, events)| {
                let class = self.classes[cell.class as usize].clone();
                ((class, cell.bucket), *events)
            });
            counted.push(Counted {
                stream: self.streams[cell.stream as usize].key.clone(),
                segment: self.decider.segments.name(cell.segment).clone(),
                slice,
                tally: Tally {
                    cells: tally.filter(|(_, events)| *events > 0).collect(),
                },
                received: cell.received,
            });
        }
        counted
    }
}

impl Cell {
    /// What makes one [`Counted`].
    fn group(&self) -> (u32, i64, SegmentIndex, Option<Timestamp>) {
        (self.stream, self.slice, self.segment, self.received)
    }
}

/// Remembers a value that no segment claims; a field full of noise must not fill the memory.
pub(crate) fn note_unclaimed(unclaimed: &mut BTreeMap<String, u64>, label: &str, count: u64) {
    if let Some(seen) = unclaimed.get_mut(label) {
        *seen = seen.saturating_add(count);
    } else if unclaimed.len() < REMEMBERED_VALUES {
        unclaimed.insert(label.to_owned(), count);
    }
}

impl StreamCounter {
    /// `None` if the stream cannot be counted from single events: gauges, totals in two metrics, raw PromQL.
    fn new(stream: &Stream, source: &Source, fields: &mut Fields) -> Option<Self> {
        let mut any_of = Vec::new();
        let selector = match (&stream.indicator.counting, &source.kind) {
            (Counting::Log { selector, .. }, SourceKind::Log(_) | SourceKind::Csv(_)) => selector,
            (
                Counting::Metric {
                    metric,
                    kind,
                    selector,
                    ..
                },
                SourceKind::Csv(csv),
            ) if *kind != MetricKind::Gauge => {
                // Rows that name a metric must name this one; rows that name none are events of any.
                if let Some(name) = &csv.name {
                    any_of.push((fields.place(name), vec![metric.clone()]));
                }
                selector
            }
            _ => return None,
        };
        if let Some(label) = source.labels.service.as_ref()
            && !stream.service_matches.is_empty()
        {
            any_of.push((fields.place(label), stream.service_matches.clone()));
        }
        let mut places = |matches: &attain_model::selector::Matches| {
            matches
                .iter()
                .map(|(name, m)| (fields.place(name), m.clone()))
                .collect::<Vec<_>>()
        };
        let (only, except) = (places(&selector.only), places(&selector.except));
        Some(Self {
            key: stream.key.clone(),
            only,
            except,
            any_of,
            class_labels: stream
                .class_labels
                .iter()
                .map(|name| (fields.place(name), name.clone()))
                .collect(),
            edges: stream.edges.iter().map(|edge| edge.nanoseconds()).collect(),
            unfit: Some(Vec::new()),
            slos: String::new(),
        })
    }

    fn add_signature(&self, place: usize, value: &str, signature: &mut Vec<u8>) {
        let any_of = self.any_of.iter().filter(|(at, _)| *at == place);
        signature.extend(any_of.map(|(_, values)| u8::from(values.iter().any(|v| v == value))));
        let matches = self.only.iter().chain(&self.except);
        let matches = matches.filter(|(at, _)| *at == place);
        signature.extend(matches.map(|(_, m)| u8::from(m.matches(value))));
        if self.class_labels.iter().any(|(at, _)| *at == place) {
            signature.extend_from_slice(&value.len().to_le_bytes());
            signature.extend_from_slice(value.as_bytes());
        }
    }

    /// The places that select.
    fn places(&self) -> impl Iterator<Item = usize> {
        let any_of = self.any_of.iter().map(|(place, _)| *place);
        any_of.chain(self.only.iter().map(|(place, _)| *place))
    }

    fn note_unfit<'v>(&mut self, value: impl Fn(usize) -> &'v str) {
        let Some(mut unfit) = self.unfit.take() else {
            return;
        };
        unfit.resize_with(self.places().count(), Frequent::default);
        for (place, values) in self.places().zip(&mut unfit) {
            values.take(value(place));
        }
        self.unfit = Some(unfit);
    }

    /// That no event fits, and what they say instead.
    fn unfit_note(&self, events: u64, fields: &[String]) -> Option<String> {
        let unfit = self.unfit.as_ref()?;
        let said: Vec<String> = self
            .places()
            .zip(unfit)
            .map(|(place, values)| {
                let field = fields.get(place).map_or("", String::as_str);
                format!("most frequent in `{field}`: {}", values.text(str::to_owned))
            })
            .collect();
        let (slos, said) = (&self.slos, said.join("; "));
        Some(format!(
            "{events} lines were read, none is selected by SLO {slos}; {said}"
        ))
    }

    fn selects<'v>(&self, value: impl Fn(usize) -> &'v str) -> bool {
        self.any_of
            .iter()
            .all(|(place, values)| values.iter().any(|v| v == value(*place)))
            && self.only.iter().all(|(place, m)| m.matches(value(*place)))
            && !self
                .except
                .iter()
                .any(|(place, m)| m.matches(value(*place)))
    }

    /// Invariant: the text of [`Class::from_labels`]; written here to spare an allocation per event.
    fn write_class<'v>(&self, text: &mut String, value: impl Fn(usize) -> &'v str) {
        for (place, name) in &self.class_labels {
            let value = value(*place);
            if value.is_empty() {
                continue;
            }
            if !text.is_empty() {
                text.push('\u{1f}');
            }
            text.push_str(name);
            text.push('=');
            // The separator in a value would let a client forge a label.
            text.extend(
                value
                    .chars()
                    .map(|c| if c == '\u{1f}' { '\u{fffd}' } else { c }),
            );
        }
    }
}

/// The number of edges at or under a latency.
pub(crate) fn bucket_of(edges: &[u64], nanoseconds: Option<u64>) -> Bucket {
    nanoseconds.map_or(Bucket::UNTIMED, |latency| {
        let under = edges.partition_point(|edge| *edge <= latency);
        Bucket(u16::try_from(under).unwrap_or(u16::MAX - 1))
    })
}

/// A multiply-and-rotate hash for keys of our own making; what clients send is hashed by the standard one.
pub(crate) type FastHash = BuildHasherDefault<FastHasher>;

#[derive(Default)]
pub(crate) struct FastHasher(u64);

impl FastHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for FastHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let word = chunk
                .iter()
                .fold(0, |word, byte| word << 8 | u64::from(*byte));
            self.mix(word);
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(value.into());
    }

    fn write_u16(&mut self, value: u16) {
        self.mix(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.mix(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }

    fn write_i64(&mut self, value: i64) {
        self.mix(value.cast_unsigned());
    }
}
