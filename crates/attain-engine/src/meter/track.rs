//! One series: from its samples to increments.
//!
//! Knows the samples that can still matter: the last one of a closed slice and all after it. An increment belongs to the
//! slice of the later sample, so increments telescope: a sample that is missing, late or told twice changes in which slice
//! events lie, never how many there are.

use attain_model::live::LivePoint;

/// How far back a start is believed when the thing was never observed before: the same as for samples in files.
const BELIEVED_START_MS: i64 = 3_600_000;

/// What is remembered of one series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Track {
    // Invariant: ascending by time; all but the first lie in slices that are open, or were when they came.
    points: Vec<LivePoint>,
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
    /// It lies before what is remembered.
    TooLate,
    /// A part of it was known.
    Overlaps,
}

impl Track {
    pub(super) fn of(points: Vec<LivePoint>) -> Self {
        Self { points }
    }

    pub(super) fn points(&self) -> &[LivePoint] {
        &self.points
    }

    /// A cumulative counter stands at a value.
    pub(super) fn stand(
        &mut self,
        mut point: LivePoint,
        closed_ms: i64,
        birth: impl FnOnce() -> Birth,
    ) -> Outcome {
        let at = match self.place(&point, closed_ms) {
            Ok(at) => at,
            Err(outcome) => return outcome,
        };
        let Some(before) = at.checked_sub(1) else {
            // Observed in any case, so that what comes beside it later is known to be born.
            let is_born = birth().is_born(&point);
            if !self.points.is_empty() {
                // It was first seen later: where its value up to here lies is not known any better now.
                return Outcome::TooLate;
            }
            point.added = if is_born { point.value } else { 0 };
            self.points.push(point);
            return match is_born {
                true => adds(&point, None),
                false => Outcome::Unborn { value: point.value },
            };
        };
        point.added = step(&self.points[before], &point);
        let mut outcome = adds(&point, None);
        if let Some(after) = self.points.get(at).copied() {
            // Two increments where there was one.
            let added = step(&point, &after);
            self.points[at].added = added;
            outcome = Outcome::Adds {
                steps: [
                    Some((point.time_ms, point.added)),
                    Some((after.time_ms, added)),
                ],
                taken_back: Some((after.time_ms, after.added)),
            };
        }
        self.points.insert(at, point);
        self.forget(closed_ms);
        outcome
    }

    /// Events happened in a stretch that ends at the point's time.
    pub(super) fn happen(&mut self, point: LivePoint, closed_ms: i64) -> Outcome {
        let at = match self.place(&point, closed_ms) {
            Ok(at) => at,
            Err(outcome) => return outcome,
        };
        let start = point.created_ms.filter(|start| *start > 0);
        let start = start.unwrap_or(point.time_ms);
        let begins_too_early = |before: usize| self.points[before].time_ms > start;
        if at.checked_sub(1).is_some_and(begins_too_early) {
            return Outcome::Overlaps;
        }
        let after = self.points.get(at);
        let start_of = |point: &LivePoint| point.created_ms.filter(|start| *start > 0);
        if after
            .and_then(start_of)
            .is_some_and(|start| start < point.time_ms)
        {
            return Outcome::Overlaps;
        }
        self.points.insert(at, point);
        self.forget(closed_ms);
        adds(&point, None)
    }

    /// Where a point belongs.
    fn place(&self, point: &LivePoint, closed_ms: i64) -> Result<usize, Outcome> {
        let Some(last) = self.points.last() else {
            return Ok(0);
        };
        if point.time_ms > last.time_ms {
            return Ok(self.points.len());
        }
        let at = self
            .points
            .partition_point(|known| known.time_ms < point.time_ms);
        if self.points[at].time_ms == point.time_ms {
            // The first that was told stays.
            return Err(Outcome::Already);
        }
        // Invariant: a closed slice is only ever added to; a split would take from it or from what followed.
        if point.time_ms < closed_ms {
            return Err(Outcome::TooLate);
        }
        Ok(at)
    }

    /// Forgets what cannot matter any more.
    fn forget(&mut self, closed_ms: i64) {
        let closed = self
            .points
            .partition_point(|point| point.time_ms < closed_ms);
        // A point is split from the one after it only where both may still change: one closed point is enough.
        if closed > 1 {
            self.points.drain(..closed - 1);
        }
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

/// The events between two samples of a cumulative counter.
fn step(before: &LivePoint, after: &LivePoint) -> u64 {
    let restarted = after
        .created_ms
        .is_some_and(|created| before.time_ms < created && created <= after.time_ms);
    if restarted || after.value < before.value {
        after.value
    } else {
        after.value - before.value
    }
}
