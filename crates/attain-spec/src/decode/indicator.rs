//! Indicators: what is counted, resolved: `use:` merged, shape and unit told from names where they can be.
//!
//! Knows the conventions of metric names. Knows no SLO; slo.rs says where an indicator's counts come from.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_model::indicator::{Counting, Indicator, MetricKind, Part, Selection};
use attain_model::quantity::Unit;
use attain_model::selector::{Match, Matches, Outcome, Selector};
use attain_model::{IndicatorId, SourceId};

use super::object::Obj;
use super::read::{At, warn_key};
use crate::length;
use crate::matching;
use crate::promql::ranges;
use crate::scalar::Bad;
use crate::schema::{PROMQL, RATIO, SELECTION};

/// Shared indicators that could be read, by id.
pub(crate) type Shared = BTreeMap<IndicatorId, Indicator>;

const MINUTE: Duration = Duration::from_secs(60);

/// Reads an indicator. `id` is its name if it is a shared one; only an SLO's own may `use` another.
pub(crate) fn indicator(id: Option<&str>, obj: &Obj<'_, '_>, shared: &Shared) -> Option<Indicator> {
    if let Some(at) = obj.get("use") {
        if id.is_some() {
            at.error_at_key(
                "use-in-shared",
                "a shared indicator cannot use another",
                "write the `where` of both here, or use both names in the SLOs",
            );
            return None;
        }
        return narrowed(&at, obj, shared);
    }
    const WAYS: [&str; 4] = ["metric", "total", "log", "promql"];
    let given: Vec<&str> = WAYS.into_iter().filter(|way| obj.has(way)).collect();
    if let [first, second, ..] = given[..] {
        obj.exclusive(first, second);
        return None;
    }
    if obj.has("good") && obj.has("bad") {
        good_and_bad(obj);
    }
    let sources = sources(obj);
    let slice = obj.parse("slice", length::positive_duration);
    let buckets = buckets(obj);
    let mut slice = slice.unwrap_or(MINUTE);
    let counting = match given.first() {
        Some(&"metric") => metric(obj)?,
        Some(&"total") => totals(obj)?,
        Some(&"log") => log(obj)?,
        Some(_) => {
            let promql = obj.object("promql", &PROMQL)?;
            let own = promql.parse("slice", length::positive_duration);
            let counting = promql_counts(obj, &promql, own)?;
            slice = own?;
            counting
        }
        None => {
            let cx = obj.cx();
            if let (Some(log), false) = (&cx.log, cx.damaged || obj.has_misspelt(&WAYS)) {
                obj.at.error_at_key(
                    "key-missing",
                    "an indicator says what is counted: `metric`, `total`, `log` or `promql`",
                    format!("add `log: {log}`, and `bad: {{status: 5xx}}` or what else is bad"),
                );
                return None;
            }
            obj.missing(
                "metric",
                "`metric`, `total`, `log` or `promql` says what is counted",
            );
            return None;
        }
    };
    let sources = match &counting {
        Counting::Log { .. } => vec![SourceId::from(obj.refer("log", "source")?)],
        _ => sources,
    };
    Some(Indicator {
        id: id.map(IndicatorId::from),
        sources,
        counting,
        buckets,
        slice,
    })
}

fn sources(obj: &Obj<'_, '_>) -> Vec<SourceId> {
    obj.refers("source", "source")
        .into_iter()
        .map(SourceId::from)
        .collect()
}

fn buckets(obj: &Obj<'_, '_>) -> Vec<attain_model::Threshold> {
    let mut buckets: Vec<_> = obj
        .list("buckets")
        .iter()
        .filter_map(|at| at.parse(length::threshold))
        .collect();
    buckets.sort_unstable();
    buckets.dedup();
    buckets
}

fn good_and_bad(obj: &Obj<'_, '_>) {
    let (Some(good), Some(bad)) = (obj.get("good"), obj.get("bad")) else {
        return;
    };
    let late = if good.key.start > bad.key.start {
        good
    } else {
        bad
    };
    late.error_at_key(
        "good-and-bad",
        "an indicator says what is good or what is bad, not both",
        "keep `bad`: everything else in `where` is good",
    );
}

