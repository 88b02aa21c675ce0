//! The promise: an SLO with its objectives per segment, its commitments and what it rests on.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::civil::Date;

use crate::id::{CreditId, ObjectiveId, PolicyId, SegmentId, ServiceId, SloId, SourceId, TeamId};
use crate::indicator::Indicator;
use crate::meta::Meta;
use crate::policy::LowTraffic;
use crate::quantity::{Multiple, Rate, Share, Target, Threshold, Window};

/// A service level objective: one indicator, objectives, a target per segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slo {
    /// Its global name.
    pub id: SloId,
    /// What the customer gets, in the customer's words.
    pub outcome: Option<String>,
    /// The service it is about.
    pub service: ServiceId,
    /// Product, service or infrastructure.
    pub layer: Layer,
    /// Whom it is promised to.
    pub audience: Audience,
    /// Who decides about it.
    pub owners: Owners,
    /// What is counted.
    pub indicator: Indicator,
    /// What is aimed at, by name.
    pub objectives: BTreeMap<ObjectiveId, Objective>,
    /// Over which period the budget is kept.
    pub window: Window,
    /// How events become a budget.
    pub budgeting: Budgeting,
    /// What happens to slices above the load of a load-qualified objective.
    pub over_load: OverLoad,
    /// What missing data means.
    pub missing_data: MissingData,
    /// What a time slice without traffic means.
    pub no_traffic: NoTraffic,
    /// Below this coverage the verdict is unknown.
    pub coverage: Share,
    /// What was published, newest first.
    pub commitments: Vec<Commitment>,
    /// What it rests on.
    pub depends_on: Vec<Dependency>,
    /// Why these numbers.
    pub evidence: Vec<Evidence>,
    /// How often the numbers are reviewed.
    pub review_every: ReviewEvery,
    /// When they were last reviewed.
    pub reviewed: Option<Date>,
    /// When few requests arrive; `None` takes the policy's.
    pub low_traffic: Option<LowTraffic>,
    /// A trial period: measured, tickets instead of pages.
    pub adoption: Option<Adoption>,
    /// The alert policy; `None` is `alerting: none`.
    pub alerting: Option<PolicyId>,
    /// The budget policy, if any.
    pub budget_policy: Option<PolicyId>,
    /// Where the person on call reads what to do.
    pub runbook: Option<String>,
    /// Since when it is no more.
    pub retired: Option<Date>,
    /// Labels, notes, exceptions, earlier names.
    pub meta: Meta,
}

impl Slo {
    /// An internal SLO of the service layer without objectives; everything else as a catalogue that does not say it:
    /// 30 days, occurrences, coverage 95 %, no alert policy.
    #[must_use]
    pub fn new(id: SloId, service: ServiceId, indicator: Indicator) -> Self {
        const DAY_SECONDS: u64 = 86_400;
        Self {
            id,
            outcome: None,
            service,
            layer: Layer::Service,
            audience: Audience::Internal,
            owners: Owners::default(),
            indicator,
            objectives: BTreeMap::new(),
            window: Window::Rolling(Duration::from_secs(30 * DAY_SECONDS)),
            budgeting: Budgeting::Occurrences,
            over_load: OverLoad::Separate,
            missing_data: MissingData::Unknown,
            no_traffic: NoTraffic::Exclude,
            coverage: Share::from_ppb(950_000_000).unwrap_or(Share::WHOLE),
            commitments: Vec::new(),
            depends_on: Vec::new(),
            evidence: Vec::new(),
            review_every: ReviewEvery::Quarter,
            reviewed: None,
            low_traffic: None,
            adoption: None,
            alerting: None,
            budget_policy: None,
            runbook: None,
            retired: None,
            meta: Meta::default(),
        }
    }
}

/// The three layers of the cascade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// What users do; owned by product and engineering together.
    Product,
    /// What a service does; owned by its team.
    Service,
    /// What it all runs on; owned by the platform.
    Infrastructure,
}

impl Layer {
    /// `product`, `service`, `infrastructure`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Layer::Product => "product",
            Layer::Service => "service",
            Layer::Infrastructure => "infrastructure",
        }
    }
}

/// Whom an SLO is promised to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// People outside, hard to retract.
    Customer,
    /// The owning team and the people on call.
    Internal,
}

impl Audience {
    /// `customer`, `internal`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Audience::Customer => "customer",
            Audience::Internal => "internal",
        }
    }
}

/// Who decides about an SLO. A missing seat is a lint, not a parse error, hence the options.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owners {
    /// The product seat of a customer SLO.
    pub product: Option<TeamId>,
    /// The engineering seat of a customer SLO.
    pub engineering: Option<TeamId>,
    /// The one owner of an internal SLO.
    pub owner: Option<TeamId>,
}

impl Owners {
    /// All that are named, product first.
    pub fn iter(&self) -> impl Iterator<Item = &TeamId> {
        [&self.product, &self.engineering, &self.owner]
            .into_iter()
            .flatten()
    }
}

