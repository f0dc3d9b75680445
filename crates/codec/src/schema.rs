//! The schema of an archive: tables, where their rows lie in the image, opened blocks, chunk borders.
//!
//! In: what compressing found. Out: bytes, number array by number array, and back.
//! Not here: how these bytes are packed (`packing`).
//! Holds: what [`Schema::from_bytes`] gives was checked by [`Layout::validate`], so that every byte of the image lies in
//! exactly one run or gap.

mod framed;

use crate::chunks::{Cut, Cuts};
use crate::places::{Framed, OpenBlock, Run};
use hepz_columns::{ByteOrder, Column, RowOrder, Scalar, Table};
use hepz_container::wire::{Cursor, WireError, put_bytes, put_signed, put_varint};
use hepz_formats::{Extent, Layout, Part, Place};

/// Most chunks: as many as an archive may have sections.
const MOST_CHUNKS: u64 = 1 << 20;

/// What an archive says about the places of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schema {
    /// Length of the image.
    pub(crate) image_bytes: u64,
    /// The tables.
    pub(crate) tables: Vec<Table>,
    /// By rising address.
    pub(crate) runs: Vec<Run>,
    /// Opened blocks, and how values are framed in them.
    pub(crate) framed: Framed,
    /// Chunk borders.
    pub(crate) cuts: Cuts,
}

/// Why a schema cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SchemaFault {
    /// The bytes do not spell a schema.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// They spell one that no writer makes.
    #[error("{0}")]
    Unsound(String),
}

impl Schema {
    /// The stored form: like numbers stand together, so that packing sees their regularity.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut into = Vec::new();
        put_varint(&mut into, self.image_bytes);
        put_varint(&mut into, self.tables.len() as u64);
        put_strings(&mut into, self.tables.iter().map(|t| t.name.as_str()));
        for table in &self.tables {
            put_varint(&mut into, table.columns.len() as u64);
        }
        for table in &self.tables {
            put_varint(&mut into, table.rows);
        }
        for table in &self.tables {
            into.push(u8::from(table.row_order == RowOrder::Storage));
            put_varint(&mut into, table.inner.len() as u64);
            table.inner.iter().for_each(|&length| put_varint(&mut into, length));
        }
        let columns = || self.tables.iter().flat_map(|t| &t.columns);
        for column in columns() {
            into.push(column.scalar.id() << 1 | u8::from(column.order == ByteOrder::Big));
        }
        put_strings(&mut into, columns().map(|c| c.name.as_str()));
        put_strings(&mut into, columns().map(|c| c.unit.as_str()));
        self.put_runs(&mut into);
        self.framed.put(&mut into, &self.tables, &self.runs);
        self.put_cuts(&mut into);
        into
    }

    fn put_runs(&self, into: &mut Vec<u8>) {
        put_varint(into, self.runs.len() as u64);
        let mut previous = 0;
        for run in &self.runs {
            put_signed(into, i64::from(run.table) - previous);
            previous = run.table.into();
        }
        for run in &self.runs {
            let part = match run.part {
                Part::Records => 0,
                Part::Column(column) => u64::from(column) + 1,
            };
            put_varint(into, part);
        }
        let mut next = NextRow::new(&self.tables);
        for run in &self.runs {
            put_signed(into, run.first_row.wrapping_sub(next.expected(run)) as i64);
            next.advance(run);
        }
        for run in &self.runs {
            // Zero stands for all rows that are left, the usual case.
            let left = self.tables[run.table as usize].rows - run.first_row;
            put_varint(into, if run.rows == left { 0 } else { run.rows });
        }
        let mut free = 0;
        for run in &self.runs {
            put_varint(into, run.at - free);
            free = run.at + run.rows * run.row_bytes(&self.tables);
        }
    }

    fn put_cuts(&self, into: &mut Vec<u8>) {
        put_varint(into, self.cuts.chunks);
        for cut in &self.cuts.tables {
            match cut {
                Cut::Even(unit) => put_varint(into, *unit),
                Cut::Before(borders) => {
                    put_varint(into, 0);
                    let mut previous = 0;
                    for &border in borders {
                        put_varint(into, border - previous);
                        previous = border;
                    }
                }
            }
        }
    }

    /// Reads the stored form and checks everything that rebuilding relies on. `chunks` is the number of chunks that are
    /// there, if it is known; `has_frames` is true in archives of format 0.3 and later.
    pub(crate) fn from_bytes(
        bytes: &[u8],
        chunks: Option<u64>,
        has_frames: bool,
    ) -> Result<Schema, SchemaFault> {
        let mut cursor = Cursor::new(bytes);
        let image_bytes = cursor.varint()?;
        let count = cursor.count(6)?;
        let names = take_strings(&mut cursor, count)?;
        let mut tables: Vec<Table> = names
            .into_iter()
            .map(|name| Table {
                name,
                rows: 0,
                inner: Vec::new(),
                row_order: RowOrder::Logical,
                row_bytes: 0,
                columns: Vec::new(),
            })
            .collect();
        let mut widths = Vec::with_capacity(count);
        for _ in 0..count {
            widths.push(cursor.count(3)?);
        }
        for table in &mut tables {
            table.rows = cursor.varint()?;
        }
        for table in &mut tables {
            table.row_order = match cursor.u8()? {
                0 => RowOrder::Logical,
                1 => RowOrder::Storage,
                _ => return Err(unsound("unknown row order")),
            };
            let dimensions = cursor.count(1)?;
            for _ in 0..dimensions {
                table.inner.push(cursor.varint()?);
            }
        }
        take_columns(&mut cursor, &mut tables, &widths)?;
        let runs = take_runs(&mut cursor, &tables)?;
        let framed = if has_frames {
            Framed::take(&mut cursor, &tables, &runs)?
        } else {
            Framed { blocks: take_blocks(&mut cursor)?, ..Framed::default() }
        };
        let cuts = take_cuts(&mut cursor, &tables, chunks)?;
        cursor.finish()?;
        let schema = Schema { image_bytes, tables, runs, framed, cuts };
        schema.check()?;
        Ok(schema)
    }

    fn check(&self) -> Result<(), SchemaFault> {
        if self.tables.iter().any(|t| t.columns.is_empty() || t.rows == 0) {
            return Err(unsound("a table without values"));
        }
        let extent = |run: &Run| Extent {
            place: Place::File(run.at),
            table: run.table,
            part: run.part,
            first_row: run.first_row,
            rows: run.rows,
        };
        let mut layout = Layout {
            tables: self.tables.clone(),
            extents: self.runs.iter().map(extent).collect(),
            ..Layout::default()
        };
        layout.validate(self.image_bytes).map_err(|error| unsound(error.to_string()))?;
        let last = self.framed.blocks.last().map_or(0, |b| b.at.saturating_add(b.plain_bytes));
        if last.checked_add(self.framed.structure_bytes).is_none_or(|end| end > self.image_bytes) {
            return Err(unsound("a block leaves the image"));
        }
        Ok(())
    }
}

