//! `internal-only-segment`: a segment that nobody pays for and only engineers care about.

use attain_model::Diagnostic;
use attain_model::company::{Contract, Segment};

use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;
use crate::words::words;

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("internal-only-segment.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for segment in look.catalogue.segments.values() {
            let path = format!("segments.{}", segment.id);
            if look.spans.is_broken(&path) || is_paid(segment) {
                continue;
            }
            let Some(word) = engineers_word(segment) else {
                continue;
            };
            let cause = format!(
                "segment `{}` is for engineers (`{word}`), and no customer was promised anything",
                segment.id
            );
            let help = "leave this traffic out with `except:` in the indicators, or watch it with an internal SLO";
            found.about(
                &segment.meta,
                Diagnostic::error(NAME, look.key(&path), cause).help(help),
            );
        }
    }
}

const NAME: &str = "internal-only-segment";

/// Words that name traffic of the company itself.
const ENGINEERS: &[&str] = &[
    "internal", "canary", "employee", "employees", "staff", "staging", "dogfood", "synthetic", "synthetics",
    "engineering", "engineers", "qa", "test", "tests", "testing", "tester", "testers",
    "loadtest", "monitoring", "probe", "probes", "healthcheck", "debug", "preprod",
];

/// Whoever pays is a customer, whatever the segment is called.
fn is_paid(segment: &Segment) -> bool {
    segment
        .price
        .as_ref()
        .is_some_and(|price| price.amount.cents > 0)
}

/// The word that gives it away, in the id or the contract. Without a contract it is another rule's business.
fn engineers_word(segment: &Segment) -> Option<String> {
    let contract = match segment.contract.as_ref()? {
        Contract::Document(text) => text.as_str(),
        Contract::BestEffort => "",
    };
    words(segment.id.as_str())
        .into_iter()
        .chain(words(contract))
        .find(|word| ENGINEERS.contains(&word.as_str()))
}
