//! Finds where a short text ends, a word of bytes at once. Knows bytes; knows no format.
//!
//! Most texts in a line of a log are short: a search made for long ones costs more to begin than these to look at.

use memchr::{memchr, memchr2};

/// Texts of more words are searched as long ones.
const WORDS: usize = 6;
const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// The place of the first quote or backslash.
#[inline(always)]
pub(crate) fn quote_or_backslash(text: &[u8]) -> Option<usize> {
    let mask = |word| equal(word, b'"') | equal(word, b'\\');
    first(text, mask, |rest| memchr2(b'"', b'\\', rest))
}

/// The place of the first space.
#[inline(always)]
pub(crate) fn space(text: &[u8]) -> Option<usize> {
    first(text, |word| equal(word, b' '), |rest| memchr(b' ', rest))
}

/// The place of the first `?` or `#`.
#[inline(always)]
pub(crate) fn query_or_fragment(text: &[u8]) -> Option<usize> {
    let mask = |word| equal(word, b'?') | equal(word, b'#');
    first(text, mask, |rest| memchr2(b'?', b'#', rest))
}

/// The place of the first bracket or line end.
#[inline(always)]
pub(crate) fn bracket_or_line_end(text: &[u8]) -> Option<usize> {
    let mask = |word| equal(word, b'[') | equal(word, b'\n');
    first(text, mask, |rest| memchr2(b'[', b'\n', rest))
}

/// The place of the first blank or control character; 16 if there is none.
#[inline(always)]
pub(crate) fn blank(text: &[u8; 16]) -> usize {
    const BLANKS: u128 = u128::from_le_bytes([b' ' + 1; 16]);
    const ALL_HIGH: u128 = u128::from_le_bytes([0x80; 16]);
    let word = u128::from_le_bytes(*text);
    // Invariant: as with `equal`, the lowest bit that is set is sure: nothing below it borrows.
    let blanks = word.wrapping_sub(BLANKS) & !word & ALL_HIGH;
    blanks.trailing_zeros() as usize / 8
}

/// Bytes at a place; `None` if there are too few.
#[inline(always)]
pub(crate) fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<&[u8; N]> {
    bytes.get(at..)?.first_chunk()
}

/// The number of digits at the beginning.
#[inline(always)]
pub(crate) fn digits(text: &[u8]) -> usize {
    const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
    const TO_HIGH: u64 = u64::from_le_bytes([0x80 - 10; 8]);
    if let Some(bytes) = text.first_chunk::<8>() {
        // Invariant: as with `equal`, the lowest bit that is set is sure: digits below it carry nothing.
        let values = u64::from_le_bytes(*bytes) ^ ZEROS;
        let others = (values.wrapping_add(TO_HIGH) | values) & HIGH;
        if others != 0 {
            return others.trailing_zeros() as usize / 8;
        }
    }
    let is_digit = |byte: &&u8| byte.is_ascii_digit();
    text.iter().take_while(is_digit).count()
}

/// The first byte that `mask` marks, or `long` finds behind what was looked at.
#[inline(always)]
fn first(
    text: &[u8],
    mask: impl Fn(u64) -> u64,
    long: impl Fn(&[u8]) -> Option<usize>,
) -> Option<usize> {
    let mut at = 0;
    while at < WORDS * 8
        && let Some(bytes) = text[at..].first_chunk::<8>()
    {
        let found = mask(u64::from_le_bytes(*bytes));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    long(&text[at..]).map(|found| at + found)
}

/// Bytes equal to `byte` have their highest bit set.
// Invariant: only the lowest bit that is set is sure; a byte above one that is equal may be taken for equal.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ u64::from_le_bytes([byte; 8]);
    differs.wrapping_sub(ONES) & !differs & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_found_at_every_place() {
        for byte in 0..=u8::MAX {
            for length in [1, 7, 8, 9, 47, 48, 49, 56, 90] {
                for at in 0..length {
                    // Neighbours that differ from what is looked for by one bit.
                    let mut text: Vec<u8> = b"!#]$".iter().copied().cycle().take(length).collect();
                    text[at] = byte;
                    let is_quote = matches!(byte, b'"' | b'\\');
                    let found = quote_or_backslash(&text);
                    assert_eq!(found, is_quote.then_some(at), "{byte} {at}");
                    assert_eq!(space(&text), (byte == b' ').then_some(at), "{byte} {at}");
                    let is_end = matches!(byte, b'[' | b'\n');
                    let found = bracket_or_line_end(&text);
                    assert_eq!(found, is_end.then_some(at), "{byte} {at}");
                }
            }
        }
    }

    #[test]
    fn a_query_or_a_fragment_is_found() {
        for byte in 0..=u8::MAX {
            for at in 0..60 {
                let mut text: Vec<u8> = b">\"!\x7f".iter().copied().cycle().take(60).collect();
                text[at] = byte;
                let is_end = matches!(byte, b'?' | b'#');
                assert_eq!(
                    query_or_fragment(&text),
                    is_end.then_some(at),
                    "{byte} {at}"
                );
            }
        }
    }

    #[test]
    fn the_first_blank_of_sixteen_is_found() {
        for byte in 0..=u8::MAX {
            for at in 0..16 {
                let mut text = *b"!!~~az09\x80\xff!!!!!!";
                text[at] = byte;
                assert_eq!(
                    blank(&text),
                    if byte <= b' ' { at } else { 16 },
                    "{byte} {at}"
                );
                text[15] = b' ';
                assert_eq!(
                    blank(&text),
                    if byte <= b' ' { at } else { 15 },
                    "{byte} {at}"
                );
            }
        }
    }

    #[test]
    fn a_chunk_is_there_or_not() {
        assert_eq!(chunk::<2>(b"abc", 1), Some(b"bc"));
        assert_eq!(chunk::<2>(b"abc", 2), None);
        assert_eq!(chunk::<2>(b"abc", 4), None);
    }

    #[test]
    fn digits_end_at_any_other_byte() {
        for byte in 0..=u8::MAX {
            for length in [1, 7, 8, 9, 20] {
                for at in 0..length {
                    let mut text = b"90".repeat(10)[..length].to_vec();
                    text[at] = byte;
                    let expected = if byte.is_ascii_digit() { length } else { at };
                    assert_eq!(digits(&text), expected, "{byte} {at}");
                }
            }
        }
        assert_eq!(digits(b""), 0);
        assert_eq!(digits(b"1\xff\xff\xff\xff\xff\xff\xff"), 1);
    }

    #[test]
    fn of_several_the_first_is_found() {
        for from in 0..80 {
            let text = [&vec![b'a'; from][..], b"\\\"# \"!  \\"].concat();
            assert_eq!(quote_or_backslash(&text), Some(from));
            assert_eq!(quote_or_backslash(&text[from + 1..]), Some(0));
            assert_eq!(space(&text), Some(from + 3));
        }
        assert_eq!(quote_or_backslash(b""), None);
        assert_eq!(space(b""), None);
    }
}
