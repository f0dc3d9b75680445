//! Notations: how a program prints numbers, from the text of a cell to a bit pattern and back.
//!
//! In: text of one number, or a pattern. Out: the other.
//! Not here: what stands around the number (`cell`), which notation a column has (`choice`).
//! Holds: printing is a function of the pattern alone, correctly rounded where the standard library or
//! `events::decimal` rounds; whether a text comes back is for the caller to compare.
//! Source: C17 7.21.6.1 for `%f`, `%e`, `%g`; `repr` of Python for the shortest form.

use crate::events::decimal::{to_binary64, to_digits};
use hepz_columns::Scalar;
use std::io::Write;

/// How the numbers of a column are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// Digits, with a minus sign where needed.
    Integer,
    /// `%.Nf`.
    Fixed(u8),
    /// `%.Ne`.
    Scientific(u8),
    /// `%.Ng`: N at least 1.
    General(u8),
    /// As few digits as bring the number back, as Python prints them: `1.0`, `1e-05`.
    Shortest,
    /// As few digits as bring the number back, whole numbers without a point, never an exponent.
    Plain,
}

/// Most digits of a notation: more are never useful, and a hostile archive is not to print kilobytes.
pub(super) const MOST_DIGITS: u8 = 40;
/// Digits that `to_digits` gives.
const QUICK_DIGITS: u32 = 17;
/// Fixed numbers below this come out of one multiplication exactly.
const FIXED_LIMIT: f64 = 4e15;

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// What a text looks like that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numeral {
    pub(super) negative: bool,
    /// All digits as an integer, if there are at most 19.
    mantissa: Option<u64>,
    /// Digits from the first one that is not zero on.
    pub(super) digits: u32,
    /// The same without zeros at the end.
    pub(super) needed: u32,
    /// Digits behind the point.
    pub(super) decimals: u32,
    /// Power of ten that is written.
    pub(super) exponent: i32,
    pub(super) has_point: bool,
    pub(super) has_exponent: bool,
}

/// Reads `-12.5e-3`; none for every other form.
#[inline]
pub(super) fn numeral(text: &[u8]) -> Option<Numeral> {
    let negative = text.first() == Some(&b'-');
    let body = if negative { &text[1..] } else { text };
    let mut found = Numeral {
        negative,
        mantissa: None,
        digits: 0,
        needed: 0,
        decimals: 0,
        exponent: 0,
        has_point: false,
        has_exponent: false,
    };
    let (mut mantissa, mut any) = (0u64, false);
    let mut rest = body.iter();
    for &byte in rest.by_ref() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            any = true;
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
            if digit != 0 || found.digits > 0 {
                found.digits += 1;
                if digit != 0 {
                    found.needed = found.digits;
                }
            }
            found.decimals += u32::from(found.has_point);
        } else if byte == b'.' && !found.has_point {
            found.has_point = true;
        } else if matches!(byte, b'e' | b'E') && any {
            found.has_exponent = true;
            break;
        } else {
            return None;
        }
    }
    if found.has_exponent {
        let written = rest.as_slice();
        let digits = written.strip_prefix(b"+").or(written.strip_prefix(b"-")).unwrap_or(written);
        if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let size = digits.iter().fold(0, |sum, &digit| sum * 10 + i32::from(digit - b'0'));
        found.exponent = if written[0] == b'-' { -size } else { size };
    }
    found.mantissa = (found.digits <= 19).then_some(mantissa);
    any.then_some(found)
}

impl Numeral {
    /// The pattern of the number in `text`, which this was read from.
    pub(super) fn pattern(&self, text: &[u8], notation: Notation, scalar: Scalar) -> Option<u64> {
        if notation == Notation::Integer {
            return self.integer(text, scalar);
        }
        let power = self.exponent.checked_sub(i32::try_from(self.decimals).ok()?)?;
        let exact = || {
            let divisor = POWERS.get(usize::try_from(-power).ok()?)?;
            // Both are exact, so that one division rounds correctly.
            self.mantissa.filter(|&mantissa| mantissa < 1 << 53).map(|mantissa| mantissa as f64 / divisor)
        };
        let size = match exact().or_else(|| to_binary64(self.mantissa?, power)) {
            Some(size) => size,
            None => std::str::from_utf8(text).ok()?.parse::<f64>().ok()?.abs(),
        };
        let value = if self.negative { -size } else { size };
        match scalar {
            Scalar::F32 => Some(u64::from((value as f32).to_bits())),
            Scalar::F64 => Some(value.to_bits()),
            _ => None,
        }
    }

