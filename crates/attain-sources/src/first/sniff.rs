//! Records of a file never seen before: which format, which fields. Knows formats; guesses no meaning, but for the names
//! of a combined log's appended fields, which have none of their own.

use std::io::BufRead;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::Error;
use crate::file::files::{next_line, open};
use crate::log::access_log::{cut, path_of, unescape};
use crate::table::csv_events::{delimiter_of, header_of};
use crate::table::parquet_file::{ParquetFile, is_parquet};

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileForm {
    /// nginx's and Apache's combined format, and the names given to the fields after it, in order.
    Combined {
        /// Guessed from their values, e.g. `request_time`.
        append: Vec<String>,
    },
    /// A JSON object per line.
    JsonLines,
    /// A header and rows.
    Csv {
        /// What parts the cells: `,`, `;` or a tab.
        delimiter: u8,
        /// The columns.
        header: Vec<String>,
    },
    /// Parquet, one event a row.
    Parquet {
        /// The columns that are flat and of a type that can be read.
        header: Vec<String>,
    },
}

/// Field names and values of one record.
pub(crate) type Record = Vec<(String, String)>;

/// How many fields after the combined format's are looked at.
const APPENDED_AT_MOST: usize = 12;

/// Tells how a file is written by its first lines.
pub(crate) fn form_of(path: &Path) -> Result<FileForm, Error> {
    const LOOKED_AT: usize = 500;
    let mut reader = open(path)?.reader;
    if is_parquet(path, &mut reader) {
        let header = ParquetFile::open(path)?.want_all();
        return Ok(FileForm::Parquet { header });
    }
    let (mut lines, mut line) = (Vec::new(), Vec::new());
    while lines.len() < LOOKED_AT && next_line(&mut reader, &mut line).unwrap_or(false) {
        if !line.trim_ascii().is_empty() {
            lines.push(line.clone());
        }
    }
    let Some(first) = lines.first() else {
        return Err(not_understood(
            path,
            "the file is empty; give one with lines in it",
        ));
    };
    let most = |fits: usize| fits * 2 > lines.len();
    if most(
        lines
            .iter()
            .filter(|line| json_object(line).is_some())
            .count(),
    ) {
        return Ok(FileForm::JsonLines);
    }
    if most(lines.iter().filter(|line| cut(line, 0).is_ok()).count()) {
        let append = appended_names(&lines);
        return Ok(FileForm::Combined { append });
    }
    let delimiter = delimiter_of(first);
    let mut rows = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(delimiter)
        .from_reader(first.as_slice());
    let mut header = csv::ByteRecord::new();
    let read = rows.read_byte_record(&mut header).unwrap_or(false);
    let header = header_of(&header);
    let names = header
        .iter()
        .all(|name| !name.is_empty() && name.parse::<f64>().is_err());
    if read && header.len() >= 2 && names && lines.len() >= 2 {
        return Ok(FileForm::Csv { delimiter, header });
    }
    Err(not_understood(
        path,
        "neither an access log in the combined format, nor JSON lines, nor CSV with a header; \
         write a source whose `format:` is `~` and a regular expression with named groups (docs/reference/sources.md)",
    ))
}

pub(crate) fn not_understood(path: &Path, why: &str) -> Error {
    Error::NotUnderstood {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}

/// Hands over the records of a file, at most so many; gives how many lines could not be read, and whether there is more.
pub(crate) fn each_record(
    path: &Path,
    form: &FileForm,
    at_most: u64,
    on_record: &mut dyn FnMut(Record),
) -> Result<(u64, bool), Error> {
    if let FileForm::Parquet { header } = form {
        return each_row(path, header, at_most, on_record);
    }
    let mut reader = open(path)?.reader;
    let (mut unread, mut seen) = (0, 0);
    if let FileForm::Csv { delimiter, header } = form {
        let mut rows = csv::ReaderBuilder::new()
            .flexible(true)
            .has_headers(true)
            .delimiter(*delimiter)
            .from_reader(reader);
        let mut row = csv::ByteRecord::new();
        while rows.read_byte_record(&mut row).unwrap_or(false) {
            if seen == at_most {
                return Ok((unread, true));
            }
            seen += 1;
            if row.len() == header.len() {
                on_record(header.iter().cloned().zip(header_of(&row)).collect());
            } else {
                unread += 1;
            }
        }
        return Ok((unread, false));
    }
    let mut line = Vec::new();
    while next_line(&mut reader as &mut dyn BufRead, &mut line).unwrap_or(false) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        if seen == at_most {
            return Ok((unread, true));
        }
        seen += 1;
        let record = match form {
            FileForm::Combined { append } => combined_record(&line, append),
            _ => json_object(&line).map(|object| json_record(&object)),
        };
        match record {
            Some(record) => on_record(record),
            None => unread += 1,
        }
    }
    Ok((unread, false))
}

/// Hands over the rows of a Parquet file.
fn each_row(
    path: &Path,
    header: &[String],
    at_most: u64,
    on_record: &mut dyn FnMut(Record),
) -> Result<(u64, bool), Error> {
    let mut file = ParquetFile::open(path)?;
    for name in header {
        file.want(name)?;
    }
    file.each_batch(0, &mut |columns, first, rows| {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX).min(at_most - first);
        for row in 0..usize::try_from(rows).unwrap_or(usize::MAX) {
            let cells = columns
                .iter()
                .map(|column| (column.name.clone(), column.text(row).into_owned()));
            on_record(cells.collect());
        }
        Ok(first + rows < at_most)
    })?;
    Ok((0, file.rows > at_most))
}

