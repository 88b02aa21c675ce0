//! What must happen when a promise is about to break: alert policies, budget policies, severities, escalations,
//! receivers.

use std::collections::BTreeMap;
use std::time::Duration;

use attain_model::policy::{
    AlertPolicy, BudgetAction, BudgetPolicy, BudgetStep, Escalation, EscalationStep, FreezeScope,
    IncidentRule, NoData, Raise, Receiver, Setting, Severity, Spends, Tier, Urgency,
};
use attain_model::{EscalationId, PolicyId, ReceiverId, SeverityId};

use super::common::{low_traffic, meta, secret, setting, share};
use super::object::Obj;
use super::parties::{self, Who};
use super::read::At;
use crate::length;
use crate::scalar;
use crate::schema::{
    ALERTMANAGER, BUDGET_STEP, EMAIL, ESCALATION_STEP, INCIDENT, NO_DATA, OPSGENIE, OVERRIDE,
    PAGERDUTY, RAISE, SLACK, Section, TIER, WEBHOOK,
};

pub(crate) fn alert_policy(id: &str, obj: &Obj<'_, '_>) -> Option<AlertPolicy> {
    let tiers = |key: &str| {
        let tiers = obj.list(key);
        tiers.iter().filter_map(tier).collect::<Vec<_>>()
    };
    let (page, ticket) = (tiers("page"), tiers("ticket"));
    if !obj.has("page") && !obj.has("ticket") {
        obj.missing("ticket", "conditions that page or open a ticket");
    }
    Some(AlertPolicy {
        id: PolicyId::from(id),
        page,
        ticket,
        low_traffic: obj
            .get("low_traffic")
            .and_then(|at| low_traffic(&at))
            .unwrap_or_default(),
        no_data: obj
            .object("no_data", &NO_DATA)
            .map(|obj| no_data(&obj))
            .unwrap_or_default(),
        meta: meta(obj),
    })
}

fn tier(at: &At<'_, '_>) -> Option<Tier> {
    let obj = at.object(&TIER)?;
    let long = obj.parse("long", length::positive_duration);
    let short = obj.parse("short", length::positive_duration);
    if let (Some(long), Some(short), Some(at)) = (long, short, obj.get("short"))
        && short >= long
    {
        at.error(
            "short-not-shorter",
            "`short` lets the alert end soon, so it is shorter than `long`",
            "write a twelfth of `long`, or leave it out",
        );
    }
    let spends = if obj.has("burn") {
        obj.parse("burn", scalar::multiple).map(Spends::Burn)
    } else {
        share(&obj, "spends").map(Spends::BudgetShare)
    };
    let long = long?;
    Some(Tier {
        long,
        short: short.unwrap_or(long / 12),
        spends: spends?,
    })
}

fn no_data(obj: &Obj<'_, '_>) -> NoData {
    let mut out = NoData::default();
    if let Some(after) = obj.parse("after", length::positive_duration) {
        out.after = after;
    }
    if let Some(severity) = obj.refer("severity", "severity") {
        out.severity = SeverityId::from(severity);
    }
    out
}

pub(crate) fn budget_policy(id: &str, obj: &Obj<'_, '_>) -> Option<BudgetPolicy> {
    let steps = obj
        .list("steps")
        .iter()
        .filter_map(|at| budget_step(&at.object(&BUDGET_STEP)?))
        .collect();
    let incident = obj
        .object("incident", &INCIDENT)
        .and_then(|obj| incident(&obj));
    let freeze = obj.object("override", &OVERRIDE);
    let at_most = freeze
        .as_ref()
        .and_then(|obj| obj.parse("at_most", length::positive_duration));
    Some(BudgetPolicy {
        id: PolicyId::from(id),
        steps,
        incident,
        override_by: freeze
            .map(|obj| parties::list(&obj, "by", Who::Deciders))
            .unwrap_or_default(),
        override_at_most: at_most.unwrap_or(Duration::from_secs(72 * 3600)),
        meta: meta(obj),
    })
}

fn action(obj: &Obj<'_, '_>) -> Option<BudgetAction> {
    Some(match obj.word("do")? {
        "approval" => BudgetAction::Approval,
        "freeze" => BudgetAction::Freeze,
        "postmortem" => BudgetAction::Postmortem,
        _ => BudgetAction::Notify,
    })
}

