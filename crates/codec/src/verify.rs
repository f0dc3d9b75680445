//! Verification: an archive, read back, against the file it was made of.
//!
//! In: an open archive and a source. Out: yes, or what differs.
//! Not here: checking an archive alone ([`Archive::test`]).
//! Holds: every byte is compared, not only sums.

use crate::compress::{Rewritten, rewritten};
use crate::part::PartFile;
use crate::precision::verify_against;
use crate::spool::Spool;
use crate::{Archive, ArchiveError, CompressError, CompressOptions, CompressReport};
use crate::{DecompressOptions, FileSource, Limits, compress};
use hepz_formats::Source;
use hepz_formats::root::{self, rewrite::Compression};
use std::io;
use std::path::Path;

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

/// As [`verify`], for an archive that keeps only the content of `against` ([`CompressReport::content_only`]).
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

/// Proves what [`crate::compress`] wrote against what it was given: bytes, content or contracts, as `report` says.
///
/// # Errors
/// As [`verify`].
pub fn verify_written(
    archive: &Archive<'_>,
    source: &dyn Source,
    report: &CompressReport,
    options: &DecompressOptions<'_>,
) -> Result<(), ArchiveError> {
    if report.content_only {
        return verify_content(archive, source, options);
    }
    let proof = verify_against(archive, source, options)?;
    if proof.holds() {
        Ok(())
    } else {
        Err(ArchiveError::VerifyFailed { what: "a value beyond its contract" })
    }
}

/// Writes the archive of the file `from` under the name `to`, which appears only when it is whole (and verified, unless
/// `options.verify` is off). The file's name is stored unless `options.name` gives another.
///
/// # Errors
/// On any error nothing is left behind.
pub fn compress_to_file(
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
    options: &CompressOptions<'_>,
) -> Result<CompressReport, CompressError> {
    let from = from.as_ref();
    let state = |path: &Path| std::fs::metadata(path).and_then(|m| Ok((m.len(), m.modified()?)));
    let before = state(from).map_err(CompressError::Read)?;
    let source = FileSource::open(from).map_err(CompressError::Read)?;
    let part = PartFile::beside(to.as_ref()).map_err(CompressError::Write)?;
    let mut options = options.clone();
    if options.name.is_none() {
        options.name = from.file_name().map(|name| name.to_string_lossy().into_owned());
    }
    let mut sink = io::BufWriter::new(part.file().map_err(CompressError::Write)?);
    let mut report = compress(&source, &mut sink, &options)?;
    drop(sink);
    if options.verify {
        let read_options = DecompressOptions { threads: options.threads, progress: options.progress };
        let checked = Archive::open_file(part.path(), Limits::default())
            .and_then(|archive| verify_written(&archive, &source, &report, &read_options));
        if let Err(error) = checked {
            let changed = state(from).is_ok_and(|after| after != before);
            return Err(if changed { CompressError::Changed } else { CompressError::Verify(error) });
        }
        report.verified = true;
    }
    part.keep().map_err(CompressError::Write)?;
    Ok(report)
}
