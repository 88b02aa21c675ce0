//! `former-name-unmatched`: a segment was renamed, and requests that still say its earlier name are in none.

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
        include_str!("former-name-unmatched.md")
    }

    // Another file may have the segment that takes the name.
    fn needs_whole_catalogue(&self) -> bool {
        true
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        let segments = &look.catalogue.segments;
        let is_matched = |name: &String| segments.values().any(|segment| segment.matches.contains(name));
        for segment in segments.values() {
            let lost = segment.meta.formerly.iter().filter(|name| !is_matched(name));
            for name in lost {
                let place = look.key(&format!("segments.{}", segment.id));
                let cause = format!(
                    "`{}` was `{name}`, and no segment matches `{name}`: requests whose label still says so are in none",
                    segment.id
                );
                let matches: Vec<&str> = segment.matches.iter().map(String::as_str).collect();
                let help = format!("match both as long as both are sent: `match: [{}, {name}]`", matches.join(", "));
                found.about(&segment.meta, Diagnostic::warning(NAME, place, cause).help(help));
            }
        }
    }
}

const NAME: &str = "former-name-unmatched";
