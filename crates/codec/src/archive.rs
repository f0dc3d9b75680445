//! Archives: opening one, and what it says about itself.
//!
//! In: the bytes of an archive. Out: an [`Archive`] with its header and tables.
//! Not here: giving the file back (`decompress`), its columns (`read`), what each costs (`inspect`).
//! Holds: opening reads the index, header, schema and plan, and nothing else.

use crate::{ArchiveError, ColumnId, DecompressOptions, FileSource, Inspection, Limits, Values};
use hepz_columns::Table;
use hepz_formats::Source;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

/// What an archive says about the file it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The file's name when it was compressed.
    pub name: Option<String>,
    /// Its length.
    pub original_bytes: u64,
    /// Its adler32.
    pub adler32: u32,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Version of the archive format: major, minor.
    pub format_version: (u8, u8),
    /// Name of the level that wrote it.
    pub level: String,
    /// The file's format: `hdf5`, `npy`, `npz`, `records`; empty if none was recognised.
    pub format: String,
    /// What the writer had to say: "block 7 could not be re-made".
    pub notes: Vec<String>,
}

/// An open archive.
pub struct Archive<'a> {
    medium: Box<dyn Source + 'a>,
}

impl<'a> Archive<'a> {
    /// Opens an archive on any medium.
    ///
    /// # Errors
    /// [`ArchiveError`] says whose move it is.
    pub fn open(medium: Box<dyn Source + 'a>, limits: Limits) -> Result<Archive<'a>, ArchiveError> {
        let _ = limits;
        Ok(Archive { medium })
    }

    /// Opens an archive in memory.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn from_bytes(_bytes: &'a [u8], _limits: Limits) -> Result<Archive<'a>, ArchiveError> {
        todo!()
    }

    /// Opens an archive file.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn open_file(path: impl AsRef<Path>, limits: Limits) -> Result<Archive<'static>, ArchiveError> {
        let file = FileSource::open(path).map_err(ArchiveError::Io)?;
        Archive::open(Box::new(file), limits)
    }

    /// What the archive says about the file it holds.
    pub fn header(&self) -> &Header {
        todo!()
    }

    /// Length of the archive.
    pub fn archive_bytes(&self) -> u64 {
        self.medium.len()
    }

    /// The tables of the file.
    pub fn tables(&self) -> &[Table] {
        todo!()
    }

    /// Columns that a pattern names, in file order: `table`, `table.column` or `column`, with `*` for any run of
    /// characters and `?` for any one.
    pub fn find(&self, _pattern: &str) -> Vec<ColumnId> {
        todo!()
    }

    /// Rows of some columns, one [`Values`] per column asked for; only the chunks and streams needed are touched.
    ///
    /// # Errors
    /// [`ArchiveError::NoSuchColumn`] for columns and rows that are not there, else what reading meets.
    pub fn read(&self, _columns: &[ColumnId], _rows: Range<u64>) -> Result<Vec<Values>, ArchiveError> {
        todo!()
    }

    /// Writes the original file, checked by its sums.
    ///
    /// # Errors
    /// On any error what was written so far is to be thrown away.
    pub fn decompress(
        &self,
        _sink: &mut dyn Write,
        _options: &DecompressOptions<'_>,
    ) -> Result<(), ArchiveError> {
        todo!()
    }

    /// Writes the original file under a name that appears only when it is whole.
    ///
    /// # Errors
    /// On any error nothing is left behind.
    pub fn decompress_to_file(
        &self,
        _path: impl AsRef<Path>,
        _options: &DecompressOptions<'_>,
    ) -> Result<(), ArchiveError> {
        todo!()
    }

    /// Decodes everything and checks every sum; writes nothing.
    ///
    /// # Errors
    /// What decompressing would meet.
    pub fn test(&self, _options: &DecompressOptions<'_>) -> Result<(), ArchiveError> {
        todo!()
    }

    /// What each column and each kind of section costs.
    ///
    /// # Errors
    /// What reading the chunks' directories meets.
    pub fn inspect(&self) -> Result<Inspection, ArchiveError> {
        todo!()
    }
}
