//! Models: prices of decisions.
pub mod bytes;
pub mod logistic;
pub mod path;
