//! Encodings of RNTuple columns: how the elements of a page become its bytes.
//!
//! In: type, bits and range as a column's description has them. Out: an [`Encoding`], the scalar that its plain
//! elements are, and the steps from them to the page.
//! Not here: the steps themselves and the page's compression, which comes after them (`hepz-recompression`).
//! Holds: a type that is not known, or has bits that it cannot have, is [`Encoding::Unknown`] and keeps its length.
//! Source: RNTuple Binary Format Specification 1.0.0.1, "Column Description"; ROOT's `RColumnElement.hxx` for the
//! order of bits.

use hepz_columns::Scalar;
use hepz_recompression::{Pipeline, Step};

/// How the elements of a column are stored in its pages. Each page is encoded by itself.
///
/// All numbers are little-endian and signed ones are two's complement. "Split" is a shuffle: byte 0 of all elements
/// of the page, then byte 1 of all, and so on. "Packed" elements follow one another from the lowest bit of the
/// first byte up; the last byte is filled with zeros.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Encoding {
    /// 1 bit each, packed: element `i` is bit `i % 8` of byte `i / 8`. Plain: one byte each, 0 or 1.
    Bit,
    /// 1 uninterpreted byte each, stored as it is.
    Byte,
    /// 1 character each, stored as it is.
    Char,
    /// 1 byte each, signed, stored as it is.
    Int8,
    /// 1 byte each, unsigned, stored as it is.
    UInt8,
    /// 2 bytes each, signed, stored as they are.
    Int16,
    /// 2 bytes each, unsigned, stored as they are.
    UInt16,
    /// 4 bytes each, signed, stored as they are.
    Int32,
    /// 4 bytes each, unsigned, stored as they are.
    UInt32,
    /// 8 bytes each, signed, stored as they are.
    Int64,
    /// 8 bytes each, unsigned, stored as they are.
    UInt64,
    /// IEEE 754 binary16, stored as it is.
    Real16,
    /// IEEE 754 binary32, stored as it is.
    Real32,
    /// IEEE 754 binary64, stored as it is.
    Real64,
    /// 4 bytes each, unsigned: where the items of this row end, counted from the first item of the cluster. Stored
    /// as they are.
    Index32,
    /// 8 bytes each, otherwise like [`Encoding::Index32`].
    Index64,
    /// 12 bytes each, stored as they are: a `u64` (index of the value among those of its alternative in the
    /// cluster), then a `u32` (alternative, from 1; 0 for none). No scalar, but two.
    Switch,
    /// Signed, zigzag (`x >= 0` to `2x`, `x < 0` to `-2x - 1`, in 2 bytes), then split.
    SplitInt16,
    /// Unsigned, split in 2 bytes.
    SplitUInt16,
    /// Signed, zigzag in 4 bytes, then split.
    SplitInt32,
    /// Unsigned, split in 4 bytes.
    SplitUInt32,
    /// Signed, zigzag in 8 bytes, then split.
    SplitInt64,
    /// Unsigned, split in 8 bytes.
    SplitUInt64,
    /// IEEE 754 binary16, split.
    SplitReal16,
    /// IEEE 754 binary32, split. Also holds doubles that the writer narrowed (`Double32_t`).
    SplitReal32,
    /// IEEE 754 binary64, split.
    SplitReal64,
    /// Like [`Encoding::Index32`], but stored as differences: the page's first element as it is, each other one
    /// minus the one before it (wrapping, in 4 bytes); then split.
    SplitIndex32,
    /// Like [`Encoding::SplitIndex32`] in 8 bytes.
    SplitIndex64,
    /// The top `bits` bits of IEEE 754 binary32, packed. Plain: those bits as an unsigned number; shifted up by `32
    /// - bits` they are the float.
    Real32Trunc {
        /// 10 to 31.
        bits: u8,
    },
    /// Steps between `min` and `max`, packed: the value is `min + n * (max - min) / (2^bits - 1)`. Plain: `n`, an
    /// unsigned number (1 byte each up to 8 bits, else 4).
    Real32Quant {
        /// 1 to 32.
        bits: u8,
        /// Value of step 0.
        min: f64,
        /// Value of the last step.
        max: f64,
    },
    /// A type that this reader does not know: nothing but the length of its pages can be said.
    Unknown {
        /// The type's number.
        kind: u16,
    },
}

