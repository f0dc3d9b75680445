//! Relations: formulas over other columns of the same row, and the search for them.
//!
//! In: a [`Sample`] of a table. Out: [`Candidate`]s; for the decoder, a [`Formula`] that predicts.
//! Not here: rounding to a column's type and the difference (`order`), the choice among candidates (the planner).
//! Holds: a formula gives the same bits on every machine; the search reads no column names, no clock and no chance.

mod error;
mod fit;
mod formula;
mod function;
mod invariant;
mod price;
mod sample;
mod search;
mod smooth;
mod wire;

pub use error::FormulaError;
pub use formula::{Direction, Formula, Gain, MOST_INPUTS, MOST_TERMS};
pub use function::Function;
pub use invariant::{Decay, Pair};
pub use sample::{Budget, Candidate, Sample, SampleColumn};
pub use search::{System, search, systems};
pub use smooth::{Curve, MOST_INTERVALS, Smooth};

#[cfg(test)]
mod decay_tests;
#[cfg(test)]
mod formula_tests;
#[cfg(test)]
mod search_tests;
