//! Live samples, through the meter: counts per slice, whatever the order, the repetition and the stops.

use std::collections::BTreeMap;

use attain_engine::{Meter, Metered};
use attain_model::delivery::{Counted, Delivery};
use attain_model::live::{
    CountsFor, LiveBatch, LiveEntry, LiveRole, LiveSample, LiveSeries, LiveValue, SeriesId,
};
use attain_model::{Bucket, Class, SourceId, Stream, StreamKey, Tally, Threshold};
use fastrand::Rng;

use crate::build::*;

mod births;
mod forgotten;
mod heard;
mod histograms;
mod order;
mod past;
mod stretches;
mod writers;

const SLICE: i64 = 10;

fn streams() -> Vec<Stream> {
    let catalogue = catalogue(&[slo(
        "checkout",
        rolling(30),
        &[objective("availability", &[(None, &[("premium", "99%")])])],
    )]);
    let mut streams = Stream::all(&catalogue);
    streams[0].edges = vec![
        Threshold::from_nanoseconds(200_000_000),
        Threshold::from_nanoseconds(500_000_000),
    ];
    streams
}

fn source() -> SourceId {
    SourceId::new("push")
}

fn series(slot: u32, role: LiveRole) -> LiveSeries {
    LiveSeries {
        slot,
        id: SeriesId(u128::from(slot) + 1),
        source: source(),
        thing: 1,
        to: vec![CountsFor {
            stream: streams()[0].key.clone(),
            segment: segment("premium"),
            role,
        }],
    }
}

fn stands(slot: u32, second: i64, value: u64) -> LiveSample {
    LiveSample {
        slot,
        time_ms: second * 1000,
        says: LiveValue::Stands {
            value,
            created_ms: None,
        },
    }
}

fn happened(slot: u32, from: i64, to: i64, events: u64) -> LiveSample {
    LiveSample {
        slot,
        time_ms: to * 1000,
        says: LiveValue::Happened {
            events,
            start_ms: from * 1000,
        },
    }
}

/// Where a counter stands that says when it began.
fn begun(slot: u32, second: i64, start: i64, value: u64) -> LiveSample {
    LiveSample {
        slot,
        time_ms: second * 1000,
        says: LiveValue::Stands {
            value,
            created_ms: Some(start * 1000),
        },
    }
}

fn batch(series: &[LiveSeries], samples: &[LiveSample]) -> LiveBatch {
    let newest_ms = samples.iter().map(|sample| sample.time_ms).max();
    LiveBatch {
        source: source(),
        arrived: second(newest_ms.unwrap_or(0) / 1000),
        forgotten: Vec::new(),
        series: series.to_vec(),
        samples: samples.to_vec(),
        readings: Vec::new(),
        newest_ms,
    }
}

fn meter() -> Meter {
    let mut meter = Meter::new(u32::try_from(SLICE).unwrap());
    meter.count(&streams());
    meter
}

/// One that goes on where another left off, and knows what that knew.
fn restored(meter: &Meter) -> Meter {
    let facts = meter.facts();
    let mut restored = Meter::restore(facts.clone(), u32::try_from(SLICE).unwrap());
    restored.count(&streams());
    assert_eq!(restored.facts(), facts);
    restored
}

/// Events by slice and cell.
type Cells = BTreeMap<(StreamKey, i64, Class, Bucket), u64>;

fn cells(deliveries: &[Delivery]) -> Cells {
    let mut cells = Cells::new();
    let counted = deliveries.iter().flat_map(|delivery| &delivery.counted);
    for Counted {
        stream,
        slice,
        tally: Tally { cells: tally },
        ..
    } in counted
    {
        for ((class, bucket), events) in tally {
            let key = (
                stream.clone(),
                slice.as_second() / SLICE,
                class.clone(),
                *bucket,
            );
            *cells.entry(key).or_default() += events;
        }
    }
    cells
}

fn by_slice(deliveries: &[Delivery]) -> Vec<(i64, u64)> {
    let mut slices = BTreeMap::new();
    for ((_, slice, _, _), events) in cells(deliveries) {
        *slices.entry(slice).or_insert(0) += events;
    }
    slices.into_iter().collect()
}

fn all_of(meter: &mut Meter, batches: &[LiveBatch], until: i64) -> Vec<(i64, u64)> {
    for batch in batches {
        meter.take(batch);
    }
    by_slice(&meter.close(second(until)))
}

fn run(mut meter: Meter, entries: &[LiveEntry]) -> Vec<Delivery> {
    let all = entries.iter().map(|entry| meter.apply(entry).1);
    all.collect::<Vec<_>>().concat()
}

/// Random entries about counters that rise, restart and vanish, and the order of their samples in time.
fn random(rng: &mut Rng) -> (Vec<LiveSeries>, Vec<LiveSample>) {
    let count = rng.u32(1..5);
    let all: Vec<LiveSeries> = (0..count)
        .map(|slot| series(slot, LiveRole::Events(Class::good())))
        .collect();
    let mut samples = Vec::new();
    for slot in 0..count {
        let (mut at, mut value) = (rng.i64(0..20), rng.u64(0..50));
        for _ in 0..rng.usize(1..12) {
            samples.push(stands(slot, at, value));
            at += rng.i64(1..25);
            value = if rng.u8(0..8) == 0 {
                rng.u64(0..5)
            } else {
                value + rng.u64(0..30)
            };
        }
    }
    (all, samples)
}

/// Every first sample is a baseline; what follows adds up.
fn naive(samples: &[LiveSample]) -> BTreeMap<i64, u64> {
    let mut by_series: BTreeMap<u32, BTreeMap<i64, u64>> = BTreeMap::new();
    for sample in samples {
        let LiveValue::Stands { value, .. } = sample.says else {
            continue;
        };
        let points = by_series.entry(sample.slot).or_default();
        points.entry(sample.time_ms).or_insert(value);
    }
    let mut slices = BTreeMap::new();
    for points in by_series.values() {
        for ((_, before), (time, value)) in points.iter().zip(points.iter().skip(1)) {
            let added = value.checked_sub(*before).unwrap_or(*value);
            if added > 0 {
                *slices.entry(time / 1000 / SLICE).or_insert(0) += added;
            }
        }
    }
    slices
}

/// Each series observes something else, so that none is born.
fn of_several_things<T>((mut all, samples): (Vec<LiveSeries>, T)) -> (Vec<LiveSeries>, T) {
    for series in &mut all {
        series.thing = u64::from(series.slot);
    }
    (all, samples)
}
