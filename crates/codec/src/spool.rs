//! Spools: bytes on their way, in memory while they are few, in an unlinked temporary file beyond.
//!
//! In: bytes at positions. Out: the same bytes.
//! Not here: what they are.
//! Holds: memory grows with what was written, never with what was announced beyond what is kept in memory anyway.

use crate::file::{read_exact_at, write_all_at};
use std::fs::File;
use std::io;

/// Bytes that a spool keeps in memory: a file of this size and its archive fit any machine.
const IN_MEMORY_BYTES: u64 = 64 << 20;

/// Bytes that can be written and read at any position.
#[derive(Debug)]
pub(crate) enum Spool {
    /// Few bytes.
    Memory(Vec<u8>),
    /// A file, with its length.
    File(File, u64),
}

impl Spool {
    /// An empty spool.
    pub(crate) fn new() -> Spool {
        Spool::Memory(Vec::new())
    }

    /// A spool of zeros that will be written over: in memory, if they are few.
    pub(crate) fn of_bytes(bytes: u64) -> Spool {
        let held = if bytes <= IN_MEMORY_BYTES { bytes as usize } else { 0 };
        Spool::Memory(vec![0; held])
    }

    /// A spool over a file that is open for reading and writing and empty.
    pub(crate) fn over(file: File) -> Spool {
        Spool::File(file, 0)
    }

    /// Bytes from 0 to the last one written.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Spool::Memory(held) => held.len() as u64,
            Spool::File(_, bytes) => *bytes,
        }
    }

    /// Writes at a position; bytes never written in between are zero.
    pub(crate) fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let end = at.checked_add(bytes.len() as u64).ok_or(io::ErrorKind::InvalidInput)?;
        if end > IN_MEMORY_BYTES && matches!(self, Spool::Memory(_)) {
            self.move_to_file()?;
        }
        match self {
            Spool::Memory(held) => {
                if held.len() < end as usize {
                    held.resize(end as usize, 0);
                }
                held[at as usize..end as usize].copy_from_slice(bytes);
                Ok(())
            }
            Spool::File(file, length) => {
                *length = end.max(*length);
                write_all_at(file, at, bytes)
            }
        }
    }

    /// Reads at a position.
    pub(crate) fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        match self {
            Spool::Memory(held) => hepz_formats::Source::read_at(held.as_slice(), at, into),
            Spool::File(file, _) => read_exact_at(file, at, into),
        }
    }

    /// Writes everything to `sink`.
    pub(crate) fn copy_to(&self, sink: &mut dyn io::Write) -> io::Result<()> {
        let mut buffer = vec![0; (1 << 20).min(self.len() as usize)];
        let mut at = 0;
        while at < self.len() {
            let step = (self.len() - at).min(buffer.len() as u64) as usize;
            self.read_at(at, &mut buffer[..step])?;
            sink.write_all(&buffer[..step])?;
            at += step as u64;
        }
        sink.flush()
    }

    fn move_to_file(&mut self) -> io::Result<()> {
        if let Spool::Memory(held) = self {
            let file = tempfile::tempfile()?;
            write_all_at(&file, 0, held)?;
            *self = Spool::File(file, held.len() as u64);
        }
        Ok(())
    }
}

impl hepz_formats::Source for Spool {
    fn len(&self) -> u64 {
        Spool::len(self)
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        Spool::read_at(self, at, into)
    }
}

/// Writes a spool forwards.
pub(crate) struct Append<'a>(pub(crate) &'a mut Spool);

impl io::Write for Append<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_at(self.0.len(), bytes)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_memory_and_from_a_file() {
        let mut spool = Spool::new();
        spool.write_at(10, b"memory").unwrap();
        assert!(matches!(spool, Spool::Memory(_)));
        spool.write_at(IN_MEMORY_BYTES + 5, b"file").unwrap();
        assert!(matches!(spool, Spool::File(..)));
        spool.write_at(0, b"front").unwrap();
        let mut back = [9; 16];
        spool.read_at(0, &mut back).unwrap();
        assert_eq!(&back, b"front\0\0\0\0\0memory");
        let mut back = [0; 4];
        spool.read_at(IN_MEMORY_BYTES + 5, &mut back).unwrap();
        assert_eq!(&back, b"file");
        assert_eq!(spool.len(), IN_MEMORY_BYTES + 9);
    }
}
