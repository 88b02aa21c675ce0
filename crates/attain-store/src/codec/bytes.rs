//! Varints, texts and times in a row of bytes.
//!
//! Whoever reads has checked a checksum before, so malformed bytes mean another writer: they are an error, never a panic.

use jiff::Timestamp;

/// Bytes that do not say what they should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

pub(crate) type Read<T> = Result<T, Malformed>;

/// Writes.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Seven bits a byte, the lowest first.
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// Small numbers of either sign are short.
    pub(crate) fn signed(&mut self, number: i64) {
        self.number(zigzag(number));
    }

    pub(crate) fn length(&mut self, length: usize) {
        self.number(length as u64);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.raw(text.as_bytes());
    }

    pub(crate) fn time(&mut self, time: Timestamp) {
        let (second, nanosecond) = parts(time);
        self.signed(second);
        self.number(u64::from(nanosecond));
    }

    /// A flag, then what there is.
    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Reads what a [`Writer`] wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn byte(&mut self) -> Read<u8> {
        let (first, rest) = self
            .bytes
            .split_first()
            .ok_or(Malformed("the bytes end early"))?;
        self.bytes = rest;
        Ok(*first)
    }

    pub(crate) fn number(&mut self) -> Read<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed("a number is too long"))
    }

    pub(crate) fn signed(&mut self) -> Read<i64> {
        self.number().map(unzigzag)
    }

    /// A count of things that take at least a bit each: more than there can be is malformed, so that nobody reserves
    /// memory for it.
    pub(crate) fn length(&mut self) -> Read<usize> {
        usize::try_from(self.number()?)
            .map_err(|_| Malformed("a length is larger than this machine can count"))
    }

    pub(crate) fn raw(&mut self, length: usize) -> Read<&'b [u8]> {
        let (head, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or(Malformed("the bytes end early"))?;
        self.bytes = rest;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let raw = self.raw(N)?;
        raw.try_into().map_err(|_| Malformed("the bytes end early"))
    }

    pub(crate) fn text(&mut self) -> Read<&'b str> {
        let length = self.length()?;
        std::str::from_utf8(self.raw(length)?).map_err(|_| Malformed("a text is not UTF-8"))
    }

    pub(crate) fn time(&mut self) -> Read<Timestamp> {
        let second = self.signed()?;
        let nanosecond = u32::try_from(self.number()?).map_err(|_| Malformed("no such instant"))?;
        time_of(second, nanosecond)
    }

    pub(crate) fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(Malformed("a flag is neither yes nor no")),
        }
    }

    /// So many things; room is reserved for no more than the bytes could hold.
    pub(crate) fn many<T>(&mut self, mut read: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let length = self.length()?;
        let mut things = Vec::with_capacity(length.min(self.bytes.len()));
        for _ in 0..length {
            things.push(read(self)?);
        }
        Ok(things)
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// That nothing is left.
    pub(crate) fn end(self) -> Read<()> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(Malformed("there are more bytes than there should be"))
        }
    }
}

pub(crate) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

pub(crate) fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Whole seconds since 1970, rounded down, and the nanoseconds after them.
pub(crate) fn parts(time: Timestamp) -> (i64, u32) {
    let (second, nanosecond) = (time.as_second(), time.subsec_nanosecond());
    if nanosecond < 0 {
        (second - 1, (nanosecond + 1_000_000_000) as u32)
    } else {
        (second, nanosecond as u32)
    }
}

/// The instant of [`parts`].
pub(crate) fn time_of(second: i64, nanosecond: u32) -> Read<Timestamp> {
    i32::try_from(nanosecond)
        .ok()
        .filter(|nanosecond| *nanosecond < 1_000_000_000)
        .and_then(|nanosecond| {
            if second < 0 && nanosecond > 0 {
                Timestamp::new(second + 1, nanosecond - 1_000_000_000).ok()
            } else {
                Timestamp::new(second, nanosecond).ok()
            }
        })
        .ok_or(Malformed("no such instant"))
}
