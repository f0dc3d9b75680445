//! Arguments of the verbs that train networks.
//!
//! In: the command line, read by clap. Out: one struct per verb.
//! Not here: what the verbs do (`verbs`).
//! Holds: they are the same in a build without training, which only says how to get it.

use super::Talk;
use clap::Args;
use std::path::PathBuf;

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
