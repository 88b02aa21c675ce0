//! Files: finding, opening (plain or gzip, by content), telling one from another. Knows no format.
//!
//! **Identity.** A file is known by its first lines, not its name: `sha256` of its lines (gunzipped) up to the first
//! that tells it apart from the other files of the same source, at least one (with a header: and the first row). So a
//! file that was renamed by rotation, or compressed, or grew, is the same one; of two files of which one is the other's
//! beginning only the longer is read. Two files that begin alike and differ later, e.g. the logs of two replicas whose
//! first line is the same health check, are told apart by the line that differs. An origin is therefore stable while the
//! files of a source that begin alike are the same ones.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use memchr::memchr;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::roster::hex;

const BUFFER_BYTES: usize = 256 * 1024;

/// An open file.
pub(crate) struct Opened {
    pub(crate) reader: Box<dyn BufRead>,
    /// Bytes of the file taken so far, before gunzipping.
    pub(crate) taken: Rc<Cell<u64>>,
    /// It is compressed.
    pub(crate) gzip: bool,
}

/// Opens a file; `-` is standard input. Gzip is recognised by its first bytes, not by a name.
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
    let gzip = plain.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
    let reader: Box<dyn BufRead> = if gzip {
        Box::new(BufReader::with_capacity(
            BUFFER_BYTES,
            MultiGzDecoder::new(plain),
        ))
    } else {
        Box::new(plain)
    };
    Ok(Opened {
        reader,
        taken,
        gzip,
    })
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

/// Reads one line without its end (`\n` or `\r\n`); `false` at the end of the file. Of a line over a mebibyte the
/// beginning is kept: a file without lines must not fill the memory.
pub(crate) fn next_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    const LONGEST_LINE_BYTES: usize = 1 << 20;
    line.clear();
    let mut seen = false;
    loop {
        let buffer = match reader.fill_buf() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            buffer => buffer?,
        };
        if buffer.is_empty() {
            break;
        }
        seen = true;
        let end = memchr(b'\n', buffer);
        let part = &buffer[..end.unwrap_or(buffer.len())];
        let room = LONGEST_LINE_BYTES.saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            break;
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(seen)
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

/// What a file is known by, and whether it is worth reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The identity of its content.
    pub(crate) origin: String,
    /// Another file of the same source holds all that this one holds.
    pub(crate) same_as: Option<PathBuf>,
}

/// Identities of the files of one source, in the same order. `header_lines` are the lines before the first that is
/// a file's own.
pub(crate) fn identify(paths: &[PathBuf], header_lines: usize) -> Result<Vec<Identity>, Error> {
    let mut identities = vec![Identity::default(); paths.len()];
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, path) in paths.iter().enumerate() {
        if path == Path::new("-") {
            // Standard input cannot be read twice; two runs over it are two runs.
            identities[index].origin = format!("stdin:{index}");
            continue;
        }
        // One file is open at a time: there may be more of them than a process may open.
        let mut member = Member::open(index, path)?;
        for _ in 0..=header_lines {
            member.advance();
        }
        identities[index].origin = member.origin();
        alike.entry(member.origin()).or_default().push(index);
    }
    for group in alike.into_values().filter(|group| group.len() > 1) {
        let members: Result<Vec<_>, _> = group
            .into_iter()
            .map(|index| Member::open(index, &paths[index]))
            .collect();
        tell_apart(paths, members?, header_lines, &mut identities);
    }
    Ok(identities)
}

struct Member {
    index: usize,
    reader: Box<dyn BufRead>,
    hash: Sha256,
    line: Vec<u8>,
}

impl Member {
    fn open(index: usize, path: &Path) -> Result<Self, Error> {
        Ok(Self {
            index,
            reader: open(path)?.reader,
            hash: Sha256::new(),
            line: Vec::new(),
        })
    }

    /// Takes the next line; `false` at the end. A file that breaks here breaks again when it is read, where that is told.
    fn advance(&mut self) -> bool {
        if !next_line(&mut self.reader, &mut self.line).unwrap_or(false) {
            return false;
        }
        self.hash.update(&self.line);
        self.hash.update(b"\n");
        true
    }

    fn origin(&self) -> String {
        let mut text = hex(&self.hash.clone().finalize());
        text.truncate(32);
        text
    }
}

/// Files that agree in all lines so far are read on together until each is alone, or only its copies are left.
fn tell_apart(
    paths: &[PathBuf],
    first: Vec<Member>,
    header_lines: usize,
    identities: &mut [Identity],
) {
    let mut groups = vec![(first, 0_usize)];
    while let Some((members, lines)) = groups.pop() {
        if let ([member], true) = (members.as_slice(), lines > header_lines) {
            identities[member.index].origin = member.origin();
            continue;
        }
        let mut ended = Vec::new();
        let mut by_line: Vec<Vec<Member>> = Vec::new();
        for mut member in members {
            if !member.advance() {
                ended.push(member);
                continue;
            }
            match by_line
                .iter_mut()
                .find(|group| group[0].line == member.line)
            {
                Some(group) => group.push(member),
                None => by_line.push(vec![member]),
            }
        }
        let longer = by_line.first().map(|group| group[0].index);
        settle(paths, &ended, longer, identities);
        groups.extend(by_line.into_iter().map(|group| (group, lines + 1)));
    }
}

/// Files that ended in agreement: a copy of each other, or the beginning of one that goes on.
fn settle(paths: &[PathBuf], ended: &[Member], longer: Option<usize>, identities: &mut [Identity]) {
    let keeper = longer.or_else(|| ended.first().map(|member| member.index));
    for member in ended {
        let same_as = keeper.filter(|keeper| *keeper != member.index);
        identities[member.index] = Identity {
            origin: member.origin(),
            same_as: same_as.map(|keeper| paths[keeper].clone()),
        };
    }
}
