//! Whether a document has the shape that the API's own document gives it. Knows as much of JSON Schema as stands there.

use serde_json::Value;

/// The first place that is not as it should be.
pub fn check(document: &Value, schema: &Value, all: &Value, place: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{place}: {what}: {document:.200}"));
    if let Some(name) = schema["$ref"].as_str() {
        let schema = all.pointer(name.trim_start_matches('#'));
        return check(
            document,
            schema.ok_or(format!("{place}: no {name}"))?,
            all,
            place,
        );
    }
    if let Some(ways) = schema["anyOf"].as_array() {
        let tried: Vec<_> = ways
            .iter()
            .map(|way| check(document, way, all, place))
            .collect();
        return match tried.iter().any(Result::is_ok) {
            true => Ok(()),
            false => tried.into_iter().next().unwrap_or(Ok(())),
        };
    }
    let types = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |kind: &&str| match *kind {
        "object" => document.is_object(),
        "array" => document.is_array(),
        "string" => document.is_string(),
        "integer" => document.is_i64() || document.is_u64(),
        "number" => document.is_number(),
        "boolean" => document.is_boolean(),
        _ => document.is_null(),
    };
    if !types.is_empty() && !types.iter().any(is) {
        return wrong(&format!("no {types:?}"));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|words| !words.contains(document))
    {
        return wrong("no such word");
    }
    if !schema["const"].is_null() && schema["const"] != *document {
        return wrong("another value");
    }
    let number = document.as_f64().unwrap_or_default();
    if schema["minimum"]
        .as_f64()
        .is_some_and(|least| document.is_number() && number < least)
        || schema["maximum"].as_f64().is_some_and(|most| number > most)
    {
        return wrong("out of bounds");
    }
    for (at, item) in document.as_array().into_iter().flatten().enumerate() {
        check(item, &schema["items"], all, &format!("{place}[{at}]"))?;
    }
    let Some(object) = document.as_object() else {
        return Ok(());
    };
    let needed = schema["required"].as_array().into_iter().flatten();
    if let Some(missing) = needed
        .filter_map(Value::as_str)
        .find(|key| !object.contains_key(*key))
    {
        return wrong(&format!("{missing} is missing"));
    }
    for (key, value) in object {
        match schema["properties"].get(key) {
            Some(schema) => check(value, schema, all, &format!("{place}.{key}"))?,
            None if schema["additionalProperties"] == false => {
                return wrong(&format!("{key} is not foreseen"));
            }
            None => {}
        }
    }
    Ok(())
}
