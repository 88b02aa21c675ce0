//! Exceptions: `allow: {<rule>: <reason> until <date>}` on an object or a file.
//!
//! Knows whether an exception holds today. Knows no rule.

use attain_model::meta::{Allow, Meta};
use attain_model::{Catalogue, Span};
use attain_spec::Spans;
use jiff::civil::Date;

/// Whether an exception holds: `until` is its last day.
pub(crate) fn holds(allow: &Allow, today: Date) -> bool {
    allow.until.is_none_or(|until| today <= until)
}

/// Whether an object has an exception from a rule that holds.
pub(crate) fn on_object(meta: &Meta, rule: &str, today: Date) -> bool {
    meta.allow
        .get(rule)
        .is_some_and(|allow| holds(allow, today))
}

/// Whether the file of a place has one.
pub(crate) fn on_file(spans: &Spans, place: Span, rule: &str, today: Date) -> bool {
    spans
        .file_allows(place.file)
        .any(|(name, allow, _)| name == rule && holds(allow, today))
}

/// Every object that may carry exceptions, by path.
pub(crate) fn objects(catalogue: &Catalogue) -> Vec<(String, &Meta)> {
    macro_rules! sections {
        ($($section:ident)*) => {{
            let mut objects = Vec::new();
            $(objects.extend(catalogue.$section.iter().map(|(id, object)| {
                (format!("{}.{id}", stringify!($section)), &object.meta)
            }));)*
            objects
        }};
    }
    sections!(
        segments slos services teams roles sources alert_policies budget_policies severities
        escalations receivers exclusions contracts credits reports
    )
}
