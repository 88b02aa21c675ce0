//! `best-effort-committed`: a number was promised to a segment that is served at best effort.

use attain_model::Diagnostic;

use crate::committed::{committed, is_served_at_best_effort};
use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("best-effort-committed.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for commitment in committed(look).iter().filter(|one| one.best_effort) {
            let (who, promised) = (&commitment.who, &commitment.promised);
            let (cause, help) = match commitment.segment {
                Some(segment) if is_served_at_best_effort(look, segment) => (
                    format!("{who} was promised {promised}, but the contract of {segment} is best effort"),
                    format!("take {segment} out of the commitment, or name the document that promises it in `contract:`"),
                ),
                Some(segment) => (
                    format!("{who} was promised {promised}, but the team aims at best effort for {segment}"),
                    format!("aim at more than {promised} for {segment}, or take it out of the commitment"),
                ),
                None => (
                    format!("{who} was promised {promised}, but the team aims at best effort"),
                    format!("aim at more than {promised}, or take the objective out of the commitment"),
                ),
            };
            found.about(
                commitment.meta,
                Diagnostic::error(NAME, look.at(&commitment.path), cause).help(help),
            );
        }
    }
}

const NAME: &str = "best-effort-committed";
