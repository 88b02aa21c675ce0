//! Texts of the format to values: shares, durations, rates, money, truth values, ids.
//!
//! Each function takes the text of one scalar and gives the value or what is [`Bad`] about it. Knows no keys and no
//! files. Targets stand in target.rs, times in moment.rs. Nothing here rounds: what cannot be kept exactly is refused.

use std::time::Duration;

use attain_model::quantity::{Measure, Money, Price, Unit};
use attain_model::selector::{Comparison, Condition, Match, Pattern};
use attain_model::{Multiple, Rate, Share, Threshold};

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bad {
    pub code: &'static str,
    pub cause: String,
    pub help: Option<String>,
    /// The bytes of the text that are to blame; all of it if `None`.
    pub range: Option<(usize, usize)>,
}

pub(crate) type Parsed<T> = Result<T, Bad>;

impl Bad {
    pub fn new(code: &'static str, cause: impl Into<String>) -> Self {
        Self {
            code,
            cause: cause.into(),
            help: None,
            range: None,
        }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn at(mut self, start: usize, end: usize) -> Self {
        self.range = Some((start, end));
        self
    }

    /// The same, in a text that begins `by` bytes earlier and is `whole` long.
    pub fn shifted(mut self, by: usize, len: usize) -> Self {
        let (start, end) = self.range.unwrap_or((0, len));
        self.range = Some((start + by, end + by));
        self
    }
}

/// The longest duration: ten years. Longer ones are typos, and sums of them stay far from overflow.
const MAX_DURATION_MS: u64 = 3660 * 86_400_000;

/// A decimal number as an integer of `10^-decimals`.
///
/// `None` is not a number; `Some(Err)` has more digits than can be kept.
fn decimal(text: &str, decimals: u32) -> Option<Result<u64, ()>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return None;
    }
    let kept = fraction.trim_end_matches('0');
    if kept.len() > decimals as usize {
        return Some(Err(()));
    }
    let padded = format!("{whole}{kept:0<width$}", width = decimals as usize);
    Some(padded.parse().map_err(|_| ()))
}

/// The number at the beginning of a text and the rest, e.g. `200` and `ms`.
fn split_number(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Parts per billion of a percentage; above 100 % is allowed here.
pub(crate) fn percent_ppb(text: &str) -> Parsed<u64> {
    let Some(number) = text.strip_suffix('%') else {
        return Err(percent_without_unit(text));
    };
    match decimal(number.trim_end(), 7) {
        Some(Ok(ppb)) => Ok(ppb),
        Some(Err(())) => Err(Bad::new(
            "too-precise",
            format!(
                "`{text}` is more precise than attain counts; it keeps 7 decimals of a percent"
            ),
        )
        .help("write at most 7 decimals; the highest target is 99.9999999%")),
        None if number.contains(',') => Err(Bad::new(
            "percent-syntax",
            format!("`{text}` is not a percentage: decimals follow a point"),
        )
        .help(format!("write `{}%`", number.replace(',', ".")))),
        None => Err(
            Bad::new("percent-syntax", format!("`{text}` is not a percentage"))
                .help("write it like `99.95%`"),
        ),
    }
}

fn percent_without_unit(text: &str) -> Bad {
    let missing =
        |help: String| Bad::new("unit-missing", format!("`{text}` has no unit")).help(help);
    match decimal(text, 9) {
        Some(Ok(billionths)) if billionths <= 1_000_000_000 && text.contains('.') => {
            let percent = Share::from_ppb(billionths as u32).unwrap_or(Share::WHOLE);
            missing(format!("targets are percentages: write `{percent}`"))
        }
        Some(_) => missing(format!("write `{text}%`")),
        None => Bad::new("percent-syntax", format!("`{text}` is not a percentage"))
            .help("write it like `99.95%`"),
    }
}

/// A share of a whole, 0 % to 100 %.
pub(crate) fn share(text: &str) -> Parsed<Share> {
    let ppb = percent_ppb(text).map_err(|bad| match (bad.code, decimal(text, 9)) {
        ("unit-missing", Some(Ok(n))) if n <= 1_000_000_000 && text.contains('.') => {
            let help = bad.help.unwrap_or_default();
            Bad::new(bad.code, bad.cause)
                .help(help.replace("targets are percentages", "shares are percentages"))
        }
        _ => bad,
    })?;
    u32::try_from(ppb)
        .ok()
        .and_then(Share::from_ppb)
        .ok_or_else(|| {
            Bad::new("percent-range", format!("`{text}` is more than the whole"))
                .help("write at most `100%`")
        })
}

/// A multiple such as `14.4x`.
pub(crate) fn multiple(text: &str) -> Parsed<Multiple> {
    let Some(number) = text.strip_suffix('x') else {
        let bad = Bad::new("unit-missing", format!("`{text}` has no unit"));
        return Err(match decimal(text, 6) {
            Some(_) => bad.help(format!("write `{text}x`")),
            None => Bad::new("multiple-syntax", format!("`{text}` is not a multiple"))
                .help("write it like `14.4x`"),
        });
    };
    match decimal(number, 6) {
        Some(Ok(0)) => Err(Bad::new("multiple-syntax", "a multiple is above zero")),
        Some(Ok(millionths)) if millionths <= 1_000_000_000_000 => {
            Ok(Multiple::from_millionths(millionths))
        }
        Some(_) => Err(
            Bad::new("too-precise", format!("`{text}` has too many digits"))
                .help("at most 6 decimals"),
        ),
        None => Err(
            Bad::new("multiple-syntax", format!("`{text}` is not a multiple"))
                .help("write it like `14.4x`"),
        ),
    }
}

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
        .help("write it in a smaller unit, e.g. `90m`"));
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

