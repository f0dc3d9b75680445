//! Rules of precision, as several verbs take them.
//!
//! In: `--precision` or `--kept-bits`. Out: a rules file; what rounding did, for people and as JSON.
//! JSON: `rewritten_blocks`, `exact_blocks`, `columns` of `table`, `column`, `contract`, `values`, `changed`, `exceptions`.
//! Not here: what rules mean (`hepz-precision`).
//! Holds: errors of a rules file name the file and the line.

use crate::arguments::{Rules, Talk};
use crate::console::remark;
use crate::exit::Failure;
use hepz::RoundingReport;
use hepz_precision::{Contract, Promise, RulesFile};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The rules that were named, if any were.
pub fn read(rules: &Rules) -> Result<Option<RulesFile>, Failure> {
    if let Some(kept) = rules.kept_bits {
        let contract = Contract::new(Promise::KeptBits { kept }, &[]);
        let contract = contract.map_err(|error| Failure::usage(format!("--kept-bits: {error}")))?;
        return Ok(Some(RulesFile::single("*", contract)));
    }
    rules.precision.as_deref().map(from_file).transpose()
}

/// The rules of a file.
pub fn from_file(path: &Path) -> Result<RulesFile, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::io(&format!("cannot read the rules {}", path.display()), &error))?;
    RulesFile::parse(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// The rules, which have to be there.
pub fn required(rules: &Rules) -> Result<RulesFile, Failure> {
    let missing = || Failure::usage("say how coarse values may be: --precision RULES.toml or --kept-bits K");
    read(rules)?.ok_or_else(missing)
}

/// One line, and one per column if much is to be said.
pub fn tell(name: &str, report: &RoundingReport, talk: Talk) {
    let changed: u64 = report.columns.iter().map(|column| column.changed).sum();
    let exceptions: u64 = report.columns.iter().map(|column| column.exceptions).sum();
    let mut text =
        format!("hepz: {name}: {} columns rounded, {changed} values changed", report.columns.len());
    if exceptions > 0 {
        text += &format!(", {exceptions} stay as they were to keep their bound");
    }
    remark(talk, &text);
    if report.exact_blocks > 0 {
        let blocks = report.exact_blocks;
        remark(
            talk,
            &format!(
                "hepz: {name}: note: {blocks} compressed blocks stay as they were: they do not get shorter"
            ),
        );
    }
    if talk.verbose {
        for column in &report.columns {
            remark(
                talk,
                &format!(
                    "  {}.{}: {}, {} of {} values changed",
                    column.table, column.column, column.contract, column.changed, column.values
                ),
            );
        }
    }
}

/// For `--json`.
pub fn json(report: &RoundingReport) -> Value {
    let column = |c: &hepz::RoundedColumn| {
        json!({
            "table": c.table,
            "column": c.column,
            "contract": c.contract.to_string(),
            "values": c.values,
            "changed": c.changed,
            "exceptions": c.exceptions,
        })
    };
    json!({
        "rewritten_blocks": report.rewritten_blocks,
        "exact_blocks": report.exact_blocks,
        "columns": report.columns.iter().map(column).collect::<Vec<_>>(),
    })
}
