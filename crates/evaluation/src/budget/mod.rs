//! Budgets: how coarse may each column be, if an observable is to stay where it is and as narrow as it is?
//!
//! In: tables, observables with tolerances. Out: [`Budget`]: a contract for every column, and what they do to the
//! observables on these very rows.
//! Not here: contracts (`hepz-precision`), expressions (`observable`), printing (`hepz-cli`).
//! Holds: what a budget says of bias and width was measured with the values that the contracts give, on every row; a
//! budget that does not keep its tolerances is never returned.
//!
//! First order: a column whose error has variance `v` adds `(df/dx)^2 v` to the variance of the observable `f`, and
//! errors of columns are independent. A bit less makes `v` four times larger, whichever column it is: so bits are
//! handed out one by one to the column that adds most, which is water-filling (Cover and Thomas, Elements of
//! Information Theory, section 10.3.3) in whole bits. Then the columns are reduced, and the effect is measured.

mod allocation;
mod comparison;
mod dither;
mod error;
mod grid;
mod peak;
mod rows;
mod sensitivity;

pub use comparison::{Comparison, Effect, Estimate, PeakShift};
pub use error::BudgetError;

use crate::Observable;
use allocation::allocate;
use dither::dithered;
use grid::Grid;
use hepz::TableReader;
use hepz_columns::Scalar;
use hepz_precision::Contract;
use rows::{Rows, numbers};
use sensitivity::sample;

/// What may happen to an observable.
#[derive(Clone, Debug)]
pub struct Tolerance {
    /// The observable.
    pub observable: Observable,
    /// Largest shift of its mean, in its own unit.
    pub bias: f64,
    /// Largest change of its width, as a fraction: 0.003 for 0.3 %.
    pub width: f64,
    /// The values that count; if not given, the central 99.73 % of them.
    pub within: Option<(f64, f64)>,
}

/// What a column may lose.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnBudget {
    /// Its name, as rules know it: with its table in front, where that has a name.
    pub column: String,
    /// Its type.
    pub scalar: Scalar,
    /// The contract.
    pub contract: Contract,
    /// Mantissa bits that its values keep, in the mean over those that are not zero.
    pub kept_bits: f64,
    /// The part of the added variance of each observable that comes from this column, to first order.
    pub shares: Vec<f64>,
}

/// What became of an observable.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservableBudget {
    /// Its name.
    pub name: String,
    /// Largest shift allowed.
    pub bias: f64,
    /// Largest change of width allowed, as a fraction.
    pub width: f64,
    /// The values that count.
    pub within: (f64, f64),
    /// Growth of the width that was expected to first order.
    pub expected_growth: f64,
    /// What was measured.
    pub effect: Effect,
    /// What subtractive dither on the same grids would do instead, if it was asked for.
    pub dithered: Option<Effect>,
}

/// Contracts that keep tolerances.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// The table, whose name may be empty.
    pub table: String,
    /// Its rows, all of which were measured.
    pub rows: u64,
    /// Every column that an observable depends on.
    pub columns: Vec<ColumnBudget>,
    /// Every observable.
    pub observables: Vec<ObservableBudget>,
    /// Bits that measuring added to what was expected to be enough.
    pub added_bits: u32,
}

