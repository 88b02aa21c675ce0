//! How fast pages are written and read, and how large they are: 90 days of a minute's slices, 4 segments of 6 cells.
//!
//! `cargo run --release -p attain-store --example speed [RUNS]`: on a busy machine, the processor time of 99 runs less that of 9 says more.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use attain_model::facts::{ColumnFacts, Layout, State, StreamFacts};
use attain_model::{Bucket, Class, CountedSegment, SegmentId, StreamKey, Threshold};
use attain_store::{Access, Store};

const DAYS: i64 = 90;
const FIRST: i64 = 1_790_000_000 / 60;

fn main() -> Result<(), Box<dyn Error>> {
    let runs = std::env::args()
        .nth(1)
        .map_or(Ok(9), |runs| runs.parse::<usize>())?
        .max(1);
    let base = tempfile::tempdir()?;
    let mut store = Store::open(base.path(), Access::WriteOrCreate)?;
    let key = StreamKey::new("main|log");
    let state = State {
        slice_seconds: 60,
        ..State::default()
    };
    let facts = facts();
    let points: usize = facts
        .columns
        .iter()
        .map(|column| column.on_time.len())
        .sum();
    let start = Instant::now();
    store.seal(&state, &BTreeMap::from([(key.clone(), facts.clone())]), 0)?;
    let sealed = start.elapsed();
    let size = store.size();
    drop(store);
    let store = Store::open(base.path(), Access::Read)?;
    let mut times: Vec<_> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            let read = store.stream(&key);
            (start.elapsed(), read.map(|(read, _)| read == facts))
        })
        .collect();
    times.sort_by_key(|(time, _)| *time);
    let is_same = times.iter().all(|(_, is_same)| matches!(is_same, Ok(true)));
    println!(
        "{points} points in {} pages, the same when read: {is_same}",
        size.pages
    );
    println!("sealed in {:.1} ms", sealed.as_secs_f64() * 1e3);
    println!(
        "read in {:.1} ms (median of {}), {:.1} at best",
        times[times.len() / 2].0.as_secs_f64() * 1e3,
        times.len(),
        times[0].0.as_secs_f64() * 1e3
    );
    println!(
        "{:.2} bytes a point in pages, {:.2} on disk",
        size.page_bytes as f64 / points as f64,
        size.counts_bytes as f64 / points as f64
    );
    Ok(())
}

/// Traffic with days and nights: most is good, some is slow, little fails.
fn facts() -> StreamFacts {
    let mut random = fastrand::Rng::with_seed(1);
    let mut facts = StreamFacts::default();
    let layout = Layout {
        edges: vec![Threshold::from_nanoseconds(200_000_000)],
        class_labels: vec!["status".to_owned()],
    };
    for (segment, size) in [
        ("free", 3000.0),
        ("standard", 1000.0),
        ("premium", 300.0),
        ("b", 20.0),
    ] {
        for (status, bucket, share) in [
            ("200", 0, 0.9),
            ("200", 1, 0.05),
            ("404", 0, 0.03),
            ("503", 0, 0.001),
            ("503", 1, 0.01),
            ("302", 0, 0.02),
        ] {
            let mut on_time = Vec::new();
            for minute in 0..DAYS * 1440 {
                let day = (minute as f64 / 1440.0 * std::f64::consts::TAU).sin();
                let mean = size * share * (1.0 + 0.6 * day);
                // The sum of twelve evens is close to a bell.
                let bell: f64 = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
                let events = (mean + bell * mean.sqrt()).round().max(0.0) as u64;
                if events > 0 {
                    on_time.push((FIRST + minute, events));
                }
            }
            facts.columns.push(ColumnFacts {
                layout: layout.clone(),
                segment: CountedSegment::Known(SegmentId::new(segment)),
                class: Class::from_labels([("status", status)]),
                bucket: Bucket(bucket),
                on_time,
                late: Vec::new(),
            });
        }
    }
    facts
}
