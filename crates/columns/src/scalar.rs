//! Scalar types: width, kind and byte order of one number.
//!
//! In: nothing. Out: [`Scalar`], [`ByteOrder`] and their wire numbers.
//! Not here: values (`values`), records (`table`).
//! Holds: wire numbers are written once, in [`Scalar::ALL`], and never change meaning.

/// The type of one number, as it lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scalar {
    /// One byte that is 0 or 1 (other bytes survive too).
    Bool,
    /// Signed, 1 byte.
    I8,
    /// Signed, 2 bytes.
    I16,
    /// Signed, 4 bytes.
    I32,
    /// Signed, 8 bytes.
    I64,
    /// Unsigned, 1 byte.
    U8,
    /// Unsigned, 2 bytes.
    U16,
    /// Unsigned, 4 bytes.
    U32,
    /// Unsigned, 8 bytes.
    U64,
    /// IEEE 754 binary16.
    F16,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
}

impl Scalar {
    /// Every scalar; the position is the wire number. Rows are appended, never moved.
    pub const ALL: [Scalar; 12] = [
        Scalar::Bool,
        Scalar::I8,
        Scalar::I16,
        Scalar::I32,
        Scalar::I64,
        Scalar::U8,
        Scalar::U16,
        Scalar::U32,
        Scalar::U64,
        Scalar::F16,
        Scalar::F32,
        Scalar::F64,
    ];

    /// The wire number.
    pub fn id(self) -> u8 {
        self as u8
    }

    /// The scalar of a wire number.
    pub fn from_id(id: u8) -> Option<Scalar> {
        Scalar::ALL.get(usize::from(id)).copied()
    }

    /// Width in bytes: 1, 2, 4 or 8.
    pub fn bytes(self) -> usize {
        match self {
            Scalar::Bool | Scalar::I8 | Scalar::U8 => 1,
            Scalar::I16 | Scalar::U16 | Scalar::F16 => 2,
            Scalar::I32 | Scalar::U32 | Scalar::F32 => 4,
            Scalar::I64 | Scalar::U64 | Scalar::F64 => 8,
        }
    }

    /// Width in bits.
    pub fn bits(self) -> u32 {
        8 * self.bytes() as u32
    }

    /// True for the IEEE 754 types.
    pub fn is_float(self) -> bool {
        matches!(self, Scalar::F16 | Scalar::F32 | Scalar::F64)
    }

    /// True for the two's-complement integers.
    pub fn is_signed_integer(self) -> bool {
        matches!(self, Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64)
    }

    /// Mantissa bits that are stored, for floats.
    pub fn mantissa_bits(self) -> Option<u32> {
        match self {
            Scalar::F16 => Some(10),
            Scalar::F32 => Some(23),
            Scalar::F64 => Some(52),
            _ => None,
        }
    }

    /// The short name used in schemas and tables: `i4`, `f8`, `bool` (digits are bytes, as in NumPy).
    pub fn name(self) -> &'static str {
        match self {
            Scalar::Bool => "bool",
            Scalar::I8 => "i1",
            Scalar::I16 => "i2",
            Scalar::I32 => "i4",
            Scalar::I64 => "i8",
            Scalar::U8 => "u1",
            Scalar::U16 => "u2",
            Scalar::U32 => "u4",
            Scalar::U64 => "u8",
            Scalar::F16 => "f2",
            Scalar::F32 => "f4",
            Scalar::F64 => "f8",
        }
    }

    /// The scalar with this short name.
    pub fn from_name(name: &str) -> Option<Scalar> {
        Scalar::ALL.into_iter().find(|scalar| scalar.name() == name)
    }
}

/// Which end of a number comes first in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}
