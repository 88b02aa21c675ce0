//! A statement: what was promised in a past period and what was kept of it, in numbers that others can recompute.
//!
//! Plain results; attain-engine computes them, attain-view writes, hashes and reads them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::counts::{Gap, Interval};
use crate::id::{ExclusionId, SloId};
use crate::quantity::Window;
use crate::slo::{Audience, Goal};
use crate::verdict::{Attainment, Coverage, ErrorBudget, SeriesName};

/// A statement about a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The catalogue's name.
    pub company: String,
    /// The period as asked for, e.g. `2026-10`.
    pub period: String,
    /// Its edges.
    pub interval: Interval,
    /// In which zone its days are days.
    pub timezone: TimeZone,
    /// Only what had arrived by then counts; `None` is all that is known.
    pub known_until: Option<Timestamp>,
    /// The SLOs that were asked for by name; none is all that are promised to customers.
    pub only: Vec<SloId>,
    /// One per series, in the order of the catalogue.
    pub entries: Vec<Entry>,
}

/// What was promised and kept for one series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which series.
    pub name: SeriesName,
    /// What the customer gets, in the customer's words.
    pub outcome: Option<String>,
    /// To whom.
    pub audience: Audience,
    /// What is counted in all of its attainments and budgets.
    pub unit: Unit,
    /// What was aimed at and promised when, oldest first, without holes.
    pub terms: Vec<Term>,
    /// The period by the objectives of its parts.
    pub objective: Whole,
    /// The period by the commitments of its parts; `None` where nothing was published.
    pub committed: Option<Whole>,
    /// Each whole window of its commitments that lies in the period, oldest first: what was published for a month is kept or not
    /// by month. None where windows roll, or no whole one lies in it.
    pub windows: Vec<CommittedWindow>,
    /// No objective names it: its budget is that of all segments with a promise together.
    pub is_pooled: bool,
    /// How much of the period was observed, without what is excluded.
    pub coverage: Coverage,
    /// What lay outside the promise by agreement.
    pub excluded: Vec<Excluded>,
    /// Bad events that could have been good but cannot be told apart.
    pub uncertain: u64,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// The counts of each day, so that a difference can be found: days of the statement's zone, oldest first.
    pub days: Vec<Day>,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Events, e.g. requests.
    Events,
    /// Time slices of this length, good or bad as a whole.
    Slices(Duration),
    /// Billionths of time slices of this length: each slice counts by the good share of its events.
    SliceBillionths(Duration),
}

/// All of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole {
    /// What was counted within a promise; where nothing was promised, what was measured.
    pub attainment: Attainment,
    /// The budget, each part of the period by what was promised then.
    pub budget: ErrorBudget,
    /// Whether it was kept; `None` where nothing was promised, nothing happened or too little was observed.
    pub kept: Option<bool>,
}

/// A window over which a commitment is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommittedWindow {
    /// When.
    pub interval: Interval,
    /// What was counted under the commitment, and whether it was kept.
    pub whole: Whole,
}

/// A part of the period with one promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// When.
    pub interval: Interval,
    /// The internal objective in force.
    pub objective: Option<Goal>,
    /// The commitment in force, if one was published.
    pub commitment: Option<Committed>,
    /// What was counted then.
    pub attainment: Attainment,
}

/// A commitment in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// What customers were promised.
    pub goal: Goal,
    /// Since when.
    pub since: Date,
    /// Over which window it is judged.
    pub window: Window,
    /// Where it stands.
    pub published: Vec<String>,
    /// Whether it was kept over its part of the period; `None` if that cannot be said.
    pub kept: Option<bool>,
    /// Its budget over that part.
    pub budget: ErrorBudget,
    /// What counts under it; differs from the term's where its threshold does.
    pub attainment: Attainment,
}

/// An exclusion that touched the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Its name.
    pub id: ExclusionId,
    /// Why.
    pub reason: String,
    /// When customers were told.
    pub announced: Option<Date>,
    /// Whether it holds. It does not where customers were not told before it began: then what was counted in it is in the
    /// promise all the same.
    pub holds: bool,
    /// When, within the period.
    pub intervals: Vec<Interval>,
    /// What was counted in its whole slices.
    pub attainment: Attainment,
}

/// The counts of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// Within the promise.
    pub attainment: Attainment,
}
