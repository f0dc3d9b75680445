//! Wire: numbers and byte strings inside a section, to bytes and back.
//!
//! In: integers and byte strings. Out: bytes that have exactly one spelling, and a [`Cursor`] that reads them back.
//! Not here: sections and their checksums (`frame`), what a number means (the crates above).
//! Holds: little-endian everywhere; a varint has one spelling; nothing is allocated because a count claims it.
//! Source: LEB128, DWARF 5 section 7.6; only the shortest form is accepted.

/// Longest varint: ten groups of seven bits hold 64.
pub const VARINT_MAX_BYTES: usize = 10;

/// Why bytes do not spell what was asked for. `at` is the position in the bytes given to [`Cursor::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The bytes end inside the value.
    #[error("the bytes end at {at}, inside a value")]
    Ended {
        /// Where the value begins.
        at: usize,
    },
    /// A varint that could be shorter: no writer makes it.
    #[error("the varint at byte {at} is not the shortest")]
    NotMinimal {
        /// Where the varint begins.
        at: usize,
    },
    /// A varint beyond 64 bits, or a number too large for the type it is read into.
    #[error("the number at byte {at} is too large")]
    TooLarge {
        /// Where the number begins.
        at: usize,
    },
    /// Bytes are left after the last value.
    #[error("bytes are left over from {at}")]
    LeftOver {
        /// The first byte that nothing read.
        at: usize,
    },
}

impl WireError {
    /// The position that the error speaks of.
    pub fn at(&self) -> usize {
        match *self {
            WireError::Ended { at }
            | WireError::NotMinimal { at }
            | WireError::TooLarge { at }
            | WireError::LeftOver { at } => at,
        }
    }

    /// The same error without its position, for errors that carry their own.
    pub fn what(&self) -> &'static str {
        match self {
            WireError::Ended { .. } => "ends inside a value",
            WireError::NotMinimal { .. } => "a varint is not the shortest",
            WireError::TooLarge { .. } => "a number is too large",
            WireError::LeftOver { .. } => "bytes are left over",
        }
    }
}

