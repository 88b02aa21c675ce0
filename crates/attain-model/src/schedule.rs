//! Schedules: when something begins again and again. Knows days, a local time and a zone; reads no clock.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

/// `sunday at 02:00 Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// On which days.
    pub days: ScheduleDays,
    /// At which local time.
    pub at: Time,
    /// Of which zone.
    pub zone: TimeZone,
    /// As written.
    pub text: String,
}

/// The days of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleDays {
    /// Every day.
    Daily,
    /// Once a week.
    Weekly(Weekday),
    /// Once a month, on this day, 1 to 31; months that are too short leave it out.
    Monthly(i8),
}

impl Schedule {
    /// The instant at which it begins on a day; `None` on other days, and beyond the calendar.
    ///
    /// A local time that the clocks skip is as much later as they go forward; of one that happens twice it is the first.
    #[must_use]
    pub fn on(&self, day: Date) -> Option<Timestamp> {
        let is_day = match self.days {
            ScheduleDays::Daily => true,
            ScheduleDays::Weekly(weekday) => day.weekday() == weekday,
            ScheduleDays::Monthly(nth) => day.day() == nth,
        };
        let zoned = is_day.then(|| day.to_datetime(self.at).to_zoned(self.zone.clone()))?;
        zoned.ok().map(|zoned| zoned.timestamp())
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
