//! The judge: how another version of a file differs from the original, as a referee would ask.
//!
//! In: two files or archives with tables, what to look at. Out: a [`Judgement`], and from it text, JSON, CSV and a
//! page.
//! Not here: whether a contract is kept (`hepz-precision`), bytes (`run`).
//! Holds: tables and columns are paired by name and rows by number; random numbers come from the stated seed alone,
//! so the same files and options give the same figures.

mod ablation;
mod classifier;
mod columns;
mod document;
mod error;
mod grid;
mod histogram;
mod joint;
mod observed;
mod page;
mod pairing;
mod peak;
mod residual;
mod sampling;
mod table_of_columns;
mod two_sample;

pub use ablation::{Ablation, AblationColumn, AblationRow, ln_mse_theory};
pub use classifier::ClassifierTest;
pub use document::{to_csv, to_json};
pub use error::JudgeError;
pub use grid::{Bits, Grid, Manner, Stair, Staircase};
pub use histogram::Histogram;
pub use joint::{Distance, Joint, frechet_distance, judge_points, kernel_physics_distance};
pub use observed::ObservableJudgement;
pub use page::to_html;
pub use peak::{Peak, PeakJudgement, PeakOptions, PeakShape, judge_peak};
pub use residual::{Kept, Residuals, Specials, Worst};
pub use table_of_columns::to_text;
pub use two_sample::{Null, TESTS, TestResult, maximum_mean_discrepancy, tests};

pub use crate::page::ChartError;

use crate::observable::Observable;
use hepz::{Limits, TableReader, with_tables};
use hepz_columns::Scalar;
use hepz_formats::Source;
use pairing::PairedTable;
use wildmatch::WildMatch;

/// What to look at, and how hard.
#[derive(Clone, Debug)]
pub struct JudgeOptions {
    /// Patterns of column names, with or without their table in front; all columns if there are none.
    pub columns: Vec<String>,
    /// Quantities made of columns.
    pub observables: Vec<Observable>,
    /// Limits on what is read.
    pub limits: Limits,
    /// Rows of each sample that tests look at, at most.
    pub sample_rows: usize,
    /// Permutations of a test; none for no tests.
    pub permutations: usize,
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// How peaks are fitted.
    pub peak: PeakOptions,
    /// Whether to round the original itself to each number of bits.
    pub ablation: bool,
}

impl Default for JudgeOptions {
    /// All columns, 5000 rows, 499 permutations, 100 replicas, seed 1, Gaussian peaks, no ablation.
    fn default() -> JudgeOptions {
        JudgeOptions {
            columns: Vec::new(),
            observables: Vec::new(),
            limits: Limits::default(),
            sample_rows: 5000,
            permutations: 499,
            seed: 1,
            peak: PeakOptions { window: None, shape: PeakShape::Gaussian, replicas: 100, seed: 1 },
            ablation: false,
        }
    }
}

/// Tests of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnTests {
    /// Rows of the original, and rows of the other.
    pub n_halves: [usize; 2],
    /// The original's values in some rows against the other's in other rows: independent samples.
    pub halves: Vec<TestResult>,
    /// Rows of both.
    pub n_paired: usize,
    /// Both values of the same rows; permutations exchange the two values of a row.
    pub paired: Vec<TestResult>,
}

/// One column of floats in both files.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnJudgement {
    /// Its name.
    pub name: String,
    /// Its type in both.
    pub scalars: [Scalar; 2],
    /// Row by row.
    pub residuals: Residuals,
    /// On how many bits the values of the original and of the other lie.
    pub bits: [Bits; 2],
    /// By binade.
    pub staircase: Staircase,
    /// Tests of the distributions, if anything changed.
    pub tests: Option<ColumnTests>,
    /// Both in the same bins, if anything changed.
    pub histogram: Option<Histogram>,
}

/// A column of another type in which something changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExactColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub scalar: Scalar,
    /// Rows that differ.
    pub n_changed: u64,
}

/// One table in both files.
#[derive(Clone, Debug)]
pub struct TableJudgement {
    /// Its name.
    pub name: String,
    /// Rows of both.
    pub rows: u64,
    /// Columns of floats.
    pub columns: Vec<ColumnJudgement>,
    /// Columns together, if any of them changed.
    pub joint: Option<Joint>,
    /// Observables made of its columns.
    pub observables: Vec<ObservableJudgement>,
    /// What fewer bits would do, if asked for.
    pub ablation: Option<Ablation>,
    /// Number of columns of other types.
    pub n_exact: u64,
    /// Those of them in which something changed, which should be none.
    pub changed_exact: Vec<ExactColumn>,
    /// What has no partner, in words.
    pub unpaired: Vec<String>,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Formats of both files.
    pub formats: [String; 2],
    /// Tables that both have.
    pub tables: Vec<TableJudgement>,
    /// Tables that only one has, in words.
    pub unpaired: Vec<String>,
}

/// Judges `other` by `original`.
///
/// # Errors
/// [`JudgeError`] if a file cannot be read, if there is nothing to pair, or if a table has other rows.
pub fn judge(
    original: &dyn Source,
    other: &dyn Source,
    options: &JudgeOptions,
) -> Result<Judgement, JudgeError> {
    let limits = options.limits;
    with_tables(original, limits, |a| with_tables(other, limits, |b| Ok(judge_readers([a, b], options))))?
}

fn judge_readers(readers: [&TableReader<'_>; 2], options: &JudgeOptions) -> Result<Judgement, JudgeError> {
    let (mut paired, unpaired) = pairing::pair(readers[0], readers[1])?;
    choose(&mut paired, &options.columns)?;
    let homes = options.observables.iter().map(|observable| observed::table_of(observable, &paired));
    let homes: Vec<usize> = homes.collect::<Result<_, JudgeError>>()?;
    let mut tables = Vec::new();
    for (number, table) in paired.iter().enumerate() {
        let here = options.observables.iter().zip(&homes).filter(|(_, home)| **home == number);
        let here: Vec<&Observable> = here.map(|(observable, _)| observable).collect();
        if table.floats.is_empty() && table.exact.is_empty() && here.is_empty() {
            continue;
        }
        let mut judged = columns::judge(readers, table, options)?;
        for observable in &here {
            judged.observables.push(observed::judge(readers, table, observable, options)?);
        }
        if options.ablation {
            judged.ablation = ablation::ablate(readers, table, &here, options)?;
        }
        tables.push(judged);
    }
    let formats = readers.map(|reader| reader.format().to_owned());
    Ok(Judgement { formats, tables, unpaired })
}

/// Leaves the columns that fit a pattern.
fn choose(paired: &mut [PairedTable], patterns: &[String]) -> Result<(), JudgeError> {
    if patterns.is_empty() {
        return Ok(());
    }
    let matches: Vec<WildMatch> = patterns.iter().map(|pattern| WildMatch::new(pattern)).collect();
    for table in paired.iter_mut() {
        let PairedTable { name, floats, exact, .. } = table;
        floats.retain(|column| {
            let full = format!("{name}/{}", column.name);
            matches.iter().any(|pattern| pattern.matches(&column.name) || pattern.matches(&full))
        });
        exact.clear();
    }
    if paired.iter().all(|table| table.floats.is_empty()) {
        return Err(JudgeError::NoMatch { patterns: patterns.join(", ") });
    }
    Ok(())
}
