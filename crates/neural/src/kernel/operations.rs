//! Operations on vectors of integers, in plain Rust: what every kernel computes.
//!
//! In: slices that go together by their first lengths. Out: slices. Not here: which instructions run them (`kernel`).
//! Holds: nothing overflows but where wrapping is stated; nothing depends on the order of sums.
//!
//! Every function is compiled once for each kernel, with that kernel's instructions, so loops are plain and without
//! branches.

use super::packed::Weights;
use crate::fixed::{FLOOR, LOGIT_LIMIT, TOTAL, scaled};
use crate::rms::reciprocal;
use crate::tables::{Curve, exp_below, silu as silu_of};

/// Names and arguments of all operations but those of matrices, for the macro `$with`, behind `$features`.
macro_rules! all {
    ($with:ident $(, $features:literal)?) => {
        $with! {
            $($features;)?
            /// `x / sqrt(mean(x^2) + 2^-12)` of each row of `width` activations.
            fn normalise(width: usize, x: &[i16], into: &mut [i16]);
            /// `into + what`, saturated.
            fn add(what: &[i16], into: &mut [i16]);
            /// `into * by`, rounded, saturated.
            fn gate(by: &[i16], into: &mut [i16]);
            /// `into + r g`, `r` in units of 2^-15, the product rounded, the sum saturated.
            fn reset(r: &[i16], g: &[i16], into: &mut [i16]);
            /// `n + z (h - n)`, the product rounded, all in units of 2^-15.
            fn updated(z: &[i16], n: &[i16], h: &mut [i16]);
            /// `taps . past + biases`: `taps` is `[4][channels]`, `past` four rows of channels.
            fn convolve(taps: &[i16], biases: &[i16], past: [&[i16]; 4], into: &mut [i16]);
            /// `step * v` in units of 2^-14, for `step` from 0 to 65535 in these units, saturated.
            fn stepped(step: i32, v: &[i16], into: &mut [i16]);
            /// Sums in units of 2^-22 to scores in units of 2^-12, with the biases (units of 2^-10) of distances
            /// that fall to 0, or none.
            fn biased(biases: &[i16], scores: &mut [i32]);
        }
    };
}
pub(super) use all;

/// Names and arguments of the operations of matrices.
macro_rules! matrices {
    ($with:ident) => {
        $with! {
            /// Activations of each row of inputs, none below `lowest`.
            fn activations(weights: &Weights, lowest: i16, inputs: &[i16], outputs: &mut [i16]);
            /// Logits of each row of inputs.
            fn logits(weights: &Weights, inputs: &[i16], outputs: &mut [i32]);
        }
    };
}
pub(super) use matrices;

/// Names and arguments of operations that some kernel has instructions of its own for.
macro_rules! special {
    ($with:ident $(, $features:literal)?) => {
        $with! {
            $($features;)?
            /// `S - f S + w B`, `y = S C + K v`, for `[f, w, v, K]` of `[2 d]`, `[B, C]` of `[N]`, `S` of `[N][2 d]`.
            fn scan(of: [&[i16]; 4], bc: [&[i16]; 2], states: &mut [i32], y: &mut [i16]);
            /// `into[at] = sum of q[c] keys[c * stride + at]`, wrapping, for whole blocks of `SCORES`; keys are read
            /// as far.
            fn scores(q: &[i16], keys: &[i16], stride: usize, into: &mut [i32]);
            /// `sums[c] += weights[at] * values[at * stride + c]`, for whole blocks of `VALUES`; values are read as
            /// far.
            fn weighted(weights: &[i16], values: &[i16], stride: usize, sums: &mut [i32]);
            /// Softmax, in units of 2^-15; spoils the scores.
            fn shares(scores: &mut [i32], into: &mut [i16]);
            /// Frequencies of each row of `outcomes` logits.
            fn frequencies(outcomes: usize, logits: &[i32], into: &mut [u32]);
        }
    };
}
pub(super) use special;

