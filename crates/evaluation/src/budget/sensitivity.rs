//! Sensitivity: how an observable moves when a column does.
//!
//! In: some rows, spread over the table. Out: for each column and observable the variance that a grid of step 1 would
//! add; for each observable its width and the variance that it may gain.
//! Not here: the choice of grids (`allocation`), the proof (`comparison`).
//! Holds: rows are the same on every run; a column that was not seen to matter is not touched.

use super::Tolerance;
use super::error::BudgetError;
use super::rows::{Rows, numbers};
use hepz_columns::Scalar;

/// Rows that are looked at: enough for a percent on the mean of any square that is not dominated by a few rows.
const SAMPLE_ROWS: u64 = 1 << 16;
/// Stretches in which they lie, so that rows from everywhere are among them.
const STRETCHES: u64 = 32;
/// Three standard deviations of a normal distribution on either side.
const CENTRAL: f64 = 0.9973;
/// A width from fewer rows is no width.
const FEWEST_ROWS: u64 = 30;
/// The variance of an error that is uniform in a step of length 1.
const UNIFORM: f64 = 1.0 / 12.0;

/// How a column acts on each observable.
#[derive(Clone, Debug)]
pub(super) struct Sensitivity {
    pub(super) scalar: Scalar,
    /// Mantissa bits of the type; 0 for integers.
    pub(super) mantissa_bits: u32,
    /// Mean of `(df/dx)^2 / 12` for each observable.
    pub(super) absolute: Vec<f64>,
    /// Mean of `(df/dx)^2 4^e / 12`, where `e` is the exponent of the value.
    pub(super) relative: Vec<f64>,
    /// Of values that are not zero.
    pub(super) mean_exponent: f64,
    pub(super) lowest_exponent: i32,
    pub(super) highest_exponent: i32,
}

/// What the rows that were looked at say.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) columns: Vec<Sensitivity>,
    /// For each observable: the values that count,
    pub(super) within: Vec<(f64, f64)>,
    /// their variance,
    pub(super) variances: Vec<f64>,
    /// and what may be added to it.
    pub(super) allowed: Vec<f64>,
}

/// `floor(log2 |x|)` of a finite number that is not zero.
fn exponent(x: f64) -> i32 {
    let field = ((x.to_bits() >> 52) & 0x7ff) as i32;
    // Numbers below the normal ones are below those of any column that a width is asked of.
    if field == 0 { -1022 } else { field - 1023 }
}

/// Looks at rows from all over the table.
pub(super) fn sample(rows: &mut Rows<'_, '_>, tolerances: &[Tolerance]) -> Result<Seen, BudgetError> {
    let inputs = read(rows)?;
    let column_of = rows.columns_of_inputs();
    let looked_at = inputs.first().map_or(0, Vec::len);
    let of_inputs = |column: usize| inputs.iter().zip(&column_of).filter(move |(_, at)| **at == column);
    let mut seen = Seen {
        columns: (0..rows.columns())
            .map(|column| of_column(rows.scalar(column), of_inputs(column).flat_map(|(values, _)| values)))
            .collect(),
        within: Vec::new(),
        variances: Vec::new(),
        allowed: Vec::new(),
    };
    for tolerance in tolerances {
        let observable = &tolerance.observable;
        let places = rows.places(observable);
        let of: Vec<&[f64]> = places.iter().map(|&at| inputs[at].as_slice()).collect();
        let values = observable.evaluate(&of);
        let within = tolerance.within.unwrap_or_else(|| central(&values));
        let counts: Vec<usize> =
            (0..values.len()).filter(|&row| values[row] >= within.0 && values[row] <= within.1).collect();
        let n = counts.len() as f64;
        if (counts.len() as u64) < FEWEST_ROWS {
            let (name, rows) = (observable.name().to_owned(), counts.len() as u64);
            return Err(BudgetError::NoValues { name, rows });
        }
        let mean = counts.iter().map(|&row| values[row]).sum::<f64>() / n;
        let variance = counts.iter().map(|&row| (values[row] - mean).powi(2)).sum::<f64>() / n;
        if variance <= 0.0 {
            return Err(BudgetError::NoWidth { name: observable.name().to_owned() });
        }
        let mut sums = vec![(0.0, 0.0); rows.columns()];
        let mut row_values = vec![0.0; of.len()];
        for &row in &counts {
            for (value, column) in row_values.iter_mut().zip(&of) {
                *value = column[row];
            }
            let gradient = observable.gradient(&row_values);
            for ((&place, derivative), x) in places.iter().zip(gradient).zip(&row_values) {
                let square = derivative * derivative * UNIFORM;
                // Not finite where the observable has a corner; what happens there is measured later.
                if square.is_finite() {
                    sums[column_of[place]].0 += square;
                    sums[column_of[place]].1 +=
                        if *x == 0.0 { 0.0 } else { square * 4f64.powi(exponent(*x)) };
                }
            }
        }
        for (column, (absolute, relative)) in seen.columns.iter_mut().zip(sums) {
            column.absolute.push(absolute / n);
            column.relative.push(relative / n);
        }
        // The mean of so many rows moves by chance, too, by the root of the variance by their number: half of the
        // tolerance at most.
        let rows = n / looked_at as f64 * rows.len() as f64;
        let by_chance = rows * (tolerance.bias / 2.0).powi(2);
        seen.allowed.push(by_chance.min(variance * ((1.0 + tolerance.width).powi(2) - 1.0)));
        seen.within.push(within);
        seen.variances.push(variance);
    }
    Ok(seen)
}

/// Some rows of every input.
fn read(rows: &mut Rows<'_, '_>) -> Result<Vec<Vec<f64>>, BudgetError> {
    let total = rows.len();
    let mut columns = vec![Vec::new(); rows.inputs()];
    let length = if total <= SAMPLE_ROWS { total } else { SAMPLE_ROWS / STRETCHES };
    let n = if total <= SAMPLE_ROWS { 1 } else { STRETCHES };
    for stretch in 0..n {
        let from = (total - length) / n.max(2).saturating_sub(1) * stretch;
        for (column, values) in columns.iter_mut().zip(rows.read(from..from + length)?) {
            column.extend(numbers(&values));
        }
    }
    Ok(columns)
}

fn of_column<'a>(scalar: Scalar, values: impl Iterator<Item = &'a f64>) -> Sensitivity {
    let exponents: Vec<i32> = values.filter(|x| x.is_finite() && **x != 0.0).map(|&x| exponent(x)).collect();
    let sum: f64 = exponents.iter().map(|&e| f64::from(e)).sum();
    Sensitivity {
        scalar,
        mantissa_bits: scalar.mantissa_bits().unwrap_or(0),
        absolute: Vec::new(),
        relative: Vec::new(),
        mean_exponent: sum / exponents.len().max(1) as f64,
        lowest_exponent: exponents.iter().copied().min().unwrap_or(0),
        highest_exponent: exponents.iter().copied().max().unwrap_or(0),
    }
}

/// The range of the values in the middle.
fn central(values: &[f64]) -> (f64, f64) {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let outside = ((1.0 - CENTRAL) / 2.0 * sorted.len() as f64) as usize;
    let low = sorted.get(outside).copied().unwrap_or(f64::NAN);
    let high = sorted.len().checked_sub(outside + 1).and_then(|at| sorted.get(at).copied());
    (low, high.unwrap_or(f64::NAN))
}
