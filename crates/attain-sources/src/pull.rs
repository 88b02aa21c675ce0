//! Pulling from a Prometheus-compatible API: what to ask for, and what the answers count. Only pull/http.rs knows that
//! there is a network.
//!
//! Only increments are pulled, already summed by segment, class and bucket, so a stream costs one query whatever the
//! number of its series. See pull/query.rs for why slices telescope. What cannot be known (a counter whose beginning
//! nobody saw, a value that is no number) is not counted, and said.

mod api;
pub(crate) mod http;
mod lateness;
mod proposal;
mod query;
mod reach;
mod relabelled;
mod resets;
mod returned;
mod shown;
mod survey;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use attain_model::delivery::{Delivery, Unparsed};
use attain_model::indicator::{Counting, MetricKind, Part, Selection};
use attain_model::quantity::Unit;
use attain_model::selector::Selector;
use attain_model::source::Source;
use attain_model::{Catalogue, Interval, SourceId, Stream, StreamKey};
use jiff::Timestamp;

pub use self::api::{Api, Line, SLICES_AT_ONCE, Trouble, delay_for};
pub use self::http::{HttpApi, Metadata, lines_in};
pub(crate) use self::lateness::Newest;
pub use self::lateness::{LONGEST as LATE_AT_MOST, arrives_after, delay_of_late};
pub use self::proposal::propose_pulled;
pub use self::query::Query;
pub use self::reach::{headers_of, secret_of};
pub use self::shown::shown;
pub use self::survey::{Births, Durations, Requests, Survey, survey};
use crate::counting::roster::Customers;
use crate::counting::series::{Hit, Labels, Matcher, Role};
use crate::table::slots::{Number, Slots};
use crate::text::number::events;

/// The origin of everything that is pulled; a position is the number of a slice.
pub const ORIGIN: &str = "pull";

/// Counts of a slice stand in its last ten seconds, the slice of a server's ledger: as of an instant before its end nobody
/// is told of what had not happened yet.
const DATED: Duration = Duration::from_secs(10);

/// What is asked of one source.
pub struct Puller {
    source: SourceId,
    matcher: Matcher,
    asks: Vec<Ask>,
    notes: Vec<String>,
    slice: Duration,
}

/// One thing to ask, slice after slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The stream that the answer counts for.
    pub stream: StreamKey,
    /// The metric, for messages.
    pub metric: String,
    /// How to ask.
    pub query: Query,
    /// Raw samples are asked for ([`Query::samples`]) instead of increments.
    pub is_gauge: bool,
    index: usize,
    role: AskedRole,
}

/// As what an answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AskedRole {
    Events,
    /// Buckets whose edges have this many billionths of a base unit.
    Buckets(Unit),
    Gauge(Unit),
    Total,
    Part,
    /// The good share of a total.
    Share,
}

impl Ask {
    /// The answers are good shares of a total.
    pub(crate) fn is_share(&self) -> bool {
        self.role == AskedRole::Share
    }
}

/// The answers about one stream and some slices.
pub struct Answers<'p> {
    puller: &'p mut Puller,
    stream: usize,
    slices: Range<i64>,
    slots: Slots,
    heard: BTreeSet<i64>,
    broken: BTreeMap<i64, String>,
    unborn: u64,
}

/// What was pulled for one stream and some slices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// For the ledger.
    pub delivery: Delivery,
    /// Events at most that are missing, as nobody saw where their counter began.
    pub unborn: u64,
}

impl Puller {
    /// For a source that is reached by its API, in slices of so long (a minute is usual).
    #[must_use]
    pub fn new(
        catalogue: &Catalogue,
        source: &Source,
        customers: &Customers,
        slice: Duration,
    ) -> Self {
        let matcher = Matcher::new(catalogue, source, customers, None);
        let mut puller = Self {
            source: source.id.clone(),
            asks: Vec::new(),
            notes: Vec::new(),
            slice,
            matcher,
        };
        for index in 0..puller.matcher.streams.len() {
            match puller.asks_of(index, source) {
                Ok(asks) => puller.asks.extend(asks),
                Err(note) => puller.notes.push(note),
            }
        }
        puller
    }

