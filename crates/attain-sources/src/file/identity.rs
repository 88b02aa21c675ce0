//! Telling one file from another. Knows beginnings of contents; knows no format and no name.
//!
//! **Identity.** A file is known by how its content begins: `<bytes>-<sha256>` of its first whole lines of up to 4 KiB.
//! So a file that was renamed by rotation, or compressed, or has grown, is the same one. Of two files of a source of which
//! one is the other's beginning only the longer is read; two that differ later, e.g. the logs of two replicas, are told
//! apart by a beginning that goes on to the line that differs.
//!
//! What an earlier run took is recognised by the same text, whatever the length of its beginning; the marks of a
//! [`Fingerprint`] tell a file that begins alike and goes on otherwise, e.g. a table that is written anew each night.
//!
//! **What remains.** Marks are samples. A file that holds all marks of what was taken and differs between two of them is not
//! told from it. One that is shorter than what was taken and holds all marks up to its end counts as a copy that was cut:
//! if it goes on otherwise behind the last of them (at most a fifth of it), those lines are not counted, and whoever replays
//! it is told its name. And a cut copy that is shorter than 4 KiB is a file of its own, because nothing but its length tells
//! it from a new file that begins like many.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use attain_model::facts::Fingerprint;
use memchr::memrchr;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::file::files::{flows, open};
use crate::file::marks::Stretches;
use crate::text::hex;

/// The longest beginning that is looked at where no other file begins alike.
pub(crate) const HEAD_BYTES: usize = 4096;

/// Behind the name of a content that is the beginning of another and was written anew.
const AGAIN: char = '+';

/// What a file is known by, and whether it is worth reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The identity of its content.
    pub(crate) origin: String,
    /// Another file of the same source holds all that this one holds.
    pub(crate) same_as: Option<PathBuf>,
}

/// Origins taken in earlier runs, and the marks of what was taken.
type Known<'k> = BTreeMap<&'k str, &'k Fingerprint>;

/// Identities of the files of one source, in the same order.
pub(crate) fn identify(paths: &[PathBuf], known: &Known<'_>) -> Result<Vec<Identity>, Error> {
    let mut identities = vec![Identity::default(); paths.len()];
    let mut heads: Vec<Option<Head>> = Vec::new();
    let mut alike: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
    for (index, path) in paths.iter().enumerate() {
        if flows(path) {
            // What flows cannot be read twice; two runs over it are two runs.
            identities[index].origin = format!("stdin:{index}");
            heads.push(None);
            continue;
        }
        let head = Head::read(path)?;
        alike.entry(head.first_line()).or_default().push(index);
        heads.push(Some(head));
    }
    // How long a beginning must be to tell a file from those of this run.
    let mut lengths: Vec<u64> = vec![0; paths.len()];
    for group in alike.into_values().filter(|group| group.len() > 1) {
        tell_apart(paths, group, &mut lengths, &mut identities)?;
    }
    let is_alone = |index: &usize| identities[*index].same_as.is_none();
    let to_name: Vec<(usize, &Head)> = (0..paths.len())
        .filter(is_alone)
        .filter_map(|index| Some((index, heads[index].as_ref()?)))
        .collect();
    let mut origins = recognise(paths, &to_name, known)?;
    let mut given: BTreeSet<String> = origins.values().cloned().collect();
    for (index, head) in to_name {
        let origin = match origins.remove(&index) {
            Some(origin) => origin,
            None => fresh(&paths[index], head, lengths[index], known, &given)?,
        };
        given.insert(origin.clone());
        identities[index].origin = origin;
    }
    name_copies(paths, &mut identities);
    Ok(identities)
}

/// A copy goes by the name of what it is a copy of; a copy of a copy, too.
fn name_copies(paths: &[PathBuf], identities: &mut [Identity]) {
    for index in 0..paths.len() {
        let mut keeper = index;
        while let Some(same) = &identities[keeper].same_as
            && let Some(at) = paths.iter().position(|path| path == same)
        {
            keeper = at;
        }
        if keeper != index {
            identities[index] = Identity {
                origin: identities[keeper].origin.clone(),
                same_as: Some(paths[keeper].clone()),
            };
        }
    }
}

/// The first bytes of a content.
struct Head {
    bytes: Vec<u8>,
}

