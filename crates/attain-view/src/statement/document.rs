//! A statement as canonical JSON. Knows how it is hashed; computes no count.
//!
//! docs/formats/statement.md describes the members.

use std::collections::BTreeMap;

use attain_math::ONE_PPB;
use attain_model::quantity::duration_text;
use attain_model::statement::{Committed, Entry, Excluded, Statement, Term, Unit, Whole};
use attain_model::verdict::{Attainment, Coverage, ErrorBudget};
use attain_model::{Gap, Interval, SloId};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::verify::Difference;
use super::words;
use crate::number;

/// What the member `format` says of the documents written here.
pub const FORMAT: &str = "attain statement 1";

/// How the hash is made, for whoever has nothing but the document.
const HOW: &str = "sha256 of this document without the member hash, as JSON with sorted keys and without spaces: \
                   jq -cSj 'del(.hash)' FILE | sha256sum";

/// A statement as JSON, with a hash over all of it, ended by a line end.
///
/// `inputs` are facts that the reader may want to know and that the hash shall cover, by name, e.g. the hash of the
/// catalogue; [`verify`](super::verify) does not compare them.
#[must_use]
pub fn document(statement: &Statement, inputs: &BTreeMap<String, String>) -> String {
    let mut content = content(statement);
    content.insert("inputs".to_owned(), json!(inputs));
    let hash = hash(&content);
    content.insert("hash".to_owned(), hash.into());
    let text = serde_json::to_string_pretty(&Value::Object(content));
    text.unwrap_or_default() + "\n"
}

/// What a document is about: what to state again to check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The period as it was asked for.
    pub period: String,
    /// With whose knowledge; `None` is all that is known.
    pub known_until: Option<Timestamp>,
    /// The SLOs that were named; none is all that are promised to customers.
    pub only: Vec<SloId>,
}

/// Reads what a document is about.
///
/// # Errors
/// [`Difference::Unreadable`] if it is no statement, or of a format that is not known.
pub fn asked(document: &str) -> Result<Asked, Difference> {
    let content = read(document)?;
    let unreadable =
        |what: &str| Difference::Unreadable(format!("its member `{what}` is missing or unknown"));
    let period = content.get("period").and_then(Value::as_str);
    let known_until = match content.get("known_until") {
        None | Some(Value::Null) => None,
        Some(at) => Some(
            at.as_str()
                .and_then(|at| at.parse().ok())
                .ok_or_else(|| unreadable("known_until"))?,
        ),
    };
    let only = content.get("only").and_then(Value::as_array);
    let only = only.ok_or_else(|| unreadable("only"))?.iter();
    let only: Option<Vec<SloId>> = only.map(|id| Some(SloId::new(id.as_str()?))).collect();
    Ok(Asked {
        period: period.ok_or_else(|| unreadable("period"))?.to_owned(),
        known_until,
        only: only.ok_or_else(|| unreadable("only"))?,
    })
}

/// Reads a document of this format.
pub(super) fn read(document: &str) -> Result<Map<String, Value>, Difference> {
    let value: Value = serde_json::from_str(document)
        .map_err(|error| Difference::Unreadable(format!("it is not JSON: {error}")))?;
    let Value::Object(content) = value else {
        return Err(Difference::Unreadable("it is not a JSON object".to_owned()));
    };
    match content.get("format").and_then(Value::as_str) {
        Some(FORMAT) => Ok(content),
        Some(other) => Err(Difference::Unreadable(format!(
            "its format is `{other}`; this attain reads `{FORMAT}`"
        ))),
        None => Err(Difference::Unreadable(
            "it names no format; a statement does".to_owned(),
        )),
    }
}

