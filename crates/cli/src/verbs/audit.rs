//! `hepz audit`: which bits of float columns are worth their place.
//!
//! In: files of any format, or archives. Out: a line per column with its bit planes, what was found, what truncation would save;
//! with --by-type columns and bytes of each type, before and after.
//! JSON: `file`, `format`, `original_bytes`, `archive_bytes`, `audited_bytes`, `columns` (each `table`, `column`, `type`, `rows`,
//! `audited_rows`, `archive_bits`, `constant`, `specials` (each `value`, `share`), `grids`, `relations` (each `class`, `words`,
//! `sources`, `exact`, `median_ulp`), `live_bits`, `pattern`, `mantissa_bits` (by class), `planes` (each `price` and
//! the share of each class), `truncations` (each `kept_bits`, `dropped_bits`, `saved_bits`, `saved_bytes`, `recoverable_bits`,
//! `recoverable_with_sources_bits`)); with --by-type `file`, `changed_values`, `kinds` (each `type`, `branches`, `columns`,
//! `plain_bytes`, `archive_bytes`, `before_bytes`, `after_bytes`).
//! Not here: finding (`hepz`), rounding (`round`).
//! Holds: nothing is written.

use crate::arguments::AuditArguments;
use crate::cells::Cells;
use crate::console::{for_each, print, shown};
use crate::exit::{Exit, Failure};
use crate::input;
use crate::verbs::rules;
use hepz::{Audit, AuditOptions, AuditedColumn, BitClass, Census, Coarser, ColumnId, Limits, Truncation};
use hepz_columns::Scalar;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Columns that are listed; -v lists all.
const LISTED: usize = 60;
/// Special values of a column that are named.
const NAMED: usize = 3;
/// Special values rarer than this are not named.
const NAMED_SHARE: f64 = 0.001;

/// Runs the verb.
pub fn run(arguments: &AuditArguments) -> Exit {
    for_each(&arguments.files, |file| one(file, arguments))
}

fn one(file: &Path, arguments: &AuditArguments) -> Result<(), Failure> {
    let source = input::open(file)?;
    let mut limits = Limits::default();
    limits.memory_bytes = arguments.memory.bytes;
    if arguments.by_type {
        let (coarser, how) = coarser(arguments)?;
        let census = hepz::census(&source, &coarser, limits)?;
        return print(&if arguments.talk.json {
            format!("{}\n", census_json(file, &census))
        } else {
            census_text(file, &census, &how)
        });
    }
    let mut options = AuditOptions::default();
    options.columns.clone_from(&arguments.columns);
    options.level = arguments.level;
    if !arguments.kept_bits.is_empty() {
        options.kept_bits.clone_from(&arguments.kept_bits);
    }
    let audit = hepz::audit(&source, &options, limits)?;
    if audit.columns.is_empty() && !arguments.columns.is_empty() {
        return Err(Failure::usage(format!("no float column is called {}", arguments.columns.join(", "))));
    }
    print(&if arguments.talk.json {
        format!("{}\n", to_json(file, &audit))
    } else {
        to_text(file, &audit, arguments.talk.verbose)
    })
}

/// What is made coarser, and the same in words.
fn coarser(arguments: &AuditArguments) -> Result<(Coarser, String), Failure> {
    let Some(path) = &arguments.precision else {
        let kept = arguments.kept_bits.first().copied().unwrap_or(10);
        return Ok((Coarser::KeptBits(kept), format!("{kept} bits of every mantissa kept")));
    };
    Ok((Coarser::Rules(rules::from_file(path)?), format!("reduced by {}", path.display())))
}

/// The name of a type in full.
fn full_name(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool => "bool",
        Scalar::I8 => "int8",
        Scalar::I16 => "int16",
        Scalar::I32 => "int32",
        Scalar::I64 => "int64",
        Scalar::U8 => "uint8",
        Scalar::U16 => "uint16",
        Scalar::U32 => "uint32",
        Scalar::U64 => "uint64",
        Scalar::F16 => "float16",
        Scalar::F32 => "float32",
        Scalar::F64 => "float64",
    }
}

