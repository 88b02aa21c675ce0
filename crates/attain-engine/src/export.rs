//! The ledger as canonical text: equal content, equal bytes.
//!
//! One line per fact, ordered. What arrived with its slice carries no arrival; what came later does.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::ledger::{Hearing, Ledger, StreamCounts};

impl Ledger {
    /// The whole ledger as text. Two ledgers that were told the same, in whatever order, give the same bytes.
    #[must_use]
    pub fn export(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "slice {}s", self.grid.seconds());
        if let Some(watermark) = self.watermark {
            let _ = writeln!(text, "watermark {watermark}");
        }
        for (key, kept) in &self.streams {
            let _ = writeln!(text, "stream {}", key.as_str());
            write_counts(&mut text, self, kept);
            write_series(&mut text, kept);
        }
        for ((source, origin), taken) in &self.origins {
            for range in taken.ranges() {
                let _ = writeln!(
                    text,
                    "taken {source} {origin} {}..{}",
                    range.start, range.end
                );
            }
        }
        for (source, state) in &self.sources {
            write_heard(&mut text, self, &source.to_string(), &state.hearing);
            for (stream, hearing) in &state.streams {
                let what = format!("{source} stream {}", stream.as_str());
                write_heard(&mut text, self, &what, hearing);
            }
            let _ = writeln!(
                text,
                "source {source} unparsed {} too-late {} ahead {}",
                state.unparsed, state.too_late, state.ahead
            );
        }
        text
    }
}

fn write_heard(text: &mut String, ledger: &Ledger, what: &str, hearing: &Hearing) {
    for range in hearing.slices.ranges() {
        let (start, end) = (ledger.grid.start(range.start), ledger.grid.start(range.end));
        let _ = writeln!(text, "heard {what} {start} {end}");
    }
    if hearing.is_unknown {
        let _ = writeln!(text, "heard {what} sometimes, not known when");
    }
}

fn write_counts(text: &mut String, ledger: &Ledger, kept: &StreamCounts) {
    for ((segment, class, bucket), cells) in &kept.columns {
        let class = class.as_str().replace('\u{1f}', ",");
        for (slice, events) in &cells.on_time {
            let slice = ledger.grid.start(*slice);
            let _ = writeln!(text, "{slice} {segment} {class} {} {events}", bucket.0);
        }
        for ((slice, received), events) in &cells.late {
            let slice = ledger.grid.start(*slice);
            let _ = writeln!(
                text,
                "{slice} {segment} {class} {} {events} received {received}",
                bucket.0
            );
        }
    }
}

fn write_series(text: &mut String, kept: &StreamCounts) {
    for ((source, series, (segment, class, bucket)), samples) in &kept.series {
        let class = class.as_str().replace('\u{1f}', ",");
        let _ = writeln!(
            text,
            "series {source} {series} {segment} {class} {}",
            bucket.0
        );
        for (time, point) in samples {
            let _ = write!(text, "{time} {}", point.value);
            write_time(text, "created", point.created);
            write_time(text, "received", point.late);
            text.push('\n');
        }
    }
    for ((source, series, segment), readings) in &kept.gauges {
        let _ = writeln!(text, "gauge {source} {series} {segment}");
        for (time, (late, value)) in readings {
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
