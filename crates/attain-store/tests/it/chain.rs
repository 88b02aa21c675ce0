//! The record: what is edited, removed, moved or cut off shows.

use std::path::Path;

use attain_store::{Access, Done, Entries, Input, Store, Text};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::random::NOVEMBER;
use crate::size;

fn things() -> Vec<Done> {
    let text = |path: &str, text: &str| Text {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    vec![
        Done::catalogue(vec![text("a.yaml", "slo: 99%"), text("ö/b.yaml", "")]),
        Done::Replayed {
            inputs: vec![Input {
                path: "access.log".to_owned(),
                source: "access".to_owned(),
                origin: "4096-abc".to_owned(),
                lines: 12,
            }],
            lines: 12,
            unparsed: 1,
        },
        Done::Stated {
            period: "2026-10".to_owned(),
            hash: "ab".to_owned(),
        },
        Done::Restored {
            from: "/backup".to_owned(),
        },
        Done::Stated {
            period: "2026-11".to_owned(),
            hash: "cd".to_owned(),
        },
    ]
}

fn recorded(folder: &Path, hash: &str) {
    let mut store = Store::open(folder, Access::WriteOrCreate).unwrap();
    for (at, done) in (NOVEMBER..).zip(things()) {
        let at = Timestamp::from_second(at).unwrap();
        store.record(at, &done).unwrap();
    }
    let done = Done::Stated {
        period: "2026-12".to_owned(),
        hash: hash.to_owned(),
    };
    store.record(Timestamp::MAX, &done).unwrap();
}

fn after(sql: &str) -> Entries {
    let base = size::scratch();
    let (folder, other) = (base.path().join("data"), base.path().join("other"));
    recorded(&folder, "ef");
    recorded(&other, "another");
    let file = Connection::open(folder.join("record.db")).unwrap();
    file.execute(
        "ATTACH ?1 AS other",
        [other.join("record.db").to_str().unwrap()],
    )
    .unwrap();
    file.execute_batch(sql).unwrap();
    drop(file);
    Store::open(&folder, Access::Read).unwrap().entries()
}

#[test]
fn what_was_done_is_read_back() {
    let read = after("");
    assert_eq!(read.damage, []);
    let done: Vec<Done> = read
        .entries
        .iter()
        .map(|entry| entry.done.clone())
        .collect();
    assert_eq!(done[..5], things());
    assert_eq!(
        read.entries
            .iter()
            .map(|entry| entry.number)
            .collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6]
    );
    // By `sha256sum` over 8 bytes of length and the text, of each path and each file.
    let Done::Catalogue { sha256, .. } = &done[0] else {
        panic!("{:?}", done[0]);
    };
    assert_eq!(
        sha256,
        "294b1c37312c1546643661b76e05cc5d26cbe0f7e51d2ae9006e93827d860335"
    );
}

#[test]
fn tampering_shows() {
    for (sql, expected) in [
        (
            "DELETE FROM entry WHERE number = 3",
            "entry 4 of record.db does not follow the one before",
        ),
        (
            "DELETE FROM entry WHERE number = 1",
            "entry 2 of record.db does not follow the one before",
        ),
        (
            "DELETE FROM entry WHERE number = 6",
            "entries 6 to 6 of record.db are lost",
        ),
        (
            "DELETE FROM entry WHERE number > 2",
            "entries 3 to 6 of record.db are lost",
        ),
        ("DELETE FROM entry", "entries 1 to 6 of record.db are lost"),
        (
            "UPDATE entry SET body = (SELECT body FROM entry WHERE number = 2) WHERE number = 5",
            "entry 5 of record.db can no longer be read",
        ),
        (
            "UPDATE entry SET number = 9 WHERE number = 5",
            "entry 9 of record.db can no longer be read",
        ),
        (
            "UPDATE entry SET body = substr(body, 1, length(body) - 1) || 'x' WHERE number = 3",
            "entry 3 of record.db can no longer be read",
        ),
        (
            // Whole, and of another folder.
            "UPDATE entry SET body = (SELECT body FROM other.entry WHERE number = 6) WHERE number = 6",
            "entry 6 of record.db is not the one that was written",
        ),
    ] {
        let read = after(sql);
        let said: Vec<&str> = read
            .damage
            .iter()
            .map(|damage| damage.why.as_str())
            .collect();
        assert!(said.contains(&expected), "{sql}: {said:?}");
    }
}

/// An end that is lost is not written over.
#[test]
fn nothing_is_chained_to_a_lost_end() {
    let base = size::scratch();
    let folder = base.path().join("data");
    recorded(&folder, "ef");
    let file = Connection::open(folder.join("record.db")).unwrap();
    file.execute_batch("DELETE FROM entry WHERE number = 6")
        .unwrap();
    drop(file);
    let mut store = Store::open(&folder, Access::Write).unwrap();
    let error = store
        .record(Timestamp::MAX, &things()[2])
        .unwrap_err()
        .to_string();
    assert!(error.contains("its last entry is lost"), "{error}");
}
