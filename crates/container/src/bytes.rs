//! Bytes: random access to an archive, wherever it lies.
//!
//! In: a slice, or anything that implements [`Bytes`]. Out: filled buffers.
//! Not here: files (callers implement [`Bytes`] for what they hold).
//! Holds: a read is whole or an error.

use std::io;

/// Random access to the bytes of an archive.
pub trait Bytes {
    /// Length in bytes; it does not change while the archive is open.
    fn len(&self) -> u64;
    /// True if there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Fills `into` from byte `at`; reading past the end is an error of kind `UnexpectedEof`.
    ///
    /// # Errors
    /// Whatever the medium says.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()>;
}

impl Bytes for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(at).ok().and_then(|at| self.get(at..)).and_then(|s| s.get(..into.len()));
        into.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

impl Bytes for Vec<u8> {
    fn len(&self) -> u64 {
        Bytes::len(self.as_slice())
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.as_slice().read_at(at, into)
    }
}

impl<B: Bytes + ?Sized> Bytes for &B {
    fn len(&self) -> u64 {
        (**self).len()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        (**self).read_at(at, into)
    }
}

impl<B: Bytes + ?Sized> Bytes for Box<B> {
    fn len(&self) -> u64 {
        (**self).len()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        (**self).read_at(at, into)
    }
}
