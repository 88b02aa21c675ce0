//! Protobuf's bytes, walked where they lie. Knows numbers, lengths and field numbers; knows no message.
//!
//! Written by hand, because a derived decoder sets a string aside for each label of each sample, and a series is
//! recognised by its raw bytes.

use crate::error::Broken;

/// It ends in the middle of something.
pub(crate) const CUT: Broken = Broken::new("it ends too early");

/// A field without its number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// A varint, and what follows it.
#[inline(always)]
pub(crate) fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), Broken> {
    match bytes {
        [byte, rest @ ..] if *byte < 0x80 => Ok((u64::from(*byte), rest)),
        // The length of a series.
        [low, high, rest @ ..] if *high < 0x80 => {
            Ok((u64::from(low & 0x7f) | u64::from(*high) << 7, rest))
        }
        _ => long_varint(bytes),
    }
}

#[inline]
fn long_varint(bytes: &[u8]) -> Result<(u64, &[u8]), Broken> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * at).min(63);
        if *byte < 0x80 {
            return Ok((value, &bytes[at + 1..]));
        }
    }
    Err(if bytes.len() < 10 {
        CUT
    } else {
        Broken::new("a number has more than ten bytes")
    })
}

/// A varint of six bytes, which are the lower ones of a word: every time in milliseconds from 1971 to 2109.
#[inline]
pub(crate) fn six_byte_varint(word: u64) -> Option<u64> {
    if word & 0x8080_8080_8080 != 0x0080_8080_8080 {
        return None;
    }
    // Seven bits each, side by side: pairs, then what pairs make.
    let pairs = (word & 0x007f_007f_007f) | (word & 0x7f00_7f00_7f00) >> 1;
    Some((pairs & 0x3fff) | (pairs & 0x3fff_0000) >> 2 | (pairs & 0x3fff_0000_0000) >> 4)
}

/// Bytes behind their length, and what follows them.
#[inline(always)]
pub(crate) fn delimited(bytes: &[u8]) -> Result<(&[u8], &[u8]), Broken> {
    let (length, rest) = varint(bytes)?;
    match usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
    {
        Some(parts) => Ok(parts),
        None => Err(CUT),
    }
}

#[inline(always)]
pub(crate) fn fixed64(bytes: &[u8]) -> Result<(u64, &[u8]), Broken> {
    match bytes.split_first_chunk::<8>() {
        Some((number, rest)) => Ok((u64::from_le_bytes(*number), rest)),
        None => Err(CUT),
    }
}

/// The fields of a message, in the order in which they stand.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next field's number and value; `None` at the end.
    #[inline]
    pub(crate) fn next_field(&mut self) -> Result<Option<(u32, Value<'a>)>, Broken> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (tag, rest) = varint(self.rest)?;
        let number = match u32::try_from(tag >> 3) {
            Ok(number @ 1..) => number,
            _ => return Err(Broken::new("a field has no number")),
        };
        let (value, rest) = match tag & 7 {
            0 => varint(rest).map(|(value, rest)| (Value::Varint(value), rest))?,
            1 => fixed64(rest).map(|(value, rest)| (Value::Fixed64(value), rest))?,
            2 => delimited(rest).map(|(value, rest)| (Value::Bytes(value), rest))?,
            5 => match rest.split_first_chunk::<4>() {
                Some((number, rest)) => (Value::Fixed32(u32::from_le_bytes(*number)), rest),
                None => return Err(CUT),
            },
            _ => return Err(Broken::new("a field is of no kind that protobuf has")),
        };
        self.rest = rest;
        Ok(Some((number, value)))
    }
}

/// The bytes of a field that holds text, a message or packed numbers.
#[inline(always)]
pub(crate) fn message(value: Value<'_>) -> Result<&[u8], Broken> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        _ => Err(Broken::new(
            "a field is of another kind than its message says",
        )),
    }
}

/// A signed number of 32 bits that was written as an unsigned one.
pub(crate) fn zigzag(number: u64) -> Result<i32, Broken> {
    let number = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
    i32::try_from(number).map_err(|_| Broken::new("a scale or offset is out of range"))
}

/// Writes a varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes a field that holds bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_varint(out, u64::from(field) << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Writes a field that holds a varint.
pub(crate) fn put_number(out: &mut Vec<u8>, field: u32, value: u64) {
    put_varint(out, u64::from(field) << 3);
    put_varint(out, value);
}

/// Writes a field that holds eight bytes.
pub(crate) fn put_fixed64(out: &mut Vec<u8>, field: u32, value: u64) {
    put_varint(out, u64::from(field) << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length() {
        for shift in 0..64 {
            let value = u64::MAX >> shift;
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            assert_eq!(varint(&bytes), Ok((value, &[][..])));
            for cut in 0..bytes.len() {
                assert_eq!(varint(&bytes[..cut]), Err(CUT));
            }
        }
        assert!(varint(&[0xff; 11]).is_err());
    }

    #[test]
    fn six_bytes_are_read_at_once() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..20_000 {
            let value = random.u64(..) >> random.u32(0..64);
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            let is_six = bytes.len() == 6;
            bytes.resize(8, random.u8(..));
            let word = u64::from_le_bytes(bytes[..8].try_into().unwrap());
            assert_eq!(six_byte_varint(word), is_six.then_some(value));
        }
    }

    #[test]
    fn fields_of_every_kind() {
        let mut bytes = Vec::new();
        put_number(&mut bytes, 1, 300);
        put_fixed64(&mut bytes, 2, 7);
        put_bytes(&mut bytes, 300, b"abc");
        bytes.extend([5 << 3 | 5, 1, 0, 0, 0]);
        let mut fields = Fields::new(&bytes);
        let mut seen = Vec::new();
        while let Some(field) = fields.next_field().unwrap() {
            seen.push(field);
        }
        assert_eq!(
            seen,
            [
                (1, Value::Varint(300)),
                (2, Value::Fixed64(7)),
                (300, Value::Bytes(b"abc")),
                (5, Value::Fixed32(1)),
            ]
        );
        for wrong in [
            &[0x00, 0][..],
            &[0x0b],
            &[0x0c],
            &[0x0a, 5, 1],
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        ] {
            assert!(Fields::new(wrong).next_field().is_err(), "{wrong:?}");
        }
    }
}