/// Names and arguments of the functions by tables.
macro_rules! curves {
    ($with:ident) => {
        $with! {
            /// The value of the curve at each, in place.
            fn curved(curve: &Curve, x: &mut [i16]);
            /// `silu` of each, in place.
            fn silu(x: &mut [i16]);
        }
    };
}
pub(super) use curves;

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
pub fn curved(curve: &Curve, x: &mut [i16]) {
    for x in x {
        *x = curve.at(*x);
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
pub fn reset(r: &[i16], g: &[i16], into: &mut [i16]) {
    for ((into, &r), &g) in into.iter_mut().zip(r).zip(g) {
        *into = small(i32::from(*into) + ((i32::from(r) * i32::from(g) + (1 << 14)) >> 15));
    }
}

#[inline(always)]
pub fn updated(z: &[i16], n: &[i16], h: &mut [i16]) {
    for ((h, &z), &n) in h.iter_mut().zip(z).zip(n) {
        // `z` is not negative and at most 32767, so the product is below 2^31.
        let kept = (i32::from(z) * (i32::from(*h) - i32::from(n)) + (1 << 14)) >> 15;
        *h = (i32::from(n) + kept) as i16;
    }
}

#[inline(always)]
pub fn convolve(taps: &[i16], biases: &[i16], past: [&[i16]; 4], into: &mut [i16]) {
    let n = into.len();
    let taps: [&[i16]; 4] = std::array::from_fn(|tap| &taps[tap * n..][..n]);
    let (past, biases) = (past.map(|past| &past[..n]), &biases[..n]);
    for at in 0..n {
        let product = |tap: usize| i32::from(taps[tap][at]) * i32::from(past[tap][at]);
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

/// Channels that are scanned side by side: twice the step of widths.
pub const CHANNELS: usize = 16;

/// States are kept within this: 16, in units of 2^-26.
pub const STATE_LIMIT: i32 = 1 << 30;

#[inline(always)]
pub fn scan([f, w, v, through]: [&[i16]; 4], [b, c]: [&[i16]; 2], states: &mut [i32], y: &mut [i16]) {
    let rows = y.len() / CHANNELS;
    let [f, w, v, through] = [f, w, v, through].map(|of| of.as_chunks::<CHANNELS>().0);
    let states = states.as_chunks_mut::<CHANNELS>().0;
    for (row, y) in y.as_chunks_mut::<CHANNELS>().0.iter_mut().enumerate() {
        let mut sums = [0i32; CHANNELS];
        for (states, (&b, &c)) in states[row..].iter_mut().step_by(rows).zip(b.iter().zip(c)) {
            for at in 0..CHANNELS {
                // Within 2^30 before, so within 2^31 after.
                let kept = states[at] - (states[at] >> 15) * i32::from(f[row][at]);
                let state =
                    (kept + i32::from(w[row][at]) * i32::from(b)).clamp(-STATE_LIMIT, STATE_LIMIT - 1);
                states[at] = state;
                sums[at] = sums[at].wrapping_add((state >> 15) * i32::from(c));
            }
        }
        for at in 0..CHANNELS {
            let passed = (i32::from(through[row][at]) * i32::from(v[row][at]) + (1 << 11)) >> 12;
            y[at] = small((sums[at].wrapping_add(1 << 10) >> 11) + passed);
        }
    }
}

/// Scores that are summed side by side.
pub const SCORES: usize = 32;

#[inline(always)]
pub fn scores(q: &[i16], keys: &[i16], stride: usize, into: &mut [i32]) {
    for (at, into) in into.as_chunks_mut::<SCORES>().0.iter_mut().enumerate() {
        let mut sums = [0i32; SCORES];
        for (channel, &q) in q.iter().enumerate() {
            let Some(keys) = keys[at * SCORES + channel * stride..].first_chunk::<SCORES>() else { return };
            for (sum, &key) in sums.iter_mut().zip(keys) {
                *sum = sum.wrapping_add(i32::from(q) * i32::from(key));
            }
        }
        *into = sums;
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
pub fn shares(scores: &mut [i32], into: &mut [i16]) {
    let greatest = scores.iter().copied().max().unwrap_or(0);
    for score in scores.iter_mut() {
        *score = exp_below(greatest.abs_diff(*score)) as i32;
    }
    let sum: u64 = scores.iter().map(|&weight| weight as u64).sum();
    // At least one weight is 2^24, so this is at most 2^23.
    let factor = (1u64 << 47) / sum.max(1 << 24);
    for (into, &weight) in into.iter_mut().zip(scores.iter()) {
        *into = ((weight as u64 * factor + (1 << 31)) >> 32).min(32_767) as i16;
    }
}

/// Channels of values that are summed side by side.
pub const VALUES: usize = 16;

#[inline(always)]
pub fn weighted(weights: &[i16], values: &[i16], stride: usize, sums: &mut [i32]) {
    for (at, sums) in sums.as_chunks_mut::<VALUES>().0.iter_mut().enumerate() {
        let mut own = *sums;
        for (step, &weight) in weights.iter().enumerate() {
            let Some(values) = values[at * VALUES + step * stride..].first_chunk::<VALUES>() else { return };
            for (own, &value) in own.iter_mut().zip(values) {
                // Shares add up to little more than 1, so sums stay below 2^31.
                *own = own.wrapping_add(i32::from(weight) * i32::from(value));
            }
        }
        *sums = own;
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
        let sum: u64 = into.chunks(64).map(|weights| u64::from(weights.iter().sum::<u32>())).sum();
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

/// Sums to activations, none below `lowest`.
#[inline(always)]
pub fn activated(lowest: i16, sums: &[i32], multipliers: &[i32], biases: &[i32], into: &mut [i16]) {
    for (((into, &sum), &multiplier), &bias) in into.iter_mut().zip(sums).zip(multipliers).zip(biases) {
        *into = scaled(sum, multiplier, bias).clamp(i64::from(lowest), 32_767) as i16;
    }
}

/// Sums to logits.
#[inline(always)]
pub fn ranged(sums: &[i32], multipliers: &[i32], biases: &[i32], into: &mut [i32]) {
    for (((into, &sum), &multiplier), &bias) in into.iter_mut().zip(sums).zip(multipliers).zip(biases) {
        *into = scaled(sum, multiplier, bias).clamp(-LOGIT_LIMIT, LOGIT_LIMIT) as i32;
    }
}

/// Activations of each row of inputs, none below `lowest`.
pub fn activations(weights: &Weights, lowest: i16, inputs: &[i16], outputs: &mut [i16]) {
    for (row, outputs) in inputs.chunks_exact(weights.inputs).zip(outputs.chunks_exact_mut(weights.outputs)) {
        for (output, into) in outputs.iter_mut().enumerate() {
            let (multiplier, bias) = (weights.multipliers[output], weights.biases[output]);
            activated(
                lowest,
                &[weights.sum(output, row)],
                &[multiplier],
                &[bias],
                std::slice::from_mut(into),
            );
        }
    }
}

/// Logits of each row of inputs.
pub fn logits(weights: &Weights, inputs: &[i16], outputs: &mut [i32]) {
    for (row, outputs) in inputs.chunks_exact(weights.inputs).zip(outputs.chunks_exact_mut(weights.outputs)) {
        for (output, into) in outputs.iter_mut().enumerate() {
            let (multiplier, bias) = (weights.multipliers[output], weights.biases[output]);
            ranged(&[weights.sum(output, row)], &[multiplier], &[bias], std::slice::from_mut(into));
        }
    }
}
