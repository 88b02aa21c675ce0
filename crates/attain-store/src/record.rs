//! The record: what was done, append-only, in a chain of hashes.
//!
//! Each entry holds the hash of the one before, so an edit shows at the next. counts.db remembers the last one's number
//! and hash, so an end that was cut off shows too, unless both files were cut.

use attain_model::facts::Damage;
use jiff::Timestamp;

use crate::codec::blob::{self, Kind};
use crate::codec::bytes::{Read, Reader, Writer};
use crate::codec::entry::{self, Done, Entry, GENESIS};
use crate::db::{Db, blob_at};
use crate::error::Error;
use crate::store::{Store, at_any_time};

/// What was done, and what of it is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Entries that are lost, and where the chain is broken.
    pub damage: Vec<Damage>,
}

const TRIES: usize = 100;

/// The end of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tip {
    number: u64,
    hash: [u8; 32],
}

impl Store {
    /// Records what was done at an instant of the caller's clock: durable on return. Returns the entry's number.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the last entry cannot be read, so that nothing can be chained to it, and errors of the
    /// disk: then nothing was recorded.
    pub fn record(&mut self, at: Timestamp, done: &Done) -> Result<u64, Error> {
        self.writer()?;
        let tip = self.tip()?;
        let number = tip.number + 1;
        let content = entry::encode(number, at, done, &tip.hash);
        let body = blob::wrap(Kind::Entry, &number.to_le_bytes(), &content, 3);
        if let Some(record) = &mut self.record {
            record.change(|change| {
                change.execute(
                    "INSERT INTO entry (number, body) VALUES (?1, ?2)",
                    (number as i64, &body),
                )
            })?;
        }
        self.anchor(Tip {
            number,
            hash: entry::hash(&content),
        });
        Ok(number)
    }

    /// Everything that was done, oldest first, with the chain verified.
    #[must_use]
    pub fn entries(&self) -> Entries {
        let mut read = Entries::default();
        let Some(record) = &self.record else {
            return read;
        };
        let sql = "SELECT number, body FROM entry ORDER BY number";
        let (rows, stopped) = record.rows(sql, [], |row| {
            Ok((row.get::<_, i64>(0)? as u64, blob_at(row, 1)?))
        });
        let mut last = Some(Tip {
            number: 0,
            hash: GENESIS,
        });
        for (number, body) in rows {
            let opened = blob::open(Kind::Entry, &number.to_le_bytes(), &body)
                .ok()
                .and_then(|content| Some((entry::decode(&content).ok()?, entry::hash(&content))));
            let Some(((before, entry), hash)) = opened else {
                read.lost(format!("entry {number} of record.db can no longer be read"));
                last = None;
                continue;
            };
            // After an entry that is lost nothing is known of the hash before.
            let fits = last.is_none_or(|tip| tip.hash == before && tip.number + 1 == number);
            if !fits {
                read.lost(format!(
                    "entry {number} of record.db does not follow the one before"
                ));
            }
            last = Some(Tip { number, hash });
            read.entries.push(entry);
        }
        if let Some(error) = stopped {
            read.lost(format!("record.db cannot be read to its end: {error}"));
        }
        let anchor = self.anchored();
        let end = read.entries.last().map_or(0, |entry| entry.number);
        match (anchor, last) {
            (Some(anchor), _) if anchor.number > end => read.lost(format!(
                "entries {} to {} of record.db are lost",
                end + 1,
                anchor.number
            )),
            (Some(anchor), Some(last))
                if anchor.number == last.number && anchor.hash != last.hash =>
            {
                read.lost(format!(
                    "entry {end} of record.db is not the one that was written"
                ));
            }
            _ => {}
        }
        read
    }

    /// The end of the chain; an end that was lost is not chained to.
    fn tip(&self) -> Result<Tip, Error> {
        let Some(record) = &self.record else {
            return Err(Error::ReadOnly {
                folder: self.folder.clone(),
            });
        };
        let sql = "SELECT number, body FROM entry ORDER BY number DESC LIMIT 1";
        let row = record.row(sql, [], |row| {
            Ok((row.get::<_, i64>(0)? as u64, blob_at(row, 1)?))
        })?;
        let anchor = self.anchored();
        let tip = match row {
            None => Some(Tip {
                number: 0,
                hash: GENESIS,
            }),
            Some((number, body)) => blob::open(Kind::Entry, &number.to_le_bytes(), &body)
                .ok()
                .map(|content| Tip {
                    number,
                    hash: entry::hash(&content),
                }),
        };
        tip.filter(|tip| anchor.is_none_or(|anchor| anchor.number <= tip.number))
            .ok_or_else(|| Error::Damaged {
                file: record.path.clone(),
                why: "its last entry is lost".to_owned(),
            })
    }

    fn anchored(&self) -> Option<Tip> {
        anchored(&self.counts)
    }

    /// Remembers it: no promise depends on it.
    fn anchor(&mut self, tip: Tip) {
        let mut writer = Writer::default();
        writer.number(tip.number);
        writer.raw(&tip.hash);
        let body = blob::wrap(Kind::Anchor, b"anchor", &writer.bytes, 1);
        let _: Result<usize, Error> = self.counts.jot(|change| {
            change.execute(
                "INSERT OR REPLACE INTO anchor (id, body) VALUES (1, ?1)",
                [&body],
            )
        });
    }
}

impl Entries {
    fn lost(&mut self, why: String) {
        self.damage.push(at_any_time(why));
    }
}

/// Reads both files again where an entry was recorded between the one and the other: counts.db remembers it, and the
/// record as it was read does not have it. What is lost is so each time.
pub(crate) fn read_together(record: &Db, counts: &Db) -> Result<(), Error> {
    // A writer that does nothing else gets in between once in some tries.
    for _ in 0..TRIES {
        let last: Option<i64> = record
            .row("SELECT max(number) FROM entry", [], |row| row.get(0))
            .unwrap_or(None)
            .flatten();
        let remembered = anchored(counts).map_or(0, |tip| tip.number);
        if remembered <= last.unwrap_or(0).unsigned_abs() {
            break;
        }
        // Invariant: the record first, as when they were opened.
        record.refresh()?;
        counts.refresh()?;
    }
    Ok(())
}

/// What counts.db remembers of the end of the chain.
fn anchored(counts: &Db) -> Option<Tip> {
    let sql = "SELECT body FROM anchor WHERE id = 1";
    let body = counts.row(sql, [], |row| blob_at(row, 0)).ok()??;
    let content = blob::open(Kind::Anchor, b"anchor", &body).ok()?;
    read_tip(&content).ok()
}

fn read_tip(content: &[u8]) -> Read<Tip> {
    let mut reader = Reader::new(content);
    let tip = Tip {
        number: reader.number()?,
        hash: reader.array()?,
    };
    reader.end()?;
    Ok(tip)
}
