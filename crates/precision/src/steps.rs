//! Steps: the grid on which a contract puts each value, and the bound that it must keep.
//!
//! In: a promise, a layout. Out: the nearest grid value of a magnitude; whether a pair of values keeps the promise.
//! Not here: special values and whole columns (`reduce`, `check`).
//! Holds: a grid is made of multiples of powers of two, so low mantissa bits become zero; where the step changes, the
//! coarser grid begins at one of its own values, so rounding rises and rounding twice is rounding once. Comparisons
//! with a bound are exact.

use crate::contract::{ContractError, Promise};
use crate::pattern::{Layout, half_even, narrow};

/// Decades for which a bound of significant digits is used: outside, binary64 has no room for the units of the last
/// digit.
const DECADES: std::ops::RangeInclusive<i32> = -290..=308;

/// The grid and bound of one promise in one layout.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    layout: Layout,
    grid: Grid,
    bound: Bound,
}

#[derive(Clone, Debug)]
enum Grid {
    Keep,
    /// So many low bits of the pattern become zero.
    Drop(u32),
    /// Multiples of `2^n`.
    Power(i32),
    /// Multiples of the largest `2^n` with `whole * 2^n <= x`.
    Significand(u64),
    /// From each magnitude on, multiples of `2^n`; ascending.
    Rungs(Vec<(u64, i32)>),
}

#[derive(Clone, Debug)]
enum Bound {
    Equal,
    /// So many low bits may change, half of the cell.
    HalfCell(u32),
    Absolute(f64),
    Relative(f64),
    /// From each number on, an absolute bound; ascending, equal below the first.
    Decades(Vec<(f64, f64)>),
}

/// Largest `n` with `2^n <= x`, for positive finite `x`.
fn floor_log2(x: f64) -> i32 {
    let (whole, exponent) = Layout::F64.parts(x.to_bits());
    whole.checked_ilog2().map_or(i32::MIN / 2, |top| exponent + top as i32)
}

/// `digit * 10^exponent`, not above the true number.
fn decimal_below(digit: u32, exponent: i32) -> f64 {
    let near: f64 = format!("{digit}e{exponent}").parse().unwrap_or(0.0);
    // 5^22 is the largest power of five below 2^53; from half a unit up to it the number is exact.
    if (0..=21).contains(&exponent) || (exponent == -1 && digit == 5) { near } else { near.next_down() }
}

/// `10^exponent`, not below the true number.
fn power_of_ten_above(exponent: i32) -> f64 {
    let near: f64 = format!("1e{exponent}").parse().unwrap_or(f64::MAX);
    if (0..=22).contains(&exponent) { near } else { near.next_up().min(f64::MAX) }
}

/// Smallest `n` with `1 / (2n + 1) <= fraction`: with significands from `n` to `2n` the relative error is at most
/// that.
fn significands(fraction: f64) -> u64 {
    let (whole, exponent) = Layout::F64.parts(fraction.to_bits());
    // (2n + 1) * whole >= 2^-exponent; a fraction from 2^-52 to 1/2 has exponents from -104 to -53.
    let one = 1u128 << exponent.unsigned_abs().min(126);
    let needed = one.div_ceil(u128::from(whole.max(1)));
    u64::try_from(needed / 2).unwrap_or(u64::MAX).max(1)
}

impl Steps {
    pub(crate) fn new(promise: Promise, layout: Layout) -> Result<Steps, ContractError> {
        let absolute = |bound: f64| {
            if bound > 0.0 {
                (Grid::Power(floor_log2(bound) + 1), Bound::Absolute(bound))
            } else {
                (Grid::Keep, Bound::Equal)
            }
        };
        let (grid, bound) = match promise {
            Promise::Exact => (Grid::Keep, Bound::Equal),
            Promise::KeptBits { kept } => match layout.mantissa().saturating_sub(kept) {
                0 => (Grid::Keep, Bound::Equal),
                drop => (Grid::Drop(drop), Bound::HalfCell(drop)),
            },
            Promise::Absolute { bound } => absolute(bound),
            Promise::Relative { fraction } => {
                (Grid::Significand(significands(fraction)), Bound::Relative(fraction))
            }
            Promise::RangeRelative { range: None, .. } => return Err(ContractError::Unresolved),
            Promise::RangeRelative { fraction, range: Some(range) } => {
                absolute((fraction * range).next_down().max(0.0))
            }
            Promise::Decimals { decimals } => absolute(decimal_below(5, -decimals - 1)),
            Promise::Digits { digits } => decades(layout, digits as i32),
        };
        Ok(Steps { layout, grid, bound })
    }

