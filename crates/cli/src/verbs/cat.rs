//! `hepz cat`: some rows of some columns, entries of a tree, or some events.
//!
//! In: an archive, names or patterns, rows. Out: CSV, a NumPy array or a zip of them, Parquet, text of events.
//! Not here: finding the chunks and streams that are needed (`hepz`), NumPy files (`npz`).
//! Holds: integers, and floats but for the payload of NaN, read back from CSV as the same bits; from NumPy, all do.

pub(super) mod entries;
#[cfg(feature = "parquet")]
mod parquet;

use crate::arguments::{CatArguments, CatFormat};
use crate::console::{complain, is_standard};
use crate::exit::{Exit, Failure};
use crate::input;
use crate::npz::{NpzWriter, npy_header};
use crate::numbers::put_value;
use crate::output::{Staged, refuse_existing, refuse_terminal};
use hepz::{Archive, ColumnId, Values};
use hepz_columns::{Column, RowOrder, Table};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;

/// Values that are held at a time; reading in larger steps decodes fewer chunks twice.
const STEP_BYTES: u64 = 128 << 20;
/// Text that is written at a time.
const TEXT_BYTES: usize = 1 << 20;

/// Runs the verb.
pub fn run(arguments: &CatArguments) -> Exit {
    match cat(arguments) {
        Ok(()) => Exit::Ok,
        Err(failure) => {
            complain(&arguments.file, &failure);
            failure.exit
        }
    }
}

/// Columns that were asked for, with where they are.
struct Chosen<'a> {
    id: ColumnId,
    table: &'a Table,
    column: &'a Column,
}

fn cat(arguments: &CatArguments) -> Result<(), Failure> {
    let archive = input::open_archive(&arguments.file, arguments.memory.bytes, &arguments.models.given)?;
    if let Some(count) = archive.event_count()? {
        if arguments.tree.is_some() {
            return Err(Failure::usage(
                "it holds an event record and no trees; choose --events or --particles",
            ));
        }
        return cat_events(&archive, count, arguments);
    }
    if arguments.events.is_some() || arguments.particles {
        return Err(Failure::usage("it holds no event record (HepMC, LHE)"));
    }
    if let Some(tree) = &arguments.tree {
        return entries::cat(&archive, tree, arguments);
    }
    let chosen = choose(&archive, &arguments.columns)?;
    if arguments.to == CatFormat::Npy && chosen.len() != 1 {
        return Err(Failure::usage(format!("--to npy holds one column, and {} were chosen", chosen.len())));
    }
    let write = |sink: &mut dyn Write| match arguments.to {
        CatFormat::Csv => csv(&archive, &chosen, arguments, sink),
        CatFormat::Npz => npz(&archive, &chosen, arguments, sink),
        CatFormat::Npy => npy(&archive, &chosen, arguments, sink),
        #[cfg(feature = "parquet")]
        CatFormat::Parquet => parquet::tables(&archive, &chosen, arguments, sink),
    };
    put(arguments, arguments.to != CatFormat::Csv, write)
}

/// Hands the output to `write`: a file that appears only when it is whole, or standard output.
fn put(
    arguments: &CatArguments,
    binary: bool,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    match arguments.output.as_deref().filter(|output| !is_standard(output)) {
        Some(output) => {
            refuse_existing(output, arguments.force)?;
            let staged = Staged::beside(output)?;
            let mut sink = BufWriter::new(File::create_new(staged.path()).map_err(|e| wrote(&e))?);
            write(&mut sink)?;
            sink.flush().map_err(|e| wrote(&e))?;
            staged.publish(None, arguments.force)
        }
        None => {
            if binary {
                refuse_terminal(arguments.force)?;
            }
            let mut sink = BufWriter::new(io::stdout().lock());
            write(&mut sink)?;
            sink.flush().map_err(|e| wrote(&e))
        }
    }
}

