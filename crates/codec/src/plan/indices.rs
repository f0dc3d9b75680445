//! Indices: columns that name rows of their own or another table, event by event.
//!
//! In: tables with links, a sample. Out: which integer columns could be such names, and what is found where they point.
//! Not here: which of them are worth it (`planner`).
//! Holds: structure alone decides (every number must name a row of the same owner), never names.

use super::ColumnId;
use super::coding::{Known, NO_ROW};
use super::column::Link;
use hepz_columns::Table;
use hepz_transforms::order::ordered;

/// A column that could name rows of a table.
pub struct Index {
    /// The column.
    pub id: ColumnId,
    /// The table whose rows it names.
    pub target: u32,
    /// For each row of its table the row that it names.
    pub rows: Vec<u32>,
}

/// Too few rows to tell an index from small numbers.
const LEAST_ROWS: usize = 64;

/// One row in so many may name nothing: collections are written with cuts.
const FEW: usize = 4;

/// Finds all columns that could name rows.
pub fn find_indices(tables: &[Table], links: &[Option<Link>], known: &Known<'_>) -> Vec<Index> {
    let parent_of = |table: usize| match links[table] {
        Some(Link::Offsets { parent, .. }) => Some(parent),
        _ => None,
    };
    let mut found = Vec::new();
    for (table, t) in tables.iter().enumerate() {
        let Some(parent) = parent_of(table).filter(|_| known.rows_of(table as u32) >= LEAST_ROWS) else {
            continue;
        };
        let Some(places) = known.places(table as u32) else { continue };
        for (column, c) in t.columns.iter().enumerate() {
            if c.scalar.is_float() || c.scalar.bytes() < 2 {
                continue;
            }
            let id = ColumnId { table: table as u32, column: column as u32 };
            let Some(values) = known.get(id) else { continue };
            let zero = ordered(0, c.scalar);
            // -1 stands for none; numbers below it and numbers that are always the same name nothing.
            let number = |row: usize| ordered(values.raw(row), c.scalar).wrapping_sub(zero) as i64;
            let named = (0..values.len()).filter(|&row| number(row) >= 0).count();
            let sound = (0..values.len()).all(|row| (-1..1 << 16).contains(&number(row)));
            if !sound || named * 20 < values.len() || (0..values.len()).all(|row| number(row) < 2) {
                continue;
            }
            for target in (0..tables.len()).filter(|&other| parent_of(other) == Some(parent)) {
                // A table names its own rows only backwards.
                let own = target == table;
                let forward = |&row: &usize| number(row) >= i64::from(places[row]);
                let rare = named * 4 < values.len();
                if own && (rare || (0..values.len()).filter(forward).count() * 2 * FEW > values.len()) {
                    continue;
                }
                let Ok(rows) = known.named_rows(table as u32, column as u32, target as u32) else { continue };
                let missed = |&(row, &named): &(usize, &u32)| named == NO_ROW && number(row) >= 0;
                if rows.iter().enumerate().filter(missed).count() * FEW <= named {
                    found.push(Index { id, target: target as u32, rows });
                }
            }
        }
    }
    found
}
