//! Replicas of one sender: a pair of Prometheus for high availability looks at the same targets and sends everything twice,
//! but for a label that tells the two apart. One of them counts.
//!
//! The label is no part of a series' identity, so both lead to the same slots, and what one has not told the other makes up
//! for: counters telescope. The first that is heard leads; when nothing came from it for a while, by the time of samples,
//! another one goes on.
//!
//! What comes together comes from one sender, mostly, and its first series says which. Who passes on what many send mixes
//! them: once that was seen, each series says whose it is. Knows labels and times; knows no slots.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

/// Labels that tell replicas apart and nothing else: of Mimir and Cortex, and of the Prometheus operator.
const USUAL: [&str; 2] = ["__replica__", "prometheus_replica"];

/// Labels that tell one pair from another.
const PAIRS: [&str; 3] = ["cluster", "__cluster__", "prometheus"];

/// A leader that said nothing for so long is gone: more than passes between two scrapes.
const GONE_MS: i64 = 60_000;

/// Clocks of two replicas are not further apart. Where nobody knows who led, what is nearer to the last that was heard may
/// have been told by the other one, in another order.
const CLOCKS_MS: i64 = 10_000;

/// Pairs that are told apart; what more of them say counts, whoever sends it.
const PAIRS_AT_MOST: usize = 1_000;

/// Who sends a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sender {
    pair: u64,
    replica: u64,
}

/// The replica of a pair that counts, and when it was heard last.
#[derive(Debug, Clone, Copy)]
struct Leader {
    replica: u64,
    heard_ms: i64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Replicas {
    /// The labels that say which replica it is.
    labels: Vec<String>,
    leaders: HashMap<u64, Leader>,
    /// Nobody leads by samples that are not later.
    before_ms: Option<i64>,
    /// Whose request is walked, by its first series.
    current: Option<Sender>,
    /// Requests are of several senders.
    pub(super) is_mixed: bool,
}

impl Replicas {
    /// From now on the label says it that a person named, or else the usual ones, but for what indicators look at: there it
    /// was taken for something else.
    pub(super) fn reload(&mut self, label: Option<&str>, is_looked_at: impl Fn(&str) -> bool) {
        let usual = || USUAL.into_iter().filter(|usual| !is_looked_at(usual));
        self.labels = match label {
            Some(label) => vec![label.to_owned()],
            None => usual().map(str::to_owned).collect(),
        };
    }

    /// Somebody led until an instant.
    pub(super) fn restore(&mut self, heard_ms: Option<i64>) {
        self.before_ms = heard_ms.map(|heard| heard.saturating_add(CLOCKS_MS));
    }

    /// Who sends a series with these labels, if that is one of several. Takes the label out that says which.
    pub(super) fn take(&self, labels: &mut Vec<(&str, &str)>) -> Option<Sender> {
        let is_it = |name: &str| self.labels.iter().any(|label| label == name);
        let mut replica = None;
        labels.retain(|(name, value)| {
            let is_replica = is_it(name);
            if is_replica {
                replica = Some(xxh3_64(value.as_bytes()));
            }
            !is_replica
        });
        let replica = replica?;
        let mut pair = String::new();
        for (name, value) in labels.iter().filter(|(name, _)| PAIRS.contains(name)) {
            pair.extend([name, "\0", value, "\0"]);
        }
        Some(Sender {
            pair: xxh3_64(pair.as_bytes()),
            replica,
        })
    }

    /// A request begins with a series of a sender, or of nobody who is one of several.
    pub(super) fn begin(&mut self, sender: Option<Sender>) {
        self.current = sender;
    }

    /// Whether a sender is another one than the request began with, which nobody expected.
    pub(super) fn is_stranger(&self, sender: Sender) -> bool {
        !self.is_mixed && self.current != Some(sender)
    }

    /// A sender was heard, with a sample of an instant. Returns whether what its pair says is counted from another one now.
    pub(super) fn hear(&mut self, sender: Sender, time_ms: i64) -> bool {
        if self.before_ms.is_some_and(|before| time_ms <= before) {
            return false;
        }
        let is_full = self.leaders.len() >= PAIRS_AT_MOST;
        let new = Leader {
            replica: sender.replica,
            heard_ms: time_ms,
        };
        match self.leaders.get_mut(&sender.pair) {
            Some(leader) if leader.replica == sender.replica => {
                leader.heard_ms = leader.heard_ms.max(time_ms);
                false
            }
            Some(leader) if time_ms.saturating_sub(leader.heard_ms) > GONE_MS => {
                *leader = new;
                true
            }
            Some(_) => false,
            None if is_full => false,
            None => {
                self.leaders.insert(sender.pair, new);
                true
            }
        }
    }

    /// Whether what a sender says counts.
    pub(super) fn leads(&self, sender: Sender) -> bool {
        match self.leaders.get(&sender.pair) {
            Some(leader) => leader.replica == sender.replica,
            None => self.leaders.len() >= PAIRS_AT_MOST,
        }
    }
}
