//! What the counts mean: attainment, budget, burn, verdicts. Plain results; attain-engine computes them.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::counts::{Gap, Interval};
use crate::id::{ObjectiveId, PolicyId, SloId};
use crate::policy::{Tier, Urgency};
use crate::quantity::{Multiple, Share};
use crate::slo::{Audience, Goal, Layer, Scope};

/// About which instant, and with whose knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AsOf {
    /// The instant that is judged.
    pub instant: Timestamp,
    /// Only what had arrived by then counts. `--at` restates with all that is known today (`Timestamp::MAX`);
    /// `--as-known-then` makes it equal to `instant`.
    pub known_until: Timestamp,
}

/// `slo/objective/segment`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesName {
    /// The SLO.
    pub slo: SloId,
    /// Its objective.
    pub objective: ObjectiveId,
    /// Whose requests.
    pub scope: Scope,
}

impl fmt::Display for SeriesName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.slo, self.objective, self.scope)
    }
}

/// Everything that `evaluate` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// About when.
    pub as_of: AsOf,
    /// One per SLO, objective and scope, in the order of the catalogue: SLO id, objective id, segments by rank, all.
    pub verdicts: Vec<Verdict>,
    /// Objectives whose aggregate looks fine while a segment is not.
    pub masked: Vec<Masked>,
    /// Share of requests that carry no known segment, by SLO.
    pub untagged: Vec<Untagged>,
    /// What is missing and why.
    pub gaps: Vec<Gap>,
}

/// What the counts of one series mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Which series.
    pub name: SeriesName,
    /// The SLO's layer.
    pub layer: Layer,
    /// The SLO's audience.
    pub audience: Audience,
    /// What is aimed at as of the instant. For `all` without a goal of its own: `None`, see [`Verdict::pooled`].
    pub goal: Option<Goal>,
    /// The aggregate of a per-segment objective without an `all:` goal: what was promised to somebody, taken together. Its
    /// budget is the sum of the segments' budgets; best-effort and untagged requests are not in it.
    pub pooled: bool,
    /// The window's resolved edges: its start (calendar start, or as long before the instant), and the instant,
    /// floored to a slice.
    pub window: Interval,
    /// Where a calendar window will end; equals `window.end` for a rolling one.
    pub window_closes: Timestamp,
    /// What was counted within the promise.
    pub attainment: Attainment,
    /// The budget over the window.
    pub budget: ErrorBudget,
    /// The parts of a window that spans a change of target, oldest first; one part otherwise.
    pub parts: Vec<Part>,
    /// The verdict itself.
    pub standing: Standing,
    /// Since which slice the budget has been overspent without a break; `None` while it is not.
    pub overspent_since: Option<Timestamp>,
    /// How much of the window was observed.
    pub coverage: Coverage,
    /// Burn rates over the alert policy's windows, shortest first.
    pub burn: Vec<Burn>,
    /// The conditions of the alert policy.
    pub alerts: Vec<AlertCondition>,
    /// What lay above the load of a load-qualified objective.
    pub over_load: Option<OverLoadShare>,
    /// What exclusions took out of the window; `None` if nothing.
    pub excluded: Option<ExcludedShare>,
    /// Events that could have been good but cannot be told apart; counted as bad.
    pub uncertain: u64,
    /// At the burn rate of the last hour the budget is gone after this; `None` if nothing burns or nothing is left.
    pub exhausted_in: Option<Duration>,
}

impl Verdict {
    /// Since when it pages somebody; `None` if it does not.
    #[must_use]
    pub fn pages_since(&self) -> Option<Timestamp> {
        let pages = self.alerts.iter().filter_map(|alert| match alert.state {
            AlertState::Firing(since) if alert.urgency == Urgency::Page => Some(since),
            _ => None,
        });
        pages.min()
    }
}

/// Whole events (or slices, when budgeting by time slices) within the window and inside the promise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attainment {
    /// Those that were good.
    pub good: u64,
    /// Those that were not.
    pub bad: u64,
}

impl Attainment {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.good.saturating_add(self.bad)
    }
}

/// An error budget in billionths of an event, so that it is exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErrorBudget {
    /// Bad events allowed, times 1,000,000,000.
    pub allowed_billionths: u128,
    /// Bad events there were.
    pub spent: u64,
}

