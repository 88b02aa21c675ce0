//! Latencies and times as they are usually written, read in a few steps. What is written otherwise is left to number.rs
//! and time.rs, which say the same of what is read here.

use jiff::Timestamp;

use crate::log::quick::packed;

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
    pub(crate) fn of_short(&self, text: Short) -> Option<u64> {
        match *self.scales.get(text.fraction)? {
            0 => None,
            scale => text.value().checked_mul(scale),
        }
    }

    /// As [`Latency::of_short`], of a text that may be longer.
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

const WORD: usize = 8;
const DIGITS: u64 = u64::from_le_bytes([b'0'; WORD]);
const HIGH: u64 = u64::from_le_bytes([0x80; WORD]);

/// A number of up to eight bytes, cut up without a loop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Short {
    /// Its digits without a point, the last in the highest byte; `0` before them.
    digits: u64,
    /// How many of them stand behind the point.
    fraction: usize,
}

impl Short {
    /// Digits, and a point before, among or behind them: so many bytes of a word, in which nothing else is. `None` is not
    /// sure.
    #[inline(always)]
    pub(crate) fn of(text: u64, length: usize) -> Option<Self> {
        let points = equal(text, b'.');
        let (digits, whole, fraction) = if points == 0 {
            (text, length, 0)
        } else {
            let whole = points.trailing_zeros() as usize / 8;
            let after = text >> (8 * whole) >> 8;
            let before = text & !(u64::MAX << (8 * whole));
            (before | after << (8 * whole), whole, length - 1 - whole)
        };
        let count = whole + fraction;
        if count.wrapping_sub(1) >= WORD {
            return None;
        }
        let digits = digits << (8 * (WORD - count)) | DIGITS & !(u64::MAX << (8 * (WORD - count)));
        let values = digits ^ DIGITS;
        // Invariant: a carry comes only from a byte that is no digit, which is found without it.
        let others = (values.wrapping_add(u64::from_le_bytes([0x80 - 10; WORD])) | values) & HIGH;
        (others == 0).then_some(Self { digits, fraction })
    }

    #[inline(always)]
    fn value(self) -> u64 {
        // Neighbours are put together: digits to pairs, then all pairs at once.
        const PAIRS: u64 = 0x0000_00ff_0000_00ff;
        let values = self.digits ^ DIGITS;
        let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
        let even = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
        let odd = ((pairs >> 16) & PAIRS).wrapping_mul(1 + (10_000 << 32));
        even.wrapping_add(odd) >> 32
    }
}

/// The highest bit of each byte that is equal.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ u64::from_le_bytes([byte; WORD]);
    !((differs & !HIGH).wrapping_add(!HIGH) | differs) & HIGH
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
    around: (&'static [u8], &'static [u8]),
    /// The whole text and what is around it, and the bits that all texts of its minute share.
    words: [u64; MOST_BEFORE / 8],
    masks: [u64; MOST_BEFORE / 8],
    /// Where the tens of the seconds stand there; 0 if it is too long.
    tens: usize,
}

impl Minute {
    /// The slice of a time with what stands around it, if that is as was told to [`Minute::surround`] and its minute was
    /// the last one.
    #[inline(always)]
    pub(crate) fn slice_around(&self, text: &[u8; MOST_BEFORE]) -> Option<i64> {
        let mut differs = 0;
        for (at, word) in text.as_chunks::<8>().0.iter().enumerate() {
            differs |= (u64::from_le_bytes(*word) ^ self.words[at]) & self.masks[at];
        }
        let (tens, ones) = (
            text[self.tens % MOST_BEFORE],
            text[(self.tens + 1) % MOST_BEFORE],
        );
        let is_same = (differs == 0)
            & (self.tens != 0)
            & (tens.wrapping_sub(b'0') < 6)
            & (ones.wrapping_sub(b'0') < 10);
        is_same.then_some(self.slice)
    }

