//! What can go wrong with a data folder, and what to do next.

use std::fs::OpenOptions;
use std::io;
use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
use std::path::{Path, PathBuf};
use std::time::Duration;

use attain_model::quantity::duration_text;
use rusqlite::ErrorCode;

/// An operation on a data folder failed. What was acknowledged before stays; the store can be used again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no data folder.
    #[error("{}: no data folder; `attain replay --data` makes one", folder.display())]
    Missing {
        /// Where one was looked for.
        folder: PathBuf,
    },
    /// Something else is where a data folder should be.
    #[error("{}: not a data folder of attain; name an empty folder, or one that does not exist yet", file.display())]
    NotOurs {
        /// The file that is not ours.
        file: PathBuf,
    },
    /// There is none, and none can be made.
    #[error("{}: no folder can be made there ({why}); name another one", folder.display())]
    Unmade {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        why: String,
    },
    /// Another process writes to it.
    #[error("{}: {} writes to it; wait until it ends", folder.display(), writer(*process))]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// The process that holds the lock, if the lock file says so.
        process: Option<u32>,
    },
    /// It was opened for reading.
    #[error("{}: opened for reading; open it for writing", folder.display())]
    ReadOnly {
        /// The folder.
        folder: PathBuf,
    },
    /// It was written by a newer version.
    #[error("{}: format {found} is newer than {known}, the newest that this attain knows; update attain", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format known.
        known: i64,
    },
    /// The two files do not belong together.
    #[error("{}: counts.db and record.db are of two folders; restore both from one backup", folder.display())]
    Mixed {
        /// The folder.
        folder: PathBuf,
    },
    /// It can no longer be trusted.
    #[error("{}: damaged ({why}); restore the folder from a backup (`attain data restore`)", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system does not let this process do it.
    #[error("{}: not allowed ({why}); run attain as a user who may, or name another folder", file.display())]
    Denied {
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The disk is full.
    #[error("{}: the disk is full; nothing acknowledged is lost: free space on it, then run it again, and what is kept already counts once", file.display())]
    Full {
        /// The file that could not grow.
        file: PathBuf,
    },
    /// The disk failed.
    #[error("{}: cannot be read or written ({why}); nothing acknowledged is lost: see the system's log for the disk, then run it again", file.display())]
    Disk {
        /// The file.
        file: PathBuf,
        /// What the system says.
        why: String,
    },
    /// It is kept in slices of another length.
    #[error("{}: counted in slices of {}, not {}; use another data folder", folder.display(), slice(*kept), slice(*given))]
    Slices {
        /// The folder.
        folder: PathBuf,
        /// Seconds of a slice in it.
        kept: u32,
        /// Seconds of a slice of what was to be sealed.
        given: u32,
    },
    /// There is something already.
    #[error("{}: is there already; name a folder that does not exist", folder.display())]
    Occupied {
        /// The folder.
        folder: PathBuf,
    },
    /// More at once than SQLite holds in one piece.
    #[error("{}: more than a gigabyte in one piece; append less at once", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
    /// A number was given that there is not.
    #[error("{0}")]
    Usage(String),
}

fn slice(seconds: u32) -> String {
    duration_text(Duration::from_secs(seconds.into()))
}

fn writer(process: Option<u32>) -> String {
    match process {
        Some(id) => format!("process {id}"),
        None => "another process".to_owned(),
    }
}

impl Error {
    /// The same for a process that stays and tries again: nobody has to start it anew.
    #[must_use]
    pub fn while_running(&self) -> String {
        match self {
            Error::Full { file } => format!(
                "{}: the disk is full; nothing acknowledged is lost: free space on it, and it goes on by itself",
                file.display()
            ),
            Error::Disk { file, why } => format!(
                "{}: cannot be read or written ({why}); nothing acknowledged is lost: see the system's log for the disk; once \
                 that is well it goes on by itself",
                file.display()
            ),
            other => other.to_string(),
        }
    }

    pub(crate) fn of_sql(file: &Path, error: &rusqlite::Error) -> Self {
        let file = file.to_owned();
        let why = error.to_string();
        if let Some(error) = denied(&file, error) {
            return Error::of_io(&file, &error);
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Error::Full { file },
            Some(ErrorCode::NotADatabase) => Error::Damaged { file, why },
            Some(ErrorCode::DatabaseCorrupt) => Error::Damaged { file, why },
            Some(ErrorCode::TooBig) => Error::TooLarge { file },
            Some(_) if cannot_grow(error) => Error::Disk {
                file,
                why: "its shared memory cannot grow: is the disk full?".to_owned(),
            },
            Some(_) => Error::Disk { file, why },
            None => Error::Damaged { file, why },
        }
    }

    pub(crate) fn of_io(file: &Path, error: &io::Error) -> Self {
        let file = file.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full { file },
            PermissionDenied | ReadOnlyFilesystem => Error::Denied {
                file,
                why: error.to_string(),
            },
            _ => Error::Disk {
                file,
                why: error.to_string(),
            },
        }
    }
}

/// A folder cannot be made.
pub(crate) fn unmade(folder: &Path, error: &io::Error) -> Error {
    match Error::of_io(folder, error) {
        Error::Disk { file: folder, why } => Error::Unmade { folder, why },
        known => known,
    }
}

/// SQLite says only that it cannot open a file, or not write to it; the system says why.
fn denied(file: &Path, error: &rusqlite::Error) -> Option<io::Error> {
    let code = error.sqlite_error_code();
    if !matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) {
        return None;
    }
    let denied = OpenOptions::new().read(true).write(true).open(file).err()?;
    let is_denied = matches!(denied.kind(), PermissionDenied | ReadOnlyFilesystem);
    is_denied.then_some(denied)
}

/// Of the errors of a disk, the one that a full disk is told as.
fn cannot_grow(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_says_what_to_do_and_who_goes_on_by_itself() {
        let full = Error::of_io(
            Path::new("data/frames"),
            &io::Error::from(io::ErrorKind::StorageFull),
        );
        let said =
            "data/frames: the disk is full; nothing acknowledged is lost: free space on it, ";
        assert_eq!(
            full.to_string(),
            format!("{said}then run it again, and what is kept already counts once")
        );
        assert_eq!(
            full.while_running(),
            format!("{said}and it goes on by itself")
        );
        let nowhere = io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(
            unmade(Path::new("/proc/data"), &nowhere).to_string(),
            "/proc/data: no folder can be made there (entity not found); name another one"
        );
        assert!(matches!(
            unmade(
                Path::new("data"),
                &io::Error::from(io::ErrorKind::StorageFull)
            ),
            Error::Full { .. }
        ));
        let failing = Error::of_io(Path::new("data"), &io::Error::other("broken"));
        assert!(failing.to_string().ends_with("then run it again"));
        assert!(failing.while_running().ends_with("it goes on by itself"));
    }
}
