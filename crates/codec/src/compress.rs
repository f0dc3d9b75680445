//! Compressing: a file to an archive, written forwards.
//!
//! In: a [`Source`]. Out: an archive, and a [`CompressReport`].
//! Not here: which bytes are columns (`hepz-formats`), how columns are coded (`plan`).
//! Holds: the archive depends on the input, the level and the schema, not on threads or time.

use crate::{CompressError, CompressOptions};
use hepz_formats::Source;
use std::io::Write;
use std::path::Path;

/// What compressing did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompressReport {
    /// Length of the file.
    pub original_bytes: u64,
    /// Length of the archive.
    pub archive_bytes: u64,
    /// The format that was recognised, empty if none.
    pub format: String,
    /// Number of tables that are coded as columns.
    pub tables: u64,
    /// Number of columns.
    pub columns: u64,
    /// Compressed blocks of the file that were opened.
    pub opened_blocks: u64,
    /// Compressed blocks that stay as they are, because they cannot be re-made exactly.
    pub kept_blocks: u64,
    /// What a user should know.
    pub notes: Vec<String>,
    /// The archive was read back and compared.
    pub verified: bool,
}

/// Writes the archive of `source` to `sink`, forwards only. Does not verify: the sink cannot be read back.
///
/// # Errors
/// On any error what was written so far is to be thrown away.
pub fn compress(
    _source: &dyn Source,
    _sink: &mut dyn Write,
    _options: &CompressOptions<'_>,
) -> Result<CompressReport, CompressError> {
    todo!()
}

/// Writes the archive of the file `from` under the name `to`, which appears only when it is whole (and verified, unless
/// `options.verify` is off). The file's name is stored unless `options.name` gives another.
///
/// # Errors
/// On any error nothing is left behind.
pub fn compress_to_file(
    _from: impl AsRef<Path>,
    _to: impl AsRef<Path>,
    _options: &CompressOptions<'_>,
) -> Result<CompressReport, CompressError> {
    todo!()
}
