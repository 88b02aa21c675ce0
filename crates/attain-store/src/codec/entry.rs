//! Entries of the record: what was done, in a chain of hashes.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::bytes::{Malformed, Read, Reader, Writer};

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1 without holes.
    pub number: u64,
    /// When, by the caller's clock.
    pub at: Timestamp,
    /// What.
    pub done: Done,
    /// SHA-256 of the entry and of the hash before it, in hex.
    pub hash: String,
}

/// What can be done to a data folder and with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Files were read into it.
    Replayed {
        /// What was read.
        inputs: Vec<Input>,
        /// Lines or rows read, of all inputs.
        lines: u64,
        /// Those that could not be read.
        unparsed: u64,
    },
    /// Another catalogue came into use.
    Catalogue {
        /// Of its files, in hex; see [`Done::catalogue`].
        sha256: String,
        /// The files as they were, so that what was promised then can be shown later.
        files: Vec<Text>,
    },
    /// A statement was issued.
    Stated {
        /// For which period, e.g. `2026-10`.
        period: String,
        /// The statement's own hash.
        hash: String,
    },
    /// The folder was restored from a backup.
    Restored {
        /// From where.
        from: String,
    },
    /// Facts were dropped.
    Retained {
        /// Whole days before this instant.
        before: Timestamp,
    },
}

/// A file or stream that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// As the person named it.
    pub path: String,
    /// The catalogue's source that it belongs to.
    pub source: String,
    /// What its positions are counted in: stable across runs.
    pub origin: String,
    /// Lines or rows read.
    pub lines: u64,
}

/// A text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its path within the catalogue's folder.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl Done {
    /// A catalogue with the SHA-256 over the lengths, paths and texts of its files in the order given.
    #[must_use]
    pub fn catalogue(files: Vec<Text>) -> Self {
        let mut hash = Sha256::new();
        for file in &files {
            for part in [&file.path, &file.text] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part.as_bytes());
            }
        }
        Done::Catalogue {
            sha256: hex(&hash.finalize()),
            files,
        }
    }
}

/// The hash before the first entry.
pub(crate) const GENESIS: [u8; 32] = [0; 32];

/// The content of an entry.
pub(crate) fn encode(number: u64, at: Timestamp, done: &Done, before: &[u8; 32]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.raw(before);
    writer.number(number);
    writer.time(at);
    match done {
        Done::Replayed {
            inputs,
            lines,
            unparsed,
        } => {
            writer.byte(1);
            writer.length(inputs.len());
            for input in inputs {
                writer.text(&input.path);
                writer.text(&input.source);
                writer.text(&input.origin);
                writer.number(input.lines);
            }
            writer.number(*lines);
            writer.number(*unparsed);
        }
        Done::Catalogue { sha256, files } => {
            writer.byte(2);
            writer.text(sha256);
            writer.length(files.len());
            for file in files {
                writer.text(&file.path);
                writer.text(&file.text);
            }
        }
        Done::Stated { period, hash } => {
            writer.byte(3);
            writer.text(period);
            writer.text(hash);
        }
        Done::Restored { from } => {
            writer.byte(4);
            writer.text(from);
        }
        Done::Retained { before } => {
            writer.byte(5);
            writer.time(*before);
        }
    }
    writer.bytes
}

/// An entry, and the hash that it says stands before it.
pub(crate) fn decode(content: &[u8]) -> Read<([u8; 32], Entry)> {
    let mut reader = Reader::new(content);
    let before = reader.array()?;
    let entry = Entry {
        number: reader.number()?,
        at: reader.time()?,
        done: read_done(&mut reader)?,
        hash: hex(&hash(content)),
    };
    reader.end()?;
    Ok((before, entry))
}

fn read_done(reader: &mut Reader<'_>) -> Read<Done> {
    let text = |reader: &mut Reader<'_>| reader.text().map(str::to_owned);
    Ok(match reader.byte()? {
        1 => Done::Replayed {
            inputs: reader.many(|reader| {
                Ok(Input {
                    path: text(reader)?,
                    source: text(reader)?,
                    origin: text(reader)?,
                    lines: reader.number()?,
                })
            })?,
            lines: reader.number()?,
            unparsed: reader.number()?,
        },
        2 => Done::Catalogue {
            sha256: text(reader)?,
            files: reader.many(|reader| {
                Ok(Text {
                    path: text(reader)?,
                    text: text(reader)?,
                })
            })?,
        },
        3 => Done::Stated {
            period: text(reader)?,
            hash: text(reader)?,
        },
        4 => Done::Restored {
            from: text(reader)?,
        },
        5 => Done::Retained {
            before: reader.time()?,
        },
        _ => {
            return Err(Malformed(
                "an entry of a kind that this version does not know",
            ));
        }
    })
}

/// Of the content of an entry, which holds the hash before it: a chain.
pub(crate) fn hash(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
