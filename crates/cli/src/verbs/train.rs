//! `hepz train`: a network of bytes, fitted to files.
//!
//! In: a configuration or the name of a preset, data. Out: a model file for `hepz compress --model`; beside it,
//! while it is trained, `MODEL.checkpoint` and event files for TensorBoard in `MODEL.events`. JSON: `model`, `id`,
//! `steps`, `seconds`, `training_bytes`, `validation_bytes`, `float_bits_per_byte`, `bits_per_byte`, `model_bytes`,
//! `baselines` (each `name`, `bits_per_byte`); with `--estimate`: `parameters`, `weight_bytes`, `peak_bytes`,
//! `step_seconds`, `bytes_per_second`, `steps`, `minutes`, `passes`.
//! Not here: training (`hepz-training`).
//! Holds: a build without the feature `train` has the verb and says how to get it.

use crate::arguments::TrainArguments;
use crate::console::complain;
use crate::exit::{Exit, Failure};
use std::path::{Path, PathBuf};

#[cfg(feature = "train")]
mod session;
#[cfg(feature = "train")]
mod view;

/// A model file that teaches, its share of what is learnt, and the softening.
pub type Teaching<'a> = (&'a Path, f64, f64);

/// Runs the verb.
pub fn run(arguments: &TrainArguments) -> Exit {
    reported(arguments, None)
}

/// Trains, with a teacher or without, and says what went wrong.
pub fn reported(arguments: &TrainArguments, teaching: Option<Teaching<'_>>) -> Exit {
    trained(arguments, teaching).map_or_else(
        |(file, failure)| {
            complain(&file, &failure);
            failure.exit
        },
        |()| Exit::Ok,
    )
}

#[cfg(feature = "train")]
fn trained(arguments: &TrainArguments, teaching: Option<Teaching<'_>>) -> Result<(), (PathBuf, Failure)> {
    session::train(arguments, teaching)
}

#[cfg(not(feature = "train"))]
fn trained(_: &TrainArguments, _: Option<Teaching<'_>>) -> Result<(), (PathBuf, Failure)> {
    let message = "this hepz was built without training: \
                   `cargo install --path crates/cli --features train` builds one that has it";
    Err((PathBuf::from("train"), Failure::usage(message)))
}
