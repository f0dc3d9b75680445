//! Wire: numbers and byte strings of a stored description.
//!
//! In: values. Out: bytes, and back.
//! Not here: what they mean (`cell`, `table`).
//! Holds: reading believes no length; numbers are varints (LEB128).

/// Why a stored description of a text table cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// It ends early, or has something behind its end.
    #[error("the description of a text table has another length than it says")]
    Length,
    /// A number that no writer writes.
    #[error("the description of a text table has a number that no writer writes")]
    Number,
    /// A type that cells cannot have.
    #[error("the description of a text table has a type that cells cannot have")]
    Scalar,
    /// A notation that a type cannot have.
    #[error("the description of a text table has a notation that its type cannot have")]
    Notation,
    /// Written by a later version.
    #[error("the text table was written by a later version")]
    TooNew,
}

/// Writes.
#[derive(Default)]
pub(super) struct Pen(pub(super) Vec<u8>);

impl Pen {
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }
}

/// Reads.
pub(super) struct Wires<'a>(pub(super) &'a [u8]);

impl<'a> Wires<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (found, rest) = self.0.split_first_chunk().ok_or(WireError::Length)?;
        self.0 = rest;
        Ok(*found)
    }

    pub(super) fn number(&mut self) -> Result<u64, WireError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let part = u64::from(byte & 0x7f);
            if part << shift >> shift != part {
                return Err(WireError::Number);
            }
            value |= part << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WireError::Number)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], WireError> {
        let length = usize::try_from(self.number()?).map_err(|_| WireError::Length)?;
        let (found, rest) = self.0.split_at_checked(length).ok_or(WireError::Length)?;
        self.0 = rest;
        Ok(found)
    }
}
