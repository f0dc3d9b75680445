//! Ablation: what each number of kept mantissa bits would do to the original.
//!
//! In: the original's columns, observables. Out: an [`Ablation`], one row per number of bits.
//! Not here: rounding (`hepz-precision`).
//! Holds: columns are rounded by the contract `kept_bits`, to nearest; the theory is for mantissas that are
//! log-uniform: `E[(ln y - ln x)^2] = 2^-2k / 12 * 3 / (8 ln 2)` (docs/precision/rules.md).

use super::classifier::{ClassifierTest, classifiers};
use super::joint::{Feature, MOST_COLUMNS, points};
use super::pairing::{PairedTable, numbers};
use super::peak::{PeakJudgement, judge_peak};
use super::residual::Residuals;
use super::sampling::{Sampling, finite_pairs};
use super::two_sample::distances;
use super::{JudgeError, JudgeOptions};
use crate::observable::Observable;
use hepz::TableReader;
use hepz_columns::Values;
use hepz_precision::{Contract, Promise};

/// Numbers of kept bits.
const KEPT: std::ops::RangeInclusive<u32> = 2..=23;

/// One column with fewer bits.
#[derive(Clone, Debug, PartialEq)]
pub struct AblationColumn {
    /// Which.
    pub name: String,
    /// Mean of (ln y - ln x)^2.
    pub ln_mse: f64,
    /// The same by theory.
    pub ln_mse_theory: f64,
    /// Largest relative error.
    pub max_relative: f64,
    /// Mean residual in units of its error.
    pub bias_in_errors: f64,
    /// Kolmogorov and Smirnov's distance of the sampled rows from themselves, rounded.
    pub kolmogorov_smirnov: f64,
    /// Divergence of the same, in nats.
    pub kullback_leibler: f64,
    /// Wasserstein's distance of the same.
    pub wasserstein: f64,
}

/// One number of kept bits.
#[derive(Clone, Debug)]
pub struct AblationRow {
    /// Kept mantissa bits.
    pub kept: u32,
    /// Each column.
    pub columns: Vec<AblationColumn>,
    /// Classifiers that try to tell rounded rows from others.
    pub classifiers: Vec<ClassifierTest>,
    /// Each observable.
    pub observables: Vec<(String, PeakJudgement)>,
}

/// What each number of kept bits would do.
#[derive(Clone, Debug)]
pub struct Ablation {
    /// Columns that were rounded.
    pub columns: Vec<String>,
    /// From few bits to many.
    pub rows: Vec<AblationRow>,
}

/// Mean square of the error of the logarithm if mantissas are log-uniform and `kept` bits are kept, rounded to
/// nearest.
pub fn ln_mse_theory(kept: u32) -> f64 {
    0.25f64.powi(kept as i32) / 12.0 * 3.0 / (8.0 * std::f64::consts::LN_2)
}

/// Rounds the original's columns of one table to each number of bits.
pub(crate) fn ablate(
    readers: [&TableReader<'_>; 2],
    table: &PairedTable,
    observables: &[&Observable],
    options: &JudgeOptions,
) -> Result<Option<Ablation>, JudgeError> {
    let rows = usize::try_from(table.rows).unwrap_or(usize::MAX);
    let sampling = Sampling::new(rows, options.sample_rows, options.seed);
    let mut originals = Vec::new();
    for paired in table.floats.iter().take(MOST_COLUMNS) {
        let [original, _] = table.patterns(readers, paired)?;
        originals.push(Original { name: paired.name.clone(), numbers: numbers(&original), values: original });
    }
    if originals.is_empty() {
        return Ok(None);
    }
    // Observables may need columns that were not asked for.
    let mut inputs = Vec::new();
    for observable in observables {
        let mut columns = Vec::new();
        for name in observable.columns() {
            columns.extend(table.any_patterns(readers, name)?.map(|[original, _]| original));
        }
        let numbers: Vec<Vec<f64>> = columns.iter().map(numbers).collect();
        let slices: Vec<&[f64]> = numbers.iter().map(Vec::as_slice).collect();
        let values = observable.evaluate(&slices);
        inputs.push((*observable, columns, values));
    }
    let mut found = Vec::new();
    for kept in KEPT {
        let Ok(contract) = Contract::new(Promise::KeptBits { kept }, &[]) else { continue };
        let mut columns = Vec::new();
        let mut features = Vec::new();
        for original in &originals {
            let rounded = numbers(&contract.reduce(&original.values).values);
            columns.push(original.judge(kept, &rounded, &sampling));
            let take = |values: &[f64], rows: &[usize]| {
                rows.iter().filter_map(|&row| values.get(row).copied()).collect()
            };
            features.push(Feature {
                name: original.name.clone(),
                x: take(&original.numbers, &sampling.halves[0]),
                y: take(&rounded, &sampling.halves[1]),
            });
        }
        let (x, y) = points(&features);
        let mut peaks = Vec::new();
        for (observable, columns, values) in &inputs {
            let rounded: Vec<Vec<f64>> =
                columns.iter().map(|column| numbers(&contract.reduce(column).values)).collect();
            let slices: Vec<&[f64]> = rounded.iter().map(Vec::as_slice).collect();
            let mut peak_options = options.peak;
            peak_options.replicas = 0;
            let judged = judge_peak(values, &observable.evaluate(&slices), &peak_options);
            peaks.extend(judged.map(|judged| (observable.name().to_owned(), judged)));
        }
        found.push(AblationRow {
            kept,
            columns,
            classifiers: classifiers(&x, &y, options.seed),
            observables: peaks,
        });
    }
    Ok(Some(Ablation { columns: originals.into_iter().map(|original| original.name).collect(), rows: found }))
}

struct Original {
    name: String,
    numbers: Vec<f64>,
    values: Values,
}

impl Original {
    fn judge(&self, kept: u32, rounded: &[f64], sampling: &Sampling) -> AblationColumn {
        let residuals = Residuals::of_numbers(&self.numbers, rounded);
        let [x, y] = finite_pairs(&self.numbers, rounded, &sampling.paired);
        let distances = distances(&x, &y).unwrap_or([f64::NAN; _]);
        AblationColumn {
            name: self.name.clone(),
            ln_mse: residuals.ln_mse,
            ln_mse_theory: ln_mse_theory(kept),
            max_relative: residuals.max_relative.value,
            bias_in_errors: residuals.bias_in_errors,
            kolmogorov_smirnov: distances[0],
            kullback_leibler: distances[5],
            wasserstein: distances[2],
        }
    }
}
