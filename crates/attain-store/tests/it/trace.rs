//! What a program did to a disk, as the shim wrote it down, and what of it a power loss leaves.
//!
//! A disk keeps what was synced: the bytes of a file once the file was, a name once its folder was. Of the rest it keeps
//! what it likes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A file gets its name.
    Create {
        file: PathBuf,
    },
    MakeFolder {
        folder: PathBuf,
    },
    Write {
        file: PathBuf,
        offset: usize,
        bytes: Vec<u8>,
    },
    /// Of a file or of a folder.
    Sync {
        path: PathBuf,
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
                b'c' => Call::Create { file },
                b'd' => Call::MakeFolder { folder: file },
                b's' => Call::Sync { path: file },
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

    /// How many the shim can make fail.
    pub fn calls(&self) -> usize {
        self.calls.iter().filter(|call| call.can_fail()).count()
    }
}

impl Call {
    /// Whether the shim can make it fail.
    pub fn can_fail(&self) -> bool {
        matches!(
            self,
            Call::Write { .. } | Call::Sync { .. } | Call::Truncate { .. } | Call::Rename { .. }
        )
    }

    /// Whether it is what a child writes to tell that a step is done.
    pub fn is_ack(&self) -> bool {
        matches!(self, Call::Write { bytes, .. } if bytes == b"ack\n")
    }
}

/// A file or a folder, whatever it is called.
#[derive(Debug, Clone, Default)]
struct Node {
    is_folder: bool,
    /// What a sync has promised of a file's bytes.
    synced: Vec<u8>,
    /// What came after, in order.
    pending: Vec<Call>,
}

/// A folder's node and a name in it.
type Name = (usize, OsString);

/// What happened to names.
#[derive(Debug, Clone)]
enum Naming {
    Given(Name, usize),
    Taken(Name),
    Moved(Name, Name, usize),
}

/// A disk that keeps what was synced, and of the rest what it likes.
#[derive(Debug, Clone)]
pub struct Disk {
    /// The first is the root of all.
    nodes: Vec<Node>,
    /// As the program sees them.
    names: BTreeMap<Name, usize>,
    /// As a sync has promised them.
    synced_names: BTreeMap<Name, usize>,
    /// What came after, in order.
    pending_names: Vec<Naming>,
}

impl Default for Disk {
    fn default() -> Self {
        Self {
            nodes: vec![Node {
                is_folder: true,
                ..Node::default()
            }],
            names: BTreeMap::new(),
            synced_names: BTreeMap::new(),
            pending_names: Vec::new(),
        }
    }
}

const SECTOR: usize = 512;

impl Disk {
    pub fn apply(&mut self, call: &Call) {
        match call {
            Call::Create { file: path } | Call::MakeFolder { folder: path } => {
                let name = self.name(path);
                let node = self.node(matches!(call, Call::MakeFolder { .. }));
                self.happens(Naming::Given(name, node));
            }
            Call::Write { file, .. } | Call::Truncate { file, .. } => {
                let name = self.name(file);
                let node = *self.names.get(&name).expect("a file that was made");
                self.nodes[node].pending.push(call.clone());
            }
            Call::Sync { path } => {
                let name = self.name(path);
                let node = match self.names.get(&name) {
                    Some(node) => *node,
                    None => self.known(name),
                };
                self.sync(node);
            }
            Call::Unlink { file } => {
                let name = self.name(file);
                self.happens(Naming::Taken(name));
            }
            Call::Rename { from, to } => {
                let (from, to) = (self.name(from), self.name(to));
                let node = *self.names.get(&from).expect("a name that was given");
                self.happens(Naming::Moved(from, to, node));
            }
        }
    }

    fn node(&mut self, is_folder: bool) -> usize {
        self.nodes.push(Node {
            is_folder,
            ..Node::default()
        });
        self.nodes.len() - 1
    }

    /// A folder that was there before.
    fn known(&mut self, name: Name) -> usize {
        let node = self.node(true);
        self.names.insert(name.clone(), node);
        self.synced_names.insert(name, node);
        node
    }

    /// Where a path leads now; folders that nobody made were there before.
    fn name(&mut self, path: &Path) -> Name {
        let mut parts = path.iter().map(OsString::from).skip(1).peekable();
        let mut folder = 0;
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return (folder, part);
            }
            let name = (folder, part);
            folder = match self.names.get(&name) {
                Some(node) => *node,
                None => self.known(name),
            };
        }
        panic!("{} is no path", path.display());
    }

    fn happens(&mut self, naming: Naming) {
        naming.apply_to(&mut self.names);
        self.pending_names.push(naming);
    }

    /// A file keeps its bytes, a folder its names.
    fn sync(&mut self, node: usize) {
        let file = &mut self.nodes[node];
        for call in std::mem::take(&mut file.pending) {
            write_to(&mut file.synced, &call, |_| true);
        }
        for naming in std::mem::take(&mut self.pending_names) {
            if naming.is_in(node) {
                naming.apply_to(&mut self.synced_names);
            } else {
                self.pending_names.push(naming);
            }
        }
    }

    /// How many names a power loss may leave as they are or were.
    pub fn unsure_names(&self) -> usize {
        self.pending_names.len()
    }

    /// The files after a power loss: `kept` percent of what was not synced is there, by names and by sectors.
    pub fn lose_power(&self, rng: &mut Rng, kept: u8) -> BTreeMap<PathBuf, Vec<u8>> {
        let chance: Vec<bool> = self
            .pending_names
            .iter()
            .map(|_| rng.u8(..100) < kept)
            .collect();
        self.lose_power_but(|name| chance[name], rng, kept)
    }

    /// The same with these of the names that are not sure.
    pub fn lose_power_but(
        &self,
        is_there: impl Fn(usize) -> bool,
        rng: &mut Rng,
        kept: u8,
    ) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut names = self.synced_names.clone();
        for (number, naming) in self.pending_names.iter().enumerate() {
            if is_there(number) {
                naming.apply_to(&mut names);
            }
        }
        let mut files = BTreeMap::new();
        let mut folders = vec![(0, PathBuf::from("/"))];
        while let Some((folder, path)) = folders.pop() {
            let inside = names.range((folder, OsString::new())..(folder + 1, OsString::new()));
            for ((_, name), node) in inside {
                let path = path.join(name);
                let file = &self.nodes[*node];
                if file.is_folder {
                    folders.push((*node, path));
                    continue;
                }
                let mut bytes = file.synced.clone();
                for call in &file.pending {
                    write_to(&mut bytes, call, |_| rng.u8(..100) < kept);
                }
                files.insert(path, bytes);
            }
        }
        files
    }
}

impl Naming {
    fn apply_to(&self, names: &mut BTreeMap<Name, usize>) {
        match self {
            Naming::Given(name, node) => {
                names.insert(name.clone(), *node);
            }
            Naming::Taken(name) => {
                names.remove(name);
            }
            Naming::Moved(from, to, node) => {
                if names.get(from) == Some(node) {
                    names.remove(from);
                }
                names.insert(to.clone(), *node);
            }
        }
    }

    /// Whether it is about names in a folder.
    fn is_in(&self, folder: usize) -> bool {
        match self {
            Naming::Given(name, _) | Naming::Taken(name) => name.0 == folder,
            Naming::Moved(from, to, _) => from.0 == folder || to.0 == folder,
        }
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
        Call::Create { .. }
        | Call::MakeFolder { .. }
        | Call::Sync { .. }
        | Call::Unlink { .. }
        | Call::Rename { .. } => {}
    }
}
