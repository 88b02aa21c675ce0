//! YAML to catalogue: spans, references, diagnostics, formatting.
//!
//! Knows the text a person writes and how it becomes a [`attain_model`] value. Knows no file system, no clock and no
//! terminal: the caller reads the files and prints the diagnostics.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod spans;

pub use spans::Spans;
