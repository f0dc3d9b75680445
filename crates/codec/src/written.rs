//! Written: archives and rounded files that are handed out only when they are whole and proved.
//!
//! In: a file and options. Out: its archive, proved by what it promises; the rounded file, proved by its contracts.
//! Not here: compressing (`compress`), rounding (`precision`), the proofs (`verify`, `proof`).
//! Holds: nothing is left behind on an error.

use crate::part::PartFile;
use crate::precision::{Rounded, RoundingReport, rounded};
use crate::proof::{prove_rounded, verify_against};
use crate::verify::verify_content;
use crate::workers::Workers;
use crate::{Archive, ArchiveError, CompressError, CompressOptions, CompressReport};
use crate::{DecompressOptions, FileSource, Limits, compress};
use hepz_formats::Source;
use hepz_precision::RulesFile;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

/// Proves what [`crate::compress`] wrote against what it was given: bytes, content or contracts, as `report` says.
///
/// # Errors
/// As [`verify_against`].
pub fn verify_written(
    archive: &Archive<'_>,
    source: &dyn Source,
    report: &CompressReport,
    options: &DecompressOptions<'_>,
) -> Result<(), ArchiveError> {
    if report.content_only {
        return verify_content(archive, source, options);
    }
    verify_against(archive, source, options)?.required()
}

/// Length and time of a file when it was opened.
#[derive(PartialEq, Eq)]
pub(crate) struct Stamp(u64, SystemTime);

impl Stamp {
    /// As the file is now.
    pub(crate) fn of(path: &Path) -> io::Result<Stamp> {
        let metadata = std::fs::metadata(path)?;
        Ok(Stamp(metadata.len(), metadata.modified()?))
    }

    /// Why what was written does not verify: the file changed meanwhile, or something is wrong here.
    pub(crate) fn blame(&self, path: &Path, error: ArchiveError) -> CompressError {
        let changed = Stamp::of(path).is_ok_and(|now| now != *self);
        if changed { CompressError::Changed } else { CompressError::Verify(error) }
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
    let before = Stamp::of(from).map_err(CompressError::Read)?;
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
        let read_options =
            DecompressOptions { threads: options.threads, progress: options.progress, ..Default::default() };
        let checked = FileSource::open(part.path())
            .map_err(ArchiveError::Io)
            .and_then(|file| Archive::open_with(Box::new(file), Limits::default(), &options.models))
            .and_then(|archive| verify_written(&archive, &source, &report, &read_options));
        checked.map_err(|error| before.blame(from, error))?;
        report.verified = true;
    }
    part.keep().map_err(CompressError::Write)?;
    Ok(report)
}

/// Writes the rounded file itself: the layout and length of `source`, with values as `rules` say; proved, unless `options.verify`
/// is off.
///
/// # Errors
/// [`CompressError::NotRounded`] and [`CompressError::NothingToRound`], else what reading and writing meet. On any error what was
/// written is to be thrown away.
pub fn round(
    source: &dyn Source,
    rules: &RulesFile,
    sink: &mut dyn Write,
    options: &CompressOptions<'_>,
) -> Result<RoundingReport, CompressError> {
    let workers = Workers::new(options.threads).map_err(|e| CompressError::Threads(e.to_string()))?;
    let Rounded { file, report, .. } = workers.run(|| {
        let rounded = rounded(source, rules, options)?;
        if options.verify {
            prove_rounded(source, &rounded, options)?;
        }
        Ok::<_, CompressError>(rounded)
    })?;
    file.copy_to(sink).map_err(CompressError::Write)?;
    Ok(report)
}
