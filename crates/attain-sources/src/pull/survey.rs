//! Looks into a Prometheus-compatible API never seen before: which metric counts requests, which says how long they took,
//! and by which label segments could be told apart. Knows no catalogue; see proposal.rs.

use std::collections::{BTreeMap, BTreeSet};

use super::api::{Line, Trouble};
use super::http::HttpApi;
use crate::first::discover::Measured;
use crate::first::guess::{SegmentBy, segment_score, unit_by_name};
use crate::first::propose::SegmentAnswer;
use crate::text::number::{events, nanoseconds};
use attain_model::quantity::Unit;

/// Metrics of one shape that are looked into, the likeliest first.
const LOOKED_INTO: usize = 8;

/// A label with more values tells no segments apart.
const VALUES_AT_MOST: usize = 12;

/// What an API holds, as far as promises may rest on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survey {
    /// The counter of requests.
    pub requests: Option<Requests>,
    /// The histogram of how long they took.
    pub durations: Option<Durations>,
    /// Labels that may tell segments apart, the best first, with their values.
    pub segments: Vec<(String, Vec<String>)>,
    /// What the one service is called that all of it is of, if it is one.
    pub service: Option<String>,
    /// Further metrics of either shape, which were not chosen.
    pub others: Vec<String>,
    /// Counters of which no label says whether an event was good; a few.
    pub unclear: Vec<String>,
    /// Whether processes say when they began.
    pub births: Option<Births>,
}

impl Survey {
    /// The share of the requests of the last day that lack the best segment label, as text, if it is 1 % or more.
    #[must_use]
    pub fn untagged(&self) -> Option<String> {
        let requests = self.requests.as_ref().map(|requests| &requests.measured);
        let durations = self.durations.as_ref().map(|durations| &durations.measured);
        let measured = requests
            .or(durations)
            .filter(|_| !self.segments.is_empty())?;
        let all: u64 = measured.values().map(|measured| measured.events).sum();
        let without = measured.get("").map_or(0, |measured| measured.events);
        let percent = (without.saturating_mul(200) + all)
            .checked_div(all.saturating_mul(2))
            .unwrap_or(0);
        (percent > 0).then(|| format!("{percent}%"))
    }
}

/// A metric by which processes say when they began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Births {
    /// Its name.
    pub metric: String,
    /// Targets of the chosen metrics that have it.
    pub said: usize,
    /// All targets of the chosen metrics.
    pub targets: usize,
}

/// A counter with a label that says whether a request was good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requests {
    /// Its name.
    pub metric: String,
    /// The label.
    pub label: String,
    /// Values that mean bad, as a catalogue has them: `5xx`, `error`.
    pub bad: Vec<String>,
    /// Events of the last day by the value of the best segment label; empty text without one.
    pub measured: BTreeMap<String, Measured>,
}

/// A classic histogram of durations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durations {
    /// Its name, without `_bucket`.
    pub metric: String,
    /// Of its edges.
    pub unit: Unit,
    /// Its name says the unit; else the size of its edges does.
    pub says_unit: bool,
    /// The edges of its buckets as `le` has them, ascending, without `+Inf`.
    pub edges: Vec<String>,
    /// The edge under which 95 of 100 requests of the last day were; the last one if none is.
    pub edge: String,
    /// Requests of the last day by the value of the best segment label, those above the edge being bad.
    pub measured: BTreeMap<String, Measured>,
}

