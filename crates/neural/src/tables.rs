//! Functions of activations, by tables of knots that are made from integers alone.
//!
//! In: activations. Out: [`sigmoid`] and [`tanh`] in units of 2^-15, [`silu`] in units of 2^-12, [`softplus`] in
//! units of 2^-14, [`forgotten`] (`1 - exp(-x)`) in units of 2^-15, [`exp_below`] in units of 2^-24. Not here: many
//! at a time (`kernel`).
//! Holds: the stated errors, for all inputs (tests). Between knots straight lines are drawn; one rounding, to the
//! nearest.

use crate::fixed::FRACTION;

/// An odd function of 64 straight lines, `line = |x| >> shift`, shifted by `centre`.
#[derive(Debug)]
pub(crate) struct Curve {
    /// Values at the left ends of the lines, units of 2^-15.
    pub knots: [i16; 64],
    /// How far each line rises.
    pub slopes: [i16; 64],
    /// A slope and, in the low half, a knot.
    pub lines: [i32; 64],
    /// Magnitudes of arguments are cut here.
    pub limit: i16,
    /// log2 of the length of a line, in units of arguments.
    pub shift: u32,
    /// The value at 0.
    pub centre: i16,
}

impl Curve {
    /// The value at `x`: `centre + sign(x) (knot + slope * rest >> shift)`, the product rounded.
    #[inline(always)]
    pub fn at(&self, x: i16) -> i16 {
        let magnitude = i32::from(x).abs().min(i32::from(self.limit));
        let line = (magnitude >> self.shift) as usize & 63;
        let rest = magnitude & ((1 << self.shift) - 1);
        let rise = (i32::from(self.slopes[line]) * rest + (1 << (self.shift - 1))) >> self.shift;
        let value = i32::from(self.knots[line]) + rise;
        (i32::from(self.centre) + if x < 0 { -value } else { value }) as i16
    }

    /// Lines of `scale (1 - exp(-i/8)) / (1 + exp(-i/8))`: the hyperbolic tangent of `i/16`.
    const fn of_tangent(scale: u128, limit: i16, shift: u32, centre: i16) -> Curve {
        let mut curve = Curve { knots: [0; 64], slopes: [0; 64], lines: [0; 64], limit, shift, centre };
        let mut line = 0;
        while line < 64 {
            let value = tangent(scale, line);
            curve.knots[line] = value;
            curve.slopes[line] = tangent(scale, line + 1) - value;
            curve.lines[line] = (curve.slopes[line] as i32) << 16 | value as i32;
            line += 1;
        }
        curve
    }
}

/// Fraction bits of the integers that tables are made with.
const PRECISE: u32 = 60;

/// `exp(-i/8)`, units of 2^-60: a power series for 1/8, then a power.
const fn exponential(i: usize) -> u128 {
    let mut eighth = 0i128;
    let mut term = 1i128 << PRECISE;
    let mut k = 1;
    while term != 0 {
        eighth += term;
        term = -term / (8 * k);
        k += 1;
    }
    let mut power = 1u128 << PRECISE;
    let mut times = 0;
    while times < i {
        power = (power * eighth as u128) >> PRECISE;
        times += 1;
    }
    power
}

const fn tangent(scale: u128, i: usize) -> i16 {
    let (one, power) = (1u128 << PRECISE, exponential(i));
    ((2 * scale * (one - power) / (one + power)).div_ceil(2)) as i16
}

/// `tanh(x)`: lines of 1/16, to 4 and level from there.
pub(crate) static TANH: Curve = Curve::of_tangent(1 << 15, (4 << 12) - 1, 8, 0);

/// `sigmoid(x) = 1/2 + tanh(x/2) / 2`: lines of 1/8, to 8.
pub(crate) static SIGMOID: Curve = Curve::of_tangent(1 << 14, i16::MAX, 9, 1 << 14);

/// `ln(1 + exp(-i/8))` for `i` from 0 to 64, units of 2^-14.
static CORRECTION: [i32; 65] = corrections();

const fn corrections() -> [i32; 65] {
    let mut table = [0; 65];
    let mut i = 0;
    while i < 65 {
        // ln(1 + e) = 2 artanh(e / (2 + e)).
        let power = exponential(i);
        let y = (power << PRECISE) / ((2u128 << PRECISE) + power);
        let square = (y * y) >> PRECISE;
        let (mut term, mut sum, mut k) = (y, 0u128, 1);
        while term > 0 {
            sum += term / k;
            term = (term * square) >> PRECISE;
            k += 2;
        }
        table[i] = (((2 * sum) >> (PRECISE - 15)).div_ceil(2)) as i32;
        i += 1;
    }
    table
}

/// `sigmoid(x)` in units of 2^-15, within 2^-12 of it; 11 to 32757.
pub fn sigmoid(x: i16) -> i16 {
    SIGMOID.at(x)
}

/// `tanh(x)` in units of 2^-15, within 2^-10 of it (2^-11 for `|x| < 4`, where its lines end).
pub fn tanh(x: i16) -> i16 {
    TANH.at(x)
}

/// `x sigmoid(x)`, an activation, within 2^-10 of it.
#[inline(always)]
pub fn silu(x: i16) -> i16 {
    ((i32::from(x) * i32::from(SIGMOID.at(x)) + (1 << 14)) >> 15) as i16
}

/// `ln(1 + exp(x))` in units of 2^-14, at most `4 - 2^-14`, within 2^-10 of it below that.
pub fn softplus(x: i16) -> i32 {
    let magnitude = i32::from(x).abs();
    let line = (magnitude >> 9).min(63) as usize;
    let (left, right) = (CORRECTION[line], CORRECTION[line + 1]);
    let correction = left + (((right - left) * (magnitude - ((line as i32) << 9)) + 256) >> 9);
    (4 * i32::from(x).max(0) + correction).min(65_535)
}

