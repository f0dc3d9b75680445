//! Raw bits: what no model can price, packed.
//!
//! In: numbers of 0 to 64 bits. Out: bytes, least significant bit first.
//! Not here: decisions with a price (`binary`).
//! Holds: reading past the end gives zeros, never a panic.

use crate::RawBits;

/// Packs bits.
#[derive(Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    pending: u64,
    pending_bits: u32,
}

impl BitWriter {
    /// The packed bytes; trailing zero bytes are dropped, the reader gives them back.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&self.pending.to_le_bytes()[..self.pending_bits.div_ceil(8) as usize]);
        while self.bytes.last() == Some(&0) {
            self.bytes.pop();
        }
        self.bytes
    }
}

/// The low `count` bits of `value`.
#[inline]
fn low_bits(value: u64, count: u32) -> u64 {
    if count == 0 { 0 } else { value & (u64::MAX >> (64 - count)) }
}

impl RawBits for BitWriter {
    #[inline]
    fn raw(&mut self, value: u64, count: u32) -> u64 {
        let value = low_bits(value, count);
        let space = 64 - self.pending_bits;
        if count < space {
            self.pending |= value << self.pending_bits;
            self.pending_bits += count;
        } else {
            // `space` is 1 to 64 here; the word is full.
            let word = if self.pending_bits == 64 {
                self.pending
            } else {
                self.pending | value << self.pending_bits
            };
            self.bytes.extend_from_slice(&word.to_le_bytes());
            self.pending = if space == 64 { 0 } else { value >> space };
            self.pending_bits = count - space;
        }
        value
    }
}

/// Unpacks bits.
#[derive(Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    at_bit: usize,
}

impl<'a> BitReader<'a> {
    /// A reader of what [`BitWriter::finish`] returned.
    pub fn new(bytes: &'a [u8]) -> BitReader<'a> {
        BitReader { bytes, at_bit: 0 }
    }
}

impl RawBits for BitReader<'_> {
    #[inline]
    fn raw(&mut self, _value: u64, count: u32) -> u64 {
        let (at, shift) = (self.at_bit / 8, (self.at_bit % 8) as u32);
        if let (0..=56, Some(eight)) = (count, self.bytes.get(at..).and_then(<[u8]>::first_chunk)) {
            self.at_bit += count as usize;
            return low_bits(u64::from_le_bytes(*eight) >> shift, count);
        }
        let mut window = [0u8; 16];
        if let Some(all) = self.bytes.get(at..at + 16) {
            window.copy_from_slice(all);
        } else if let Some(some) = self.bytes.get(at..) {
            window[..some.len()].copy_from_slice(some);
        }
        self.at_bit = self.at_bit.saturating_add(count as usize);
        low_bits((u128::from_le_bytes(window) >> shift) as u64, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_width_come_back() {
        let widths: Vec<u32> = (0..2000).map(|n| n * 7 % 65).collect();
        let value = |at: usize| (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut writer = BitWriter::default();
        for (at, &width) in widths.iter().enumerate() {
            writer.raw(value(at), width);
        }
        let bytes = writer.finish();
        let mut reader = BitReader::new(&bytes);
        for (at, &width) in widths.iter().enumerate() {
            assert_eq!(reader.raw(0, width), low_bits(value(at), width), "number {at}");
        }
    }

    #[test]
    fn reading_past_the_end_gives_zeros() {
        let mut reader = BitReader::new(&[0xff]);
        assert_eq!(reader.raw(0, 64), 0xff);
        assert_eq!(reader.raw(0, 64), 0);
    }
}
