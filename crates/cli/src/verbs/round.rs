//! `hepz round`: a file again, with coarser values.
//!
//! In: a file and rules. Out: a file of the same layout and length.
//! JSON: `file`, `output`, `bytes`, `seconds`, `rounding` (as `rules` has it).
//! Not here: rounding (`hepz`).
//! Holds: the file appears under its name only when it is whole and keeps its contracts, and never in place of the input.

use crate::arguments::RoundArguments;
use crate::console::{self, print, remark, shown};
use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::{Staged, refuse_existing, refuse_input};
use crate::progress::Bar;
use crate::verbs::rules;
use hepz::{CompressError, CompressOptions, Source};
use serde_json::json;
use std::fs::File;
use std::io::BufWriter;
use std::time::Instant;

/// Runs the verb.
pub fn run(arguments: &RoundArguments) -> Exit {
    match one(arguments) {
        Ok(()) => Exit::Ok,
        Err(failure) => {
            console::complain(&arguments.file, &failure);
            failure.exit
        }
    }
}

fn one(arguments: &RoundArguments) -> Result<(), Failure> {
    let (file, output, talk) = (&arguments.file, &arguments.output, arguments.talk);
    let (name, start) = (shown(file), Instant::now());
    let chosen = rules::required(&arguments.rules)?;
    refuse_existing(output, arguments.force)?;
    refuse_input(file, output)?;
    let source = input::open(file)?;
    let staged = Staged::beside(output)?;
    let bar = Bar::new(&name, talk);
    let mut options = CompressOptions::new();
    options.threads = arguments.work.threads;
    options.progress = Some(&bar);
    let sink =
        File::create_new(staged.path()).map_err(|e| Failure::io("cannot write the rounded file", &e))?;
    let report = hepz::round(&source, &chosen, &mut BufWriter::new(sink), &options).map_err(|e| match e {
        CompressError::Write(error) => Failure::io("cannot write the rounded file", &error),
        other => other.into(),
    })?;
    staged.publish(Some(file), arguments.force)?;
    drop(bar);
    let seconds = start.elapsed().as_secs_f64();
    rules::tell(&name, &report, talk);
    remark(talk, &format!("{name}: {} bytes -> {}, {seconds:.1} s", source.len(), output.display()));
    if talk.json {
        let line = json!({
            "file": name,
            "output": output.display().to_string(),
            "bytes": source.len(),
            "seconds": seconds,
            "rounding": rules::json(&report),
        });
        print(&format!("{line}\n"))?;
    }
    Ok(())
}
