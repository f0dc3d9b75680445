//! `hepz merge`: the original, from a base archive and its refinement.
//!
//! In: two archives. Out: the original file, checked by its sums.
//! JSON: `base`, `refinement`, `output`, `original_bytes`, `seconds`.
//! Not here: merging (`hepz`).
//! Holds: the file appears under its name only when it is whole.

use crate::arguments::MergeArguments;
use crate::console::{self, print, remark, shown};
use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::{Staged, refuse_existing};
use crate::progress::Bar;
use crate::verbs::round::refuse_input;
use hepz::DecompressOptions;
use serde_json::json;
use std::time::Instant;

/// Runs the verb.
pub fn run(arguments: &MergeArguments) -> Exit {
    match one(arguments) {
        Ok(()) => Exit::Ok,
        Err(failure) => {
            console::complain(&arguments.base, &failure);
            failure.exit
        }
    }
}

fn one(arguments: &MergeArguments) -> Result<(), Failure> {
    let (output, talk, start) = (&arguments.output, arguments.talk, Instant::now());
    refuse_existing(output, arguments.force)?;
    refuse_input(&arguments.base, output)?;
    refuse_input(&arguments.refinement, output)?;
    let base = input::open_archive(&arguments.base, arguments.memory.bytes)?;
    let refinement = input::open_archive(&arguments.refinement, arguments.memory.bytes)?;
    let name = shown(output);
    let bar = Bar::new(&name, talk);
    let mut options = DecompressOptions::new();
    options.threads = arguments.work.threads;
    options.progress = Some(&bar);
    let staged = Staged::beside(output)?;
    hepz::merge_to_file(&base, &refinement, staged.path(), &options)?;
    staged.publish(Some(&arguments.base), arguments.force)?;
    drop(bar);
    let (bytes, seconds) = (refinement.header().original_bytes, start.elapsed().as_secs_f64());
    remark(talk, &format!("{name}: {bytes} bytes, {seconds:.1} s"));
    if talk.json {
        let line = json!({
            "base": shown(&arguments.base),
            "refinement": shown(&arguments.refinement),
            "output": name,
            "original_bytes": bytes,
            "seconds": seconds,
        });
        print(&format!("{line}\n"))?;
    }
    Ok(())
}
