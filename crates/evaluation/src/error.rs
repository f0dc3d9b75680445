//! Errors: why a measurement has no result.
//!
//! In: failures of compressors, files and processes. Out: [`EvaluationError`].
//! Not here: exit codes (`hepz-cli`).
//! Holds: a wrong round trip is never a result.

use std::io;

/// Why a measurement has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// A file could not be read or written.
    #[error("cannot read or write: {0}")]
    Io(#[from] io::Error),
    /// There is no compressor of this name.
    #[error("there is no compressor {name}; there are {known}")]
    NoSuchRival {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A compressor refused.
    #[error("{rival} failed: {what}")]
    Failed {
        /// The compressor.
        rival: String,
        /// What it said.
        what: String,
    },
    /// What came back is not what went in.
    #[error("{rival} did not give back what it was given")]
    RoundTrip {
        /// The compressor.
        rival: String,
    },
    /// A measuring process ended without a result.
    #[error("measuring {rival} ended without a result: {what}")]
    Process {
        /// The compressor.
        rival: String,
        /// What the process said last.
        what: String,
    },
    /// A description of a task or its result was not understood.
    #[error("a task or its result was not understood: {0}")]
    Message(#[from] serde_json::Error),
}

impl EvaluationError {
    pub(crate) fn failed(rival: &str, what: impl ToString) -> EvaluationError {
        EvaluationError::Failed { rival: rival.to_owned(), what: what.to_string() }
    }
}