    /// The grid value nearest to a finite magnitude, ties to even; the magnitude itself if that would be infinite.
    /// Rises with the magnitude, and leaves grid values as they are.
    #[inline]
    pub(crate) fn nearest(&self, magnitude: u64) -> u64 {
        let rounded = match &self.grid {
            Grid::Keep => return magnitude,
            Grid::Drop(drop) => half_even(magnitude, *drop),
            Grid::Power(power) => self.multiple(magnitude, *power),
            Grid::Significand(least) => {
                let (whole, _) = self.layout.parts(magnitude);
                let wider = least.leading_zeros().saturating_sub(whole.leading_zeros());
                let drop = if wider > 0 && least << wider > whole { wider - 1 } else { wider };
                half_even(magnitude, drop)
            }
            Grid::Rungs(rungs) => {
                let above = rungs.partition_point(|&(from, _)| from <= magnitude);
                match above.checked_sub(1).and_then(|rung| rungs.get(rung)) {
                    Some(&(_, power)) => self.multiple(magnitude, power),
                    None => magnitude,
                }
            }
        };
        if rounded >= self.layout.infinity() { magnitude } else { rounded }
    }

    /// The multiple of `2^power` nearest to a magnitude.
    #[inline]
    fn multiple(&self, magnitude: u64, power: i32) -> u64 {
        let layout = self.layout;
        let (whole, unit) = layout.parts(magnitude);
        let drop = i64::from(power) - i64::from(unit);
        let mantissa = i64::from(layout.mantissa());
        if drop <= 0 {
            magnitude
        } else if drop <= mantissa {
            half_even(magnitude, drop as u32)
        } else if drop == mantissa + 1 && whole > 1 << mantissa {
            // Between half a step and a step.
            layout.power_of_two(power).unwrap_or(magnitude)
        } else {
            0
        }
    }

    /// True if `stored` keeps the promise for `original`. Both are finite.
    pub(crate) fn holds(&self, original: u64, stored: u64) -> bool {
        let layout = self.layout;
        if original == stored {
            return true;
        }
        match &self.bound {
            Bound::Equal => false,
            Bound::HalfCell(drop) => {
                let same_sign = layout.sign(original) == layout.sign(stored);
                same_sign && half_cell_holds(layout, *drop, original, stored)
            }
            Bound::Absolute(bound) => within(layout.to_f64(original), layout.to_f64(stored), *bound),
            Bound::Relative(fraction) => relative_holds(layout, *fraction, original, stored),
            Bound::Decades(decades) => {
                let x = layout.to_f64(original);
                let above = decades.partition_point(|&(from, _)| from <= x.abs());
                let bound =
                    above.checked_sub(1).and_then(|at| decades.get(at)).map_or(0.0, |&(_, bound)| bound);
                within(x, layout.to_f64(stored), bound)
            }
        }
    }
}

/// Grid and bound of significant digits: in each decade half a unit of the last digit.
fn decades(layout: Layout, digits: i32) -> (Grid, Bound) {
    let mut rungs = Vec::new();
    let mut bounds = Vec::new();
    for decade in DECADES {
        let from = power_of_ten_above(decade);
        let bound = decimal_below(5, decade - digits);
        if bound < f64::MIN_POSITIVE {
            continue;
        }
        bounds.push((from, bound));
        let power = floor_log2(bound) + 1;
        let step = f64::from_bits(Layout::F64.power_of_two(power).unwrap_or(0));
        // The first value of this grid in the decade; both divisions are by a power of two, so nothing is lost.
        let first = (from / step).ceil() * step;
        let raw = narrow(Layout::F64, layout, first.to_bits());
        let raw = if layout.to_f64(raw) < first { raw + 1 } else { raw };
        if raw < layout.infinity() {
            rungs.push((raw, power));
        }
    }
    (Grid::Rungs(rungs), Bound::Decades(bounds))
}

