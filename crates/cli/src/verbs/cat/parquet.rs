//! `hepz cat --to parquet`: columns, entries of a tree, or particles as a Parquet file.
//!
//! In: an archive, what was chosen of it. Out: a Parquet file whose rows are those of the tables, the entries, or the
//! particles. A dataset of shape (1000, 40, 3) has 1000 rows of lists of 40 lists of 3; tables with as many outer rows
//! stand side by side. Units are in the file's notes, under `hepz.units`, as JSON.
//! Not here: the file format (`crate::parquet`).
//! Holds: values are read some 128 MiB at a time, and row groups have some 100,000 rows.

use super::{Chosen, STEP_BYTES, heading};
use crate::arguments::CatArguments;
use crate::exit::Failure;
use crate::parquet::{Column, Field, Lists, ParquetWriter};
use hepz::{Archive, BranchView, ColumnId, Jagged, Values};
use hepz_columns::{RowOrder, Scalar, Table};
use parquet::errors::ParquetError;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

/// Rows of a row group: what readers take as a unit of work.
const GROUP_ROWS: u64 = 100_000;

fn wrote(error: ParquetError) -> Failure {
    let error = match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        other => io::Error::other(other),
    };
    super::wrote(&error)
}

/// What a reader of the file may want to know beside its values.
fn notes(archive: &Archive<'_>, units: BTreeMap<String, String>) -> Vec<(String, String)> {
    let mut notes = Vec::new();
    notes.extend(archive.header().name.clone().map(|name| ("hepz.file".to_owned(), name)));
    if !units.is_empty() {
        notes.push(("hepz.units".to_owned(), serde_json::json!(units).to_string()));
    }
    notes
}

/// Rows that are read at a time, in whole row groups where possible.
fn step(arguments: &CatArguments, row_bytes: u64) -> u64 {
    let rows = (STEP_BYTES.min(arguments.memory.bytes / 4) / row_bytes.max(1)).max(1);
    if rows > GROUP_ROWS { rows / GROUP_ROWS * GROUP_ROWS } else { rows }
}

/// Writes `rows` of what `read` gives, step by step.
fn write<T>(
    writer: &mut ParquetWriter<'_>,
    rows: Range<u64>,
    step: u64,
    read: impl Fn(Range<u64>) -> Result<Vec<T>, Failure>,
    column: impl Fn(usize, &T) -> Column<'_>,
) -> Result<(), Failure> {
    let mut from = rows.start;
    while from < rows.end {
        let to = rows.end.min(from.saturating_add(step));
        let held = read(from..to)?;
        let columns: Vec<Column<'_>> = held.iter().enumerate().map(|(at, held)| column(at, held)).collect();
        let mut done = 0;
        while done < to - from {
            let end = (to - from).min(done + GROUP_ROWS);
            writer.add(&columns, done..end).map_err(wrote)?;
            done = end;
        }
        from = to;
    }
    Ok(())
}

/// Lengths of the lists that a row of the Parquet file has: inner dimensions, if outer rows are whole.
fn inner(table: &Table) -> &[u64] {
    let each = table.inner.iter().try_fold(1u64, |each, &length| each.checked_mul(length));
    match each {
        Some(each) if each > 0 && table.rows.is_multiple_of(each) && table.row_order == RowOrder::Logical => {
            &table.inner
        }
        _ => &[],
    }
}

