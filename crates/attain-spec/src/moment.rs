//! Texts about time: windows, dates, times with a zone, schedules.
//!
//! Knows the calendar and the compiled-in zone database. Reads no clock.

use std::time::Duration;

use attain_model::Window;
use attain_model::quantity::CalendarPeriod;
use attain_model::schedule::{Schedule, ScheduleDays};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::length::positive_duration;
use crate::scalar::{Bad, Parsed};
use crate::suggest::closest;

/// A window: a duration or `calendar month`.
pub(crate) fn window(text: &str, zone: &TimeZone) -> Parsed<Window> {
    if let Some(period) = text.strip_prefix("calendar") {
        return Ok(Window::Calendar(calendar(period.trim())?, zone.clone()));
    }
    if CalendarPeriod::from_word(text).is_some() {
        return Err(
            Bad::new("window-syntax", format!("`{text}` is not a window"))
                .help(format!("write `calendar {text}`, or a duration like `30d`")),
        );
    }
    let length = positive_duration(text).map_err(|bad| match (bad.code, bad.help.as_deref()) {
        ("unit-unknown", Some(help)) if help.starts_with("the units") => {
            let unit = bad.cause.split('`').nth(1).unwrap_or("").to_owned();
            let help = match unit.to_ascii_lowercase().as_str() {
                "q" | "quarter" | "quarters" => {
                    "write `90d`, or `calendar quarter` for a real quarter"
                }
                "y" | "year" | "years" => "write `365d`, or `calendar year` for a real year",
                "m" | "mo" | "month" | "months" => {
                    "write `30d`, or `calendar month` for a real month"
                }
                _ => "write `30d`, or `calendar month`",
            };
            Bad::new(bad.code, bad.cause).help(help)
        }
        ("duration-syntax", _) if !text.starts_with(|c: char| c.is_ascii_digit()) => {
            Bad::new("window-syntax", format!("`{text}` is not a window"))
                .help("write a duration like `30d`, or `calendar month`")
        }
        _ => bad,
    })?;
    if length.subsec_nanos() != 0 {
        return Err(Bad::new("window-syntax", "a window has whole seconds").help("write `30d`"));
    }
    Ok(Window::Rolling(length))
}

/// A period of the calendar.
pub(crate) fn calendar(word: &str) -> Parsed<CalendarPeriod> {
    CalendarPeriod::from_word(word).ok_or_else(|| {
        let [shorter @ .., longest] = CalendarPeriod::WORDS;
        Bad::new(
            "window-syntax",
            format!("`{word}` is not a period of the calendar"),
        )
        .help(format!("write {} or {longest}", shorter.join(", ")))
    })
}

/// A zone by its name in the IANA database.
pub(crate) fn zone(text: &str) -> Parsed<TimeZone> {
    // Lookup ignores case; the name as the database writes it is what other tools understand.
    let known = jiff::tz::db().available().any(|name| name.as_str() == text);
    if known && let Ok(zone) = TimeZone::get(text) {
        return Ok(zone);
    }
    let names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .collect();
    let bad = Bad::new("zone-unknown", format!("`{text}` is not a time zone"));
    let city = |name: &&String| {
        name.rsplit('/')
            .next()
            .is_some_and(|city| city.eq_ignore_ascii_case(text))
    };
    let near = names
        .iter()
        .find(|name| name.eq_ignore_ascii_case(text))
        .or_else(|| names.iter().find(city))
        .map(String::as_str)
        .or_else(|| closest(text, names.iter().map(String::as_str)));
    Err(match near {
        Some(name) => bad.help(format!("did you mean `{name}`?")),
        None => bad.help("write a name of the IANA database, e.g. `Europe/Berlin` or `UTC`"),
    })
}

/// A date: `2026-12-06`.
pub(crate) fn date(text: &str) -> Parsed<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    if !shape {
        return Err(Bad::new("date-syntax", format!("`{text}` is not a date"))
            .help("write year, month and day like `2026-12-06`"));
    }
    text.parse::<Date>().map_err(|_| {
        Bad::new("date-syntax", format!("there is no day `{text}`"))
            .help("write year, month and day like `2026-12-06`")
    })
}

