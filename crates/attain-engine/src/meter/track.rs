//! One series: from its samples to increments.
//!
//! Knows the samples that can still matter: the last one of a closed slice and all after it. An increment belongs to the
//! slice of the later sample, so increments telescope: a sample that is missing, late or told twice changes in which slice
//! events lie, never how many there are.

use attain_model::live::LivePoint;

use super::trail::{Place, Trail};

/// How far back a start is believed when the thing was never observed before: the same as for samples in files.
const BELIEVED_START_MS: i64 = 3_600_000;

/// How long before its source was first heard a start may lie: a process exports what it counted since it began, and
/// OpenTelemetry's interval of that is a minute. What is older happened before anybody counted.
const FIRST_TOLD_MS: i64 = 90_000;

/// Starts that are closer are one: some senders work theirs out anew for each sample.
const SAME_START_MS: u64 = 1_000;

/// How long a source must be heard before it is known which counters are there: several times what passes between two
/// samples of one series.
pub(super) const SETTLING_MS: i64 = 300_000;

/// What is remembered of one series.
///
/// Most samples are the next of their series, so the newest point stands by itself, in few bytes: what is before it lies
/// in the trail of all series and is hardly ever looked at.
#[derive(Debug, Clone)]
pub(super) struct Track {
    /// [`NEVER`] if nothing was said yet.
    last_ms: i64,
    value: u64,
    /// [`NEVER`] if it is not known.
    created_ms: i64,
    /// The step that leads to the last point.
    //
    // Invariant: it is looked for only if that point is open, and so is each step before it.
    place: Place,
}

/// No time of a sample or a start.
const NEVER: i64 = i64::MIN;

/// What is known when a counter is first seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Birth {
    /// Since when what it counts is observed.
    pub(super) observed: i64,
    /// Since when anything of its source is.
    pub(super) first_ms: Option<i64>,
    /// The newest sample of what was given up of its source: this counter may be one of those.
    pub(super) forgotten_ms: Option<i64>,
    /// Since when its streams are counted, if not from the beginning: what is first seen right after may be old.
    pub(super) counted_since_ms: Option<i64>,
    /// The newest sample of its source before those that came with it.
    pub(super) heard_before_ms: Option<i64>,
}

/// What a sample came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It adds events at these times, after some were taken back that a later sample had added.
    Adds {
        steps: [Option<(i64, u64)>; 2],
        taken_back: Option<(i64, u64)>,
    },
    /// The first of a counter whose beginning is not known.
    Unborn { value: u64 },
    /// It was known.
    Already,
    /// At this instant the series was said to stand at another value.
    Conflicts,
    /// It lies before what is remembered.
    TooLate,
    /// A part of its stretch was told.
    Overlaps,
}

/// A point that is remembered, and the step that leads to it.
#[derive(Debug, Clone, Copy)]
struct Known {
    point: LivePoint,
    place: Place,
}

impl Default for Track {
    fn default() -> Self {
        Self {
            last_ms: NEVER,
            value: 0,
            created_ms: NEVER,
            place: Place::default(),
        }
    }
}

impl Track {
    /// One that knows these points, ascending by time.
    pub(super) fn of(points: &[LivePoint], closed_ms: i64, trail: &mut Trail) -> Self {
        let mut track = Self::default();
        for point in points {
            track.append(point, closed_ms, trail);
        }
        track
    }

    /// The time of the newest sample.
    #[inline]
    pub(super) fn newest_ms(&self) -> Option<i64> {
        (self.last_ms != NEVER).then_some(self.last_ms)
    }

    /// Where the newest sample stands.
    pub(super) fn value(&self) -> u64 {
        self.value
    }

    /// The oldest sample that can still matter.
    pub(super) fn oldest_ms(&self, closed_ms: i64, trail: &Trail) -> Option<i64> {
        let known = self.known(closed_ms, trail);
        known.first().map(|known| known.point.time_ms)
    }

    /// Whether a counter that began at an instant may be this one: if it began then, or does not know when.
    pub(super) fn may_count_since(&self, start_ms: i64) -> bool {
        let is_known = self.created_ms != NEVER && self.created_ms <= self.last_ms;
        !is_known || self.created_ms.abs_diff(start_ms) <= SAME_START_MS
    }

    /// Whether it is known to have begun after an instant.
    pub(super) fn began_after(&self, instant_ms: i64) -> bool {
        self.created_ms > instant_ms
    }

    /// The samples that can still matter, ascending by time. What the oldest of them added does not: 0.
    pub(super) fn points(&self, closed_ms: i64, trail: &Trail) -> Vec<LivePoint> {
        let known = self.known(closed_ms, trail);
        known.into_iter().map(|known| known.point).collect()
    }

