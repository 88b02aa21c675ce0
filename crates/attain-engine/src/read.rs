//! The ledger as counts: columns by segment, class and bucket, as far as they were known at an instant.

use std::collections::BTreeMap;

use attain_model::indicator::Indicator;
use attain_model::{Bucket, Class, Gap, GapReason, Interval, SourceId, Stream, StreamKey};
use jiff::Timestamp;

use crate::counter::{self, Instants};
use crate::counts::{Birth, Column, Counts, Heard, Read};
use crate::gauge;
use crate::grid::Grid;
use crate::ledger::{CellKey, Hearing, Ledger, SourceState, StreamCounts};
use crate::ranges::RangeSet;

impl Counts for Ledger {
    fn grid(&self) -> Grid {
        self.grid
    }

    fn kept(&self, stream: &StreamKey) -> Option<&Stream> {
        self.streams.get(stream).map(|kept| &kept.stream)
    }

    fn read(
        &self,
        stream: &StreamKey,
        indicator: &Indicator,
        until: i64,
        known_until: Timestamp,
    ) -> Read {
        let Some(kept) = self.streams.get(stream) else {
            return Read::default();
        };
        let mut columns: BTreeMap<CellKey, Vec<(i64, u64)>> = BTreeMap::new();
        // A slice is known with its end.
        let closed = until.min(self.grid.index(known_until));
        for (key, cells) in &kept.columns {
            let column = columns.entry(key.clone()).or_default();
            column.extend(cells.on_time.range(..closed).map(|(s, n)| (*s, *n)));
            let late = cells.late.range(..(until, Timestamp::MIN));
            column.extend(
                late.filter(|((_, received), _)| *received <= known_until)
                    .map(|((slice, _), events)| (*slice, *events)),
            );
        }
        let mut births = Vec::new();
        for ((source, _, key), samples) in &kept.series {
            let empty = Instants::new();
            let instants = self.sources.get(source).map_or(&empty, |s| &s.instants);
            let found = counter::increments(samples, instants, self.grid, known_until);
            let before = found.counts.into_iter().filter(|(slice, _)| *slice < until);
            columns.entry(key.clone()).or_default().extend(before);
            births.extend(found.birth.filter(|b| b.0 < until).map(|(slice, value)| {
                let segment = key.0.clone();
                Birth {
                    segment,
                    slice,
                    value,
                }
            }));
        }
        let length = i64::try_from(indicator.slice.as_secs()).unwrap_or(i64::MAX / 4);
        for ((_, _, segment), readings) in &kept.gauges {
            let events = gauge::events(
                readings,
                indicator.outcome(),
                length,
                self.grid,
                known_until,
            );
            for (slice, good) in events.into_iter().filter(|(slice, _)| *slice < until) {
                let class = if good { Class::good() } else { Class::bad() };
                let key = (segment.clone(), class, Bucket::UNTIMED);
                columns.entry(key).or_default().push((slice, 1));
            }
        }
        births.sort();
        Read {
            columns: columns.into_iter().filter_map(column).collect(),
            births,
        }
    }

    fn heard(&self, stream: &StreamKey) -> Heard {
        let Some(kept) = self.streams.get(stream) else {
            return Heard::Never;
        };
        let mut heard: Option<RangeSet<i64>> = None;
        for (_, state) in self.said(kept) {
            let hearing = state.streams.get(stream).unwrap_or(&state.hearing);
            if hearing.is_unknown {
                return Heard::NotKnown;
            }
            heard = Some(match heard {
                None => hearing.slices.clone(),
                Some(before) => before.intersection(&hearing.slices),
            });
        }
        heard.map_or(Heard::Never, Heard::Slices)
    }

    fn heard_sources(&self, stream: &StreamKey) -> Vec<(SourceId, Heard)> {
        let Some(kept) = self.streams.get(stream) else {
            return Vec::new();
        };
        let heard = |hearing: &Hearing| match hearing.is_unknown {
            true => Heard::NotKnown,
            false => Heard::Slices(hearing.slices.clone()),
        };
        self.said(kept)
            .map(|(source, state)| (source.clone(), heard(&state.hearing)))
            .collect()
    }

    fn gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for (source, state) in &self.sources {
            let mut push = |why, interval| {
                gaps.push(Gap {
                    about: format!("source {source}"),
                    interval,
                    why,
                });
            };
            if state.hearing.is_unknown {
                push(GapReason::CoverageUnknown, None);
            }
            if state.unparsed > 0 {
                push(GapReason::Unparsed(state.unparsed), None);
            }
            if let Some((first, last)) = state.too_late_slices {
                let interval = Interval {
                    start: self.grid.start(first),
                    end: self.grid.start(last + 1),
                };
                push(GapReason::TooLate(state.too_late), Some(interval));
            }
            // Their time is what is not believed, so that no interval is said.
            if state.ahead > 0 {
                push(GapReason::Ahead(state.ahead), None);
            }
        }
        gaps
    }
}

impl Ledger {
    /// The sources of a stream. One that said nothing about it does not prove that it was silent, unless none did.
    fn said<'l>(
        &'l self,
        kept: &'l StreamCounts,
    ) -> impl Iterator<Item = (&'l SourceId, &'l SourceState)> {
        let said: Vec<&SourceId> = if kept.sources.is_empty() {
            kept.stream.sources.iter().collect()
        } else {
            kept.sources.iter().collect()
        };
        let state = |source| Some((source, self.sources.get(source)?));
        said.into_iter().filter_map(state)
    }
}

fn column(((segment, class, bucket), mut counts): (CellKey, Vec<(i64, u64)>)) -> Option<Column> {
    // Several sorted runs, which a stable sort merges in one pass.
    counts.sort_by_key(|(slice, _)| *slice);
    counts.dedup_by(|later, sum| {
        let same = later.0 == sum.0;
        if same {
            sum.1 = sum.1.saturating_add(later.1);
        }
        same
    });
    (!counts.is_empty()).then_some(Column {
        segment,
        class,
        bucket,
        counts,
    })
}
