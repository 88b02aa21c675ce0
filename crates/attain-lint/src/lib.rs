//! Is the catalogue wise? One file per rule.
//!
//! Knows what a promise should look like, from the rows of the mission. Knows no YAML (attain-spec reads it), no
//! numbers of its own (attain-cascade composes) and no terminal (attain-view prints). Pure: today is an argument.
//!
//! A rule is `rules/<name>.rs`, `rules/<name>.md` and one line in `rules.rs`. The document is printed by
//! `attain explain <name>` and executed by a test: its example must be found where its comments say, and nowhere else.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod allow;
mod committed;
mod found;
mod graph;
mod look;
mod rules;
mod shortfall;
mod words;

use attain_model::{Catalogue, Diagnostic, SourceMap};
use attain_spec::Spans;
use jiff::civil::Date;

use crate::found::Found;
use crate::look::Look;
use crate::rules::RULES;

/// What is unwise in a catalogue, in the order of files and lines.
///
/// `catalogue` may be a draft that still has errors: objects that are broken in `spans` are skipped, and rules about
/// the catalogue as a whole stay silent until it is whole, so one cause gives one diagnostic. `today` decides which
/// commitments are in force, which reviews are due and which exceptions have ended.
///
/// A finding is silenced by `allow: {<rule>: <reason>}` on its object or in its file; an exception that ended no
/// longer silences, and is reported.
///
/// ```
/// use attain_spec::{Input, parse};
/// let text = "attain: 1\nsegments:\n  power-users: {rank: 1}\n";
/// let parsed = parse(&[Input { name: "tiers.yaml".into(), text: text.into() }]);
/// let draft = parsed.draft.expect("there is a file");
/// let today = jiff::civil::date(2026, 11, 22);
/// let found = attain_lint::lint(&draft, &parsed.spans, &parsed.sources, today);
/// assert_eq!(found[0].code, "segment-not-commercial");
/// assert_eq!(parsed.sources.place(found[0].span), "tiers.yaml:3:3");
/// ```
#[must_use]
pub fn lint(
    catalogue: &Catalogue,
    spans: &Spans,
    sources: &SourceMap,
    today: Date,
) -> Vec<Diagnostic> {
    let look = Look::new(catalogue, spans, sources, today);
    let mut diagnostics = Vec::new();
    for rule in RULES {
        if rule.needs_whole_catalogue() && !look.is_whole() {
            continue;
        }
        let mut found = Found::new(rule.name(), &look);
        rule.check(&look, &mut found);
        diagnostics.extend(found.into_diagnostics());
    }
    diagnostics.sort_by(|a, b| (a.span, a.code).cmp(&(b.span, b.code)));
    diagnostics
}

/// The document of a rule, in Markdown; `None` if no rule has that name.
///
/// ```
/// let document = attain_lint::explain("no-runbook").expect("it is a rule");
/// assert!(document.starts_with("# no-runbook\n"));
/// assert!(attain_lint::explain("no-such-rule").is_none());
/// ```
#[must_use]
pub fn explain(name: &str) -> Option<&'static str> {
    let rule = RULES.iter().find(|rule| rule.name() == name)?;
    Some(rule.document())
}

/// The names of all rules, in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.name())
}
