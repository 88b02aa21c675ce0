//! The first sentence: who is hurt, how badly, who owns it, what to do now. For a tired reader.
//!
//! Knows an order of hurt: a broken or burning promise before a quiet one, customers before ourselves, the segment that
//! is saved first before the others, the worse overspent before the less.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use attain_math::ppb::percent_of_ppb;
use attain_model::company::Segment;
use attain_model::policy::Urgency;
use attain_model::quantity::duration_text;
use attain_model::slo::{Budgeting, Provider, Slo};
use attain_model::verdict::{AlertCondition, AlertRule, AlertState, Masked};
use attain_model::{Audience, Scope, SloId, Standing, Verdict};

use super::{Desk, Run, calm, is_promise, target_ppb};
use crate::look::{Tone, wrap};
use crate::number;

/// How many of the others are named under the worst one.
const OTHERS_SHOWN: usize = 4;

/// Where the text of a fact begins.
const FACT_INDENT: usize = "  severity ".len();

/// A few lines that end in a newline.
pub(super) fn headline(desk: &Desk<'_>, run: &Run) -> String {
    let mut hurt: Vec<&Verdict> = desk
        .evaluation
        .verdicts
        .iter()
        .filter(|verdict| is_promise(verdict) && is_hurt(verdict))
        .collect();
    hurt.sort_by_key(|verdict| order_of_hurt(desk, verdict));
    match hurt.split_first() {
        Some((worst, others)) => alarm(desk, worst, others),
        None => calm::calm(desk, run),
    }
}

fn is_hurt(verdict: &Verdict) -> bool {
    verdict.standing == Standing::Breached || firing(verdict).next().is_some()
}

fn order_of_hurt(desk: &Desk<'_>, verdict: &Verdict) -> impl Ord + use<> {
    let paged = firing(verdict).any(|(alert, _)| alert.urgency == Urgency::Page);
    let overspent =
        u128::from(verdict.budget.spent) * 1_000_000_000 / verdict.budget.allowed_billionths.max(1);
    (
        verdict.audience == Audience::Internal,
        verdict.standing != Standing::Breached && !paged,
        desk.rank(&verdict.name.scope),
        verdict.standing != Standing::Breached,
        Reverse(overspent),
        verdict.name.clone(),
    )
}

fn firing(verdict: &Verdict) -> impl Iterator<Item = (&AlertCondition, jiff::Timestamp)> {
    verdict.alerts.iter().filter_map(|alert| match alert.state {
        AlertState::Firing(since) => Some((alert, since)),
        _ => None,
    })
}

fn alarm(desk: &Desk<'_>, worst: &Verdict, others: &[&Verdict]) -> String {
    let masked = desk
        .evaluation
        .masked
        .iter()
        .find(|masked| masked.name == worst.name);
    let width = desk.look.columns();
    let mut out = desk
        .look
        .paint(Tone::Bad, &wrap(&what_happens(desk, worst), width, 2));
    out.push('\n');
    out.push_str(&desk.wrapped(&how_bad(desk, worst, masked)));
    for (name, text) in facts(desk, worst) {
        let text = wrap(&text, width - FACT_INDENT, 0);
        let text = text.replace('\n', &format!("\n{:FACT_INDENT$}", ""));
        out.push_str(&format!("  {name:<9}{text}\n"));
    }
    if !others.is_empty() {
        for line in also(desk, worst, others) {
            out.push_str(&desk.wrapped(&line));
        }
    }
    out
}

/// `checkout-completes (availability) is broken for premium: 3% of requests fail where 0.05% may, 60x as many.`
fn what_happens(desk: &Desk<'_>, verdict: &Verdict) -> String {
    let promise = format!("{} ({})", verdict.name.slo, verdict.name.objective);
    let whose = match &verdict.name.scope {
        Scope::Segment(id) => id.to_string(),
        Scope::All => "all traffic".to_owned(),
    };
    if verdict.standing == Standing::Breached {
        return format!(
            "{promise} is broken for {whose}: {}.",
            how_many(desk, verdict)
        );
    }
    let left = number::budget_left(verdict.budget).unwrap_or_else(|| "none".to_owned());
    let gone = verdict.exhausted_in.map_or_else(String::new, |length| {
        format!(", gone in {} at this rate", number::about(length))
    });
    format!("{promise} is burning for {whose}: {left} of the budget is left{gone}.")
}

