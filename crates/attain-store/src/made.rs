//! How a data folder comes to be: it is there, or it is not.
//!
//! Both files are made whole under names that nobody reads. Then counts.db gets its name and, once that is on disk,
//! record.db its own. So a folder with record.db has, or had, counts.db too; and one with counts.db and a fresh record is
//! about to be there.
//!
//! Invariant: nothing is acknowledged before record.db has its name on disk. A folder with record.db is never made again.

use std::fs::{self, File};
use std::io::ErrorKind::{InvalidInput, Unsupported};
use std::path::Path;

use crate::db::{COUNTS, RECORD, Schema};
use crate::error::Error;

/// Whether there is a data folder, whatever has become of it since. A folder that is empty, or whose making was cut
/// short, is none.
pub(crate) fn is_made(folder: &Path) -> bool {
    // Invariant: asked in this order, because another process may be making it: it gives the names in this order.
    let has_counts = COUNTS.is_there(folder);
    let is_being_made = RECORD.fresh_path(folder).exists();
    let has_log = COUNTS.has_log(folder) || RECORD.has_log(folder);
    RECORD.is_there(folder) || has_log || has_counts && !is_being_made
}

/// Makes it, or ends what was begun. Who calls holds the lock.
pub(crate) fn make(folder: &Path) -> Result<(), Error> {
    if !COUNTS.is_there(folder) {
        let identity = RECORD.make(folder, None)?;
        COUNTS.make(folder, Some(&identity))?;
        sync_folder(folder)?;
        name(&COUNTS, folder)?;
    }
    sync_folder(folder)?;
    name(&RECORD, folder)
}

fn name(schema: &Schema, folder: &Path) -> Result<(), Error> {
    let path = schema.path(folder);
    fs::rename(schema.fresh_path(folder), &path).map_err(|error| Error::of_io(&path, &error))
}

/// Makes the names in a folder outlive a power loss.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    let sync = File::open(folder).and_then(|file| file.sync_all());
    sync.map_err(|error| Error::of_io(folder, &error))
}

/// And the folder's own name, and those of the folders around it that were made for it.
///
/// Invariant: done by each who writes, before anything is acknowledged. Who made the names may have been killed before.
pub(crate) fn sync_to_root(folder: &Path) -> Result<(), Error> {
    sync_folder(folder)?;
    for around in folder.ancestors().skip(1) {
        let around = if around.as_os_str().is_empty() {
            Path::new(".")
        } else {
            around
        };
        // It may belong to somebody else; then it was not made here.
        let Ok(names) = File::open(around) else {
            continue;
        };
        match names.sync_all() {
            // Not every file system has something to sync there.
            Err(error) if !matches!(error.kind(), InvalidInput | Unsupported) => {
                return Err(Error::of_io(around, &error));
            }
            _ => {}
        }
    }
    Ok(())
}
