//! The counts of one stream, put together from wherever they were kept, ready to be read many times.
//!
//! Knows plain facts, and what segments are called today. Knows neither when they were known nor what they mean; see read.rs.

use std::collections::BTreeMap;
use std::sync::Arc;

use attain_model::facts::{ColumnFacts, Layout, SampleFacts, StreamFacts};
use attain_model::{CountedSegment, SegmentNames, SourceId};
use jiff::Timestamp;

use crate::cells::CellKey;
use crate::gauge::ReadingFacts;

/// The counts of one stream by what they are of, each once.
#[derive(Debug, Default)]
pub(crate) struct Pile {
    pub(crate) columns: BTreeMap<(CellKey, Layout), PiledColumn>,
    pub(crate) series: BTreeMap<(SourceId, String, CellKey, Layout), Vec<SampleFacts>>,
    pub(crate) gauges: BTreeMap<(SourceId, String, CountedSegment), Vec<ReadingFacts>>,
}

/// Events that arrived with their slice, and those that came later: ascending, each slice and arrival once.
#[derive(Debug, Default)]
pub(crate) struct PiledColumn {
    pub(crate) on_time: Arc<Vec<(i64, u64)>>,
    pub(crate) late: Vec<(i64, Timestamp, u64)>,
}

impl Pile {
    /// From facts in any number of pieces, each under the name that its segment has today: what was counted under two
    /// names of one segment is put together, and a counter or gauge goes on as the same.
    pub(crate) fn of(facts: StreamFacts, names: &SegmentNames) -> Self {
        let mut columns: BTreeMap<(CellKey, Layout), Vec<ColumnFacts>> = BTreeMap::new();
        for mut column in facts.columns {
            let layout = std::mem::take(&mut column.layout);
            let segment = names.today(&column.segment).clone();
            let cell = (segment, column.class.clone(), column.bucket);
            columns.entry((cell, layout)).or_default().push(column);
        }
        let mut pile = Self {
            columns: columns.into_iter().map(|(k, c)| (k, added(c))).collect(),
            ..Self::default()
        };
        for series in facts.series {
            let segment = names.renamed(series.segment);
            let cell = (segment, series.class, series.bucket);
            let key = (series.source, series.series, cell, series.layout);
            extend(pile.series.entry(key).or_default(), series.samples);
        }
        for gauge in facts.gauges {
            let segment = names.renamed(gauge.segment);
            let key = (gauge.source, gauge.series, segment);
            extend(pile.gauges.entry(key).or_default(), gauge.readings);
        }
        let arrival = |s: &SampleFacts| (s.time, s.late, s.value, s.created);
        for samples in pile.series.values_mut() {
            first_of_each(samples, arrival, |sample| sample.time);
        }
        for readings in pile.gauges.values_mut() {
            first_of_each(readings, |reading| *reading, |reading| reading.0);
        }
        pile
    }
}

impl Pile {
    /// How many counts of slices it holds, about.
    pub(crate) fn cells(&self) -> usize {
        let columns = self.columns.values();
        columns
            .map(|column| column.on_time.len() + column.late.len())
            .sum()
    }
}

/// Runs of events by slice, put together: ascending, each slice once. Costs nothing for one run that is so already.
pub(crate) fn joined(mut runs: Vec<Vec<(i64, u64)>>) -> Vec<(i64, u64)> {
    runs.retain(|run| !run.is_empty());
    runs.sort_by_key(|run| run.first().map(|(slice, _)| *slice));
    let mut runs = runs.into_iter();
    let mut all = runs.next().unwrap_or_default();
    for run in runs {
        all.extend(run);
    }
    if !all.is_sorted_by(|a, b| a.0 < b.0) {
        // A stable sort merges sorted runs in few passes.
        all.sort_by_key(|(slice, _)| *slice);
        all.dedup_by(|later, sum| {
            let same = later.0 == sum.0;
            if same {
                sum.1 = sum.1.saturating_add(later.1);
            }
            same
        });
    }
    all
}

fn added(pieces: Vec<ColumnFacts>) -> PiledColumn {
    let mut on_time = Vec::with_capacity(pieces.len());
    let mut late = Vec::new();
    for piece in pieces {
        on_time.push(piece.on_time);
        extend(&mut late, piece.late);
    }
    if !late.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)) {
        late.sort_by_key(|(slice, received, _)| (*slice, *received));
        late.dedup_by(|later, sum| {
            let same = (later.0, later.1) == (sum.0, sum.1);
            if same {
                sum.2 = sum.2.saturating_add(later.2);
            }
            same
        });
    }
    PiledColumn {
        on_time: Arc::new(joined(on_time)),
        late,
    }
}

/// Orders by time; of several at one instant what arrived first stays, of two that arrived together the lesser.
fn first_of_each<F, K: Ord>(
    facts: &mut Vec<F>,
    arrival: impl Fn(&F) -> K,
    time: impl Fn(&F) -> Timestamp,
) {
    if !facts.is_sorted_by(|a, b| time(a) < time(b)) {
        facts.sort_by_key(arrival);
        facts.dedup_by_key(|fact| time(fact));
    }
}

fn extend<F>(all: &mut Vec<F>, more: Vec<F>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.extend(more);
    }
}
