//! Pages put together again: one column, series and gauge of each name, in the order of time.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use attain_model::facts::{ColumnFacts, GaugeFacts, Layout, SeriesFacts, StreamFacts};
use attain_model::{Bucket, Class, CountedSegment, SourceId};

use crate::codec::page::{ColumnName, Scratch, Taker};

type Cell = (CountedSegment, Class, Bucket);
type SeriesName = (Layout, SourceId, String, CountedSegment, Class, Bucket);
type GaugeName = (SourceId, String, CountedSegment);

/// Facts being put together. Pages are taken in the order in which they were written.
#[derive(Debug, Default)]
pub(crate) struct Gather {
    facts: StreamFacts,
    /// Columns of which a page began before the one before it ended: only these are sorted again.
    crossed: BTreeSet<usize>,
    /// Where each stands in `facts`.
    layouts: Vec<(Layout, BTreeMap<Cell, usize>)>,
    series: BTreeMap<SeriesName, usize>,
    gauges: BTreeMap<GaugeName, usize>,
    /// Slices from which on events are added up until the next of them; if there are none, each stays in its own.
    cuts: Vec<i64>,
    /// Pages still to come: a column that grows makes room for as much of each.
    pages_left: usize,
}

impl Gather {
    /// With events added up from cut to cut.
    pub(crate) fn cut(cuts: &[i64]) -> Self {
        Self {
            cuts: cuts.to_vec(),
            ..Self::default()
        }
    }

    /// The next page comes; after it so many.
    pub(crate) fn page(&mut self, pages_left: usize) {
        self.pages_left = pages_left;
    }

    /// All of it: ascending, and what came in several pages added up.
    pub(crate) fn finish(mut self) -> StreamFacts {
        for (at, column) in self.facts.columns.iter_mut().enumerate() {
            if self.crossed.contains(&at) {
                column.on_time.sort_by_key(|(slice, _)| *slice);
                column.on_time.dedup_by(|next, kept| {
                    let is_same = next.0 == kept.0;
                    if is_same {
                        kept.1 = kept.1.saturating_add(next.1);
                    }
                    is_same
                });
            }
            if !column.late.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)) {
                column.late.sort_by_key(|(slice, at, _)| (*slice, *at));
                column.late.dedup_by(|next, kept| {
                    let is_same = (next.0, next.1) == (kept.0, kept.1);
                    if is_same {
                        kept.2 = kept.2.saturating_add(next.2);
                    }
                    is_same
                });
            }
        }
        // Of two at the same instant the one that was written first counts: the sort is stable.
        for series in &mut self.facts.series {
            if !series.samples.is_sorted_by(|a, b| a.time < b.time) {
                series.samples.sort_by_key(|sample| sample.time);
                series.samples.dedup_by_key(|sample| sample.time);
            }
        }
        for gauge in &mut self.facts.gauges {
            if !gauge.readings.is_sorted_by(|a, b| a.0 < b.0) {
                gauge.readings.sort_by_key(|(time, ..)| *time);
                gauge.readings.dedup_by_key(|(time, ..)| *time);
            }
        }
        self.facts
    }
}

