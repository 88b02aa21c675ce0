//! One SQLite file: how it is opened, which format it has, and what its failures mean.

use std::fs::{self, File};
use std::io::ErrorKind;
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

impl Schema {
    pub(crate) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.name)
    }

    /// Whether the file is there. Without a byte it is not, whatever became of it.
    pub(crate) fn is_there(&self, folder: &Path) -> bool {
        has_bytes(&self.path(folder))
    }

    /// Whether what SQLite keeps beside the file is there: it would be taken for that of a new one.
    pub(crate) fn has_log(&self, folder: &Path) -> bool {
        has_bytes(&self.beside(folder, "-wal"))
    }

    /// That the file is there.
    pub(crate) fn expect(&self, folder: &Path) -> Result<(), Error> {
        if self.is_there(folder) {
            return Ok(());
        }
        Err(Error::Damaged {
            file: self.path(folder),
            why: "it is gone or empty".to_owned(),
        })
    }

    /// The name of a file that is not yet part of its folder.
    pub(crate) fn fresh_path(&self, folder: &Path) -> PathBuf {
        self.beside(folder, ".new")
    }

    /// Makes a fresh file, on disk when it returns, though not yet its name. Returns which folder it is of.
    pub(crate) fn make(&self, folder: &Path, identity: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        let path = self.fresh_path(folder);
        // What a try that was cut short left, and what SQLite keeps beside a file that is lost.
        for path in [&path, &self.beside(folder, "-journal")] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Error::of_io(path, &error));
                }
                _ => {}
            }
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Db::open(&path, flags)?;
        // Of a file that was cut short nothing is used: it is synced once, when it is whole.
        db.set("journal_mode", "OFF")?;
        db.commit_as("OFF")?;
        self.migrate(&mut db, 0, identity)?;
        let identity = db.identity()?;
        db.set("journal_mode", "WAL")?;
        db.close()?;
        let sync = File::open(&path).and_then(|file| file.sync_all());
        sync.map_err(|error| Error::of_io(&path, &error))?;
        Ok(identity)
    }

    fn beside(&self, folder: &Path, ending: &str) -> PathBuf {
        folder.join(format!("{}{ending}", self.name))
    }

    /// For reading: one state of the file as long as it stays open.
    pub(crate) fn read(&self, folder: &Path) -> Result<Db, Error> {
        self.expect(folder)?;
        let path = self.path(folder);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Db::open(&path, flags)?;
        // On a medium that cannot be written there is no shared memory for a log; without a log none is needed.
        let db = match db.snapshot() {
            Err(Error::Disk { .. } | Error::Denied { .. })
                if !folder.join(format!("{}-wal", self.name)).exists() =>
            {
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
        self.format(&db)?;
        Ok(db)
    }

    /// For writing; brought to the newest format. The caller saw that it is there.
    pub(crate) fn write(&self, folder: &Path) -> Result<Db, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Db::open(&self.path(folder), flags)?;
        let format = self.format(&db)?;
        db.set("journal_mode", "WAL")?;
        db.set("journal_size_limit", "67108864")?;
        db.commit_as("FULL")?;
        self.migrate(&mut db, format, None)?;
        Ok(db)
    }

    /// From a format to the newest; 0 is an empty file.
    fn migrate(&self, db: &mut Db, format: usize, identity: Option<&[u8]>) -> Result<(), Error> {
        let application = self.application;
        db.transact(|change| {
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
        })
    }

    /// The file's format.
    fn format(&self, db: &Db) -> Result<usize, Error> {
        let known = self.migrations.len();
        let application: i64 = db.pragma("application_id")?;
        let found: i64 = db.pragma("user_version")?;
        let tables: i64 = db
            .row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?
            .unwrap_or(0);
        match usize::try_from(found) {
            Ok(0) if application == 0 && tables == 0 => Err(Error::Damaged {
                file: db.path.clone(),
                why: "it is empty".to_owned(),
            }),
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

fn has_bytes(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.len() > 0)
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

    /// As dropping it, and says what went wrong.
    fn close(self) -> Result<(), Error> {
        let Self {
            connection, path, ..
        } = self;
        let closed = connection.close();
        closed.map_err(|(_, error)| Error::of_sql(&path, &error))
    }

    /// From here on this connection reads one state of the file.
    fn snapshot(&self) -> Result<(), Error> {
        self.connection
            .execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")
            .map_err(|error| self.failed(&error))
    }

    /// From here on it reads the state that the file has now.
    pub(crate) fn refresh(&self) -> Result<(), Error> {
        let ended = self.connection.execute_batch("COMMIT");
        ended.map_err(|error| self.failed(&error))?;
        self.snapshot()
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
