//! Printing of numbers: patterns on a lattice to the text that C or Python prints.
//!
//! In: a pattern, and how it is printed. Out: text.
//! Not here: scanning (`number`), which style a file has (`style`).
//! Holds: correctly rounded, ties to even: the fast way says when it does not know, and the standard library decides.
//! Any pattern gives a text, also those that no reader makes.

use super::decimal;
use super::number::{NumberFormat, Style};
use hepz_columns::events::{Decimal, Lattice};
use std::io::Write;

impl NumberFormat {
    /// Prints the number of a pattern.
    #[inline]
    pub(super) fn print(&self, pattern: u64, out: &mut Vec<u8>) {
        if self.short_zero && pattern == 0 {
            out.push(b'0');
            return;
        }
        match self.lattice {
            Lattice::Decimal(digits) => {
                let Decimal { negative, exponent, mantissa } = Decimal::of(pattern);
                print_scientific(negative, mantissa, exponent, digits.into(), out);
            }
            Lattice::Binary64 => self.print_binary64(f64::from_bits(pattern), out),
            Lattice::Binary32 if self.style == Style::Shortest => {
                let value = f32::from_bits(pattern as u32);
                print_shortest(value.into(), out, |out| write!(out, "{:e}", value.abs()));
            }
            Lattice::Binary32 => self.print_binary64(f32::from_bits(pattern as u32).into(), out),
        }
    }

    #[inline]
    fn print_binary64(&self, value: f64, out: &mut Vec<u8>) {
        let n_after = usize::from(self.style.digits());
        match self.style {
            _ if !value.is_finite() => {
                let name: &[u8] = if value.is_nan() { b"nan" } else { b"inf" };
                if value.is_sign_negative() {
                    out.push(b'-');
                }
                out.extend_from_slice(name);
            }
            Style::Scientific(digits) if n_after < decimal::MOST_DIGITS as usize => {
                let negative = value.is_sign_negative();
                if value == 0.0 {
                    print_scientific(negative, 0, 0, n_after + 1, out);
                } else if let Some((mantissa, exponent)) =
                    decimal::to_digits(value.abs(), u32::from(digits) + 1)
                {
                    print_scientific(negative, mantissa, exponent, n_after + 1, out);
                } else {
                    print_scientific_slowly(value, n_after, out);
                }
            }
            Style::Scientific(_) => print_scientific_slowly(value, n_after, out),
            // Writing to a vector cannot fail.
            Style::Fixed(_) => _ = write!(out, "{value:.n_after$}"),
            Style::General(_) => print_general(value, n_after, out),
            Style::Shortest => print_shortest(value, out, |out| write!(out, "{:e}", value.abs())),
        }
    }
}

/// Pairs of digits, "00" to "99".
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut at = 0;
    while at < 100 {
        pairs[at] = [b'0' + (at / 10) as u8, b'0' + (at % 10) as u8];
        at += 1;
    }
    pairs
};

