//! The counts of one stream while they are being added to.
//!
//! Knows segments, classes, buckets and slices. Knows neither deliveries (admit.rs) nor how counts are read (pile.rs).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use attain_model::delivery::{Reading, Sample};
use attain_model::facts::{ColumnFacts, GaugeFacts, Layout, SampleFacts, SeriesFacts, StreamFacts};
use attain_model::quantity::Measure;
use attain_model::{Bucket, Class, CountedSegment, SourceId, Tally};
use jiff::Timestamp;

/// Of whom, what happened, how long it took.
pub(crate) type CellKey = (CountedSegment, Class, Bucket);

/// The counts of one stream.
#[derive(Debug, Clone, Default)]
pub(crate) struct StreamCounts {
    /// What classes and buckets mean, except in `older`.
    layout: Layout,
    columns: BTreeMap<CountedSegment, BTreeMap<(Class, Bucket), Cells>>,
    series: BTreeMap<(SourceId, String, CellKey), BTreeMap<Timestamp, Point>>,
    gauges: BTreeMap<(SourceId, String, CountedSegment), BTreeMap<Timestamp, Value>>,
    /// Counted under earlier layouts.
    older: StreamFacts,
}

/// Events by slice: those that arrived with their slice, and those that came later, by slice and arrival.
#[derive(Debug, Clone, Default)]
struct Cells {
    on_time: BTreeMap<i64, u64>,
    late: BTreeMap<(i64, Timestamp), u64>,
}

impl Cells {
    fn is_empty(&self) -> bool {
        self.on_time.is_empty() && self.late.is_empty()
    }
}

/// One sample. What arrived first comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    late: Option<Timestamp>,
    value: u64,
    created: Option<Timestamp>,
}

/// One reading. What arrived first comes first.
type Value = (Option<Timestamp>, Measure);

impl StreamCounts {
    /// Nothing, cut like this.
    pub(crate) fn new(layout: Layout) -> Self {
        Self {
            layout,
            ..Self::default()
        }
    }

    /// From now on tallies are cut like this; what was counted keeps its meaning.
    pub(crate) fn relay(&mut self, layout: Layout) {
        if layout != self.layout {
            self.older = std::mem::replace(self, Self::new(layout)).into_facts();
        }
    }

    /// Adds events; `late` is their arrival if that was later than their slice.
    pub(crate) fn add(
        &mut self,
        segment: &CountedSegment,
        tally: &Tally,
        slice: i64,
        late: Option<Timestamp>,
    ) {
        if !self.columns.contains_key(segment) {
            self.columns.insert(segment.clone(), BTreeMap::new());
        }
        let Some(columns) = self.columns.get_mut(segment) else {
            return;
        };
        for ((class, bucket), events) in &tally.cells {
            if *events == 0 {
                continue;
            }
            let cells = columns.entry((class.clone(), *bucket)).or_default();
            let cell = match late {
                None => cells.on_time.entry(slice).or_insert(0),
                Some(received) => cells.late.entry((slice, received)).or_insert(0),
            };
            *cell = cell.saturating_add(*events);
        }
    }

    /// Adds a sample; says whether it is new.
    pub(crate) fn add_sample(
        &mut self,
        source: &SourceId,
        row: Sample,
        late: Option<Timestamp>,
    ) -> bool {
        let cell = (row.segment, row.class, row.bucket);
        let samples = self.series.entry((source.clone(), row.series, cell));
        let point = Point {
            late,
            value: row.value,
            created: row.created,
        };
        keep_first(samples.or_default().entry(row.time), point)
    }

    /// Adds a reading; says whether it is new.
    pub(crate) fn add_reading(
        &mut self,
        source: &SourceId,
        row: Reading,
        late: Option<Timestamp>,
    ) -> bool {
        let readings = self.gauges.entry((source.clone(), row.series, row.segment));
        keep_first(readings.or_default().entry(row.time), (late, row.value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty()
            && self.series.is_empty()
            && self.gauges.is_empty()
            && self.older == StreamFacts::default()
    }

    /// A copy as plain data.
    pub(crate) fn facts(&self) -> StreamFacts {
        self.clone().into_facts()
    }

    /// A copy of what was counted in a range of slices, and of all samples and readings: what they mean in a slice
    /// depends on those before it.
    pub(crate) fn facts_within(&self, slices: &Range<i64>) -> StreamFacts {
        if slices.start == i64::MIN && slices.end == i64::MAX {
            return self.facts();
        }
        if slices.is_empty() {
            return StreamFacts::default();
        }
        let cut = |cells: &Cells| {
            let on_time = cells.on_time.range(slices.clone());
            let late = (slices.start, Timestamp::MIN)..(slices.end, Timestamp::MIN);
            let late = cells.late.range(late);
            Cells {
                on_time: on_time.map(|(slice, events)| (*slice, *events)).collect(),
                late: late.map(|(key, events)| (*key, *events)).collect(),
            }
        };
        let mut columns = BTreeMap::new();
        for (segment, of_segment) in &self.columns {
            let cells = of_segment.iter();
            let cells = cells.map(|(key, cells)| (key.clone(), cut(cells)));
            let inside = cells.filter(|(_, cells)| !cells.is_empty());
            columns.insert(segment.clone(), inside.collect());
        }
        let copy = Self {
            layout: self.layout.clone(),
            columns,
            series: self.series.clone(),
            gauges: self.gauges.clone(),
            older: self.older.clone(),
        };
        copy.into_facts()
    }

    /// Moved out as plain data; nothing is left.
    pub(crate) fn unload(&mut self) -> StreamFacts {
        let layout = self.layout.clone();
        std::mem::replace(self, Self::new(layout)).into_facts()
    }

    fn into_facts(self) -> StreamFacts {
        let mut facts = self.older;
        for (segment, columns) in self.columns {
            for ((class, bucket), cells) in columns {
                let late = cells.late.into_iter();
                facts.columns.push(ColumnFacts {
                    layout: self.layout.clone(),
                    segment: segment.clone(),
                    class,
                    bucket,
                    on_time: cells.on_time.into_iter().collect(),
                    late: late.map(|((slice, at), n)| (slice, at, n)).collect(),
                });
            }
        }
        for ((source, series, (segment, class, bucket)), samples) in self.series {
            let sample = |(time, point): (Timestamp, Point)| SampleFacts {
                time,
                value: point.value,
                created: point.created,
                late: point.late,
            };
            facts.series.push(SeriesFacts {
                layout: self.layout.clone(),
                source,
                series,
                segment,
                class,
                bucket,
                samples: samples.into_iter().map(sample).collect(),
            });
        }
        for ((source, series, segment), readings) in self.gauges {
            let readings = readings.into_iter();
            facts.gauges.push(GaugeFacts {
                source,
                series,
                segment,
                readings: readings
                    .map(|(time, (late, value))| (time, late, value))
                    .collect(),
            });
        }
        facts
    }
}

/// Keeps what arrived first; of two that arrived together the lesser, so that order does not matter. Says if it is new.
///
/// An arrival of `None` is with its slice, earlier than any other.
fn keep_first<V: Ord>(entry: Entry<'_, Timestamp, V>, value: V) -> bool {
    match entry {
        Entry::Vacant(vacant) => {
            vacant.insert(value);
            true
        }
        Entry::Occupied(mut known) => {
            if value < *known.get() {
                known.insert(value);
            }
            false
        }
    }
}
