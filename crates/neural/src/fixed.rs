//! Fixed point: the units of activations and the one rounding rule.
//!
//! In: sums of products. Out: activations. Not here: tables of functions (`tables`), matrices (`matrix`).
//! Holds: whatever the sums, results are the same on every machine; nothing overflows but by the stated wrapping.

/// Fraction bits of an activation: 1.0 is `1 << FRACTION`, the range is -8 to 8.
pub const FRACTION: u32 = 12;

/// The activation 1.0.
pub const ONE: i32 = 1 << FRACTION;

/// Fraction bits of a multiplier: `weight = integer weight * multiplier / 2^24`.
pub const MULTIPLIER_FRACTION: u32 = 24;

/// Multipliers are at most this: 1/2.
pub const MOST_MULTIPLIER: i32 = 1 << 23;

/// Biases are smaller than this in magnitude, so that no output reaches 2^31 before it is saturated.
pub const BIAS_LIMIT: i32 = 1 << 30;

/// Logits are kept within -64 to 64.
pub const LOGIT_LIMIT: i64 = 64 << FRACTION;

/// Frequencies of outcomes add up to this.
pub const TOTAL: u32 = 1 << 24;

/// No frequency is below this: whatever the network thinks, everything can be coded.
pub const FLOOR: u32 = 16;

/// Outcomes at most.
pub const MOST_OUTCOMES: usize = 1024;

/// `sum * multiplier / 2^24 + bias`, rounded to the nearest, halves upwards.
#[inline(always)]
pub fn scaled(sum: i32, multiplier: i32, bias: i32) -> i64 {
    let half = 1i64 << (MULTIPLIER_FRACTION - 1);
    ((i64::from(sum) * i64::from(multiplier) + half) >> MULTIPLIER_FRACTION) + i64::from(bias)
}

/// To the nearest activation.
#[inline(always)]
pub fn saturated(value: i64) -> i16 {
    value.clamp(-32_768, 32_767) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_up_and_extremes_saturate() {
        let half = 1 << (MULTIPLIER_FRACTION - 1);
        assert_eq!([-3, -1, 1, 3].map(|sum| scaled(sum, half, 0)), [-1, 0, 1, 2]);
        assert_eq!(saturated(scaled(i32::MAX, i32::MAX, i32::MAX)), i16::MAX);
        assert_eq!(saturated(scaled(i32::MIN, i32::MAX, i32::MIN)), i16::MIN);
    }
}