/// `HH:MM`.
fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |s: &str| s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit());
    if !two(hour) || !two(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// A time: `2026-12-06 02:00 Europe/Berlin`. `default` is the zone to propose where none is named.
pub(crate) fn time(text: &str, default: &str) -> Parsed<Timestamp> {
    let syntax = || {
        Bad::new("time-syntax", format!("`{text}` is not a time"))
            .help(format!("write it like `2026-12-06 02:00 {default}`"))
    };
    let mut words = text.split_whitespace();
    let day_text = words.next().ok_or_else(syntax)?;
    if day_text.contains('T') {
        return Err(syntax());
    }
    let day = date(day_text)?;
    let clock_text = words.next().ok_or_else(syntax)?;
    let at = clock(clock_text).ok_or_else(syntax)?;
    let Some(zone_text) = words.next() else {
        let start = text.find(clock_text).unwrap_or(0);
        return Err(Bad::new(
            "zone-missing",
            format!("this time names no zone, and {clock_text} happens twice a year in some"),
        )
        .help(format!("write `{day_text} {clock_text} {default}`"))
        .at(start, start + clock_text.len()));
    };
    if words.next().is_some() {
        return Err(syntax());
    }
    let zone_start = text.rfind(zone_text).unwrap_or(0);
    let zone = zone(zone_text).map_err(|bad| bad.shifted(zone_start, zone_text.len()))?;
    instant(DateTime::from_parts(day, at), &zone, zone_text)
}

/// The one instant of a local time; a time that happens twice or never is refused.
fn instant(local: DateTime, zone: &TimeZone, zone_text: &str) -> Parsed<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let how_often = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => None,
        AmbiguousOffset::Gap { .. } => Some("does not happen"),
        AmbiguousOffset::Fold { .. } => Some("happens twice"),
    };
    let what = local.strftime("%Y-%m-%d %H:%M");
    match how_often {
        Some(how) => Err(Bad::new(
            "time-ambiguous",
            format!("{what} {how} in {zone_text}: the clocks change then"),
        )
        .help("write the time in UTC")),
        None => ambiguous
            .compatible()
            .map_err(|_| Bad::new("time-syntax", format!("{what} is out of range"))),
    }
}

/// A schedule: `sunday at 02:00 Europe/Berlin`, `day at 09:00 UTC`, `1th at 09:00 UTC`.
pub(crate) fn schedule(text: &str, default: &str) -> Parsed<Schedule> {
    const DAYS: &[(&str, ScheduleDays)] = &[
        ("day", ScheduleDays::Daily),
        ("monday", ScheduleDays::Weekly(Weekday::Monday)),
        ("tuesday", ScheduleDays::Weekly(Weekday::Tuesday)),
        ("wednesday", ScheduleDays::Weekly(Weekday::Wednesday)),
        ("thursday", ScheduleDays::Weekly(Weekday::Thursday)),
        ("friday", ScheduleDays::Weekly(Weekday::Friday)),
        ("saturday", ScheduleDays::Weekly(Weekday::Saturday)),
        ("sunday", ScheduleDays::Weekly(Weekday::Sunday)),
    ];
    let syntax = || {
        Bad::new("schedule-syntax", format!("`{text}` is not a schedule"))
            .help(format!("write it like `monday at 09:00 {default}`"))
    };
    let (day, rest) = text.split_once(" at ").ok_or_else(syntax)?;
    let day = day.trim();
    let nth = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|suffix| day.strip_suffix(suffix))
        .and_then(|n| n.parse::<i8>().ok());
    let named = DAYS.iter().find(|(word, _)| *word == day);
    let days = if let Some(n) = nth {
        if !(1..=31).contains(&n) {
            return Err(
                Bad::new("schedule-syntax", format!("no month has a day `{day}`"))
                    .help("write `1th` to `31th`; months that are too short leave it out"),
            );
        }
        ScheduleDays::Monthly(n)
    } else if let Some((_, days)) = named {
        *days
    } else {
        let bad = Bad::new("schedule-syntax", format!("`{day}` is not a day"));
        let lower = day.to_ascii_lowercase();
        return Err(match closest(&lower, DAYS.iter().map(|(word, _)| *word)) {
            Some(near) => bad.help(format!("did you mean `{near}`?")),
            None => bad.help("write `day`, a weekday in full, or `15th`"),
        });
    };
    let mut words = rest.split_whitespace();
    let clock_text = words.next().ok_or_else(syntax)?;
    let at = clock(clock_text).ok_or_else(syntax)?;
    let Some(zone_text) = words.next() else {
        let start = text.rfind(clock_text).unwrap_or(0);
        return Err(Bad::new(
            "zone-missing",
            format!("this time names no zone, and {clock_text} is another moment in each"),
        )
        .help(format!("write `{day} at {clock_text} {default}`"))
        .at(start, start + clock_text.len()));
    };
    if words.next().is_some() {
        return Err(syntax());
    }
    let start = text.rfind(zone_text).unwrap_or(0);
    let zone = zone(zone_text).map_err(|bad| bad.shifted(start, zone_text.len()))?;
    Ok(Schedule {
        days,
        at,
        zone,
        text: text.to_owned(),
    })
}

