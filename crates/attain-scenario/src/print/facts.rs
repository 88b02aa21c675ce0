//! What was counted, and what is missing: the ledger, untagged traffic, gaps. Knows no promise.

use std::fmt::Write as _;

use attain_engine::Counts;
use attain_model::facts::Layout;
use attain_model::{Bucket, Gap, GapReason, SegmentNames, Stream};
use attain_view::number;
use attain_view::table::{Align, Cell, Line};

use super::{Page, rendered, table};

impl Page<'_> {
    /// What was counted, by label values and latency.
    pub(super) fn ledger(&self) -> String {
        let mut table = table(&[
            ("segment", Align::Left),
            ("class", Align::Left),
            ("took", Align::Left),
            ("events", Align::Right),
        ]);
        let as_of = self.evaluation.as_of;
        let until = self.ledger.grid().index(as_of.instant);
        let names = SegmentNames::of(self.promises.catalogue());
        for (id, slo) in &self.promises.catalogue().slos {
            if self.slo.is_some_and(|slo| id.as_str() != slo) {
                continue;
            }
            let key = Stream::key_of(self.promises.catalogue(), slo);
            if self.ledger.kept(&key).is_none() {
                continue;
            }
            table.lines.push(Line::Group(id.to_string(), String::new()));
            let (slices, known_until) = (i64::MIN..until, as_of.known_until);
            let read = (self.ledger).read(&key, &slo.indicator, &names, slices, known_until);
            for column in &read.columns {
                let events: u64 = column.counts.iter().map(|(_, events)| events).sum();
                if events > 0 {
                    table.lines.push(Line::Row(
                        [
                            column.segment.to_string(),
                            column.class.as_str().replace('\u{1f}', " "),
                            took(read.layouts.get(column.layout), column.bucket),
                            number::grouped(events),
                        ]
                        .map(Cell::from)
                        .into(),
                    ));
                }
            }
        }
        rendered(&table)
    }

    /// Requests without a known segment.
    pub(super) fn untagged(&self) -> String {
        let mut text = String::new();
        for untagged in &self.evaluation.untagged {
            if self.slo.is_none_or(|slo| untagged.slo.as_str() == slo) {
                let _ = writeln!(
                    text,
                    "{}: {} of {} carry no known segment",
                    untagged.slo,
                    number::grouped(untagged.unknown),
                    number::plural(untagged.total, "event"),
                );
            }
        }
        text
    }

    /// What is missing, and why.
    pub(super) fn gaps(&self) -> String {
        let mut text = String::new();
        for gap in &self.evaluation.gaps {
            let about = |slo: &str| {
                gap.about == slo
                    || gap
                        .about
                        .strip_prefix(slo)
                        .is_some_and(|rest| rest.starts_with('/'))
            };
            if self.slo.is_none_or(about) {
                let _ = writeln!(text, "{}", self.gap(gap));
            }
        }
        text
    }

    fn gap(&self, gap: &Gap) -> String {
        let why = match &gap.why {
            GapReason::NotYet => "nothing was measured yet".to_owned(),
            GapReason::NoData => "no data".to_owned(),
            GapReason::UnknownBirth(events) => {
                format!(
                    "a counter's beginning is unknown, at most {} missing",
                    number::plural(*events, "event")
                )
            }
            GapReason::NotKept(what) => format!("not kept: {what}"),
            GapReason::Untimed(events) => {
                format!(
                    "{} without a latency, counted as bad",
                    number::plural(*events, "event")
                )
            }
            GapReason::BetweenBuckets(events) => {
                format!(
                    "{} between two buckets, counted as bad",
                    number::plural(*events, "event")
                )
            }
            GapReason::TooLate(events) => {
                format!("{} too late, refused", number::plural(*events, "event"))
            }
            GapReason::Ahead(events) => {
                format!(
                    "{} too far ahead, refused",
                    number::plural(*events, "event")
                )
            }
            GapReason::Unparsed(lines) => {
                format!("{} could not be read", number::plural(*lines, "line"))
            }
            GapReason::CoverageUnknown => "coverage is not known".to_owned(),
            GapReason::NotCounted => "not counted so far".to_owned(),
            GapReason::Damaged(what) => format!("kept counts are damaged: {what}"),
            GapReason::NeverHeard(what) => format!("never heard: {what}"),
            GapReason::NoLabel(what) => what.clone(),
        };
        match gap.interval {
            Some(interval) => format!("{} {}: {why}", gap.about, self.interval(interval)),
            None => format!("{}: {why}", gap.about),
        }
    }
}

/// `under 200ms`, `200ms to 500ms`, `500ms or more`; nothing where latency is not known.
fn took(layout: Option<&Layout>, bucket: Bucket) -> String {
    let edges = layout.map_or(&[][..], |layout| &layout.edges);
    if bucket == Bucket::UNTIMED || edges.is_empty() {
        return String::new();
    }
    let index = usize::from(bucket.0);
    let lower = index.checked_sub(1).and_then(|i| edges.get(i));
    match (lower, edges.get(index)) {
        (None, Some(upper)) => format!("under {upper}"),
        (Some(lower), Some(upper)) => format!("{lower} to {upper}"),
        (Some(lower), None) => format!("{lower} or more"),
        (None, None) => String::new(),
    }
}
