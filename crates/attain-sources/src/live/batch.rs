//! A batch while it grows: each series is told once, with what it is at the end. Knows the limits of a sample's time.

use std::time::Duration;

use attain_model::SourceId;
use attain_model::delivery::Reading;
use attain_model::live::{LiveBatch, LiveSample, LiveValue, Slot};
use attain_model::quantity::Measure;
use jiff::Timestamp;

use super::Outcome;
use super::known::Shape;
use crate::text::number::scaled;

/// 2000-01-01. What is older is in another unit, or no time at all: it would move back since when things are observed.
const EARLIEST_MS: i64 = 946_684_800_000;

/// See the module.
pub(super) struct Batch {
    arrived: Timestamp,
    latest_ms: i64,
    newest_ms: i64,
    pub(super) samples: Vec<LiveSample>,
    pub(super) readings: Vec<Reading>,
    /// Series to be told, maybe several times.
    pub(super) tell: Vec<Slot>,
    pub(super) outcome: Outcome,
}

impl Batch {
    pub(super) fn new(arrived: Timestamp, ahead: Duration, samples: usize) -> Self {
        let ahead_ms = i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX);
        Self {
            arrived,
            latest_ms: arrived.as_millisecond().saturating_add(ahead_ms),
            newest_ms: i64::MIN,
            samples: Vec::with_capacity(samples),
            readings: Vec::new(),
            tell: Vec::new(),
            outcome: Outcome::default(),
        }
    }

    /// Whether a sample's time is one.
    #[inline]
    pub(super) fn is_time(&self, time_ms: i64) -> bool {
        (EARLIEST_MS..=self.latest_ms).contains(&time_ms)
    }

    /// The same; if so, the source was heard then.
    #[inline]
    pub(super) fn hears(&mut self, time_ms: i64) -> bool {
        if self.is_time(time_ms) {
            self.newest_ms = self.newest_ms.max(time_ms);
            return true;
        }
        self.refuse_time(time_ms);
        false
    }

    #[cold]
    fn refuse_time(&mut self, time_ms: i64) {
        let arrived = self.arrived;
        self.outcome.refuse(1, || {
            let time = Timestamp::from_millisecond(time_ms)
                .map_or_else(|_| format!("{time_ms} ms"), |time| time.to_string());
            match time_ms {
                ..EARLIEST_MS => format!(
                    "a sample of {time}: that is before 2000; times are milliseconds since 1970, in OTLP nanoseconds"
                ),
                _ => format!("a sample of {time} arrived at {arrived}: it is too far ahead; compare the clocks"),
            }
        });
    }

    /// Takes a sample of a series that counts for somebody.
    #[inline]
    pub(super) fn take(&mut self, slot: Slot, time_ms: i64, says: LiveValue) {
        self.outcome.accepted += 1;
        self.push(slot, time_ms, says);
    }

    /// Takes a part of what a sample says.
    #[inline]
    pub(super) fn push(&mut self, slot: Slot, time_ms: i64, says: LiveValue) {
        self.samples.push(LiveSample {
            slot,
            time_ms,
            says,
        });
    }

    /// A sample that counts for nobody.
    #[inline]
    pub(super) fn nobodys(&mut self, time_ms: i64) {
        if self.hears(time_ms) {
            self.outcome.accepted += 1;
            self.outcome.unmatched += 1;
        }
    }

    /// Takes a reading in decimal text, for everybody who reads it. What came later than `delay_ms` says when.
    pub(super) fn read(&mut self, shape: &Shape, text: &str, time_ms: i64, delay_ms: i64) {
        let Ok(time) = Timestamp::from_millisecond(time_ms) else {
            return;
        };
        let is_late = self.arrived.as_millisecond() > time_ms.saturating_add(delay_ms);
        for (stream, segment, billionths) in &shape.gauges {
            let Some(value) = scaled(text, *billionths) else {
                continue;
            };
            self.readings.push(Reading {
                stream: stream.clone(),
                segment: segment.clone(),
                series: shape.text.clone(),
                time,
                value: Measure(value),
                received: is_late.then_some(self.arrived),
            });
        }
    }

    /// What arrived, and series to be told, maybe several times; `series` is left for who knows them.
    pub(super) fn finish(self, source: SourceId) -> (LiveBatch, Vec<Slot>, Outcome) {
        let batch = LiveBatch {
            source,
            arrived: self.arrived,
            forgotten: Vec::new(),
            series: Vec::new(),
            samples: self.samples,
            readings: self.readings,
            newest_ms: (self.newest_ms != i64::MIN).then_some(self.newest_ms),
        };
        (batch, self.tell, self.outcome)
    }
}
