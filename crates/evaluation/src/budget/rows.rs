//! Rows: the columns of observables, found and read.
//!
//! In: the tables of a file, observables. Out: their inputs, a stretch of rows at a time.
//! Not here: what is done with the values.
//! Holds: all inputs are of one table, or of one tree, so that a row is an event; memory is bounded, inputs that fit
//! are read once.
//!
//! An input is a column, or the n-th item of a column of lists. Several inputs may be of one column, which then has
//! one contract.

use super::error::BudgetError;
use crate::Observable;
use hepz::{ColumnId, TableReader, TreeView, trees};
use hepz_columns::{Scalar, Table, Values};
use hepz_precision::Layout;
use std::ops::Range;

/// Rows of a stretch.
const STRETCH_ROWS: u64 = 1 << 16;
/// Tables up to this size stay in memory between passes.
const KEPT_BYTES: u64 = 512 << 20;
/// Names that an error lists.
const LISTED: usize = 40;

/// What an observable takes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    /// The value of a column.
    Value(ColumnId),
    /// The n-th item of its list, which may be missing.
    Item { items: ColumnId, offsets: ColumnId, at: u64 },
}

impl Input {
    fn column(self) -> ColumnId {
        match self {
            Input::Value(column) => column,
            Input::Item { items, .. } => items,
        }
    }
}

/// The inputs that some observables need.
pub(super) struct Rows<'a, 'b> {
    reader: &'a TableReader<'b>,
    /// The table or tree, and its rows.
    name: String,
    rows: u64,
    /// Names in the observables, and what they stand for.
    names: Vec<String>,
    inputs: Vec<Input>,
    /// The columns of these, each once.
    columns: Vec<ColumnId>,
    kept: Vec<Vec<Values>>,
}

/// What follows the name of a table or tree, or the whole name.
fn without<'n>(owner: &str, name: &'n str) -> &'n str {
    name.strip_prefix(owner).and_then(|rest| rest.strip_prefix(['.', '/'])).unwrap_or(name)
}

/// The column that a name stands for, by itself or with its table in front.
fn column_of(table: &Table, name: &str) -> Option<usize> {
    let own = |name: &str| table.columns.iter().position(|column| column.name == name);
    own(name).or_else(|| own(without(&table.name, name)))
}

fn in_table(tables: &[Table], at: usize, name: &str) -> Option<Input> {
    let column = column_of(tables.get(at)?, name)?;
    Some(Input::Value(ColumnId { table: u32::try_from(at).ok()?, column: u32::try_from(column).ok()? }))
}

/// A branch with one value for each entry, or `branch[n]` of an array or a list.
fn in_tree(tree: &TreeView, name: &str) -> Option<Input> {
    let name = without(&tree.name, name);
    let branch = |name: &str| tree.branches.iter().find(|branch| branch.name == name);
    if let Some(branch) = branch(name)
        && let ([column], []) = (branch.columns.as_slice(), branch.offsets.as_slice())
    {
        return Some(Input::Value(*column));
    }
    let (name, number) = name.strip_suffix(']')?.rsplit_once('[')?;
    let (branch, at) = (branch(name)?, number.parse::<u64>().ok()?);
    match (branch.columns.as_slice(), branch.offsets.as_slice()) {
        (columns, []) => columns.get(usize::try_from(at).ok()?).copied().map(Input::Value),
        ([items], [offsets]) => Some(Input::Item { items: *items, offsets: *offsets, at }),
        _ => None,
    }
}

