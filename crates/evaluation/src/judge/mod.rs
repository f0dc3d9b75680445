//! The judge: how another version of a file differs from the original, as a referee would ask.
//!
//! In: two files or archives with tables, what to look at. Out: a [`Judgement`], and from it text, JSON, CSV and a page.
//! Not here: whether a contract is kept (`hepz-precision`), bytes (`run`).
//! Holds: tables and columns are paired by name and rows by number; random numbers come from the stated seed alone, so
//! the same files and options give the same figures.

mod document;
mod error;
mod grid;
mod pairing;
mod residual;
mod table_of_columns;

pub use document::{to_csv, to_json};
pub use error::JudgeError;
pub use grid::{Bits, Grid, Manner, Stair, Staircase};
pub use residual::{Kept, Residuals, Specials, Worst};
pub use table_of_columns::to_text;

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
    let limits = options.limits.clone();
    with_tables(original, limits.clone(), |a| {
        with_tables(other, limits, |b| Ok(judge_readers([a, b], options)))
    })?
}

fn judge_readers(readers: [&TableReader<'_>; 2], options: &JudgeOptions) -> Result<Judgement, JudgeError> {
    let (mut paired, unpaired) = pairing::pair(readers[0], readers[1])?;
    let patterns: Vec<WildMatch> = options.columns.iter().map(|pattern| WildMatch::new(pattern)).collect();
    if !patterns.is_empty() {
        for table in &mut paired {
            let PairedTable { name, floats, .. } = table;
            floats.retain(|column| {
                let full = format!("{name}/{}", column.name);
                patterns.iter().any(|pattern| pattern.matches(&column.name) || pattern.matches(&full))
            });
        }
        if paired.iter().all(|table| table.floats.is_empty()) {
            return Err(JudgeError::NoMatch { patterns: options.columns.join(", ") });
        }
    }
    let tables = paired.iter().map(|table| judge_table(readers, table)).collect::<Result<_, JudgeError>>()?;
    let formats = readers.map(|reader| reader.format().to_owned());
    Ok(Judgement { formats, tables, unpaired })
}

fn judge_table(readers: [&TableReader<'_>; 2], table: &PairedTable) -> Result<TableJudgement, JudgeError> {
    let mut columns = Vec::new();
    for paired in &table.floats {
        let column = table.column(readers, paired)?;
        let [Some(of_original), Some(of_other)] = [&column.values[0], &column.values[1]].map(Bits::of) else {
            continue;
        };
        columns.push(ColumnJudgement {
            name: paired.name.clone(),
            scalars: paired.scalars,
            residuals: Residuals::of(&column),
            staircase: Staircase::of(&column, [&of_original, &of_other]),
            bits: [of_original, of_other],
        });
    }
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
        n_exact: table.exact.len() as u64,
        changed_exact,
        unpaired: table.unpaired.clone(),
    })
}
