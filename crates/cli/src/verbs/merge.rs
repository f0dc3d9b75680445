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
use crate::output::{Staged, refuse_existing, refuse_input};
use crate::progress::Bar;
use hepz::{Archive, DecompressOptions};
use serde_json::json;
use std::path::Path;
use std::time::Instant;

/// Runs the verb.
pub fn run(arguments: &MergeArguments) -> Exit {
    match one(arguments) {
        Ok(()) => Exit::Ok,
        Err((file, failure)) => {
            console::complain(file, &failure);
            failure.exit
        }
    }
}

/// Does it, or says which file is to blame.
fn one(arguments: &MergeArguments) -> Result<(), (&Path, Failure)> {
    let (base, refinement) = (arguments.base.as_path(), arguments.refinement.as_path());
    let open = |file: &Path| input::open_archive(file, arguments.memory.bytes, &arguments.models.given);
    let archives = (open(base).map_err(|e| (base, e))?, open(refinement).map_err(|e| (refinement, e))?);
    merged(arguments, &archives.0, &archives.1).map_err(|failure| (base, failure))
}

fn merged(arguments: &MergeArguments, base: &Archive<'_>, refinement: &Archive<'_>) -> Result<(), Failure> {
    let (output, talk, start) = (&arguments.output, arguments.talk, Instant::now());
    refuse_existing(output, arguments.force)?;
    refuse_input(&arguments.base, output)?;
    refuse_input(&arguments.refinement, output)?;
    let name = shown(output);
    let bar = Bar::new(&name, talk);
    let mut options = DecompressOptions::new();
    options.threads = arguments.work.threads;
    options.progress = Some(&bar);
    let staged = Staged::beside(output)?;
    hepz::merge_to_file(base, refinement, staged.path(), &options)?;
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
