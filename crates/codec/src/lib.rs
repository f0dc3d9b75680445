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
//! what each column costs. [`explain()`] says what was found in a file or an archive, [`diff()`] what two of them do not have in
//! common, [`salvage()`] gives back what a damaged archive still holds.
//!
//! ```
//! use hepz::{Archive, CompressOptions, DecompressOptions, Limits, Memory};
//! let file = b"any bytes at all; tables in known formats become columns".repeat(20);
//! let mut archive = Vec::new();
//! let report = hepz::compress(&Memory(&file), &mut archive, &CompressOptions::new())?;
//! assert!(report.archive_bytes < 250);
//!
//! let archive = Archive::from_bytes(&archive, Limits::default())?;
//! let mut back = Vec::new();
//! archive.decompress(&mut back, &DecompressOptions::new())?;
//! assert_eq!(back, file);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to look next
//! `compress` and `archive` for the two directions, `plan` for how columns are coded. What sections hold, byte by byte:
//!
#![doc = include_str!("../FORMAT.md")]

mod archive;
mod audit;
mod chunks;
mod compress;
mod contents;
mod decompress;
mod delimited;
mod diff;
mod engine;
mod entries;
mod error;
pub mod events;
mod explain;
mod file;
mod frames;
mod image;
mod inspect;
mod layers;
mod linked;
pub mod networks;
mod options;
mod packing;
mod part;
mod pattern;
mod places;
pub mod plan;
mod precision;
mod prices;
mod proof;
mod read;
mod recognised;
#[cfg(test)]
mod round_trips;
mod salvage;
mod schema;
mod sections;
mod spool;
mod streams;
mod sums;
mod verify;
mod workers;
mod wrapped;
mod written;

pub use archive::{Archive, Header};
pub use audit::{
    Audit, AuditOptions, AuditedColumn, AuditedRelation, BitClass, Census, Coarser, KindCount, Plane,
    Truncation, audit, census,
};
pub use compress::{CompressReport, NetworkReport, compress};
pub use contents::{TableReader, with_tables};
pub use diff::{ColumnDifference, Difference, EventDifference, Side, TableDifference, diff};
pub use entries::{BranchView, Jagged, TreeView, trees};
pub use error::{ArchiveError, CompressError};
pub use explain::{ExplainedColumn, ExplainedTable, Explanation, explain};
pub use file::{FileSource, Memory};
pub use hepz_columns::Values;
pub use hepz_formats::root::rewrite::Compression;
pub use hepz_formats::{Source, records};
pub use inspect::{ColumnInspection, Inspection, ModelInspection, SectionInspection};
pub use layers::{SplitReport, merge, merge_to_file, split, split_to_files};
pub use options::{CompressOptions, DecompressOptions, Level, Limits, Progress, Stage};
pub use plan::ColumnId;
pub use plan::lesson::{Lesson, Trainer};
pub use precision::{RoundedColumn, RoundingReport};
pub use proof::{ColumnProof, Proof, verify_against};
pub use salvage::{LostRows, LostSection, LostStretch, Salvaged, salvage};
pub use verify::{verify, verify_content};
pub use written::{compress_to_file, round, verify_written};
