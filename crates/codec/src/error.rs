//! Errors: what went wrong, where, and whose move it is.
//!
//! In: failures of the layers below. Out: [`CompressError`] when writing, [`ArchiveError`] when reading.
//! Not here: exit codes (`hepz-cli`).
//! Holds: no variant that only carries a text; each says what the user can do.

use crate::plan::PlanError;
use hepz_formats::LayoutError;
use std::io;

/// Why an archive was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompressError {
    /// The source could not be read.
    #[error("cannot read the input: {0}")]
    Read(#[source] io::Error),
    /// The archive could not be written.
    #[error("cannot write the archive: {0}")]
    Write(#[source] io::Error),
    /// The layout that was given does not fit the file.
    #[error("the record schema does not fit the file: {0}")]
    Layout(#[source] LayoutError),
    /// The input changed while it was read. Compress again when nothing writes to it.
    #[error("the input changed while it was being compressed; compress it again when nothing writes to it")]
    Changed,
    /// Values of this format cannot be rounded in place. Leave `precision` out, or convert the file.
    #[error(
        "values of a file {} cannot be rounded in place; ROOT, HDF5, NumPy and records can",
        format_words(format)
    )]
    NotRounded {
        /// The format's name, empty if none was recognised.
        format: String,
    },
    /// No rule matches a column of floats. Look at the names with `hepz list`.
    #[error("no rule matches a column of floats; `hepz list` shows the names")]
    NothingToRound,
    /// A network alone was asked for, and no model of bytes was given. Give one.
    #[error("no model of bytes was given that could code the file alone")]
    NoByteModel,
    /// The archive, read back, does not give the input. Nothing was kept; please report this.
    #[error("the archive does not read back as the input, nothing was kept: {0}")]
    Verify(#[source] ArchiveError),
    /// The pool of threads could not be started.
    #[error("cannot start threads: {0}")]
    Threads(String),
}

fn format_words(format: &str) -> String {
    if format.is_empty() { "without known tables".into() } else { format!("of format {format}") }
}

/// Why an archive, or a part of it, was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The file does not begin like an archive of hepz. Check the name.
    #[error("not a hepz archive")]
    NotAnArchive,
    /// The file ends early. Fetch it again, or wait for the writer.
    #[error("the archive is cut short: {wanted_bytes} bytes wanted, {had_bytes} there")]
    Truncated {
        /// Bytes that reading needs, at least.
        wanted_bytes: u64,
        /// Bytes that are there.
        had_bytes: u64,
    },
    /// No writer of any version produces this. Restore the archive from another copy.
    #[error("the archive is damaged: {what} (section {section}, byte {at_byte})")]
    Corrupt {
        /// The section's name.
        section: &'static str,
        /// Byte of the archive, as near as is known.
        at_byte: u64,
        /// What is wrong.
        what: String,
    },
    /// The data are fine; this program is too old. Upgrade.
    #[error("the archive was written by a later version of hepz: {what}; upgrade to read it")]
    TooNew {
        /// What this version does not know.
        what: String,
    },
    /// Legal, but larger than the caller allowed. Raise the limit if you trust the file.
    #[error("over the limit on {limit}: {wanted} wanted, {allowed} allowed; raise it if you trust the file")]
    OverLimit {
        /// Name of the limit.
        limit: &'static str,
        /// What the archive needs.
        wanted: u64,
        /// What the caller allowed.
        allowed: u64,
    },
    /// The archive is a refinement, which says nothing without its base. Merge the two.
    #[error("the archive is a refinement: `hepz merge` makes the file of it and its base")]
    IsRefinement,
    /// The archive that was given as a refinement is none, or not one of this base.
    #[error("{what}")]
    OtherBase {
        /// What does not fit.
        what: &'static str,
    },
    /// The archive names a model that it does not carry, and none was given. Give its file.
    #[error("the archive needs the model {wanted}, which it does not carry")]
    MissingModel {
        /// The model's identity, in hexadecimal digits.
        wanted: String,
    },
    /// The archive names a model that it does not carry, and those that were given are others.
    #[error("the archive needs the model {wanted}; what was given is another")]
    WrongModel {
        /// The model's identity, in hexadecimal digits.
        wanted: String,
    },
    /// The archive is sound but does not hold the file that it was compared with.
    #[error("the archive holds another file: {what} differs")]
    VerifyFailed {
        /// What differs.
        what: &'static str,
    },
    /// A rounded file does not keep what was promised of it.
    #[error("a contract is broken: {what}")]
    ContractBroken {
        /// Where, and what was promised.
        what: String,
    },
    /// The column asked for is not in the archive, or the rows are out of its range.
    #[error("no such column or rows: {what}")]
    NoSuchColumn {
        /// What was asked for.
        what: String,
    },
    /// The archive could not be read.
    #[error("cannot read the archive: {0}")]
    Io(#[source] io::Error),
    /// The output could not be written.
    #[error("cannot write the output: {0}")]
    Write(#[source] io::Error),
}

impl ArchiveError {
    /// Damage in a section, at a byte of its payload or of the archive.
    pub(crate) fn corrupt(section: &'static str, at_byte: u64, what: impl Into<String>) -> ArchiveError {
        ArchiveError::Corrupt { section, at_byte, what: what.into() }
    }

    /// What a plan could not read, as an error of `section`.
    pub(crate) fn plan(section: &'static str, error: PlanError) -> ArchiveError {
        match error {
            PlanError::TooNew => ArchiveError::TooNew { what: error.to_string() },
            _ => ArchiveError::corrupt(section, 0, error.to_string()),
        }
    }
}
