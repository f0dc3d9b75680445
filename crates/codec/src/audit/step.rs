//! Steps: the distance of neighbouring values, where all lie at multiples of one.
//!
//! In: patterns of a column. Out: a power of two, or any step with the value that it starts from.
//! Not here: whether the column is on that grid, which is proved value by value (`grid`).
//! Holds: a step is found from neighbouring values, then made exact by values farther and farther away.

use super::points::{Points, rounded};
use hepz_columns::Scalar;
use hepz_transforms::order::to_number;

/// A step is looked for if it is at least so many units in the last place of most values.
const LEAST_ULPS: f64 = 4.0;
/// Neighbours may be so many steps apart.
const MOST_APART: u32 = 6;
/// So many hundredths of the values are on the grid.
const LEAST_ON_GRID: usize = 98;
/// Steps that are tried around the one that two values give, in units of the last place.
const NEAR_ULPS: u64 = 3;
/// A value is on the grid if it is off by less than so many units in the last place, while the step is made exact.
const OFF_ULPS: f64 = 1.5;

/// The power of two of which all values are multiples.
pub(super) fn of_two(scalar: Scalar, raws: &[u64]) -> Option<Points> {
    let power = raws.iter().filter_map(|&raw| lowest_power(to_number(raw, scalar))).min()?;
    Some(Points::Step { first: 0.0, step: 2f64.powi(power) })
}

/// The power of the lowest bit that is set.
fn lowest_power(number: f64) -> Option<i32> {
    let raw = number.to_bits();
    let exponent = (raw >> 52 & 2047) as i32;
    let mantissa = raw & ((1 << 52) - 1);
    let (mantissa, exponent) = if exponent == 0 { (mantissa, 1) } else { (mantissa | 1 << 52, exponent) };
    (mantissa != 0 && number.is_finite()).then(|| exponent - 1075 + mantissa.trailing_zeros() as i32)
}

/// The distance to the next number of the type.
fn ulp(number: f64, scalar: Scalar) -> f64 {
    let mantissa = scalar.mantissa_bits().unwrap_or(52) as i32;
    let exponent = ((number.to_bits() >> 52 & 2047) as i32 - 1023).max(match scalar {
        Scalar::F16 => -14,
        Scalar::F32 => -126,
        _ => -1022,
    });
    2f64.powi((exponent - mantissa).max(-1074))
}

/// Any step, from zero or else from about `lowest` on.
pub(super) fn any(scalar: Scalar, raws: &[u64], lowest: f64) -> Option<Points> {
    let mut numbers: Vec<f64> = raws.iter().map(|&raw| to_number(raw, scalar)).collect();
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    let coarsest = |pair: &[f64]| ulp(pair[0], scalar).max(ulp(pair[1], scalar));
    let distances = numbers.windows(2).map(|pair| (pair[1] - pair[0], coarsest(pair)));
    let least = distances.min_by(|a, b| a.0.total_cmp(&b.0))?;
    if numbers.len() < 8 || least.0 < LEAST_ULPS * least.1 {
        return None;
    }
    (1..=MOST_APART).find_map(|apart| exact(scalar, &numbers, lowest, least.0 / f64::from(apart)))
}

/// Makes a step exact, if all values are on its grid.
fn exact(scalar: Scalar, numbers: &[f64], lowest: f64, near: f64) -> Option<Points> {
    let from = *numbers.iter().min_by(|a, b| a.abs().total_cmp(&b.abs()))?;
    let mut ordered: Vec<f64> = numbers.to_vec();
    ordered.sort_by(|a, b| (a - from).abs().total_cmp(&(b - from).abs()));
    let mut step = near;
    // Each value that is farther away makes the step more exact.
    for &number in ordered.iter().skip(1) {
        let n = ((number - from) / step).round();
        let off = (number - from - n * step).abs();
        if n == 0.0 || off > 0.25 * step {
            return None;
        }
        let better = (number - from) / n;
        if (better - step).abs() * n.abs() > 0.25 * step {
            return None;
        }
        step = better;
    }
    let (first, step) = fitted(scalar, &ordered, from, step);
    let on_grid = |&&number: &&f64| {
        let n = ((number - first) / step).round();
        // A program that adds rounds what it adds, however small the sum.
        let rounding = 4.0 * f64::EPSILON * (first.abs() + (n * step).abs() + lowest.abs());
        (number - first - n * step).abs() <= OFF_ULPS * ulp(number, scalar) + rounding
    };
    if ordered.iter().filter(on_grid).count() * 100 < ordered.len() * LEAST_ON_GRID {
        return None;
    }
    Some(plain(scalar, &ordered, (first, step), lowest))
}

/// The line through all values, each weighed by how exactly its type has it.
fn fitted(scalar: Scalar, numbers: &[f64], from: f64, step: f64) -> (f64, f64) {
    let (mut w, mut wn, mut wnn, mut wy, mut wny) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let unit = ulp(numbers.last().copied().unwrap_or(1.0), scalar);
    for &number in numbers {
        let n = ((number - from) / step).round();
        let weight = (unit / ulp(number, scalar)).powi(2).min(1e6);
        let y = number - from - n * step;
        w += weight;
        wn += weight * n;
        wnn += weight * n * n;
        wy += weight * y;
        wny += weight * n * y;
    }
    let determinant = w * wnn - wn * wn;
    if determinant <= 0.0 {
        return (from, step);
    }
    let slope = (w * wny - wn * wy) / determinant;
    (from + (wy - slope * wn) / w, step + slope)
}

/// The same grid with numbers that give as many values as can be: from the lowest or from zero, with steps that are short or
/// that the type has.
fn plain(scalar: Scalar, numbers: &[f64], (first, step): (f64, f64), lowest: f64) -> Points {
    let given = |first: f64, step: f64| {
        let exact = numbers.iter().filter(|&&number| {
            let n = ((number - first) / step).round();
            rounded(first + n * step, scalar) == rounded(number, scalar)
        });
        exact.count()
    };
    let of_type = |number: f64| rounded(number, scalar).map_or(number, |raw| to_number(raw, scalar));
    let short = |number: f64| format!("{number:.5e}").parse().unwrap_or(number);
    let start = first + ((lowest - first) / step).round() * step;
    let mut best = (given(start, step), start, step);
    let mut offer = |first: f64, step: f64| {
        let exact = given(first, step);
        if exact >= best.0 {
            best = (exact, first, step);
        }
    };
    let highest = numbers.iter().copied().fold(lowest, f64::max);
    let steps = ((highest - lowest) / step).round();
    if steps > 0.0 {
        let whole = (highest - lowest) / steps;
        let near = |ulps: u64| f64::from_bits(whole.to_bits().saturating_add(ulps).saturating_sub(NEAR_ULPS));
        (0..=2 * NEAR_ULPS).for_each(|ulps| offer(lowest, near(ulps)));
        offer(lowest, whole);
    }
    offer(of_type(start), of_type(step));
    offer(short(start), short(step));
    let share = start / step;
    if (share - share.round()).abs() < 0.01 {
        let most = numbers.last().copied().unwrap_or(0.0);
        let from_zero = (most / step).round();
        let step = if from_zero == 0.0 { step } else { most / from_zero };
        offer(0.0, step);
        offer(0.0, of_type(step));
        offer(0.0, short(step));
    }
    Points::Step { first: best.1, step: best.2 }
}
