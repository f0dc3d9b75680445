//! Errors of model files: what is wrong with one, and whose move it is.
//!
//! In: failures of the layers below. Out: [`ModelError`].
//! Not here: archives that need a model which nobody gave (`crate::ArchiveError`).
//! Holds: no variant that only carries a text; each says what the user can do.

use crate::packing::PackingError;
use hepz_container::wire::WireError;

/// Why a model file was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file does not begin like a model. Check the name.
    #[error("not a model file of hepz")]
    NotAModel,
    /// The file ends early. Fetch it again, or wait for the trainer.
    #[error("the model file is cut short: {wanted_bytes} bytes wanted, {had_bytes} there")]
    Truncated {
        /// Bytes that reading needs, at least.
        wanted_bytes: u64,
        /// Bytes that are there.
        had_bytes: u64,
    },
    /// No trainer of any version writes this. Restore the file from another copy.
    #[error("the model file is damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// The model is fine; this program is too old. Upgrade.
    #[error("the model was written by a later version of hepz: {what}; upgrade to read it")]
    TooNew {
        /// What this version does not know.
        what: String,
    },
}

impl ModelError {
    /// Damage.
    pub(super) fn damaged(what: impl Into<String>) -> ModelError {
        ModelError::Damaged { what: what.into() }
    }
}

impl From<WireError> for ModelError {
    fn from(error: WireError) -> ModelError {
        ModelError::damaged(error.what())
    }
}

impl From<hepz_neural::wire::WireError> for ModelError {
    fn from(error: hepz_neural::wire::WireError) -> ModelError {
        ModelError::damaged(error.to_string())
    }
}

impl From<PackingError> for ModelError {
    fn from(error: PackingError) -> ModelError {
        match error {
            PackingError::TooNew(_) => ModelError::TooNew { what: error.to_string() },
            _ => ModelError::damaged(error.to_string()),
        }
    }
}
