//! Time as logs and tables write it. Knows no time zone but what the text says; without one it is UTC.

use jiff::Timestamp;

use crate::text::number::scaled;

const DAY_SECONDS: i64 = 86_400;

/// RFC 3339 (a space for `T` and a missing zone are fine), seconds to nanoseconds since 1970, or a log's
/// `02/Nov/2026:09:40:00 +0100`. `None` if it is none of these.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    let bytes = text.as_bytes();
    match bytes {
        [_, _, b'/', ..] => parse_log_time(bytes),
        [_, _, _, _, b'-', _, _, b'-', ..] => parse_rfc3339(bytes),
        _ => parse_epoch(text),
    }
}

/// `02/Nov/2026:09:40:00 +0100`; a leap second is the second before it.
pub(crate) fn parse_log_time(text: &[u8]) -> Option<Timestamp> {
    let day = number(text, 0, 2)?;
    let month = month_number(text.get(3..6)?)?;
    let year = number(text, 7, 4)?;
    if text.get(2) != Some(&b'/') || text.get(6) != Some(&b'/') || text.get(11) != Some(&b':') {
        return None;
    }
    let seconds = clock(text, 12)?;
    let offset = offset_seconds(text.get(20..)?)?;
    let days = days_since_1970(year, month, day)?;
    Timestamp::new(days * DAY_SECONDS + seconds - offset, 0).ok()
}

fn parse_rfc3339(text: &[u8]) -> Option<Timestamp> {
    let (year, month, day) = (
        number(text, 0, 4)?,
        number(text, 5, 2)?,
        number(text, 8, 2)?,
    );
    let days = days_since_1970(year, month, day)?;
    if text.len() == 10 {
        return Timestamp::new(days * DAY_SECONDS, 0).ok();
    }
    if !matches!(text.get(10), Some(b'T' | b't' | b' ' | b'_')) {
        return None;
    }
    let seconds = clock(text, 11)?;
    let mut rest = text.get(19..)?;
    let mut nanoseconds: i32 = 0;
    if let [b'.' | b',', fraction @ ..] = rest {
        let length = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        for place in 0..9 {
            let digit = fraction.get(place).filter(|_| place < length);
            nanoseconds = nanoseconds * 10 + digit.map_or(0, |b| i32::from(b - b'0'));
        }
        rest = &fraction[length..];
    }
    let offset = offset_seconds(rest)?;
    Timestamp::new(days * DAY_SECONDS + seconds - offset, nanoseconds).ok()
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size: seconds end in the year 5138,
/// milliseconds begin in 1973.
fn parse_epoch(text: &str) -> Option<Timestamp> {
    let whole = scaled(text, 1)?;
    let unit_nanoseconds = match whole.unsigned_abs() {
        0..100_000_000_000 => 1_000_000_000,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1000,
        _ => 1,
    };
    Timestamp::from_nanosecond(scaled(text, unit_nanoseconds)?).ok()
}

/// `09:40:00` from `at`, in seconds.
fn clock(text: &[u8], at: usize) -> Option<i64> {
    let (hours, minutes) = (number(text, at, 2)?, number(text, at + 3, 2)?);
    let seconds = number(text, at + 6, 2)?;
    let colons = text.get(at + 2) == Some(&b':') && text.get(at + 5) == Some(&b':');
    let fits = hours < 24 && minutes < 60 && seconds <= 60;
    (colons && fits).then(|| hours * 3600 + minutes * 60 + seconds.min(59))
}

/// `Z`, `+01:00`, `+0100`, ` +0100`, `+01` or nothing, in seconds east of UTC.
fn offset_seconds(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    let (sign, digits) = match text {
        [] | [b'Z' | b'z'] | b"UTC" | b"GMT" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match digits.len() {
        2 => (number(digits, 0, 2)?, 0),
        4 => (number(digits, 0, 2)?, number(digits, 2, 2)?),
        5 if digits[2] == b':' => (number(digits, 0, 2)?, number(digits, 3, 2)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then(|| sign * (hours * 3600 + minutes * 60))
}

fn number(text: &[u8], at: usize, length: usize) -> Option<i64> {
    text.get(at..at + length)?
        .iter()
        .try_fold(0, |value, byte| {
            byte.is_ascii_digit()
                .then(|| value * 10 + i64::from(byte - b'0'))
        })
}

fn month_number(name: &[u8]) -> Option<i64> {
    const NAMES: &[u8; 36] = b"janfebmaraprmayjunjulaugsepoctnovdec";
    let at = NAMES
        .chunks(3)
        .position(|month| month.eq_ignore_ascii_case(name))?;
    i64::try_from(at + 1).ok()
}

/// Days from 1970-01-01 in the Gregorian calendar; `None` for a day that does not exist.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > length {
        return None;
    }
    // Years begin in March, so that the leap day is the last of its year.
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_one_instant() {
        for text in [
            "02/Nov/2026:10:40:00 +0100",
            "[02/Nov/2026:09:40:00 +0000]",
            "2026-11-02T09:40:00Z",
            "2026-11-02 09:40:00",
            "2026-11-02t04:40:00-05:00",
            "2026-11-02T09:40:00.000Z",
            "2026-11-02T15:10:00+0530",
            "1793612400",
            "1793612400.0",
            "1.7936124e9",
            "1793612400000",
            "1793612400000000",
            "1793612400000000000",
        ] {
            let time = parse_time(text).map(|t| t.to_string());
            assert_eq!(time.as_deref(), Some("2026-11-02T09:40:00Z"), "{text}");
        }
        let fraction = parse_time("2026-11-02T09:40:00.0251Z").unwrap();
        assert_eq!(fraction.subsec_nanosecond(), 25_100_000);
        assert_eq!(
            parse_time("2024-02-29").unwrap().to_string(),
            "2024-02-29T00:00:00Z"
        );
        assert_eq!(
            parse_time("2016-12-31T23:59:60Z").unwrap().to_string(),
            "2016-12-31T23:59:59Z"
        );
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "-",
            "yesterday",
            "32/Nov/2026:10:40:00 +0100",
            "02/Nvm/2026:10:40:00 +0100",
            "2025-02-29",
            "2026-13-01",
            "2026-11-02T25:00:00Z",
            "2026-11-02T09:40:00 CET",
            "2026-11-0",
            "9e99",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn days_agree_with_the_calendar() {
        for year in [1600, 1899, 1900, 1970, 2000, 2023, 2024, 2100, 2399] {
            for month in 1..=12 {
                let date = jiff::civil::date(year, month, 28);
                let days = days_since_1970(year.into(), month.into(), 28).unwrap();
                let since = date
                    .since(jiff::civil::date(1970, 1, 1))
                    .unwrap()
                    .get_days();
                assert_eq!(days, i64::from(since), "{date}");
            }
        }
    }
}