fn unsound(what: impl Into<String>) -> SchemaFault {
    SchemaFault::Unsound(what.into())
}

/// The first row that the next run of a table or column most likely has.
struct NextRow {
    records: Vec<u64>,
    columns: Vec<Vec<u64>>,
}

impl NextRow {
    fn new(tables: &[Table]) -> NextRow {
        NextRow {
            records: vec![0; tables.len()],
            columns: tables.iter().map(|t| vec![0; t.columns.len()]).collect(),
        }
    }

    fn expected(&self, run: &Run) -> u64 {
        match run.part {
            Part::Records => self.records[run.table as usize],
            Part::Column(column) => self.columns[run.table as usize][column as usize],
        }
    }

    fn advance(&mut self, run: &Run) {
        let next = run.first_row.wrapping_add(run.rows);
        match run.part {
            Part::Records => self.records[run.table as usize] = next,
            Part::Column(column) => self.columns[run.table as usize][column as usize] = next,
        }
    }
}

/// Each string and a zero byte, which packs best; if a string holds a zero byte, lengths and strings instead.
fn put_strings<'a>(into: &mut Vec<u8>, strings: impl Iterator<Item = &'a str> + Clone) {
    let by_length = strings.clone().any(|s| s.contains('\0'));
    into.push(u8::from(by_length));
    for string in strings {
        if by_length {
            put_bytes(into, string.as_bytes());
        } else {
            into.extend_from_slice(string.as_bytes());
            into.push(0);
        }
    }
}

