//! What a program did to a disk, as the shim wrote it down, and what of it a power loss leaves.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Write {
        file: PathBuf,
        offset: usize,
        bytes: Vec<u8>,
    },
    Sync {
        file: PathBuf,
    },
    Truncate {
        file: PathBuf,
        length: usize,
    },
    Unlink {
        file: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
}

#[derive(Debug, Default)]
pub struct Trace {
    pub calls: Vec<Call>,
}

impl Trace {
    pub fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let mut at = 0;
        let mut take = |length: usize| {
            let part = bytes[at..at + length].to_vec();
            at += length;
            part
        };
        let text = |bytes: Vec<u8>| PathBuf::from(String::from_utf8(bytes).unwrap());
        let mut trace = Self::default();
        let mut left = bytes.len();
        while left > 0 {
            let kind = take(1)[0];
            let number = |take: &mut dyn FnMut(usize) -> Vec<u8>| {
                usize::try_from(u64::from_le_bytes(take(8).try_into().unwrap())).unwrap()
            };
            let name_length = number(&mut take);
            let file = text(take(name_length));
            let (offset, length) = (number(&mut take), number(&mut take));
            left -= 25 + name_length;
            if matches!(kind, b'w' | b'r') {
                left -= length;
            }
            trace.calls.push(match kind {
                b'w' => Call::Write {
                    file,
                    offset,
                    bytes: take(length),
                },
                b's' => Call::Sync { file },
                b't' => Call::Truncate {
                    file,
                    length: offset,
                },
                b'u' => Call::Unlink { file },
                b'r' => Call::Rename {
                    from: file,
                    to: text(take(length)),
                },
                other => panic!("the shim wrote {other}"),
            });
        }
        trace
    }

    /// Those that the shim can make fail.
    pub fn calls(&self) -> usize {
        let can_fail = |call: &&Call| !matches!(call, Call::Unlink { .. } | Call::Rename { .. });
        self.calls.iter().filter(can_fail).count()
    }
}

/// A file as the disk may have it.
#[derive(Debug, Clone, Default)]
struct OnDisk {
    /// What a sync has promised.
    synced: Vec<u8>,
    /// What came after, in order.
    pending: Vec<Call>,
    /// Whether its name is sure to be there: its folder was synced since it was made.
    is_named: bool,
    /// Whether it was removed, and nobody synced the folder since.
    is_unlinked: bool,
}

/// A disk that keeps what was synced, and of the rest what it likes.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    files: BTreeMap<PathBuf, OnDisk>,
}

const SECTOR: usize = 512;

impl Disk {
    pub fn apply(&mut self, call: &Call) {
        match call {
            Call::Write { file, .. } | Call::Truncate { file, .. } => {
                let on_disk = self.files.entry(file.clone()).or_default();
                if on_disk.is_unlinked {
                    *on_disk = OnDisk::default();
                }
                on_disk.pending.push(call.clone());
            }
            Call::Sync { file } => match self.files.get_mut(file) {
                Some(on_disk) => {
                    let pending = std::mem::take(&mut on_disk.pending);
                    for call in &pending {
                        write_to(&mut on_disk.synced, call, |_| true);
                    }
                }
                None => self.sync_names(file),
            },
            Call::Unlink { file } => {
                if let Some(on_disk) = self.files.get_mut(file) {
                    on_disk.is_unlinked = true;
                }
            }
            Call::Rename { from, to } => {
                let moved = self.files.remove(from).unwrap_or_default();
                self.files.insert(to.clone(), moved);
            }
        }
    }

    fn sync_names(&mut self, folder: &Path) {
        self.files
            .retain(|file, on_disk| !(on_disk.is_unlinked && file.parent() == Some(folder)));
        for (file, on_disk) in &mut self.files {
            if file.parent() == Some(folder) {
                on_disk.is_named = true;
            }
        }
    }

    /// The files after a power loss: `kept` percent of what was not synced is there, by sectors.
    pub fn lose_power(&self, rng: &mut Rng, kept: u8) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        for (file, on_disk) in &self.files {
            let is_there = if on_disk.is_unlinked {
                rng.u8(..100) >= kept
            } else {
                on_disk.is_named || rng.u8(..100) < kept
            };
            if !is_there {
                continue;
            }
            let mut bytes = on_disk.synced.clone();
            for call in &on_disk.pending {
                write_to(&mut bytes, call, |_| rng.u8(..100) < kept);
            }
            files.insert(file.clone(), bytes);
        }
        files
    }
}

/// Does to a file what a call does, as far as the disk did it; it is asked for each sector.
fn write_to(file: &mut Vec<u8>, call: &Call, mut does: impl FnMut(usize) -> bool) {
    match call {
        Call::Write { offset, bytes, .. } => {
            let mut at = 0;
            while at < bytes.len() {
                let position = offset + at;
                let length = (SECTOR - position % SECTOR).min(bytes.len() - at);
                if does(position) {
                    if file.len() < position + length {
                        file.resize(position + length, 0);
                    }
                    file[position..position + length].copy_from_slice(&bytes[at..at + length]);
                }
                at += length;
            }
        }
        Call::Truncate { length, .. } => {
            if does(*length) {
                file.resize(*length, 0);
            }
        }
        Call::Sync { .. } | Call::Unlink { .. } | Call::Rename { .. } => {}
    }
}
