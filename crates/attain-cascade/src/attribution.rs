//! Attribution: which service spent how much of a customer's budget, to the event.
//!
//! Along a chain of calls the number of bad events is about the same, so that what a callee lost explains what its caller
//! lost, as far as it reaches (flow.rs); of a stretch in which a diagnosis names somebody, what its callers lost beyond that
//! is the culprit's as well (incidents.rs). What no dependency explains stays with the SLO where it was seen. Estimates say
//! how to divide; what is divided are whole events, and none is lost: the shares of a promise add up to what it spent.
//!
//! Knows the edges of a catalogue and what each SLO lost slot by slot. Reads no counts: the caller brings them.

mod flow;
mod incidents;
mod sides;

use std::collections::BTreeMap;

use attain_math::apportion::apportion;
use attain_model::verdict::{Attainment, ErrorBudget};
use attain_model::{Catalogue, Interval, SeriesName, SloId};
use jiff::Timestamp;
use jiff::civil::Date;

use flow::Flow;
pub use sides::{Side, sides};

/// Who spent what, over a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// The window.
    pub window: Interval,
    /// One for each promise that was asked about.
    pub lines: Vec<Line>,
}

/// What a promise spent, and where it was spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The promise.
    pub customer: SeriesName,
    /// The window of this promise.
    pub window: Interval,
    /// What it was allowed, and what it spent.
    pub budget: ErrorBudget,
    /// Where it was spent, the most first; those that spent nothing are left out.
    ///
    /// Invariant: the events add up to `budget.spent`.
    pub shares: Vec<Share>,
}

/// A part of what a promise spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Where it was spent.
    pub account: Account,
    /// Bad events of the promise, whole.
    pub spent: u64,
    /// From the promise's SLO to the one that spent it, both included; empty where it is not known.
    pub path: Vec<SloId>,
}

/// Where events were spent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// By this SLO, and by nothing below it that was measured. Of the promise's own SLO: by itself, or by something that
    /// nobody declared or measured.
    Slo(SloId),
    /// In no slot with counts, so that nothing can be said: a time slice without data, say.
    Unexplained,
}

impl Line {
    /// What an SLO spent of it.
    #[must_use]
    pub fn spent_by(&self, slo: &SloId) -> u64 {
        let is_its = |share: &&Share| share.account == Account::Slo(slo.clone());
        self.shares
            .iter()
            .find(is_its)
            .map_or(0, |share| share.spent)
    }
}

impl Attribution {
    /// What an SLO spent of each promise, those of which it spent nothing left out; in the order of the promises.
    #[must_use]
    pub fn of_node(&self, slo: &SloId) -> Vec<(&SeriesName, u64)> {
        let each = self
            .lines
            .iter()
            .map(|line| (&line.customer, line.spent_by(slo)));
        each.filter(|(_, spent)| *spent > 0).collect()
    }

    /// What an SLO spent of all promises together.
    #[must_use]
    pub fn spent_by(&self, slo: &SloId) -> u64 {
        self.of_node(slo).into_iter().map(|(_, spent)| spent).sum()
    }

    /// What all promises spent.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.lines.iter().map(|line| line.budget.spent).sum()
    }

    /// What each account spent of all promises together, the most first. Adds up to [`Attribution::total`].
    #[must_use]
    pub fn by_account(&self) -> Vec<(Account, u64)> {
        let mut sums: BTreeMap<&Account, u64> = BTreeMap::new();
        for share in self.lines.iter().flat_map(|line| &line.shares) {
            *sums.entry(&share.account).or_default() += share.spent;
        }
        let mut sums: Vec<(Account, u64)> = sums.into_iter().map(|(a, n)| (a.clone(), n)).collect();
        sums.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        sums
    }
}

/// What a series did slot by slot, oldest first.
pub type Track = Vec<(Timestamp, Attainment)>;

/// Divides what a promise spent in a window.
///
/// `own` is what it did slot by slot within the window, `insides` what the SLOs below it did; those that are missing lost
/// nothing. `budget` is that of the whole window, which may hold more than the slots say.
#[must_use]
pub fn attribute(
    catalogue: &Catalogue,
    on: Date,
    customer: &SeriesName,
    window: Interval,
    budget: ErrorBudget,
    own: &Track,
    insides: &BTreeMap<SloId, Track>,
) -> Line {
    let flow = Flow::of(catalogue, on, customer, own, insides);
    let weights = flow.spent_by_node(budget);
    let counted: u64 = own.iter().map(|(_, events)| events.bad).sum();
    let told = counted.min(budget.spent);
    let parts = apportion(told, &weights);
    let unexplained = match parts {
        Some(_) => budget.spent - told,
        None => budget.spent,
    };
    let mut shares: Vec<Share> = (flow.nodes().iter().zip(parts.into_iter().flatten()))
        .map(|(node, spent)| Share {
            account: Account::Slo(node.slo.clone()),
            spent,
            path: node.path.clone(),
        })
        .chain([Share {
            account: Account::Unexplained,
            spent: unexplained,
            path: Vec::new(),
        }])
        .filter(|share| share.spent > 0)
        .collect();
    shares.sort_by(|a, b| {
        b.spent
            .cmp(&a.spent)
            .then_with(|| a.account.cmp(&b.account))
    });
    Line {
        customer: customer.clone(),
        window,
        budget,
        shares,
    }
}

#[cfg(test)]
mod tests;