/// An amount: `5000 USD`.
pub(crate) fn money(text: &str) -> Parsed<Money> {
    let (number, currency) = split_number(text);
    let currency = currency.trim_start();
    let syntax = |help: String| {
        Bad::new(
            "money-syntax",
            format!("`{text}` is not an amount of money"),
        )
        .help(help)
    };
    if text.contains(',') || text.contains('_') || text.contains('\'') {
        let plain: String = text.chars().filter(|c| !",_'".contains(*c)).collect();
        return Err(syntax(format!("write `{plain}` without a separator")));
    }
    if number.is_empty() {
        return Err(syntax(
            "write a number and a currency code, e.g. `5000 USD`".into(),
        ));
    }
    if currency.is_empty() {
        return Err(
            Bad::new("unit-missing", format!("`{text}` has no unit")).help(format!(
                "write `{number} USD`, with the code of your currency"
            )),
        );
    }
    if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(Bad::new(
            "currency-unknown",
            format!("`{currency}` is not a currency code"),
        )
        .help("write the three letters of ISO 4217, e.g. `EUR`"));
    }
    match decimal(number, 2) {
        Some(Ok(cents)) => Ok(Money {
            cents,
            currency: currency.to_owned(),
        }),
        Some(Err(())) => Err(syntax("write at most two decimals".into())),
        None => Err(syntax(
            "write a number and a currency code, e.g. `5000 USD`".into(),
        )),
    }
}

/// Money per period: `5000 USD/month`.
pub(crate) fn price(text: &str) -> Parsed<Price> {
    const PERIODS: &[&str] = &["hour", "day", "week", "month", "quarter", "year"];
    let Some((amount, period)) = text.split_once('/') else {
        let amount = money(text)?;
        let whole = text.trim();
        let _ = amount;
        return Err(Bad::new("unit-missing", format!("`{text}` says no period"))
            .help(format!("write `{whole}/month`")));
    };
    let amount = money(amount.trim_end())?;
    let period = period.trim();
    let period = match period {
        "h" => "hour",
        other => other,
    };
    if !PERIODS.contains(&period) {
        return Err(
            Bad::new("unit-unknown", format!("`{period}` is not a period"))
                .help(format!("write one of {}", PERIODS.join(", "))),
        );
    }
    Ok(Price {
        amount,
        period: period.to_owned(),
    })
}

