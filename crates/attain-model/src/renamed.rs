//! What happened, by the names of today: what a source is renamed to is the same source.
//!
//! Knows where names stand in what is handed about. What stood under two names of one thing is put together.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::counts::CountedSegment;
use crate::delivery::Delivery;
use crate::facts::{
    Damage, Fingerprint, HeardFacts, KeptStream, OriginFacts, SourceFacts, State, StreamFacts,
};
use crate::id::SourceId;
use crate::live::{LiveBatch, LiveEntry, LiveSeries, MeterFacts, MeteredSource};
use crate::names::{SegmentNames, SourceNames};
use crate::stream::StreamKey;

impl State {
    /// The same by the names that sources have today.
    #[must_use]
    pub fn renamed(self, names: &SourceNames) -> Self {
        if names.is_empty() {
            return self;
        }
        let mut renamed = Self {
            slice_seconds: self.slice_seconds,
            watermark: self.watermark,
            ..Self::default()
        };
        for (key, kept) in self.kept {
            let today = names.stream_today(&key);
            let is_old = today != key;
            let kept = KeptStream {
                key: today.clone(),
                sources: (kept.sources.iter())
                    .map(|source| names.today(source).clone())
                    .collect(),
                ..kept
            };
            // How it is cut today is what its name of today says.
            if is_old {
                renamed.kept.entry(today).or_insert(kept);
            } else {
                renamed.kept.insert(today, kept);
            }
        }
        for (key, said) in self.said {
            let said = said.iter().map(|source| names.today(source).clone());
            let own = renamed.said.entry(names.stream_today(&key));
            own.or_default().extend(said);
        }
        for (source, facts) in self.sources {
            let own = renamed.sources.entry(names.today(&source).clone());
            own.or_default().add(facts.renamed(names));
        }
        for ((source, origin), facts) in self.origins {
            let own = (names.today(&source).clone(), origin);
            let own = renamed.origins.entry(own).or_default();
            own.add(facts.renamed(names));
        }
        renamed
    }
}

impl StreamFacts {
    /// The same by the names that sources have today.
    #[must_use]
    pub fn renamed(mut self, names: &SourceNames) -> Self {
        let series = self.series.iter_mut().map(|series| &mut series.source);
        let gauges = self.gauges.iter_mut().map(|gauge| &mut gauge.source);
        for source in series.chain(gauges) {
            call(source, names);
        }
        self
    }
}

impl Damage {
    /// The same by the names that sources have today.
    #[must_use]
    pub fn renamed(mut self, names: &SourceNames) -> Self {
        self.stream = self.stream.map(|stream| names.stream_today(&stream));
        self
    }
}

impl Delivery {
    /// Has it be of the sources and streams of today.
    pub fn rename(&mut self, names: &SourceNames) {
        call(&mut self.source, names);
        if let Some(streams) = &mut self.streams {
            let today = streams.iter().map(|stream| names.stream_today(stream));
            *streams = Arc::new(today.collect());
        }
        let counted = self.counted.iter_mut().map(|counted| &mut counted.stream);
        let samples = self.samples.iter_mut().map(|sample| &mut sample.stream);
        let readings = self.readings.iter_mut().map(|reading| &mut reading.stream);
        for stream in counted.chain(samples).chain(readings) {
            *stream = names.stream_today(stream);
        }
        let observed = std::mem::take(&mut self.observed_streams).into_iter();
        self.observed_streams = observed
            .map(|(stream, heard)| (names.stream_today(&stream), heard))
            .collect();
    }
}

impl LiveEntry {
    /// Has it be of the sources and streams of today.
    pub fn rename(&mut self, names: &SourceNames) {
        if let Self::Arrived(batch) = self {
            batch.rename(names);
        }
    }
}

impl LiveBatch {
    fn rename(&mut self, names: &SourceNames) {
        call(&mut self.source, names);
        for series in &mut self.series {
            series.rename(names, &SegmentNames::default());
        }
        for reading in &mut self.readings {
            reading.stream = names.stream_today(&reading.stream);
        }
    }
}

impl LiveSeries {
    fn rename(&mut self, sources: &SourceNames, segments: &SegmentNames) {
        call(&mut self.source, sources);
        for to in &mut self.to {
            to.stream = sources.stream_today(&to.stream);
            rename(&mut to.segment, segments);
        }
        // Two names of one are one.
        self.to.sort_unstable();
        self.to.dedup();
    }
}

