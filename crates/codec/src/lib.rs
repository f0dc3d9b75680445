//! hepz: a compressor for particle-physics data.
//!
//! # What it is
//! The library's face: a file to an archive and back, byte for byte, and single columns of an archive without the
//! rest.
//!
//! # One page
//! [`compress`] asks `hepz-formats` where the numbers of a file lie, opens its compressed blocks, cuts the tables into
//! chunks of about 16 MiB, makes a [`plan`] from a sample and codes each chunk by it. [`Archive`] opens the result:
//! [`Archive::decompress`] gives the file back, [`Archive::read`] some rows of some columns, [`Archive::inspect`] says
//! what each column costs.
//!
//! # Where to look next
//! `compress` and `archive` for the two directions, `sections` for what an archive holds, `plan` for how columns are
//! coded.

mod archive;
mod compress;
mod error;
mod file;
mod inspect;
mod options;
pub mod plan;
mod verify;

pub use archive::{Archive, Header};
pub use compress::{CompressReport, compress, compress_to_file};
pub use error::{ArchiveError, CompressError};
pub use file::FileSource;
pub use hepz_columns::Values;
pub use hepz_formats::Source;
pub use inspect::{ColumnInspection, Inspection, SectionInspection};
pub use options::{CompressOptions, DecompressOptions, Level, Limits, Progress, Stage};
pub use plan::ColumnId;
pub use verify::verify;
