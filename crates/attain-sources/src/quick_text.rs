//! Latencies and times as they are usually written, read in a few steps. What is written otherwise is left to number.rs
//! and time.rs, which say the same of what is read here.

use jiff::Timestamp;

use crate::quick::packed;

/// Longer beginnings of a time are not remembered.
const MOST_BEFORE: usize = 32;

/// Reads latencies of one unit.
#[derive(Debug)]
pub(crate) struct Latency {
    /// What a text is worth by its digits behind the point; 0 is not sure.
    scales: [u64; 10],
}

impl Latency {
    pub(crate) fn new(unit_billionths: u64) -> Self {
        let power = |digits: usize| 10_u64.pow(u32::try_from(digits).unwrap_or(0));
        Self {
            scales: std::array::from_fn(|digits| match unit_billionths % power(digits) {
                0 => unit_billionths / power(digits),
                _ => 0,
            }),
        }
    }

    /// In nanoseconds; `None` is not sure.
    #[inline(always)]
    pub(crate) fn nanoseconds(&self, text: &[u8]) -> Option<u64> {
        /// Their digits fit into 64 bits, and a float keeps them.
        const MOST_DIGITS: usize = 15;
        if text.is_empty() || text.len() > MOST_DIGITS {
            return None;
        }
        let (mut value, mut after_point) = (0_u64, 0_usize);
        let mut is_after = 0;
        for byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                value = value * 10 + u64::from(digit);
                after_point += is_after;
            } else if *byte == b'.' && is_after == 0 && text.len() > 1 {
                is_after = 1;
            } else {
                return None;
            }
        }
        match *self.scales.get(after_point)? {
            0 => None,
            scale => value.checked_mul(scale),
        }
    }
}

/// The slice of the last time: lines come many to a minute, and the text of a minute is the same in all of them.
#[derive(Debug, Default)]
pub(crate) struct Minute {
    /// Up to the minute, and what follows the seconds.
    before: [u8; MOST_BEFORE],
    after: Vec<u8>,
    /// What follows the seconds in one word, if it is short; else 0.
    packed_after: u128,
    slice: i64,
    is_known: bool,
}

impl Minute {
    /// The slice of a time in whose text the seconds stand at `seconds`, as `:59`, if its minute was the last one.
    #[inline(always)]
    pub(crate) fn slice(&self, text: &[u8], seconds: usize) -> Option<i64> {
        let is_same = self.is_known
            && text.len() == seconds + 3 + self.after.len()
            && text[..seconds] == self.before[..seconds]
            && text[seconds] == b':'
            && matches!(text[seconds + 1], b'0'..=b'5')
            && text[seconds + 2].is_ascii_digit()
            && self.is_after(&text[seconds + 3..]);
        is_same.then_some(self.slice)
    }

    /// As [`Minute::slice`], where a fraction of a second may follow the seconds.
    #[inline(always)]
    pub(crate) fn slice_with_fraction(&self, text: &[u8], seconds: usize) -> Option<i64> {
        let is_same = self.is_known
            && text.len() >= seconds + 3
            && text[..seconds] == self.before[..seconds]
            && text[seconds] == b':'
            && matches!(text[seconds + 1], b'0'..=b'5')
            && text[seconds + 2].is_ascii_digit()
            && self.is_after(without_fraction(&text[seconds + 3..]));
        is_same.then_some(self.slice)
    }

    #[inline(always)]
    fn is_after(&self, text: &[u8]) -> bool {
        match packed(text) {
            Some(packed) => packed == self.packed_after,
            None => text == self.after,
        }
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
        self.before
            .get_mut(..seconds)?
            .copy_from_slice(&text[..seconds]);
        self.after = without_fraction(&text[seconds + 3..]).to_vec();
        self.packed_after = packed(&self.after).unwrap_or(0);
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
            for unit in [1_000_000_000, 1_000_000, 1000, 1, 60_000_000_000_u64] {
                if let Some(found) = Latency::new(unit).nanoseconds(text.as_bytes()) {
                    assert_eq!(Some(found), nanoseconds(text, unit.into()), "{text} {unit}");
                    quick += 1;
                }
            }
        }
        assert!(quick > 20, "{quick}");
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
