//! Random live entries and what a meter knows, also at the extremes; and that they come back as they were kept.

use attain_model::live::{
    CountsFor, LiveBatch, LiveEntry, LivePast, LivePoint, LiveRole, LiveSample, LiveSeries,
    LiveValue, MeterFacts, MeteredSeries, MeteredSource, OpenCount, SeriesId,
};
use attain_model::{SourceId, Threshold};
use attain_store::{Access, Store};
use jiff::Timestamp;

use crate::folder::Model;
use crate::random::{NOVEMBER, Random, Taste};
use crate::{size, workload};

impl Random {
    /// What happened to live counts in one group commit; now and then nothing.
    pub fn live(&mut self) -> Vec<LiveEntry> {
        let entries = self.rng.usize(..4);
        (0..entries)
            .map(|_| match self.rng.u8(..4) {
                0 => LiveEntry::Closed {
                    at: self.time(),
                    until: self.time(),
                },
                _ => LiveEntry::Arrived(self.batch()),
            })
            .collect()
    }

    fn batch(&mut self) -> LiveBatch {
        let series = self.rng.usize(..3);
        let samples = self.rng.usize(..40);
        let mut slot = self.rng.u32(..100);
        let time = self.milliseconds();
        LiveBatch {
            source: SourceId::new("main"),
            arrived: self.time(),
            forgotten: (0..self.rng.usize(..3)).map(|_| self.rng.u32(..)).collect(),
            series: (0..series).map(|_| self.live_series()).collect(),
            samples: (0..samples)
                .map(|_| {
                    slot = match self.rng.u8(..8) {
                        0 => self.rng.u32(..),
                        _ => slot.wrapping_add(1),
                    };
                    self.live_sample(slot, time)
                })
                .collect(),
            readings: self
                .deliveries()
                .into_iter()
                .flat_map(|d| d.readings)
                .collect(),
            newest_ms: self.rng.bool().then(|| self.milliseconds()),
        }
    }

    fn milliseconds(&mut self) -> i64 {
        match (self.taste, self.rng.u8(..8)) {
            (Taste::Extreme, 0) => i64::MIN,
            (Taste::Extreme, 1) => i64::MAX,
            _ => NOVEMBER * 1000 + self.rng.i64(..86_400_000),
        }
    }

    fn live_sample(&mut self, slot: u32, time_ms: i64) -> LiveSample {
        let time_ms = match self.rng.u8(..4) {
            0 => self.milliseconds(),
            _ => time_ms,
        };
        let says = match self.rng.u8(..5) {
            0 => LiveValue::Ended,
            1 => LiveValue::Happened {
                events: self.events(),
                start_ms: self.milliseconds(),
            },
            2 => LiveValue::Stands {
                value: self.events(),
                created_ms: Some(self.milliseconds()),
            },
            _ => LiveValue::Stands {
                value: self.events() - 1,
                created_ms: None,
            },
        };
        LiveSample {
            slot,
            time_ms,
            says,
        }
    }

    fn live_series(&mut self) -> LiveSeries {
        let counts = self.rng.usize(..3);
        LiveSeries {
            slot: self.rng.u32(..),
            id: SeriesId(self.rng.u128(..)),
            source: SourceId::new("api"),
            thing: self.rng.u64(..),
            to: (0..counts).map(|_| self.counts_for()).collect(),
        }
    }

    fn counts_for(&mut self) -> CountsFor {
        let class = self.cell().0;
        CountsFor {
            stream: self.key(),
            segment: self.segment(),
            role: match self.rng.u8(..5) {
                0 => LiveRole::Total,
                1 => LiveRole::Part,
                2 => LiveRole::AtOrUnder(class, None),
                3 => {
                    let edge = Threshold::from_nanoseconds(self.rng.u64(..));
                    LiveRole::AtOrUnder(class, Some(edge))
                }
                _ => LiveRole::Events(class),
            },
        }
    }

