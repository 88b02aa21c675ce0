//! Diagnostics as JSON. Knows the shape that programs rely on; a change of meaning changes `version`.

use attain_model::{Diagnostic, SourceMap, Span};
use serde::Serialize;

use crate::diagnostics::{Place, Tally};

#[derive(Serialize)]
pub(crate) struct Report<'a> {
    version: u32,
    files: Vec<&'a str>,
    errors: u64,
    warnings: u64,
    notes: u64,
    diagnostics: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    level: &'static str,
    code: &'static str,
    cause: &'a str,
    help: Option<&'a str>,
    place: Where<'a>,
    labels: Vec<Label<'a>>,
}

#[derive(Serialize)]
struct Label<'a> {
    text: &'a str,
    place: Where<'a>,
}

#[derive(Serialize)]
struct Where<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    start_byte: u32,
    end_byte: u32,
}

/// One object with `version`, counts and `diagnostics`; lines and columns count from 1, columns in characters.
#[must_use]
pub fn json(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    pretty(&self::diagnostics(sources, diagnostics))
}

/// The object, for what embeds it.
pub(crate) fn diagnostics<'a>(sources: &'a SourceMap, diagnostics: &'a [Diagnostic]) -> Report<'a> {
    let tally = Tally::of(diagnostics);
    Report {
        version: 1,
        files: sources
            .files
            .iter()
            .map(|file| file.name.as_str())
            .collect(),
        errors: tally.errors,
        warnings: tally.warnings,
        notes: tally.notes,
        diagnostics: diagnostics
            .iter()
            .map(|diagnostic| entry(sources, diagnostic))
            .collect(),
    }
}

/// As indented JSON with a newline at its end.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    // Invariant: the shapes here have text keys and no map that can fail, so serialising them cannot fail.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn entry<'a>(sources: &'a SourceMap, diagnostic: &'a Diagnostic) -> Entry<'a> {
    Entry {
        level: diagnostic.level.word(),
        code: diagnostic.code,
        cause: &diagnostic.cause,
        help: diagnostic.help.as_deref(),
        place: place(sources, diagnostic.span),
        labels: diagnostic
            .labels
            .iter()
            .map(|label| Label {
                text: &label.text,
                place: place(sources, label.span),
            })
            .collect(),
    }
}

fn place(sources: &SourceMap, span: Span) -> Where<'_> {
    let place = Place::of(sources, span);
    Where {
        file: place.file,
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
        start_byte: span.start,
        end_byte: span.end,
    }
}