/// Events as a file of their format, or particles as a table.
fn cat_events(archive: &Archive<'_>, count: u64, arguments: &CatArguments) -> Result<(), Failure> {
    let asked = arguments.events.clone().unwrap_or(None..None);
    let events = asked.start.unwrap_or(0)..asked.end.unwrap_or(count);
    if events.start > events.end || events.end > count {
        let (from, to) = (events.start, events.end);
        return Err(Failure::usage(format!("events {from}..{to} are not in it, which has {count}")));
    }
    if !arguments.particles {
        if arguments.events.is_none() {
            let what = "it holds an event record: choose --events FROM..TO, or --particles for a table";
            return Err(Failure::usage(what));
        }
        return put(arguments, false, |sink| Ok(archive.write_events(events, sink)?));
    }
    match arguments.to {
        CatFormat::Npy => Err(Failure::usage("--to npy holds one column; use --to npz")),
        #[cfg(feature = "parquet")]
        CatFormat::Parquet => put(arguments, true, |sink| parquet::particles(archive, events, sink)),
        CatFormat::Npz => put(arguments, true, |sink| {
            let particles = archive.read_particles(events)?;
            let mut npz = NpzWriter::new(sink);
            for (name, values) in particles.columns() {
                npz.add(name, &[values.len() as u64], &values).map_err(|e| wrote(&e))?;
            }
            npz.finish().map(|_| ()).map_err(|e| wrote(&e))
        }),
        CatFormat::Csv => put(arguments, false, |sink| {
            let particles = archive.read_particles(events)?;
            let (names, columns): (Vec<&str>, Vec<Values>) = particles.columns().unzip();
            writeln!(sink, "{}", names.join(",")).map_err(|e| wrote(&e))?;
            let mut text = String::new();
            for row in 0..particles.len() {
                for (number, column) in columns.iter().enumerate() {
                    if number > 0 {
                        text.push(',');
                    }
                    put_value(&mut text, column, row);
                }
                text.push('\n');
                if text.len() >= TEXT_BYTES || row + 1 == particles.len() {
                    sink.write_all(text.as_bytes()).map_err(|e| wrote(&e))?;
                    text.clear();
                }
            }
            Ok(())
        }),
    }
}

fn wrote(error: &io::Error) -> Failure {
    Failure::io("cannot write the output", error)
}

/// The columns that the patterns name, each once, in the order of the patterns.
fn choose<'a>(archive: &'a Archive<'_>, patterns: &[String]) -> Result<Vec<Chosen<'a>>, Failure> {
    let tables = archive.tables();
    if tables.is_empty() {
        if archive.is_refinement() {
            return Err(hepz::ArchiveError::IsRefinement.into());
        }
        return Err(Failure::usage("it holds no columns: the file was stored as plain bytes"));
    }
    let all = ["*".to_owned()];
    let mut chosen: Vec<Chosen<'a>> = Vec::new();
    for pattern in if patterns.is_empty() { &all } else { patterns } {
        let found = find(archive, pattern);
        if found.is_empty() {
            return Err(Failure::usage(format!("it has no column {pattern}; hepz inspect lists them")));
        }
        for id in found {
            let table = tables.get(id.table as usize);
            let place = table.and_then(|table| Some((table, table.columns.get(id.column as usize)?)));
            if let Some((table, column)) = place.filter(|_| chosen.iter().all(|c| c.id != id)) {
                chosen.push(Chosen { id, table, column });
            }
        }
    }
    Ok(chosen)
}

/// `jets/pt` may mean column `pt` of table `jets`, of `/jets`, or a column or table of this very name.
fn find(archive: &Archive<'_>, pattern: &str) -> Vec<ColumnId> {
    let dotted = match pattern.rsplit_once('/') {
        Some((table, column)) => format!("{table}.{column}"),
        None => String::new(),
    };
    let spellings = [pattern.to_owned(), dotted.clone(), format!("/{pattern}"), format!("/{dotted}")];
    let mut found = spellings.iter().map(|spelling| archive.find(spelling));
    found.find(|ids| !ids.is_empty()).unwrap_or_default()
}

/// The rows asked for, within a table.
fn rows(arguments: &CatArguments, table: &Table) -> Result<Range<u64>, Failure> {
    let asked = arguments.rows.clone().unwrap_or(None..None);
    let (from, to) = (asked.start.unwrap_or(0), asked.end.unwrap_or(table.rows));
    if from > to || to > table.rows {
        let rows = table.rows;
        return Err(Failure::usage(format!(
            "rows {from}..{to} are not in {:?}, which has {rows}",
            table.name
        )));
    }
    Ok(from..to)
}

