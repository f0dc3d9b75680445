//! Who fits networks to the file that is compressed.
//!
//! In: the arguments of `compress`. Out: a trainer, if one is asked for.
//! Not here: training (`hepz-training`), whether a network pays (`hepz`).
//! Holds: a command that was built without training says so before anything is written.

use crate::arguments::CompressArguments;
use crate::exit::Failure;
use hepz::{Level, Trainer};

/// What `--train-budget` asks for.
pub fn of(arguments: &CompressArguments) -> Result<Option<Box<dyn Trainer>>, Failure> {
    let Some(budget) = arguments.train_budget else { return Ok(None) };
    if arguments.level != Level::Max {
        return Err(Failure::usage("--train-budget needs --level max: the other levels have no networks"));
    }
    fitting(budget, arguments.work.threads).map(Some)
}

#[cfg(feature = "train")]
fn fitting(budget: std::time::Duration, threads: usize) -> Result<Box<dyn Trainer>, Failure> {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if threads == 0 { cores() } else { threads };
    Ok(Box::new(hepz_training::on_file::OnFile::new(budget, threads)))
}

#[cfg(not(feature = "train"))]
fn fitting(_: std::time::Duration, _: usize) -> Result<Box<dyn Trainer>, Failure> {
    Err(Failure::usage(
        "this hepz was built without training: `cargo install --path crates/cli --features train` builds one that has it. \
         Archives with networks are read without it",
    ))
}
