//! The ledger in memory: what was counted, each thing once, in whatever order it came.
//!
//! Knows streams, what was taken of each origin, and counts by class and bucket; samples and readings as they were, so
//! that an edit of a promise re-reads history. Knows no objective. See admit.rs for how a delivery gets in, read.rs for
//! how counts are asked for, export.rs for the ledger as text.
//!
//! A ledger is kept by somebody else: [`Ledger::unload`] moves the counts out, [`Ledger::state`] says the rest, and
//! [`Ledger::restore`] goes on where that left off. [`Shelved`](crate::Shelved) reads both together.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use attain_model::facts::{Facts, KeptStream, OriginFacts, State, StreamFacts};
use attain_model::{SourceId, SourceNames, Stream, StreamKey};
use jiff::{SignedDuration, Timestamp};

use crate::cells::StreamCounts;
use crate::changes::Changes;
use crate::grid::Grid;
use crate::hearing::{Hearing, SourceState};
use crate::origins::{Origin, Wanted};
use crate::ranges::RangeSet;

/// What was counted, by stream, segment, class, bucket and slice.
///
/// Invariant: the content depends on the set of rows taken, not on their order, split or repetition (as long as all lie
/// within the lateness). [`Ledger::export`] is how this is checked.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(crate) grid: Grid,
    slice_seconds: u32,
    pub(crate) lateness: Option<SignedDuration>,
    pub(crate) delay: SignedDuration,
    pub(crate) kept: BTreeMap<StreamKey, KeptStream>,
    // Invariant: has every stream of `kept`.
    pub(crate) counts: BTreeMap<StreamKey, StreamCounts>,
    /// The streams that look at a source.
    looking: BTreeMap<SourceId, Looking>,
    /// The streams that name no source look at any.
    anywhere: Looking,
    /// The sources that said anything about a stream.
    pub(crate) said: BTreeMap<StreamKey, BTreeSet<SourceId>>,
    pub(crate) origins: BTreeMap<SourceId, BTreeMap<String, Origin>>,
    pub(crate) sources: BTreeMap<SourceId, SourceState>,
    pub(crate) watermark: Option<Timestamp>,
    /// What was counted since somebody asked; nothing as long as nobody does.
    pub(crate) changes: Option<Changes>,
}

/// The streams that look at one source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Looking {
    /// All of which the ledger knows.
    pub(crate) kept: Arc<BTreeSet<StreamKey>>,
    /// Those that are counted from now on.
    pub(crate) counted: Arc<BTreeSet<StreamKey>>,
}

impl Ledger {
    /// An empty ledger of these streams, counted in slices of so many seconds (60 for files).
    ///
    /// Without a lateness nothing is ever too late, and nothing is ahead: files are taken as they are.
    #[must_use]
    pub fn new(streams: &[Stream], slice_seconds: u32, lateness: Option<Duration>) -> Self {
        let state = State {
            slice_seconds,
            ..State::default()
        };
        let mut ledger = Self::restore(state, lateness);
        ledger.count(streams);
        ledger
    }

    /// A ledger that goes on where another left off: it knows what was taken, heard and refused, and holds no counts.
    ///
    /// Every stream of the state is counted, cut as it was; deliveries that were taken after the state was written down
    /// belong here. [`Ledger::count`] then says what is counted from now on.
    #[must_use]
    pub fn restore(state: State, lateness: Option<Duration>) -> Self {
        let empty = |kept: &KeptStream| StreamCounts::new(kept.layout.clone());
        let counts = state
            .kept
            .iter()
            .map(|(key, kept)| (key.clone(), empty(kept)));
        let mut origins: BTreeMap<SourceId, BTreeMap<String, Origin>> = BTreeMap::new();
        for ((source, origin), facts) in state.origins {
            let of_source = origins.entry(source).or_default();
            of_source.insert(origin, facts.into());
        }
        let sources = state.sources.into_iter();
        let mut ledger = Self {
            grid: Grid::new(state.slice_seconds),
            slice_seconds: state.slice_seconds,
            lateness: lateness.map(signed),
            delay: SignedDuration::ZERO,
            counts: counts.collect(),
            looking: BTreeMap::new(),
            anywhere: Looking::default(),
            said: state.said,
            origins,
            sources: sources.map(|(id, facts)| (id, facts.into())).collect(),
            watermark: state.watermark,
            changes: None,
            kept: state.kept,
        };
        ledger.look(|_| true);
        ledger
    }

