//! The time that is gone by: the wall's clock as long as it agrees with the one that cannot be set.
//!
//! A wall clock that jumps by more than ten minutes is not believed until it has stood by that for five: a mistake of a
//! time server that is mended sooner closes no slice and moves no sample. Small steps are taken as they come, and back
//! only by standing still. What lies in the past of a closed slice stays closed, whatever a clock says (core.rs).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// A jump by more than this is distrusted.
const DISTRUSTED: SignedDuration = SignedDuration::from_mins(10);
/// A clock that was distrusted for so long is believed.
const PERSISTS: Duration = Duration::from_secs(300);
/// While it is distrusted, a clock that keeps its distance within this is the same clock.
const STEADY: SignedDuration = SignedDuration::from_secs(30);

/// What the machine says that the time is.
pub type Wall = dyn Fn() -> Timestamp + Send + Sync;

/// Tells the time.
pub(crate) struct Clock {
    wall: Arc<Wall>,
    begun: Instant,
    sense: Mutex<Sense>,
}

impl Clock {
    pub(crate) fn new(wall: Arc<Wall>) -> Self {
        Self {
            begun: Instant::now(),
            sense: Mutex::new(Sense::new(Duration::ZERO, wall())),
            wall,
        }
    }

    /// The time, as far as it is believed.
    pub(crate) fn now(&self) -> Timestamp {
        let mut sense = self.sense.lock().unwrap_or_else(PoisonError::into_inner);
        sense.read(self.begun.elapsed(), (self.wall)())
    }

    /// By how much the wall's clock is off, while it is not believed.
    pub(crate) fn distrusted(&self) -> Option<SignedDuration> {
        let sense = self.sense.lock().unwrap_or_else(PoisonError::into_inner);
        sense.apart.map(|(_, by)| by)
    }
}

/// What two clocks say, without either.
#[derive(Debug)]
struct Sense {
    /// When the time was told last, and as what.
    at: Duration,
    said: Timestamp,
    /// Since when the wall's clock is off, and by how much.
    apart: Option<(Duration, SignedDuration)>,
}

impl Sense {
    fn new(at: Duration, wall: Timestamp) -> Self {
        Self {
            at,
            said: wall,
            apart: None,
        }
    }

    fn read(&mut self, at: Duration, wall: Timestamp) -> Timestamp {
        let passed = SignedDuration::try_from(at.saturating_sub(self.at));
        let passed = passed.unwrap_or(SignedDuration::MAX);
        let expected = self.said.saturating_add(passed).unwrap_or(Timestamp::MAX);
        let by = wall.duration_since(expected);
        let now = if by.abs() <= DISTRUSTED {
            self.apart = None;
            wall.max(self.said)
        } else {
            match self.apart {
                Some((since, before)) if (by - before).abs() <= STEADY => {
                    if at.saturating_sub(since) >= PERSISTS {
                        self.apart = None;
                        wall
                    } else {
                        expected
                    }
                }
                _ => {
                    self.apart = Some((at, by));
                    expected
                }
            }
        };
        self.at = at;
        self.said = now;
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn small_steps_are_taken_and_none_goes_back() {
        let mut sense = Sense::new(seconds(0), at("2026-11-22T12:00:00Z"));
        let now = sense.read(seconds(10), at("2026-11-22T12:00:40Z"));
        assert_eq!(now, at("2026-11-22T12:00:40Z"));
        let now = sense.read(seconds(11), at("2026-11-22T12:00:11Z"));
        assert_eq!(now, at("2026-11-22T12:00:40Z"));
        let now = sense.read(seconds(42), at("2026-11-22T12:00:42Z"));
        assert_eq!(now, at("2026-11-22T12:00:42Z"));
    }

    #[test]
    fn a_jump_of_ten_years_is_not_believed() {
        for wall in ["2036-11-22T12:00:10Z", "2016-11-22T12:00:10Z"] {
            let mut sense = Sense::new(seconds(0), at("2026-11-22T12:00:00Z"));
            let now = sense.read(seconds(10), at(wall));
            assert_eq!(now, at("2026-11-22T12:00:10Z"), "{wall}");
            assert!(sense.apart.is_some());
            let now = sense.read(seconds(20), at("2026-11-22T12:00:20Z"));
            assert_eq!(now, at("2026-11-22T12:00:20Z"));
            assert!(sense.apart.is_none());
        }
    }

    #[test]
    fn a_jump_that_stays_is_believed_after_five_minutes() {
        let mut sense = Sense::new(seconds(0), at("2026-11-22T12:00:00Z"));
        let wall =
            |second: u64| at("2026-11-22T18:00:00Z") + SignedDuration::from_secs(second as i64);
        for second in 1..=300 {
            let now = sense.read(seconds(second), wall(second));
            assert!(now < at("2026-11-22T12:10:00Z"), "{second}: {now}");
        }
        assert_eq!(sense.read(seconds(301), wall(301)), wall(301));
    }

    #[test]
    fn a_clock_that_wanders_is_never_believed() {
        let mut sense = Sense::new(seconds(0), at("2026-11-22T12:00:00Z"));
        let mut random = fastrand::Rng::with_seed(1);
        for second in 1..2000 {
            let years = random.i64(-10..=10) * 365 * 86_400 + random.i64(700..80_000);
            let wall = at("2026-11-22T12:00:00Z") + SignedDuration::from_secs(years);
            let now = sense.read(seconds(second), wall);
            let expected = at("2026-11-22T12:00:00Z") + SignedDuration::from_secs(second as i64);
            assert_eq!(now, expected);
        }
    }
}
