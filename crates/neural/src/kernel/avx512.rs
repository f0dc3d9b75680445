//! AVX-512 with VNNI: 32 products and their sums in one instruction.
//!
//! In and out: as `operations`. Not here: when it may be used (`Kernel`).
//! Holds: the integers of the scalar kernel; `vpdpwssd` wraps.
#![allow(
    unsafe_code,
    reason = "loads of vectors; every address is inside a slice whose length is checked before"
)]

use super::packed::{LANES, Part, Sums};
use super::{compiled, operations};
use std::arch::x86_64::{
    _mm512_dpwssd_epi32, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512,
};

operations::all!(compiled, "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni");

/// Blocks and streams of a tile when `streams` are left: 24 sums in registers, or as many as there are.
fn most(streams: usize) -> (usize, usize) {
    match streams {
        8.. => (3, 8),
        4.. => (3, 4),
        2.. => (3, 2),
        _ => (3, 1),
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn tile<const B: usize, const S: usize>(part: &Part<'_>, sums: &mut Sums) {
    let Part { weights, rows, inputs } = part;
    let (pairs, block) = (inputs / 2, inputs.div_ceil(2) * LANES * 2);
    assert!(weights.len() >= B * block && rows.len() >= S * inputs);
    let mut own = [[_mm512_setzero_si512(); B]; S];
    let mut step = |pair: usize, two: [i32; S]| {
        // SAFETY: block `b` of weights has a vector for each pair, and `B` blocks are there (assertion).
        let weights: [_; B] = std::array::from_fn(|b| unsafe {
            _mm512_loadu_si512(weights.as_ptr().add(b * block + pair * LANES * 2).cast())
        });
        for (own, two) in own.iter_mut().zip(two) {
            for (own, weights) in own.iter_mut().zip(weights) {
                *own = _mm512_dpwssd_epi32(*own, weights, _mm512_set1_epi32(two));
            }
        }
    };
    for pair in 0..pairs {
        // SAFETY: row `s` has `inputs` activations, at least two behind `2 * pair`, and `S` rows are there (assertion).
        step(
            pair,
            std::array::from_fn(|s| unsafe {
                rows.as_ptr().add(s * inputs + 2 * pair).cast::<i32>().read_unaligned()
            }),
        );
    }
    if inputs % 2 == 1 {
        step(pairs, std::array::from_fn(|s| i32::from(rows[s * inputs + inputs - 1] as u16)));
    }
    for (sums, own) in sums.iter_mut().zip(own) {
        for (sums, own) in sums.chunks_exact_mut(LANES).zip(own) {
            // SAFETY: a chunk has 16 sums.
            unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), own) };
        }
    }
}

/// The tile of so many blocks and streams.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn any_tile(blocks: usize, streams: usize, part: Part<'_>, sums: &mut Sums) {
    match (blocks, streams) {
        (1, 1) => tile::<1, 1>(&part, sums),
        (1, 2) => tile::<1, 2>(&part, sums),
        (1, 4) => tile::<1, 4>(&part, sums),
        (1, _) => tile::<1, 8>(&part, sums),
        (2, 1) => tile::<2, 1>(&part, sums),
        (2, 2) => tile::<2, 2>(&part, sums),
        (2, 4) => tile::<2, 4>(&part, sums),
        (2, _) => tile::<2, 8>(&part, sums),
        (_, 1) => tile::<3, 1>(&part, sums),
        (_, 2) => tile::<3, 2>(&part, sums),
        (_, 4) => tile::<3, 4>(&part, sums),
        (_, _) => tile::<3, 8>(&part, sums),
    }
}
