//! Flips, zeroes and truncations anywhere: what comes back is what was written, or less and said so.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use attain_model::facts::{Damage, State, StreamFacts};
use attain_model::{Interval, StreamKey};
use attain_store::{Access, Done, Error, Store};
use fastrand::Rng;
use jiff::Timestamp;

use crate::folder::{Model, Plain};
use crate::random::{NOVEMBER, Random, SLICE};
use crate::size;

const SEED: u64 = 11;

/// Files of a folder, by name.
type Files = BTreeMap<String, Vec<u8>>;

fn files_of(folder: &Path) -> Files {
    fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap())
        .map(|file| {
            (
                file.file_name().into_string().unwrap(),
                fs::read(file.path()).unwrap(),
            )
        })
        .filter(|(name, _)| name.contains(".db") && !name.ends_with("-shm"))
        .collect()
}

fn write_files(folder: &Path, files: &Files) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).unwrap();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

/// A known folder: with its logs as a crash leaves them, and closed.
struct Known {
    crashed: Files,
    closed: Files,
    model: Model,
    entries: usize,
}

fn known(folder: &Path) -> Known {
    let mut random = Random::new(5);
    let mut store = Store::open(folder, Access::WriteOrCreate).unwrap();
    let mut model = Model::default();
    for round in 0..8 {
        for _ in 0..3 {
            let (kept, deliveries, live) = (random.kept(), random.deliveries(), random.live());
            store.append_with(&kept, &deliveries, &live).unwrap();
            model.append(&kept, &deliveries, &live);
        }
        if round < 6 {
            let (state, meter, streams) = (random.state(), random.meter(), random.streams());
            let through = store.last() - 1;
            store.seal_with(&state, &meter, &streams, through).unwrap();
            model.seal(&state, &meter, &streams, through);
        }
        let at = Timestamp::from_second(NOVEMBER + round).unwrap();
        let done = Done::Stated {
            period: "2026-10".to_owned(),
            hash: format!("{round}"),
        };
        store.record(at, &done).unwrap();
        if round == 4 {
            // A log that begins in the middle.
            drop(store);
            store = Store::open(folder, Access::Write).unwrap();
        }
    }
    let crashed = files_of(folder);
    drop(store);
    let closed = files_of(folder);
    assert!(
        closed.keys().all(|name| !name.ends_with("-wal")),
        "{:?}",
        closed.keys()
    );
    Known {
        crashed,
        closed,
        model,
        entries: 8,
    }
}

fn damage_a_file(rng: &mut Rng, files: &mut Files) -> String {
    let names: Vec<String> = files
        .iter()
        .filter(|(_, bytes)| !bytes.is_empty())
        .map(|(name, _)| name.clone())
        .collect();
    if names.is_empty() {
        return "nothing is left".to_owned();
    }
    let name = names[rng.usize(..names.len())].clone();
    let bytes = files.get_mut(&name).unwrap();
    // One in eight is about the header and the schema, where little damage does much.
    let reach = if rng.u8(..8) == 0 {
        bytes.len().min(200)
    } else {
        bytes.len()
    };
    let at = rng.usize(..reach);
    let what = match rng.u8(..4) {
        0 => {
            bytes[at] ^= 1 << rng.u8(..8);
            "flip"
        }
        1 => {
            for _ in 0..rng.usize(2..20) {
                let at = rng.usize(..reach);
                bytes[at] = rng.u8(..);
            }
            "scribble"
        }
        2 => {
            let end = (at + [1, 16, 512, 4096, 16384][rng.usize(..5)]).min(bytes.len());
            bytes[at..end].fill(0);
            "zeroes"
        }
        _ => {
            let at = if rng.bool() { at / 512 * 512 } else { at };
            bytes.truncate(at);
            "cut"
        }
    };
    format!("{name}: {what} at {at}")
}

