//! What must happen when a promise is about to break: alert tiers, budget steps, severities, escalations.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::id::{EscalationId, PolicyId, ReceiverId, SegmentId, SeverityId};
use crate::meta::Meta;
use crate::quantity::{Multiple, Share};

/// When to page and when to open a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertPolicy {
    /// Its name; `workbook` is built in.
    pub id: PolicyId,
    /// Conditions that page.
    pub page: Vec<Tier>,
    /// Conditions that open a ticket.
    pub ticket: Vec<Tier>,
    /// What replaces the tiers when few requests arrive.
    pub low_traffic: LowTraffic,
    /// When silence is an alert.
    pub no_data: NoData,
    /// Labels, notes, exceptions.
    pub meta: Meta,
}

impl AlertPolicy {
    /// The name of the built-in policy.
    pub const WORKBOOK: &'static str = "workbook";

    /// The built-in policy: 2 % in 1 h and 5 % in 6 h page; 10 % in 1 d and 10 % in 3 d open a ticket.
    ///
    /// Source: The Site Reliability Workbook, chapter 5, table 5-8. The burn rates scale with the SLO's window.
    #[must_use]
    pub fn workbook() -> Self {
        const HOUR: u64 = 3600;
        let tier = |hours: u64, percent: u32| Tier {
            long: Duration::from_secs(hours * HOUR),
            short: Duration::from_secs(hours * HOUR / 12),
            spends: Spends::BudgetShare(
                Share::from_ppb(percent * 10_000_000).unwrap_or(Share::WHOLE),
            ),
        };
        Self {
            id: PolicyId::from(Self::WORKBOOK),
            page: vec![tier(1, 2), tier(6, 5)],
            ticket: vec![tier(24, 10), tier(72, 10)],
            low_traffic: LowTraffic::default(),
            no_data: NoData::default(),
            meta: Meta::default(),
        }
    }
}

/// One multi-window condition: both windows burn faster than the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// The window that gathers evidence.
    pub long: Duration,
    /// The window that lets the alert end soon; a twelfth of `long` unless given.
    pub short: Duration,
    /// How fast is too fast.
    pub spends: Spends,
}

/// How fast is too fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spends {
    /// This share of the whole budget within the long window.
    BudgetShare(Share),
    /// This burn rate.
    Burn(Multiple),
}

/// What an alert asks of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Wake somebody.
    Page,
    /// Open a ticket.
    Ticket,
    /// Only record it.
    None,
}

impl Urgency {
    /// `page`, `ticket`, `none`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Urgency::Page => "page",
            Urgency::Ticket => "ticket",
            Urgency::None => "none",
        }
    }
}

/// The rule for segments with few requests; both conditions must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowTraffic {
    /// At least so many bad events ...
    pub at_least_bad: u64,
    /// ... within this time.
    pub within: Duration,
    /// At most one false page per this time, when the service is exactly at its budget.
    pub false_page_every: Duration,
}

impl Default for LowTraffic {
    /// 2 bad in 6 h, and one false page per 90 d.
    fn default() -> Self {
        Self {
            at_least_bad: 2,
            within: Duration::from_secs(6 * 3600),
            false_page_every: Duration::from_secs(90 * 86_400),
        }
    }
}

/// When silence is an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoData {
    /// After how long.
    pub after: Duration,
    /// How severe.
    pub severity: SeverityId,
}

impl Default for NoData {
    /// 15 minutes, a ticket.
    fn default() -> Self {
        Self {
            after: Duration::from_secs(15 * 60),
            severity: SeverityId::from("ticket"),
        }
    }
}

/// What happens as a budget is spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetPolicy {
    /// Its name.
    pub id: PolicyId,
    /// Steps by share spent.
    pub steps: Vec<BudgetStep>,
    /// What one expensive incident asks for.
    pub incident: Option<IncidentRule>,
    /// Who may lift a freeze, and for how long. Empty seats: those of the SLO.
    pub override_by: Vec<String>,
    /// How long an override lasts at most.
    pub override_at_most: Duration,
    /// Labels, notes, exceptions.
    pub meta: Meta,
}

/// One step of a budget policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetStep {
    /// From this share of the budget on; above 100 % is allowed, in parts per billion.
    pub spent_ppb: u64,
    /// What then.
    pub action: BudgetAction,
    /// Whose approval a change then needs.
    pub by: Vec<String>,
    /// Who is told.
    pub notify: Vec<String>,
    /// What a freeze covers.
    pub scope: FreezeScope,
    /// Change labels that pass a freeze.
    pub exempt: Vec<String>,
    /// A freeze ends when the spent share is below this, in parts per billion.
    pub lifts_at_ppb: Option<u64>,
}

/// What a budget step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetAction {
    /// Tell people.
    Notify,
    /// Changes need an approval.
    Approval,
    /// Feature changes stop.
    Freeze,
    /// Somebody writes a postmortem.
    Postmortem,
}

/// What a freeze covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FreezeScope {
    /// The service.
    Service,
    /// The service and what it depends on.
    Dependents,
}

/// What one expensive incident asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentRule {
    /// From this share of the budget on.
    pub spends: Share,
    /// What.
    pub action: BudgetAction,
    /// Within how long.
    pub within: Option<Duration>,
}

/// How bad an incident is, and what that means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Severity {
    /// Its name.
    pub id: SeverityId,
    /// 1 is worst.
    pub rank: u32,
    /// What it asks of people.
    pub urgency: Urgency,
    /// Who is told, step by step.
    pub escalation: Option<EscalationId>,
    /// What raises an incident to this severity beyond its segment's.
    pub raised_by: Vec<Raise>,
    /// Labels, notes, exceptions.
    pub meta: Meta,
}

/// One line of the severity rubric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raise {
    /// So many segments are hurt.
    Segments(u32),
    /// So many contracts are in breach.
    ContractsInBreach(u32),
    /// This share of the budget is spent, in parts per billion.
    SpentPpb(u64),
}

/// Who is told, step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// Its name.
    pub id: EscalationId,
    /// In order of time.
    pub steps: Vec<EscalationStep>,
    /// The last step again, so often.
    pub repeat: Option<Duration>,
    /// Labels, notes, exceptions.
    pub meta: Meta,
}

/// One step of an escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscalationStep {
    /// Unacknowledged for so long.
    pub after: Duration,
    /// `oncall`, `lead`, `owners`, or a role, team or receiver.
    pub notify: Vec<String>,
}

/// Where pages and words go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// Its name.
    pub id: ReceiverId,
    /// Its kind: `pagerduty`, `slack`, `webhook`, `email`, `opsgenie`, `alertmanager`.
    pub kind: String,
    /// Its settings by key; secrets are references.
    pub settings: BTreeMap<String, Setting>,
    /// Labels, notes, exceptions.
    pub meta: Meta,
}

/// A setting that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// Plain text.
    Text(String),
    /// A secret, by where it is found.
    Secret(Secret),
}

/// Where a secret is found. The catalogue never holds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// In an environment variable.
    Env(String),
    /// In a file.
    File(String),
}

/// A lane of the edge for one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Whose.
    pub segment: SegmentId,
    /// Capacity kept for it.
    pub reserve: Option<Share>,
    /// Requests that may wait.
    pub queue: Option<u32>,
    /// How long they may wait.
    pub wait: Option<Duration>,
    /// A connection pool of its own.
    pub own_pool: bool,
}
