//! Softmax in integers: logits to frequencies.
//!
//! In: logits in units of 2^-12. Out: frequencies that add up to [`TOTAL`], none below [`FLOOR`].
//! Not here: how a frequency is coded (`hepz-models`), the exponential (`tables`).
//! Holds: no floating point; equal logits give equal frequencies on every machine.

pub use crate::fixed::{FLOOR, MOST_OUTCOMES, TOTAL};
use crate::kernel::{self, Kernel};
pub use crate::tables::exp_below;

/// The frequencies of `logits`, at most [`MOST_OUTCOMES`] of them; what rounding leaves over goes to the likeliest.
///
/// Each weight is `exp_below(greatest - logit)`; a frequency is [`FLOOR`] and its share, rounded down, of the rest.
pub fn frequencies(logits: &[i32], into: &mut [u32]) {
    let n = logits.len().min(into.len()).min(MOST_OUTCOMES);
    frequencies_of_many(Kernel::Scalar, n, &logits[..n], &mut into[..n]);
}

/// The same for rows of `outcomes` logits each, from 1 to [`MOST_OUTCOMES`]; no row for another number of outcomes.
pub fn frequencies_of_many(kernel: Kernel, outcomes: usize, logits: &[i32], into: &mut [u32]) {
    if (1..=MOST_OUTCOMES).contains(&outcomes) {
        kernel::frequencies(kernel, outcomes, logits, into);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_add_up_whatever_the_logits() {
        let mut state = 1u64;
        for n in [1usize, 2, 7, 64, 256, 1024] {
            for spread in [0i32, 1, 4096, 262_144] {
                let mut logit = || {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    ((state >> 33) as i32).rem_euclid(2 * spread + 1) - spread
                };
                let logits: Vec<i32> = (0..n).map(|_| logit()).collect();
                let mut found = vec![0; n];
                frequencies(&logits, &mut found);
                assert_eq!(found.iter().map(|&f| u64::from(f)).sum::<u64>(), u64::from(TOTAL));
                assert!(found.iter().all(|&f| f >= FLOOR));
            }
        }
    }
}
