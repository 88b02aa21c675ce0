//! Backups while others write, the way back, retention, and merged pages.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use attain_model::{Interval, StreamKey};
use attain_store::{Access, Done, Error, Store, backup, restore};
use jiff::Timestamp;

use crate::folder::{GROUP, Model, Plain};
use crate::random::{NOVEMBER, Random};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOVEMBER + second).unwrap()
}

#[test]
fn a_backup_is_one_state_while_another_writes() {
    let base = crate::size::scratch();
    let folder = base.path().join("data");
    let mut writer = Store::open(&folder, Access::WriteOrCreate).unwrap();
    let is_done = AtomicBool::new(false);
    let written = std::thread::scope(|scope| {
        let copies = scope.spawn(|| {
            let mut copies = Vec::new();
            while !is_done.load(Ordering::Relaxed) && copies.len() < 200 {
                let to = base.path().join(format!("copy-{}", copies.len()));
                let report = backup(&folder, &to).unwrap();
                assert_eq!(report.damage, [], "{report:?}");
                copies.push(to);
            }
            copies
        });
        let mut random = Random::new(4);
        let mut models = vec![Model::default()];
        for step in 0..40 {
            let mut model = models[models.len() - 1].clone();
            if step % 4 == 3 {
                let (state, meter, streams) = (random.state(), random.meter(), random.streams());
                writer
                    .seal_with(&state, &meter, &streams, writer.last())
                    .unwrap();
                model.seal(&state, &meter, &streams, writer.last());
            } else {
                let (kept, deliveries, live) = (random.kept(), random.deliveries(), random.live());
                writer.append_with(&kept, &deliveries, &live).unwrap();
                model.append(&kept, &deliveries, &live);
            }
            models.push(model);
        }
        is_done.store(true, Ordering::Relaxed);
        (copies.join().unwrap(), models)
    });
    let (copies, models) = written;
    assert!(!copies.is_empty());
    for copy in copies {
        let store = Store::open(&copy, Access::Read).unwrap();
        let frames = store.frames().frames;
        let state = store.state().unwrap();
        let model = models
            .iter()
            .find(|model| model.frames == frames && model.state == state)
            .expect("a state that there was");
        model.assert_is(&store);
    }
}

/// The two files are not read at the same instant: what is recorded between is not taken for lost.
#[test]
fn a_reader_misses_no_entry_while_another_records() {
    let base = crate::size::scratch();
    let folder = base.path().join("data");
    let mut writer = Store::open(&folder, Access::WriteOrCreate).unwrap();
    std::thread::scope(|scope| {
        let recording = scope.spawn(|| {
            for second in 0..300 {
                let before = at(second);
                writer.record(before, &Done::Retained { before }).unwrap();
            }
        });
        let mut copies = 0;
        while !recording.is_finished() {
            let store = Store::open(&folder, Access::Read).unwrap();
            assert_eq!(store.entries().damage, []);
            let copy = base.path().join(format!("copy-{copies}"));
            assert_eq!(backup(&folder, &copy).unwrap().damage, []);
            copies += 1;
        }
        recording.join().unwrap();
    });
}

#[test]
fn a_restored_folder_is_the_same_and_says_where_it_is_from() {
    let base = crate::size::scratch();
    let (folder, copy, back) = (
        base.path().join("data"),
        base.path().join("copy"),
        base.path().join("back"),
    );
    let mut random = Random::new(6);
    let mut store = Store::open(&folder, Access::WriteOrCreate).unwrap();
    let mut model = Model::default();
    let (kept, deliveries, live) = (random.kept(), random.deliveries(), random.live());
    store.append_with(&kept, &deliveries, &live).unwrap();
    model.append(&kept, &deliveries, &live);
    let (state, meter, streams) = (random.state(), random.meter(), random.streams());
    store.seal_with(&state, &meter, &streams, 0).unwrap();
    model.seal(&state, &meter, &streams, 0);
    assert!(backup(&folder, &copy).unwrap().is_clean());
    assert!(matches!(
        backup(&folder, &copy),
        Err(Error::Occupied { .. })
    ));
    drop(store);
    assert!(restore(&copy, &back, at(7)).unwrap().is_clean());
    assert!(matches!(
        restore(&copy, &folder, at(7)),
        Err(Error::Occupied { .. })
    ));
    let store = Store::open(&back, Access::Read).unwrap();
    model.assert_is(&store);
    let entries = store.entries();
    assert_eq!(entries.damage, []);
    assert_eq!(entries.entries.len(), 1);
    assert_eq!(entries.entries[0].at, at(7));
    assert_eq!(
        entries.entries[0].done,
        Done::Restored {
            from: copy.display().to_string()
        }
    );
}

#[test]
fn whole_days_are_dropped_and_it_is_known_since_when() {
    const DAY: i64 = 86_400;
    let base = crate::size::scratch();
    let mut random = Random::new(8);
    let mut store = Store::open(base.path(), Access::WriteOrCreate).unwrap();
    let mut model = Model::default();
    for _ in 0..6 {
        let (state, meter, streams) = (random.state(), random.meter(), random.streams());
        store.seal_with(&state, &meter, &streams, 0).unwrap();
        model.seal(&state, &meter, &streams, 0);
    }
    // In the middle of the third day: two days go.
    store.retain(at(2 * DAY + 5000), at(9 * DAY)).unwrap();
    let since = at(2 * DAY);
    assert_eq!(store.since(), Some(since));
    model.retain(since);
    model.assert_is(&store);
    assert!(store.check().is_clean());
    // Dropping less than was dropped already brings nothing back.
    store.retain(at(DAY), at(9 * DAY)).unwrap();
    assert_eq!(store.since(), Some(since));
    store.retain(Timestamp::MAX, at(9 * DAY)).unwrap();
    assert_eq!(store.streams().count(), 0);
    drop(store);
    let store = Store::open(base.path(), Access::Read).unwrap();
    assert!(store.since() > Some(since));
    assert_eq!(store.entries().entries.len(), 3);
    assert!(store.check().is_clean());
}

