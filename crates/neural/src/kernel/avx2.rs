//! AVX2: 16 products and sums of pairs in one instruction.
//!
//! In and out: as `operations`. Not here: when it may be used (`Kernel`).
//! Holds: the integers of the scalar kernel; a pair of products of `i16` and 8-bit weights does not overflow, sums wrap.
#![allow(
    unsafe_code,
    reason = "loads of vectors; every address is inside a slice whose length is checked before"
)]

use super::packed::{LANES, Part, Sums};
use super::{compiled, operations};
use std::arch::x86_64::{
    _mm256_add_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_storeu_si256,
};

operations::all!(compiled, "avx2");

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
