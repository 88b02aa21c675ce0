//! What was taken of an origin, position by position and stream by stream.
//!
//! Knows positions. Knows neither rows nor counts; see admit.rs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use attain_model::StreamKey;
use attain_model::facts::{Fingerprint, OriginFacts};

use crate::ranges::RangeSet;

/// A stretch of an origin, and the streams that it is still to be counted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Positions, half-open.
    pub range: Range<u64>,
    /// Not empty.
    pub streams: BTreeSet<StreamKey>,
}

/// What was taken of one origin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    /// Read at all.
    // Invariant: holds every position that any stream holds.
    pub(crate) seen: RangeSet<u64>,
    /// Counted for a stream.
    pub(crate) streams: BTreeMap<StreamKey, RangeSet<u64>>,
    /// Handed on as it is.
    pub(crate) fingerprint: Fingerprint,
}

impl Origin {
    /// Takes down that a range was read, and counted for these streams.
    pub(crate) fn add(&mut self, range: &Range<u64>, streams: &BTreeSet<StreamKey>) {
        self.seen.insert(range.clone());
        for stream in streams {
            match self.streams.get_mut(stream) {
                Some(taken) => taken.insert(range.clone()),
                None => {
                    let taken = [range.clone()].into_iter().collect();
                    self.streams.insert(stream.clone(), taken);
                }
            }
        }
    }

    /// What of a range is still to be counted for some of these streams, ascending; each stretch for the same ones.
    ///
    /// Where something was read before and something not, a stretch ends.
    pub(crate) fn wanted(&self, range: &Range<u64>, of: &BTreeSet<StreamKey>) -> Vec<Wanted> {
        let known = of.iter().filter_map(|stream| self.streams.get(stream));
        let ranges = known.chain([&self.seen]).flat_map(RangeSet::ranges);
        let mut edges: BTreeSet<u64> = ranges
            .flat_map(|known| [known.start, known.end])
            .filter(|edge| range.start < *edge && *edge < range.end)
            .collect();
        edges.extend([range.start, range.end]);
        let edges: Vec<u64> = edges.into_iter().collect();
        let mut wanted: Vec<Wanted> = Vec::new();
        for pair in edges.windows(2) {
            let piece = pair[0]..pair[1];
            let is_taken = |stream: &&StreamKey| {
                self.streams
                    .get(*stream)
                    .is_some_and(|taken| taken.contains(&piece))
            };
            let streams: BTreeSet<StreamKey> =
                of.iter().filter(|s| !is_taken(s)).cloned().collect();
            if !streams.is_empty() {
                wanted.push(Wanted {
                    range: piece,
                    streams,
                });
            }
        }
        wanted
    }
}

impl From<OriginFacts> for Origin {
    fn from(facts: OriginFacts) -> Self {
        let streams = facts.streams.into_iter();
        Self {
            seen: facts.seen.into_iter().collect(),
            streams: streams
                .map(|(stream, ranges)| (stream, ranges.into_iter().collect()))
                .collect(),
            fingerprint: facts.fingerprint,
        }
    }
}

impl From<&Origin> for OriginFacts {
    fn from(origin: &Origin) -> Self {
        let streams = origin.streams.iter();
        Self {
            seen: origin.seen.ranges().to_vec(),
            streams: streams
                .map(|(stream, taken)| (stream.clone(), taken.ranges().to_vec()))
                .collect(),
            fingerprint: origin.fingerprint.clone(),
        }
    }
}
