//! One JSON object per line, by dotted names. Knows no meaning of any name.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::log::named::Named;

/// An object. A name with dots is first a key as it is, then a way into nested objects.
pub(crate) struct JsonLine(pub(crate) Map<String, Value>);

impl JsonLine {
    /// Parses a line.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, String> {
        match serde_json::from_slice(line) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            Ok(_) => Err("not a JSON object".to_owned()),
            Err(error) => Err(format!("not JSON: {error}")),
        }
    }
}

impl Named for JsonLine {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        text(find(&self.0, name)?)
    }

    fn add_names(&self, names: &mut BTreeSet<String>) {
        for (name, value) in &self.0 {
            match value.as_object() {
                Some(inner) => names.extend(inner.keys().map(|key| format!("{name}.{key}"))),
                None => _ = names.insert(name.clone()),
            }
        }
    }
}

fn find<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    if let Some(value) = object.get(name) {
        return Some(value);
    }
    // A key may hold dots itself, so every dot is tried as the border.
    name.match_indices('.').find_map(|(at, _)| {
        let inner = object.get(&name[..at])?.as_object()?;
        find(inner, &name[at + 1..])
    })
}

/// Text as it is, numbers as written, the first of a list; null and objects say nothing.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        Value::Array(values) => text(values.first()?),
        Value::Null | Value::Object(_) => None,
    }
}
