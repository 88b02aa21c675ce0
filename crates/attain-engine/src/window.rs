//! Where windows begin and end: rolling ones, and calendar periods in a zone.
//!
//! Knows instants, zones and the grid of slices. Knows no counts; see series.rs. Windows are half-open and floored to
//! slices: the running slice is out.

use attain_model::promises::day_start;
use attain_model::quantity::CalendarPeriod;
use attain_model::{Interval, Window};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::grid::Grid;

/// A window as seen from an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// From its start to the instant, floored to slices.
    pub interval: Interval,
    /// Where a calendar period will end; the end of the interval for a rolling one.
    pub closes: Timestamp,
}

/// The window that an instant looks back on.
///
/// A window ends with the instant, so that a calendar window is the period of the last slice before it: at the midnight
/// that begins March it is the whole of February, which can be seen whole only then.
///
/// ```
/// use attain_engine::{Grid, window};
/// use attain_model::{Window, quantity::CalendarPeriod};
/// use jiff::tz::TimeZone;
/// let paris = TimeZone::get("Europe/Paris")?;
/// let window = Window::Calendar(CalendarPeriod::Month, paris);
/// let march = window::resolve(&window, "2025-03-31T12:00:30Z".parse()?, Grid::new(60));
/// assert_eq!(march.interval.start.to_string(), "2025-02-28T23:00:00Z");
/// assert_eq!(march.interval.end.to_string(), "2025-03-31T12:00:00Z");
/// // 743 hours: the clocks went forward.
/// assert_eq!(march.closes.as_second() - march.interval.start.as_second(), 743 * 3600);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn resolve(window: &Window, instant: Timestamp, grid: Grid) -> Resolved {
    let end = grid.start(grid.index(instant));
    let (start, closes) = match window {
        Window::Rolling(length) => {
            let start = end.checked_sub(*length).unwrap_or(Timestamp::MIN);
            (start, end)
        }
        Window::Calendar(period, zone) => calendar(*period, zone, last_judged(instant, grid)),
    };
    let start = grid.start(grid.index(start));
    Resolved {
        interval: Interval { start, end },
        closes,
    }
}

/// The last second that an instant looks back on: just before the end of its windows. Its day says which period, which
/// targets and which SLOs are looked at.
pub(crate) fn last_judged(instant: Timestamp, grid: Grid) -> Timestamp {
    let end = grid.start(grid.index(instant));
    end.checked_sub(1.second()).unwrap_or(Timestamp::MIN)
}

/// The period of a calendar that an instant lies in.
pub(crate) fn period_at(period: CalendarPeriod, zone: &TimeZone, instant: Timestamp) -> Interval {
    let (start, end) = calendar(period, zone, instant);
    Interval { start, end }
}

fn calendar(period: CalendarPeriod, zone: &TimeZone, instant: Timestamp) -> (Timestamp, Timestamp) {
    let day = instant.to_zoned(zone.clone()).date();
    let first = first_day(period, day);
    let next = match period {
        CalendarPeriod::Week => first.checked_add(1.week()),
        CalendarPeriod::Month => first.checked_add(1.month()),
        CalendarPeriod::Quarter => first.checked_add(3.months()),
        CalendarPeriod::Year => first.checked_add(1.year()),
    };
    let closes = next.map_or(Timestamp::MAX, |day| day_start(day, zone));
    (day_start(first, zone), closes)
}

fn first_day(period: CalendarPeriod, day: Date) -> Date {
    match period {
        CalendarPeriod::Week => {
            let since_monday = i64::from(day.weekday().to_monday_zero_offset());
            day.checked_sub(since_monday.days()).unwrap_or(Date::MIN)
        }
        CalendarPeriod::Month => day.first_of_month(),
        CalendarPeriod::Quarter => {
            let month = (day.month() - 1) / 3 * 3 + 1;
            Date::new(day.year(), month, 1).unwrap_or(day)
        }
        CalendarPeriod::Year => day.first_of_year(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn seen(window: &Window, instant: &str) -> String {
        let r = resolve(window, instant.parse().unwrap(), Grid::new(60));
        format!("{} {} {}", r.interval.start, r.interval.end, r.closes)
    }

    #[test]
    fn periods_begin_at_local_midnight() {
        let berlin = || TimeZone::get("Europe/Berlin").unwrap();
        let of = |period| Window::Calendar(period, berlin());
        assert_eq!(
            seen(&of(CalendarPeriod::Week), "2026-10-25T23:30:00Z"),
            "2026-10-25T23:00:00Z 2026-10-25T23:30:00Z 2026-11-01T23:00:00Z"
        );
        assert_eq!(
            seen(&of(CalendarPeriod::Week), "2026-10-25T22:59:59Z"),
            "2026-10-18T22:00:00Z 2026-10-25T22:59:00Z 2026-10-25T23:00:00Z"
        );
        assert_eq!(
            seen(&of(CalendarPeriod::Quarter), "2026-11-30T00:00:00Z"),
            "2026-09-30T22:00:00Z 2026-11-30T00:00:00Z 2026-12-31T23:00:00Z"
        );
        assert_eq!(
            seen(&of(CalendarPeriod::Year), "2026-06-01T00:00:00Z"),
            "2025-12-31T23:00:00Z 2026-06-01T00:00:00Z 2026-12-31T23:00:00Z"
        );
        assert_eq!(
            seen(&of(CalendarPeriod::Month), "2026-02-28T23:00:00Z"),
            "2026-01-31T23:00:00Z 2026-02-28T23:00:00Z 2026-02-28T23:00:00Z",
            "a month is seen whole when it has ended"
        );
        assert_eq!(
            seen(&of(CalendarPeriod::Month), "2026-02-28T23:01:00Z"),
            "2026-02-28T23:00:00Z 2026-02-28T23:01:00Z 2026-03-31T22:00:00Z"
        );
    }

    #[test]
    fn a_rolling_window_knows_no_daylight_saving() {
        let window = Window::Rolling(Duration::from_secs(86_400));
        assert_eq!(
            seen(&window, "2026-10-25T12:00:59Z"),
            "2026-10-24T12:00:00Z 2026-10-25T12:00:00Z 2026-10-25T12:00:00Z"
        );
    }
}