    /// What arrives within this time after the end of its slice counts as known with the slice; none unless said.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = signed(delay);
        self
    }

    /// From now on these streams are counted, cut as they say.
    ///
    /// What was counted before keeps the layout that it was counted under. A stream that is not among them keeps what it
    /// has and is counted no more; one that is new was not heard so far, whenever its sources were.
    pub fn count(&mut self, streams: &[Stream]) {
        for stream in streams {
            let kept = KeptStream::from(stream);
            match self.counts.get_mut(&stream.key) {
                Some(counts) => counts.relay(kept.layout.clone()),
                None => {
                    let counts = StreamCounts::new(kept.layout.clone());
                    self.counts.insert(stream.key.clone(), counts);
                    self.begin(&kept);
                }
            }
            self.kept.insert(stream.key.clone(), kept);
        }
        let counted: BTreeSet<&StreamKey> = streams.iter().map(|stream| &stream.key).collect();
        self.look(|stream| counted.contains(stream));
    }

    /// The streams that a delivery of a source is counted for unless it says otherwise.
    #[must_use]
    pub fn streams_of(&self, source: &SourceId) -> Arc<BTreeSet<StreamKey>> {
        Arc::clone(&self.looking_at(source).counted)
    }

    /// What was taken of an origin, by position and stream.
    #[must_use]
    pub fn taken(&self, source: &SourceId, origin: &str) -> OriginFacts {
        self.origin(source, origin)
            .map_or_else(OriginFacts::default, OriginFacts::from)
    }

    /// What of an origin is still to be read, and for which streams, ascending: deliver each stretch by itself, naming its
    /// streams. Empty if all was taken.
    #[must_use]
    pub fn wanted(&self, source: &SourceId, origin: &str, range: Range<u64>) -> Vec<Wanted> {
        if range.is_empty() {
            return Vec::new();
        }
        let streams = self.streams_of(source);
        match self.origin(source, origin) {
            Some(known) => known.wanted(&range, &streams),
            None => Origin::default().wanted(&range, &streams),
        }
    }

    /// Everything that the ledger knows beside the counts.
    #[must_use]
    pub fn state(&self) -> State {
        let sources = self.sources.iter();
        State {
            slice_seconds: self.slice_seconds,
            watermark: self.watermark,
            kept: self.kept.clone(),
            said: self.said.clone(),
            sources: sources
                .map(|(id, state)| (id.clone(), state.into()))
                .collect(),
            origins: self.origins_taken(),
        }
    }

    /// What was taken of each origin so far: from there it is read on.
    #[must_use]
    pub fn origins_taken(&self) -> BTreeMap<(SourceId, String), OriginFacts> {
        let mut origins = BTreeMap::new();
        for (source, of_source) in &self.origins {
            for (origin, taken) in of_source {
                origins.insert((source.clone(), origin.clone()), taken.into());
            }
        }
        origins
    }

    /// Moves the counts out, of every stream that has any. What is known beside them stays, so that nothing is taken
    /// twice: whoever takes them keeps them.
    ///
    /// A sample or reading that comes again afterwards is taken again, and adds nothing to what is read of both.
    #[must_use]
    pub fn unload(&mut self) -> BTreeMap<StreamKey, StreamFacts> {
        let counts = self.counts.iter_mut();
        counts
            .filter(|(_, counts)| !counts.is_empty())
            .map(|(stream, counts)| (stream.clone(), counts.unload()))
            .collect()
    }

    /// From now on sources have the names of today. Says whether that changes anything.
    ///
    /// Invariant: its counts were unloaded before, and whoever keeps them knows the names, too: what is still here goes.
    pub fn call(&mut self, names: &SourceNames) -> bool {
        let state = self.state();
        let today = state.clone().renamed(names);
        if today == state {
            return false;
        }
        let renamed = Self {
            lateness: self.lateness,
            delay: self.delay,
            changes: self.changes.as_ref().map(|_| Changes::default()),
            ..Self::restore(today, None)
        };
        *self = renamed;
        true
    }

    /// The end of the last slice in which each source was heard, of those that say when they are: whoever reads on from
    /// there need not take the time between for silence.
    #[must_use]
    pub fn heard_until(&self) -> BTreeMap<SourceId, Timestamp> {
        let sources = self.sources.iter();
        let last = |slices: &RangeSet<i64>| slices.ranges().last().map(|range| range.end);
        sources
            .filter_map(|(source, state)| Some((source.clone(), last(&state.hearing.slices)?)))
            .map(|(source, end)| (source, self.grid.start(end)))
            .collect()
    }

    /// What was counted since this was asked last. The first call gives nothing, and from then on it is written down: ask
    /// regularly, or do not begin.
    #[must_use]
    pub fn changes(&mut self) -> Changes {
        self.changes.replace(Changes::default()).unwrap_or_default()
    }

    /// A copy of everything that the ledger holds.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let counts = self.counts.iter();
        Facts {
            state: self.state(),
            streams: counts
                .filter(|(_, counts)| !counts.is_empty())
                .map(|(stream, counts)| (stream.clone(), counts.facts()))
                .collect(),
        }
    }

    /// A ledger that reads as this one does for some of its streams, and knows nothing of origins: for whoever judges them
    /// elsewhere. Nothing may be delivered to it.
    #[must_use]
    pub fn part(&self, streams: &BTreeSet<StreamKey>) -> Self {
        let sources = self.sources.iter();
        Self {
            kept: some(&self.kept, streams),
            counts: some(&self.counts, streams),
            said: some(&self.said, streams),
            sources: sources
                .map(|(id, state)| (id.clone(), state.part_of(streams)))
                .collect(),
            looking: BTreeMap::new(),
            anywhere: Looking::default(),
            origins: BTreeMap::new(),
            changes: None,
            ..*self
        }
    }

    /// Events of a source that were refused because they lay more than ten minutes ahead of their arrival.
    #[must_use]
    pub fn ahead(&self, source: &SourceId) -> u64 {
        self.sources.get(source).map_or(0, |state| state.ahead)
    }

    /// The newest event time that its arrival vouches for; `None` before the first.
    #[must_use]
    pub fn watermark(&self) -> Option<Timestamp> {
        self.watermark
    }

    pub(crate) fn origin(&self, source: &SourceId, origin: &str) -> Option<&Origin> {
        self.origins.get(source)?.get(origin)
    }

    pub(crate) fn looking_at(&self, source: &SourceId) -> &Looking {
        self.looking.get(source).unwrap_or(&self.anywhere)
    }

    /// A stream that nobody counted while its sources were heard was not heard with them.
    fn begin(&mut self, kept: &KeptStream) {
        for (source, state) in &mut self.sources {
            let is_its = kept.sources.is_empty() || kept.sources.contains(source);
            if is_its && state.hearing != Hearing::default() {
                let hearing = state.streams.entry(kept.key.clone());
                hearing.or_default();
            }
        }
    }

    /// Says anew who looks at which source.
    fn look(&mut self, is_counted: impl Fn(&StreamKey) -> bool) {
        let at = |is_looking: &dyn Fn(&KeptStream) -> bool| {
            let kept = self.kept.values().filter(|kept| is_looking(kept));
            let kept: BTreeSet<StreamKey> = kept.map(|kept| kept.key.clone()).collect();
            let counted = kept.iter().filter(|key| is_counted(key)).cloned().collect();
            Looking {
                kept: Arc::new(kept),
                counted: Arc::new(counted),
            }
        };
        let sources: BTreeSet<&SourceId> = self.kept.values().flat_map(|k| &k.sources).collect();
        let looking = sources.into_iter().map(|source| {
            let is_looking = |k: &KeptStream| k.sources.is_empty() || k.sources.contains(source);
            (source.clone(), at(&is_looking))
        });
        let looking = looking.collect();
        self.anywhere = at(&|kept| kept.sources.is_empty());
        self.looking = looking;
    }
}

fn some<V: Clone>(
    all: &BTreeMap<StreamKey, V>,
    streams: &BTreeSet<StreamKey>,
) -> BTreeMap<StreamKey, V> {
    let some = streams.iter();
    some.filter_map(|stream| Some((stream.clone(), all.get(stream)?.clone())))
        .collect()
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
