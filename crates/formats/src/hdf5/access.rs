//! Access to the metadata of an HDF5 file: bounded reads, fields of the file's own widths, faults.
//!
//! In: a [`Source`] and what the superblock says about widths. Out: runs of bytes and the numbers in them.
//! Not here: what the numbers mean.
//! Holds: nothing is read past the end of the file, and all reads together are bounded by the length of the file, so
//! that a hostile file can neither make us allocate what it merely claims nor keep us busy for ever.
//! Source: HDF5 File Format Specification, version 3.0.

use crate::Source;
use std::cell::Cell;
use std::io;

/// Why a part of the file was not understood.
#[derive(Debug)]
pub(super) enum Fault {
    /// The medium failed; the whole reading stops.
    Io(io::Error),
    /// The structure is damaged or of a kind that this reader does not know; it stays skeleton.
    Odd(&'static str),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Io(error)
    }
}

/// Keeps the faults of the medium and turns every other one into its reason.
pub(super) fn reason<T>(outcome: Result<T, Fault>) -> io::Result<Result<T, &'static str>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(Fault::Odd(why)) => Ok(Err(why)),
        Err(Fault::Io(error)) => Err(error),
    }
}

/// The file, seen through the widths and the base address of its superblock.
pub(super) struct File<'a> {
    source: &'a dyn Source,
    /// What all addresses are relative to: the place of the superblock, after a user block.
    base: u64,
    offset_bytes: usize,
    length_bytes: usize,
    budget: Cell<u64>,
}

impl<'a> File<'a> {
    /// A file whose superblock is at byte `base`; the widths are those of addresses and of lengths.
    pub(super) fn new(source: &'a dyn Source, base: u64, offset_bytes: u8, length_bytes: u8) -> File<'a> {
        // Sound metadata is read about once; only committed datatypes are read again for each dataset that has them.
        let budget = Cell::new(source.len().saturating_mul(8).saturating_add(16 << 20));
        File { source, base, offset_bytes: offset_bytes.into(), length_bytes: length_bytes.into(), budget }
    }

    /// Width of an address in bytes.
    pub(super) fn offset_bytes(&self) -> usize {
        self.offset_bytes
    }

    /// Width of a length in bytes.
    pub(super) fn length_bytes(&self) -> usize {
        self.length_bytes
    }

    /// The byte of the file that `address` names, if `bytes` bytes from there on lie in the file.
    pub(super) fn place(&self, address: u64, bytes: u64) -> Result<u64, Fault> {
        let at = self.base.checked_add(address);
        let end = at.and_then(|at| at.checked_add(bytes)).filter(|&end| end <= self.source.len());
        at.filter(|_| end.is_some()).ok_or(Fault::Odd("an address leaves the file"))
    }

    /// The `bytes` bytes at `address`.
    pub(super) fn read(&self, address: u64, bytes: u64) -> Result<Vec<u8>, Fault> {
        let at = self.place(address, bytes)?;
        let left = self.budget.get().checked_sub(bytes.max(1));
        self.budget.set(left.ok_or(Fault::Odd("the metadata refer to themselves too often"))?);
        let length = usize::try_from(bytes).map_err(|_| Fault::Odd("a length is too large"))?;
        let mut into = vec![0; length];
        self.source.read_at(at, &mut into)?;
        Ok(into)
    }

    /// Up to `bytes` bytes at `address`; fewer only at the end of the file.
    pub(super) fn read_up_to(&self, address: u64, bytes: u64) -> Result<Vec<u8>, Fault> {
        let left = self.source.len() - self.place(address, 0)?;
        self.read(address, bytes.min(left))
    }

    /// A reader of fields over `bytes`.
    pub(super) fn fields<'b>(&self, bytes: &'b [u8]) -> Fields<'b> {
        Fields { bytes, at: 0, offset_bytes: self.offset_bytes, length_bytes: self.length_bytes }
    }
}

/// Little-endian fields, one after another.
#[derive(Clone)]
pub(super) struct Fields<'b> {
    bytes: &'b [u8],
    at: usize,
    offset_bytes: usize,
    length_bytes: usize,
}

impl<'b> Fields<'b> {
    /// The next `n` bytes.
    pub(super) fn take(&mut self, n: usize) -> Result<&'b [u8], Fault> {
        let end = self.at.checked_add(n);
        let taken =
            end.and_then(|end| self.bytes.get(self.at..end)).ok_or(Fault::Odd("a structure ends early"))?;
        self.at += n;
        Ok(taken)
    }

    /// Passes over `n` bytes.
    pub(super) fn skip(&mut self, n: usize) -> Result<(), Fault> {
        self.take(n).map(|_| ())
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Passes over the bytes up to the next multiple of `unit` after `start`.
    pub(super) fn pad(&mut self, start: usize, unit: usize) -> Result<(), Fault> {
        self.skip((self.at - start).next_multiple_of(unit) - (self.at - start))
    }

    /// Fails unless the next bytes are `signature`.
    pub(super) fn expect(&mut self, signature: &[u8]) -> Result<(), Fault> {
        if self.take(signature.len())? == signature {
            Ok(())
        } else {
            Err(Fault::Odd("a signature is missing"))
        }
    }

    /// An unsigned number of `n` bytes, at most 8.
    pub(super) fn uint(&mut self, n: usize) -> Result<u64, Fault> {
        let mut wide = [0; 8];
        wide.get_mut(..n).ok_or(Fault::Odd("a number is too wide"))?.copy_from_slice(self.take(n)?);
        Ok(u64::from_le_bytes(wide))
    }

    /// One byte.
    pub(super) fn u8(&mut self) -> Result<u8, Fault> {
        Ok(self.uint(1)? as u8)
    }

    /// Two bytes.
    pub(super) fn u16(&mut self) -> Result<u16, Fault> {
        Ok(self.uint(2)? as u16)
    }

    /// Four bytes.
    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        Ok(self.uint(4)? as u32)
    }

    /// A length.
    pub(super) fn length(&mut self) -> Result<u64, Fault> {
        self.uint(self.length_bytes)
    }

    /// An address; `None` if it is the undefined one.
    pub(super) fn address(&mut self) -> Result<Option<u64>, Fault> {
        let address = self.uint(self.offset_bytes)?;
        let undefined = u64::MAX >> (64 - 8 * self.offset_bytes);
        Ok(Some(address).filter(|&address| address != undefined))
    }

    /// Bytes up to a zero, which is passed over.
    pub(super) fn text(&mut self) -> Result<&'b [u8], Fault> {
        let end = self.rest().iter().position(|&b| b == 0).ok_or(Fault::Odd("a name has no end"))?;
        let text = self.take(end)?;
        self.skip(1)?;
        Ok(text)
    }
}

/// Bytes needed for any number up to `largest`, as HDF5 counts them.
pub(super) fn bytes_for(largest: u64) -> usize {
    largest.max(1).ilog2() as usize / 8 + 1
}
