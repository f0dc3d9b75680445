//! Pairing: which column of one file stands beside which of the other.
//!
//! In: two readers. Out: [`PairedTable`]s, and [`Column`]s with the values of both.
//! Not here: what is computed from them.
//! Holds: tables and columns are paired by name, rows by number; one pair of columns is in memory at a time.

use super::JudgeError;
use hepz::{ArchiveError, TableReader};
use hepz_columns::{Scalar, Values};
use hepz_precision::Layout;

/// A table that both files have.
pub(crate) struct PairedTable {
    /// Its name.
    pub(crate) name: String,
    /// Rows of both.
    pub(crate) rows: u64,
    /// Columns of floats that both have, and that are judged.
    pub(crate) floats: Vec<PairedColumn>,
    /// Columns of other types that both have with one type.
    pub(crate) exact: Vec<PairedColumn>,
    /// Columns that only one has, or that have other kinds of type, in words.
    pub(crate) unpaired: Vec<String>,
    known: Vec<PairedColumn>,
    at: [usize; 2],
}

/// A column that both files have.
#[derive(Clone, Debug)]
pub(crate) struct PairedColumn {
    /// Its name.
    pub(crate) name: String,
    /// Its type in both.
    pub(crate) scalars: [Scalar; 2],
    at: [usize; 2],
}

/// The values of one pair of columns.
pub(crate) struct Column {
    /// Patterns of the original and of the other.
    pub(crate) values: [Values; 2],
    /// The original's numbers.
    pub(crate) x: Vec<f64>,
    /// The other's numbers.
    pub(crate) y: Vec<f64>,
}

/// Pairs the tables of two files; what cannot be paired is said in words.
pub(crate) fn pair(
    original: &TableReader<'_>,
    other: &TableReader<'_>,
) -> Result<(Vec<PairedTable>, Vec<String>), JudgeError> {
    let (a, b) = (original.tables(), other.tables());
    if a.is_empty() {
        return Err(JudgeError::NoTables { which: "the original" });
    }
    if b.is_empty() {
        return Err(JudgeError::NoTables { which: "the other" });
    }
    let mut paired = Vec::new();
    let mut unpaired = Vec::new();
    for (at_a, table) in a.iter().enumerate() {
        // Formats name the one table of a file differently.
        let alone = a.len() == 1 && b.len() == 1;
        let Some((at_b, twin)) = b.iter().enumerate().find(|(_, twin)| alone || twin.name == table.name)
        else {
            unpaired.push(format!("table {:?} is only in the original", table.name));
            continue;
        };
        if table.rows != twin.rows {
            let name = table.name.clone();
            return Err(JudgeError::Rows { table: name, original: table.rows, other: twin.rows });
        }
        let (mut floats, mut exact, mut lonely) = (Vec::new(), Vec::new(), Vec::new());
        for (in_a, column) in table.columns.iter().enumerate() {
            let Some(in_b) = twin.columns.iter().position(|twin| twin.name == column.name) else {
                lonely.push(format!("{} is only in the original", column.name));
                continue;
            };
            let scalars = [column.scalar, twin.columns[in_b].scalar];
            let pair = PairedColumn { name: column.name.clone(), scalars, at: [in_a, in_b] };
            if scalars.iter().all(|scalar| scalar.is_float()) {
                floats.push(pair);
            } else if scalars[0] == scalars[1] {
                exact.push(pair);
            } else {
                lonely.push(format!("{} is {} and {}", column.name, scalars[0].name(), scalars[1].name()));
            }
        }
        for column in &twin.columns {
            if !table.columns.iter().any(|known| known.name == column.name) {
                lonely.push(format!("{} is only in the other", column.name));
            }
        }
        let (name, rows) = (table.name.clone(), table.rows);
        let known = floats.iter().chain(&exact).cloned().collect();
        paired.push(PairedTable { name, rows, floats, exact, unpaired: lonely, known, at: [at_a, at_b] });
    }
    for twin in b {
        let alone = a.len() == 1 && b.len() == 1;
        if !alone && a.iter().all(|table| table.name != twin.name) {
            unpaired.push(format!("table {:?} is only in the other", twin.name));
        }
    }
    if paired.iter().all(|table| table.floats.is_empty()) {
        return Err(JudgeError::NoCommonColumns);
    }
    Ok((paired, unpaired))
}

impl PairedTable {
    /// True if both files have this column, judged or not.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.known.iter().any(|known| known.name == column)
    }

    /// The patterns of any column that both have, by name.
    pub(crate) fn any_patterns(
        &self,
        readers: [&TableReader<'_>; 2],
        column: &str,
    ) -> Result<Option<[Values; 2]>, ArchiveError> {
        let known = self.known.iter().find(|known| known.name == column);
        known.map(|known| self.patterns(readers, known)).transpose()
    }

    /// The patterns of one column in both files.
    pub(crate) fn patterns(
        &self,
        readers: [&TableReader<'_>; 2],
        column: &PairedColumn,
    ) -> Result<[Values; 2], ArchiveError> {
        let read = |side: usize| {
            let values = readers[side].read(self.at[side], &[column.at[side]], 0..self.rows)?;
            let none = Values::with_capacity(column.scalars[side], 0);
            Ok::<Values, ArchiveError>(values.into_iter().next().unwrap_or(none))
        };
        Ok([read(0)?, read(1)?])
    }

    /// One column of floats in both files.
    pub(crate) fn column(
        &self,
        readers: [&TableReader<'_>; 2],
        column: &PairedColumn,
    ) -> Result<Column, ArchiveError> {
        Ok(Column::new(self.patterns(readers, column)?))
    }
}

impl Column {
    /// From patterns of both.
    pub(crate) fn new(values: [Values; 2]) -> Column {
        let [x, y] = [&values[0], &values[1]].map(numbers);
        Column { values, x, y }
    }
}

/// Patterns as numbers.
pub(crate) fn numbers(values: &Values) -> Vec<f64> {
    let raw = values.to_raw().into_iter();
    let scalar = values.scalar();
    match Layout::of(scalar) {
        Some(layout) => raw.map(|raw| layout.to_f64(raw)).collect(),
        None if scalar.is_signed_integer() => {
            let above = 64 - scalar.bits();
            raw.map(|raw| ((raw << above) as i64 >> above) as f64).collect()
        }
        None => raw.map(|raw| raw as f64).collect(),
    }
}