/// A shared indicator and further `where` and `except`.
fn narrowed(name: &At<'_, '_>, obj: &Obj<'_, '_>, shared: &Shared) -> Option<Indicator> {
    for key in [
        "metric", "total", "log", "promql", "type", "unit", "good", "bad", "ratio", "buckets",
        "slice",
    ] {
        if let Some(at) = obj.get(key) {
            at.error_at_key(
                "use-narrows",
                format!("`use` takes `{key}` from the shared indicator"),
                "keep `where` and `except`, or write the whole indicator without `use`",
            );
        }
    }
    let only = obj.get("where").map(|at| matches(&at)).unwrap_or_default();
    let except = obj.get("except").map(|at| matches(&at)).unwrap_or_default();
    let sources = sources(obj);
    let id = name.refer("indicator")?;
    // A broken indicator was reported where it stands.
    let mut indicator = shared.get(id)?.clone();
    if !sources.is_empty() {
        indicator.sources = sources;
    }
    let selectors: Vec<&mut Selector> = match &mut indicator.counting {
        Counting::Metric { selector, .. } | Counting::Log { selector, .. } => vec![selector],
        Counting::Totals { total, of, .. } => vec![&mut total.selector, &mut of.selector],
        Counting::PromQl { .. } => {
            name.error(
                "use-narrows",
                format!("`{id}` is raw PromQL, which cannot be narrowed"),
                "write `indicator: {promql: ...}` with its own queries",
            );
            return None;
        }
    };
    for selector in selectors {
        for (key, from, to) in [
            ("where", &only, &mut selector.only),
            ("except", &except, &mut selector.except),
        ] {
            for (label, value) in from {
                if to.contains_key(label) {
                    narrowed_twice(obj, key, id, label);
                }
                to.insert(label.clone(), value.clone());
            }
        }
    }
    Some(indicator)
}

fn narrowed_twice(obj: &Obj<'_, '_>, key: &str, id: &str, label: &str) {
    let Some(at) = obj.get(key) else { return };
    for entry in at.entries().iter().filter(|entry| entry.name == label) {
        entry.error_at_key(
            "where-twice",
            format!("`{id}` already says what `{label}` is"),
            "`use` only narrows: remove the line, or write the indicator without `use`",
        );
    }
}

/// `{label: match}`.
pub(crate) fn matches(at: &At<'_, '_>) -> Matches {
    at.entries()
        .iter()
        .filter_map(|entry| {
            warn_key(entry);
            let value = matches_of(entry)?;
            if matching::names_status(entry.name) {
                check_status(entry);
            }
            Some((entry.name.to_owned(), value))
        })
        .collect()
}

fn check_status(at: &At<'_, '_>) {
    if at.is_list() {
        at.list().iter().for_each(check_status);
    } else if let Some(Err(bad)) = at.node.text().map(|text| matching::status(text, false)) {
        at.bad(bad);
    }
}

/// What a value must be: one match, or a list of which any may hold.
pub(crate) fn matches_of(at: &At<'_, '_>) -> Option<Match> {
    let one = |at: &At<'_, '_>| {
        let text = at.raw()?;
        at.warn_ambiguous(text);
        matching::label_match(text).map_err(|bad| at.bad(bad)).ok()
    };
    if !at.is_list() {
        return one(at);
    }
    let items = at.list();
    if items.is_empty() {
        at.bad(Bad::new("value-missing", "an empty list matches nothing").help("name a value"));
        return None;
    }
    let all: Vec<_> = items.iter().filter_map(one).collect();
    (all.len() == items.len()).then_some(Match::AnyOf(all))
}

fn selector(obj: &Obj<'_, '_>) -> Selector {
    let of = |key| obj.get(key).map(|at| matches(&at)).unwrap_or_default();
    Selector {
        only: of("where"),
        except: of("except"),
    }
}

/// Reports keys that mean nothing beside the way in which this indicator counts.
fn without_effect(obj: &Obj<'_, '_>, beside: &str, keys: &[&str]) {
    for at in keys.iter().filter_map(|key| obj.get(key)) {
        at.error_at_key(
            "key-without-effect",
            format!("`{}` means nothing beside `{beside}`", at.name),
            "remove it",
        );
    }
}

fn kind_of(word: &str) -> MetricKind {
    match word {
        "counter" => MetricKind::Counter,
        "native_histogram" => MetricKind::NativeHistogram,
        "exponential_histogram" => MetricKind::ExponentialHistogram,
        "gauge" => MetricKind::Gauge,
        _ => MetricKind::Histogram,
    }
}

/// The name of a metric, without labels around it.
fn metric_name(at: &At<'_, '_>) -> Option<String> {
    let text = at.text()?;
    if let Some(brace) = text.find(['{', '(', ' ', '[']) {
        at.bad(
            Bad::new(
                "metric-syntax",
                format!("`{text}` is more than the name of a metric"),
            )
            .help(format!(
                "write `{}`, and labels under `where:`",
                text[..brace].trim_end()
            ))
            .at(brace, text.len()),
        );
        return None;
    }
    Some(text.to_owned())
}

