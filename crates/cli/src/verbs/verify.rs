//! `hepz verify`: an archive against the file that it was made of.
//!
//! In: an archive, the original. Out: what was promised, and whether it is kept; exit code 8 if it is not.
//! JSON: `archive`, `original`, `holds`, `exact_columns`, `changed_columns`, `other_bytes`, `columns` of `table`, `column`,
//! `contract`, `values`, `violations`.
//! Not here: the proof (`hepz`).
//! Holds: exit code 0 only if every byte is the original's or every value is within its contract.

use crate::arguments::VerifyArguments;
use crate::console::{self, print, remark, shown};
use crate::exit::{Exit, Failure};
use crate::input;
use crate::progress::Bar;
use hepz::{ColumnProof, DecompressOptions, Proof};
use serde_json::json;
use std::time::Instant;

/// Runs the verb.
pub fn run(arguments: &VerifyArguments) -> Exit {
    match one(arguments) {
        Ok(exit) => exit,
        Err(failure) => {
            console::complain(&arguments.archive, &failure);
            failure.exit
        }
    }
}

fn one(arguments: &VerifyArguments) -> Result<Exit, Failure> {
    let (talk, start) = (arguments.talk, Instant::now());
    let name = shown(&arguments.archive);
    let archive = input::open_archive(&arguments.archive, arguments.memory.bytes, &arguments.models.given)?;
    let original = input::open(&arguments.against)?;
    let bar = Bar::new(&name, talk);
    let mut options = DecompressOptions::new();
    options.threads = arguments.work.threads;
    options.progress = Some(&bar);
    let proof = hepz::verify_against(&archive, &original, &options)?;
    drop(bar);
    tell(&name, &proof, arguments, start.elapsed().as_secs_f64());
    if talk.json {
        let column = |c: &ColumnProof| {
            json!({
                "table": c.table,
                "column": c.column,
                "contract": c.contract.to_string(),
                "values": c.violations.rows,
                "violations": c.violations.n_violated,
            })
        };
        let line = json!({
            "archive": name,
            "original": shown(&arguments.against),
            "holds": proof.holds(),
            "exact_columns": proof.exact_columns,
            "changed_columns": proof.changed_columns.iter().map(|(t, c)| format!("{t}.{c}")).collect::<Vec<_>>(),
            "other_bytes": proof.other_bytes,
            "columns": proof.columns.iter().map(column).collect::<Vec<_>>(),
        });
        print(&format!("{line}\n"))?;
    }
    Ok(if proof.holds() { Exit::Ok } else { Exit::VerifyFailed })
}

fn tell(name: &str, proof: &Proof, arguments: &VerifyArguments, seconds: f64) {
    let talk = arguments.talk;
    for column in &proof.columns {
        let (violations, rows) = (&column.violations, column.violations.rows);
        let what = format!("{}.{}: {}", column.table, column.column, column.contract);
        if !violations.is_empty() {
            let first = violations.examples.first().map_or(0, |example| example.row);
            eprintln!("{what}: BROKEN by {} of {rows} values, first in row {first}", violations.n_violated);
        } else if talk.verbose {
            remark(talk, &format!("{what}: kept by all of {rows} values"));
        }
    }
    for (table, column) in &proof.changed_columns {
        eprintln!("{table}.{column}: BROKEN: it was to stay as it is");
    }
    if proof.other_bytes > 0 {
        eprintln!("BROKEN: {} bytes outside columns differ", proof.other_bytes);
    }
    let text = match (proof.holds(), proof.columns.len()) {
        (false, _) => "does not keep what it promises".to_owned(),
        (true, 0) => "holds the file byte for byte".to_owned(),
        (true, columns) => {
            let exact = proof.exact_columns;
            format!(
                "every value of {columns} columns keeps its contract; {exact} columns and all else are exact"
            )
        }
    };
    remark(talk, &format!("{name}: {text}, {seconds:.1} s"));
}
