//! What a replay came to, in words and in JSON. Knows no file and no folder.

use std::time::Duration;

use attain_model::Interval;
use attain_sources::{Reading, SourceReading};
use attain_view::number;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::cli::StatusFormat;

/// Unreadable lines that are quoted; the JSON has more.
const EXAMPLES_SHOWN: usize = 5;

/// What a replay came to.
pub struct Said {
    /// What was read, by source.
    pub reading: Reading,
    /// From the first to the last slice in which this run counted anything.
    pub span: Option<Interval>,
    /// How long it took.
    pub took: Duration,
    /// It was stopped before the end.
    pub stopped: bool,
    /// What the data folder took; `None` without one.
    pub kept: Option<Kept>,
}

/// What a data folder took.
pub struct Kept {
    /// Its name as given.
    pub folder: String,
    /// Events (samples, readings) that are new.
    pub new: u64,
    /// Those that were known already.
    pub known: u64,
    /// Bytes of the folder.
    pub bytes: u64,
}

impl Said {
    /// In the format that was asked for.
    pub fn text(&self, format: StatusFormat, zone: &TimeZone) -> String {
        match format {
            StatusFormat::Human => self.human(zone),
            StatusFormat::Json => self.json(),
        }
    }

    fn human(&self, zone: &TimeZone) -> String {
        let lines: u64 = self.reading.sources.values().map(|s| s.lines).sum();
        let seconds = self.took.as_secs_f64();
        let mut text = format!("read {} in {seconds:.1} s", number::plural(lines, "line"));
        if seconds >= 0.1 {
            let rate = lines as f64 / seconds;
            text.push_str(&format!(", {} a second", number::grouped(rate as u64)));
        }
        text.push('\n');
        if let Some(span) = self.span {
            text.push_str(&format!(
                "  {} to {}\n",
                number::instant(span.start, zone),
                number::instant(span.end, zone)
            ));
        }
        for (id, source) in &self.reading.sources {
            let read = source.files.iter().filter(|file| file.same_as.is_none());
            text.push_str(&format!(
                "  source {id}: {} of {}, {} could not be read\n",
                number::plural(source.lines, "line"),
                number::plural(read.count() as u64, "file"),
                number::grouped(source.unparsed)
            ));
            for file in &source.files {
                if let Some(same) = &file.same_as {
                    let (file, same) = (file.path.display(), same.display());
                    text.push_str(&format!("    {file} is left out: {same} holds all of it\n"));
                }
            }
            text.extend(known(source));
            for note in &source.notes {
                text.push_str(&format!("    {note}\n"));
            }
            for line in source.examples.iter().take(EXAMPLES_SHOWN) {
                text.push_str(&format!("    {}: {}\n", line.place, line.why));
            }
        }
        if let Some(kept) = &self.kept {
            text.push_str(&format!(
                "kept in {}: {} new, {} known already; {} kB on disk\n",
                kept.folder,
                number::grouped(kept.new),
                number::grouped(kept.known),
                number::grouped(kept.bytes.div_ceil(1000))
            ));
            let mut files = (self.reading.sources.values()).flat_map(|source| &source.files);
            let is_known = files.any(|file| file.is_known || file.same_as.is_some());
            if kept.new == 0 && !self.stopped && is_known {
                text.push_str("  all that these files hold was counted before\n");
            }
        }
        if self.stopped {
            text.push_str(match self.kept {
                Some(_) => "stopped before the end; the same command goes on from here\n",
                None => "stopped before the end\n",
            });
        }
        text
    }

    fn json(&self) -> String {
        let sources = self.reading.sources.iter().map(|(id, source)| {
            let files = source.files.iter().map(|file| {
                json!({
                    "path": file.path.to_string_lossy(),
                    "origin": file.origin,
                    "known": file.is_known,
                    "same_as": file.same_as.as_ref().map(|path| path.to_string_lossy()),
                })
            });
            let examples = source.examples.iter();
            let examples = examples.map(|line| json!({"place": line.place, "why": line.why}));
            let value = json!({
                "files": files.collect::<Vec<_>>(),
                "lines": source.lines,
                "unparsed": source.unparsed,
                "examples": examples.collect::<Vec<_>>(),
                "notes": source.notes,
            });
            (id.to_string(), value)
        });
        let kept = self.kept.as_ref().map(|kept| {
            json!({"folder": kept.folder, "new": kept.new, "known": kept.known, "bytes": kept.bytes})
        });
        let value = json!({
            "sources": sources.collect::<serde_json::Map<_, _>>(),
            "begin": self.span.map(|span| span.start.to_string()),
            "end": self.span.map(|span| span.end.to_string()),
            "seconds": self.took.as_secs_f64(),
            "stopped": self.stopped,
            "kept": kept,
        });
        format!("{value:#}\n")
    }
}

/// The files that hold nothing new, by name: whoever expected something of one must see it.
fn known(source: &SourceReading) -> Option<String> {
    const NAMED: usize = 8;
    let files = source.files.iter().filter(|file| file.is_known);
    let names: Vec<String> = files.map(|file| file.path.display().to_string()).collect();
    let (first, more) = names.split_at(names.len().min(NAMED));
    let and_more = match more.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!first.is_empty()).then(|| {
        format!(
            "    {}{and_more}: nothing beyond what was taken\n",
            first.join(", ")
        )
    })
}
