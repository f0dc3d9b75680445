//! What the search is given and what it gives back.
//!
//! In: raw patterns of some rows of each column. Out: numbers beside them; candidates.
//! Not here: the search (`search`), prices (`price`).
//! Holds: plain data.

use super::Formula;
use crate::order::to_number;
use hepz_columns::Scalar;

/// Some rows of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleColumn {
    /// Type of the values.
    pub scalar: Scalar,
    /// The values as numbers; integers are converted.
    pub values: Vec<f64>,
    /// The values as patterns.
    pub raw: Vec<u64>,
}

impl SampleColumn {
    /// A column from its patterns.
    pub fn from_raw(scalar: Scalar, raw: Vec<u64>) -> SampleColumn {
        let values = raw.iter().map(|&pattern| to_number(pattern, scalar)).collect();
        SampleColumn { scalar, values, raw }
    }
}

/// The same rows of every column of a table. Up to 4,000 rows, spread over the table, serve well.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// The columns, in the order of the table.
    pub columns: Vec<SampleColumn>,
}

/// How much the search may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Look-ups and checks, over all kinds of formula; one takes some tens of nanoseconds.
    pub steps: u64,
    /// Candidates kept for one target.
    pub per_target: usize,
}

impl Default for Budget {
    /// About a tenth of a second.
    fn default() -> Budget {
        Budget { steps: 2_000_000, per_target: 8 }
    }
}

/// A relation worth trying.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The column that is predicted.
    pub target: usize,
    /// The columns that the formula reads, in its order.
    pub inputs: Vec<usize>,
    /// The formula.
    pub formula: Formula,
    /// Estimated bits per value of the residual, rows without a prediction included, over the rows whose target is
    /// an ordinary number: neither NaN, infinite nor subnormal, nor the column's repeated default.
    pub bits_left: f32,
    /// Estimated bits per value of the same rows without the relation.
    pub plain_bits: f32,
    /// Share of these rows that are predicted within 2^10 units of the grid.
    pub rows_ok: f32,
    /// The median distance of prediction and value, in units of the grid.
    pub median_ulp: u64,
    /// Low mantissa bits that are zero in the whole target; `bits_left` assumes that they are dropped.
    pub grid_bits: u32,
}