fn take_strings(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<String>, SchemaFault> {
    let by_length = cursor.u8()? != 0;
    let mut strings = Vec::with_capacity(count.min(cursor.remaining()));
    for _ in 0..count {
        let bytes = if by_length {
            cursor.prefixed()?.to_vec()
        } else {
            let mut bytes = Vec::new();
            loop {
                match cursor.u8()? {
                    0 => break bytes,
                    byte => bytes.push(byte),
                }
            }
        };
        strings.push(String::from_utf8(bytes).map_err(|_| unsound("a name is not UTF-8"))?);
    }
    Ok(strings)
}

fn take_columns(cursor: &mut Cursor<'_>, tables: &mut [Table], widths: &[usize]) -> Result<(), SchemaFault> {
    let mut total = 0usize;
    for (table, &columns) in tables.iter_mut().zip(widths) {
        for _ in 0..columns {
            let id = cursor.u8()?;
            let scalar = Scalar::from_id(id >> 1).ok_or_else(|| unsound("unknown scalar"))?;
            let order = if id & 1 == 0 { ByteOrder::Little } else { ByteOrder::Big };
            let offset = table.row_bytes;
            table.row_bytes =
                offset.checked_add(scalar.bytes() as u32).ok_or_else(|| unsound("a record is too long"))?;
            table.columns.push(Column { name: String::new(), unit: String::new(), scalar, order, offset });
        }
        total += columns;
    }
    let names = take_strings(cursor, total)?;
    let units = take_strings(cursor, total)?;
    let columns = tables.iter_mut().flat_map(|t| &mut t.columns);
    for (column, (name, unit)) in columns.zip(names.into_iter().zip(units)) {
        column.name = name;
        column.unit = unit;
    }
    Ok(())
}

fn take_runs(cursor: &mut Cursor<'_>, tables: &[Table]) -> Result<Vec<Run>, SchemaFault> {
    let count = cursor.count(5)?;
    let mut runs = Vec::with_capacity(count);
    let mut table = 0i64;
    for _ in 0..count {
        table = table.checked_add(cursor.signed()?).ok_or_else(|| unsound("a run of no table"))?;
        let number = u32::try_from(table).ok().filter(|&t| (t as usize) < tables.len());
        let table = number.ok_or_else(|| unsound("a run of no table"))?;
        runs.push(Run { at: 0, table, part: Part::Records, first_row: 0, rows: 0 });
    }
    for run in &mut runs {
        let part = cursor.varint()?;
        if part > tables[run.table as usize].columns.len() as u64 {
            return Err(unsound("a run of no column"));
        }
        run.part = part.checked_sub(1).map_or(Part::Records, |column| Part::Column(column as u32));
    }
    let mut differences = Vec::with_capacity(count);
    for _ in 0..count {
        differences.push(cursor.signed()?);
    }
    // The expectation of a run needs the rows of those before it, so rows are read first.
    let mut rows = Vec::with_capacity(count);
    for _ in 0..count {
        rows.push(cursor.varint()?);
    }
    let mut next = NextRow::new(tables);
    for ((run, difference), rows) in runs.iter_mut().zip(differences).zip(rows) {
        run.first_row = next.expected(run).wrapping_add(difference as u64);
        let left = tables[run.table as usize].rows.checked_sub(run.first_row);
        let left = left.ok_or_else(|| unsound("a run begins behind its table"))?;
        if rows > left {
            return Err(unsound("a run is longer than its table"));
        }
        run.rows = if rows == 0 { left } else { rows };
        next.advance(run);
    }
    let mut free = 0u64;
    for run in &mut runs {
        let too_far = || unsound("a run leaves the image");
        run.at = free.checked_add(cursor.varint()?).ok_or_else(too_far)?;
        let bytes = run.rows.checked_mul(run.row_bytes(tables)).ok_or_else(too_far)?;
        free = run.at.checked_add(bytes).ok_or_else(too_far)?;
    }
    Ok(runs)
}

fn take_blocks(cursor: &mut Cursor<'_>) -> Result<Vec<OpenBlock>, SchemaFault> {
    let count = cursor.count(2)?;
    let mut gaps = Vec::with_capacity(count);
    for _ in 0..count {
        gaps.push(cursor.varint()?);
    }
    let mut blocks = Vec::with_capacity(count);
    let mut free = 0u64;
    for gap in gaps {
        let plain_bytes = cursor.varint()?;
        let at = free.checked_add(gap).ok_or_else(|| unsound("a block leaves the image"))?;
        free = at.checked_add(plain_bytes).ok_or_else(|| unsound("a block leaves the image"))?;
        blocks.push(OpenBlock { at, plain_bytes });
    }
    Ok(blocks)
}

fn take_cuts(
    cursor: &mut Cursor<'_>,
    tables: &[Table],
    known_chunks: Option<u64>,
) -> Result<Cuts, SchemaFault> {
    let chunks = cursor.varint()?;
    if known_chunks.is_some_and(|known| known != chunks)
        || chunks > MOST_CHUNKS
        || (chunks == 0 && !tables.is_empty())
    {
        return Err(unsound("another number of chunks than there are"));
    }
    let mut cuts = Cuts { chunks, tables: Vec::with_capacity(tables.len()) };
    for table in tables {
        let unit = cursor.varint()?;
        if unit > 0 {
            cuts.tables.push(Cut::Even(unit));
            continue;
        }
        let mut borders = Vec::new();
        let mut border = 0u64;
        for _ in 1..chunks {
            border = border
                .checked_add(cursor.varint()?)
                .filter(|&row| row <= table.rows)
                .ok_or_else(|| unsound("a chunk ends behind its table"))?;
            borders.push(border);
        }
        cuts.tables.push(Cut::Before(borders));
    }
    Ok(cuts)
}