impl ErrorBudget {
    /// Whether the bad events are at most those allowed. Also true of an empty window.
    #[must_use]
    pub fn is_met(&self) -> bool {
        u128::from(self.spent) * 1_000_000_000 <= self.allowed_billionths
    }
}

/// A part of a window with one goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// When.
    pub interval: Interval,
    /// What was aimed at then.
    pub goal: Option<Goal>,
    /// What was counted then.
    pub attainment: Attainment,
}

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The budget is not overspent.
    Met,
    /// The budget is overspent.
    Breached,
    /// Measured, not promised.
    BestEffort,
    /// There was no traffic in the window.
    NoTraffic,
    /// There is no data, or too little of the window was observed.
    Unknown,
}

impl Standing {
    /// `met`, `breached`, `best effort`, `no traffic`, `unknown`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Standing::Met => "met",
            Standing::Breached => "breached",
            Standing::BestEffort => "best effort",
            Standing::NoTraffic => "no traffic",
            Standing::Unknown => "unknown",
        }
    }
}

/// How much of a window was observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// This share of its slices.
    Share(Share),
    /// Cannot be told, e.g. from a log without a heartbeat.
    NotKnown,
}

/// A burn rate: how many times faster than allowed the budget was spent over a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burn {
    /// Length of the window that ends at the instant.
    pub window: Duration,
    /// What was counted in it.
    pub attainment: Attainment,
    /// Bad events allowed in it, times 1,000,000,000. Burn rate = bad x 1e9 / this; none if nothing was allowed.
    pub allowed_billionths: u128,
}

/// One condition of an alert policy at the instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertCondition {
    /// The policy it comes from.
    pub policy: PolicyId,
    /// What it asks of people.
    pub urgency: Urgency,
    /// The rule.
    pub rule: AlertRule,
    /// Whether it fires.
    pub state: AlertState,
}

/// The rule of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertRule {
    /// Both windows burn faster than this.
    BurnRate {
        /// The tier as written.
        tier: Tier,
        /// The burn rate it comes to for this SLO's window, at least 1.
        burn: Multiple,
    },
    /// The sequential test for few requests.
    LowTraffic {
        /// The policy of it.
        rule: crate::policy::LowTraffic,
    },
}

/// Whether a condition fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertState {
    /// It does not.
    Quiet,
    /// It does, since this slice.
    Firing(Timestamp),
    /// It never can: no error rate reaches this burn. Left out of alerting, and said so.
    Unreachable,
    /// Too few events for this rule; the sequential test decides instead.
    TooFewEvents,
    /// The sequential test is not needed: there are enough events.
    Standby,
}

impl AlertState {
    /// `quiet`, `firing`, `unreachable`, `too few events`, `standby`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            AlertState::Quiet => "quiet",
            AlertState::Firing(_) => "firing",
            AlertState::Unreachable => "unreachable",
            AlertState::TooFewEvents => "too few events",
            AlertState::Standby => "standby",
        }
    }
}

/// What lay above the load of a load-qualified objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverLoadShare {
    /// Minutes above the load.
    pub minutes: u64,
    /// Minutes of the window with traffic.
    pub of_minutes: u64,
    /// What was counted in them.
    pub attainment: Attainment,
    /// Minutes above the cap, which are judged all the same.
    pub judged_minutes: u64,
}

/// What exclusions took out of a window. It is neither good nor bad, in no alert, and no part of the coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExcludedShare {
    /// For how long, in seconds: whole slices in which requests of the series, of all or of some segments, were excluded.
    pub seconds: u64,
    /// What was counted in it.
    pub attainment: Attainment,
}

/// An objective whose aggregate looks fine while a segment's budget is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// The hidden series.
    pub name: SeriesName,
    /// Since which slice the aggregate has been met while this segment was breached, without a break.
    pub since: Timestamp,
    /// The segment's burn rate over the window, times 1,000,000 (rounded down).
    pub segment_burn_millionths: u128,
    /// The aggregate's burn rate over the window, times 1,000,000 (rounded down).
    pub aggregate_burn_millionths: u128,
    /// The segment's share of all events in the window.
    pub share: Share,
}

/// Requests without a known segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untagged {
    /// The SLO.
    pub slo: SloId,
    /// Such requests in the window.
    pub unknown: u64,
    /// All requests in the window.
    pub total: u64,
}
