//! Real functions that give the same bits on every machine.
//!
//! In: f64. Out: f64, within a few units in the last place of the true value.
//! Not here: which function predicts which column (`relations`).
//! Holds: only `+ - * /`, square root and integer operations, in the order written; no libm, no fused multiply-add.
//! Every NaN that comes out is [`NAN`]. Frozen by the test vectors in `vectors.rs`: archives depend on every bit.
//! Source: argument reduction after Cody and Waite, 1980; Taylor and atanh series; fast two-sum after Dekker, 1971.

mod circular;
mod exponential;
#[cfg(test)]
mod vectors;

pub use circular::{acos, atan, atan2, cos, sin, tan};
pub use exponential::{asinh, cosh, exp, ln, sinh, tanh};

/// The one pattern that stands for "no value".
pub const NAN: f64 = f64::from_bits(0x7ff8_0000_0000_0000);

/// Square root; correctly rounded by IEEE 754, so only NaN needs care.
#[inline]
pub fn sqrt(x: f64) -> f64 {
    if x >= 0.0 { x.sqrt() } else { NAN }
}

/// `sqrt(x² + y²)`, as written: overflows and underflows where the squares do.
#[inline]
pub fn hypot(x: f64, y: f64) -> f64 {
    sqrt(x * x + y * y)
}

/// `c[0] + c[1] x + c[2] x² + ...` by Horner's rule.
#[inline]
fn polynomial<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let mut sum = 0.0;
    for &c in coefficients.iter().rev() {
        sum = sum * x + c;
    }
    sum
}

/// Adding and subtracting this leaves the nearest integer, ties to even, for sizes up to 2^51.
const TO_INTEGER: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