    /// Everything to ask, in the order of the streams.
    #[must_use]
    pub fn asks(&self) -> &[Ask] {
        &self.asks
    }

    /// Streams that cannot be pulled, and why.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The length of a slice.
    #[must_use]
    pub fn slice(&self) -> Duration {
        self.slice
    }

    /// Begins to take the answers about one stream and some slices (by number since 1970). `None`: no such stream.
    pub fn answers(&mut self, stream: &StreamKey, slices: Range<i64>) -> Option<Answers<'_>> {
        let mut streams = self.matcher.streams.iter();
        let stream = streams.position(|known| known.key == *stream)?;
        Some(Answers {
            puller: self,
            stream,
            slices,
            slots: Slots::default(),
            heard: BTreeSet::new(),
            broken: BTreeMap::new(),
            unborn: 0,
        })
    }

    /// The slice that an answer's time is about: it was asked for one millisecond before its end.
    #[must_use]
    pub fn slice_of(&self, time: Timestamp) -> i64 {
        let length = i64::try_from(self.slice.as_millis()).unwrap_or(60_000);
        time.as_millisecond().div_euclid(length.max(1))
    }

    fn asks_of(&self, index: usize, source: &Source) -> Result<Vec<Ask>, String> {
        let stream = &self.matcher.streams[index];
        let ask = |metric: &str, selector: &Selector, role| {
            let services = source.labels.service.as_deref();
            let services = services.map(|label| (label, &stream.service_matches[..]));
            Ask {
                stream: stream.key.clone(),
                metric: metric.to_owned(),
                query: Query::new(
                    metric,
                    selector,
                    services,
                    self.by(stream, role),
                    self.slice,
                )
                .with_started(source.started.as_deref()),
                is_gauge: matches!(role, AskedRole::Gauge(_)),
                index,
                role,
            }
        };
        match &stream.indicator.counting {
            Counting::Metric {
                metric,
                kind,
                unit,
                selector,
                ..
            } => match kind {
                MetricKind::Counter => Ok(vec![ask(metric, selector, AskedRole::Events)]),
                MetricKind::Gauge => {
                    let unit = unit.unwrap_or(Unit::None);
                    Ok(vec![ask(metric, selector, AskedRole::Gauge(unit))])
                }
                MetricKind::Histogram => {
                    let bucket = match metric.ends_with("_bucket") {
                        true => metric.clone(),
                        false => format!("{metric}_bucket"),
                    };
                    let unit = unit.unwrap_or(Unit::Seconds);
                    Ok(vec![ask(&bucket, selector, AskedRole::Buckets(unit))])
                }
                MetricKind::NativeHistogram | MetricKind::ExponentialHistogram => Err(format!(
                    "`{metric}` is a native histogram, which cannot be pulled in exact counts: send it by remote write \
                     or OTLP, or write `type: histogram`"
                )),
            },
            Counting::Totals {
                total, part, of, ..
            } => {
                if *part == Part::Ratio {
                    return Err(format!(
                        "`{}` is a share, which cannot be pulled in exact counts: name a metric of good or of bad events",
                        of.metric
                    ));
                }
                let selected =
                    |selection: &Selection, role| ask(&selection.metric, &selection.selector, role);
                Ok(vec![
                    selected(total, AskedRole::Total),
                    selected(of, AskedRole::Part),
                ])
            }
            Counting::Log { .. } => Err(format!(
                "{} counts lines of a log, which source `{}` has none of",
                stream.key.as_str(),
                source.id
            )),
            Counting::PromQl {
                part,
                part_query,
                total_query,
            } => self.written(index, *part, part_query, total_query.as_deref()),
        }
    }

    /// What asks raw PromQL.
    fn written(
        &self,
        index: usize,
        part: Part,
        part_query: &str,
        total_query: Option<&str>,
    ) -> Result<Vec<Ask>, String> {
        let stream = &self.matcher.streams[index];
        let word = match part {
            Part::Good => "good",
            Part::Bad => "bad",
            Part::Ratio => "ratio",
        };
        let Some(total_query) = total_query else {
            return Err(format!(
                "`promql: {{{word}: {part_query}}}` has no `total`, and a share without one is not pulled: write `total:` \
                 beside it"
            ));
        };
        if stream.indicator.slice != self.slice {
            return Err(format!(
                "`promql: {{{word}: {part_query}}}` counts slices of {}, and attain pulls by the minute: write `slice: 1m`, \
                 and `[1m]` for its ranges",
                attain_model::quantity::duration_text(stream.indicator.slice)
            ));
        }
        let ask = |name: &str, query: &str, role| Ask {
            stream: stream.key.clone(),
            metric: format!("`{name}` of promql"),
            query: Query::written_as(query),
            is_gauge: false,
            index,
            role,
        };
        let part_role = match part {
            Part::Ratio => AskedRole::Share,
            Part::Good | Part::Bad => AskedRole::Part,
        };
        Ok(vec![
            ask("total", total_query, AskedRole::Total),
            ask(word, part_query, part_role),
        ])
    }

    /// The labels by which sums are told apart.
    fn by(&self, stream: &Stream, role: AskedRole) -> Vec<String> {
        let mut by: BTreeSet<String> = self.matcher.segment_labels().map(str::to_owned).collect();
        match role {
            AskedRole::Events => by.extend(stream.class_labels.iter().cloned()),
            AskedRole::Buckets(_) => {
                by.extend(stream.class_labels.iter().cloned());
                by.insert("le".to_owned());
            }
            AskedRole::Gauge(_) | AskedRole::Total | AskedRole::Part | AskedRole::Share => {}
        }
        by.into_iter().collect()
    }
}

