//! Input: files, and pipes that become files.
//!
//! In: a path or `-`. Out: a [`FileSource`].
//! Not here: what is in it.
//! Holds: what comes through a pipe lies in a temporary file without a name, gone when the command ends.

use crate::console::is_standard;
use crate::exit::Failure;
use hepz::{Archive, FileSource, Limits};
use std::fs::{self, File};
use std::io::{self, Seek};
use std::path::Path;

/// Opens a file for reading by position; pipes and standard input are copied to a temporary file first.
///
/// # Errors
/// What the system says; a folder is refused.
pub fn open(file: &Path) -> Result<FileSource, Failure> {
    let failed = |error: io::Error| Failure::io("cannot read", &error);
    if is_standard(file) {
        return spooled(&mut io::stdin().lock()).map_err(failed);
    }
    if is_regular(file)? {
        return FileSource::open(file).map_err(failed);
    }
    spooled(&mut File::open(file).map_err(failed)?).map_err(failed)
}

/// True if the file can be read by position; false for pipes and devices.
///
/// # Errors
/// What the system says; a folder is refused.
pub fn is_regular(file: &Path) -> Result<bool, Failure> {
    let metadata = fs::metadata(file).map_err(|error| Failure::io("cannot read", &error))?;
    if metadata.is_dir() {
        return Err(Failure::io("cannot read", &io::Error::other("it is a folder; name the files in it")));
    }
    Ok(metadata.is_file())
}

fn spooled(from: &mut dyn io::Read) -> io::Result<FileSource> {
    let mut spool = tempfile::tempfile()?;
    io::copy(from, &mut spool)?;
    spool.rewind()?;
    FileSource::new(spool)
}

/// Opens an archive, allowing each of its parts `memory_bytes`.
///
/// # Errors
/// What the system or the archive says.
pub fn open_archive(file: &Path, memory_bytes: u64) -> Result<Archive<'static>, Failure> {
    let mut limits = Limits::default();
    limits.memory_bytes = memory_bytes;
    Ok(Archive::open(Box::new(open(file)?), limits)?)
}