impl Budget {
    /// Finds the coarsest contracts that keep every tolerance on the rows of `reader`. `dither`: measure subtractive
    /// dither, too.
    ///
    /// # Errors
    /// [`BudgetError`]: no such columns, no values, tolerances that are no numbers, or what reading meets.
    pub fn find(
        reader: &TableReader<'_>,
        tolerances: &[Tolerance],
        dither: bool,
    ) -> Result<Budget, BudgetError> {
        for tolerance in tolerances {
            let positive = |x: f64| x > 0.0 && x.is_finite();
            if !positive(tolerance.bias) || !positive(tolerance.width) {
                return Err(BudgetError::Tolerance { name: tolerance.observable.name().to_owned() });
            }
        }
        let observables: Vec<&Observable> = tolerances.iter().map(|t| &t.observable).collect();
        let mut rows = Rows::of(reader, &observables)?;
        let seen = sample(&mut rows, tolerances)?;
        let mut grids: Vec<Grid> = seen.columns.iter().map(Grid::coarsest).collect();
        allocate(&mut grids, &seen);
        let mut added_bits = 0;
        let effects = loop {
            let effects = measured(&mut rows, &seen.within, &observables, &grids, false)?;
            let broken: Vec<bool> =
                effects.iter().zip(tolerances).map(|(effect, tolerance)| !kept(effect, tolerance)).collect();
            if !broken.contains(&true) {
                break effects;
            }
            // The column that adds most to what is too much gets a bit more; with all of them exact nothing changes.
            let Some(column) = allocation::largest(&grids, &seen, &broken) else {
                return Err(BudgetError::NotKept);
            };
            grids[column] = grids[column].finer(&seen.columns[column]);
            added_bits += 1;
        };
        let others = if dither {
            measured(&mut rows, &seen.within, &observables, &grids, true)?.into_iter().map(Some).collect()
        } else {
            vec![None; effects.len()]
        };
        let observables = tolerances.iter().zip(effects).zip(others).enumerate().map(
            |(at, ((tolerance, effect), dithered))| ObservableBudget {
                name: tolerance.observable.name().to_owned(),
                bias: tolerance.bias,
                width: tolerance.width,
                within: seen.within[at],
                expected_growth: seen.growth(at, &grids),
                effect,
                dithered,
            },
        );
        let observables = observables.collect();
        let columns = seen.columns.iter().enumerate().map(|(at, column)| ColumnBudget {
            column: rows.full_name(at),
            scalar: column.scalar,
            contract: grids[at].contract(),
            kept_bits: grids[at].kept_bits(column),
            shares: (0..tolerances.len()).map(|observable| seen.share(observable, at, &grids)).collect(),
        });
        let columns = columns.collect();
        Ok(Budget { table: rows.table().to_owned(), rows: rows.len(), columns, observables, added_bits })
    }

    /// The contracts as a rules file, which `hepz compress --precision` and `hepz round` take.
    pub fn to_toml(&self) -> String {
        let mut text = String::from("# Made by hepz budget.\n");
        for observable in &self.observables {
            let ObservableBudget { name, bias, width, effect, .. } = observable;
            let name = name.replace('\n', " ");
            text += &format!(
                "# {name}: bias {:.2e} of {bias:e}, width growth {:.2e} of {width:e}, on {} rows\n",
                effect.bias.value, effect.growth.value, effect.rows
            );
        }
        for column in &self.columns {
            // A TOML string is written as a JSON string is.
            text += &format!("\n[[column]]\nmatch = {}\n", serde_json::json!(column.column));
            text += &grid::rule(&column.contract);
        }
        text
    }
}

fn kept(effect: &Effect, tolerance: &Tolerance) -> bool {
    effect.lost == 0
        && effect.bias.value.abs() <= tolerance.bias
        && effect.growth.value.abs() <= tolerance.width
}

/// Reduces every row and compares the observables.
fn measured(
    rows: &mut Rows<'_, '_>,
    within: &[(f64, f64)],
    observables: &[&Observable],
    grids: &[Grid],
    dither: bool,
) -> Result<Vec<Effect>, BudgetError> {
    let total = rows.len();
    let mut comparisons: Vec<Comparison> =
        within.iter().map(|&within| Comparison::new(within, total)).collect();
    let columns = rows.columns_of_inputs();
    let places: Vec<Vec<usize>> = observables.iter().map(|observable| rows.places(observable)).collect();
    rows.each(|first, values| {
        let originals: Vec<Vec<f64>> = values.iter().map(numbers).collect();
        let mut reduced = Vec::with_capacity(values.len());
        for (input, (values, &column)) in values.iter().zip(&columns).enumerate() {
            let grid = grids[column];
            reduced.push(if dither {
                dithered(values, grid, input as u64, first)
            } else {
                numbers(&grid.contract().reduce(values).values)
            });
        }
        for ((observable, places), comparison) in observables.iter().zip(&places).zip(&mut comparisons) {
            let of = |columns: &[Vec<f64>]| {
                let columns: Vec<&[f64]> = places.iter().map(|&at| columns[at].as_slice()).collect();
                observable.evaluate(&columns)
            };
            comparison.add(first, &of(&originals), &of(&reduced));
        }
    })?;
    Ok(comparisons.iter().map(Comparison::effect).collect())
}
