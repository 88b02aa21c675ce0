//! Deliveries: how counts travel from a source to the ledger, exactly once.
//!
//! Knows what a source says and how it is told apart from the same thing said twice. Knows neither file formats
//! (attain-sources) nor how counts are kept (attain-engine).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use crate::counts::{Bucket, Class, CountedSegment, Interval, Tally};
use crate::facts::Mark;
use crate::id::SourceId;
use crate::quantity::Measure;
use crate::stream::StreamKey;

/// What one stretch of one origin said.
///
/// Invariant: `origin` and `range` identify it. A range already taken is not counted again; one line has one position,
/// so two identical lines are two events and the same file read twice is counted once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The catalogue's source.
    pub source: SourceId,
    /// What was read: stable across runs, e.g. a file's identity. Positions are counted within it.
    pub origin: String,
    /// Positions that this covers, half-open: bytes of the (decompressed) content, where a line or row stands at its
    /// first. Empty for samples, which are told apart by series and time.
    pub range: Range<u64>,
    /// By what the content up to the end of the range is known again; empty if nobody can read it twice.
    pub marks: Vec<Mark>,
    /// The streams that these positions were counted for; `None` is all that look at the source. Counts of others in
    /// the same positions are known already, or not asked for.
    pub streams: Option<Arc<BTreeSet<StreamKey>>>,
    /// Events already counted into slices.
    pub counted: Vec<Counted>,
    /// Samples of cumulative counters.
    pub samples: Vec<Sample>,
    /// Readings of gauges.
    pub readings: Vec<Reading>,
    /// When the source was heard; `None` if that cannot be told from what it says (a log without a heartbeat).
    pub observed: Option<Vec<Interval>>,
    /// When single streams were heard, where one can be silent while its source is not, e.g. a column with empty cells.
    /// A stream that is not named here was heard with its source.
    pub observed_streams: BTreeMap<StreamKey, Vec<Interval>>,
    /// Lines or rows that could not be read.
    pub unparsed: Vec<Unparsed>,
}

impl Delivery {
    /// An empty one.
    #[must_use]
    pub fn new(source: SourceId, origin: impl Into<String>, range: Range<u64>) -> Self {
        Self {
            source,
            origin: origin.into(),
            range,
            marks: Vec::new(),
            streams: None,
            counted: Vec::new(),
            samples: Vec::new(),
            readings: Vec::new(),
            observed: None,
            observed_streams: BTreeMap::new(),
            unparsed: Vec::new(),
        }
    }
}

/// Events of one stream and segment in one slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Of which stream.
    pub stream: StreamKey,
    /// Of whom.
    pub segment: CountedSegment,
    /// The start of the slice: a whole multiple of the ledger's slice length since 1970.
    pub slice: Timestamp,
    /// What was counted.
    pub tally: Tally,
    /// When it arrived; `None` is at its own time.
    pub received: Option<Timestamp>,
}

/// One sample of one cumulative counter (or of one bucket of a histogram, made non-cumulative over its edges).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Of which stream.
    pub stream: StreamKey,
    /// Of whom.
    pub segment: CountedSegment,
    /// The series: canonical text of all its labels. A series has one value per instant; the first taken stays.
    pub series: String,
    /// The class its events belong to.
    pub class: Class,
    /// The bucket its events belong to.
    pub bucket: Bucket,
    /// When it was taken.
    pub time: Timestamp,
    /// The counter's value.
    pub value: u64,
    /// When the counter started at zero, if it says so.
    pub created: Option<Timestamp>,
    /// When it arrived; `None` is at its own time.
    pub received: Option<Timestamp>,
}

/// One reading of one gauge. A slice of a series is one event: good if all its readings hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Of which stream.
    pub stream: StreamKey,
    /// Of whom.
    pub segment: CountedSegment,
    /// The series: canonical text of all its labels.
    pub series: String,
    /// When it was taken.
    pub time: Timestamp,
    /// The value.
    pub value: Measure,
    /// When it arrived; `None` is at its own time.
    pub received: Option<Timestamp>,
}

/// A line or row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unparsed {
    /// File and line, e.g. `access.log:17`.
    pub place: String,
    /// Why.
    pub why: String,
}
