//! Facts kept: the only place that knows bytes and SQL.
//!
//! A data folder holds `counts.db` (what was counted) and `record.db` (what was done), two SQLite files, and `lock`.
//! What is appended lies in *frames*, exactly as delivered and durable on return; [`Store::seal`] replaces frames by
//! immutable *pages* of one stream and day. Each blob carries its own checksum, and a chain of digests leads from the
//! newest *head* (in both files) over a stream's *manifest* (in both files) to each page: what does not fit is
//! [`Damage`](attain_model::facts::Damage) with the time that is lost, never a smaller number.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let base = tempfile::tempdir()?;
//! # let folder = base.path().join("data");
//! use attain_model::SourceId;
//! use attain_model::delivery::Delivery;
//! use attain_store::{Access, Store};
//!
//! let mut store = Store::open(&folder, Access::WriteOrCreate)?;
//! let delivery = Delivery::new(SourceId::new("access"), "access.log", 0..4096);
//! let number = store.append(&Default::default(), &[delivery])?;
//! drop(store);
//!
//! let store = Store::open(&folder, Access::Read)?;
//! assert_eq!(store.frames().frames[0].number, number);
//! assert!(store.check().is_clean());
//! # Ok(())
//! # }
//! ```
//!
//! Knows nothing of catalogues, ledgers and verdicts. The bytes are described in docs/formats/data-folder.md.
// A store opens files; nothing in it reads a clock.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod append;
mod backup;
mod check;
mod codec;
mod compact;
mod db;
mod error;
mod gather;
mod lock;
mod made;
mod mirror;
mod record;
mod retain;
mod seal;
mod split;
mod store;
mod stream;

pub use append::{Frame, Frames};
pub use backup::{backup, restore};
pub use check::{Report, Size};
pub use codec::entry::{Done, Entry, Input, Text};
pub use compact::Coarser;
pub use error::Error;
pub use record::Entries;
pub use store::{Access, Store};
