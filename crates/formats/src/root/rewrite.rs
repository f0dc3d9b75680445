//! Rewriting: a valid ROOT file with the same keys, objects and data, its blocks compressed anew.
//!
//! In: a ROOT file and the [`Compression`] wanted. Out: another ROOT file, and a [`Report`] of it; or what in the
//! file cannot be moved.
//! Not here: compressing a payload (`hepz-recompression`), byte-exact archives (`layout`).
//! Holds: names, cycles, dates and plain payloads stay, but for the places and stored lengths in them; what was not
//! compressed stays so; a file with bytes that belong to nothing known, or with places that are not found, is
//! refused. The same file and compression give the same bytes. Memory is one record and a constant.
//!
//! `old` finds out what each record holds, `new` gives each its place and writes it. What names places:
//! `directories`, `trees`, `ntuples` (by the links in `envelopes`). Gaps are dropped. Records keep their order, but
//! those that name a later one come after it: their own length is known only then.

mod compression;
mod directories;
mod envelopes;
mod new;
mod ntuples;
mod numbers;
mod old;
mod places;
#[cfg(test)]
mod tests;
mod trees;

pub use compression::{Compression, CompressionError};

use super::file::Record;
use crate::Source;
use std::io;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Records of the file.
    pub records: u64,
    /// Those of them, and pages and envelopes of RNTuples, that were compressed anew or opened.
    pub payloads: u64,
    /// Records that come after one that they stood before.
    pub moved: u64,
    /// Length of the new file.
    pub bytes: u64,
}

/// Why a file was not rewritten.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RewriteError {
    /// Another format, or a header that is damaged.
    #[error("this is not a ROOT file")]
    NotRoot,
    /// The file and its header differ about its length. Fetch it again.
    #[error("the file has {has} bytes, its header says {says}")]
    Length {
        /// End of the last record by the header.
        says: u64,
        /// Length of the file.
        has: u64,
    },
    /// Something that no key and no free segment accounts for: the file is damaged, or was not closed.
    #[error("the bytes from {at} on belong to no record of the file")]
    Unknown {
        /// The first of them.
        at: u64,
    },
    /// A record that cannot be moved. The file can still be archived byte for byte.
    #[error("{class} {name:?} at byte {at}: {why}")]
    Record {
        /// Place of its key.
        at: u64,
        /// Its class.
        class: String,
        /// Its name.
        name: String,
        /// What stands against it.
        why: String,
    },
    /// The new file would be longer than places of 4 bytes can say. Another compression may help.
    #[error("the new file would pass 2 GB, but the places in it are numbers of 4 bytes")]
    TooLong,
    /// Reading failed.
    #[error("reading: {0}")]
    Read(io::Error),
    /// Writing failed.
    #[error("writing: {0}")]
    Write(io::Error),
}

/// Why a record cannot be moved, before it is known which.
#[derive(Debug)]
enum Fault {
    Read(io::Error),
    Odd(&'static str),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Read(error)
    }
}

impl From<&'static str> for Fault {
    fn from(why: &'static str) -> Fault {
        Fault::Odd(why)
    }
}

impl Fault {
    /// The error if it is this record.
    fn of(self, record: &Record) -> RewriteError {
        match self {
            Fault::Read(error) => RewriteError::Read(error),
            Fault::Odd(why) => refused(record, why),
        }
    }
}

fn refused(record: &Record, why: impl Into<String>) -> RewriteError {
    let (class, name) = (record.class.clone(), record.name.clone());
    RewriteError::Record { at: record.at, class, name, why: why.into() }
}

/// Writes a valid ROOT file with the same keys, objects and data as `source`.
///
/// Nothing is written before it is known that the file can be rewritten.
///
/// # Errors
/// [`RewriteError`], which says whether the file, its length, or the medium stands against it.
pub fn rewrite(
    source: &dyn Source,
    compression: Compression,
    sink: &mut dyn io::Write,
) -> Result<Report, RewriteError> {
    let old = old::read(source)?;
    new::New::place(&old, compression)?.write(sink)
}
