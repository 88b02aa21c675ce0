//! Numbers as people read them. Knows rounding; decides nothing.
//!
//! Rounding has a direction: what is good to have (attainment, budget left) is rounded down, what is bad to have (a
//! burn rate that must stay under a threshold) is cut, and nothing that is not zero is printed as zero.

use std::time::Duration;

use attain_math::{Fraction, ppb};
use attain_model::verdict::{Attainment, ErrorBudget};
use jiff::Timestamp;
use jiff::tz::TimeZone;

const BILLION: u128 = 1_000_000_000;

/// The good share of all events, rounded down, with at least three decimals and as many as it takes to differ from the
/// target: `99.909%`. `None` without events.
///
/// ```
/// use attain_model::verdict::Attainment;
/// use attain_view::number::attained;
/// let a = Attainment { good: 999_999, bad: 1 };
/// assert_eq!(attained(a, Some(999_999_000)).as_deref(), Some("99.9999%"));
/// assert_eq!(attained(Attainment { good: 1, bad: 0 }, None).as_deref(), Some("100.000%"));
/// assert_eq!(attained(Attainment::default(), None), None);
/// ```
#[must_use]
pub fn attained(attainment: Attainment, target_ppb: Option<u32>) -> Option<String> {
    let (good, total) = (attainment.good, attainment.total());
    let decimals = target_ppb.map_or(3, |target| ppb::decimals_to_tell(good, total, target, 3));
    ppb::percent_floor(u128::from(good), u128::from(total), decimals).map(|text| text + "%")
}

/// The share of events that were bad, rounded up, with as many decimals as it takes to have two digits: `3%`, `0.051%`.
/// `None` without events.
///
/// ```
/// use attain_model::verdict::Attainment;
/// use attain_view::number::failing;
/// assert_eq!(failing(Attainment { good: 19_400, bad: 600 }).as_deref(), Some("3%"));
/// assert_eq!(failing(Attainment { good: 999_491, bad: 509 }).as_deref(), Some("0.051%"));
/// ```
#[must_use]
pub fn failing(attainment: Attainment) -> Option<String> {
    let total = attainment.total();
    let ratio = Fraction::new(i128::from(attainment.bad), u128::from(total))?;
    // Two significant digits: 12 %, 3.1 %, 0.051 %.
    let mut decimals = 0;
    let mut least = u128::from(total) / 10;
    while decimals < 7 && u128::from(attainment.bad) < least {
        decimals += 1;
        least /= 10;
    }
    Some(trim(&ratio.percent_ceil(decimals)) + "%")
}

/// The target of a pooled aggregate: the share its budget asks for, rounded up. `None` without events.
#[must_use]
pub fn pooled_target_ppb(attainment: Attainment, budget: ErrorBudget) -> Option<u32> {
    let total = u128::from(attainment.total());
    if total == 0 {
        return None;
    }
    // The allowance is cut, so the target is rounded up.
    let allowance = (budget.allowed_billionths / total).min(BILLION);
    u32::try_from(BILLION - allowance).ok()
}

/// What is left of a budget: `100%`, `37%`, `4.2%`, `<0.1%`, `0%`, `-5900%`. Rounded down, so an overspent budget never
/// reads as zero. `None` if nothing was allowed.
///
/// ```
/// use attain_model::verdict::ErrorBudget;
/// use attain_view::number::budget_left;
/// let left = |allowed: u128, spent| budget_left(ErrorBudget { allowed_billionths: allowed * 1_000_000_000, spent });
/// assert_eq!(left(10, 600).as_deref(), Some("-5900%"));
/// assert_eq!(left(10_000, 9_999).as_deref(), Some("<0.1%"));
/// assert_eq!(left(10_000, 10_000).as_deref(), Some("0%"));
/// assert_eq!(left(10_000, 10_001).as_deref(), Some("-0.1%"));
/// assert_eq!(left(0, 1), None);
/// ```
#[must_use]
pub fn budget_left(budget: ErrorBudget) -> Option<String> {
    let allowed = i128::try_from(budget.allowed_billionths).ok()?;
    let left = allowed - i128::from(budget.spent).checked_mul(BILLION as i128)?;
    let ratio = Fraction::new(left, budget.allowed_billionths)?;
    let tenths = ratio.percent_floor(1);
    if left > 0 && tenths == "0.0" {
        return Some("<0.1%".to_owned());
    }
    let small = left.saturating_mul(10).unsigned_abs() < budget.allowed_billionths;
    let text = if small {
        tenths
    } else {
        ratio.percent_floor(0)
    };
    Some(trim(&text) + "%")
}

