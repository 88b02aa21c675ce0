//! Texts that select and judge: what a label must be, what a gauge must be.
//!
//! Knows how plain text, `5xx`, `~re` and `value < 1s` are told apart. Knows no metric.

use attain_model::quantity::{Measure, Unit};
use attain_model::selector::{Comparison, Condition, Match, Pattern};

use crate::scalar::{Bad, Parsed, decimal, split_number};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_exact_and_what_looks_like_more_is_refused() {
        assert_eq!(label_match("5xx"), Ok(Match::Class('5')));
        assert_eq!(label_match("6xx"), Ok(Match::Exact("6xx".into())));
        assert_eq!(label_match(""), Ok(Match::Absent));
        assert!(matches!(label_match("~a|b"), Ok(Match::Pattern(_))));
        for text in [
            "/parcels/{id}",
            "../a",
            "a+b?",
            "PGSQL Query",
            "https://a.b/c",
            "50%",
            "a*",
            "f(x)",
        ] {
            assert_eq!(label_match(text), Ok(Match::Exact(text.into())), "{text}");
        }
        for text in ["5..", ".*", "a|b", "^a", "a$", "[45]xx", "\\d+", "x.+"] {
            assert_eq!(
                label_match(text).unwrap_err().code,
                "regex-unmarked",
                "{text}"
            );
        }
        assert_eq!(label_match("~(").unwrap_err().code, "regex-syntax");
    }

    #[test]
    fn conditions_are_in_billionths_of_their_base_unit() {
        let value = |text: &str| condition(text).map(|(condition, _)| condition.value.0);
        assert_eq!(value("value < 1s"), Ok(1_000_000_000));
        assert_eq!(value("value <= 1.5m"), Ok(90_000_000_000));
        assert_eq!(value("value != -2"), Ok(-2_000_000_000));
        assert_eq!(value("value >= 250us"), Ok(250_000));
        assert_eq!(value("value > 99.9%"), Ok(99_900_000_000));
        for text in [
            "value",
            "value 1",
            "value <",
            "value = 1",
            "v < 1",
            "value < x",
        ] {
            assert!(condition(text).is_err(), "{text}");
        }
    }
}
