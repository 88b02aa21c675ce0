//! Live samples: which series counts for whom, and what it said, as they travel from a receiver to the meter.
//!
//! Knows series by number and by hash. Knows neither protocols (attain-wire), nor which labels mean what
//! (attain-sources), nor how samples become counts (attain-engine's meter), nor how they lie on disk (attain-store).

use jiff::Timestamp;

use crate::counts::{Class, CountedSegment};
use crate::delivery::Reading;
use crate::id::SourceId;
use crate::quantity::Threshold;
use crate::stream::StreamKey;

/// The identity of a series within a source: a hash of all its labels, stable across runs.
///
/// Two series of one source with the same hash would be taken for one; at 128 bits that does not happen by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(pub u128);

/// The number of a series: given in order of appearance by whoever matches series, and never given again.
pub type Slot = u32;

/// A series that counts for somebody, as it is made known before its first sample, or again when a new catalogue lets it
/// count for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSeries {
    /// Its number.
    pub slot: Slot,
    /// Its identity.
    pub id: SeriesId,
    /// Where it comes from.
    pub source: SourceId,
    /// A hash of what is observed (a job and its instance, a resource); series of one thing are observed together.
    pub thing: u64,
    /// For whom it counts, and as what. Empty: for nobody any more.
    pub to: Vec<CountsFor>,
}

/// For whom a series counts, and as what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountsFor {
    /// The stream.
    pub stream: StreamKey,
    /// Of whom.
    pub segment: CountedSegment,
    /// As what.
    pub role: LiveRole,
}

/// As what the increments of a series count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LiveRole {
    /// Events of a class, without a latency.
    Events(Class),
    /// Events of a class that took at most this long; `None` is all of them, however long.
    AtOrUnder(Class, Option<Threshold>),
    /// All events of a pair of metrics.
    Total,
    /// Those of the other metric of a pair: its good or its bad events.
    Part,
}

impl LiveRole {
    /// Whether an event is in it once, whatever else of its histogram or pair it is in.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(
            self,
            Self::Events(_) | Self::AtOrUnder(_, None) | Self::Total
        )
    }
}

/// One sample of one series. Times are milliseconds since 1970, as the protocols have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveSample {
    /// Of which series.
    pub slot: Slot,
    /// When it was taken.
    pub time_ms: i64,
    /// What it says.
    pub says: LiveValue,
}

/// What a sample says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveValue {
    /// A cumulative counter stands at `value`; it began at zero at `created_ms`, if that is known.
    Stands {
        /// Whole events; a fraction is rounded down, so that increments add up.
        value: u64,
        /// When it began. Later than the sample: that is not known, and those that follow and say the same go on from it.
        created_ms: Option<i64>,
    },
    /// So many events happened since `start_ms`.
    Happened {
        /// Whole events.
        events: u64,
        /// The start of the stretch that ends at the sample's time.
        start_ms: i64,
    },
    /// The series has ended. Should it come back, that is a reset or a catch-up like any other.
    Ended,
}

/// What arrived together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveBatch {
    /// From where.
    pub source: SourceId,
    /// When.
    pub arrived: Timestamp,
    /// Series of this source that are given up, before all else: they did not come for long, and others found no room. None
    /// of their things is left.
    pub forgotten: Vec<Slot>,
    /// Series that were not known before, or count for others now.
    ///
    /// Invariant: a slot is made known in the batch of its first sample or in an earlier one.
    pub series: Vec<LiveSeries>,
    /// Samples of series that count for somebody.
    pub samples: Vec<LiveSample>,
    /// Readings of gauges that count for somebody.
    pub readings: Vec<Reading>,
    /// The newest time of all samples that arrived, also of series that count for nobody: the source was heard then.
    pub newest_ms: Option<i64>,
}

impl LiveBatch {
    /// Whether it says nothing but that its source was heard.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.forgotten.is_empty()
            && self.series.is_empty()
            && self.samples.is_empty()
            && self.readings.is_empty()
    }
}

/// What happened to live counts, in the order in which it happened. Doing the same again gives the same counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveEntry {
    /// Samples arrived.
    Arrived(LiveBatch),
    /// At an instant the slices that end at or before another one were closed: what comes for them from now on is late.
    Closed {
        /// When this was decided.
        at: Timestamp,
        /// The end of the last closed slice.
        until: Timestamp,
    },
}

/// What a meter knows, as plain data: enough to go on where it left off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MeterFacts {
    /// The end of the last closed slice.
    pub closed_until: Option<Timestamp>,
    /// Deliveries made so far; the position of the next one.
    pub delivered: u64,
    /// Series, by slot. A slot that is missing was given up; one that comes again has several writers: processes that say
    /// the same of themselves.
    pub series: Vec<MeteredSeries>,
    /// Increments of slices that are not closed, and late ones that were not delivered.
    pub open: Vec<OpenCount>,
    /// By how much the part of a pair ran ahead of its total so far: taken off its next slices.
    pub owed: Vec<(StreamKey, CountedSegment, u64)>,
    /// Since when each stream is counted, in milliseconds since 1970; `None` is before anything was heard.
    pub counted_since: Vec<(StreamKey, Option<i64>)>,
    /// What was heard of each source.
    pub sources: Vec<(SourceId, MeteredSource)>,
    /// By slot, from when to when nothing was told of a series that tells stretches, ascending: it may still be told.
    pub untold: Vec<(Slot, Vec<(i64, i64)>)>,
    /// By slot, where cumulative counters stood first, which did not count, and what came from before.
    pub pasts: Vec<LivePast>,
}

/// What may still come, or came, from before the first sample that is known of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivePast {
    /// Which series.
    pub slot: Slot,
    /// When the first and the last of it came, if any did.
    pub came: Option<(Timestamp, Timestamp)>,
    /// What came from before and did not count yet, ascending by time; the last one is the first that was known.
    pub points: Vec<LivePoint>,
}

/// What a meter knows of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeteredSeries {
    /// The series.
    pub series: LiveSeries,
    /// Its newest samples, ascending by time: the last one of a closed slice and all after it.
    pub points: Vec<LivePoint>,
}

/// A sample that a meter remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LivePoint {
    /// When it was taken, in milliseconds since 1970.
    pub time_ms: i64,
    /// The counter's value; of a stretch (`Happened`) the events in it.
    pub value: u64,
    /// Events that it added to its slice. Of the oldest that is remembered it does not matter: a meter says 0, unless the
    /// counter was born in a slice that is still open.
    pub added: u64,
    /// When the counter began, if it says so; of a stretch, its start.
    pub created_ms: Option<i64>,
}

/// Increments that wait for their slice to close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCount {
    /// For whom, and as what.
    pub to: CountsFor,
    /// From which source.
    pub source: SourceId,
    /// The slice, by number.
    pub slice: i64,
    /// When they arrived, if that was after the slice was closed.
    pub late: Option<Timestamp>,
    /// Whole events.
    pub events: u64,
}

/// What a meter knows of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MeteredSource {
    /// The stretches in which it was heard and that were not told yet, from and until; the last one may go on.
    pub heard: Vec<(i64, i64)>,
    /// The newest sample of all.
    pub newest_ms: Option<i64>,
    /// Things that were observed, and since when.
    pub things: Vec<(u64, i64)>,
    /// The newest sample of all series that were given up: what a new series says up to then may have been counted.
    pub forgotten_ms: Option<i64>,
}
