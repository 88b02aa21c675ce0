//! What can be read only once, laid down while it is read: to be known again, a content is looked at in several places.
//!
//! Only for whoever keeps what is read. Who does not reads it as it comes.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::file::files;

/// Bytes laid down between two looks at whether to go on.
const STEP_BYTES: usize = 1 << 20;

/// Contents that were laid down. They are deleted when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Pipes {
    laid: Vec<PathBuf>,
}

impl Pipes {
    /// Lays down what flows, unpacked, in a file of its own in a folder. `goes_on` is told how many bytes came so far, and
    /// says whether to read on; `None` if it said no.
    pub(crate) fn lay_down(
        &mut self,
        path: &Path,
        folder: &Path,
        mut goes_on: impl FnMut(u64) -> bool,
    ) -> Result<Option<PathBuf>, Error> {
        let failed = |source| Error::Lay {
            path: path.to_owned(),
            folder: folder.to_owned(),
            source,
        };
        // One that a run left behind that was killed is written over.
        let laid = folder.join(format!("incoming-{}.tmp", self.laid.len()));
        let mut file = create(&laid).map_err(failed)?;
        self.laid.push(laid.clone());
        let files::Opened {
            mut reader, packed, ..
        } = files::open(path)?;
        let (mut all, mut since, mut lines) = (0, 0, 0);
        loop {
            let bytes = match reader.fill_buf() {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                bytes => bytes.map_err(|source| match packed {
                    true => Error::Broken {
                        path: path.to_owned(),
                        lines,
                        why: source.to_string(),
                    },
                    false => Error::Read {
                        path: path.to_owned(),
                        source,
                    },
                })?,
            };
            if bytes.is_empty() {
                break;
            }
            file.write_all(bytes).map_err(failed)?;
            let length = bytes.len();
            lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
            reader.consume(length);
            all += length as u64;
            since += length;
            if since >= STEP_BYTES {
                since = 0;
                if !goes_on(all) {
                    return Ok(None);
                }
            }
        }
        file.flush().map_err(failed)?;
        Ok(Some(laid))
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        for laid in &self.laid {
            let _ = std::fs::remove_file(laid);
        }
    }
}

/// For nobody else to read: a log may hold what is nobody's business.
fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