fn metric(obj: &Obj<'_, '_>) -> Option<Counting> {
    without_effect(obj, "metric", &["ratio"]);
    let at = obj.get("metric")?;
    let name = metric_name(&at);
    let typed = obj.word("type");
    if let (Some(name), None) = (&name, typed) {
        check_suffix(&at, name);
    }
    let kind = typed.map_or_else(
        || match &name {
            Some(name) if is_counter(name) => MetricKind::Counter,
            _ => MetricKind::Histogram,
        },
        kind_of,
    );
    let said = obj.parse("unit", length::unit);
    let unit = said.or_else(|| unit_of_name(name.as_deref()?));
    let selector = selector(obj);
    let outcome = outcome(obj, kind, unit, &at);
    Some(Counting::Metric {
        metric: name?,
        kind,
        unit,
        selector,
        outcome: outcome?,
    })
}

/// By the conventions of Prometheus; the count of a histogram or a summary is a counter, too.
fn is_counter(name: &str) -> bool {
    name.ends_with("_total") || name.ends_with("_count")
}

/// `_bucket` and `_sum` are parts of a histogram, and no number of events of their own.
fn check_suffix(at: &At<'_, '_>, name: &str) {
    if let Some(stem) = name.strip_suffix("_bucket") {
        at.error(
            "metric-suffix",
            "`_bucket` is one part of a histogram",
            format!("write `{stem}`"),
        );
    }
    // `cart_sum` may well be a counter; `..._seconds_sum` is a histogram's.
    if let Some(stem) = name.strip_suffix("_sum")
        && unit_of_name(stem).is_some()
    {
        at.error(
            "metric-suffix",
            "`_sum` says how much was measured, not how many events there were",
            format!("write `{stem}_count` for events, `{stem}` for how long they took"),
        );
    }
}

/// The unit that a name ends with, by the conventions of Prometheus.
pub(crate) fn unit_of_name(name: &str) -> Option<Unit> {
    let mut stem = name;
    for suffix in ["_total", "_bucket", "_count", "_sum"] {
        stem = stem.strip_suffix(suffix).unwrap_or(stem);
    }
    let last = stem.rsplit(['_', '.', ':']).next()?;
    Some(match last {
        "seconds" => Unit::Seconds,
        "milliseconds" | "ms" | "millis" => Unit::Milliseconds,
        "microseconds" | "us" => Unit::Microseconds,
        "nanoseconds" | "ns" => Unit::Nanoseconds,
        "bytes" => Unit::Bytes,
        "percent" => Unit::Percent,
        _ => return None,
    })
}

/// Reports that a metric's unit must be known and is not.
pub(crate) fn unit_unknown(at: &At<'_, '_>, metric: &str) {
    at.error(
        "unit-unknown",
        format!("the unit of `{metric}` cannot be told from its name"),
        "add `unit: s` (or `ms`)",
    );
}

fn outcome(
    obj: &Obj<'_, '_>,
    kind: MetricKind,
    unit: Option<Unit>,
    metric: &At<'_, '_>,
) -> Option<Outcome> {
    let gauge = kind == MetricKind::Gauge;
    if let Some(at) = obj.get("good") {
        if at.is_map() {
            return Some(Outcome::Good(matches(&at)));
        }
        let (condition, condition_unit) = at.parse(matching::condition)?;
        if !gauge {
            at.error(
                "condition-needs-gauge",
                "a condition on `value` judges a gauge, and this metric is none",
                "add `type: gauge`, or name labels: `good: {code: 2xx}`",
            );
            return None;
        }
        check_condition(&at, condition_unit, unit, metric)?;
        return Some(Outcome::GoodIf(condition));
    }
    if gauge {
        obj.missing(
            "good",
            "a gauge is good while a condition holds, e.g. `value == 1`",
        );
        return None;
    }
    Some(match obj.get("bad") {
        Some(at) => Outcome::Bad(matches(&at)),
        None => Outcome::AllGood,
    })
}

/// A condition compares in the unit of the metric.
fn check_condition(
    at: &At<'_, '_>,
    condition: Unit,
    unit: Option<Unit>,
    metric: &At<'_, '_>,
) -> Option<()> {
    let name = metric.raw().unwrap_or("");
    let time = |unit: Unit| {
        matches!(
            unit,
            Unit::Seconds | Unit::Milliseconds | Unit::Microseconds | Unit::Nanoseconds
        )
    };
    match (condition, unit) {
        (Unit::None, Some(Unit::Percent | Unit::None) | None) => Some(()),
        (condition, Some(unit)) if condition == unit || time(condition) && time(unit) => Some(()),
        (Unit::None, Some(_)) => {
            let text = at.raw().unwrap_or("");
            let number = text.rsplit(' ').next().unwrap_or(text);
            at.error(
                "unit-missing",
                format!("`{number}` has no unit, and `{name}` has one"),
                format!("write `{text}s`, or the unit it is meant in"),
            );
            None
        }
        (_, None) => {
            unit_unknown(metric, name);
            None
        }
        (_, Some(_)) => {
            at.error(
                "unit-mismatch",
                format!("this compares `{name}` in a unit that it does not have"),
                "write the number in the unit of the metric",
            );
            None
        }
    }
}

