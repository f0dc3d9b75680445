//! Numbers of Les Houches events: what HepMC prints, with a plus, a capital letter, or a mantissa that begins with a zero.
//!
//! In: text or patterns, and the file's [`Printed`]. Out: the other.
//! Not here: which style a file has (`head`), fields of fixed width (`line`).
//! Holds: what is printed depends on the format and the pattern only; scanning gives a pattern near to the text, and
//! whether it prints again is for the caller to compare.
//! Source: Fortran 95 (ISO/IEC 1539-1:1997), 10.5.1.2.2: `Ew.d` prints a sign, 0, a point, d digits, E and the exponent.

use super::super::number::NumberFormat;
use hepz_columns::events::{Decimal, Lattice};

/// Longest number.
const LONGEST: usize = 64;

/// How the numbers of one kind of field differ from those of C.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dress {
    /// Positive numbers have a plus.
    pub plus: bool,
    /// The exponent's letter is a capital.
    pub capital: bool,
    /// Mantissas are 0.1 to 1 and not 1 to 10.
    pub fraction: bool,
}

impl Dress {
    pub fn to_byte(self) -> u8 {
        u8::from(self.plus) | u8::from(self.capital) << 1 | u8::from(self.fraction) << 2
    }

    pub fn from_byte(byte: u8) -> Option<Dress> {
        (byte < 8).then_some(Dress { plus: byte & 1 != 0, capital: byte & 2 != 0, fraction: byte & 4 != 0 })
    }

    /// The number as C prints it, in a buffer; `None` if it is none of this dress.
    pub fn off<'a>(self, token: &[u8], buffer: &'a mut [u8; LONGEST]) -> Option<&'a [u8]> {
        let (sign, digits) = match token.split_first()? {
            (b'+', digits) if self.plus => (&b""[..], digits),
            (b'-', digits) => (&b"-"[..], digits),
            _ if self.plus => return None,
            _ => (&b""[..], token),
        };
        if token.len() + 2 > LONGEST || !digits.first()?.is_ascii_digit() {
            return None;
        }
        let mut n = 0;
        let mut put = |bytes: &[u8]| {
            buffer[n..n + bytes.len()].copy_from_slice(bytes);
            n += bytes.len();
        };
        put(sign);
        let letter = if self.capital { b'E' } else { b'e' };
        match digits.iter().position(|&byte| byte == letter) {
            None => put(digits),
            Some(at) => {
                let (mantissa, exponent) = (&digits[..at], &digits[at + 1..]);
                let mut shift = 0;
                if self.fraction {
                    let digits = mantissa.strip_prefix(b"0.")?;
                    let (first, rest) = digits.split_first()?;
                    put(&[*first, b'.']);
                    put(rest);
                    shift = i32::from(digits.iter().any(|&digit| digit != b'0'));
                } else {
                    put(mantissa);
                }
                put(b"e");
                if shift == 0 {
                    put(exponent);
                } else {
                    let (sign, size) = exponent.split_first()?;
                    let size: i32 = std::str::from_utf8(size).ok()?.parse().ok()?;
                    let exponent = if *sign == b'-' { -size } else { size } - shift;
                    let size = exponent.unsigned_abs();
                    if size > 999 {
                        return None;
                    }
                    put(if exponent < 0 { b"-" } else { b"+" });
                    if size > 99 {
                        put(&[b'0' + (size / 100) as u8]);
                    }
                    put(&[b'0' + (size / 10 % 10) as u8, b'0' + (size % 10) as u8]);
                }
            }
        }
        Some(&buffer[..n])
    }

    /// Appends a number that C prints like `plain`.
    fn on(self, plain: &[u8], out: &mut Vec<u8>) {
        let digits = match plain.strip_prefix(b"-") {
            Some(digits) => {
                out.push(b'-');
                digits
            }
            None => {
                if self.plus {
                    out.push(b'+');
                }
                plain
            }
        };
        let Some(at) = digits.iter().position(|&byte| byte == b'e') else {
            out.extend_from_slice(digits);
            return;
        };
        let (mantissa, exponent) = (&digits[..at], &digits[at + 1..]);
        let mut shift = 0;
        if self.fraction {
            out.extend_from_slice(b"0.");
            out.extend(mantissa.iter().filter(|byte| byte.is_ascii_digit()));
            shift = i32::from(mantissa.iter().any(|byte| (b'1'..=b'9').contains(byte)));
        } else {
            out.extend_from_slice(mantissa);
        }
        let size = exponent.iter().filter(|byte| byte.is_ascii_digit());
        let size = size.fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
        let exponent = if exponent.first() == Some(&b'-') { -size } else { size } + shift;
        self.put_exponent(exponent, out);
    }

    fn put_exponent(self, exponent: i32, out: &mut Vec<u8>) {
        out.push(if self.capital { b'E' } else { b'e' });
        out.push(if exponent < 0 { b'-' } else { b'+' });
        let size = exponent.unsigned_abs() % 1000;
        if size > 99 {
            out.push(b'0' + (size / 100) as u8);
        }
        out.extend_from_slice(&[b'0' + (size / 10 % 10) as u8, b'0' + (size % 10) as u8]);
    }
}

