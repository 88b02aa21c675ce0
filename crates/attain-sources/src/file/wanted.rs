//! Which positions of an origin are still to be read, and for which streams. Knows what earlier runs took; knows no file.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use attain_model::facts::OriginFacts;
use attain_model::{Catalogue, SourceId, Stream, StreamKey};

/// For whom positions are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum For {
    /// They were never read: every stream that looks at the source.
    All,
    /// They were counted for the others already.
    Some(Arc<BTreeSet<StreamKey>>),
    /// For nobody: everything is known.
    Nobody,
}

impl For {
    /// As a delivery says it.
    pub(crate) fn streams(&self) -> Option<Arc<BTreeSet<StreamKey>>> {
        match self {
            For::Some(streams) => Some(streams.clone()),
            For::All | For::Nobody => None,
        }
    }
}

/// All positions of one origin, in stretches that are read for the same streams. The last has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted(Vec<(Range<u64>, For)>);

impl Wanted {
    /// What `taken` leaves, for a source that these streams look at.
    pub(crate) fn new(taken: Option<&OriginFacts>, streams: &BTreeSet<StreamKey>) -> Self {
        let Some(taken) = taken else {
            return Self(vec![(0..u64::MAX, For::All)]);
        };
        let of_streams = streams.iter().filter_map(|key| taken.streams.get(key));
        let ranges = || of_streams.clone().chain([&taken.seen]).flatten();
        let mut edges: BTreeSet<u64> = ranges()
            .flat_map(|range| [range.start, range.end])
            .collect();
        edges.extend([0, u64::MAX]);
        let holds = |ranges: &[Range<u64>], at: u64| ranges.iter().any(|range| range.contains(&at));
        let whom = |at: u64| {
            if !holds(&taken.seen, at) {
                return For::All;
            }
            let misses = |key: &&StreamKey| {
                !taken
                    .streams
                    .get(*key)
                    .is_some_and(|ranges| holds(ranges, at))
            };
            let missing: BTreeSet<StreamKey> = streams.iter().filter(misses).cloned().collect();
            if missing.is_empty() {
                For::Nobody
            } else {
                For::Some(Arc::new(missing))
            }
        };
        let edges: Vec<u64> = edges.into_iter().collect();
        let mut stretches: Vec<(Range<u64>, For)> = Vec::new();
        for pair in edges.windows(2) {
            let whom = whom(pair[0]);
            match stretches.last_mut() {
                Some((range, last)) if *last == whom => range.end = pair[1],
                _ => stretches.push((pair[0]..pair[1], whom)),
            }
        }
        Self(stretches)
    }

    /// In order; together they cover everything.
    pub(crate) fn stretches(&self) -> &[(Range<u64>, For)] {
        &self.0
    }

    /// The stretch of a position.
    pub(crate) fn at(&self, position: u64) -> usize {
        let after = self.0.partition_point(|(range, _)| range.start <= position);
        after.saturating_sub(1)
    }
}

/// The streams that look at a source.
pub(crate) fn streams_of(catalogue: &Catalogue, source: &SourceId) -> BTreeSet<StreamKey> {
    let streams = Stream::all(catalogue).into_iter();
    let looking = streams.filter(|stream| stream.sources.contains(source));
    looking.map(|stream| stream.key).collect()
}

#[cfg(test)]
mod tests {
    use attain_model::facts::Fingerprint;

    use super::*;

    #[test]
    fn positions_are_read_for_whom_they_were_not_counted() {
        let (a, b) = (StreamKey::new("a"), StreamKey::new("b"));
        let both = BTreeSet::from([a.clone(), b.clone()]);
        let taken = OriginFacts {
            seen: vec![0..100, 200..300],
            streams: [
                (a, vec![0..100, 200..300]),
                (b.clone(), vec![50..60, 60..100]),
                (StreamKey::new("gone"), vec![7..8, 8..9]),
            ]
            .into(),
            fingerprint: Fingerprint::default(),
        };
        let only_b = For::Some(Arc::new(BTreeSet::from([b])));
        let wanted = Wanted::new(Some(&taken), &both);
        assert_eq!(
            wanted.stretches(),
            [
                (0..50, only_b.clone()),
                (50..100, For::Nobody),
                (100..200, For::All),
                (200..300, only_b),
                (300..u64::MAX, For::All),
            ]
        );
        assert_eq!(
            [0, 49, 50, 299, 300].map(|at| wanted.at(at)),
            [0, 0, 1, 3, 4]
        );
        assert_eq!(
            Wanted::new(None, &both).stretches(),
            [(0..u64::MAX, For::All)]
        );
    }
}