impl Head {
    fn read(path: &Path) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        // A file that breaks here breaks again when it is read, where that is told.
        let _ = open(path)?
            .reader
            .take(HEAD_BYTES as u64)
            .read_to_end(&mut bytes);
        Ok(Self { bytes })
    }

    fn first_line(&self) -> Vec<u8> {
        let end = memchr::memchr(b'\n', &self.bytes).unwrap_or(self.bytes.len());
        self.bytes[..end].to_vec()
    }

    /// Its whole lines; all of it if there is none.
    fn lines(&self) -> &[u8] {
        memrchr(b'\n', &self.bytes).map_or(&self.bytes[..], |end| &self.bytes[..=end])
    }
}

/// The origins of earlier runs that files go on, or are the beginning of, by file.
///
/// Of what fits, most of what was taken goes first; two files may begin as what was taken of one. A file that is only a
/// beginning comes last: where another goes on what was taken, the two were told apart, and so it is no beginning of that.
fn recognise(
    paths: &[PathBuf],
    files: &[(usize, &Head)],
    known: &Known<'_>,
) -> Result<BTreeMap<usize, String>, Error> {
    let mut fits = Vec::new();
    for (index, head) in files {
        for origin in begin_alike(&paths[*index], head, known)? {
            let print = known[origin];
            let end = print.marks().last().map_or(0, |mark| mark.range.end);
            let rank = match fit(&paths[*index], print) {
                Fit::Whole => (0, Reverse(end)),
                Fit::Beginning => (1, Reverse(0)),
                Fit::Not => continue,
            };
            let length = Reverse(head_bytes_of(origin));
            fits.push((rank, length, *index, origin));
        }
    }
    fits.sort_unstable();
    let (mut found, mut given) = (BTreeMap::new(), BTreeSet::new());
    for (_, _, index, origin) in fits {
        if !found.contains_key(&index) && given.insert(origin) {
            found.insert(index, origin.to_owned());
        }
    }
    Ok(found)
}

/// The origins whose beginning a file has.
fn begin_alike<'k>(path: &Path, head: &Head, known: &Known<'k>) -> Result<Vec<&'k str>, Error> {
    let mut lengths: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for origin in known.keys().copied() {
        if let Some(bytes) = head_bytes_of(origin) {
            lengths.entry(bytes).or_default().push(origin);
        }
    }
    let mut alike = Vec::new();
    for (bytes, origins) in lengths {
        // Longer beginnings it has none.
        let Some(text) = origin_of(path, head, bytes)? else {
            break;
        };
        let begin_so = |origin: &&str| origin.trim_end_matches(AGAIN) == text;
        alike.extend(origins.into_iter().filter(begin_so));
    }
    Ok(alike)
}

/// How a file fits what was known of an origin.
enum Fit {
    /// It has what stood at the end of what was taken.
    Whole,
    /// It ends before that, and begins as that did.
    Beginning,
    Not,
}

/// A file that begins alike may go on otherwise: every mark that lies within the file must be as it was.
fn fit(path: &Path, print: &Fingerprint) -> Fit {
    let mut stretches = Stretches::new(path);
    let mut is_whole = false;
    for mark in print.marks() {
        match stretches.hash(&mark.range) {
            Some(hash) if hash == mark.hash => is_whole = true,
            Some(_) => return Fit::Not,
            None => return Fit::Beginning,
        }
    }
    match is_whole {
        true => Fit::Whole,
        false => Fit::Beginning,
    }
}

/// An identity that nobody has yet.
fn fresh(
    path: &Path,
    head: &Head,
    length: u64,
    known: &Known<'_>,
    given: &BTreeSet<String>,
) -> Result<String, Error> {
    let mut bytes = length.max(head.lines().len() as u64);
    let mut origin = origin_of(path, head, bytes)?.unwrap_or_default();
    // It begins like another file and is not that one: its beginning goes on until it is told apart.
    while given.contains(&origin) || known.contains_key(origin.as_str()) {
        bytes = bytes.saturating_mul(2);
        let longer = match origin_of(path, head, bytes)? {
            Some(longer) => longer,
            None => {
                bytes = length_of(path)?;
                origin_of(path, head, bytes)?.unwrap_or_default()
            }
        };
        if !longer.is_empty() && !origin.starts_with(&longer) {
            origin = longer;
        } else {
            // It is all there is; how often it was written anew is counted.
            origin.push(AGAIN);
        }
    }
    Ok(origin)
}

/// The origin by so many bytes; `None` if the file has fewer.
fn origin_of(path: &Path, head: &Head, bytes: u64) -> Result<Option<String>, Error> {
    let short = usize::try_from(bytes)
        .ok()
        .and_then(|bytes| head.bytes.get(..bytes));
    let hash = match short {
        Some(short) => Sha256::digest(short),
        None if head.bytes.len() < HEAD_BYTES => return Ok(None),
        None => {
            let mut hash = Sha256::new();
            let mut reader = open(path)?.reader.take(bytes);
            let length = std::io::copy(&mut reader, &mut HashWriter(&mut hash)).unwrap_or(0);
            if length < bytes {
                return Ok(None);
            }
            hash.finalize()
        }
    };
    let mut text = hex(&hash);
    text.truncate(32);
    Ok(Some(format!("{bytes}-{text}")))
}

