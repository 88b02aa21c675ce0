//! `outcome-not-an-outcome`: an outcome that only an engineer understands.

use attain_model::{Audience, Diagnostic};

use crate::found::Found;
use crate::look::Look;
use crate::rules::Rule;
use crate::words::{list, sentence};

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("outcome-not-an-outcome.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos().filter(|slo| slo.audience == Audience::Customer) {
            let Some(outcome) = &slo.outcome else { continue };
            let Some((cause, first)) = objection(outcome) else {
                continue;
            };
            let place = look.at(&format!("slos.{}.outcome", slo.id));
            found.about(
                &slo.meta,
                Diagnostic::warning(NAME, look.within(place, &first), cause)
                    .help(format!("say what they see: `{}`", sentence(slo.id.as_str()))),
            );
        }
    }
}

const NAME: &str = "outcome-not-an-outcome";

/// Endings of names that engineers give to components.
const COMPONENTS: &[&str] = &[
    "-svc", "-service", "-api", "-db", "-server", "-worker", "-gateway", "-backend", "-cluster", "-pod", "-queue",
];

/// What ends like a component and is none.
const EVERYDAY: &[&str] = &["self-service", "customer-service", "full-service"];

/// Words that measure instead of saying what somebody gets. `availability` is not among them: rooms have it, too.
const METRICS: &[&str] = &[
    "latency", "latencies", "throughput", "qps", "rps", "uptime", "cpu", "5xx", "4xx", "apdex", "slo", "sli",
];

/// What is wrong with an outcome, and the word that shows it.
fn objection(outcome: &str) -> Option<(String, String)> {
    let tokens: Vec<&str> = outcome
        .split_whitespace()
        .map(|token| token.trim_matches(|c: char| ",.;:!?()`'\"".contains(c)))
        .filter(|token| !token.is_empty())
        .collect();
    let mut kinds: Vec<&str> = Vec::new();
    let mut first = None;
    for token in &tokens {
        if let Some(kind) = kind(token) {
            first = first.or(Some(*token));
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    if let Some(first) = first {
        let cause = format!(
            "`{outcome}` names {}, not what the customer gets",
            list(&kinds)
        );
        return Some((cause, first.to_owned()));
    }
    let &[word] = tokens.as_slice() else {
        return None;
    };
    let cause = format!("`{outcome}` has no verb: it names a thing, not what the customer gets");
    Some((cause, word.to_owned()))
}

fn kind(token: &str) -> Option<&'static str> {
    let lower = token.to_lowercase();
    if COMPONENTS.iter().any(|ending| lower.ends_with(ending)) && !EVERYDAY.contains(&lower.as_str()) {
        return Some("a component");
    }
    if is_percentile(&lower) {
        return Some("a percentile");
    }
    let is_snake = lower.split('_').filter(|part| !part.is_empty()).count() > 1;
    (is_snake || METRICS.contains(&lower.as_str())).then_some("a metric")
}

/// `p50`, `p99.9`, `99th`, `percentile`; not `p1` (a priority) and not `5th`.
fn is_percentile(word: &str) -> bool {
    let upper_half = |digits: &str| {
        let whole = digits.split_once('.').map_or(digits, |(whole, _)| whole);
        let decimal = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
        decimal && whole.parse::<u32>().is_ok_and(|n| (50..100).contains(&n))
    };
    word.strip_prefix('p').is_some_and(upper_half)
        || word.strip_suffix("th").is_some_and(upper_half)
        || word == "percentile"
}