/// A column's name, with its table in front if another chosen column has the same.
fn heading(chosen: &[Chosen<'_>], this: &Chosen<'_>) -> String {
    let alone = chosen.iter().filter(|other| other.column.name == this.column.name).count() == 1;
    if alone || this.table.name.is_empty() {
        this.column.name.clone()
    } else {
        format!("{}/{}", this.table.name, this.column.name)
    }
}

/// A field of CSV, quoted where RFC 4180 asks for it.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn csv(
    archive: &Archive<'_>,
    chosen: &[Chosen<'_>],
    arguments: &CatArguments,
    sink: &mut dyn Write,
) -> Result<(), Failure> {
    let Some(first) = chosen.first() else { return Ok(()) };
    if let Some(other) = chosen.iter().find(|other| other.table.rows != first.table.rows) {
        return Err(Failure::usage(format!(
            "tables {:?} and {:?} have {} and {} rows, and CSV has one; choose --columns of one, --tree, or --to npz",
            first.table.name, other.table.name, first.table.rows, other.table.rows
        )));
    }
    let rows = rows(arguments, first.table)?;
    let names: Vec<String> = chosen.iter().map(|this| quoted(&heading(chosen, this))).collect();
    let mut text = names.join(",") + "\n";
    let ids: Vec<ColumnId> = chosen.iter().map(|this| this.id).collect();
    // Of a column of labels the labels are written, not their numbers.
    let labels = |&id: &ColumnId| -> Option<Vec<String>> {
        Some(archive.labels(id)?.iter().map(|label| quoted(label)).collect())
    };
    let labels: Vec<Option<Vec<String>>> = ids.iter().map(labels).collect();
    let row_bytes: u64 = chosen.iter().map(|this| this.column.scalar.bytes() as u64).sum();
    let step = (STEP_BYTES.min(arguments.memory.bytes) / row_bytes.max(1)).max(1);
    let mut from = rows.start;
    while from < rows.end {
        let to = rows.end.min(from.saturating_add(step));
        let values = archive.read(&ids, from..to)?;
        for row in 0..(to - from) as usize {
            for (number, (column, labels)) in values.iter().zip(&labels).enumerate() {
                if number > 0 {
                    text.push(',');
                }
                match labels.as_ref().and_then(|labels| labels.get(usize::try_from(column.raw(row)).ok()?)) {
                    Some(label) => text += label,
                    None => put_value(&mut text, column, row),
                }
            }
            text.push('\n');
            if text.len() >= TEXT_BYTES {
                sink.write_all(text.as_bytes()).map_err(|e| wrote(&e))?;
                text.clear();
            }
        }
        from = to;
    }
    sink.write_all(text.as_bytes()).map_err(|e| wrote(&e))
}

/// The dataset's own shape where whole outer rows were asked for, else one dimension.
fn shape(table: &Table, rows: &Range<u64>) -> Vec<u64> {
    let inner: u64 = table.inner.iter().product();
    let whole = inner > 0 && rows.start.is_multiple_of(inner) && rows.end.is_multiple_of(inner);
    if !whole || table.row_order != RowOrder::Logical {
        return vec![rows.end - rows.start];
    }
    let outer = (rows.end - rows.start) / inner;
    std::iter::once(outer).chain(table.inner.iter().copied()).collect()
}

fn read_one(
    archive: &Archive<'_>,
    this: &Chosen<'_>,
    arguments: &CatArguments,
) -> Result<(Vec<u64>, Values), Failure> {
    let rows = rows(arguments, this.table)?;
    let mut values = archive.read(&[this.id], rows.clone())?;
    let values = values.pop().ok_or_else(|| Failure::usage("the column was not read"))?;
    Ok((shape(this.table, &rows), values))
}

fn npz(
    archive: &Archive<'_>,
    chosen: &[Chosen<'_>],
    arguments: &CatArguments,
    sink: &mut dyn Write,
) -> Result<(), Failure> {
    let mut npz = NpzWriter::new(sink);
    for this in chosen {
        let (shape, values) = read_one(archive, this, arguments)?;
        npz.add(&heading(chosen, this), &shape, &values).map_err(|e| wrote(&e))?;
    }
    npz.finish().map(|_| ()).map_err(|e| wrote(&e))
}

fn npy(
    archive: &Archive<'_>,
    chosen: &[Chosen<'_>],
    arguments: &CatArguments,
    sink: &mut dyn Write,
) -> Result<(), Failure> {
    for this in chosen {
        let (shape, values) = read_one(archive, this, arguments)?;
        sink.write_all(&npy_header(values.scalar(), &shape)).map_err(|e| wrote(&e))?;
        sink.write_all(values.as_bytes()).map_err(|e| wrote(&e))?;
    }
    Ok(())
}
