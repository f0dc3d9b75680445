//! Numbers of event records: printed text to patterns on a lattice.
//!
//! In: how a kind of field is printed, and text. Out: patterns.
//! Not here: printing (`printing`), which style a file has (`style`), the arithmetic (`decimal`).
//! Holds: scanning gives the pattern nearest to the text, and never fails on what a C program prints; whether that prints
//! again is for the caller to compare.

use super::decimal;
use hepz_columns::events::{Decimal, Lattice};

/// How numbers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `%.Ne`: so many digits after the point, an exponent of at least two digits.
    Scientific(u8),
    /// `%.Nf`.
    Fixed(u8),
    /// `%.Ng`: so many digits, 1 at least, without trailing zeros.
    General(u8),
    /// As few digits as bring the number back; with exponent below 1e-4 and from 1e16 on, as in Python.
    Shortest,
}

/// Most digits of a style: more are never useful, and a hostile file is not to print kilobytes.
pub(super) const MOST_DIGITS: u8 = 40;

/// How numbers of one kind of field are printed, and which they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    /// How they are printed.
    pub style: Style,
    /// True if zero is printed as `0`.
    pub short_zero: bool,
    /// Which numbers occur.
    pub lattice: Lattice,
}

impl Style {
    /// Its number of digits; 0 where it has none.
    pub(super) fn digits(self) -> u8 {
        match self {
            Style::Scientific(digits) | Style::Fixed(digits) | Style::General(digits) => digits,
            Style::Shortest => 0,
        }
    }

    /// The wire form.
    pub(super) fn to_bytes(self) -> [u8; 2] {
        let kind = match self {
            Style::Scientific(_) => 0,
            Style::Fixed(_) => 1,
            Style::General(_) => 2,
            Style::Shortest => 3,
        };
        [kind, self.digits()]
    }

    /// The style of a wire form.
    pub(super) fn from_bytes(bytes: [u8; 2]) -> Option<Style> {
        let style = match bytes[0] {
            0 => Style::Scientific(bytes[1]),
            1 => Style::Fixed(bytes[1]),
            2 if bytes[1] > 0 => Style::General(bytes[1]),
            3 if bytes[1] == 0 => Style::Shortest,
            _ => return None,
        };
        (bytes[1] <= MOST_DIGITS).then_some(style)
    }
}

impl NumberFormat {
    /// The wire form.
    pub(super) fn to_bytes(self) -> [u8; 4] {
        let [kind, digits] = self.style.to_bytes();
        [kind, digits, u8::from(self.short_zero), self.lattice.id()]
    }

    /// The format of a wire form; decimal lattices need a style that prints as many digits.
    pub(super) fn from_bytes(bytes: [u8; 4]) -> Option<NumberFormat> {
        let style = Style::from_bytes([bytes[0], bytes[1]])?;
        let lattice = Lattice::from_id(bytes[3])?;
        let sound = match lattice {
            Lattice::Decimal(digits) => style == Style::Scientific(digits - 1),
            _ => true,
        };
        (sound && bytes[2] < 2).then_some(NumberFormat { style, short_zero: bytes[2] == 1, lattice })
    }

    /// The number at the beginning of `text`, up to a blank or the end: its pattern, and how many bytes it takes.
    #[inline]
    pub(super) fn scan(&self, text: &[u8]) -> Option<(u64, usize)> {
        if let Style::Scientific(digits) = self.style
            && let Some(found) = self.scan_scientific(text, usize::from(digits))
        {
            return Some(found);
        }
        let length = text.iter().position(|&byte| byte == b' ').unwrap_or(text.len());
        Some((self.scan_any(&text[..length])?, length))
    }

