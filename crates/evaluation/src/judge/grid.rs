//! Grids: on how many bits values lie, and whether their residuals fit the staircase of that grid.
//!
//! In: a pair of columns. Out: [`Bits`] of each, the [`Grid`] of the other, and its [`Staircase`].
//! Not here: what made the grid (`hepz-precision`).
//! Holds: bounds are those of docs/precision/rules.md: a cell of `k` bits is `w = 2^(e-k)` with `e = floor(log2
//! |x|)`; rounding keeps `|y - x| <= w/2`, cutting `< w`.

use super::pairing::Column;
use hepz_columns::Values;
use hepz_precision::Layout;
use std::collections::BTreeMap;

/// Share of values that have to lie on a grid: exceptions and special values may not.
const SHARE: f64 = 0.999;
/// A column with fewer values is on some grid by chance.
const FEWEST: u64 = 50;

/// Values that are shown as points, about.
const POINTS: usize = 300;

/// On how many bits the values of a column lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Bits {
    /// Mantissa bits of the type.
    pub mantissa: u32,
    /// Mantissa bits that 99.9 % of the finite values other than zero keep to, from the top.
    pub live: u32,
    /// Number of values by live mantissa bits, from none to all.
    pub live_counts: Vec<u64>,
    /// Different patterns.
    pub distinct: u64,
    /// Entropy of the patterns as counted, in bits per value: not above log2 of the rows.
    pub entropy: f64,
    /// Exponent of the largest power of two that 99.9 % of the values are multiples of.
    pub step_exponent: i32,
}

/// A grid that the other's values lie on and the original's do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grid {
    /// So many mantissa bits: a comb with equal teeth in every factor of two.
    KeptBits(u32),
    /// Multiples of this power of two: a comb with equal teeth everywhere.
    Step(i32),
}

/// Residuals of the values between two powers of two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stair {
    /// Values from `2^exponent` to twice that.
    pub exponent: i32,
    /// How many.
    pub n: u64,
    /// Their mean residual.
    pub bias: f64,
    /// Its root mean square.
    pub rms: f64,
    /// The largest, without sign.
    pub largest: f64,
    /// Bound if values were rounded to nearest; NaN without a grid.
    pub rounding_bound: f64,
    /// Bound if low bits were cut; NaN without a grid.
    pub cutting_bound: f64,
}

/// What the residuals say about how values came to the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Every residual is at most half a cell.
    Rounded,
    /// Every residual is below a cell, and towards zero.
    Cut,
    /// Every residual is below a cell, on either side.
    WithinACell,
    /// Some residuals are a cell or more.
    Beyond,
}

impl Manner {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Manner::Rounded => "rounded",
            Manner::Cut => "cut",
            Manner::WithinACell => "within a cell",
            Manner::Beyond => "beyond a cell",
        }
    }
}

/// Residuals by binade, and residuals in units of what rounding makes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Staircase {
    /// The grid of the other, if there is one.
    pub grid: Option<Grid>,
    /// What the residuals say, if there is a grid.
    pub manner: Option<Manner>,
    /// From small values to large.
    pub stairs: Vec<Stair>,
    /// Residuals by `w / sqrt(12)`: mean. Of rounding to nearest 0.
    pub pull_mean: f64,
    /// Their standard deviation. Of rounding to nearest 1, of cutting 1 around a mean of -sqrt(3).
    pub pull_sd: f64,
    /// The largest, without sign. Of rounding to nearest at most sqrt(3).
    pub pull_largest: f64,
    /// Some values with their residuals, both without sign and other than zero, spread evenly over the rows.
    pub points: Vec<(f64, f64)>,
}

