//! `allow-expired`: an exception that has ended.

use attain_model::meta::Allow;
use attain_model::{Diagnostic, Span};

use crate::allow;
use crate::found::Found;
use crate::look::Look;
use crate::rules::RULES;
use crate::rules::Rule;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("allow-expired.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        let mut expired = |rule: &str, exception: &Allow, place: Span| {
            let Some(until) = exception.until.filter(|_| !allow::holds(exception, look.today)) else {
                return;
            };
            // Names that are no rule's are those of diagnostics that stand elsewhere; their exceptions end all the same.
            let known = RULES.iter().any(|known| known.name() == rule);
            let cause = format!("the exception from `{rule}` ended on {until}");
            let help = if known {
                "mend what it excused, or give a new reason and a new date"
            } else {
                "remove it, or give a new reason and a new date"
            };
            found.about_all(Diagnostic::warning(NAME, place, cause).help(help));
        };
        for (path, meta) in allow::objects(look.catalogue) {
            for (rule, exception) in &meta.allow {
                expired(rule, exception, look.at(&format!("{path}.allow.{rule}")));
            }
        }
        for file in look.files() {
            for (rule, exception, place) in look.spans.file_allows(file) {
                expired(rule, exception, place);
            }
        }
    }
}

const NAME: &str = "allow-expired";
