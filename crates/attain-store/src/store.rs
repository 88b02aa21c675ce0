//! A data folder, open.
//!
//! Invariant: of the two heads (one in each file) the newest that can be read is what there should be. A sealing writes
//! counts.db first, so record.db may be one behind after a crash and never ahead: if it is ahead, counts.db has lost
//! what it acknowledged.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use attain_model::facts::{Damage, State};
use attain_model::live::MeterFacts;
use attain_model::{Interval, StreamKey};
use jiff::Timestamp;

use crate::codec::blob::{self, Digest, Kind};
use crate::codec::head::Head;
use crate::codec::state;
use crate::db::{COUNTS, Db, RECORD, blob_at};
use crate::error::{Error, unmade};
use crate::lock::Lock;
use crate::made;
use crate::record;

/// What a folder is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading: as it is now, whatever a writer does meanwhile; any number of readers. Nothing is written.
    Read,
    /// Writing: one at a time.
    Write,
    /// Writing; a folder that is not there is made.
    WriteOrCreate,
}

/// A data folder, open.
#[derive(Debug)]
pub struct Store {
    pub(crate) folder: PathBuf,
    pub(crate) counts: Db,
    /// `None` if it cannot be read; then the store is open for reading only.
    pub(crate) record: Option<Db>,
    pub(crate) lock: Option<Lock>,
    pub(crate) head: Head,
    pub(crate) next_frame: u64,
    /// What was wrong when it was opened.
    pub(crate) found: Vec<Damage>,
    /// The generation that record.db has a copy of; `None` if it has none that can be read.
    pub(crate) mirrored: Option<u64>,
    /// Pages that are known to hold no fine counts from before an instant, in seconds since 1970: see compact.rs.
    pub(crate) coarse: BTreeMap<u64, i64>,
}

