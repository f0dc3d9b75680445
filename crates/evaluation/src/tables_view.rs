//! The tables' views: the values of a file, one column after another, or one row after another.
//!
//! In: a hepz archive of the file. Out: bytes and the [`Shape`] of each column.
//! Not here: compressing them.
//! Holds: tables and columns are in the order of the file; every value of every column is there once.

use crate::EvaluationError;
use hepz::{Archive, ColumnId, Values};
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

    /// True if it holds floating-point numbers of 4 or 8 bytes.
    pub(crate) fn is_float(&self) -> bool {
        matches!(self.scalar, Scalar::F32 | Scalar::F64)
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

/// Writes the values of all columns to `by_columns` and, row after row, to `by_rows`; gives their shapes, none if the
/// archive holds no columns.
pub(crate) fn write(
    archive: &Archive<'_>,
    by_columns: &mut dyn Write,
    by_rows: &mut dyn Write,
) -> Result<Vec<Shape>, EvaluationError> {
    let mut shapes = Vec::new();
    for (number, table) in (0..).zip(archive.tables()) {
        let columns = (0..table.columns.len() as u32).map(|column| ColumnId { table: number, column });
        let columns: Vec<ColumnId> = columns.collect();
        let values = archive
            .read(&columns, 0..table.rows)
            .map_err(|error| EvaluationError::failed(crate::Rival::HEPZ, error))?;
        for column in &values {
            by_columns.write_all(column.as_bytes())?;
            shapes.push(Shape { scalar: column.scalar(), rows: table.rows });
        }
        write_rows(&values, by_rows)?;
    }
    by_columns.flush()?;
    by_rows.flush()?;
    Ok(shapes)
}

/// Interleaves columns of equally many values.
fn write_rows(columns: &[Values], sink: &mut dyn Write) -> Result<(), EvaluationError> {
    let mut rest: Vec<_> =
        columns.iter().map(|column| column.as_bytes().chunks_exact(column.scalar().bytes())).collect();
    loop {
        for column in &mut rest {
            let Some(value) = column.next() else { return Ok(()) };
            sink.write_all(value)?;
        }
        if rest.is_empty() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hepz::{CompressOptions, Limits, Memory};

    #[test]
    fn shapes_come_back_from_their_lines() {
        let shape = Shape { scalar: Scalar::F32, rows: 12 };
        assert_eq!(Shape::from_line(shape.to_line().trim_end()), Some(shape));
        assert_eq!(Shape::from_line("f3 12"), None);
    }

    #[test]
    fn rows_of_a_packed_table_are_the_bytes_of_its_file() {
        let file = crate::small_table();
        let mut archive = Vec::new();
        hepz::compress(&Memory(&file), &mut archive, &CompressOptions::new()).unwrap();
        let archive = Archive::from_bytes(&archive, Limits::default()).unwrap();
        let (mut columns, mut rows) = (Vec::new(), Vec::new());
        let shapes = write(&archive, &mut columns, &mut rows).unwrap();
        assert_eq!(shapes.len(), 4);
        assert!(file.ends_with(&rows) && rows.len() == 4000 * 21);
        assert_eq!(columns.len(), rows.len());
        assert_ne!(columns, rows);
    }
}
