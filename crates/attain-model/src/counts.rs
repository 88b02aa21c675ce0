//! What was counted: tallies by outcome class and latency bucket, before any objective is applied.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::id::SegmentId;

/// A half-open stretch of time: `start` belongs to it, `end` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    /// The first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Interval {
    /// Whether an instant lies in it.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.start <= instant && instant < self.end
    }

    /// Whole seconds from start to end; 0 if it ends before it starts.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        u64::try_from(self.end.as_second() - self.start.as_second()).unwrap_or(0)
    }
}

/// The segment a request was counted under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CountedSegment {
    /// Tagged as one of the catalogue's.
    Known(SegmentId),
    /// Untagged, or tagged as something the catalogue does not know. Never in an objective of its own.
    Unknown,
}

impl fmt::Display for CountedSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CountedSegment::Known(id) => id.fmt(f),
            CountedSegment::Unknown => f.pad("unknown"),
        }
    }
}

/// An outcome class: the values of a stream's class labels, e.g. `status=503`, several joined by a unit separator.
///
/// The class says what happened, not whether that was good: `bad:` may be edited later.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(Arc<str>);

impl Class {
    /// What stands between two labels in the canonical text: the unit separator, which no label value has.
    pub const SEPARATOR: char = '\u{1f}';

    /// From label names and values, in the order of the names. Absent labels are left out.
    #[must_use]
    pub fn from_labels<'v>(labels: impl IntoIterator<Item = (&'v str, &'v str)>) -> Self {
        let mut text = String::new();
        for (name, value) in labels {
            if value.is_empty() {
                continue;
            }
            if !text.is_empty() {
                text.push(Self::SEPARATOR);
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
        Self(text.into())
    }

    /// From its canonical text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The class of events known to be good without labels, e.g. from a metric of good events.
    #[must_use]
    pub fn good() -> Self {
        Self::new("outcome=good")
    }

    /// The class of events known to be bad without labels.
    #[must_use]
    pub fn bad() -> Self {
        Self::new("outcome=bad")
    }

    /// The value of a label, `""` where it is absent.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        self.0
            .split(Self::SEPARATOR)
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
            .unwrap_or("")
    }

    /// Canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A latency bucket: the number of a stream's edges that lie at or under the latency of an event.
///
/// With edges 200 ms and 500 ms: 0 is under 200 ms, 1 is 200 ms to under 500 ms, 2 is the rest. An event that took
/// exactly 200 ms is in bucket 1, so `< 200ms` is strict. For classic histograms bucket i ends *at* edge i (`le`), so
/// there `<` means at or below, and output says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(pub u16);

impl Bucket {
    /// Nothing is known about how long these events took.
    pub const UNTIMED: Bucket = Bucket(u16::MAX);
}

/// Cumulative counts at or under each edge that a histogram has, as counts per bucket of the edges that are asked for.
///
/// Both in nanoseconds and ascending; `u64::MAX` is all events. An edge that the histogram lacks takes the count of its
/// next edge below: what cannot be told apart counts as slower. There is one bucket more than `edges`.
#[must_use]
pub fn per_bucket(edges: &[u64], at_or_under: &BTreeMap<u64, u64>) -> Vec<u64> {
    let mut counts = Vec::with_capacity(edges.len() + 1);
    let mut before = 0;
    for edge in edges.iter().copied().chain([u64::MAX]) {
        let (_, below) = at_or_under.range(..=edge).next_back().unwrap_or((&0, &0));
        let below = (*below).max(before);
        counts.push(below - before);
        before = below;
    }
    counts
}

/// Counts of one stream and segment in one slice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Whole events by class and bucket; zero counts are left out.
    pub cells: BTreeMap<(Class, Bucket), u64>,
}

impl Tally {
    /// Adds events; adding none changes nothing. Saturates, which 2^64 events never reach.
    pub fn add(&mut self, class: Class, bucket: Bucket, events: u64) {
        if events > 0 {
            let cell = self.cells.entry((class, bucket)).or_insert(0);
            *cell = cell.saturating_add(events);
        }
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: &Tally) {
        for ((class, bucket), events) in &other.cells {
            self.add(class.clone(), *bucket, *events);
        }
    }

    /// All events.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.cells
            .values()
            .fold(0, |sum, events| sum.saturating_add(*events))
    }
}

/// Why a number is missing, or known only in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What it is about, e.g. `checkout-completes/availability/premium` or `source access`.
    pub about: String,
    /// When.
    pub interval: Option<Interval>,
    /// Why.
    pub why: GapReason,
}

/// Why a number is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GapReason {
    /// Nothing was measured yet: counts begin later than the window.
    NotYet,
    /// The source was silent.
    NoData,
    /// A counter was first seen with a value whose beginning is unknown; at most so many events are missing.
    UnknownBirth(u64),
    /// The tally does not keep what the objective asks for, e.g. a label or a threshold.
    NotKept(String),
    /// Events without a latency under a latency objective; counted as bad.
    Untimed(u64),
    /// Events between two bucket edges around the threshold; counted as bad.
    BetweenBuckets(u64),
    /// Counts that came later than the stated lateness; refused.
    TooLate(u64),
    /// Counts with a time too far ahead of their arrival; refused.
    Ahead(u64),
    /// Lines or rows that could not be read; never good.
    Unparsed(u64),
    /// A log cannot tell silence from no traffic.
    CoverageUnknown,
    /// The data folder has not counted this so far: counting begins with what is read or received from now on.
    NotCounted,
    /// Counts that were kept can no longer be read; what is wrong with them.
    Damaged(String),
    /// A source that is heard never sent anything that counts; what of it there is instead.
    NeverHeard(String),
    /// What a source sends lacks a label: nobody can tell good from bad by it, or one segment from another; which one.
    NoLabel(String),
}
