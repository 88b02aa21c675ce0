//! What can go wrong while reading telemetry. Knows no diagnostics of catalogues: those are attain-spec's.

use std::path::PathBuf;

/// An operation on telemetry failed. A line that cannot be read is not an error: it is counted as unparsed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that was named does not open.
    #[error("cannot open {}; check that it exists and may be read", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Reading a file failed in its middle.
    #[error("cannot read on in {}; check the disk, then run again", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What can be read only once could not be laid down.
    #[error("cannot keep what comes from {} in {} while it is read: {source}; make room there, or save it to a file and read that", path.display(), folder.display())]
    Lay {
        /// What was read.
        path: PathBuf,
        /// Where to.
        folder: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Whoever was handed the counts could not keep them.
    #[error("cannot keep what was read: {0}")]
    Sink(#[source] crate::reading::SinkError),
    /// A compressed file is not whole: what is missing may be what failed.
    #[error("the compressed file {} breaks off after line {lines}: {why}; get the whole file, or unpack what there is and read that", path.display())]
    Broken {
        /// Which.
        path: PathBuf,
        /// Lines that could be read.
        lines: u64,
        /// How.
        why: String,
    },
    /// A column that the catalogue names is not in the file.
    #[error("{} has no column `{column}` for the {role}; it has {}; name one of them in the source", path.display(), list(has))]
    Column {
        /// Which file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What it would say, e.g. `time`.
        role: &'static str,
        /// The columns there are.
        has: Vec<String>,
    },
    /// A column that an SLO or the labels of the source look at is not in the file.
    #[error("{} has no column `{column}`, which {by} looks at; it has {}; name one of them there", path.display(), list(has))]
    Asked {
        /// Which file.
        path: PathBuf,
        /// The column, the JSON field or the named group.
        column: String,
        /// Who looks at it, e.g. "`bad:` of SLO `checkout`".
        by: String,
        /// The columns there are.
        has: Vec<String>,
    },
    /// Whatever a line says, the pattern of the source gives no such field.
    #[error(
        "the pattern of source `{source_id}` has no group `{group}`, which {by} looks at; it has {}; name one of them there",
        list(has)
    )]
    Group {
        /// The source.
        source_id: String,
        /// The group.
        group: String,
        /// Who looks at it.
        by: String,
        /// The groups there are.
        has: Vec<String>,
    },
    /// A field that tells good from bad is on no line.
    #[error(
        "no line of {files} has the field `{field}`, which {by} looks at; fields seen: {}",
        list(has)
    )]
    Absent {
        /// The files of the source.
        files: String,
        /// The field.
        field: String,
        /// Who looks at it.
        by: String,
        /// The fields that lines have.
        has: Vec<String>,
    },
    /// A latency that is promised is on no line.
    #[error(
        "no line of {files} has a latency in `{field}`, which `duration` names: {why}; fields there are: {}",
        list(has)
    )]
    Untimed {
        /// The files of the source.
        files: String,
        /// The field.
        field: String,
        /// What is there instead, and what to do.
        why: String,
        /// The fields there are.
        has: Vec<String>,
    },
    /// The header rows of a wide file do not fit the catalogue.
    #[error("{}: {why}; make `header_rows` of the source name the first rows of the file, in order", path.display())]
    Header {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Files were given for a source that is none.
    #[error(
        "{source_id} is not a source of this catalogue; its sources are {}",
        list(has)
    )]
    NotASource {
        /// What was asked for.
        source_id: String,
        /// The sources there are.
        has: Vec<String>,
    },
    /// A file, or a place in it, says nothing that can be understood.
    #[error("{}: {why}", path.display())]
    NotUnderstood {
        /// Which file.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
}

fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}