fn budget_step(obj: &Obj<'_, '_>) -> Option<BudgetStep> {
    let spent = obj.parse("spent", scalar::percent_ppb);
    let action = action(obj);
    let lifts_at = obj.parse("lifts_at", scalar::percent_ppb);
    if let (Some(spent), Some(lifts), Some(at)) = (spent, lifts_at, obj.get("lifts_at"))
        && lifts > spent
    {
        at.error(
            "lifts-above-spent",
            "a freeze that lifts above where it begins never holds",
            "write at most the share of `spent`",
        );
    }
    let out = BudgetStep {
        spent_ppb: 0,
        action: BudgetAction::Notify,
        by: parties::list(obj, "by", Who::Deciders),
        notify: parties::list(obj, "notify", Who::Told),
        scope: match obj.word("scope") {
            Some("dependents") => FreezeScope::Dependents,
            _ => FreezeScope::Service,
        },
        exempt: obj.texts("exempt"),
        lifts_at_ppb: lifts_at,
    };
    Some(BudgetStep {
        spent_ppb: spent?,
        action: action?,
        ..out
    })
}

fn incident(obj: &Obj<'_, '_>) -> Option<IncidentRule> {
    let within = obj.parse("within", length::positive_duration);
    let action = match obj.has("do") {
        true => action(obj),
        false => Some(BudgetAction::Postmortem),
    };
    Some(IncidentRule {
        spends: share(obj, "spends")?,
        action: action?,
        within,
    })
}

/// The severities that exist without being declared.
pub(crate) fn built_in_severities() -> [Severity; 3] {
    [
        ("sev1", 1, Urgency::Page),
        ("sev2", 2, Urgency::Page),
        ("ticket", 3, Urgency::Ticket),
    ]
    .map(|(id, rank, urgency)| Severity {
        id: SeverityId::from(id),
        rank,
        urgency,
        escalation: None,
        raised_by: Vec::new(),
        meta: attain_model::meta::Meta::default(),
    })
}

pub(crate) fn severity(id: &str, obj: &Obj<'_, '_>) -> Option<Severity> {
    let rank = obj.parse("rank", scalar::rank);
    let urgency = obj.word("do").map(|word| match word {
        "page" => Urgency::Page,
        "ticket" => Urgency::Ticket,
        _ => Urgency::None,
    });
    let raised_by = obj
        .list("raised_by")
        .iter()
        .filter_map(|at| raise(&at.object(&RAISE)?))
        .collect();
    let out = Severity {
        id: SeverityId::from(id),
        rank: 1,
        urgency: Urgency::None,
        escalation: obj
            .refer("escalation", "escalation")
            .map(EscalationId::from),
        raised_by,
        meta: meta(obj),
    };
    Some(Severity {
        rank: rank?,
        urgency: urgency?,
        ..out
    })
}

fn raise(obj: &Obj<'_, '_>) -> Option<Raise> {
    if let Some(n) = obj.parse("segments", scalar::small) {
        return Some(Raise::Segments(n));
    }
    if let Some(n) = obj.parse("contracts_in_breach", scalar::small) {
        return Some(Raise::ContractsInBreach(n));
    }
    obj.parse("spent", scalar::percent_ppb).map(Raise::SpentPpb)
}

pub(crate) fn escalation(id: &str, obj: &Obj<'_, '_>) -> Option<Escalation> {
    let mut steps: Vec<EscalationStep> = Vec::new();
    for at in obj.list("steps") {
        let Some(step) = at.object(&ESCALATION_STEP) else {
            continue;
        };
        let notify = parties::list(&step, "notify", Who::Told);
        let Some(after) = step.parse("after", length::duration) else {
            continue;
        };
        if steps.last().is_some_and(|last| after < last.after)
            && let Some(at) = step.get("after")
        {
            at.error(
                "steps-order",
                "this step comes before the one above it",
                "put the steps in order of time",
            );
        }
        steps.push(EscalationStep { after, notify });
    }
    Some(Escalation {
        id: EscalationId::from(id),
        steps,
        repeat: obj.parse("repeat", length::positive_duration),
        meta: meta(obj),
    })
}

pub(crate) fn receiver(id: &str, obj: &Obj<'_, '_>) -> Option<Receiver> {
    let kinds: [(&str, &'static Section); 6] = [
        ("pagerduty", &PAGERDUTY),
        ("slack", &SLACK),
        ("webhook", &WEBHOOK),
        ("email", &EMAIL),
        ("opsgenie", &OPSGENIE),
        ("alertmanager", &ALERTMANAGER),
    ];
    let (kind, section) = kinds.into_iter().find(|(kind, _)| obj.has(kind))?;
    let meta = meta(obj);
    let settings = obj.object(kind, section)?;
    let mut out = BTreeMap::new();
    for key in section.keys {
        let Some(at) = settings.get(key.name) else {
            continue;
        };
        let value = match key.name {
            "routing_key" | "secret" | "key" => secret(&at).map(Setting::Secret),
            "webhook" => secret(&at).map(Setting::Secret),
            "to" => Some(Setting::Text(at.texts().join(", "))),
            _ => setting(&at),
        };
        if let Some(value) = value {
            out.insert(key.name.to_owned(), value);
        }
    }
    Some(Receiver {
        id: ReceiverId::from(id),
        kind: kind.to_owned(),
        settings: out,
        meta,
    })
}
