//! The layout of a file: which of its bytes belong to which column.
//!
//! In: what a format reader found. Out: a checked partition of the file into extents and skeleton.
//! Not here: how a format finds it (one module each), how values are coded (`hepz`).
//! Holds: [`Layout::validate`] accepts only layouts from which the file can be rebuilt.

use hepz_columns::{SchemaError, Table};
use hepz_recompression::Pipeline;
use std::io;

/// Random access to the bytes of a file.
pub trait Source: Sync {
    /// Length in bytes.
    fn len(&self) -> u64;
    /// True if there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Fills `into` from byte `at`; reading past the end is an error of kind `UnexpectedEof`.
    ///
    /// # Errors
    /// Whatever the medium says.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()>;
}

impl Source for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(at).ok().and_then(|at| self.get(at..)).and_then(|s| s.get(..into.len()));
        into.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// Where an extent begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At this byte of the file.
    File(u64),
    /// At byte `at` of the plain content of a block of [`Layout::blocks`].
    Block {
        /// Index into [`Layout::blocks`].
        block: u32,
        /// Byte of its plain content.
        at: u64,
    },
}

/// What an extent holds of its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Whole records, `row_bytes` each.
    Records,
    /// The values of one column, packed.
    Column(u32),
}

/// A run of bytes that holds consecutive rows of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Where it begins.
    pub place: Place,
    /// Index into [`Layout::tables`].
    pub table: u32,
    /// Whole records or one column.
    pub part: Part,
    /// First row.
    pub first_row: u64,
    /// Number of rows, at least 1.
    pub rows: u64,
}

/// A run of the file that is a transformed (compressed, shuffled, checksummed) form of `plain_bytes` bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// First byte in the file.
    pub at: u64,
    /// Length in the file.
    pub bytes: u64,
    /// Length of the plain content.
    pub plain_bytes: u64,
    /// What was done to the plain content to get the stored bytes.
    pub pipeline: Pipeline,
}

/// Where the numbers of a file lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The format's name: `hdf5`, `npy`, `npz`, `records`; empty if no format knows the file.
    pub format: &'static str,
    /// The tables.
    pub tables: Vec<Table>,
    /// Compressed blocks, by rising `at`, not overlapping.
    pub blocks: Vec<Block>,
    /// Extents in any order, not overlapping; each row of each column lies in exactly one.
    pub extents: Vec<Extent>,
    /// What a user should know: "odd header, read as plain bytes".
    pub notes: Vec<String>,
}

/// Why a layout cannot be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// A table's record is not covered by its columns.
    #[error("table {table}: {error}")]
    Table {
        /// Index of the table.
        table: usize,
        /// What is wrong with it.
        error: SchemaError,
    },
    /// Blocks overlap, are out of order or leave the file.
    #[error("block {block} overlaps another or leaves the file")]
    Block {
        /// Index of the block.
        block: usize,
    },
    /// An extent overlaps another, leaves its file or block, or names something that does not exist.
    #[error("extent {extent} overlaps another, leaves its place or names what does not exist")]
    Extent {
        /// Index of the extent, after sorting by place.
        extent: usize,
    },
    /// Rows of a column lie in no extent or in two.
    #[error("rows of table {table}, column {column}, lie in no extent or in two")]
    Rows {
        /// Index of the table.
        table: usize,
        /// Index of the column.
        column: usize,
    },
}

impl Extent {
    /// Bytes per row of this extent, given its table.
    pub fn bytes_per_row(&self, table: &Table) -> u64 {
        match self.part {
            Part::Records => u64::from(table.row_bytes),
            Part::Column(column) => table.columns[column as usize].scalar.bytes() as u64,
        }
    }
}

impl Layout {
    /// A layout that knows nothing: every byte is skeleton.
    pub fn opaque() -> Layout {
        Layout::default()
    }

    /// Sorts the extents by place and checks everything that rebuilding relies on.
    ///
    /// # Errors
    /// The first [`LayoutError`] found.
    pub fn validate(&mut self, file_bytes: u64) -> Result<(), LayoutError> {
        for (table, error) in self.tables.iter().map(Table::validate).enumerate() {
            error.map_err(|error| LayoutError::Table { table, error })?;
        }
        let mut free_from = 0;
        for (block, b) in self.blocks.iter().enumerate() {
            let end = b.at.checked_add(b.bytes).filter(|&end| end <= file_bytes);
            free_from =
                end.filter(|_| b.at >= free_from && b.bytes > 0).ok_or(LayoutError::Block { block })?;
        }
        self.extents.sort_by_key(|e| e.place);
        let mut previous = Place::File(0);
        for extent in 0..self.extents.len() {
            let refuse = LayoutError::Extent { extent };
            previous = self.end_of(&self.extents[extent], previous, file_bytes).ok_or(refuse)?;
        }
        self.check_rows()
    }

    /// The place after `extent` if it is sound and begins at or after `free_from`.
    fn end_of(&self, extent: &Extent, free_from: Place, file_bytes: u64) -> Option<Place> {
        let table = self.tables.get(extent.table as usize)?;
        if let Part::Column(column) = extent.part {
            table.columns.get(column as usize)?;
        }
        let bytes = extent.rows.checked_mul(extent.bytes_per_row(table))?;
        let last_row = extent.first_row.checked_add(extent.rows)?;
        if extent.rows == 0 || bytes == 0 || last_row > table.rows {
            return None;
        }
        match extent.place {
            Place::File(at) => {
                let end = at.checked_add(bytes).filter(|&end| end <= file_bytes)?;
                // An extent of the file may not touch a block: find the last block that begins before its end.
                let before = self.blocks.partition_point(|b| b.at < end);
                let clear = before == 0 || self.blocks[before - 1].at + self.blocks[before - 1].bytes <= at;
                (clear && matches!(free_from, Place::File(f) if f <= at)).then_some(Place::File(end))
            }
            Place::Block { block, at } => {
                let end = at.checked_add(bytes)?;
                let fits = end <= self.blocks.get(block as usize)?.plain_bytes;
                let clear = match free_from {
                    Place::File(_) => true,
                    Place::Block { block: b, at: f } => b < block || f <= at,
                };
                (fits && clear).then_some(Place::Block { block, at: end })
            }
        }
    }

    fn check_rows(&self) -> Result<(), LayoutError> {
        let mut runs: Vec<Vec<(u64, u64, Part)>> = vec![Vec::new(); self.tables.len()];
        for e in &self.extents {
            runs[e.table as usize].push((e.first_row, e.rows, e.part));
        }
        for (table, (t, runs)) in self.tables.iter().zip(&mut runs).enumerate() {
            runs.sort_by_key(|run| run.0);
            let mut next_row = vec![0u64; t.columns.len()];
            for &(first, rows, part) in runs.iter() {
                let range = match part {
                    Part::Records => 0..t.columns.len(),
                    Part::Column(column) => column as usize..column as usize + 1,
                };
                for column in range {
                    if next_row[column] != first {
                        return Err(LayoutError::Rows { table, column });
                    }
                    next_row[column] += rows;
                }
            }
            if let Some(column) = next_row.iter().position(|&next| next != t.rows) {
                return Err(LayoutError::Rows { table, column });
            }
        }
        Ok(())
    }
}
