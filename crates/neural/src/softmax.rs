//! Softmax in integers: logits to frequencies.
//!
//! In: logits in units of 2^-12. Out: frequencies that add up to [`TOTAL`], none below [`FLOOR`].
//! Not here: how a frequency is coded (`hepz-models`).
//! Holds: no floating point; equal logits give equal frequencies on every machine.

use crate::fixed::FRACTION;

/// Frequencies add up to this.
pub const TOTAL: u32 = 1 << 24;

/// No frequency is below this: whatever the network thinks, everything can be coded.
pub const FLOOR: u32 = 16;

/// Outcomes at most.
pub const MOST_OUTCOMES: usize = 1024;

/// `2^(-n/256)` in units of 2^-24, `n` from 0 to 255, rounded down: `floor(2^(24 - n/256))`.
///
/// Built by square roots in integers: entry `n` is the product of the roots that the bits of `n` name.
static FRACTIONS: [u32; 256] = fractions();

/// `floor(sqrt(n))`.
const fn root(n: u128) -> u128 {
    let (mut low, mut high) = (0u128, 1u128 << 64);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if middle * middle <= n {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

const fn fractions() -> [u32; 256] {
    // roots[k] is 2^(-2^k/256) in units of 2^-62.
    let mut roots = [0u128; 8];
    let mut of = 1u128 << 61; // 2^-1
    let mut k = 8;
    while k > 0 {
        k -= 1;
        of = root(of << 62);
        roots[k] = of;
    }
    let mut table = [0u32; 256];
    let mut n = 0;
    while n < 256 {
        let mut product = 1u128 << 62;
        let mut bit = 0;
        while bit < 8 {
            if n >> bit & 1 == 1 {
                product = (product * roots[bit]) >> 62;
            }
            bit += 1;
        }
        table[n] = (product >> 38) as u32;
        n += 1;
    }
    table
}

/// `exp(-below / 2^12)` in units of 2^-24, within 2^-9 of it relative to it; `below` is not negative.
#[inline(always)]
pub fn exp_below(below: u32) -> u32 {
    // log2(e) in units of 2^-15; the exponent in units of 1/256.
    let exponent = (u64::from(below) * 47_274) >> (15 + FRACTION - 8);
    let whole = exponent >> 8;
    if whole >= 25 { 0 } else { FRACTIONS[(exponent & 255) as usize] >> whole }
}

/// The frequencies of `logits`, at most [`MOST_OUTCOMES`] of them; what rounding leaves over goes to the likeliest.
///
/// Each weight is `exp_below(greatest - logit)`; a frequency is [`FLOOR`] and its share, rounded down, of the rest.
pub fn frequencies(logits: &[i32], into: &mut [u32]) {
    let n = logits.len().min(into.len()).min(MOST_OUTCOMES);
    let Some(&greatest) = logits[..n].iter().max() else { return };
    let mut sum = 0u64;
    for (weight, &logit) in into.iter_mut().zip(&logits[..n]) {
        *weight = exp_below(greatest.abs_diff(logit));
        sum += u64::from(*weight);
    }
    let share = u64::from(TOTAL - FLOOR * n as u32);
    // Weights are at most 2^24 each, sums at most 2^34: the reciprocal keeps 24 bits and more.
    let reciprocal = (share << 34) / sum;
    let (mut left, mut likeliest) = (TOTAL, 0);
    for at in 0..n {
        if logits[at] > logits[likeliest] {
            likeliest = at;
        }
        into[at] = FLOOR + ((u128::from(into[at]) * u128::from(reciprocal)) >> 34) as u32;
        left -= into[at];
    }
    into[likeliest] += left;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_near_the_real_ones() {
        for below in (0..80_000).step_by(7) {
            let real = (-f64::from(below) / 4096.0).exp();
            let own = f64::from(exp_below(below)) / f64::from(TOTAL);
            assert!((own - real).abs() <= real / 256.0 + 1e-7, "{below}: {own} {real}");
        }
    }

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
