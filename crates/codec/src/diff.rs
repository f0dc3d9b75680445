//! Differences: what two files or archives do not have in common.
//!
//! In: two sources. Out: a [`Difference`]: tables, columns, values; events; bytes.
//! Not here: printing it (`hepz-cli`), reading either (`contents`).
//! Holds: values are compared as numbers: NaN equals NaN, 0 equals -0; memory is that of a step of both.

use crate::contents::{Contents, EventTexts, with_contents};
use crate::{ArchiveError, ColumnId, Limits};
use hepz_columns::{Scalar, Table, Values};
use hepz_formats::Source;
use hepz_transforms::order::to_number;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a table that are compared at a time; more than a chunk, so that few are decoded twice.
const STEP_BYTES: u64 = 64 << 20;

/// One of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    A,
    /// The second.
    B,
}

/// What differs between two files.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// Both are the same, byte for byte.
    pub identical: bool,
    /// Both have the same content: the same bytes, or the same values in the same tables, or the same events.
    pub equal: bool,
    /// Formats, empty if none was recognised.
    pub formats: [String; 2],
    /// Lengths of the files.
    pub bytes: [u64; 2],
    /// Tables that differ.
    pub tables: Vec<TableDifference>,
    /// Tables that are compared and equal.
    pub equal_tables: u64,
    /// Of event records: what differs.
    pub events: Option<EventDifference>,
    /// Of files without tables and events: the first byte that differs.
    pub first_byte: Option<u64>,
    /// What else a user should know.
    pub notes: Vec<String>,
}

/// What differs in a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TableDifference {
    /// Its name.
    pub name: String,
    /// The only one that has it.
    pub only_in: Option<Side>,
    /// Numbers of rows.
    pub rows: [u64; 2],
    /// Columns that differ.
    pub columns: Vec<ColumnDifference>,
}

/// What differs in a column.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ColumnDifference {
    /// Its name.
    pub name: String,
    /// The only one that has it.
    pub only_in: Option<Side>,
    /// Types, if they differ; values are then compared as doubles.
    pub types: Option<[&'static str; 2]>,
    /// Values that differ, in the rows that both have.
    pub values: u64,
    /// The first row with another value.
    pub first_row: Option<u64>,
    /// Largest difference of finite numbers.
    pub largest_absolute: f64,
    /// Largest difference of finite numbers, by the larger of the two.
    pub largest_relative: f64,
}

/// What differs between event records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventDifference {
    /// Numbers of events.
    pub events: [u64; 2],
    /// Events of the same number whose text differs.
    pub differing: u64,
    /// The first of these, counted from 0.
    pub first: Option<u64>,
    /// The text outside the events differs.
    pub around: bool,
}

/// Compares two files or archives by what they hold.
///
/// # Errors
/// What reading either meets.
pub fn diff(a: &dyn Source, b: &dyn Source, limits: Limits) -> Result<Difference, ArchiveError> {
    with_contents(a, limits, |a| with_contents(b, limits, |b| compare(a, b)))
}

fn compare(a: &Contents<'_>, b: &Contents<'_>) -> Result<Difference, ArchiveError> {
    let (sums_a, sums_b) = (a.sums()?, b.sums()?);
    let mut found = Difference {
        identical: sums_a == sums_b,
        formats: [a.format.clone(), b.format.clone()],
        bytes: [sums_a.bytes, sums_b.bytes],
        ..Difference::default()
    };
    if found.identical {
        found.equal = true;
        return Ok(found);
    }
    if let (Some(events_a), Some(events_b)) = (a.events(), b.events()) {
        let events = compare_events(events_a, events_b)?;
        found.equal = events.differing == 0 && events.events[0] == events.events[1] && !events.around;
        found.events = Some(events);
    } else if a.tables().is_empty() || b.tables().is_empty() {
        if a.tables().len() + b.tables().len() > 0 || a.events().is_some() || b.events().is_some() {
            found.notes.push("one of them has no tables, so bytes are compared".to_owned());
        }
        found.first_byte = Some(first_difference(a, b)?);
    } else {
        compare_tables(a, b, &mut found)?;
        found.equal = found.tables.is_empty();
        if found.equal {
            found.notes.push("bytes outside the tables differ".to_owned());
        }
        let text = |format: &str| ["csv", "tsv", "text table"].contains(&format);
        if found.equal && text(&a.format) && text(&b.format) && a.format == b.format {
            // Cells that are no numbers lie outside the columns.
            found.equal = false;
            found.first_byte = Some(first_difference(a, b)?);
            found.notes.push("numbers are equal; other cells, or how they are written, differ".to_owned());
        }
    }
    Ok(found)
}

