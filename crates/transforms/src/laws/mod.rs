//! Laws: what physics says about the numbers of an event.
//!
//! In: numbers that are known. Out: predictions in f64, and the [`lattice`] they fall on.
//! Not here: relations that are found by search (`relations`), when a law is used (the codec).
//! Holds: only `+ - * /` and square roots in the order written, so every machine predicts the same.
//! A law that does not hold costs bytes and nothing else.

pub mod decay;
pub mod kinematics;
pub mod lattice;
