//! A data folder beside the plainest thing that does the same: maps in memory.

use std::collections::BTreeMap;

use attain_model::delivery::Delivery;
use attain_model::facts::{KeptStream, Layout, SampleFacts, State, StreamFacts};
use attain_model::live::{LiveEntry, MeterFacts};
use attain_model::quantity::Measure;
use attain_model::{Bucket, Class, CountedSegment, SourceId, StreamKey};
use attain_store::{Frame, Store};
use jiff::Timestamp;

use crate::random::SLICE;

type Kept = (Option<Timestamp>, Measure);
type Cell = (Layout, CountedSegment, Class, Bucket);

/// The facts of a stream by what they are about: equal facts are equal, in whatever order and parts they come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plain {
    pub on_time: BTreeMap<(Cell, i64), u64>,
    pub late: BTreeMap<(Cell, i64, Timestamp), u64>,
    pub samples: BTreeMap<(Cell, SourceId, String, Timestamp), SampleFacts>,
    pub readings: BTreeMap<(SourceId, String, CountedSegment, Timestamp), Kept>,
}

impl Plain {
    pub fn of(facts: &StreamFacts) -> Self {
        let mut plain = Self::default();
        plain.add(facts);
        plain
    }

    /// What comes later adds up; of two readings at one instant the first stays.
    pub fn add(&mut self, facts: &StreamFacts) {
        for column in &facts.columns {
            let cell = (
                column.layout.clone(),
                column.segment.clone(),
                column.class.clone(),
                column.bucket,
            );
            for (slice, events) in &column.on_time {
                let sum = self.on_time.entry((cell.clone(), *slice)).or_default();
                *sum = sum.saturating_add(*events);
            }
            for (slice, at, events) in &column.late {
                let sum = self.late.entry((cell.clone(), *slice, *at)).or_default();
                *sum = sum.saturating_add(*events);
            }
        }
        for series in &facts.series {
            let cell = (
                series.layout.clone(),
                series.segment.clone(),
                series.class.clone(),
                series.bucket,
            );
            for sample in &series.samples {
                let name = (
                    cell.clone(),
                    series.source.clone(),
                    series.series.clone(),
                    sample.time,
                );
                self.samples.entry(name).or_insert(*sample);
            }
        }
        for gauge in &facts.gauges {
            for (time, late, value) in &gauge.readings {
                let name = (
                    gauge.source.clone(),
                    gauge.series.clone(),
                    gauge.segment.clone(),
                    *time,
                );
                self.readings.entry(name).or_insert((*late, *value));
            }
        }
    }
}

/// So many slices become one where counts are made coarser.
pub const GROUP: i64 = 6;

impl Plain {
    /// The same by groups of slices: what is left to be compared once some of it was made coarser.
    fn by_group(&self) -> Self {
        self.moved(|slice| slice.div_euclid(GROUP))
    }

    /// Some slices that events are added up from: whole groups, so that it does not matter what was made coarser.
    fn cuts(&self) -> Vec<i64> {
        let slices = self
            .on_time
            .keys()
            .map(|(_, slice)| slice.div_euclid(5 * GROUP));
        let mut cuts: Vec<i64> = slices
            .map(|piece| piece.saturating_mul(5 * GROUP))
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        // Not from the first, nor from all of them.
        cuts.into_iter().skip(1).step_by(2).collect()
    }

    /// The same with all events in the last cut up to their slice.
    fn cut(&self, cuts: &[i64]) -> Self {
        let Some(first) = cuts.first() else {
            return self.clone();
        };
        self.moved(|slice| {
            let cut = cuts.iter().rev().find(|cut| **cut <= slice);
            cut.copied().unwrap_or(first.saturating_sub(1))
        })
    }

    /// The same events in other slices.
    fn moved(&self, to: impl Fn(i64) -> i64) -> Self {
        let mut moved = Self {
            samples: self.samples.clone(),
            readings: self.readings.clone(),
            ..Self::default()
        };
        for ((cell, slice), events) in &self.on_time {
            let sum = moved.on_time.entry((cell.clone(), to(*slice)));
            let sum = sum.or_default();
            *sum = sum.saturating_add(*events);
        }
        for ((cell, slice, at), events) in &self.late {
            let key = (cell.clone(), to(*slice), *at);
            let sum = moved.late.entry(key).or_default();
            *sum = sum.saturating_add(*events);
        }
        moved
    }
}

/// What a folder should hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    /// Counts may stand in the last slice of their group.
    pub is_coarse: bool,
    pub frames: Vec<Frame>,
    pub state: State,
    pub meter: MeterFacts,
    pub streams: BTreeMap<StreamKey, Plain>,
    pub last: u64,
}

impl Model {
    pub fn append(
        &mut self,
        kept: &BTreeMap<StreamKey, KeptStream>,
        deliveries: &[Delivery],
        live: &[LiveEntry],
    ) {
        self.last += 1;
        self.frames.push(Frame {
            number: self.last,
            kept: kept.clone(),
            deliveries: deliveries.to_vec(),
            live: live.to_vec(),
        });
    }

    pub fn seal(
        &mut self,
        state: &State,
        meter: &MeterFacts,
        streams: &BTreeMap<StreamKey, StreamFacts>,
        through: u64,
    ) {
        self.frames.retain(|frame| frame.number > through);
        self.state = state.clone();
        self.meter = meter.clone();
        for (key, facts) in streams {
            self.streams.entry(key.clone()).or_default().add(facts);
        }
    }

    /// Drops what is older than an instant at the beginning of a day.
    pub fn retain(&mut self, since: Timestamp) {
        let first = since.as_second() / i64::from(SLICE);
        for plain in self.streams.values_mut() {
            plain.on_time.retain(|(_, slice), _| *slice >= first);
            plain.late.retain(|(_, slice, _), _| *slice >= first);
            plain.samples.retain(|(.., time), _| *time >= since);
            plain.readings.retain(|(.., time), _| *time >= since);
        }
    }

    /// Whether the folder's pages hold just this.
    pub fn has_pages(&self, store: &Store) -> bool {
        self.streams.iter().all(|(key, plain)| {
            let (facts, damage) = store.stream(key).unwrap();
            let found = Plain::of(&facts);
            let is_same = match self.is_coarse {
                true => found.by_group() == plain.by_group(),
                false => found == *plain,
            };
            damage.is_empty() && is_same
        })
    }

    /// That the folder holds just this, without damage.
    pub fn assert_is(&self, store: &Store) {
        assert_eq!(store.found(), []);
        let frames = store.frames();
        assert_eq!(frames.damage, []);
        assert_eq!(frames.frames, self.frames);
        assert_eq!(store.state().unwrap(), self.state);
        assert_eq!(store.meter().unwrap(), self.meter);
        for (key, plain) in &self.streams {
            let (facts, damage) = store.stream(key).unwrap();
            assert_eq!(damage, []);
            let found = Plain::of(&facts);
            if self.is_coarse {
                assert_eq!(found.by_group(), plain.by_group(), "{key:?}");
            } else {
                assert_eq!(&found, plain, "{key:?}");
            }
            let cuts = plain.cuts();
            let (facts, damage) = store.stream_cut(key, &cuts).unwrap();
            assert_eq!(damage, []);
            assert_eq!(Plain::of(&facts), plain.cut(&cuts), "{key:?} {cuts:?}");
        }
        for (key, _) in store.streams() {
            assert!(self.streams.contains_key(key), "{key:?}");
        }
    }
}