/// `8 USD/month per 1000`.
pub(crate) fn price_per(text: &str) -> Parsed<(Price, u64)> {
    let Some((head, count)) = text.split_once(" per ") else {
        return Ok((price(text)?, 1));
    };
    let count = whole(count.trim())?;
    if count == 0 {
        return Err(Bad::new("number-range", "`per 0` divides by nothing"));
    }
    Ok((price(head.trim_end())?, count))
}

/// An hour's price: `110 USD/h` or `110 USD`.
pub(crate) fn hourly(text: &str) -> Parsed<Money> {
    if !text.contains('/') {
        return money(text);
    }
    let price = price(text)?;
    if price.period != "hour" {
        return Err(
            Bad::new("unit-unknown", format!("`{}` is not an hour", price.period))
                .help("write it like `110 USD/h`"),
        );
    }
    Ok(price.amount)
}

/// Hours of upkeep: `2 h/month`.
pub(crate) fn upkeep(text: &str) -> Parsed<String> {
    let bad = || {
        Bad::new(
            "duration-syntax",
            format!("`{text}` is not hours per period"),
        )
        .help("write it like `2 h/month`")
    };
    let (head, period) = text.split_once('/').ok_or_else(bad)?;
    let (number, unit) = split_number(head.trim_end());
    let fine = matches!(decimal(number, 3), Some(Ok(_)))
        && unit.trim() == "h"
        && ["day", "week", "month", "quarter", "year"].contains(&period.trim());
    if fine {
        Ok(text.to_owned())
    } else {
        Err(bad())
    }
}

/// A bare whole number, only for counts and ranks.
pub(crate) fn whole(text: &str) -> Parsed<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match (plain, text.parse::<u64>()) {
        (true, Ok(n)) if n <= 1_000_000_000_000 => Ok(n),
        (true, _) => Err(Bad::new("number-range", format!("`{text}` is too large"))),
        (false, _) => {
            let bad = Bad::new("number-syntax", format!("`{text}` is not a whole number"));
            let digits: String = text.chars().filter(|c| !",_ ".contains(*c)).collect();
            Err(
                if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
                    bad.help(format!("write `{digits}` without a separator"))
                } else {
                    bad.help("write digits only, e.g. `12`")
                },
            )
        }
    }
}

/// A whole number that fits 32 bits.
pub(crate) fn small(text: &str) -> Parsed<u32> {
    u32::try_from(whole(text)?)
        .map_err(|_| Bad::new("number-range", format!("`{text}` is too large")))
}

/// A rank: 1 is the first.
pub(crate) fn rank(text: &str) -> Parsed<u32> {
    match small(text)? {
        0 => Err(Bad::new("number-range", "ranks begin with 1").help("write `1` for the first")),
        n => Ok(n),
    }
}

/// `true` or `false`, and nothing that YAML 1.1 takes for them.
pub(crate) fn truth(text: &str) -> Parsed<bool> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => {
            let meant = match text.to_ascii_lowercase().as_str() {
                "yes" | "y" | "on" | "1" | "true" => Some("true"),
                "no" | "n" | "off" | "0" | "false" => Some("false"),
                _ => None,
            };
            let bad = Bad::new("bool-syntax", format!("`{text}` is not a truth value here"));
            Err(match meant {
                Some(word) => bad.help(format!("write `{word}`")),
                None => bad.help("write `true` or `false`"),
            })
        }
    }
}

/// Checks an id; `None` is fine.
pub(crate) fn id(text: &str) -> Parsed<()> {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
    let rest = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if first && rest && text.len() <= 63 {
        return Ok(());
    }
    let bad = Bad::new(
        "id-syntax",
        format!("`{text}` is not an id: lower-case letters, digits, `-`, at most 63"),
    );
    let meant = meant_id(text);
    Err(if meant.is_empty() {
        bad.help("begin with a letter")
    } else {
        bad.help(format!("write `{meant}`"))
    })
}

/// The id that comes closest to a text.
fn meant_id(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let trimmed = out
        .trim_start_matches(|c: char| !c.is_ascii_lowercase())
        .trim_end_matches('-');
    trimmed.chars().take(63).collect()
}

