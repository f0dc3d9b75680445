//! Part files: output that appears under its name only when it is whole.
//!
//! In: the final name. Out: a file beside it, renamed at the end, gone on any error.
//! Not here: what is written.
//! Holds: the file is on the disk before it has its name.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A file that does not have its name yet.
pub(crate) struct PartFile {
    file: tempfile::NamedTempFile,
    name: PathBuf,
}

impl PartFile {
    /// A new file in the folder of `name`, so that renaming it is one step.
    pub(crate) fn beside(name: &Path) -> io::Result<PartFile> {
        let folder = name.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".hepz-").suffix(".part");
        // A temporary file is for its owner only; this one is to be a usual file, which the umask narrows.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        Ok(PartFile { file: builder.tempfile_in(folder)?, name: name.to_owned() })
    }

    /// Where it lies now.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// What it will be called.
    pub(crate) fn name(&self) -> &Path {
        &self.name
    }

    /// The file, open for reading and writing.
    pub(crate) fn file(&self) -> io::Result<File> {
        self.file.as_file().try_clone()
    }

    /// Gives the file its name, replacing what had it.
    pub(crate) fn keep(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.name).map_err(|error| error.error)?;
        Ok(())
    }
}