    /// Says what stands around times in lines.
    pub(crate) fn surround(mut self, before: &'static [u8], after: &'static [u8]) -> Self {
        self.around = (before, after);
        self
    }

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
        self.learn_words(text, seconds);
        Some(self.slice)
    }

    fn learn_words(&mut self, text: &[u8], seconds: usize) {
        let has_fraction = seconds + 3 + self.after.len() < text.len();
        let whole = [self.around.0, text, self.around.1].concat();
        let tens = self.around.0.len() + seconds + 1;
        self.tens = 0;
        if has_fraction || whole.len() > MOST_BEFORE {
            return;
        }
        self.tens = tens;
        let (mut bytes, mut masks) = ([0; MOST_BEFORE], [0; MOST_BEFORE]);
        for (at, byte) in whole.iter().enumerate() {
            let is_second = at == tens || at == tens + 1;
            (bytes[at], masks[at]) = (*byte, if is_second { 0 } else { 0xff });
        }
        let word = |bytes: &[u8; MOST_BEFORE], at: usize| {
            u64::from_le_bytes(std::array::from_fn(|byte| bytes[at * 8 + byte]))
        };
        self.words = std::array::from_fn(|at| word(&bytes, at));
        self.masks = std::array::from_fn(|at| word(&masks, at));
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
    use crate::text::number::nanoseconds;

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
        let (mut quick, mut short_ones) = (0, 0);
        for text in texts {
            for unit in [1_000_000_000, 1_000_000, 1000, 1, 60_000_000_000_u64] {
                if let Some(found) = Latency::new(unit).nanoseconds(text.as_bytes()) {
                    assert_eq!(Some(found), nanoseconds(text, unit.into()), "{text} {unit}");
                    quick += 1;
                }
                if let Some(short) = short(text)
                    && let Some(found) = Latency::new(unit).of_short(short)
                {
                    assert_eq!(Some(found), nanoseconds(text, unit.into()), "{text} {unit}");
                    short_ones += 1;
                }
            }
        }
        assert!(short_ones > 10, "{short_ones}");
        assert!(quick > 20, "{quick}");
    }

    #[test]
    fn a_short_number_is_its_digits() {
        let texts = "0 7 00 01 10 0.5 00.5 .5 5. 1.25 1.2.3 12345678 1234567. .1234567 . 1e3 -1 0x1 1/2 1:2 1\u{e9}";
        let mut found = 0;
        for text in texts.split(' ') {
            let digits: String = text.chars().filter(|c| *c != '.').collect();
            if let Some(short) = short(text) {
                assert_eq!(short.value(), digits.parse::<u64>().unwrap(), "{text}");
                found += 1;
            }
        }
        assert_eq!(found, 13);
        assert!(Short::of(0, 0).is_none());
    }

    fn word(text: &str) -> u64 {
        let mut bytes = [0; WORD];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        u64::from_le_bytes(bytes)
    }

    fn short(text: &str) -> Option<Short> {
        (text.len() <= WORD).then(|| Short::of(word(text), text.len()))?
    }

    #[test]
    fn a_time_with_what_is_around_it_is_the_time() {
        let mut minute = Minute::default().surround(b" [", b"] \"");
        let text = b"02/Nov/2026:09:40:07 +0100";
        let time = crate::text::time::parse_log_time(text).unwrap();
        let slice = minute.learn(text, 17, time, 60);
        let around = b" [02/Nov/2026:09:40:07 +0100] \"G";
        assert!(slice.is_some());
        assert_eq!(minute.slice_around(around), slice);
        for at in 0..31 {
            for byte in 0..=u8::MAX {
                let mut other = *around;
                other[at] = byte;
                let is_second = (at == 21 && byte.is_ascii_digit())
                    || (at == 20 && matches!(byte, b'0'..=b'5'))
                    || byte == around[at];
                assert_eq!(
                    minute.slice_around(&other).is_some(),
                    is_second,
                    "{at} {byte}"
                );
            }
        }
    }

    #[test]
    fn a_quick_time_is_the_time() {
        for text in [
            "1793612400",
            "1793612400.999",
            "1793612400123",
            "1793612459.5",
        ] {
            let time = crate::text::time::parse_time(text).unwrap();
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
