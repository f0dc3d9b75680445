//! The console: lines on standard error, results on standard output.
//!
//! In: what verbs have to say. Out: `hepz: FILE: ...` lines, and the worst exit code.
//! Not here: progress bars (`progress`), tables (`cells`).
//! Holds: a failure of one file does not stop the others.

use crate::arguments::Talk;
use crate::exit::{Exit, Failure};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// What a file is called in messages.
pub fn shown(file: &Path) -> String {
    if is_standard(file) { "(standard input)".to_owned() } else { file.display().to_string() }
}

/// True for `-`.
pub fn is_standard(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Prints a failure: one line.
pub fn complain(file: &Path, failure: &Failure) {
    if !failure.message.is_empty() {
        let line = failure.message.replace('\n', " ");
        let _ = writeln!(io::stderr(), "hepz: {}: {line}", shown(file));
    }
}

/// Prints a remark unless `quiet`.
pub fn remark(talk: Talk, line: &str) {
    if !talk.quiet {
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// Prints lines on standard output.
///
/// # Errors
/// If standard output is closed or full.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure::io("cannot write to standard output", &error))
}

/// Does `work` for each file, goes on after failures, and gives the highest exit code.
pub fn for_each(files: &[PathBuf], mut work: impl FnMut(&Path) -> Result<(), Failure>) -> Exit {
    let mut worst = Exit::Ok;
    for file in files {
        if let Err(failure) = work(file) {
            complain(file, &failure);
            worst = worst.max(failure.exit);
        }
    }
    worst
}

/// The command as it was given.
pub fn said() -> String {
    let words = std::env::args().skip(1).map(|word| {
        let plain = word.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./,=+:".contains(letter));
        if plain && !word.is_empty() { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
    });
    ["hepz".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// The files to work on: those named, or standard input if there are none and it is not a terminal.
///
/// # Errors
/// If there is nothing to read.
pub fn or_standard_input(files: &[PathBuf]) -> Result<Vec<PathBuf>, Exit> {
    if !files.is_empty() {
        return Ok(files.to_vec());
    }
    if io::stdin().is_terminal() {
        let _ = writeln!(
            io::stderr(),
            "hepz: no file was named, and standard input is a terminal; see hepz help"
        );
        return Err(Exit::Usage);
    }
    Ok(vec![PathBuf::from("-")])
}
