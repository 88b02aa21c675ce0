//! Histograms that come in two forms: by bounds of their own (classic buckets, explicit bounds) and by powers of a base
//! (native, exponential). A sender that migrates sends both, and they are the same events: one form counts.
//!
//! The form that was met first counts, and a meter's series say which it was. The other one waits: its series are told to
//! count for nobody, and what they say is passed on only up to where the first one stands. If that falls silent while the
//! other goes on, the other counts what it rose by from there: nothing twice, and nothing from before. Knows forms and
//! times of samples; knows no labels.

use std::collections::{HashMap, HashSet};

use attain_model::StreamKey;
use attain_model::live::{LiveSample, LiveValue, Slot};

use super::AsIs;
use super::claims::{Group, group_of};

/// For how long the other form comes alone, by its own time and by that of arrival, before it takes over: as long as a
/// source may say nothing before that is a silence.
const SILENCE_MS: i64 = 300_000;
/// How much of that may pass between two requests at most: where nobody sent anything for a while, the other form may come
/// right after.
const STEP_MS: i64 = SILENCE_MS / 2;

/// In which form a histogram comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Side {
    Bounds,
    Powers,
}

impl Side {
    pub(in super::super) fn other(self) -> Self {
        match self {
            Self::Bounds => Self::Powers,
            Self::Powers => Self::Bounds,
        }
    }
}

/// A histogram that comes in both forms.
#[derive(Debug)]
struct Both {
    /// The newest sample of each form.
    newest_ms: [Option<i64>; 2],
    /// When each form arrived last without the other one, and for how long it had by then.
    alone: [Option<(i64, i64)>; 2],
    /// The streams for which both would count, as hashes.
    streams: Vec<u64>,
    slots: Vec<Slot>,
}

/// A series of such a histogram.
#[derive(Debug)]
struct Watched {
    histogram: u64,
    side: Side,
    /// It counts for nobody as long as the other form does.
    waits: bool,
    newest_ms: Option<i64>,
    /// Where it stands for the meter, by time.
    stood_ms: Option<i64>,
    /// While it waits: the first of its samples that the other form has not reached.
    aside: Option<LiveSample>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Sides {
    /// The form by which a histogram counts for a stream.
    counts: HashMap<Group, Side, AsIs>,
    both: HashMap<u64, Both, AsIs>,
    /// The series of those that come in both forms.
    watched: HashMap<Slot, Watched, AsIs>,
    /// Of these not all series are watched yet.
    unwatched: HashSet<u64, AsIs>,
}

impl Sides {
    /// How many histograms come in both forms.
    pub(super) fn both(&self) -> u64 {
        self.both.len() as u64
    }

    /// The form by which a histogram counts for a stream, if that was decided.
    pub(super) fn of(&self, histogram: u64, stream: &StreamKey) -> Option<Side> {
        self.counts.get(&group_of(histogram, stream)).copied()
    }

    /// A histogram counts for a stream by a form from now on.
    pub(super) fn decide(&mut self, histogram: u64, stream: &StreamKey, side: Side) {
        self.counts.insert(group_of(histogram, stream), side);
    }

    /// A histogram comes in the form by which it does not count for a stream, too. The other one stood at a time.
    pub(super) fn doubled(
        &mut self,
        histogram: u64,
        stream: &StreamKey,
        (side, other_ms): (Side, Option<i64>),
    ) {
        let both = self.both.entry(histogram).or_insert_with(|| {
            self.unwatched.insert(histogram);
            let mut newest_ms = [None; 2];
            newest_ms[side.other() as usize] = other_ms;
            Both {
                newest_ms,
                alone: [None; 2],
                streams: Vec::new(),
                slots: Vec::new(),
            }
        });
        let (stream, _) = group_of(histogram, stream);
        if !both.streams.contains(&stream) {
            both.streams.push(stream);
        }
    }

    /// Whether what a series counts for a stream is counted by the other form.
    pub(super) fn waits(&self, histogram: u64, side: Side, stream: &StreamKey) -> bool {
        self.both.contains_key(&histogram) && self.of(histogram, stream) == Some(side.other())
    }

    /// Histograms of which not all series are watched yet, once.
    pub(super) fn unwatched(&mut self) -> HashSet<u64, AsIs> {
        std::mem::take(&mut self.unwatched)
    }

    /// A series of a histogram is there; it stands for the meter at a time. Of one that does not come in both forms
    /// nothing is remembered.
    pub(super) fn watch(
        &mut self,
        slot: Slot,
        (histogram, side): (u64, Side),
        stood_ms: Option<i64>,
    ) {
        let Some(both) = self.both.get_mut(&histogram) else {
            return;
        };
        self.watched.entry(slot).or_insert_with(|| {
            both.slots.push(slot);
            Watched {
                histogram,
                side,
                waits: false,
                newest_ms: None,
                stood_ms,
                aside: None,
            }
        });
    }

    /// Whether a series waits was told.
    pub(super) fn told(&mut self, slot: Slot, waits: bool) {
        if let Some(watched) = self.watched.get_mut(&slot) {
            watched.waits = waits;
            watched.aside = watched.aside.filter(|_| waits);
            // Where one that counts stands is not followed.
            watched.stood_ms = watched.stood_ms.filter(|_| waits);
        }
    }

