//! `hepz completions`: what a shell needs to complete the command line.
//!
//! In: the name of a shell. Out: its script, on standard output.
//! Not here: what can be said (`arguments`).
//! Holds: every verb and option is in it, as the script is made from the same description that reads the command line.

use crate::arguments::Command;
use crate::console::{complain, print};
use crate::exit::Exit;
use clap::CommandFactory;
use clap_complete::Shell;
use std::path::Path;

/// Runs the verb.
pub fn run(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Command::command(), "hepz", &mut script);
    match print(&String::from_utf8_lossy(&script)) {
        Ok(()) => Exit::Ok,
        Err(failure) => {
            complain(Path::new("completions"), &failure);
            failure.exit
        }
    }
}
