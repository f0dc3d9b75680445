//! Transforms: reversible rearrangements of columns, relations among them.
//!
//! # What it is
//! Everything that is known about a column without a model: where its pattern stands among all patterns ([`order`]),
//! which formula over other columns of the same row predicts it ([`relations`]), and the functions that such formulas
//! may use ([`real`]).
//!
//! # One page
//! 1. The planner hands a sample of a table to [`relations::search`] and gets candidates with an estimate of their gain.
//! 2. Coding, the formula predicts each row; [`order::to_raw`] rounds the prediction to the column's type; the codec
//!    codes `ordered(actual) - ordered(predicted)`.
//! 3. The decoder computes the same prediction, bit for bit, from columns it has decoded already.
//!
//! # Where to look next
//! `relations/formula.rs` for the formulas, `relations/search/` for how they are found.

pub mod laws;
pub mod order;
pub mod path_map;
pub mod real;
pub mod relations;
mod significant;
