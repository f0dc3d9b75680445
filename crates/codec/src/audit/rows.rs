//! Rows: values of any rows of all tables, from a file or an archive.
//!
//! In: what a file or an archive holds. Out: slices for plans: a sample, or one chunk after the other.
//! Not here: what is done with them.
//! Holds: a file and its archive give the same sample.

use crate::ArchiveError;
use crate::chunks::{CHUNK_BYTES, Cuts, total_bytes};
use crate::contents::{Contents, Held};
use crate::plan::{Sample, Slice};
use hepz_columns::{ByteOrder, Column, Table, Values};
use std::ops::Range;

/// Tables with the places at which they may be cut.
pub(super) struct Rows<'a> {
    contents: &'a Contents<'a>,
    cuts: Cuts,
}

impl<'a> Rows<'a> {
    /// The tables of a file or an archive; `None` if there are none.
    pub(super) fn of(contents: &'a Contents<'a>) -> Result<Option<Rows<'a>>, ArchiveError> {
        let cuts = match &contents.held {
            Held::Events(..) => return Ok(None),
            Held::Archive(archive) => match &archive.schema {
                Some(schema) => schema.cuts.clone(),
                None => return Ok(None),
            },
            Held::Tables(laid) => {
                let mut cuts = Cuts::even(&laid.tables, CHUNK_BYTES);
                crate::linked::link(&mut cuts, &laid.image, &laid.tables, &laid.shelf)
                    .map_err(ArchiveError::Io)?;
                cuts
            }
        };
        let rows = Rows { contents, cuts };
        Ok((total_bytes(rows.tables()) > 0).then_some(rows))
    }

    pub(super) fn tables(&self) -> &'a [Table] {
        self.contents.tables()
    }

    /// About `most` bytes, in pieces that lie far apart.
    pub(super) fn sample(&self, most: u64) -> Result<Sample, ArchiveError> {
        let values = self.gather(&self.cuts.sample(self.tables(), most))?;
        let mut last_offsets = Vec::with_capacity(self.tables().len());
        for (index, table) in self.tables().iter().enumerate() {
            let integers = matches!(&table.columns[..], [column] if !column.scalar.is_float());
            let last = if integers && table.rows > 0 {
                let last = self.contents.read(index, table.rows - 1..table.rows)?;
                last.first().filter(|values| !values.is_empty()).map(|values| values.raw(0))
            } else {
                None
            };
            last_offsets.push(last);
        }
        Ok(Sample { values, last_offsets, original: None })
    }

    /// Number of chunks.
    pub(super) fn chunks(&self) -> u64 {
        self.cuts.chunks
    }

    /// All values of one chunk.
    pub(super) fn chunk(&self, chunk: u64) -> Result<Slice, ArchiveError> {
        self.gather(&self.cuts.chunk(self.tables(), chunk))
    }

    fn gather(&self, ranges: &[Vec<Range<u64>>]) -> Result<Slice, ArchiveError> {
        let tables = self.tables();
        if let Held::Tables(laid) = &self.contents.held {
            return laid.shelf.gather(&laid.image, tables, ranges).map_err(ArchiveError::Io);
        }
        let mut slice = Slice::default();
        for (index, (table, ranges)) in tables.iter().zip(ranges).enumerate() {
            let mut all: Vec<Values> =
                table.columns.iter().map(|column| Values::with_capacity(column.scalar, 0)).collect();
            for range in ranges {
                let read = self.contents.read(index, range.clone())?;
                for (all, values) in all.iter_mut().zip(&read) {
                    all.gather(&packed(values), values.as_bytes(), values.scalar().bytes());
                }
            }
            slice.rows.push(all.first().map_or(0, Values::len));
            slice.columns.push(all.into_iter().map(Some).collect());
        }
        Ok(slice)
    }
}

/// A column whose values stand side by side as [`Values`] keeps them.
fn packed(values: &Values) -> Column {
    let (name, unit) = (String::new(), String::new());
    Column { name, unit, scalar: values.scalar(), order: ByteOrder::Little, offset: 0 }
}
