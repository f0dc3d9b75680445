//! Fits networks.
//!
//! # What it is
//! The only crate that knows a training framework. Training may happen on any machine, in floating point, with any
//! number of threads: what leaves here are integers, and only these ever price a decision.
//!
//! # One page
//! [`value`] fits networks that forecast one column of a table from others. [`quantise`] makes weights integers,
//! [`schedule`] says how fast to learn when, [`random`] draws.
//!
//! # Where to look next
//! `hepz-neural` for what runs the integers; `docs/training.md` for the command.

pub mod bytes;
pub mod on_file;
pub mod quantise;
pub mod random;
pub mod schedule;
pub mod value;
