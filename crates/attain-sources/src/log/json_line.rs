//! One JSON object per line, by dotted names. Knows no meaning of any name.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::log::named::Named;

/// An object. A name with dots is first a key as it is, then a way into nested objects.
pub(crate) struct JsonLine(pub(crate) Map<String, Value>);

impl JsonLine {
    /// Parses a line. What a client sent may stand in it as it came: bytes that are no UTF-8, which become U+FFFD, and
    /// `\x22` as nginx writes it without `escape=json`.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, String> {
        let parsed = serde_json::from_slice(line).or_else(|error| match mended(line) {
            Some(mended) => serde_json::from_str(&mended),
            None => Err(error),
        });
        match parsed {
            Ok(Value::Object(object)) => Ok(Self(object)),
            Ok(_) => Err("not a JSON object".to_owned()),
            Err(error) => Err(format!("not JSON: {error}")),
        }
    }
}

/// The line as JSON has it, if that is another text.
fn mended(line: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(line);
    let mut mended = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let hex = escape
            .get(2..4)
            .filter(|_| escape.as_bytes().get(1) == Some(&b'x'));
        let hex = hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        rest = match hex {
            Some(hex) => {
                mended.push_str("\\u00");
                mended.push_str(hex);
                &escape[4..]
            }
            None => {
                // The backslash and what it escapes.
                let end = escape
                    .char_indices()
                    .nth(2)
                    .map_or(escape.len(), |(at, _)| at);
                mended.push_str(&escape[..end]);
                &escape[end..]
            }
        };
    }
    mended.push_str(rest);
    (mended.as_bytes() != line).then_some(mended)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_sent_makes_no_line_unreadable() {
        let path = |line: &[u8]| {
            let line = JsonLine::parse(line)?;
            Ok::<_, String>(line.get("path").unwrap_or_default().into_owned())
        };
        assert_eq!(path(br#"{"path": "/a"}"#).unwrap(), "/a");
        assert_eq!(
            path(b"{\"path\": \"/\xff\xfe\"}").unwrap(),
            "/\u{fffd}\u{fffd}"
        );
        assert_eq!(
            path(br#"{"path": "/\x22\xE4\\x22"}"#).unwrap(),
            "/\"\u{e4}\\x22"
        );
        assert_eq!(path(br#"{"path": "\n\u0041"}"#).unwrap(), "\nA");
        for broken in [
            &br#"{"path": "\xg1"}"#[..],
            br#"{"path": "\x2"}"#,
            b"{",
            b"\xff",
            br#""\x"#,
        ] {
            assert!(path(broken).is_err());
        }
    }
}
