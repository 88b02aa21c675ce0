//! Numbers of slots (so many events between 9:00 and 9:05) into tallies. Knows gauges and histograms, leaves pairs to
//! slot_pairs.rs; knows no file format.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::counts::per_bucket;
use attain_model::delivery::{Counted, Delivery, Reading};
use attain_model::quantity::Measure;
use attain_model::{Bucket, Class, Stream, Tally};
use jiff::Timestamp;

use crate::counting::segment::SegmentIndex;
use crate::counting::series::{Hit, Matcher, Role};
use crate::table::slot_pairs::SlotPairs;
use crate::text::number::{events, scaled};

/// One number of one series in one slot.
pub(crate) struct Number<'a> {
    pub(crate) text: &'a str,
    pub(crate) time: Timestamp,
    pub(crate) received: Option<Timestamp>,
    /// The line, from 0.
    pub(crate) line: u64,
}

/// Whose number it is, and when.
pub(crate) type Place = (usize, SegmentIndex, Timestamp, Option<Timestamp>);

/// Collects numbers until all of a slot are there.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    tallies: BTreeMap<Place, Tally>,
    readings: Vec<(
        usize,
        SegmentIndex,
        String,
        Timestamp,
        Option<Timestamp>,
        Measure,
    )>,
    pub(crate) pairs: SlotPairs,
    /// When each stream said something.
    pub(crate) said: BTreeMap<usize, BTreeSet<Timestamp>>,
    histograms: BTreeMap<(Place, String, Class), BTreeMap<u64, u64>>,
}

impl Slots {
    /// Takes a number; an error says why it cannot be one.
    pub(crate) fn take(
        &mut self,
        streams: &[Stream],
        hit: &Hit,
        number: &Number<'_>,
    ) -> Result<(), String> {
        let place = (hit.stream, hit.segment, number.time, number.received);
        let whole = || {
            events(number.text)
                .ok_or_else(|| format!("`{}` is not a number of events", number.text))
        };
        match &hit.role {
            Role::Events(class) => {
                let tally = self.tallies.entry(place).or_default();
                tally.add(class.clone(), Bucket::UNTIMED, whole()?);
            }
            Role::AtOrUnder(class, edge) => {
                let key = (place, hit.key.clone(), class.clone());
                let seen = self
                    .histograms
                    .entry(key)
                    .or_default()
                    .entry(*edge)
                    .or_insert(0);
                *seen = seen.saturating_add(whole()?);
            }
            Role::Gauge(billionths) => {
                let value = scaled(number.text, *billionths)
                    .ok_or_else(|| format!("`{}` is not a number", number.text))?;
                let (stream, segment, time, received) = place;
                self.readings.push((
                    stream,
                    segment,
                    hit.key.clone(),
                    time,
                    received,
                    Measure(value),
                ));
            }
            // Whether a pair says something is known when it is whole.
            Role::Total | Role::Part => return self.pairs.take(streams, hit, number),
        }
        self.said.entry(hit.stream).or_default().insert(number.time);
        Ok(())
    }

    /// Puts everything into a delivery; gives the lines whose pairs are not whole, and why.
    pub(crate) fn finish(
        &mut self,
        matcher: &Matcher,
        slice_seconds: i64,
        delivery: &mut Delivery,
    ) -> Vec<(u64, String)> {
        let unpaired = self
            .pairs
            .finish(&matcher.streams, &mut self.tallies, &mut self.said);
        self.finish_histograms(&matcher.streams);
        for ((stream, segment, time, received), tally) in std::mem::take(&mut self.tallies) {
            if tally.cells.is_empty() {
                continue;
            }
            let second = time.as_second().div_euclid(slice_seconds) * slice_seconds;
            delivery.counted.push(Counted {
                stream: matcher.streams[stream].key.clone(),
                segment: matcher.decider.segments.name(segment).clone(),
                slice: Timestamp::from_second(second).unwrap_or(time),
                tally,
                received,
            });
        }
        for (stream, segment, series, time, received, value) in self.readings.drain(..) {
            delivery.readings.push(Reading {
                stream: matcher.streams[stream].key.clone(),
                segment: matcher.decider.segments.name(segment).clone(),
                series,
                time,
                value,
                received,
            });
        }
        unpaired
    }

    fn finish_histograms(&mut self, streams: &[Stream]) {
        for ((place, _, class), at_or_under) in std::mem::take(&mut self.histograms) {
            let edges: Vec<u64> = streams[place.0]
                .edges
                .iter()
                .map(|e| e.nanoseconds())
                .collect();
            let tally = self.tallies.entry(place).or_default();
            for (bucket, count) in (0..).zip(per_bucket(&edges, &at_or_under)) {
                tally.add(class.clone(), Bucket(bucket), count);
            }
        }
    }
}