/// A burn rate: `60x`, `14.4x`, `0.25x`, `<0.01x`, `0x`; cut, not rounded. `None` if nothing was allowed.
///
/// ```
/// use attain_view::number::burn;
/// assert_eq!(burn(600, 10_000_000_000).as_deref(), Some("60x"));
/// assert_eq!(burn(1, 3_000_000_000).as_deref(), Some("0.33x"));
/// assert_eq!(burn(1, 0), None);
/// ```
#[must_use]
pub fn burn(bad: u64, allowed_billionths: u128) -> Option<String> {
    if allowed_billionths == 0 {
        return None;
    }
    let millionths = u128::from(bad)
        .checked_mul(BILLION)?
        .checked_mul(1_000_000)?
        / allowed_billionths;
    Some(if millionths == 0 && bad > 0 {
        "<0.01x".to_owned()
    } else {
        times(millionths)
    })
}

/// A multiple in millionths: `60x`, `14.4x`, `0.25x`; cut, not rounded.
///
/// ```
/// assert_eq!(attain_view::number::times(14_400_000), "14.4x");
/// assert_eq!(attain_view::number::times(9_999), "<0.01x");
/// ```
#[must_use]
pub fn times(millionths: u128) -> String {
    let (whole, hundredths) = (millionths / 1_000_000, millionths % 1_000_000 / 10_000);
    if millionths > 0 && whole == 0 && hundredths == 0 {
        return "<0.01x".to_owned();
    }
    match whole {
        0 => trim(&format!("0.{hundredths:02}")) + "x",
        1..10 => trim(&format!("{whole}.{hundredths:02}")) + "x",
        10..100 => trim(&format!("{whole}.{}", hundredths / 10)) + "x",
        _ => format!("{}x", grouped(whole)),
    }
}

/// A whole number with a comma between thousands from five digits on: `9999`, `12,345`.
///
/// ```
/// assert_eq!(attain_view::number::grouped(1_000_000_u64), "1,000,000");
/// ```
#[must_use]
pub fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A whole number on a page, where numbers stand below each other: a comma between thousands, always: `9,999`.
///
/// ```
/// assert_eq!(attain_view::number::thousands(2_899_u64), "2,899");
/// assert_eq!(attain_view::number::thousands(999_u64), "999");
/// ```
#[must_use]
pub fn thousands(number: impl Into<u128>) -> String {
    let number = number.into();
    match number {
        1_000..10_000 => format!("{},{:03}", number / 1_000, number % 1_000),
        _ => grouped(number),
    }
}

/// The same with what is counted: `1 request`, `2,899 requests`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(count))
}

/// `1 request`, `12,345 requests`.
///
/// ```
/// assert_eq!(attain_view::number::plural(1, "error"), "1 error");
/// assert_eq!(attain_view::number::plural(0, "error"), "0 errors");
/// ```
#[must_use]
pub fn plural(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", grouped(count))
}

/// A length of time in its two largest units: `2d 3h`, `1h 40m`, `45s`; cut, not rounded.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(attain_view::number::about(Duration::from_secs(6_059)), "1h 40m");
/// ```
#[must_use]
pub fn about(length: Duration) -> String {
    let seconds = length.as_secs();
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let Some(first) = units.iter().position(|(count, _)| *count > 0) else {
        return "0s".to_owned();
    };
    units[first..]
        .iter()
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// An instant as the catalogue writes times: `2026-11-02 23:59 UTC`; seconds only where they are not zero.
///
/// The hour that the clocks show twice says which of both it is.
///
/// ```
/// use jiff::{Timestamp, tz::TimeZone};
/// let berlin = TimeZone::get("Europe/Berlin").unwrap();
/// let at = |text: &str| attain_view::number::instant(text.parse().unwrap(), &berlin);
/// assert_eq!(at("2026-10-25T00:30:00Z"), "2026-10-25 02:30+02:00 Europe/Berlin");
/// assert_eq!(at("2026-10-25T01:30:00Z"), "2026-10-25 02:30+01:00 Europe/Berlin");
/// assert_eq!(at("2026-10-25T02:30:00Z"), "2026-10-25 03:30 Europe/Berlin");
/// ```
///
/// Instants beyond what has a civil time read `the end of time` or `the beginning`.
#[must_use]
pub fn instant(at: Timestamp, zone: &TimeZone) -> String {
    if at == Timestamp::MAX {
        return "the end of time".to_owned();
    }
    if at == Timestamp::MIN {
        return "the beginning".to_owned();
    }
    format!("{} {}", local(at, zone, "%Y-%m-%d"), clock(at, zone)) + " " + &zone_name(zone)
}

/// An instant near another: `14:20` on the same day of the zone, else `2026-11-01 14:20`. Without the zone.
#[must_use]
pub fn instant_near(at: Timestamp, near: Timestamp, zone: &TimeZone) -> String {
    let day = local(at, zone, "%Y-%m-%d");
    if day == local(near, zone, "%Y-%m-%d") {
        clock(at, zone)
    } else {
        format!("{day} {}", clock(at, zone))
    }
}

/// An instant to the second, in full: `2026-11-02 14:21:00 UTC`.
#[must_use]
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    if at == Timestamp::MAX || at == Timestamp::MIN {
        return instant(at, zone);
    }
    let format = match happens_twice(at, zone) {
        true => "%Y-%m-%d %H:%M:%S%:z",
        false => "%Y-%m-%d %H:%M:%S",
    };
    local(at, zone, format) + " " + &zone_name(zone)
}

