//! One writer, any number of readers, and formats of other versions.

use attain_store::{Access, Error, Store};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::folder::Model;
use crate::random::Random;

#[test]
fn a_second_writer_is_told_who_writes() {
    let base = crate::size::scratch();
    let folder = base.path().join("data");
    let first = Store::open(&folder, Access::WriteOrCreate).unwrap();
    let error = Store::open(&folder, Access::Write).unwrap_err();
    let expected = format!(
        "{}: process {} writes to it; wait until it ends",
        folder.display(),
        std::process::id()
    );
    assert_eq!(error.to_string(), expected);
    let reader = Store::open(&folder, Access::Read).unwrap();
    drop(first);
    Store::open(&folder, Access::Write).unwrap();
    drop(reader);
}

#[test]
fn a_reader_does_not_write() {
    let base = crate::size::scratch();
    let folder = base.path().join("data");
    assert!(matches!(
        Store::open(&folder, Access::Read),
        Err(Error::Missing { .. })
    ));
    assert!(matches!(
        Store::open(&folder, Access::Write),
        Err(Error::Missing { .. })
    ));
    assert!(!folder.exists());
    drop(Store::open(&folder, Access::WriteOrCreate).unwrap());
    let mut reader = Store::open(&folder, Access::Read).unwrap();
    let mut random = Random::new(1);
    let refused = reader.append(&random.kept(), &random.deliveries());
    assert!(matches!(refused, Err(Error::ReadOnly { .. })));
    let refused = reader.seal(&random.state(), &random.streams(), 0);
    assert!(matches!(refused, Err(Error::ReadOnly { .. })));
    let refused = reader.retain(Timestamp::MAX, Timestamp::MAX);
    assert!(matches!(refused, Err(Error::ReadOnly { .. })));
}

#[test]
fn a_reader_sees_one_state_whatever_is_written() {
    let base = crate::size::scratch();
    let folder = base.path().join("data");
    let mut random = Random::new(2);
    let mut writer = Store::open(&folder, Access::WriteOrCreate).unwrap();
    let mut model = Model::default();
    let (state, meter, streams) = (random.state(), random.meter(), random.streams());
    writer.seal_with(&state, &meter, &streams, 0).unwrap();
    model.seal(&state, &meter, &streams, 0);
    let reader = Store::open(&folder, Access::Read).unwrap();
    for _ in 0..3 {
        writer.append(&random.kept(), &random.deliveries()).unwrap();
        let last = writer.last();
        writer
            .seal(&random.state(), &random.streams(), last)
            .unwrap();
    }
    model.assert_is(&reader);
}

#[test]
fn a_newer_format_is_refused() {
    for name in ["counts.db", "record.db"] {
        let base = crate::size::scratch();
        let folder = base.path().join("data");
        drop(Store::open(&folder, Access::WriteOrCreate).unwrap());
        let file = Connection::open(folder.join(name)).unwrap();
        file.pragma_update(None, "user_version", 4).unwrap();
        drop(file);
        for access in [Access::Read, Access::Write] {
            let error = Store::open(&folder, access).unwrap_err().to_string();
            assert!(error.contains("format 4 is newer than 3"), "{error}");
        }
    }
}

#[test]
fn something_else_is_left_alone() {
    let base = crate::size::scratch();
    let file = Connection::open(base.path().join("counts.db")).unwrap();
    file.execute_batch("CREATE TABLE theirs (a)").unwrap();
    drop(file);
    for folder in [base.path().to_owned(), base.path().join("counts.db")] {
        for access in [Access::Read, Access::WriteOrCreate] {
            let error = Store::open(&folder, access).unwrap_err();
            assert!(matches!(error, Error::NotOurs { .. }), "{error}");
        }
    }
}

#[test]
fn slices_of_another_length_are_refused() {
    let base = crate::size::scratch();
    let mut random = Random::new(3);
    let mut store = Store::open(base.path(), Access::WriteOrCreate).unwrap();
    let mut state = random.state();
    store.seal(&state, &random.streams(), 0).unwrap();
    state.slice_seconds = 10;
    let error = store.seal(&state, &random.streams(), 0).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Slices {
                kept: 60,
                given: 10,
                ..
            }
        ),
        "{error}"
    );
    let error = store
        .seal(&random.state(), &random.streams(), 7)
        .unwrap_err();
    assert!(matches!(error, Error::Usage(_)), "{error}");
}

/// What a user is told who may not, as somebody who sees everything is never told.
#[test]
#[cfg(unix)]
fn what_may_only_be_read_is_read() {
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    let base = crate::size::scratch();
    let folder = base.path().join("data");
    let mut random = Random::new(6);
    let mut model = Model::default();
    let mut store = Store::open(&folder, Access::WriteOrCreate).unwrap();
    let (kept, deliveries, live) = (random.kept(), random.deliveries(), random.live());
    store.append_with(&kept, &deliveries, &live).unwrap();
    model.append(&kept, &deliveries, &live);
    drop(store);
    let allow = |what: &str, mode| {
        fs::set_permissions(folder.join(what), Permissions::from_mode(mode)).unwrap();
    };
    allow("lock", 0o444);
    allow("", 0o555);
    if File::create(folder.join("mine")).is_ok() {
        println!("skipped: this user may do anything");
        return;
    }
    model.assert_is(&Store::open(&folder, Access::Read).unwrap());
    let denied = |access| {
        let error = Store::open(&folder, access).unwrap_err();
        assert!(matches!(error, Error::Denied { .. }), "{error}");
    };
    denied(Access::Write);
    allow("counts.db", 0o000);
    denied(Access::Read);
    allow("", 0o000);
    denied(Access::Read);
    denied(Access::WriteOrCreate);
    allow("", 0o755);
    let inside = folder.join("inside");
    allow("", 0o555);
    let error = Store::open(&inside, Access::WriteOrCreate).unwrap_err();
    assert!(matches!(error, Error::Denied { .. }), "{error}");
    allow("", 0o755);
}