    /// True if the text is sure to be what the notation prints for its number; of most that it prints this is known.
    #[inline]
    pub(super) fn is_usual(&self, text: &[u8], notation: Notation, scalar: Scalar) -> bool {
        let body = &text[usize::from(self.negative)..];
        let decimals = self.decimals as usize;
        let whole = body.len().saturating_sub(decimals + usize::from(self.has_point));
        if self.has_exponent || whole == 0 || whole > 1 && body[0] == b'0' {
            return false;
        }
        // So many digits come back from a float of either size, as long as it is a normal number.
        let sure = if scalar == Scalar::F32 { 6 } else { 15 };
        match notation {
            Notation::Integer => !self.has_point && (!self.negative || self.digits > 0),
            Notation::Fixed(wanted) => {
                decimals == usize::from(wanted) && self.has_point == (wanted > 0) && self.digits <= sure
            }
            Notation::General(most) => {
                let small = self.digits == 0 || body[0] == b'0' && self.decimals > self.digits + 3;
                let ends = !self.has_point || decimals > 0 && body[body.len() - 1] != b'0';
                // More digits than a float surely has show what it is beside the text.
                !small && ends && u32::from(most) <= sure && self.digits <= u32::from(most)
            }
            _ => false,
        }
    }

    fn integer(&self, text: &[u8], scalar: Scalar) -> Option<u64> {
        if self.has_point || self.has_exponent {
            return None;
        }
        let longer = || std::str::from_utf8(text).ok()?.trim_start_matches('-').parse().ok();
        let size = self.mantissa.or_else(longer)?;
        let bits = scalar.bits();
        let (most, least) = match scalar.is_signed_integer() {
            true => ((1u64 << (bits - 1)) - 1, 1u64 << (bits - 1)),
            false => (u64::MAX >> (64 - bits), 0),
        };
        let raw = if self.negative { size.wrapping_neg() } else { size };
        (size <= if self.negative { least } else { most }).then_some(raw & (u64::MAX >> (64 - bits)))
    }
}

/// Appends the number of a pattern.
#[inline]
pub(super) fn print(notation: Notation, scalar: Scalar, raw: u64, out: &mut Vec<u8>) {
    if notation == Notation::Integer {
        let shift = 64 - scalar.bits();
        let signed = ((raw << shift) as i64) >> shift;
        let negative = scalar.is_signed_integer() && signed < 0;
        return put_integer(negative, if negative { signed.unsigned_abs() } else { raw }, out);
    }
    let value = match scalar {
        Scalar::F32 => f64::from(f32::from_bits(raw as u32)),
        _ => f64::from_bits(raw),
    };
    if !value.is_finite() {
        let name: &[u8] = if value.is_nan() { b"nan" } else { b"inf" };
        if value.is_sign_negative() {
            out.push(b'-');
        }
        return out.extend_from_slice(name);
    }
    let (negative, size) = (value.is_sign_negative(), value.abs());
    match notation {
        Notation::Integer => {}
        Notation::Fixed(decimals) => print_fixed(negative, size, usize::from(decimals), out),
        Notation::Scientific(decimals) => {
            let digits = first_digits(size, u32::from(decimals) + 1);
            put_scientific(negative, &digits, usize::from(decimals) + 1, out);
        }
        Notation::General(most) => {
            let mut digits = first_digits(size, u32::from(most.max(1)));
            digits.strip();
            lay_out(negative, &digits, Some(i32::from(most.max(1))), b"", out);
        }
        Notation::Shortest => lay_out(negative, &shortest(size, scalar), Some(16), b".0", out),
        Notation::Plain => lay_out(negative, &shortest(size, scalar), None, b"", out),
    }
}

/// Decimal digits of a number, and the power of ten of the first.
struct Digits {
    text: [u8; MOST_DIGITS as usize + 1],
    length: usize,
    exponent: i32,
}

impl Digits {
    fn zero(length: usize) -> Digits {
        let mut digits = Digits { text: [b'0'; MOST_DIGITS as usize + 1], length, exponent: 0 };
        digits.length = length.clamp(1, digits.text.len());
        digits
    }

    fn of(mut mantissa: u64, length: usize, exponent: i32) -> Digits {
        let mut digits = Digits::zero(length);
        digits.exponent = exponent;
        for place in digits.text[..digits.length].iter_mut().rev() {
            *place = b'0' + (mantissa % 10) as u8;
            mantissa /= 10;
        }
        digits
    }

    /// Digits of a text such as `1.25e-7`.
    fn scanned(text: &[u8]) -> Digits {
        let mut digits = Digits::zero(1);
        let mut parts = text.split(|&byte| byte == b'e');
        let mut length = 0;
        for &byte in parts.next().unwrap_or_default().iter().filter(|byte| byte.is_ascii_digit()) {
            if let Some(place) = digits.text.get_mut(length) {
                *place = byte;
                length += 1;
            }
        }
        digits.length = length.max(1);
        let exponent = parts.next().and_then(|exponent| std::str::from_utf8(exponent).ok());
        digits.exponent = exponent.and_then(|exponent| exponent.parse().ok()).unwrap_or(0);
        digits
    }

