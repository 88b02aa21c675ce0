//! A copy of a folder while others write to it, and the way back.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::check::Report;
use crate::codec::entry::Done;
use crate::db::Db;
use crate::error::Error;
use crate::made::{sync_folder, sync_to_root};
use crate::store::{Access, Store};

/// Copies a data folder as it is now, while another process or thread writes to it, and checks the copy. The copy
/// appears under its name once it is whole.
///
/// # Errors
/// [`Error::Missing`] if there is nothing to copy, [`Error::Occupied`] if something is in the way, and errors of the
/// disk. A copy of damaged files is made all the same: the report says so.
pub fn backup(from: &Path, to: &Path) -> Result<Report, Error> {
    copy_with(from, to, |_| Ok(()))
}

/// Makes a data folder of a backup, at an instant of the caller's clock; the record says so. The folder appears under its
/// name once it is whole, with that entry.
///
/// # Errors
/// As [`backup`].
pub fn restore(from: &Path, to: &Path, at: Timestamp) -> Result<Report, Error> {
    let done = Done::Restored {
        from: from.display().to_string(),
    };
    copy_with(from, to, |copy| {
        Store::open(copy, Access::Write)?.record(at, &done)?;
        Ok(())
    })
}

fn copy_with(
    from: &Path,
    to: &Path,
    finish: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<Report, Error> {
    let source = Store::open(from, Access::Read)?;
    if to.read_dir().is_ok_and(|mut files| files.next().is_some()) || to.is_file() {
        return Err(Error::Occupied {
            folder: to.to_owned(),
        });
    }
    let partial = partial_of(to);
    let failed = |error: &std::io::Error| Error::of_io(&partial, error);
    // What an earlier try left.
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(|error| failed(&error))?;
    }
    fs::create_dir_all(&partial).map_err(|error| failed(&error))?;
    if let Some(record) = &source.record {
        copy(record, &partial)?;
    }
    copy(&source.counts, &partial)?;
    let report = Store::open(&partial, Access::Read)?.check();
    // Reading makes a log; the copy has none.
    for name in [
        "counts.db-wal",
        "counts.db-shm",
        "record.db-wal",
        "record.db-shm",
    ] {
        let _ = fs::remove_file(partial.join(name));
    }
    finish(&partial)?;
    // Invariant: all that is in it is on disk before it has its name.
    sync_folder(&partial)?;
    fs::rename(&partial, to).map_err(|error| Error::of_io(to, &error))?;
    sync_to_root(to)?;
    Ok(report)
}

fn partial_of(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    to.with_file_name(name)
}

/// The state that the source's connection reads: a snapshot, whatever is written meanwhile.
fn copy(source: &Db, folder: &Path) -> Result<(), Error> {
    let path = folder.join(source.path.file_name().unwrap_or_default());
    let failed = |error: rusqlite::Error| Error::of_sql(&path, &error);
    let mut target = Connection::open(&path).map_err(failed)?;
    let backup = Backup::new(&source.connection, &mut target).map_err(failed)?;
    match backup.step(-1).map_err(failed)? {
        StepResult::Done => Ok(()),
        _ => Err(Error::Disk {
            file: source.path.clone(),
            why: "it is locked".to_owned(),
        }),
    }
}
