//! How one series came to be what it is: the numbers behind a report. Plain results; attain-engine computes them.

use std::time::Duration;

use jiff::Timestamp;

use crate::counts::Interval;
use crate::verdict::{Attainment, Coverage, ErrorBudget, SeriesName};

/// A series over the window of its SLO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// Which series.
    pub name: SeriesName,
    /// The window as it stood at even steps, oldest first; the last is the instant that is judged.
    pub burn_down: Vec<Point>,
    /// The days of the catalogue's zone that the window touches, oldest first; the first and the last may be cut.
    pub days: Vec<Stretch>,
    /// Stretches of the window in which no source was heard, oldest first; empty also where that cannot be told.
    pub silent: Vec<Interval>,
    /// The hours of the window with the most bad events, worst first; at most five, none without a bad event.
    pub worst_hours: Vec<Stretch>,
    /// What the bad events of the window were, most frequent first.
    pub causes: Vec<Cause>,
    /// Between two points of the burn-down.
    pub step: Duration,
}

/// A window as it stood at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The instant, floored to a slice.
    pub at: Timestamp,
    /// What was counted within the promise, over the window that ends then.
    pub attainment: Attainment,
    /// The budget of that window.
    pub budget: ErrorBudget,
}

/// What happened in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// When.
    pub interval: Interval,
    /// What was counted within the promise; where nothing was promised, what was measured.
    pub attainment: Attainment,
    /// The budget that this stretch of traffic earned, and what it spent.
    pub budget: ErrorBudget,
    /// How much of it was observed.
    pub coverage: Coverage,
}

/// One sort of bad events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What they have in common, in the data's words: `status=503`, `200ms or slower`, `not timed`.
    pub what: String,
    /// How many.
    pub bad: u64,
}