    /// Text exactly as `%.Ne` prints it; `None` for all else and for numbers that are not settled here.
    #[inline]
    fn scan_scientific(&self, text: &[u8], n_after: usize) -> Option<(u64, usize)> {
        let negative = *text.first()? == b'-';
        let start = usize::from(negative);
        let end = start + n_after + 2;
        // A number is followed by exponent letter, sign and two digits.
        if n_after == 0 || n_after > 18 || text.len() < end + 4 || text[start + 1] != b'.' {
            return None;
        }
        let first = text[start].wrapping_sub(b'0');
        if first > 9 {
            return None;
        }
        let mut mantissa = u64::from(first);
        let mut rest = &text[start + 2..end];
        while let Some((eight, behind)) = rest.split_first_chunk() {
            mantissa = mantissa * 100_000_000 + eight_digits(*eight)?;
            rest = behind;
        }
        for &byte in rest {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            mantissa = mantissa * 10 + u64::from(digit);
        }
        let (exponent, length) = scan_exponent(&text[end..])?;
        if first == 0 && (mantissa != 0 || exponent != 0) {
            return None;
        }
        let pattern = match self.lattice {
            Lattice::Decimal(_) => Decimal { negative, exponent, mantissa }.pattern()?,
            Lattice::Binary64 => {
                decimal::to_binary64(mantissa, exponent - n_after as i32)?.to_bits()
                    | u64::from(negative) << 63
            }
            Lattice::Binary32 => {
                let value = decimal::to_binary64(mantissa, exponent - n_after as i32)?;
                u64::from((value as f32).to_bits() | u32::from(negative) << 31)
            }
        };
        Some((pattern, end + length))
    }

    /// Any text that is a number.
    #[cold]
    fn scan_any(&self, token: &[u8]) -> Option<u64> {
        if token == b"0" {
            return Some(0);
        }
        let text = std::str::from_utf8(token).ok()?;
        let value: f64 = text.parse().ok()?;
        Some(match self.lattice {
            Lattice::Binary64 => value.to_bits(),
            Lattice::Binary32 => u64::from(text.parse::<f32>().ok()?.to_bits()),
            Lattice::Decimal(digits) => nearest_decimal(value, usize::from(digits)),
        })
    }
}

/// Eight decimal digits; `None` if one of them is none.
#[inline]
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    let word = u64::from_le_bytes(text) ^ 0x3030_3030_3030_3030;
    // A byte above nine, or not of the form 0x3?, shows in its high half.
    if (word | word.wrapping_add(0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0 != 0 {
        return None;
    }
    // Neighbours are joined: to pairs, to fours, to eight.
    let pairs = (word & 0x000f_000f_000f_000f).wrapping_mul(10) + (word >> 8 & 0x000f_000f_000f_000f);
    let fours = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(100) + (pairs >> 16 & 0x0000_00ff_0000_00ff);
    Some((fours & 0xffff) * 10_000 + (fours >> 32))
}

/// An exponent as C prints it: letter, sign, two digits, or three of which the first is not zero.
#[inline]
fn scan_exponent(text: &[u8]) -> Option<(i32, usize)> {
    let &[letter, sign, tens, ones] = text.first_chunk()?;
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if letter != b'e' || tens > 9 || ones > 9 {
        return None;
    }
    let (mut exponent, mut length) = (i32::from(tens) * 10 + i32::from(ones), 4);
    if let Some(third) = text.get(4).map(|byte| byte.wrapping_sub(b'0')).filter(|&third| third <= 9) {
        if tens == 0 {
            return None;
        }
        (exponent, length) = (exponent * 10 + i32::from(third), 5);
    }
    match sign {
        b'+' => Some((exponent, length)),
        b'-' if exponent != 0 => Some((-exponent, length)),
        _ => None,
    }
}

/// The decimal pattern of a number that is not printed as the file prints numbers.
fn nearest_decimal(value: f64, n_digits: usize) -> u64 {
    let text = format!("{:.*e}", n_digits - 1, value.abs());
    let parts = text.split_once('e');
    let number = parts.and_then(|(digits, exponent)| {
        let mantissa = digits.replace('.', "").parse().ok()?;
        Some(Decimal { negative: value.is_sign_negative(), exponent: exponent.parse().ok()?, mantissa })
    });
    number.and_then(Decimal::pattern).unwrap_or(0)
}