/// `|y - x| <= 2^(e-k-1)`, in units of the last place of `x`.
fn half_cell_holds(layout: Layout, drop: u32, x: u64, y: u64) -> bool {
    let ((x_whole, x_unit), (y_whole, y_unit)) = (layout.parts(x), layout.parts(y));
    // `y` is at most one binade away, or the error is above half a cell anyway (but for kept 0, where a cell is a
    // binade).
    let half = 1u64 << (drop - 1);
    match y_unit - x_unit {
        0 => x_whole.abs_diff(y_whole) <= half,
        1 => x_whole.abs_diff(y_whole << 1) <= half,
        // Half units: no bit of `y` is lost.
        -1 => (x_whole << 1).abs_diff(y_whole) <= half << 1,
        _ => false,
    }
}

/// `|y - x| <= bound`, exactly: the rounded difference decides, and on equality the part that was rounded off.
fn within(x: f64, y: f64, bound: f64) -> bool {
    let difference = y - x;
    if difference.abs() != bound {
        return difference.abs() < bound;
    }
    // Knuth, The Art of Computer Programming 2, section 4.2.2, theorem B.
    let part = difference + x;
    let lost = (y - part) + ((part - difference) - x);
    if difference > 0.0 { lost <= 0.0 } else { lost >= 0.0 }
}

/// `|y - x| <= fraction |x|`, exactly; `fraction` is at most a half.
fn relative_holds(layout: Layout, fraction: f64, x: u64, y: u64) -> bool {
    let (x_whole, x_unit) = layout.parts(x);
    let (y_whole, y_unit) = layout.parts(y);
    let both_zero = x_whole == 0 && y_whole == 0;
    if layout.sign(x) != layout.sign(y) || x_whole == 0 || y_whole == 0 {
        return both_zero;
    }
    // With half of `x` as the largest error, `y` is at most one binade away.
    let unit = x_unit.min(y_unit);
    if x_unit.abs_diff(y_unit) > 1 {
        return false;
    }
    let error = (x_whole << (x_unit - unit)).abs_diff(y_whole << (y_unit - unit));
    let (whole, exponent) = Layout::F64.parts(fraction.to_bits());
    let most = u128::from(whole) * u128::from(x_whole);
    // error * 2^unit <= most * 2^(exponent + x_unit); the left side is shifted, by at most 104 bits.
    let shift = (unit - exponent - x_unit).unsigned_abs();
    error == 0 || (shift < u128::from(error).leading_zeros() && u128::from(error) << shift <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn significands_are_the_fewest_that_keep_the_fraction() {
        assert_eq!(significands(0.5), 1);
        assert_eq!(significands(1.0 / 257.0), 128, "the seven bits of a relative bound of 1/257");
        assert_eq!(significands(0.1), 5, "1/11, because 0.1 as binary64 is above a tenth");
        for fraction in [0.3, 1e-3, 2f64.powi(-52), 1e-7] {
            let n = significands(fraction) as f64;
            assert!(1.0 / (2.0 * n + 1.0) <= fraction * (1.0 + 1e-15));
            assert!(n == 1.0 || 1.0 / (2.0 * n - 1.0) > fraction * (1.0 - 1e-15), "{fraction}");
        }
    }

    #[test]
    fn differences_are_compared_beyond_the_last_place() {
        // The rounded difference is 1 in both cases; the true one is a little less, and a little more.
        let little = 2f64.powi(-80);
        assert!(within(little, 1.0, 1.0));
        assert!(!within(-little, 1.0, 1.0));
        assert!(within(-little, -1.0, 1.0));
        assert!(!within(little, -1.0, 1.0));
        assert!(!within(-f64::MAX, f64::MAX, f64::MAX));
    }

    #[test]
    fn bounds_of_decimals_are_not_above_the_true_ones() {
        assert_eq!(decimal_below(5, -1), 0.5);
        assert_eq!(decimal_below(5, 0), 5.0);
        assert!(decimal_below(5, -4) < 5e-4);
        assert_eq!(power_of_ten_above(22), 1e22);
        assert!(power_of_ten_above(-1) > 0.1);
    }
}
