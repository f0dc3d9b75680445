//! What the search knows about each column, and a small table of rows on which it looks.
//!
//! In: the sample. Out: [`Facts`] per column; [`Probe`]: some hundred rows, chosen so that every column has a few.
//! Not here: formulas.
//! Holds: rows are chosen by position and by what is missing, never by chance. A value that says nothing (NaN,
//! infinity, subnormal) is NaN in the probe, so that it spoils no arithmetic unnoticed.

use super::super::price::{grid_rank, plain_bits};
use super::super::sample::{Sample, SampleColumn};
use hepz_columns::Scalar;

/// Rows of the probe before columns with many gaps add theirs.
const PROBE_ROWS: usize = 192;
/// Rows that every column shall have in the probe, if it has them at all.
const ROWS_PER_COLUMN: usize = 16;
/// Fewest ordinary values of a column that is searched.
const FEWEST: usize = 30;
/// Rows on which prices of columns by themselves are estimated.
const PRICED_ROWS: usize = 768;

/// Floats of a coarser grid than this are labels rather than measurements, and enter no product or sum. (NanoAOD's
/// ten mantissa bits are above it.)
pub(super) const COARSEST: f64 = 1.0 / 512.0;

/// What is known about one column.
pub(super) struct Facts {
    pub scalar: Scalar,
    /// Worth searching: not constant, enough ordinary values.
    pub usable: bool,
    /// Low mantissa bits that are zero in all ordinary values.
    pub grid: u32,
    /// Relative size of one step of the grid, about; 0 for integers.
    pub eps: f64,
    pub least: f64,
    pub most: f64,
    /// Bits per value without a relation.
    pub plain: f64,
    /// Whether all values have one size: charges.
    pub one_size: bool,
    /// Rows whose value is ordinary: a number, and not the default that repeats.
    pub ordinary: Vec<bool>,
    pub n_ordinary: usize,
}

impl Facts {
    pub fn is_float(&self) -> bool {
        self.scalar.is_float()
    }

    /// The largest absolute value.
    pub fn size(&self) -> f64 {
        self.least.abs().max(self.most.abs())
    }

    pub fn of(column: &SampleColumn) -> Facts {
        let scalar = column.scalar;
        let rows = column.values.len().min(column.raw.len());
        let stride = rows.div_ceil(PRICED_ROWS).max(1);
        let mut some: Vec<u64> = (0..rows)
            .step_by(stride)
            .filter(|&row| finite(column.values[row]))
            .map(|row| column.raw[row])
            .collect();
        let default = repeated_default(&mut some, scalar);
        let mut ordinary = vec![false; rows];
        let (mut least, mut most, mut all, mut n) = (f64::INFINITY, f64::NEG_INFINITY, 0u64, 0);
        let mut least_size = f64::INFINITY;
        for (row, place) in ordinary.iter_mut().enumerate() {
            let (x, raw) = (column.values[row], column.raw[row]);
            *place = finite(x) && Some(raw) != default;
            if *place {
                least = least.min(x);
                most = most.max(x);
                least_size = least_size.min(x.abs());
                all |= raw;
                n += 1;
            }
        }
        let mantissa = scalar.mantissa_bits().unwrap_or(0);
        let grid = all.trailing_zeros().min(mantissa);
        let eps = if scalar.is_float() { 1.0 / (1u64 << (mantissa - grid)) as f64 } else { 0.0 };
        let mut ranks: Vec<u64> = (0..rows)
            .step_by(stride)
            .filter(|&row| ordinary[row])
            .map(|row| grid_rank(column.raw[row], scalar, grid))
            .collect();
        let plain = plain_bits(&mut ranks);
        let usable = n >= FEWEST && most > least;
        let one_size = least_size == least.abs().max(most.abs());
        Facts { scalar, usable, grid, eps, least, most, plain, one_size, ordinary, n_ordinary: n }
    }
}

/// Whether a formula can work with it.
fn finite(x: f64) -> bool {
    x.is_normal() || x == 0.0
}

/// The pattern of a float column that repeats although the rest does not: a default such as -1 or 0.
fn repeated_default(patterns: &mut [u64], scalar: Scalar) -> Option<u64> {
    if !scalar.is_float() {
        return None;
    }
    patterns.sort_unstable();
    let longest = patterns.chunk_by(|a, b| a == b).max_by_key(|run| run.len())?;
    let distinct = patterns.chunk_by(|a, b| a == b).count();
    let rest = patterns.len() - longest.len();
    (longest.len() * 50 > patterns.len() && longest.len() > 3 && (distinct - 1) * 2 > rest && rest > 8)
        .then_some(longest[0])
}

/// The rows on which the search looks.
pub(super) struct Probe {
    /// Rows of the sample.
    pub rows: Vec<usize>,
    /// Per column of the sample, its values there; NaN where no formula can work with them.
    pub values: Vec<Vec<f64>>,
    /// Per column, places among these rows at which it is ordinary, those first at which most others are, too.
    pub bases: Vec<Vec<usize>>,
}

impl Probe {
    pub fn of(sample: &Sample, facts: &[Facts]) -> Probe {
        let rows = sample.columns.iter().map(|column| column.values.len()).min().unwrap_or(0);
        let mut chosen = vec![false; rows];
        let stride = rows.div_ceil(PROBE_ROWS).max(1);
        for row in (0..rows).step_by(stride) {
            chosen[row] = true;
        }
        let mut n_chosen = rows.div_ceil(stride);
        for fact in facts.iter().filter(|fact| fact.usable) {
            let here = (0..rows).filter(|&row| chosen[row] && fact.ordinary[row]).count();
            if here >= ROWS_PER_COLUMN || n_chosen > 2 * PROBE_ROWS {
                continue;
            }
            let step = (fact.n_ordinary / ROWS_PER_COLUMN).max(1);
            for row in (0..rows).filter(|&row| fact.ordinary[row]).step_by(step).take(ROWS_PER_COLUMN) {
                n_chosen += usize::from(!chosen[row]);
                chosen[row] = true;
            }
        }
        let rows: Vec<usize> = (0..rows).filter(|&row| chosen[row]).collect();
        let number = |x: f64| if finite(x) { x } else { f64::NAN };
        let values: Vec<Vec<f64>> = sample
            .columns
            .iter()
            .map(|column| rows.iter().map(|&row| number(column.values[row])).collect())
            .collect();
        let mut present = vec![0usize; rows.len()];
        for (fact, values) in facts.iter().zip(&values).filter(|(fact, _)| fact.usable) {
            for ((count, &row), &x) in present.iter_mut().zip(&rows).zip(values) {
                // A zero is no term and no factor: such a row shows less.
                *count += usize::from(fact.ordinary[row] && x != 0.0);
            }
        }
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&row| std::cmp::Reverse(present[row]));
        let bases = facts
            .iter()
            .map(|fact| order.iter().copied().filter(|&at| fact.ordinary[rows[at]]).take(12).collect())
            .collect();
        Probe { rows, values, bases }
    }
}