/// The first byte that differs.
fn first_difference(a: &Contents<'_>, b: &Contents<'_>) -> Result<u64, ArchiveError> {
    let spool = a.spooled()?;
    let (mut at, mut first, mut held) = (0u64, None, Vec::new());
    b.bytes(&mut |bytes| {
        let here = spool.len().saturating_sub(at).min(bytes.len() as u64) as usize;
        held.resize(here, 0);
        if here > 0 {
            spool.read_at(at, &mut held).map_err(ArchiveError::Io)?;
        }
        if first.is_none() {
            let same = held.iter().zip(bytes).take_while(|(a, b)| a == b).count();
            first = (same < bytes.len()).then_some(at + same as u64);
        }
        at += bytes.len() as u64;
        Ok(())
    })?;
    Ok(first.unwrap_or(at))
}

fn compare_events(mut a: EventTexts<'_>, mut b: EventTexts<'_>) -> Result<EventDifference, ArchiveError> {
    let mut found = EventDifference::default();
    let next = |texts: &mut EventTexts<'_>, around: &mut Vec<Vec<u8>>| loop {
        match texts.next()? {
            Some((true, text)) => return Ok::<_, ArchiveError>(Some(text)),
            Some((false, text)) => around.push(text),
            None => return Ok(None),
        }
    };
    let (mut around_a, mut around_b) = (Vec::new(), Vec::new());
    loop {
        let (event_a, event_b) = (next(&mut a, &mut around_a)?, next(&mut b, &mut around_b)?);
        found.around |= around_a != around_b;
        around_a.clear();
        around_b.clear();
        found.events[0] += u64::from(event_a.is_some());
        found.events[1] += u64::from(event_b.is_some());
        match (event_a, event_b) {
            (None, None) => return Ok(found),
            (Some(event_a), Some(event_b)) if event_a != event_b => {
                found.differing += 1;
                found.first.get_or_insert(found.events[0] - 1);
            }
            _ => {}
        }
    }
}

fn compare_tables(a: &Contents<'_>, b: &Contents<'_>, found: &mut Difference) -> Result<(), ArchiveError> {
    let by_name = |tables: &[Table]| {
        let mut names = BTreeMap::new();
        for (index, table) in tables.iter().enumerate() {
            names.entry(table.name.clone()).or_insert(index);
        }
        names
    };
    let (of_a, of_b) = (by_name(a.tables()), by_name(b.tables()));
    let names: BTreeSet<&String> = of_a.keys().chain(of_b.keys()).collect();
    for name in names {
        let (index_a, index_b) = (of_a.get(name), of_b.get(name));
        let rows = |contents: &Contents<'_>, index: Option<&usize>| {
            index.and_then(|&index| contents.tables().get(index)).map_or(0, |table| table.rows)
        };
        let mut table = TableDifference {
            name: name.clone(),
            only_in: None,
            rows: [rows(a, index_a), rows(b, index_b)],
            columns: Vec::new(),
        };
        match (index_a, index_b) {
            (Some(&index_a), Some(&index_b)) => {
                table.columns = compare_columns(a, index_a, b, index_b)?;
            }
            (Some(_), None) => table.only_in = Some(Side::A),
            _ => table.only_in = Some(Side::B),
        }
        if table.only_in.is_some() || table.rows[0] != table.rows[1] || !table.columns.is_empty() {
            found.tables.push(table);
        } else {
            found.equal_tables += 1;
        }
    }
    Ok(())
}

/// A column that both have.
struct Pair {
    at: [usize; 2],
    scalars: [Scalar; 2],
    labels: Option<[Vec<String>; 2]>,
    found: ColumnDifference,
}