/// One letter for each bit: sign, exponent, mantissa.
fn pattern(column: &AuditedColumn) -> String {
    let mantissa = column.mantissa().len();
    let exponent = column.planes.len().saturating_sub(mantissa);
    let mut text = String::new();
    for (at, plane) in column.planes.iter().enumerate() {
        if at == 1 || at == exponent {
            text.push(' ');
        }
        text.push(plane.class().letter());
    }
    text
}

/// Names of columns; with their table, if there are several.
struct Names<'a>(&'a Audit);

impl Names<'_> {
    fn is_float(&self, id: ColumnId) -> bool {
        let table = self.0.tables.get(id.table as usize);
        table
            .and_then(|table| table.columns.get(id.column as usize))
            .is_some_and(|column| column.scalar.is_float())
    }

    fn of(&self, id: ColumnId) -> String {
        let table = self.0.tables.get(id.table as usize);
        let column = table.and_then(|table| table.columns.get(id.column as usize));
        let (table, column) =
            (table.map_or("", |table| &table.name), column.map_or("?", |column| &column.name));
        let one = self.0.tables.len() < 2 || table.is_empty() || table == column;
        if one { column.to_owned() } else { format!("{table}/{column}") }
    }
}

fn to_text(file: &Path, audit: &Audit, all: bool) -> String {
    let format = if audit.format.is_empty() { "no format that hepz knows" } else { &audit.format };
    let mut text = format!("{}: {format}, {} bytes", shown(file), audit.original_bytes);
    if let Some(bytes) = audit.archive_bytes {
        text += &format!(", {bytes} in the archive");
    }
    text += &format!("; {} bytes of values were looked at\n", audit.audited_bytes);
    if audit.columns.is_empty() {
        return text + "no columns of floats\n";
    }
    let mut columns: Vec<&AuditedColumn> = audit.columns.iter().collect();
    let more = if all { 0 } else { columns.len().saturating_sub(LISTED) };
    if more > 0 {
        columns.sort_by(|a, b| price(b).total_cmp(&price(a)));
        columns.truncate(LISTED);
    }
    let names = Names(audit);
    text += "\nBits, from the sign down: 0 fixed, g grid, c copy, d derivable, p predictable, n noise; \
             then how many of the mantissa are what\n";
    text += &planes(&names, &columns, audit.archive_bytes.is_some());
    text += &findings(&names, &columns);
    text += &truncations(&names, &columns, audit);
    if more > 0 {
        text += &format!("\n{more} cheaper columns are not listed; -v lists all\n");
    }
    text
}

/// Bits that all values take that are not special.
fn price(column: &AuditedColumn) -> f64 {
    let bits: f64 = column.planes.iter().map(|plane| plane.price).sum();
    bits * regular(column)
}

/// Number of values that are not special.
fn regular(column: &AuditedColumn) -> f64 {
    let special: f64 = column.specials.iter().map(|special| special.1).sum();
    column.rows as f64 * (1.0 - special).max(0.0)
}

fn planes(names: &Names<'_>, columns: &[&AuditedColumn], archived: bool) -> String {
    let mut heading = vec![
        "<column", "<type", "<bits", "live", "fixed", "grid", "copy", "deriv", "pred", "noise", "priced",
    ];
    heading.extend(archived.then_some("archived"));
    let mut cells = Cells::new(&heading);
    for column in columns {
        let mut row = vec![names.of(column.id), full_name(column.scalar).to_owned()];
        match column.constant {
            Some(value) => row.extend([format!("always {value}")]),
            None if column.planes.is_empty() => row.extend(["too few values".to_owned()]),
            None => {
                row.extend([pattern(column), column.live_bits().to_string()]);
                row.extend(column.mantissa_bits().map(|bits| format!("{bits:.1}")));
                let all: f64 = column.planes.iter().map(|plane| plane.price).sum();
                row.push(format!("{all:.1}"));
            }
        }
        row.resize(11, String::new());
        row.extend(archived.then(|| column.archive_bits.map_or(String::new(), |bits| format!("{bits:.1}"))));
        cells.add(row);
    }
    cells.to_text()
}