fn selection(obj: &Obj<'_, '_>) -> Option<Selection> {
    let selector = selector(obj);
    Some(Selection {
        metric: metric_name(&obj.get("metric")?)?,
        selector,
    })
}

fn totals(obj: &Obj<'_, '_>) -> Option<Counting> {
    without_effect(obj, "total", &["where", "except", "unit", "buckets"]);
    let total = obj
        .object("total", &SELECTION)
        .and_then(|obj| selection(&obj));
    let kind = obj.word("type").map_or(MetricKind::Counter, kind_of);
    let parts = [
        ("bad", Part::Bad),
        ("good", Part::Good),
        ("ratio", Part::Ratio),
    ];
    let given: Vec<_> = parts.into_iter().filter(|(key, _)| obj.has(key)).collect();
    let Some(&(key, part)) = given.first() else {
        obj.missing("bad", "beside `total` stands `good`, `bad` or `ratio`");
        return None;
    };
    if given.len() > 1 && obj.has("ratio") {
        obj.exclusive("ratio", if key == "ratio" { given[1].0 } else { key });
    }
    let section = if part == Part::Ratio {
        &RATIO
    } else {
        &SELECTION
    };
    let of = obj.object(key, section)?;
    let unit = if part == Part::Ratio {
        of.parse("unit", length::unit)
    } else {
        None
    };
    let of = selection(&of);
    Some(Counting::Totals {
        total: total?,
        kind,
        part,
        of: of?,
        unit,
    })
}

fn log(obj: &Obj<'_, '_>) -> Option<Counting> {
    without_effect(
        obj,
        "log",
        &["type", "unit", "ratio", "buckets", "slice", "source"],
    );
    let selector = selector(obj);
    let outcome = match (obj.get("good"), obj.get("bad")) {
        (Some(at), _) => Outcome::Good(matches(&at)),
        (None, Some(at)) => Outcome::Bad(matches(&at)),
        (None, None) => Outcome::AllGood,
    };
    Some(Counting::Log { selector, outcome })
}

fn promql_counts(
    outer: &Obj<'_, '_>,
    obj: &Obj<'_, '_>,
    slice: Option<Duration>,
) -> Option<Counting> {
    without_effect(
        outer,
        "promql",
        &[
            "type", "unit", "where", "except", "good", "bad", "ratio", "buckets", "slice",
        ],
    );
    let parts = [
        ("good", Part::Good),
        ("bad", Part::Bad),
        ("ratio", Part::Ratio),
    ];
    let (key, part) = parts.into_iter().find(|(key, _)| obj.has(key))?;
    if part != Part::Ratio && !obj.has("total") {
        obj.missing("total", "events of a slice; only a ratio may do without");
    }
    for key in [key, "total"] {
        if let (Some(at), Some(slice)) = (obj.get(key), slice) {
            check_ranges(&at, slice);
        }
    }
    Some(Counting::PromQl {
        part,
        part_query: obj.text(key)?,
        total_query: obj.text("total"),
    })
}

/// attain adds slices up, so a range that is not the slice would lose or repeat events.
fn check_ranges(at: &At<'_, '_>, slice: Duration) {
    let Some(text) = at.raw() else { return };
    for range in ranges(text) {
        if range.length == Some(slice) {
            continue;
        }
        let written = &text[range.start..range.end];
        let wanted = attain_model::quantity::duration_text(slice);
        let longer = range.length.is_some_and(|length| length > slice);
        let what = if longer {
            "counted again in the next slice"
        } else {
            "lost between slices"
        };
        let inner = &written[1..written.len() - 1];
        let mut bad = Bad::new(
            "promql-range",
            format!(
                "the range `{written}` is not the slice of {wanted}, so events would be {what}"
            ),
        )
        .at(range.start, range.end);
        bad = match range.length {
            Some(_) => bad.help(format!("write `[{wanted}]`, or `slice: {inner}`")),
            None => bad.help(format!("write `[{wanted}]`")),
        };
        at.bad(bad);
    }
}