/// Appends `value` in groups of seven bits, lowest first; all groups but the last have the top bit set.
pub fn put_varint(into: &mut Vec<u8>, value: u64) {
    let mut rest = value;
    while rest >= 0x80 {
        into.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    into.push(rest as u8);
}

/// Bytes that [`put_varint`] appends for `value`.
pub fn varint_bytes(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Appends a signed number as a varint of its zigzag: 0, -1, 1, -2, 2 are 0, 1, 2, 3, 4.
pub fn put_signed(into: &mut Vec<u8>, value: i64) {
    put_varint(into, ((value << 1) ^ (value >> 63)) as u64);
}

/// Appends the length of `bytes` as a varint, then the bytes.
pub fn put_bytes(into: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

/// Reads what the `put_` functions wrote, front to back.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At the first of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next `n` bytes.
    ///
    /// # Errors
    /// [`WireError::Ended`] if there are fewer.
    pub fn bytes(&mut self, n: usize) -> Result<&'a [u8], WireError> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..n));
        let taken = taken.ok_or(WireError::Ended { at: self.at })?;
        self.at += n;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`WireError::Ended`] if there is none.
    pub fn u8(&mut self) -> Result<u8, WireError> {
        Ok(self.array::<1>()?[0])
    }

    /// Two bytes, little-endian.
    ///
    /// # Errors
    /// [`WireError::Ended`] if there are fewer.
    pub fn u16(&mut self) -> Result<u16, WireError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// Four bytes, little-endian.
    ///
    /// # Errors
    /// [`WireError::Ended`] if there are fewer.
    pub fn u32(&mut self) -> Result<u32, WireError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// Eight bytes, little-endian.
    ///
    /// # Errors
    /// [`WireError::Ended`] if there are fewer.
    pub fn u64(&mut self) -> Result<u64, WireError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A number written by [`put_varint`].
    ///
    /// # Errors
    /// The bytes end inside it, it is not the shortest spelling, or it exceeds 64 bits. The position does not move.
    pub fn varint(&mut self) -> Result<u64, WireError> {
        let at = self.at;
        let mut value = 0u64;
        for (group, &byte) in self.bytes.iter().skip(at).take(VARINT_MAX_BYTES).enumerate() {
            let bits = u64::from(byte & 0x7F);
            // The tenth group has room for one bit.
            if group + 1 == VARINT_MAX_BYTES && byte > 1 {
                return Err(WireError::TooLarge { at });
            }
            value |= bits << (7 * group);
            if byte < 0x80 {
                if byte == 0 && group > 0 {
                    return Err(WireError::NotMinimal { at });
                }
                self.at = at + group + 1;
                return Ok(value);
            }
        }
        Err(WireError::Ended { at })
    }

    /// A number written by [`put_signed`].
    ///
    /// # Errors
    /// As for [`Cursor::varint`].
    pub fn signed(&mut self) -> Result<i64, WireError> {
        let zigzag = self.varint()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    /// A varint that fits `usize`, for lengths and positions. It is only a claim: to allocate, use [`Cursor::count`].
    ///
    /// # Errors
    /// As for [`Cursor::varint`].
    pub fn size(&mut self) -> Result<usize, WireError> {
        let at = self.at;
        usize::try_from(self.varint()?).map_err(|_| WireError::TooLarge { at })
    }

    /// A varint that counts items of at least `item_bytes` (1 or more) each that still follow, so that room for them can
    /// be allocated.
    ///
    /// # Errors
    /// [`WireError::Ended`] if that many items cannot follow; else as for [`Cursor::varint`].
    pub fn count(&mut self, item_bytes: usize) -> Result<usize, WireError> {
        let at = self.at;
        let count = self.size()?;
        if count > self.remaining() / item_bytes.max(1) {
            return Err(WireError::Ended { at });
        }
        Ok(count)
    }

    /// A byte string written by [`put_bytes`].
    ///
    /// # Errors
    /// [`WireError::Ended`] if it is longer than what is left; else as for [`Cursor::varint`].
    pub fn prefixed(&mut self) -> Result<&'a [u8], WireError> {
        let length = self.count(1)?;
        self.bytes(length)
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`WireError::LeftOver`] if bytes are left.
    pub fn finish(self) -> Result<(), WireError> {
        if self.remaining() > 0 { Err(WireError::LeftOver { at: self.at }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_varint_has_one_spelling() {
        for longer in [&[0x80, 0x00][..], &[0xFF, 0x00], &[0x80, 0x80, 0x00]] {
            assert_eq!(Cursor::new(longer).varint(), Err(WireError::NotMinimal { at: 0 }));
        }
        let beyond = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02];
        assert_eq!(Cursor::new(&beyond).varint(), Err(WireError::TooLarge { at: 0 }));
        let endless = [0x80; 11];
        assert_eq!(Cursor::new(&endless).varint(), Err(WireError::TooLarge { at: 0 }));
        assert_eq!(Cursor::new(&endless[..9]).varint(), Err(WireError::Ended { at: 0 }));
    }

    #[test]
    fn a_count_beyond_what_follows_is_refused() {
        assert_eq!(Cursor::new(&[3, 0, 0]).count(1), Err(WireError::Ended { at: 0 }));
        assert_eq!(Cursor::new(&[2, 0, 0]).count(1), Ok(2));
        assert_eq!(Cursor::new(&[2, 0, 0, 0]).count(2), Err(WireError::Ended { at: 0 }));
        assert_eq!(Cursor::new(&[200, 1, 7]).prefixed(), Err(WireError::Ended { at: 0 }));
    }

    #[test]
    fn left_over_bytes_are_named() {
        let mut cursor = Cursor::new(&[1, 2]);
        assert_eq!(cursor.u8(), Ok(1));
        assert_eq!(cursor.clone().finish(), Err(WireError::LeftOver { at: 1 }));
        assert_eq!(cursor.u16(), Err(WireError::Ended { at: 1 }));
        assert_eq!(cursor.u8(), Ok(2));
        assert_eq!(cursor.finish(), Ok(()));
    }

    proptest! {
        #[test]
        fn numbers_and_strings_come_back(number: u64, shift in 0u32..64, text in proptest::collection::vec(any::<u8>(), 0..300)) {
            let number = number >> shift;
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            prop_assert_eq!(bytes.len(), varint_bytes(number));
            put_signed(&mut bytes, number as i64);
            put_signed(&mut bytes, (number as i64).wrapping_neg());
            put_bytes(&mut bytes, &text);
            let mut cursor = Cursor::new(&bytes);
            prop_assert_eq!(cursor.varint(), Ok(number));
            prop_assert_eq!(cursor.signed(), Ok(number as i64));
            prop_assert_eq!(cursor.signed(), Ok((number as i64).wrapping_neg()));
            prop_assert_eq!(cursor.prefixed(), Ok(&text[..]));
            prop_assert_eq!(cursor.finish(), Ok(()));
        }

        #[test]
        fn any_bytes_that_read_as_a_varint_are_how_it_is_written(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            let mut cursor = Cursor::new(&bytes);
            if let Ok(number) = cursor.varint() {
                let mut again = Vec::new();
                put_varint(&mut again, number);
                prop_assert_eq!(&bytes[..cursor.position()], &again[..]);
            }
        }
    }
}
