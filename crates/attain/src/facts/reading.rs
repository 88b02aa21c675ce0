//! What was read, in the words of the JSON. Says the same as notes.rs, for programs.

use attain_model::SourceId;
use attain_sources::SourceReading;
use attain_view::status_json::{ReadSource, Reading, UnparsedLine};

use super::Facts;

/// Every source of the catalogue.
pub fn reading(facts: &Facts) -> Reading {
    let read = facts
        .reading
        .sources
        .iter()
        .map(|(id, source)| of(id, source));
    let not_read = facts.not_read.iter().map(|id| ReadSource {
        source: id.to_string(),
        ..ReadSource::default()
    });
    let mut sources: Vec<ReadSource> = read.chain(not_read).collect();
    sources.sort_by(|a, b| a.source.cmp(&b.source));
    Reading { sources }
}

fn of(id: &SourceId, source: &SourceReading) -> ReadSource {
    let files = source.files.iter().filter(|file| file.same_as.is_none());
    ReadSource {
        source: id.to_string(),
        supported: true,
        files: files.count() as u64,
        lines: source.lines,
        unparsed: source.unparsed,
        examples: source
            .examples
            .iter()
            .map(|line| UnparsedLine {
                place: line.place.to_string(),
                why: line.why.to_string(),
            })
            .collect(),
        without_files: source.without_files.clone(),
        unclaimed_segments: source.unknown_values.clone(),
        notes: source.notes.clone(),
    }
}
