//! The columns' view: the values of a file, one column after another.
//!
//! In: a hepz archive of the file. Out: bytes and the [`Shape`] of each column.
//! Not here: compressing them.
//! Holds: tables and columns are in the order of the file; every value of every column is there once.

use crate::EvaluationError;
use hepz::{Archive, ColumnId};
use hepz_columns::Scalar;
use std::io::Write;

/// Type and length of one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Type of one value.
    pub(crate) scalar: Scalar,
    /// Number of values.
    pub(crate) rows: u64,
}

impl Shape {
    /// Length of the column in bytes.
    pub(crate) fn bytes(&self) -> usize {
        usize::try_from(self.rows).unwrap_or(usize::MAX).saturating_mul(self.scalar.bytes())
    }

    /// As text: `f4 1000`.
    pub(crate) fn to_line(self) -> String {
        format!("{} {}\n", self.scalar.name(), self.rows)
    }

    /// From text.
    pub(crate) fn from_line(line: &str) -> Option<Shape> {
        let (scalar, rows) = line.split_once(' ')?;
        Some(Shape { scalar: Scalar::from_name(scalar)?, rows: rows.parse().ok()? })
    }
}

/// Writes the values of all columns to `sink`; gives their shapes, none if the archive holds no columns.
pub(crate) fn write(archive: &Archive<'_>, sink: &mut dyn Write) -> Result<Vec<Shape>, EvaluationError> {
    let mut shapes = Vec::new();
    for (number, table) in (0..).zip(archive.tables()) {
        let columns = (0..table.columns.len() as u32).map(|column| ColumnId { table: number, column });
        let columns: Vec<ColumnId> = columns.collect();
        let values =
            archive.read(&columns, 0..table.rows).map_err(|error| EvaluationError::failed("hepz", error))?;
        for column in values {
            sink.write_all(column.as_bytes())?;
            shapes.push(Shape { scalar: column.scalar(), rows: table.rows });
        }
    }
    sink.flush()?;
    Ok(shapes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_come_back_from_their_lines() {
        let shape = Shape { scalar: Scalar::F32, rows: 12 };
        assert_eq!(Shape::from_line(shape.to_line().trim_end()), Some(shape));
        assert_eq!(Shape::from_line("f3 12"), None);
    }
}
