//! Diagnostics as a compiler prints them: `error[code]: cause`, the place, the line with a caret, and what to do.
//!
//! Knows how a diagnostic looks to a person; json.rs, sarif.rs, github.rs and junit.rs know how programs want it.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level as Shown, Renderer, Snippet};
use attain_model::{Diagnostic, Level, SourceMap, Span};

use crate::look::{Look, Tone};
use crate::number::plural;

/// All diagnostics in their order, an empty line after each, then the summary. Ends in a newline.
#[must_use]
pub fn human(sources: &SourceMap, diagnostics: &[Diagnostic], look: &Look) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&one(sources, diagnostic, look));
        out.push_str("\n\n");
    }
    let tally = Tally::of(diagnostics);
    let tone = if tally.errors > 0 {
        Tone::Bad
    } else if tally.warnings > 0 {
        Tone::Warn
    } else {
        Tone::Good
    };
    out.push_str(&look.paint(tone, &summary(sources, diagnostics)));
    out.push('\n');
    out
}

/// One diagnostic without a newline at its end.
///
/// A span that points outside its file is shown at the file's end; one that points to no file is shown without a place.
#[must_use]
pub fn one(sources: &SourceMap, diagnostic: &Diagnostic, look: &Look) -> String {
    let level = match diagnostic.level {
        Level::Error => Shown::ERROR,
        Level::Warning => Shown::WARNING,
        Level::Note => Shown::NOTE,
    };
    let title = level
        .primary_title(diagnostic.cause.as_str())
        .id(diagnostic.code);
    let mut group = Group::with_title(title);
    let files = files_of(diagnostic);
    for file in files {
        let Some(source) = sources.files.get(file as usize) else {
            continue;
        };
        let mut snippet = Snippet::source(source.text.as_str()).path(source.name.as_str());
        if diagnostic.span.file == file {
            let span = range(&source.text, diagnostic.span);
            snippet = snippet.annotation(AnnotationKind::Primary.span(span));
        }
        for label in diagnostic
            .labels
            .iter()
            .filter(|label| label.span.file == file)
        {
            let span = range(&source.text, label.span);
            snippet = snippet.annotation(
                AnnotationKind::Context
                    .span(span)
                    .label(label.text.as_str()),
            );
        }
        group = group.element(snippet);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Shown::HELP.message(help.as_str()));
    }
    let renderer = if look.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer
        .decor_style(DecorStyle::Ascii)
        .term_width(look.columns())
        .render(&[group])
}

/// Files in the order in which they are shown: the diagnostic's own first.
fn files_of(diagnostic: &Diagnostic) -> Vec<u32> {
    let mut files = vec![diagnostic.span.file];
    for label in &diagnostic.labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    files
}

/// The span cut to its file, to whole characters, and to its first line: a caret under ten lines helps nobody.
fn range(text: &str, span: Span) -> Range<usize> {
    let floor = |at: u32| {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    let end = floor(span.end).max(start);
    let line_end = text[start..end].find('\n').map_or(end, |i| start + i);
    start..line_end.max(start)
}

/// How many of each level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Errors.
    pub errors: u64,
    /// Warnings.
    pub warnings: u64,
    /// Notes.
    pub notes: u64,
}

impl Tally {
    /// Counts them.
    #[must_use]
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        let mut tally = Self::default();
        for diagnostic in diagnostics {
            match diagnostic.level {
                Level::Error => tally.errors += 1,
                Level::Warning => tally.warnings += 1,
                Level::Note => tally.notes += 1,
            }
        }
        tally
    }
}

/// `3 errors, 1 warning in 3 files`; `no errors in 3 files`. The files are those that were read.
#[must_use]
pub fn summary(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let tally = Tally::of(diagnostics);
    let mut parts = Vec::new();
    for (count, noun) in [
        (tally.errors, "error"),
        (tally.warnings, "warning"),
        (tally.notes, "note"),
    ] {
        if count > 0 {
            parts.push(plural(count, noun));
        }
    }
    if parts.is_empty() {
        parts.push("no errors".to_owned());
    }
    let files = plural(sources.files.len() as u64, "file");
    format!("{} in {files}", parts.join(", "))
}

/// Where a diagnostic is, for programs.
pub(crate) struct Place<'a> {
    /// The file's name, or nothing if the span points to no file.
    pub(crate) file: &'a str,
    /// From 1.
    pub(crate) line: usize,
    /// From 1, in characters.
    pub(crate) column: usize,
    /// From 1.
    pub(crate) end_line: usize,
    /// One past the last character.
    pub(crate) end_column: usize,
}

impl<'a> Place<'a> {
    pub(crate) fn of(sources: &'a SourceMap, span: Span) -> Self {
        let Some(source) = sources.files.get(span.file as usize) else {
            return Self {
                file: "",
                line: 1,
                column: 1,
                end_line: 1,
                end_column: 1,
            };
        };
        let (line, column) = sources.line_column(span);
        let end = span.end.max(span.start);
        let (end_line, end_column) = sources.line_column(Span {
            start: end,
            end,
            ..span
        });
        Self {
            file: &source.name,
            line,
            column,
            end_line,
            end_column,
        }
    }
}