impl Store {
    /// Opens a data folder.
    ///
    /// # Errors
    /// [`Error::Missing`] if there is none, [`Error::Locked`] if another process writes to it, [`Error::Newer`] if a
    /// newer version wrote it, [`Error::Damaged`] if neither file says what there should be, and errors of the disk.
    pub fn open(folder: &Path, access: Access) -> Result<Self, Error> {
        match access {
            Access::Read => Self::read(folder),
            Access::Write => Self::write(folder, false),
            Access::WriteOrCreate => Self::write(folder, true),
        }
    }

    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How often it was sealed.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.head.generation
    }

    /// Since when facts are kept: what lay before was dropped by [`Store::retain`]. `None` is since ever.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.head.since
    }

    /// The streams that have pages, each with the time from its first to its last fact.
    pub fn streams(&self) -> impl Iterator<Item = (&StreamKey, Interval)> {
        let streams = self.head.streams.iter();
        streams.map(|(key, listed)| (key, listed.span.interval()))
    }

    /// What was wrong with the folder when it was opened, beside what reading a stream or the frames tells.
    #[must_use]
    pub fn found(&self) -> &[Damage] {
        &self.found
    }

    /// What the ledger knew beside the counts when it was sealed last; empty before the first sealing.
    ///
    /// # Errors
    /// [`Error::Damaged`] if neither copy can be read: which origins were counted is not known then, and reading them
    /// again could count them twice.
    pub fn state(&self) -> Result<State, Error> {
        self.ledger_and_meter().map(|(state, _)| state)
    }

    /// What the meter knew when it was sealed last; empty where nothing live was counted.
    ///
    /// # Errors
    /// As [`Store::state`].
    pub fn meter(&self) -> Result<MeterFacts, Error> {
        self.ledger_and_meter().map(|(_, meter)| meter)
    }

    pub(crate) fn ledger_and_meter(&self) -> Result<(State, MeterFacts), Error> {
        if self.head.generation == 0 {
            return Ok(Default::default());
        }
        let body = self.state_blob()?;
        let name = self.head.generation.to_le_bytes();
        blob::open(Kind::State, &name, &body)
            .ok()
            .and_then(|content| state::decode(&content, blob::version(&body)).ok())
            .ok_or_else(|| self.no_state())
    }

    /// The blob of the state, from whichever file has it.
    pub(crate) fn state_blob(&self) -> Result<Vec<u8>, Error> {
        let name = self.head.generation.to_le_bytes();
        let generation = self.head.generation as i64;
        let files = [Some(&self.counts), self.record.as_ref()];
        files
            .into_iter()
            .flatten()
            .find_map(|db| {
                let sql = "SELECT state FROM head WHERE generation = ?1";
                let body = db.row(sql, [generation], |row| blob_at(row, 0)).ok()??;
                let fits = blob::digest(&body) == Some(self.head.state)
                    && blob::open(Kind::State, &name, &body).is_ok();
                fits.then_some(body)
            })
            .ok_or_else(|| self.no_state())
    }

    pub(crate) fn no_state(&self) -> Error {
        Error::Damaged {
            file: self.counts.path.clone(),
            why: "which origins were counted can no longer be read".to_owned(),
        }
    }

    pub(crate) fn writer(&self) -> Result<(), Error> {
        match &self.lock {
            Some(_) => Ok(()),
            None => Err(Error::ReadOnly {
                folder: self.folder.clone(),
            }),
        }
    }

    fn read(folder: &Path) -> Result<Self, Error> {
        is_a_folder(folder)?;
        if !made::is_made(folder) {
            return Err(missing(folder));
        }
        // The record first: its state may then be older than that of the counts, as after a crash, and never newer.
        let mut found = Vec::new();
        let record = match RECORD.read(folder) {
            Err(error @ (Error::Newer { .. } | Error::NotOurs { .. })) => return Err(error),
            record => record,
        };
        let counts = COUNTS.read(folder)?;
        let record = match record {
            Ok(record) => {
                record::read_together(&record, &counts)?;
                Some(record)
            }
            Err(error) => {
                let why = match error {
                    Error::Damaged { why, .. } => why,
                    other => other.to_string(),
                };
                found.push(at_any_time(format!(
                    "record.db cannot be read, so what counts.db lost may not show: {why}"
                )));
                None
            }
        };
        Self::assemble(folder, counts, record, None, found)
    }

    fn write(folder: &Path, create: bool) -> Result<Self, Error> {
        is_a_folder(folder)?;
        if !made::is_made(folder) {
            if !create {
                return Err(missing(folder));
            }
            fs::create_dir_all(folder).map_err(|error| unmade(folder, &error))?;
        }
        let lock = Lock::take(folder)?;
        // Another process may have made it while this one waited for its turn.
        if !made::is_made(folder) {
            made::make(folder)?;
        }
        made::sync_to_root(folder)?;
        // Invariant: of a folder that lost one of them nothing is touched. SQLite would throw away the log beside a file
        // without a byte, which may be all that is left.
        COUNTS.expect(folder)?;
        if let Err(lost) = RECORD.expect(folder) {
            // Unless it is not of ours at all.
            COUNTS.read(folder)?;
            return Err(lost);
        }
        let record = RECORD.write(folder)?;
        let counts = COUNTS.write(folder)?;
        let mut store = Self::assemble(folder, counts, Some(record), Some(lock), Vec::new())?;
        store.mirror();
        Ok(store)
    }

    fn assemble(
        folder: &Path,
        counts: Db,
        record: Option<Db>,
        lock: Option<Lock>,
        mut found: Vec<Damage>,
    ) -> Result<Self, Error> {
        if let Some(record) = &record
            && record.identity()? != counts.identity()?
        {
            return Err(Error::Mixed {
                folder: folder.to_owned(),
            });
        }
        let theirs = record.as_ref().map_or(Copy::Broken, Copy::of);
        let mirrored = match &theirs {
            Copy::Read(head, _) => Some(head.generation),
            Copy::None => Some(0),
            Copy::Broken => None,
        };
        let ours = Copy::of(&counts);
        let head = newest(&counts, ours, theirs, &mut found)?;
        let mut store = Self {
            folder: folder.to_owned(),
            counts,
            record,
            lock,
            head,
            next_frame: 0,
            found,
            mirrored,
            coarse: BTreeMap::new(),
        };
        store.next_frame = store.last_frame() + 1;
        Ok(store)
    }

    /// The number of the last frame that there ever was, as far as anything tells.
    fn last_frame(&self) -> u64 {
        let last = |db: &Db, sql: &str| -> u64 {
            let number: Option<i64> = db.row(sql, [], |row| row.get(0)).ok().flatten().flatten();
            // A number that damage made up must not use up the numbers.
            number
                .and_then(|number| u64::try_from(number).ok())
                .filter(|number| *number < 1 << 48)
                .unwrap_or(0)
        };
        let noted = self
            .record
            .as_ref()
            .map_or(0, |db| last(db, "SELECT max(frame) FROM noted"));
        last(&self.counts, "SELECT max(number) FROM frame")
            .max(noted)
            .max(self.head.through)
    }
}

