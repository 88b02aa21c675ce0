//! Times as people type them behind `--at`. Knows the forms; the zone of the catalogue fills what is left out.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::exit::Failure;

/// What `--at` was given.
///
/// `now`; RFC 3339; `2026-11-02 12:00`, with a zone behind it or in `zone`; a day alone, which means its end.
pub fn parse(text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, Failure> {
    let text = text.trim();
    if text == "now" {
        return Ok(now);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Some(name) = text.split_whitespace().nth(2)
        && TimeZone::get(name).is_err()
    {
        return Err(
            Failure::new(format!("`{name}` is no time zone that is known"))
                .help("write its name in the IANA database: `2026-11-02 12:00 Europe/Berlin`"),
        );
    }
    if let Some([first, second]) = civil_twice(text, zone) {
        return Err(Failure::new(format!(
            "the clocks show `{text}` twice, or not at all, as they change"
        ))
        .help(format!("write which it is: `{first}` or `{second}`")));
    }
    civil(text, zone).ok_or_else(|| {
        Failure::new(format!("`{text}` is no time that --at knows")).help(
            "write `2026-11-02 12:00 Europe/Berlin`, `2026-11-02T11:00:00Z`, `2026-11-02` (its end), or `now`",
        )
    })
}

/// A day as people type it behind `--today`.
pub fn day(text: &str) -> Result<Date, Failure> {
    text.trim().parse().map_err(|_| {
        Failure::new(format!("`{text}` is no day")).help("write it like this: 2026-11-02")
    })
}

fn civil(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let (day, clock, zone) = words(text, zone)?;
    match clock {
        Some(clock) => at(format!("{day}T{clock}").parse().ok()?, &zone),
        // jiff reads the day of `2026-11-02T12:00` and drops the rest.
        None if day.contains('T') => at(day.parse().ok()?, &zone),
        None => end_of(day.parse().ok()?, &zone),
    }
}

/// What a local time may mean that the clocks of its zone show twice, or skip.
fn civil_twice(text: &str, zone: &TimeZone) -> Option<[Timestamp; 2]> {
    let (day, clock, zone) = words(text, zone)?;
    let local: DateTime = match clock {
        Some(clock) => format!("{day}T{clock}").parse().ok()?,
        None if day.contains('T') => day.parse().ok()?,
        None => return None,
    };
    let meant = zone.to_ambiguous_timestamp(local);
    if !meant.is_ambiguous() {
        return None;
    }
    Some([meant.earlier().ok()?, meant.later().ok()?])
}

/// Day, time and zone.
fn words<'t>(text: &'t str, zone: &TimeZone) -> Option<(&'t str, Option<&'t str>, TimeZone)> {
    let mut words = text.split_whitespace();
    let (day, clock, named) = (words.next()?, words.next(), words.next());
    if words.next().is_some() {
        return None;
    }
    let zone = match named {
        Some(name) => TimeZone::get(name).ok()?,
        None => zone.clone(),
    };
    Some((day, clock, zone))
}

fn at(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    Some(civil.to_zoned(zone.clone()).ok()?.timestamp())
}

fn end_of(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let next = day.checked_add(1.day()).ok()?;
    Some(next.to_zoned(zone.clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let now: Timestamp = "2026-11-05T00:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("now", "2026-11-05T00:00:00Z"),
            ("2026-11-02T11:00:00Z", "2026-11-02T11:00:00Z"),
            ("2026-11-02T12:00:00+01:00", "2026-11-02T11:00:00Z"),
            ("2026-11-02 12:00", "2026-11-02T11:00:00Z"),
            ("2026-11-02 12:00 UTC", "2026-11-02T12:00:00Z"),
            ("2026-11-02T12:00", "2026-11-02T11:00:00Z"),
            ("2026-11-02", "2026-11-02T23:00:00Z"),
        ] {
            let expected: Timestamp = expected.parse().unwrap();
            assert_eq!(parse(text, &berlin, now).ok(), Some(expected), "{text}");
        }
        for text in [
            "",
            "noon",
            "12:00",
            "2026-13-01",
            "2026-11-02 12:00 Mars",
            "2026-11-02 1 2 3",
        ] {
            assert!(parse(text, &berlin, now).is_err(), "{text}");
        }
        // The clocks go back: which of both it is has to be said, and can be read from what is printed.
        let twice = parse("2026-10-25 02:30", &berlin, now).err().unwrap();
        let help = twice.help.unwrap();
        assert!(
            help.contains("2026-10-25T00:30:00Z` or `2026-10-25T01:30:00Z"),
            "{help}"
        );
        assert!(parse("2026-03-29T02:30", &berlin, now).is_err());
        let unknown = parse("2026-11-02 12:00 Europa/Berlin", &berlin, now).err();
        assert!(unknown.is_some_and(|failure| failure.what.contains("`Europa/Berlin`")));
    }
}
