//! `hepz train`: a network of bytes, fitted to files.
//!
//! In: a configuration or the name of a preset, data. Out: a model file for `hepz compress --model`; beside it,
//! while it is trained, `MODEL.checkpoint` and event files for TensorBoard in `MODEL.events`. JSON: `model`, `id`,
//! `steps`, `seconds`, `training_bytes`, `validation_bytes`, `float_bits_per_byte`, `bits_per_byte`, `model_bytes`,
//! `baselines` (each `name`, `bits_per_byte`); with `--estimate`: `parameters`, `weight_bytes`, `peak_bytes`,
//! `step_seconds`, `bytes_per_second`, `steps`, `minutes`, `passes`.
//! Not here: training (`hepz-training`).
//! Holds: a build without the feature `train` has the verb and says how to get it.

use crate::arguments::Talk;
use crate::console::complain;
use crate::exit::{Exit, Failure};
use clap::Args;
use std::path::{Path, PathBuf};

#[cfg(feature = "train")]
mod session;
#[cfg(feature = "train")]
mod view;

/// `hepz train`
#[derive(Args)]
pub struct TrainArguments {
    /// A configuration (TOML) or the name of a preset, then the files to train on. With several files the last one
    /// is not trained on but judges; of one file the end does
    #[arg(value_name = "CONFIG DATA", required = true, num_args = 1..)]
    pub files: Vec<PathBuf>,
    /// The model file [default: the name of the configuration, with .model]
    #[arg(short, long, value_name = "MODEL")]
    pub output: Option<PathBuf>,
    /// Take this preset; all files are data then: cpu-small, cpu-large, gpu-8g, gpu-24g, gpu-80g, gpu-192g
    #[arg(long, value_name = "PRESET")]
    pub preset: Option<String>,
    /// Say what it will take, from a few steps, and stop
    #[arg(long)]
    pub estimate: bool,
    /// Go on from MODEL.checkpoint
    #[arg(long)]
    pub resume: bool,
    /// Where to train: auto, cpu, gpu [default: what the configuration says]
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// Train so many minutes, whatever the configuration says
    #[arg(long, value_name = "N")]
    pub minutes: Option<f64>,
    /// Overwrite the model file
    #[arg(short, long)]
    pub force: bool,
    #[command(flatten)]
    pub talk: Talk,
}

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
