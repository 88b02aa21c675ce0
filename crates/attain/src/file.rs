//! Files that are written whole or not at all. Knows nothing of what is in them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::exit::Failure;
use crate::terminal::Terminal;

/// Writes a result where it was asked for; `-` is standard output.
pub fn write_out(path: &Path, text: &str, terminal: &Terminal) -> Result<(), Failure> {
    if path == Path::new("-") {
        return terminal.print(text);
    }
    replace(path, text)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
}

/// Puts a text in the place of a file: whoever reads it meanwhile, or after a crash, finds the old text or the new one.
/// Permissions stay, and a link goes on leading where it led.
pub fn replace(target: &Path, text: &str) -> io::Result<()> {
    // A device or a pipe is written to: a rename would put a file in its place.
    if fs::metadata(target).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let mut there = OpenOptions::new().write(true).open(target)?;
        return there.write_all(text.as_bytes());
    }
    // A rename would put the file in the place of the link.
    let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
    let fresh = beside(&target);
    let written = write(&fresh, &target, text);
    if written.is_err() {
        // What was wrong with the file is worth saying, not what was wrong with its remains.
        let _ = fs::remove_file(&fresh);
    }
    written
}

fn write(fresh: &Path, target: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(fresh)?;
    if let Ok(old) = fs::metadata(target) {
        if old.permissions().readonly() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        file.set_permissions(old.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    drop(file);
    fs::rename(fresh, target)
}

/// A hidden name in the same folder, since a rename within a file system is one step. Hidden files are no catalogue.
fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::replace;

    #[test]
    fn the_text_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.yaml");
        for text in ["one\n", "two\n"] {
            replace(&target, text).unwrap();
            assert_eq!(std::fs::read_to_string(&target).unwrap(), text);
        }
        assert!(replace(&folder.path().join("no/folder.yaml"), "").is_err());
        let left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["a.yaml"]);
    }

    /// `-o /dev/stdout`, `-o >(less)`.
    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_to_and_stays_one() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe).unwrap()
        });
        replace(&pipe, "one\n").unwrap();
        assert_eq!(reader.join().unwrap(), "one\n");
        let kind = std::fs::symlink_metadata(&pipe).unwrap().file_type();
        assert!(kind.is_fifo());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_and_the_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.yaml"), folder.path().join("b.yaml"));
        std::fs::write(&file, "one\n").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, "two\n").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "two\n");
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}