/// Looks. Asks for names, for the series of a few metrics, and for increases of the last day, measured by the label that
/// somebody chose to tell segments apart by: it stands first.
///
/// # Errors
/// It does not answer, or not understandably.
pub fn survey(api: &HttpApi, by: &SegmentAnswer) -> Result<Survey, Trouble> {
    let names = api.label_values("__name__", &[])?;
    let ends = |ends: &'static [&'static str]| {
        move |name: &str| ends.iter().any(|end| name.ends_with(end))
    };
    let counters = likeliest(&names, ends(&["_total", "_requests", "_rq_xx"]), Rank::Any);
    let buckets = likeliest(&names, ends(&["_bucket"]), Rank::Likely);
    let buckets: Vec<String> = (buckets.into_iter())
        .filter(|name| !is_size(name))
        .collect();
    let mut found = Survey::default();
    let mut labels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in &counters {
        let known = labels_of(api, name)?;
        match outcome(&known) {
            Some((label, bad)) if found.requests.is_none() => {
                found.requests = Some(Requests {
                    metric: name.clone(),
                    label,
                    bad,
                    measured: BTreeMap::new(),
                });
                labels = known;
            }
            Some(_) => found.others.push(name.clone()),
            None => {}
        }
    }
    // Many programs count their requests with how long they took, and nowhere else.
    if found.requests.is_none() {
        for name in &likeliest(&names, ends(&["_count"]), Rank::Likely) {
            let known = labels_of(api, name)?;
            if let Some((label, bad)) = outcome(&known) {
                found.requests = Some(Requests {
                    metric: name.clone(),
                    label,
                    bad,
                    measured: BTreeMap::new(),
                });
                labels = known;
                break;
            }
        }
    }
    if found.requests.is_none() {
        let counters = names.iter().filter(|name| {
            name.ends_with("_total") && !OWN.iter().any(|own| name.starts_with(own))
        });
        found.unclear = counters.take(LOOKED_INTO).cloned().collect();
    }
    for name in &buckets {
        let metric = name.trim_end_matches("_bucket").to_owned();
        if found.durations.is_some() {
            found.others.push(metric);
            continue;
        }
        let known = labels_of(api, name)?;
        let Some((unit, says_unit, edges)) = edges(&metric, &known) else {
            continue;
        };
        found.durations = Some(Durations {
            metric,
            unit,
            says_unit,
            edge: edges.last().cloned().unwrap_or_default(),
            edges,
            measured: BTreeMap::new(),
        });
        // One label for both: a promise about one request has one segment.
        match found.requests {
            Some(_) => labels.retain(|label, _| known.contains_key(label)),
            None => labels = known,
        }
    }
    found.segments = segments(&labels);
    match by {
        SegmentAnswer::Best => {}
        SegmentAnswer::Nothing => found.segments.clear(),
        SegmentAnswer::Field(chosen) => found.segments.sort_by_key(|(label, _)| label != chosen),
    }
    found.service = service(&labels);
    let by = found.segments.first().map(|(label, _)| label.clone());
    measure(api, &mut found, by.as_deref())?;
    if names.iter().any(|name| name == STARTED) {
        found.births = births(api, &found)?;
    }
    Ok(found)
}

/// What most client libraries call it.
const STARTED: &str = "process_start_time_seconds";

/// Who of those that count requests says when it began.
///
/// What an exporter counts is older than the exporter: its own beginning says nothing, and would make new what it only
/// found. By convention it has a `…exporter_build_info`.
fn births(api: &HttpApi, found: &Survey) -> Result<Option<Births>, Trouble> {
    let of = |selector: &str| -> Result<BTreeSet<(String, String)>, Trouble> {
        let lines = api.instant(&format!("count by (job, instance) ({selector})"), None)?;
        let label = |line: &Line, name: &str| line.labels.get(name).cloned().unwrap_or_default();
        let targets = lines.iter();
        Ok(targets
            .map(|line| (label(line, "job"), label(line, "instance")))
            .collect())
    };
    let requests = found.requests.as_ref();
    let requests = requests.map(|requests| requests.metric.clone());
    let durations = found.durations.as_ref();
    let durations = durations.map(|durations| format!("{}_bucket", durations.metric));
    let mut targets = BTreeSet::new();
    for metric in requests.into_iter().chain(durations) {
        targets.extend(of(&format!("{{__name__=\"{metric}\"}}"))?);
    }
    let exporters = of("{__name__=~\".+exporter_build_info\"}")?;
    if !targets.is_disjoint(&exporters) {
        return Ok(None);
    }
    let said = targets.intersection(&of(STARTED)?).count();
    Ok((said > 0).then(|| Births {
        metric: STARTED.to_owned(),
        said,
        targets: targets.len(),
    }))
}

/// How names begin of what a monitoring system counts of itself.
const OWN: [&str; 7] = [
    "prometheus_",
    "promhttp_",
    "go_",
    "process_",
    "net_conntrack_",
    "vm_",
    "scrape_",
];

/// Whether something is counted that is no time.
fn is_size(name: &str) -> bool {
    name.contains("bytes") || name.contains("size")
}

/// What must speak for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    /// It sounds like requests.
    Likely,
    /// Nothing: it comes after those.
    Any,
}

/// Names that look like requests, the likeliest first. What a monitoring system counts of itself comes last.
fn likeliest(names: &[String], is_of_shape: impl Fn(&str) -> bool, rank: Rank) -> Vec<String> {
    const WORDS: [(&str, i32); 9] = [
        ("http", 4),
        ("grpc", 4),
        ("rpc", 3),
        ("request", 4),
        ("handled", 3),
        ("call", 2),
        ("duration", 3),
        ("latency", 3),
        ("response", 1),
    ];
    let score = |name: &str| -> i32 {
        let words: i32 = (WORDS.iter())
            .filter(|(word, _)| name.contains(word))
            .map(|(_, worth)| worth)
            .sum();
        let is_own = OWN.iter().any(|own| name.starts_with(own));
        words - if is_own { 20 } else { 0 } - if is_size(name) { 10 } else { 0 }
    };
    let mut chosen: Vec<&String> = (names.iter())
        .filter(|name| is_of_shape(name) && score(name) > -18)
        .filter(|name| score(name) != 0 || rank == Rank::Any)
        .collect();
    chosen.sort_by_key(|name| (-score(name), name.len(), name.as_str()));
    chosen.into_iter().take(LOOKED_INTO).cloned().collect()
}

