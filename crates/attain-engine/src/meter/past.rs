//! What counters say of the time before the first sample that is known of them.
//!
//! A backlog that is sent newest first, or a past that somebody writes under a series that is heard already: what happened
//! before the first sample was counted by nobody, as where that sample stood was a baseline. It counts as if it had come in
//! the order of time. In which order it does come is not known: so it waits until no more of its source has come for a
//! while. Of a series that was born nothing is missing, and of one that several processes share nobody knows whose past it
//! would be.

use std::collections::BTreeMap;

use attain_model::live::{LivePast, LivePoint, LiveSample, LiveSeries, LiveValue, Slot};
use jiff::{SignedDuration, Timestamp};

use super::track::step;
use super::{Circumstances, Meter, Metered, slice_of};

/// How long after its first sample the past of a series may come.
const WAITED_FOR_MS: i64 = 86_400_000;
/// First samples that are remembered. What comes before others does not count.
const FIRSTS_AT_MOST: usize = 100_000;
/// Samples that wait, of all series. What more comes does not count.
const SAMPLES_AT_MOST: usize = 400_000;
/// It is over when nothing of its source has come for so long.
const OVER_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// It does not wait longer.
const OVER_AT_MOST: SignedDuration = SignedDuration::from_secs(1800);
/// How often those that are too old are looked for.
const LOOK_MS: i64 = 3_600_000;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Pasts {
    /// Where series stood first: what they stood at then did not count.
    firsts: BTreeMap<Slot, Stood>,
    waiting: BTreeMap<Slot, Waiting>,
    /// How many samples wait.
    count: usize,
}

/// A sample of a cumulative counter.
#[derive(Debug, Clone, Copy)]
struct Stood {
    time_ms: i64,
    value: u64,
    created_ms: Option<i64>,
}

/// What came of a series from before its first sample.
#[derive(Debug, Clone)]
struct Waiting {
    /// When the first and the last of it came.
    came: (Timestamp, Timestamp),
    /// By time.
    samples: BTreeMap<i64, Stood>,
}

/// The past of a series that is over.
pub(super) struct Past {
    pub(super) slot: Slot,
    /// When the last of what it came with arrived.
    pub(super) came: Timestamp,
    /// Its samples with what they added, ascending; the last one is the first that was known. The oldest added nothing.
    pub(super) points: Vec<LivePoint>,
}

impl Pasts {
    /// What was left by another.
    pub(super) fn of(facts: &[LivePast]) -> Self {
        let mut pasts = Self::default();
        for LivePast { slot, came, points } in facts {
            let Some((first, before)) = points.split_last() else {
                continue;
            };
            pasts.firsts.insert(*slot, Stood::of(first));
            if let Some(came) = came {
                let samples = before.iter().map(|p| (p.time_ms, Stood::of(p))).collect();
                let came = *came;
                pasts.count += before.len();
                pasts.waiting.insert(*slot, Waiting { came, samples });
            }
        }
        pasts
    }

    /// As facts.
    pub(super) fn facts(&self) -> Vec<LivePast> {
        let all = self.firsts.iter().map(|(slot, first)| {
            let waiting = self.waiting.get(slot);
            let before = waiting.into_iter().flat_map(|one| one.samples.values());
            LivePast {
                slot: *slot,
                came: waiting.map(|one| one.came),
                points: before.chain([first]).map(Stood::point).collect(),
            }
        });
        all.collect()
    }

    /// A series was first heard, and what it stood at did not count.
    pub(super) fn begin(&mut self, sample: &LiveSample) {
        if self.firsts.len() < FIRSTS_AT_MOST
            && let Some(point) = point_of(sample)
        {
            self.firsts.insert(sample.slot, Stood::of(&point));
        }
    }

    /// A sample came when what lies around it is closed: takes it if it is from before the first of its series. Returns what it
    /// came to.
    pub(super) fn take(&mut self, slot: Slot, point: &LivePoint, arrived: Timestamp) -> Told {
        let Some(first) = self.firsts.get(&slot) else {
            return Told::TooLate;
        };
        let waiting = self.waiting.get_mut(&slot);
        let same = match point.time_ms == first.time_ms {
            true => Some(*first),
            false => (waiting.as_ref()).and_then(|one| one.samples.get(&point.time_ms).copied()),
        };
        if let Some(same) = same {
            return match same.value == point.value {
                true => Told::Already,
                false => Told::Conflicts,
            };
        }
        if point.time_ms > first.time_ms || self.count >= SAMPLES_AT_MOST {
            return Told::TooLate;
        }
        let waiting = self.waiting.entry(slot).or_insert_with(|| Waiting {
            came: (arrived, arrived),
            samples: BTreeMap::new(),
        });
        waiting.came.1 = waiting.came.1.max(arrived);
        waiting.samples.insert(point.time_ms, Stood::of(point));
        self.count += 1;
        Told::Waits
    }

    /// The pasts that are over at an instant: those of a source together, as parts of a histogram mean something together only.
    pub(super) fn leave(&mut self, now: Timestamp, source: impl Fn(Slot) -> u32) -> Vec<Past> {
        let mut came: BTreeMap<u32, (Timestamp, Timestamp)> = BTreeMap::new();
        for (slot, one) in &self.waiting {
            let (first, last) = came.entry(source(*slot)).or_insert(one.came);
            (*first, *last) = ((*first).min(one.came.0), (*last).max(one.came.1));
        }
        let is_over = |at: Timestamp, after| at.saturating_add(after).is_ok_and(|due| due <= now);
        came.retain(|_, (first, last)| is_over(*last, OVER_AFTER) || is_over(*first, OVER_AT_MOST));
        let slots = self.waiting.keys().copied();
        let over = slots.filter_map(|slot| Some((slot, came.get(&source(slot))?.1)));
        let over: Vec<(Slot, Timestamp)> = over.collect();
        let pasts = over.into_iter().filter_map(|(slot, last)| {
            let past = self.end(slot)?;
            Some(Past { came: last, ..past })
        });
        pasts.collect()
    }

