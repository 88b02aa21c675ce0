//! Numbers in columns: blocks of 64, each as wide as its widest number above its least.
//!
//! A count of a slice differs little from its neighbours', so a block of them takes about a byte each and unpacks
//! without a branch. Knows nothing of what the numbers mean.

use super::bytes::{Malformed, Read, Reader, Writer};

const BLOCK: usize = 64;

/// Writes the numbers, without their count.
pub(crate) fn pack(writer: &mut Writer, numbers: &[u64]) {
    for block in numbers.chunks(BLOCK) {
        let least = block.iter().copied().min().unwrap_or(0);
        let widest = block.iter().map(|number| number - least).max().unwrap_or(0);
        let width = 64 - widest.leading_zeros();
        writer.byte(width as u8);
        writer.number(least);
        let (mut pending, mut bits) = (0_u128, 0);
        for number in block {
            pending |= u128::from(number - least) << bits;
            bits += width;
            while bits >= 8 {
                writer.byte(pending as u8);
                pending >>= 8;
                bits -= 8;
            }
        }
        if bits > 0 {
            writer.byte(pending as u8);
        }
    }
}

/// Reads so many numbers into `numbers`, which is emptied first.
pub(crate) fn unpack(reader: &mut Reader<'_>, count: usize, numbers: &mut Vec<u64>) -> Read<()> {
    numbers.clear();
    let mut left = count;
    // Room past the end: a number is read as the sixteen bytes that begin where it begins.
    let mut bytes = [0_u8; BLOCK * 8 + 16];
    while left > 0 {
        let block = left.min(BLOCK);
        let width = usize::from(reader.byte()?);
        if width > 64 {
            return Err(Malformed("a number is wider than 64 bits"));
        }
        let least = reader.number()?;
        if width == 0 {
            numbers.resize(numbers.len() + block, least);
        } else {
            let raw = reader.raw((block * width).div_ceil(8))?;
            bytes[..raw.len()].copy_from_slice(raw);
            if width <= 56 {
                narrow(&bytes, block, width, least, numbers);
            } else {
                wide(&bytes, block, width, least, numbers);
            }
        }
        left -= block;
    }
    Ok(())
}

fn narrow(
    bytes: &[u8; BLOCK * 8 + 16],
    block: usize,
    width: usize,
    least: u64,
    numbers: &mut Vec<u64>,
) {
    let mask = (1_u64 << width) - 1;
    numbers.extend((0..block).map(|at| {
        let bit = at * width;
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[bit / 8..bit / 8 + 8]);
        least.wrapping_add((u64::from_le_bytes(word) >> (bit % 8)) & mask)
    }));
}

fn wide(
    bytes: &[u8; BLOCK * 8 + 16],
    block: usize,
    width: usize,
    least: u64,
    numbers: &mut Vec<u64>,
) {
    let mask = u64::MAX >> (64 - width);
    numbers.extend((0..block).map(|at| {
        let bit = at * width;
        let mut word = [0; 16];
        word.copy_from_slice(&bytes[bit / 8..bit / 8 + 16]);
        least.wrapping_add((u128::from_le_bytes(word) >> (bit % 8)) as u64 & mask)
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_numbers_come_back() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..2000 {
            let width = random.u32(0..=64);
            let base = random.u64(..);
            let numbers: Vec<u64> = (0..random.usize(0..300))
                .map(|_| match width {
                    0 => base,
                    width => base.wrapping_add(random.u64(..) >> (64 - width)),
                })
                .collect();
            let mut writer = Writer::default();
            pack(&mut writer, &numbers);
            let mut reader = Reader::new(&writer.bytes);
            let mut back = vec![7];
            assert_eq!(unpack(&mut reader, numbers.len(), &mut back), Ok(()));
            assert_eq!(reader.end(), Ok(()));
            assert_eq!(back, numbers);
        }
    }
}
