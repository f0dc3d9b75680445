//! Root mean square: activations brought to a common size, by an integer root and a reciprocal.
//!
//! In: activations. Out: activations, `x / sqrt(mean(x^2) + 2^-12)`, saturated.
//! Not here: gains (folded into the matrix behind).
//! Holds: no overflow for up to [`MOST`] activations; within 2^-11 of the real value, relative to it, and half a
//! unit.
//! Source: Zhang and Sennrich, arXiv 1910.07467.

/// Activations that are normalised together, at most.
pub const MOST: usize = 1024;

/// `2^33 / root(mean)` in units such that `x * this >> 13` is `x / sqrt(mean)` for `x` and result in units of 2^-12:
/// `squares` is the sum of squares of `n` activations.
pub(crate) fn reciprocal(squares: u64, n: usize) -> i32 {
    // Units of 2^-24, with 2^-12 of them added: 2^12 to 2^30 and more; its root in units of 2^-20, 2^14 to 2^23.
    let mean = squares / n.max(1) as u64 + (1 << 12);
    let root = (mean << 16).isqrt();
    // 2^10 to 2^19. An activation is at most sqrt(n mean): with at most 1024 of them a product stays below 2^31.
    (((1u64 << 33) + root / 2) / root) as i32
}
