//! Diagnostics as workflow commands of GitHub Actions, shown beside the changed line.
//!
//! Source: GitHub Actions, workflow commands: `::error file={name},line={line},col={col},title={title}::{message}`;
//! `%`, CR and LF are escaped everywhere, `:` and `,` in properties too.

use attain_model::{Diagnostic, Level, SourceMap};

use crate::diagnostics::Place;

/// One line per diagnostic.
#[must_use]
pub fn github(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let place = Place::of(sources, diagnostic.span);
        let command = match diagnostic.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let mut message = diagnostic.cause.clone();
        if let Some(help) = &diagnostic.help {
            message.push_str("\nhelp: ");
            message.push_str(help);
        }
        out.push_str(&format!(
            "::{command} file={},line={},col={},endLine={},endColumn={},title={}::{}\n",
            property(place.file),
            place.line,
            place.column,
            place.end_line,
            place.end_column,
            property(diagnostic.code),
            data(&message),
        ));
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
