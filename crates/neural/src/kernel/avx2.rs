//! AVX2: 16 products and sums of pairs in one instruction.
//!
//! In: vectors of integers. Out: the same, as `operations` says. Not here: when it may be used (`Kernel`).
//! Holds: the integers of the scalar kernel; a pair of products of `i16` and 8-bit weights does not overflow, sums
//! wrap.
#![allow(
    unsafe_code,
    reason = "loads of vectors; every address is inside a slice whose length is checked before"
)]

use super::operations::{activated, ranged};
use super::packed::{LANES, Part, Sums};
use super::{compiled, compiled_matrices, operations};
use crate::tables::{Curve, SIGMOID};
use std::arch::x86_64::{
    __m256i, _mm_cvtsi32_si128, _mm_loadu_si128, _mm_packs_epi32, _mm_storeu_si128, _mm256_abs_epi32,
    _mm256_add_epi32, _mm256_castsi256_si128, _mm256_cvtepi16_epi32, _mm256_extracti128_si256,
    _mm256_i32gather_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_min_epi32, _mm256_mullo_epi32,
    _mm256_or_si256, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_sign_epi32, _mm256_sll_epi32,
    _mm256_slli_epi32, _mm256_sra_epi32, _mm256_srai_epi32, _mm256_srl_epi32, _mm256_srli_epi32,
    _mm256_storeu_si256, _mm256_sub_epi32,
};

operations::all!(compiled, "avx2");
operations::special!(compiled, "avx2");
compiled_matrices!("avx2");

/// The value of a curve at each of 8 activations, in lanes of 32 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn curve_of(curve: &Curve, x: __m256i) -> __m256i {
    let shift = _mm_cvtsi32_si128(curve.shift as i32);
    let magnitude = _mm256_min_epi32(_mm256_abs_epi32(x), _mm256_set1_epi32(i32::from(curve.limit)));
    let line = _mm256_srl_epi32(magnitude, shift);
    // SAFETY: `line` is at most `limit >> shift`, 63.
    let lines = unsafe { _mm256_i32gather_epi32::<4>(curve.lines.as_ptr(), line) };
    // Slope and knot, times the rest of the argument and the length of a line.
    let length = _mm256_set1_epi32(1 << curve.shift);
    let rest = _mm256_slli_epi32::<16>(_mm256_sub_epi32(magnitude, _mm256_sll_epi32(line, shift)));
    let sum = _mm256_madd_epi16(lines, _mm256_or_si256(rest, length));
    let value = _mm256_sra_epi32(_mm256_add_epi32(sum, _mm256_srli_epi32::<1>(length)), shift);
    // The sign of nought makes 0 of the value at 0, which is 0.
    _mm256_add_epi32(_mm256_sign_epi32(value, x), _mm256_set1_epi32(i32::from(curve.centre)))
}

/// `of` for 8 activations at a time, in place.
#[inline]
#[target_feature(enable = "avx2")]
fn each(x: &mut [i16], of: impl Fn(__m256i) -> __m256i, scalar: impl Fn(&mut [i16])) {
    let mut chunks = x.chunks_exact_mut(8);
    for chunk in &mut chunks {
        // SAFETY: a chunk is half a vector.
        unsafe {
            let wide = of(_mm256_cvtepi16_epi32(_mm_loadu_si128(chunk.as_ptr().cast())));
            let halves = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256::<1>(wide));
            _mm_storeu_si128(chunk.as_mut_ptr().cast(), halves);
        }
    }
    scalar(chunks.into_remainder());
}

/// As `operations::curved`.
#[target_feature(enable = "avx2")]
pub fn curved(curve: &Curve, x: &mut [i16]) {
    each(x, |x| curve_of(curve, x), |rest| operations::curved(curve, rest));
}

/// As `operations::silu`.
#[target_feature(enable = "avx2")]
pub fn silu(x: &mut [i16]) {
    let of = |x| {
        let product = _mm256_mullo_epi32(x, curve_of(&SIGMOID, x));
        _mm256_srai_epi32::<15>(_mm256_add_epi32(product, _mm256_set1_epi32(1 << 14)))
    };
    each(x, of, operations::silu);
}

/// Blocks and streams of a tile when `streams` are left: 8 sums in registers.
fn most(streams: usize) -> (usize, usize) {
    match streams {
        4.. => (1, 4),
        2.. => (1, 2),
        _ => (1, 1),
    }
}

/// Sums of a block of outputs for `S` streams.
#[target_feature(enable = "avx2")]
fn tile<const S: usize>(part: &Part<'_>, sums: &mut Sums) {
    let Part { weights, rows, inputs } = part;
    let pairs = inputs / 2;
    assert!(weights.len() >= inputs.div_ceil(2) * LANES * 2 && rows.len() >= S * inputs);
    let mut own = [[_mm256_setzero_si256(); 2]; S];
    let mut step = |pair: usize, two: [i32; S]| {
        // SAFETY: the block has two vectors for each pair (assertion).
        let weights: [_; 2] = std::array::from_fn(|half| unsafe {
            _mm256_loadu_si256(weights.as_ptr().add((pair * 2 + half) * LANES).cast())
        });
        for (own, two) in own.iter_mut().zip(two) {
            let two = _mm256_set1_epi32(two);
            for (own, weights) in own.iter_mut().zip(weights) {
                *own = _mm256_add_epi32(*own, _mm256_madd_epi16(weights, two));
            }
        }
    };
    for pair in 0..pairs {
        // SAFETY: row `s` has `inputs` activations, at least two from `2 * pair`, and `S` rows are there (assertion).
        let two = |s| unsafe { rows.as_ptr().add(s * inputs + 2 * pair).cast::<i32>().read_unaligned() };
        step(pair, std::array::from_fn(two));
    }
    if inputs % 2 == 1 {
        step(pairs, std::array::from_fn(|s| i32::from(rows[s * inputs + inputs - 1] as u16)));
    }
    for (sums, own) in sums.iter_mut().zip(own) {
        for (sums, own) in sums.chunks_exact_mut(LANES / 2).zip(own) {
            // SAFETY: a chunk has 8 sums.
            unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast(), own) };
        }
    }
}

/// The tile of so many streams.
#[target_feature(enable = "avx2")]
fn any_tile(_blocks: usize, streams: usize, part: Part<'_>, sums: &mut Sums) {
    match streams {
        1 => tile::<1>(&part, sums),
        2 => tile::<2>(&part, sums),
        _ => tile::<4>(&part, sums),
    }
}
