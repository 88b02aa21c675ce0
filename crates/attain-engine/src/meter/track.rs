//! One series: from its samples to increments.
//!
//! Knows the samples that can still matter: the last one of a closed slice and all after it. An increment belongs to the
//! slice of the later sample, so increments telescope: a sample that is missing, late or told twice changes in which slice
//! events lie, never how many there are.

use attain_model::live::LivePoint;

use super::steps::Steps;

/// How far back a start is believed when the thing was never observed before: the same as for samples in files.
const BELIEVED_START_MS: i64 = 3_600_000;

/// What is remembered of one series.
///
/// Most samples are the next of their series, so the newest point stands by itself: what is before it lies elsewhere in
/// memory and is hardly ever looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Track {
    last: Option<LivePoint>,
    // Invariant: ascending by time and before `last`; all but the first lie in slices that are open, or were when they
    // came.
    earlier: Steps,
    /// What was closed when points were forgotten last.
    forgotten_ms: i64,
}

/// What is known when a counter is first seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Birth {
    /// Since when what it counts is observed.
    pub(super) observed: i64,
    /// Since when its streams are counted.
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
    /// A part of it was known.
    Overlaps,
}

impl Track {
    pub(super) fn of(points: Vec<LivePoint>) -> Self {
        let mut track = Self::default();
        track.set(&points);
        track
    }

    /// The time of the newest sample.
    pub(super) fn newest_ms(&self) -> Option<i64> {
        self.last.as_ref().map(|last| last.time_ms)
    }

    /// The samples that can still matter, ascending by time.
    pub(super) fn points(&self) -> Vec<LivePoint> {
        let Some(last) = &self.last else {
            return Vec::new();
        };
        let mut points = self.earlier.whole(last);
        points.push(*last);
        points
    }

    fn set(&mut self, points: &[LivePoint]) {
        self.last = points.last().copied();
        // What is known of earlier points is told by the last.
        self.forgotten_ms = i64::MIN;
        match points.split_last() {
            Some((last, earlier)) => self.earlier.set(earlier, last),
            None => self.earlier = Steps::default(),
        }
    }

    /// A cumulative counter stands at a value.
    pub(super) fn stand(
        &mut self,
        mut point: LivePoint,
        closed_ms: i64,
        birth: impl FnOnce() -> Birth,
    ) -> Outcome {
        if let Some(last) = &self.last
            && point.time_ms > last.time_ms
        {
            point.added = step(last, &point);
            self.append(point, closed_ms);
            return adds(&point, None);
        }
        self.unfolded(|points| stand_among(points, point, closed_ms, birth))
    }

    /// Events happened in a stretch that ends at the point's time.
    pub(super) fn happen(&mut self, point: LivePoint, closed_ms: i64) -> Outcome {
        if let Some(last) = &self.last
            && point.time_ms > last.time_ms
        {
            if last.time_ms > start_of(&point).unwrap_or(point.time_ms) {
                return Outcome::Overlaps;
            }
            self.append(point, closed_ms);
            return adds(&point, None);
        }
        self.unfolded(|points| happen_among(points, point, closed_ms))
    }

    /// Puts a point behind the last one.
    fn append(&mut self, point: LivePoint, closed_ms: i64) {
        let Some(last) = self.last.replace(point) else {
            return;
        };
        if last.time_ms < closed_ms && point.time_ms >= closed_ms {
            // One closed point is enough: see `forget`.
            self.earlier.set(&[last], &point);
            self.forgotten_ms = closed_ms;
            return;
        }
        self.earlier.push(last, &point);
        // Nothing can have become closed since the last time unless it came closed.
        if closed_ms != self.forgotten_ms || point.time_ms < closed_ms {
            self.earlier.forget(&point, closed_ms);
            self.forgotten_ms = closed_ms;
        }
    }

    /// Does something with all points in one row.
    fn unfolded<T>(&mut self, work: impl FnOnce(&mut Vec<LivePoint>) -> T) -> T {
        let mut points = self.points();
        let done = work(&mut points);
        self.set(&points);
        done
    }
}

