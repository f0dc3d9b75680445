//! Value networks: from rows of a table to the integers that forecast one of its columns.
//!
//! In: a [`Lesson`]. Out: a [`ValueNetwork`](hepz_neural::value::ValueNetwork) and a [`FitReport`].
//! Not here: which columns make a lesson, and whether the network pays (`hepz`).
//! Holds: a network is judged on rows that it was not fitted to, with the integers that an archive would carry.

mod fit;
mod perceptron;

pub use fit::{FitError, FitReport, FitSettings, fit};
pub use hepz::Lesson;
