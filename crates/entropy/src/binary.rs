//! Binary range coder: decisions and 16-bit probabilities to bytes, and back.
//!
//! In: one probability per decision. Out: bytes; at most 5 more per stream than the ideal length.
//! Not here: where probabilities come from (`hepz-models`), how streams are framed (`hepz-container`).
//! Holds: no floating point (lint), no allocation per decision; a decoder fed any bytes returns some decisions.
//! Source: G. N. N. Martin, "Range encoding", 1979; carries run back into the bytes already written.

use crate::{Coder, PROBABILITY_BITS};

/// The range is kept above this, so a probability step is never narrower than 2^16.
const MIN_RANGE: u64 = 1 << 32;

/// Writes decisions.
#[derive(Debug)]
pub struct Encoder {
    bytes: Vec<u8>,
    low: u64,
    range: u64,
}

impl Default for Encoder {
    fn default() -> Encoder {
        Encoder { bytes: Vec::new(), low: 0, range: u64::MAX }
    }
}

impl Encoder {
    /// Adds 1 to the number that the bytes so far spell; `low` wrapped.
    #[cold]
    fn carry(&mut self) {
        for byte in self.bytes.iter_mut().rev() {
            let (sum, overflow) = byte.overflowing_add(1);
            *byte = sum;
            if !overflow {
                return;
            }
        }
    }

    /// Ends the stream with as few bytes as name a number inside the last interval; the decoder reads zeros beyond.
    pub fn finish(mut self) -> Vec<u8> {
        let last = self.low.wrapping_add(self.range - 1);
        let wraps = last < self.low;
        for kept_bytes in 0..=8u32 {
            // The largest multiple of 2^(64 - 8 kept) that is not above the end of the interval.
            let mask = if kept_bytes == 0 { 0 } else { u64::MAX << (64 - 8 * kept_bytes) };
            let point = last & mask;
            let inside = if wraps { point <= last } else { point >= self.low };
            if inside {
                if wraps {
                    self.carry();
                }
                self.bytes.extend_from_slice(&point.to_be_bytes()[..kept_bytes as usize]);
                break;
            }
        }
        while self.bytes.last() == Some(&0) {
            self.bytes.pop();
        }
        self.bytes
    }
}

impl Coder for Encoder {
    #[inline(always)]
    fn code(&mut self, bit: u32, p1: u32) -> u32 {
        debug_assert!(p1 > 0 && p1 < 1 << PROBABILITY_BITS && bit < 2);
        let ones = (self.range >> PROBABILITY_BITS) * u64::from(p1);
        // Without a branch on the bit, which is as good as random: all ones if the bit is 0.
        let zero = u64::from(bit).wrapping_sub(1);
        let (low, overflow) = self.low.overflowing_add(ones & zero);
        self.low = low;
        self.range = ones.wrapping_add(self.range.wrapping_sub(ones << 1) & zero);
        if overflow {
            self.carry();
        }
        if self.range < MIN_RANGE {
            self.bytes.extend_from_slice(&((self.low >> 32) as u32).to_be_bytes());
            self.low <<= 32;
            self.range <<= 32;
        }
        bit
    }
}

/// Reads decisions.
#[derive(Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
    /// The number read so far, less the low end of the interval.
    code: u64,
    range: u64,
}

impl<'a> Decoder<'a> {
    /// A decoder of what [`Encoder::finish`] returned.
    pub fn new(bytes: &'a [u8]) -> Decoder<'a> {
        let mut decoder = Decoder { rest: bytes, code: 0, range: u64::MAX };
        decoder.code = u64::from(decoder.word()) << 32;
        decoder.code |= u64::from(decoder.word());
        decoder
    }

    #[inline]
    fn word(&mut self) -> u32 {
        if let Some((word, rest)) = self.rest.split_first_chunk::<4>() {
            self.rest = rest;
            return u32::from_be_bytes(*word);
        }
        let mut word = [0; 4];
        word[..self.rest.len()].copy_from_slice(self.rest);
        self.rest = &[];
        u32::from_be_bytes(word)
    }
}

impl Coder for Decoder<'_> {
    #[inline(always)]
    fn code(&mut self, _bit: u32, p1: u32) -> u32 {
        debug_assert!(p1 > 0 && p1 < 1 << PROBABILITY_BITS);
        let ones = (self.range >> PROBABILITY_BITS) * u64::from(p1);
        let bit = u32::from(self.code < ones);
        let zero = u64::from(bit).wrapping_sub(1);
        self.code -= ones & zero;
        self.range = ones.wrapping_add(self.range.wrapping_sub(ones << 1) & zero);
        if self.range < MIN_RANGE {
            self.code = self.code << 32 | u64::from(self.word());
            self.range <<= 32;
        }
        bit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// xorshift64: a fixed stream of test numbers.
    fn numbers(mut state: u64) -> impl Iterator<Item = u64> {
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        })
    }

    #[test]
    fn decisions_come_back_and_cost_their_ideal_length() {
        for skew in [1u32, 3, 100, 30000, 65535] {
            for len in [0usize, 1, 2, 7, 1000, 100_000] {
                let decisions: Vec<(u32, u32)> = numbers(88_172 + u64::from(skew))
                    .take(len)
                    .map(|n| {
                        let p1 = 1 + (n >> 20) as u32 % 65535;
                        let p1 = if n & 1 == 0 { skew } else { p1 };
                        (u32::from((n >> 40) as u32 % 65536 < p1), p1)
                    })
                    .collect();
                let mut encoder = Encoder::default();
                for &(bit, p1) in &decisions {
                    encoder.code(bit, p1);
                }
                let bytes = encoder.finish();
                let ideal: f64 = decisions
                    .iter()
                    .map(|&(bit, p1)| {
                        let p = f64::from(if bit == 1 { p1 } else { 65536 - p1 }) / 65536.0;
                        -p.log2()
                    })
                    .sum();
                assert!(
                    bytes.len() as f64 <= ideal / 8.0 * 1.0001 + 5.0,
                    "{skew} {len}: {} {ideal}",
                    bytes.len()
                );
                let mut decoder = Decoder::new(&bytes);
                for (at, &(bit, p1)) in decisions.iter().enumerate() {
                    assert_eq!(decoder.code(0, p1), bit, "decision {at} of {len}, skew {skew}");
                }
            }
        }
    }

    #[test]
    fn carries_run_back_through_bytes_of_255() {
        // Unlikely ones keep `low` at the top of the interval; a likely zero then pushes it over.
        for seed in 1..200 {
            let mut encoder = Encoder::default();
            let bits: Vec<u32> = numbers(seed).take(300).map(|n| u32::from(n % 64 == 0)).collect();
            for &bit in &bits {
                encoder.code(bit, 1);
            }
            let bytes = encoder.finish();
            let mut decoder = Decoder::new(&bytes);
            assert!(bits.iter().all(|&bit| decoder.code(0, 1) == bit));
        }
    }

    #[test]
    fn a_decoder_survives_any_bytes() {
        let mut decoder = Decoder::new(&[0xff; 3]);
        for n in numbers(5).take(10_000) {
            decoder.code(0, 1 + n as u32 % 65535);
        }
    }
}
