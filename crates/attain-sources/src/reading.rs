//! How files are read, how far that has come, and what was read of them. Knows no file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use attain_model::SourceId;
use attain_model::delivery::{Delivery, Unparsed};
use attain_model::facts::OriginFacts;
use jiff::Timestamp;

/// How to read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files to read instead of those that the catalogue names, by source; `-` is standard input. These must exist.
    pub files: BTreeMap<SourceId, Vec<PathBuf>>,
    /// The ledger's slice: whole seconds, one minute unless said.
    pub slice: Duration,
    /// Bytes of content per delivery, about. A delivery of a table whose rows belong together is longer.
    pub chunk_bytes: u64,
    /// Threads that read; 0 is one per core. What is read does not depend on it.
    pub threads: usize,
    /// What earlier runs took, by source and origin, as a ledger's state says it: positions that were counted for every
    /// stream are not read again, the others are counted for the streams that lack them.
    pub taken: BTreeMap<(SourceId, String), OriginFacts>,
    /// Until when each source was heard in earlier runs, as a ledger says it: a log is not silent between the last heartbeat
    /// of one run and the first of the next, if they are no further apart than promised.
    pub heard_until: BTreeMap<SourceId, Timestamp>,
    /// A last line without its end is left, and said so: it may still be being written, and whoever keeps what is read
    /// reads it whole the next time. Not so of standard input and other pipes, which are read once.
    pub whole_lines: bool,
    /// Where to lay down for a while what can be read only once, so that it is known again like a file; without it, it is
    /// read as it comes, and what earlier runs took of it is not known. For whoever keeps what is read.
    pub lay_in: Option<PathBuf>,
    /// Set by somebody who wants the reading to end early.
    pub stop: Option<Arc<AtomicBool>>,
}

impl Options {
    /// Whether somebody wants the reading to end early.
    pub(crate) fn is_stopped(&self) -> bool {
        let stop = self.stop.as_ref();
        stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

/// Why a sink does not take a delivery.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Takes deliveries. An error stops the reading.
pub type Sink<'s> = dyn FnMut(Delivery) -> Result<(), SinkError> + 's;

impl Default for Options {
    fn default() -> Self {
        Self {
            files: BTreeMap::new(),
            slice: Duration::from_secs(60),
            chunk_bytes: 32 << 20,
            threads: 0,
            whole_lines: false,
            lay_in: None,
            taken: BTreeMap::new(),
            heard_until: BTreeMap::new(),
            stop: None,
        }
    }
}

/// How far reading has come. `total` is 0 where it cannot be known (standard input).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes taken from all files so far, as on disk.
    pub done: u64,
    /// Bytes of all files, as on disk.
    pub total: u64,
    /// Lines (rows) read so far, without blank ones and headers.
    pub lines: u64,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// By file source, also those without a file.
    pub sources: BTreeMap<SourceId, SourceReading>,
    /// It ended early because somebody asked to. What was handed over is valid; notes are about that part.
    pub stopped: bool,
}

/// What was read of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceReading {
    /// Its files, in the order in which they were read.
    pub files: Vec<FileReading>,
    /// Patterns of the catalogue that no file fits.
    pub without_files: Vec<String>,
    /// Lines (rows) read, the unreadable ones included; blank ones and headers are not.
    pub lines: u64,
    /// Lines that could not be read, or only in part; all are in the deliveries too.
    pub unparsed: u64,
    /// The first 20 of them.
    pub examples: Vec<Unparsed>,
    /// Values of the segment label that no segment claims, and how many events had them; the first 1000 values.
    pub unknown_values: BTreeMap<String, u64>,
    /// What a person should know about this source, e.g. a histogram without the needed bucket.
    pub notes: Vec<String>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReading {
    /// As named by the catalogue or the command line.
    pub path: PathBuf,
    /// The identity of its content, as in [`Delivery::origin`].
    pub origin: String,
    /// It was left out because this file holds all that it holds.
    pub same_as: Option<PathBuf>,
    /// It holds nothing beyond what an earlier run took ([`Options::taken`]), so nothing of it was counted.
    pub is_known: bool,
}
