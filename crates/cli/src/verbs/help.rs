//! `hepz help`: help of the command, of a verb, or the exit codes.
//!
//! In: a topic or none. Out: text.
//! Not here: what the arguments are (`arguments`).
//! Holds: the exit codes are printed from the table that the code uses.

use crate::arguments::Command;
use crate::cells::Cells;
use crate::console::{complain, print};
use crate::exit::{Exit, Failure, TABLE};
use clap::CommandFactory;
use std::path::Path;

/// Runs the verb.
pub fn run(topic: &Option<String>) -> Exit {
    let text = match topic.as_deref() {
        None => Command::command().render_long_help().to_string() + "\nExit codes: hepz help exit-codes\n",
        Some("exit-codes") => exit_codes(),
        Some(verb) => {
            let mut command = Command::command();
            // Built, a verb knows the name of the command and its full usage line.
            command.build();
            match command.find_subcommand_mut(verb) {
                Some(found) => found.render_long_help().to_string(),
                None => {
                    let failure = Failure::usage(format!("there is no help on {verb}; see hepz help"));
                    complain(Path::new("help"), &failure);
                    return failure.exit;
                }
            }
        }
    };
    match print(&text) {
        Ok(()) => Exit::Ok,
        Err(failure) => failure.exit,
    }
}

fn exit_codes() -> String {
    let mut cells = Cells::new(&["code", "<meaning", "<what to do"]);
    for (exit, meaning, advice) in TABLE {
        cells.add(vec![exit.code().to_string(), meaning.to_owned(), advice.to_owned()]);
    }
    cells.to_text()
        + "With several files: the highest code of all.\n\
           hepz diff: 0 if the contents are equal, 1 if they differ; a file that cannot be read is 2 there.\n"
}
