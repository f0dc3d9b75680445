//! NEON: 4 products and sums in one instruction.
//!
//! In: vectors of integers. Out: the same, as `operations` says. Not here: when it may be used (`Kernel`).
//! Holds: the integers of the scalar kernel; `smlal` wraps.
#![allow(
    unsafe_code,
    reason = "loads of vectors; every address is inside a slice whose length is checked before"
)]

use super::operations::{activated, ranged};
use super::packed::{LANES, Part, Sums};
use super::{compiled, compiled_matrices, operations};
use crate::tables::Curve;
use std::arch::aarch64::{
    int16x8x2_t, vdupq_n_s32, vget_low_s16, vld2q_s16, vmlal_high_n_s16, vmlal_n_s16, vst1q_s32,
};

operations::all!(compiled, "neon");
operations::special!(compiled, "neon");
compiled_matrices!("neon");

/// As `operations::curved`.
#[target_feature(enable = "neon")]
pub fn curved(curve: &Curve, x: &mut [i16]) {
    operations::curved(curve, x);
}

/// As `operations::silu`.
#[target_feature(enable = "neon")]
pub fn silu(x: &mut [i16]) {
    operations::silu(x);
}

/// Blocks and streams of a tile when `streams` are left: 16 sums in registers.
fn most(streams: usize) -> (usize, usize) {
    match streams {
        4.. => (1, 4),
        2.. => (1, 2),
        _ => (1, 1),
    }
}

/// Sums of a block of outputs for `S` streams.
#[target_feature(enable = "neon")]
fn tile<const S: usize>(part: &Part<'_>, sums: &mut Sums) {
    let Part { weights, rows, inputs } = part;
    let pairs = inputs / 2;
    assert!(weights.len() >= inputs.div_ceil(2) * LANES * 2 && rows.len() >= S * inputs);
    let mut own = [[vdupq_n_s32(0); 4]; S];
    let mut step = |pair: usize, two: [[i16; 2]; S]| {
        // SAFETY: the block has 32 weights for each pair (assertion); the two of a pair are taken apart.
        let weights: [int16x8x2_t; 2] =
            std::array::from_fn(|half| unsafe { vld2q_s16(weights.as_ptr().add((pair * 2 + half) * LANES)) });
        for (own, [first, second]) in own.iter_mut().zip(two) {
            for (own, int16x8x2_t(even, odd)) in own.chunks_exact_mut(2).zip(weights) {
                own[0] = vmlal_n_s16(own[0], vget_low_s16(even), first);
                own[0] = vmlal_n_s16(own[0], vget_low_s16(odd), second);
                own[1] = vmlal_high_n_s16(own[1], even, first);
                own[1] = vmlal_high_n_s16(own[1], odd, second);
            }
        }
    };
    for pair in 0..pairs {
        step(pair, std::array::from_fn(|s| [0, 1].map(|of| rows[s * inputs + 2 * pair + of])));
    }
    if inputs % 2 == 1 {
        step(pairs, std::array::from_fn(|s| [rows[s * inputs + inputs - 1], 0]));
    }
    for (sums, own) in sums.iter_mut().zip(own) {
        for (sums, own) in sums.chunks_exact_mut(4).zip(own) {
            // SAFETY: a chunk has 4 sums.
            unsafe { vst1q_s32(sums.as_mut_ptr(), own) };
        }
    }
}

/// The tile of so many streams.
#[target_feature(enable = "neon")]
fn any_tile(_blocks: usize, streams: usize, part: Part<'_>, sums: &mut Sums) {
    match streams {
        1 => tile::<1>(&part, sums),
        2 => tile::<2>(&part, sums),
        _ => tile::<4>(&part, sums),
    }
}
