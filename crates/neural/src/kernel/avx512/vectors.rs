//! Curves, softmax and scan by AVX-512: what LLVM does not make of plain loops.
//!
//! In: vectors of integers. Out: the same, as `operations` says. Not here: matrices (`products`).
//! Holds: the integers of the scalar kernel.
#![allow(unsafe_code, reason = "loads and stores of vectors, inside slices or under masks of what is there")]

use crate::fixed::{FLOOR, FRACTION, TOTAL};
use crate::kernel::operations::{CHANNELS, STATE_LIMIT};
use crate::tables::{CUBIC, Curve, LOG2_E, NOTHING_BELOW, SIGMOID};
use std::arch::x86_64::*;

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

/// `exp_below` of 16.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn exp_below(below: __m512i) -> __m512i {
    let below = _mm512_min_epu32(below, _mm512_set1_epi32(NOTHING_BELOW as i32));
    let exponent = _mm512_srli_epi32::<FRACTION>(_mm512_mullo_epi32(below, _mm512_set1_epi32(LOG2_E as i32)));
    let f = _mm512_and_si512(exponent, _mm512_set1_epi32(32_767));
    // Of 16 bits, in the low half of each lane; the high half of `f` is zero and so are its products.
    let [first, second, third] = CUBIC.map(|c| _mm512_set1_epi32(i32::from(c)));
    let second = _mm512_add_epi16(second, _mm512_mulhrs_epi16(third, f));
    let first = _mm512_add_epi16(first, _mm512_mulhrs_epi16(second, f));
    let power = _mm512_srai_epi32::<6>(_mm512_madd_epi16(first, f));
    let power = _mm512_add_epi32(power, _mm512_set1_epi32(1 << 24));
    _mm512_srlv_epi32(power, _mm512_srli_epi32::<15>(exponent))
}

/// The mask of the numbers that are there from `at`, of `n`.
#[inline]
fn mask_of(n: usize, at: usize) -> u16 {
    ((1u32 << (n - at).min(16)) - 1) as u16
}

/// The greatest of `of`, and the place of the first that is as great.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn greatest_of(of: &[i32]) -> (i32, usize) {
    let mut greatest = _mm512_set1_epi32(i32::MIN);
    for at in (0..of.len()).step_by(16) {
        // SAFETY: under the mask of what is there.
        let here = unsafe { _mm512_mask_loadu_epi32(greatest, mask_of(of.len(), at), of.as_ptr().add(at)) };
        greatest = _mm512_max_epi32(greatest, here);
    }
    let greatest = _mm512_reduce_max_epi32(greatest);
    for at in (0..of.len()).step_by(16) {
        let mask = mask_of(of.len(), at);
        // SAFETY: under the mask of what is there.
        let here = unsafe { _mm512_maskz_loadu_epi32(mask, of.as_ptr().add(at)) };
        let equal = _mm512_mask_cmpeq_epi32_mask(mask, here, _mm512_set1_epi32(greatest));
        if equal != 0 {
            return (greatest, at + equal.trailing_zeros() as usize);
        }
    }
    (greatest, 0)
}

/// The sum of 16 numbers without a sign.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn sum_of(of: __m512i) -> u64 {
    let low = _mm512_and_si512(of, _mm512_set1_epi64(0xFFFF_FFFF));
    _mm512_reduce_add_epi64(_mm512_add_epi64(low, _mm512_srli_epi64::<32>(of))) as u64
}

/// `(weights * factor + half) >> 32`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn share_of(weights: __m512i, factor: __m512i, half: __m512i) -> __m512i {
    let even = _mm512_add_epi64(_mm512_mul_epu32(weights, factor), half);
    let odd = _mm512_add_epi64(_mm512_mul_epu32(_mm512_srli_epi64::<32>(weights), factor), half);
    _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64::<32>(even), odd)
}

/// As `operations::frequencies`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub fn frequencies(outcomes: usize, logits: &[i32], into: &mut [u32]) {
    let share = u64::from(TOTAL - FLOOR * outcomes as u32);
    for (logits, into) in logits.chunks_exact(outcomes).zip(into.chunks_exact_mut(outcomes)) {
        let (greatest, likeliest) = greatest_of(logits);
        // A lane has at most 64 weights of at most 2^24.
        let mut sums = _mm512_setzero_si512();
        for at in (0..outcomes).step_by(16) {
            let mask = mask_of(outcomes, at);
            // SAFETY, here and below: under the mask of what is there.
            let logits = unsafe { _mm512_maskz_loadu_epi32(mask, logits.as_ptr().add(at)) };
            let weights = exp_below(_mm512_sub_epi32(_mm512_set1_epi32(greatest), logits));
            sums = _mm512_mask_add_epi32(sums, mask, sums, weights);
            unsafe { _mm512_mask_storeu_epi32(into.as_mut_ptr().add(at).cast(), mask, weights) };
        }
        let factor = _mm512_set1_epi64(((share << 32) / sum_of(sums).max(1 << 24)) as i64);
        let mut sums = _mm512_setzero_si512();
        for at in (0..outcomes).step_by(16) {
            let mask = mask_of(outcomes, at);
            let weights = unsafe { _mm512_maskz_loadu_epi32(mask, into.as_ptr().add(at).cast()) };
            let own = share_of(weights, factor, _mm512_setzero_si512());
            let own = _mm512_maskz_add_epi32(mask, own, _mm512_set1_epi32(FLOOR as i32));
            sums = _mm512_add_epi32(sums, own);
            unsafe { _mm512_mask_storeu_epi32(into.as_mut_ptr().add(at).cast(), mask, own) };
        }
        into[likeliest] += TOTAL - sum_of(sums) as u32;
    }
}

