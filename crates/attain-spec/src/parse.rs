//! The way in: files to a catalogue, all that is wrong with them in one pass.

use std::collections::BTreeSet;

use attain_model::{Catalogue, Diagnostic, Level, SourceFile, SourceMap};

use crate::decode::objects;
use crate::spans::Spans;
use crate::tree;

/// A file of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The path under which it is shown, `/`-separated.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What could be read of a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The files, in the order of their names; spans point into it.
    pub sources: SourceMap,
    /// Everything that could be read, even if some object is broken ([`Spans::is_broken`] says which); for lints.
    /// Its references lead to objects of the draft or to broken ones that are not in it. `None` if there is no file.
    pub draft: Option<Catalogue>,
    /// The catalogue; only if there is no error.
    pub catalogue: Option<Catalogue>,
    /// Where each thing was written.
    pub spans: Spans,
    /// All that is wrong, by file and place; one for each cause.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the files of a folder into one catalogue.
///
/// Never fails and never panics: what is wrong stands in [`Parsed::diagnostics`], and without an error among them
/// [`Parsed::catalogue`] is there (unless `inputs` is empty).
///
/// ```
/// use attain_spec::{Input, parse};
/// let text = "attain: 1
/// slos:
///   search-answers:
///     owner: search
///     indicator: {metric: http_requests_total, bad: {code: 5xx}}
///     objectives: {availability: 99.9}
/// ";
/// let parsed = parse(&[Input { name: "search.yaml".into(), text: text.into() }]);
/// assert!(parsed.catalogue.is_none());
/// assert_eq!(parsed.diagnostics[0].code, "unit-missing");
/// assert_eq!(parsed.sources.place(parsed.diagnostics[0].span), "search.yaml:6:32");
/// ```
#[must_use]
pub fn parse(inputs: &[Input]) -> Parsed {
    let mut files: Vec<SourceFile> = inputs
        .iter()
        .map(|input| SourceFile {
            name: input.name.clone(),
            text: input.text.clone(),
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let sources = SourceMap { files };
    let mut diagnostics = Vec::new();
    let trees: Vec<_> = sources
        .files
        .iter()
        .enumerate()
        .map(|(file, source)| tree::read(file as u32, &source.text, &mut diagnostics))
        .collect();
    let (catalogue, spans, diagnostics) = objects::read(&sources, &trees, diagnostics);
    let diagnostics = in_order(diagnostics);
    let draft = (!inputs.is_empty()).then_some(catalogue);
    let sound = !diagnostics.iter().any(|d| d.level == Level::Error);
    Parsed {
        catalogue: draft.clone().filter(|_| sound),
        draft,
        sources,
        spans,
        diagnostics,
    }
}

/// By file and place. What was found twice at one place, as by two SLOs that take one default, is one cause.
pub(crate) fn in_order(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut out: Vec<_> = diagnostics
        .into_iter()
        .filter(|d| seen.insert((d.code, d.span)))
        .collect();
    out.sort_by_key(|d| (d.span.file, d.span.start, d.level, d.code));
    out
}
