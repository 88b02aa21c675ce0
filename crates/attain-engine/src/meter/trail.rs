//! What series said before their last samples, as long as that can still matter.
//!
//! One row of steps for all series, in the order in which samples came: a step is written behind the one written last,
//! wherever its series lies, and says where the one before it is. Steps are let go of a block at a time, without a look
//! at any series. Knows points and places; knows no series.

use std::collections::VecDeque;

use attain_model::live::LivePoint;

/// Steps of a block.
const BLOCK: usize = 4096;
/// The events of a step that is kept as it is.
const ODD: u32 = u32::MAX;

/// Where a step lies; the default is nowhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place(u64);

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Trail {
    blocks: VecDeque<Block>,
    /// How many blocks there were before these.
    gone: u64,
}

#[derive(Debug, Clone)]
struct Block {
    /// The newest time that a step of it leads to.
    newest_ms: i64,
    steps: Vec<Step>,
    odd: Vec<Odd>,
}

/// From one point of a series to the next: milliseconds, and the events that the later one added.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// How far back the step is that leads to the earlier point; 0 if there is none.
    back: i32,
    time_ms: u32,
    events: u32,
}

/// A step between points that differ by more than time and events.
#[derive(Debug, Clone, Copy)]
struct Odd {
    from: LivePoint,
    /// What the later point added.
    added: u64,
}

impl Place {
    /// How far back another one is. What is further back than can be said is forgotten.
    #[inline]
    fn back_to(self, before: Self) -> i32 {
        if before == Self::default() {
            return 0;
        }
        let back = self.0.cast_signed().wrapping_sub(before.0.cast_signed());
        i32::try_from(back).unwrap_or(0)
    }

    fn back(self, back: i32) -> Self {
        match back {
            0 => Self::default(),
            _ => Self(self.0.wrapping_sub(i64::from(back).cast_unsigned())),
        }
    }
}

impl Trail {
    /// Writes down that `from` was followed by `to`; `before` is the step that led to `from`.
    #[inline]
    pub(super) fn push(&mut self, before: Place, from: &LivePoint, to: &LivePoint) -> Place {
        let (number, block) = self.open();
        block.newest_ms = block.newest_ms.max(to.time_ms);
        let place = Place(number * BLOCK as u64 + block.steps.len() as u64 + 1);
        let step = block.step(place.back_to(before), from, to);
        block.steps.push(step);
        place
    }

    /// Has a step that led to `to` come from another point, to which `before` led.
    pub(super) fn put(&mut self, place: Place, before: Place, from: &LivePoint, to: &LivePoint) {
        let Some((block, at)) = self.find(place) else {
            return;
        };
        let block = &mut self.blocks[block];
        let step = block.step(place.back_to(before), from, to);
        if let Some(put) = block.steps.get_mut(at) {
            *put = step;
        }
    }

    /// The point before `to`, the step that led to it, and what `to` added; `None` if `to` is the oldest that is known.
    ///
    /// Invariant: `place` is not asked for once its `to` is closed: it may have been let go of.
    pub(super) fn before(&self, place: Place, to: &LivePoint) -> Option<(LivePoint, Place, u64)> {
        let (block, at) = self.find(place)?;
        let block = &self.blocks[block];
        let step = block.steps.get(at)?;
        if step.events == ODD {
            let odd = block.odd.get(step.time_ms as usize)?;
            return Some((odd.from, place.back(step.back), odd.added));
        }
        let events = u64::from(step.events);
        let from = LivePoint {
            time_ms: to.time_ms - i64::from(step.time_ms),
            value: to.value - events,
            added: 0,
            created_ms: to.created_ms,
        };
        Some((from, place.back(step.back), events))
    }

    /// Lets go of what leads to closed points only.
    pub(super) fn let_go(&mut self, closed_ms: i64) {
        // What comes next is written into the last one.
        let written = self.blocks.len().saturating_sub(1);
        for block in self.blocks.iter_mut().take(written) {
            if block.newest_ms < closed_ms {
                (block.steps, block.odd) = (Vec::new(), Vec::new());
            }
        }
        while (self.blocks.front()).is_some_and(|block| block.newest_ms < closed_ms) {
            self.blocks.pop_front();
            self.gone += 1;
        }
    }

    /// The block that is written into, and its number.
    #[inline]
    fn open(&mut self) -> (u64, &mut Block) {
        if self.blocks.back().is_none_or(|block| block.is_full()) {
            self.begin();
        }
        let last = self.blocks.len() - 1;
        (self.gone + last as u64, &mut self.blocks[last])
    }

    #[cold]
    fn begin(&mut self) {
        // Few series need no whole block.
        let steps = match self.blocks.is_empty() {
            true => Vec::new(),
            false => Vec::with_capacity(BLOCK),
        };
        self.blocks.push_back(Block {
            newest_ms: i64::MIN,
            steps,
            odd: Vec::new(),
        });
    }

