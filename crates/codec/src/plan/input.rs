//! Inputs: a column as seen from a row of another, and how tables belong together.
//!
//! In: references to columns, or bytes. Out: each other.
//! Not here: what a column's plan does with its inputs (`column`, `forecast`), which rows are meant in a chunk (`known`).
//! Holds: reading checks every index, and that the tables are linked as the reference says.

use super::{ColumnId, PlanError};
use hepz_columns::Table;
use hepz_container::wire::{Cursor, put_varint};

/// A column as seen from a row of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// The column.
    pub id: ColumnId,
    /// Which of its rows is meant.
    pub map: RowMap,
}

/// Which row of the other column is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowMap {
    /// The same row.
    Same,
    /// The row that owns this one, by the table's [`Link`].
    Parent,
    /// The row that this column of the table names, counted from the first row of the same owner.
    Named(u32),
    /// So many rows before, at least 1.
    Above(u32),
    /// So many rows behind, at least 1: another column of the table, which is known as a whole.
    Below(u32),
    /// The same row, with the value that the base of a refinement has there.
    Base,
}

/// Stands for [`RowMap::Base`] where a number of rows is written.
const BASE_ROWS: u32 = 2 * MOST_ABOVE + 1;

/// Rows that a value is looked for above its own or below, at most.
pub const MOST_ABOVE: u32 = 15;

/// How the rows of a table belong to rows of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// So many rows to each row of the parent table.
    Every {
        /// The table whose rows own these.
        parent: u32,
        /// Rows per owner, at least 1.
        rows: u64,
    },
    /// A column of offsets says where the rows of each owner begin.
    Offsets {
        /// The table whose rows own these.
        parent: u32,
        /// The column of offsets, in a table of its own.
        offsets: ColumnId,
    },
}

/// No writer produces this.
pub fn corrupt<T>(what: &'static str) -> Result<T, PlanError> {
    Err(PlanError::Corrupt(what))
}

/// Writes an input of the column `from`.
pub fn put_input(into: &mut Vec<u8>, input: &Input, from: ColumnId) {
    let (map, index) = match input.map {
        RowMap::Same => (0u64, None),
        RowMap::Parent => (1, None),
        RowMap::Named(index) => (2, Some(index)),
        RowMap::Above(rows) => (3, Some(rows)),
        RowMap::Below(rows) => (3, Some(MOST_ABOVE + rows)),
        RowMap::Base => (3, Some(BASE_ROWS)),
    };
    let same_table = input.id.table == from.table;
    put_varint(into, u64::from(input.id.column) << 3 | u64::from(!same_table) << 2 | map);
    if !same_table {
        put_varint(into, u64::from(input.id.table));
    }
    if let Some(index) = index {
        put_varint(into, u64::from(index));
    }
}

/// Reads it.
///
/// # Errors
/// [`PlanError`] if it does not exist or the tables are not linked so.
pub fn read_input(
    bytes: &mut Cursor<'_>,
    from: ColumnId,
    tables: &[Table],
    links: &[Option<Link>],
) -> Result<Input, PlanError> {
    let code = bytes.varint()?;
    let table = if code & 4 != 0 { bytes.varint()? } else { u64::from(from.table) };
    let id = read_id(table, code >> 3, tables)?;
    let map = match code & 3 {
        0 => RowMap::Same,
        1 => RowMap::Parent,
        2 => RowMap::Named(read_id(u64::from(from.table), bytes.varint()?, tables)?.column),
        _ => match bytes.varint()? {
            rows if (1..=u64::from(MOST_ABOVE)).contains(&rows) => RowMap::Above(rows as u32),
            rows if (1..=u64::from(2 * MOST_ABOVE)).contains(&rows) => {
                RowMap::Below(rows as u32 - MOST_ABOVE)
            }
            rows if rows == u64::from(BASE_ROWS) => RowMap::Base,
            _ => return corrupt("an input from rows too far above"),
        },
    };
    let parent_of = |table: u32| match links[table as usize] {
        Some(Link::Every { parent, .. } | Link::Offsets { parent, .. }) => Some(parent),
        None => None,
    };
    let by_offsets = |table: u32| matches!(links[table as usize], Some(Link::Offsets { .. }));
    let sound = match map {
        RowMap::Same | RowMap::Below(_) | RowMap::Base => id.table == from.table && id != from,
        RowMap::Above(_) => id.table == from.table,
        RowMap::Parent => parent_of(from.table) == Some(id.table) && id != from,
        RowMap::Named(index) => {
            let integer = !tables[from.table as usize].columns[index as usize].scalar.is_float();
            let linked = by_offsets(from.table)
                && by_offsets(id.table)
                && parent_of(from.table) == parent_of(id.table);
            integer && linked && index != from.column
        }
    };
    if sound { Ok(Input { id, map }) } else { corrupt("an input from a table that is not linked") }
}

/// A column that exists.
pub fn read_id(table: u64, column: u64, tables: &[Table]) -> Result<ColumnId, PlanError> {
    let known =
        usize::try_from(table).ok().and_then(|t| tables.get(t)).filter(|t| column < t.columns.len() as u64);
    match known {
        Some(_) => Ok(ColumnId { table: table as u32, column: column as u32 }),
        None => corrupt("an input that does not exist"),
    }
}

/// Writes the links of all tables.
pub fn put_links(into: &mut Vec<u8>, links: &[Option<Link>]) {
    for link in links {
        match link {
            None => into.push(0),
            Some(Link::Every { parent, rows }) => {
                into.push(1);
                put_varint(into, u64::from(*parent));
                put_varint(into, *rows);
            }
            Some(Link::Offsets { parent, offsets }) => {
                into.push(2);
                put_varint(into, u64::from(*parent));
                put_varint(into, u64::from(offsets.table));
                put_varint(into, u64::from(offsets.column));
            }
        }
    }
}

/// Reads the links of all tables.
pub fn read_links(bytes: &mut Cursor<'_>, tables: &[Table]) -> Result<Vec<Option<Link>>, PlanError> {
    let mut links = Vec::with_capacity(tables.len());
    for table in 0..tables.len() {
        let kind = bytes.u8()?;
        if kind == 0 {
            links.push(None);
            continue;
        }
        let parent = bytes.varint()?;
        // Only rows at fixed distances can do without a parent: the table then owns itself.
        if parent >= tables.len() as u64 || parent == table as u64 && kind != 1 {
            return corrupt("a parent table that does not exist");
        }
        let parent = parent as u32;
        links.push(Some(match kind {
            1 => match bytes.varint()? {
                0 => return corrupt("no rows per owner"),
                rows => Link::Every { parent, rows },
            },
            2 => {
                let (t, c) = (bytes.varint()?, bytes.varint()?);
                let offsets = read_id(t, c, tables)?;
                if offsets.table as usize == table {
                    return corrupt("offsets inside their own table");
                }
                Link::Offsets { parent, offsets }
            }
            _ => return Err(PlanError::TooNew),
        }));
    }
    Ok(links)
}
