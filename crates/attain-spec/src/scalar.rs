//! Texts of the format to values: shares, multiples, counts, truth values, ids.
//!
//! Each function takes the text of one scalar and gives the value or what is [`Bad`] about it. Knows no keys and no
//! files. Durations and loads stand in length.rs, times in
//! moment.rs, money in money.rs, targets in target.rs. Nothing here rounds: what cannot be kept exactly is refused.

use attain_model::{Multiple, Share};

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

/// A decimal number as an integer of `10^-decimals`.
///
/// `None` is not a number; `Some(Err)` has more digits than can be kept.
pub(crate) fn decimal(text: &str, decimals: u32) -> Option<Result<u64, ()>> {
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
pub(crate) fn split_number(text: &str) -> (&str, &str) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_share_is_read_as_it_is_written() {
        // Strides that are no powers of ten meet every pattern of digits.
        for ppb in (0..=1_000_000_000u32)
            .step_by(9_999_991)
            .chain([1, 999_999_999, 1_000_000_000])
        {
            let wanted = Share::from_ppb(ppb).unwrap();
            assert_eq!(share(&wanted.to_string()), Ok(wanted));
        }
    }

    #[test]
    fn a_number_is_exact_or_refused() {
        assert_eq!(decimal("99.95", 7), Some(Ok(999_500_000)));
        assert_eq!(decimal("0.10", 1), Some(Ok(1)));
        assert_eq!(decimal("0.11", 1), Some(Err(())));
        assert_eq!(decimal("18446744073709551616", 0), Some(Err(())));
        for text in [
            "", ".", "1.", ".5", "-1", "+1", "1e3", "1.2.3", "1,5", " 1", "٣",
        ] {
            assert_eq!(decimal(text, 9), None, "{text}");
        }
    }

    #[test]
    fn ids_and_truth_values_say_what_was_meant() {
        let help = |bad: Bad| bad.help.unwrap_or_default();
        assert!(id("a").is_ok() && id("a-1").is_ok() && id(&"a".repeat(63)).is_ok());
        assert_eq!(
            help(id("Search_Answers").unwrap_err()),
            "write `search-answers`"
        );
        assert_eq!(help(id("9 lives!").unwrap_err()), "write `lives`");
        assert_eq!(help(id("é").unwrap_err()), "begin with a letter");
        assert_eq!(truth("true"), Ok(true));
        assert_eq!(help(truth("Off").unwrap_err()), "write `false`");
        assert_eq!(help(truth("maybe").unwrap_err()), "write `true` or `false`");
    }
}
