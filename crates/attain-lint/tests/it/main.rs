//! What the rules say about catalogues, from the text a person writes to the line, the cause and the help.
//!
//! Reading files is allowed here: tests look at the rules' documents and at the catalogues in `testdata/`.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod catalogues;
mod documents;
mod exceptions;
mod mistakes;
mod near_misses;

use attain_model::{Diagnostic, Level};
use attain_spec::{Input, Parsed, parse};
use jiff::civil::{Date, date};

/// The day on which every test happens.
const TODAY: Date = date(2026, 11, 22);

/// One file by name and text.
fn file(name: &str, text: &str) -> Input {
    Input {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// Reads files that have no errors, and lints them.
fn lint(files: &[Input]) -> (Parsed, Vec<Diagnostic>) {
    let parsed = parse(files);
    let errors: Vec<String> = parsed
        .diagnostics
        .iter()
        .filter(|found| found.level == Level::Error)
        .map(|found| shown(&parsed, found))
        .collect();
    assert!(errors.is_empty(), "does not parse: {errors:#?}");
    lint_draft(parsed, TODAY)
}

/// Lints whatever could be read.
fn lint_draft(parsed: Parsed, today: Date) -> (Parsed, Vec<Diagnostic>) {
    let found = match &parsed.draft {
        Some(draft) => attain_lint::lint(draft, &parsed.spans, &parsed.sources, today),
        None => Vec::new(),
    };
    (parsed, found)
}

/// `error[code] customer.yaml:7:13: cause; help`.
fn shown(parsed: &Parsed, found: &Diagnostic) -> String {
    let help = found.help.as_deref().unwrap_or("-");
    format!(
        "{}[{}] {}: {}; {help}",
        found.level.word(),
        found.code,
        parsed.sources.place(found.span),
        found.cause
    )
}
