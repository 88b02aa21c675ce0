//! Commas that cut a text in two: `{price: 5,000 USD}` has a key `000 USD` without a value. Knows maps in braces.

use attain_model::{Diagnostic, Span};

use super::read::Cx;
use crate::tree::{Kind, Map};

/// Finds keys without a value that a comma in a text made, and reports them. Returns their places.
///
/// In `{price: 5,000 USD}` the key `000 USD` is none, and the fault is the comma before it.
pub(crate) fn commas(
    cx: &Cx<'_>,
    map: &Map,
    known: &dyn Fn(&str) -> bool,
    counted: &dyn Fn(&str) -> bool,
) -> Vec<Span> {
    let mut found = Vec::new();
    if !map.flow {
        return found;
    }
    for pair in map.entries.windows(2) {
        let [before, entry] = pair else { continue };
        let key = entry.key.as_str();
        if !entry.value.is_absent() || !entry.key_plain || known(key) {
            continue;
        }
        let Kind::Scalar(value) = &before.value.kind else {
            continue;
        };
        let text = value.text.as_str();
        if !value.plain {
            continue;
        }
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let group = key.len() >= 3 && key.as_bytes()[..3].iter().all(u8::is_ascii_digit);
        let decimals = key.strip_suffix('%').is_some_and(|decimals| {
            !decimals.is_empty() && decimals.bytes().all(|b| b.is_ascii_digit())
        });
        let target = key.contains('<') || key.contains('%');
        if digits && decimals {
            // The code and the place of what the value alone would be refused for, so it is one diagnostic.
            let cause = format!("`{text}` has no unit: a comma ends a value inside `{{}}`");
            cx.push(
                Diagnostic::error("unit-missing", before.value.span, cause).help(format!(
                    "a decimal point, not a comma: write `{text}.{key}`"
                )),
            );
        } else if digits && group {
            let joined = format!("{text}{key}");
            let (code, joined) = if counted(&before.key) {
                ("number-syntax", joined)
            } else if before.key == "price" && !joined.contains('/') {
                ("unit-missing", format!("{joined}/month"))
            } else {
                ("unit-missing", joined)
            };
            let cause = match code {
                "unit-missing" => {
                    format!("`{text}` has no unit: a comma ends a value inside `{{}}`")
                }
                _ => {
                    format!("`{text}` is not the whole number: a comma ends a value inside `{{}}`")
                }
            };
            cx.push(
                Diagnostic::error(code, before.value.span, cause)
                    .help(format!("write `{joined}` without a separator")),
            );
        } else if target || key.contains(' ') {
            let cause = format!(
                "a comma ends a value inside `{{}}`, so `{key}` became a key without a value"
            );
            let (code, help) = if target {
                let help = format!(
                    "one target per objective: `{{{}: {text}, {}-typical: {key}}}`",
                    before.key, before.key
                );
                ("target-syntax", help)
            } else {
                (
                    "comma-in-value",
                    format!("write `{}: \"{text}, {key}\"`", before.key),
                )
            };
            cx.push(Diagnostic::error(code, entry.key_span, cause).help(help));
        } else {
            continue;
        }
        found.push(entry.key_span);
    }
    found
}
