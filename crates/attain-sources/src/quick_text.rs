//! Latencies and times as they are usually written, read in a few steps. What is written otherwise is left to number.rs
//! and time.rs, which say the same of what is read here.

use jiff::Timestamp;

/// A latency in nanoseconds; `None` is not sure.
#[inline]
pub(crate) fn quick_nanoseconds(text: &[u8], unit_billionths: u64) -> Option<u64> {
    /// Their digits fit into 64 bits, and a float keeps them.
    const MOST_DIGITS: usize = 15;
    const POWERS: [u64; 10] = [
        1,
        10,
        100,
        1000,
        10_000,
        100_000,
        1_000_000,
        10_000_000,
        100_000_000,
        1_000_000_000,
    ];
    if text.is_empty() || text.len() > MOST_DIGITS {
        return None;
    }
    let (mut value, mut point) = (0_u64, None);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() && text.len() > 1 => point = Some(at),
            _ => return None,
        }
    }
    let fraction = point.map_or(0, |at| text.len() - at - 1);
    let power = *POWERS.get(fraction)?;
    if unit_billionths % power == 0 {
        value.checked_mul(unit_billionths / power)
    } else {
        Some(value.checked_mul(unit_billionths)? / power)
    }
}

/// The slice of the last time: lines come many to a minute, and the text of a minute is the same in all of them.
#[derive(Debug, Default)]
pub(crate) struct Minute {
    /// Up to the minute, and what follows the seconds.
    before: Vec<u8>,
    after: Vec<u8>,
    slice: i64,
    is_known: bool,
}

impl Minute {
    /// The slice of a time in whose text the seconds stand at `seconds`, as `:59`, if its minute was the last one.
    #[inline]
    pub(crate) fn slice(&self, text: &[u8], seconds: usize) -> Option<i64> {
        let is_same = self.is_known
            && text.len() == seconds + 3 + self.after.len()
            && text[..seconds] == self.before[..]
            && text[seconds] == b':'
            && matches!(text[seconds + 1], b'0'..=b'5')
            && text[seconds + 2].is_ascii_digit()
            && text[seconds + 3..] == self.after[..];
        is_same.then_some(self.slice)
    }

    /// As [`Minute::slice`], where a fraction of a second may follow the seconds.
    #[inline]
    pub(crate) fn slice_with_fraction(&self, text: &[u8], seconds: usize) -> Option<i64> {
        let is_same = self.is_known
            && text.len() >= seconds + 3
            && text[..seconds] == self.before[..]
            && text[seconds] == b':'
            && matches!(text[seconds + 1], b'0'..=b'5')
            && text[seconds + 2].is_ascii_digit()
            && without_fraction(&text[seconds + 3..]) == &self.after[..];
        is_same.then_some(self.slice)
    }

    /// Remembers the minute of a time that was read from such a text; gives its slice. `None` if that cannot tell it.
    // Invariant: zones are whole minutes, so a minute lies in one slice if slices are whole minutes.
    pub(crate) fn learn(
        &mut self,
        text: &[u8],
        seconds: usize,
        time: Timestamp,
        slice_seconds: i64,
    ) -> Option<i64> {
        let is_plain = text.get(seconds) == Some(&b':')
            && matches!(text.get(seconds + 1), Some(b'0'..=b'5'))
            && text.get(seconds + 2).is_some_and(u8::is_ascii_digit);
        if !is_plain || slice_seconds % 60 != 0 {
            return None;
        }
        self.before = text[..seconds].to_vec();
        self.after = without_fraction(&text[seconds + 3..]).to_vec();
        self.slice = time.as_second().div_euclid(slice_seconds);
        self.is_known = true;
        Some(self.slice)
    }
}

#[inline]
fn without_fraction(text: &[u8]) -> &[u8] {
    match text {
        [b'.' | b',', rest @ ..] => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            &rest[digits..]
        }
        text => text,
    }
}

/// Whole seconds of a time in seconds or milliseconds since 1970; `None` is not sure.
#[inline]
pub(crate) fn quick_epoch(text: &[u8]) -> Option<i64> {
    const SECONDS_DIGITS: usize = 10;
    const MILLISECONDS_DIGITS: usize = 13;
    let whole = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_plain = match text.get(whole) {
        None => true,
        Some(b'.') => text[whole + 1..].iter().all(u8::is_ascii_digit) && text.len() <= 16,
        Some(_) => false,
    };
    let value = |digits: usize| {
        text[..digits]
            .iter()
            .fold(0, |value, byte| value * 10 + i64::from(byte - b'0'))
    };
    match whole {
        _ if !is_plain || text.first() == Some(&b'0') => None,
        SECONDS_DIGITS => Some(value(SECONDS_DIGITS)),
        MILLISECONDS_DIGITS => Some(value(MILLISECONDS_DIGITS - 3)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::nanoseconds;

    #[test]
    fn a_quick_latency_is_the_latency() {
        let texts = [
            "0",
            "0.012",
            "1.",
            ".5",
            "12",
            "0.1234567891",
            "999999999999999",
            "00012.50",
            "1.2.3",
            ".",
            "",
            "-1",
            "1e3",
            "0.00000000001",
            "123456789.123",
        ];
        let mut quick = 0;
        for text in texts {
            for unit in [1_000_000_000, 1_000_000, 1000, 1, 60_000_000_000] {
                if let Some(found) = quick_nanoseconds(text.as_bytes(), unit) {
                    assert_eq!(Some(found), nanoseconds(text, unit.into()), "{text} {unit}");
                    quick += 1;
                }
            }
        }
        assert!(quick > 30, "{quick}");
    }

    #[test]
    fn a_quick_time_is_the_time() {
        for text in [
            "1793612400",
            "1793612400.999",
            "1793612400123",
            "1793612459.5",
        ] {
            let time = crate::time::parse_time(text).unwrap();
            assert_eq!(
                quick_epoch(text.as_bytes()),
                Some(time.as_second()),
                "{text}"
            );
        }
        for text in [
            "0793612400",
            "17936124",
            "1793612400123456",
            "1793612400e1",
            "-1793612400",
            "",
        ] {
            assert_eq!(quick_epoch(text.as_bytes()), None, "{text}");
        }
    }
}
