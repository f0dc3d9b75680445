//! Columns: one table, column after column, then together.
//!
//! In: a paired table. Out: a [`TableJudgement`].
//! Not here: each figure (its own module).
//! Holds: one pair of columns is in memory at a time; what is kept of each for later are the sampled rows.

use super::grid::{Bits, Staircase};
use super::histogram::Histogram;
use super::joint::{self, Feature, MOST_COLUMNS};
use super::pairing::{Column, PairedColumn, PairedTable};
use super::residual::Residuals;
use super::sampling::{Sampling, finite, finite_pairs};
use super::two_sample::{Null, maximum_mean_discrepancy, tests};
use super::{ColumnJudgement, ColumnTests, ExactColumn, JudgeError, JudgeOptions, TableJudgement};
use hepz::TableReader;

/// Points of either sample in a matrix of kernels.
const KERNEL_POINTS: usize = 300;

/// Judges one table; observables and ablation are added later.
pub(crate) fn judge(
    readers: [&TableReader<'_>; 2],
    table: &PairedTable,
    options: &JudgeOptions,
) -> Result<TableJudgement, JudgeError> {
    let rows = usize::try_from(table.rows).unwrap_or(usize::MAX);
    let sampling = Sampling::new(rows, options.sample_rows, options.seed);
    let mut columns = Vec::new();
    let mut features = Vec::new();
    for paired in &table.floats {
        let column = table.column(readers, paired)?;
        let Some(judged) = of_column(paired, &column, &sampling, options) else { continue };
        // Columns that changed go first, since not all of many can be looked at together.
        let changed = judged.residuals.n_changed > 0;
        let [x, y] = &sampling.halves;
        let take = |values: &[f64], rows: &[usize]| {
            rows.iter().filter_map(|&row| values.get(row).copied()).collect()
        };
        features.push((
            !changed,
            Feature { name: paired.name.clone(), x: take(&column.x, x), y: take(&column.y, y) },
        ));
        if features.len() > 2 * MOST_COLUMNS {
            features.sort_by_key(|(same, _)| *same);
            features.truncate(MOST_COLUMNS);
        }
        columns.push(judged);
    }
    features.sort_by_key(|(same, _)| *same);
    let joint = if features.iter().any(|(same, _)| !same) && options.permutations > 0 {
        let features = features.into_iter().map(|(_, feature)| feature).collect();
        joint::judge(features, options.permutations, options.seed)
    } else {
        None
    };
    let mut changed_exact = Vec::new();
    for paired in &table.exact {
        let [a, b] = table.patterns(readers, paired)?;
        let n_changed = a.to_raw().iter().zip(b.to_raw()).filter(|(a, b)| **a != *b).count() as u64;
        if n_changed > 0 {
            changed_exact.push(ExactColumn {
                name: paired.name.clone(),
                scalar: paired.scalars[0],
                n_changed,
            });
        }
    }
    Ok(TableJudgement {
        name: table.name.clone(),
        rows: table.rows,
        columns,
        joint,
        observables: Vec::new(),
        ablation: None,
        n_exact: table.exact.len() as u64,
        changed_exact,
        unpaired: table.unpaired.clone(),
    })
}

fn of_column(
    paired: &PairedColumn,
    column: &Column,
    sampling: &Sampling,
    options: &JudgeOptions,
) -> Option<ColumnJudgement> {
    let of_original = Bits::of(&column.values[0])?;
    let of_other = Bits::of(&column.values[1])?;
    let residuals = Residuals::of(column);
    let changed = residuals.n_changed > 0;
    Some(ColumnJudgement {
        name: paired.name.clone(),
        scalars: paired.scalars,
        staircase: Staircase::of(column, [&of_original, &of_other]),
        bits: [of_original, of_other],
        tests: (changed && options.permutations > 0).then(|| of_samples(column, sampling, options)),
        histogram: if changed {
            Histogram::of(&column.x, &column.y, finite(&column.x, &sampling.paired))
        } else {
            None
        },
        residuals,
    })
}

fn of_samples(column: &Column, sampling: &Sampling, options: &JudgeOptions) -> ColumnTests {
    let (permutations, seed) = (options.permutations, options.seed);
    let x = finite(&column.x, &sampling.halves[0]);
    let y = finite(&column.y, &sampling.halves[1]);
    let [pair_x, pair_y] = finite_pairs(&column.x, &column.y, &sampling.paired);
    let points =
        |values: &[f64]| values.iter().take(KERNEL_POINTS).map(|&value| vec![value]).collect::<Vec<_>>();
    let mut halves = tests(&x, &y, Null::Labels, permutations, seed);
    halves.extend(maximum_mean_discrepancy(&points(&x), &points(&y), permutations, seed));
    ColumnTests {
        n_halves: [x.len(), y.len()],
        halves,
        n_paired: pair_x.len(),
        paired: tests(&pair_x, &pair_y, Null::Pairs, permutations, seed),
    }
}