impl Bits {
    /// Of a column of floats; `None` of other columns.
    pub fn of(values: &Values) -> Option<Bits> {
        let layout = Layout::of(values.scalar())?;
        let mantissa = layout.mantissa();
        let mut live_counts = vec![0; mantissa as usize + 1];
        let mut lowest: BTreeMap<i32, u64> = BTreeMap::new();
        let mut raw = values.to_raw();
        let mut n = 0;
        for &raw in &raw {
            let (whole, unit) = layout.parts(raw);
            if layout.is_special(raw) || whole == 0 {
                continue;
            }
            n += 1;
            let zeros = whole.trailing_zeros();
            let live = mantissa.saturating_sub(zeros);
            if let Some(count) = live_counts.get_mut(live as usize) {
                *count += 1;
            }
            *lowest.entry(unit + zeros as i32).or_default() += 1;
        }
        raw.sort_unstable();
        let (mut distinct, mut entropy) = (0, 0.0);
        for equal in raw.chunk_by(|a, b| a == b) {
            let share = equal.len() as f64 / raw.len() as f64;
            distinct += 1;
            entropy -= share * share.log2();
        }
        let most = (n as f64 * SHARE).ceil() as u64;
        let live = reach(live_counts.iter().copied(), most).unwrap_or(0) as u32;
        let at = reach(lowest.values().rev().copied(), most);
        let step_exponent = at.and_then(|at| lowest.keys().rev().nth(at)).copied().unwrap_or(0);
        // Adding zero turns -0 into +0.
        Some(Bits { mantissa, live, live_counts, distinct, entropy: entropy + 0.0, step_exponent })
    }
}

/// Where the sum of `counts` reaches `most`.
fn reach(counts: impl Iterator<Item = u64>, most: u64) -> Option<usize> {
    let mut sum = 0;
    counts.enumerate().find_map(|(at, count)| {
        sum += count;
        (sum >= most).then_some(at)
    })
}

/// `floor(log2 |x|)`, at least `lowest`.
fn exponent(x: f64, lowest: i32) -> i32 {
    // Subnormals of binary64 are in the binade of their smallest normal.
    let field = (x.abs().to_bits() >> 52) as i32;
    (field - 1023).max(lowest)
}

impl Staircase {
    /// Of a pair of columns, whose bits are known.
    pub(crate) fn of(column: &Column, bits: [&Bits; 2]) -> Staircase {
        let lowest = match bits[0].mantissa {
            10 => -14,
            23 => -126,
            _ => -1022,
        };
        let pairs = || {
            let both = column.x.iter().copied().zip(column.y.iter().copied());
            both.filter(|(x, y)| x.is_finite() && y.is_finite() && *x != 0.0)
        };
        let grid = find(bits, pairs().map(|(x, _)| exponent(x, lowest)));
        let unit = |exponent: i32| match grid {
            Some(Grid::KeptBits(kept)) => 2f64.powi(exponent - kept as i32),
            Some(Grid::Step(step)) => 2f64.powi(step),
            None => f64::NAN,
        };
        let mut stairs: BTreeMap<i32, Stair> = BTreeMap::new();
        let (mut pulls, mut squares, mut pull_largest, mut n) = (0.0, 0.0, 0f64, 0u64);
        let (mut over_half, mut over_unit, mut outwards) = (0u64, 0u64, 0u64);
        for (x, y) in pairs() {
            let exponent = exponent(x, lowest);
            let (residual, unit) = (y - x, unit(exponent));
            let stair = stairs.entry(exponent).or_insert(Stair {
                exponent,
                n: 0,
                bias: 0.0,
                rms: 0.0,
                largest: 0.0,
                rounding_bound: unit / 2.0,
                cutting_bound: unit,
            });
            stair.n += 1;
            stair.bias += residual;
            stair.rms += residual * residual;
            stair.largest = stair.largest.max(residual.abs());
            over_half += u64::from(residual.abs() > unit / 2.0);
            over_unit += u64::from(residual.abs() >= unit);
            outwards += u64::from(residual * x.signum() > 0.0);
            let pull = residual / (unit / 12f64.sqrt());
            n += 1;
            pulls += pull;
            squares += pull * pull;
            pull_largest = pull_largest.max(pull.abs());
        }
        for stair in stairs.values_mut() {
            stair.bias /= stair.n as f64;
            stair.rms = (stair.rms / stair.n as f64).sqrt();
        }
        let manner = match (over_half, over_unit, outwards) {
            (0, ..) => Manner::Rounded,
            (_, 0, 0) => Manner::Cut,
            (_, 0, _) => Manner::WithinACell,
            _ => Manner::Beyond,
        };
        let pull_mean = pulls / n as f64;
        let every = (n as usize / POINTS).max(1);
        let points = pairs().step_by(every).map(|(x, y)| (x.abs(), (y - x).abs()));
        Staircase {
            points: points.filter(|(_, residual)| *residual > 0.0).collect(),
            grid,
            manner: grid.map(|_| manner),
            stairs: stairs.into_values().collect(),
            pull_mean,
            pull_sd: (squares / n as f64 - pull_mean * pull_mean).max(0.0).sqrt(),
            pull_largest: if grid.is_some() { pull_largest } else { f64::NAN },
        }
    }
}