/// The length of the content, as far as it can be read.
fn length_of(path: &Path) -> Result<u64, Error> {
    let mut reader = open(path)?.reader;
    let mut length = 0;
    while let Ok(bytes) = reader.fill_buf()
        && !bytes.is_empty()
    {
        let taken = bytes.len();
        reader.consume(taken);
        length += taken as u64;
    }
    Ok(length)
}

fn head_bytes_of(origin: &str) -> Option<u64> {
    origin.split_once('-')?.0.parse().ok()
}

struct HashWriter<'h>(&'h mut Sha256);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Member {
    index: usize,
    reader: Box<dyn BufRead>,
}

/// Files whose first line is the same are read on together until each is alone, or only its copies are left.
fn tell_apart(
    paths: &[PathBuf],
    group: Vec<usize>,
    lengths: &mut [u64],
    identities: &mut [Identity],
) -> Result<(), Error> {
    let open_member = |index: usize| {
        Ok(Member {
            index,
            reader: open(&paths[index])?.reader,
        })
    };
    let members: Result<Vec<_>, Error> = group.into_iter().map(open_member).collect();
    let mut groups = vec![(members?, 0_u64)];
    while let Some((members, position)) = groups.pop() {
        if let [member] = members.as_slice() {
            lengths[member.index] = position;
            continue;
        }
        split(paths, members, position, &mut groups, identities);
    }
    Ok(())
}

/// One step: those that go on alike stay together.
fn split(
    paths: &[PathBuf],
    members: Vec<Member>,
    position: u64,
    groups: &mut Vec<(Vec<Member>, u64)>,
    identities: &mut [Identity],
) {
    const STEP_BYTES: u64 = 64 * 1024;
    let mut ended: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut parts: Vec<(Vec<u8>, Vec<Member>)> = Vec::new();
    for mut member in members {
        let mut bytes = Vec::new();
        let _ = member
            .reader
            .by_ref()
            .take(STEP_BYTES)
            .read_to_end(&mut bytes);
        if (bytes.len() as u64) < STEP_BYTES {
            ended.push((member.index, bytes));
            continue;
        }
        match parts.iter_mut().find(|(other, _)| *other == bytes) {
            Some((_, group)) => group.push(member),
            None => parts.push((bytes, vec![member])),
        }
    }
    // The longest first: what ended is the beginning of one of them, a copy of one, or a file of its own.
    ended.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
    let mut all: Vec<(usize, &[u8])> = parts
        .iter()
        .map(|(bytes, group)| (group[0].index, &bytes[..]))
        .collect();
    let mut lengths_needed = Vec::new();
    for (index, bytes) in &ended {
        match all.iter().find(|(_, other)| other.starts_with(bytes)) {
            Some((keeper, _)) => identities[*index].same_as = Some(paths[*keeper].clone()),
            None => {
                all.push((*index, bytes));
                lengths_needed.push(*index);
            }
        }
    }
    let differ = |bytes: &[u8]| {
        let common = all
            .iter()
            .filter(|(_, other)| *other != bytes)
            .map(|(_, other)| {
                let same = bytes.iter().zip(*other).take_while(|(a, b)| a == b).count();
                let line =
                    memchr::memchr(b'\n', &bytes[same..]).map_or(bytes.len(), |end| same + end + 1);
                line as u64
            });
        common.max().unwrap_or(0)
    };
    let ended_alone: Vec<(usize, u64)> = ended
        .iter()
        .filter(|(index, _)| lengths_needed.contains(index))
        .map(|(index, bytes)| (*index, position + differ(bytes)))
        .collect();
    let ends: Vec<u64> = parts
        .iter()
        .map(|(bytes, _)| position + differ(bytes))
        .collect();
    for (index, length) in ended_alone {
        // A group of one, already read: its length is what told it apart.
        if let Ok(opened) = open(&paths[index]) {
            let member = Member {
                index,
                reader: opened.reader,
            };
            groups.push((vec![member], length));
        }
    }
    for ((_, group), length) in parts.into_iter().zip(ends) {
        let next = if group.len() == 1 {
            length
        } else {
            position + STEP_BYTES
        };
        groups.push((group, next));
    }
}