fn covers(damage: &[Damage], key: &StreamKey, times: Interval) -> bool {
    damage.iter().any(|damage| {
        damage.stream.as_ref().is_none_or(|stream| stream == key)
            && damage
                .interval
                .is_none_or(|at| at.start <= times.start && times.end <= at.end)
    })
}

fn slice_interval(slice: i64) -> Interval {
    let time = |slice: i64| Timestamp::from_second(slice * i64::from(SLICE)).unwrap();
    Interval {
        start: time(slice),
        end: time(slice + 1),
    }
}

fn instant_interval(at: Timestamp) -> Interval {
    Interval { start: at, end: at }
}

/// All that is there was written; all that is not there is named.
fn check_values<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    what: &str,
    read: &BTreeMap<K, V>,
    wrote: &BTreeMap<K, V>,
    is_less: impl Fn(&V, &V) -> bool,
    is_named: impl Fn(&K) -> bool,
) {
    for (key, value) in read {
        let Some(written) = wrote.get(key) else {
            panic!("{what}: {key:?} was never written");
        };
        let is_fine = value == written || (is_less(value, written) && is_named(key));
        assert!(is_fine, "{what}: {key:?} is {value:?}, was {written:?}");
    }
    for key in wrote.keys() {
        assert!(
            read.contains_key(key) || is_named(key),
            "{what}: {key:?} is lost silently"
        );
    }
}

fn check_stream(
    what: &str,
    key: &StreamKey,
    facts: &StreamFacts,
    damage: &[Damage],
    wrote: &Plain,
) {
    let read = Plain::of(facts);
    check_values(
        what,
        &read.on_time,
        &wrote.on_time,
        |a, b| a < b,
        |(_, slice)| covers(damage, key, slice_interval(*slice)),
    );
    check_values(
        what,
        &read.late,
        &wrote.late,
        |a, b| a < b,
        |(_, slice, _)| covers(damage, key, slice_interval(*slice)),
    );
    // Of two samples at one instant the first counts: if its page is lost, the second may show.
    check_values(
        what,
        &read.samples,
        &wrote.samples,
        |_, _| true,
        |(.., at)| covers(damage, key, instant_interval(*at)),
    );
    check_values(
        what,
        &read.readings,
        &wrote.readings,
        |_, _| true,
        |(.., at)| covers(damage, key, instant_interval(*at)),
    );
}

/// How much came back: nothing, a part with what is lost, or everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    Nothing,
    Part,
    All,
}

/// Where both files are damaged, it is enough that opening says what may not show.
fn check_store(what: &str, store: &Store, model: &Model, entries: usize, damages: usize) -> Came {
    let mut came = Came::All;
    for (key, wrote) in &model.streams {
        let (facts, damage) = store.stream(key).unwrap();
        // Checksums alone say the same.
        assert_eq!(store.lost(key), damage);
        if !damage.is_empty() {
            came = Came::Part;
        }
        check_stream(what, key, &facts, &damage, wrote);
    }
    let frames = store.frames();
    for frame in &frames.frames {
        assert!(
            model.frames.contains(frame),
            "{what}: frame {} was never written",
            frame.number
        );
    }
    for frame in &model.frames {
        let times = frame.deliveries.iter().flat_map(|delivery| {
            let counted = delivery.counted.iter().map(|counted| counted.slice);
            counted.chain(delivery.samples.iter().map(|sample| sample.time))
        });
        let key = StreamKey::new("any");
        let is_warned = damages > 1 && !store.found().is_empty();
        let is_named = is_warned
            || !frames.damage.is_empty()
                && times
                    .into_iter()
                    .all(|time| covers(&frames.damage, &key, instant_interval(time)));
        assert!(
            frames.frames.contains(frame) || is_named,
            "{what}: frame {} is lost silently: {:?}",
            frame.number,
            frames.damage
        );
    }
    let read: State = match store.state() {
        Ok(state) => state,
        Err(_) => return Came::Nothing,
    };
    assert_eq!(read, model.state, "{what}");
    let kept = store.entries();
    assert!(
        kept.entries.len() == entries || !kept.damage.is_empty() || !store.found().is_empty(),
        "{what}: {} entries of {entries}",
        kept.entries.len()
    );
    if !frames.damage.is_empty() || !kept.damage.is_empty() || !store.found().is_empty() {
        came = Came::Part;
    }
    came
}

