//! Whether a document fits its own hash, and the data. Knows documents and a fresh statement; reads no data itself.

use std::collections::BTreeSet;
use std::fmt;

use attain_model::statement::Statement;
use serde_json::{Map, Value};

use super::document::{content, hash, read};

/// A document that fits its hash and the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The hash that was found and computed again.
    pub hash: String,
    /// How many series it states.
    pub entries: usize,
}

/// Why a document cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It is no statement, or of a format that is not known; what is wrong with it.
    Unreadable(String),
    /// It was changed after it was written: its hash is not that of its own content.
    Edited {
        /// The hash that it holds; empty if none.
        says: String,
        /// The hash of what it says.
        is: String,
    },
    /// It says something else than the data.
    Content {
        /// What about: `shop/availability/premium, days, 2026-10-05, bad`.
        place: String,
        /// What the document says; `None` if it says nothing about it.
        says: Option<String>,
        /// What the data say; `None` if they say nothing about it.
        data: Option<String>,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_nothing =
            |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
        match self {
            Difference::Unreadable(what) => {
                write!(f, "this is not a statement that can be read: {what}")
            }
            Difference::Edited { says, .. } if says.is_empty() => {
                f.write_str("the document holds no hash: it was changed after it was written")
            }
            Difference::Edited { says, is } => write!(
                f,
                "the document was changed after it was written: its hash is {says}, that of its content is {is}"
            ),
            Difference::Content { place, says, data } => write!(
                f,
                "{place}: the document says {}, the data say {}",
                or_nothing(says),
                or_nothing(data)
            ),
        }
    }
}

/// Checks a document against a statement made afresh from the data, for what [`asked`](super::asked) says.
///
/// Whether it was edited and whether it fits the data are two questions: of a document that was edited and hashed again
/// only the data tell.
///
/// # Errors
/// Everything that differs; first whether it was edited. A count that differs is named by series and day.
pub fn verify(document: &str, fresh: &Statement) -> Result<Verified, Vec<Difference>> {
    let says = read(document).map_err(|difference| vec![difference])?;
    let mut found = Vec::new();
    let is = hash(&says);
    let stated = says.get("hash").and_then(Value::as_str).unwrap_or("");
    if stated != is {
        found.push(Difference::Edited {
            says: stated.to_owned(),
            is: is.clone(),
        });
    }
    let mut own = says.clone();
    own.remove("hash");
    own.remove("inputs");
    let data = content(fresh);
    compare_maps("", &own, &data, &mut found);
    if own != data && found.is_empty() {
        found.push(Difference::Content {
            place: "the document".to_owned(),
            says: Some("the same in another order, or twice".to_owned()),
            data: Some("it once, in the order of the catalogue".to_owned()),
        });
    }
    if found.is_empty() {
        let entries = own.get("entries").and_then(Value::as_array);
        return Ok(Verified {
            hash: is,
            entries: entries.map_or(0, Vec::len),
        });
    }
    Err(found)
}

fn compare(place: &str, says: Option<&Value>, data: Option<&Value>, found: &mut Vec<Difference>) {
    match (says, data) {
        (Some(Value::Object(says)), Some(Value::Object(data))) => {
            compare_maps(place, says, data, found);
        }
        (Some(Value::Array(says)), Some(Value::Array(data))) => {
            compare_lists(place, says, data, found);
        }
        (says, data) if says == data => {}
        (says, data) => found.push(Difference::Content {
            place: place.to_owned(),
            says: says.map(shown),
            data: data.map(shown),
        }),
    }
}

fn compare_maps(
    place: &str,
    says: &Map<String, Value>,
    data: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let mut keys: Vec<&String> = says.keys().chain(data.keys()).collect();
    // The counts of the days explain all others.
    keys.sort_by_key(|key| (*key != "days", *key));
    keys.dedup();
    for key in keys {
        let is_list_of_all = place.is_empty() && key == "entries";
        let inner = if is_list_of_all {
            String::new()
        } else {
            join(place, key)
        };
        compare(&inner, says.get(key), data.get(key), found);
    }
}

/// Items are told apart by their names, where they have names.
fn compare_lists(place: &str, says: &[Value], data: &[Value], found: &mut Vec<Difference>) {
    let names = |items: &[Value]| items.iter().map(name).collect::<Option<Vec<String>>>();
    let (Some(own), Some(fresh)) = (names(says), names(data)) else {
        for at in 0..says.len().max(data.len()) {
            compare(
                &join(place, &(at + 1).to_string()),
                says.get(at),
                data.get(at),
                found,
            );
        }
        return;
    };
    let mut seen = BTreeSet::new();
    for wanted in fresh
        .iter()
        .chain(&own)
        .filter(|name| seen.insert(name.as_str()))
    {
        let of = |items: &'_ [Value], names: &[String]| {
            let at = names.iter().position(|name| name == wanted)?;
            items.get(at).cloned()
        };
        let (says, data) = (of(says, &own), of(data, &fresh));
        compare(&join(place, wanted), says.as_ref(), data.as_ref(), found);
    }
}

/// What an item of a list is known by.
fn name(item: &Value) -> Option<String> {
    let text = |key: &str| item.get(key).and_then(Value::as_str);
    if let Some(exclusion) = text("exclusion") {
        let holds = item.get("holds").and_then(Value::as_bool).unwrap_or(false);
        let not = if holds { "" } else { " (not holding)" };
        return Some(format!("{exclusion}{not}"));
    }
    let known = text("series").or_else(|| text("date"));
    known.map(str::to_owned)
}

fn join(place: &str, inner: &str) -> String {
    if place.is_empty() {
        return inner.to_owned();
    }
    format!("{place}, {inner}")
}

/// A value in a line: numbers and texts as they are, of the rest that it is there.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "nothing".to_owned(),
        Value::Object(map) => match (map.get("good"), map.get("bad")) {
            (Some(good), Some(bad)) => format!("good {good}, bad {bad}"),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}
