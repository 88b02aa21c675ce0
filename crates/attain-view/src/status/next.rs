//! Who and what next: severity, alerts that fire, owners, runbook. Knows names; what is wrong is headline.rs's.

use attain_model::company::Segment;
use attain_model::policy::Urgency;
use attain_model::quantity::duration_text;
use attain_model::slo::Slo;
use attain_model::verdict::{AlertCondition, AlertRule};
use attain_model::{Audience, Scope, Verdict};

use super::Desk;
use super::headline::firing;
use super::starting::{about_to_page, is_starting};
use crate::number;

/// Who and what next, by name.
pub(super) fn facts(desk: &Desk<'_>, verdict: &Verdict) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Scope::Segment(id) = &verdict.name.scope
        && let Some(segment) = desk.promises.catalogue().segments.get(id)
    {
        facts.push(("severity", graded(desk, verdict, segment)));
    } else if desk.is_page && verdict.audience == Audience::Internal {
        facts.push(("severity", format!("internal; {}", told_by(verdict))));
    }
    let mut alerts: Vec<_> = firing(verdict).collect();
    alerts.sort_by_key(|(alert, _)| alert.urgency);
    for (alert, since) in alerts {
        facts.push((word(alert.urgency), alert_text(desk, alert, since)));
    }
    if let Some((tier, burn)) =
        about_to_page(verdict).filter(|_| desk.is_page && is_starting(verdict))
    {
        let text = format!(
            "not yet: the last {} has to burn faster than {}, too",
            duration_text(tier.long),
            number::times(u128::from(burn.millionths())),
        );
        facts.push((word(Urgency::Page), text));
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

/// How severe it is: of what is internal, what it would be if customers felt it.
fn graded(desk: &Desk<'_>, verdict: &Verdict, segment: &Segment) -> String {
    let grade = severity(segment);
    if !desk.is_page || verdict.audience == Audience::Customer {
        return grade;
    }
    format!(
        "internal; {}; {grade} once {} feels it",
        told_by(verdict),
        segment.id
    )
}

/// Who is told of it by an alert.
fn told_by(verdict: &Verdict) -> &'static str {
    let urgency = firing(verdict).map(|(alert, _)| alert.urgency).min();
    match urgency {
        Some(Urgency::Page) => "it pages",
        Some(Urgency::Ticket) => "a ticket, no page",
        Some(Urgency::None) => "recorded, no page and no ticket",
        None if is_starting(verdict) => "no page yet",
        None => "no alert fires",
    }
}

/// How severe an incident is that degrades a segment: what the catalogue says, or by its rank.
#[must_use]
pub fn severity(segment: &Segment) -> String {
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
    let since = desk.event(since);
    let policy = match desk.is_page {
        true => format!("policy {}", alert.policy),
        false => alert.policy.to_string(),
    };
    match alert.rule {
        AlertRule::BurnRate { tier, burn } => format!(
            "since {since}: {} and {} burn faster than {} ({})",
            duration_text(tier.long),
            duration_text(tier.short),
            number::times(u128::from(burn.millionths())),
            policy
        ),
        AlertRule::LowTraffic { rule } => format!(
            "since {since}: {} bad or more in {}, too many for so little traffic ({})",
            rule.at_least_bad,
            duration_text(rule.within),
            policy
        ),
    }
}

/// `growth (product), payments (engineering); on call: pager`.
pub(crate) fn owners(desk: &Desk<'_>, slo: &Slo) -> String {
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
