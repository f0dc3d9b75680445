//! Tables: records of columns.
//!
//! In: what a format found. Out: a [`Table`] whose columns cover each record exactly once.
//! Not here: where the records lie in a file (`hepz-formats`), their values (`values`).
//! Holds: [`Table::validate`] is the one place that decides whether a record layout is sound.

use crate::{ByteOrder, Scalar};

/// One column: a scalar at a fixed place of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name, unique in its table. Array members are `name[0]`, `name[1]`, ...
    pub name: String,
    /// Unit, empty if the file does not say.
    pub unit: String,
    /// Type of one value.
    pub scalar: Scalar,
    /// Byte order in the file.
    pub order: ByteOrder,
    /// Offset of the value in the record, in bytes.
    pub offset: u32,
}

/// In what order the rows of a table are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// As a reader of the original format would number them (C order of the dataset).
    Logical,
    /// As they lie in the file; a reader of the original format would number them otherwise.
    Storage,
}

/// Records of equal shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Name, unique in the file: a dataset path or array name, or the group of arrays side by side. May be empty.
    pub name: String,
    /// Number of records: the product of the dataset's dimensions.
    pub rows: u64,
    /// Lengths of the inner dimensions, outermost first: a dataset of shape (1000, 40) has 40,000 rows and inner `[40]`.
    pub inner: Vec<u64>,
    /// Numbering of the rows.
    pub row_order: RowOrder,
    /// Length of one record in bytes.
    pub row_bytes: u32,
    /// The columns, in the order of their offsets.
    pub columns: Vec<Column>,
}

/// Why a table is not sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaError {
    /// Two columns share bytes, or a column leaves the record, or bytes belong to no column.
    Coverage {
        /// The first byte of the record that is not covered exactly once.
        at_byte: u32,
    },
    /// Rows times record length does not fit 63 bits.
    TooLarge,
}

impl std::fmt::Display for SchemaError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SchemaError::Coverage { at_byte } => {
                write!(f, "byte {at_byte} of the record is not covered by exactly one column")
            }
            SchemaError::TooLarge => write!(f, "the table is larger than 2^63 bytes"),
        }
    }
}

impl std::error::Error for SchemaError {}

impl Table {
    /// Sorts the columns by offset and covers every gap of the record with byte columns named `<pad N>`, N its offset.
    pub fn cover_gaps(&mut self) {
        self.columns.sort_by_key(|column| column.offset);
        let mut next = 0;
        let mut pads = Vec::new();
        let ends = self.columns.iter().map(|c| (c.offset, c.offset.saturating_add(c.scalar.bytes() as u32)));
        for (start, end) in ends.chain([(self.row_bytes, self.row_bytes)]) {
            for offset in next..start.min(self.row_bytes) {
                pads.push(Column {
                    name: format!("<pad {offset}>"),
                    unit: String::new(),
                    scalar: Scalar::U8,
                    order: ByteOrder::Little,
                    offset,
                });
            }
            next = next.max(end);
        }
        self.columns.extend(pads);
        self.columns.sort_by_key(|column| column.offset);
    }

    /// Checks that the columns, in this order, cover the record exactly once.
    ///
    /// # Errors
    /// [`SchemaError`] names the first byte that is not covered exactly once.
    pub fn validate(&self) -> Result<(), SchemaError> {
        let mut next = 0u32;
        for column in &self.columns {
            if column.offset != next {
                return Err(SchemaError::Coverage { at_byte: next.min(column.offset) });
            }
            next = next
                .checked_add(column.scalar.bytes() as u32)
                .ok_or(SchemaError::Coverage { at_byte: column.offset })?;
        }
        if next != self.row_bytes {
            return Err(SchemaError::Coverage { at_byte: next.min(self.row_bytes) });
        }
        match self.rows.checked_mul(u64::from(self.row_bytes)) {
            Some(bytes) if bytes < 1 << 63 => Ok(()),
            _ => Err(SchemaError::TooLarge),
        }
    }
}
