//! What the numbers leave out, as far as reading knows it. What judging knows is in the evaluation.

use std::collections::BTreeMap;

use attain_model::{Promises, SourceId};
use attain_view::{number, visible};

use super::{EXAMPLES_SHOWN, Facts};

/// A line for each thing.
pub fn notes(promises: &Promises, facts: &Facts) -> Vec<String> {
    let mut notes = facts.notes.clone();
    for (id, source) in &facts.reading.sources {
        if source.unparsed > 0 {
            let example = source.examples.first().map_or_else(String::new, |line| {
                format!(", e.g. {}: {}", line.place, line.why)
            });
            notes.push(format!(
                "source {id}: {} of {} could not be read{example}",
                number::grouped(source.unparsed),
                number::plural(source.lines, "line")
            ));
        }
        for pattern in &source.without_files {
            notes.push(format!("source {id}: no file fits `{pattern}`"));
        }
        if !source.unknown_values.is_empty() {
            notes.push(unclaimed(promises, id, &source.unknown_values));
        }
        notes.extend(
            source
                .notes
                .iter()
                .map(|note| format!("source {id}: {note}")),
        );
    }
    for id in &facts.not_read {
        notes.push(format!(
            "source {id}: not read: nothing is read over the network yet. Its metrics as text can be: attain replay CATALOGUE FILE --source {id}"
        ));
    }
    notes
}

/// Segment values that nobody claims, most frequent first.
fn unclaimed(promises: &Promises, id: &SourceId, values: &BTreeMap<String, u64>) -> String {
    let mut values: Vec<(&String, &u64)> = values.iter().collect();
    values.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let shown: Vec<String> = values
        .iter()
        .take(EXAMPLES_SHOWN)
        .map(|(value, events)| {
            let (value, events) = (visible(value), number::grouped(**events));
            format!("`{value}` ({events})")
        })
        .collect();
    let more = match values.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let segments: Vec<&str> = promises
        .catalogue()
        .segments
        .keys()
        .map(|segment| segment.as_str())
        .collect();
    format!(
        "source {id}: no segment claims {}{more}; add them to `match:` of {}",
        shown.join(", "),
        segments.join(", ")
    )
}
