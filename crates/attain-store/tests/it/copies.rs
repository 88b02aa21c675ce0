//! Backups while others write, the way back, retention, and merged pages.

use std::sync::atomic::{AtomicBool, Ordering};

use attain_store::{Access, Done, Error, Store, backup, restore};
use jiff::Timestamp;

use crate::folder::Model;
use crate::random::{NOVEMBER, Random, SLICE};

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
    let first = since.as_second() / i64::from(SLICE);
    for plain in model.streams.values_mut() {
        plain.on_time.retain(|(_, slice), _| *slice >= first);
        plain.late.retain(|(_, slice, _), _| *slice >= first);
        plain.samples.retain(|(.., time), _| *time >= since);
        plain.readings.retain(|(.., time), _| *time >= since);
    }
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