/// When something happened, for whoever looks on: to the second, with the day unless it is that of `now`, and how long
/// ago: `14:21:00 UTC (2m ago)`.
///
/// ```
/// use jiff::{Timestamp, tz::TimeZone};
/// let at = |text: &str| text.parse::<Timestamp>().unwrap();
/// let event = |when: &str| attain_view::number::event(at(when), at("2026-11-02T14:23:40Z"), &TimeZone::UTC);
/// assert_eq!(event("2026-11-02T14:21:00Z"), "14:21:00 UTC (2m ago)");
/// assert_eq!(event("2026-11-02T14:23:10Z"), "14:23:10 UTC (under 1m ago)");
/// assert_eq!(event("2026-11-01T12:00:00Z"), "2026-11-01 12:00:00 UTC (1d 2h ago)");
/// ```
#[must_use]
pub fn event(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    format!("{} ({})", moment_near(at, now, zone), ago(at, now))
}

/// An instant to the second, with the day unless it is that of another: `14:21:00 UTC`.
#[must_use]
pub fn moment_near(at: Timestamp, near: Timestamp, zone: &TimeZone) -> String {
    if day(at, zone) == day(near, zone) {
        local(at, zone, "%H:%M:%S") + " " + &zone_name(zone)
    } else {
        moment(at, zone)
    }
}

/// How long before `now`, in whole minutes: `2m ago`, `under 1m ago`.
#[must_use]
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(at.as_second());
    match u64::try_from(seconds / 60).unwrap_or(0) {
        0 => "under 1m ago".to_owned(),
        minutes => format!("{} ago", about(Duration::from_secs(minutes * 60))),
    }
}

/// A day of the zone: `2026-11-02`.
#[must_use]
pub fn day(at: Timestamp, zone: &TimeZone) -> String {
    local(at, zone, "%Y-%m-%d")
}

/// A day of the zone where the year is plain from what stands around it: `2 Nov`.
#[must_use]
pub fn day_of_year(at: Timestamp, zone: &TimeZone) -> String {
    local(at, zone, "%-d %b")
}

/// An instant of the zone where the year is plain from what stands around it: `2 Nov 14:20`.
#[must_use]
pub fn instant_of_year(at: Timestamp, zone: &TimeZone) -> String {
    local(at, zone, "%-d %b %H:%M")
}

/// The name under which a zone is written in the catalogue: `UTC`, `Europe/Berlin`.
#[must_use]
pub fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let zoned = at.to_zoned(zone.clone());
    let format = match (zoned.second() == 0, happens_twice(at, zone)) {
        (true, false) => "%H:%M",
        (true, true) => "%H:%M%:z",
        (false, false) => "%H:%M:%S",
        (false, true) => "%H:%M:%S%:z",
    };
    zoned.strftime(format).to_string()
}

/// Whether the clocks of a zone show the time of an instant twice, as they do in the hour in which they go back.
fn happens_twice(at: Timestamp, zone: &TimeZone) -> bool {
    let local = at.to_zoned(zone.clone()).datetime();
    zone.to_ambiguous_timestamp(local).is_ambiguous()
}

fn local(at: Timestamp, zone: &TimeZone, format: &str) -> String {
    at.to_zoned(zone.clone()).strftime(format).to_string()
}

/// Without zeros at the end of its decimals.
fn trim(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}