/// That nothing else is in its place.
fn is_a_folder(folder: &Path) -> Result<(), Error> {
    if folder.is_file() {
        return Err(Error::NotOurs {
            file: folder.to_owned(),
        });
    }
    Ok(())
}

/// That there is no folder, or that nobody may tell.
fn missing(folder: &Path) -> Error {
    match RECORD.path(folder).metadata() {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Error::of_io(folder, &error),
        _ => Error::Missing {
            folder: folder.to_owned(),
        },
    }
}

pub(crate) fn at_any_time(why: String) -> Damage {
    Damage {
        stream: None,
        interval: None,
        why,
    }
}

/// The head that a file has.
enum Copy {
    /// It was never sealed.
    None,
    Read(Box<Head>, Digest),
    Broken,
}

impl Copy {
    fn of(db: &Db) -> Self {
        let sql = "SELECT generation, body FROM head ORDER BY generation DESC LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, blob_at(row, 1)?));
        match db.row(sql, [], read) {
            Ok(None) => Copy::None,
            Ok(Some((generation, body))) => {
                Self::decode(generation as u64, &body).unwrap_or(Copy::Broken)
            }
            Err(_) => Copy::Broken,
        }
    }

    fn decode(generation: u64, body: &[u8]) -> Option<Self> {
        let content = blob::open(Kind::Head, &generation.to_le_bytes(), body).ok()?;
        let head = Head::decode(&content).ok()?;
        let digest = blob::digest(body)?;
        (head.generation == generation).then(|| Copy::Read(Box::new(head), digest))
    }
}

/// What there should be.
fn newest(counts: &Db, ours: Copy, theirs: Copy, found: &mut Vec<Damage>) -> Result<Head, Error> {
    let damaged = |why: &str| Error::Damaged {
        file: counts.path.clone(),
        why: why.to_owned(),
    };
    let behind = "counts.db is older than record.db remembers: what was sealed last is lost";
    match (ours, theirs) {
        (Copy::None, Copy::None) => Ok(Head::default()),
        (Copy::Read(ours, a), Copy::Read(theirs, b)) => {
            if ours.generation == theirs.generation && a != b {
                return Err(damaged(
                    "its last sealing differs from what record.db remembers",
                ));
            }
            if theirs.generation > ours.generation {
                found.push(at_any_time(behind.to_owned()));
                return Ok(*theirs);
            }
            Ok(*ours)
        }
        (Copy::Read(ours, _), Copy::None | Copy::Broken) => Ok(*ours),
        (Copy::None, Copy::Read(theirs, _)) => {
            found.push(at_any_time(behind.to_owned()));
            Ok(*theirs)
        }
        (Copy::Broken, Copy::Read(theirs, _)) => {
            // A crash between the two files and damage to the newer of them: then there are pages that this head does
            // not know.
            let last: Option<i64> = counts
                .row("SELECT max(number) FROM page", [], |row| row.get(0))?
                .flatten();
            if last.is_some_and(|last| last >= theirs.next_page as i64) {
                return Err(damaged("what was sealed last can no longer be read"));
            }
            Ok(*theirs)
        }
        (Copy::Broken | Copy::None, Copy::None | Copy::Broken) => {
            Err(damaged("what was sealed can no longer be read"))
        }
    }
}
