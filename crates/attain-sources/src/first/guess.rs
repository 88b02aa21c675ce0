//! What the fields of a file mean, guessed from their names and values. Knows no format.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::quantity::Unit;

use crate::first::sniff::Record;
use crate::text::number::nanoseconds;
use crate::text::time::parse_time;

/// The field that says whether an event was good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusField {
    /// Its name.
    pub field: String,
    /// What its values are.
    pub kind: StatusKind,
}

/// What the values of a status field are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusKind {
    /// HTTP status codes; 5xx is bad.
    Http,
    /// Words; these are bad.
    Words(Vec<String>),
}

impl StatusField {
    /// Whether an event with this value was bad.
    #[must_use]
    pub fn is_bad(&self, value: &str) -> bool {
        match &self.kind {
            StatusKind::Http => value.len() == 3 && value.starts_with('5'),
            StatusKind::Words(bad) => bad.iter().any(|word| word == value),
        }
    }
}

/// The field that says how long an event took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatencyField {
    /// Its name.
    pub field: String,
    /// Its unit.
    pub unit: Unit,
    /// Why this unit, in a few words.
    pub why: &'static str,
}

/// A way to tell customer segments apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentField {
    /// The field that is looked at.
    pub field: String,
    /// How.
    pub by: SegmentBy,
    /// Segment names as found, most frequent first.
    pub values: Vec<String>,
    /// How good a guess it is: 100 is named like one, under 50 is a last resort.
    pub score: u8,
}

/// How a field tells segments apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SegmentBy {
    /// Its value is the segment.
    Value,
    /// Its value begins with the segment and `-` or `_`, like an API key does: `ent_7c1f` is `ent`, `pk_free_7c1f` is
    /// `pk_free`.
    KeyPrefix,
    /// Its value is a user agent.
    UserAgent,
}

/// A family of user agents: its name, and a part of the agent's name in lower case.
pub(crate) const AGENT_FAMILIES: &[(&str, &[&str])] = &[
    (
        "monitors",
        &[
            "pingdom",
            "uptime",
            "kube-probe",
            "healthcheck",
            "nagios",
            "statuscake",
        ],
    ),
    (
        "crawlers",
        &["bot", "crawl", "spider", "slurp", "archiver", "scrap"],
    ),
    (
        "feed-readers",
        &["rss", "feed", "netvibes", "newsblur", "liferea"],
    ),
    (
        "programs",
        &[
            "curl", "wget", "python", "java/", "go-http", "okhttp", "libwww", "sdk",
        ],
    ),
    ("people", &["mozilla", "opera", "safari"]),
];

/// The family of a user agent; the first that fits.
pub(crate) fn agent_family(agent: &str) -> Option<&'static str> {
    let agent = agent.to_ascii_lowercase();
    let fits = |parts: &[&str]| parts.iter().any(|part| agent.contains(part));
    AGENT_FAMILIES
        .iter()
        .find(|(_, parts)| fits(parts))
        .map(|(name, _)| *name)
}

/// What a value of a segment field means; `None` says nothing.
pub(crate) fn segment_of<'v>(by: &SegmentBy, value: &'v str) -> Option<&'v str> {
    let said = !value.is_empty() && !value.eq_ignore_ascii_case("unknown") && value != "null";
    match by {
        SegmentBy::Value => said.then_some(value),
        SegmentBy::KeyPrefix => key_prefix(value),
        SegmentBy::UserAgent => agent_family(value),
    }
}

/// The words of letters that a key begins with; its last part is the key itself.
fn key_prefix(key: &str) -> Option<&str> {
    let last = key.rfind(['-', '_'])?;
    let mut end = 0;
    for word in key[..last].split(['-', '_']) {
        if word.is_empty() || !word.bytes().all(|b| b.is_ascii_alphabetic()) {
            break;
        }
        end += word.len() + usize::from(end > 0);
    }
    (end > 0 && last + 1 < key.len()).then(|| &key[..end])
}

/// Values of fields over a sample of records.
pub(crate) struct Sample {
    records: usize,
    columns: BTreeMap<String, Vec<String>>,
}

impl Sample {
    pub(crate) fn new(records: &[Record]) -> Self {
        let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in records.iter().flatten() {
            columns.entry(name.clone()).or_default().push(value.clone());
        }
        Self {
            records: records.len(),
            columns,
        }
    }

    /// Whether at least three in four records have the field, with such a value.
    fn mostly(&self, name: &str, fits: impl Fn(&str) -> bool) -> bool {
        let fitting = self
            .columns
            .get(name)
            .map_or(0, |c| c.iter().filter(|v| fits(v)).count());
        fitting > 0 && fitting * 4 >= self.records * 3
    }

    fn distinct(&self, name: &str) -> BTreeSet<&str> {
        let values = self.columns.get(name).map_or(&[][..], Vec::as_slice);
        values
            .iter()
            .map(String::as_str)
            .filter(|v| !v.is_empty())
            .collect()
    }

