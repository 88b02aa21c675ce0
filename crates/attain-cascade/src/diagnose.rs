//! Which node spent the customer's budget. Knows what each node did slot by slot, what is usual for it, and who calls
//! whom; knows no SLO, no name, no clock.
//!
//! Along a chain of calls the number of bad events, and the total of seconds too many, is about the same: a callee that
//! is called 800 times and takes 30 ms longer costs its callers 24 s. So blame is an account in the unit of the
//! customer's own budget, not a contest of who looks strangest. A node is suspected of what it lost beyond its history
//! and beyond its own level before the incident, up to what could reach the customer along the calls, less what its own
//! callees lost. How unusual a loss is decides only whether it is real.
//!
//! - baseline.rs: what is usual for a node; loss.rs: what was lost in a window; flow.rs: what can reach the customer;
//!   rank.rs: the account; gate.rs: whether there is anything to explain; episode.rs: since when;
//!   history.rs: which past counts.

mod baseline;
mod episode;
mod flow;
mod gate;
mod graph;
mod history;
mod loss;
mod rank;

pub use baseline::{Baseline, Track, Unit};
pub use episode::{Spent, episodes};
pub use gate::Gate;
pub use graph::{Call, CallGraph};
pub use history::comparable;
pub use rank::{CONFIDENT, Doubt, Explainer, Suspect};

use loss::Losses;
pub(crate) use rank::AMPLIFIED;

/// What is asked: a window of slots in which a customer lost budget, and what is usual.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// In which unit the customer's budget is kept.
    pub unit: Unit,
    /// Who calls whom.
    pub graph: &'a CallGraph,
    /// The node that the customer sees.
    pub target: usize,
    /// What is usual for each node, by position; a node beyond the end is unknown.
    pub baselines: &'a [Baseline],
    /// What each node did in the window, by position, all over the same slots. A node without slots is no suspect and
    /// hides nobody.
    pub window: &'a [Track],
}

impl Question<'_> {
    fn baseline(&self, node: usize) -> Baseline {
        let known = self.baselines.get(node).copied();
        known.unwrap_or(Baseline::UNKNOWN)
    }
}

/// Who spent the budget.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diagnosis {
    /// What the customer lost in the slots that count, per such slot weighted by its loss; 0 if nothing was lost.
    pub lost: f64,
    /// The same over the whole window, slots in which nothing was lost left out.
    pub total: f64,
    /// Who is suspected of it, the first first.
    pub suspects: Vec<Suspect>,
}

/// Says who spent the budget that the target lost in the window. Empty if nothing was lost beyond the usual.
#[must_use]
pub fn diagnose(question: &Question<'_>) -> Diagnosis {
    let losses = Losses::of(question);
    rank::rank(question, &losses)
}

/// At most so many incidents are told apart in one window.
const INCIDENTS_AT_MOST: usize = 3;

/// What is left of the customer's loss when no more is looked for: this share of it.
const REST: f64 = 0.2;

/// Tells several incidents in one window apart: whoever is named is taken out of the account, and what is left is asked
/// again. The first diagnosis is that of [`diagnose`]; each later one is about the rest that `lost` says, and names
/// somebody. Empty if nothing was lost beyond the usual.
#[must_use]
pub fn incidents(question: &Question<'_>) -> Vec<Diagnosis> {
    let mut losses = Losses::of(question);
    let whole = losses.total(0);
    let mut incidents = Vec::new();
    while incidents.len() < INCIDENTS_AT_MOST && losses.total(0) > REST * whole {
        let diagnosis = rank::rank(question, &losses);
        let named = diagnosis.named().map(|first| first.node);
        if named.is_some() || incidents.is_empty() {
            incidents.push(diagnosis);
        }
        match named {
            Some(node) => losses.take_out(question.graph, node),
            None => break,
        }
    }
    incidents.retain(|diagnosis| diagnosis.lost > 0.0);
    incidents
}
