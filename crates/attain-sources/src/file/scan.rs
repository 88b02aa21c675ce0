//! Runs of whole lines out of a stream of bytes, in one buffer that is used again. Knows line ends; knows no format.
//!
//! A line belongs to the stretch in which its first byte stands. That cuts a content into stretches at any positions, each
//! line into exactly one, and two readers need not know of each other.

use std::io::Read;

use memchr::{memchr, memrchr};

/// Read at once: large enough for the system, small enough for a core's own cache.
const BUFFER_BYTES: usize = 256 * 1024;
/// Of a longer line the beginning is kept: a file without lines must not fill the memory.
const LONGEST_LINE_BYTES: usize = 1 << 20;

/// Reads runs of lines.
pub(crate) struct Scan<R> {
    input: R,
    buffer: Vec<u8>,
    /// What of the buffer is not yet given away.
    begin: usize,
    end: usize,
    /// The position of `begin` in the content.
    position: u64,
    is_at_end: bool,
    /// A last line without its end is left where it is.
    whole_lines: bool,
    /// There was one.
    is_unfinished: bool,
    /// Why there is no more; what came before it is given away first.
    failed: Option<std::io::Error>,
}

/// Whole lines, one after the other; only the last of a file may lack its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run<'b> {
    pub(crate) bytes: &'b [u8],
    /// The position after it.
    pub(crate) end: u64,
}

impl<R: Read> Scan<R> {
    /// From a position in the content, where `input` stands. `buffer` is used again.
    pub(crate) fn new(input: R, position: u64, mut buffer: Vec<u8>) -> Self {
        buffer.resize(buffer.capacity().max(BUFFER_BYTES), 0);
        Self {
            input,
            buffer,
            begin: 0,
            end: 0,
            position,
            is_at_end: false,
            whole_lines: false,
            is_unfinished: false,
            failed: None,
        }
    }

    /// A last line without its end is not given away: it is still being written, and whoever comes later reads it whole.
    pub(crate) fn whole_lines(mut self, whole_lines: bool) -> Self {
        self.whole_lines = whole_lines;
        self
    }

