//! Edges for which a bucket stood before a restart, until that bucket comes again.
//!
//! Which series are of one histogram is not kept, and the buckets of one may come in several requests. A smaller one that
//! comes first must not stand for the edge until the other comes: it would be taken for new, and what it stands at for
//! events of that moment. It waits, but not for ever: the other may be gone.

use std::collections::HashMap;

use attain_model::live::{CountsFor, LiveRole};

use super::{AsIs, hash_of};

/// What is sent of one thing at one time comes within less.
const WAITED_FOR_MS: i64 = 60_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Waits {
    /// How many buckets are waited for, by a hash of what is observed and for whom it counts as what.
    expected: HashMap<u64, u32, AsIs>,
    /// Since when somebody waits, by the same; `None` since the request that is being read.
    waiting: HashMap<u64, Option<i64>, AsIs>,
}

impl Waits {
    /// A series that was known before a restart is to come.
    pub(super) fn expect(&mut self, thing: u64, to: &[CountsFor]) {
        for key in keys(thing, to) {
            *self.expected.entry(key).or_insert(0) += 1;
        }
    }

    /// It came, or does not come any more.
    pub(super) fn came(&mut self, thing: u64, to: &[CountsFor]) {
        for key in keys(thing, to) {
            if let Some(count) = self.expected.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    self.expected.remove(&key);
                }
            }
        }
    }

    /// Whether the bucket that stood for an edge may be about to come; then somebody waits for it.
    pub(super) fn holds(&mut self, thing: u64, to: &CountsFor) -> bool {
        if self.expected.is_empty() {
            return false;
        }
        let key = hash_of(&(thing, to));
        let holds = self.expected.contains_key(&key);
        if holds {
            self.waiting.entry(key).or_insert(None);
        }
        holds
    }

    /// Whether somebody waits no longer, once a request that arrived at an instant is read.
    pub(super) fn is_over(&mut self, arrived_ms: i64) -> bool {
        if self.waiting.is_empty() {
            return false;
        }
        let expected = &mut self.expected;
        let before = self.waiting.len();
        self.waiting.retain(|key, since| {
            let from = *since.get_or_insert(arrived_ms);
            // A clock that is set back begins anew.
            if arrived_ms < from {
                *since = Some(arrived_ms);
            }
            if arrived_ms.saturating_sub(from) >= WAITED_FOR_MS {
                expected.remove(key);
            }
            expected.contains_key(key)
        });
        self.waiting.len() < before
    }
}

fn keys(thing: u64, to: &[CountsFor]) -> impl Iterator<Item = u64> {
    let edges = to
        .iter()
        .filter(|to| matches!(to.role, LiveRole::AtOrUnder(_, Some(_))));
    edges.map(move |to| hash_of(&(thing, to)))
}
