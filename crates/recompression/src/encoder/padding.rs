//! Empty blocks in front of a deflate stream, which make it longer.
//!
//! In: how many bytes, or the front of a stream. Out: [`Padding`], and its bits.
//! Not here: the stream behind it (`matches`), what a recipe says of padding (`crate::deflate`).
//! Holds: every inflater reads such streams; lengths from five bytes on are always reached, shorter ones by luck.
//! Source: RFC 1951, sections 3.2.4 and 3.2.6.

use super::bits::Bits;

/// An empty block with fixed codes that is not the last: three bits of header, seven of the end of a block.
const FIXED_BITS: u32 = 10;
const FIXED: u32 = 0b00_0000_0010;
/// An empty stored block that is not the last: three bits, filled up to a byte, and these.
const STORED_HEADER_BITS: u32 = 3;
const STORED: [u8; 4] = [0, 0, 0xff, 0xff];
/// Length of one that begins at a byte.
const STORED_BYTES: usize = 5;

/// Empty blocks: some with fixed codes, then stored ones, then some with fixed codes again. Without stored ones the
/// last are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Padding {
    /// Blocks with fixed codes.
    pub(crate) fixed: u32,
    /// Stored blocks.
    pub(crate) stored: u32,
    /// Blocks with fixed codes behind the stored ones.
    pub(crate) fixed_after: u32,
}

impl Padding {
    /// The padding that a stream begins with. No encoder of ours begins with an empty block that is not the last.
    pub(crate) fn of(stream: &[u8]) -> Padding {
        let mut walk = Walk { stream, at: 0 };
        let fixed = walk.count(Walk::fixed);
        let stored = walk.count(Walk::stored);
        let fixed_after = walk.count(Walk::fixed);
        Padding { fixed, stored, fixed_after }
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Padding::default()
    }

    /// Length in bytes, begun ones included.
    pub(crate) fn bytes(self) -> usize {
        let fixed = |blocks: u32| (u64::from(blocks) * u64::from(FIXED_BITS)).div_ceil(8);
        let stored = STORED_BYTES as u64 * u64::from(self.stored);
        usize::try_from(fixed(self.fixed) + stored + fixed(self.fixed_after)).unwrap_or(usize::MAX)
    }

    /// What makes a stream longer by `bytes`, where `filler` bits fill up its first whole byte.
    pub(super) fn adding(bytes: usize, filler: u32) -> Option<Padding> {
        (0..4u32).find_map(|after| {
            let longer = if after == 0 { 0 } else { (FIXED_BITS * after + 7 - filler.min(7)) / 8 };
            match bytes.checked_sub(longer as usize)? {
                0 => Some(Padding { fixed: after, ..Padding::default() }),
                front => {
                    // Fixed blocks make the first stored one longer by one, two and four bytes.
                    let fixed =
                        [Some(0), Some(1), Some(2), None, Some(3)].get(front % STORED_BYTES)?.as_ref();
                    let first =
                        (FIXED_BITS * fixed? + STORED_HEADER_BITS).div_ceil(8) as usize + STORED.len();
                    let stored = front.checked_sub(first)? / STORED_BYTES + 1;
                    Some(Padding { fixed: *fixed?, stored: u32::try_from(stored).ok()?, fixed_after: after })
                }
            }
        })
    }

    /// The bytes in front of a stream that stays as it is: those of padding that ends with a byte.
    pub(super) fn whole_bytes(self) -> Option<Vec<u8>> {
        let mut bits = Bits::default();
        (self.stored > 0 && self.fixed_after == 0).then(|| self.write(&mut bits)).map(|()| bits.bytes)
    }

    pub(super) fn write(self, bits: &mut Bits) {
        let fixed = |bits: &mut Bits, blocks| (0..blocks).for_each(|_| bits.put(FIXED, FIXED_BITS));
        fixed(bits, self.fixed);
        for _ in 0..self.stored {
            bits.put(0, STORED_HEADER_BITS);
            bits.align();
            bits.bytes.extend_from_slice(&STORED);
        }
        fixed(bits, self.fixed_after);
    }
}

/// Looks at the blocks of a stream, bit by bit.
struct Walk<'a> {
    stream: &'a [u8],
    /// In bits.
    at: usize,
}

impl Walk<'_> {
    fn count(&mut self, empty: fn(&mut Self) -> Option<()>) -> u32 {
        let mut n = 0;
        while n < u32::MAX && empty(self).is_some() {
            n += 1;
        }
        n
    }

    /// Steps over an empty block with fixed codes.
    fn fixed(&mut self) -> Option<()> {
        let &two = self.stream.get(self.at / 8..)?.first_chunk::<2>()?;
        let third = self.stream.get(self.at / 8 + 2).copied().unwrap_or(0);
        let bits = u32::from_le_bytes([two[0], two[1], third, 0]) >> (self.at % 8);
        (bits & ((1 << FIXED_BITS) - 1) == FIXED).then(|| self.at += FIXED_BITS as usize)
    }

    /// Steps over an empty stored block.
    fn stored(&mut self) -> Option<()> {
        let header_end = self.at + STORED_HEADER_BITS as usize;
        let body = header_end.div_ceil(8);
        let begun = self.stream.get(self.at / 8..body)?;
        let (&first, rest) = begun.split_first()?;
        // Fillers are zeros, as in all that is made here.
        let zero = first >> (self.at % 8) == 0 && rest.iter().all(|&byte| byte == 0);
        let empty = zero && self.stream.get(body..)?.starts_with(&STORED);
        empty.then(|| self.at = 8 * (body + STORED.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_of_arbitrary_bytes_ends_with_them() {
        for byte in [0, 2, 8, 0x20, 0xff] {
            for n in 0..40 {
                let stream = vec![byte; n];
                assert!(Padding::of(&stream).bytes() <= n + 2);
            }
        }
        let three = [STORED.as_slice(), &[0]].concat().repeat(3);
        assert_eq!(Padding::of(&[&[0], three.as_slice()].concat()).stored, 3);
    }
}
