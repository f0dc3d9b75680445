//! Matrices by AVX-512 with VNNI: 32 products and their sums in one instruction.
//!
//! In: vectors of integers. Out: the same, as `operations` says. Not here: other operations (`vectors`).
//! Holds: the integers of the scalar kernel; `vpdpwssd` wraps.
#![allow(
    unsafe_code,
    reason = "loads of vectors; every address is inside a slice whose length is checked before"
)]

use crate::fixed::{LOGIT_LIMIT, MULTIPLIER_FRACTION};
use crate::kernel::compiled_matrices;
use crate::kernel::packed::{LANES, Part, Sums};
use std::arch::asm;
use std::arch::x86_64::{
    __m512i, _mm256_mask_storeu_epi16, _mm512_add_epi32, _mm512_add_epi64, _mm512_cvtsepi32_epi16,
    _mm512_loadu_si512, _mm512_mask_blend_epi32, _mm512_mask_storeu_epi32, _mm512_maskz_loadu_epi32,
    _mm512_max_epi32, _mm512_min_epi32, _mm512_mul_epi32, _mm512_set1_epi32, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_slli_epi64, _mm512_srli_epi64, _mm512_storeu_si512,
};

compiled_matrices!("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni");

/// Blocks and streams of a tile when `streams` are left: 24 sums in registers, or as many as there are.
fn most(streams: usize) -> (usize, usize) {
    match streams {
        8.. => (3, 8),
        4.. => (3, 4),
        2.. => (3, 2),
        _ => (3, 1),
    }
}

/// `sums + weights * two`, pairs of products added up: `vpdpwssd`.
///
/// Written as an instruction because LLVM takes the intrinsic apart into a product and a sum (seen with LLVM 21), a
/// third slower.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub(super) fn added(mut sums: __m512i, weights: __m512i, two: __m512i) -> __m512i {
    // SAFETY: reads and writes only the three registers.
    unsafe {
        asm!("vpdpwssd {0}, {1}, {2}", inout(zmm_reg) sums, in(zmm_reg) weights, in(zmm_reg) two,
            options(pure, nomem, nostack, preserves_flags));
    }
    sums
}

/// Two activations in all lanes; as an instruction because LLVM gathers those of several rows into a vector first.
///
/// # Safety
/// `from` may be read for 4 bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
unsafe fn two_of(from: *const i16) -> __m512i {
    let two;
    // SAFETY: reads 4 bytes, as the caller allows.
    unsafe {
        asm!("vpbroadcastd {0}, dword ptr [{1}]", out(zmm_reg) two, in(reg) from,
            options(pure, readonly, nostack, preserves_flags));
    }
    two
}

/// Sums of `B` blocks of outputs for `S` streams.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn tile<const B: usize, const S: usize>(part: &Part<'_>, sums: &mut Sums) {
    let &Part { weights, rows, inputs } = part;
    let (pairs, block) = (inputs / 2, inputs.div_ceil(2) * LANES * 2);
    assert!(weights.len() >= B * block && rows.len() >= S * inputs);
    let mut own = [[_mm512_setzero_si512(); B]; S];
    for pair in 0..pairs {
        let mut here = [_mm512_setzero_si512(); B];
        for (b, here) in here.iter_mut().enumerate() {
            // SAFETY: `B` blocks are there, each with a vector for each pair (assertion).
            *here = unsafe { _mm512_loadu_si512(weights.as_ptr().add(b * block + pair * LANES * 2).cast()) };
        }
        for (s, own) in own.iter_mut().enumerate() {
            // SAFETY: `S` rows are there (assertion), with at least two activations from `2 * pair`.
            let two = unsafe { two_of(rows.as_ptr().add(s * inputs + 2 * pair)) };
            for (own, here) in own.iter_mut().zip(here) {
                *own = added(*own, here, two);
            }
        }
    }
    if inputs % 2 == 1 {
        for (s, own) in own.iter_mut().enumerate() {
            let two = _mm512_set1_epi32(i32::from(rows[s * inputs + inputs - 1] as u16));
            for (b, own) in own.iter_mut().enumerate() {
                // SAFETY: as above; the last pair has a weight of zero for the input that is not there.
                let here =
                    unsafe { _mm512_loadu_si512(weights.as_ptr().add(b * block + pairs * LANES * 2).cast()) };
                *own = added(*own, here, two);
            }
        }
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

/// `scaled` of 16 sums, in 32 bits: limits of multipliers and biases see to it that they fit.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn scaled(sums: __m512i, multipliers: __m512i, biases: __m512i) -> __m512i {
    const SHIFT: u32 = MULTIPLIER_FRACTION;
    let half = _mm512_set1_epi64(1 << (SHIFT - 1));
    let even = _mm512_add_epi64(_mm512_mul_epi32(sums, multipliers), half);
    let odd = _mm512_mul_epi32(_mm512_srli_epi64::<32>(sums), _mm512_srli_epi64::<32>(multipliers));
    let odd = _mm512_add_epi64(odd, half);
    let both = _mm512_mask_blend_epi32(
        0xAAAA,
        _mm512_srli_epi64::<SHIFT>(even),
        _mm512_slli_epi64::<{ 32 - SHIFT }>(odd),
    );
    _mm512_add_epi32(both, biases)
}

/// Calls `put` with the scaled outputs from each 16th on, and a mask of those that are there.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn each_scaled(sums: &[i32], multipliers: &[i32], biases: &[i32], mut put: impl FnMut(usize, u16, __m512i)) {
    let n = sums.len().min(multipliers.len()).min(biases.len());
    for at in (0..n).step_by(LANES) {
        let mask = ((1u32 << (n - at).min(LANES)) - 1) as u16;
        // SAFETY: the mask has a bit for each number that is there, at most.
        let [sums, multipliers, biases] = [sums, multipliers, biases]
            .map(|of| unsafe { _mm512_maskz_loadu_epi32(mask, of.as_ptr().add(at)) });
        put(at, mask, scaled(sums, multipliers, biases));
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn activated(lowest: i16, sums: &[i32], multipliers: &[i32], biases: &[i32], into: &mut [i16]) {
    let sums = &sums[..into.len().min(sums.len())];
    each_scaled(sums, multipliers, biases, |at, mask, value| {
        let value = _mm512_cvtsepi32_epi16(_mm512_max_epi32(value, _mm512_set1_epi32(i32::from(lowest))));
        // SAFETY: there are as many outputs as sums, so as many as the mask has bits from `at`.
        unsafe { _mm256_mask_storeu_epi16(into.as_mut_ptr().add(at), mask, value) };
    });
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn ranged(sums: &[i32], multipliers: &[i32], biases: &[i32], into: &mut [i32]) {
    let sums = &sums[..into.len().min(sums.len())];
    each_scaled(sums, multipliers, biases, |at, mask, value| {
        let limit = _mm512_set1_epi32(LOGIT_LIMIT as i32);
        let value = _mm512_min_epi32(_mm512_max_epi32(value, _mm512_set1_epi32(-LOGIT_LIMIT as i32)), limit);
        // SAFETY: as above.
        unsafe { _mm512_mask_storeu_epi32(into.as_mut_ptr().add(at), mask, value) };
    });
}
