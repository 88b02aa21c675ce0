//! Stretches of a series that nobody has told of yet, between those that somebody did.
//!
//! Requests overtake each other: one that is tried again comes after later ones, when its slices are closed. What it says
//! counts at its own time, once: if it lies in a stretch that is known to be missing. All else was told before, or may
//! have been.

use std::collections::BTreeMap;

use attain_model::live::{LivePoint, Slot};

/// How far before the first stretch of a series others may still come.
const BEFORE_FIRST_MS: i64 = 3_600_000;
/// What is missing for longer does not come any more.
const WAITED_FOR_MS: i64 = 86_400_000;
/// Clocks and rounding leave shorter ones everywhere.
const SHORTEST_MS: i64 = 1_000;
/// Of one series; the newest stay.
const OF_A_SERIES: usize = 16;
/// Of all series. More are not remembered.
const OF_ALL: usize = 100_000;
/// How often those that are too old are looked for.
const LOOK_MS: i64 = 3_600_000;

/// From the end of what was told to the start of what was told next, in milliseconds.
type Missing = (i64, i64);

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Untold {
    /// Ascending, and apart from each other.
    by_slot: BTreeMap<Slot, Vec<Missing>>,
    /// How many these are.
    count: usize,
}

impl Untold {
    /// What was left by another.
    pub(super) fn of(facts: Vec<(Slot, Vec<Missing>)>) -> Self {
        let count = facts.iter().map(|(_, missing)| missing.len()).sum();
        Self {
            by_slot: facts.into_iter().collect(),
            count,
        }
    }

    /// As facts.
    pub(super) fn facts(&self) -> Vec<(Slot, Vec<Missing>)> {
        let all = self.by_slot.iter();
        all.map(|(slot, missing)| (*slot, missing.clone()))
            .collect()
    }

    /// A stretch was told of a series whose newest one ended at an instant, if there was one.
    pub(super) fn told(&mut self, slot: Slot, newest_ms: Option<i64>, point: &LivePoint) {
        let (from, until) = stretch(point);
        match newest_ms {
            None => self.add(slot, (from.saturating_sub(BEFORE_FIRST_MS), from)),
            Some(newest) if newest < from => self.add(slot, (newest, from)),
            Some(newest) if newest < until => {}
            Some(_) => {
                self.take(slot, point);
            }
        }
    }

    /// Whether a stretch is missing as a whole. From now on it is not.
    pub(super) fn take(&mut self, slot: Slot, point: &LivePoint) -> bool {
        let (from, until) = stretch(point);
        let Some(missing) = self.by_slot.get_mut(&slot) else {
            return false;
        };
        // One without a length lies behind what was told until then.
        let is_in = |(a, b): &Missing| *a <= from && *a < until && until <= *b;
        let Some(at) = missing.iter().position(is_in) else {
            return false;
        };
        let (a, b) = missing[at];
        let left = [(a, from), (until, b)].into_iter();
        let before = missing.len();
        missing.splice(at..=at, left.filter(is_worth_it));
        self.count = self.count - before + missing.len();
        if missing.is_empty() {
            self.by_slot.remove(&slot);
        }
        true
    }

    /// Nothing of a series is known to be missing: it is another one, or it has several writers.
    pub(super) fn forget(&mut self, slot: Slot) {
        let missing = self.by_slot.remove(&slot);
        self.count -= missing.map_or(0, |missing| missing.len());
    }

    /// Forgets what does not come any more, when so much is closed and so much was before.
    pub(super) fn let_go(&mut self, closed_ms: i64, before_ms: i64) {
        if self.count == 0 || closed_ms.div_euclid(LOOK_MS) == before_ms.div_euclid(LOOK_MS) {
            return;
        }
        let is_waited_for = |(_, until): &Missing| until.saturating_add(WAITED_FOR_MS) > closed_ms;
        self.by_slot.retain(|_, missing| {
            missing.retain(is_waited_for);
            !missing.is_empty()
        });
        self.count = self.by_slot.values().map(Vec::len).sum();
    }

    fn add(&mut self, slot: Slot, one: Missing) {
        if !is_worth_it(&one) || self.count >= OF_ALL {
            return;
        }
        let missing = self.by_slot.entry(slot).or_default();
        missing.push(one);
        self.count += 1;
        if missing.len() > OF_A_SERIES {
            missing.remove(0);
            self.count -= 1;
        }
    }
}

fn is_worth_it((from, until): &Missing) -> bool {
    until.saturating_sub(*from) >= SHORTEST_MS
}

/// From when to when.
fn stretch(point: &LivePoint) -> Missing {
    let start = point.created_ms.filter(|start| *start > 0);
    (
        start.unwrap_or(point.time_ms).min(point.time_ms),
        point.time_ms,
    )
}
