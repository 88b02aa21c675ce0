//! Bytes: how facts are written and read back. Knows no SQL and no files.

pub(crate) mod blob;
pub(crate) mod bytes;
pub(crate) mod entry;
pub(crate) mod frame;
pub(crate) mod head;
pub(crate) mod nouns;
pub(crate) mod pack;
pub(crate) mod page;
pub(crate) mod state;
pub(crate) mod words;
