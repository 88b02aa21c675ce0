//! What a ledger holds, as plain data: the form in which the engine and whoever keeps facts hand them to each other.
//!
//! Knows what was counted, when sources were heard and which positions were taken. Knows neither how facts are judged
//! (attain-engine) nor how they lie on disk (attain-store). Two [`Facts`] of disjoint deliveries add up: see
//! [`StreamFacts::merge`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;

use crate::counts::{Bucket, Class, CountedSegment, GapReason, Interval};
use crate::id::SourceId;
use crate::quantity::{Measure, Threshold};
use crate::stream::{Stream, StreamKey};

/// How the tallies of a stream are cut: what a bucket and a class of theirs mean.
///
/// It changes when the catalogue asks for another threshold or label; what was counted before keeps its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Layout {
    /// Latency edges, ascending; bucket i holds events with i edges at or under their latency.
    pub edges: Vec<Threshold>,
    /// Labels whose values make the class, in order.
    pub class_labels: Vec<String>,
}

/// A stream as it is counted, without the SLOs that look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptStream {
    /// Its identity.
    pub key: StreamKey,
    /// Where counts come from.
    pub sources: Vec<SourceId>,
    /// How its tallies are cut from now on.
    pub layout: Layout,
    /// The length in which readings of a gauge become one event.
    pub slice: Duration,
}

impl From<&Stream> for KeptStream {
    fn from(stream: &Stream) -> Self {
        Self {
            key: stream.key.clone(),
            sources: stream.sources.clone(),
            layout: Layout {
                edges: stream.edges.clone(),
                class_labels: stream.class_labels.clone(),
            },
            slice: stream.indicator.slice,
        }
    }
}

/// Everything that a ledger holds, or a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What the ledger knows beside the counts.
    pub state: State,
    /// The counts by stream.
    pub streams: BTreeMap<StreamKey, StreamFacts>,
}

/// What a ledger knows beside the counts. Small: it is kept in memory and written as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Length of a slice, in seconds.
    pub slice_seconds: u32,
    /// The newest event time that its arrival vouches for.
    pub watermark: Option<Timestamp>,
    /// The streams that are counted.
    pub kept: BTreeMap<StreamKey, KeptStream>,
    /// The sources that said anything about a stream.
    pub said: BTreeMap<StreamKey, BTreeSet<SourceId>>,
    /// What is known about each source.
    pub sources: BTreeMap<SourceId, SourceFacts>,
    /// What was taken of each origin.
    pub origins: BTreeMap<(SourceId, String), OriginFacts>,
}

/// The counts of one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamFacts {
    /// Counted events.
    pub columns: Vec<ColumnFacts>,
    /// Samples of cumulative counters.
    pub series: Vec<SeriesFacts>,
    /// Readings of gauges.
    pub gauges: Vec<GaugeFacts>,
}

impl StreamFacts {
    /// Adds other facts of the same stream. What was counted in both counts twice: they must come of disjoint deliveries.
    pub fn merge(&mut self, other: StreamFacts) {
        self.columns.extend(other.columns);
        self.series.extend(other.series);
        self.gauges.extend(other.gauges);
    }

    /// Adds the counts of `by` neighbouring slices up, in a range of slices: they stand in the last slice of the `by` from
    /// then on, as if a window's edge between them had been floored. What came late keeps its arrival; samples and
    /// readings stay as they are. The range is narrowed to whole groups. Says whether anything changed.
    pub fn coarsen(&mut self, slices: Range<i64>, by: i64) -> bool {
        let by = by.max(1);
        let first = slices.start.saturating_add(by - 1).div_euclid(by);
        let inside = first.saturating_mul(by)..slices.end.div_euclid(by).saturating_mul(by);
        let mut is_changed = false;
        let mut moved = |slice: &mut i64| {
            if inside.contains(slice) {
                let last = slice.div_euclid(by) * by + by - 1;
                is_changed |= last != *slice;
                *slice = last;
            }
        };
        for column in &mut self.columns {
            // In order as before: no slice passes another one.
            column
                .on_time
                .iter_mut()
                .for_each(|cell| moved(&mut cell.0));
            column.on_time.dedup_by(|next, sum| {
                let is_same = next.0 == sum.0;
                if is_same {
                    sum.1 = sum.1.saturating_add(next.1);
                }
                is_same
            });
            column.late.iter_mut().for_each(|cell| moved(&mut cell.0));
            column.late.sort_by_key(|(slice, at, _)| (*slice, *at));
            column.late.dedup_by(|next, sum| {
                let is_same = (next.0, next.1) == (sum.0, sum.1);
                if is_same {
                    sum.2 = sum.2.saturating_add(next.2);
                }
                is_same
            });
        }
        is_changed
    }
}

