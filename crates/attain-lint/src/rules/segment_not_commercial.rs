//! `segment-not-commercial`: a segment without a contract is a persona.

use attain_model::Diagnostic;

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
        include_str!("segment-not-commercial.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for segment in look.catalogue.segments.values() {
            let path = format!("segments.{}", segment.id);
            if segment.contract.is_some() || look.spans.is_broken(&path) {
                continue;
            }
            let cause = format!(
                "segment `{}` names no contract: a persona is not a promise",
                segment.id
            );
            let help = "name the document in `contract:`, or `contract: best effort`";
            found.about(
                &segment.meta,
                Diagnostic::error(NAME, look.key(&path), cause).help(help),
            );
        }
    }
}

const NAME: &str = "segment-not-commercial";
