//! Text tables: the description of one, and where its columns lie in the image.
//!
//! In: what was found out about a text. Out: a [`Layout`] of the image, and the stored description.
//! Not here: finding it out (`choice`), making the image (`reader`) and the text (`writer`).
//! Holds: a description that was read fits the image that it is for, or is refused.

use super::cell::{Cells, Content};
use super::dialect::{Dialect, Separator};
use super::wire::{Pen, WireError, Wires};
use crate::layout::{Extent, Layout, Part, Place};
use hepz_columns::{ByteOrder, Column, RowOrder, Table};

/// A table of text: how its cells are printed, and what its image holds.
///
/// The image is the records of all rows that are printed in the table's way, then the *marks*, which say which rows and
/// cells are not, then the *text* of those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTable {
    /// How lines are cut.
    pub dialect: Dialect,
    /// The columns, in the order of their cells.
    pub cells: Vec<Cells>,
    /// Rows that have a record.
    pub rows: u64,
    /// The last line is a row, and has no end.
    pub is_open: bool,
    /// Length of the marks.
    pub marks_bytes: u64,
    /// Length of the text.
    pub text_bytes: u64,
}

/// Cells in one line, at most.
pub(super) const MOST_CELLS: usize = 4096;

impl TextTable {
    /// The name of the format.
    pub fn format(&self) -> &'static str {
        match self.dialect.separator {
            Separator::Byte(b',') => "csv",
            Separator::Byte(b'\t') => "tsv",
            _ => "text table",
        }
    }

    /// Bytes of one record.
    pub fn row_bytes(&self) -> usize {
        self.cells.iter().filter_map(Cells::scalar).map(|scalar| scalar.bytes()).sum()
    }

    /// Length of the image; none if there is no such length.
    pub fn image_bytes(&self) -> Option<u64> {
        let records = self.rows.checked_mul(self.row_bytes() as u64)?;
        records.checked_add(self.marks_bytes)?.checked_add(self.text_bytes)
    }

    /// Columns of the table in its image, in order; each with the place of its cells.
    pub fn columns(&self) -> impl Iterator<Item = (usize, Column)> {
        let mut offset = 0;
        let with_scalar =
            self.cells.iter().enumerate().filter_map(|(at, cells)| Some((at, cells, cells.scalar()?)));
        with_scalar.map(move |(at, cells, scalar)| {
            let column = Column {
                name: cells.name.clone(),
                unit: String::new(),
                scalar,
                order: ByteOrder::Little,
                offset,
            };
            offset += scalar.bytes() as u32;
            (at, column)
        })
    }

    /// The labels of a column of the image, if that is what it holds.
    pub fn labels(&self, column: usize) -> Option<&[(Vec<u8>, u64)]> {
        let (at, _) = self.columns().nth(column)?;
        let cells = self.cells.get(at)?;
        matches!(cells.content, Content::Label(_)).then_some(&cells.words)
    }

    /// Where the columns lie in the image.
    pub fn layout(&self) -> Layout {
        let table = Table {
            name: String::new(),
            rows: self.rows,
            inner: Vec::new(),
            row_order: RowOrder::Logical,
            row_bytes: self.row_bytes() as u32,
            columns: self.columns().map(|(_, column)| column).collect(),
        };
        let extent =
            Extent { place: Place::File(0), table: 0, part: Part::Records, first_row: 0, rows: self.rows };
        Layout { format: self.format(), tables: vec![table], extents: vec![extent], ..Layout::default() }
    }

    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut pen = Pen::default();
        let (kind, byte) = match self.dialect.separator {
            Separator::Byte(byte) => (0, byte),
            Separator::Blanks => (1, 0),
        };
        pen.raw(&[
            kind,
            byte,
            u8::from(self.dialect.quotes),
            u8::from(self.dialect.crlf) | u8::from(self.is_open) << 1,
        ]);
        for number in [self.rows, self.marks_bytes, self.text_bytes, self.cells.len() as u64] {
            pen.number(number);
        }
        for cells in &self.cells {
            cells.write(&mut pen);
        }
        pen.0
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`WireError`] for bytes that no writer of this version writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<TextTable, WireError> {
        let mut wires = Wires(bytes);
        let [kind, byte, quotes, ends] = wires.array()?;
        let separator = match kind {
            0 if byte != b'\n' => Separator::Byte(byte),
            1 if byte == 0 => Separator::Blanks,
            0 | 1 => return Err(WireError::Number),
            _ => return Err(WireError::TooNew),
        };
        if quotes > 1 || ends > 3 {
            return Err(WireError::Number);
        }
        let dialect = Dialect { separator, quotes: quotes == 1, crlf: ends & 1 == 1 };
        let (rows, marks_bytes, text_bytes) = (wires.number()?, wires.number()?, wires.number()?);
        let count = wires.number()?;
        if count == 0 || count > MOST_CELLS as u64 {
            return Err(WireError::Number);
        }
        let mut cells = Vec::new();
        for _ in 0..count {
            cells.push(Cells::read(&mut wires)?);
        }
        let table = TextTable { dialect, cells, rows, is_open: ends & 2 != 0, marks_bytes, text_bytes };
        if !wires.0.is_empty() {
            return Err(WireError::Length);
        }
        // Without records nothing would bound the number of rows.
        if table.row_bytes() == 0 || table.image_bytes().is_none() {
            return Err(WireError::Number);
        }
        Ok(table)
    }
}
