//! Grids: numbers of which only some occur: integers, decimals, multiples of a step, a short list.
//!
//! In: the patterns of a column without special values. Out: the [`Grid`] that tells most bits, if there is one.
//! Not here: steps of any size (`step`), bits that never change (`planes`), which see no grid.
//! Holds: a value is on a grid only if the grid gives its pattern exactly; what noise does by chance is no grid.

use super::points::{Points, rounded};
use super::step;
use hepz_columns::Scalar;
use hepz_transforms::order::to_number;

/// Values that candidates are tried on.
const TRIED: usize = 2048;
/// So many hundredths of the values have to be on a grid.
const LEAST_ON_GRID: usize = 98;
/// A grid tells so many bits of a value on average, or it is not worth a word.
const LEAST_BITS: f64 = 0.2;
/// By chance a grid may tell so many bits of all values together: one in 2^64.
const CHANCE_BITS: f64 = 64.0;
/// A list may have so many values.
const LONGEST_LIST: usize = 4096;
/// Decimal places that are tried.
const MOST_PLACES: i32 = 9;
/// From here on a binary16 has all bits of its mantissa.
const LEAST_NORMAL_HALF: f64 = 1.0 / 16_384.0;
/// An earlier kind of grid is taken if a later one tells fewer bits more than this.
const BETTER_BITS: f64 = 0.3;

/// The grid of a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    pub(super) points: Points,
    scalar: Scalar,
}

impl Grid {
    /// In words.
    pub(super) fn words(&self) -> String {
        match &self.points {
            Points::Step { first: 0.0, step: 1.0 } => "integers".to_owned(),
            Points::Step { first: 0.0, step } => match power_of_two(*step) {
                Some(power) => format!("multiples of 2^{power}"),
                None => format!("multiples of {}", shortest(*step, self.scalar)),
            },
            Points::Step { first, step } => {
                format!("steps of {} from {}", shortest(*step, self.scalar), shortest(*first, self.scalar))
            }
            Points::Decimal { places: 1 } => "decimals of 1 place".to_owned(),
            Points::Decimal { places } => format!("decimals of {places} places"),
            Points::Significant { digits } => format!("decimals of {digits} digits"),
            Points::List(list) => format!("one of {} values", list.len()),
        }
    }

    fn number(&self, raw: u64) -> f64 {
        to_number(raw, self.scalar)
    }

    /// The points that lie in a range of numbers, as patterns, if there are at most two.
    fn within(&self, low: f64, high: f64) -> Option<Vec<u64>> {
        let pattern = |number: f64| rounded(number, self.scalar);
        let inside = |raw: &u64| (low..=high).contains(&self.number(*raw));
        let stepped = |step: f64, first: f64, at: &dyn Fn(f64) -> f64| {
            let (from, to) = (((low - first) / step).floor(), ((high - first) / step).ceil());
            if !(from.abs() < 9e15 && to.abs() < 9e15) || to - from > 4.0 {
                return None;
            }
            let mut found: Vec<u64> = Vec::with_capacity(4);
            let mut n = from - 1.0;
            while n <= to + 1.0 {
                found.extend(pattern(at(n)).filter(inside));
                n += 1.0;
            }
            found.dedup();
            (found.len() <= 2).then_some(found)
        };
        match &self.points {
            Points::Step { first, step } => stepped(*step, *first, &|n| first + n * step),
            Points::Decimal { places } => stepped(power_of_ten(-places), 0.0, &|n| n / power_of_ten(*places)),
            Points::Significant { digits } => {
                let power = decade(low.abs().min(high.abs())) - digits + 1;
                if decade(low.abs().max(high.abs())) - digits + 1 != power {
                    return None;
                }
                stepped(power_of_ten(power), 0.0, &|n| scaled(n, power))
            }
            Points::List(list) => {
                let number = |raw: &u64| self.number(*raw);
                let (from, to) = (
                    list.partition_point(|raw| number(raw) < low),
                    list.partition_point(|raw| number(raw) <= high),
                );
                let found = list.get(from..to)?;
                (found.len() <= 2).then(|| found.to_vec())
            }
        }
    }

    /// How many of the upper bits of a pattern have to be known for the grid to tell the others; all, if it cannot.
    pub(super) fn depth(&self, raw: u64) -> u32 {
        let bits = self.scalar.bits();
        let first = bits - self.scalar.mantissa_bits().unwrap_or(0);
        let cell = |depth: u32| {
            let low = (1u64 << (bits - depth)) - 1;
            let (a, b) = (self.number(raw & !low), self.number(raw | low));
            (a.min(b), a.max(b))
        };
        let unique = |depth: u32| {
            let (low, high) = cell(depth);
            self.within(low, high).is_some_and(|found| found == [raw])
        };
        // The cell of all bits holds the value alone, if it is on the grid at all.
        let (mut known, mut unknown) = (bits, first);
        if self.within(self.number(raw), self.number(raw)).is_none_or(|found| !found.contains(&raw)) {
            return bits;
        }
        while unknown < known {
            let middle = unknown + (known - unknown) / 2;
            if middle < bits && !unique(middle) { unknown = middle + 1 } else { known = middle }
        }
        known
    }
}

