//! `best-effort-committed`: a number was promised to a segment that is served at best effort.

use attain_model::company::Contract;
use attain_model::{Diagnostic, Goal};

use crate::committed::committed;
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
        for commitment in committed(look) {
            let contract = commitment
                .segment
                .and_then(|id| look.catalogue.segments.get(id))
                .and_then(|segment| segment.contract.as_ref());
            let Some(segment) = commitment.segment else {
                continue;
            };
            let (who, promised) = (&commitment.who, &commitment.promised);
            let cause = if contract == Some(&Contract::BestEffort) {
                format!("{who} was promised {promised}, but the contract of {segment} is best effort")
            } else if commitment.aimed == Goal::BestEffort {
                format!("{who} was promised {promised}, but the team aims at best effort for {segment}")
            } else {
                continue;
            };
            let help = if contract == Some(&Contract::BestEffort) {
                format!("take {segment} out of the commitment, or name the document that promises it in `contract:`")
            } else {
                format!("aim at more than {promised} for {segment}, or take it out of the commitment")
            };
            found.about(
                commitment.meta,
                Diagnostic::error(NAME, look.at(&commitment.path), cause).help(help),
            );
        }
    }
}

const NAME: &str = "best-effort-committed";