/// When a claim must be made: `automatic` is `None`, `within 30d` is the time.
pub(crate) fn claim(text: &str) -> Parsed<Option<Duration>> {
    if text == "automatic" {
        return Ok(None);
    }
    match text.strip_prefix("within ") {
        Some(time) => {
            let start = text.len() - time.len();
            positive_duration(time)
                .map(Some)
                .map_err(|bad| bad.shifted(start, time.len()))
        }
        None => Err(Bad::new(
            "claim-syntax",
            format!("`{text}` does not say who starts a claim"),
        )
        .help("write `automatic` or `within 30d`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_instant_or_refused() {
        let berlin = "Europe/Berlin";
        let ok = time("2026-12-06 02:00 Europe/Berlin", berlin).unwrap();
        assert_eq!(ok.to_string(), "2026-12-06T01:00:00Z");
        for (text, code) in [
            ("2026-12-06 02:00", "zone-missing"),
            ("2026-10-25 02:30 Europe/Berlin", "time-ambiguous"),
            ("2026-03-29 02:30 Europe/Berlin", "time-ambiguous"),
            ("2026-12-06 02:00 Berlin", "zone-unknown"),
            ("2026-12-06 2:00 UTC", "time-syntax"),
            ("2026-12-06T02:00Z", "time-syntax"),
            ("2026-02-30 02:00 UTC", "date-syntax"),
            ("tomorrow", "date-syntax"),
            ("2026-12-06 24:00 UTC", "time-syntax"),
        ] {
            assert_eq!(time(text, berlin).unwrap_err().code, code, "{text}");
        }
        let help = time("2026-12-06 02:00 Berlin", berlin).unwrap_err().help;
        assert_eq!(help.as_deref(), Some("did you mean `Europe/Berlin`?"));
    }

    #[test]
    fn windows_and_schedules() {
        let utc = TimeZone::UTC;
        assert_eq!(window("4w", &utc).unwrap().to_string(), "28d");
        assert_eq!(
            window("calendar week", &utc).unwrap().to_string(),
            "calendar week"
        );
        let month = window("1M", &utc).unwrap_err();
        assert_eq!(month.cause, "`M` is not a unit of time");
        assert_eq!(
            month.help.as_deref(),
            Some("write `30d`, or `calendar month` for a real month")
        );
        assert_eq!(window("month", &utc).unwrap_err().code, "window-syntax");
        assert_eq!(window("0d", &utc).unwrap_err().code, "duration-range");
        assert_eq!(window("1500ms", &utc).unwrap_err().code, "window-syntax");
        assert!(schedule("15th at 02:00 UTC", "UTC").is_ok());
        for (text, code) in [
            ("0th at 02:00 UTC", "schedule-syntax"),
            ("sunday 02:00 UTC", "schedule-syntax"),
            ("Sunday at 02:00 UTC", "schedule-syntax"),
            ("sunday at 02:00", "zone-missing"),
            ("sunday at 02:00 MESZ", "zone-unknown"),
        ] {
            assert_eq!(schedule(text, "UTC").unwrap_err().code, code, "{text}");
        }
    }
}
