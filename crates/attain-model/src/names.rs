//! What segments and sources are called today: counts stay under the id that these had when they were counted.
//!
//! Knows the earlier ids of a catalogue. Whoever reads counts asks it, so that no counts that are kept have to be
//! rewritten, and the catalogue from before a segment was renamed reads what it always did.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::Catalogue;
use crate::counts::CountedSegment;
use crate::id::{SegmentId, SourceId};
use crate::stream::{Stream, StreamKey};

/// The segments of a catalogue by their earlier ids (`formerly:`).
///
/// Invariant: no earlier id is an id of today, so that it does not matter how often a name is looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SegmentNames {
    today: BTreeMap<SegmentId, CountedSegment>,
}

impl SegmentNames {
    /// The names of a catalogue. An earlier id that is still an id of its own keeps what is its own.
    #[must_use]
    pub fn of(catalogue: &Catalogue) -> Self {
        let mut today = BTreeMap::new();
        for (id, segment) in &catalogue.segments {
            let earlier = segment.meta.formerly.iter();
            let earlier = earlier.map(|name| SegmentId::from(name.as_str()));
            for earlier in earlier.filter(|earlier| !catalogue.segments.contains_key(earlier)) {
                today.insert(earlier, CountedSegment::Known(id.clone()));
            }
        }
        Self { today }
    }

    /// Whether no segment was ever called otherwise.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.today.is_empty()
    }

    /// What a segment is called today; a name that nobody knows to be an earlier one stays.
    #[must_use]
    pub fn today<'n>(&'n self, counted: &'n CountedSegment) -> &'n CountedSegment {
        match counted {
            CountedSegment::Known(id) => self.today.get(id).unwrap_or(counted),
            CountedSegment::Unknown => counted,
        }
    }

    /// The same of an id in a catalogue.
    #[must_use]
    pub fn id_today<'n>(&'n self, id: &'n SegmentId) -> &'n SegmentId {
        match self.today.get(id) {
            Some(CountedSegment::Known(today)) => today,
            Some(CountedSegment::Unknown) | None => id,
        }
    }

    /// The same, where the old name is not needed any more.
    #[must_use]
    pub fn renamed(&self, counted: CountedSegment) -> CountedSegment {
        match &counted {
            CountedSegment::Known(id) => self.today.get(id).cloned().unwrap_or(counted),
            CountedSegment::Unknown => counted,
        }
    }
}

/// The sources of a catalogue by their earlier ids (`formerly:`), and its streams by the keys that they had then: a key
/// begins with the sources that are counted.
///
/// Invariant: no earlier id is an id of today, so that it does not matter how often a name is looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceNames {
    today: BTreeMap<SourceId, SourceId>,
    /// By the sources, in whatever order, and what of them is counted.
    streams: BTreeMap<(BTreeSet<SourceId>, String), StreamKey>,
}

impl SourceNames {
    /// The names of a catalogue. An earlier id that is still an id of its own keeps what is its own.
    #[must_use]
    pub fn of(catalogue: &Catalogue) -> Self {
        let mut names = Self::default();
        for (id, source) in &catalogue.sources {
            let earlier = source.meta.formerly.iter();
            let earlier = earlier.map(|name| SourceId::from(name.as_str()));
            for earlier in earlier.filter(|earlier| !catalogue.sources.contains_key(earlier)) {
                names.today.insert(earlier, id.clone());
            }
        }
        if !names.is_empty() {
            let keys = catalogue.slos.values();
            let keys = keys.map(|slo| Stream::key_of(catalogue, slo));
            names.streams = keys
                .filter_map(|key| {
                    let (sources, rest) = key.parts()?;
                    Some(((sources.collect(), rest.to_owned()), key.clone()))
                })
                .collect();
        }
        names
    }

    /// Whether no source was ever called otherwise.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.today.is_empty()
    }

    /// What a source is called today; a name that nobody knows to be an earlier one stays.
    #[must_use]
    pub fn today<'n>(&'n self, source: &'n SourceId) -> &'n SourceId {
        self.today.get(source).unwrap_or(source)
    }

    /// The same of a stream.
    #[must_use]
    pub fn stream_today(&self, key: &StreamKey) -> StreamKey {
        let Some((sources, rest)) = key.parts() else {
            return key.clone();
        };
        let before: Vec<SourceId> = sources.collect();
        if !before.iter().any(|source| self.today.contains_key(source)) {
            return key.clone();
        }
        let today = before.iter().map(|source| self.today(source).clone());
        let today: Vec<SourceId> = today.collect();
        let set: BTreeSet<SourceId> = today.iter().cloned().collect();
        // Of one that nobody counts any more the order does not matter.
        let known = self.streams.get(&(set, rest.to_owned()));
        known.cloned().unwrap_or_else(|| {
            let sources: Vec<&str> = today.iter().map(SourceId::as_str).collect();
            StreamKey::new(format!("{}|{rest}", sources.join("+")))
        })
    }
}
