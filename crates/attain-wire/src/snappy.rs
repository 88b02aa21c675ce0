//! Snappy blocks, into a buffer that is used again. A block that says it is larger than a limit is not unpacked.

use crate::error::{Broken, WireError};

/// Unpacks blocks, one after the other.
#[derive(Debug, Default)]
pub struct Unpacker {
    /// Invariant: never longer than the largest limit that was given.
    buffer: Vec<u8>,
}

impl Unpacker {
    /// The content of a block of at most `limit` bytes. The buffer grows to the largest block seen, and is kept.
    ///
    /// # Errors
    /// [`WireError::TooLarge`] by what the block says of its length, before anything is set aside for it;
    /// [`WireError::Unreadable`] if it is no block.
    pub fn unpack(&mut self, block: &[u8], limit: usize) -> Result<&[u8], WireError> {
        let declared = snap::raw::decompress_len(block).map_err(|error| unreadable(&error))?;
        if declared > limit {
            return Err(WireError::TooLarge {
                declared: declared as u64,
                limit: limit as u64,
            });
        }
        // A copy gives at most 64 bytes for its two: what says more lies, and would cost its size before that is seen.
        const MOST_PER_BYTE: usize = 32;
        if declared > block.len().saturating_mul(MOST_PER_BYTE) {
            return Err(WireError::Unreadable {
                form: FORM,
                broken: Broken::new("it says it is larger than it can be"),
            });
        }
        if self.buffer.len() < declared {
            self.buffer.resize(declared, 0);
        }
        let unpacked = snap::raw::Decoder::new()
            .decompress(block, &mut self.buffer[..declared])
            .map_err(|error| unreadable(&error))?;
        Ok(&self.buffer[..unpacked])
    }
}

/// How many bytes a block says it unpacks to: to find room for them first.
///
/// # Errors
/// [`WireError::Unreadable`] if it is no block.
pub fn declared(block: &[u8]) -> Result<usize, WireError> {
    snap::raw::decompress_len(block).map_err(|error| unreadable(&error))
}

/// A block of these bytes.
///
/// # Panics
/// Never for less than 4 GiB, which is the most that a block holds; more gives an empty block.
#[must_use]
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new()
        .compress_vec(bytes)
        .unwrap_or_default()
}

const FORM: &str = "snappy block";

fn unreadable(error: &snap::Error) -> WireError {
    WireError::Unreadable {
        form: FORM,
        broken: Broken::at(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_block_says_of_its_length_is_checked_first() {
        let mut unpacker = Unpacker::default();
        let block = pack(&[7; 1000]);
        assert_eq!(unpacker.unpack(&block, 1000), Ok(&[7; 1000][..]));
        let larger = unpacker.unpack(&pack(&[7; 1001]), 1000).map(<[u8]>::len);
        let (declared, limit) = (1001, 1000);
        assert_eq!(larger, Err(WireError::TooLarge { declared, limit }));
        // 2.7 GB in 47 bytes.
        let mut bomb = vec![0xff, 0xff, 0xff, 0x87, 0x0a];
        bomb.resize(47, 0);
        assert!(matches!(
            unpacker.unpack(&bomb, 1000),
            Err(WireError::TooLarge {
                declared: 2_700_000_000..,
                ..
            })
        ));
        assert!(unpacker.buffer.capacity() <= 1000);
        let mut liar = Unpacker::default();
        assert!(matches!(
            liar.unpack(&bomb, usize::MAX),
            Err(WireError::Unreadable { .. })
        ));
        assert_eq!(liar.buffer.capacity(), 0);
    }

    #[test]
    fn what_is_no_block() {
        let mut unpacker = Unpacker::default();
        for body in [
            &b""[..],
            b"\xff\xff\xff\xff\xff\xff",
            b"\x05a",
            b"{\"a\":1}",
            &pack(&[1; 100])[..5],
        ] {
            assert!(
                matches!(
                    unpacker.unpack(body, 1000),
                    Err(WireError::Unreadable { .. })
                ),
                "{body:?}"
            );
        }
        assert_eq!(unpacker.unpack(&pack(b""), 1000), Ok(&b""[..]));
    }
}
