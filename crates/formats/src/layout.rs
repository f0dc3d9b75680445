//! The layout of a file: which of its bytes belong to which column.
//!
//! In: what a format reader found. Out: a checked partition of the file into extents and skeleton.
//! Not here: how a format finds it (one module each), how values are coded (`hepz`).
//! Holds: [`Layout::validate`] accepts only layouts from which the file can be rebuilt.

use crate::frame::{Rows, Shape};
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
    /// At byte `at` of the content of a frame of [`Layout::frames`].
    Frame {
        /// Index into [`Layout::frames`].
        frame: u32,
        /// Byte of its content.
        at: u64,
    },
    /// At this byte of [`Layout::structure`].
    Structure(u64),
}

impl Place {
    /// The place `bytes` further on.
    #[must_use]
    pub fn after(self, bytes: u64) -> Place {
        match self {
            Place::File(at) => Place::File(at + bytes),
            Place::Block { block, at } => Place::Block { block, at: at + bytes },
            Place::Frame { frame, at } => Place::Frame { frame, at: at + bytes },
            Place::Structure(at) => Place::Structure(at + bytes),
        }
    }

    /// Both are places of the file, of the same block or frame, or of the structure.
    fn shares_bytes_with(self, other: Place) -> bool {
        match (self, other) {
            (Place::File(_), Place::File(_)) | (Place::Structure(_), Place::Structure(_)) => true,
            (Place::Block { block: a, .. }, Place::Block { block: b, .. }) => a == b,
            (Place::Frame { frame: a, .. }, Place::Frame { frame: b, .. }) => a == b,
            _ => false,
        }
    }
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

/// A run of a block's plain content that holds values in a frame ([`crate::frame`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Index into [`Layout::blocks`].
    pub block: u32,
    /// First byte of the plain content.
    pub at: u64,
    /// Length there.
    pub bytes: u64,
    /// Length of the content of the frame.
    pub content_bytes: u64,
    /// Index into [`Layout::shapes`].
    pub shape: u32,
    /// Rows that it holds.
    pub rows: Rows,
}

/// Content that a file sums up elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A run of the file.
    File {
        /// First byte.
        at: u64,
        /// Length.
        bytes: u64,
    },
    /// The plain content of a block of [`Layout::blocks`].
    Block(u32),
}