    /// A cumulative counter stands at a value that was taken after all others and began when they did: what it added.
    /// `None` if that is not so, or if it is the first.
    #[inline]
    pub(super) fn follow(
        &mut self,
        mut point: LivePoint,
        closed_ms: i64,
        trail: &mut Trail,
    ) -> Option<u64> {
        let is_next = point.time_ms > self.last_ms && self.last_ms != NEVER;
        // Another beginning may be that of another writer.
        if !is_next || point.created_ms.unwrap_or(NEVER) != self.created_ms {
            return None;
        }
        let last = self.last();
        point.added = step(&last, &point);
        // Nothing comes between closed points any more.
        self.place = match point.time_ms < closed_ms {
            true => Place::default(),
            false => trail.push(self.place, &last, &point),
        };
        self.stand_at(&point);
        Some(point.added)
    }

    /// A cumulative counter stands at a value.
    pub(super) fn stand(
        &mut self,
        mut point: LivePoint,
        closed_ms: i64,
        trail: &mut Trail,
        is_born: impl FnOnce() -> bool,
    ) -> Outcome {
        let known = self.known(closed_ms, trail);
        let at = match place(&known, &point, closed_ms) {
            Ok(at) => at,
            Err(outcome) => return outcome,
        };
        let Some(before) = at.checked_sub(1) else {
            // Observed in any case, so that what comes beside it later is known to be born.
            let is_born = is_born();
            if !known.is_empty() {
                // It was first seen later: where its value up to here lies is not known any better now.
                return Outcome::TooLate;
            }
            self.append(&point, closed_ms, trail);
            return match is_born {
                true => adds(point.time_ms, point.value),
                false => Outcome::Unborn { value: point.value },
            };
        };
        point.added = step(&known[before].point, &point);
        let Some(after) = known.get(at).map(|after| after.point) else {
            self.append(&point, closed_ms, trail);
            return adds(point.time_ms, point.added);
        };
        // Two increments where there was one.
        let added = step(&point, &after);
        self.insert(&known, at, (&point, added), trail);
        Outcome::Adds {
            steps: [
                Some((point.time_ms, point.added)),
                Some((after.time_ms, added)),
            ],
            taken_back: Some((after.time_ms, after.added)),
        }
    }

    /// Events happened in a stretch that ends at the point's time.
    pub(super) fn happen(
        &mut self,
        point: LivePoint,
        closed_ms: i64,
        trail: &mut Trail,
    ) -> Outcome {
        let (known, at) = match self.stretch_at(&point, closed_ms, trail) {
            Ok(place) => place,
            Err(refused) => return refused,
        };
        match known.get(at).map(|after| after.point.value) {
            // What a stretch adds does not depend on what is before it.
            Some(after) => self.insert(&known, at, (&point, after), trail),
            None => self.append(&point, closed_ms, trail),
        }
        adds(point.time_ms, point.added)
    }

    /// Whether a stretch is new and overlaps none of these; else why not.
    pub(super) fn fits(
        &self,
        point: &LivePoint,
        closed_ms: i64,
        trail: &Trail,
    ) -> Result<(), Outcome> {
        self.stretch_at(point, closed_ms, trail).map(drop)
    }

    /// Before which of the known points a stretch belongs; behind the last one none need be known.
    fn stretch_at(
        &self,
        point: &LivePoint,
        closed_ms: i64,
        trail: &Trail,
    ) -> Result<(Vec<Known>, usize), Outcome> {
        let start = start_of(point).unwrap_or(point.time_ms);
        if self.last_ms != NEVER && point.time_ms > self.last_ms {
            return match self.last_ms > start {
                true => Err(Outcome::Overlaps),
                false => Ok((Vec::new(), 0)),
            };
        }
        let known = self.known(closed_ms, trail);
        let at = place(&known, point, closed_ms)?;
        let begins_too_early = |before: usize| known[before].point.time_ms > start;
        if at.checked_sub(1).is_some_and(begins_too_early) {
            return Err(Outcome::Overlaps);
        }
        let after = known.get(at).and_then(|after| start_of(&after.point));
        match after.is_some_and(|start| start < point.time_ms) {
            true => Err(Outcome::Overlaps),
            false => Ok((known, at)),
        }
    }

    /// Puts a point behind the last one.
    fn append(&mut self, point: &LivePoint, closed_ms: i64, trail: &mut Trail) {
        // Nothing comes between closed points any more.
        self.place = match self.last_ms == NEVER || point.time_ms < closed_ms {
            true => Place::default(),
            false => trail.push(self.place, &self.last(), point),
        };
        self.stand_at(point);
    }

