//! Fields of a line: integers and words between single blanks.
//!
//! In: the bytes of a line. Out: its fields one after another, or text.
//! Not here: numbers with a point (`number`), what the fields mean (`hepmc2`, `hepmc3`).
//! Holds: what a [`Fields`] accepts as an integer prints again as it was.

use super::number::NumberFormat;

/// Longest integer, in digits: any of them fits in an `i64`.
const LONGEST_INTEGER: usize = 18;

/// What of a line is still to be read.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn new(rest: &'a [u8]) -> Fields<'a> {
        Fields { rest }
    }

    /// One byte that has to come.
    #[inline]
    pub fn byte(&mut self, wanted: u8) -> Option<()> {
        match self.rest.split_first() {
            Some((&found, rest)) if found == wanted => {
                self.rest = rest;
                Some(())
            }
            _ => None,
        }
    }

    /// A text that has to come.
    #[inline]
    pub fn text(&mut self, wanted: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(wanted)?;
        Some(())
    }

    /// An integer in the only form that is printed: no plus, no leading zeros, no negative zero.
    #[inline]
    pub fn integer(&mut self) -> Option<i64> {
        let negative = self.rest.first() == Some(&b'-');
        let start = usize::from(negative);
        let (mut value, mut at) = (0i64, start);
        while let Some(digit) =
            self.rest.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit <= 9)
        {
            if at - start >= LONGEST_INTEGER {
                return None;
            }
            value = value * 10 + i64::from(digit);
            at += 1;
        }
        let first = *self.rest.get(start)?;
        if at == start || first == b'0' && (negative || at > start + 1) {
            return None;
        }
        self.rest = &self.rest[at..];
        Some(if negative { -value } else { value })
    }

    /// An integer of 32 bits.
    #[inline]
    pub fn short_integer(&mut self) -> Option<i32> {
        self.integer()?.try_into().ok()
    }

    /// A number up to a blank or the end.
    #[inline]
    pub fn number(&mut self, format: &NumberFormat) -> Option<u64> {
        let (pattern, length) = format.scan(self.rest)?;
        self.rest = &self.rest[length..];
        Some(pattern)
    }

    /// Four numbers between blanks.
    #[inline]
    pub fn four(&mut self, formats: [&NumberFormat; 4]) -> Option<[u64; 4]> {
        let mut four = [0; 4];
        for (place, (pattern, format)) in four.iter_mut().zip(formats).enumerate() {
            if place > 0 {
                self.byte(b' ')?;
            }
            *pattern = self.number(format)?;
        }
        Some(four)
    }

    /// The bytes up to the next blank or the end; at least one.
    #[inline]
    pub fn word(&mut self) -> Option<&'a [u8]> {
        let length = self.rest.iter().position(|&byte| byte == b' ').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }
}

/// Prints an integer.
#[inline]
pub(super) fn push_integer(value: i64, out: &mut Vec<u8>) {
    // Sign and 19 digits.
    let mut text = [0u8; 20];
    let (mut rest, mut at) = (value.unsigned_abs(), text.len());
    loop {
        at -= 1;
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        text[at] = b'-';
    }
    out.extend_from_slice(&text[at..]);
}
