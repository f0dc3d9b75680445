//! Operations on vectors of integers, in plain Rust: what every kernel computes.
//!
//! In: slices that go together by their first lengths. Out: slices. Not here: which instructions run them (`kernel`).
//! Holds: nothing overflows but where wrapping is stated; nothing depends on the order of sums.
//!
//! Every function is compiled once for each kernel, with that kernel's instructions, so loops are plain and without branches.

use crate::fixed::{FLOOR, TOTAL};
use crate::rms::reciprocal;
use crate::tables::{SIGMOID, TANH, exp_below, silu as silu_of};

/// Names and arguments of all operations, for the macro `$with`.
macro_rules! all {
    ($with:ident) => {
        $with! {
            /// `x / sqrt(mean(x^2) + 2^-12)` of each row of `width` activations.
            fn normalise(width: usize, x: &[i16], into: &mut [i16]);
            /// `into + what`, saturated.
            fn add(what: &[i16], into: &mut [i16]);
            /// `silu` of each, in place.
            fn silu(x: &mut [i16]);
            /// `into * by`, rounded, saturated.
            fn gate(by: &[i16], into: &mut [i16]);
            /// One step of a gated unit: `x` and `g` are `[3][d]`, `h` is `[d]` in units of 2^-15.
            fn gated_unit(x: &[i16], g: &[i16], h: &mut [i16]);
            /// `taps . past + biases`: `taps` is `[4][channels]`, `past` four rows of channels.
            fn convolve(taps: &[i16], biases: &[i16], past: [&[i16]; 4], into: &mut [i16]);
            /// `step * v` in units of 2^-14, for `step` from 0 to 65535 in these units, saturated.
            fn stepped(step: i32, v: &[i16], into: &mut [i16]);
            /// `S - f S + w B`, `y = S C + K v`, for `[f, w, v, K]` of `[2 d]`, `[B, C]` of `[N]`, `S` of `[N][2 d]`.
            fn scan(of: [&[i16]; 4], bc: [&[i16]; 2], states: &mut [i32], y: &mut [i16]);
            /// `into[at] = sum of q[c] keys[c * stride + at]`, wrapping.
            fn scores(q: &[i16], keys: &[i16], stride: usize, into: &mut [i32]);
            /// Sums in units of 2^-22 to scores in units of 2^-12, with the biases (units of 2^-10) of distances that fall to 0, or none.
            fn biased(biases: &[i16], scores: &mut [i32]);
            /// Softmax, in units of 2^-15.
            fn shares(scores: &[i32], into: &mut [i16]);
            /// `sums[c] += weights[at] * values[at * stride + c]`.
            fn weighted(weights: &[i16], values: &[i16], stride: usize, sums: &mut [i32]);
            /// Frequencies of each row of `outcomes` logits.
            fn frequencies(outcomes: usize, logits: &[i32], into: &mut [u32]);
        }
    };
}
pub(super) use all;

#[inline(always)]
fn small(value: i32) -> i16 {
    value.clamp(-32_768, 32_767) as i16
}

#[inline(always)]
pub fn normalise(width: usize, x: &[i16], into: &mut [i16]) {
    for (x, into) in x.chunks_exact(width).zip(into.chunks_exact_mut(width)) {
        let squares = x.iter().map(|&x| u64::from((i32::from(x) * i32::from(x)) as u32)).sum();
        let factor = reciprocal(squares, width);
        for (into, &x) in into.iter_mut().zip(x) {
            *into = small((i32::from(x) * factor + (1 << 12)) >> 13);
        }
    }
}

#[inline(always)]
pub fn add(what: &[i16], into: &mut [i16]) {
    for (into, &what) in into.iter_mut().zip(what) {
        *into = into.saturating_add(what);
    }
}

#[inline(always)]
pub fn silu(x: &mut [i16]) {
    for x in x {
        *x = silu_of(*x);
    }
}

#[inline(always)]
pub fn gate(by: &[i16], into: &mut [i16]) {
    for (into, &by) in into.iter_mut().zip(by) {
        *into = small((i32::from(*into) * i32::from(by) + (1 << 11)) >> 12);
    }
}

#[inline(always)]
pub fn gated_unit(x: &[i16], g: &[i16], h: &mut [i16]) {
    let width = h.len();
    let (x, g) = (x.chunks_exact(width), g.chunks_exact(width));
    let ([xr, xz, xn], [gr, gz, gn]) = (three(x), three(g));
    for at in 0..width {
        let r = SIGMOID.at(xr[at].saturating_add(gr[at]));
        let z = SIGMOID.at(xz[at].saturating_add(gz[at]));
        let reset = (i32::from(r) * i32::from(gn[at]) + (1 << 14)) >> 15;
        let n = i32::from(TANH.at(small(i32::from(xn[at]) + reset)));
        // At most 32757 * 65535: below 2^31.
        let kept = (i32::from(z) * (i32::from(h[at]) - n) + (1 << 14)) >> 15;
        h[at] = (n + kept) as i16;
    }
}