fn compare_columns(
    a: &Contents<'_>,
    index_a: usize,
    b: &Contents<'_>,
    index_b: usize,
) -> Result<Vec<ColumnDifference>, ArchiveError> {
    let (Some(table_a), Some(table_b)) = (a.tables().get(index_a), b.tables().get(index_b)) else {
        return Ok(Vec::new());
    };
    let (mut pairs, mut differences) = (Vec::new(), Vec::new());
    let only = |name: &str, side| ColumnDifference {
        name: name.to_owned(),
        only_in: Some(side),
        ..ColumnDifference::default()
    };
    for (at_a, column) in table_a.columns.iter().enumerate() {
        let Some(at_b) = table_b.columns.iter().position(|other| other.name == column.name) else {
            differences.push(only(&column.name, Side::A));
            continue;
        };
        let scalars = [column.scalar, table_b.columns[at_b].scalar];
        let id = |table: usize, column: usize| ColumnId { table: table as u32, column: column as u32 };
        let labels = a.labels(id(index_a, at_a)).zip(b.labels(id(index_b, at_b))).map(|(a, b)| [a, b]);
        let types = (scalars[0] != scalars[1] && labels.is_none()).then(|| scalars.map(Scalar::name));
        let found = ColumnDifference { name: column.name.clone(), types, ..ColumnDifference::default() };
        pairs.push(Pair { at: [at_a, at_b], scalars, labels, found });
    }
    for column in &table_b.columns {
        if table_a.columns.iter().all(|other| other.name != column.name) {
            differences.push(only(&column.name, Side::B));
        }
    }
    let rows = table_a.rows.min(table_b.rows);
    let row_bytes = u64::from(table_a.row_bytes.max(table_b.row_bytes).max(1));
    let step = (STEP_BYTES / row_bytes).max(1);
    let mut from = 0;
    while from < rows && !pairs.is_empty() {
        let to = rows.min(from + step);
        let (values_a, values_b) = (a.read(index_a, from..to)?, b.read(index_b, from..to)?);
        for pair in &mut pairs {
            if let (Some(a), Some(b)) = (values_a.get(pair.at[0]), values_b.get(pair.at[1])) {
                pair.compare(a, b, from);
            }
        }
        from = to;
    }
    let compared = pairs.into_iter().map(|pair| pair.found);
    differences.extend(compared.filter(|found| found.values > 0 || found.types.is_some()));
    Ok(differences)
}

impl Pair {
    fn compare(&mut self, a: &Values, b: &Values, first: u64) {
        if a == b && self.labels.as_ref().is_none_or(|[a, b]| a == b) {
            return;
        }
        let numbers = self.labels.is_none();
        for row in 0..a.len().min(b.len()) {
            let (raw_a, raw_b) = (a.raw(row), b.raw(row));
            let (x, y) = (to_number(raw_a, self.scalars[0]), to_number(raw_b, self.scalars[1]));
            let differs = match &self.labels {
                Some([of_a, of_b]) => label(of_a, raw_a) != label(of_b, raw_b),
                None if self.scalars[0] == self.scalars[1] && raw_a == raw_b => false,
                None if self.scalars[0] == self.scalars[1] && !self.scalars[0].is_float() => true,
                None => x != y && !(x.is_nan() && y.is_nan()),
            };
            if !differs {
                continue;
            }
            self.found.values += 1;
            self.found.first_row.get_or_insert(first + row as u64);
            let absolute = (x - y).abs();
            if numbers && absolute.is_finite() {
                let larger = x.abs().max(y.abs());
                self.found.largest_absolute = self.found.largest_absolute.max(absolute);
                let relative = if larger > 0.0 { absolute / larger } else { 0.0 };
                self.found.largest_relative = self.found.largest_relative.max(relative);
            }
        }
    }
}

fn label(labels: &[String], raw: u64) -> Option<&String> {
    usize::try_from(raw).ok().and_then(|raw| labels.get(raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_of_other_patterns_do_not_differ() {
        let values = |numbers: &[f64]| {
            Values::from_raw(Scalar::F64, &numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
        };
        let mut pair =
            Pair { at: [0, 0], scalars: [Scalar::F64; 2], labels: None, found: ColumnDifference::default() };
        let nan = f64::from_bits(0x7ff8_0000_0000_0001);
        pair.compare(&values(&[0.0, f64::NAN, 4.0, 1.0]), &values(&[-0.0, nan, 5.0, f64::NAN]), 100);
        let found = pair.found;
        assert_eq!((found.values, found.first_row), (2, Some(102)));
        assert_eq!((found.largest_absolute, found.largest_relative), (1.0, 0.2));
    }
}
