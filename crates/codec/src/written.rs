//! Written archives: files that appear only when they are whole and proved.
//!
//! In: a file and options. Out: its archive, proved by what it promises.
//! Not here: compressing (`compress`), the proofs (`verify`, `proof`).
//! Holds: nothing is left behind on an error.

use crate::part::PartFile;
use crate::proof::verify_against;
use crate::verify::verify_content;
use crate::{Archive, ArchiveError, CompressError, CompressOptions, CompressReport};
use crate::{DecompressOptions, FileSource, Limits, compress};
use hepz_formats::Source;
use std::io;
use std::path::Path;

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
