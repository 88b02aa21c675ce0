//! The big files of the benches, under target/bench. A file that is there already is taken as it is: its name says
//! which generator wrote it and how many lines it has.

use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::traffic::{self, Format};
use crate::root;

/// The day of every log that is generated or recorded.
const DAY: &str = "02/Nov/2026";
const MONTHS: [(&str, u32); 12] = [
    ("Jan", 31),
    ("Feb", 28),
    ("Mar", 31),
    ("Apr", 30),
    ("May", 31),
    ("Jun", 30),
    ("Jul", 31),
    ("Aug", 31),
    ("Sep", 30),
    ("Oct", 31),
    ("Nov", 30),
    ("Dec", 31),
];

/// target/bench, or a folder in it; made if it is not there.
pub fn folder(name: &str) -> Result<PathBuf, String> {
    let folder = root().join("target/bench").join(name);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// A day of generated traffic as a log.
pub fn log(format: Format, lines: u64) -> Result<PathBuf, String> {
    let name = format!("{}-{lines}-v{}.log", format.name(), traffic::VERSION);
    made(&folder("logs")?.join(name), |out| {
        traffic::write_day(format, lines, out)
    })
}

/// The file through a packer, e.g. `gzip`, as FILE`ending`; `None` if there is no such program.
pub fn packed(file: &Path, program: &str, ending: &str) -> Result<Option<PathBuf>, String> {
    if !exists(program) {
        return Ok(None);
    }
    let path = PathBuf::from(format!("{}{ending}", file.display()));
    if path.exists() {
        return Ok(Some(path));
    }
    println!("packing {}", path.display());
    let unfinished = unfinished(&path);
    let failed = |error: io::Error| format!("{program}: {error}");
    let status = Command::new(program)
        .arg("-c")
        .arg(file)
        .stdin(Stdio::null())
        .stdout(fs::File::create(&unfinished).map_err(failed)?)
        .status()
        .map_err(failed)?;
    if !status.success() {
        return Err(format!("{program} failed on {}", file.display()));
    }
    fs::rename(&unfinished, &path).map_err(failed)?;
    Ok(Some(path))
}

/// Whether a program of this name can be started.
pub fn exists(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// `day`, a log of one day, `days` times with the dates that lead up to its own; cut off when `bytes` are reached.
pub fn repeated(day: &[u8], path: &Path, days: u32, bytes: u64) -> Result<PathBuf, String> {
    made(path, |out| {
        let mut written = 0;
        for past in (0..days).rev() {
            let date = date_before(past);
            for line in day.split_inclusive(|byte| *byte == b'\n') {
                if written >= bytes {
                    return Ok(());
                }
                written += line.len() as u64;
                write_dated(line, &date, out)?;
            }
        }
        Ok(())
    })
}

/// The lines of a file as bytes; `.gz` is unpacked by gzip.
pub fn content(path: &Path) -> Result<Vec<u8>, String> {
    let named = |error: io::Error| format!("{}: {error}", path.display());
    let bytes = fs::read(path).map_err(named)?;
    if path.extension().is_some_and(|end| end == "gz") {
        return crate::record::through("gzip", &["-dc"], bytes).map_err(named);
    }
    Ok(bytes)
}

/// How many lines a file has.
pub fn count_lines(path: &Path) -> Result<u64, String> {
    let named = |error: io::Error| format!("{}: {error}", path.display());
    let mut file = BufReader::with_capacity(1 << 20, fs::File::open(path).map_err(named)?);
    let mut lines = 0;
    while file.skip_until(b'\n').map_err(named)? > 0 {
        lines += 1;
    }
    Ok(lines)
}

/// A file's size in bytes; 0 if there is none.
pub fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn made(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<fs::File>) -> io::Result<()>,
) -> Result<PathBuf, String> {
    if !path.exists() {
        println!("writing {}", path.display());
        let unfinished = unfinished(path);
        let file = fs::File::create(&unfinished);
        file.map(|file| BufWriter::with_capacity(1 << 20, file))
            .and_then(|mut out| write(&mut out).and_then(|()| out.flush()))
            .and_then(|()| fs::rename(&unfinished, path))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(path.to_path_buf())
}

/// Only a finished file gets its name.
fn unfinished(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.tmp", path.display()))
}

/// A line with another date in its brackets; a line without that day's date stays as it is.
fn write_dated(line: &[u8], date: &str, out: &mut impl Write) -> io::Result<()> {
    let date_at = line
        .iter()
        .position(|byte| *byte == b'[')
        .map(|bracket| bracket + 1)
        .filter(|at| line[*at..].starts_with(DAY.as_bytes()));
    match date_at {
        Some(at) => {
            out.write_all(&line[..at])?;
            out.write_all(date.as_bytes())?;
            out.write_all(&line[at + DAY.len()..])
        }
        None => out.write_all(line),
    }
}

/// The date so many days before the recorded one, as logs write it.
fn date_before(days: u32) -> String {
    let (mut back, mut day, mut month, mut year) = (days, 2, 10, 2026);
    while back >= day {
        back -= day;
        if month == 0 {
            (month, year) = (MONTHS.len(), year - 1);
        }
        month -= 1;
        day = MONTHS[month].1;
    }
    format!("{:02}/{}/{year}", day - back, MONTHS[month].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_go_back_across_months_and_the_year() {
        let dates = [0, 1, 2, 33, 89, 305, 306].map(date_before);
        assert_eq!(
            dates,
            [
                "02/Nov/2026",
                "01/Nov/2026",
                "31/Oct/2026",
                "30/Sep/2026",
                "05/Aug/2026",
                "01/Jan/2026",
                "31/Dec/2025"
            ]
        );
    }

    #[test]
    fn only_the_date_of_a_line_changes() {
        let dated = |line: &str| {
            let mut out = Vec::new();
            write_dated(line.as_bytes(), "01/Jan/2027", &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            dated("a - - [02/Nov/2026:09:40:07 +0000] \"GET /02/Nov/2026\" 200\n"),
            "a - - [01/Jan/2027:09:40:07 +0000] \"GET /02/Nov/2026\" 200\n"
        );
        assert_eq!(dated("nonsense\n"), "nonsense\n");
    }
}
