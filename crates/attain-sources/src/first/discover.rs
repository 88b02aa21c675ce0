//! Looks into a file never seen before: what it holds, and what was measured in it. Knows no catalogue; see propose.rs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use attain_model::Interval;
use jiff::Timestamp;

use crate::error::Error;
use crate::first::guess::{LatencyField, Sample, SegmentField, StatusField, segment_of};
use crate::first::probe::Probes;
use crate::first::sniff::{FileForm, Record, each_record, form_of, not_understood};
use crate::text::number::nanoseconds;
use crate::text::time::parse_time;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// The file.
    pub path: PathBuf,
    /// How it is written.
    pub form: FileForm,
    /// The field with the time; `None` where the format says.
    pub time: Option<String>,
    /// The field that says whether an event was good.
    pub status: Option<StatusField>,
    /// The field that says how long it took.
    pub latency: Option<LatencyField>,
    /// Ways to tell segments apart, the best first; may be empty.
    pub segments: Vec<SegmentField>,
    /// Events by the beginning of their path, most frequent first, at most ten; empty without a path.
    pub groups: Vec<(String, Measured)>,
    /// A health check that came all the time, and within which time one always did; only in logs.
    pub heartbeat: Option<(String, Duration)>,
    /// How many health checks of the heartbeat there were; they are in no number of events.
    pub health_checks: u64,
    /// From the first event to the last.
    pub span: Interval,
    /// Lines that could not be read.
    pub unread: u64,
    /// The file goes on after what was looked at.
    pub partly: bool,
    /// All events but the heartbeat's health checks, here and below.
    pub all: Measured,
    /// Events by segment of each entry of [`Discovery::segments`], in the same order. What no segment claims is not here.
    pub by_segment: Vec<BTreeMap<String, Measured>>,
}

/// What was measured of some events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    /// How many.
    pub events: u64,
    /// How many of them were bad.
    pub bad: u64,
    /// How long they took, in nanoseconds, ascending; those without a latency are not here.
    pub latencies: Vec<u64>,
}

impl Measured {
    /// The share of bad events, 0 to 1; 0 without events.
    #[must_use]
    pub fn error_share(&self) -> f64 {
        if self.events == 0 {
            0.0
        } else {
            self.bad as f64 / self.events as f64
        }
    }

    /// The latency that this many of a thousand events (those without one are slowest) stay at or under, in
    /// nanoseconds; `None` if too few are timed.
    #[must_use]
    pub fn quantile(&self, per_thousand: u64) -> Option<u64> {
        let rank = (self.events.checked_mul(per_thousand)?)
            .div_ceil(1000)
            .max(1);
        self.latencies.get(usize::try_from(rank - 1).ok()?).copied()
    }
}

impl Discovery {
    /// Events per minute over the whole span, which counts as one minute at least.
    #[must_use]
    pub fn events_per_minute(&self) -> f64 {
        self.all.events as f64 / (self.span.seconds().max(60) as f64 / 60.0)
    }
}

/// How many records are looked at to find out what fields mean, and how many are measured.
const SAMPLED_RECORDS: u64 = 5_000;
const MEASURED_RECORDS: u64 = 500_000;

/// What the path of a request is called.
const PATH_NAMES: &[&str] = &[
    "path",
    "uri",
    "request_uri",
    "url",
    "route",
    "http.route",
    "http_route",
    "request.uri",
    "request.path",
    "url.path",
    "http.target",
    "RequestPath",
];

/// Looks into an access log, JSON lines or CSV, plain or compressed, or Parquet. At most half a million records are measured.
///
/// # Errors
/// The file does not open, is written in no known way, or says neither when nor how events went.
pub fn discover(path: &Path) -> Result<Discovery, Error> {
    if path == Path::new("-") {
        return Err(not_understood(
            path,
            "standard input cannot be read twice; save it to a file first",
        ));
    }
    let form = form_of(path)?;
    let mut records: Vec<Record> = Vec::new();
    each_record(path, &form, SAMPLED_RECORDS, &mut |record| {
        records.push(record)
    })?;
    let sample = Sample::new(&records);
    let time = sample.time().ok_or_else(|| {
        let why = match &form {
            FileForm::Csv { header, .. } if has_twice(header) => {
                "several columns have the same name, so it may be a table with a series per column; \
                 write a source with `layout: wide` and `header_rows`"
            }
            _ => "no field holds a time; attain needs to know when each event was",
        };
        not_understood(path, why)
    })?;
    let (status, latency) = (sample.status(), sample.latency());
    if status.is_none() && latency.is_none() {
        let why = "no field says whether an event was good (a status like 503, ok/error, true/false), \
                   nor how long it took; log one of them";
        return Err(not_understood(path, why));
    }
    let segments = sample.segments();
    drop(records);
    let is_log = !matches!(form, FileForm::Csv { .. } | FileForm::Parquet { .. });
    let mut measuring = Measuring::new(&time, status.as_ref(), latency.as_ref(), &segments);
    let (unread, partly) = each_record(path, &form, MEASURED_RECORDS, &mut |record| {
        measuring.take(&record);
    })?;
    let measured = measuring.finish(is_log);
    Ok(Discovery {
        path: path.to_owned(),
        time: (!matches!(form, FileForm::Combined { .. })).then_some(time),
        heartbeat: measured.heartbeat,
        health_checks: measured.health_checks,
        form,
        status,
        latency,
        groups: most_frequent(measured.sums.groups),
        span: measured.span,
        unread: unread + measured.without_time,
        partly,
        all: measured.sums.all,
        by_segment: measured.sums.by_segment,
        segments,
    })
}

fn has_twice(names: &[String]) -> bool {
    let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
    distinct.len() < names.len()
}

