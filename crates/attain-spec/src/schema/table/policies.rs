//! What happens as a budget is spent: alerts, budgets, severities, escalations.

use super::promises::LOW_TRAFFIC;
use super::shapes::{DURATION, INT, PERCENT, TEXTS, key, object, part};
use crate::schema::Shape::{List, Object, Ref, Words};
use crate::schema::Text as T;
use crate::schema::{Section, Shape};

const TIERS: Shape = List(&Object(&TIER));

pub(crate) static ALERT_POLICY: Section = object(
    "an alert policy",
    &[
        key("page", TIERS, "conditions that page"),
        key("ticket", TIERS, "conditions that open a ticket"),
        key(
            "low_traffic",
            Object(&LOW_TRAFFIC),
            "both must hold when under 10 bad are expected in `long`",
        )
        .or("these"),
        key("no_data", Object(&NO_DATA), "when silence is an alert").or("15m, ticket"),
    ],
);
pub(crate) static TIER: Section = part(
    "a condition",
    &[
        key("long", DURATION, "the window that gathers evidence").required(),
        key("short", DURATION, "the window that lets the alert end soon").or("long/12"),
        key(
            "spends",
            PERCENT,
            "this share of the budget within `long`, or",
        ),
        key("burn", Shape::Scalar(T::Multiple), "this burn rate"),
    ],
)
.one_of(&["spends", "burn"]);
pub(crate) static NO_DATA: Section = part(
    "`no_data`",
    &[
        key("after", DURATION, "after how long").or("15m"),
        key("severity", Ref("severity"), "how severe").or("ticket"),
    ],
);
pub(crate) static BUDGET_POLICY: Section = object(
    "a budget policy",
    &[
        key("steps", List(&Object(&BUDGET_STEP)), "by share spent").required(),
        key(
            "incident",
            Object(&INCIDENT),
            "one incident that costs this much",
        ),
        key("override", Object(&OVERRIDE), "who may lift a freeze").or("seats of the SLO, 72h"),
    ],
);
const ACTIONS: &[&str] = &["notify", "approval", "freeze", "postmortem"];
pub(crate) static BUDGET_STEP: Section = part(
    "a step of a budget policy",
    &[
        key(
            "spent",
            PERCENT,
            "from this share of the budget on; may be above 100%",
        )
        .required(),
        key("do", Words(ACTIONS), "what then").required(),
        key("by", TEXTS, "whose approval a change needs"),
        key("notify", TEXTS, "who is told"),
        key(
            "scope",
            Words(&["service", "dependents"]),
            "what a freeze covers",
        )
        .or("service"),
        key("exempt", TEXTS, "change labels that pass"),
        key("lifts_at", PERCENT, "a freeze ends below this share"),
    ],
);
pub(crate) static INCIDENT: Section = part(
    "an incident rule",
    &[
        key("spends", PERCENT, "from this share of the budget on").required(),
        key("do", Words(ACTIONS), "what then").or("postmortem"),
        key("within", DURATION, "until when"),
    ],
);
pub(crate) static OVERRIDE: Section = part(
    "an override",
    &[
        key("by", TEXTS, "seats").or("seats of the SLO"),
        key("at_most", DURATION, "for how long").or("72h"),
    ],
);
pub(crate) static SEVERITY: Section = object(
    "a severity",
    &[
        key(
            "rank",
            INT,
            "1 is worst; an incident takes the worst of its segments",
        )
        .required(),
        key(
            "do",
            Words(&["page", "ticket", "none"]),
            "what it asks of people",
        )
        .required(),
        key("escalation", Ref("escalation"), "who is told, step by step"),
        key(
            "raised_by",
            List(&Object(&RAISE)),
            "rubric beyond the segment's severity",
        ),
    ],
);
pub(crate) static RAISE: Section = part(
    "a line of the rubric",
    &[
        key("segments", INT, "so many segments are hurt"),
        key(
            "contracts_in_breach",
            INT,
            "so many contracts are in breach",
        ),
        key("spent", PERCENT, "this share of the budget is spent"),
    ],
)
.one_of(&["segments", "contracts_in_breach", "spent"]);
pub(crate) static ESCALATION: Section = object(
    "an escalation",
    &[
        key("steps", List(&Object(&ESCALATION_STEP)), "in order of time").required(),
        key("repeat", DURATION, "the last step again, so often"),
    ],
);
pub(crate) static ESCALATION_STEP: Section = part(
    "a step of an escalation",
    &[
        key("after", DURATION, "unacknowledged for so long").required(),
        key(
            "notify",
            TEXTS,
            "`oncall`, `lead`, `owners`, or a role, team or receiver",
        )
        .required(),
    ],
);