/// How the numbers of one kind of field are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printed {
    pub dress: Dress,
    pub format: NumberFormat,
}

impl Printed {
    /// The pattern of a number.
    #[inline]
    pub fn scan(&self, token: &[u8]) -> Option<u64> {
        if let Lattice::Decimal(digits) = self.format.lattice
            && let Some(found) = self.scan_decimal(token, digits.into())
        {
            return Some(found);
        }
        self.scan_any(token)
    }

    #[cold]
    fn scan_any(&self, token: &[u8]) -> Option<u64> {
        let mut buffer = [0; LONGEST];
        let plain = self.dress.off(token, &mut buffer).unwrap_or(token);
        let (pattern, length) = self.format.scan(plain)?;
        (length == plain.len()).then_some(pattern)
    }

    /// Exactly what is printed on a decimal lattice.
    #[inline]
    fn scan_decimal(&self, token: &[u8], n_digits: usize) -> Option<u64> {
        let negative = *token.first()? == b'-';
        let start = usize::from(negative || self.dress.plus);
        if start > 0 && !negative && token[0] != b'+' {
            return None;
        }
        // Before the point stands a zero or the first digit.
        let point = start + 1;
        let end = point + n_digits + usize::from(self.dress.fraction);
        if n_digits < 2 || token.len() < end + 4 || token[point] != b'.' {
            return None;
        }
        let mut mantissa = u64::from(token[start].wrapping_sub(b'0'));
        if mantissa > 9 || self.dress.fraction && mantissa > 0 {
            return None;
        }
        for &byte in &token[point + 1..end] {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            mantissa = mantissa * 10 + u64::from(digit);
        }
        // The lattice has one pattern for each number: the first digit is not zero.
        if mantissa != 0 && mantissa < 10u64.pow(n_digits as u32 - 1) {
            return None;
        }
        let letter = if self.dress.capital { b'E' } else { b'e' };
        let (sign, size) = (token[end + 1], &token[end + 2..]);
        if token[end] != letter || size.len() > 3 || !size.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let size = size.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
        let printed = match sign {
            b'+' => size,
            b'-' => -size,
            _ => return None,
        };
        let exponent = printed - i32::from(self.dress.fraction && mantissa != 0);
        Decimal { negative, exponent, mantissa }.pattern()
    }

    /// Appends the number of a pattern.
    #[inline]
    pub fn print(&self, pattern: u64, out: &mut Vec<u8>) {
        let Lattice::Decimal(n_digits) = self.format.lattice else {
            return self.print_any(pattern, out);
        };
        let Decimal { negative, exponent, mantissa } = Decimal::of(pattern);
        // Sign, zero, point and 15 digits; all others are overwritten or cut.
        let mut text = [b'0'; 24];
        let mut start = 0;
        if negative || self.dress.plus {
            text[0] = if negative { b'-' } else { b'+' };
            start = 1;
        }
        let n_digits = usize::from(n_digits);
        let end = start + 1 + n_digits + usize::from(self.dress.fraction);
        let (mut rest, mut at) = (mantissa, end);
        while at > start + 2 {
            at -= 1;
            text[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        if !self.dress.fraction {
            text[start] = b'0' + (rest % 10) as u8;
        }
        text[start + 1] = b'.';
        out.extend_from_slice(if end == start + 2 { &text[..start + 1] } else { &text[..end] });
        let shift = i32::from(self.dress.fraction && mantissa != 0);
        self.dress.put_exponent(exponent + shift, out);
    }

    #[cold]
    fn print_any(&self, pattern: u64, out: &mut Vec<u8>) {
        let mut plain = Vec::with_capacity(LONGEST);
        self.format.print(pattern, &mut plain);
        self.dress.on(&plain, out);
    }
}
