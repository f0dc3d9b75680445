//! `hepz split`: a base archive of reduced precision, and a refinement that gives the original back.
//!
//! In: a file and rules. Out: `FILE.hepz` and `FILE.refinement.hepz`.
//! JSON: `file`, `base`, `refinement`, `original_bytes`, `base_bytes`, `refinement_bytes`, `seconds`, `verified`, `rounding`.
//! Not here: splitting (`hepz`).
//! Holds: both archives appear only when both are whole and, unless `--no-verify`, give the original back.

use crate::arguments::SplitArguments;
use crate::console::{self, print, remark, shown};
use crate::exit::{Exit, Failure};
use crate::output::{Staged, is_same, refuse_existing, refuse_input};
use crate::progress::Bar;
use crate::verbs::rules;
use hepz::CompressOptions;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Runs the verb.
pub fn run(arguments: &SplitArguments) -> Exit {
    match one(arguments) {
        Ok(()) => Exit::Ok,
        Err(failure) => {
            console::complain(&arguments.file, &failure);
            failure.exit
        }
    }
}

fn named(file: &Path, given: Option<&PathBuf>, suffix: &str) -> PathBuf {
    given.cloned().unwrap_or_else(|| {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}

fn one(arguments: &SplitArguments) -> Result<(), Failure> {
    let (file, talk) = (&arguments.file, arguments.talk);
    let (name, start) = (shown(file), Instant::now());
    let chosen = rules::required(&arguments.rules)?;
    let base = named(file, arguments.base.as_ref(), ".hepz");
    let refinement = named(file, arguments.refinement.as_ref(), ".refinement.hepz");
    if is_same(&base, &refinement) {
        return Err(Failure::usage("base and refinement are the same file"));
    }
    for output in [&base, &refinement] {
        refuse_existing(output, arguments.force)?;
        refuse_input(file, output)?;
    }
    let bar = Bar::new(&name, talk);
    let mut options = CompressOptions::new();
    options.threads = arguments.work.threads;
    options.level = arguments.level;
    options.verify = !arguments.no_verify;
    options.progress = Some(&bar);
    let staged = (Staged::beside(&base)?, Staged::beside(&refinement)?);
    let report = hepz::split_to_files(file, &chosen, staged.0.path(), staged.1.path(), &options)?;
    staged.0.publish(Some(file), arguments.force)?;
    staged.1.publish(Some(file), arguments.force)?;
    drop(bar);
    let seconds = start.elapsed().as_secs_f64();
    rules::tell(&name, &report.rounding, talk);
    let (original, base_bytes, more) =
        (report.base.original_bytes, report.base.archive_bytes, report.refinement_bytes);
    remark(
        talk,
        &format!(
            "{name}: {original} -> {base_bytes} bytes and {more} bytes to get back what was dropped, {seconds:.1} s"
        ),
    );
    if talk.json {
        let line = json!({
            "file": name,
            "base": base.display().to_string(),
            "refinement": refinement.display().to_string(),
            "original_bytes": original,
            "base_bytes": base_bytes,
            "refinement_bytes": more,
            "seconds": seconds,
            "verified": report.base.verified,
            "rounding": rules::json(&report.rounding),
        });
        print(&format!("{line}\n"))?;
    }
    Ok(())
}
