//! The JSON Schema of a catalogue file, for editors: keys and their meaning, words, patterns of texts.
//!
//! An editor's schema helps while typing and is weaker than the reader: every text that attain accepts, it accepts.

use std::collections::BTreeMap;

use attain_model::quantity::CalendarPeriod;
use serde_json::{Map, Value, json};

use super::{Key, Need, SECTIONS, Section, Shape, Text};

/// The JSON Schema (draft 2020-12) of one catalogue file, pretty-printed, with a line end.
///
/// Every section of the format stands in it once under `$defs`. Values that YAML tools would load as numbers or truth
/// values are allowed as such where attain reads their text.
#[must_use]
pub fn json_schema() -> String {
    let mut defs = BTreeMap::new();
    let mut properties = Map::new();
    for top in SECTIONS {
        let value = match top.shape {
            Shape::Object(section) if top.by_id => json!({
                "type": "object",
                "additionalProperties": reference(section, &mut defs),
            }),
            Shape::Object(section) if top.name == "defaults" => {
                let mut open = object(section, &mut defs);
                if let Some(map) = open.as_object_mut() {
                    map.remove("required");
                }
                open
            }
            Shape::Scalar(_) => json!({"const": 1}),
            shape => value(shape, &mut defs),
        };
        properties.insert(top.name.to_owned(), described(value, top.meaning, ""));
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "attain catalogue, schema version 1",
        "type": "object",
        "required": ["attain"],
        "additionalProperties": false,
        "properties": properties,
        "$defs": defs,
    });
    // A value built from strings and maps always has a text.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

fn described(mut value: Value, meaning: &str, default: &str) -> Value {
    let text = match (meaning.is_empty(), default.is_empty()) {
        (_, true) => meaning.to_owned(),
        (true, false) => format!("Default: {default}."),
        (false, false) => format!("{meaning}. Default: {default}."),
    };
    if let Some(map) = value.as_object_mut().filter(|_| !text.is_empty()) {
        map.insert("description".into(), text.into());
    }
    value
}

/// `{"$ref": ...}`, with the section in the definitions.
fn reference(section: &'static Section, defs: &mut BTreeMap<String, Value>) -> Value {
    let name = name(section);
    if !defs.contains_key(&name) {
        // First a place holder: a section that holds itself ends here.
        defs.insert(name.clone(), Value::Null);
        let schema = object(section, defs);
        defs.insert(name.clone(), schema);
    }
    json!({"$ref": format!("#/$defs/{name}")})
}

/// `an alert policy` is `alert-policy`.
fn name(section: &Section) -> String {
    let words = section
        .what
        .trim_start_matches("an ")
        .trim_start_matches("a ");
    let words = words.trim_start_matches("the ").replace('`', "");
    words.to_lowercase().replace(' ', "-")
}

fn object(section: &'static Section, defs: &mut BTreeMap<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in section.all() {
        properties.insert(key.name.to_owned(), property(key, defs));
    }
    let required: Vec<&str> = section
        .keys
        .iter()
        // What `defaults:` may fill is not required of the SLO itself.
        .filter(|key| key.need == Need::Always && section.what != "an SLO")
        .map(|key| key.name)
        .collect();
    let mut out = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if let Some(map) = out.as_object_mut() {
        if !required.is_empty() {
            map.insert("required".into(), json!(required));
        }
        if !section.one_of.is_empty() {
            let choices: Vec<_> = section
                .one_of
                .iter()
                .map(|key| json!({"required": [key]}))
                .collect();
            map.insert("oneOf".into(), json!(choices));
        }
    }
    out
}

fn property(key: &'static Key, defs: &mut BTreeMap<String, Value>) -> Value {
    described(value(key.shape, defs), key.meaning, key.default)
}

