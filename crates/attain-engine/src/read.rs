//! The ledger as counts: columns by segment, class and bucket, as far as they were known at an instant.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use attain_model::facts::{Damage, KeptStream, Layout, SampleFacts};
use attain_model::indicator::Indicator;
use attain_model::{Bucket, Class, Gap, GapReason, Interval, SegmentNames, SourceId, StreamKey};
use jiff::Timestamp;

use crate::cells::CellKey;
use crate::counter;
use crate::counts::{Birth, Column, Counts, Heard, Read, Run};
use crate::gauge;
use crate::grid::Grid;
use crate::hearing::{Hearing, SourceState};
use crate::ledger::Ledger;
use crate::pile::{Pile, PiledColumn, joined};
use crate::ranges::RangeSet;

impl Counts for Ledger {
    fn grid(&self) -> Grid {
        self.grid
    }

    fn kept(&self, stream: &StreamKey) -> Option<&KeptStream> {
        self.kept.get(stream)
    }

    fn is_counted(&self, stream: &StreamKey) -> bool {
        let Some(kept) = self.kept.get(stream) else {
            return false;
        };
        if self.said.contains_key(stream) {
            return true;
        }
        let mut states = kept.sources.iter().filter_map(|id| self.sources.get(id));
        let is_begun = |state: &SourceState| {
            let own = state.streams.get(stream);
            own.is_none_or(|own| *own != Hearing::default())
        };
        states.clone().next().is_none() || states.any(is_begun)
    }

    fn read(
        &self,
        stream: &StreamKey,
        indicator: &Indicator,
        names: &SegmentNames,
        slices: Range<i64>,
        known_until: Timestamp,
    ) -> Read {
        let counts = self.counts.get(stream);
        let facts = counts.map(|counts| counts.facts_within(&slices));
        let pile = facts.map_or_else(Pile::default, |facts| Pile::of(facts, names));
        let question = Question {
            stream,
            indicator,
            slices,
            known_until,
        };
        question.read(self, &pile)
    }

    fn heard(&self, stream: &StreamKey) -> Heard {
        let mut heard: Option<RangeSet<i64>> = None;
        for (_, state) in self.said(stream) {
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
        let heard = |hearing: &Hearing| match hearing.is_unknown {
            true => Heard::NotKnown,
            false => Heard::Slices(hearing.slices.clone()),
        };
        self.said(stream)
            .into_iter()
            .map(|(source, state)| (source.clone(), heard(&state.hearing)))
            .collect()
    }

    fn damage(&self, _stream: &StreamKey, _slices: Range<i64>) -> Vec<Damage> {
        Vec::new()
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
    fn said(&self, stream: &StreamKey) -> Vec<(&SourceId, &SourceState)> {
        let Some(kept) = self.kept.get(stream) else {
            return Vec::new();
        };
        let said: Vec<&SourceId> = match self.said.get(stream) {
            Some(said) => said.iter().collect(),
            None => kept.sources.iter().collect(),
        };
        let state = |source| Some((source, self.sources.get(source)?));
        said.into_iter().filter_map(state).collect()
    }
}

/// What is asked of the counts of a stream.
pub(crate) struct Question<'q> {
    pub(crate) stream: &'q StreamKey,
    pub(crate) indicator: &'q Indicator,
    pub(crate) slices: Range<i64>,
    pub(crate) known_until: Timestamp,
}

/// Runs of events by cell and number of layout.
type Pieces = BTreeMap<(CellKey, usize), Vec<Run>>;

impl Question<'_> {
    /// What a ledger knows besides, together with counts from wherever they are.
    pub(crate) fn read(&self, ledger: &Ledger, pile: &Pile) -> Read {
        let kept = ledger.kept.get(self.stream);
        // Readings do not depend on how tallies are cut.
        let current = kept.map_or_else(Layout::default, |kept| kept.layout.clone());
        let mut layouts: BTreeSet<&Layout> = pile.columns.keys().map(|(_, l)| l).collect();
        layouts.extend(pile.series.keys().map(|(_, _, _, layout)| layout));
        if !pile.gauges.is_empty() {
            layouts.insert(&current);
        }
        let layouts: Vec<Layout> = layouts.into_iter().cloned().collect();
        let number = |layout: &Layout| layouts.binary_search(layout).unwrap_or(0);
        let mut pieces = Pieces::new();
        for ((cell, layout), column) in &pile.columns {
            let runs = pieces.entry((cell.clone(), number(layout))).or_default();
            runs.push(self.events(column, ledger.grid));
        }
        let switches = Switches::of(pile);
        let mut births = Vec::new();
        for ((source, _, cell, layout), samples) in &pile.series {
            let is_born = |sample: &SampleFacts| {
                switches.is_born(sample, source, layout)
                    && (counter::started_now(sample)
                        || self.is_observed_before(ledger, source, sample.time))
            };
            let found = counter::increments(samples, is_born, ledger.grid, self.known_until);
            let counts = found.counts.into_iter();
            let inside = counts.filter(|(slice, _)| self.slices.contains(slice));
            let runs = pieces.entry((cell.clone(), number(layout))).or_default();
            runs.push(Run::from(inside.collect::<Vec<_>>()));
            let birth = found.birth;
            let birth = birth.filter(|(slice, _)| self.slices.contains(slice));
            births.extend(birth.map(|(slice, value)| Birth {
                segment: cell.0.clone(),
                slice,
                value,
            }));
        }
        births.sort();
        self.read_gauges(ledger.grid, pile, number(&current), &mut pieces);
        Read {
            columns: pieces.into_iter().filter_map(column).collect(),
            layouts,
            births,
        }
    }

