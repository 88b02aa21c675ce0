//! What a ledger counted since it was asked last: for whoever keeps sums of it and does not want to read it all again.
//!
//! Knows cells. Knows nothing of what they mean; see monitor.rs.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::{CountedSegment, StreamKey, Tally};
use jiff::Timestamp;

use crate::cells::CellKey;
use crate::grid::Grid;

/// What a ledger counted since it was asked last; see [`Ledger::changes`](crate::Ledger::changes).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Events that were added, in the order in which they came.
    pub(crate) counted: BTreeMap<StreamKey, Vec<Added>>,
    /// Streams that got samples or readings: what these mean depends on others, so that it must be read.
    pub(crate) read_again: BTreeSet<StreamKey>,
}

/// Events that were added to a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Added {
    pub(crate) cell: CellKey,
    pub(crate) slice: i64,
    pub(crate) events: u64,
}

impl Changes {
    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counted.is_empty() && self.read_again.is_empty()
    }

    /// The streams of which something was counted before an instant, and those that must be read again.
    pub fn before(
        &self,
        instant: Timestamp,
        slice_seconds: u32,
    ) -> impl Iterator<Item = &StreamKey> {
        let first_after = Grid::new(slice_seconds).index(instant);
        let is_before = move |added: &Added| added.slice < first_after;
        let counted = self.counted.iter();
        let counted = counted.filter(move |(_, added)| added.iter().any(is_before));
        counted.map(|(stream, _)| stream).chain(&self.read_again)
    }

    pub(crate) fn count(
        &mut self,
        stream: &StreamKey,
        segment: &CountedSegment,
        tally: &Tally,
        slice: i64,
    ) {
        if !self.counted.contains_key(stream) {
            self.counted.insert(stream.clone(), Vec::new());
        }
        let Some(counted) = self.counted.get_mut(stream) else {
            return;
        };
        let cells = tally.cells.iter().filter(|(_, events)| **events > 0);
        counted.extend(cells.map(|((class, bucket), events)| Added {
            cell: (segment.clone(), class.clone(), *bucket),
            slice,
            events: *events,
        }));
    }

    pub(crate) fn restate(&mut self, stream: &StreamKey) {
        if !self.read_again.contains(stream) {
            self.read_again.insert(stream.clone());
        }
    }
}