/// Coefficients of `2^-f - 1` behind `f`, units of 2^-15: of `f`, `f^2` and `f^3`.
pub(crate) const CUBIC: [i16; 3] = [-22_661, 7568, -1292];

/// log2(e) in units of 2^-15.
pub(crate) const LOG2_E: u32 = 47_274;

/// [`exp_below`] is 0 from here.
pub(crate) const NOTHING_BELOW: u32 = 18 << FRACTION;

/// `exp(-below / 2^12)` in units of 2^-24, within 2^-12 of it relative to it, and a unit.
///
/// `2^-n 2^-f`, `2^-f` by a cubic that is 1 at 0 and was fitted to the relative error over all `f` from 0 to 1.
#[inline(always)]
pub fn exp_below(below: u32) -> u32 {
    // The exponent in units of 2^-15, below 2^32 as `below` is cut.
    let exponent = (below.min(NOTHING_BELOW) * LOG2_E) >> FRACTION;
    let (whole, f) = (exponent >> 15, (exponent & 32_767) as i32);
    let [first, second, third] = CUBIC.map(i32::from);
    let second = second + ((third * f + (1 << 14)) >> 15);
    let first = first + ((second * f + (1 << 14)) >> 15);
    (((1 << 24) + ((first * f) >> 6)) as u32) >> whole
}

/// `1 - exp(-step * rate)` in units of 2^-15, from 1 to 32767, within 1.5 of these units;
/// `step` from 0 to 65535 in units of 2^-14, `rate` not negative in units of 2^-16.
pub fn forgotten(step: i32, rate: i32) -> i16 {
    // Units of 2^-30; from 12 on all but 2^-17 is forgotten.
    let product = step.max(0) as u64 * rate.max(0) as u64;
    if product >= 12 << 30 {
        return i16::MAX;
    }
    // log2(e) in units of 2^-28, ln(2) in units of 2^-30; exponent and `g` in units of 2^-30. 2^-f = exp(-g).
    let exponent = (product * 387_270_501) >> 28;
    let g = ((exponent & ((1 << 30) - 1)) * 744_261_118) >> 30;
    // A power series, 1 - g (1 - g/2 (1 - g/3 ...)).
    let kept =
        INVERSES.iter().fold(1u64 << 30, |kept, inverse| (1 << 30) - ((((kept * g) >> 30) * inverse) >> 30));
    let kept = kept >> (exponent >> 30);
    (((1 << 30) - kept + (1 << 14)) >> 15).clamp(1, 32_767) as i16
}

/// 1/8 to 1, units of 2^-30.
const INVERSES: [u64; 8] = {
    let mut inverses = [0; 8];
    let mut k = 8;
    while k > 0 {
        inverses[8 - k] = (1 << 30) / k as u64;
        k -= 1;
    }
    inverses
};

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(own: impl Fn(i16) -> f64, real: impl Fn(f64) -> f64, over: impl Iterator<Item = i16>) -> f64 {
        over.map(|x| (own(x) - real(f64::from(x) / 4096.0)).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_near_the_real_ones_everywhere() {
        let all = || i16::MIN..=i16::MAX;
        let real = |x: f64| 1.0 / (1.0 + (-x).exp());
        assert!(worst(|x| f64::from(sigmoid(x)) / 32_768.0, real, all()) < 2f64.powi(-12));
        assert!(worst(|x| f64::from(tanh(x)) / 32_768.0, f64::tanh, all()) < 2f64.powi(-10));
        assert!(worst(|x| f64::from(tanh(x)) / 32_768.0, f64::tanh, -16_383..16_384) < 2f64.powi(-11));
        assert!(worst(|x| f64::from(silu(x)) / 4096.0, |x| x * real(x), all()) < 2f64.powi(-10));
        let softplus = |x| f64::from(softplus(x)) / 16_384.0;
        assert!(worst(softplus, |x| (1.0 + x.exp()).ln().min(4.0 - 2f64.powi(-14)), all()) < 2f64.powi(-10));
        assert_eq!((tanh(0), sigmoid(0), silu(0)), (0, 16_384, 0));
        assert_eq!((sigmoid(i16::MIN), sigmoid(i16::MAX)), (11, 32_757));
    }

    #[test]
    fn functions_never_fall() {
        for x in i16::MIN..i16::MAX {
            assert!(sigmoid(x) <= sigmoid(x + 1) && tanh(x) <= tanh(x + 1) && softplus(x) <= softplus(x + 1));
        }
    }

    #[test]
    fn what_is_forgotten_is_near_the_real_share_and_never_none_or_all() {
        for step in (0..=65_535).step_by(61) {
            for rate in [0, 1, 700, 1 << 12, 1 << 16, 3 << 16, 16 << 16, 64 << 16, i32::MAX] {
                let real = 1.0 - (-f64::from(step) / 16_384.0 * f64::from(rate) / 65_536.0).exp();
                let real = (real * 32_768.0).clamp(1.0, 32_767.0);
                assert!((f64::from(forgotten(step, rate)) - real).abs() <= 1.5, "{step} {rate} {real}");
            }
        }
    }

    #[test]
    fn exponentials_are_near_the_real_ones() {
        for below in (0..80_000).step_by(7) {
            let real = (-f64::from(below) / 4096.0).exp();
            let own = f64::from(exp_below(below)) / f64::from(1 << 24);
            assert!((own - real).abs() <= real / 4096.0 + 1e-7, "{below}: {own} {real}");
        }
    }
}
