//! Bytes of an RNTuple's envelopes: numbers, texts, frames and locators, and faults.
//!
//! In: the payload of an envelope. Out: what its fields say, one after another.
//! Not here: what the fields mean, where envelopes lie and how they are opened (`envelope`).
//! Holds: nothing is read past the end of a frame; a frame that is read takes at least its own preamble, so that a
//! claimed number of items is never believed beyond the bytes that are there.
//! Source: RNTuple Binary Format Specification 1.0.0.1, "Basic Types", "Frames", "Locators and Envelope Links".

use std::io;

/// Why a part of an RNTuple was not understood.
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

/// A run of bytes in the file and what it is long when it is not compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// First byte in the file.
    pub at: u64,
    /// Length in the file.
    pub stored_bytes: u64,
    /// Length of the plain content; equal to `stored_bytes` if it is not compressed.
    pub plain_bytes: u64,
}

/// Where a locator points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Locator {
    /// First byte in the file.
    pub(super) at: u64,
    /// Length in the file.
    pub(super) bytes: u64,
}

/// Little-endian fields, one after another.
#[derive(Clone, Debug)]
pub(super) struct Fields<'b> {
    rest: &'b [u8],
}

impl<'b> Fields<'b> {
    /// The fields in `bytes`.
    pub(super) fn new(bytes: &'b [u8]) -> Fields<'b> {
        Fields { rest: bytes }
    }

    /// True if nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `n` bytes.
    pub(super) fn take(&mut self, n: u64) -> Result<&'b [u8], Fault> {
        let split = usize::try_from(n).ok().and_then(|n| self.rest.split_at_checked(n));
        let (taken, rest) = split.ok_or(Fault::Odd("a structure ends early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Fault::Odd("a structure ends early"))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// Two bytes.
    pub(super) fn u16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_le_bytes)
    }

    /// Four bytes.
    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_le_bytes)
    }

    /// Four bytes, signed.
    pub(super) fn i32(&mut self) -> Result<i32, Fault> {
        self.array().map(i32::from_le_bytes)
    }

    /// Eight bytes.
    pub(super) fn u64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_le_bytes)
    }

    /// Eight bytes, signed.
    pub(super) fn i64(&mut self) -> Result<i64, Fault> {
        self.array().map(i64::from_le_bytes)
    }

    /// Length and characters; what is not UTF-8 is replaced.
    pub(super) fn text(&mut self) -> Result<String, Fault> {
        let length = self.u32()?;
        Ok(String::from_utf8_lossy(self.take(length.into())?).into_owned())
    }

    /// The content of a record frame.
    pub(super) fn record(&mut self) -> Result<Fields<'b>, Fault> {
        let bytes = u64::try_from(self.i64()?).map_err(|_| Fault::Odd("a list stands for a record"))?;
        self.take(bytes.checked_sub(8).ok_or(Fault::Odd("a frame is too short"))?).map(Fields::new)
    }

    /// The number of items of a list frame and its content.
    pub(super) fn list(&mut self) -> Result<(u32, Fields<'b>), Fault> {
        let size = self.i64()?;
        if size >= 0 {
            return Err(Fault::Odd("a record stands for a list"));
        }
        let items = self.u32()?;
        let bytes = size.unsigned_abs().checked_sub(12).ok_or(Fault::Odd("a frame is too short"))?;
        Ok((items, Fields::new(self.take(bytes)?)))
    }

    /// A locator; `None` if it is of a kind that points outside the file or is not known.
    pub(super) fn locator(&mut self) -> Result<Option<Locator>, Fault> {
        let head = self.i32()?;
        if let Ok(bytes) = u64::try_from(head) {
            return Ok(Some(Locator { at: self.u64()?, bytes }));
        }
        // Writers negate the whole word: length of the locator, reserved byte, kind.
        let head = head.unsigned_abs();
        let bytes = u64::from(head & 0xffff).checked_sub(4).ok_or(Fault::Odd("a locator is too short"))?;
        let mut payload = Fields::new(self.take(bytes)?);
        const LARGE: u32 = 1;
        if head >> 24 != LARGE {
            return Ok(None);
        }
        let bytes = payload.u64()?;
        Ok(Some(Locator { at: payload.u64()?, bytes }))
    }

    /// A link to an envelope; `None` as for [`Fields::locator`].
    pub(super) fn link(&mut self) -> Result<Option<Stored>, Fault> {
        let plain_bytes = self.u64()?;
        Ok(self.locator()?.map(|to| Stored { at: to.at, stored_bytes: to.bytes, plain_bytes }))
    }
}
