//! Diagnostics as SARIF 2.1.0, the form that code scanning services read.
//!
//! Source: OASIS, Static Analysis Results Interchange Format 2.1.0. Columns count UTF-16 units by default there, so the
//! run says that ours count code points.

use std::collections::BTreeSet;

use attain_model::{Diagnostic, Label, Level, SourceMap, Span};
use serde_json::{Value, json};

use crate::diagnostics::Place;
use crate::json::pretty;

/// One run of one tool. `tool_version` is the version of the binary.
#[must_use]
pub fn sarif(sources: &SourceMap, diagnostics: &[Diagnostic], tool_version: &str) -> String {
    let codes: BTreeSet<&str> = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect();
    let rules: Vec<Value> = codes
        .iter()
        .map(|code| {
            json!({
                "id": code,
                "help": { "text": format!("attain explain {code}") },
            })
        })
        .collect();
    let results: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| result(sources, diagnostic))
        .collect();
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "attain", "version": tool_version, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn result(sources: &SourceMap, diagnostic: &Diagnostic) -> Value {
    let text = match &diagnostic.help {
        Some(help) => format!("{}; help: {help}", diagnostic.cause),
        None => diagnostic.cause.clone(),
    };
    let mut result = json!({
        "ruleId": diagnostic.code,
        "level": match diagnostic.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        },
        "message": { "text": text },
        "locations": [{ "physicalLocation": location(sources, diagnostic.span) }],
    });
    if !diagnostic.labels.is_empty() {
        result["relatedLocations"] = diagnostic
            .labels
            .iter()
            .map(|label| related(sources, label))
            .collect();
    }
    result
}

fn related(sources: &SourceMap, label: &Label) -> Value {
    json!({
        "physicalLocation": location(sources, label.span),
        "message": { "text": label.text },
    })
}

fn location(sources: &SourceMap, span: Span) -> Value {
    let place = Place::of(sources, span);
    json!({
        "artifactLocation": { "uri": uri(place.file) },
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        },
    })
}

/// A path as a URI reference: what may not stand in one is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
