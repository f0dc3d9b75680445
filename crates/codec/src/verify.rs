//! Verification: an archive, read back, against the file it was made of.
//!
//! In: an open archive and a source. Out: yes, or what differs.
//! Not here: checking an archive alone ([`Archive::test`]).
//! Holds: every byte is compared, not only sums.

use crate::{Archive, ArchiveError, DecompressOptions};
use hepz_formats::Source;

/// Decodes `archive` and compares every byte with `against`.
///
/// # Errors
/// [`ArchiveError::VerifyFailed`] if they differ, else what reading the archive meets.
pub fn verify(
    _archive: &Archive<'_>,
    _against: &dyn Source,
    _options: &DecompressOptions<'_>,
) -> Result<(), ArchiveError> {
    todo!()
}
