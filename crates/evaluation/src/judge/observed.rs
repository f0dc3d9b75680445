//! Observed quantities: an observable in both files.
//!
//! In: an observable, paired tables. Out: which table holds its columns, and an [`ObservableJudgement`].
//! Not here: expressions (`observable`), fits (`peak`).
//! Holds: all columns of an observable come from one table.

use super::pairing::{PairedTable, numbers};
use super::peak::{PeakJudgement, judge_peak};
use super::residual::Residuals;
use super::{JudgeError, JudgeOptions};
use crate::observable::Observable;
use hepz::TableReader;

/// One observable in both files.
#[derive(Clone, Debug)]
pub struct ObservableJudgement {
    /// Its name.
    pub name: String,
    /// Row by row.
    pub residuals: Residuals,
    /// Its peak; none if too few rows are in the window.
    pub peak: Option<PeakJudgement>,
}

/// The number of the table that holds the columns of an observable.
pub(crate) fn table_of(observable: &Observable, tables: &[PairedTable]) -> Result<usize, JudgeError> {
    let holds = |table: &PairedTable| observable.columns().iter().all(|name| table.has(name));
    tables.iter().position(holds).ok_or_else(|| JudgeError::NoSuchColumns {
        name: observable.name().to_owned(),
        columns: observable.columns().join(", "),
    })
}

/// Judges one observable.
pub(crate) fn judge(
    readers: [&TableReader<'_>; 2],
    table: &PairedTable,
    observable: &Observable,
    options: &JudgeOptions,
) -> Result<ObservableJudgement, JudgeError> {
    let mut columns = [Vec::new(), Vec::new()];
    for name in observable.columns() {
        for (columns, values) in
            columns.iter_mut().zip(table.any_patterns(readers, name)?.into_iter().flatten())
        {
            columns.push(numbers(&values));
        }
    }
    let [x, y] = columns.map(|columns| {
        let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        observable.evaluate(&slices)
    });
    Ok(ObservableJudgement {
        name: observable.name().to_owned(),
        residuals: Residuals::of_numbers(&x, &y),
        peak: judge_peak(&x, &y, &options.peak),
    })
}