/// Writes chosen columns of tables that have the same number of outer rows.
pub(super) fn tables(
    archive: &Archive<'_>,
    chosen: &[Chosen<'_>],
    arguments: &CatArguments,
    sink: &mut dyn Write,
) -> Result<(), Failure> {
    let each = |this: &Chosen<'_>| inner(this.table).iter().product::<u64>().max(1);
    let outer = |this: &Chosen<'_>| this.table.rows / each(this);
    let Some(first) = chosen.first() else { return Ok(()) };
    if let Some(other) = chosen.iter().find(|other| outer(other) != outer(first)) {
        return Err(Failure::usage(format!(
            "tables {:?} and {:?} have {} and {} rows, and Parquet has one; choose --columns of one, or --tree",
            first.table.name,
            other.table.name,
            outer(first),
            outer(other)
        )));
    }
    let asked = arguments.rows.clone().unwrap_or(None..None);
    let rows = asked.start.unwrap_or(0)..asked.end.unwrap_or(outer(first));
    if rows.start > rows.end || rows.end > outer(first) {
        let (from, to, has) = (rows.start, rows.end, outer(first));
        return Err(Failure::usage(format!(
            "rows {from}..{to} are not in {:?}, which has {has}",
            first.table.name
        )));
    }
    let mut units = BTreeMap::new();
    let fields = chosen.iter().map(|this| {
        let name = heading(chosen, this);
        if !this.column.unit.is_empty() {
            units.insert(name.clone(), this.column.unit.clone());
        }
        let depth = inner(this.table).len();
        Field { name, scalar: this.column.scalar, depth, labels: archive.labels(this.id) }
    });
    let fields: Vec<Field> = fields.collect();
    let row_bytes: u64 = chosen.iter().map(|this| this.column.scalar.bytes() as u64 * each(this)).sum();
    let mut writer = ParquetWriter::new(sink, fields, notes(archive, units)).map_err(wrote)?;
    let read = |rows: Range<u64>| -> Result<Vec<Values>, Failure> {
        let mut read: Vec<Option<Values>> = chosen.iter().map(|_| None).collect();
        // Columns of a table together, which decodes what they share once.
        for (at, this) in chosen.iter().enumerate() {
            if read[at].is_some() {
                continue;
            }
            let same = |other: &&Chosen<'_>| other.id.table == this.id.table;
            let ids: Vec<ColumnId> = chosen.iter().filter(same).map(|other| other.id).collect();
            let whole = rows.start * each(this)..rows.end * each(this);
            let mut values = archive.read(&ids, whole)?.into_iter();
            for (place, other) in read.iter_mut().zip(chosen) {
                if other.id.table == this.id.table {
                    *place = values.next();
                }
            }
        }
        read.into_iter().collect::<Option<_>>().ok_or_else(|| Failure::usage("a column was not read"))
    };
    write(&mut writer, rows, step(arguments, row_bytes), read, |at, values| Column {
        lists: chosen[at].table.inner[..inner(chosen[at].table).len()]
            .iter()
            .map(|&n| Lists::Fixed(n))
            .collect(),
        values,
    })?;
    writer.finish().map_err(wrote)
}

/// Writes entries of a tree.
pub(super) fn entries(
    archive: &Archive<'_>,
    branches: &[&BranchView],
    entries: Range<u64>,
    entry_bytes: u64,
    arguments: &CatArguments,
    sink: &mut dyn Write,
) -> Result<(), Failure> {
    let mut units = BTreeMap::new();
    let mut fields = Vec::new();
    for branch in branches {
        let column = branch.columns.first().and_then(|id| {
            archive.tables().get(id.table as usize).and_then(|table| table.columns.get(id.column as usize))
        });
        let Some(column) = column else { continue };
        if !column.unit.is_empty() {
            units.insert(branch.name.clone(), column.unit.clone());
        }
        let labels = match &branch.columns[..] {
            [id] => archive.labels(*id),
            _ => None,
        };
        let depth = branch.depth + usize::from(branch.columns.len() > 1);
        fields.push(Field { name: branch.name.clone(), scalar: column.scalar, depth, labels });
    }
    let mut writer = ParquetWriter::new(sink, fields, notes(archive, units)).map_err(wrote)?;
    let read = |entries| -> Result<Vec<Jagged>, Failure> { Ok(archive.read_branches(branches, entries)?) };
    write(&mut writer, entries, step(arguments, entry_bytes), read, |_, jagged| {
        let mut lists: Vec<Lists<'_>> = jagged.offsets.iter().map(|offsets| Lists::Jagged(offsets)).collect();
        if jagged.per_item > 1 {
            lists.push(Lists::Fixed(jagged.per_item as u64));
        }
        Column { lists, values: &jagged.values }
    })?;
    writer.finish().map_err(wrote)
}

/// Writes particles of some events, a few chunks of events at a time.
pub(super) fn particles(
    archive: &Archive<'_>,
    events: Range<u64>,
    sink: &mut dyn Write,
) -> Result<(), Failure> {
    let empty = archive.read_particles(events.start..events.start)?;
    let field = |(name, values): (&str, Values)| Field {
        name: name.to_owned(),
        scalar: values.scalar(),
        depth: 0,
        labels: None,
    };
    let fields: Vec<Field> = empty.columns().map(field).collect();
    debug_assert!(fields.iter().any(|field| field.scalar == Scalar::F64));
    let mut writer = ParquetWriter::new(sink, fields, notes(archive, BTreeMap::new())).map_err(wrote)?;
    for chunk in archive.event_chunks()? {
        let wanted = events.start.max(chunk.start)..events.end.min(chunk.end);
        if wanted.start >= wanted.end {
            continue;
        }
        let particles = archive.read_particles(wanted)?;
        let read = |_| Ok(particles.columns().map(|(_, values)| values).collect());
        let rows = particles.len() as u64;
        write(&mut writer, 0..rows, rows, read, |_, values| Column { lists: Vec::new(), values })?;
    }
    writer.finish().map_err(wrote)
}