    fn find(&self, Place(place): Place) -> Option<(usize, usize)> {
        let at = place.checked_sub(1)?;
        let block = (at / BLOCK as u64).checked_sub(self.gone)?;
        let block = usize::try_from(block).ok()?;
        (block < self.blocks.len()).then_some((block, (at % BLOCK as u64) as usize))
    }
}

impl Block {
    fn is_full(&self) -> bool {
        // One whose steps were let go of had all of them.
        self.steps.len() >= BLOCK
    }

    #[inline]
    fn step(&mut self, back: i32, from: &LivePoint, to: &LivePoint) -> Step {
        let time_ms = to.time_ms.checked_sub(from.time_ms);
        let events = to.value.checked_sub(from.value);
        if let (Some(time_ms), Some(events)) = (time_ms, events)
            && let (Ok(time_ms), Ok(events)) = (u32::try_from(time_ms), u32::try_from(events))
            && to.added == u64::from(events)
            && to.created_ms == from.created_ms
            && events != ODD
        {
            return Step {
                back,
                time_ms,
                events,
            };
        }
        self.odd(back, from, to)
    }

    #[cold]
    fn odd(&mut self, back: i32, from: &LivePoint, to: &LivePoint) -> Step {
        let time_ms = self.odd.len() as u32;
        self.odd.push(Odd {
            from: *from,
            added: to.added,
        });
        Step {
            back,
            time_ms,
            events: ODD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All points of a series whose newest open ones come back, as [`Trail::before`] gives them.
    fn back(trail: &Trail, mut place: Place, last: LivePoint, closed_ms: i64) -> Vec<LivePoint> {
        let mut points = vec![last];
        loop {
            let to = points.last_mut().unwrap();
            if to.time_ms < closed_ms {
                break;
            }
            let Some((from, before, added)) = trail.before(place, to) else {
                break;
            };
            to.added = added;
            place = before;
            points.push(from);
        }
        points.last_mut().unwrap().added = 0;
        points.reverse();
        points
    }

    #[test]
    fn whatever_points_of_whatever_series_come_back_as_long_as_they_are_open() {
        let mut random = fastrand::Rng::with_seed(5);
        for round in 0..20 {
            let mut trail = Trail::default();
            let mut series: Vec<(Place, Vec<LivePoint>)> = (0..7)
                .map(|_| {
                    let first = LivePoint {
                        time_ms: random.i64(0..40_000),
                        value: random.u64(0..1000),
                        added: 0,
                        created_ms: random.bool().then_some(7),
                    };
                    (Place::default(), vec![first])
                })
                .collect();
            let mut closed_ms = i64::MIN;
            for _ in 0..20_000 {
                let own = random.usize(0..series.len());
                let (place, points) = &mut series[own];
                let from = *points.last().unwrap();
                let events = random.u64(0..50);
                let mut to = LivePoint {
                    time_ms: from.time_ms + random.i64(1..200),
                    value: from.value.wrapping_add(events),
                    added: events,
                    created_ms: from.created_ms,
                };
                if round % 2 == 0 && random.u32(0..20) == 0 {
                    match random.u32(0..4) {
                        0 => to.value = random.u64(..),
                        1 => to.time_ms += 1 << 33,
                        2 => to.created_ms = Some(random.i64(..)),
                        _ => to.added = u64::from(u32::MAX) + random.u64(0..2),
                    }
                }
                *place = trail.push(*place, &from, &to);
                points.push(to);
                if random.u32(0..1000) == 0 {
                    // Some are far ahead of others.
                    let newest = series
                        .iter()
                        .map(|(_, points)| points[points.len() - 1].time_ms);
                    closed_ms = closed_ms.max(newest.min().unwrap() - random.i64(0..20_000));
                    trail.let_go(closed_ms);
                }
            }
            for (place, points) in &series {
                let closed = points.partition_point(|point| point.time_ms < closed_ms);
                let mut expected = points[closed.saturating_sub(1)..].to_vec();
                expected[0].added = 0;
                assert_eq!(
                    back(&trail, *place, points[points.len() - 1], closed_ms),
                    expected
                );
            }
        }
    }

    #[test]
    fn what_is_closed_takes_no_room() {
        let mut trail = Trail::default();
        let point = |time_ms| LivePoint {
            time_ms,
            value: 0,
            added: 0,
            created_ms: None,
        };
        for time_ms in 0..3 * BLOCK as i64 {
            trail.push(Place::default(), &point(time_ms), &point(time_ms + 1));
        }
        // One that is ahead of its time keeps its own block.
        trail.push(Place::default(), &point(0), &point(i64::MAX));
        trail.push(Place::default(), &point(1), &point(2));
        trail.let_go(BLOCK as i64 + 2);
        assert_eq!((trail.blocks.len(), trail.gone), (3, 1));
        trail.let_go(1 << 40);
        assert_eq!((trail.blocks.len(), trail.gone), (1, 3));
        trail.let_go(i64::MAX);
        assert_eq!(trail.blocks.len(), 1);
    }
}