    /// Samples arrived: gives the series that change from waiting to counting, or back.
    pub(super) fn came(&mut self, samples: &[LiveSample], arrived_ms: i64) -> Vec<Slot> {
        let mut changed = Vec::new();
        if self.watched.is_empty() {
            return changed;
        }
        let mut waiting: HashSet<u64, AsIs> = HashSet::default();
        for sample in samples {
            let Some(watched) = self.watched.get_mut(&sample.slot) else {
                continue;
            };
            let Some(both) = self.both.get_mut(&watched.histogram) else {
                continue;
            };
            if sample.says == LiveValue::Ended {
                continue;
            }
            let (side, other) = (watched.side as usize, watched.side.other() as usize);
            watched.newest_ms = watched.newest_ms.max(Some(sample.time_ms));
            both.newest_ms[side] = both.newest_ms[side].max(Some(sample.time_ms));
            let (last_ms, for_ms) = both.alone[side].unwrap_or((arrived_ms, 0));
            let step_ms = arrived_ms.saturating_sub(last_ms).clamp(0, STEP_MS);
            both.alone[side] = Some((last_ms.max(arrived_ms), for_ms.saturating_add(step_ms)));
            both.alone[other] = None;
            if watched.waits {
                waiting.insert(watched.histogram);
            }
        }
        for histogram in waiting {
            if self.takes_over(histogram) {
                changed.extend(&self.both[&histogram].slots);
            }
        }
        changed
    }

    /// Has the form that waited count, if the other one is silent.
    fn takes_over(&mut self, histogram: u64) -> bool {
        let both = &self.both[&histogram];
        let mut is_changed = false;
        for stream in &both.streams {
            let Some(counts) = self.counts.get_mut(&(*stream, histogram)) else {
                continue;
            };
            let (other, last_ms) = (counts.other(), both.newest_ms[*counts as usize]);
            let newest_ms = both.newest_ms[other as usize];
            let is_silent = match (newest_ms, last_ms) {
                (Some(newest), Some(last)) => newest.saturating_sub(last) > SILENCE_MS,
                (newest, None) => newest.is_some(),
                (None, _) => false,
            };
            let alone = both.alone[other as usize];
            let is_missed = alone.is_some_and(|(_, for_ms)| for_ms > SILENCE_MS);
            // What a series rose by before the other form ended was counted by that.
            let is_ready = both.slots.iter().all(|slot| {
                let watched = &self.watched[slot];
                let is_heard = watched.newest_ms >= last_ms
                    && watched.newest_ms.map(|at| at.saturating_add(SILENCE_MS)) >= newest_ms;
                watched.side != other || !is_heard || watched.stood_ms >= last_ms
            });
            if is_silent && is_missed && is_ready {
                *counts = other;
                is_changed = true;
            }
        }
        is_changed
    }

    /// Leaves of the samples of those that wait what says where they stood when the other form was heard last.
    pub(super) fn settle(&mut self, samples: &mut Vec<LiveSample>) {
        if self.watched.is_empty() {
            return;
        }
        let mut aside = Vec::new();
        samples.retain(|sample| {
            let watched = self.watched.get_mut(&sample.slot);
            let Some(watched) = watched.filter(|watched| watched.waits) else {
                return true;
            };
            let other = watched.side.other() as usize;
            let reached_ms = self.both.get(&watched.histogram);
            let reached_ms = reached_ms.and_then(|both| both.newest_ms[other]);
            let (is_taken, instead) = watched.wait(sample, reached_ms);
            aside.extend(instead);
            is_taken
        });
        samples.append(&mut aside);
    }

    /// Nothing that was passed on was kept.
    pub(super) fn forget_told(&mut self) {
        for watched in self.watched.values_mut() {
            (watched.stood_ms, watched.aside) = (None, None);
        }
    }

    /// A series is no more.
    pub(super) fn forget(&mut self, slot: Slot) {
        let watched = self.watched.remove(&slot);
        let both = watched.and_then(|watched| self.both.get_mut(&watched.histogram));
        if let Some(both) = both {
            both.slots.retain(|known| *known != slot);
        }
    }

    /// Drops what is known of histograms that are no more, and of streams.
    pub(super) fn keep(
        &mut self,
        is_histogram: impl Fn(u64) -> bool,
        is_stream: impl Fn(u64) -> bool,
    ) {
        (self.counts)
            .retain(|(stream, histogram), _| is_stream(*stream) && is_histogram(*histogram));
        self.both.retain(|histogram, both| {
            both.streams.retain(|stream| is_stream(*stream));
            is_histogram(*histogram)
        });
        (self.watched).retain(|_, watched| self.both.contains_key(&watched.histogram));
    }
}

impl Watched {
    /// What becomes of a sample while the other form, which has reached a time, counts: whether it is passed on, or
    /// another one instead of it.
    fn wait(&mut self, sample: &LiveSample, reached_ms: Option<i64>) -> (bool, Option<LiveSample>) {
        let time_ms = Some(sample.time_ms);
        if sample.says == LiveValue::Ended || time_ms <= self.stood_ms {
            return (false, None);
        }
        let is_behind = self.stood_ms.is_none() || self.stood_ms < reached_ms;
        let kept = (self.aside).filter(|kept| Some(kept.time_ms) >= reached_ms);
        if time_ms <= reached_ms || is_behind && kept.is_none() {
            self.stood_ms = time_ms;
            self.aside = kept;
            return (true, None);
        }
        if is_behind && let Some(kept) = kept {
            self.stood_ms = Some(kept.time_ms);
            self.aside = Some(*sample);
            return (false, Some(kept));
        }
        self.aside = kept.or(Some(*sample));
        (false, None)
    }
}