/// `d.ddde+xx`; digits are the last `n_digits` of the mantissa, 17 at most.
#[inline]
fn print_scientific(negative: bool, mantissa: u64, exponent: i32, n_digits: usize, out: &mut Vec<u8>) {
    // Sign, 17 digits and a point, letter, sign and three digits: 24 bytes at most.
    let mut text = [0u8; 32];
    text[0] = b'-';
    let start = usize::from(negative);
    let mut end = start + 1 + n_digits;
    let (mut rest, mut at) = (mantissa, end);
    while at > start + 3 {
        at -= 2;
        text[at..at + 2].copy_from_slice(&PAIRS[(rest % 100) as usize]);
        rest /= 100;
    }
    while at > start + 2 {
        at -= 1;
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text[start] = b'0' + (rest % 10) as u8;
    if n_digits > 1 {
        text[start + 1] = b'.';
    } else {
        end = start + 1;
    }
    text[end] = b'e';
    text[end + 1] = if exponent < 0 { b'-' } else { b'+' };
    let size = exponent.unsigned_abs() as usize % 1000;
    if size < 100 {
        text[end + 2..end + 4].copy_from_slice(&PAIRS[size]);
        end += 4;
    } else {
        text[end + 2] = b'0' + (size / 100) as u8;
        text[end + 3..end + 5].copy_from_slice(&PAIRS[size % 100]);
        end += 5;
    }
    out.extend_from_slice(&text[..end]);
}

/// Gives an exponent written as `e5` or `e-5` from `start` on the form of C.
fn widen_exponent(start: usize, out: &mut Vec<u8>) {
    let Some(letter) = out[start..].iter().position(|&byte| byte == b'e') else { return };
    let digits = out.split_off(start + letter + 1);
    let (sign, digits) = match digits.split_first() {
        Some((b'-', digits)) => (b'-', digits),
        _ => (b'+', &digits[..]),
    };
    out.push(sign);
    if digits.len() < 2 {
        out.push(b'0');
    }
    out.extend_from_slice(digits);
}

#[cold]
fn print_scientific_slowly(value: f64, n_after: usize, out: &mut Vec<u8>) {
    let start = out.len();
    // Writing to a vector cannot fail.
    _ = write!(out, "{value:.n_after$e}");
    widen_exponent(start, out);
}

/// Digits without trailing zeros, laid out with an exponent where it is below -4 or from `most` on.
fn lay_out(negative: bool, digits: &[u8], exponent: i32, most: i32, whole: &[u8], out: &mut Vec<u8>) {
    let kept = digits.iter().rposition(|&digit| digit != b'0').map_or(1, |last| last + 1);
    let digits = &digits[..kept];
    if negative {
        out.push(b'-');
    }
    if exponent < -4 || exponent >= most {
        out.push(digits[0]);
        if digits.len() > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        // Writing to a vector cannot fail.
        _ = write!(out, "e{sign}{:02}", exponent.unsigned_abs());
    } else if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', (-1 - exponent) as usize));
        out.extend_from_slice(digits);
    } else {
        let before = exponent as usize + 1;
        if digits.len() > before {
            out.extend_from_slice(&digits[..before]);
            out.push(b'.');
            out.extend_from_slice(&digits[before..]);
        } else {
            out.extend_from_slice(digits);
            out.extend(std::iter::repeat_n(b'0', before - digits.len()));
            out.extend_from_slice(whole);
        }
    }
}

/// Digits and exponent of text such as `1.25e-7`.
fn parts(text: &[u8]) -> (Vec<u8>, i32) {
    let letter = text.iter().position(|&byte| byte == b'e').unwrap_or(text.len());
    let digits = text[..letter].iter().copied().filter(u8::is_ascii_digit).collect();
    let exponent = std::str::from_utf8(text.get(letter + 1..).unwrap_or(b"0")).ok();
    (digits, exponent.and_then(|exponent| exponent.parse().ok()).unwrap_or(0))
}

#[cold]
fn print_general(value: f64, n_digits: usize, out: &mut Vec<u8>) {
    let text = format!("{:.*e}", n_digits.max(1) - 1, value.abs());
    let (digits, exponent) = parts(text.as_bytes());
    lay_out(value.is_sign_negative(), &digits, exponent, n_digits as i32, b"", out);
}

#[cold]
fn print_shortest(value: f64, out: &mut Vec<u8>, print: impl Fn(&mut Vec<u8>) -> std::io::Result<()>) {
    if !value.is_finite() {
        let name = if value.is_nan() { "nan" } else { "inf" };
        let sign = if value.is_sign_negative() { "-" } else { "" };
        _ = write!(out, "{sign}{name}");
        return;
    }
    let mut text = Vec::with_capacity(32);
    // Writing to a vector cannot fail.
    _ = print(&mut text);
    let (digits, exponent) = parts(&text);
    lay_out(value.is_sign_negative(), &digits, exponent, 16, b".0", out);
}
