//! `evidence-is-a-load-test`: what servers can do says nothing about what users need.

use attain_model::slo::Evidence;
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
        include_str!("evidence-is-a-load-test.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos().filter(|slo| slo.audience == Audience::Customer) {
            let words: Vec<_> = slo.evidence.iter().map(about_servers).collect();
            // One piece of evidence from the field is enough.
            let Some(Some(Some(word))) = (!words.contains(&None)).then(|| words.first().copied()) else {
                continue;
            };
            let cause = format!(
                "all evidence for `{}` comes from what servers can do (`{word}`), not from what users need",
                slo.id
            );
            let place = look.at(&format!("slos.{}.evidence.0", slo.id));
            found.about(
                &slo.meta,
                Diagnostic::warning(NAME, place, cause)
                    .help("add field data: at which latency or error rate do users give up?"),
            );
        }
    }
}

const NAME: &str = "evidence-is-a-load-test";

/// Phrases that speak of tests and opinions.
const SERVERS: &[&str] = &[
    "load test", "load-test", "loadtest", "stress test", "stress-test", "capacity test", "k6", "jmeter", "gatling",
    "locust", "vegeta", "staging", "gut feeling", "guess", "guessed", "educated guess", "servers can",
];

/// The phrase that says that evidence is about servers; `None` if it is about users, as far as can be told.
fn about_servers(evidence: &Evidence) -> Option<&'static str> {
    let Evidence::Statement { says, from, .. } = evidence else {
        return None;
    };
    let text = format!("{says} {}", from.as_deref().unwrap_or_default()).to_lowercase();
    let has = |phrase: &str| {
        text.match_indices(phrase).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + phrase.len()..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
    };
    // `benchmark` alone may be of users; it counts where the statement comes from.
    let source = from.as_deref().unwrap_or_default().to_lowercase();
    SERVERS
        .iter()
        .find(|phrase| has(phrase))
        .copied()
        .or_else(|| source.contains("benchmark").then_some("benchmark"))
}