/// The hash of a document's content, whether or not it holds one.
pub(super) fn hash(content: &Map<String, Value>) -> String {
    // Sorted explicitly: a map may keep the order in which keys came.
    let sorted: BTreeMap<&String, Value> = content
        .iter()
        .filter(|(key, _)| *key != "hash")
        .map(|(key, value)| (key, sorted(value)))
        .collect();
    let text = serde_json::to_string(&sorted).unwrap_or_default();
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            let members = members.into_iter();
            Value::Object(
                members
                    .map(|(key, value)| (key.clone(), sorted(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// Everything that a statement says, without inputs and hash.
pub(super) fn content(statement: &Statement) -> Map<String, Value> {
    let content = json!({
        "format": FORMAT,
        "how": HOW,
        "catalogue": statement.company,
        "period": statement.period,
        "from": at(statement.interval.start),
        "to": at(statement.interval.end),
        "timezone": number::zone_name(&statement.timezone),
        "known_until": statement.known_until.map(at),
        "only": statement.only.iter().map(SloId::as_str).collect::<Vec<_>>(),
        "entries": statement.entries.iter().map(entry).collect::<Vec<_>>(),
    });
    match content {
        Value::Object(content) => content,
        _ => Map::new(),
    }
}

fn entry(entry: &Entry) -> Value {
    json!({
        "series": entry.name.to_string(),
        "outcome": entry.outcome,
        "audience": entry.audience.word(),
        "unit": match entry.unit {
            Unit::Events => "events".to_owned(),
            Unit::Slices(length) => format!("slices of {}", duration_text(length)),
            Unit::SliceBillionths(length) => {
                format!("billionths of slices of {}", duration_text(length))
            }
        },
        "terms": entry.terms.iter().map(term).collect::<Vec<_>>(),
        "objective": whole(&entry.objective),
        "committed": entry.committed.as_ref().map(whole),
        "windows": entry.windows.iter().map(|window| {
            let mut value = whole(&window.whole);
            value["from"] = at(window.interval.start).into();
            value["to"] = at(window.interval.end).into();
            value
        }).collect::<Vec<_>>(),
        "pooled": entry.is_pooled,
        "coverage": match entry.coverage {
            Coverage::Share(share) => share.to_string(),
            Coverage::NotKnown => "not known".to_owned(),
        },
        "excluded": entry.excluded.iter().map(excluded).collect::<Vec<_>>(),
        "uncertain": entry.uncertain,
        "gaps": entry.gaps.iter().map(gap).collect::<Vec<_>>(),
        "days": entry.days.iter().map(|day| json!({
            "date": day.date.to_string(),
            "good": day.attainment.good,
            "bad": day.attainment.bad,
        })).collect::<Vec<_>>(),
    })
}

fn term(term: &Term) -> Value {
    json!({
        "from": at(term.interval.start),
        "to": at(term.interval.end),
        "objective": term.objective.map(|goal| goal.to_string()),
        "commitment": term.commitment.as_ref().map(committed),
        "good": term.attainment.good,
        "bad": term.attainment.bad,
    })
}

fn committed(committed: &Committed) -> Value {
    let mut value = judged(committed.attainment, committed.budget, committed.kept);
    value["promise"] = committed.goal.to_string().into();
    value["since"] = committed.since.to_string().into();
    value["window"] = committed.window.to_string().into();
    value["published"] = json!(committed.published);
    value
}

fn whole(whole: &Whole) -> Value {
    judged(whole.attainment, whole.budget, whole.kept)
}

fn judged(attainment: Attainment, budget: ErrorBudget, kept: Option<bool>) -> Value {
    json!({
        "good": attainment.good,
        "bad": attainment.bad,
        "allowed": allowed(budget),
        "kept": kept,
    })
}

/// Bad ones allowed, exactly: `216`, `0.05`.
fn allowed(budget: ErrorBudget) -> String {
    let billion = u128::from(ONE_PPB);
    let (whole, rest) = (
        budget.allowed_billionths / billion,
        budget.allowed_billionths % billion,
    );
    let text = format!("{whole}.{rest:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn excluded(excluded: &Excluded) -> Value {
    json!({
        "exclusion": excluded.id.as_str(),
        "reason": excluded.reason,
        "announced": excluded.announced.map(|day| day.to_string()),
        "holds": excluded.holds,
        "times": excluded.intervals.iter().map(interval).collect::<Vec<_>>(),
        "good": excluded.attainment.good,
        "bad": excluded.attainment.bad,
    })
}

fn gap(gap: &Gap) -> Value {
    let mut value = gap.interval.as_ref().map_or_else(|| json!({}), interval);
    value["about"] = gap.about.as_str().into();
    value["why"] = words::why(&gap.why).into();
    value
}

fn interval(interval: &Interval) -> Value {
    json!({"from": at(interval.start), "to": at(interval.end)})
}

fn at(instant: Timestamp) -> String {
    instant.to_string()
}