impl Answers<'_> {
    /// One value of one series of an answer. Slices that were not asked about are passed over.
    pub fn take(&mut self, ask: &Ask, labels: &BTreeMap<String, String>, slice: i64, value: &str) {
        if !self.slices.contains(&slice) {
            return;
        }
        let time = self.dated(slice);
        if events(value).is_none() {
            let why = format!("{} is {value}", ask.metric);
            self.broken.entry(slice).or_insert(why);
            return;
        }
        self.number(ask, labels, time, slice, value);
    }

    /// One sample of a gauge.
    pub fn take_sample(
        &mut self,
        ask: &Ask,
        labels: &BTreeMap<String, String>,
        time: Timestamp,
        value: &str,
    ) {
        let slice = self.puller.slice_of(time);
        // A range of PromQL holds its first instant, too, which is another slice's.
        if self.slices.contains(&slice) {
            self.number(ask, labels, time, slice, value);
        }
    }

    /// First values of counters whose beginning nobody saw. An event is in each bucket from its own on, and in both metrics
    /// of a pair it may be: it is missing once.
    pub fn unborn(&mut self, ask: &Ask, labels: &BTreeMap<String, String>, value: &str) {
        let is_told = match ask.role {
            AskedRole::Buckets(_) => labels.get("le").is_some_and(|le| le == "+Inf"),
            AskedRole::Part | AskedRole::Share => false,
            AskedRole::Events | AskedRole::Total | AskedRole::Gauge(_) => true,
        };
        if is_told {
            self.unborn = self.unborn.saturating_add(events(value).unwrap_or(0));
        }
    }

    /// A slice cannot be counted, and why.
    pub fn broken(&mut self, slice: i64, why: impl Into<String>) {
        if self.slices.contains(&slice) {
            self.broken.entry(slice).or_insert(why.into());
        }
    }

    /// What the answers count. A slice without any answer was not heard.
    #[must_use]
    pub fn finish(mut self) -> Pulled {
        let range = position(self.slices.start)..position(self.slices.end);
        let source = self.puller.source.clone();
        let mut delivery = Delivery::new(source, ORIGIN, range);
        let unpaired = self.slots.finish(&self.puller.matcher, 1, &mut delivery);
        for (line, why) in unpaired {
            let slice = self.slices.start + i64::try_from(line).unwrap_or(0);
            self.broken.entry(slice).or_insert(why);
        }
        let broken: BTreeSet<Timestamp> =
            self.broken.keys().map(|slice| self.dated(*slice)).collect();
        // Half of a slice is no slice.
        (delivery.counted).retain(|row| !broken.contains(&row.slice));
        for slice in self.broken.keys() {
            self.heard.remove(slice);
        }
        for (slice, why) in &self.broken {
            delivery.unparsed.push(Unparsed {
                place: format!("pull {}", self.start(*slice)),
                why: why.clone(),
            });
        }
        let key = self.puller.matcher.streams[self.stream].key.clone();
        delivery.observed = Some(vec![self.interval(self.slices.clone())]);
        let heard = self
            .heard
            .iter()
            .map(|slice| self.interval(*slice..*slice + 1));
        delivery.observed_streams.insert(key.clone(), joined(heard));
        delivery.streams = Some(Arc::new(BTreeSet::from([key])));
        Pulled {
            delivery,
            unborn: self.unborn,
        }
    }

    fn number(
        &mut self,
        ask: &Ask,
        labels: &BTreeMap<String, String>,
        time: Timestamp,
        slice: i64,
        value: &str,
    ) {
        let line = u64::try_from(slice - self.slices.start).unwrap_or(0);
        let Some(hit) = self.puller.hit(ask, labels) else {
            return;
        };
        let number = Number {
            text: value,
            time,
            received: None,
            line,
        };
        match self.slots.take(&self.puller.matcher.streams, &hit, &number) {
            Ok(()) => {
                self.heard.insert(slice);
            }
            Err(why) => {
                self.broken.entry(slice).or_insert(why);
            }
        }
    }

    /// Where the counts of a slice stand: at its last moment, by when all of it has happened.
    ///
    /// Invariant: [`DATED`] of its end, which is a whole slice of a ledger.
    fn dated(&self, slice: i64) -> Timestamp {
        let dated = self
            .start(slice.saturating_add(1))
            .checked_sub(DATED.min(self.puller.slice));
        dated.unwrap_or_else(|_| self.start(slice))
    }

    fn start(&self, slice: i64) -> Timestamp {
        let length = i64::try_from(self.puller.slice.as_secs()).unwrap_or(60);
        Timestamp::from_second(slice.saturating_mul(length)).unwrap_or(Timestamp::MAX)
    }

    fn interval(&self, slices: Range<i64>) -> Interval {
        Interval {
            start: self.start(slices.start),
            end: self.start(slices.end),
        }
    }
}

