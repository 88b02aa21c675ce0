//! Marks where texts in quotes may end, 64 bytes at once. Knows quotes and escapes; knows no format.
//!
//! A search for the end of each text begins anew each time and guesses wrong where lengths differ. Here every byte costs
//! the same, whatever stands in it, and the end of a text is the next bit of a map.

use wide::i8x16;

use crate::log::special::chunk;

/// Bytes that are marked at once.
const BLOCK: usize = 64;

/// Where texts in a run of lines may end.
#[derive(Debug, Default)]
pub(crate) struct Stops {
    /// A bit per byte of the run, the lowest first, and some that are never set.
    bits: Vec<u8>,
}

impl Stops {
    /// Marks quotes and line ends.
    pub(crate) fn mark_quotes(&mut self, run: &[u8]) {
        self.mark(run, |block, _| {
            let [quote, line_end] = [b'"', b'\n'].map(splat);
            bits(block.map(|bytes| bytes.simd_eq(quote) | bytes.simd_eq(line_end)))
        });
    }

    /// Marks the quotes of JSON strings that nothing escapes, and what is no plain text: control characters, bytes beyond
    /// ASCII, and backslashes of rare escapes.
    pub(crate) fn mark_strings(&mut self, run: &[u8]) {
        let mut is_escaped = false;
        self.mark(run, |block, at| {
            let [quote, backslash, blank] = [b'"', b'\\', b' '].map(splat);
            // As signed bytes, what is no ASCII lies under the blank.
            let stops = block.map(|bytes| bytes.simd_eq(quote) | blank.simd_gt(bytes));
            let escapes = block.map(|bytes| bytes.simd_eq(backslash));
            let has_escape = (escapes[0] | escapes[1]) | (escapes[2] | escapes[3]);
            if is_escaped || has_escape.to_bitmask() != 0 {
                unescaped((run, at), bits(stops), bits(escapes), &mut is_escaped)
            } else {
                bits(stops)
            }
        });
    }

    #[inline(always)]
    fn mark(&mut self, run: &[u8], mut stops: impl FnMut([i8x16; 4], usize) -> u64) {
        const WORD: usize = BLOCK / 8;
        let (blocks, last) = run.as_chunks::<BLOCK>();
        // Invariant: behind the last byte's bit there is a word, so that it is found as all others are.
        self.bits.clear();
        self.bits.resize((blocks.len() + 2) * WORD, 0);
        let words = self.bits.as_chunks_mut::<WORD>().0;
        for (index, (block, word)) in blocks.iter().zip(&mut *words).enumerate() {
            *word = stops(lanes(block), index * BLOCK).to_le_bytes();
        }
        let mut block = [b' '; BLOCK];
        block[..last.len()].copy_from_slice(last);
        words[blocks.len()] = stops(lanes(&block), blocks.len() * BLOCK).to_le_bytes();
    }

    /// The first that is marked, from a place on.
    #[inline(always)]
    pub(crate) fn next(&self, from: usize) -> Option<usize> {
        let word = u64::from_le_bytes(*chunk(&self.bits, from / 8)?) >> (from % 8);
        if word == 0 {
            return self.next_word(from / 8 + 8);
        }
        Some(from + word.trailing_zeros() as usize)
    }

    #[inline(always)]
    fn next_word(&self, mut at: usize) -> Option<usize> {
        loop {
            let word = u64::from_le_bytes(*chunk(&self.bits, at)?);
            if word != 0 {
                return Some(at * 8 + word.trailing_zeros() as usize);
            }
            at += 8;
        }
    }
}

