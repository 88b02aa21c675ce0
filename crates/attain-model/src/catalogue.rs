//! The catalogue: everything that is promised, valid by construction.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::company::{
    Costs, CreditSchedule, CustomerContract, Edge, Exclusion, Page, Report, Role, Roster, Segment,
    Service, Team,
};
use crate::id::{
    CreditId, CustomerId, EscalationId, ExclusionId, IndicatorId, PolicyId, ReceiverId, ReportId,
    RoleId, SegmentId, ServiceId, SeverityId, SloId, SourceId, TeamId,
};
use crate::indicator::Indicator;
use crate::policy::{AlertPolicy, BudgetPolicy, Escalation, Receiver, Severity};
use crate::slo::Slo;
use crate::source::Source;

/// Everything that is promised, to whom, by whom.
///
/// Invariant: valid by construction. References lead somewhere, the cascade has no cycle, every target leaves a budget,
/// a map of targets names every segment. Whoever holds one need not check. Only attain-spec makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// The name on pages and reports.
    pub name: String,
    /// For calendar windows, days and reports that name no zone.
    pub timezone: TimeZone,
    /// Customer segments.
    pub segments: BTreeMap<SegmentId, Segment>,
    /// SLOs, the retired ones included.
    pub slos: BTreeMap<SloId, Slo>,
    /// Shared indicators.
    pub indicators: BTreeMap<IndicatorId, Indicator>,
    /// Services; one that only an SLO names is here too.
    pub services: BTreeMap<ServiceId, Service>,
    /// Teams; empty where the catalogue has no such section.
    pub teams: BTreeMap<TeamId, Team>,
    /// People outside teams.
    pub roles: BTreeMap<RoleId, Role>,
    /// Sources of telemetry.
    pub sources: BTreeMap<SourceId, Source>,
    /// Alert policies; `workbook` is always here.
    pub alert_policies: BTreeMap<PolicyId, AlertPolicy>,
    /// Budget policies.
    pub budget_policies: BTreeMap<PolicyId, BudgetPolicy>,
    /// Severities; `sev1`, `sev2` and `ticket` are always here.
    pub severities: BTreeMap<SeverityId, Severity>,
    /// Escalations.
    pub escalations: BTreeMap<EscalationId, Escalation>,
    /// Receivers.
    pub receivers: BTreeMap<ReceiverId, Receiver>,
    /// Who may change what, where the file says more than is built in.
    pub rights: Rights,
    /// Planned exclusions.
    pub exclusions: BTreeMap<ExclusionId, Exclusion>,
    /// Contracts with single customers.
    pub contracts: BTreeMap<CustomerId, CustomerContract>,
    /// Credit schedules.
    pub credits: BTreeMap<CreditId, CreditSchedule>,
    /// Reports.
    pub reports: BTreeMap<ReportId, Report>,
    /// The list of customers.
    pub roster: Option<Roster>,
    /// The public page.
    pub page: Option<Page>,
    /// What segments cost.
    pub costs: Option<Costs>,
    /// The edge.
    pub edge: Option<Edge>,
}

impl Catalogue {
    /// One that promises nothing, in UTC: no section has an entry, not even the built-in policies.
    #[must_use]
    pub fn empty(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            timezone: TimeZone::UTC,
            segments: BTreeMap::new(),
            slos: BTreeMap::new(),
            indicators: BTreeMap::new(),
            services: BTreeMap::new(),
            teams: BTreeMap::new(),
            roles: BTreeMap::new(),
            sources: BTreeMap::new(),
            alert_policies: BTreeMap::new(),
            budget_policies: BTreeMap::new(),
            severities: BTreeMap::new(),
            escalations: BTreeMap::new(),
            receivers: BTreeMap::new(),
            rights: Rights::default(),
            exclusions: BTreeMap::new(),
            contracts: BTreeMap::new(),
            credits: BTreeMap::new(),
            reports: BTreeMap::new(),
            roster: None,
            page: None,
            costs: None,
            edge: None,
        }
    }

    /// Segments from the first to save to the last; equal ranks by id.
    #[must_use]
    pub fn segments_by_rank(&self) -> Vec<&Segment> {
        let mut segments: Vec<_> = self.segments.values().collect();
        segments.sort_by(|a, b| (a.rank, &a.id).cmp(&(b.rank, &b.id)));
        segments
    }

    /// SLOs that are not retired on a day.
    pub fn live_slos(&self, day: Date) -> impl Iterator<Item = &Slo> {
        self.slos
            .values()
            .filter(move |slo| slo.retired.is_none_or(|retired| day < retired))
    }
}

/// Who may change what; empty lists mean: as built in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// For customer SLOs.
    pub customer: RightsOf,
    /// For internal SLOs.
    pub internal: RightsOf,
}

/// Rights over one kind of SLO.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RightsOf {
    /// Who may promise less: seats, `owner`, roles.
    pub relax: Vec<String>,
    /// Who may promise more.
    pub tighten: Vec<String>,
    /// Who may plan exclusions.
    pub exclude: Vec<String>,
    /// How long a relaxation waits.
    pub cooling_off: Option<std::time::Duration>,
    /// How long before customers must be told.
    pub notice: Option<std::time::Duration>,
}
