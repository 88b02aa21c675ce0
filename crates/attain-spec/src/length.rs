//! Texts of length to values: durations, latencies, loads, units of metrics, rules of so many in a time.
//!
//! A duration is whole milliseconds, a latency whole nanoseconds; what is finer is refused and not rounded.

use std::time::Duration;

use attain_model::quantity::Unit;
use attain_model::{Rate, Threshold};

use crate::scalar::{Bad, Parsed, decimal, small, split_number, whole};

/// The longest duration: ten years. Longer ones are typos, and sums of them stay far from overflow.
const MAX_DURATION_MS: u64 = 3660 * 86_400_000;

/// Milliseconds of a unit of time; below a millisecond there is no duration.
fn unit_ms(unit: &str) -> Option<u64> {
    Some(match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    })
}

/// What a unit was meant to be, e.g. `sec` is `s`.
fn meant_unit(unit: &str) -> Option<&'static str> {
    Some(match unit.trim().to_ascii_lowercase().as_str() {
        "millis" | "msec" | "msecs" | "millisecond" | "milliseconds" => "ms",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        "w" | "week" | "weeks" => "w",
        _ => return None,
    })
}

fn unit_unknown(number: &str, unit: &str) -> Bad {
    let unit = unit.trim();
    let bad = Bad::new("unit-unknown", format!("`{unit}` is not a unit of time"));
    match meant_unit(unit) {
        Some(meant) => bad.help(format!("write `{number}{meant}`")),
        None => bad.help("the units are ms, s, m, h, d, w"),
    }
}

/// A duration: a whole number and ms, s, m, h, d or w.
pub(crate) fn duration(text: &str) -> Parsed<Duration> {
    let (number, unit) = split_number(text);
    if number.is_empty() {
        return Err(
            Bad::new("duration-syntax", format!("`{text}` is not a duration"))
                .help("write a number and ms, s, m, h, d or w, e.g. `30d`"),
        );
    }
    if unit.is_empty() {
        return Err(
            Bad::new("unit-missing", format!("`{text}` has no unit")).help(format!(
                "write `{text}s`, `{text}m`, `{text}h` or `{text}d`"
            )),
        );
    }
    let Some(size) = unit_ms(unit) else {
        if unit.bytes().any(|b| b.is_ascii_digit()) {
            return Err(Bad::new(
                "duration-syntax",
                format!("`{text}` is not one number and one unit"),
            )
            .help("write it in the smaller unit, e.g. `90m`"));
        }
        return Err(unit_unknown(number, unit));
    };
    let Some(Ok(count)) = decimal(number, 0) else {
        return Err(Bad::new(
            "duration-syntax",
            format!("`{text}` is not a whole number of its unit"),
        )
        .help(match in_smaller_unit(number, size) {
            Some(meant) => format!("write `{meant}`"),
            None => "write it in a smaller unit, e.g. `90m`".to_owned(),
        }));
    };
    match count.checked_mul(size) {
        Some(ms) if ms <= MAX_DURATION_MS => Ok(Duration::from_millis(ms)),
        _ => Err(Bad::new(
            "duration-range",
            format!("`{text}` is longer than ten years"),
        )
        .help("write a shorter duration")),
    }
}

/// `36h` of `1.5` days: a decimal number of a unit in the largest unit in which it is whole.
fn in_smaller_unit(number: &str, size: u64) -> Option<String> {
    let billionths = u128::from(decimal(number, 9)?.ok()?);
    let total = billionths * u128::from(size);
    let units = ["d", "h", "m", "s", "ms"];
    units.into_iter().find_map(|unit| {
        let size_of = u128::from(unit_ms(unit)?) * 1_000_000_000;
        (total > 0 && total % size_of == 0).then(|| format!("{}{unit}", total / size_of))
    })
}

/// A duration above zero.
pub(crate) fn positive_duration(text: &str) -> Parsed<Duration> {
    let duration = duration(text)?;
    if duration.is_zero() {
        return Err(Bad::new(
            "duration-range",
            format!("`{text}` is no time at all"),
        ));
    }
    Ok(duration)
}

/// A latency limit, e.g. `200ms`, `0.5s`, `250us`.
pub(crate) fn threshold(text: &str) -> Parsed<Threshold> {
    let (number, unit) = split_number(text);
    let syntax = || {
        Bad::new("duration-syntax", format!("`{text}` is not a latency"))
            .help("write it like `200ms`")
    };
    if number.is_empty() {
        return Err(syntax());
    }
    if unit.is_empty() {
        return Err(Bad::new("unit-missing", format!("`{text}` has no unit"))
            .help(format!("write `{text}ms` or `{text}s`")));
    }
    let decimals = match unit {
        "ns" => 0,
        "us" | "µs" => 3,
        "ms" => 6,
        "s" | "m" | "h" => 9,
        _ => return Err(unit_unknown(number, unit)),
    };
    let factor = match unit {
        "m" => 60,
        "h" => 3600,
        _ => 1,
    };
    let nanoseconds = match decimal(number, decimals) {
        Some(Ok(n)) => n.checked_mul(factor),
        Some(Err(())) => None,
        None => return Err(syntax()),
    };
    match nanoseconds {
        Some(0) => Err(Bad::new(
            "duration-range",
            format!("nothing is faster than `{text}`"),
        )),
        Some(ns) if ns <= 86_400_000_000_000 => Ok(Threshold::from_nanoseconds(ns)),
        Some(_) => Err(Bad::new(
            "duration-range",
            format!("`{text}` is longer than a day"),
        )),
        None => Err(Bad::new(
            "too-precise",
            format!("`{text}` has too many digits"),
        )),
    }
}

