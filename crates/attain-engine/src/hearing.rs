//! What is known about a source beside its counts: when it was heard, what of it was refused.
//!
//! Knows slices and streams by name. Knows no counts; see cells.rs.

use std::collections::{BTreeMap, BTreeSet};

use attain_model::facts::{HeardFacts, SourceFacts};
use attain_model::{Interval, StreamKey};

use crate::counter::Instants;
use crate::grid::Grid;
use crate::ranges::RangeSet;

/// What is known about one source.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceState {
    /// When it was heard.
    pub(crate) hearing: Hearing,
    /// When those of its streams were heard that can be silent while it is not, or were not always counted.
    // Invariant: what a delivery says of the source holds for each of these that it counts and does not name.
    pub(crate) streams: BTreeMap<StreamKey, Hearing>,
    /// Instants of its samples.
    pub(crate) instants: Instants,
    /// Lines or rows that could not be read.
    pub(crate) unparsed: u64,
    /// Refused as too late, and the slices they were about.
    pub(crate) too_late: u64,
    pub(crate) too_late_slices: Option<(i64, i64)>,
    /// Refused as ahead of their arrival.
    pub(crate) ahead: u64,
}

/// When a source, or one of its streams, was heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hearing {
    /// In these slices.
    pub(crate) slices: RangeSet<i64>,
    /// It said something without saying when it was heard.
    pub(crate) is_unknown: bool,
}

/// Who is spoken of when a source is heard.
pub(crate) struct Listeners<'l> {
    /// The source itself, for what was not read before.
    pub(crate) source: bool,
    /// The streams that are counted now.
    pub(crate) streams: &'l BTreeSet<StreamKey>,
    /// Of these, the ones whose hearing is said apart.
    pub(crate) named: &'l BTreeMap<StreamKey, Vec<Interval>>,
}

impl SourceState {
    /// The source's own hearing, and those of its streams that are counted and not named.
    pub(crate) fn listening<'s>(
        &'s mut self,
        who: &'s Listeners<'_>,
    ) -> impl Iterator<Item = &'s mut Hearing> {
        let others = self.streams.iter_mut().filter(|(stream, _)| {
            who.streams.contains(*stream) && !who.named.contains_key(*stream)
        });
        let own = who.source.then_some(&mut self.hearing);
        own.into_iter().chain(others.map(|(_, hearing)| hearing))
    }

    /// The same, as far as it is about the source and these of its streams.
    pub(crate) fn part_of(&self, streams: &BTreeSet<StreamKey>) -> Self {
        let apart = streams.iter();
        Self {
            hearing: self.hearing.clone(),
            streams: apart
                .filter_map(|stream| Some((stream.clone(), self.streams.get(stream)?.clone())))
                .collect(),
            instants: self.instants.clone(),
            ..*self
        }
    }

    /// From now on a stream is heard apart from its source; so far it was heard with it.
    pub(crate) fn part(&mut self, stream: &StreamKey) {
        if !self.streams.contains_key(stream) {
            self.streams.insert(stream.clone(), self.hearing.clone());
        }
    }
}

impl Hearing {
    pub(crate) fn add(&mut self, grid: Grid, intervals: &[Interval]) {
        for interval in intervals {
            let start = grid.index(interval.start);
            let end = grid.index_up(interval.end).max(start + 1);
            self.slices.insert(start..end);
        }
    }
}

impl From<HeardFacts> for Hearing {
    fn from(facts: HeardFacts) -> Self {
        Self {
            slices: facts.slices.into_iter().collect(),
            is_unknown: facts.is_unknown,
        }
    }
}

impl From<&Hearing> for HeardFacts {
    fn from(hearing: &Hearing) -> Self {
        Self {
            slices: hearing.slices.ranges().to_vec(),
            is_unknown: hearing.is_unknown,
        }
    }
}

impl From<SourceFacts> for SourceState {
    fn from(facts: SourceFacts) -> Self {
        let streams = facts.streams.into_iter();
        Self {
            hearing: facts.heard.into(),
            streams: streams
                .map(|(stream, heard)| (stream, heard.into()))
                .collect(),
            instants: facts.instants.into_iter().collect(),
            unparsed: facts.unparsed,
            too_late: facts.too_late,
            too_late_slices: facts.too_late_slices,
            ahead: facts.ahead,
        }
    }
}

impl From<&SourceState> for SourceFacts {
    fn from(state: &SourceState) -> Self {
        let streams = state.streams.iter();
        Self {
            heard: (&state.hearing).into(),
            streams: streams
                .map(|(stream, hearing)| (stream.clone(), hearing.into()))
                .collect(),
            instants: state.instants.all().to_vec(),
            unparsed: state.unparsed,
            too_late: state.too_late,
            too_late_slices: state.too_late_slices,
            ahead: state.ahead,
        }
    }
}
