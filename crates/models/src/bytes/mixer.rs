//! Logistic mixing: many log odds to one, by weights that learn.
//!
//! In: [`N_INPUTS`] log odds and the number of a weight set for each of `N` mixers. Out: one log odds.
//! Not here: which contexts select a weight set (`mod`).
//! Holds: the absolute inputs add up to less than 2^16, so that a sum of products fits 32 bits; weights saturate.
//! Source: online gradient descent on coding cost, `w += rate * (bit - p) * input`, in two layers.

use super::{boxed, squash};
use crate::logistic::LOG_ODDS_LIMIT;

/// Inputs of the first layer, a multiple of the 8 lanes of 16 bits that every 64-bit machine has.
pub(super) const N_INPUTS: usize = 32;
/// Weight sets of a mixer.
pub(super) const N_SETS: usize = 512;
/// A weight of 1 in the first layer.
pub(super) const ONE: i16 = 1 << 14;

/// The inputs of one decision.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Inputs(pub(super) [i16; N_INPUTS]);

#[derive(Debug, Clone)]
#[repr(align(64))]
struct Weights([i16; N_INPUTS]);

/// Two layers of mixing: `N` mixers in the first, one over them in the second.
#[derive(Debug, Clone)]
pub(super) struct Mixers<const N: usize> {
    first: [Box<[Weights; N_SETS]>; N],
    chosen: [usize; N],
    odds: [i32; N],
    p: [u32; N],
    /// Weights of the second layer; 65536 is 1.
    second: Box<[[i32; N]; N_SETS]>,
    chosen_second: usize,
    p_second: u32,
}

impl<const N: usize> Mixers<N> {
    /// Weight sets that start from `initial`; the second layer starts as an average.
    pub(super) fn new(initial: &[i16; N_INPUTS]) -> Mixers<N> {
        Mixers {
            first: std::array::from_fn(|_| boxed(Weights(*initial))),
            chosen: [0; N],
            odds: [0; N],
            p: [32768; N],
            second: boxed([65536 / N as i32; N]),
            chosen_second: 0,
            p_second: 32768,
        }
    }

    /// The log odds of a 1 under the weight sets `sets` and, in the second layer, `last`.
    #[inline(always)]
    pub(super) fn mix(&mut self, inputs: &Inputs, sets: [usize; N], last: usize) -> i32 {
        self.chosen = sets.map(|set| set & (N_SETS - 1));
        self.chosen_second = last & (N_SETS - 1);
        let mut sums = [0; N];
        for ((sum, mixer), &set) in sums.iter_mut().zip(&self.first).zip(&self.chosen) {
            *sum = dot(inputs, &mixer[set]);
        }
        let mut sum = 0;
        let weights = &self.second[self.chosen_second];
        for at in 0..N {
            let odds = (sums[at] >> 14).clamp(-LOG_ODDS_LIMIT, LOG_ODDS_LIMIT);
            self.odds[at] = odds;
            self.p[at] = squash(odds);
            sum += odds * (weights[at] >> 2);
        }
        let odds = (sum >> 14).clamp(-LOG_ODDS_LIMIT, LOG_ODDS_LIMIT);
        self.p_second = squash(odds);
        odds
    }

    /// Moves the weights that were used towards those that would have priced `bit` better. `rate` is at most 255.
    #[inline(always)]
    pub(super) fn learn(&mut self, inputs: &Inputs, bit: u32, rate: i32, rate_second: i32) {
        let target = (bit as i32) << 16;
        let errors = self.p.map(|p| (((target - p as i32) * rate) >> 9) as i16);
        for ((mixer, &set), error) in self.first.iter_mut().zip(&self.chosen).zip(errors) {
            step(inputs, &mut mixer[set & (N_SETS - 1)], error);
        }
        let error = ((target - self.p_second as i32) * rate_second) >> 10;
        let weights = &mut self.second[self.chosen_second & (N_SETS - 1)];
        for (weight, &odds) in weights.iter_mut().zip(&self.odds) {
            *weight = (*weight + ((odds * error) >> 14)).clamp(-(1 << 18), 1 << 18);
        }
    }
}

/// Sum of products. Apart, so that the compiler sees pairs of 16-bit products in four lanes.
#[inline(never)]
fn dot(inputs: &Inputs, weights: &Weights) -> i32 {
    let mut lanes = [0i32; 4];
    for (x, w) in inputs.0.chunks_exact(8).zip(weights.0.chunks_exact(8)) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            let even = i32::from(x[2 * lane]) * i32::from(w[2 * lane]);
            let odd = i32::from(x[2 * lane + 1]) * i32::from(w[2 * lane + 1]);
            *sum = sum.wrapping_add(even.wrapping_add(odd));
        }
    }
    lanes[0].wrapping_add(lanes[1]).wrapping_add(lanes[2].wrapping_add(lanes[3]))
}

/// Adds `error * inputs / 2^17`, rounded. Apart for the same reason as [`dot`].
#[inline(never)]
fn step(inputs: &Inputs, weights: &mut Weights, error: i16) {
    for (&x, w) in inputs.0.iter().zip(&mut weights.0) {
        let high = ((i32::from(x) * i32::from(error)) >> 16) as i16;
        *w = w.saturating_add(high.wrapping_add(1) >> 1);
    }
}
