//! What segments are called today: counts stay under the id that a segment had when they were counted.
//!
//! Knows the earlier ids of a catalogue. Whoever reads counts asks it, so that nothing that is kept has to be rewritten,
//! and the catalogue from before a renaming reads what it always did.

use std::collections::BTreeMap;

use crate::catalogue::Catalogue;
use crate::counts::CountedSegment;
use crate::id::SegmentId;

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
