//! Spans as CSV with a header. Columns are known by their names, whatever their order, case and separators: `trace_id`,
//! `TraceID` and `traceId` are one.

use std::io::BufRead;
use std::path::Path;

use attain_model::trace::{CallSide, TraceSpan};
use csv::{ByteRecord, ReaderBuilder};

use super::{SpanFile, id};
use crate::error::Error;
use crate::first::sniff::not_understood;

/// What a column is, and its names without separators, in small letters.
const TRACE: &[&str] = &["trace", "traceid"];
const SPAN: &[&str] = &["span", "spanid"];
const PARENT: &[&str] = &["parent", "parentid", "parentspan", "parentspanid"];
const SERVICE: &[&str] = &["service", "servicename", "podname", "cmdbid"];
const KIND: &[&str] = &["kind", "spankind"];
const ERROR: &[&str] = &["error", "failed", "iserror"];
const STATUS: &[&str] = &["status", "statuscode", "code", "httpstatuscode"];
const BEGIN: &[&str] = &["start", "starttime", "starttimeunixnano", "starttimeunixns"];
const END: &[&str] = &["end", "endtime", "endtimeunixnano", "endtimeunixns"];
const PEER: &[&str] = &["peer", "peerservice"];

/// Where each column stands.
struct Columns {
    trace: usize,
    span: usize,
    parent: usize,
    service: usize,
    kind: Option<usize>,
    error: Option<usize>,
    status: Option<usize>,
    begin: Option<usize>,
    end: Option<usize>,
    peer: Option<usize>,
}

impl Columns {
    fn of(header: &ByteRecord) -> Result<Self, String> {
        let plain = |name: &[u8]| -> String {
            let text = String::from_utf8_lossy(name);
            let letters = text.chars().filter(|c| c.is_alphanumeric());
            letters.collect::<String>().to_ascii_lowercase()
        };
        let names: Vec<String> = header.iter().map(plain).collect();
        let find = |known: &[&str]| {
            let place = |name: &&str| names.iter().position(|column| column == name);
            known.iter().find_map(place)
        };
        let need = |known: &[&str]| {
            find(known).ok_or_else(|| {
                let has: Vec<_> = header.iter().map(String::from_utf8_lossy).collect();
                format!(
                    "it has no column `{}`; it has {}. A table of spans needs trace_id, span_id, parent_id and service",
                    known.last().unwrap_or(&""),
                    has.join(", ")
                )
            })
        };
        Ok(Self {
            trace: need(TRACE)?,
            span: need(SPAN)?,
            parent: need(PARENT)?,
            service: need(SERVICE)?,
            kind: find(KIND),
            error: find(ERROR),
            status: find(STATUS),
            begin: find(BEGIN),
            end: find(END),
            peer: find(PEER),
        })
    }

    fn span(&self, row: &ByteRecord) -> Result<TraceSpan, String> {
        let cell = |place: usize| {
            let cell = std::str::from_utf8(row.get(place).unwrap_or_default());
            cell.map(str::trim)
                .map_err(|_| "it is not UTF-8".to_owned())
        };
        let maybe = |place: Option<usize>| place.map_or(Ok(""), cell);
        let service = cell(self.service)?;
        if service.is_empty() {
            return Err("it names no service".to_owned());
        }
        let time = |text: &str| text.parse::<u64>().ok();
        let peer = maybe(self.peer)?;
        Ok(TraceSpan {
            trace: id(cell(self.trace)?).ok_or("it has no trace id")?,
            id: id(cell(self.span)?).ok_or("it has no span id")?,
            parent: id(cell(self.parent)?),
            service: service.to_owned(),
            side: side(maybe(self.kind)?),
            failed: is_true(maybe(self.error)?) || is_error(maybe(self.status)?),
            time: time(maybe(self.begin)?).zip(time(maybe(self.end)?)),
            peer: (!peer.is_empty()).then(|| peer.to_owned()),
        })
    }
}

pub(super) fn read(
    path: &Path,
    reader: &mut dyn BufRead,
    take: &mut dyn FnMut(&TraceSpan),
) -> Result<SpanFile, Error> {
    let mut file = SpanFile::default();
    let mut rows = ReaderBuilder::new().flexible(true).from_reader(reader);
    let failed = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(source) => Error::Read {
            path: path.to_owned(),
            source,
        },
        _ => not_understood(
            path,
            "it is not CSV; give OTLP as JSON, or CSV with a header",
        ),
    };
    let columns = rows.byte_headers().map_err(failed)?.clone();
    let columns = Columns::of(&columns).map_err(|why| not_understood(path, &why))?;
    let mut row = ByteRecord::new();
    while rows.read_byte_record(&mut row).map_err(failed)? {
        file.read += 1;
        let line = row.position().map_or(0, csv::Position::line);
        match columns.span(&row) {
            Ok(span) => {
                file.spans += 1;
                take(&span);
            }
            Err(why) => file.broken(path, line, why),
        }
    }
    Ok(file)
}

fn side(text: &str) -> CallSide {
    let text = text.to_ascii_lowercase();
    match text.trim_start_matches("span_kind_") {
        "server" => CallSide::Server,
        "client" => CallSide::Client,
        "producer" => CallSide::Producer,
        "consumer" => CallSide::Consumer,
        _ => CallSide::Within,
    }
}

fn is_true(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "1" | "yes" | "error"
    )
}

/// A status of a span (`ERROR`, `STATUS_CODE_ERROR`, 2), of gRPC in words, or of HTTP from 500 on.
fn is_error(text: &str) -> bool {
    let code = text.parse::<u32>().ok();
    let word = text.to_ascii_uppercase();
    code == Some(2)
        || code.is_some_and(|code| (500..600).contains(&code))
        || matches!(word.as_str(), "ERROR" | "STATUS_CODE_ERROR" | "5XX")
}
