//! OTLP as JSON: `{"resourceSpans": [{"resource": …, "scopeSpans": [{"spans": […]}]}]}`. A document stands on one line or
//! over several.

use std::io::BufRead;
use std::path::Path;

use attain_model::trace::{CallSide, TraceSpan};
use serde::Deserialize;
use serde_json::Value;

use super::{SpanFile, id};
use crate::error::Error;
use crate::first::sniff::not_understood;

/// A longer document does not fit into the memory that this may take.
const DOCUMENT_BYTES_AT_MOST: usize = 256 << 20;
/// Whom a client calls who sends no spans; the first that is there.
const PEER: [&str; 6] = [
    "peer.service",
    "db.namespace",
    "db.name",
    "messaging.destination.name",
    "server.address",
    "net.peer.name",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    resource_spans: Vec<OfResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfResource {
    #[serde(default)]
    resource: Resource,
    #[serde(default, alias = "instrumentationLibrarySpans")]
    scope_spans: Vec<OfScope>,
}

#[derive(Deserialize, Default)]
struct Resource {
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct OfScope {
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    trace_id: String,
    span_id: String,
    #[serde(default)]
    parent_span_id: Option<String>,
    #[serde(default)]
    kind: Value,
    #[serde(default)]
    start_time_unix_nano: Value,
    #[serde(default)]
    end_time_unix_nano: Value,
    #[serde(default)]
    attributes: Vec<Attribute>,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize, Default)]
struct Status {
    #[serde(default)]
    code: Value,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    #[serde(default)]
    value: Value,
}

pub(super) fn read(
    path: &Path,
    reader: &mut dyn BufRead,
    take: &mut dyn FnMut(&TraceSpan),
) -> Result<SpanFile, Error> {
    let mut file = SpanFile::default();
    let (mut text, mut line) = (Vec::new(), 0);
    loop {
        let begins = line + 1;
        match document(path, reader, &mut text, &mut line)? {
            Found::End => return Ok(file),
            Found::Blank => continue,
            Found::Document => file.read += 1,
        }
        match serde_json::from_slice::<Document>(&text) {
            Ok(document) => {
                for span in spans(document) {
                    file.spans += 1;
                    take(&span);
                }
            }
            Err(error) => file.broken(path, begins, format!("it is no OTLP of spans: {error}")),
        }
    }
}

enum Found {
    Document,
    Blank,
    End,
}

/// The next lines up to where as many brackets are closed as were opened.
fn document(
    path: &Path,
    reader: &mut dyn BufRead,
    text: &mut Vec<u8>,
    line: &mut u64,
) -> Result<Found, Error> {
    text.clear();
    let mut scan = Scan::default();
    loop {
        let from = text.len();
        let taken = reader
            .read_until(b'\n', text)
            .map_err(|source| Error::Read {
                path: path.to_owned(),
                source,
            })?;
        if taken == 0 {
            return Ok(if text.is_empty() {
                Found::End
            } else {
                Found::Document
            });
        }
        *line += 1;
        if text.len() > DOCUMENT_BYTES_AT_MOST {
            let why = "a JSON document in it has more than 256 MiB; write spans as a document on each line";
            return Err(not_understood(path, why));
        }
        if from == 0 && text.trim_ascii().is_empty() {
            return Ok(Found::Blank);
        }
        if scan.is_closed_after(&text[from..]) {
            let mark = crate::file::files::BYTE_ORDER_MARK;
            if text.starts_with(mark) {
                text.drain(..mark.len());
            }
            return Ok(Found::Document);
        }
    }
}

/// How deep in brackets a text is.
#[derive(Default)]
struct Scan {
    depth: i64,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    fn is_closed_after(&mut self, text: &[u8]) -> bool {
        for byte in text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
        }
        // No string runs over the end of a line: the line is broken, and the next is another document.
        self.depth <= 0 || self.in_string
    }
}

fn spans(document: Document) -> impl Iterator<Item = TraceSpan> {
    document.resource_spans.into_iter().flat_map(|of| {
        let service = text_of(&of.resource.attributes, "service.name").unwrap_or("unknown");
        let service = service.to_owned();
        let spans = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.filter_map(move |span| {
            Some(TraceSpan {
                trace: id(&span.trace_id)?,
                id: id(&span.span_id)?,
                parent: span.parent_span_id.as_deref().and_then(id),
                service: service.clone(),
                side: side(&span.kind),
                failed: is_error(&span.status.code),
                time: number(&span.start_time_unix_nano).zip(number(&span.end_time_unix_nano)),
                peer: PEER
                    .iter()
                    .find_map(|key| text_of(&span.attributes, key))
                    .map(str::to_owned),
            })
        })
    })
}

fn text_of<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a str> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    attribute.value.get("stringValue")?.as_str()
}

/// A number, or the text of one, as JSON has 64 bits.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn side(kind: &Value) -> CallSide {
    match (number(kind), kind.as_str()) {
        (Some(2), _) | (_, Some("SPAN_KIND_SERVER")) => CallSide::Server,
        (Some(3), _) | (_, Some("SPAN_KIND_CLIENT")) => CallSide::Client,
        (Some(4), _) | (_, Some("SPAN_KIND_PRODUCER")) => CallSide::Producer,
        (Some(5), _) | (_, Some("SPAN_KIND_CONSUMER")) => CallSide::Consumer,
        _ => CallSide::Within,
    }
}

fn is_error(code: &Value) -> bool {
    number(code) == Some(2) || code.as_str() == Some("STATUS_CODE_ERROR")
}
