//! Random facts, deliveries and states, also at the extremes. Same seed, same facts.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use attain_model::delivery::{Counted, Delivery, Reading, Sample, Unparsed};
use attain_model::facts::{
    ColumnFacts, GaugeFacts, HeardFacts, KeptStream, Layout, Mark, OriginFacts, SampleFacts,
    SeriesFacts, SourceFacts, State, StreamFacts,
};
use attain_model::quantity::Measure;
use attain_model::{
    Bucket, Class, CountedSegment, Interval, SegmentId, SourceId, StreamKey, Tally, Threshold,
};
use fastrand::Rng;
use jiff::Timestamp;

/// 2026-11-01T00:00:00Z.
pub const NOVEMBER: i64 = 1_793_491_200;
pub const SLICE: u32 = 60;

/// What random facts are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taste {
    /// Within some days.
    Usual,
    /// As far as the types go.
    Extreme,
}

pub struct Random {
    pub rng: Rng,
    pub taste: Taste,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            taste: Taste::Usual,
        }
    }

    pub fn extreme(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            taste: Taste::Extreme,
        }
    }

    fn is_extreme(&mut self) -> bool {
        self.taste == Taste::Extreme && self.rng.u8(..4) == 0
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())].clone()
    }

    pub fn key(&mut self) -> StreamKey {
        StreamKey::new(self.pick(&[
            "main|log|path=/checkout",
            "main|log",
            "api|up:Gauge",
            "é|\u{1f}",
        ]))
    }

    pub fn source(&mut self) -> SourceId {
        SourceId::new(self.pick(&["main", "api"]))
    }

    pub fn events(&mut self) -> u64 {
        match self.is_extreme() {
            true => self.pick(&[1, u64::MAX, u64::MAX - 1, 1 << 63, 1 << 32]),
            false => self.rng.u64(1..2000),
        }
    }

    pub fn time(&mut self) -> Timestamp {
        if self.is_extreme() {
            let edge = Timestamp::from_nanosecond(-1).unwrap();
            return self.pick(&[Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH, edge]);
        }
        let second = NOVEMBER + self.rng.i64(0..4 * 86_400);
        let nanosecond = if self.rng.bool() {
            self.rng.i32(0..1_000_000_000)
        } else {
            0
        };
        Timestamp::new(second, nanosecond).unwrap()
    }

    fn maybe_time(&mut self) -> Option<Timestamp> {
        (self.rng.u8(..3) == 0).then(|| self.time())
    }

    fn slice(&mut self) -> i64 {
        match self.is_extreme() {
            true => self.pick(&[i64::MIN, i64::MAX, 0, -1]),
            false => NOVEMBER / i64::from(SLICE) + self.rng.i64(0..4 * 1440),
        }
    }

    pub fn segment(&mut self) -> CountedSegment {
        match self.rng.u8(..3) {
            0 => CountedSegment::Unknown,
            1 => CountedSegment::Known(SegmentId::new("premium")),
            _ => CountedSegment::Known(SegmentId::new("")),
        }
    }

    pub fn cell(&mut self) -> (Class, Bucket) {
        let class = match self.rng.u8(..4) {
            0 => Class::good(),
            1 => Class::from_labels([("status", "503"), ("method", "GET")]),
            2 => Class::new(""),
            _ => Class::from_labels([("status", "200")]),
        };
        let bucket = self.pick(&[Bucket(0), Bucket(1), Bucket::UNTIMED, Bucket(u16::MAX - 1)]);
        (class, bucket)
    }

    pub fn layout(&mut self) -> Layout {
        let edges: &[&[u64]] = &[&[], &[200_000_000], &[1, 500_000_000, u64::MAX]];
        Layout {
            edges: self
                .pick(edges)
                .iter()
                .copied()
                .map(Threshold::from_nanoseconds)
                .collect(),
            class_labels: match self.rng.bool() {
                true => vec!["status".to_owned()],
                false => Vec::new(),
            },
        }
    }

    fn measure(&mut self) -> Measure {
        Measure(match self.is_extreme() {
            true => self.pick(&[i128::MAX, i128::MIN, 0, -1]),
            false => i128::from(self.rng.i64(-5_000_000_000..5_000_000_000)),
        })
    }

    pub fn kept(&mut self) -> BTreeMap<StreamKey, KeptStream> {
        (0..self.rng.usize(..4))
            .map(|_| {
                let key = self.key();
                let kept = KeptStream {
                    key: key.clone(),
                    sources: vec![self.source()],
                    layout: self.layout(),
                    slice: Duration::new(self.rng.u64(..100), self.rng.u32(..1_000_000_000)),
                };
                (key, kept)
            })
            .collect()
    }

    pub fn deliveries(&mut self) -> Vec<Delivery> {
        (0..self.rng.usize(1..4)).map(|_| self.delivery()).collect()
    }

    fn delivery(&mut self) -> Delivery {
        let start = self.rng.u64(..1 << 40);
        let range = start..start + self.rng.u64(..5000);
        let mut delivery = Delivery::new(self.source(), self.pick(&["a.log", "b.log", "ö"]), range);
        delivery.marks = self.marks();
        delivery.streams = self
            .rng
            .bool()
            .then(|| Arc::new(BTreeSet::from([self.key(), self.key()])));
        delivery.counted = (0..self.rng.usize(..6)).map(|_| self.counted()).collect();
        delivery.samples = (0..self.rng.usize(..3)).map(|_| self.sample()).collect();
        delivery.readings = (0..self.rng.usize(..3)).map(|_| self.reading()).collect();
        delivery.observed = self
            .rng
            .bool()
            .then(|| vec![self.interval(), self.interval()]);
        if self.rng.bool() {
            delivery
                .observed_streams
                .insert(self.key(), vec![self.interval()]);
        }
        if self.rng.bool() {
            delivery.unparsed.push(Unparsed {
                place: format!("a.log:{}", self.rng.u32(..)),
                why: "no status".to_owned(),
            });
        }
        delivery
    }

    fn counted(&mut self) -> Counted {
        let mut tally = Tally::default();
        for _ in 0..self.rng.usize(..4) {
            let (class, bucket) = self.cell();
            tally.cells.insert((class, bucket), self.events());
        }
        Counted {
            stream: self.key(),
            segment: self.segment(),
            slice: self.time(),
            tally,
            received: self.maybe_time(),
        }
    }

    fn sample(&mut self) -> Sample {
        let (class, bucket) = self.cell();
        Sample {
            stream: self.key(),
            segment: self.segment(),
            series: self
                .pick(&["up{}", "http_requests_total{code=\"200\"}"])
                .to_owned(),
            class,
            bucket,
            time: self.time(),
            value: self.events(),
            created: self.maybe_time(),
            received: self.maybe_time(),
        }
    }

    fn reading(&mut self) -> Reading {
        Reading {
            stream: self.key(),
            segment: self.segment(),
            series: "up{}".to_owned(),
            time: self.time(),
            value: self.measure(),
            received: self.maybe_time(),
        }
    }

    fn interval(&mut self) -> Interval {
        Interval {
            start: self.time(),
            end: self.time(),
        }
    }

    /// Facts of one stream: of each name at most once, ascending.
    pub fn facts(&mut self) -> StreamFacts {
        let mut facts = StreamFacts::default();
        let mut names = BTreeSet::new();
        for _ in 0..self.rng.usize(..5) {
            let (layout, segment) = (self.layout(), self.segment());
            let (class, bucket) = self.cell();
            if names.insert((layout.clone(), segment.clone(), class.clone(), bucket)) {
                facts
                    .columns
                    .push(self.column(layout, segment, class, bucket));
            }
        }
        if self.rng.u8(..3) == 0 {
            facts.series.push(self.series());
        }
        if self.rng.u8(..3) == 0 {
            facts.gauges.push(self.gauge());
        }
        facts
    }

    fn column(
        &mut self,
        layout: Layout,
        segment: CountedSegment,
        class: Class,
        bucket: Bucket,
    ) -> ColumnFacts {
        let mut on_time = BTreeMap::new();
        let start = self.slice();
        let is_dense = self.rng.bool();
        for step in 0..self.rng.i64(0..200) {
            let slice = if is_dense {
                start.wrapping_add(step)
            } else {
                self.slice()
            };
            on_time.insert(slice, self.events());
        }
        let mut late = BTreeMap::new();
        for _ in 0..self.rng.usize(..4) {
            late.insert((self.slice(), self.time()), self.events());
        }
        ColumnFacts {
            layout,
            segment,
            class,
            bucket,
            on_time: on_time.into_iter().collect(),
            late: late
                .into_iter()
                .map(|((slice, at), events)| (slice, at, events))
                .collect(),
        }
    }

    fn series(&mut self) -> SeriesFacts {
        let (class, bucket) = self.cell();
        let samples: BTreeMap<Timestamp, SampleFacts> = (0..self.rng.usize(1..50))
            .map(|_| {
                let sample = SampleFacts {
                    time: self.time(),
                    value: self.events(),
                    created: self.maybe_time(),
                    late: self.maybe_time(),
                };
                (sample.time, sample)
            })
            .collect();
        SeriesFacts {
            layout: self.layout(),
            source: self.source(),
            series: "up{}".to_owned(),
            segment: self.segment(),
            class,
            bucket,
            samples: samples.into_values().collect(),
        }
    }

    fn gauge(&mut self) -> GaugeFacts {
        let readings: BTreeMap<Timestamp, (Option<Timestamp>, Measure)> =
            (0..self.rng.usize(1..50))
                .map(|_| (self.time(), (self.maybe_time(), self.measure())))
                .collect();
        GaugeFacts {
            source: self.source(),
            series: "temperature".to_owned(),
            segment: self.segment(),
            readings: readings
                .into_iter()
                .map(|(time, (late, value))| (time, late, value))
                .collect(),
        }
    }

    pub fn streams(&mut self) -> BTreeMap<StreamKey, StreamFacts> {
        (0..self.rng.usize(..4))
            .map(|_| (self.key(), self.facts()))
            .collect()
    }

    pub fn state(&mut self) -> State {
        let mut state = State {
            slice_seconds: SLICE,
            watermark: self.maybe_time(),
            kept: self.kept(),
            ..State::default()
        };
        for _ in 0..self.rng.usize(..3) {
            let (key, source) = (self.key(), self.source());
            state.said.entry(key).or_default().insert(source);
        }
        for _ in 0..self.rng.usize(..3) {
            let facts = self.source_facts();
            state.sources.insert(self.source(), facts);
        }
        for _ in 0..self.rng.usize(..3) {
            let origin = OriginFacts {
                seen: self.positions(),
                streams: BTreeMap::from([(self.key(), self.positions())]),
                fingerprint: self.marks().into_iter().collect(),
            };
            let name = (self.source(), self.pick(&["x", "y"]).to_owned());
            state.origins.insert(name, origin);
        }
        state
    }

    fn source_facts(&mut self) -> SourceFacts {
        SourceFacts {
            heard: self.heard(),
            streams: BTreeMap::from([(self.key(), self.heard())]),
            instants: (0..self.rng.usize(..20))
                .map(|_| (self.time(), self.maybe_time()))
                .collect(),
            unparsed: self.events(),
            too_late: self.events(),
            too_late_slices: self.rng.bool().then(|| (self.slice(), self.slice())),
            ahead: self.events(),
        }
    }

    fn heard(&mut self) -> HeardFacts {
        HeardFacts {
            slices: (0..self.rng.usize(..4))
                .map(|_| self.slice()..self.slice())
                .collect(),
            is_unknown: self.rng.bool(),
        }
    }

    fn marks(&mut self) -> Vec<Mark> {
        (0..self.rng.usize(..4))
            .map(|_| Mark {
                range: self.events()..self.events(),
                hash: self.rng.u64(..),
            })
            .collect()
    }

    fn positions(&mut self) -> Vec<Range<u64>> {
        (0..self.rng.usize(..4))
            .map(|_| self.events()..self.events())
            .collect()
    }
}
