//! `hepz budget`: how coarse each column may be, if observables are to stay what they are.
//!
//! In: a file or an archive, observables, tolerances. Out: tables on standard output, and a rules file.
//! JSON: `file`, `table`, `rows`, `added_bits`, `columns` (each `name`, `type`, `contract`, `kept_bits`, `shares`),
//! `observables` (each `name`, `within`, `rows`, `mean`, `width`, `bias`, `bias_error`, `bias_allowed`, `growth`,
//! `growth_error`, `growth_expected`, `growth_allowed`, `rms`, `largest`, and of `dithered` the same four).
//! Not here: how they are found and measured (`hepz-evaluation`).
//! Holds: a rules file is written only if its contracts kept every tolerance on every row.

use crate::arguments::BudgetArguments;
use crate::cells::Cells;
use crate::console::{complain, print, remark, shown};
use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::{refuse_existing, refuse_input};
use hepz::{Limits, with_tables};
use hepz_evaluation::{Budget, BudgetError, Effect, Estimate, Observable, ObservableBudget, Tolerance};
use serde_json::{Value, json};
use std::path::Path;

/// Runs the verb.
pub fn run(arguments: &BudgetArguments) -> Exit {
    match find(arguments) {
        Ok(()) => Exit::Ok,
        Err(failure) => {
            complain(&arguments.file, &failure);
            failure.exit
        }
    }
}

fn find(arguments: &BudgetArguments) -> Result<(), Failure> {
    let tolerances = tolerances(arguments)?;
    if let Some(output) = &arguments.output {
        refuse_existing(output, arguments.force)?;
        refuse_input(&arguments.file, output)?;
    }
    let source = input::open(&arguments.file)?;
    let mut limits = Limits::default();
    limits.memory_bytes = arguments.memory.bytes;
    let mut found = None;
    with_tables(&source, limits, |reader| {
        found = Some(Budget::find(reader, &tolerances, arguments.dither));
        Ok(())
    })?;
    let budget = match found {
        Some(Ok(budget)) => budget,
        Some(Err(BudgetError::Archive(error))) => return Err(error.into()),
        Some(Err(error)) => return Err(Failure::usage(error.to_string())),
        None => return Ok(()),
    };
    if arguments.talk.json {
        print(&format!("{}\n", to_json(&arguments.file, &budget)))?;
    } else {
        print(&to_text(&budget))?;
    }
    if let Some(output) = &arguments.output {
        std::fs::write(output, budget.to_toml())
            .map_err(|error| Failure::io("cannot write the rules", &error))?;
        remark(arguments.talk, &format!("{}: rules for hepz compress --precision", output.display()));
    }
    Ok(())
}

/// Each observable with its tolerances: as many of each as there are observables, or one for all.
fn tolerances(arguments: &BudgetArguments) -> Result<Vec<Tolerance>, Failure> {
    let n = arguments.observables.len();
    let of = |values: &[f64], name: &str, at: usize| match values {
        [one] => Ok(*one),
        several if several.len() == n => Ok(several[at]),
        _ => Err(Failure::usage(format!("--{name} is given once for all observables, or once for each"))),
    };
    let mut tolerances = Vec::new();
    for (at, text) in arguments.observables.iter().enumerate() {
        let observable = Observable::parse(text)
            .map_err(|error| Failure::usage(format!("--observable '{text}': {error}")))?;
        let within = match arguments.within.as_slice() {
            [] => None,
            [one] => Some(*one),
            several if several.len() == n => Some(several[at]),
            _ => return Err(Failure::usage("--within is given once for all observables, or once for each")),
        };
        let (bias, width) = (of(&arguments.bias, "bias", at)?, of(&arguments.width, "width", at)?);
        tolerances.push(Tolerance { observable, bias, width, within });
    }
    Ok(tolerances)
}

fn with_error(estimate: Estimate, factor: f64, digits: usize) -> String {
    format!("{:.digits$} ± {:.digits$}", estimate.value * factor, estimate.error * factor)
}

/// Digits after the point that show a hundredth of a tolerance.
fn digits(tolerance: f64) -> usize {
    (2.0 - tolerance.log10().floor()).clamp(0.0, 12.0) as usize
}

fn to_text(budget: &Budget) -> String {
    let several = budget.observables.len() > 1;
    let share_of = |observable: &ObservableBudget| {
        if several { format!("share of {}", observable.name) } else { "share of variance".to_owned() }
    };
    let shares: Vec<String> = budget.observables.iter().map(share_of).collect();
    let mut heading = vec!["<column", "<type", "<contract", "bits kept"];
    heading.extend(shares.iter().map(String::as_str));
    let mut columns = Cells::new(&heading);
    for column in &budget.columns {
        let mut row = vec![
            column.column.clone(),
            column.scalar.name().to_owned(),
            column.contract.to_string(),
            format!("{:.1}", column.kept_bits),
        ];
        row.extend(column.shares.iter().map(|share| format!("{:.1} %", 100.0 * share)));
        columns.add(row);
    }
    let heading =
        ["<observable", "rows", "mean", "width", "bias", "allowed", "width growth", "allowed", "expected"];
    let mut observables = Cells::new(&heading);
    for observable in &budget.observables {
        let line = |name: String, effect: &Effect| {
            let (bias, width) = (digits(observable.bias), digits(100.0 * observable.width));
            vec![
                name,
                effect.rows.to_string(),
                format!("{:.6}", effect.mean),
                format!("{:.6}", effect.width),
                with_error(effect.bias, 1.0, bias),
                format!("{}", observable.bias),
                with_error(effect.growth, 100.0, width) + " %",
                format!("{} %", 100.0 * observable.width),
                format!("{:.width$} %", 100.0 * observable.expected_growth),
            ]
        };
        observables.add(line(observable.name.clone(), &observable.effect));
        if let Some(dithered) = &observable.dithered {
            observables.add(line(format!("{}, dithered", observable.name), dithered));
        }
    }
    let mut text = columns.to_text() + "\n" + &observables.to_text();
    if budget.added_bits > 0 {
        text +=
            &format!("\nMeasuring added {} bits to what first order had found enough.\n", budget.added_bits);
    }
    text
}

fn to_json(file: &Path, budget: &Budget) -> Value {
    let columns: Vec<Value> = budget
        .columns
        .iter()
        .map(|column| {
            json!({
                "name": column.column, "type": column.scalar.name(), "contract": column.contract.to_string(),
                "kept_bits": column.kept_bits, "shares": column.shares,
            })
        })
        .collect();
    let observables: Vec<Value> = budget
        .observables
        .iter()
        .map(|observable| {
            let effect = &observable.effect;
            let dithered = observable.dithered.as_ref().map(|effect| {
                json!({
                    "bias": effect.bias.value, "bias_error": effect.bias.error,
                    "growth": effect.growth.value, "growth_error": effect.growth.error,
                })
            });
            json!({
                "name": observable.name, "within": [observable.within.0, observable.within.1],
                "rows": effect.rows, "mean": effect.mean, "width": effect.width,
                "bias": effect.bias.value, "bias_error": effect.bias.error, "bias_allowed": observable.bias,
                "growth": effect.growth.value, "growth_error": effect.growth.error,
                "growth_expected": observable.expected_growth, "growth_allowed": observable.width,
                "rms": effect.rms, "largest": effect.largest, "dithered": dithered,
            })
        })
        .collect();
    json!({
        "file": shown(file), "table": budget.table, "rows": budget.rows, "added_bits": budget.added_bits,
        "columns": columns, "observables": observables,
    })
}
