//! The grid of slices: half-open stretches of equal length, counted from 1970.
//!
//! Knows whole seconds. Knows nothing of windows or calendars; see window.rs.

use std::ops::Range;

use attain_model::Interval;
use jiff::Timestamp;

/// The grid of slices. Slice `i` is `[i * length, (i + 1) * length)` seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    seconds: i64,
}

impl Grid {
    /// A grid of slices of so many seconds; 0 counts as 1.
    #[must_use]
    pub fn new(slice_seconds: u32) -> Self {
        Self {
            seconds: i64::from(slice_seconds.max(1)),
        }
    }

    /// Length of a slice, in seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// The slice that an instant lies in.
    #[must_use]
    pub fn index(self, instant: Timestamp) -> i64 {
        floor_second(instant).div_euclid(self.seconds)
    }

    /// The first slice that starts at or after an instant.
    #[must_use]
    pub fn index_up(self, instant: Timestamp) -> i64 {
        let index = self.index(instant);
        if self.start(index) < instant {
            index + 1
        } else {
            index
        }
    }

    /// The first instant of a slice; saturates at the ends of the calendar.
    #[must_use]
    pub fn start(self, index: i64) -> Timestamp {
        let second = index.saturating_mul(self.seconds);
        Timestamp::from_second(second).unwrap_or(if second < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    /// From the start of a range of slices to its end.
    pub(crate) fn interval(self, slices: &Range<i64>) -> Interval {
        Interval {
            start: self.start(slices.start),
            end: self.start(slices.end),
        }
    }

    /// How many slices cover a length of time; at least 1.
    #[must_use]
    pub fn slices(self, seconds: u64) -> i64 {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX / 2);
        (seconds.saturating_add(self.seconds - 1) / self.seconds).max(1)
    }
}

/// Whole seconds since 1970, rounded down also before 1970.
pub(crate) fn floor_second(instant: Timestamp) -> i64 {
    let second = instant.as_second();
    if instant.subsec_nanosecond() < 0 {
        second - 1
    } else {
        second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_before_1970_round_down_too() {
        let grid = Grid::new(60);
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(grid.index(at("1970-01-01T00:00:59.999Z")), 0);
        assert_eq!(grid.index(at("1969-12-31T23:59:59.5Z")), -1);
        assert_eq!(grid.index_up(at("1970-01-01T00:01:00Z")), 1);
        assert_eq!(grid.index_up(at("1970-01-01T00:01:00.001Z")), 2);
        assert_eq!(grid.start(grid.index(Timestamp::MIN)), Timestamp::MIN);
    }
}
