//! Sums of attention by AVX-512 with VNNI: products of two channels, or of two steps, in one instruction.
//!
//! In: keys, values and shares. Out: sums, as `operations` says. Not here: softmax (`vectors`).
//! Holds: the integers of the scalar kernel; `vpdpwssd` wraps.
#![allow(
    unsafe_code,
    reason = "loads of vectors; every address is inside a slice whose length is checked before"
)]

use super::products::added;
use crate::kernel::operations::{SCORES, VALUES};
use std::arch::x86_64::*;

/// Two numbers of 16 bits for all lanes: `a` for the low halves.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn pair(a: i16, b: i16) -> __m512i {
    _mm512_set1_epi32(i32::from(b) << 16 | i32::from(a as u16))
}

/// As `operations::scores`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub fn scores(q: &[i16], keys: &[i16], stride: usize, into: &mut [i32]) {
    let blocks = into.as_chunks_mut::<SCORES>().0;
    let last = blocks.len() * SCORES + q.len().saturating_sub(1) * stride;
    assert!(blocks.is_empty() || last <= keys.len());
    // Unpacking takes the two halves of each 128 bits apart: here they come together again.
    let first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    let second = _mm512_add_epi32(first, _mm512_set1_epi32(8));
    for (at, into) in blocks.iter_mut().enumerate() {
        let (mut low, mut high) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        let (pairs, odd) = q.as_chunks::<2>();
        // SAFETY: channel `c` has a block of keys from `at * SCORES + c * stride` (assertion).
        let load =
            |c: usize| unsafe { _mm512_loadu_si512(keys.as_ptr().add(at * SCORES + c * stride).cast()) };
        for (c, &[a, b]) in pairs.iter().enumerate() {
            let (one, two, q) = (load(2 * c), load(2 * c + 1), pair(a, b));
            low = added(low, _mm512_unpacklo_epi16(one, two), q);
            high = added(high, _mm512_unpackhi_epi16(one, two), q);
        }
        if let [a] = odd {
            let (one, two, q) = (load(q.len() - 1), _mm512_setzero_si512(), pair(*a, 0));
            low = added(low, _mm512_unpacklo_epi16(one, two), q);
            high = added(high, _mm512_unpackhi_epi16(one, two), q);
        }
        // SAFETY: a block is two vectors.
        unsafe {
            let into = into.as_mut_ptr();
            _mm512_storeu_si512(into.cast(), _mm512_permutex2var_epi32(low, first, high));
            _mm512_storeu_si512(into.add(SCORES / 2).cast(), _mm512_permutex2var_epi32(low, second, high));
        }
    }
}

/// As `operations::weighted`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub fn weighted(weights: &[i16], values: &[i16], stride: usize, sums: &mut [i32]) {
    let blocks = sums.as_chunks_mut::<VALUES>().0;
    let last = blocks.len() * VALUES + weights.len().saturating_sub(1) * stride;
    assert!(blocks.is_empty() || weights.is_empty() || last <= values.len());
    let (fours, rest) = weights.as_chunks::<4>();
    for (at, sums) in blocks.iter_mut().enumerate() {
        // SAFETY: step `s` has a block of values from `at * VALUES + s * stride` (assertion).
        let load =
            |s: usize| unsafe { _mm256_loadu_si256(values.as_ptr().add(at * VALUES + s * stride).cast()) };
        // A lane of 32 bits has a channel of two steps: first and second, third and fourth in the other 256 bits.
        let together = |one, two, three, four| {
            let low = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(one), three);
            let high = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(two), four);
            (_mm512_unpacklo_epi16(low, high), _mm512_unpackhi_epi16(low, high))
        };
        let (mut low, mut high) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        let mut add = |steps: [__m256i; 4], [a, b, c, d]: [i16; 4]| {
            let [one, two, three, four] = steps;
            let shares = _mm512_mask_blend_epi32(0xFF00, pair(a, b), pair(c, d));
            let (even, odd) = together(one, two, three, four);
            low = added(low, even, shares);
            high = added(high, odd, shares);
        };
        for (four, &shares) in fours.iter().enumerate() {
            add([load(4 * four), load(4 * four + 1), load(4 * four + 2), load(4 * four + 3)], shares);
        }
        for (s, &share) in rest.iter().enumerate() {
            let nothing = _mm256_setzero_si256();
            add([load(fours.len() * 4 + s), nothing, nothing, nothing], [share, 0, 0, 0]);
        }
        let [low, high] = [low, high]
            .map(|both| _mm256_add_epi32(_mm512_castsi512_si256(both), _mm512_extracti64x4_epi64::<1>(both)));
        // Channels 0 to 7 and 8 to 15 again.
        let [first, second] =
            [_mm256_permute2x128_si256::<0x20>(low, high), _mm256_permute2x128_si256::<0x31>(low, high)];
        // SAFETY: a block is two vectors of 256 bits.
        unsafe {
            for (into, more) in sums.as_chunks_mut::<8>().0.iter_mut().zip([first, second]) {
                let into: *mut __m256i = into.as_mut_ptr().cast();
                _mm256_storeu_si256(into, _mm256_add_epi32(_mm256_loadu_si256(into), more));
            }
        }
    }
}
