//! Periods of the past, as people write them: a month, a quarter, a year, a day, from day to day.
//!
//! Knows the calendar. Knows no zone until it is asked for instants, and no counts.

use std::fmt;

use attain_model::Interval;
use attain_model::promises::day_start;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Whole days, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    text: String,
    first: Date,
    after: Date,
}

/// A text that is not a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodError {
    text: String,
}

impl fmt::Display for PeriodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a period; write a month `2026-10`, a quarter `2026-Q3`, a year `2026`, a day `2026-10-05`, or days \
             from the first to the last `2026-10-01..2026-10-15`",
            self.text
        )
    }
}

impl std::error::Error for PeriodError {}

impl Period {
    /// Reads `2026-10`, `2026-Q3`, `2026`, `2026-10-05` or `2026-10-01..2026-10-15`, of which the last day belongs to it.
    ///
    /// ```
    /// use attain_engine::Period;
    /// let october = Period::parse("2026-10")?;
    /// let utc = october.interval(&jiff::tz::TimeZone::UTC);
    /// assert_eq!(utc.end.to_string(), "2026-11-01T00:00:00Z");
    /// assert!(Period::parse("October").is_err());
    /// # Ok::<(), attain_engine::PeriodError>(())
    /// ```
    ///
    /// # Errors
    /// Any other text, a day that does not exist, or a last day before the first.
    pub fn parse(text: &str) -> Result<Self, PeriodError> {
        let days = match text.split_once("..") {
            Some((first, last)) => date(first).zip(date(last).and_then(|day| day.tomorrow().ok())),
            None => named(text),
        };
        match days {
            Some((first, after)) if first < after => Ok(Self {
                text: text.to_owned(),
                first,
                after,
            }),
            _ => Err(PeriodError {
                text: text.to_owned(),
            }),
        }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its first day.
    #[must_use]
    pub fn first(&self) -> Date {
        self.first
    }

    /// The day after its last.
    #[must_use]
    pub fn after(&self) -> Date {
        self.after
    }

    /// Its instants, where its days are days of this zone.
    #[must_use]
    pub fn interval(&self, zone: &TimeZone) -> Interval {
        Interval {
            start: day_start(self.first, zone),
            end: day_start(self.after, zone),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// The first day of a named period and the day after its last.
fn named(text: &str) -> Option<(Date, Date)> {
    let (year, rest) = match text.split_once('-') {
        Some((year, rest)) => (year, Some(rest)),
        None => (text, None),
    };
    let first = |month: i8| Date::new(digits(year, 4)?, month, 1).ok();
    let (first, length) = match rest {
        None => (first(1)?, 1.year()),
        Some(quarter) if quarter.starts_with('Q') => {
            let quarter = digits(&quarter[1..], 1).filter(|n| (1..=4).contains(n))?;
            (first(i8::try_from(quarter * 3 - 2).ok()?)?, 3.months())
        }
        Some(month) if month.len() == 2 => (first(digits(month, 2)?.try_into().ok()?)?, 1.month()),
        Some(_) => (date(text)?, 1.day()),
    };
    Some((first, first.checked_add(length).ok()?))
}

/// `2026-10-05`.
fn date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let two = |text| digits(text, 2).and_then(|n| i8::try_from(n).ok());
    let date = Date::new(digits(year, 4)?, two(month)?, two(day)?).ok();
    date.filter(|_| parts.next().is_none())
}

fn digits(text: &str, count: usize) -> Option<i16> {
    let is_number = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_whole_days() {
        for (text, first, after) in [
            ("2026", "2026-01-01", "2027-01-01"),
            ("2026-Q4", "2026-10-01", "2027-01-01"),
            ("2026-12", "2026-12-01", "2027-01-01"),
            ("2028-02-29", "2028-02-29", "2028-03-01"),
            ("2026-10-01..2026-10-15", "2026-10-01", "2026-10-16"),
            ("2026-10-01..2026-10-01", "2026-10-01", "2026-10-02"),
        ] {
            let period = Period::parse(text).unwrap();
            assert_eq!(period.first().to_string(), first, "{text}");
            assert_eq!(period.after().to_string(), after, "{text}");
        }
        for text in [
            "",
            "26",
            "2026-",
            "2026-Q5",
            "2026-Q",
            "2026-Qä",
            "2026-13",
            "2026-1",
            "2026-02-29",
            "2026-10-05-01",
            "2026-10-02..2026-10-01",
            "2026-10..2026-11",
            "+026",
            "9999",
        ] {
            assert!(Period::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_zone_says_when_a_month_begins() {
        let october = Period::parse("2026-10").unwrap();
        let berlin = october.interval(&TimeZone::get("Europe/Berlin").unwrap());
        assert_eq!(berlin.start.to_string(), "2026-09-30T22:00:00Z");
        assert_eq!(berlin.end.to_string(), "2026-10-31T23:00:00Z");
    }
}