impl MeterFacts {
    /// The same by the names that sources and segments have today: what a meter has not told yet is told by these.
    #[must_use]
    pub fn renamed(mut self, sources: &SourceNames, segments: &SegmentNames) -> Self {
        for metered in &mut self.series {
            metered.series.rename(sources, segments);
        }
        for open in &mut self.open {
            call(&mut open.source, sources);
            open.to.stream = sources.stream_today(&open.to.stream);
            rename(&mut open.to.segment, segments);
        }
        let mut owed: BTreeMap<(StreamKey, CountedSegment), u64> = BTreeMap::new();
        for (stream, segment, events) in self.owed {
            let whose = (sources.stream_today(&stream), segments.renamed(segment));
            let all = owed.entry(whose).or_default();
            *all = all.saturating_add(events);
        }
        let owed = owed.into_iter();
        self.owed = owed
            .map(|((stream, segment), events)| (stream, segment, events))
            .collect();
        let mut since: BTreeMap<StreamKey, Option<i64>> = BTreeMap::new();
        for (stream, at) in self.counted_since {
            let earliest = since.entry(sources.stream_today(&stream)).or_insert(at);
            *earliest = (*earliest).min(at);
        }
        self.counted_since = since.into_iter().collect();
        let mut metered: BTreeMap<SourceId, MeteredSource> = BTreeMap::new();
        for (source, facts) in self.sources {
            let own = metered.entry(sources.today(&source).clone());
            own.or_default().add(facts);
        }
        self.sources = metered.into_iter().collect();
        self
    }
}

impl MeteredSource {
    fn add(&mut self, other: Self) {
        self.heard.extend(other.heard);
        self.heard.sort_unstable();
        self.newest_ms = self.newest_ms.max(other.newest_ms);
        for (thing, since) in other.things {
            match self.things.iter_mut().find(|(known, _)| *known == thing) {
                Some((_, known)) => *known = since.min(*known),
                None => self.things.push((thing, since)),
            }
        }
    }
}

impl SourceFacts {
    fn renamed(mut self, names: &SourceNames) -> Self {
        let mut streams: BTreeMap<StreamKey, HeardFacts> = BTreeMap::new();
        for (stream, heard) in self.streams {
            let own = streams.entry(names.stream_today(&stream)).or_default();
            own.add(heard);
        }
        self.streams = streams;
        self
    }

    fn add(&mut self, other: Self) {
        self.heard.add(other.heard);
        for (stream, heard) in other.streams {
            self.streams.entry(stream).or_default().add(heard);
        }
        self.instants.extend(other.instants);
        self.instants.sort_unstable();
        self.instants.dedup_by_key(|(at, _)| *at);
        self.unparsed = self.unparsed.saturating_add(other.unparsed);
        self.too_late = self.too_late.saturating_add(other.too_late);
        self.ahead = self.ahead.saturating_add(other.ahead);
        let slices = [self.too_late_slices, other.too_late_slices];
        let slices = slices.into_iter().flatten();
        self.too_late_slices = slices.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    }
}

impl HeardFacts {
    fn add(&mut self, other: Self) {
        union(&mut self.slices, other.slices);
        self.is_unknown |= other.is_unknown;
    }
}

impl OriginFacts {
    fn renamed(mut self, names: &SourceNames) -> Self {
        let mut streams: BTreeMap<StreamKey, Vec<Range<u64>>> = BTreeMap::new();
        for (stream, taken) in self.streams {
            let own = streams.entry(names.stream_today(&stream)).or_default();
            union(own, taken);
        }
        self.streams = streams;
        self
    }

    fn add(&mut self, other: Self) {
        union(&mut self.seen, other.seen);
        for (stream, taken) in other.streams {
            union(self.streams.entry(stream).or_default(), taken);
        }
        let marks = self.fingerprint.marks().iter();
        let marks = marks.chain(other.fingerprint.marks()).cloned();
        self.fingerprint = marks.collect::<Fingerprint>();
    }
}

fn call(source: &mut SourceId, names: &SourceNames) {
    let today = names.today(source);
    if today != source {
        *source = today.clone();
    }
}

fn rename(segment: &mut CountedSegment, names: &SegmentNames) {
    let today = names.today(segment);
    if today != segment {
        *segment = today.clone();
    }
}

/// Adds ranges to others: ascending and apart.
fn union<T: Copy + Ord>(all: &mut Vec<Range<T>>, more: Vec<Range<T>>) {
    if more.is_empty() {
        return;
    }
    all.extend(more);
    all.sort_unstable_by_key(|range| (range.start, range.end));
    all.dedup_by(|next, before| {
        let touches = next.start <= before.end;
        if touches {
            before.end = before.end.max(next.end);
        }
        touches
    });
}