fn labels_of(api: &HttpApi, name: &str) -> Result<BTreeMap<String, BTreeSet<String>>, Trouble> {
    let mut labels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for series in api.series(&format!("{{__name__=\"{name}\"}}"))? {
        for (label, value) in series {
            labels.entry(label).or_default().insert(value);
        }
    }
    Ok(labels)
}

/// The one value of the label that names a service; of a job `namespace/name` the name.
fn service(labels: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    let naming = ["service_name", "service", "app", "job"].into_iter();
    let mut alone = naming.filter_map(|label| labels.get(label).filter(|values| values.len() == 1));
    let name = alone.next()?.first()?;
    let name = name.rsplit('/').next().unwrap_or(name);
    (!name.is_empty()).then(|| name.to_owned())
}

/// The label that says whether a request was good, and which of its values mean bad.
fn outcome(labels: &BTreeMap<String, BTreeSet<String>>) -> Option<(String, Vec<String>)> {
    const WORDS: [&str; 7] = [
        "error", "err", "failed", "failure", "fail", "false", "timeout",
    ];
    let is_status = |value: &String| {
        let is_class = matches!(value.as_bytes(), [b'1'..=b'5', b'x', b'x']);
        is_class || value.len() == 3 && value.parse::<u16>().is_ok_and(|code| code < 600)
    };
    let by_code = labels.iter().find(|(label, values)| {
        let says = label.contains("code") || label.contains("status");
        says && !values.is_empty() && values.iter().all(is_status)
    });
    if let Some((label, _)) = by_code {
        return Some((label.clone(), vec!["5xx".to_owned()]));
    }
    // Envoy: the first digit alone.
    let is_digit = |value: &String| matches!(value.as_bytes(), [b'1'..=b'5']);
    let by_class = labels.iter().find(|(label, values)| {
        label.ends_with("code_class") && !values.is_empty() && values.iter().all(is_digit)
    });
    if let Some((label, _)) = by_class {
        return Some((label.clone(), vec!["5".to_owned()]));
    }
    if let Some(found) = by_grpc(labels) {
        return Some(found);
    }
    const NAMES: [&str; 8] = [
        "grpc_code",
        "code",
        "status",
        "outcome",
        "result",
        "success",
        "error",
        "grpc_status",
    ];
    NAMES.iter().find_map(|name| {
        let values = labels.get(*name)?;
        let bad: Vec<String> = (WORDS.iter())
            .filter(|word| values.contains(**word))
            .map(|word| (*word).to_owned())
            .collect();
        (!bad.is_empty()).then(|| ((*name).to_owned(), bad))
    })
}

/// gRPC's codes: bad are all that are the server's fault by OpenTelemetry's conventions, seen so far or not.
fn by_grpc(labels: &BTreeMap<String, BTreeSet<String>>) -> Option<(String, Vec<String>)> {
    /// As Go, as OpenTelemetry and as numbers spell them.
    const FINE: [[&str; 3]; 11] = [
        ["OK", "OK", "0"],
        ["Canceled", "CANCELLED", "1"],
        ["InvalidArgument", "INVALID_ARGUMENT", "3"],
        ["NotFound", "NOT_FOUND", "5"],
        ["AlreadyExists", "ALREADY_EXISTS", "6"],
        ["PermissionDenied", "PERMISSION_DENIED", "7"],
        ["ResourceExhausted", "RESOURCE_EXHAUSTED", "8"],
        ["FailedPrecondition", "FAILED_PRECONDITION", "9"],
        ["Aborted", "ABORTED", "10"],
        ["OutOfRange", "OUT_OF_RANGE", "11"],
        ["Unauthenticated", "UNAUTHENTICATED", "16"],
    ];
    const BAD: [[&str; 3]; 6] = [
        ["Unknown", "UNKNOWN", "2"],
        ["DeadlineExceeded", "DEADLINE_EXCEEDED", "4"],
        ["Unimplemented", "UNIMPLEMENTED", "12"],
        ["Internal", "INTERNAL", "13"],
        ["Unavailable", "UNAVAILABLE", "14"],
        ["DataLoss", "DATA_LOSS", "15"],
    ];
    const NAMES: [&str; 5] = [
        "grpc_code",
        "grpc_status",
        "rpc_grpc_status_code",
        "code",
        "status",
    ];
    NAMES.iter().find_map(|name| {
        let values = labels.get(*name).filter(|values| !values.is_empty())?;
        let is_spelled = |spelling: &usize| {
            let is_code = |value: &String| {
                let mut known = FINE.iter().chain(&BAD);
                known.any(|code| code[*spelling] == value)
            };
            // Any number may be a number of another kind.
            (*spelling < 2 || name.contains("grpc")) && values.iter().all(is_code)
        };
        let spelling = (0..3).find(is_spelled)?;
        let bad = BAD.iter().map(|code| code[spelling].to_owned());
        Some(((*name).to_owned(), bad.collect()))
    })
}

