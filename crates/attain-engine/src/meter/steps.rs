//! The points of a series before its last one, in few bytes.
//!
//! Samples of a counter that only grows differ from one another by little: eight bytes each, read backwards from the last
//! point. What does not fit is kept as it is.

use attain_model::live::LivePoint;

/// Points, ascending by time; the one after them is known by whoever asks.
#[derive(Debug, Clone)]
pub(super) enum Steps {
    /// Each by its distance to the one after it. What a point added is its distance to the one before; of the first it
    /// stands here.
    Small { first_added: u64, steps: Vec<Step> },
    /// As they are.
    Whole(Vec<LivePoint>),
}

/// From one point to the next: milliseconds and events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    time_ms: u32,
    events: u32,
}

impl Default for Steps {
    fn default() -> Self {
        Steps::Small {
            first_added: 0,
            steps: Vec::new(),
        }
    }
}

impl Steps {
    /// Adds a point behind which another one stands now.
    #[inline]
    pub(super) fn push(&mut self, point: LivePoint, after: &LivePoint) {
        match (&mut *self, step_between(&point, after)) {
            (Steps::Small { first_added, steps }, Some(step)) => {
                if steps.is_empty() {
                    *first_added = point.added;
                }
                steps.push(step);
            }
            (Steps::Small { .. }, None) => {
                let mut points = self.whole(&point);
                points.push(point);
                *self = Steps::Whole(points);
            }
            (Steps::Whole(points), _) => points.push(point),
        }
    }

    /// All of them, with `last` after them.
    pub(super) fn whole(&self, last: &LivePoint) -> Vec<LivePoint> {
        let (first_added, steps) = match self {
            Steps::Whole(points) => return points.clone(),
            Steps::Small { first_added, steps } => (*first_added, steps),
        };
        let mut point = *last;
        let mut points: Vec<LivePoint> = Vec::with_capacity(steps.len() + 1);
        for (at, step) in steps.iter().enumerate().rev() {
            point.time_ms -= i64::from(step.time_ms);
            point.value -= u64::from(step.events);
            point.added = match at.checked_sub(1) {
                Some(before) => u64::from(steps[before].events),
                None => first_added,
            };
            points.push(point);
        }
        points.reverse();
        points
    }

    /// Forgets the points that lie before another one which is closed, too; `last` stands after all of them. One closed point
    /// is enough: a point is split from the one after it only where both may still change.
    pub(super) fn forget(&mut self, last: &LivePoint, closed_ms: i64) {
        match self {
            Steps::Whole(points) => {
                let open = points.iter().position(|point| point.time_ms >= closed_ms);
                let closed = match open {
                    Some(open) => open,
                    // The last one is enough.
                    None if last.time_ms < closed_ms => points.len() + 1,
                    None => points.len(),
                };
                points.drain(..closed.saturating_sub(1));
            }
            Steps::Small { first_added, steps } => {
                if last.time_ms < closed_ms {
                    steps.clear();
                    return;
                }
                // From the end: only the distances are known.
                let mut time_ms = last.time_ms;
                for at in (0..steps.len()).rev() {
                    time_ms -= i64::from(steps[at].time_ms);
                    if time_ms < closed_ms {
                        if let Some(before) = at.checked_sub(1) {
                            *first_added = u64::from(steps[before].events);
                        }
                        steps.drain(..at);
                        return;
                    }
                }
            }
        }
    }

    /// Takes points as they are; `last` stands after them.
    pub(super) fn set(&mut self, points: &[LivePoint], last: &LivePoint) {
        match self {
            Steps::Small { steps, .. } => steps.clear(),
            Steps::Whole(_) => *self = Steps::default(),
        }
        for (at, point) in points.iter().enumerate() {
            self.push(*point, points.get(at + 1).unwrap_or(last));
        }
    }
}

/// The step from a point to the one after it, if that is all there is to say.
fn step_between(point: &LivePoint, after: &LivePoint) -> Option<Step> {
    let time_ms = u32::try_from(after.time_ms.checked_sub(point.time_ms)?).ok()?;
    let events = u32::try_from(after.value.checked_sub(point.value)?).ok()?;
    let is_plain = after.added == u64::from(events) && after.created_ms == point.created_ms;
    is_plain.then_some(Step { time_ms, events })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_points_come_back() {
        let mut random = fastrand::Rng::with_seed(5);
        for round in 0..2000 {
            let mut points = vec![LivePoint {
                time_ms: random.i64(0..1 << 40),
                value: random.u64(0..1000),
                added: random.u64(0..1000),
                created_ms: random.bool().then_some(7),
            }];
            let is_odd = |random: &mut fastrand::Rng| round % 2 == 0 && random.u32(0..20) == 0;
            for _ in 0..random.usize(0..30) {
                let before = points[points.len() - 1];
                let events = random.u64(0..50);
                points.push(LivePoint {
                    time_ms: before.time_ms + random.i64(1..20_000),
                    value: before.value + events,
                    added: events,
                    created_ms: before.created_ms,
                });
                let last = points.len() - 1;
                if is_odd(&mut random) {
                    points[last].value = random.u64(..);
                }
                if is_odd(&mut random) {
                    points[last].time_ms += 1 << 33;
                }
                if is_odd(&mut random) {
                    points[last].created_ms = Some(random.i64(..));
                }
                if is_odd(&mut random) {
                    points[last].added += 1;
                }
            }
            let (mut pushed, mut set) = (Steps::default(), Steps::default());
            for pair in points.windows(2) {
                pushed.push(pair[0], &pair[1]);
            }
            let (last, before) = points.split_last().unwrap();
            set.push(points[0], &points[0]);
            set.set(before, last);
            assert_eq!(pushed.whole(last), before);
            assert_eq!(set.whole(last), before);
            let closed_ms = points[0].time_ms + random.i64(-10..400_000);
            let closed = points.partition_point(|point| point.time_ms < closed_ms);
            pushed.forget(last, closed_ms);
            let kept = &points[closed.saturating_sub(1)..points.len() - 1];
            assert_eq!(pushed.whole(last), kept);
        }
    }
}
