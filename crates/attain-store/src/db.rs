//! One SQLite file: how it is opened, which format it has, and what its failures mean.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{
    Connection, OpenFlags, OptionalExtension as _, Params, Row, Transaction, TransactionBehavior,
};

use crate::error::Error;

/// What makes a file of ours.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) name: &'static str,
    application: i64,
    /// What leads from each format to the next: the first makes format 1 of an empty file.
    ///
    /// Invariant: a migration is never edited once it was released; a new format is one more of them.
    migrations: &'static [&'static str],
}

/// What was counted.
pub(crate) const COUNTS: Schema = Schema {
    name: "counts.db",
    application: 0x6174_7443,
    migrations: &[
        "
        CREATE TABLE meta (folder BLOB NOT NULL);
        CREATE TABLE frame (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE page (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE manifest (stream INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE head (generation INTEGER PRIMARY KEY, body BLOB NOT NULL, state BLOB NOT NULL);
        CREATE TABLE anchor (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
    ",
        LIVE,
        MARKS,
    ],
};

/// What was done, and what counts.db should hold.
pub(crate) const RECORD: Schema = Schema {
    name: "record.db",
    application: 0x6174_7452,
    migrations: &[
        "
        CREATE TABLE meta (folder BLOB NOT NULL);
        CREATE TABLE entry (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE noted (frame INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE manifest (stream INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE head (generation INTEGER PRIMARY KEY, body BLOB NOT NULL, state BLOB NOT NULL);
    ",
        LIVE,
        MARKS,
    ],
};

/// From format 2 on a frame may end with live entries and a state with what a meter knows. The tables stay; what knows
/// format 1 alone must not take such a blob for a damaged one.
const LIVE: &str = "";

/// From format 3 on frames and states are of version 2: they have marks of what was read.
const MARKS: &str = "";

/// An open file.
#[derive(Debug)]
pub(crate) struct Db {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    /// How carefully it commits, as it was told last; `None` if that is not known.
    synchronous: Option<&'static str>,
}

/// What a file looks like before it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Not there, or without a byte.
    Empty,
    /// There.
    Present,
}

impl Schema {
    pub(crate) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.name)
    }

    pub(crate) fn seen(&self, folder: &Path) -> Seen {
        let with_bytes = |path: PathBuf| path.metadata().is_ok_and(|file| file.len() > 0);
        let log = folder.join(format!("{}-wal", self.name));
        if with_bytes(self.path(folder)) || with_bytes(log) {
            Seen::Present
        } else {
            Seen::Empty
        }
    }

    /// Whether the file is not there, or was never made.
    pub(crate) fn is_unmade(&self, folder: &Path) -> bool {
        self.seen(folder) == Seen::Empty
            || self.is_being_made(folder)
            || matches!(self.read(folder), Ok(None))
    }

    /// Whether the first bytes of the file may be half there. Only who writes can say: a reader may not undo them.
    ///
    /// Invariant: there is a journal only until the file has its log, which is before anything is in it.
    fn is_being_made(&self, folder: &Path) -> bool {
        let journal = folder.join(format!("{}-journal", self.name));
        journal.metadata().is_ok_and(|file| file.len() > 0)
    }

    /// For reading: one state of the file as long as it stays open. `None` if the file is there and was never made.
    pub(crate) fn read(&self, folder: &Path) -> Result<Option<Db>, Error> {
        let path = self.path(folder);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Db::open(&path, flags)?;
        // On a medium that cannot be written there is no shared memory for a log; without a log none is needed.
        let db = match db.snapshot() {
            Err(Error::Disk { .. }) if !folder.join(format!("{}-wal", self.name)).exists() => {
                let uri = format!("file:{}?immutable=1", escaped(&path));
                let db = Db::open_as(&path, Path::new(&uri), flags | OpenFlags::SQLITE_OPEN_URI)?;
                db.snapshot()?;
                db
            }
            snapshot => {
                snapshot?;
                db
            }
        };
        let format = self.format(&db)?;
        Ok((format > 0).then_some(db))
    }

    /// For writing; brought to the newest format. An empty file is one that was lost unless it may be made.
    pub(crate) fn write(
        &self,
        folder: &Path,
        identity: Option<&[u8]>,
        may_make: bool,
    ) -> Result<Db, Error> {
        let path = self.path(folder);
        let lost = || Error::Damaged {
            file: path.clone(),
            why: "it is gone or empty".to_owned(),
        };
        if !may_make && self.seen(folder) == Seen::Empty {
            return Err(lost());
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Db::open(&path, flags)?;
        let format = self.format(&db)?;
        if format == 0 && !may_make {
            return Err(lost());
        }
        db.set("journal_mode", "WAL")?;
        db.set("journal_size_limit", "67108864")?;
        let application = self.application;
        db.change(|change| {
            for (from, migration) in self.migrations.iter().enumerate().skip(format) {
                change.execute_batch(migration)?;
                change.pragma_update(None, "application_id", application)?;
                change.pragma_update(None, "user_version", from as i64 + 1)?;
                if from == 0 {
                    change.execute(
                        "INSERT INTO meta (folder) VALUES (coalesce(?1, randomblob(16)))",
                        [identity],
                    )?;
                }
            }
            Ok(())
        })?;
        Ok(db)
    }

    /// The file's format; 0 is an empty file.
    fn format(&self, db: &Db) -> Result<usize, Error> {
        let known = self.migrations.len();
        let application: i64 = db.pragma("application_id")?;
        let found: i64 = db.pragma("user_version")?;
        let tables: i64 = db
            .row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?
            .unwrap_or(0);
        match usize::try_from(found) {
            Ok(0) if application == 0 && tables == 0 => Ok(0),
            _ if application != self.application => Err(Error::NotOurs {
                file: db.path.clone(),
            }),
            Ok(format) if (1..=known).contains(&format) => Ok(format),
            Ok(format) if format > known => Err(Error::Newer {
                file: db.path.clone(),
                found,
                known: known as i64,
            }),
            _ => Err(Error::Damaged {
                file: db.path.clone(),
                why: format!("it says it has format {found}"),
            }),
        }
    }
}

fn escaped(path: &Path) -> String {
    path.to_string_lossy()
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23")
}

impl Db {
    fn open(path: &Path, flags: OpenFlags) -> Result<Self, Error> {
        Self::open_as(path, path, flags)
    }

    fn open_as(path: &Path, name: &Path, flags: OpenFlags) -> Result<Self, Error> {
        let failed = |error: rusqlite::Error| Error::of_sql(path, &error);
        let connection = Connection::open_with_flags(name, flags).map_err(failed)?;
        connection
            .busy_timeout(Duration::from_secs(10))
            .map_err(failed)?;
        let db = Self {
            connection,
            path: path.to_owned(),
            synchronous: None,
        };
        // A page whose cells cannot be right is an error, not rows that are not there.
        db.set("cell_size_check", "ON")?;
        db.set("trusted_schema", "OFF")?;
        Ok(db)
    }

    /// From here on this connection reads one state of the file.
    fn snapshot(&self) -> Result<(), Error> {
        self.connection
            .execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")
            .map_err(|error| self.failed(&error))
    }

    pub(crate) fn failed(&self, error: &rusqlite::Error) -> Error {
        Error::of_sql(&self.path, error)
    }

    pub(crate) fn set(&self, pragma: &str, value: &str) -> Result<(), Error> {
        self.connection
            .pragma_update(None, pragma, value)
            .map_err(|error| self.failed(&error))
    }

    pub(crate) fn pragma(&self, pragma: &str) -> Result<i64, Error> {
        self.connection
            .pragma_query_value(None, pragma, |row| row.get(0))
            .map_err(|error| self.failed(&error))
    }

    /// The first row, if there is one.
    pub(crate) fn row<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Error> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(parameters, read).optional())
            .map_err(|error| self.failed(&error))
    }

    /// All rows up to the first that cannot be read; and what stopped it.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> (Vec<T>, Option<Error>) {
        let mut taken = Vec::new();
        let all = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(parameters)?;
            while let Some(row) = rows.next()? {
                taken.push(read(row)?);
            }
            Ok(())
        };
        let stopped = all().err().map(|error| self.failed(&error));
        (taken, stopped)
    }

    /// One transaction: all of it, or nothing; on disk when it returns.
    pub(crate) fn change<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        self.commit_as("FULL")?;
        self.transact(change)
    }

    /// One transaction that need not outlive a power loss.
    pub(crate) fn jot<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        self.commit_as("NORMAL")?;
        self.transact(change)
    }

    /// How the next transaction is to be committed.
    ///
    /// Invariant: said whenever it may be otherwise, so that no jotting before it, however it ended, is what decides.
    fn commit_as(&mut self, synchronous: &'static str) -> Result<(), Error> {
        if self.synchronous != Some(synchronous) {
            self.synchronous = None;
            self.set("synchronous", synchronous)?;
            self.synchronous = Some(synchronous);
        }
        Ok(())
    }

    fn transact<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let Self {
            connection, path, ..
        } = self;
        let run = || {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = change(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        run().map_err(|error| Error::of_sql(path, &error))
    }

    /// Which folder the file belongs to.
    pub(crate) fn identity(&self) -> Result<Vec<u8>, Error> {
        self.row("SELECT folder FROM meta", [], |row| row.get(0))?
            .ok_or_else(|| Error::Damaged {
                file: self.path.clone(),
                why: "it does not say which folder it belongs to".to_owned(),
            })
    }
}

/// The bytes of a column. What damage made of another type is no blob of ours: it will not open.
pub(crate) fn blob_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(row.get_ref(column)?.as_blob().unwrap_or_default().to_vec())
}
