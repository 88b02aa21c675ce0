//! Spans of traces out of files, one by one, and what a service-graph metric counted. Knows the three forms of such files;
//! knows nothing of services, requests or calls.
//!
//! | form | told by |
//! |---|---|
//! | OTLP as JSON (`otlp.rs`): what a file exporter writes, a document on each line or over several | `{` first |
//! | service graph (`mesh.rs`): `traces_service_graph_request_total{client="a",server="b"} 12` | exposition text |
//! | table (`table.rs`): CSV with a header | anything else |
//!
//! Files may be packed (`.gz`, `.zst`) or piped (`-`). What cannot be read is counted, with examples.

mod mesh;
mod otlp;
mod table;

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use attain_model::delivery::Unparsed;
use attain_model::trace::{CallCount, TraceSpan};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::Error;
use crate::file::files::{self, BYTE_ORDER_MARK};
use crate::text::exposition;

/// What a file held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpanFile {
    /// Spans that were handed over.
    pub spans: u64,
    /// Lines, rows or documents.
    pub read: u64,
    /// Those that could not be read.
    pub unparsed: u64,
    /// The first of them.
    pub examples: Vec<Unparsed>,
    /// Calls by client and server, of a service-graph metric.
    pub counts: BTreeMap<(String, String), CallCount>,
}

/// Examples that are kept.
const EXAMPLES_AT_MOST: usize = 3;

impl SpanFile {
    fn broken(&mut self, path: &Path, place: u64, why: String) {
        self.unparsed += 1;
        if self.examples.len() < EXAMPLES_AT_MOST {
            self.examples.push(Unparsed {
                place: format!("{}:{place}", path.display()),
                why,
            });
        }
    }
}

/// Reads a file and hands its spans over as they come; the memory it takes does not depend on how many there are.
///
/// # Errors
/// A file that does not open or breaks off, and one whose form is none of the three.
pub fn read_spans(path: &Path, take: &mut dyn FnMut(&TraceSpan)) -> Result<SpanFile, Error> {
    let mut opened = files::open(path)?;
    let reader = &mut *opened.reader;
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let first = reader.fill_buf().map_err(failed)?;
    let first = first
        .strip_prefix(BYTE_ORDER_MARK)
        .unwrap_or(first)
        .trim_ascii_start();
    match first.first().copied() {
        None => Ok(SpanFile::default()),
        Some(b'{') => otlp::read(path, reader, take),
        Some(_) if exposition::is_in(reader) || is_graph(reader) => mesh::read(path, reader),
        Some(_) => table::read(path, reader, take),
    }
}

/// A page as it is scraped has no times, by which exposition text is told.
fn is_graph(reader: &mut dyn BufRead) -> bool {
    let is_in = |text: &[u8]| memchr::memmem::find(text, mesh::CALLS.as_bytes()).is_some();
    reader.fill_buf().is_ok_and(is_in)
}

/// An id as a number: the same for the same text, whatever its case. `None` for nothing, and for nothing but zeros.
fn id(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.bytes().all(|byte| byte == b'0') || text.eq_ignore_ascii_case("root") {
        return None;
    }
    Some(xxh3_64(text.to_ascii_lowercase().as_bytes()))
}

#[cfg(test)]
mod tests;