/// An objective of an SLO: the targets and since when each was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objective {
    /// Its name.
    pub id: ObjectiveId,
    /// What was aimed at, newest first; never empty. Only the last may lack a `since`: it holds from the beginning.
    pub terms: Vec<Term>,
}

impl Objective {
    /// The newest term.
    ///
    /// # Panics
    /// Never on a valid catalogue: an objective has at least one term.
    #[must_use]
    pub fn current(&self) -> &Term {
        &self.terms[0]
    }

    /// Whether it promised anybody a limit of time in any of its terms. Of such an objective nothing is measured where
    /// nothing is promised: no limit says which requests were fast.
    #[must_use]
    pub fn is_latency(&self) -> bool {
        let is_about_time = |goal: &Goal| goal.promised().is_some_and(|goal| goal.under.is_some());
        let mut terms = self.terms.iter();
        terms.any(|term| term.targets.iter().any(|(_, goal)| is_about_time(goal)))
    }

    /// The term in force on a day; `None` before the first.
    #[must_use]
    pub fn on(&self, day: Date) -> Option<&Term> {
        self.terms
            .iter()
            .find(|term| term.since.is_none_or(|since| since <= day))
    }
}

/// Targets and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The first day, in the catalogue's zone; `None` is from the beginning.
    pub since: Option<Date>,
    /// What is aimed at.
    pub targets: Targets,
}

/// A target for all traffic as one, or one for each segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// All traffic as one, whatever its segment.
    All(Goal),
    /// One for each segment of the catalogue, and maybe one more for all of them together (`all:`).
    PerSegment {
        /// The goal of each segment; names every segment.
        segments: BTreeMap<SegmentId, Goal>,
        /// The goal of all traffic together, beside the segments.
        all: Option<Goal>,
    },
}

impl Targets {
    /// The goal of a scope, if one is given.
    #[must_use]
    pub fn goal(&self, scope: &Scope) -> Option<&Goal> {
        match (self, scope) {
            (Targets::All(goal), Scope::All) => Some(goal),
            (Targets::PerSegment { all, .. }, Scope::All) => all.as_ref(),
            (Targets::PerSegment { segments, .. }, Scope::Segment(id)) => segments.get(id),
            (Targets::All(_), Scope::Segment(_)) => None,
        }
    }

    /// Every scope with its goal: segments in the order of their ids, then all traffic.
    pub fn iter(&self) -> impl Iterator<Item = (Scope, &Goal)> {
        let (segments, all) = match self {
            Targets::All(goal) => (None, Some(goal)),
            Targets::PerSegment { segments, all } => (Some(segments), all.as_ref()),
        };
        segments
            .into_iter()
            .flatten()
            .map(|(id, goal)| (Scope::Segment(id.clone()), goal))
            .chain(all.map(|goal| (Scope::All, goal)))
    }
}

/// Whose requests a number is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One segment's.
    Segment(SegmentId),
    /// Everybody's, the untagged included.
    All,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Segment(id) => id.fmt(f),
            Scope::All => f.pad("all"),
        }
    }
}

/// What is aimed at for one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Measured, not promised.
    BestEffort,
    /// A share of events, by outcome or by latency.
    Promised(Promised),
}

impl Goal {
    /// The promised numbers, unless it is best effort.
    #[must_use]
    pub fn promised(&self) -> Option<&Promised> {
        match self {
            Goal::BestEffort => None,
            Goal::Promised(promised) => Some(promised),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::BestEffort => f.pad("best effort"),
            Goal::Promised(promised) => promised.fmt(f),
        }
    }
}

/// `99.95%`, or `p99 < 200ms at 500 rps`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promised {
    /// The share of events that must be good.
    pub target: Target,
    /// What good means beyond the outcome: faster than this. `None` is judged by outcome alone.
    ///
    /// A latency objective counts all requests, failed ones too, and looks at nothing but the time they took.
    pub under: Option<Threshold>,
    /// Up to which offered load it holds.
    pub load: Option<Load>,
    /// Whether it was written `p99 < ...` rather than `99% < ...`.
    pub as_percentile: bool,
}

impl fmt::Display for Promised {
    /// As written: `99.95%`, `p99 < 200ms`, `99% < 200ms at 500 rps own`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = match self.under {
            None => self.target.to_string(),
            Some(under) if self.as_percentile => {
                let percent = self.target.to_string();
                format!("p{} < {under}", percent.trim_end_matches('%'))
            }
            Some(under) => format!("{} < {under}", self.target),
        };
        if let Some(load) = self.load {
            text.push_str(&format!(" at {}", load.up_to));
            if load.own {
                text.push_str(" own");
            }
        }
        f.pad(&text)
    }
}

/// A load condition: the promise holds in minutes whose offered load is at most this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Requests per second over a minute.
    pub up_to: Rate,
    /// The segment's own load instead of the whole SLO's.
    pub own: bool,
}

