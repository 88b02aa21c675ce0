//! The envelope of everything kept: what it is, in which version, and a checksum over it and its name.
//!
//! A blob that opens is what was written under this name, or the checksum was forged: rows that SQLite mixes up do not
//! open. Knows nothing of what is inside.

use std::cell::RefCell;

use sha2::{Digest as _, Sha256};
use zstd::bulk::Decompressor;

/// The first 16 bytes of a SHA-256.
pub(crate) type Digest = [u8; 16];

/// What a blob holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Frame = b'F' as isize,
    Page = b'P' as isize,
    Manifest = b'M' as isize,
    Head = b'H' as isize,
    State = b'S' as isize,
    Note = b'N' as isize,
    Entry = b'E' as isize,
    Anchor = b'A' as isize,
}

/// Why a blob does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Its checksum does not fit.
    Checksum,
    /// It was written by a newer version.
    Newer,
    /// It cannot be decompressed.
    Compression,
}

impl Kind {
    /// The newest version of its content. Frames and the state have marks since 2.
    fn version(self) -> u8 {
        match self {
            Kind::Frame | Kind::State => 2,
            _ => 1,
        }
    }
}

const HEADER: usize = 3 + 16;
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
/// A blob inflates to at most this many bytes: what a forged length could make a reader reserve.
const LARGEST: usize = 1 << 31;

thread_local! {
    /// What unpacks: 100 KB that are made once, not for each page. It begins anew with each blob.
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Packs content under a name. `level` is that of zstd, `None` leaves it as it is; what does not shrink by an eighth is left as it is, because it
/// is faster to read.
pub(crate) fn wrap(
    kind: Kind,
    name: &[u8],
    content: &[u8],
    level: impl Into<Option<i32>>,
) -> Vec<u8> {
    // Invariant: what is packed can be unpacked; what is larger is left for SQLite to refuse.
    let packed = level
        .into()
        .filter(|_| content.len() <= LARGEST)
        .and_then(|level| zstd::bulk::compress(content, level).ok())
        .filter(|packed| packed.len() < content.len() - content.len() / 8);
    let (form, body) = match &packed {
        Some(packed) => (ZSTD, packed.as_slice()),
        None => (PLAIN, content),
    };
    let mut blob = Vec::with_capacity(HEADER + 8 + body.len());
    blob.extend([kind as u8, kind.version(), form]);
    blob.extend([0; 16]);
    if form == ZSTD {
        blob.extend((content.len() as u64).to_le_bytes());
    }
    blob.extend_from_slice(body);
    let digest = digest_of(name, &blob);
    blob[3..HEADER].copy_from_slice(&digest);
    blob
}

/// The same content under another name, as it is packed and in its version.
pub(crate) fn renamed(
    kind: Kind,
    from: &[u8],
    to: &[u8],
    mut blob: Vec<u8>,
) -> Result<Vec<u8>, Broken> {
    verify(kind, from, &blob)?;
    let digest = digest_of(to, &blob);
    blob[3..HEADER].copy_from_slice(&digest);
    Ok(blob)
}

/// The digest that a blob says it has; it is its own only if [`open`] succeeds.
pub(crate) fn digest(blob: &[u8]) -> Option<Digest> {
    blob.get(3..HEADER)?.try_into().ok()
}

/// The version of its content that a blob says it has.
pub(crate) fn version(blob: &[u8]) -> u8 {
    blob.get(1).copied().unwrap_or_default()
}

/// The content of a blob.
pub(crate) fn open(kind: Kind, name: &[u8], blob: &[u8]) -> Result<Vec<u8>, Broken> {
    verify(kind, name, blob)?;
    let body = &blob[HEADER..];
    match blob[2] {
        PLAIN => Ok(body.to_vec()),
        ZSTD => inflate(body).ok_or(Broken::Compression),
        _ => Err(Broken::Newer),
    }
}

/// Whether a blob is what was written under its name, in a version that is known.
pub(crate) fn verify(kind: Kind, name: &[u8], blob: &[u8]) -> Result<(), Broken> {
    let said = digest(blob).ok_or(Broken::Checksum)?;
    if digest_of(name, blob) != said || blob[0] != kind as u8 {
        return Err(Broken::Checksum);
    }
    if blob[1] > kind.version() {
        return Err(Broken::Newer);
    }
    Ok(())
}

fn inflate(body: &[u8]) -> Option<Vec<u8>> {
    let (length, body) = body.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    if length > LARGEST {
        return None;
    }
    let content = UNPACKER.with_borrow_mut(|unpacker| {
        if unpacker.is_none() {
            *unpacker = Decompressor::new().ok();
        }
        unpacker.as_mut()?.decompress(body, length).ok()
    })?;
    (content.len() == length).then_some(content)
}

fn digest_of(name: &[u8], blob: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update((name.len() as u64).to_le_bytes());
    hash.update(name);
    hash.update(&blob[..3]);
    hash.update(&blob[HEADER..]);
    first(&hash.finalize())
}

pub(crate) fn first(hash: &[u8]) -> Digest {
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash[..16]);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_that_cannot_be_unpacked_spoils_none_after_it() {
        let content = [7; 4096];
        let whole = wrap(Kind::Page, b"name", &content, 3);
        assert_eq!(whole[2], ZSTD);
        let mut spoilt = whole.clone();
        let end = spoilt.len() - 4;
        spoilt[HEADER + 8..end].fill(0xff);
        let digest = digest_of(b"name", &spoilt);
        spoilt[3..HEADER].copy_from_slice(&digest);
        for _ in 0..3 {
            assert_eq!(open(Kind::Page, b"name", &whole), Ok(content.to_vec()));
            assert_eq!(open(Kind::Page, b"name", &spoilt), Err(Broken::Compression));
        }
    }
}
