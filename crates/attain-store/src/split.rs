//! Facts by day: what goes into one page.

use std::collections::BTreeMap;

use attain_model::facts::{ColumnFacts, GaugeFacts, SeriesFacts, StreamFacts};

use crate::codec::bytes::parts;
use crate::codec::head::Span;

pub(crate) const DAY_SECONDS: i64 = 86_400;

/// The facts of one day, and from when to when they reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) facts: StreamFacts,
    pub(crate) span: Span,
}

/// Days since 1970, UTC, each with its facts. What holds nothing is left out.
pub(crate) fn by_day(facts: &StreamFacts, slice_seconds: u32) -> BTreeMap<i64, Day> {
    let seconds = i64::from(slice_seconds.max(1));
    let start = |slice: i64| slice.saturating_mul(seconds);
    let mut days = Days::default();
    for column in &facts.columns {
        let empty = || column.clone_name();
        for run in column
            .on_time
            .chunk_by(|a, b| day_of(start(a.0)) == day_of(start(b.0)))
        {
            let span = Span {
                start: start(run[0].0),
                end: start(run[run.len() - 1].0).saturating_add(seconds),
            };
            days.column(day_of(span.start), span, empty)
                .on_time
                .extend_from_slice(run);
        }
        for late in &column.late {
            let span = Span {
                start: start(late.0),
                end: start(late.0).saturating_add(seconds),
            };
            days.column(day_of(span.start), span, empty)
                .late
                .push(*late);
        }
        days.next();
    }
    for series in &facts.series {
        for sample in &series.samples {
            let second = parts(sample.time).0;
            days.series(second, || series.clone_name())
                .samples
                .push(*sample);
        }
        days.next();
    }
    for gauge in &facts.gauges {
        for reading in &gauge.readings {
            let second = parts(reading.0).0;
            days.gauge(second, || gauge.clone_name())
                .readings
                .push(*reading);
        }
        days.next();
    }
    days.days
}

pub(crate) fn day_of(second: i64) -> i64 {
    second.div_euclid(DAY_SECONDS)
}

/// Days being filled. A column opens in a day when its first fact of that day comes.
#[derive(Default)]
struct Days {
    days: BTreeMap<i64, Day>,
    /// The column, series or gauge at work, by day: where it stands in that day's facts.
    open: BTreeMap<i64, usize>,
}

impl Days {
    fn next(&mut self) {
        self.open.clear();
    }

    fn column(
        &mut self,
        day: i64,
        span: Span,
        empty: impl FnOnce() -> ColumnFacts,
    ) -> &mut ColumnFacts {
        let facts = &mut day_at(&mut self.days, day, span).facts.columns;
        at(&mut self.open, day, facts, empty)
    }

    fn series(&mut self, second: i64, empty: impl FnOnce() -> SeriesFacts) -> &mut SeriesFacts {
        let day = day_of(second);
        let facts = &mut day_at(&mut self.days, day, instant(second)).facts.series;
        at(&mut self.open, day, facts, empty)
    }

    fn gauge(&mut self, second: i64, empty: impl FnOnce() -> GaugeFacts) -> &mut GaugeFacts {
        let day = day_of(second);
        let facts = &mut day_at(&mut self.days, day, instant(second)).facts.gauges;
        at(&mut self.open, day, facts, empty)
    }
}

fn instant(second: i64) -> Span {
    Span {
        start: second,
        end: second.saturating_add(1),
    }
}

fn day_at(days: &mut BTreeMap<i64, Day>, day: i64, span: Span) -> &mut Day {
    let at = days.entry(day).or_insert_with(|| Day {
        facts: StreamFacts::default(),
        span,
    });
    at.span = at.span.hull(span);
    at
}

fn at<'f, T>(
    open: &mut BTreeMap<i64, usize>,
    day: i64,
    facts: &'f mut Vec<T>,
    empty: impl FnOnce() -> T,
) -> &'f mut T {
    let at = *open.entry(day).or_insert_with(|| {
        facts.push(empty());
        facts.len() - 1
    });
    &mut facts[at]
}

/// The same thing without what it holds.
trait CloneName {
    fn clone_name(&self) -> Self;
}

impl CloneName for ColumnFacts {
    fn clone_name(&self) -> Self {
        Self {
            layout: self.layout.clone(),
            segment: self.segment.clone(),
            class: self.class.clone(),
            bucket: self.bucket,
            on_time: Vec::new(),
            late: Vec::new(),
        }
    }
}

impl CloneName for SeriesFacts {
    fn clone_name(&self) -> Self {
        Self {
            layout: self.layout.clone(),
            source: self.source.clone(),
            series: self.series.clone(),
            segment: self.segment.clone(),
            class: self.class.clone(),
            bucket: self.bucket,
            samples: Vec::new(),
        }
    }
}

impl CloneName for GaugeFacts {
    fn clone_name(&self) -> Self {
        Self {
            source: self.source.clone(),
            series: self.series.clone(),
            segment: self.segment.clone(),
            readings: Vec::new(),
        }
    }
}
