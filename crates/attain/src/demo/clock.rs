//! The demo's time: everybody's, or its own.
//!
//! Its own goes on step by step, as fast as the shop gets its work done and no faster than so many times everybody's. So a
//! slow machine is late, and counts the same.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Tells the time.
pub struct Clock {
    speed: u32,
    began: Instant,
    /// Milliseconds that have gone by in steps.
    stepped_ms: AtomicI64,
    /// Its own time when it began.
    base_ms: i64,
}

impl Clock {
    /// Goes so many times as fast; at 1 it is everybody's time.
    pub fn new(speed: u32) -> Self {
        Self {
            speed: speed.max(1),
            began: Instant::now(),
            stepped_ms: AtomicI64::new(0),
            base_ms: Timestamp::now().as_millisecond(),
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        if !self.is_driven() {
            return Timestamp::now();
        }
        let now_ms = self.base_ms + self.stepped_ms.load(Ordering::Relaxed);
        Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::MAX)
    }

    /// Whether it goes on by steps alone.
    pub fn is_driven(&self) -> bool {
        self.speed > 1
    }

    /// A step has been taken; gives when the next one is due. What is late is not made up for.
    pub fn step(&self, step_ms: u32) -> Instant {
        self.stepped_ms
            .fetch_add(i64::from(step_ms), Ordering::Relaxed);
        let step = Duration::from_millis(u64::from(step_ms)) / self.speed;
        self.began.max(Instant::now()) + step
    }
}