fn json_object(line: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(line) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn json_record(object: &Map<String, Value>) -> Record {
    fn walk(prefix: &str, object: &Map<String, Value>, record: &mut Record) {
        for (key, value) in object {
            let name = format!("{prefix}{key}");
            match value {
                Value::Object(inner) => walk(&format!("{name}."), inner, record),
                Value::String(text) => record.push((name, text.clone())),
                Value::Number(number) => record.push((name, number.to_string())),
                Value::Bool(value) => record.push((name, value.to_string())),
                Value::Array(values) => {
                    if let Some(Value::String(text)) = values.first() {
                        record.push((name, text.clone()));
                    }
                }
                Value::Null => {}
            }
        }
    }
    let mut record = Vec::new();
    walk("", object, &mut record);
    record
}

fn combined_record(line: &[u8], append: &[String]) -> Option<Record> {
    let combined = cut(line, append.len()).ok()?;
    let mut record: Record = [
        ("time_local", combined.time),
        ("method", combined.method),
        ("path", path_of(combined.target)),
        ("status", combined.status),
        ("user_agent", combined.user_agent),
    ]
    .map(|(name, raw)| (name.to_owned(), value_of(raw)))
    .into();
    for (name, raw) in append.iter().zip(&combined.appended) {
        record.push((name.clone(), value_of(raw)));
    }
    Some(record)
}

fn value_of(raw: &[u8]) -> String {
    if raw == b"-" {
        String::new()
    } else {
        unescape(raw).into_owned()
    }
}

/// Names for the fields after the combined format's, by what their values look like.
fn appended_names(lines: &[Vec<u8>]) -> Vec<String> {
    let mut columns: Vec<Vec<String>> = Vec::new();
    for line in lines {
        let Ok(combined) = cut(line, APPENDED_AT_MOST) else {
            continue;
        };
        for (place, raw) in combined.appended.iter().enumerate() {
            if columns.len() <= place {
                columns.push(Vec::new());
            }
            columns[place].push(value_of(raw));
        }
    }
    let mut names: Vec<String> = Vec::new();
    for (place, values) in columns.iter().enumerate() {
        let wanted = appended_name(values);
        let taken = |name: &str| names.iter().any(|known| known == name);
        let name = match wanted {
            Some("request_time") if taken("request_time") => "upstream_response_time".to_owned(),
            Some(name) => name.to_owned(),
            None => format!("field_{}", place + 1),
        };
        let name = if taken(&name) {
            format!("field_{}", place + 1)
        } else {
            name
        };
        names.push(name);
    }
    names
}

fn appended_name(values: &[String]) -> Option<&'static str> {
    let said: Vec<&str> = values
        .iter()
        .map(String::as_str)
        .filter(|v| !v.is_empty())
        .collect();
    if said.is_empty() {
        return None;
    }
    let all = |fits: &dyn Fn(&str) -> bool| said.iter().all(|value| fits(value));
    let distinct: std::collections::BTreeSet<&str> = said.iter().copied().collect();
    let is_number = |text: &str| {
        text.split([',', ':', ' '])
            .all(|part| part.is_empty() || part == "-" || part.parse::<f64>().is_ok())
    };
    if all(&is_number) {
        // Whole numbers of few values are flags and ports, not times.
        let decimal = said.iter().any(|value| value.contains('.'));
        return (decimal || distinct.len() > 12).then_some("request_time");
    }
    if all(&|text| text.parse::<std::net::IpAddr>().is_ok()) {
        return Some("http_x_forwarded_for");
    }
    let known = |words: &[&str]| all(&|text| words.contains(&text));
    if known(&[
        "HIT",
        "MISS",
        "BYPASS",
        "EXPIRED",
        "STALE",
        "UPDATING",
        "REVALIDATED",
    ]) {
        return Some("upstream_cache_status");
    }
    if known(&["http", "https"]) {
        return Some("scheme");
    }
    if all(&|text| text.starts_with("TLSv") || text.starts_with("SSLv")) {
        return Some("ssl_protocol");
    }
    // Few words that repeat: `premium`, `team-v2`.
    let word = |text: &str| {
        text.len() <= 24
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    // A few customers' keys repeat like words do, and some clients send something else.
    let keys = said.iter().filter(|text| is_api_key(text)).count();
    if distinct.len() >= 2 && keys * 10 >= said.len() * 9 {
        return Some("http_x_api_key");
    }
    let repeat = said.len() >= 3 * distinct.len();
    if all(&word) && repeat && (2..=12).contains(&distinct.len()) {
        return Some("segment");
    }
    let key = |text: &str| {
        text.len() >= 6
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    (all(&key)
        && said
            .iter()
            .any(|text| text.bytes().any(|b| b.is_ascii_digit())))
    .then_some("http_x_api_key")
}

/// `pk_free_7c1f`, `ent-0042ab19`, or 16 hexadecimal digits and more.
fn is_api_key(text: &str) -> bool {
    if text.len() >= 16 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return true;
    }
    let Some((prefix, tail)) = text.rsplit_once(['_', '-']) else {
        return false;
    };
    let has = |fits: fn(&u8) -> bool| tail.bytes().any(|b| fits(&b));
    let is_mixed = has(u8::is_ascii_alphabetic) && has(u8::is_ascii_digit);
    // `plan-2024` is a word, and so is `team-v2`.
    prefix.starts_with(|c: char| c.is_ascii_alphabetic())
        && tail.bytes().all(|b| b.is_ascii_alphanumeric())
        && ((tail.len() >= 4 && is_mixed) || (tail.len() >= 6 && has(u8::is_ascii_digit)))
}