/// Opens a damaged folder, and if that can be, writes to it and reads it again.
fn try_case(what: &str, folder: &Path, known: &Known, random: &mut Random, damages: usize) -> Came {
    let came = match Store::open(folder, Access::Read) {
        Ok(store) => check_store(what, &store, &known.model, known.entries, damages),
        Err(error) => {
            check_error(what, &error);
            return Came::Nothing;
        }
    };
    let mut store = match Store::open(folder, Access::Write) {
        Ok(store) => store,
        Err(error) => {
            check_error(what, &error);
            return came;
        }
    };
    let mut model = known.model.clone();
    let (kept, deliveries, live) = (random.kept(), random.deliveries(), random.live());
    if store.append_with(&kept, &deliveries, &live).is_ok() {
        model.append(&kept, &deliveries, &live);
    }
    let (state, meter, streams) = (random.state(), random.meter(), random.streams());
    let through = store.last();
    match store.seal_with(&state, &meter, &streams, through) {
        Ok(()) => model.seal(&state, &meter, &streams, through),
        Err(error) => check_error(what, &error),
    }
    check_store(
        &format!("{what}, written to"),
        &store,
        &model,
        known.entries,
        damages,
    );
    drop(store);
    if let Ok(store) = Store::open(folder, Access::Read) {
        check_store(
            &format!("{what}, reopened"),
            &store,
            &model,
            known.entries,
            damages,
        );
    }
    came
}

/// Says what to do.
fn check_error(what: &str, error: &Error) {
    let text = error.to_string();
    let is_clear = [
        "restore",
        "not a data folder",
        "update attain",
        "see the system's log",
        // Where both files are empty.
        "no data folder",
    ]
    .iter()
    .any(|hint| text.contains(hint));
    assert!(is_clear, "{what}: {text}");
}

#[test]
fn damage_is_never_silent() {
    let base = crate::size::scratch();
    let known = known(&base.path().join("known"));
    let folder = base.path().join("data");
    let cases = size::cases(500, 10_000);
    let mut rng = Rng::with_seed(SEED);
    let mut random = Random::new(SEED);
    let mut came = BTreeMap::new();
    for case in 0..cases {
        let mut files = match case % 2 {
            0 => known.crashed.clone(),
            _ => known.closed.clone(),
        };
        let what = format!("case {case}: {}", damage_a_file(&mut rng, &mut files));
        write_files(&folder, &files);
        let got = try_case(&what, &folder, &known, &mut random, 1);
        *came.entry(got).or_insert(0_u64) += 1;
    }
    println!("{came:?}");
    // Most damage takes a part.
    assert!(came[&Came::Nothing] < cases / 3, "{came:?}");
    size::said(cases, cases, SEED);
}

/// Two to four times, in either file or both, after the folder was closed.
#[test]
fn damage_to_both_files_is_never_silent() {
    let base = crate::size::scratch();
    let known = known(&base.path().join("known"));
    let folder = base.path().join("data");
    let mut rng = Rng::with_seed(SEED);
    let mut random = Random::new(SEED);
    for case in 0..size::cases(200, 5000) {
        let mut files = known.closed.clone();
        let mut what = format!("case {case}");
        let damages = rng.usize(2..=4);
        for _ in 0..damages {
            what = format!("{what}, {}", damage_a_file(&mut rng, &mut files));
        }
        write_files(&folder, &files);
        try_case(&what, &folder, &known, &mut random, damages);
    }
}