    /// Fields by how well their name fits, the best first.
    fn ranked(&self, score: impl Fn(&str) -> Option<u8>) -> Vec<&str> {
        let mut fields: Vec<(u8, &str)> = self
            .columns
            .keys()
            .filter_map(|name| Some((score(&last_part(name))?, name.as_str())))
            .collect();
        fields.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        fields.into_iter().map(|(_, name)| name).collect()
    }

    /// The time.
    pub(crate) fn time(&self) -> Option<String> {
        let is_time = |text: &str| {
            parse_time(text)
                .is_some_and(|time| (788_918_400..4_102_444_800).contains(&time.as_second()))
        };
        let by_name = self.ranked(|name| match name {
            "time" | "timestamp" | "@timestamp" | "ts" | "time_iso8601" | "time_local" => Some(3),
            "datetime" | "date" | "at" | "msec" | "startutc" | "starttime" | "event_time" => {
                Some(2)
            }
            name if name.contains("time") || name.ends_with("_at") || name.contains("date") => {
                Some(1)
            }
            _ => None,
        });
        let other = self.columns.keys().map(String::as_str);
        let found = by_name
            .into_iter()
            .find(|name| self.mostly(name, is_time))
            // Without a telling name only a written date is believed, not any large number.
            .or_else(|| {
                other
                    .into_iter()
                    .find(|name| self.mostly(name, |v| v.contains('-') && is_time(v)))
            });
        found.map(str::to_owned)
    }

    /// Whether an event was good.
    pub(crate) fn status(&self) -> Option<StatusField> {
        let codes = self.ranked(|name| match name {
            "status" | "status_code" | "http_status" | "statuscode" | "downstreamstatus" => Some(3),
            "code" | "response_code" | "responsecode" => Some(2),
            name if name.contains("status") => Some(1),
            _ => None,
        });
        let is_code = |text: &str| text.len() == 3 && matches!(text.parse(), Ok(100..=599_u16));
        if let Some(field) = codes.into_iter().find(|name| self.mostly(name, is_code)) {
            return Some(StatusField {
                field: field.to_owned(),
                kind: StatusKind::Http,
            });
        }
        let words = self.ranked(|name| match name {
            "ok" | "success" | "succeeded" | "successful" => Some(4),
            "outcome" | "result" | "grpc_code" | "grpc_status" => Some(3),
            "error" | "failed" | "is_error" => Some(2),
            "status" | "state" | "code" => Some(1),
            _ => None,
        });
        words.into_iter().find_map(|field| {
            let values = self.distinct(field);
            let bad = bad_words(&last_part(field), &values)?;
            Some(StatusField {
                field: field.to_owned(),
                kind: StatusKind::Words(bad),
            })
        })
    }

    /// How long an event took.
    pub(crate) fn latency(&self) -> Option<LatencyField> {
        let named = self.ranked(|name| {
            let stem = name.trim_start_matches("http_");
            match stem {
                "request_time" | "duration" | "latency" => Some(5),
                _ if stem.starts_with("duration") || stem.starts_with("latency") => Some(4),
                _ if stem.starts_with("elapsed")
                    || stem.starts_with("took")
                    || stem.starts_with("response_time") =>
                {
                    Some(3)
                }
                "ms" | "rt" | "time_taken" | "responsetime" | "processing_time" => Some(3),
                _ if stem.ends_with("_ms") || stem.ends_with("_seconds") => Some(2),
                "upstream_response_time" => Some(1),
                _ => None,
            }
        });
        named.into_iter().find_map(|field| {
            let values = self.columns.get(field)?;
            let read = |text: &&String| nanoseconds(text, 1_000_000_000).is_some();
            let numbers: Vec<&String> = values.iter().filter(read).collect();
            if numbers.len() * 2 < self.records {
                return None;
            }
            let (unit, why) = unit_of(&last_part(field), &numbers);
            Some(LatencyField {
                field: field.to_owned(),
                unit,
                why,
            })
        })
    }

    /// Ways to tell segments apart, the best first.
    pub(crate) fn segments(&self) -> Vec<SegmentField> {
        let mut found: Vec<SegmentField> = Vec::new();
        for field in self.columns.keys() {
            if let Some((by, score)) = segment_score(&last_part(field)) {
                found.extend(self.segment_field(field, by, score));
            }
        }
        if found.is_empty() {
            let agents = self.ranked(|name| {
                matches!(
                    name,
                    "user_agent" | "http_user_agent" | "useragent" | "user-agent"
                )
                .then_some(1)
            });
            let agent = agents
                .first()
                .and_then(|field| self.segment_field(field, SegmentBy::UserAgent, 20));
            found.extend(agent);
        }
        found.sort_by(|a, b| b.score.cmp(&a.score).then(a.field.cmp(&b.field)));
        found
    }

