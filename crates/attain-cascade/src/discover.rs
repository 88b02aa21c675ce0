//! Discovery: who calls whom, how often, and what it does to the caller, as traces and service graphs tell it; compared with
//! what the catalogue declares.
//!
//! Knows spans and counts of calls. Reads nothing: the caller brings them one by one. Names are as the data have them
//! until compare.rs finds the services of the catalogue that they mean.

mod compare;
mod overlap;
mod traces;

use std::collections::BTreeMap;

use attain_math::interval::{Interval, Z_95, wilson};
use attain_model::trace::CallCount;

pub use compare::{Compared, DeclaredEdge, Finding, Measured, Proposal, ProposedEdge, compare};
pub use overlap::{BAD_SLOTS_MIN, Overlap, edges, overlap};
pub use traces::Traces;

/// Requests with a failed call below which no impact is said.
pub const FAILED_MIN: u64 = 20;
/// Requests of a caller below which a call that was never seen is not called idle, and no share is said to differ.
pub const REQUESTS_MIN: u64 = 100;

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Discovered {
    /// Services by the name the data have.
    pub services: BTreeMap<String, Seen>,
    /// Calls from one service to another, by their names.
    pub calls: BTreeMap<(String, String), Calls>,
    /// Spans that were taken.
    pub spans: u64,
    /// Traces that were put together; one that came in pieces counts once for each.
    pub traces: u64,
    /// Spans whose parent did not come, or too late to be found: what they were called by is not known.
    pub orphans: u64,
}

/// A service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Requests that reached it; `None` where nobody counted all of them.
    pub requests: Option<u64>,
    /// Those that failed.
    pub failed: u64,
    /// Whether it was only seen from outside: it sends no spans.
    pub only_called: bool,
}

/// Calls from one service to another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    /// All calls.
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
    /// Calls that nobody waited for: a message, or begun after the caller had answered.
    pub not_awaited: u64,
    /// What the callers' requests came to; `None` where only calls were counted.
    pub requests: Option<Requests>,
}

/// Requests of a caller that made the call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// At least once.
    pub calling: u64,
    /// Of those: with a call that failed.
    pub hit: u64,
    /// Of those: that failed themselves.
    pub hit_failed: u64,
    /// Without a call that failed, and failed all the same.
    pub spared_failed: u64,
}

/// A share with its interval of 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The share, or the multiple.
    pub value: f64,
    /// Where it lies.
    pub between: Interval,
}

impl Calls {
    /// The share of a caller's requests that make the call. Of calls alone it is calls by request, at most 1.
    #[must_use]
    pub fn share(&self, caller: Seen) -> Option<Estimate> {
        let all = caller.requests.filter(|all| *all > 0)?;
        let calling = self.requests.map_or(self.calls.min(all), |r| r.calling);
        Some(Estimate {
            value: calling as f64 / all as f64,
            between: wilson(calling, all, Z_95)?,
        })
    }

    /// Calls for each request that calls; never below 1 by traces.
    #[must_use]
    pub fn calls_per_request(&self, caller: Seen) -> Option<f64> {
        let calling = match self.requests {
            Some(requests) => requests.calling,
            // Share and calls cannot be told apart: what is above one call for each request must be repetition.
            None => caller.requests.filter(|all| *all > 0)?.min(self.calls),
        };
        (calling > 0).then(|| self.calls as f64 / calling as f64)
    }

    /// How much more often a caller's request fails when a call of it failed: the chance of failing with a failed call, less
    /// that without. `None` below [`FAILED_MIN`] requests with a failed call. Interval by Newcombe's method.
    #[must_use]
    pub fn impact(&self) -> Option<Estimate> {
        let seen = self.requests.filter(|seen| seen.hit >= FAILED_MIN)?;
        difference(
            (seen.hit_failed, seen.hit),
            (seen.spared_failed, seen.calling - seen.hit),
        )
    }

    /// Whether nearly all calls were not waited for.
    #[must_use]
    pub fn is_asynchronous(&self) -> bool {
        self.calls > 0 && self.not_awaited * 10 >= self.calls * 9
    }
}

/// The difference of two shares, hits and all of each, with Newcombe's interval; of nothing the second share is zero. Not
/// below zero: a failure that helps is chance.
///
/// Source: Newcombe 1998, method 10.
#[must_use]
pub fn difference(with: (u64, u64), without: (u64, u64)) -> Option<Estimate> {
    let share = |(hits, all): (u64, u64)| {
        if all > 0 {
            hits as f64 / all as f64
        } else {
            0.0
        }
    };
    let (p, q) = (share(with), share(without));
    let one = wilson(with.0, with.1, Z_95)?;
    let none = Interval {
        low: 0.0,
        high: 0.0,
    };
    let two = wilson(without.0, without.1, Z_95).unwrap_or(none);
    let root = |a: f64, b: f64| (a * a + b * b).sqrt();
    let value = p - q;
    Some(Estimate {
        value: value.max(0.0),
        between: Interval {
            low: (value - root(p - one.low, two.high - q)).max(0.0),
            high: (value + root(one.high - p, q - two.low)).clamp(0.0, 1.0),
        },
    })
}

impl Discovered {
    /// Adds what a service-graph metric counted. The requests of a service are the calls that reach it; who is called by
    /// nobody counted none.
    pub fn add_counts(&mut self, counts: &BTreeMap<(String, String), CallCount>) {
        for ((client, server), count) in counts {
            let calls = self
                .calls
                .entry((client.clone(), server.clone()))
                .or_default();
            calls.calls = calls.calls.saturating_add(count.calls);
            calls.failed = calls.failed.saturating_add(count.failed.min(count.calls));
            self.services.entry(client.clone()).or_default();
            let seen = self.services.entry(server.clone()).or_default();
            seen.requests = Some(seen.requests.unwrap_or(0).saturating_add(count.calls));
            seen.failed = seen.failed.saturating_add(count.failed.min(count.calls));
        }
    }
}

#[cfg(test)]
mod tests;
