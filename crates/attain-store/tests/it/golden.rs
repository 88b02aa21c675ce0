//! Folders of released formats stay readable, and writable, forever.
//!
//! A folder of `testdata` is never made again; `contents.txt` in it says in words what it holds and follows the names
//! of the model: `UPDATE_EXPECT=1` rewrites it, and the difference is reviewed. A new format adds a folder.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use attain_model::live::MeterFacts;
use attain_store::{Access, Store};

use crate::random::Random;
use crate::{size, workload};

const FORMATS: [&str; 3] = ["folder-v1", "folder-v2", "folder-v3"];

fn is_update() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

fn copy_of(name: &str, to: &Path) -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name);
    for file in ["counts.db", "record.db"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    from.join("contents.txt")
}

fn contents(store: &Store) -> String {
    let mut text = String::new();
    for (key, interval) in store.streams() {
        let (facts, damage) = store.stream(key).unwrap();
        assert_eq!(damage, []);
        let _ = writeln!(text, "stream {key:?} {interval:?}");
        facts
            .columns
            .iter()
            .for_each(|column| writeln!(text, "  {column:?}").unwrap());
        facts
            .series
            .iter()
            .for_each(|series| writeln!(text, "  {series:?}").unwrap());
        facts
            .gauges
            .iter()
            .for_each(|gauge| writeln!(text, "  {gauge:?}").unwrap());
    }
    let _ = writeln!(text, "{:#?}", store.state().unwrap());
    let meter = store.meter().unwrap();
    if meter != MeterFacts::default() {
        let _ = writeln!(text, "{meter:#?}");
    }
    for frame in store.frames().frames {
        let _ = writeln!(text, "{frame:?}");
    }
    for entry in store.entries().entries {
        let _ = writeln!(text, "{entry:?}");
    }
    let _ = writeln!(
        text,
        "since {:?}, generation {}",
        store.since(),
        store.generation()
    );
    text
}

#[test]
fn released_formats_stay_readable() {
    for name in FORMATS {
        let folder = size::scratch();
        let expected = copy_of(name, folder.path());
        let store = Store::open(folder.path(), Access::Read).unwrap();
        assert!(store.check().is_clean(), "{:?}", store.check());
        let text = contents(&store);
        drop(store);
        if is_update() {
            fs::write(&expected, &text).unwrap();
        }
        assert!(
            text == fs::read_to_string(&expected).unwrap(),
            "{}",
            expected.display()
        );
        // And writable: what was there stays.
        let mut store = Store::open(folder.path(), Access::Write).unwrap();
        assert_eq!(contents(&store), text);
        let mut random = Random::new(1);
        store.append(&random.kept(), &random.deliveries()).unwrap();
        let last = store.last();
        store
            .seal(&random.state(), &random.streams(), last)
            .unwrap();
        assert!(store.check().is_clean());
    }
}

/// Makes the folder of the newest format where it is missing, and only then.
#[test]
fn the_newest_format_has_a_folder() {
    let name = FORMATS[FORMATS.len() - 1];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name);
    if !folder.exists() && is_update() {
        let made = size::scratch();
        let mut store = None;
        for step in workload::steps(41, 2) {
            workload::run(made.path(), &mut store, &step).unwrap();
        }
        drop(store);
        fs::create_dir_all(&folder).unwrap();
        for file in ["counts.db", "record.db"] {
            fs::copy(made.path().join(file), folder.join(file)).unwrap();
        }
    }
    assert!(
        folder.join("counts.db").exists(),
        "UPDATE_EXPECT=1 makes {}",
        folder.display()
    );
}