/// What a label's value must be: plain text, `5xx`, `~re`, `""`.
pub(crate) fn label_match(text: &str) -> Parsed<Match> {
    if text.is_empty() {
        return Ok(Match::Absent);
    }
    if let Some(expression) = text.strip_prefix('~') {
        return match Pattern::new(expression) {
            Ok(pattern) => Ok(Match::Pattern(pattern)),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or("").trim();
                let reason = reason.strip_prefix("error: ").unwrap_or(reason);
                Err(Bad::new(
                    "regex-syntax",
                    format!("`{expression}` is not a regular expression: {reason}"),
                )
                .help("RE2 syntax: no look-around, no back-references"))
            }
        };
    }
    if text.len() == 3
        && text.ends_with("xx")
        && let Some(digit) = text.chars().next().filter(|c| ('1'..='5').contains(c))
    {
        return Ok(Match::Class(digit));
    }
    if looks_like_regex(text) {
        let class = text.len() == 3 && text.ends_with("..") && text.as_bytes()[0].is_ascii_digit();
        let help = if class {
            format!(
                "write `{}xx`, or `~{text}` to match a regular expression",
                &text[..1]
            )
        } else {
            format!("write `~{text}` to match a regular expression")
        };
        return Err(Bad::new(
            "regex-unmarked",
            format!("`{text}` is compared as plain text and looks like a regular expression"),
        )
        .help(help));
    }
    Ok(Match::Exact(text.to_owned()))
}

fn looks_like_regex(text: &str) -> bool {
    let has = |part: &str| text.contains(part);
    has(".*")
        || has(".+")
        || has("..") && !has("../")
        || has("\\d")
        || has("\\.")
        || has("\\w")
        || has("|")
        || text.starts_with('^')
        || text.ends_with('$')
        || has("[") && has("]")
}

/// A condition on a gauge: `value < 1s`. Also says whether it compares a time.
pub(crate) fn condition(text: &str) -> Parsed<(Condition, Unit)> {
    let syntax = || {
        Bad::new("condition-syntax", format!("`{text}` is not a condition"))
            .help("write it like `value < 1s` or `value == 1`")
    };
    let rest = text.strip_prefix("value").ok_or_else(syntax)?.trim_start();
    const OPERATORS: [(&str, Comparison); 6] = [
        ("==", Comparison::Equal),
        ("!=", Comparison::NotEqual),
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        ("<", Comparison::Below),
        (">", Comparison::Above),
    ];
    let (operator, comparison) = OPERATORS
        .into_iter()
        .find(|(operator, _)| rest.starts_with(operator))
        .ok_or_else(syntax)?;
    let number = rest[operator.len()..].trim();
    let (negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number),
    };
    let (digits, unit) = split_number(number);
    let unit_text = unit.trim();
    let unit = match unit_text {
        "" => Unit::None,
        "s" => Unit::Seconds,
        "ms" => Unit::Milliseconds,
        "us" | "µs" => Unit::Microseconds,
        "ns" => Unit::Nanoseconds,
        "%" => Unit::Percent,
        "B" | "bytes" => Unit::Bytes,
        "m" | "h" | "d" => Unit::Seconds,
        _ => {
            return Err(Bad::new(
                "unit-unknown",
                format!("`{unit_text}` is not a unit of a value"),
            )
            .help("the units are s, ms, us, ns, m, h, d, bytes, %"));
        }
    };
    let factor: i128 = match unit_text {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => 1,
    };
    let decimals = match unit {
        Unit::Milliseconds => 6,
        Unit::Microseconds => 3,
        Unit::Nanoseconds => 0,
        _ => 9,
    };
    let value = match decimal(digits, decimals) {
        Some(Ok(n)) => i128::from(n) * factor,
        Some(Err(())) => {
            return Err(Bad::new(
                "too-precise",
                format!("`{digits}` has too many digits"),
            ));
        }
        None => return Err(syntax()),
    };
    let value = Measure(if negative { -value } else { value });
    Ok((Condition { comparison, value }, unit))
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