/// `3% of requests fail where 0.05% may, 60x as many`.
fn how_many(desk: &Desk<'_>, verdict: &Verdict) -> String {
    let failing = number::failing(verdict.attainment).unwrap_or_else(|| "0%".to_owned());
    let promised = verdict.goal.as_ref().and_then(|goal| goal.promised());
    let mut text = match promised.and_then(|promised| promised.under) {
        _ if counts_slices(desk, verdict) => format!("{failing} of slices are bad"),
        Some(under) => format!("{failing} of requests take {under} or more"),
        None => format!("{failing} of requests fail"),
    };
    if let Some(promised) = promised {
        let may = percent_of_ppb(promised.target.budget_ppb());
        text.push_str(&format!(" where {may}% may"));
    }
    let times = number::burn(verdict.budget.spent, verdict.budget.allowed_billionths);
    // `1x as many` would say that nothing is wrong.
    if let Some(times) = times.filter(|times| times != "1x") {
        text.push_str(&format!(", {times} as many"));
    }
    text
}

/// Budget, speed and mask in one or two sentences.
fn how_bad(desk: &Desk<'_>, verdict: &Verdict, masked: Option<&Masked>) -> String {
    let mut sentences = Vec::new();
    let window = window_words(desk, verdict);
    if verdict.standing == Standing::Breached {
        let left = number::budget_left(verdict.budget).unwrap_or_else(|| "none".to_owned());
        let since = verdict
            .overspent_since
            .map_or_else(String::new, |since| format!(" since {}", desk.near(since)));
        sentences.push(format!(
            "The budget {window} is overspent ({left} left){since}."
        ));
    }
    if let Some(now) = speed_now(desk, verdict) {
        sentences.push(now);
    }
    if let Some(masked) = masked {
        sentences.push(hidden(desk, verdict, masked));
    }
    sentences.join(" ")
}

fn window_words(desk: &Desk<'_>, verdict: &Verdict) -> String {
    desk.slo(verdict)
        .map_or_else(String::new, |slo| match &slo.window {
            attain_model::Window::Rolling(length) => format!("of {}", duration_text(*length)),
            attain_model::Window::Calendar(period, _) => format!("of this {}", period.word()),
        })
}

/// Whether it still happens, from the window that pages look at first.
fn speed_now(desk: &Desk<'_>, verdict: &Verdict) -> Option<String> {
    let recent = super::matrix::recent_burn(verdict)?;
    let window = match duration_text(recent.window).as_str() {
        "1h" => "hour".to_owned(),
        text => text.to_owned(),
    };
    if recent.attainment.total() == 0 {
        return Some(format!("In the last {window} there was no traffic."));
    }
    let what = match (counts_slices(desk, verdict), is_latency(verdict)) {
        (true, _) => "were bad",
        (false, true) => "were too slow",
        (false, false) => "failed",
    };
    if recent.attainment.bad == 0 {
        // How many there were says how much that is worth.
        let of = number::plural(recent.attainment.total(), unit(desk, verdict));
        return Some(format!("In the last {window} none of {of} {what}."));
    }
    let rate = number::burn(recent.attainment.bad, recent.allowed_billionths)?;
    let failing = number::failing(recent.attainment)?;
    Some(format!(
        "In the last {window} {failing} {what}, a burn rate of {rate}."
    ))
}

/// Whether the counts are slices of time and not requests.
fn counts_slices(desk: &Desk<'_>, verdict: &Verdict) -> bool {
    desk.slo(verdict)
        .is_some_and(|slo| !matches!(slo.budgeting, Budgeting::Occurrences))
}

fn unit(desk: &Desk<'_>, verdict: &Verdict) -> &'static str {
    if counts_slices(desk, verdict) {
        "slice"
    } else {
        "request"
    }
}

fn is_latency(verdict: &Verdict) -> bool {
    verdict.goal.is_some_and(|goal| {
        goal.promised()
            .is_some_and(|promised| promised.under.is_some())
    })
}

fn hidden(desk: &Desk<'_>, verdict: &Verdict, masked: &Masked) -> String {
    let all = desk.evaluation.verdicts.iter().find(|other| {
        other.name.slo == verdict.name.slo
            && other.name.objective == verdict.name.objective
            && other.name.scope == Scope::All
    });
    let fine = all
        .and_then(|all| number::attained(all.attainment, target_ppb(all)))
        .map_or_else(String::new, |text| format!(" at {text}"));
    let since = if verdict.overspent_since == Some(masked.since) {
        String::new()
    } else {
        format!(" since {}", desk.near(masked.since))
    };
    format!(
        "The aggregate hides it{since}: all together look fine{fine}, because {} is {} of the traffic.",
        verdict.name.scope,
        short_share(masked.share.ppb()),
    )
}

fn short_share(ppb: u32) -> String {
    // One decimal is enough for a share of traffic; never 0% for somebody.
    if ppb > 0 && ppb < 1_000_000 {
        return "<0.1%".to_owned();
    }
    let tenths = ppb / 1_000_000;
    match tenths % 10 {
        0 => format!("{}%", tenths / 10),
        tenth => format!("{}.{tenth}%", tenths / 10),
    }
}

/// Who and what next, by name.
fn facts(desk: &Desk<'_>, verdict: &Verdict) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Scope::Segment(id) = &verdict.name.scope
        && let Some(segment) = desk.promises.catalogue().segments.get(id)
    {
        facts.push(("severity", severity(segment)));
    }
    let mut alerts: Vec<_> = firing(verdict).collect();
    alerts.sort_by_key(|(alert, _)| alert.urgency);
    for (alert, since) in alerts {
        facts.push((word(alert.urgency), alert_text(desk, alert, since)));
    }
    if let Some(slo) = desk.slo(verdict) {
        facts.push(("owners", owners(desk, slo)));
        facts.push((
            "runbook",
            slo.runbook.clone().unwrap_or_else(|| {
                format!(
                    "none yet: write one and name it in `runbook:` of {}",
                    slo.id
                )
            }),
        ));
    }
    facts
}

fn word(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Page => "page",
        Urgency::Ticket => "ticket",
        Urgency::None => "recorded",
    }
}

