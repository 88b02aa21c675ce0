//! What is said of a loss: since when, how much, who did it, and what speaks against that. Nouns only; who prints them knows
//! how they look.

use std::time::Duration;

use attain_model::SeriesName;
use attain_model::verdict::Attainment;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// An answer about one SLO.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// About when.
    pub instant: Timestamp,
    /// How far back a loss was looked for.
    pub looked_back: Duration,
    /// For times.
    pub zone: TimeZone,
    /// One for each objective and segment that was asked about.
    pub findings: Vec<Finding>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
}

/// What was found about one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which series.
    pub name: SeriesName,
    /// When it lost more than it was allowed the last time; `None` if it did not.
    pub episode: Option<Episode>,
    /// When it did so before that, as far back as was looked, oldest first; only those of some weight.
    pub earlier: Vec<Earlier>,
    /// When its budget is no longer overspent, if nothing else goes bad and as much is asked as in its window; `None` where it
    /// is not overspent, where nothing leaves its window, or where the counts do not tell.
    pub back_at: Option<Timestamp>,
}

/// A time in which budget was lost, and which is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// What was counted in it.
    pub attainment: Attainment,
    /// In which SLO it started; `None` where the evidence names nobody, and of all but the newest few, which nobody asked.
    pub started_in: Option<String>,
}

/// A time in which budget was lost.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// Since when.
    pub from: Timestamp,
    /// Until when, at most the instant.
    pub until: Timestamp,
    /// What was counted in it.
    pub attainment: Attainment,
    /// What was counted from its end to the instant: where nobody came, nothing is over.
    pub after: Attainment,
    /// How many bad events more than usual.
    pub beyond_usual: f64,
    /// The share of the whole budget that was spent in it, and of which window; `None` if there is no budget.
    pub budget_share: Option<(f64, String)>,
    /// Normal times lose as much this often: in (0, 1]; `None` if too little is known of them.
    pub as_bad_before: Option<f64>,
    /// Who did it. The first is about all that was lost, each later one about what is left without those before it.
    /// Empty where nothing unusual was lost.
    pub accounts: Vec<Account>,
}

/// Suspects of one loss, the first first.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Bad events more than usual that are accounted for.
    pub lost: f64,
    /// Whether the evidence is strong enough to name the first.
    pub is_named: bool,
    /// As of when it was named, where a newer answer about the same loss names nobody ([`Finding::keep_named`]).
    pub named_at: Option<Timestamp>,
    /// What speaks against it although its score is high.
    pub doubt: Option<Doubt>,
    /// Who may have spent it.
    pub suspects: Vec<Suspect>,
}

/// Why a suspect with a high score is not named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// What it rests on is as noisy as the loss is large.
    Noise,
    /// This one has as good a claim.
    Rival(String),
}

/// Somebody who may have spent the budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// Its SLO.
    pub name: String,
    /// The share of the lost budget that started there; in (0, 1].
    pub score: f64,
    /// Bad events more than usual of its own.
    pub lost: f64,
    /// How many standard deviations that is.
    pub sigmas: f64,
    /// The share of the customer's loss that it could account for, its parts included; in [0, 1].
    pub share: f64,
    /// The share of its loss that its parts account for; in [0, 1].
    pub explained: f64,
    /// Which parts those are.
    pub explained_by: Vec<String>,
    /// From the SLO that was asked about to it.
    pub path: Vec<String>,
    /// Whose it is.
    pub owners: Vec<String>,
    /// What to do.
    pub runbook: Option<String>,
}
