//! `objective-without-evidence`: a customer objective without a reason is a guess.

use attain_model::{Audience, Diagnostic};

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
        include_str!("objective-without-evidence.md")
    }

    /// What is absent may stand on a line that could not be read.
    fn needs_whole_catalogue(&self) -> bool {
        true
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos().filter(|slo| slo.audience == Audience::Customer) {
            if !slo.evidence.is_empty() {
                continue;
            }
            let cause = format!("nothing says why `{}` aims at these numbers", slo.id);
            let place = look.key(&format!("slos.{}.objectives", slo.id));
            found.about(
                &slo.meta,
                Diagnostic::warning(NAME, place, cause).help(
                    "say in `evidence:` at which point users give up, and from which field data you know it",
                ),
            );
        }
    }
}

const NAME: &str = "objective-without-evidence";