/// A CRC-32 over content that a writer of other content has to make again (members of a zip). Sums that a block ends
/// with are steps of its pipeline instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentCheck {
    /// What is summed up.
    pub content: Content,
    /// Places of the file where the sum stands, four bytes each, little-endian. They hold the same number now.
    pub crc32_at: Vec<u64>,
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
    /// Shapes of frames. Tables of offsets that they name are [`Layout::structure`].
    pub shapes: Vec<Shape>,
    /// Frames, by rising block and place, not overlapping.
    pub frames: Vec<Frame>,
    /// Values that are in no byte of the file because its frames follow from them: offsets, little-endian.
    pub structure: Vec<u8>,
    /// Extents in any order, not overlapping; each row of each column lies in exactly one.
    pub extents: Vec<Extent>,
    /// Sums over content that a writer of other content has to make again.
    pub checks: Vec<ContentCheck>,
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
    /// A frame overlaps another, leaves its block, or names something that does not exist.
    #[error("frame {frame} overlaps another, leaves its block or names what does not exist")]
    Frame {
        /// Index of the frame.
        frame: usize,
    },
    /// A sum or its content leaves the file, a sum lies in content, or its block does not exist.
    #[error("sum {check} or its content leaves the file, lies in content, or its block does not exist")]
    Check {
        /// Index of the sum.
        check: usize,
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
        self.check_frames()?;
        let mut previous = Place::File(0);
        let mut frame = 0;
        for extent in 0..self.extents.len() {
            let refuse = LayoutError::Extent { extent };
            previous = self.end_of(&self.extents[extent], previous, file_bytes).ok_or(refuse.clone())?;
            // Both are sorted, so one look at the frames before the extent's end is enough.
            if let Place::Block { block, at: end } = previous {
                let begins_before = |f: &Frame| (f.block, f.at) < (block, end);
                frame += self.frames[frame..].iter().take_while(|f| begins_before(f)).count();
                let Place::Block { at, .. } = self.extents[extent].place else { return Err(refuse) };
                let before = frame.checked_sub(1).map(|last| &self.frames[last]);
                if before.is_some_and(|f| f.block == block && f.at + f.bytes > at) {
                    return Err(refuse);
                }
            }
        }
        self.check_sums(file_bytes)?;
        self.check_rows()
    }

    /// True if no block and no extent of the file touches these four bytes.
    fn is_clear(&self, at: u64) -> bool {
        let blocks = self.blocks.partition_point(|b| b.at < at.saturating_add(4));
        let extents = self.extents.partition_point(|e| e.place < Place::File(at.saturating_add(4)));
        let block = blocks.checked_sub(1).map(|last| &self.blocks[last]);
        let extent = extents.checked_sub(1).map(|last| &self.extents[last]);
        block.is_none_or(|b| b.at + b.bytes <= at)
            && extent.is_none_or(|e| match e.place {
                Place::File(from) => from + e.rows * e.bytes_per_row(&self.tables[e.table as usize]) <= at,
                _ => true,
            })
    }

    fn check_sums(&self, file_bytes: u64) -> Result<(), LayoutError> {
        let inside = |at: u64, bytes: u64| at.checked_add(bytes).is_some_and(|end| end <= file_bytes);
        let sound = |check: &ContentCheck| {
            let there = match check.content {
                Content::File { at, bytes } => inside(at, bytes),
                Content::Block(block) => (block as usize) < self.blocks.len(),
            };
            there && check.crc32_at.iter().all(|&at| inside(at, 4) && self.is_clear(at))
        };
        match self.checks.iter().position(|check| !sound(check)) {
            Some(check) => Err(LayoutError::Check { check }),
            None => Ok(()),
        }
    }

    fn check_frames(&self) -> Result<(), LayoutError> {
        let mut free = (0, 0);
        for (frame, f) in self.frames.iter().enumerate() {
            let sound = || {
                let end = f.at.checked_add(f.bytes)?;
                let block = self.blocks.get(f.block as usize)?;
                let shape = self.shapes.get(f.shape as usize)?;
                let tables = shape.tables().iter().all(|&table| (table as usize) < self.tables.len());
                let placed = (f.block, f.at) >= free && end <= block.plain_bytes && f.bytes > 0;
                (tables && placed).then_some((f.block, end))
            };
            free = sound().ok_or(LayoutError::Frame { frame })?;
        }
        Ok(())
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
        // `free_from` lies in the same stretch of bytes, or in one before it, as extents are sorted.
        let (end, most, place) = match extent.place {
            Place::File(at) => {
                let end = at.checked_add(bytes).filter(|&end| end <= file_bytes)?;
                // An extent of the file may not touch a block: find the last block that begins before its end.
                let before = self.blocks.partition_point(|b| b.at < end);
                let clear = before == 0 || self.blocks[before - 1].at + self.blocks[before - 1].bytes <= at;
                (end, if clear { file_bytes } else { 0 }, Place::File(end))
            }
            Place::Block { block, at } => {
                let end = at.checked_add(bytes)?;
                (end, self.blocks.get(block as usize)?.plain_bytes, Place::Block { block, at: end })
            }
            Place::Frame { frame, at } => {
                let end = at.checked_add(bytes)?;
                (end, self.frames.get(frame as usize)?.content_bytes, Place::Frame { frame, at: end })
            }
            Place::Structure(at) => {
                let end = at.checked_add(bytes)?;
                (end, self.structure.len() as u64, Place::Structure(end))
            }
        };
        (end <= most && (free_from <= extent.place || !free_from.shares_bytes_with(extent.place)))
            .then_some(place)
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