/// Adds events up.
struct Measuring<'a> {
    time: &'a str,
    status: Option<&'a StatusField>,
    latency: Option<&'a LatencyField>,
    segments: &'a [SegmentField],
    first: Timestamp,
    last: Timestamp,
    without_time: u64,
    sums: Sums,
    /// Health checks by path, until it is known which of them is the heartbeat.
    checks: BTreeMap<String, Sums>,
    probes: Probes,
}

/// What some events add up to.
#[derive(Debug, Default)]
struct Sums {
    all: Measured,
    by_segment: Vec<BTreeMap<String, Measured>>,
    groups: BTreeMap<String, Measured>,
}

struct Outcome {
    sums: Sums,
    heartbeat: Option<(String, Duration)>,
    health_checks: u64,
    span: Interval,
    without_time: u64,
}

impl<'a> Measuring<'a> {
    fn new(
        time: &'a str,
        status: Option<&'a StatusField>,
        latency: Option<&'a LatencyField>,
        segments: &'a [SegmentField],
    ) -> Self {
        Self {
            time,
            status,
            latency,
            segments,
            first: Timestamp::MAX,
            last: Timestamp::MIN,
            without_time: 0,
            sums: Sums::default(),
            checks: BTreeMap::new(),
            probes: Probes::default(),
        }
    }

    fn take(&mut self, record: &Record) {
        let get = |name: &str| {
            let found = record.iter().find(|(field, _)| field == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        let Some(time) = parse_time(get(self.time)) else {
            self.without_time += 1;
            return;
        };
        (self.first, self.last) = (self.first.min(time), self.last.max(time));
        let bad = self
            .status
            .is_some_and(|status| status.is_bad(get(&status.field)));
        let latency = self
            .latency
            .and_then(|latency| nanoseconds(get(&latency.field), latency.unit.billionths()));
        let path = PATH_NAMES
            .iter()
            .copied()
            .map(get)
            .find(|path| path.starts_with('/'));
        let check = path.and_then(|path| self.probes.take(path, time));
        let sums = match check {
            Some(check) => self.checks.entry(check.to_owned()).or_default(),
            None => &mut self.sums,
        };
        let add = |measured: &mut Measured| {
            measured.events += 1;
            measured.bad += u64::from(bad);
            measured.latencies.extend(latency);
        };
        add(&mut sums.all);
        sums.by_segment
            .resize_with(self.segments.len(), BTreeMap::new);
        for (segment, sums) in self.segments.iter().zip(&mut sums.by_segment) {
            let value = segment_of(&segment.by, get(&segment.field));
            if let Some(value) = value.filter(|value| segment.values.iter().any(|v| v == value)) {
                add(sums.entry(value.to_owned()).or_default());
            }
        }
        if let Some(path) = path {
            const GROUPS_AT_MOST: usize = 1000;
            let group = path_group(path);
            if sums.groups.len() < GROUPS_AT_MOST || sums.groups.contains_key(&group) {
                add(sums.groups.entry(group).or_default());
            }
        }
    }

    /// In a log, the health checks that are its heartbeat count nowhere; others are requests.
    fn finish(mut self, is_log: bool) -> Outcome {
        let epoch = Timestamp::UNIX_EPOCH;
        let (mut start, mut end) = (epoch, epoch);
        if self.first <= self.last {
            (start, end) = (self.first, self.last);
        }
        let span = Interval { start, end };
        let heartbeat = self.probes.heartbeat(span).filter(|_| is_log);
        let health_checks = heartbeat
            .as_ref()
            .and_then(|(path, _)| self.checks.remove(path));
        for (_, checks) in std::mem::take(&mut self.checks) {
            self.sums.merge(checks);
        }
        self.sums
            .by_segment
            .resize_with(self.segments.len(), BTreeMap::new);
        self.sums.sort();
        Outcome {
            sums: self.sums,
            heartbeat,
            health_checks: health_checks.map_or(0, |checks| checks.all.events),
            span,
            without_time: self.without_time,
        }
    }
}

impl Sums {
    fn merge(&mut self, other: Sums) {
        self.all.merge(other.all);
        let length = self.by_segment.len().max(other.by_segment.len());
        self.by_segment.resize_with(length, BTreeMap::new);
        for (own, more) in self.by_segment.iter_mut().zip(other.by_segment) {
            for (segment, measured) in more {
                own.entry(segment).or_default().merge(measured);
            }
        }
        for (group, measured) in other.groups {
            self.groups.entry(group).or_default().merge(measured);
        }
    }

    fn sort(&mut self) {
        let by_segment = self.by_segment.iter_mut().flat_map(BTreeMap::values_mut);
        let everything = std::iter::once(&mut self.all).chain(by_segment);
        for measured in everything.chain(self.groups.values_mut()) {
            measured.latencies.sort_unstable();
        }
    }
}

impl Measured {
    fn merge(&mut self, other: Measured) {
        self.events += other.events;
        self.bad += other.bad;
        self.latencies.extend(other.latencies);
    }
}

fn most_frequent(groups: BTreeMap<String, Measured>) -> Vec<(String, Measured)> {
    const KEPT_GROUPS: usize = 10;
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by(|a, b| b.1.events.cmp(&a.1.events).then(a.0.cmp(&b.0)));
    groups.truncate(KEPT_GROUPS);
    groups
}

/// The beginning of a path that names a part of a site: its first name, or two after `/api` and `/v1`.
fn path_group(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or("");
    let mut group = String::new();
    for name in path.split('/').skip(1) {
        group.push('/');
        group.push_str(name);
        let version = name
            .strip_prefix('v')
            .is_some_and(|n| n.parse::<u32>().is_ok());
        if name != "api" && !version {
            break;
        }
    }
    if group.is_empty() {
        "/".to_owned()
    } else {
        group
    }
}