/// Each byte of both headers, inverted.
#[test]
fn damaged_headers_are_never_silent() {
    let base = crate::size::scratch();
    let known = known(&base.path().join("known"));
    let folder = base.path().join("data");
    let mut random = Random::new(SEED);
    for name in ["counts.db", "record.db"] {
        for at in 0..100 {
            let mut files = known.closed.clone();
            files.get_mut(name).unwrap()[at] ^= 0xff;
            write_files(&folder, &files);
            try_case(
                &format!("{name}: byte {at}"),
                &folder,
                &known,
                &mut random,
                1,
            );
        }
    }
}

/// A file that is gone, or of another folder.
#[test]
fn a_file_that_is_gone_is_missed() {
    let base = crate::size::scratch();
    let known = known(&base.path().join("known"));
    let folder = base.path().join("data");
    let mut files = known.closed.clone();
    files.remove("counts.db");
    write_files(&folder, &files);
    for access in [Access::Read, Access::Write, Access::WriteOrCreate] {
        let error = Store::open(&folder, access).unwrap_err();
        assert!(
            matches!(error, Error::Damaged { .. } | Error::Disk { .. }),
            "{error}"
        );
    }
    let mut files = known.closed.clone();
    files.remove("record.db");
    write_files(&folder, &files);
    let error = Store::open(&folder, Access::WriteOrCreate).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    let store = Store::open(&folder, Access::Read).unwrap();
    assert_eq!(store.found().len(), 1);
    let other = base.path().join("other");
    drop(Store::open(&other, Access::WriteOrCreate).unwrap());
    files.insert(
        "record.db".to_owned(),
        fs::read(other.join("record.db")).unwrap(),
    );
    write_files(&folder, &files);
    let error = Store::open(&folder, Access::Read).unwrap_err();
    assert!(matches!(error, Error::Mixed { .. }), "{error}");
}

/// Whatever a folder held, and whatever a power loss took of the record's newest notes: once it was made, it is not made
/// again, and what is left of it stays as it is.
#[test]
fn a_folder_that_was_there_is_not_made_anew() {
    let base = crate::size::scratch();
    let folder = base.path().join("data");
    let mut random = Random::new(SEED);
    let mut store = Store::open(&folder, Access::WriteOrCreate).unwrap();
    let made = files_of(&folder);
    let (kept, deliveries, live) = (random.kept(), random.deliveries(), random.live());
    store.append_with(&kept, &deliveries, &live).unwrap();
    let used = files_of(&folder);
    drop(store);
    let closed = files_of(&folder);
    for (when, files) in [("made", made), ("used", used), ("closed", closed)] {
        for gone in [
            &["counts.db", "counts.db-wal", "record.db-wal"][..],
            &["counts.db", "counts.db-wal"],
            &["counts.db"],
            &["record.db", "record.db-wal"],
            &["counts.db", "record.db"],
        ] {
            let mut rest = files.iter();
            let is_any_left =
                rest.any(|(name, bytes)| !gone.contains(&name.as_str()) && !bytes.is_empty());
            for is_emptied in [false, true] {
                let mut left = files.clone();
                for name in gone {
                    match left.get_mut(*name) {
                        Some(bytes) if is_emptied => bytes.clear(),
                        _ => drop(left.remove(*name)),
                    }
                }
                write_files(&folder, &left);
                let what = format!("{when}, without {gone:?}, emptied: {is_emptied}");
                if !is_any_left {
                    let error = Store::open(&folder, Access::Write).unwrap_err();
                    assert!(matches!(error, Error::Missing { .. }), "{what}: {error}");
                    continue;
                }
                for access in [Access::Write, Access::WriteOrCreate] {
                    let error = Store::open(&folder, access).unwrap_err();
                    assert!(matches!(error, Error::Damaged { .. }), "{what}: {error}");
                    let mut after = files_of(&folder);
                    // Who looks into a file makes a log for it, without a byte.
                    after.retain(|_, bytes| !bytes.is_empty());
                    left.retain(|_, bytes| !bytes.is_empty());
                    assert!(after == left, "{what}: something was changed");
                }
            }
        }
    }
}
