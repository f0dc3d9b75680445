//! Reading columns: some rows of some columns, and nothing else of the archive.
//!
//! In: an open [`Archive`], columns, rows. Out: [`Values`].
//! Not here: decoding a chunk (`decompress`).
//! Holds: only chunks that hold such rows, and in them only streams that the columns need, are read.

use crate::{Archive, ArchiveError, ColumnId};
use hepz_columns::{ByteOrder, Column, Values};
use rayon::prelude::*;
use std::ops::Range;

/// Chunks that are decoded at the same time.
const IN_FLIGHT: usize = 4;

impl Archive<'_> {
    /// Rows of some columns, one [`Values`] per column asked for; only the chunks and streams needed are touched.
    ///
    /// Columns of several tables may be asked for if the rows are in the range of each.
    ///
    /// # Errors
    /// [`ArchiveError::NoSuchColumn`] for columns and rows that are not there, else what reading meets.
    pub fn read(&self, columns: &[ColumnId], rows: Range<u64>) -> Result<Vec<Values>, ArchiveError> {
        let tables = self.tables();
        let mut read = Vec::with_capacity(columns.len());
        let mut wanted_bytes = 0u64;
        for id in columns {
            let table = tables.get(id.table as usize);
            let found = table.and_then(|t| Some((t, t.columns.get(id.column as usize)?)));
            let Some((table, column)) = found else {
                let what = format!("column {} of table {}", id.column, id.table);
                return Err(ArchiveError::NoSuchColumn { what });
            };
            if rows.start > rows.end || rows.end > table.rows {
                let what = format!(
                    "rows {} to {} of {} in table {:?}",
                    rows.start, rows.end, table.rows, table.name
                );
                return Err(ArchiveError::NoSuchColumn { what });
            }
            let bytes = (rows.end - rows.start).saturating_mul(column.scalar.bytes() as u64);
            wanted_bytes = wanted_bytes.saturating_add(bytes);
            read.push(Values::with_capacity(column.scalar, 0));
        }
        let allowed = self.limits.memory_bytes;
        if wanted_bytes > allowed {
            return Err(ArchiveError::OverLimit {
                limit: "memory for values",
                wanted: wanted_bytes,
                allowed,
            });
        }
        let (Some(schema), Some(plan)) = (&self.schema, &self.plan) else { return Ok(read) };
        let mut wanted = columns.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        // The part of `rows` that a chunk holds of a table, counted from the chunk's first row.
        let part = |table: u32, chunk: u64| {
            let held = schema.cuts.rows(tables, table as usize, chunk);
            let (from, to) = (rows.start.max(held.start), rows.end.min(held.end));
            (from < to).then(|| (from - held.start) as usize..(to - held.start) as usize)
        };
        let touched: Vec<(u64, Vec<ColumnId>)> = (0..schema.cuts.chunks)
            .map(|chunk| {
                (chunk, wanted.iter().copied().filter(|id| part(id.table, chunk).is_some()).collect())
            })
            .filter(|(_, ids): &(u64, Vec<ColumnId>)| !ids.is_empty())
            .collect();
        for batch in touched.chunks(IN_FLIGHT) {
            let decode =
                |(chunk, ids): &(u64, Vec<ColumnId>)| self.decode_chunk(plan, schema, *chunk, Some(ids));
            let slices: Vec<_> = batch.par_iter().map(decode).collect();
            for ((chunk, _), slice) in batch.iter().zip(slices) {
                let slice = slice?;
                for (id, into) in columns.iter().zip(&mut read) {
                    let Some(range) = part(id.table, *chunk) else { continue };
                    let values = slice.columns.get(id.table as usize).and_then(|t| t.get(id.column as usize));
                    let width = into.scalar().bytes();
                    let bytes = values
                        .and_then(Option::as_ref)
                        .and_then(|v| v.as_bytes().get(range.start * width..range.end * width))
                        .ok_or_else(|| ArchiveError::corrupt("chunk", 0, "a column was not decoded"))?;
                    into.gather(&packed(into.scalar()), bytes, width);
                }
            }
        }
        Ok(read)
    }
}

/// A column whose values stand side by side as [`Values`] keeps them.
fn packed(scalar: hepz_columns::Scalar) -> Column {
    Column { name: String::new(), unit: String::new(), scalar, order: ByteOrder::Little, offset: 0 }
}