/// How events become a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budgeting {
    /// Each event weighs the same.
    Occurrences,
    /// Each slice of time is good or bad as a whole.
    Timeslices {
        /// Length of a slice.
        slice: Duration,
        /// A slice is good if at least this share of its events is.
        good_at: Share,
    },
    /// Each slice of time counts by the good share of its events. OpenSLO's third method.
    RatioTimeslices {
        /// Length of a slice.
        slice: Duration,
    },
}

/// What happens to slices above the load of a load-qualified objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverLoad {
    /// They are outside the promise, shown apart, capped at 5 % of the window.
    Separate,
    /// They are judged all the same.
    Count,
}

/// What missing data means. That it is good cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingData {
    /// Nothing is known; coverage falls.
    Unknown,
    /// Silence is failure.
    Bad,
}

/// What a time slice without traffic means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTraffic {
    /// It does not count.
    Exclude,
    /// It counts as bad.
    Bad,
    /// It counts as good.
    Good,
}

/// A published number. Never edited: superseded by a newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    /// The first day, in the catalogue's zone.
    pub since: Date,
    /// What was promised, by objective.
    pub targets: BTreeMap<ObjectiveId, CommittedTargets>,
    /// Over which period it is judged; `None` takes the SLO's.
    pub window: Option<Window>,
    /// Whose experience is judged.
    pub judged: Judged,
    /// Where it stands.
    pub published: Vec<String>,
    /// What is owed when it is not kept.
    pub credits: Option<CreditId>,
}

/// Committed targets: for all traffic, or for some segments; a segment that is not named was promised nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommittedTargets {
    /// Everybody was promised the same.
    All(Goal),
    /// Only these were promised something.
    Segments(BTreeMap<SegmentId, Goal>),
}

impl CommittedTargets {
    /// What a scope was promised.
    #[must_use]
    pub fn goal(&self, scope: &Scope) -> Option<&Goal> {
        match (self, scope) {
            (CommittedTargets::All(goal), _) => Some(goal),
            (CommittedTargets::Segments(segments), Scope::Segment(id)) => segments.get(id),
            (CommittedTargets::Segments(_), Scope::All) => None,
        }
    }

    /// Every goal, segments in the order of their ids.
    #[must_use]
    pub fn goals(&self) -> Vec<Goal> {
        match self {
            CommittedTargets::All(goal) => vec![*goal],
            CommittedTargets::Segments(segments) => segments.values().copied().collect(),
        }
    }
}

/// Whose experience a commitment is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// The segment's as a whole.
    PerSegment,
    /// Each customer's.
    PerCustomer,
}

/// An edge of the cascade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// What is called.
    pub on: Provider,
    /// Share of requests that call it.
    pub share: Share,
    /// Calls per request that calls it.
    pub calls: Multiple,
    /// Share of the affected requests that fail.
    pub impact: Share,
    /// The caller works without it.
    pub optional: bool,
    /// Called after the answer: optional, and no suspect.
    pub asynchronous: bool,
    /// What takes over.
    pub fallback: Option<Fallback>,
    /// How often a failed call is tried.
    pub retry: Option<Retry>,
    /// Its share of the caller's latency threshold.
    pub latency: Option<Duration>,
}

impl Dependency {
    /// An edge of which nothing more is said: every request calls it once, and fails with it.
    #[must_use]
    pub fn on(on: Provider) -> Self {
        Self {
            on,
            share: Share::WHOLE,
            calls: Multiple::ONE,
            impact: Share::WHOLE,
            optional: false,
            asynchronous: false,
            fallback: None,
            retry: None,
            latency: None,
        }
    }
}

/// What an edge leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// An SLO of the catalogue.
    Slo(SloId),
    /// Somebody else's promise.
    External {
        /// Who.
        name: String,
        /// What they promised.
        promised: Target,
    },
    /// A quorum: at least `need` of these must work.
    AnyOf {
        /// The candidates.
        slos: Vec<SloId>,
        /// How many must work; between 1 and their number.
        need: u32,
    },
}

/// What takes over when a dependency fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// The SLO of the fallback.
    pub slo: SloId,
    /// Share of the failed calls it can answer.
    pub covers: Share,
}

/// Retries of a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries in all, at least 1.
    pub attempts: u32,
    /// Share of retries that fail again.
    pub fails_again: Share,
}

/// Why a number is what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// Somebody says so, with a source.
    Statement {
        /// What.
        says: String,
        /// Where from, e.g. `field data 2026 Q3`.
        from: Option<String>,
        /// Where to read it.
        url: Option<String>,
    },
    /// User behaviour that attain can read.
    Behaviour {
        /// Where sessions are read from.
        source: SourceId,
        /// The column with the latency.
        latency: String,
        /// The unit of that column, e.g. `ms`.
        unit: Option<String>,
        /// The column that says whether the user got there.
        outcome: String,
        /// Columns to stratify by.
        strata: Vec<String>,
    },
}

/// How often numbers are reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewEvery {
    /// Every three months.
    Quarter,
    /// Every month.
    Month,
    /// Every year.
    Year,
}

/// A trial period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adoption {
    /// Its first day.
    pub from: Date,
    /// How long.
    pub length: Duration,
}
