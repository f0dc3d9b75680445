//! Indices: columns that name rows of their own or another table, event by event.
//!
//! In: tables with links, a sample. Out: which integer columns could be such names, and what is found where they point.
//! Not here: which of them are worth it (`planner`).
//! Holds: structure alone decides (every number must name a row of the same owner), never names.

use super::ColumnId;
use super::input::Link;
use super::known::Known;
use hepz_columns::{Table, Values};
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
    // How many rows each owner has, for every table that has owners.
    let counts: Vec<Vec<u32>> = (0..tables.len())
        .map(|table| {
            let owners = parent_of(table).and_then(|_| known.owner_of_rows(table as u32));
            let mut counts = Vec::new();
            for &owner in owners.unwrap_or(&[]) {
                counts.resize(counts.len().max(owner as usize + 1), 0);
                counts[owner as usize] += 1;
            }
            counts
        })
        .collect();
    let mut found = Vec::new();
    for (table, t) in tables.iter().enumerate() {
        let Some(parent) = parent_of(table).filter(|_| known.rows_of(table as u32) >= LEAST_ROWS) else {
            continue;
        };
        let (Some(places), Some(owners)) = (known.places(table as u32), known.owner_of_rows(table as u32))
        else {
            continue;
        };
        for (column, c) in t.columns.iter().enumerate() {
            if c.scalar.is_float() || c.scalar.bytes() < 2 {
                continue;
            }
            let id = ColumnId { table: table as u32, column: column as u32 };
            let Some(numbers) = known.get(id).and_then(numbers) else { continue };
            let named = numbers.iter().filter(|&&number| number >= 0).count();
            if named * 20 < numbers.len() {
                continue;
            }
            for target in (0..tables.len()).filter(|&other| parent_of(other) == Some(parent)) {
                // A table names its own rows only backwards, and most of them.
                let forward =
                    || numbers.iter().zip(places).filter(|&(&number, &place)| number >= i32::from(place));
                if target == table
                    && (named * 4 < numbers.len() || forward().count() * 2 * FEW > numbers.len())
                {
                    continue;
                }
                let mut left = named / FEW;
                let sound = numbers.iter().zip(owners).all(|(&number, &owner)| {
                    let n = counts[target].get(owner as usize).copied().unwrap_or(0);
                    if number < 0 || (number as u32) < n {
                        return true;
                    }
                    left = left.wrapping_sub(1);
                    left != usize::MAX
                });
                if let (true, Ok(rows)) =
                    (sound, known.find_named_rows(table as u32, column as u32, target as u32))
                {
                    found.push(Index { id, target: target as u32, rows });
                }
            }
        }
    }
    found
}

/// The values as small numbers of which -1 stands for none; `None` if others occur, or none above 1.
fn numbers(values: &Values) -> Option<Vec<i32>> {
    let scalar = values.scalar();
    let zero = ordered(0, scalar);
    let number = |row: usize| {
        let number = ordered(values.raw(row), scalar).wrapping_sub(zero) as i64;
        (-1..1 << 16).contains(&number).then_some(number as i32)
    };
    let numbers: Vec<i32> = (0..values.len()).map(number).collect::<Option<_>>()?;
    numbers.iter().any(|&number| number > 1).then_some(numbers)
}
