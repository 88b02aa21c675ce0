//! The company around the promises: segments, teams, services, contracts, the edge.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::id::{
    CreditId, CustomerId, ExclusionId, ObjectiveId, PolicyId, ReceiverId, ReportId, RoleId,
    SegmentId, ServiceId, SeverityId, SloId, TeamId,
};
use crate::meta::Meta;
use crate::policy::{Lane, Secret};
use crate::quantity::{Money, Price, Rate, Share, Target, Window};
use crate::schedule::Schedule;
use crate::selector::Match;
use crate::slo::{Audience, CommittedTargets};

/// A customer segment: a pricing tier with a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its name.
    pub id: SegmentId,
    /// 1 is the first to save.
    pub rank: u32,
    /// The commercial document; `None` is a lint.
    pub contract: Option<Contract>,
    /// Per customer.
    pub price: Option<Price>,
    /// How many customers.
    pub customers: Option<u64>,
    /// Severity of an incident that degrades it; `None` is by rank.
    pub severity: Option<SeverityId>,
    /// Label values that mean this segment; its own id unless said.
    pub matches: Vec<String>,
    /// Its own alert policy.
    pub alerting: Option<PolicyId>,
    /// Labels, notes, exceptions, earlier names.
    pub meta: Meta,
}

/// What a segment was sold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contract {
    /// A document, by name.
    Document(String),
    /// Nothing is promised.
    BestEffort,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its name.
    pub id: TeamId,
    /// The voice it has in decisions.
    pub seat: Seat,
    /// People, by login.
    pub members: Vec<String>,
    /// Its lead; the first member unless said.
    pub lead: Option<String>,
    /// Where words go.
    pub notify: Vec<ReceiverId>,
    /// Where pages go.
    pub oncall: Option<ReceiverId>,
    /// Labels, notes, exceptions, earlier names.
    pub meta: Meta,
}

/// The voice a team has in decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seat {
    /// Speaks for customers.
    Product,
    /// Speaks for services.
    Engineering,
    /// Speaks for what they run on.
    Platform,
    /// Speaks for contracts.
    Legal,
}

impl Seat {
    /// `product`, `engineering`, `platform`, `legal`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Seat::Product => "product",
            Seat::Engineering => "engineering",
            Seat::Platform => "platform",
            Seat::Legal => "legal",
        }
    }
}

/// People outside teams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub id: RoleId,
    /// People, by login.
    pub members: Vec<String>,
    /// Where pages go.
    pub oncall: Option<ReceiverId>,
    /// Where words go.
    pub notify: Vec<ReceiverId>,
    /// Labels, notes, exceptions.
    pub meta: Meta,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub id: ServiceId,
    /// Default owner of its SLOs.
    pub owner: Option<TeamId>,
    /// Label values that mean this service; its own id unless said.
    pub matches: Vec<String>,
    /// Where its code is.
    pub repository: Option<String>,
    /// What it can carry.
    pub capacity: Option<Capacity>,
    /// Labels, notes, exceptions, earlier names.
    pub meta: Meta,
}

/// What a unit of a service can carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    /// E.g. `pod`.
    pub unit: String,
    /// Requests a unit handles.
    pub handles: Option<Rate>,
    /// What a unit costs.
    pub cost: Option<Price>,
    /// Units kept spare.
    pub spare: Option<u32>,
    /// Segments with units of their own.
    pub dedicated: Vec<SegmentId>,
}

/// The list of customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// Where it is read.
    pub from: RosterFrom,
    /// Which column is what: `customer`, `segment`, `fee`, `contract`, `key_sha256`.
    pub columns: BTreeMap<String, String>,
    /// How often it is read again.
    pub every: Duration,
}

/// Where a roster is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RosterFrom {
    /// A CSV file, relative to the catalogue.
    Csv(String),
    /// JSON over HTTP.
    Http {
        /// Where.
        url: String,
        /// The bearer token.
        bearer: Option<Secret>,
    },
}

/// A contract with one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerContract {
    /// Whose.
    pub id: CustomerId,
    /// The customer's name.
    pub name: Option<String>,
    /// The segment it belongs to.
    pub segment: SegmentId,
    /// Contract number.
    pub reference: Option<String>,
    /// Base of credits.
    pub fee: Option<Price>,
    /// Its own credit schedule.
    pub credits: Option<CreditId>,
    /// Negotiated numbers, newest first.
    pub terms: Vec<ContractTerm>,
    /// Labels, notes, exceptions.
    pub meta: Meta,
}

