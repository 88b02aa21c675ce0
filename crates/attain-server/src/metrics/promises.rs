//! What every promise comes to, as numbers: how it stands, what is left, what burns, which alerts fire, and whose it is.
//!
//! Invariant: the page is bounded. At most so many promises are on it as there is room for, and each has one series for a
//! number, at most two for an urgency, one for each window of its alert policy.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::policy::Urgency;
use attain_model::slo::{Goal, Objective, Slo};
use attain_model::verdict::{AlertState, Coverage};
use attain_model::{Catalogue, Evaluation, Scope, SeriesName, Standing, Verdict};
use attain_view::status::severity;

use super::text::Page;

/// A number of a promise, where there is one.
type Number = fn(&Verdict) -> Option<f64>;

/// Writes the numbers of the first promises, as many as are `shown`.
pub(super) fn promises(
    page: &mut Page,
    catalogue: &Catalogue,
    evaluation: &Evaluation,
    shown: usize,
) {
    let all = &evaluation.verdicts;
    let verdicts = &all[..all.len().min(shown)];
    sli(page, verdicts, catalogue);
    numbers(page, verdicts);
    masked(page, verdicts, evaluation);
    burn_rates(page, verdicts);
    firing(page, verdicts);
    conditions(page, verdicts);
    infos(page, verdicts, catalogue);
    page.gauge(
        "attain_promises_not_shown",
        "Promises for which there is no room on this page.",
    );
    let hidden = all.len() - verdicts.len();
    page.sample("attain_promises_not_shown", &[], hidden as f64);
}

/// Without events there is none, and without a limit nothing is fast or slow.
fn sli(page: &mut Page, verdicts: &[Verdict], catalogue: &Catalogue) {
    let name = "attain_sli_ratio";
    page.gauge(name, "Good events of all in the window.");
    for verdict in verdicts {
        let slo = catalogue.slos.get(&verdict.name.slo);
        let objective = slo.and_then(|slo| slo.objectives.get(&verdict.name.objective));
        let has_no_limit =
            verdict.goal == Some(Goal::BestEffort) && objective.is_some_and(Objective::is_latency);
        let total = verdict.attainment.total();
        if total > 0 && !has_no_limit {
            let ratio = verdict.attainment.good as f64 / total as f64;
            page.promise(name, &verdict.name, &[], ratio);
        }
    }
}

fn numbers(page: &mut Page, verdicts: &[Verdict]) {
    let numbers: [(&str, &str, Number); 3] = [
        (
            "attain_budget_remaining_ratio",
            "Error budget that is left; negative once it is overspent.",
            remaining,
        ),
        (
            "attain_coverage_ratio",
            "Share of the window that was observed.",
            |verdict| match verdict.coverage {
                Coverage::Share(share) => Some(f64::from(share.ppb()) / 1e9),
                Coverage::NotKnown => None,
            },
        ),
        (
            "attain_promise_kept",
            "1 kept, 0 broken; not there while it cannot be told.",
            |verdict| match verdict.standing {
                Standing::Met => Some(1.0),
                Standing::Breached => Some(0.0),
                _ => None,
            },
        ),
    ];
    for (name, help, number) in numbers {
        page.gauge(name, help);
        for verdict in verdicts {
            if let Some(value) = number(verdict) {
                page.promise(name, &verdict.name, &[], value);
            }
        }
    }
}

/// Of what was promised to a segment: only that can be hidden by an aggregate.
fn masked(page: &mut Page, verdicts: &[Verdict], evaluation: &Evaluation) {
    let name = "attain_masked";
    page.gauge(
        name,
        "1 while the promise to a segment is broken and all together look fine.",
    );
    let hidden: BTreeSet<&SeriesName> = evaluation.masked.iter().map(|one| &one.name).collect();
    for verdict in verdicts {
        let is_segment = matches!(verdict.name.scope, Scope::Segment(_));
        if is_segment
            && verdict
                .goal
                .as_ref()
                .is_some_and(|goal| goal.promised().is_some())
        {
            let value = f64::from(u8::from(hidden.contains(&verdict.name)));
            page.promise(name, &verdict.name, &[], value);
        }
    }
}