/// The edges of a histogram of durations, ascending, their unit, and whether its name says that. `None`: it is none.
fn edges(
    metric: &str,
    labels: &BTreeMap<String, BTreeSet<String>>,
) -> Option<(Unit, bool, Vec<String>)> {
    let mut edges: Vec<(u64, &String)> = (labels.get("le")?.iter())
        .filter_map(|le| Some((nanoseconds(le, Unit::Seconds.billionths())?, le)))
        .collect();
    edges.sort_unstable();
    let (largest, _) = edges.last()?;
    let by_name = unit_by_name(metric);
    let unit = by_name.unwrap_or(match largest / 1_000_000_000 {
        // Hardly anything is waited for longer than ten minutes.
        0..=600 => Unit::Seconds,
        601..10_000_000 => Unit::Milliseconds,
        10_000_000..10_000_000_000 => Unit::Microseconds,
        _ => Unit::Nanoseconds,
    });
    let edges = edges.into_iter().map(|(_, le)| le.clone());
    Some((unit, by_name.is_some(), edges.collect()))
}

/// Labels whose names sound like segments and that have a few values.
fn segments(labels: &BTreeMap<String, BTreeSet<String>>) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(u8, &String, &BTreeSet<String>)> = (labels.iter())
        .filter_map(|(label, values)| match segment_score(label) {
            Some((SegmentBy::Value, score)) => Some((score, label, values)),
            _ => None,
        })
        .filter(|(_, _, values)| (2..=VALUES_AT_MOST).contains(&values.len()))
        .collect();
    found.sort_by_key(|(score, label, _)| (255 - score, *label));
    let named = |values: &BTreeSet<String>| {
        let values = values.iter().filter(|value| !value.is_empty());
        values.cloned().collect()
    };
    let found = found.into_iter();
    found
        .map(|(_, label, values)| (label.clone(), named(values)))
        .collect()
}

/// What the last day gave. A metric without a day behind it has measured nothing, which the proposal says.
fn measure(api: &HttpApi, found: &mut Survey, by: Option<&str>) -> Result<(), Trouble> {
    let by_text = by.map_or(String::new(), |label| format!("{label}, "));
    let increase = |metric: &str, by: &str| {
        api.instant(
            &format!("round(sum by ({by}) (increase({{__name__=\"{metric}\"}}[1d])))"),
            None,
        )
    };
    let of = |line: &Line| {
        let segment = by.and_then(|label| line.labels.get(label));
        segment.cloned().unwrap_or_default()
    };
    let count = |line: &Line| {
        line.points
            .last()
            .and_then(|(_, value)| events(value))
            .unwrap_or(0)
    };
    if let Some(requests) = &mut found.requests {
        let lines = increase(&requests.metric, &format!("{by_text}{}", requests.label))?;
        for line in &lines {
            let value = line.labels.get(&requests.label).map_or("", String::as_str);
            let is_bad = (requests.bad.iter())
                .any(|bad| bad == value || (bad == "5xx" && value.starts_with('5')));
            let measured = requests.measured.entry(of(line)).or_default();
            measured.events += count(line);
            measured.bad += if is_bad { count(line) } else { 0 };
        }
    }
    let Some(durations) = &mut found.durations else {
        return Ok(());
    };
    let lines = increase(
        &format!("{}_bucket", durations.metric),
        &format!("{by_text}le"),
    )?;
    let mut under: BTreeMap<&str, u64> = BTreeMap::new();
    for line in &lines {
        let le = line.labels.get("le").map_or("", String::as_str);
        *under.entry(le).or_default() += count(line);
    }
    let all = under.get("+Inf").copied().unwrap_or(0);
    let holds = |edge: &&String| {
        let inside = under.get(edge.as_str()).copied().unwrap_or(0);
        all > 0 && u128::from(inside) * 100 >= u128::from(all) * 95
    };
    if let Some(edge) = durations.edges.iter().find(holds) {
        durations.edge = edge.clone();
    }
    for line in &lines {
        let le = line.labels.get("le").map_or("", String::as_str);
        let measured = durations.measured.entry(of(line)).or_default();
        if le == "+Inf" {
            measured.events += count(line);
            measured.bad += count(line);
        }
    }
    for line in lines
        .iter()
        .filter(|line| line.labels.get("le") == Some(&durations.edge))
    {
        let measured = durations.measured.entry(of(line)).or_default();
        measured.bad = measured.bad.saturating_sub(count(line));
    }
    Ok(())
}
