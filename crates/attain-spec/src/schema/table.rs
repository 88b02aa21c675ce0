//! The top-level sections, in the order of the reference page. What is in one stands in the file of its area.

mod common;
mod company;
mod edge;
mod indicators;
mod policies;
mod promises;
mod receivers;
mod reports;
mod rights;
mod shapes;
mod sources;

use self::shapes::{INT, TEXT};
pub(crate) use self::{
    common::*, company::*, edge::*, indicators::*, policies::*, promises::*, receivers::*,
    reports::*, rights::*, sources::*,
};
use super::Shape::{MapOf, Object};
use super::{Section, Top};

/// The top-level sections.
pub(crate) static SECTIONS: &[Top] = &[
    Top {
        name: "attain",
        shape: INT,
        by_id: false,
        meaning: "schema version; this page is 1",
        example: "attain: 1",
    },
    Top {
        name: "allow",
        shape: MapOf(&TEXT),
        by_id: false,
        meaning: "lints that do not apply in this file: `<rule>: <reason>`",
        example: "allow: {never-rolled-up: trial until the summer}",
    },
    single(
        "catalogue",
        &CATALOGUE,
        "names the whole",
        "catalogue: {name: Shop}",
    ),
    single(
        "defaults",
        &SLO,
        "fills absent keys of the SLOs in THIS file; a key is replaced whole, never merged",
        "defaults: {window: 28d}",
    ),
    top(
        "segments",
        &SEGMENT,
        "customer segments: pricing tiers with a contract",
        "premium: {rank: 1, contract: MSA 4.2}",
    ),
    single(
        "roster",
        &ROSTER,
        "the list of customers",
        "roster: {csv: c.csv, columns: {customer: id, segment: plan}}",
    ),
    top(
        "contracts",
        &CONTRACT,
        "contracts with single customers",
        "acc-7: {segment: premium}",
    ),
    top(
        "credits",
        &CREDITS,
        "what is owed when a commitment is not kept",
        "basic: {bands: [{below: 99.9%, credit: 10%}]}",
    ),
    top(
        "teams",
        &TEAM,
        "who owns SLOs; without this section any owner name is accepted",
        "pay: {seat: engineering, members: [kim]}",
    ),
    top(
        "roles",
        &ROLE,
        "people outside teams",
        "cto: {members: [noor]}",
    ),
    top(
        "services",
        &SERVICE,
        "what SLOs are about; without this section any name is accepted",
        "auth: {owner: pay}",
    ),
    top(
        "sources",
        &SOURCE,
        "where counts come from",
        "main: {otlp: {}}",
    ),
    top(
        "indicators",
        &INDICATOR,
        "what is counted, by name",
        "http: {metric: http_requests_total, bad: {code: 5xx}}",
    ),
    top(
        "slos",
        &SLO,
        "the promises",
        "auth-login: {owner: pay, indicator: http, objectives: {availability: 99.9%}}",
    ),
    top(
        "alert_policies",
        &ALERT_POLICY,
        "when to page; `workbook` is built in",
        "slow: {ticket: [{long: 3d, spends: 10%}]}",
    ),
    top(
        "budget_policies",
        &BUDGET_POLICY,
        "what happens as a budget is spent",
        "freeze: {steps: [{spent: 100%, do: freeze}]}",
    ),
    top(
        "severities",
        &SEVERITY,
        "how bad an incident is; sev1, sev2 and ticket are built in",
        "sev3: {rank: 3, do: ticket}",
    ),
    top(
        "escalations",
        &ESCALATION,
        "who is told, step by step",
        "team: {steps: [{after: 0m, notify: [oncall]}]}",
    ),
    top(
        "receivers",
        &RECEIVER,
        "where pages and words go; secrets only `{env: NAME}` or `{file: path}`",
        "pager: {pagerduty: {routing_key: {env: PD}}}",
    ),
    single(
        "rights",
        &RIGHTS,
        "who may change what; may be stricter than built in, never laxer",
        "rights: {internal: {relax: [owner, cto]}}",
    ),
    top(
        "exclusions",
        &EXCLUSION,
        "time that a promise leaves out",
        "move: {slos: [a], from: 2026-12-06 02:00 UTC, for: 2h, reason: move}",
    ),
    top(
        "reports",
        &REPORT,
        "reports that go out by themselves",
        "weekly: {audience: customer, every: monday at 09:00 UTC, to: [pay]}",
    ),
    single(
        "page",
        &PAGE,
        "the public page",
        "page: {title: Shop, show: [checkout]}",
    ),
    single(
        "costs",
        &COSTS,
        "price of a segment",
        "costs: {series: 8 USD/month per 1000}",
    ),
    single(
        "edge",
        &EDGE,
        "where the segment is decided once",
        "edge: {identify: [{claim: plan}], otherwise: free}",
    ),
];

const fn top(
    name: &'static str,
    section: &'static Section,
    meaning: &'static str,
    example: &'static str,
) -> Top {
    Top {
        name,
        shape: Object(section),
        by_id: true,
        meaning,
        example,
    }
}

const fn single(
    name: &'static str,
    section: &'static Section,
    meaning: &'static str,
    example: &'static str,
) -> Top {
    Top {
        by_id: false,
        ..top(name, section, meaning, example)
    }
}
