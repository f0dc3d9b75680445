//! `hepz man`: manual pages.
//!
//! In: a folder, or nothing. Out: roff: the page of the command, or files `hepz.1`, `hepz-compress.1`, ...
//! Not here: what can be said (`arguments`).
//! Holds: pages are made from the same description that reads the command line.

use crate::arguments::{Command, ManArguments};
use crate::cells::Cells;
use crate::console::{complain, print};
use crate::exit::{Exit, Failure, TABLE};
use clap::CommandFactory;
use clap_mangen::Man;
use std::fs;
use std::io;
use std::path::Path;

/// Runs the verb.
pub fn run(arguments: &ManArguments) -> Exit {
    let done = match &arguments.all {
        Some(folder) => write_all(folder).map_err(|error| (folder.as_path(), error)),
        None => page().and_then(|page| print(&page)).map_err(|error| (Path::new("man"), error)),
    };
    match done {
        Ok(()) => Exit::Ok,
        Err((path, failure)) => {
            complain(path, &failure);
            failure.exit
        }
    }
}

fn failed(error: &io::Error) -> Failure {
    Failure::io("cannot write manual pages", error)
}

/// The page of the command; it ends with the exit codes.
fn page() -> Result<String, Failure> {
    let mut page = Vec::new();
    Man::new(Command::command()).render(&mut page).map_err(|error| failed(&error))?;
    let mut cells = Cells::new(&["code", "<meaning"]);
    TABLE.iter().for_each(|row| cells.add(vec![row.0.code().to_string(), row.1.to_owned()]));
    let codes = format!(".SH \"EXIT STATUS\"\n.nf\n{}.fi\n", cells.to_text());
    Ok(String::from_utf8_lossy(&page).into_owned() + &codes)
}

/// A file for the command and one for each verb.
fn write_all(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Command::command(), folder))
        .map_err(|error| failed(&error))?;
    fs::write(folder.join("hepz.1"), page()?).map_err(|error| failed(&error))
}