    fn strip(&mut self) {
        while self.length > 1 && self.text[self.length - 1] == b'0' {
            self.length -= 1;
        }
    }

    fn kept(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

/// The first digits of a number that is not negative, rounded to even.
#[inline]
fn first_digits(size: f64, count: u32) -> Digits {
    if size == 0.0 {
        return Digits::zero(count as usize);
    }
    let quick = if count <= QUICK_DIGITS { to_digits(size, count) } else { None };
    match quick {
        Some((mantissa, exponent)) => Digits::of(mantissa, count as usize, exponent),
        None => {
            let after = count as usize - 1;
            Digits::scanned(format!("{size:.after$e}").as_bytes())
        }
    }
}

/// The fewest digits that bring a number back.
fn shortest(size: f64, scalar: Scalar) -> Digits {
    if size == 0.0 {
        return Digits::zero(1);
    }
    // A number of at most so many digits is the only one that rounds to the value, so no shorter one does.
    let single = scalar == Scalar::F32;
    let count = if single { 6 } else { 15 };
    if let Some((mantissa, exponent)) = to_digits(size, count)
        && let Some(back) = to_binary64(mantissa, exponent - count as i32 + 1)
        && (back == size || single && f64::from(back as f32) == size)
    {
        let mut digits = Digits::of(mantissa, count as usize, exponent);
        digits.strip();
        return digits;
    }
    let text = if single { format!("{:e}", size as f32) } else { format!("{size:e}") };
    Digits::scanned(text.as_bytes())
}

fn put_integer(negative: bool, size: u64, out: &mut Vec<u8>) {
    let mut text = [0u8; 20];
    let (mut rest, mut at) = (size, text.len());
    loop {
        at -= 1;
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if negative {
        out.push(b'-');
    }
    out.extend_from_slice(&text[at..]);
}

fn print_fixed(negative: bool, size: f64, decimals: usize, out: &mut Vec<u8>) {
    let scaled = size * POWERS.get(decimals).copied().unwrap_or(f64::INFINITY);
    if scaled < FIXED_LIMIT {
        let digits = (scaled + 0.5) as u64;
        let mut text = [b'0'; 40];
        let (mut rest, mut at) = (digits, text.len());
        let point = text.len() - decimals;
        while at > point || rest > 0 || at == point {
            at -= 1;
            text[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        if negative {
            out.push(b'-');
        }
        out.extend_from_slice(&text[at..point]);
        if decimals > 0 {
            out.push(b'.');
            out.extend_from_slice(&text[point..]);
        }
    } else {
        let sign = if negative { "-" } else { "" };
        // Writing to a vector cannot fail.
        _ = write!(out, "{sign}{size:.decimals$}");
    }
}

fn put_exponent(exponent: i32, out: &mut Vec<u8>) {
    let size = exponent.unsigned_abs();
    out.extend_from_slice(&[b'e', if exponent < 0 { b'-' } else { b'+' }]);
    if size < 10 {
        out.push(b'0');
    }
    put_integer(false, size.into(), out);
}

/// `d.ddde+xx` with `count` digits.
fn put_scientific(negative: bool, digits: &Digits, count: usize, out: &mut Vec<u8>) {
    if negative {
        out.push(b'-');
    }
    let kept = digits.kept();
    out.push(kept[0]);
    if count > 1 {
        out.push(b'.');
        out.extend_from_slice(&kept[1..]);
        out.extend(std::iter::repeat_n(b'0', count.saturating_sub(kept.len())));
    }
    put_exponent(digits.exponent, out);
}

/// Digits with an exponent where it is below -4 or from `most` on, else with a point where one is needed.
fn lay_out(negative: bool, digits: &Digits, most: Option<i32>, whole: &[u8], out: &mut Vec<u8>) {
    let (kept, exponent) = (digits.kept(), digits.exponent);
    if most.is_some_and(|most| exponent < -4 || exponent >= most) {
        return put_scientific(negative, digits, kept.len(), out);
    }
    if negative {
        out.push(b'-');
    }
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', (-1 - exponent) as usize));
        out.extend_from_slice(kept);
        return;
    }
    let before = exponent as usize + 1;
    if kept.len() > before {
        out.extend_from_slice(&kept[..before]);
        out.push(b'.');
        out.extend_from_slice(&kept[before..]);
    } else {
        out.extend_from_slice(kept);
        out.extend(std::iter::repeat_n(b'0', before - kept.len()));
        out.extend_from_slice(whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(notation: Notation, scalar: Scalar, raw: u64) -> String {
        let mut out = Vec::new();
        print(notation, scalar, raw, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn again(text: &str, notation: Notation, scalar: Scalar) -> Option<String> {
        let raw = numeral(text.as_bytes())?.pattern(text.as_bytes(), notation, scalar)?;
        Some(printed(notation, scalar, raw))
    }

    #[test]
    fn what_programs_print_comes_back() {
        use Notation::*;
        for (text, notation, scalar) in [
            ("-86.7962", General(6), Scalar::F32),
            ("1e-05", General(6), Scalar::F32),
            ("1.23457e+06", General(6), Scalar::F32),
            ("-0", General(6), Scalar::F32),
            ("0.000123456", General(6), Scalar::F32),
            ("123456", General(6), Scalar::F32),
            ("0.1000000014901161", General(16), Scalar::F64),
            ("1.000000000000000056e-01", Scientific(18), Scalar::F64),
            ("-1.000000e+100", Scientific(6), Scalar::F64),
            ("0.000000000000000000e+00", Scientific(18), Scalar::F64),
            ("-0.00", Fixed(2), Scalar::F64),
            ("1234567.891", Fixed(3), Scalar::F64),
            ("100000000000000000000.5", Fixed(1), Scalar::F64),
            ("17", Fixed(0), Scalar::F64),
            ("0.3333333333333333", Shortest, Scalar::F64),
            ("0.33333334", Shortest, Scalar::F32),
            ("1e+16", Shortest, Scalar::F64),
            ("-3.0", Shortest, Scalar::F64),
            ("1.5e-07", Shortest, Scalar::F64),
            ("0.00000015", Plain, Scalar::F64),
            ("12000", Plain, Scalar::F32),
            ("5e-324", Shortest, Scalar::F64),
            ("-128", Integer, Scalar::I8),
            ("18446744073709551615", Integer, Scalar::U64),
            ("-9223372036854775808", Integer, Scalar::I64),
        ] {
            let back = again(text, notation, scalar);
            let exact = text != "100000000000000000000.5";
            assert_eq!(back.as_deref() == Some(text), exact, "{text} {notation:?}: {back:?}");
        }
    }

    #[test]
    fn usual_texts_come_back() {
        let mut state = 1u64;
        let mut usual = 0;
        for round in 0..200_000u64 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let digits = (state >> 40) % 10u64.pow(1 + (round % 16) as u32);
            let mut text = format!("{digits:0width$}", width = (round / 16 % 9) as usize);
            if round % 3 > 0 {
                text.insert((state % (text.len() as u64 + 1)) as usize, '.');
            }
            if round % 5 == 0 {
                text.insert(0, '-');
            }
            let Some(numeral) = numeral(text.as_bytes()) else { continue };
            let decimals = numeral.decimals.min(20) as u8;
            for (notation, scalar) in [
                (Notation::Integer, Scalar::I64),
                (Notation::Fixed(decimals), Scalar::F32),
                (Notation::Fixed(decimals), Scalar::F64),
                (Notation::General(6), Scalar::F32),
                (Notation::General(9), Scalar::F64),
                (Notation::General(15), Scalar::F64),
                (Notation::General(17), Scalar::F64),
                (Notation::General(9), Scalar::F32),
            ] {
                if numeral.is_usual(text.as_bytes(), notation, scalar) {
                    usual += 1;
                    assert_eq!(again(&text, notation, scalar).as_deref(), Some(&text[..]), "{notation:?}");
                }
            }
        }
        assert!(usual > 100_000);
    }

    #[test]
    fn other_forms_are_no_numbers_or_come_back_changed() {
        for text in ["", "-", ".", "e5", "1e", "1e+", "+1", "1.2.3", "1e99999", "nan", "0x10", "1 "] {
            assert_eq!(numeral(text.as_bytes()), None, "{text}");
        }
        for text in ["01", "-0", "1.0", "128", "1e2"] {
            assert_ne!(again(text, Notation::Integer, Scalar::I8).as_deref(), Some(text));
        }
    }

    #[test]
    fn printing_agrees_with_the_standard_library() {
        let mut state = 1u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let value = f64::from_bits(state ^ state >> 29);
            if value.is_finite() {
                let (sign, size) = (if value.is_sign_negative() { "-" } else { "" }, value.abs());
                let shortest = printed(Notation::Plain, Scalar::F64, value.to_bits());
                assert_eq!(shortest, format!("{sign}{size}"));
                let back: f64 = printed(Notation::Shortest, Scalar::F64, value.to_bits()).parse().unwrap();
                assert_eq!(back.to_bits(), value.to_bits());
                let scientific = printed(Notation::Scientific(18), Scalar::F64, value.to_bits());
                assert_eq!(scientific.parse::<f64>().unwrap().to_bits(), value.to_bits());
            }
            let single = f32::from_bits((state >> 32) as u32);
            if single.is_finite() {
                let plain = printed(Notation::Plain, Scalar::F32, single.to_bits().into());
                assert_eq!(plain, format!("{single}"));
            }
        }
    }
}