/// Events of one segment, class and bucket by slice. Several of the same key add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnFacts {
    /// What class and bucket mean.
    pub layout: Layout,
    /// Of whom.
    pub segment: CountedSegment,
    /// What happened.
    pub class: Class,
    /// How long it took.
    pub bucket: Bucket,
    /// Slice and events that arrived with their slice: ascending, each slice once, no zeros.
    pub on_time: Vec<(i64, u64)>,
    /// Slice, arrival and events of what came later: ascending, each pair once, no zeros.
    pub late: Vec<(i64, Timestamp, u64)>,
}

/// Samples of one cumulative counter. Of two at the same instant the one that arrived first counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesFacts {
    /// What class and bucket mean.
    pub layout: Layout,
    /// Of which source.
    pub source: SourceId,
    /// Canonical text of all its labels.
    pub series: String,
    /// Of whom.
    pub segment: CountedSegment,
    /// What happened.
    pub class: Class,
    /// How long it took.
    pub bucket: Bucket,
    /// Ascending, each instant once.
    pub samples: Vec<SampleFacts>,
}

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleFacts {
    /// When it was taken.
    pub time: Timestamp,
    /// The counter's value.
    pub value: u64,
    /// When the counter started at zero, if it says so.
    pub created: Option<Timestamp>,
    /// When it arrived, if that was later than its slice.
    pub late: Option<Timestamp>,
}

/// Readings of one gauge. Of two at the same instant the one that arrived first counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GaugeFacts {
    /// Of which source.
    pub source: SourceId,
    /// Canonical text of all its labels.
    pub series: String,
    /// Of whom.
    pub segment: CountedSegment,
    /// Time, arrival if that was later than its slice, and value: ascending, each instant once.
    pub readings: Vec<(Timestamp, Option<Timestamp>, Measure)>,
}

/// What is known about one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceFacts {
    /// When it was heard.
    pub heard: HeardFacts,
    /// When those of its streams were heard that can be silent while it is not.
    pub streams: BTreeMap<StreamKey, HeardFacts>,
    /// Instants of its samples, each with its arrival if that was later than its slice: ascending.
    pub instants: Vec<(Timestamp, Option<Timestamp>)>,
    /// Lines or rows that could not be read.
    pub unparsed: u64,
    /// Events that were refused as too late.
    pub too_late: u64,
    /// The first and the last slice that these were about.
    pub too_late_slices: Option<(i64, i64)>,
    /// Events that were refused as ahead of their arrival.
    pub ahead: u64,
}

/// When a source, or one of its streams, was heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeardFacts {
    /// In these slices: ascending, apart.
    pub slices: Vec<Range<i64>>,
    /// It said something without saying when it was heard.
    pub is_unknown: bool,
}

/// What was taken of one origin: positions, ascending and apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OriginFacts {
    /// Read at all: what they say of the source itself (heard, unreadable) is known.
    pub seen: Vec<Range<u64>>,
    /// Counted for a stream. A stream that was not counted when the origin was read is missing here.
    pub streams: BTreeMap<StreamKey, Vec<Range<u64>>>,
    /// By what its content is known again. Ledgers do not look at it; whoever reads files does.
    pub fingerprint: Fingerprint,
}

/// A stretch of a content, and a hash of it: 64 bits tell contents apart that nobody made alike on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Positions, as those of deliveries.
    pub range: Range<u64>,
    /// Of the bytes in it.
    pub hash: u64,
}

/// By what a file is known again after it has grown, or was rotated, compressed or cut: marks at [`checkpoint_after`] of
/// what was taken, and one at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// By where they end, ascending; each end once.
    marks: Vec<Mark>,
}

impl Fingerprint {
    /// The marks, by where they end.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Adds what a delivery says. Of two marks with the same end the new one stays: a content that was read again is
    /// the same, and the mark may be of a longer stretch. What is neither at a checkpoint nor the last goes.
    pub fn add(&mut self, marks: impl IntoIterator<Item = Mark>) {
        for mark in marks {
            match self
                .marks
                .binary_search_by_key(&mark.range.end, |known| known.range.end)
            {
                Ok(at) => self.marks[at] = mark,
                Err(at) => self.marks.insert(at, mark),
            }
        }
        let last = self.marks.last().map_or(0, |mark| mark.range.end);
        self.marks
            .retain(|mark| is_checkpoint(mark.range.end) || mark.range.end == last);
    }
}

impl FromIterator<Mark> for Fingerprint {
    fn from_iter<I: IntoIterator<Item = Mark>>(marks: I) -> Self {
        let mut fingerprint = Self::default();
        let mut marks: Vec<Mark> = marks.into_iter().collect();
        marks.sort_by_key(|mark| mark.range.end);
        marks.dedup_by_key(|mark| mark.range.end);
        fingerprint.marks = marks;
        fingerprint
    }
}