impl<'a, 'b> Rows<'a, 'b> {
    /// Finds the table, or the tree.
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
        let mut fitting: Vec<(String, u64, Vec<Input>)> = Vec::new();
        for (at, table) in tables.iter().enumerate() {
            let inputs: Option<Vec<Input>> = names.iter().map(|name| in_table(tables, at, name)).collect();
            fitting.extend(inputs.map(|inputs| (table.name.clone(), table.rows, inputs)));
        }
        if fitting.is_empty() {
            for tree in trees(tables) {
                let inputs: Option<Vec<Input>> = names.iter().map(|name| in_tree(&tree, name)).collect();
                fitting.extend(inputs.map(|inputs| (tree.name.clone(), tree.entries, inputs)));
            }
        }
        if fitting.len() > 1 {
            let tables: Vec<&str> = fitting.iter().map(|(name, ..)| name.as_str()).collect();
            return Err(BudgetError::Ambiguous { tables: tables.join(", ") });
        }
        let Some((name, rows, inputs)) = fitting.pop() else { return Err(missing(tables, names)) };
        let mut columns: Vec<ColumnId> = Vec::new();
        for input in &inputs {
            if !columns.contains(&input.column()) {
                columns.push(input.column());
            }
        }
        Ok(Rows { reader, name, rows, names, inputs, columns, kept: Vec::new() })
    }

    pub(super) fn len(&self) -> u64 {
        self.rows
    }

    pub(super) fn inputs(&self) -> usize {
        self.inputs.len()
    }

    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The column of each input.
    pub(super) fn columns_of_inputs(&self) -> Vec<usize> {
        let place = |input: &Input| self.columns.iter().position(|&column| column == input.column());
        self.inputs.iter().filter_map(place).collect()
    }

    pub(super) fn table(&self) -> &str {
        &self.name
    }

    fn scalar_of(&self, id: ColumnId) -> Scalar {
        self.reader.tables()[id.table as usize].columns[id.column as usize].scalar
    }

    pub(super) fn scalar(&self, column: usize) -> Scalar {
        self.scalar_of(self.columns[column])
    }

    /// The name of a column with that of its table.
    pub(super) fn full_name(&self, column: usize) -> String {
        let id = self.columns[column];
        let table = &self.reader.tables()[id.table as usize];
        let column = &table.columns[id.column as usize].name;
        if table.name.is_empty() { column.clone() } else { format!("{}.{column}", table.name) }
    }

    /// Which of the inputs an observable takes, in its order.
    pub(super) fn places(&self, observable: &Observable) -> Vec<usize> {
        let place = |name: &String| self.names.iter().position(|known| known == name);
        observable.columns().iter().filter_map(place).collect()
    }

    /// Some rows of every input.
    pub(super) fn read(&self, rows: Range<u64>) -> Result<Vec<Values>, BudgetError> {
        self.inputs.iter().map(|&input| self.read_input(input, rows.clone())).collect()
    }

    fn read_column(&self, id: ColumnId, rows: Range<u64>) -> Result<Values, BudgetError> {
        let read = self.reader.read(id.table as usize, &[id.column as usize], rows)?;
        Ok(read.into_iter().next().unwrap_or_else(|| Values::with_capacity(self.scalar_of(id), 0)))
    }

    /// Missing items are NaN, integers among items numbers of binary64: they are never rounded.
    fn read_input(&self, input: Input, rows: Range<u64>) -> Result<Values, BudgetError> {
        let (items, offsets, at) = match input {
            Input::Value(column) => return self.read_column(column, rows),
            Input::Item { items, offsets, at } => (items, offsets, at),
        };
        let offsets = self.read_column(offsets, rows.start..rows.end.saturating_add(1))?.to_raw();
        let (Some(&from), Some(&to)) = (offsets.first(), offsets.last()) else {
            return Ok(Values::with_capacity(self.scalar_of(items), 0));
        };
        let read = self.read_column(items, from..to)?;
        let (scalar, nan) = match Layout::of(read.scalar()) {
            Some(layout) => (read.scalar(), layout.infinity() | 1 << (layout.mantissa() - 1)),
            None => (Scalar::F64, f64::NAN.to_bits()),
        };
        let raw: Vec<u64> = if scalar == read.scalar() {
            read.to_raw()
        } else {
            numbers(&read).iter().map(|x| x.to_bits()).collect()
        };
        let item = |list: &[u64]| match *list {
            [begin, end] if end.saturating_sub(begin) > at => {
                let place =
                    begin.checked_sub(from).and_then(|place| usize::try_from(place.checked_add(at)?).ok());
                place.and_then(|place| raw.get(place)).copied().unwrap_or(nan)
            }
            _ => nan,
        };
        Ok(Values::from_raw(scalar, &offsets.windows(2).map(item).collect::<Vec<u64>>()))
    }

    /// Hands over all rows, with the number of the first of each stretch.
    pub(super) fn each(&mut self, mut take: impl FnMut(u64, &[Values])) -> Result<(), BudgetError> {
        let total = self.len();
        let widths: u64 = self.inputs.iter().map(|input| self.scalar_of(input.column()).bytes() as u64).sum();
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