/// The grid that tells most bits of these values beyond those in `fixed`, which never change.
pub(super) fn find(scalar: Scalar, raws: &[u64], fixed: u64) -> Option<Grid> {
    let tried: Vec<u64> = raws.iter().copied().step_by(raws.len().div_ceil(TRIED).max(1)).collect();
    let mut best: Option<(f64, Grid)> = None;
    for points in candidates(scalar, raws, &tried) {
        let grid = Grid { points, scalar };
        let Some(bits) = told(&grid, raws.len(), &tried, fixed) else { continue };
        if best.as_ref().is_none_or(|best| bits > best.0 + BETTER_BITS) {
            best = Some((bits, grid));
        }
    }
    best.map(|best| best.1)
}

fn candidates(scalar: Scalar, raws: &[u64], tried: &[u64]) -> Vec<Points> {
    let mut found: Vec<Points> = step::of_two(scalar, raws).into_iter().collect();
    if scalar != Scalar::F16 {
        let on = |points: Points| {
            let grid = Grid { points, scalar };
            let on = tried.iter().filter(|&&raw| {
                let number = grid.number(raw);
                grid.within(number, number).is_some_and(|found| found.contains(&raw))
            });
            (on.count() * 100 >= tried.len() * LEAST_ON_GRID).then_some(grid.points)
        };
        found.extend((1..=MOST_PLACES).find_map(|places| on(Points::Decimal { places })));
        let most = if scalar == Scalar::F32 { 6 } else { 15 };
        found.extend((1..=most).find_map(|digits| on(Points::Significant { digits })));
        let lowest = raws.iter().map(|&raw| to_number(raw, scalar)).fold(f64::INFINITY, f64::min);
        found.extend(step::any(scalar, tried, lowest));
    }
    let mut list = raws.to_vec();
    list.sort_unstable();
    list.dedup();
    if list.len() <= LONGEST_LIST {
        list.sort_by(|a, b| to_number(*a, scalar).total_cmp(&to_number(*b, scalar)));
        found.push(Points::List(list));
    }
    found
}

/// Bits that a grid tells of each value on average; `None` if it may be chance, or too little.
fn told(grid: &Grid, rows: usize, tried: &[u64], fixed: u64) -> Option<f64> {
    let bits = grid.scalar.bits();
    let mut sum = 0;
    for &raw in tried {
        let below = (bits - grid.depth(raw)).min(63);
        sum += (!fixed & ((1 << below) - 1)).count_ones();
    }
    let mean = f64::from(sum) / tried.len().max(1) as f64;
    let known = match &grid.points {
        // A list has to be told first.
        Points::List(list) => list.len() as f64 * f64::from(bits),
        _ => CHANCE_BITS,
    };
    let worth = mean >= LEAST_BITS && mean * rows as f64 >= 2.0 * known;
    worth.then_some(mean)
}

fn power_of_ten(power: i32) -> f64 {
    10f64.powi(power.abs()).powi(power.signum())
}

/// `n * 10^power`, rounded once.
fn scaled(n: f64, power: i32) -> f64 {
    if power < 0 { n / power_of_ten(-power) } else { n * power_of_ten(power) }
}

/// The power of ten of the first digit.
fn decade(size: f64) -> i32 {
    size.log10().floor().clamp(-400.0, 400.0) as i32
}

fn power_of_two(step: f64) -> Option<i32> {
    let raw = step.to_bits();
    (raw << 12 == 0).then(|| (raw >> 52 & 2047) as i32 - 1023)
}

/// With as few digits as tell it in its type.
fn shortest(number: f64, scalar: Scalar) -> String {
    if scalar == Scalar::F64 { format!("{number}") } else { format!("{}", number as f32) }
}

/// The narrower type that values of a column come from, if zeros at the end of all mantissas show it. `or` has every bit that is
/// set in any value.
pub(super) fn ancestor(scalar: Scalar, raws: &[u64], or: u64, grid: Option<&Grid>) -> Option<String> {
    let mantissa = scalar.mantissa_bits()?;
    let kept = mantissa.saturating_sub(or.trailing_zeros());
    // Integers end in zeros because they are integers.
    let integers =
        matches!(grid, Some(Grid { points: Points::Step { first: 0.0, step }, .. }) if *step >= 1.0);
    if kept == mantissa || integers {
        return None;
    }
    let numbers = || raws.iter().map(|&raw| to_number(raw, scalar));
    let bits = if kept == 1 { "1 bit".to_owned() } else { format!("{kept} bits") };
    Some(match (scalar, kept) {
        // Only its subnormals tell a float16 from a cut mantissa.
        (Scalar::F32 | Scalar::F64, 10) if numbers().all(fits_half) => {
            if numbers().any(|number| number.abs() < LEAST_NORMAL_HALF) {
                "float16 values: 10 bits of the mantissa are used".to_owned()
            } else {
                "cut to 10 bits of the mantissa, or float16 values".to_owned()
            }
        }
        (Scalar::F64, 23) if numbers().all(fits_single) => {
            "float32 values: 23 bits of the mantissa are used".to_owned()
        }
        _ => format!("cut to {bits} of the mantissa"),
    })
}

/// True for the numbers that a binary32 has.
fn fits_single(number: f64) -> bool {
    f64::from(number as f32).to_bits() == number.to_bits()
}

/// True for the numbers that a binary16 has.
fn fits_half(number: f64) -> bool {
    let size = number.abs();
    let step = 2f64.powi(decade_of_two(size).max(-14) - 10);
    size <= 65_504.0 && (size / step).fract() == 0.0
}

/// The power of two of the first bit.
fn decade_of_two(size: f64) -> i32 {
    (size.to_bits() >> 52 & 2047) as i32 - 1023
}
