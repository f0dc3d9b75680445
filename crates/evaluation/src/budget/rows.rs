//! Rows: the columns of observables, found and read.
//!
//! In: the tables of a file, observables. Out: their columns, a stretch of rows at a time.
//! Not here: what is done with the values.
//! Holds: all columns are of one table, so that a row is a row; memory is bounded, tables that fit are read once.

use super::error::BudgetError;
use crate::Observable;
use hepz::TableReader;
use hepz_columns::{Scalar, Table, Values};
use hepz_precision::Layout;
use std::ops::Range;

/// Rows of a stretch.
const STRETCH_ROWS: u64 = 1 << 16;
/// Tables up to this size stay in memory between passes.
const KEPT_BYTES: u64 = 512 << 20;
/// Names that an error lists.
const LISTED: usize = 40;

/// The columns that some observables need.
pub(super) struct Rows<'a, 'b> {
    reader: &'a TableReader<'b>,
    table: usize,
    /// Names in the observables.
    names: Vec<String>,
    /// Columns of the table, one for each name.
    columns: Vec<usize>,
    kept: Vec<Vec<Values>>,
}

/// The column that a name stands for, by itself or with its table in front.
fn column_of(table: &Table, name: &str) -> Option<usize> {
    let own = |name: &str| table.columns.iter().position(|column| column.name == name);
    let after_table = name.strip_prefix(table.name.as_str()).and_then(|rest| rest.strip_prefix(['.', '/']));
    own(name).or_else(|| after_table.and_then(own))
}

impl<'a, 'b> Rows<'a, 'b> {
    /// Finds the table.
    pub(super) fn of(
        reader: &'a TableReader<'b>,
        observables: &[&Observable],
    ) -> Result<Rows<'a, 'b>, BudgetError> {
        let mut names: Vec<String> = Vec::new();
        for name in observables.iter().flat_map(|observable| observable.columns()) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let tables = reader.tables();
        let has_all = |table: &Table| names.iter().all(|name| column_of(table, name).is_some());
        let fitting: Vec<usize> = (0..tables.len()).filter(|&at| has_all(&tables[at])).collect();
        let &[table] = fitting.as_slice() else {
            return Err(if fitting.is_empty() {
                missing(tables, names)
            } else {
                ambiguous(tables, &fitting)
            });
        };
        let columns = names.iter().filter_map(|name| column_of(&tables[table], name)).collect();
        Ok(Rows { reader, table, names, columns, kept: Vec::new() })
    }

    pub(super) fn len(&self) -> u64 {
        self.reader.tables()[self.table].rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn table(&self) -> &str {
        &self.reader.tables()[self.table].name
    }

    pub(super) fn scalar(&self, at: usize) -> Scalar {
        self.reader.tables()[self.table].columns[self.columns[at]].scalar
    }

    /// The name of a column with that of its table.
    pub(super) fn full_name(&self, at: usize) -> String {
        let column = &self.reader.tables()[self.table].columns[self.columns[at]].name;
        if self.table().is_empty() { column.clone() } else { format!("{}.{column}", self.table()) }
    }

    /// Which of the columns an observable takes, in its order.
    pub(super) fn places(&self, observable: &Observable) -> Vec<usize> {
        let place = |name: &String| self.names.iter().position(|known| known == name);
        observable.columns().iter().filter_map(place).collect()
    }

    pub(super) fn read(&self, rows: Range<u64>) -> Result<Vec<Values>, BudgetError> {
        Ok(self.reader.read(self.table, &self.columns, rows)?)
    }

    /// Hands over all rows, with the number of the first of each stretch.
    pub(super) fn each(&mut self, mut take: impl FnMut(u64, &[Values])) -> Result<(), BudgetError> {
        let total = self.len();
        let widths: u64 = (0..self.columns.len()).map(|at| self.scalar(at).bytes() as u64).sum();
        let keeps = total.saturating_mul(widths) <= KEPT_BYTES;
        for stretch in 0..total.div_ceil(STRETCH_ROWS) {
            let first = stretch * STRETCH_ROWS;
            if let Some(values) = self.kept.get(stretch as usize) {
                take(first, values);
                continue;
            }
            let values = self.read(first..total.min(first + STRETCH_ROWS))?;
            take(first, &values);
            if keeps {
                self.kept.push(values);
            }
        }
        Ok(())
    }
}

fn missing(tables: &[Table], names: Vec<String>) -> BudgetError {
    let nowhere = |name: &&String| tables.iter().all(|table| column_of(table, name).is_none());
    let name = names.iter().find(nowhere).or(names.first()).cloned().unwrap_or_default();
    let full = |table: &Table| {
        let prefix = if table.name.is_empty() { String::new() } else { format!("{}.", table.name) };
        table.columns.iter().map(move |column| format!("{prefix}{}", column.name)).collect::<Vec<String>>()
    };
    let all: Vec<String> = tables.iter().flat_map(full).collect();
    let mut known = all.iter().take(LISTED).cloned().collect::<Vec<String>>().join(", ");
    if all.len() > LISTED {
        known += &format!(" and {} more", all.len() - LISTED);
    }
    BudgetError::NoSuchColumn { name, known }
}

fn ambiguous(tables: &[Table], fitting: &[usize]) -> BudgetError {
    let names: Vec<&str> = fitting.iter().map(|&at| tables[at].name.as_str()).collect();
    BudgetError::Ambiguous { tables: names.join(", ") }
}

/// Values as binary64: floats of any width exactly, integers to the nearest.
pub(super) fn numbers(values: &Values) -> Vec<f64> {
    let scalar = values.scalar();
    let layout = Layout::of(scalar);
    let one = |row: usize| {
        let raw = values.raw(row);
        match layout {
            Some(layout) => layout.to_f64(raw),
            None if scalar.is_signed_integer() => {
                let unused = 64 - scalar.bits();
                (((raw << unused) as i64) >> unused) as f64
            }
            None => raw as f64,
        }
    };
    (0..values.len()).map(one).collect()
}
