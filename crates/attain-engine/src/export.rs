//! Facts as canonical text: equal content, equal bytes.
//!
//! One line per fact, ordered. What arrived with its slice carries no arrival; what came later does.

use std::fmt::Write as _;

use attain_model::SegmentNames;
use attain_model::facts::{Facts, HeardFacts, Layout};
use jiff::Timestamp;

use crate::grid::Grid;
use crate::ledger::Ledger;
use crate::pile::Pile;

impl Ledger {
    /// The whole ledger as text. Two ledgers that were told the same, in whatever order, give the same bytes.
    #[must_use]
    pub fn export(&self) -> String {
        export(self.facts())
    }
}

/// Facts as text. The same facts give the same bytes, in however many pieces and in whatever order they come.
#[must_use]
pub fn export(facts: Facts) -> String {
    let state = facts.state;
    let grid = Grid::new(state.slice_seconds);
    let mut text = String::new();
    let _ = writeln!(text, "slice {}s", grid.seconds());
    if let Some(watermark) = state.watermark {
        let _ = writeln!(text, "watermark {watermark}");
    }
    let as_counted = SegmentNames::default();
    let mut streams = facts.streams;
    for key in state.kept.keys() {
        streams.entry(key.clone()).or_default();
    }
    for (key, counts) in streams {
        let _ = writeln!(text, "stream {}", key.as_str());
        if let Some(kept) = state.kept.get(&key) {
            let _ = writeln!(text, "cut {}", cut(&kept.layout));
        }
        let pile = Pile::of(counts, &as_counted);
        write_counts(&mut text, grid, &pile);
        write_series(&mut text, &pile);
    }
    for ((source, origin), taken) in &state.origins {
        for range in &taken.seen {
            let (start, end) = (range.start, range.end);
            let _ = writeln!(text, "taken {source} {origin} {start}..{end}");
        }
        for (stream, ranges) in &taken.streams {
            for range in ranges {
                let (start, end) = (range.start, range.end);
                let stream = stream.as_str();
                let _ = writeln!(text, "counted {source} {origin} {start}..{end} {stream}");
            }
        }
    }
    for (source, known) in &state.sources {
        write_heard(&mut text, grid, &source.to_string(), &known.heard);
        for (stream, heard) in &known.streams {
            let what = format!("{source} stream {}", stream.as_str());
            write_heard(&mut text, grid, &what, heard);
        }
        let _ = writeln!(
            text,
            "source {source} unparsed {} too-late {} ahead {}",
            known.unparsed, known.too_late, known.ahead
        );
    }
    text
}

fn write_heard(text: &mut String, grid: Grid, what: &str, heard: &HeardFacts) {
    for range in &heard.slices {
        let (start, end) = (grid.start(range.start), grid.start(range.end));
        let _ = writeln!(text, "heard {what} {start} {end}");
    }
    if heard.is_unknown {
        let _ = writeln!(text, "heard {what} sometimes, not known when");
    }
}

fn write_counts(text: &mut String, grid: Grid, pile: &Pile) {
    for (((segment, class, bucket), layout), column) in &pile.columns {
        let class = class.as_str().replace('\u{1f}', ",");
        let _ = writeln!(
            text,
            "column {segment} {class} {} {}",
            bucket.0,
            cut(layout)
        );
        for (slice, events) in column.on_time.iter() {
            let _ = writeln!(text, "{} {events}", grid.start(*slice));
        }
        for (slice, received, events) in &column.late {
            let _ = writeln!(text, "{} {events} received {received}", grid.start(*slice));
        }
    }
}

fn write_series(text: &mut String, pile: &Pile) {
    for ((source, series, (segment, class, bucket), layout), samples) in &pile.series {
        let class = class.as_str().replace('\u{1f}', ",");
        let (bucket, cut) = (bucket.0, cut(layout));
        let _ = writeln!(
            text,
            "series {source} {series} {segment} {class} {bucket} {cut}"
        );
        for sample in samples {
            let _ = write!(text, "{} {}", sample.time, sample.value);
            write_time(text, "created", sample.created);
            write_time(text, "received", sample.late);
            text.push('\n');
        }
    }
    for ((source, series, segment), readings) in &pile.gauges {
        let _ = writeln!(text, "gauge {source} {series} {segment}");
        for (time, late, value) in readings {
            let _ = write!(text, "{time} {}", value.0);
            write_time(text, "received", *late);
            text.push('\n');
        }
    }
}

fn write_time(text: &mut String, word: &str, time: Option<Timestamp>) {
    if let Some(time) = time {
        let _ = write!(text, " {word} {time}");
    }
}

/// A layout in a few words: `at 200ms,500ms by status`.
fn cut(layout: &Layout) -> String {
    let edges: Vec<String> = layout.edges.iter().map(ToString::to_string).collect();
    format!(
        "at {} by {}",
        edges.join(","),
        layout.class_labels.join(",")
    )
}
