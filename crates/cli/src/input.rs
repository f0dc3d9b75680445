//! Input: files, and pipes that become files.
//!
//! In: a path or `-`. Out: a [`FileSource`], an archive, models.
//! Not here: what is in it.
//! Holds: what comes through a pipe lies in a temporary file without a name, gone when the command ends.

use crate::console::is_standard;
use crate::exit::Failure;
use hepz::networks::Model;
use hepz::{Archive, FileSource, Limits};
use std::fs::{self, File};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// Opens an archive, allowing each of its parts `memory_bytes`; models in `models` are at hand.
///
/// # Errors
/// What the system, the archive or a model says.
pub fn open_archive(file: &Path, memory_bytes: u64, models: &[PathBuf]) -> Result<Archive<'static>, Failure> {
    let mut limits = Limits::default();
    limits.memory_bytes = memory_bytes;
    Ok(Archive::open_with(Box::new(open(file)?), limits, &read_models(models)?)?)
}

/// Reads model files.
///
/// # Errors
/// What the system or a model says, with the name of its file.
pub fn read_models(files: &[PathBuf]) -> Result<Vec<Arc<Model>>, Failure> {
    let read = |file: &PathBuf| {
        let bytes = fs::read(file)
            .map_err(|error| Failure::io(&format!("cannot read {}", file.display()), &error))?;
        let named = |failure: Failure| Failure {
            message: format!("{}: {}", file.display(), failure.message),
            ..failure
        };
        Model::read(&bytes).map(Arc::new).map_err(|error| named(Failure::from(error)))
    };
    files.iter().map(read).collect()
}
