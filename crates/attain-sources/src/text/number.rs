//! Decimal text to integers, exactly. Knows no units' names and no floats.

/// Decimal text, possibly with sign, point and exponent, times `scale`; what lies below one is cut off toward zero.
///
/// `None` if it is not a number, not finite, or too large for 128 bits.
pub(crate) fn scaled(text: &str, scale: i128) -> Option<i128> {
    /// More digits than this say nothing that 128 bits could hold.
    const KEPT_DIGITS: u32 = 28;
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut mantissa: i128 = 0;
    let (mut kept, mut seen, mut point) = (0_u32, false, false);
    let mut exponent: i32 = 0;
    let mut rest = digits;
    while let [byte, after @ ..] = rest {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                if kept < KEPT_DIGITS {
                    mantissa = mantissa * 10 + i128::from(byte - b'0');
                    kept += u32::from(mantissa != 0);
                    exponent = exponent.checked_sub(i32::from(point))?;
                } else {
                    exponent = exponent.checked_add(i32::from(!point))?;
                }
            }
            b'.' if !point => point = true,
            b'e' | b'E' if seen => {
                let written: i32 = std::str::from_utf8(after).ok()?.parse().ok()?;
                exponent = exponent.checked_add(written)?;
                break;
            }
            _ => return None,
        }
        rest = after;
    }
    if !seen {
        return None;
    }
    let value = shift(mantissa.checked_mul(scale)?, exponent)?;
    Some(if negative { -value } else { value })
}

fn shift(value: i128, exponent: i32) -> Option<i128> {
    const LARGEST_POWER: u32 = 38;
    if value == 0 {
        return Some(0);
    }
    let power = exponent.unsigned_abs();
    if exponent >= 0 {
        return value.checked_mul(10_i128.checked_pow(power)?);
    }
    if power > LARGEST_POWER {
        return Some(0);
    }
    Some(value / 10_i128.checked_pow(power)?)
}

/// A whole number of events: not negative; a fraction is rounded to the nearest, halves up.
pub(crate) fn events(text: &str) -> Option<u64> {
    let halves = scaled(text.trim(), 2)?;
    u64::try_from((halves + 1).checked_div_euclid(2)?)
        .ok()
        .filter(|_| halves >= 0)
}

/// A latency in nanoseconds. nginx writes several, one per upstream asked (`0.002, 0.100 : 0.050`): they add up.
pub(crate) fn nanoseconds(text: &str, unit_billionths: i128) -> Option<u64> {
    if let Some(value) = scaled(text, unit_billionths) {
        return u64::try_from(value).ok();
    }
    let mut sum: Option<u64> = None;
    for part in text.split([',', ':']).map(str::trim) {
        if part.is_empty() || part == "-" {
            continue;
        }
        let value = u64::try_from(scaled(part, unit_billionths)?).ok()?;
        sum = Some(sum.unwrap_or(0).checked_add(value)?);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        assert_eq!(scaled("0.1", 1_000_000_000), Some(100_000_000));
        assert_eq!(scaled("-1.5e3", 10), Some(-15_000));
        assert_eq!(scaled("5.233883857727051e-05", 1_000_000_000), Some(52_338));
        assert_eq!(
            scaled("0.19999999999999998", 1_000_000_000),
            Some(199_999_999)
        );
        assert_eq!(scaled("00012.", 1), Some(12));
        assert_eq!(scaled("1e-60", 1_000_000_000), Some(0));
        for text in [
            "",
            ".",
            "-",
            "1,5",
            "0x10",
            "NaN",
            "inf",
            "1e",
            "1e99999999999",
            "1e40",
            "1.2.3",
        ] {
            assert_eq!(scaled(text, 1), None, "{text}");
        }
    }

    #[test]
    fn events_are_whole_and_not_negative() {
        assert_eq!(events("137.0"), Some(137));
        assert_eq!(events("2.5"), Some(3));
        assert_eq!(events("2.4999"), Some(2));
        assert_eq!(events("-1"), None);
        assert_eq!(events("-0"), Some(0));
    }

    #[test]
    fn upstream_times_add_up() {
        assert_eq!(nanoseconds("0.250", 1_000_000_000), Some(250_000_000));
        assert_eq!(
            nanoseconds("0.002, 0.100 : -", 1_000_000_000),
            Some(102_000_000)
        );
        assert_eq!(nanoseconds("-", 1_000_000_000), None);
        assert_eq!(nanoseconds("-1", 1_000_000_000), None);
        assert_eq!(nanoseconds("slow", 1_000_000_000), None);
    }
}
