//! Files: finding and opening (plain, gzip or zstd, by content). Knows no format; identity.rs tells files apart.
//!
//! The *content* of a file is what it says when unpacked, without a byte order mark: positions are counted in it, so
//! they stay when a file is compressed.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use memchr::memchr;

use crate::error::Error;

const BUFFER_BYTES: usize = 256 * 1024;
/// U+FEFF at the beginning, as some editors write it.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An open file.
pub(crate) struct Opened {
    /// Its content.
    pub(crate) reader: Box<dyn BufRead>,
    /// Bytes of the file taken so far, before unpacking.
    pub(crate) taken: Rc<Cell<u64>>,
    /// It is compressed.
    pub(crate) packed: bool,
}

/// Opens a file; `-` is standard input. Compression is recognised by its first bytes, not by a name.
pub(crate) fn open(path: &Path) -> Result<Opened, Error> {
    let failed = |source| Error::Open {
        path: path.to_owned(),
        source,
    };
    let taken = Rc::new(Cell::new(0));
    let inner: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(failed(std::io::Error::other("it is a directory")));
        }
        Box::new(file)
    };
    let mut plain = BufReader::with_capacity(
        BUFFER_BYTES,
        Counting {
            inner,
            taken: taken.clone(),
        },
    );
    let first = plain.fill_buf().map_err(failed)?;
    let packing = Packing::of(first);
    let mut reader: Box<dyn BufRead> = match packing {
        Packing::None => Box::new(plain),
        Packing::Gzip => Box::new(buffered(MultiGzDecoder::new(plain))),
        Packing::Zstd => {
            let unpacked = zstd::stream::read::Decoder::with_buffer(plain).map_err(failed)?;
            Box::new(buffered(unpacked))
        }
    };
    // What is broken at its very beginning is told by whoever reads it.
    if reader
        .fill_buf()
        .is_ok_and(|first| first.starts_with(BYTE_ORDER_MARK))
    {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    Ok(Opened {
        reader,
        taken,
        packed: packing != Packing::None,
    })
}

fn buffered<R: Read>(inner: R) -> BufReader<R> {
    BufReader::with_capacity(BUFFER_BYTES, inner)
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    /// By the first bytes.
    pub(crate) fn of(first: &[u8]) -> Self {
        if first.starts_with(&[0x1f, 0x8b]) {
            Packing::Gzip
        } else if first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Packing::Zstd
        } else {
            Packing::None
        }
    }
}

struct Counting {
    inner: Box<dyn Read>,
    taken: Rc<Cell<u64>>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.taken.set(self.taken.get() + length as u64);
        Ok(length)
    }
}

/// Whether a file can be read only once: standard input, a pipe.
pub(crate) fn flows(path: &Path) -> bool {
    path == Path::new("-")
        || path
            .metadata()
            .is_ok_and(|data| !data.is_file() && !data.is_dir())
}

/// Reads one line without its end (`\n` or `\r\n`); `false` at the end of the file. Of a line over a mebibyte the
/// beginning is kept: a file without lines must not fill the memory.
pub(crate) fn next_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    Ok(take_line(reader, line)? > 0)
}

/// As [`next_line`], but gives the bytes that were taken, the end of the line among them.
pub(crate) fn take_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> std::io::Result<u64> {
    const LONGEST_LINE_BYTES: usize = 1 << 20;
    line.clear();
    let mut taken = 0;
    loop {
        let buffer = match reader.fill_buf() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            buffer => buffer?,
        };
        if buffer.is_empty() {
            break;
        }
        let end = memchr(b'\n', buffer);
        let part = &buffer[..end.unwrap_or(buffer.len())];
        let room = LONGEST_LINE_BYTES.saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        taken += used as u64;
        if end.is_some() {
            break;
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(taken)
}

/// The files that a pattern means, by name. `*` matches within one name, `?` one character of it.
pub(crate) fn expand(base: &Path, pattern: &str) -> Vec<PathBuf> {
    if pattern == "-" {
        return vec![PathBuf::from("-")];
    }
    let mut found = vec![PathBuf::new()];
    let absolute = pattern.starts_with('/');
    if absolute {
        found = vec![PathBuf::from("/")];
    }
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        found = found
            .iter()
            .flat_map(|so_far| expand_part(base, so_far, part))
            .collect();
    }
    found.retain(|path| base.join(path).is_file());
    found.sort();
    found
}

fn expand_part(base: &Path, so_far: &Path, part: &str) -> Vec<PathBuf> {
    if !part.contains(['*', '?']) {
        return vec![so_far.join(part)];
    }
    let Ok(entries) = base.join(so_far).read_dir() else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| wildcard(part.as_bytes(), name.as_bytes()))
        .map(|name| so_far.join(name))
        .collect()
}

fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=name.len()).any(|taken| wildcard(rest, &name[taken..])),
        ([b'?', rest @ ..], [_, after @ ..]) => wildcard(rest, after),
        ([byte, rest @ ..], [first, after @ ..]) if byte == first => wildcard(rest, after),
        _ => false,
    }
}