impl Taker for Gather {
    fn column(&mut self, (layout, segment, class, bucket): ColumnName<'_>, scratch: &Scratch) {
        let of_layout = match self.layouts.iter().position(|(known, _)| known == layout) {
            Some(at) => &mut self.layouts[at].1,
            None => {
                self.layouts.push((layout.clone(), BTreeMap::new()));
                let end = self.layouts.len() - 1;
                &mut self.layouts[end].1
            }
        };
        let columns = &mut self.facts.columns;
        let at = match of_layout.entry((segment, class, bucket)) {
            Entry::Occupied(at) => *at.get(),
            Entry::Vacant(place) => {
                let (segment, class, bucket) = place.key().clone();
                columns.push(ColumnFacts {
                    layout: layout.clone(),
                    segment,
                    class,
                    bucket,
                    on_time: Vec::new(),
                    late: Vec::new(),
                });
                *place.insert(columns.len() - 1)
            }
        };
        let column = &mut columns[at];
        if let Some(first_cut) = self.cuts.first() {
            let mut cut = Cut {
                cuts: &self.cuts,
                after: self.cuts.partition_point(|cut| *cut <= scratch.first),
                before: first_cut.saturating_sub(1),
            };
            let begins = cut.of(scratch.first);
            if column.on_time.last().is_some_and(|last| last.0 > begins) {
                self.crossed.insert(at);
            }
            cut.add(&mut column.on_time, scratch);
            let late = scratch.late.iter();
            let late = late.map(|(slice, at, events)| (cut.of_any(*slice), *at, *events));
            column.late.extend(late);
            return;
        }
        if let Some((first, rest)) = scratch.events.split_first() {
            let room = column.on_time.capacity() - column.on_time.len();
            if room < scratch.events.len() {
                let days = self.pages_left.saturating_add(1);
                column
                    .on_time
                    .reserve(scratch.events.len().saturating_mul(days));
            }
            let mut slice = scratch.first;
            if column.on_time.last().is_some_and(|last| last.0 >= slice) {
                self.crossed.insert(at);
            }
            column.on_time.push((slice, *first));
            column
                .on_time
                .extend(scratch.gaps.iter().zip(rest).map(|(gap, events)| {
                    slice = slice.wrapping_add(*gap as i64).wrapping_add(1);
                    (slice, *events)
                }));
        }
        column.late.extend_from_slice(&scratch.late);
    }

    fn series(&mut self, series: SeriesFacts) {
        let name = (
            series.layout.clone(),
            series.source.clone(),
            series.series.clone(),
            series.segment.clone(),
            series.class.clone(),
            series.bucket,
        );
        match self.series.entry(name) {
            Entry::Occupied(at) => {
                self.facts.series[*at.get()].samples.extend(series.samples);
            }
            Entry::Vacant(place) => {
                place.insert(self.facts.series.len());
                self.facts.series.push(series);
            }
        }
    }

    fn gauge(&mut self, gauge: GaugeFacts) {
        let name = (
            gauge.source.clone(),
            gauge.series.clone(),
            gauge.segment.clone(),
        );
        match self.gauges.entry(name) {
            Entry::Occupied(at) => {
                self.facts.gauges[*at.get()].readings.extend(gauge.readings);
            }
            Entry::Vacant(place) => {
                place.insert(self.facts.gauges.len());
                self.facts.gauges.push(gauge);
            }
        }
    }
}

/// Where events are added up.
struct Cut<'c> {
    /// Ascending.
    cuts: &'c [i64],
    /// The place of the first cut after the last slice that was asked for.
    after: usize,
    /// Stands for all before the first cut.
    before: i64,
}

impl Cut<'_> {
    /// The cut of a slice that does not lie before the last one.
    fn of(&mut self, slice: i64) -> i64 {
        while self.cuts.get(self.after).is_some_and(|cut| *cut <= slice) {
            self.after += 1;
        }
        self.at(self.after)
    }

    /// The cut of any slice.
    fn of_any(&self, slice: i64) -> i64 {
        self.at(self.cuts.partition_point(|cut| *cut <= slice))
    }

    fn at(&self, after: usize) -> i64 {
        let place = after.checked_sub(1);
        place.map_or(self.before, |place| self.cuts[place])
    }

    /// Adds a column of a page.
    fn add(&mut self, sums: &mut Vec<(i64, u64)>, scratch: &Scratch) {
        let mut slice = scratch.first;
        let gaps = [None].into_iter().chain(scratch.gaps.iter().map(Some));
        for (gap, events) in gaps.zip(&scratch.events) {
            if let Some(gap) = gap {
                slice = slice.wrapping_add(*gap as i64).wrapping_add(1);
            }
            let cut = self.of(slice);
            match sums.last_mut() {
                Some(last) if last.0 == cut => last.1 = last.1.saturating_add(*events),
                _ => sums.push((cut, *events)),
            }
        }
    }
}