fn value(shape: Shape, defs: &mut BTreeMap<String, Value>) -> Value {
    match shape {
        Shape::Scalar(text) => scalar(text),
        Shape::Words(words) => json!({"enum": words}),
        Shape::Ref(_) => json!({"type": "string"}),
        Shape::Object(section) => reference(section, defs),
        Shape::MapOf(inner) => {
            json!({"type": "object", "additionalProperties": value(*inner, defs)})
        }
        Shape::List(inner) => {
            let item = value(*inner, defs);
            json!({"anyOf": [item.clone(), {"type": "array", "items": item}]})
        }
        Shape::AnyOf(shapes) => {
            let choices: Vec<_> = shapes.iter().map(|shape| value(*shape, defs)).collect();
            json!({"anyOf": choices})
        }
    }
}

fn scalar(text: Text) -> Value {
    let pattern = |pattern: &str| json!({"type": "string", "pattern": pattern});
    match text {
        // Other tools load `no` or `499` as a truth value or a number; attain reads the text.
        Text::Any | Text::Match => json!({"type": ["string", "number", "boolean"]}),
        Text::Id => pattern("^[a-z][a-z0-9-]{0,62}$"),
        Text::Int => json!({"type": "integer", "minimum": 0}),
        Text::Bool => json!({"type": "boolean"}),
        Text::Percent => pattern(r"^\d+(\.\d+)?\s*%$"),
        Text::Multiple => pattern(r"^\d+(\.\d+)?x$"),
        Text::Duration => pattern(r"^\d+(ms|s|m|h|d|w)$"),
        Text::Threshold => pattern(r"^\d+(\.\d+)?(ns|us|µs|ms|s|m|h)$"),
        Text::Rate => pattern(r"^\d+(\.\d+)?\s*(rps|rpm)$"),
        Text::Window => pattern(&format!(
            r"^(\d+(ms|s|m|h|d|w)|calendar ({}))$",
            CalendarPeriod::WORDS.join("|")
        )),
        Text::Time => pattern(r"^\d{4}-\d\d-\d\d \d\d:\d\d \S+$"),
        Text::Date => pattern(r"^\d{4}-\d\d-\d\d$"),
        Text::Money => pattern(r"^\d+(\.\d\d?)?\s*[A-Z]{3}$"),
        Text::Price => pattern(r"^\d+(\.\d\d?)?\s*[A-Z]{3}\s*/\s*\w+$"),
        Text::Condition => pattern(r"^value\s*(==|!=|<=?|>=?)\s*-?\d"),
        Text::Target => pattern(r"^(best effort|p?\d+(\.\d+)?\s*(%|<).*)$"),
        Text::Schedule => pattern(r"^\S+ at \d\d:\d\d \S+$"),
        Text::Claim => pattern(r"^(automatic|within \d+(ms|s|m|h|d|w))$"),
        Text::Zone => json!({"type": "string"}),
        Text::Url => pattern("^https?://"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{SECTIONS, Section, Shape};
    use super::name;

    /// Invariant: a definition's name stands for one section; two of one name would describe each other's keys.
    #[test]
    fn every_section_has_a_name_of_its_own() {
        fn walk(shape: Shape, seen: &mut BTreeMap<String, *const Section>) {
            match shape {
                Shape::Object(section) => {
                    let first = seen.insert(name(section), section);
                    assert!(
                        first.is_none_or(|first| std::ptr::eq(first, section)),
                        "{}",
                        section.what
                    );
                    if first.is_none() {
                        section.all().for_each(|key| walk(key.shape, seen));
                    }
                }
                Shape::MapOf(inner) | Shape::List(inner) => walk(*inner, seen),
                Shape::AnyOf(shapes) => shapes.iter().for_each(|shape| walk(*shape, seen)),
                Shape::Scalar(_) | Shape::Words(_) | Shape::Ref(_) => {}
            }
        }
        let mut seen = BTreeMap::new();
        SECTIONS.iter().for_each(|top| walk(top.shape, &mut seen));
        assert!(seen.len() > 40);
    }
}
