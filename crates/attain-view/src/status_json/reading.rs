//! What reading knows beside the counts, for programs: which patterns fit no file, which lines could not be read,
//! which segment values nobody claims. Knows no file; the caller read them.

use std::collections::BTreeMap;

use serde::Serialize;

/// What was read, by source; the `reading` object of the JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// Every source of the catalogue, in the order of their ids.
    pub sources: Vec<ReadSource>,
}

/// What was read of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReadSource {
    /// Its id.
    pub source: String,
    /// Whether this version reads sources of its kind at all; if not, all else is empty.
    pub supported: bool,
    /// Files that were read; copies of others left out.
    pub files: u64,
    /// Lines or rows, the unreadable ones included; of what a server pulls, events.
    pub lines: u64,
    /// Those that could not be read.
    pub unparsed: u64,
    /// The first of them.
    pub examples: Vec<UnparsedLine>,
    /// Patterns of the catalogue that no file fits.
    pub without_files: Vec<String>,
    /// Values of the segment label that no segment claims, and how many events had each; of what a server is sent
    /// or pulls, how many series, of at most 50 values.
    pub unclaimed_segments: BTreeMap<String, u64>,
    /// What else a person should know.
    pub notes: Vec<String>,
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnparsedLine {
    /// File and line.
    pub place: String,
    /// What is wrong with it.
    pub why: String,
}
