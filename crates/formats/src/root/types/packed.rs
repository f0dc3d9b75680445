//! Numbers, packed or not: scalars by kind and by name, `Double32_t` and `Float16_t`.
//!
//! In: the kind of an element, its comment. Out: the fields that hold it.
//! Not here: what packed bits mean.
//! Source: ROOT, TBufferFile::WriteDouble32, WriteFloat16, TStreamerElement::GetRange.

use super::{Field, MOST_FIELDS};
use crate::root::streamer::kind;
use hepz_columns::Scalar;

/// Below this number of bits without a range, exponent and mantissa are stored.
const FLOAT_BITS: u32 = 15;

/// The fields of a number, or of `length`, of a kind.
pub(super) fn of_kind(kind: i32, title: &str, name: &str, length: u32) -> Option<Vec<Field>> {
    let scalar = match kind {
        1 | 10 => Scalar::I8,
        2 => Scalar::I16,
        3 | kind::COUNTER => Scalar::I32,
        4 | 16 => Scalar::I64,
        5 => Scalar::F32,
        8 => Scalar::F64,
        11 => Scalar::U8,
        12 => Scalar::U16,
        13 | 15 => Scalar::U32,
        14 | 17 => Scalar::U64,
        18 => Scalar::Bool,
        kind::DOUBLE32 => return Some(double32(title, name, length)),
        kind::FLOAT16 => return Some(float16(title, name, length)),
        _ => return None,
    };
    Some(vec![Field::number(name, scalar, length)])
}

/// The fields of a number whose type has this name.
pub(super) fn named(name: &str) -> Option<Vec<Field>> {
    let scalar = match name {
        "bool" | "Bool_t" => Scalar::Bool,
        "char" | "signed char" | "Char_t" | "int8_t" => Scalar::I8,
        "unsigned char" | "UChar_t" | "uint8_t" | "byte" => Scalar::U8,
        "short" | "Short_t" | "int16_t" => Scalar::I16,
        "unsigned short" | "UShort_t" | "uint16_t" => Scalar::U16,
        "int" | "Int_t" | "int32_t" => Scalar::I32,
        "unsigned int" | "unsigned" | "UInt_t" | "uint32_t" => Scalar::U32,
        "long" | "long long" | "Long_t" | "Long64_t" | "int64_t" => Scalar::I64,
        "unsigned long" | "unsigned long long" | "ULong_t" | "ULong64_t" | "uint64_t" | "size_t" => {
            Scalar::U64
        }
        "float" | "Float_t" => Scalar::F32,
        "double" | "Double_t" => Scalar::F64,
        "Double32_t" => return Some(double32("", "", 1)),
        "Float16_t" => return Some(float16("", "", 1)),
        _ => return None,
    };
    Some(vec![Field::number("", scalar, 1)])
}

/// A `Double32_t` with this comment.
pub(super) fn double32(title: &str, name: &str, length: u32) -> Vec<Field> {
    match range(title) {
        Range::Integer => vec![Field::number(name, Scalar::U32, length)],
        Range::Bits(bits) if bits < FLOAT_BITS => split(name, length),
        _ => vec![Field::number(name, Scalar::F32, length)],
    }
}

/// A `Float16_t` with this comment.
pub(super) fn float16(title: &str, name: &str, length: u32) -> Vec<Field> {
    match range(title) {
        Range::Integer => vec![Field::number(name, Scalar::U32, length)],
        _ => split(name, length),
    }
}

/// An exponent and a mantissa.
fn split(name: &str, length: u32) -> Vec<Field> {
    let parts = [("exponent", Scalar::U8), ("mantissa", Scalar::U16)];
    let all = (0..length).flat_map(|number| parts.map(|part| (number, part)));
    // One more than may be, so that arrays that are too long are seen to be.
    let fields = all.take(MOST_FIELDS + 1).map(|(number, (part, scalar))| {
        let number = if length > 1 { number.to_string() } else { String::new() };
        let dots = if name.is_empty() && number.is_empty() { "" } else { "." };
        Field::number(&format!("{name}{number}{dots}{part}"), scalar, 1)
    });
    fields.collect()
}

/// What a comment says about a packed number.
#[derive(Debug, PartialEq, Eq)]
enum Range {
    None,
    /// From limits: an integer.
    Integer,
    /// Without limits: so many bits of mantissa.
    Bits(u32),
}

/// Limits and bits, as in `[0,10,8]`; a bracket without a comma is the dimension of an array.
fn range(title: &str) -> Range {
    let mut rest = title;
    for _ in 0..2 {
        let Some((_, behind)) = rest.split_once('[') else { return Range::None };
        let Some((inside, behind)) = behind.split_once(']') else { return Range::None };
        rest = behind;
        let mut parts = inside.split(',').map(str::trim);
        let (Some(low), Some(high)) = (parts.next(), parts.next()) else { continue };
        let bits =
            parts.next().and_then(|bits| bits.parse::<u32>().ok()).filter(|bits| (2..=32).contains(bits));
        // Limits that are no plain numbers are multiples of pi.
        let empty = match (low.parse::<f64>(), high.parse::<f64>()) {
            (Ok(low), Ok(high)) => low >= high,
            _ => low == high,
        };
        return if empty { Range::Bits(bits.unwrap_or(32)) } else { Range::Integer };
    }
    Range::None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_say_how_a_number_is_packed() {
        assert_eq!(range("energy in GeV"), Range::None);
        assert_eq!(range("[fN]"), Range::None);
        assert_eq!(range("[fN][0,1,8]"), Range::Integer);
        assert_eq!(range("[-pi, pi] angle"), Range::Integer);
        assert_eq!(range("[0,0,10]"), Range::Bits(10));
        assert_eq!(range("[0,0]"), Range::Bits(32));
    }

    #[test]
    fn bits_without_a_range_take_three_bytes() {
        let bytes =
            |fields: &[Field]| fields.iter().map(|f| f.scalar.bytes() * f.repeat as usize).sum::<usize>();
        assert_eq!(bytes(&double32("[0,0,10]", "", 1)), 3);
        assert_eq!(bytes(&double32("[0,0,20]", "", 1)), 4);
        assert_eq!(bytes(&double32("", "", 4)), 16);
        assert_eq!(bytes(&float16("", "", 2)), 6);
        assert_eq!(bytes(&float16("[0,1]", "", 2)), 8);
    }
}
