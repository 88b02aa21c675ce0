//! YAML to catalogue: spans, references, diagnostics, formatting.
//!
//! Knows the text a person writes and how it becomes a [`attain_model`] value. Knows no file system, no clock and no
//! terminal: the caller reads the files and prints the diagnostics.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod ambiguous;
mod codes;
mod compare;
mod decode;
mod fmt;
mod length;
mod matching;
mod moment;
mod money;
mod parse;
mod promql;
mod scalar;
mod schema;
mod spans;
mod suggest;
mod syntax;
mod target;
mod tree;

pub use codes::{CODES, Code, code};
pub use compare::compare;
pub use fmt::format;
pub use parse::{Input, Parsed, parse};
pub use schema::{json_schema, reference_page};
pub use spans::Spans;
pub use suggest::closest;