    /// What a meter knows.
    pub fn meter(&mut self) -> MeterFacts {
        let (series, open) = (self.rng.usize(..4), self.rng.usize(..4));
        MeterFacts {
            closed_until: self.rng.bool().then(|| self.time()),
            delivered: self.events(),
            series: (0..series)
                .map(|_| MeteredSeries {
                    series: self.live_series(),
                    points: self.points(),
                })
                .collect(),
            open: (0..open)
                .map(|_| OpenCount {
                    to: self.counts_for(),
                    source: SourceId::new("main"),
                    slice: self.rng.i64(..),
                    late: self.rng.bool().then(|| self.time()),
                    events: self.events(),
                })
                .collect(),
            owed: vec![(self.key(), self.segment(), self.events())],
            counted_since: vec![(self.key(), None), (self.key(), Some(self.milliseconds()))],
            sources: vec![(
                SourceId::new("main"),
                MeteredSource {
                    heard: (0..self.rng.usize(..3))
                        .map(|_| (self.milliseconds(), self.milliseconds()))
                        .collect(),
                    newest_ms: self.rng.bool().then(|| self.milliseconds()),
                    things: vec![(self.rng.u64(..), self.milliseconds())],
                    forgotten_ms: self.rng.bool().then(|| self.milliseconds()),
                },
            )],
            untold: (0..self.rng.u32(..3))
                .map(|slot| (slot, vec![(self.milliseconds(), self.milliseconds())]))
                .collect(),
            pasts: (0..self.rng.u32(..3))
                .map(|slot| LivePast {
                    slot,
                    came: self.rng.bool().then(|| (self.time(), self.time())),
                    points: self.points(),
                })
                .collect(),
        }
    }

    fn points(&mut self) -> Vec<LivePoint> {
        (0..self.rng.usize(..4))
            .map(|_| LivePoint {
                time_ms: self.milliseconds(),
                value: self.events(),
                added: self.events(),
                created_ms: self.rng.bool().then(|| self.milliseconds()),
            })
            .collect()
    }
}

#[test]
fn live_entries_and_meters_come_back_as_they_were_kept() {
    let folder = size::scratch();
    let mut store = workload::open(folder.path()).unwrap();
    let mut model = Model::default();
    let mut random = Random::extreme(7);
    for round in 0..40 {
        for _ in 0..random.rng.usize(1..4) {
            let (kept, deliveries, live) = (random.kept(), random.deliveries(), random.live());
            store.append_with(&kept, &deliveries, &live).unwrap();
            model.append(&kept, &deliveries, &live);
        }
        let (state, meter, streams) = (random.state(), random.meter(), random.streams());
        let through = store.last();
        store.seal_with(&state, &meter, &streams, through).unwrap();
        model.seal(&state, &meter, &streams, through);
        if round % 5 == 0 {
            drop(store);
            store = workload::open(folder.path()).unwrap();
        }
        model.assert_is(&store);
    }
    // A seal of what came from files leaves the meter as it is.
    store.append(&random.kept(), &random.deliveries()).unwrap();
    let (state, last) = (random.state(), store.last());
    store.seal(&state, &Default::default(), last).unwrap();
    assert_eq!(store.meter().unwrap(), model.meter);
    store.compact().unwrap();
    assert_eq!(store.meter().unwrap(), model.meter);
}

/// What a request of a usual sender costs on disk, the envelope and all.
#[test]
fn a_usual_sample_takes_at_most_five_bytes() {
    let folder = size::scratch();
    let mut store = workload::open(folder.path()).unwrap();
    let samples = (0..2000).map(|slot| LiveSample {
        slot: 10_000 + slot,
        time_ms: NOVEMBER * 1000 + i64::from(slot / 50) * 37,
        says: LiveValue::Stands {
            value: 3_000_000_000 - u64::from(slot) * 1_400_000,
            created_ms: None,
        },
    });
    let arrived = Timestamp::from_second(NOVEMBER).unwrap();
    let entry = LiveEntry::Arrived(LiveBatch {
        source: SourceId::new("main"),
        arrived,
        forgotten: Vec::new(),
        series: Vec::new(),
        samples: samples.collect(),
        readings: Vec::new(),
        newest_ms: Some(NOVEMBER * 1000),
    });
    let entries = [entry];
    store
        .append_with(&Default::default(), &[], &entries)
        .unwrap();
    drop(store);
    let store = Store::open(folder.path(), Access::Read).unwrap();
    assert_eq!(store.frames().frames[0].live, entries);
    drop(store);
    let database = rusqlite::Connection::open(folder.path().join("counts.db")).unwrap();
    let sql = "SELECT length(body) FROM frame";
    let bytes: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(bytes <= 5 * 2000 + 100, "{bytes}");
}