/// As `operations::shares`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub fn shares(scores: &mut [i32], into: &mut [i16]) {
    let n = scores.len().min(into.len());
    let greatest = _mm512_set1_epi32(greatest_of(&scores[..n]).0);
    // A lane has at most 128 weights of at most 2^24.
    let mut sums = _mm512_setzero_si512();
    for at in (0..n).step_by(16) {
        let mask = mask_of(n, at);
        // SAFETY, here and below: under the mask of what is there.
        let scores_here = unsafe { _mm512_maskz_loadu_epi32(mask, scores.as_ptr().add(at)) };
        let weights = exp_below(_mm512_sub_epi32(greatest, scores_here));
        sums = _mm512_mask_add_epi32(sums, mask, sums, weights);
        unsafe { _mm512_mask_storeu_epi32(scores.as_mut_ptr().add(at), mask, weights) };
    }
    let factor = _mm512_set1_epi64(((1u64 << 47) / sum_of(sums).max(1 << 24)) as i64);
    for at in (0..n).step_by(16) {
        let mask = mask_of(n, at);
        let weights = unsafe { _mm512_maskz_loadu_epi32(mask, scores.as_ptr().add(at)) };
        let own = share_of(weights, factor, _mm512_set1_epi64(1 << 31));
        // At most 2^15, which saturates.
        unsafe { _mm256_mask_storeu_epi16(into.as_mut_ptr().add(at), mask, _mm512_cvtsepi32_epi16(own)) };
    }
}

/// As `operations::scan`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub fn scan([f, w, v, through]: [&[i16]; 4], [b, c]: [&[i16]; 2], states: &mut [i32], y: &mut [i16]) {
    let (width, n) = (y.len(), b.len().min(c.len()));
    assert!(width.is_multiple_of(CHANNELS) && states.len() >= n * width);
    assert!([f, w, v, through].iter().all(|of| of.len() >= width));
    let [low, high] = [-STATE_LIMIT, STATE_LIMIT - 1].map(|limit| _mm512_set1_epi32(limit));
    // Products of 16 bits in lanes of 32: the low half of one factor with its sign behind it, the high half of the
    // other zero.
    let low_half = _mm512_set1_epi32(0xFFFF);
    for at in (0..width).step_by(CHANNELS) {
        // SAFETY: 16 channels from `at` are there (assertions).
        let load =
            |of: &[i16]| unsafe { _mm512_cvtepi16_epi32(_mm256_loadu_si256(of.as_ptr().add(at).cast())) };
        let (f, w) = (_mm512_and_si512(load(f), low_half), _mm512_and_si512(load(w), low_half));
        let mut sums = _mm512_setzero_si512();
        for n in 0..n {
            let place = n * width + at;
            // SAFETY: `n` rows of channels are there (assertion).
            let state = unsafe { _mm512_loadu_si512(states.as_ptr().add(place).cast()) };
            let lost = _mm512_madd_epi16(_mm512_srai_epi32::<15>(state), f);
            let come = _mm512_madd_epi16(_mm512_set1_epi32(i32::from(b[n])), w);
            let state = _mm512_add_epi32(_mm512_sub_epi32(state, lost), come);
            let state = _mm512_min_epi32(_mm512_max_epi32(state, low), high);
            // SAFETY: as above.
            unsafe { _mm512_storeu_si512(states.as_mut_ptr().add(place).cast(), state) };
            let c = _mm512_set1_epi32(i32::from(c[n] as u16));
            sums = _mm512_add_epi32(sums, _mm512_madd_epi16(_mm512_srai_epi32::<15>(state), c));
        }
        let passed = _mm512_madd_epi16(load(through), _mm512_and_si512(load(v), low_half));
        let passed = _mm512_srai_epi32::<12>(_mm512_add_epi32(passed, _mm512_set1_epi32(1 << 11)));
        let seen = _mm512_srai_epi32::<11>(_mm512_add_epi32(sums, _mm512_set1_epi32(1 << 10)));
        let value = _mm512_cvtsepi32_epi16(_mm512_add_epi32(seen, passed));
        // SAFETY: as above.
        unsafe { _mm256_storeu_si256(y.as_mut_ptr().add(at).cast(), value) };
    }
}
