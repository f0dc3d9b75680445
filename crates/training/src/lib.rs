//! Fits networks.
//!
//! # What it is
//! The only crate that knows a training framework. Training may happen on any machine, in floating point, with any
//! number of threads: what leaves here are integers, and only these ever price a decision.
//!
//! # One page
//! [`value`] fits networks that forecast one column of a table from others; [`on_file`] does so for the columns of
//! one file within a given time. [`bytes`] are networks of bytes; [`run`] trains one by a [`config`] on [`data`] and
//! a [`device`], with judgements on bytes that were not trained on, beside [`baselines`]. [`quantise`] makes weights
//! integers, [`schedule`] says how fast to learn when, [`random`] draws, [`tensorboard`] draws curves.
//!
//! # Where to look next
//! `hepz-neural` for what runs the integers; `docs/training.md` for the command.

pub mod baselines;
pub mod bytes;
pub mod config;
pub mod data;
pub mod device;
pub mod estimate;
pub mod on_file;
pub mod presets;
pub mod quantise;
pub mod random;
pub mod run;
pub mod schedule;
pub mod tensorboard;
pub mod value;
