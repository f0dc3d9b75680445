//! Errors: why two files cannot be judged.
//!
//! In: what pairing, reading and formulas meet. Out: [`JudgeError`].
//! Not here: exit codes (`hepz-cli`).
//! Holds: every error names the file, table or column that is to blame.

use crate::observable::ObservableError;
use hepz::ArchiveError;

/// Why two files cannot be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// A file or an archive could not be read.
    #[error("cannot be read: {0}")]
    Read(#[from] ArchiveError),
    /// A file holds no tables.
    #[error("{which} holds no tables of numbers, so there is nothing to pair")]
    NoTables {
        /// `the original` or `the other`.
        which: &'static str,
    },
    /// Rows are paired by number, so there must be as many.
    #[error(
        "table {table:?} has {original} rows in the original and {other} in the other; rows are paired by number"
    )]
    Rows {
        /// The table.
        table: String,
        /// Rows of the original.
        original: u64,
        /// Rows of the other.
        other: u64,
    },
    /// No table has a float column of the same name in both files.
    #[error("no float column of the original has a column of the same table and name in the other")]
    NoCommonColumns,
    /// No column fits the patterns.
    #[error("no float column that both files have fits {patterns}")]
    NoMatch {
        /// The patterns.
        patterns: String,
    },
    /// An expression was not understood.
    #[error("{0}")]
    Observable(#[from] ObservableError),
    /// An observable needs columns that no table has together.
    #[error("observable {name}: no table that both files have holds all of its columns ({columns})")]
    NoSuchColumns {
        /// The observable.
        name: String,
        /// What it needs.
        columns: String,
    },
}