/// The first position after this one at which content is marked: 4 KiB, and four in each doubling from there on. So a file
/// of 10 GB has some eighty marks, and of a shorter content that begins alike at most a fifth lies behind the last of them.
#[must_use]
pub fn checkpoint_after(position: u64) -> u64 {
    const FIRST: u64 = 4096;
    if position < FIRST {
        return FIRST;
    }
    let step = (1 << position.ilog2()) / 4;
    (position / step).saturating_add(1).saturating_mul(step)
}

fn is_checkpoint(position: u64) -> bool {
    position > 0 && checkpoint_after(position - 1) == position
}

/// Facts that were kept and can no longer be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Of which stream; `None` is of any.
    pub stream: Option<StreamKey>,
    /// When they happened; `None` is at any time.
    pub interval: Option<Interval>,
    /// What is wrong with them, for a person.
    pub why: String,
}

impl Damage {
    /// All of a stream cannot be read; `why` is for a person.
    #[must_use]
    pub fn of_stream(stream: &StreamKey, why: String) -> Self {
        Self {
            stream: Some(stream.clone()),
            interval: None,
            why,
        }
    }

    /// What was dropped on purpose is missing all the same: a verdict that rests on it must say so.
    #[must_use]
    pub fn pruned(until: Timestamp) -> Self {
        Self {
            stream: None,
            interval: Some(Interval {
                start: Timestamp::UNIX_EPOCH,
                end: until,
            }),
            why: "dropped by `attain data prune`".to_owned(),
        }
    }

    /// The gap that it leaves.
    #[must_use]
    pub fn gap(&self) -> GapReason {
        GapReason::Damaged(self.why.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_lie_at_most_a_quarter_apart() {
        let (mut at, mut all) = (0, Vec::new());
        while at < 10_000_000_000 {
            let next = checkpoint_after(at);
            assert!(at == 0 || (next > at && next - at <= at / 4), "{at} {next}");
            assert!(is_checkpoint(next) && checkpoint_after(next - 1) == next);
            (at, all) = (next, [all, vec![next]].concat());
        }
        assert_eq!(all[..6], [4096, 5120, 6144, 7168, 8192, 10240]);
        assert!(all.len() < 90, "{}", all.len());
        assert_eq!(checkpoint_after(u64::MAX), u64::MAX);
    }

    #[test]
    fn coarse_counts_stand_in_the_last_slice_of_their_minute() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut facts = StreamFacts {
            columns: vec![ColumnFacts {
                layout: Layout::default(),
                segment: CountedSegment::Unknown,
                class: crate::Class::good(),
                bucket: Bucket::UNTIMED,
                on_time: vec![(-7, 1), (5, 2), (6, 3), (9, 4), (11, 5), (12, 6), (13, 7)],
                late: vec![(6, at(9), 1), (7, at(8), 2), (8, at(9), 3), (12, at(1), 4)],
            }],
            ..StreamFacts::default()
        };
        assert!(facts.coarsen(1..15, 6));
        let column = &facts.columns[0];
        // 1 to 5 and 12 to 14 are no whole minutes of the range.
        assert_eq!(
            column.on_time,
            [(-7, 1), (5, 2), (11, 12), (12, 6), (13, 7)]
        );
        assert_eq!(
            column.late,
            [(11, at(8), 2), (11, at(9), 4), (12, at(1), 4)]
        );
        assert!(!facts.coarsen(1..15, 6), "once is enough");
        assert!(facts.coarsen(i64::MIN..i64::MAX, 6));
        assert_eq!(
            facts.columns[0].on_time,
            [(-7, 1), (5, 2), (11, 12), (17, 13)]
        );
    }

    #[test]
    fn of_many_deliveries_checkpoints_and_the_end_are_left() {
        let mark = |end: u64| Mark {
            range: end.saturating_sub(4096)..end,
            hash: end,
        };
        let ends = |fingerprint: &Fingerprint| -> Vec<u64> {
            let marks = fingerprint.marks().iter();
            marks.map(|mark| mark.range.end).collect()
        };
        let mut fingerprint = Fingerprint::default();
        fingerprint.add([mark(700)]);
        assert_eq!(ends(&fingerprint), [700]);
        fingerprint.add([mark(4096), mark(4100)]);
        assert_eq!(ends(&fingerprint), [4096, 4100]);
        fingerprint.add([mark(5120), mark(6000)]);
        // What is in the middle was read again, for a new stream.
        fingerprint.add([mark(4096), mark(4100)]);
        assert_eq!(ends(&fingerprint), [4096, 5120, 6000]);
    }
}
