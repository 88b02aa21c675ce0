//! How the engine reads counts, wherever they are kept.
//!
//! Knows what a reader must answer. Knows neither how counts arrive (ledger.rs) nor what they mean (evaluate.rs).

use std::ops::{Deref, Range};
use std::sync::Arc;

use attain_model::facts::{Damage, KeptStream, Layout};
use attain_model::indicator::Indicator;
use attain_model::{Bucket, Class, CountedSegment, Gap, SegmentNames, SourceId, StreamKey};
use jiff::Timestamp;

use crate::cuts::Cuts;
use crate::grid::Grid;
use crate::ranges::RangeSet;

/// Counts by stream, as the in-memory [`Ledger`](crate::Ledger) and a store ([`Shelved`](crate::Shelved)) keep them.
pub trait Counts {
    /// The slices that counts are kept by.
    fn grid(&self) -> Grid;

    /// The stream as it is counted from now on; `None` if it is not. What was counted before may have another layout:
    /// see [`Column::layout`].
    fn kept(&self, stream: &StreamKey) -> Option<&KeptStream>;

    /// Whether anything was ever counted for a stream, or would have been had it happened.
    ///
    /// Not so for a stream that is kept only since its sources were read last.
    fn is_counted(&self, stream: &StreamKey) -> bool;

    /// The counts of a stream in a range of slices that were known at an instant.
    ///
    /// A counter is born where it was first seen, however late the range begins. The indicator says how readings of a gauge
    /// become events; two SLOs may judge the same readings differently. What was counted under an earlier name of a
    /// segment is told under the one that it has today.
    fn read(
        &self,
        stream: &StreamKey,
        indicator: &Indicator,
        names: &SegmentNames,
        slices: Range<i64>,
        known_until: Timestamp,
    ) -> Read;

    /// The same, for whoever asks only for sums from cut to cut: where that is cheaper, events stand in the last cut up to
    /// their slice. All of them are known.
    fn read_cut(
        &self,
        stream: &StreamKey,
        indicator: &Indicator,
        names: &SegmentNames,
        (cuts, slices): (&Cuts, Range<i64>),
        known_until: Timestamp,
    ) -> Read {
        let _ = cuts;
        self.read(stream, indicator, names, slices, known_until)
    }

    /// When the sources of a stream were heard.
    fn heard(&self, stream: &StreamKey) -> Heard;

    /// The sources of a stream, and when each was heard, whichever of its streams were silent.
    fn heard_sources(&self, stream: &StreamKey) -> Vec<(SourceId, Heard)>;

    /// Counts of a stream, at least those of a range of slices, that were kept and can no longer be read. What was heard
    /// there is not known any more.
    fn damage(&self, stream: &StreamKey, slices: Range<i64>) -> Vec<Damage>;

    /// What the keeper of the counts knows to be missing: lines that could not be read, counts that came too late or
    /// too far ahead.
    fn gaps(&self) -> Vec<Gap>;
}

/// The counts of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// One for each segment, class, bucket and layout that has counts, in this order.
    pub columns: Vec<Column>,
    /// What the classes and buckets of the columns mean, ascending: [`Column::layout`] is a place in here.
    pub layouts: Vec<Layout>,
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
    /// Under which of [`Read::layouts`] it was counted.
    pub layout: usize,
    /// Slice and events, ascending, each slice once, no zeros.
    pub counts: Run,
}

/// Slices and their events, ascending, each slice once; a piece of something that may be shared.
#[derive(Debug, Clone)]
pub struct Run {
    counts: Arc<Vec<(i64, u64)>>,
    range: Range<usize>,
}

impl Run {
    /// The part that lies in a range of slices.
    pub(crate) fn within(counts: &Arc<Vec<(i64, u64)>>, slices: &Range<i64>) -> Self {
        let start = counts.partition_point(|(slice, _)| *slice < slices.start);
        let end = counts.partition_point(|(slice, _)| *slice < slices.end);
        Self {
            counts: Arc::clone(counts),
            range: start..end.max(start),
        }
    }
}

impl From<Vec<(i64, u64)>> for Run {
    fn from(counts: Vec<(i64, u64)>) -> Self {
        let range = 0..counts.len();
        Self {
            counts: Arc::new(counts),
            range,
        }
    }
}

impl Deref for Run {
    type Target = [(i64, u64)];

    fn deref(&self) -> &[(i64, u64)] {
        &self.counts[self.range.clone()]
    }
}

impl PartialEq for Run {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Run {}

impl<'r> IntoIterator for &'r Run {
    type Item = &'r (i64, u64);
    type IntoIter = std::slice::Iter<'r, (i64, u64)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
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
