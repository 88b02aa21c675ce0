//! Marks of a content: hashes of short stretches of it, by which what was read is known again. Knows where they stand and
//! how they are read again; what follows from them is identity.rs's.
//!
//! Marked are checkpoints, at least four in each doubling, and the end of each delivery; so an earlier run that was killed
//! leaves as many as it took. A mark is of the 4 KiB before its position: up to 16 KiB nearly all is hashed, of a large
//! file next to nothing, and reading costs nothing more.

use std::fs::File;
use std::io::{BufRead, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use attain_model::facts::{Mark, checkpoint_after};
use sha2::{Digest, Sha256};

use crate::file::files::{BYTE_ORDER_MARK, Packing, flows, open};

/// The longest stretch of a mark.
const STRETCH_BYTES: u64 = 4096;

/// Marks the content of one file while it is read.
pub(crate) struct Marker(Stretches);

impl Marker {
    /// For a file; `None` for what flows, which nobody can read twice.
    pub(crate) fn new(path: &Path) -> Option<Self> {
        (!flows(path)).then(|| Self(Stretches::new(path)))
    }

    /// The marks of a range: its checkpoints, and its end.
    pub(crate) fn marks(&mut self, range: &Range<u64>) -> Vec<Mark> {
        let mut marks = Vec::new();
        let mut end = range.start;
        while end < range.end {
            end = checkpoint_after(end).min(range.end);
            let stretch = end.saturating_sub(STRETCH_BYTES)..end;
            let hash = self.0.hash(&stretch);
            marks.extend(hash.map(|hash| Mark {
                range: stretch,
                hash,
            }));
        }
        marks
    }
}

/// Reads stretches of a content. Ascending ones cost one pass, and of a plain file only themselves.
pub(crate) struct Stretches {
    path: PathBuf,
    input: Option<Input>,
    /// What was read last, and the position of its first byte.
    window: Vec<u8>,
    start: u64,
}

enum Input {
    /// With the length of its byte order mark.
    Plain(File, u64),
    Packed(Box<dyn BufRead>),
}

impl Stretches {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            input: None,
            window: Vec::new(),
            start: 0,
        }
    }

    /// The hash of a stretch; `None` if the file ends before it does, or breaks.
    pub(crate) fn hash(&mut self, stretch: &Range<u64>) -> Option<u64> {
        let bytes = self.read(stretch)?;
        let hash = Sha256::digest(bytes);
        let first = hash.first_chunk::<8>()?;
        Some(u64::from_be_bytes(*first))
    }

    fn read(&mut self, stretch: &Range<u64>) -> Option<&[u8]> {
        let length = usize::try_from(stretch.end.checked_sub(stretch.start)?).ok()?;
        match self.input() {
            Some(Input::Plain(file, mark)) => {
                file.seek(SeekFrom::Start(stretch.start.checked_add(*mark)?))
                    .ok()?;
                let mut bytes = Vec::new();
                let mut rest = file.take(length as u64);
                rest.read_to_end(&mut bytes).ok()?;
                self.window = bytes;
            }
            Some(Input::Packed(_)) => self.unpack(stretch)?,
            None => return None,
        }
        (self.window.len() == length).then_some(&self.window[..])
    }

    fn input(&mut self) -> Option<&mut Input> {
        if self.input.is_none() {
            self.input = Input::open(&self.path);
            (self.window, self.start) = (Vec::new(), 0);
        }
        self.input.as_mut()
    }

    /// Goes on to the end of a stretch, and leaves it in the window.
    fn unpack(&mut self, stretch: &Range<u64>) -> Option<()> {
        if stretch.start < self.start || stretch.end < self.start + self.window.len() as u64 {
            self.input = None;
        }
        let Some(Input::Packed(_)) = self.input() else {
            return None;
        };
        let Some(Input::Packed(reader)) = &mut self.input else {
            return None;
        };
        let at = self.start + self.window.len() as u64;
        if stretch.start >= at {
            let between = stretch.start - at;
            let passed = std::io::copy(&mut reader.take(between), &mut std::io::sink()).ok()?;
            self.window.clear();
            self.start = at + passed;
        } else {
            let known = usize::try_from(stretch.start - self.start).ok()?;
            self.window.drain(..known);
            self.start = stretch.start;
        }
        let missing = stretch.end - (self.start + self.window.len() as u64).min(stretch.end);
        reader.take(missing).read_to_end(&mut self.window).ok()?;
        (self.start == stretch.start).then_some(())
    }
}

impl Input {
    fn open(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let mut first = Vec::new();
        file.by_ref().take(4).read_to_end(&mut first).ok()?;
        if Packing::of(&first) != Packing::None {
            return Some(Input::Packed(open(path).ok()?.reader));
        }
        let has_mark = first.starts_with(BYTE_ORDER_MARK);
        Some(Input::Plain(file, if has_mark { 3 } else { 0 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However a content is packed and in whatever pieces it is delivered, the same is said of the same positions.
    #[test]
    fn marks_are_of_the_content() {
        let dir = tempfile::tempdir().unwrap();
        let mut random = fastrand::Rng::with_seed(7);
        let content: Vec<u8> = (0..100_000).map(|_| random.u8(b'a'..=b'z')).collect();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("plain"), &content).unwrap();
        std::fs::write(at("marked"), [b"\xef\xbb\xbf", &content[..]].concat()).unwrap();
        std::fs::write(at("packed"), zstd::encode_all(&content[..], 1).unwrap()).unwrap();
        let told = |end: &u64| {
            let from = usize::try_from(end.saturating_sub(4096)).unwrap();
            let hash = Sha256::digest(&content[from..usize::try_from(*end).unwrap()]);
            (*end, u64::from_be_bytes(*hash.first_chunk().unwrap()))
        };
        for name in ["plain", "marked", "packed"] {
            for _ in 0..20 {
                let mut marker = Marker::new(&at(name)).unwrap();
                let (mut from, mut found) = (0, Vec::new());
                while from < 100_000 {
                    let to = (from + random.u64(1..30_000)).min(100_000);
                    let marks = marker.marks(&(from..to));
                    assert_eq!(marks.last().unwrap().range.end, to);
                    found.extend(marks);
                    from = to;
                }
                let ends: Vec<u64> = found.iter().map(|mark| mark.range.end).collect();
                assert!(ends.len() >= 20, "{ends:?}");
                let pairs = found.iter().map(|mark| (mark.range.end, mark.hash));
                assert_eq!(
                    pairs.collect::<Vec<_>>(),
                    ends.iter().map(told).collect::<Vec<_>>()
                );
            }
            // Backwards, beyond the end, and nothing at all.
            let mut stretches = Stretches::new(&at(name));
            let reversed = std::ops::Range { start: 7, end: 3 };
            let hash = |stretches: &mut Stretches, range| stretches.hash(&range);
            assert_eq!(
                hash(&mut stretches, 95_904..100_000),
                Some(told(&100_000).1)
            );
            assert_eq!(hash(&mut stretches, 99_999..100_001), None);
            assert_eq!(hash(&mut stretches, 200_000..200_001), None);
            assert_eq!(hash(&mut stretches, 1024..5120), Some(told(&5120).1));
            assert_eq!(hash(&mut stretches, 0..4096), Some(told(&4096).1));
            assert_eq!(hash(&mut stretches, reversed), None);
        }
        assert_eq!(Stretches::new(&at("none")).hash(&(0..0)), None);
    }
}
