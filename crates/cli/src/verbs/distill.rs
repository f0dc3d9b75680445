//! `hepz distill`: a small network of bytes that learns from a large one.
//!
//! In: the model file of a teacher, the configuration of a student, data. Out: the student's model file, what it
//! loses to the teacher and how much faster it is. JSON: as `train`, and `teacher_bits_per_byte`,
//! `teacher_bytes_per_second`, `bytes_per_second`.
//! Not here: training (`hepz-training`, by way of `train`).
//! Holds: a build without the feature `train` has the verb and says how to get it.

use super::train::{TrainArguments, reported};
use crate::arguments::Talk;
use crate::exit::Exit;
use clap::Args;
use std::path::PathBuf;

/// `hepz distill`
#[derive(Args)]
pub struct DistillArguments {
    /// The model file of the teacher
    #[arg(value_name = "TEACHER")]
    pub teacher: PathBuf,
    /// The files to train on; the last of several judges, or the end of one
    #[arg(value_name = "DATA", required = true)]
    pub data: Vec<PathBuf>,
    /// The configuration of the student, or the name of a preset
    #[arg(long, value_name = "STUDENT")]
    pub into: PathBuf,
    /// The model file of the student [default: the name of its configuration, with .model]
    #[arg(short, long, value_name = "MODEL")]
    pub output: Option<PathBuf>,
    /// Share of what is learnt that comes from the teacher; the rest comes from the data
    #[arg(long, value_name = "SHARE", default_value_t = 0.7)]
    pub weight: f64,
    /// Both forecasts are softened by this
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    pub temperature: f64,
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

/// Runs the verb.
pub fn run(arguments: &DistillArguments) -> Exit {
    let as_train = TrainArguments {
        files: [&arguments.into].into_iter().chain(&arguments.data).cloned().collect(),
        output: arguments.output.clone(),
        preset: None,
        estimate: false,
        resume: arguments.resume,
        device: arguments.device.clone(),
        minutes: arguments.minutes,
        force: arguments.force,
        talk: arguments.talk,
    };
    reported(&as_train, Some((&arguments.teacher, arguments.weight, arguments.temperature)))
}