#[inline(always)]
fn three<'a>(mut rows: impl Iterator<Item = &'a [i16]>) -> [&'a [i16]; 3] {
    [(); 3].map(|()| rows.next().unwrap_or(&[]))
}

#[inline(always)]
pub fn convolve(taps: &[i16], biases: &[i16], past: [&[i16]; 4], into: &mut [i16]) {
    let n = into.len();
    for at in 0..n {
        let product = |tap: usize| i32::from(taps[tap * n + at]) * i32::from(past[tap][at]);
        let sum = product(0).wrapping_add(product(1)).wrapping_add(product(2)).wrapping_add(product(3));
        into[at] = small((sum.wrapping_add(1 << 11) >> 12) + i32::from(biases[at]));
    }
}

#[inline(always)]
pub fn stepped(step: i32, v: &[i16], into: &mut [i16]) {
    for (into, &v) in into.iter_mut().zip(v) {
        *into = small((step * i32::from(v) + (1 << 11)) >> 12);
    }
}

/// States are kept within this: 16, in units of 2^-26.
const STATE_LIMIT: i32 = 1 << 30;

#[inline(always)]
pub fn scan([f, w, v, through]: [&[i16]; 4], [b, c]: [&[i16]; 2], states: &mut [i32], y: &mut [i16]) {
    let width = y.len();
    for at in 0..width {
        let mut sum = 0i32;
        for (n, (&b, &c)) in b.iter().zip(c).enumerate() {
            let state = &mut states[n * width + at];
            // Within 2^30 before, so within 2^31 after.
            let kept = *state - (*state >> 15) * i32::from(f[at]);
            *state = (kept + i32::from(w[at]) * i32::from(b)).clamp(-STATE_LIMIT, STATE_LIMIT - 1);
            sum = sum.wrapping_add((*state >> 15) * i32::from(c));
        }
        let passed = (i32::from(through[at]) * i32::from(v[at]) + (1 << 11)) >> 12;
        y[at] = small((sum.wrapping_add(1 << 10) >> 11) + passed);
    }
}

#[inline(always)]
pub fn scores(q: &[i16], keys: &[i16], stride: usize, into: &mut [i32]) {
    into.fill(0);
    for (&q, keys) in q.iter().zip(keys.chunks_exact(stride)) {
        for (into, &key) in into.iter_mut().zip(keys) {
            *into = into.wrapping_add(i32::from(q) * i32::from(key));
        }
    }
}

#[inline(always)]
pub fn biased(biases: &[i16], scores: &mut [i32]) {
    for score in scores.iter_mut() {
        *score = (*score >> 10) + (*score >> 9 & 1);
    }
    for (score, &bias) in scores.iter_mut().zip(biases.iter().rev()) {
        *score += 4 * i32::from(bias);
    }
}

#[inline(always)]
pub fn shares(scores: &[i32], into: &mut [i16]) {
    let greatest = scores.iter().copied().max().unwrap_or(0);
    let sum: u64 = scores.iter().map(|&score| u64::from(exp_below(greatest.abs_diff(score)))).sum();
    // At least one weight is 2^24, so this is at most 2^23.
    let factor = (1u64 << 47) / sum.max(1 << 24);
    for (into, &score) in into.iter_mut().zip(scores) {
        let weight = u64::from(exp_below(greatest.abs_diff(score)));
        *into = ((weight * factor + (1 << 31)) >> 32).min(32_767) as i16;
    }
}

#[inline(always)]
pub fn weighted(weights: &[i16], values: &[i16], stride: usize, sums: &mut [i32]) {
    for (at, &weight) in weights.iter().enumerate() {
        let Some(values) = values.get(at * stride..) else { return };
        for (sum, &value) in sums.iter_mut().zip(values) {
            // Shares add up to little more than 1, so sums stay below 2^31.
            *sum = sum.wrapping_add(i32::from(weight) * i32::from(value));
        }
    }
}

#[inline(always)]
pub fn frequencies(outcomes: usize, logits: &[i32], into: &mut [u32]) {
    let share = u64::from(TOTAL - FLOOR * outcomes as u32);
    for (logits, into) in logits.chunks_exact(outcomes).zip(into.chunks_exact_mut(outcomes)) {
        let greatest = logits.iter().copied().max().unwrap_or(0);
        for (weight, &logit) in into.iter_mut().zip(logits) {
            *weight = exp_below(greatest.abs_diff(logit));
        }
        let sum: u64 = into.iter().map(|&weight| u64::from(weight)).sum();
        // The greatest has a weight of 2^24, so this is below 2^32.
        let factor = (share << 32) / sum.max(1 << 24);
        for weight in into.iter_mut() {
            *weight = FLOOR + ((u64::from(*weight) * factor) >> 32) as u32;
        }
        let left = TOTAL - into.iter().sum::<u32>();
        if let Some(likeliest) = logits.iter().position(|&logit| logit == greatest) {
            into[likeliest] += left;
        }
    }
}
