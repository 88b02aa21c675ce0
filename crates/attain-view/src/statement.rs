//! Statements: what was promised and kept in a past period, as a document that others can check, and in words.
//!
//! - [`document`]: canonical JSON with a hash of itself; [`asked`]: what a document is about.
//! - [`markdown`], [`text`]: the same for people.
//! - [`verify`]: whether a document fits its own hash, and the data.
//!
//! Nothing here depends on a machine, a clock or the path of a file: same promises and counts, same bytes.

mod document;
mod verify;
mod words;

pub use document::{Asked, FORMAT, asked, document};
pub use verify::{Difference, Verified, verify};
pub use words::{markdown, text};
