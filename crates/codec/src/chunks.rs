//! Chunks: which rows are coded together, and moving their values between an image and columns.
//!
//! In: tables and the runs of the image that hold their rows. Out: a [`Slice`] of any rows, and back.
//! Not here: coding a slice (`plan`).
//! Holds: chunk `k` of every table covers the same share of its outer rows, so tables of equal outer length are cut at
//! the same events.

use crate::image::Image;
use crate::places::Run;
use crate::plan::Slice;
use crate::spool::Spool;
use hepz_columns::{Table, Values};
use hepz_formats::Part;
use std::io;
use std::ops::Range;

/// Table bytes of one chunk, about. Small enough that a few chunks in flight, with contexts and wide values, stay under
/// a gigabyte; large enough that models which start anew in each chunk lose under a percent.
pub(crate) const CHUNK_BYTES: u64 = 16 << 20;
/// An outer row longer than this may be cut, so that few huge rows do not make a huge chunk.
const LARGEST_UNIT_BYTES: u64 = 64 << 10;
/// Pieces that a sample consists of: long enough to hold whole events, many enough to see a file change.
const SAMPLE_PIECES: u64 = 16;
/// Bytes that are read or written at once.
const STEP_BYTES: usize = 1 << 20;

/// Where one table is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Into equal numbers of units of this many rows.
    Even(u64),
    /// Before these rows: the borders between chunks, without first and last.
    Before(Vec<u64>),
}

/// Where all tables are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cuts {
    /// Number of chunks.
    pub(crate) chunks: u64,
    /// One per table.
    pub(crate) tables: Vec<Cut>,
}

impl Cuts {
    /// Cuts tables into chunks of about `chunk_bytes`.
    pub(crate) fn even(tables: &[Table], chunk_bytes: u64) -> Cuts {
        let bytes = total_bytes(tables);
        let unit = |table: &Table| {
            // The innermost dimensions that make a record of bearable length.
            let mut rows = 1u64;
            for &length in table.inner.iter().rev() {
                match rows.checked_mul(length.max(1)) {
                    Some(more) if more.saturating_mul(table.row_bytes.into()) <= LARGEST_UNIT_BYTES => {
                        rows = more
                    }
                    _ => break,
                }
            }
            rows
        };
        Cuts {
            chunks: bytes.div_ceil(chunk_bytes),
            tables: tables.iter().map(|table| Cut::Even(unit(table))).collect(),
        }
    }

    /// The first row of chunk `chunk`; for `chunk == chunks`, the number of rows.
    pub(crate) fn border(&self, tables: &[Table], table: usize, chunk: u64) -> u64 {
        let rows = tables[table].rows;
        if chunk == 0 {
            return 0;
        }
        if chunk >= self.chunks {
            return rows;
        }
        match &self.tables[table] {
            Cut::Even(unit) => share(rows, *unit, chunk, self.chunks),
            Cut::Before(borders) => borders.get(chunk as usize - 1).map_or(rows, |&row| row.min(rows)),
        }
    }

    /// The rows of one table in one chunk.
    pub(crate) fn rows(&self, tables: &[Table], table: usize, chunk: u64) -> Range<u64> {
        self.border(tables, table, chunk)..self.border(tables, table, chunk + 1)
    }

    /// The rows of every table in one chunk.
    pub(crate) fn chunk(&self, tables: &[Table], chunk: u64) -> Vec<Vec<Range<u64>>> {
        (0..tables.len()).map(|table| vec![self.rows(tables, table, chunk)]).collect()
    }

    /// Plain bytes of one chunk.
    pub(crate) fn chunk_bytes(&self, tables: &[Table], chunk: u64) -> u64 {
        let bytes = |(index, table): (usize, &Table)| {
            let rows = self.rows(tables, index, chunk);
            rows.end.saturating_sub(rows.start).saturating_mul(table.row_bytes.into())
        };
        tables.iter().enumerate().map(bytes).fold(0, u64::saturating_add)
    }

    /// The rows that a plan is made from: everything, if that is not more than `most` bytes; else pieces at equal distances,
    /// or one chunk where rows of one table belong to rows of another.
    pub(crate) fn sample(&self, tables: &[Table], most: u64) -> Vec<Vec<Range<u64>>> {
        let bytes = total_bytes(tables);
        if bytes <= most {
            return tables.iter().map(|table| std::iter::once(0..table.rows).collect()).collect();
        }
        if self.tables.iter().any(|cut| matches!(cut, Cut::Before(_))) {
            return self.chunk(tables, self.chunks / 2);
        }
        // Piece p of a table begins at p/16 of its units and takes its share of the sample from there.
        let pieces = |(index, table): (usize, &Table)| {
            let unit = match &self.tables[index] {
                Cut::Even(unit) => *unit,
                Cut::Before(_) => 1,
            };
            let wanted = u128::from(table.rows) * u128::from(most) / u128::from(bytes);
            let piece = (wanted as u64 / SAMPLE_PIECES).next_multiple_of(unit);
            (0..SAMPLE_PIECES)
                .map(|p| {
                    let from = share(table.rows, unit, p, SAMPLE_PIECES);
                    let to = share(table.rows, unit, p + 1, SAMPLE_PIECES);
                    from..to.min(from.saturating_add(piece))
                })
                .collect()
        };
        tables.iter().enumerate().map(pieces).collect()
    }
}

