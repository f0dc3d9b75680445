//! `hepz bench`: hepz beside other compressors.
//!
//! In: files. Out: a table, CSV or JSON (`file`, `view`, `codec`, `settings`, `view_bytes`, `packed_bytes`, `ratio`,
//! `compress_mb_per_s`, `decompress_mb_per_s`, `compress_peak_bytes`, `decompress_peak_bytes`, `clock`, `threads`,
//! `version`), and with `--report` a page with charts.
//! Not here: measuring and charts (`hepz-evaluation`).
//! Holds: a round trip that fails is an error, exit code 8, and no row; who is not installed is said to be absent.

use crate::arguments::BenchArguments;
use crate::console::{complain, for_each, print, said};
use crate::exit::{Exit, Failure};
use hepz_evaluation::{Bench, EvaluationError, Page, Prices, Row, Task, chosen, measure, present};
use hepz_evaluation::{run as measure_file, small_table, to_csv, to_html, to_json, to_text};
use std::io::{self, Write};
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
    let (here, absent) = present(&rivals);
    for absent in &absent {
        let _ = writeln!(io::stderr(), "hepz: bench: {} is left out, {}", absent.rival, absent.why);
    }
    let bench = Bench { rivals: here, threads: arguments.threads, once: arguments.test, spawn: &spawn };
    let folder = tempfile::tempdir().map_err(failed)?;
    let mut files = arguments.files.clone();
    if files.is_empty() {
        files.push(made(folder.path()).map_err(failed)?);
    }
    if arguments.csv {
        print(&to_csv(&[]))?;
    }
    let mut known = Known::default();
    let exit = for_each(&files, |file| one_file(arguments, &bench, file, &mut known));
    if let Some(path) = &arguments.report {
        let page = Page {
            command: &said(),
            rows: &known.rows,
            prices: &known.prices,
            absent: &absent,
            failures: &known.failures,
        };
        let html = to_html(&page).map_err(|error| Failure { exit: Exit::Io, message: error.to_string() })?;
        std::fs::write(path, html)
            .map_err(|error| Failure::io(&format!("cannot write {}", path.display()), &error))?;
    }
    Ok(exit)
}

/// What is known of all files so far.
#[derive(Default)]
struct Known {
    rows: Vec<Row>,
    prices: Vec<Prices>,
    failures: Vec<String>,
}

fn one_file(
    arguments: &BenchArguments,
    bench: &Bench<'_>,
    file: &Path,
    known: &mut Known,
) -> Result<(), Failure> {
    let first = known.rows.len();
    let mut worst = Ok(());
    let prices = measure_file(bench, file, &mut |row| {
        let told = match row {
            Ok(row) => tell(arguments, row, &mut known.rows),
            Err(error) => Err(failure(&error)),
        };
        if let Err(failure) = told {
            known.failures.push(format!("{}: {}", file.display(), failure.message));
            // The first failure of a file is its result; each is printed.
            if worst.is_err() {
                complain(file, &failure);
            } else {
                worst = Err(failure);
            }
        }
    })
    .map_err(|error| failure(&error))?;
    known.prices.push(prices);
    if !arguments.json && !arguments.csv {
        print(&to_text(known.rows.get(first..).unwrap_or_default()))?;
    }
    worst
}

/// Prints a row at once where the report allows it, and keeps it for tables and the page.
fn tell(arguments: &BenchArguments, row: Row, rows: &mut Vec<Row>) -> Result<(), Failure> {
    if arguments.json {
        print(&(to_json(&row) + "\n"))?;
    } else if arguments.csv {
        let text = to_csv(std::slice::from_ref(&row));
        print(text.split_once('\n').map_or("", |(_, line)| line))?;
    }
    rows.push(row);
    Ok(())
}

fn made(folder: &Path) -> std::io::Result<PathBuf> {
    let file = folder.join("small.npy");
    std::fs::write(&file, small_table())?;
    Ok(file)
}