/// A line for everything that was found.
fn findings(names: &Names<'_>, columns: &[&AuditedColumn]) -> String {
    let mut lines = String::new();
    for column in columns {
        let name = names.of(column.id);
        let often: Vec<String> = column
            .specials
            .iter()
            .filter(|special| column.constant.is_none() && special.1 >= NAMED_SHARE)
            .take(NAMED)
            .map(|(value, share)| format!("{value} in {:.1} %", 100.0 * share))
            .collect();
        if !often.is_empty() {
            lines += &format!("  {name}: often {}\n", often.join(", "));
        }
        for grid in &column.grids {
            lines += &format!("  {name}: {grid}\n");
        }
        for relation in &column.relations {
            // Integers keep their bits anyway.
            let floats = relation.sources.iter().filter(|&&id| names.is_float(id));
            let sources: Vec<String> = floats.map(|&id| names.of(id)).collect();
            let bits = column.scalar.mantissa_bits().unwrap_or(0);
            let near = match relation.median_ulp {
                0 => String::new(),
                ulp => {
                    format!(", half of them right to {} bits", bits.saturating_sub(64 - ulp.leading_zeros()))
                }
            };
            let rests = if sources.is_empty() {
                String::new()
            } else {
                format!("; comes back only while {} keep{} all bits", sources.join(", "), s(sources.len()))
            };
            lines += &format!(
                "  {name}: {}, exact in {:.1} %{near}{rests}\n",
                relation.words,
                100.0 * relation.exact
            );
        }
    }
    if lines.is_empty() { lines } else { format!("\nFound\n{lines}") }
}

fn s(count: usize) -> &'static str {
    if count == 1 { "s" } else { "" }
}

/// What dropping bits saves and what comes back.
fn truncations(names: &Names<'_>, columns: &[&AuditedColumn], audit: &Audit) -> String {
    let kept: Vec<u32> =
        audit.columns.iter().find(|c| !c.truncations.is_empty()).map_or(Vec::new(), |column| {
            column.truncations.iter().map(|truncation| truncation.kept_bits).collect()
        });
    if kept.is_empty() {
        return String::new();
    }
    let mut text = "\nTruncation to K bits of the mantissa: bytes saved; bits dropped of each value = \
                    back from the column itself + back with its sources + lost\n"
        .to_owned();
    let titles: Vec<String> = kept.iter().map(|kept| format!("K = {kept} saves")).collect();
    let mut heading = vec!["<column"];
    for title in &titles {
        heading.extend([title.as_str(), "<bits"]);
    }
    let mut cells = Cells::new(&heading);
    for column in columns.iter().filter(|column| !column.truncations.is_empty()) {
        let mut row = vec![names.of(column.id)];
        for truncation in &column.truncations {
            row.extend([bytes(truncation.saved_bytes), bits(truncation)]);
        }
        cells.add(row);
    }
    let mut row = vec!["all columns".to_owned()];
    for at in 0..kept.len() {
        let saved = audit.columns.iter().filter_map(|c| c.truncations.get(at)).map(|t| t.saved_bytes).sum();
        row.extend([bytes(saved), String::new()]);
    }
    cells.add(row);
    text += &cells.to_text();
    text
}

fn bits(truncation: &Truncation) -> String {
    let alone = truncation.recoverable_bits;
    let with = truncation.recoverable_with_sources_bits;
    let dropped = truncation.dropped_bits;
    format!("{dropped:.0} = {alone:.1} + {:.1} + {:.1}", with - alone, dropped - with)
}

fn bytes(bytes: f64) -> String {
    format!("{bytes:.0}")
}

