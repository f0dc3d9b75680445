//! Verification: an archive, read back, against the file it was made of.
//!
//! In: an open archive and a source. Out: yes, or what differs.
//! Not here: checking an archive alone ([`Archive::test`]).
//! Holds: every byte is compared, not only sums.

use crate::compress::{Rewritten, rewritten};
use crate::spool::Spool;
use crate::{Archive, ArchiveError, DecompressOptions};
use hepz_formats::Source;
use hepz_formats::root::{self, rewrite::Compression};

/// Decodes `archive` and compares every byte with `against`.
///
/// # Errors
/// [`ArchiveError::VerifyFailed`] if they differ, else what reading the archive meets.
pub fn verify(
    archive: &Archive<'_>,
    against: &dyn Source,
    options: &DecompressOptions<'_>,
) -> Result<(), ArchiveError> {
    let mut at = 0u64;
    let mut original = Vec::new();
    let differs = |what| Err(ArchiveError::VerifyFailed { what });
    if archive.header().original_bytes != against.len() {
        return differs("its length");
    }
    archive.emit(
        &mut |bytes| {
            original.clear();
            original.resize(bytes.len(), 0);
            against.read_at(at, &mut original).map_err(ArchiveError::Io)?;
            at += bytes.len() as u64;
            if original == bytes { Ok(()) } else { differs("its content") }
        },
        options,
    )
}

/// As [`verify`], for an archive that keeps only the content of `against` ([`crate::CompressReport::content_only`]).
///
/// # Errors
/// As [`verify`].
pub fn verify_content(
    archive: &Archive<'_>,
    against: &dyn Source,
    options: &DecompressOptions<'_>,
) -> Result<(), ArchiveError> {
    if let Some(text) = crate::wrapped::text_of(against).map_err(ArchiveError::Io)? {
        return verify(archive, &text, options);
    }
    let differs = Err(ArchiveError::VerifyFailed { what: "its content" });
    // A ROOT file: written anew once more, with the compression that the archived one names.
    let mut file = Spool::new();
    let mut take = |bytes: &[u8]| file.write_at(file.len(), bytes).map_err(ArchiveError::Write);
    archive.emit(&mut take, options)?;
    let header = root::file::open(&file).map_err(ArchiveError::Io)?;
    let compression = header.and_then(|header| Compression::from_number(header.compress));
    let Some(compression) = compression else { return differs };
    match rewritten(against, compression).map_err(ArchiveError::Io)? {
        Rewritten::Anew(again) => verify(archive, &again, options),
        _ => differs,
    }
}
