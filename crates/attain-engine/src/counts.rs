//! How the engine reads counts, wherever they are kept.
//!
//! Knows what a reader must answer. Knows neither how counts arrive (ledger.rs) nor what they mean (evaluate.rs).

use attain_model::indicator::Indicator;
use attain_model::{Bucket, Class, CountedSegment, Gap, SourceId, Stream, StreamKey};
use jiff::Timestamp;

use crate::grid::Grid;
use crate::ranges::RangeSet;

/// Counts by stream, as the in-memory [`Ledger`](crate::Ledger) and a store keep them.
pub trait Counts {
    /// The slices that counts are kept by.
    fn grid(&self) -> Grid;

    /// The stream as it is counted: its edges and class labels are those that the tallies keep. `None` if it is not.
    fn kept(&self, stream: &StreamKey) -> Option<&Stream>;

    /// The counts of a stream in slices before `until` that were known at an instant.
    ///
    /// The indicator says how readings of a gauge become events; two SLOs may judge the same readings differently.
    fn read(
        &self,
        stream: &StreamKey,
        indicator: &Indicator,
        until: i64,
        known_until: Timestamp,
    ) -> Read;

    /// When the sources of a stream were heard.
    fn heard(&self, stream: &StreamKey) -> Heard;

    /// The sources of a stream, and when each was heard, whichever of its streams were silent.
    fn heard_sources(&self, stream: &StreamKey) -> Vec<(SourceId, Heard)>;

    /// What the keeper of the counts knows to be missing: lines that could not be read, counts that came too late or
    /// too far ahead.
    fn gaps(&self) -> Vec<Gap>;
}

/// The counts of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// One for each segment, class and bucket that has counts, in this order.
    pub columns: Vec<Column>,
    /// Counters that were first seen with a value whose beginning is unknown.
    pub births: Vec<Birth>,
}

impl Read {
    /// The first slice that has counts.
    #[must_use]
    pub fn first(&self) -> Option<i64> {
        let counted = self.columns.iter().filter_map(|c| c.counts.first());
        counted.map(|(slice, _)| *slice).min()
    }
}

/// Counts of one segment, class and bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Of whom.
    pub segment: CountedSegment,
    /// What happened.
    pub class: Class,
    /// How long it took.
    pub bucket: Bucket,
    /// Slice and events, ascending, each slice once, no zeros.
    pub counts: Vec<(i64, u64)>,
}

/// A counter whose beginning is unknown: up to `value` events are missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Birth {
    /// Of whom.
    pub segment: CountedSegment,
    /// The slice in which it was first seen.
    pub slice: i64,
    /// Its value then.
    pub value: u64,
}

/// When the sources of a stream were heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// None of them ever was.
    Never,
    /// At least one cannot tell silence from no traffic.
    NotKnown,
    /// All of them, in these slices.
    Slices(RangeSet<i64>),
}