fn census_text(file: &Path, census: &Census, how: &str) -> String {
    let mut text = format!("{}: by type, coded at level fast before and after ({how})\n", shown(file));
    if census.kinds.is_empty() {
        return text + "no tables\n";
    }
    let archived = census.kinds.iter().any(|kind| kind.archive_bytes.is_some());
    let mut heading = vec!["<type", "branches", "share", "columns", "bytes", "share"];
    heading.extend(if archived { ["in archive", "share"].as_slice() } else { &[] });
    heading.extend(["before", "share", "after", "share", "saved"]);
    let mut cells = Cells::new(&heading);
    let sum = |of: &dyn Fn(&hepz::KindCount) -> f64| census.kinds.iter().map(of).sum::<f64>();
    let percent = |part: f64, whole: f64| format!("{:.1} %", 100.0 * part / whole.max(1.0));
    let branches = sum(&|kind| kind.branches as f64);
    let plain = sum(&|kind| kind.plain_bytes as f64);
    let stored = sum(&|kind| kind.archive_bytes.unwrap_or(0.0));
    let (before, after) = (sum(&|kind| kind.before_bytes), sum(&|kind| kind.after_bytes));
    let mut row = |name: &str, own: [f64; 6]| {
        let mut row = vec![
            name.to_owned(),
            bytes(own[0]),
            percent(own[0], branches),
            bytes(own[1]),
            bytes(own[2]),
            percent(own[2], plain),
        ];
        row.extend(if archived { vec![bytes(own[3]), percent(own[3], stored)] } else { Vec::new() });
        row.extend([bytes(own[4]), percent(own[4], before), bytes(own[5]), percent(own[5], after)]);
        row.push(percent(own[4] - own[5], own[4]));
        cells.add(row);
    };
    for kind in &census.kinds {
        let stored = kind.archive_bytes.unwrap_or(0.0);
        let (columns, plain) = (kind.columns as f64, kind.plain_bytes as f64);
        let own = [kind.branches as f64, columns, plain, stored, kind.before_bytes, kind.after_bytes];
        row(full_name(kind.scalar), own);
    }
    row("all", [branches, sum(&|kind| kind.columns as f64), plain, stored, before, after]);
    text += &cells.to_text();
    text + &format!("{} values are changed\n", census.changed_values)
}

/// Shares by the name of their class.
fn by_class(shares: [f64; 6]) -> Map<String, Value> {
    BitClass::ALL
        .into_iter()
        .zip(shares)
        .map(|(class, share)| (class.name().to_owned(), json!(share)))
        .collect()
}

fn to_json(file: &Path, audit: &Audit) -> Value {
    let names = Names(audit);
    // JSON has no infinities and no NaN.
    let number = |value: f64| if value.is_finite() { json!(value) } else { json!(value.to_string()) };
    let column = |column: &AuditedColumn| {
        let relations = column.relations.iter().map(|relation| {
            let sources: Vec<String> = relation.sources.iter().map(|&id| names.of(id)).collect();
            json!({
                "class": relation.class.name(), "words": relation.words, "sources": sources,
                "exact": relation.exact, "median_ulp": relation.median_ulp,
            })
        });
        let planes = column.planes.iter().map(|plane| {
            let mut shares = by_class(plane.shares);
            shares.insert("price".to_owned(), json!(plane.price));
            Value::Object(shares)
        });
        let truncations = column.truncations.iter().map(|truncation| {
            json!({
                "kept_bits": truncation.kept_bits, "dropped_bits": truncation.dropped_bits,
                "saved_bits": truncation.saved_bits, "saved_bytes": truncation.saved_bytes,
                "recoverable_bits": truncation.recoverable_bits,
                "recoverable_with_sources_bits": truncation.recoverable_with_sources_bits,
            })
        });
        let specials =
            column.specials.iter().map(|special| json!({"value": number(special.0), "share": special.1}));
        json!({
            "table": column.table, "column": column.name, "type": full_name(column.scalar),
            "rows": column.rows, "audited_rows": column.audited_rows, "archive_bits": column.archive_bits,
            "constant": column.constant.map(number), "specials": specials.collect::<Vec<Value>>(),
            "grids": column.grids, "relations": relations.collect::<Vec<Value>>(),
            "live_bits": column.live_bits(), "pattern": pattern(column),
            "mantissa_bits": by_class(column.mantissa_bits()), "planes": planes.collect::<Vec<Value>>(),
            "truncations": truncations.collect::<Vec<Value>>(),
        })
    };
    json!({
        "file": shown(file), "format": audit.format, "original_bytes": audit.original_bytes,
        "archive_bytes": audit.archive_bytes, "audited_bytes": audit.audited_bytes,
        "columns": audit.columns.iter().map(column).collect::<Vec<Value>>(),
    })
}

fn census_json(file: &Path, census: &Census) -> Value {
    let kinds = census.kinds.iter().map(|kind| {
        json!({
            "type": full_name(kind.scalar), "branches": kind.branches, "columns": kind.columns,
            "plain_bytes": kind.plain_bytes, "archive_bytes": kind.archive_bytes,
            "before_bytes": kind.before_bytes, "after_bytes": kind.after_bytes,
        })
    });
    json!({
        "file": shown(file), "changed_values": census.changed_values, "kinds": kinds.collect::<Vec<Value>>(),
    })
}
