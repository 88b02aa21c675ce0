//! Label values that make a request good or bad for an SLO: the catalogue says what is bad, a scenario only how many.
//! Knows indicators and their matches. Where no value can be found, the scenario has to name one.

use std::collections::BTreeMap;

use attain_model::indicator::Counting;
use attain_model::selector::{Match, Matches, Outcome};
use attain_model::{Class, Slo, Stream};

use crate::script::Labels;
use crate::words::Wrong;

/// The class of requests that are good for an SLO, or bad. Labels that the scenario names are taken as they are.
pub(crate) fn class(
    slo: &Slo,
    stream: &Stream,
    bad: bool,
    labels: &[&Labels],
) -> Result<Class, Wrong> {
    if matches!(
        slo.indicator.counting,
        Counting::Totals { .. } | Counting::PromQl { .. }
    ) {
        return Ok(if bad { Class::bad() } else { Class::good() });
    }
    let named: BTreeMap<&str, &str> = labels
        .iter()
        .flat_map(|labels| labels.iter())
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    for name in named.keys() {
        if !stream.class_labels.iter().any(|label| label == name) {
            return Err(format!(
                "`{name}` says nothing about the outcome of {}; {}",
                slo.id,
                legal_labels(stream)
            ));
        }
    }
    let mut values: BTreeMap<String, String> = found(slo, bad, &named)?;
    values.extend(
        named
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    let value = |name: &str| values.get(name).map_or(default(name), String::as_str);
    if slo.indicator.outcome().is_bad(value) != bad {
        let is = if bad { "good" } else { "bad" };
        return Err(format!(
            "with these labels a request is {is} for {}; {}",
            slo.id,
            legal_labels(stream)
        ));
    }
    Ok(Class::from_labels(
        stream
            .class_labels
            .iter()
            .map(|name| (name.as_str(), value(name))),
    ))
}

/// What a label says that no outcome asks for.
fn default(name: &str) -> &'static str {
    if name.contains("code") || name.contains("status") {
        "200"
    } else {
        ""
    }
}

fn legal_labels(stream: &Stream) -> String {
    if stream.class_labels.is_empty() {
        return "no label does; all that can fail is latency: write `slow N over T`".to_owned();
    }
    format!("legal labels: {}", stream.class_labels.join(", "))
}

/// Values for the labels of the outcome that the scenario does not name.
fn found(
    slo: &Slo,
    bad: bool,
    named: &BTreeMap<&str, &str>,
) -> Result<BTreeMap<String, String>, Wrong> {
    let outcome = slo.indicator.outcome();
    match outcome {
        Outcome::AllGood if bad => Err(format!(
            "the indicator of {} says nothing that is bad; all that can fail is latency: write `slow N over T`",
            slo.id
        )),
        Outcome::AllGood => Ok(BTreeMap::new()),
        Outcome::GoodIf(_) => Err(format!(
            "the indicator of {} is a gauge, and a scenario loads counts; use a counter or a histogram",
            slo.id
        )),
        Outcome::Bad(matches) => one_or_none(matches, bad, named),
        Outcome::Good(matches) => none_or_one(matches, bad, named),
    }
}

/// `bad:` any line holds. Bad: one holds. Good: none does.
fn one_or_none(
    matches: &Matches,
    bad: bool,
    named: &BTreeMap<&str, &str>,
) -> Result<BTreeMap<String, String>, Wrong> {
    let mut values = BTreeMap::new();
    let mut holds = named
        .iter()
        .any(|(name, value)| matches.get(*name).is_some_and(|m| m.matches(value)));
    for (name, m) in matches {
        if named.contains_key(name.as_str()) {
            continue;
        }
        let wants = bad && !holds;
        values.insert(name.clone(), value(name, m, wants)?);
        holds |= wants;
    }
    Ok(values)
}

/// `good:` every line holds. Good: all hold. Bad: one does not.
fn none_or_one(
    matches: &Matches,
    bad: bool,
    named: &BTreeMap<&str, &str>,
) -> Result<BTreeMap<String, String>, Wrong> {
    let mut values = BTreeMap::new();
    let mut fails = named
        .iter()
        .any(|(name, value)| matches.get(*name).is_some_and(|m| !m.matches(value)));
    for (name, m) in matches {
        if named.contains_key(name.as_str()) {
            continue;
        }
        let fail = bad && !fails;
        values.insert(name.clone(), value(name, m, !fail)?);
        fails |= fail;
    }
    Ok(values)
}

/// A value that holds, or does not.
fn value(name: &str, m: &Match, holds: bool) -> Result<String, Wrong> {
    let own = match m {
        Match::Exact(text) => vec![text.clone()],
        Match::Class(digit) => vec![format!("{digit}00")],
        Match::Absent => vec![String::new()],
        Match::AnyOf(matches) => matches
            .iter()
            .filter_map(|m| value(name, m, true).ok())
            .collect(),
        Match::Pattern(pattern) => pattern.as_str().split('|').map(str::to_owned).collect(),
    };
    own.iter()
        .map(String::as_str)
        .chain(COMMON)
        .find(|value| m.matches(value) == holds)
        .map(str::to_owned)
        .ok_or_else(|| {
            let does = if holds { "matches" } else { "does not match" };
            format!("no value of `{name}` comes to mind that {does} {m}; name one, such as `bad 5/m {name}=VALUE`")
        })
}

/// Values that are tried, in this order.
const COMMON: [&str; 16] = [
    "200", "500", "503", "504", "502", "404", "429", "400", "301", "OK", "success", "error",
    "ERROR", "INTERNAL", "0", "",
];