impl Encoding {
    /// The encoding of a column whose description says `kind`, `bits` and, if it has a range, `range`.
    pub(super) fn new(kind: u16, bits: u16, range: Option<(f64, f64)>) -> Encoding {
        use Encoding::*;
        let narrow = u8::try_from(bits).unwrap_or(u8::MAX);
        let (found, sound) = match kind {
            0x00 => (Bit, bits == 1),
            0x01 => (Byte, bits == 8),
            0x02 => (Char, bits == 8),
            0x03 => (Int8, bits == 8),
            0x04 => (UInt8, bits == 8),
            0x05 => (Int16, bits == 16),
            0x06 => (UInt16, bits == 16),
            0x07 => (Int32, bits == 32),
            0x08 => (UInt32, bits == 32),
            0x09 => (Int64, bits == 64),
            0x0a => (UInt64, bits == 64),
            0x0b => (Real16, bits == 16),
            0x0c => (Real32, bits == 32),
            0x0d => (Real64, bits == 64),
            0x0e => (Index32, bits == 32),
            0x0f => (Index64, bits == 64),
            0x10 => (Switch, bits == 96),
            0x11 => (SplitInt16, bits == 16),
            0x12 => (SplitUInt16, bits == 16),
            0x13 => (SplitInt32, bits == 32),
            0x14 => (SplitUInt32, bits == 32),
            0x15 => (SplitInt64, bits == 64),
            0x16 => (SplitUInt64, bits == 64),
            0x17 => (SplitReal16, bits == 16),
            0x18 => (SplitReal32, bits == 32),
            0x19 => (SplitReal64, bits == 64),
            0x1a => (SplitIndex32, bits == 32),
            0x1b => (SplitIndex64, bits == 64),
            0x1c => (Real32Trunc { bits: narrow }, (10..=31).contains(&bits)),
            0x1d => match range {
                Some((min, max)) => (Real32Quant { bits: narrow, min, max }, (1..=32).contains(&bits)),
                None => (Unknown { kind }, true),
            },
            _ => (Unknown { kind }, true),
        };
        if sound { found } else { Unknown { kind } }
    }

    /// True for the four encodings whose elements say where the items of collections end.
    pub fn is_index(&self) -> bool {
        use Encoding::*;
        matches!(self, Index32 | Index64 | SplitIndex32 | SplitIndex64)
    }

    /// What one plain element is; `None` if it is not one scalar ([`Encoding::Switch`]) or not known.
    pub fn scalar(&self) -> Option<Scalar> {
        use Encoding::*;
        Some(match *self {
            Bit => Scalar::Bool,
            Byte | Char | UInt8 => Scalar::U8,
            Int8 => Scalar::I8,
            Int16 | SplitInt16 => Scalar::I16,
            UInt16 | SplitUInt16 => Scalar::U16,
            Int32 | SplitInt32 => Scalar::I32,
            UInt32 | SplitUInt32 | Index32 | SplitIndex32 => Scalar::U32,
            Int64 | SplitInt64 => Scalar::I64,
            UInt64 | SplitUInt64 | Index64 | SplitIndex64 => Scalar::U64,
            Real16 | SplitReal16 => Scalar::F16,
            Real32 | SplitReal32 => Scalar::F32,
            Real64 | SplitReal64 => Scalar::F64,
            Real32Trunc { bits } | Real32Quant { bits, .. } if bits <= 8 => Scalar::U8,
            Real32Trunc { .. } | Real32Quant { .. } => Scalar::U32,
            Switch | Unknown { .. } => return None,
        })
    }

    /// Bytes of one plain element; packed ones have more than their bits need. `None` if the encoding is not known.
    pub fn element_bytes(&self) -> Option<u32> {
        match self {
            Encoding::Switch => Some(12),
            Encoding::Unknown { .. } => None,
            other => other.scalar().map(|scalar| scalar.bytes() as u32),
        }
    }

    /// The steps from plain elements, as [`Encoding::scalar`] says and little-endian, to the page before it is
    /// compressed; `None` if they are not known.
    pub fn steps(&self) -> Option<Pipeline> {
        use Encoding::*;
        let split = |element_bytes| Step::Shuffle { element_bytes };
        let zigzag = |element_bytes| vec![Step::ZigZag { element_bytes }, split(element_bytes)];
        let delta = |element_bytes| vec![Step::Delta { element_bytes }, split(element_bytes)];
        Some(match *self {
            Byte | Char | Int8 | UInt8 | Int16 | UInt16 | Int32 | UInt32 | Int64 | UInt64 => vec![],
            Real16 | Real32 | Real64 | Index32 | Index64 | Switch => vec![],
            Bit => vec![Step::Packed { bits: 1 }],
            Real32Trunc { bits } | Real32Quant { bits, .. } => vec![Step::Packed { bits: bits.into() }],
            SplitUInt16 | SplitReal16 => vec![split(2)],
            SplitUInt32 | SplitReal32 => vec![split(4)],
            SplitUInt64 | SplitReal64 => vec![split(8)],
            SplitInt16 => zigzag(2),
            SplitInt32 => zigzag(4),
            SplitInt64 => zigzag(8),
            SplitIndex32 => delta(4),
            SplitIndex64 => delta(8),
            Unknown { .. } => return None,
        })
    }
}