    /// The past of a series is over; what comes from before it begins another.
    fn end(&mut self, slot: Slot) -> Option<Past> {
        let first = self.firsts.get_mut(&slot)?;
        let Waiting { came, samples } = self.waiting.remove(&slot)?;
        self.count -= samples.len();
        let mut points: Vec<LivePoint> = samples
            .values()
            .chain([&*first])
            .map(Stood::point)
            .collect();
        for at in 1..points.len() {
            points[at].added = added(&points[at - 1], &points[at]);
        }
        *first = Stood::of(points.first()?);
        Some(Past {
            slot,
            came: came.1,
            points,
        })
    }

    /// No more is taken of a series: it counts for others, it is another one or it has several writers. What waits.
    pub(super) fn forget(&mut self, slot: Slot) -> Option<Past> {
        let past = self.end(slot);
        self.firsts.remove(&slot);
        past
    }

    /// Forgets first samples that are too old, when so much is closed and so much was before.
    pub(super) fn let_go(&mut self, closed_ms: i64, before_ms: i64) {
        if closed_ms.div_euclid(LOOK_MS) == before_ms.div_euclid(LOOK_MS) {
            return;
        }
        let waiting = &self.waiting;
        self.firsts.retain(|slot, first| {
            waiting.contains_key(slot) || first.time_ms.saturating_add(WAITED_FOR_MS) > closed_ms
        });
    }
}

/// What a sample came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It counts when its past is over.
    Waits,
    Already,
    Conflicts,
    TooLate,
}

impl Meter {
    /// A sample is from before what is remembered of its series.
    pub(super) fn say_before(
        &mut self,
        sample: &LiveSample,
        circumstances: &Circumstances,
        metered: &mut Metered,
    ) {
        let told = match point_of(sample) {
            Some(point) => (self.pasts).take(sample.slot, &point, circumstances.arrived),
            None => Told::TooLate,
        };
        match told {
            Told::Waits => metered.new += 1,
            Told::Already => metered.already += 1,
            Told::Conflicts => metered.conflicting += 1,
            Told::TooLate => metered.too_late += 1,
        }
    }

    /// Counts the pasts that are over at an instant.
    pub(super) fn count_pasts(&mut self, now: Timestamp, metered: &mut Metered) {
        let counters = &self.counters;
        let source = |slot: Slot| match counters.get(slot as usize) {
            Some(Some(counter)) => counter.source,
            _ => u32::MAX,
        };
        for past in self.pasts.leave(now, source) {
            self.count_past(&past, metered);
        }
    }

    /// A series is told of: if it is another one, or counts for others, its past is that of whom it counted for.
    pub(super) fn keep_past(&mut self, series: &LiveSeries, columns: &[u32]) {
        let slot = series.slot as usize;
        let (Some(Some(counter)), Some(Some(known))) =
            (self.counters.get(slot), self.known.get(slot))
        else {
            return;
        };
        if known.id != series.id || counter.columns.all() != columns {
            self.end_past(series.slot, &mut Metered::default());
        }
    }

    /// A series of several writers has no past that is known whose it is.
    pub(super) fn end_shared_past(&mut self, slot: Slot, metered: &mut Metered) {
        if !self.writers.of(slot).is_empty() {
            self.end_past(slot, metered);
        }
    }

    /// No more of its past is waited for: what came of it counts.
    pub(super) fn end_past(&mut self, slot: Slot, metered: &mut Metered) {
        if let Some(past) = self.pasts.forget(slot) {
            self.count_past(&past, metered);
        }
    }

    fn count_past(&mut self, past: &Past, metered: &mut Metered) {
        let Some(Some(counter)) = self.counters.get(past.slot as usize) else {
            return;
        };
        let closed_ms = self.closed_ms();
        let columns = counter.columns.all();
        let hearing = &mut self.sources[counter.source as usize].hearing;
        for pair in past.points.windows(2) {
            let (before, point) = (&pair[0], &pair[1]);
            hearing.follow(columns, before.time_ms, point.time_ms, closed_ms);
            let slice = slice_of(self.grid, point.time_ms);
            let is_late = self.closed.is_some_and(|closed| slice < closed);
            if is_late {
                metered.late_events = metered.late_events.saturating_add(point.added);
            }
            for column in columns {
                let late = is_late.then_some(past.came);
                self.open.add(*column, slice, late, point.added);
            }
        }
    }
}

/// The events between two samples. A counter that says that it is the same one does not fall: where it seems to, it is a
/// bucket of a histogram that became coarser.
fn added(before: &LivePoint, after: &LivePoint) -> u64 {
    let is_same = before.created_ms.is_some() && before.created_ms == after.created_ms;
    match is_same && after.value < before.value {
        true => 0,
        false => step(before, after),
    }
}

/// What a cumulative counter says.
fn point_of(sample: &LiveSample) -> Option<LivePoint> {
    let LiveValue::Stands { value, created_ms } = sample.says else {
        return None;
    };
    Some(LivePoint {
        time_ms: sample.time_ms,
        value,
        added: 0,
        created_ms,
    })
}

impl Stood {
    fn of(point: &LivePoint) -> Self {
        Self {
            time_ms: point.time_ms,
            value: point.value,
            created_ms: point.created_ms,
        }
    }

    fn point(&self) -> LivePoint {
        LivePoint {
            time_ms: self.time_ms,
            value: self.value,
            added: 0,
            created_ms: self.created_ms,
        }
    }
}