    /// Whether a last line was left where it is.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.is_unfinished
    }

    /// The buffer, for the next.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// The position of what comes next.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The next lines, as many as there are in the buffer, of those that begin before `limit`; `None` if there are none.
    pub(crate) fn run(&mut self, limit: u64) -> std::io::Result<Option<Run<'_>>> {
        if self.position >= limit {
            return Ok(None);
        }
        loop {
            let have = &self.buffer[self.begin..self.end];
            let wanted = usize::try_from(limit - self.position).unwrap_or(usize::MAX);
            // The line that crosses the limit began before it.
            let crossing = have.get(wanted - 1..).and_then(|rest| memchr(b'\n', rest));
            let length = match crossing {
                Some(at) => wanted + at,
                None => memrchr(b'\n', have).map_or(0, |at| at + 1),
            };
            if length > 0 {
                return Ok(Some(self.give(length)));
            }
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if self.is_at_end {
                let rest = self.end - self.begin;
                if self.whole_lines {
                    self.is_unfinished |= rest > 0;
                    return Ok(None);
                }
                return Ok((rest > 0).then(|| self.give(rest)));
            }
            if have.len() >= LONGEST_LINE_BYTES {
                return Ok(self.long_line());
            }
            self.fill();
        }
    }

    /// Passes over everything before `limit` and the line that crosses it; gives the number of line ends.
    pub(crate) fn pass(&mut self, limit: u64) -> std::io::Result<u64> {
        let mut lines = 0;
        while let Some(run) = self.run(limit)? {
            lines += memchr::memchr_iter(b'\n', run.bytes).count() as u64;
        }
        Ok(lines)
    }

    fn give(&mut self, length: usize) -> Run<'_> {
        let from = self.begin;
        self.begin += length;
        self.position += length as u64;
        Run {
            bytes: &self.buffer[from..from + length],
            end: self.position,
        }
    }

    /// The beginning of a line that is too long, with a line end; the rest is passed over.
    fn long_line(&mut self) -> Option<Run<'_>> {
        let position = self.position;
        let mut kept = self.buffer[self.begin..self.begin + LONGEST_LINE_BYTES].to_vec();
        kept.push(b'\n');
        loop {
            let have = &self.buffer[self.begin..self.end];
            let end = memchr(b'\n', have);
            let passed = end.map_or(have.len(), |at| at + 1);
            self.begin += passed;
            self.position += passed as u64;
            if end.is_some() {
                break;
            }
            if self.is_at_end && self.whole_lines {
                self.is_unfinished = true;
                self.position = position;
                return None;
            }
            if self.is_at_end || self.failed.is_some() {
                break;
            }
            self.fill();
        }
        // What comes next moves behind the kept beginning, so that both stand in the buffer.
        let next = self.buffer[self.begin..self.end].to_vec();
        (self.begin, self.end) = (kept.len(), kept.len() + next.len());
        kept.extend(next);
        kept.resize(kept.len().max(self.buffer.len()), 0);
        self.buffer = kept;
        Some(Run {
            bytes: &self.buffer[..self.begin],
            end: self.position,
        })
    }

    /// Reads more behind what is there.
    fn fill(&mut self) {
        self.buffer.copy_within(self.begin..self.end, 0);
        (self.begin, self.end) = (0, self.end - self.begin);
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        while self.end < self.buffer.len() {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.is_at_end = true;
                    break;
                }
                Ok(length) => self.end += length,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(text: &[u8], cuts: &[u64]) -> Vec<String> {
        let mut found = Vec::new();
        let mut from = 0;
        for cut in cuts.iter().copied().chain([u64::MAX]) {
            // Each stretch by a reader of its own, from the byte before it.
            let start = u64::saturating_sub(from, 1);
            let input = &text[usize::try_from(start).unwrap().min(text.len())..];
            let mut scan = Scan::new(input, start, Vec::new());
            if from > 0 {
                scan.pass(from).unwrap();
            }
            let mut stretch = String::new();
            while let Some(run) = scan.run(cut).unwrap() {
                stretch += std::str::from_utf8(run.bytes).unwrap();
            }
            found.push(stretch);
            from = cut;
        }
        found
    }

    #[test]
    fn a_line_belongs_where_it_begins() {
        let text = b"ab\ncde\n\nf";
        for first in 1..9 {
            for second in first + 1..10 {
                let found = runs(text, &[first, second]);
                assert_eq!(found.concat().as_bytes(), text, "{found:?}");
                let ends_whole = |part: &String| part.is_empty() || part.ends_with(['\n', 'f']);
                assert!(found.iter().all(ends_whole), "{found:?}");
            }
        }
        assert_eq!(runs(text, &[3, 4]), ["ab\n", "cde\n", "\nf"]);
    }

    #[test]
    fn a_line_that_is_still_being_written_is_left() {
        let long = format!("a\n{}", "x".repeat(3 << 20));
        for (text, whole) in [
            ("a\nbc", 2),
            ("a\nbc\n", 5),
            ("", 0),
            ("abc", 0),
            (&long, 2),
        ] {
            let mut scan = Scan::new(text.as_bytes(), 0, Vec::new()).whole_lines(true);
            let mut read = 0;
            while let Some(run) = scan.run(u64::MAX).unwrap() {
                read += run.bytes.len();
            }
            assert_eq!((read, scan.position()), (whole, whole as u64));
            assert_eq!(scan.is_unfinished(), whole < text.len());
        }
    }

    #[test]
    fn of_a_long_line_the_beginning_is_kept() {
        let text = format!("a\n{}\nb\n", "x".repeat(3 << 20));
        let mut scan = Scan::new(text.as_bytes(), 0, Vec::new());
        let mut lines = Vec::new();
        while let Some(run) = scan.run(u64::MAX).unwrap() {
            let run = std::str::from_utf8(run.bytes).unwrap();
            lines.extend(run.lines().map(str::len));
        }
        assert_eq!(lines, [1, LONGEST_LINE_BYTES, 1]);
        assert_eq!(scan.position(), text.len() as u64);
    }
}
