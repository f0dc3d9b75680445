//! Places of the image: what lies at which address.
//!
//! In: nothing. Out: [`Run`], [`OpenBlock`], [`OpenFrame`], [`Framed`].
//! Not here: making an image (`image`), storing these (`schema`).
//! Holds: addresses only; no bytes are touched.

use hepz_columns::Table;
use hepz_formats::Part;
use hepz_formats::frame::{Rows, Shape};

/// Rows of a table that lie together in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Image address of the first byte.
    pub(crate) at: u64,
    /// Index of the table.
    pub(crate) table: u32,
    /// Whole records or one column.
    pub(crate) part: Part,
    /// First row.
    pub(crate) first_row: u64,
    /// Number of rows.
    pub(crate) rows: u64,
}

/// An opened block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenBlock {
    /// Image address of its plain content, frames unfolded.
    pub(crate) at: u64,
    /// Length of that.
    pub(crate) plain_bytes: u64,
}

/// A frame whose content lies in the image, inside an open block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenFrame {
    /// Index into the open blocks.
    pub(crate) block: u32,
    /// Image address of its content.
    pub(crate) at: u64,
    /// Length of its content; may be 0.
    pub(crate) content_bytes: u64,
    /// Index into the shapes.
    pub(crate) shape: u32,
    /// Rows that it holds.
    pub(crate) rows: Rows,
}

/// Opened blocks and the frames in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Framed {
    /// Bytes at the end of the image that are no part of the file.
    pub(crate) structure_bytes: u64,
    /// By rising address.
    pub(crate) blocks: Vec<OpenBlock>,
    /// Shapes of frames.
    pub(crate) shapes: Vec<Shape>,
    /// By rising block and address.
    pub(crate) frames: Vec<OpenFrame>,
}

impl Run {
    /// Bytes per row of this run.
    pub(crate) fn row_bytes(&self, tables: &[Table]) -> u64 {
        let table = &tables[self.table as usize];
        match self.part {
            Part::Records => u64::from(table.row_bytes),
            Part::Column(column) => table.columns[column as usize].scalar.bytes() as u64,
        }
    }
}