/// A rate: `500 rps` or `30 rpm`.
pub(crate) fn rate(text: &str) -> Parsed<Rate> {
    let (number, unit) = split_number(text);
    let syntax = || {
        Bad::new("rate-syntax", format!("`{text}` is not a rate")).help("write it like `500 rps`")
    };
    let millis = match decimal(number, 3) {
        Some(Ok(n)) => n,
        _ => return Err(syntax()),
    };
    let millirps = match unit.trim_start() {
        "rps" => millis,
        "rpm" => millis / 60,
        "" => {
            return Err(Bad::new("unit-missing", format!("`{text}` has no unit"))
                .help(format!("write `{number} rps`")));
        }
        other => {
            return Err(
                Bad::new("unit-unknown", format!("`{other}` is not a unit of load"))
                    .help(format!("write `{number} rps` or `{number} rpm`")),
            );
        }
    };
    if millirps == 0 {
        return Err(Bad::new(
            "rate-syntax",
            format!("`{text}` is no load at all"),
        ));
    }
    Ok(Rate::from_millirps(millirps))
}

/// The unit of a metric.
pub(crate) fn unit(text: &str) -> Parsed<Unit> {
    Ok(match text {
        "s" => Unit::Seconds,
        "ms" => Unit::Milliseconds,
        "us" => Unit::Microseconds,
        "ns" => Unit::Nanoseconds,
        "bytes" => Unit::Bytes,
        "percent" => Unit::Percent,
        _ => {
            let bad = Bad::new(
                "unit-unknown",
                format!("`{text}` is not a unit of a metric"),
            );
            return Err(match meant_unit(text) {
                Some(meant @ ("s" | "ms")) => bad.help(format!("write `{meant}`")),
                _ => bad.help("write one of s, ms, us, ns, bytes, percent"),
            });
        }
    })
}

/// `2 bad in 6h`.
pub(crate) fn at_least_bad(text: &str) -> Parsed<(u64, Duration)> {
    let bad = || {
        Bad::new(
            "low-traffic-syntax",
            format!("`{text}` is not a number of bad events in a time"),
        )
        .help("write it like `2 bad in 6h`")
    };
    let (count, time) = text.split_once(" bad in ").ok_or_else(bad)?;
    Ok((
        whole(count.trim()).map_err(|_| bad())?,
        positive_duration(time.trim()).map_err(|_| bad())?,
    ))
}

/// `1 per 90d`: the time per page.
pub(crate) fn one_per(text: &str) -> Parsed<Duration> {
    let bad = || {
        Bad::new(
            "low-traffic-syntax",
            format!("`{text}` is not so many per time"),
        )
        .help("write it like `1 per 90d`")
    };
    let (count, time) = text.split_once(" per ").ok_or_else(bad)?;
    let count = small(count.trim()).map_err(|_| bad())?;
    if count == 0 {
        return Err(bad());
    }
    Ok(positive_duration(time.trim()).map_err(|_| bad())? / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_told_in_a_smaller_unit() {
        let help = |text: &str| duration(text).unwrap_err().help.unwrap();
        assert_eq!(help("1.5d"), "write `36h`");
        assert_eq!(help("0.5h"), "write `30m`");
        assert!(help("0.1ms").contains("smaller unit"));
    }

    #[test]
    fn durations_and_latencies_are_exact() {
        assert_eq!(duration("4w"), Ok(Duration::from_secs(28 * 86_400)));
        assert_eq!(duration("0m"), Ok(Duration::ZERO));
        let ns = |text: &str| threshold(text).map(Threshold::nanoseconds);
        assert_eq!(ns("0.5s"), Ok(500_000_000));
        assert_eq!(ns("1.5us"), Ok(1500));
        assert_eq!(ns("0.000001ms"), Ok(1));
        assert_eq!(ns("0.0000001ms").unwrap_err().code, "too-precise");
        assert_eq!(rate("30 rpm").map(Rate::millirps), Ok(500));
        assert_eq!(rate("2.5rps").map(Rate::millirps), Ok(2500));
        for (text, code) in [
            ("30", "unit-missing"),
            ("1M", "unit-unknown"),
            ("-1s", "duration-syntax"),
            ("1.5h", "duration-syntax"),
            ("99999999999999999999s", "duration-syntax"),
            ("3661d", "duration-range"),
            ("soon", "duration-syntax"),
        ] {
            assert_eq!(duration(text).unwrap_err().code, code, "{text}");
        }
        assert_eq!(
            at_least_bad("2 bad in 6h"),
            Ok((2, Duration::from_secs(21_600)))
        );
        assert_eq!(one_per("2 per 90d"), Ok(Duration::from_secs(45 * 86_400)));
        assert_eq!(one_per("0 per 90d").unwrap_err().code, "low-traffic-syntax");
    }
}
