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
use crate::tables::{Curve, SIGMOID};
use std::arch::asm;
use std::arch::x86_64::{
    __m512i, _mm_cvtsi32_si128, _mm512_abs_epi16, _mm512_add_epi16, _mm512_loadu_si512,
    _mm512_mask_storeu_epi16, _mm512_mask_sub_epi16, _mm512_maskz_loadu_epi16, _mm512_min_epu16,
    _mm512_movepi16_mask, _mm512_mulhrs_epi16, _mm512_permutex2var_epi16, _mm512_set1_epi16,
    _mm512_set1_epi32, _mm512_setzero_si512, _mm512_sll_epi16, _mm512_srl_epi16, _mm512_storeu_si512,
    _mm512_sub_epi16,
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

/// The value of a curve at each of 32 activations.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn curve_of(curve: &Curve, x: __m512i) -> __m512i {
    // SAFETY: both tables have 64 entries, two vectors.
    let [knots, slopes] = [&curve.knots, &curve.slopes]
        .map(|table| [0, 32].map(|at| unsafe { _mm512_loadu_si512(table.as_ptr().add(at).cast()) }));
    let shift = _mm_cvtsi32_si128(curve.shift as i32);
    let magnitude = _mm512_min_epu16(_mm512_abs_epi16(x), _mm512_set1_epi16(curve.limit));
    let line = _mm512_srl_epi16(magnitude, shift);
    // The rest of the argument in units of 2^-15 of a line: the rounded product is that of the scalar curve.
    let rest = _mm512_sub_epi16(magnitude, _mm512_sll_epi16(line, shift));
    let rest = _mm512_sll_epi16(rest, _mm_cvtsi32_si128(15 - curve.shift as i32));
    let rise = _mm512_mulhrs_epi16(_mm512_permutex2var_epi16(slopes[0], line, slopes[1]), rest);
    let value = _mm512_add_epi16(_mm512_permutex2var_epi16(knots[0], line, knots[1]), rise);
    let signed = _mm512_mask_sub_epi16(value, _mm512_movepi16_mask(x), _mm512_setzero_si512(), value);
    _mm512_add_epi16(signed, _mm512_set1_epi16(curve.centre))
}

/// `of` for 32 activations at a time, in place; behind the last there are zeros.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn each(x: &mut [i16], of: impl Fn(__m512i) -> __m512i) {
    let mut chunks = x.chunks_exact_mut(32);
    for chunk in &mut chunks {
        // SAFETY: a chunk is a vector.
        unsafe {
            _mm512_storeu_si512(chunk.as_mut_ptr().cast(), of(_mm512_loadu_si512(chunk.as_ptr().cast())))
        };
    }
    let rest = chunks.into_remainder();
    let mask = (1u32 << rest.len()) - 1;
    if mask != 0 {
        // SAFETY: the mask has as many bits as there are activations left.
        unsafe {
            let value = of(_mm512_maskz_loadu_epi16(mask, rest.as_ptr()));
            _mm512_mask_storeu_epi16(rest.as_mut_ptr(), mask, value);
        }
    }
}

/// As `operations::curved`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub fn curved(curve: &Curve, x: &mut [i16]) {
    each(x, |x| curve_of(curve, x));
}

/// As `operations::silu`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub fn silu(x: &mut [i16]) {
    each(x, |x| _mm512_mulhrs_epi16(x, curve_of(&SIGMOID, x)));
}

/// `sums + weights * two`, pairs of products added up: `vpdpwssd`.
///
/// Written as an instruction because LLVM takes the intrinsic apart into a product and a sum (seen with LLVM 21), a third slower.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn added(mut sums: __m512i, weights: __m512i, two: __m512i) -> __m512i {
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