/// The grid of the other, if it is coarser than that of the original.
fn find([original, other]: [&Bits; 2], exponents: impl Iterator<Item = i32>) -> Option<Grid> {
    let (mut n, mut sum) = (0u64, 0i64);
    for exponent in exponents {
        n += 1;
        sum += i64::from(exponent);
    }
    let fewer_bits = other.live < original.live.min(other.mantissa);
    let wider_step = other.step_exponent > original.step_exponent;
    if n < FEWEST || !(fewer_bits || wider_step) {
        return None;
    }
    // Which of the two allows fewer values: bits that a common step leaves on average, or bits that every value may
    // use.
    let left_by_step = sum as f64 / n as f64 - f64::from(other.step_exponent);
    if wider_step && (!fewer_bits || left_by_step < f64::from(other.live)) {
        Some(Grid::Step(other.step_exponent))
    } else {
        Some(Grid::KeptBits(other.live))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hepz_columns::Scalar;
    use hepz_precision::{Contract, Promise, Rule};

    /// Log-uniform values of either sign.
    fn values() -> Values {
        let mut state = 7u64;
        let raw: Vec<u64> = (0..20_000)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let x = ((state >> 40) as f32 / 16777216.0 * 9.0).exp();
                u64::from(x.to_bits()) | (state >> 8 & 1) << 31
            })
            .collect();
        Values::from_raw(Scalar::F32, &raw)
    }

    fn staircase(x: &Values, y: Values) -> Staircase {
        let bits = [Bits::of(x).unwrap(), Bits::of(&y).unwrap()];
        Staircase::of(&Column::new([x.clone(), y]), [&bits[0], &bits[1]])
    }

    #[test]
    fn kept_bits_and_steps_are_told_apart_and_rounding_from_cutting() {
        let x = values();
        for k in [2, 7, 13, 20] {
            let contract = Contract::new(Promise::KeptBits { kept: k }, &[]).unwrap();
            let found = staircase(&x, contract.reduce(&x).values);
            assert_eq!((found.grid, found.manner), (Some(Grid::KeptBits(k)), Some(Manner::Rounded)));
            assert!((found.pull_sd - 1.0).abs() < 0.02 && found.pull_largest <= 3f64.sqrt() + 1e-12, "{k}");
        }
        let rule = Rule::CmsTruncate { kept: 9 }.on(Scalar::F32).unwrap();
        let cut: Vec<u64> = (0..x.len()).map(|row| rule.round(x.raw(row), row as u64).unwrap()).collect();
        let found = staircase(&x, Values::from_raw(Scalar::F32, &cut));
        assert_eq!((found.grid, found.manner), (Some(Grid::KeptBits(9)), Some(Manner::Cut)));
        let contract = Contract::new(Promise::Absolute { bound: 0.125 }, &[]).unwrap();
        let found = staircase(&x, contract.reduce(&x).values);
        assert_eq!((found.grid, found.manner), (Some(Grid::Step(-2)), Some(Manner::Rounded)));
        let found = staircase(&x, x.clone());
        assert_eq!((found.grid, found.manner), (None, None));
    }

    #[test]
    fn entropy_of_two_equal_halves_is_one_bit() {
        let raw: Vec<u64> =
            (0..1000).map(|row| u64::from((if row % 2 == 0 { 1.5f32 } else { 3.0 }).to_bits())).collect();
        let bits = Bits::of(&Values::from_raw(Scalar::F32, &raw)).unwrap();
        assert_eq!((bits.distinct, bits.entropy, bits.live, bits.step_exponent), (2, 1.0, 1, -1));
    }
}
