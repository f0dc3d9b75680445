//! `hepz test`: decode archives, check every sum, write nothing.
//!
//! In: archives or standard input. Out: a line each.
//! JSON: `file`, `ok`, `original_bytes`, `archive_bytes`, `seconds`.
//! Not here: decoding (`hepz`).
//! Holds: exit code 0 only if every byte of every archive would come back.

use crate::arguments::TestArguments;
use crate::console::{for_each, or_standard_input, print, remark, shown};
use crate::exit::{Exit, Failure};
use crate::input;
use crate::progress::Bar;
use hepz::DecompressOptions;
use serde_json::json;
use std::path::Path;
use std::time::Instant;

/// Runs the verb.
pub fn run(arguments: &TestArguments) -> Exit {
    match or_standard_input(&arguments.files) {
        Ok(files) => for_each(&files, |file| one(file, arguments)),
        Err(exit) => exit,
    }
}

fn one(file: &Path, arguments: &TestArguments) -> Result<(), Failure> {
    let (name, start) = (shown(file), Instant::now());
    let archive = input::open_archive(file, arguments.memory.bytes, &arguments.models.given)?;
    let bar = Bar::new(&name, arguments.talk);
    let mut options = DecompressOptions::new();
    options.threads = arguments.work.threads;
    options.progress = Some(&bar);
    archive.test(&options)?;
    drop(bar);
    let (original, seconds) = (archive.header().original_bytes, start.elapsed().as_secs_f64());
    remark(arguments.talk, &format!("{name}: good, {original} bytes, {seconds:.1} s"));
    if arguments.talk.json {
        let line = json!({
            "file": name,
            "ok": true,
            "original_bytes": original,
            "archive_bytes": archive.archive_bytes(),
            "seconds": seconds,
        });
        print(&format!("{line}\n"))?;
    }
    Ok(())
}
