//! Entropy coding: decisions and integer probabilities to bytes, and back.
//!
//! # What it is
//! A binary range coder ([`Encoder`], [`Decoder`]), a store of raw bits ([`BitWriter`], [`BitReader`]), and [`rans`] for many
//! symbols under static frequencies. Models that learn see only the two traits [`Coder`] and [`RawBits`], so that one walk
//! serves both directions.
//!
//! # One page
//! A model calls `coder.code(bit, p1)`: the encoder writes `bit` and returns it, the decoder ignores its argument and
//! returns what it read. `p1` is the probability of a 1 in units of 2^-16, from 1 to 65535, so a decision costs
//! `16 - log2(p1)` or `16 - log2(65536 - p1)` bits. No floating point (lint), no allocation per decision.
//!
//! # Where to look next
//! `binary` for the arithmetic and its bounds; `hepz-models` for where probabilities come from.
#![cfg_attr(not(test), deny(clippy::float_arithmetic))]

mod binary;
mod bits;
pub mod rans;

pub use binary::{Decoder, Encoder};
pub use bits::{BitReader, BitWriter};

/// Bits of a probability: `p1` is in units of 2^-16.
pub const PROBABILITY_BITS: u32 = 16;

/// A direction of coding decisions.
pub trait Coder {
    /// Codes one decision that is 1 with probability `p1 / 65536`, `1 <= p1 <= 65535`. Encoding writes `bit` and
    /// returns it; decoding ignores `bit` and returns the decision read.
    fn code(&mut self, bit: u32, p1: u32) -> u32;
}

/// A direction of moving bits that no model prices.
pub trait RawBits {
    /// Moves the low `count` bits (0 to 64) of `value`: writing stores them, reading ignores `value` and returns them.
    fn raw(&mut self, value: u64, count: u32) -> u64;
}
