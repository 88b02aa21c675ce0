//! What YAML 1.1 tools would make of a plain text. attain itself never guesses.
//!
//! Knows the implicit types of YAML 1.1 as far as they change the text when it is loaded and written again: `no`
//! becomes `false`, `012` becomes `10`. `true`, `12` and `2026-12-06` survive and are left alone.

/// What the text turns into, or `None` if it survives.
pub(crate) fn turns_into(text: &str) -> Option<String> {
    match text {
        "no" | "No" | "NO" | "off" | "Off" | "OFF" | "False" | "FALSE" => {
            return Some("false".into());
        }
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "True" | "TRUE" => {
            return Some("true".into());
        }
        "~" | "null" | "Null" | "NULL" => return Some("null".into()),
        "=" => return Some("a value without a key".into()),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "-.inf" => return Some("an infinite number".into()),
        ".nan" | ".NaN" | ".NAN" => return Some("no number".into()),
        _ => {}
    }
    let (sign, body) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        b'0'..=b'9' | b'.' => ("", text),
        _ => return None,
    };
    let first = body.bytes().next()?;
    if !(first.is_ascii_digit() || first == b'.') {
        return None;
    }
    let number = number(body)?;
    let written = format!("{sign}{number}");
    (written != text).then_some(written)
}

/// The number as a tool would write it again.
fn number(body: &str) -> Option<String> {
    let digits: String = body.chars().filter(|&c| c != '_').collect();
    let radix = |prefix: &str, radix: u32| {
        let rest = digits.strip_prefix(prefix)?;
        u128::from_str_radix(rest, radix)
            .ok()
            .map(|n| n.to_string())
    };
    if let Some(n) = radix("0x", 16)
        .or_else(|| radix("0b", 2))
        .or_else(|| radix("0o", 8))
    {
        return Some(n);
    }
    if body.contains(':') {
        return sexagesimal(&digits);
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        if digits.len() > 1 && digits.starts_with('0') {
            // YAML 1.1 reads octal; with an 8 or a 9 in it the zeros are lost in YAML 1.2.
            return match u128::from_str_radix(&digits, 8) {
                Ok(n) => Some(n.to_string()),
                Err(_) => Some(digits.trim_start_matches('0').to_owned()),
            };
        }
        return Some(digits);
    }
    float(&digits)
}

/// `12:30` is 750 in YAML 1.1.
fn sexagesimal(digits: &str) -> Option<String> {
    let mut total: u128 = 0;
    for (i, part) in digits.split(':').enumerate() {
        let n: u128 = part.parse().ok()?;
        if part.is_empty() || i > 0 && (part.len() > 2 || n >= 60) {
            return None;
        }
        total = total.checked_mul(60)?.checked_add(n)?;
    }
    Some(total.to_string())
}

/// `99.10` is 99.1, `1e3` is 1000.
fn float(digits: &str) -> Option<String> {
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if let Some(exponent) = exponent {
        let unsigned = exponent.trim_start_matches(['+', '-']);
        if unsigned.is_empty() || !plain(unsigned) || exponent.len() > unsigned.len() + 1 {
            return None;
        }
        let value: f64 = digits.parse().ok()?;
        return Some(if value.is_finite() {
            format!("{value}")
        } else {
            "an infinite number".into()
        });
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    let fraction = match fraction.trim_end_matches('0') {
        "" => "0",
        rest => rest,
    };
    Some(format!("{whole}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::turns_into;

    #[test]
    fn what_changes_is_named_and_what_survives_is_left_alone() {
        for (text, becomes) in [
            ("no", "false"),
            ("On", "true"),
            ("~", "null"),
            ("012", "10"),
            ("12:30", "750"),
            ("1e3", "1000"),
            ("99.10", "99.1"),
            ("1_000", "1000"),
            ("0x1F", "31"),
            ("089", "89"),
            ("+7", "7"),
            ("1.", "1.0"),
            (".5", "0.5"),
        ] {
            assert_eq!(turns_into(text).as_deref(), Some(becomes), "{text}");
        }
        for text in [
            "true",
            "false",
            "12",
            "-3",
            "2026-12-06",
            "99.95%",
            "200ms",
            "5xx",
            "5..",
            "4.2",
            "0",
            "1.2.3",
            "12:75",
            "a",
            "",
            "-",
            "e3",
            "10.0.0.1",
            "nope",
            "1:2:x",
        ] {
            assert_eq!(turns_into(text), None, "{text}");
        }
    }
}