/// Negotiated numbers and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractTerm {
    /// The first day.
    pub since: Date,
    /// By SLO and objective.
    pub targets: BTreeMap<SloId, BTreeMap<ObjectiveId, CommittedTargets>>,
}

/// What is owed when a commitment is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditSchedule {
    /// Its name.
    pub id: CreditId,
    /// What is judged.
    pub window: Window,
    /// The unit of the contract.
    pub measure: CreditMeasure,
    /// Shorter runs do not count.
    pub consecutive: Duration,
    /// Bands, as written.
    pub bands: Vec<CreditBand>,
    /// At most this share of the fee.
    pub cap: Share,
    /// The customer must claim within this time; `None` is automatic.
    pub claim_within: Option<Duration>,
    /// What the contract leaves out.
    pub exclude: Vec<String>,
    /// Labels, notes, exceptions.
    pub meta: Meta,
}

/// The unit in which a contract measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreditMeasure {
    /// Whole requests.
    Requests,
    /// Minutes in which at least this share failed.
    BadMinute(Share),
    /// The mean of ratios over slices of this length.
    MeanOf(Duration),
}

/// One band of a credit schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreditBand {
    /// Below this attainment ...
    pub below: Target,
    /// ... this share of the fee is owed.
    pub credit: Share,
}

/// Time that a promise leaves out.
///
/// It touches the SLOs it names and those of the services it names; where it names neither, all. Where it names segments,
/// it touches the requests of these alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// Its name.
    pub id: ExclusionId,
    /// SLOs it touches.
    pub slos: Vec<SloId>,
    /// Services it touches.
    pub services: Vec<ServiceId>,
    /// Segments it touches.
    pub segments: Vec<SegmentId>,
    /// When.
    pub when: ExclusionTime,
    /// Why.
    pub reason: String,
    /// When customers were told.
    pub announced: Option<Date>,
    /// Labels, notes, exceptions.
    pub meta: Meta,
}

/// When an exclusion holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExclusionTime {
    /// Once.
    Once {
        /// From.
        from: Timestamp,
        /// For how long.
        length: Duration,
    },
    /// Again and again, by a schedule such as `sunday at 02:00 Europe/Berlin`.
    Every {
        /// When it begins.
        schedule: Schedule,
        /// For how long.
        length: Duration,
    },
}

/// A report that goes out by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its name.
    pub id: ReportId,
    /// Which SLOs it is about.
    pub audience: Audience,
    /// When, as written.
    pub every: String,
    /// To whom: teams or receivers.
    pub to: Vec<String>,
    /// Labels, notes, exceptions.
    pub meta: Meta,
}

/// The public page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What it shows.
    pub show: Vec<SloId>,
    /// How far back.
    pub history: Duration,
}

/// What a segment costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costs {
    /// Price of so many time series.
    pub series: Option<(Price, u64)>,
    /// Upkeep in hours per period, as written.
    pub upkeep: Option<String>,
    /// An engineer's hour.
    pub engineer: Option<Money>,
    /// One page.
    pub page: Option<Money>,
}

/// The edge, where the segment is decided once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The header it sets.
    pub header: String,
    /// The header with the customer.
    pub customer_header: String,
    /// The key of the signed twin header.
    pub sign: Option<Secret>,
    /// How a request is recognised; the first hit wins.
    pub identify: Vec<Identify>,
    /// Served as this segment when nothing hits; counted as unknown.
    pub otherwise: SegmentId,
    /// Lanes by segment.
    pub lanes: Vec<Lane>,
}

/// One way to recognise a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identify {
    /// What is looked at.
    pub by: IdentifyBy,
    /// What it must be, if anything.
    pub matches: Option<Match>,
    /// Looked up in this column of the roster, as a SHA-256 where the column holds one.
    pub lookup: Option<String>,
    /// The segment of a hit; without it the value (or the roster's row) names the segment.
    pub segment: Option<SegmentId>,
}

/// What [`Identify`] looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentifyBy {
    /// A request header.
    Header(String),
    /// A claim of a token.
    Claim(String),
    /// The path.
    Path,
}