fn burn_rates(page: &mut Page, verdicts: &[Verdict]) {
    let name = "attain_burn_rate";
    page.gauge(
        name,
        "How fast the budget is spent, by the length of the window in seconds; 1 spends it by the end.",
    );
    for verdict in verdicts {
        for burn in &verdict.burn {
            if burn.allowed_billionths == 0 {
                continue;
            }
            let rate = burn.attainment.bad as f64 * 1e9 / burn.allowed_billionths as f64;
            let window = burn.window.as_secs().to_string();
            page.promise(name, &verdict.name, &[("window", &window)], rate);
        }
    }
}

/// By what an alert asks of people, as that decides where it is sent.
fn firing(page: &mut Page, verdicts: &[Verdict]) {
    let name = "attain_alert_firing";
    page.gauge(
        name,
        "1 while an alert of the promise fires that asks for this: a page or a ticket.",
    );
    for verdict in verdicts {
        let mut by_urgency: BTreeMap<Urgency, bool> = BTreeMap::new();
        for alert in &verdict.alerts {
            let is_firing = matches!(alert.state, AlertState::Firing(_));
            *by_urgency.entry(alert.urgency).or_default() |= is_firing;
        }
        for (urgency, is_firing) in by_urgency {
            let value = f64::from(u8::from(is_firing));
            page.promise(name, &verdict.name, &[("urgency", urgency.word())], value);
        }
    }
}

/// Why nothing fires though something burns.
fn conditions(page: &mut Page, verdicts: &[Verdict]) {
    let name = "attain_alert_conditions";
    page.gauge(
        name,
        "Conditions of the promise's alert policy that are in this state; none is no series.",
    );
    for verdict in verdicts {
        let mut by_state: BTreeMap<(Urgency, &str), u32> = BTreeMap::new();
        for alert in &verdict.alerts {
            *by_state
                .entry((alert.urgency, alert.state.word()))
                .or_default() += 1;
        }
        for ((urgency, state), count) in by_state {
            let labels = [("urgency", urgency.word()), ("state", state)];
            page.promise(name, &verdict.name, &labels, f64::from(count));
        }
    }
}

/// Whose a promise is and how severe its loss: to be joined with the others. One series for each promise, and another only
/// when somebody edits the catalogue.
fn infos(page: &mut Page, verdicts: &[Verdict], catalogue: &Catalogue) {
    let name = "attain_slo_info";
    page.gauge(name, "Always 1: what the catalogue says of the promise.");
    for verdict in verdicts {
        let Some(slo) = catalogue.slos.get(&verdict.name.slo) else {
            continue;
        };
        let severity = match &verdict.name.scope {
            Scope::Segment(id) => catalogue.segments.get(id).map(severity),
            Scope::All => None,
        };
        let labels = [
            ("severity", severity.as_deref().unwrap_or_default()),
            ("owner", owner(slo)),
            ("runbook", slo.runbook.as_deref().unwrap_or_default()),
            ("service", slo.service.as_str()),
            ("layer", slo.layer.word()),
            ("audience", slo.audience.word()),
        ];
        page.promise(name, &verdict.name, &labels, 1.0);
    }
}

/// The team that is called: the engineering seat of what customers were promised, the one owner of what is internal.
fn owner(slo: &Slo) -> &str {
    let owners = &slo.owners;
    let seats = [&owners.engineering, &owners.owner, &owners.product];
    let first = seats.into_iter().flatten().next();
    first.map_or("", |team| team.as_str())
}

/// Nothing was allowed and nothing spent: then there is no share to speak of.
fn remaining(verdict: &Verdict) -> Option<f64> {
    let budget = &verdict.budget;
    let spent = budget.spent as f64 * 1e9;
    (budget.allowed_billionths > 0).then(|| 1.0 - spent / budget.allowed_billionths as f64)
}