    fn segment_field(&self, field: &str, by: SegmentBy, score: u8) -> Option<SegmentField> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for value in self.columns.get(field)? {
            if let Some(segment) = segment_of(&by, value) {
                *counts.entry(segment).or_default() += 1;
            }
        }
        if !(2..=12).contains(&counts.len()) {
            return None;
        }
        let mut values: Vec<(&str, usize)> = counts.into_iter().collect();
        values.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        Some(SegmentField {
            field: field.to_owned(),
            by,
            values: values
                .into_iter()
                .map(|(value, _)| value.to_owned())
                .collect(),
            score,
        })
    }
}

/// `http.response.status_code` is named for its last part, `sc_request_time` for all of it; upper case does not matter.
fn last_part(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase()
}

pub(crate) fn segment_score(name: &str) -> Option<(SegmentBy, u8)> {
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if says(&["segment"]) {
        return Some((SegmentBy::Value, 100));
    }
    if says(&["plan", "tier", "subscription", "edition"]) {
        return Some((SegmentBy::Value, 90));
    }
    if says(&["api_key", "apikey", "api-key"]) {
        return Some((SegmentBy::KeyPrefix, 60));
    }
    let account = [
        "account_type",
        "customer_type",
        "customer_class",
        "tenant_type",
        "package",
        "sku",
    ];
    if says(&account) {
        return Some((SegmentBy::Value, 80));
    }
    // Few customers may be segments of one each.
    says(&["customer", "tenant"]).then_some((SegmentBy::Value, 50))
}

/// The values that mean bad; `None` if the field does not look like an outcome.
fn bad_words(name: &str, values: &BTreeSet<&str>) -> Option<Vec<String>> {
    const BAD: &[&str] = &[
        "false",
        "error",
        "err",
        "fail",
        "failed",
        "failure",
        "ko",
        "timeout",
        "unavailable",
        "internal",
        "deadline_exceeded",
        "unknown",
        "data_loss",
        "5xx",
        "crash",
        "crashed",
    ];
    const GOOD: &[&str] = &[
        "true",
        "ok",
        "success",
        "succeeded",
        "successful",
        "passed",
        "pass",
        "good",
        "completed",
        "cancelled",
        "canceled",
        "not_found",
        "invalid_argument",
        "permission_denied",
        "unauthenticated",
        "already_exists",
        "rejected",
        "declined",
        "2xx",
        "3xx",
        "4xx",
    ];
    let is = |words: &[&str], value: &str| words.contains(&value.to_ascii_lowercase().as_str());
    if values.is_empty() || values.len() > 20 {
        return None;
    }
    if matches!(name, "error" | "failed" | "is_error") {
        let flag = |value: &&str| matches!(value.to_ascii_lowercase().as_str(), "true" | "false");
        return values.iter().all(flag).then(|| vec!["true".to_owned()]);
    }
    let flags = matches!(name, "ok" | "success" | "succeeded" | "successful")
        && values.iter().all(|value| matches!(*value, "0" | "1"));
    if flags {
        return Some(vec!["0".to_owned()]);
    }
    if !values.iter().all(|value| is(BAD, value) || is(GOOD, value)) {
        return None;
    }
    let seen: Vec<String> = values
        .iter()
        .filter(|v| is(BAD, v))
        .map(|v| (*v).to_owned())
        .collect();
    if !seen.is_empty() {
        return Some(seen);
    }
    // Nothing failed yet; the word that will say so follows from the one that says it did not.
    let boolean = values
        .iter()
        .any(|value| value.eq_ignore_ascii_case("true"));
    Some(vec![if boolean { "false" } else { "error" }.to_owned()])
}

/// The unit of a duration that its name ends with.
pub(crate) fn unit_by_name(name: &str) -> Option<Unit> {
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    if name == "ms" || ends(&["_ms", "_millis", "_milliseconds", "millis"]) {
        Some(Unit::Milliseconds)
    } else if ends(&["_us", "_micros", "_microseconds", "micros"]) {
        Some(Unit::Microseconds)
    } else if ends(&["_ns", "_nanos", "_nanoseconds", "nanos"]) {
        Some(Unit::Nanoseconds)
    } else if ends(&["_s", "_sec", "_secs", "_seconds"]) {
        Some(Unit::Seconds)
    } else {
        None
    }
}

fn unit_of(name: &str, values: &[&String]) -> (Unit, &'static str) {
    if let Some(unit) = unit_by_name(name) {
        return (unit, "its name says so");
    }
    if name.ends_with("request_time") || name.ends_with("upstream_response_time") {
        let decimal = values.iter().any(|value| value.contains('.'));
        if decimal {
            return (Unit::Seconds, "nginx writes seconds");
        }
    }
    let mut sizes: Vec<u64> = values
        .iter()
        .filter_map(|value| nanoseconds(value, 1_000_000_000))
        .collect();
    sizes.sort_unstable();
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or(0) / 1_000_000_000;
    let unit = match median {
        0 => Unit::Seconds,
        1..=9_999 => Unit::Milliseconds,
        10_000..=9_999_999 => Unit::Microseconds,
        _ => Unit::Nanoseconds,
    };
    (unit, "guessed from its size; check it")
}
