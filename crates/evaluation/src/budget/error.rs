//! Errors: why there is no budget.
//!
//! In: what finding one met. Out: [`BudgetError`].
//! Not here: errors of expressions (`observable`).
//! Holds: names that are missing come with the names that there are.

use hepz::ArchiveError;

/// Why there is no budget.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetError {
    /// The file could not be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// No table has all the columns.
    #[error("no table has the column {name} and the others; columns are {known}")]
    NoSuchColumn {
        /// A column that is missing, or lies in another table than the others.
        name: String,
        /// Names that there are.
        known: String,
    },
    /// Several tables have all the columns.
    #[error("{tables} have these columns; write `TABLE.COLUMN` in backticks")]
    Ambiguous {
        /// Names of the tables.
        tables: String,
    },
    /// A tolerance is no positive number.
    #[error("tolerances of {name} are positive numbers")]
    Tolerance {
        /// The observable.
        name: String,
    },
    /// Too few rows have a value.
    #[error("{name} has a value in {rows} rows only; its width is not known")]
    NoValues {
        /// The observable.
        name: String,
        /// Rows with a value.
        rows: u64,
    },
    /// All rows have the same value.
    #[error("{name} is the same in every row that counts; it has no width")]
    NoWidth {
        /// The observable.
        name: String,
    },
    /// Not even exact columns keep the tolerances, which no input should reach.
    #[error("no contracts keep the tolerances")]
    NotKept,
}
