//! `no-runbook`: somebody is woken for a customer and has nothing to read.

use attain_model::policy::Urgency;
use attain_model::slo::Objective;
use attain_model::{Audience, Diagnostic, Scope, Slo};

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
        include_str!("no-runbook.md")
    }

    /// What is absent may stand on a line that could not be read.
    fn needs_whole_catalogue(&self) -> bool {
        true
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for slo in look.slos().filter(|slo| slo.audience == Audience::Customer) {
            if slo.runbook.is_some() || !pages(look, slo) {
                continue;
            }
            let cause = format!("`{}` wakes somebody who then has no runbook to read", slo.id);
            let place = look.key(&format!("slos.{}", slo.id));
            found.about(
                &slo.meta,
                Diagnostic::warning(NAME, place, cause)
                    .help("add `runbook: <url>`: what to look at first, whom to call, how to stop the loss"),
            );
        }
    }
}

const NAME: &str = "no-runbook";

/// Whether a page can leave the house: a policy pages, somebody is on call, and the trial period is over.
fn pages(look: &Look<'_>, slo: &Slo) -> bool {
    let on_trial = slo.adoption.is_some_and(|adoption| {
        let end = jiff::SignedDuration::try_from(adoption.length)
            .ok()
            .and_then(|length| adoption.from.checked_add(length).ok());
        end.is_none_or(|end| look.today < end)
    });
    let on_call = slo
        .owners
        .iter()
        .filter_map(|id| look.catalogue.teams.get(id))
        .any(|team| team.oncall.is_some());
    !on_trial && on_call && slo.objectives.values().any(|o| wakes(look, slo, o))
}

/// Whether one of an objective's targets pages: its policy does, and its segment is worth it.
fn wakes(look: &Look<'_>, slo: &Slo, objective: &Objective) -> bool {
    let catalogue = look.catalogue;
    let targets = &look.term_on(objective, look.today).targets;
    targets.iter().any(|(scope, goal)| {
        let segment = match &scope {
            Scope::Segment(id) => catalogue.segments.get(id),
            Scope::All => None,
        };
        let severity = segment
            .and_then(|segment| segment.severity.as_ref())
            .and_then(|id| catalogue.severities.get(id));
        let policy = segment
            .and_then(|segment| segment.alerting.as_ref())
            .or(slo.alerting.as_ref())
            .and_then(|id| catalogue.alert_policies.get(id));
        goal.promised().is_some()
            && severity.is_none_or(|severity| severity.urgency == Urgency::Page)
            && policy.is_some_and(|policy| !policy.page.is_empty())
    })
}
