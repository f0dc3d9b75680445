//! `hepz bench`: hepz beside other compressors.
//!
//! In: files. Out: a table, CSV or JSON (`file`, `view`, `codec`, `settings`, `view_bytes`, `packed_bytes`, `ratio`,
//! `compress_mb_per_s`, `decompress_mb_per_s`, `compress_peak_bytes`, `decompress_peak_bytes`, `clock`, `threads`).
//! Not here: measuring (`hepz-evaluation`).
//! Holds: a round trip that fails is an error, exit code 8, and no row.

use crate::arguments::BenchArguments;
use crate::console::{complain, for_each, print};
use crate::exit::{Exit, Failure};
use hepz_evaluation::{Bench, EvaluationError, Row, Task, chosen, measure, run as measure_file};
use hepz_evaluation::{small_table, to_csv, to_json, to_text};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs the verb.
pub fn run(arguments: &BenchArguments) -> Exit {
    let done = match &arguments.one {
        Some(task) => one(task),
        None => all(arguments),
    };
    done.unwrap_or_else(|failure| {
        complain(Path::new("bench"), &failure);
        failure.exit
    })
}

fn failure(error: &EvaluationError) -> Failure {
    let exit = match error {
        EvaluationError::NoSuchRival { .. } => Exit::Usage,
        EvaluationError::RoundTrip { .. } | EvaluationError::Process { .. } => Exit::VerifyFailed,
        _ => Exit::Io,
    };
    Failure { exit, message: error.to_string() }
}

/// One task, in this process.
fn one(task: &str) -> Result<Exit, Failure> {
    let measured = Task::from_json(task).and_then(|task| measure(&task)).map_err(|error| failure(&error))?;
    print(&(measured.to_json() + "\n"))?;
    Ok(Exit::Ok)
}

fn all(arguments: &BenchArguments) -> Result<Exit, Failure> {
    let rivals = chosen(&arguments.only).map_err(|error| failure(&error))?;
    let failed = |error: std::io::Error| Failure::io("cannot start", &error);
    let program = std::env::current_exe().map_err(failed)?;
    let spawn = || {
        let mut command = Command::new(&program);
        command.args(["bench", "--one"]);
        command
    };
    let bench = Bench { rivals, threads: arguments.threads, once: arguments.test, spawn: &spawn };
    let folder = tempfile::tempdir().map_err(failed)?;
    let mut files = arguments.files.clone();
    if files.is_empty() {
        files.push(made(folder.path()).map_err(failed)?);
    }
    if arguments.csv {
        print(&to_csv(&[]))?;
    }
    Ok(for_each(&files, |file| {
        let mut rows = Vec::new();
        let mut worst = Ok(());
        measure_file(&bench, file, &mut |row| {
            let told = match row {
                Ok(row) => tell(arguments, row, &mut rows),
                Err(error) => Err(failure(&error)),
            };
            if let Err(failure) = told {
                // The first failure of a file is its result; each is printed.
                if worst.is_err() {
                    complain(file, &failure);
                } else {
                    worst = Err(failure);
                }
            }
        })
        .map_err(|error| failure(&error))?;
        if !arguments.json && !arguments.csv {
            print(&to_text(&rows))?;
        }
        worst
    }))
}

/// Prints a row at once where the report allows it, else keeps it for the table.
fn tell(arguments: &BenchArguments, row: Row, rows: &mut Vec<Row>) -> Result<(), Failure> {
    if arguments.json {
        return print(&(to_json(&row) + "\n"));
    }
    if arguments.csv {
        let text = to_csv(&[row]);
        return print(text.split_once('\n').map_or("", |(_, line)| line));
    }
    rows.push(row);
    Ok(())
}

fn made(folder: &Path) -> std::io::Result<PathBuf> {
    let file = folder.join("small.npy");
    std::fs::write(&file, small_table())?;
    Ok(file)
}
