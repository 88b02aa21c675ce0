//! When a live source was heard, and which things it observed. Knows instants; knows no counts.

use std::collections::HashMap;

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

    /// A thing was observed at an instant; since when it was at all.
    pub(super) fn observe(&mut self, thing: u64, time_ms: i64) -> i64 {
        if let Some(since) = self.things.get_mut(&thing) {
            *since = (*since).min(time_ms);
            return *since;
        }
        if self.things.len() < THINGS_AT_MOST {
            self.things.insert(thing, time_ms);
        }
        time_ms
    }

    /// What is new since it was told last.
    pub(super) fn tell(&mut self) -> Vec<Interval> {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let told = self.heard.iter().map(|(from, until)| Interval {
            start: at(*from),
            // An instant is a stretch of its own: the slice that it lies in was heard.
            end: at(until.saturating_add(1)),
        });
        let told = told.collect();
        let last = self.heard.pop();
        self.heard.clear();
        // The next sample goes on from here.
        self.heard.extend(last.map(|(_, until)| (until, until)));
        told
    }
}

impl From<MeteredSource> for Hearing {
    fn from(facts: MeteredSource) -> Self {
        Self {
            heard: facts.heard,
            newest_ms: facts.newest_ms,
            things: facts.things.into_iter().collect(),
        }
    }
}

impl From<&Hearing> for MeteredSource {
    fn from(hearing: &Hearing) -> Self {
        let mut things: Vec<(u64, i64)> = hearing.things.iter().map(|(t, at)| (*t, *at)).collect();
        things.sort_unstable();
        Self {
            heard: hearing.heard.clone(),
            newest_ms: hearing.newest_ms,
            things,
        }
    }
}
