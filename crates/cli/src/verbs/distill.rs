//! `hepz distill`: a small network of bytes that learns from a large one.
//!
//! In: the model file of a teacher, the configuration of a student, data. Out: the student's model file, what it
//! loses to the teacher and how much faster it is. JSON: as `train`, and `teacher_bits_per_byte`,
//! `teacher_bytes_per_second`, `bytes_per_second`.
//! Not here: training (`hepz-training`, by way of `train`).
//! Holds: a build without the feature `train` has the verb and says how to get it.

use super::train::reported;
use crate::arguments::{DistillArguments, TrainArguments};
use crate::exit::Exit;

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
