//! Files and memory as sources: positioned reads without a cursor.
//!
//! In: a path, an open file or a slice. Out: a [`FileSource`] or [`Memory`].
//! Not here: temporary files (`spool`).
//! Holds: reads at positions do not disturb each other, so threads share one file.

use hepz_formats::Source;
use std::fs::File;
use std::io;
use std::path::Path;

/// A file, read by position.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    bytes: u64,
}

impl FileSource {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// What the system says; a directory or a pipe is refused.
    pub fn open(path: impl AsRef<Path>) -> io::Result<FileSource> {
        FileSource::new(File::open(path)?)
    }

    /// Takes an open file.
    ///
    /// # Errors
    /// What the system says; a directory or a pipe is refused.
    pub fn new(file: File) -> io::Result<FileSource> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok(FileSource { bytes: metadata.len(), file })
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.bytes
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        read_exact_at(&self.file, at, into)
    }
}

/// Bytes in memory, as a source.
#[derive(Clone, Copy, Debug)]
pub struct Memory<'a>(pub &'a [u8]);

impl Source for Memory<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_at(at, into)
    }
}

/// Fills `into` from byte `at` of `file`.
#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, at: u64, into: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at)
}

/// Writes all of `bytes` at byte `at` of `file`.
#[cfg(unix)]
pub(crate) fn write_all_at(file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

/// Fills `into` from byte `at` of `file`.
#[cfg(windows)]
pub(crate) fn read_exact_at(file: &File, mut at: u64, mut into: &mut [u8]) -> io::Result<()> {
    while !into.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, into, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                into = &mut into[n..];
                at += n as u64;
            }
        }
    }
    Ok(())
}

/// Writes all of `bytes` at byte `at` of `file`.
#[cfg(windows)]
pub(crate) fn write_all_at(file: &File, mut at: u64, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_write(file, bytes, at)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => {
                bytes = &bytes[n..];
                at += n as u64;
            }
        }
    }
    Ok(())
}
