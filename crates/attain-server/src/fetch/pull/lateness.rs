//! How late samples come to an API that is pulled, found out by watching the newest one: right after another has come, it
//! is as old as it took to arrive. Knows when to look; how, and what delay that needs, is attain_sources::pull's.
//!
//! A look is one cheap query. Few metrics are watched at once, each until it is seen to be fresh (one look mostly) or until
//! its next sample comes. What says nothing any more is never seen to come, so that it says nothing of a delay either.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use attain_sources::pull::{Api, LATE_AT_MOST, Puller, delay_for, delay_of_late};
use jiff::{SignedDuration, Timestamp};

/// So many metrics are watched at once.
const AT_ONCE: usize = 5;

/// From one look at a metric to the next.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(2);

/// Looks that are further apart do not say when a sample came.
const LOOKS_APART: SignedDuration = SignedDuration::from_secs(5);

/// What is as young as this when it was seen to come was seen at once.
const FRESH: Duration = Duration::from_secs(5);

/// So well do two looks agree on how old a sample is.
const SAME: Duration = Duration::from_millis(700);

/// Whatever is scraped once a minute says something within this.
const WATCH_FOR: SignedDuration = SignedDuration::from_secs(75);

/// All of them are watched again after this.
const AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// See the module.
pub(super) struct Lateness {
    /// Metrics, and their series as a selector.
    asks: Vec<(String, String)>,
    /// Those that are still to be watched, and those that are.
    queue: VecDeque<usize>,
    watched: Vec<Watched>,
    looked: Timestamp,
    due: Timestamp,
    /// Nobody knows any more what was true before.
    is_contact: bool,
    /// By metric, how long its samples took to arrive. It rises at once and falls only when the API is met anew: one that is
    /// late now and then is late, and a delay that follows every look would let minutes be counted short each time.
    arrived_after: BTreeMap<usize, Duration>,
    /// By how much queries are behind the API's clock.
    pub(super) held_back: Duration,
}

struct Watched {
    ask: usize,
    begun: Timestamp,
    /// How old it was at the last look, and when that was.
    last: Option<(Duration, Timestamp)>,
    /// The youngest that its newest sample was seen.
    least: Duration,
}

/// What one look says of a metric.
enum Said {
    After(Duration),
    /// It is to be seen yet.
    Pending,
    /// It was not seen to come, but its newest sample changed.
    Unsure,
    Nothing,
}

impl Lateness {
    pub(super) fn new(puller: &Puller) -> Self {
        let mut asks: Vec<(String, String)> = Vec::new();
        for ask in puller.asks() {
            let selector = ask.query.selector();
            if !selector.is_empty() && asks.iter().all(|(_, known)| known != selector) {
                asks.push((ask.metric.clone(), selector.to_owned()));
            }
        }
        Self {
            asks,
            queue: VecDeque::new(),
            watched: Vec::new(),
            looked: Timestamp::MIN,
            due: Timestamp::MIN,
            is_contact: true,
            arrived_after: BTreeMap::new(),
            held_back: Duration::ZERO,
        }
    }

    /// The API is there again, or for the first time.
    pub(super) fn met(&mut self, held_back: Duration) {
        (self.held_back, self.is_contact) = (held_back, true);
        if self.watched.is_empty() && self.queue.is_empty() {
            self.due = Timestamp::MIN;
        }
    }

    /// The delay that is needed, as far as it is known.
    pub(super) fn delay(&self) -> Duration {
        let usual = delay_for(self.held_back);
        self.worst()
            .map_or(usual, |(_, behind)| usual.max(delay_of_late(behind)))
    }

    /// Whether all metrics have been seen, or tried.
    pub(super) fn is_settled(&self) -> bool {
        self.watched.is_empty() && self.queue.is_empty()
    }

    /// What is enough until it is known: at first a sample may be as late as it is old.
    pub(super) fn meanwhile(&self) -> Duration {
        let unknown = |watched: &&Watched| !self.arrived_after.contains_key(&watched.ask);
        let least = self.watched.iter().filter(unknown).map(|one| one.least);
        least.max().map_or(Duration::ZERO, delay_of_late)
    }

    /// The metric whose samples take longest to be seen, and how long.
    pub(super) fn worst(&self) -> Option<(&str, Duration)> {
        let worst = self.arrived_after.iter().max_by_key(|(_, behind)| **behind);
        worst.map(|(ask, behind)| (self.asks[*ask].0.as_str(), *behind))
    }

    /// Looks, if it is time to. What is seen within `enough` needs no watching. What is not answered is not known.
    pub(super) fn step(&mut self, api: &dyn Api, now: Timestamp, enough: Duration) {
        if self.is_settled() {
            if now < self.due {
                return;
            }
            self.queue.extend(0..self.asks.len());
        }
        if self
            .looked
            .saturating_add(LOOK_EVERY)
            .is_ok_and(|next| now < next)
        {
            return;
        }
        while self.watched.len() < AT_ONCE
            && let Some(ask) = self.queue.pop_front()
        {
            self.watched.push(Watched {
                ask,
                begun: now,
                last: None,
                least: Duration::ZERO,
            });
        }
        let is_close = now.duration_since(self.looked) <= LOOKS_APART;
        self.looked = now;
        for mut one in std::mem::take(&mut self.watched) {
            let age = api.newest_age(&self.asks[one.ask].1).ok().flatten();
            match one.said(age, now, is_close, self.held_back, enough) {
                Said::After(behind) => self.arrived(one.ask, behind),
                Said::Pending => self.watched.push(one),
                Said::Unsure => self.queue.push_back(one.ask),
                Said::Nothing => {}
            }
        }
        if self.is_settled() {
            self.is_contact = false;
            self.due = now.saturating_add(AGAIN).unwrap_or(Timestamp::MAX);
        }
    }

    fn arrived(&mut self, ask: usize, behind: Duration) {
        let known = self.arrived_after.entry(ask).or_default();
        *known = match self.is_contact {
            true => behind,
            false => behind.max(*known),
        };
    }
}

impl Watched {
    fn said(
        &mut self,
        age: Option<Duration>,
        now: Timestamp,
        is_close: bool,
        held_back: Duration,
        enough: Duration,
    ) -> Said {
        let Some(age) = age.filter(|age| *age < LATE_AT_MOST) else {
            return Said::Nothing;
        };
        let is_first = self.last.is_none();
        // The same sample is older by what has passed since.
        let has_moved = self.last.is_some_and(|(last, at)| {
            let passed = Duration::try_from(now.duration_since(at)).unwrap_or_default();
            age.saturating_add(SAME) < last.saturating_add(passed)
        });
        self.last = Some((age, now));
        // What is fresh needs no more than what is held back anyway.
        let behind = match age <= FRESH {
            true => Duration::ZERO,
            false => held_back.saturating_add(age),
        };
        self.least = if is_first {
            behind
        } else {
            behind.min(self.least)
        };
        if behind <= enough || has_moved && is_close {
            return Said::After(behind);
        }
        match now.duration_since(self.begun) > WATCH_FOR {
            true if has_moved => Said::Unsure,
            true => Said::Nothing,
            false => Said::Pending,
        }
    }
}
