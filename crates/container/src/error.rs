//! Errors: what is wrong with an archive, where, and whose move it is.
//!
//! In: what the reader found. Out: [`ReadError`], [`WriteError`].
//! Not here: errors inside a section (`wire`), errors of decoding (the crates above).
//! Holds: a cut file is always [`ReadError::Truncated`], so a caller may fetch or wait instead of giving up.

use std::io;

/// A part of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// The first 16 bytes.
    Header,
    /// The section with this number, counted from 0 in the order of the file.
    Section(u64),
    /// The index.
    Index,
    /// The last 16 bytes.
    Trailer,
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Region::Header => write!(f, "the header"),
            Region::Section(number) => write!(f, "section {number}"),
            Region::Index => write!(f, "the index"),
            Region::Trailer => write!(f, "the trailer"),
        }
    }
}

/// Version of the format: a new major modifies, a new minor adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormatVersion {
    /// Changes when old programs would misread the file.
    pub major: u8,
    /// Changes when something is added. While `major` is 0, it counts as a change of `major`.
    pub minor: u8,
}

impl std::fmt::Display for FormatVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file is something else. Choose another program.
    #[error("not a hepz archive")]
    NotAnArchive,
    /// The file ends early. Fetch it again, or wait for the writer.
    #[error(
        "the archive ends early, in {region}: it has {had_bytes} bytes and needs at least {wanted_bytes}"
    )]
    Truncated {
        /// Where it ends.
        region: Region,
        /// The least length that would get past this place.
        wanted_bytes: u64,
        /// Length of the file.
        had_bytes: u64,
    },
    /// No writer of any version produces this. Restore from another copy.
    #[error("the archive is damaged in {region}, at byte {at_byte}: {what}")]
    Corrupt {
        /// Where it is damaged.
        region: Region,
        /// The byte of the file at which the damaged thing begins.
        at_byte: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The data are fine; this program is too old. Upgrade.
    #[error(
        "the archive has format {file} (features {unknown_features:#06x} unknown), this program reads up to {reads_up_to}"
    )]
    TooNew {
        /// Version of the file.
        file: FormatVersion,
        /// The newest version that this program reads.
        reads_up_to: FormatVersion,
        /// Required features that this program does not know, one bit each.
        unknown_features: u16,
    },
    /// Legal, but larger than the caller allowed. Raise the limit if you trust the file.
    #[error("{limit}: the archive wants {wanted}, allowed are {allowed}")]
    OverLimit {
        /// Which limit.
        limit: &'static str,
        /// What the archive needs.
        wanted: u64,
        /// What the caller allows.
        allowed: u64,
    },
    /// The medium failed.
    #[error("reading the archive: {0}")]
    Io(#[from] io::Error),
}

/// Shorthand for the error that the reader gives most.
pub(crate) fn corrupt(region: Region, at_byte: u64, what: &'static str) -> ReadError {
    ReadError::Corrupt { region, at_byte, what }
}

/// Why an archive cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The kind belongs to the container itself.
    #[error("section kind {0} is reserved")]
    ReservedKind(u8),
    /// The medium failed.
    #[error("writing the archive: {0}")]
    Io(#[from] io::Error),
}
