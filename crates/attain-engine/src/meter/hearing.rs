//! When a live source was heard, and which things it observed. Knows instants; knows no counts.
//!
//! What arrives in time was heard when it arrived: the newest sample of each request tells, for the whole source. History
//! that is sent at once arrives in whatever order and pieces. There the samples of one series tell, for the streams that
//! it counts for and nobody else: two that are close together had nobody silent between them.

use std::collections::{BTreeMap, HashMap};

use attain_model::Interval;
use attain_model::live::MeteredSource;
use jiff::Timestamp;

/// Two samples of a source that are further apart were a silence between them: Prometheus' own staleness.
const SILENCE_MS: i64 = 300_000;

/// Things remembered of one source. A counter of a thing that was forgotten is first seen with an unknown birth, which
/// is the safe side.
const THINGS_AT_MOST: usize = 100_000;

/// What is known of one source.
#[derive(Debug, Clone, Default)]
pub(super) struct Hearing {
    /// Stretches that were not told yet; the last one may go on.
    heard: Vec<(i64, i64)>,
    newest_ms: Option<i64>,
    /// Since when each thing is observed.
    things: HashMap<u64, i64>,
    /// Since when any of them is.
    first_ms: Option<i64>,
    /// The newest sample of all series that were given up.
    forgotten_ms: Option<i64>,
    /// By column, the stretches of history that its series prove and that were not told yet.
    past: BTreeMap<u32, Vec<(i64, i64)>>,
}

impl Hearing {
    /// The newest sample of all.
    pub(super) fn newest(&self) -> Option<i64> {
        self.newest_ms
    }

    /// The source was heard at an instant.
    pub(super) fn hear(&mut self, time_ms: i64) {
        self.newest_ms = self.newest_ms.max(Some(time_ms));
        match self.heard.last_mut() {
            Some((from, until)) if time_ms >= *from && time_ms - *until <= SILENCE_MS => {
                *until = (*until).max(time_ms);
            }
            _ => self.heard.push((time_ms, time_ms)),
        }
    }

    /// Whether nobody was heard for a while before an instant.
    pub(super) fn is_broken_at(&self, time_ms: i64) -> bool {
        self.newest_ms
            .is_none_or(|newest| time_ms.saturating_sub(newest) > SILENCE_MS)
    }

    /// A series of these columns has a sample at each of two instants.
    #[inline]
    pub(super) fn follow(&mut self, columns: &[u32], from_ms: i64, until_ms: i64, closed_ms: i64) {
        if until_ms < closed_ms {
            self.hear_past(columns, from_ms, until_ms);
        } else if !self.past.is_empty() {
            self.hear_on(columns, from_ms, until_ms);
        }
    }

    /// The later of them was closed when it came.
    fn hear_past(&mut self, columns: &[u32], from_ms: i64, until_ms: i64) {
        if !is_unbroken(from_ms, until_ms) {
            return;
        }
        for column in columns {
            add(self.past.entry(*column).or_default(), from_ms, until_ms);
        }
    }

    /// Goes on with history into what is open: without it a hole would stay where the two meet.
    fn hear_on(&mut self, columns: &[u32], from_ms: i64, until_ms: i64) {
        if !is_unbroken(from_ms, until_ms) {
            return;
        }
        for column in columns {
            let last = self.past.get_mut(column).and_then(|past| past.last_mut());
            if let Some((_, until)) = last.filter(|(_, until)| *until == from_ms) {
                *until = until_ms;
            }
        }
    }

    /// The stretches of history that were not told yet, by column.
    pub(super) fn tell_past(&mut self) -> BTreeMap<u32, Vec<Interval>> {
        let past = std::mem::take(&mut self.past).into_iter();
        past.map(|(column, heard)| (column, heard.into_iter().map(interval).collect()))
            .collect()
    }

    /// A thing was observed at an instant; since when it was at all.
    pub(super) fn observe(&mut self, thing: u64, time_ms: i64) -> i64 {
        if !self.things.contains_key(&thing) && self.things.len() >= THINGS_AT_MOST {
            return time_ms;
        }
        self.first_ms = Some(self.first_ms.map_or(time_ms, |first| first.min(time_ms)));
        let since = self.things.entry(thing).or_insert(time_ms);
        *since = (*since).min(time_ms);
        *since
    }

    /// Since when anything was observed.
    pub(super) fn first(&self) -> Option<i64> {
        self.first_ms
    }

    /// A series was given up whose newest sample is this old.
    pub(super) fn give_up(&mut self, newest_ms: Option<i64>) {
        self.forgotten_ms = self.forgotten_ms.max(newest_ms);
    }

    /// Nothing is left of these things: should they come again, they are new.
    pub(super) fn forget(&mut self, things: impl Iterator<Item = u64>) {
        for thing in things {
            self.things.remove(&thing);
        }
        self.first_ms = self.things.values().copied().min();
    }

    /// Whether a sample, of a series whose newest is this old, may have been counted for one that was given up: each of
    /// their samples is as old as the newest of them, or older. What goes on from a newer one was not.
    pub(super) fn may_have_been_counted(&self, time_ms: i64, newest_ms: Option<i64>) -> bool {
        let goes_on = newest_ms.is_some_and(|newest| time_ms > newest);
        !goes_on && Some(time_ms) <= self.forgotten_ms
    }

    /// The newest sample of all series that were given up.
    pub(super) fn forgotten(&self) -> Option<i64> {
        self.forgotten_ms
    }

    /// What is new since it was told last.
    pub(super) fn tell(&mut self) -> Vec<Interval> {
        let told = self.heard.iter().copied().map(interval).collect();
        let last = self.heard.pop();
        self.heard.clear();
        // The next sample goes on from here.
        self.heard.extend(last.map(|(_, until)| (until, until)));
        told
    }
}

/// Whether nobody was silent between two samples of a series, in this order.
fn is_unbroken(from_ms: i64, until_ms: i64) -> bool {
    (0..=SILENCE_MS).contains(&until_ms.saturating_sub(from_ms))
}

/// Adds a stretch, to the last one if it goes on or lies inside.
fn add(heard: &mut Vec<(i64, i64)>, from_ms: i64, until_ms: i64) {
    match heard.last_mut() {
        Some((from, until)) if from_ms >= *from && from_ms <= *until => {
            *until = (*until).max(until_ms);
        }
        _ => heard.push((from_ms, until_ms)),
    }
}

fn interval((from_ms, until_ms): (i64, i64)) -> Interval {
    let at = |ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    Interval {
        start: at(from_ms),
        // An instant is a stretch of its own: the slice that it lies in was heard.
        end: at(until_ms.saturating_add(1)),
    }
}

impl From<MeteredSource> for Hearing {
    fn from(facts: MeteredSource) -> Self {
        Self {
            heard: facts.heard,
            newest_ms: facts.newest_ms,
            first_ms: facts.things.iter().map(|(_, since)| *since).min(),
            things: facts.things.into_iter().collect(),
            forgotten_ms: facts.forgotten_ms,
            past: BTreeMap::new(),
        }
    }
}

impl From<&Hearing> for MeteredSource {
    fn from(hearing: &Hearing) -> Self {
        // Invariant: history was told: facts are taken after closing.
        let mut things: Vec<(u64, i64)> = hearing.things.iter().map(|(t, at)| (*t, *at)).collect();
        things.sort_unstable();
        Self {
            heard: hearing.heard.clone(),
            newest_ms: hearing.newest_ms,
            things,
            forgotten_ms: hearing.forgotten_ms,
        }
    }
}