/// The row before which part `part` of `parts` equal ones begins, in whole units of `unit` rows.
pub(crate) fn share(rows: u64, unit: u64, part: u64, parts: u64) -> u64 {
    let units = u128::from(rows.div_ceil(unit.max(1)));
    let unit_border = units * u128::from(part) / u128::from(parts.max(1));
    u64::try_from(unit_border * u128::from(unit)).unwrap_or(rows).min(rows)
}

/// Bytes of all tables.
pub(crate) fn total_bytes(tables: &[Table]) -> u64 {
    tables.iter().map(|t| t.rows.saturating_mul(t.row_bytes.into())).fold(0, u64::saturating_add)
}

/// The runs of every table by row.
pub(crate) struct Shelf {
    /// `[table]`: runs of whole records.
    records: Vec<Vec<Run>>,
    /// `[table][column]`: runs of that column and of whole records; empty for tables of whole records only.
    columns: Vec<Vec<Vec<Run>>>,
}

impl Shelf {
    /// Sorts runs that [`hepz_formats::Layout::validate`] accepts.
    pub(crate) fn new(runs: &[Run], tables: &[Table]) -> Shelf {
        let mut shelf =
            Shelf { records: vec![Vec::new(); tables.len()], columns: vec![Vec::new(); tables.len()] };
        for run in runs {
            let table = run.table as usize;
            match run.part {
                Part::Records => shelf.records[table].push(*run),
                Part::Column(column) => {
                    shelf.columns[table].resize(tables[table].columns.len(), Vec::new());
                    shelf.columns[table][column as usize].push(*run);
                }
            }
        }
        for (records, columns) in shelf.records.iter_mut().zip(&mut shelf.columns) {
            records.sort_by_key(|run| run.first_row);
            for runs in columns {
                runs.extend_from_slice(records);
                runs.sort_by_key(|run| run.first_row);
            }
        }
        shelf
    }

    /// The last value of each table that may be offsets: one column of integers.
    pub(crate) fn last_offsets(&self, image: &Image<'_>, tables: &[Table]) -> io::Result<Vec<Option<u64>>> {
        let last = |(index, table): (usize, &Table)| {
            let integers = matches!(&table.columns[..], [column] if !column.scalar.is_float());
            if !integers || table.rows == 0 {
                return Ok(None);
            }
            let last = table.rows - 1..table.rows;
            let values = self.gather_table(image, tables, index, std::slice::from_ref(&last))?;
            Ok(values.first().filter(|values| !values.is_empty()).map(|values| values.raw(0)))
        };
        tables.iter().enumerate().map(last).collect()
    }

    /// Reads the values of some rows of every table: `rows[table]` lists ranges, whose values follow each other.
    pub(crate) fn gather(
        &self,
        image: &Image<'_>,
        tables: &[Table],
        rows: &[Vec<Range<u64>>],
    ) -> io::Result<Slice> {
        let mut slice = Slice::default();
        for (index, ranges) in rows.iter().enumerate().take(tables.len()) {
            let values = self.gather_table(image, tables, index, ranges)?;
            slice.rows.push(values.first().map_or(0, Values::len));
            slice.columns.push(values.into_iter().map(Some).collect());
        }
        Ok(slice)
    }

    /// Reads the values of some rows of one table, column by column.
    pub(crate) fn gather_table(
        &self,
        image: &Image<'_>,
        tables: &[Table],
        index: usize,
        ranges: &[Range<u64>],
    ) -> io::Result<Vec<Values>> {
        let all: Vec<usize> = (0..tables[index].columns.len()).collect();
        self.gather_columns(image, tables, index, &all, ranges)
    }

    /// Reads the values of some rows of some columns of one table, in the order asked for.
    pub(crate) fn gather_columns(
        &self,
        image: &Image<'_>,
        tables: &[Table],
        index: usize,
        columns: &[usize],
        ranges: &[Range<u64>],
    ) -> io::Result<Vec<Values>> {
        let table = &tables[index];
        let count = ranges.iter().map(|r| r.end - r.start).sum::<u64>();
        let count = usize::try_from(count).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut values: Vec<Values> =
            columns.iter().map(|&c| Values::with_capacity(table.columns[c].scalar, count)).collect();
        let mut buffer = Vec::new();
        for range in ranges {
            if self.columns[index].is_empty() {
                steps(&self.records[index], table, range.clone(), |run, at, rows| {
                    read(image, run, at, rows, table, &mut buffer)?;
                    for (&column, values) in columns.iter().zip(&mut values) {
                        values.gather(&table.columns[column], &buffer, table.row_bytes as usize);
                    }
                    Ok(())
                })?;
                continue;
            }
            for (&column, values) in columns.iter().zip(&mut values) {
                steps(&self.columns[index][column], table, range.clone(), |run, at, rows| {
                    read(image, run, at, rows, table, &mut buffer)?;
                    let (column, width) = placed(table, column, run);
                    values.gather(&column, &buffer, width);
                    Ok(())
                })?;
            }
        }
        Ok(values)
    }

