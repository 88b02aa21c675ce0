//! The nouns of attain: what is promised, what happened, what it means.
//!
//! Knows no YAML, no bytes on disk, no clock, no printer. Types are plain data; functions are short and total.
//! Nothing here is `Serialize`: YAML shapes live in attain-spec, views in attain-view.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod diagnostic;

pub use diagnostic::{Diagnostic, Label, Level, SourceFile, SourceMap, Span};
