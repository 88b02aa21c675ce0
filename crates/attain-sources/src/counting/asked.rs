//! The fields that a catalogue looks at in one source, and who looks. Knows names; reads nothing.

use std::collections::BTreeSet;
use std::path::Path;

use attain_model::Catalogue;
use attain_model::indicator::{Counting, Indicator};
use attain_model::selector::{Match, Matches, Outcome, Selector};
use attain_model::source::Source;

use crate::error::Error;

/// A field that somebody looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) field: String,
    /// Who, e.g. "`bad:` of SLO `checkout`".
    pub(crate) by: String,
    pub(crate) strength: Strength,
}

/// What it means that no line has the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strength {
    /// Nothing can be judged.
    Judges,
    /// Something selects less or more than it says.
    Selects,
}

/// The fields whose absence would change what is counted without a word. One that the source itself adds is there; so is
/// one whose matchers take an absent value, as absence is then an answer.
pub(crate) fn asked(catalogue: &Catalogue, source: &Source) -> Vec<Asked> {
    let mut asked = Vec::new();
    let labels = &source.labels;
    let named = Some(&labels.segment).filter(|name| *name != "segment");
    let of_source = [
        ("segment", named),
        ("service", labels.service.as_ref()),
        ("customer", labels.customer.as_ref()),
    ];
    for (label, name) in of_source {
        if let Some(name) = name {
            asked.push(Asked {
                field: name.clone(),
                by: format!("`labels.{label}` of source `{}`", source.id),
                strength: Strength::Selects,
            });
        }
    }
    for slo in catalogue.slos.values() {
        if !means(catalogue, &slo.indicator, source) {
            continue;
        }
        let mut add = |part: &str, matches: &Matches, strength| {
            for (field, matcher) in matches
                .iter()
                .filter(|(_, matcher)| !takes_absence(matcher))
            {
                // A test for any text at all asks whether the field is there.
                let is_presence = matcher.matches("0") && matcher.matches("x");
                asked.push(Asked {
                    field: field.clone(),
                    by: format!("`{part}:` of SLO `{}`", slo.id),
                    strength: if is_presence {
                        Strength::Selects
                    } else {
                        strength
                    },
                });
            }
        };
        match &slo.indicator.counting {
            Counting::Log { selector, outcome } => {
                select(selector, &mut add);
                judge(outcome, &mut add);
            }
            Counting::Metric {
                selector, outcome, ..
            } => {
                select(selector, &mut add);
                judge(outcome, &mut add);
            }
            Counting::Totals { total, of, .. } => {
                select(&total.selector, &mut add);
                select(&of.selector, &mut add);
            }
            Counting::PromQl { .. } => {}
        }
    }
    asked.retain(|asked| !source.add.contains_key(&asked.field));
    asked
}

fn select(selector: &Selector, add: &mut impl FnMut(&str, &Matches, Strength)) {
    add("where", &selector.only, Strength::Selects);
    add("except", &selector.except, Strength::Selects);
}

fn judge(outcome: &Outcome, add: &mut impl FnMut(&str, &Matches, Strength)) {
    match outcome {
        Outcome::Good(matches) => add("good", matches, Strength::Judges),
        Outcome::Bad(matches) => add("bad", matches, Strength::Judges),
        Outcome::AllGood | Outcome::GoodIf(_) => {}
    }
}

/// An indicator that names no source means all; what one of several lacks, another may have.
fn means(catalogue: &Catalogue, indicator: &Indicator, source: &Source) -> bool {
    indicator.sources.contains(&source.id)
        || (indicator.sources.is_empty() && catalogue.sources.len() == 1)
}

fn takes_absence(matcher: &Match) -> bool {
    matcher.matches("")
}

/// The first column that somebody looks at and a header lacks.
///
/// # Errors
/// It is the error.
pub(crate) fn check_columns(asked: &[Asked], header: &[String], path: &Path) -> Result<(), Error> {
    let has: BTreeSet<&String> = header.iter().collect();
    match asked.iter().find(|asked| !has.contains(&asked.field)) {
        None => Ok(()),
        Some(asked) => Err(Error::Asked {
            path: path.to_owned(),
            column: asked.field.clone(),
            by: asked.by.clone(),
            has: header.to_vec(),
        }),
    }
}