fn severity(segment: &Segment) -> String {
    segment.severity.as_ref().map_or_else(
        || match segment.rank {
            1 => "sev1".to_owned(),
            2 => "sev2".to_owned(),
            _ => "ticket".to_owned(),
        },
        ToString::to_string,
    )
}

fn alert_text(desk: &Desk<'_>, alert: &AlertCondition, since: jiff::Timestamp) -> String {
    let since = desk.near(since);
    match alert.rule {
        AlertRule::BurnRate { tier, burn } => format!(
            "since {since}: {} and {} burn faster than {} ({})",
            duration_text(tier.long),
            duration_text(tier.short),
            number::times(u128::from(burn.millionths())),
            alert.policy
        ),
        AlertRule::LowTraffic { rule } => format!(
            "since {since}: {} bad or more in {}, too many for so little traffic ({})",
            rule.at_least_bad,
            duration_text(rule.within),
            alert.policy
        ),
    }
}

/// `growth (product), payments (engineering); on call: pager`.
fn owners(desk: &Desk<'_>, slo: &Slo) -> String {
    let seats = [
        (&slo.owners.product, " (product)"),
        (&slo.owners.engineering, " (engineering)"),
        (&slo.owners.owner, ""),
    ];
    let names: Vec<String> = seats
        .iter()
        .filter_map(|(team, seat)| team.as_ref().map(|team| format!("{team}{seat}")))
        .collect();
    if names.is_empty() {
        return format!("nobody: name one in `owner:` of {}", slo.id);
    }
    let teams = &desk.promises.catalogue().teams;
    let mut oncall: Vec<String> = slo
        .owners
        .iter()
        .filter_map(|team| teams.get(team)?.oncall.as_ref())
        .map(ToString::to_string)
        .collect();
    oncall.dedup();
    let mut text = names.join(", ");
    if !oncall.is_empty() {
        text.push_str("; on call: ");
        text.push_str(&oncall.join(", "));
    }
    text
}

/// The others by name: those that are broken, first what the worst one rests on, then those that burn.
fn also(desk: &Desk<'_>, worst: &Verdict, others: &[&Verdict]) -> Vec<String> {
    let under = underneath(desk, &worst.name.slo);
    let (broken, burning): (Vec<&Verdict>, Vec<&Verdict>) = others
        .iter()
        .partition(|verdict| verdict.standing == Standing::Breached);
    let (below, beside): (Vec<&Verdict>, Vec<&Verdict>) = broken
        .into_iter()
        .partition(|verdict| under.contains(&verdict.name.slo));
    [
        ("Broken underneath", below),
        ("Also broken", beside),
        ("Burning", burning),
    ]
    .into_iter()
    .filter(|(_, verdicts)| !verdicts.is_empty())
    .map(|(word, verdicts)| {
        let names: Vec<String> = verdicts
            .iter()
            .take(OTHERS_SHOWN)
            .map(|verdict| verdict.name.to_string())
            .collect();
        let more = match verdicts.len() - names.len() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        format!("{word}: {}{more}.", names.join(", "))
    })
    .collect()
}

/// Every SLO that one rests on, however far below.
fn underneath<'a>(desk: &'a Desk<'_>, top: &'a SloId) -> BTreeSet<&'a SloId> {
    let mut reached = BTreeSet::new();
    let mut open = vec![top];
    while let Some(id) = open.pop() {
        let Some(slo) = desk.promises.catalogue().slos.get(id) else {
            continue;
        };
        for edge in &slo.depends_on {
            let direct = match &edge.on {
                Provider::Slo(id) => std::slice::from_ref(id),
                Provider::AnyOf { slos, .. } => slos,
                Provider::External { .. } => &[],
            };
            let fallback = edge.fallback.as_ref().map(|fallback| &fallback.slo);
            open.extend(
                direct
                    .iter()
                    .chain(fallback)
                    .filter(|id| reached.insert(*id)),
            );
        }
    }
    reached
}
