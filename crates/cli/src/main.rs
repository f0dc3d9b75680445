//! The `hepz` command: one module per verb, no logic that belongs to the library.
//!
//! In: the command line. Out: files, text, and an exit code (`exit`).
//! Not here: compression (`hepz`), other compressors (`hepz-evaluation`).
//! Holds: no verb panics on what a user or a file says; errors are one line on standard error each.

mod allocator;
mod arguments;
mod cells;
mod console;
mod exit;
mod input;
mod npz;
mod numbers;
mod output;
#[cfg(feature = "parquet")]
mod parquet;
mod progress;
mod trainer;
mod verbs;

use arguments::{Command, Verb};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    allocator::keep_pages();
    let Command { verb } = Command::parse();
    output::remove_parts_when_stopped();
    let exit = match verb {
        Verb::Compress(arguments) => verbs::compress::run(&arguments),
        Verb::Decompress(arguments) => verbs::decompress::run(&arguments),
        Verb::Round(arguments) => verbs::round::run(&arguments),
        Verb::Split(arguments) => verbs::split::run(&arguments),
        Verb::Merge(arguments) => verbs::merge::run(&arguments),
        Verb::Verify(arguments) => verbs::verify::run(&arguments),
        Verb::Test(arguments) => verbs::test::run(&arguments),
        Verb::List(arguments) => verbs::list::run(&arguments),
        Verb::Inspect(arguments) => verbs::inspect::run(&arguments),
        Verb::Cat(arguments) => verbs::cat::run(&arguments),
        // As other programs that compare: 1 is a difference.
        Verb::Diff(arguments) => return ExitCode::from(verbs::diff::run(&arguments)),
        Verb::Explain(arguments) => verbs::explain::run(&arguments),
        Verb::Audit(arguments) => verbs::audit::run(&arguments),
        Verb::Evaluate(arguments) => verbs::evaluate::run(&arguments),
        Verb::Budget(arguments) => verbs::budget::run(&arguments),
        Verb::Bench(arguments) => verbs::bench::run(&arguments),
        Verb::Distill(arguments) => verbs::distill::run(&arguments),
        Verb::Train(arguments) => verbs::train::run(&arguments),
        Verb::Completions { shell } => verbs::completions::run(shell),
        Verb::Man(arguments) => verbs::man::run(&arguments),
        Verb::Help { topic } => verbs::help::run(&topic),
    };
    ExitCode::from(exit.code())
}
