//! `hepz evaluate`: another version of a file, judged by the original.
//!
//! In: two files or archives with tables. Out: a table of columns, and with `--json`, `--csv` and `--report` all
//! figures. JSON: `formats`, `unpaired`, `tables` (each `table`, `rows`, `columns`, `observables`, `joint`,
//! `ablation`,
//! `n_exact_columns`, `changed_exact_columns`, `unpaired`); what they mean is in docs/precision/judge.md.
//! Not here: judging (`hepz-evaluation`).
//! Holds: differences are no failure; ends with 0 unless the files cannot be judged.

use crate::arguments::EvaluateArguments;
use crate::console::{complain, is_standard, print, said, shown};
use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::refuse_input;
use hepz::Limits;
use hepz_evaluation::Observable;
use hepz_evaluation::judge::{JudgeError, JudgeOptions, PeakOptions, PeakShape};
use hepz_evaluation::judge::{judge, to_csv, to_html, to_json, to_text};
use std::path::Path;

/// Runs the verb.
pub fn run(arguments: &EvaluateArguments) -> Exit {
    evaluate(arguments).map_or_else(|exit| exit, |()| Exit::Ok)
}

fn evaluate(arguments: &EvaluateArguments) -> Result<(), Exit> {
    let (original, other) = (arguments.original.as_path(), arguments.other.as_path());
    let fail = |file: &Path, failure: Failure| {
        complain(file, &failure);
        failure.exit
    };
    if is_standard(original) && is_standard(other) {
        return Err(fail(original, Failure::usage("only one of the two can be standard input")));
    }
    let results = [&arguments.json, &arguments.csv, &arguments.report].into_iter().flatten();
    let to_standard = results.clone().filter(|path| is_standard(path)).count();
    if to_standard > 1 {
        return Err(fail(Path::new("evaluate"), Failure::usage("only one result can go to standard output")));
    }
    for path in results {
        for input in [original, other] {
            refuse_input(input, path).map_err(|failure| fail(path, failure))?;
        }
    }
    let options = options(arguments).map_err(|failure| fail(Path::new("evaluate"), failure))?;
    let source = input::open(original).map_err(|failure| fail(original, failure))?;
    let source_other = input::open(other).map_err(|failure| fail(other, failure))?;
    let found = judge(&source, &source_other, &options).map_err(|error| {
        let of_original = match &error {
            JudgeError::NoTables { which } => which.contains("original"),
            // Which of the two it is, opening them says.
            JudgeError::Read(_) => opens(other, arguments) && !opens(original, arguments),
            _ => false,
        };
        fail(if of_original { original } else { other }, failure(error))
    })?;
    if !arguments.quiet && to_standard == 0 {
        print(&to_text(&found)).map_err(|failure| fail(other, failure))?;
    }
    let writers: [(_, fn(&_) -> String); 2] = [(&arguments.json, to_json), (&arguments.csv, to_csv)];
    for (path, text) in writers {
        let Some(path) = path else { continue };
        write(path, &text(&found)).map_err(|failure| fail(path, failure))?;
    }
    if let Some(path) = &arguments.report {
        let title = format!("{} judged by {}", shown(other), shown(original));
        let html = to_html(&found, &title, &said())
            .map_err(|error| fail(path, Failure { exit: Exit::Io, message: error.to_string() }))?;
        write(path, &html).map_err(|failure| fail(path, failure))?;
    }
    Ok(())
}

/// False for an archive that is damaged; true for every other file.
fn opens(file: &Path, arguments: &EvaluateArguments) -> bool {
    let error = input::open_archive(file, arguments.memory.bytes, &[]).err();
    error.is_none_or(|failure| failure.exit == Exit::NotAnArchive)
}

fn options(arguments: &EvaluateArguments) -> Result<JudgeOptions, Failure> {
    let mut limits = Limits::default();
    limits.memory_bytes = arguments.memory.bytes;
    let parse = |text: &String| {
        Observable::parse(text).map_err(|error| Failure::usage(format!("--observable {text:?}: {error}")))
    };
    let observables = arguments.observables.iter().map(parse).collect::<Result<_, Failure>>()?;
    let window = match arguments.window {
        Some((low, high)) if low < high => Some((low, high)),
        Some(_) => return Err(Failure::usage("--window: write LOW..HIGH, the lower number first")),
        None => None,
    };
    let shape = if arguments.crystal_ball { PeakShape::CrystalBall } else { PeakShape::Gaussian };
    let peak = PeakOptions { window, shape, replicas: arguments.replicas, seed: arguments.seed };
    Ok(JudgeOptions {
        columns: arguments.columns.clone(),
        observables,
        limits,
        sample_rows: arguments.sample_rows,
        permutations: arguments.permutations,
        seed: arguments.seed,
        peak,
        ablation: arguments.ablation,
    })
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if is_standard(path) {
        return print(text);
    }
    std::fs::write(path, text).map_err(|error| Failure::io("cannot write", &error))
}

fn failure(error: JudgeError) -> Failure {
    match error {
        JudgeError::Read(error) => Failure::from(error),
        other => Failure::usage(other.to_string()),
    }
}
