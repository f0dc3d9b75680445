//! Bytes by programs that are installed: bsc and OpenZL's `zli`.
//!
//! In: a file. Out: a file, and back, and what it took.
//! Not here: whether a program is installed (`presence`), comparing what came back (`measure`).
//! Holds: time and memory are those of the whole program, with its start, its input and its files.

use crate::EvaluationError;
use crate::clock::{self, Spent, repeated};
use crate::rival::Rival;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Packs `original` into the file `packed`.
pub(crate) fn compress(
    rival: Rival,
    original: &Path,
    packed: &Path,
    once: bool,
) -> Result<Spent, EvaluationError> {
    let command = || {
        let (program, arguments): (&str, &[&str]) = match rival.name {
            "bsc" => ("bsc", &["-m0", "-e1", "-b25", "-t", "-T"]),
            "bsc-e2" => ("bsc", &["-m0", "-e2", "-b64", "-t", "-T"]),
            "openzl-csv" => ("zli", &["--profile", "csv"]),
            _ => ("zli", &["--profile", "serial"]),
        };
        let mut command = Command::new(program);
        if program == "bsc" {
            command.arg("e").args([original, packed]).args(arguments);
        } else {
            command.arg("compress").args(arguments).arg(original).arg("--output").arg(packed);
        }
        command
    };
    run(rival, packed, once, command)
}

/// Unpacks the file `packed` into `plain`.
pub(crate) fn decompress(
    rival: Rival,
    packed: &Path,
    plain: &Path,
    once: bool,
) -> Result<Spent, EvaluationError> {
    let command = || {
        if rival.name.starts_with("bsc") {
            let mut command = Command::new("bsc");
            command.arg("d").args([packed, plain]).args(["-t", "-T"]);
            command
        } else {
            let mut command = Command::new("zli");
            command.arg("decompress").arg(packed).arg("--output").arg(plain);
            command
        }
    };
    run(rival, plain, once, command)
}

fn run(
    rival: Rival,
    result: &Path,
    once: bool,
    command: impl Fn() -> Command,
) -> Result<Spent, EvaluationError> {
    let work = || {
        if result.exists() {
            std::fs::remove_file(result)?;
        }
        let (before, wall) = (clock::children(), Instant::now());
        let done = command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
        let (elapsed, after) = (wall.elapsed(), clock::children());
        if !done.status.success() || !result.exists() {
            let said = String::from_utf8_lossy(&done.stderr);
            let last = said.lines().last().unwrap_or("it wrote nothing");
            return Err(EvaluationError::failed(rival.name, last));
        }
        let seconds = match before.zip(after) {
            Some(((before, _), (after, _))) => after.saturating_sub(before),
            None => elapsed,
        };
        Ok(((), Spent { seconds: seconds.as_secs_f64(), peak_bytes: after.map(|(_, held)| held) }))
    };
    Ok(repeated(once, work)?.1)
}
