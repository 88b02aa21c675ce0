//! Everything of a stream up to its last line end. Knows line ends; knows no format.

use std::cell::Cell;
use std::io::{BufRead, Read};
use std::rc::Rc;

use memchr::memrchr;

/// A last line without its end that is longer than this is given away all the same: it must not fill the memory.
const HELD_BYTES: usize = 16 << 20;

/// Holds back what stands behind the last line end.
pub(crate) struct WholeLines<R> {
    input: R,
    /// Whole lines, from `given` on not yet given away.
    ready: Vec<u8>,
    given: usize,
    /// What was read behind them.
    held: Vec<u8>,
    /// Whether anything was held back at the end.
    is_unfinished: Rc<Cell<bool>>,
}

impl<R: BufRead> WholeLines<R> {
    pub(crate) fn new(input: R, is_unfinished: Rc<Cell<bool>>) -> Self {
        Self {
            input,
            ready: Vec::new(),
            given: 0,
            held: Vec::new(),
            is_unfinished,
        }
    }
}

impl<R: BufRead> BufRead for WholeLines<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        while self.given == self.ready.len() {
            let more = self.input.fill_buf()?;
            if more.is_empty() {
                self.is_unfinished.set(!self.held.is_empty());
                break;
            }
            let length = more.len();
            self.ready.clear();
            self.given = 0;
            match memrchr(b'\n', more) {
                Some(at) => {
                    self.ready.append(&mut self.held);
                    self.ready.extend_from_slice(&more[..=at]);
                    self.held.extend_from_slice(&more[at + 1..]);
                }
                None => self.held.extend_from_slice(more),
            }
            self.input.consume(length);
            if self.held.len() > HELD_BYTES {
                self.ready.append(&mut self.held);
            }
        }
        Ok(&self.ready[self.given..])
    }

    fn consume(&mut self, length: usize) {
        self.given = self.ready.len().min(self.given + length);
    }
}

impl<R: BufRead> Read for WholeLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let have = self.fill_buf()?;
        let length = have.len().min(buffer.len());
        buffer[..length].copy_from_slice(&have[..length]);
        self.consume(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn what_has_no_line_end_yet_is_held_back() {
        for (text, whole) in [
            ("", ""),
            ("a", ""),
            ("a\nbc", "a\n"),
            ("a\n\nbc\n", "a\n\nbc\n"),
        ] {
            for capacity in 1..9 {
                let is_unfinished = Rc::new(Cell::new(false));
                let input = BufReader::with_capacity(capacity, text.as_bytes());
                let mut lines = WholeLines::new(input, is_unfinished.clone());
                let mut read = String::new();
                lines.read_to_string(&mut read).unwrap();
                assert_eq!(read, whole);
                assert_eq!(is_unfinished.get(), whole != text);
            }
        }
    }
}
