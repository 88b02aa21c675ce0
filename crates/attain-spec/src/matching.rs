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
        } else if let Some(class) = class_of(text) {
            format!("write `{class}`")
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

/// Refuses what no status is: a status is three digits, a class, an expression, or absent. Without `digits_only` a word
/// such as `INTERNAL` and the one or two digits of gRPC are statuses, too.
pub(crate) fn status(text: &str, digits_only: bool) -> Parsed<()> {
    let bytes = text.as_bytes();
    let digits = !text.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    let class = bytes.len() == 3 && (b'1'..=b'5').contains(&bytes[0]) && text.ends_with("xx");
    let sound = text.is_empty()
        || text.starts_with('~')
        || class
        || digits && (bytes.len() == 3 || bytes.len() < 3 && !digits_only)
        || !digits_only && !like_status(text);
    if sound {
        return Ok(());
    }
    let help = match class_of(text) {
        Some(class) => format!("write `{class}`"),
        None => "write `503`, `5xx` or a list of such".to_owned(),
    };
    Err(Bad::new("status-value", format!("`{text}` is no status")).help(help))
}

/// Whether a text is made of what statuses and ranges of them are written with.
fn like_status(text: &str) -> bool {
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    has_digit
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || "xX*.-\u{2013}<>=!,/ +".contains(c))
}

/// The class that a text means: `5xx` of `5XX`, `5x`, `5*`, `500-599`, `500..599`, `>=500`.
fn class_of(text: &str) -> Option<String> {
    let start = text.trim_start_matches(['>', '=', ' ']);
    let digit = start.chars().next().filter(|c| ('1'..='5').contains(c))?;
    let rest = &start[1..];
    let wild = !rest.is_empty() && rest.chars().all(|c| matches!(c, 'x' | 'X' | '*'));
    let whole = rest
        .strip_prefix("00")
        .map(|rest| rest.trim_matches(|c: char| " .-\u{2013}=".contains(c)))
        .is_some_and(|end| {
            end == format!("{digit}99") || end.is_empty() && text.starts_with(">=") && digit == '5'
        });
    (wild || whole).then(|| format!("{digit}xx"))
}

/// Whether a label holds a status by its name.
pub(crate) fn names_status(label: &str) -> bool {
    matches!(
        label,
        "status"
            | "code"
            | "status_code"
            | "http_status_code"
            | "http.status_code"
            | "http_response_status_code"
            | "http.response.status_code"
    )
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
    fn a_status_is_digits_a_class_an_expression_or_absent() {
        for text in ["503", "5xx", "~50[34]", ""] {
            assert_eq!(status(text, true), Ok(()), "{text}");
        }
        for text in ["14", "INTERNAL", "STATUS_CODE_ERROR", "ok"] {
            assert_eq!(status(text, false), Ok(()), "{text}");
            assert!(status(text, true).is_err(), "{text}");
        }
        for text in ["500-599", "5XX", "5x", "5**", ">=500", "500..599"] {
            let bad = status(text, false).unwrap_err();
            assert_eq!(bad.help.as_deref(), Some("write `5xx`"), "{text}");
        }
        for text in ["5000", "6xx", "400-599", "<500", "500,502"] {
            let bad = status(text, false).unwrap_err();
            assert!(bad.help.unwrap().contains("a list"), "{text}");
        }
        assert_eq!(
            label_match("500..599").unwrap_err().help.as_deref(),
            Some("write `5xx`")
        );
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