/// [`Track::stand`] for a point that may lie anywhere.
fn stand_among(
    points: &mut Vec<LivePoint>,
    mut point: LivePoint,
    closed_ms: i64,
    birth: impl FnOnce() -> Birth,
) -> Outcome {
    let at = match place(points, &point, closed_ms) {
        Ok(at) => at,
        Err(outcome) => return outcome,
    };
    let Some(before) = at.checked_sub(1) else {
        // Observed in any case, so that what comes beside it later is known to be born.
        let is_born = birth().is_born(&point);
        if !points.is_empty() {
            // It was first seen later: where its value up to here lies is not known any better now.
            return Outcome::TooLate;
        }
        point.added = if is_born { point.value } else { 0 };
        points.push(point);
        return match is_born {
            true => adds(&point, None),
            false => Outcome::Unborn { value: point.value },
        };
    };
    point.added = step(&points[before], &point);
    let mut outcome = adds(&point, None);
    if let Some(after) = points.get(at).copied() {
        // Two increments where there was one.
        let added = step(&point, &after);
        points[at].added = added;
        outcome = Outcome::Adds {
            steps: [
                Some((point.time_ms, point.added)),
                Some((after.time_ms, added)),
            ],
            taken_back: Some((after.time_ms, after.added)),
        };
    }
    points.insert(at, point);
    forget(points, closed_ms);
    outcome
}

/// [`Track::happen`] for a point that may lie anywhere.
fn happen_among(points: &mut Vec<LivePoint>, point: LivePoint, closed_ms: i64) -> Outcome {
    let at = match place(points, &point, closed_ms) {
        Ok(at) => at,
        Err(outcome) => return outcome,
    };
    let start = start_of(&point).unwrap_or(point.time_ms);
    let begins_too_early = |before: usize| points[before].time_ms > start;
    if at.checked_sub(1).is_some_and(begins_too_early) {
        return Outcome::Overlaps;
    }
    let after = points.get(at);
    if after
        .and_then(start_of)
        .is_some_and(|start| start < point.time_ms)
    {
        return Outcome::Overlaps;
    }
    points.insert(at, point);
    forget(points, closed_ms);
    adds(&point, None)
}

/// Where a stretch begins, if it says so.
fn start_of(point: &LivePoint) -> Option<i64> {
    point.created_ms.filter(|start| *start > 0)
}

/// Where a point belongs.
fn place(points: &[LivePoint], point: &LivePoint, closed_ms: i64) -> Result<usize, Outcome> {
    let Some(last) = points.last() else {
        return Ok(0);
    };
    if point.time_ms > last.time_ms {
        return Ok(points.len());
    }
    let at = points.partition_point(|known| known.time_ms < point.time_ms);
    if points[at].time_ms == point.time_ms {
        // The first that was told stays.
        return Err(match points[at].value == point.value {
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

/// Forgets what cannot matter any more.
fn forget(points: &mut Vec<LivePoint>, closed_ms: i64) {
    let closed = points.partition_point(|point| point.time_ms < closed_ms);
    // A point is split from the one after it only where both may still change: one closed point is enough.
    if closed > 1 {
        points.drain(..closed - 1);
    }
}

impl Birth {
    /// Whether the counter was at zero just before its first sample.
    fn is_born(&self, point: &LivePoint) -> bool {
        if let Some(created) = point.created_ms
            && created <= point.time_ms
        {
            let heard = self.observed.max(self.counted_since_ms.unwrap_or(i64::MIN));
            return created >= heard || point.time_ms - created <= BELIEVED_START_MS;
        }
        // Whoever looked at the thing before, when it was counted already, did not see this counter.
        let looked = self.heard_before_ms.filter(|heard| *heard < point.time_ms);
        looked.is_some_and(|looked| {
            self.observed <= looked && self.counted_since_ms.is_none_or(|since| since <= looked)
        })
    }
}

fn adds(point: &LivePoint, taken_back: Option<(i64, u64)>) -> Outcome {
    Outcome::Adds {
        steps: [Some((point.time_ms, point.added)), None],
        taken_back,
    }
}

/// The events between two samples of a cumulative counter. Two that began at the same time count on.
fn step(before: &LivePoint, after: &LivePoint) -> u64 {
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