    /// Writes some rows of one column to their places in an image that has bytes there.
    pub(crate) fn scatter_column(
        &self,
        image: &mut Spool,
        tables: &[Table],
        index: usize,
        column: usize,
        rows: Range<u64>,
        values: &Values,
    ) -> io::Result<()> {
        let table = &tables[index];
        let runs =
            if self.columns[index].is_empty() { &self.records[index] } else { &self.columns[index][column] };
        let mut buffer = Vec::new();
        steps(runs, table, rows.clone(), |run, at, count| {
            let (column, width) = placed(table, column, run);
            let place = run.at + at * width as u64;
            buffer.clear();
            buffer.resize(count * width, 0);
            image.read_at(place, &mut buffer)?;
            let first = (run.first_row + at - rows.start) as usize;
            values.scatter(first, &column, &mut buffer, width);
            image.write_at(place, &buffer)
        })
    }

    /// Writes the values of a chunk, which are all there, to their places in the image.
    pub(crate) fn scatter(
        &self,
        image: &mut Spool,
        tables: &[Table],
        rows: &[Vec<Range<u64>>],
        slice: &Slice,
    ) -> io::Result<()> {
        let missing = || io::Error::other("a decoded column is missing");
        let mut buffer = Vec::new();
        for (index, (table, ranges)) in tables.iter().zip(rows).enumerate() {
            let Some(range) = ranges.first() else { continue };
            let values: Vec<&Values> = slice
                .columns
                .get(index)
                .and_then(|columns| columns.iter().map(Option::as_ref).collect())
                .ok_or_else(missing)?;
            if values.len() != table.columns.len()
                || values.iter().any(|v| v.len() as u64 != range.end - range.start)
            {
                return Err(missing());
            }
            if self.columns[index].is_empty() {
                steps(&self.records[index], table, range.clone(), |run, at, rows| {
                    buffer.clear();
                    buffer.resize(rows * table.row_bytes as usize, 0);
                    let first = (run.first_row + at - range.start) as usize;
                    for (column, values) in table.columns.iter().zip(&values) {
                        values.scatter(first, column, &mut buffer, table.row_bytes as usize);
                    }
                    image.write_at(run.at + at * u64::from(table.row_bytes), &buffer)
                })?;
                continue;
            }
            for (column, (runs, values)) in self.columns[index].iter().zip(&values).enumerate() {
                steps(runs, table, range.clone(), |run, at, rows| {
                    let (column, width) = placed(table, column, run);
                    let place = run.at + at * width as u64;
                    buffer.clear();
                    buffer.resize(rows * width, 0);
                    if run.part == Part::Records {
                        // Other columns of these records may be there already; a new place reads as zeros.
                        let end = place + buffer.len() as u64;
                        if image.len() < end {
                            image.write_at(end - 1, &[0])?;
                        }
                        image.read_at(place, &mut buffer)?;
                    }
                    let first = (run.first_row + at - range.start) as usize;
                    values.scatter(first, &column, &mut buffer, width);
                    image.write_at(place, &buffer)
                })?;
            }
        }
        Ok(())
    }
}

/// The column as it lies in a run, and the bytes from one row to the next.
fn placed(table: &Table, column: usize, run: &Run) -> (hepz_columns::Column, usize) {
    let mut column = table.columns[column].clone();
    match run.part {
        Part::Records => (column, table.row_bytes as usize),
        Part::Column(_) => {
            let width = column.scalar.bytes();
            column.offset = 0;
            (column, width)
        }
    }
}

fn read(
    image: &Image<'_>,
    run: &Run,
    at: u64,
    rows: usize,
    table: &Table,
    into: &mut Vec<u8>,
) -> io::Result<()> {
    let width = row_bytes(run, table);
    into.clear();
    into.resize(rows * width as usize, 0);
    image.read_at(run.at + at * width, into)
}

fn row_bytes(run: &Run, table: &Table) -> u64 {
    match run.part {
        Part::Records => table.row_bytes.into(),
        Part::Column(column) => table.columns[column as usize].scalar.bytes() as u64,
    }
}

/// Walks `rows` through the runs that hold them, some rows at a time: run, first row inside it, number of rows.
fn steps(
    runs: &[Run],
    table: &Table,
    rows: Range<u64>,
    mut visit: impl FnMut(&Run, u64, usize) -> io::Result<()>,
) -> io::Result<()> {
    let mut row = rows.start;
    let mut next = runs.partition_point(|run| run.first_row + run.rows <= row);
    while row < rows.end {
        let run = runs
            .get(next)
            .filter(|run| run.first_row <= row)
            .ok_or_else(|| io::Error::other("a row lies nowhere"))?;
        let at = row - run.first_row;
        let most = (STEP_BYTES as u64 / row_bytes(run, table).max(1)).max(1);
        let here = (run.rows - at).min(rows.end - row).min(most);
        visit(run, at, here as usize)?;
        row += here;
        if at + here == run.rows {
            next += 1;
        }
    }
    Ok(())
}
