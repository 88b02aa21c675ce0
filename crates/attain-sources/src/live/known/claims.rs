//! Which bucket of a classic histogram stands for which edge of a stream: the largest `le` at or under it.
//!
//! Buckets come as series of their own, in any order and maybe in several requests. A closer bucket takes an edge over;
//! what straddles an edge counts as slower, and at no time do two buckets of a histogram stand for one edge.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use attain_model::live::Slot;
use attain_model::{Stream, StreamKey};
use xxhash_rust::xxh3::xxh3_64;

use super::Itself;

#[derive(Debug, Clone, Copy)]
struct Claim {
    edge: u64,
    le: u64,
    slot: Slot,
}

/// A histogram as one stream sees it.
///
/// Its stream first: the hasher takes the last of the two.
pub(super) type Group = (u64, u64);

/// The histogram of these labels (without `le`), for a stream.
pub(super) fn group_of(labels: u64, stream: &StreamKey) -> Group {
    (xxh3_64(stream.as_str().as_bytes()), labels)
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Claims {
    by_group: HashMap<Group, Vec<Claim>, BuildHasherDefault<Itself>>,
}

impl Claims {
    /// Claims edges for the bucket `le` of `slot`; gives the slots that lost one. Who is not seen keeps what it has: it
    /// could not be told that it lost it.
    pub(super) fn claim(
        &mut self,
        group: Group,
        edges: impl Iterator<Item = u64>,
        le: u64,
        slot: Slot,
        is_seen: impl Fn(Slot) -> bool,
    ) -> Vec<Slot> {
        let claims = self.by_group.entry(group).or_default();
        let mut losers = Vec::new();
        for edge in edges {
            match claims.iter_mut().find(|claim| claim.edge == edge) {
                None => claims.push(Claim { edge, le, slot }),
                Some(claim) if claim.le < le && is_seen(claim.slot) => {
                    losers.push(claim.slot);
                    *claim = Claim { edge, le, slot };
                }
                Some(_) => {}
            }
        }
        losers
    }

    /// The bucket that stands for an edge.
    pub(super) fn best(&self, group: Group, edge: u64) -> Option<u64> {
        let mut claims = self.by_group.get(&group)?.iter();
        claims
            .find(|claim| claim.edge == edge)
            .map(|claim| claim.le)
    }

    /// The edges that a slot stands for.
    pub(super) fn of(&self, group: Group, slot: Slot) -> impl Iterator<Item = u64> {
        let claims = self.by_group.get(&group).into_iter().flatten();
        claims
            .filter(move |claim| claim.slot == slot)
            .map(|claim| claim.edge)
    }

    /// Drops claims on edges that no stream has any more.
    pub(super) fn keep_those_of(&mut self, streams: &[Stream]) {
        let edges: HashMap<u64, &Stream> = streams
            .iter()
            .map(|stream| (xxh3_64(stream.key.as_str().as_bytes()), stream))
            .collect();
        self.by_group.retain(|(stream, _), claims| {
            let stream = edges.get(stream);
            claims.retain(|claim| {
                stream.is_some_and(|stream| {
                    stream
                        .edges
                        .iter()
                        .any(|edge| edge.nanoseconds() == claim.edge)
                })
            });
            !claims.is_empty()
        });
    }

    /// Drops the claims of slots that are no more.
    pub(super) fn release(&mut self, is_there: impl Fn(Slot) -> bool) {
        self.by_group.retain(|_, claims| {
            claims.retain(|claim| is_there(claim.slot));
            !claims.is_empty()
        });
    }
}