    /// The events of a column that are asked for.
    fn events(&self, column: &PiledColumn, grid: Grid) -> Run {
        // A slice is known with its end.
        let closed = self.slices.end.min(grid.index(self.known_until));
        let on_time = Run::within(&column.on_time, &(self.slices.start..closed));
        let late = column.late.iter();
        let late: Vec<(i64, u64)> = late
            .filter(|(slice, at, _)| self.slices.contains(slice) && *at <= self.known_until)
            .map(|(slice, _, events)| (*slice, *events))
            .collect();
        if late.is_empty() {
            return on_time;
        }
        Run::from(joined(vec![on_time.to_vec(), late]))
    }

    fn read_gauges(&self, grid: Grid, pile: &Pile, layout: usize, pieces: &mut Pieces) {
        let length = i64::try_from(self.indicator.slice.as_secs()).unwrap_or(i64::MAX / 4);
        let outcome = self.indicator.outcome();
        for ((_, _, segment), readings) in &pile.gauges {
            let events = gauge::events(readings, outcome, length, grid, self.known_until);
            let (mut good, mut bad) = (Vec::new(), Vec::new());
            let inside = events.into_iter();
            for (slice, is_good) in inside.filter(|(slice, _)| self.slices.contains(slice)) {
                let of = if is_good { &mut good } else { &mut bad };
                of.push((slice, 1));
            }
            for (class, events) in [(Class::good(), good), (Class::bad(), bad)] {
                let cell = (segment.clone(), class, Bucket::UNTIMED);
                let runs = pieces.entry((cell, layout)).or_default();
                // Several of its own slices may end in one slice of the ledger.
                runs.push(Run::from(joined(vec![events])));
            }
        }
    }

    /// Whether a source was observed before an instant while it was asked for this stream.
    fn is_observed_before(&self, ledger: &Ledger, source: &SourceId, time: Timestamp) -> bool {
        let Some(state) = ledger.sources.get(source) else {
            return false;
        };
        // Heard apart from its source: what was observed while nobody counted this stream says nothing of it.
        let since = match state.streams.get(self.stream) {
            None => i64::MIN,
            Some(own) => own.slices.ranges().first().map_or(i64::MAX, |r| r.start),
        };
        since < ledger.grid.index(time) && state.instants.any_before(time, self.known_until)
    }
}

/// When the samples of a source began to be cut otherwise: then every series is seen for the first time, and none is born.
struct Switches<'p> {
    /// The first and the last sample of a source under a layout; empty if there is but one layout.
    spans: BTreeMap<(&'p SourceId, &'p Layout), (Timestamp, Timestamp)>,
}

impl<'p> Switches<'p> {
    fn of(pile: &'p Pile) -> Self {
        let mut spans = BTreeMap::new();
        for ((source, _, _, layout), samples) in &pile.series {
            if let (Some(first), Some(last)) = (samples.first(), samples.last()) {
                let span = spans
                    .entry((source, layout))
                    .or_insert((first.time, last.time));
                *span = (span.0.min(first.time), span.1.max(last.time));
            }
        }
        let mut layouts = spans.keys().map(|(_, layout)| *layout);
        let first = layouts.next();
        if layouts.all(|layout| Some(layout) == first) {
            spans.clear();
        }
        Self { spans }
    }

    /// Whether a series that is first seen with a sample can have begun then, for all that its layout says.
    fn is_born(&self, sample: &SampleFacts, source: &SourceId, layout: &Layout) -> bool {
        let Some((first, _)) = self.spans.get(&(source, layout)) else {
            return true;
        };
        let before = self.spans.iter().filter(|((other, cut), (start, _))| {
            *other == source && *cut != layout && start < first
        });
        match before.map(|(_, (_, last))| *last).max() {
            None => true,
            Some(last) => {
                sample.time > *first || sample.created.is_some_and(|created| created > last)
            }
        }
    }
}

fn column(
    (((segment, class, bucket), layout), mut runs): ((CellKey, usize), Vec<Run>),
) -> Option<Column> {
    let counts = match runs.len() {
        0 | 1 => runs.pop()?,
        _ => Run::from(joined(runs.iter().map(|run| run.to_vec()).collect())),
    };
    (!counts.is_empty()).then_some(Column {
        segment,
        class,
        bucket,
        layout,
        counts,
    })
}