#[test]
fn merged_pages_hold_the_same() {
    let base = crate::size::scratch();
    let mut random = Random::new(9);
    let mut store = Store::open(base.path(), Access::WriteOrCreate).unwrap();
    let mut model = Model::default();
    for _ in 0..12 {
        let (state, meter, streams) = (random.state(), random.meter(), random.streams());
        store.seal_with(&state, &meter, &streams, 0).unwrap();
        model.seal(&state, &meter, &streams, 0);
    }
    let before = store.size().pages;
    while store.compact().unwrap() {}
    assert!(store.size().pages < before, "{before}");
    model.assert_is(&store);
    assert!(store.check().is_clean());
    drop(store);
    model.assert_is(&Store::open(base.path(), Access::Read).unwrap());
}

#[test]
fn old_counts_become_coarser_and_none_is_lost() {
    let base = crate::size::scratch();
    let mut random = Random::new(10);
    let mut store = Store::open(base.path(), Access::WriteOrCreate).unwrap();
    let mut model = Model::default();
    for _ in 0..12 {
        let (state, meter, streams) = (random.state(), random.meter(), random.streams());
        store.seal_with(&state, &meter, &streams, 0).unwrap();
        model.seal(&state, &meter, &streams, 0);
    }
    let seconds = i64::from(model.state.slice_seconds);
    let keys: Vec<StreamKey> = model.streams.keys().cloned().collect();
    let coarser = crate::workload::coarser();
    while store.compact_with(Some(&coarser)).unwrap() {}
    // Those that stay as they are, and then the others.
    let before = coarser.before.as_second().div_euclid(seconds);
    let mut moved = 0;
    for key in &keys {
        let (facts, damage) = store.stream(key).unwrap();
        assert_eq!(damage, []);
        let (plain, all) = (Plain::of(&facts), &model.streams[key]);
        let spans: BTreeMap<&StreamKey, Interval> = store.streams().collect();
        let first = spans[key].start.as_second().div_euclid(seconds);
        let is_left = |slice: i64| {
            slice.div_euclid(GROUP) == first.div_euclid(GROUP)
                || slice.div_euclid(GROUP) >= before.div_euclid(GROUP)
        };
        for (cell, slice) in plain.on_time.keys() {
            let is_last = slice.rem_euclid(GROUP) == GROUP - 1;
            assert!(is_last || is_left(*slice), "{key:?} {cell:?} {slice}");
        }
        for ((cell, slice), events) in &all.on_time {
            let key = (cell.clone(), *slice);
            assert!(!is_left(*slice) || plain.on_time.get(&key) == Some(events));
        }
        let cells = plain.on_time.keys();
        moved += cells.filter(|cell| !all.on_time.contains_key(cell)).count();
    }
    assert!(moved > 20, "{moved}");
    model.is_coarse = true;
    model.assert_is(&store);
    assert!(store.check().is_clean());
    // Once it is done there is nothing to do, also for somebody who does not know.
    let generation = store.generation();
    drop(store);
    let mut store = Store::open(base.path(), Access::Write).unwrap();
    while store.compact_with(Some(&coarser)).unwrap() {}
    assert_eq!(store.generation(), generation);
    model.assert_is(&store);
}

#[test]
fn a_stretch_finds_coarse_counts_where_they_stand() {
    let base = crate::size::scratch();
    let mut random = Random::new(3);
    let mut store = Store::open(base.path(), Access::WriteOrCreate).unwrap();
    for _ in 0..12 {
        let (state, meter, streams) = (random.state(), random.meter(), random.streams());
        store.seal_with(&state, &meter, &streams, 0).unwrap();
    }
    for is_coarse in [false, true] {
        let keys: Vec<StreamKey> = store.streams().map(|(key, _)| key.clone()).collect();
        let seconds = i64::from(store.state().unwrap().slice_seconds);
        for key in keys {
            let (all, _) = store.stream(&key).unwrap();
            let all = Plain::of(&all);
            for _ in 0..20 {
                let mut edge = || NOVEMBER + random.rng.i64(-86_400..40 * 86_400);
                let (a, b) = (edge(), edge());
                let stretch = a.min(b)..a.max(b) + 1;
                let at = |second| Timestamp::from_second(second).unwrap();
                let interval = Interval {
                    start: at(stretch.start),
                    end: at(stretch.end),
                };
                let (within, damage) = store.stream_within(&key, interval).unwrap();
                assert_eq!(damage, []);
                let within = Plain::of(&within);
                for (cell, events) in &all.on_time {
                    let start = cell.1.saturating_mul(seconds);
                    let is_in =
                        start < stretch.end && stretch.start < start.saturating_add(seconds);
                    if is_in {
                        assert_eq!(
                            within.on_time.get(cell),
                            Some(events),
                            "{is_coarse} {cell:?}"
                        );
                    }
                }
                let has_points = !within.samples.is_empty() || !within.readings.is_empty();
                assert!(
                    !has_points || within == all,
                    "what samples mean rests on those before"
                );
            }
        }
        while store
            .compact_with(Some(&crate::workload::coarser()))
            .unwrap()
        {}
    }
}