impl Puller {
    /// What a series of an answer is. The query selected it; its labels say only whose it is.
    fn hit(&mut self, ask: &Ask, labels: &BTreeMap<String, String>) -> Option<Hit> {
        let role = |matcher: &Matcher, all: &Labels| {
            let stream = &matcher.streams[ask.index];
            Some(match ask.role {
                AskedRole::Events => Role::Events(crate::counting::series::class_of(stream, all)),
                AskedRole::Buckets(unit) => {
                    let class = crate::counting::series::class_of(stream, all);
                    let le = all.get("le").map_or("", String::as_str);
                    crate::counting::series::role_of(MetricKind::Histogram, unit, class, le)?
                }
                AskedRole::Gauge(unit) => Role::Gauge(unit.billionths()),
                AskedRole::Total => Role::Total,
                AskedRole::Part | AskedRole::Share => Role::Part,
            })
        };
        self.matcher.hit_of(ask.index, labels, role)
    }
}

/// Neighbours become one.
fn joined(intervals: impl Iterator<Item = Interval>) -> Vec<Interval> {
    let mut joined: Vec<Interval> = Vec::new();
    for interval in intervals {
        match joined.last_mut() {
            Some(last) if last.end == interval.start => last.end = interval.end,
            _ => joined.push(interval),
        }
    }
    joined
}

/// A slice before 1970 has no position.
fn position(slice: i64) -> u64 {
    u64::try_from(slice).unwrap_or(0)
}