    /// Puts a point before a known one, which adds so many events from now on.
    fn insert(
        &mut self,
        known: &[Known],
        at: usize,
        (point, added): (&LivePoint, u64),
        trail: &mut Trail,
    ) {
        let mut after = known[at];
        after.point.added = added;
        let place = match at.checked_sub(1) {
            Some(before) => trail.push(known[before].place, &known[before].point, point),
            None => Place::default(),
        };
        if after.place != Place::default() {
            trail.put(after.place, place, point, &after.point);
            return;
        }
        // It was the oldest: nothing led to it.
        let place = trail.push(place, point, &after.point);
        match known.get(at + 1) {
            Some(next) => trail.put(next.place, place, &after.point, &next.point),
            None => self.place = place,
        }
    }

    #[inline]
    fn stand_at(&mut self, point: &LivePoint) {
        self.last_ms = point.time_ms;
        self.value = point.value;
        self.created_ms = point.created_ms.unwrap_or(NEVER);
    }

    /// The last point; what it added is known by its step.
    #[inline]
    fn last(&self) -> LivePoint {
        LivePoint {
            time_ms: self.last_ms,
            value: self.value,
            added: 0,
            created_ms: (self.created_ms != NEVER).then_some(self.created_ms),
        }
    }

    /// See [`Track::points`].
    fn known(&self, closed_ms: i64, trail: &Trail) -> Vec<Known> {
        let mut known = Vec::new();
        if self.last_ms == NEVER {
            return known;
        }
        let (mut point, mut place) = (self.last(), self.place);
        // One closed point is enough: a point is split from the one after it only where both may still change.
        while point.time_ms >= closed_ms
            && let Some((from, before, added)) = trail.before(place, &point)
        {
            point.added = added;
            known.push(Known { point, place });
            (point, place) = (from, before);
        }
        point.added = 0;
        let place = Place::default();
        known.push(Known { point, place });
        known.reverse();
        known
    }
}

/// Where a stretch begins, if it says so.
fn start_of(point: &LivePoint) -> Option<i64> {
    point.created_ms.filter(|start| *start > 0)
}

/// Where a point belongs.
fn place(known: &[Known], point: &LivePoint, closed_ms: i64) -> Result<usize, Outcome> {
    let at = known.partition_point(|known| known.point.time_ms < point.time_ms);
    let Some(Known { point: after, .. }) = known.get(at) else {
        return Ok(at);
    };
    if after.time_ms == point.time_ms {
        // The first that was told stays.
        return Err(match after.value == point.value {
            true => Outcome::Already,
            false => Outcome::Conflicts,
        });
    }
    // Invariant: a closed slice is only ever added to; a split would take from it or from what followed.
    if point.time_ms < closed_ms {
        return Err(Outcome::TooLate);
    }
    Ok(at)
}

impl Birth {
    /// Whether the counter was at zero just before its first sample.
    pub(super) fn is_born(&self, point: &LivePoint) -> bool {
        let settled = |since: i64| since.saturating_add(SETTLING_MS);
        // Whoever looked at the thing before, when it was counted already, did not see this counter. What comes in several
        // ways at once, such as the pages of several targets, does not come in the order of time: if later samples are
        // there, earlier ones were looked at, too, as each series comes in its own order.
        let was_looked_at = |observed: i64| {
            let looked = self
                .heard_before_ms
                .map(|heard| heard.min(point.time_ms - 1));
            looked.is_some_and(|looked| {
                observed <= looked && self.counted_since_ms.is_none_or(|s| settled(s) <= looked)
            })
        };
        let Some(created) = point.created_ms.filter(|at| *at <= point.time_ms) else {
            return was_looked_at(self.observed);
        };
        let since = self.first_ms.map(|first| first - FIRST_TOLD_MS);
        let since = since.max(self.counted_since_ms).max(self.forgotten_ms);
        let is_counted = since <= Some(created);
        let is_believed = self.observed <= created || point.time_ms - created <= BELIEVED_START_MS;
        // An old process may do something for the first time. What it sends may come in pieces: a thing is known once it
        // was observed for a while.
        (is_counted && is_believed) || was_looked_at(settled(self.observed))
    }
}

fn adds(time_ms: i64, added: u64) -> Outcome {
    Outcome::Adds {
        steps: [Some((time_ms, added)), None],
        taken_back: None,
    }
}

/// The events between two samples of a cumulative counter. Two that began at the same time count on.
#[inline]
pub(super) fn step(before: &LivePoint, after: &LivePoint) -> u64 {
    let restarted = after.created_ms.is_some_and(|created| {
        before.time_ms < created
            && created <= after.time_ms
            && before.created_ms != after.created_ms
    });
    if restarted || after.value < before.value {
        after.value
    } else {
        after.value - before.value
    }
}