/// Takes what is escaped from the stops of a block, and adds the backslashes of rare escapes. `is_escaped` says whether the
/// first byte of this block is escaped, and then whether that of the next one is.
#[inline(never)]
fn unescaped(
    (run, at): (&[u8], usize),
    mut stops: u64,
    mut escapes: u64,
    is_escaped: &mut bool,
) -> u64 {
    if std::mem::take(is_escaped) {
        (stops, escapes) = (stops & !1, escapes & !1);
    }
    while escapes != 0 {
        let place = escapes.trailing_zeros() as usize;
        escapes &= escapes - 1;
        if !run.get(at + place + 1).copied().is_some_and(is_escape) {
            stops |= 1 << place;
        } else if place + 1 == BLOCK {
            *is_escaped = true;
        } else {
            // What is escaped ends nothing, and escapes nothing.
            (stops, escapes) = (stops & !(2 << place), escapes & !(2 << place));
        }
    }
    stops
}

/// What may stand behind a backslash in JSON; characters by their number are rare.
#[inline(always)]
pub(crate) fn is_escape(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
}

#[inline(always)]
fn splat(byte: u8) -> i8x16 {
    i8x16::splat(byte.cast_signed())
}

#[inline(always)]
fn lanes(block: &[u8; BLOCK]) -> [i8x16; 4] {
    let parts = block.as_chunks::<16>().0;
    std::array::from_fn(|part| i8x16::new(parts[part].map(u8::cast_signed)))
}

/// A bit per byte that is set, the lowest first.
#[inline(always)]
fn bits(lanes: [i8x16; 4]) -> u64 {
    let part = |at: usize| u64::from(lanes[at].to_bitmask() & 0xffff) << (16 * at);
    part(0) | part(1) | part(2) | part(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(stops: &Stops) -> Vec<usize> {
        let next = |at: &usize| stops.next(at + 1);
        std::iter::successors(stops.next(0), next).collect()
    }

    #[test]
    fn every_byte_is_marked_at_every_place_or_not() {
        let mut stops = Stops::default();
        for byte in 0..=u8::MAX {
            for length in [1, 63, 64, 65, 200] {
                for at in [0, 1, 15, 16, 62, 63, 64, 127, 128, 199] {
                    let mut run = vec![b'a'; length];
                    if at >= length {
                        continue;
                    }
                    run[at] = byte;
                    let found = |is_marked: bool| if is_marked { vec![at] } else { vec![] };
                    stops.mark_quotes(&run);
                    assert_eq!(all(&stops), found(matches!(byte, b'"' | b'\n')), "{byte}");
                    stops.mark_strings(&run);
                    // Behind a backslash, `a` is no escape.
                    let is_odd = !(b' '..=0x7f).contains(&byte) || matches!(byte, b'"' | b'\\');
                    assert_eq!(all(&stops), found(is_odd), "{byte} {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn escapes_are_told_as_one_after_the_other() {
        const BYTES: &[u8] = b"\\\\\\\"\"nux\n\xe9a aaaaa";
        let mut noise = crate::log::quick_tests::Noise(7);
        let (mut stops, mut escaped) = (Stops::default(), 0);
        for length in 0..600 {
            let bytes = || BYTES[noise.below(BYTES.len())];
            let run: Vec<u8> = std::iter::repeat_with(bytes).take(length).collect();
            let (mut expected, mut at) = (Vec::new(), 0);
            while at < length {
                if run[at] == b'\\' && run.get(at + 1).copied().is_some_and(is_escape) {
                    (at, escaped) = (at + 2, escaped + 1);
                    continue;
                }
                if matches!(run[at], b'"' | b'\\' | b'\n' | 0xe9) {
                    expected.push(at);
                }
                at += 1;
            }
            stops.mark_strings(&run);
            assert_eq!(all(&stops), expected, "{}", run.escape_ascii());
        }
        assert!(escaped > 5_000, "{escaped}");
    }

    #[test]
    fn nothing_is_marked_behind_the_end() {
        let mut stops = Stops::default();
        assert_eq!(stops.next(0), None);
        stops.mark_quotes(&[b'"'; 300]);
        stops.mark_quotes(b"a\"");
        assert_eq!(
            (stops.next(0), stops.next(1), stops.next(2)),
            (Some(1), Some(1), None)
        );
        assert_eq!(stops.next(100_000), None);
    }
}
