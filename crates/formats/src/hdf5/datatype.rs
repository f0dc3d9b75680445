//! Datatypes: what one element of a dataset is, as columns of a record.
//!
//! In: a datatype message. Out: a [`Type`], and the columns that it is flattened to.
//! Not here: values; what variable-length data and references refer to (that stays skeleton).
//! Holds: depth and number of columns are bounded; whatever is not a plain number becomes bytes, never a guess.
//! Source: HDF5 File Format Specification, IV.A.2.d.

use super::access::{Fault, Fields};
use hepz_columns::{ByteOrder, Column, Scalar};

/// Types inside types; real files have three or four.
const MOST_DEPTH: u32 = 16;

/// Columns of one record. A record with more is a picture or a text, not a row of a table.
pub(super) const MOST_COLUMNS: usize = 4096;

/// An element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Type {
    /// Its length.
    pub bytes: u32,
    pub shape: Shape,
}

/// What an element is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Number(Scalar, ByteOrder),
    /// Text, opaque data, bit fields, numbers of unusual formats.
    Bytes,
    /// A place in a heap: variable-length data or a reference.
    Elsewhere,
    Compound(Vec<Member>),
    Array {
        element: Box<Type>,
        count: u32,
    },
}

/// A member of a compound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub name: String,
    pub offset: u32,
    pub of: Type,
}

/// Reads a datatype message.
pub(super) fn read(fields: &mut Fields<'_>) -> Result<Type, Fault> {
    read_nested(fields, 0)
}

fn read_nested(fields: &mut Fields<'_>, depth: u32) -> Result<Type, Fault> {
    if depth > MOST_DEPTH {
        return Err(Fault::Odd("a datatype is nested too deeply"));
    }
    let class_and_version = fields.u8()?;
    let (class, version) = (class_and_version & 15, class_and_version >> 4);
    let bits = fields.uint(3)? as u32;
    let bytes = fields.u32()?;
    if bytes == 0 || !(1..=5).contains(&version) {
        return Err(Fault::Odd("a datatype is of an unknown version or empty"));
    }
    let order = if bits & 1 == 0 { ByteOrder::Little } else { ByteOrder::Big };
    let shape = match class {
        0 => {
            fields.skip(4)?;
            integer(bytes, bits & 8 != 0, order)
        }
        1 => float(fields, bits, bytes)?,
        2 => {
            fields.skip(2)?;
            integer(bytes, true, order)
        }
        3 => Shape::Bytes,
        4 => {
            fields.skip(4)?;
            Shape::Bytes
        }
        5 => {
            fields.skip((bits & 0xff) as usize)?;
            Shape::Bytes
        }
        6 => compound(fields, version, bits & 0xffff, bytes, depth)?,
        7 => Shape::Elsewhere,
        8 => enumeration(fields, version, bits & 0xffff, depth)?,
        9 => {
            read_nested(fields, depth + 1)?;
            Shape::Elsewhere
        }
        10 => array(fields, version, bytes, depth)?,
        11 => complex(fields, bytes, depth)?,
        _ => return Err(Fault::Odd("a datatype is of an unknown class")),
    };
    Ok(Type { bytes, shape })
}

fn integer(bytes: u32, signed: bool, order: ByteOrder) -> Shape {
    let scalar = match (bytes, signed) {
        (1, true) => Scalar::I8,
        (2, true) => Scalar::I16,
        (4, true) => Scalar::I32,
        (8, true) => Scalar::I64,
        (1, false) => Scalar::U8,
        (2, false) => Scalar::U16,
        (4, false) => Scalar::U32,
        (8, false) => Scalar::U64,
        _ => return Shape::Bytes,
    };
    Shape::Number(scalar, order)
}

fn float(fields: &mut Fields<'_>, bits: u32, bytes: u32) -> Result<Shape, Fault> {
    let (first_bit, precision) = (fields.u16()?, fields.u16()?);
    let exponent = (fields.u8()?, fields.u8()?);
    let mantissa = (fields.u8()?, fields.u8()?);
    let bias = fields.u32()?;
    let sign = bits >> 8 & 0xff;
    let implied_bit = bits >> 4 & 3 == 2;
    let order = match (bits & 1 != 0, bits & 0x40 != 0) {
        (false, false) => ByteOrder::Little,
        (true, false) => ByteOrder::Big,
        // The VAX order: neither.
        _ => return Ok(Shape::Bytes),
    };
    let form = (bytes, precision, sign, exponent, mantissa, bias);
    let scalar = match form {
        (2, 16, 15, (10, 5), (0, 10), 15) => Scalar::F16,
        (4, 32, 31, (23, 8), (0, 23), 127) => Scalar::F32,
        (8, 64, 63, (52, 11), (0, 52), 1023) => Scalar::F64,
        // Another float of a convenient width, such as bfloat16: its bit pattern is a number too.
        _ => return Ok(integer(bytes, false, order)),
    };
    Ok(if first_bit == 0 && implied_bit {
        Shape::Number(scalar, order)
    } else {
        integer(bytes, false, order)
    })
}

/// The name of a member, padded in old versions.
fn name(fields: &mut Fields<'_>, version: u8) -> Result<String, Fault> {
    let start = fields.position();
    let name = String::from_utf8_lossy(fields.text()?).into_owned();
    if version < 3 {
        fields.pad(start, 8)?;
    }
    Ok(name)
}

fn compound(
    fields: &mut Fields<'_>,
    version: u8,
    members: u32,
    bytes: u32,
    depth: u32,
) -> Result<Shape, Fault> {
    let mut found = Vec::new();
    for _ in 0..members {
        let name = name(fields, version)?;
        let offset_bytes = if version < 3 { 4 } else { super::access::bytes_for(bytes.into()) };
        let offset = fields.uint(offset_bytes)? as u32;
        let mut counts = 1u32;
        if version == 1 {
            let rank = fields.u8()?;
            fields.skip(11)?;
            for dimension in 0..4 {
                let length = fields.u32()?;
                if dimension < rank {
                    counts = counts.checked_mul(length).ok_or(Fault::Odd("an array is too long"))?;
                }
            }
        }
        let element = read_nested(fields, depth + 1)?;
        let of = if counts == 1 { element } else { repeat(element, counts)? };
        found.push(Member { name, offset, of });
    }
    // Without members there would be nothing to bound a walk over an array of them.
    Ok(if found.is_empty() { Shape::Bytes } else { Shape::Compound(found) })
}

fn repeat(element: Type, count: u32) -> Result<Type, Fault> {
    let bytes = element.bytes.checked_mul(count).filter(|&bytes| bytes > 0);
    let bytes = bytes.ok_or(Fault::Odd("an array is too long or empty"))?;
    Ok(Type { bytes, shape: Shape::Array { element: Box::new(element), count } })
}

fn enumeration(fields: &mut Fields<'_>, version: u8, members: u32, depth: u32) -> Result<Shape, Fault> {
    let base = read_nested(fields, depth + 1)?;
    let mut names = Vec::new();
    for _ in 0..members {
        names.push(name(fields, version)?);
    }
    let values = fields.take(base.bytes as usize * names.len())?;
    // What h5py writes for a bool.
    let is_bool = base.bytes == 1 && names == ["FALSE", "TRUE"] && values == [0, 1];
    match base.shape {
        Shape::Number(_, order) if is_bool => Ok(Shape::Number(Scalar::Bool, order)),
        shape => Ok(shape),
    }
}

fn array(fields: &mut Fields<'_>, version: u8, bytes: u32, depth: u32) -> Result<Shape, Fault> {
    let rank = usize::from(fields.u8()?);
    fields.skip(if version < 3 { 3 } else { 0 })?;
    let mut count = 1u32;
    for _ in 0..rank {
        count = count.checked_mul(fields.u32()?).ok_or(Fault::Odd("an array is too long"))?;
    }
    fields.skip(if version < 3 { 4 * rank } else { 0 })?;
    let whole = repeat(read_nested(fields, depth + 1)?, count)?;
    if whole.bytes == bytes { Ok(whole.shape) } else { Err(Fault::Odd("an array has an impossible length")) }
}

/// Complex numbers as such (format of HDF5 2.0); named as h5py names them in compounds.
fn complex(fields: &mut Fields<'_>, bytes: u32, depth: u32) -> Result<Shape, Fault> {
    let part = read_nested(fields, depth + 1)?;
    if part.bytes.checked_mul(2) != Some(bytes) {
        return Err(Fault::Odd("a complex number has an impossible length"));
    }
    let member = |name: &str, offset| Member { name: name.into(), offset, of: part.clone() };
    Ok(Shape::Compound(vec![member("r", 0), member("i", part.bytes)]))
}

impl Type {
    /// The columns of a record of this type; `name` is what a column is called that is the whole record.
    ///
    /// Members are `outer.inner`, elements of arrays and bytes of text are `name[0]`, `name[1]`, ...
    pub(super) fn columns(&self, name: &str) -> Result<Vec<Column>, Fault> {
        let mut columns = Vec::new();
        let prefix = if matches!(self.shape, Shape::Compound(_)) { "" } else { name };
        self.flatten(prefix, 0, &mut columns)?;
        Ok(columns)
    }

    fn flatten(&self, name: &str, offset: u32, columns: &mut Vec<Column>) -> Result<(), Fault> {
        const WIDE: Fault = Fault::Odd("a record has too many columns");
        let place = |by: u32| offset.checked_add(by).ok_or(Fault::Odd("a member is outside its record"));
        let mut push = |name: String, scalar, order, offset| {
            columns.push(Column { name, unit: String::new(), scalar, order, offset });
            if columns.len() > MOST_COLUMNS { Err(WIDE) } else { Ok(()) }
        };
        match &self.shape {
            Shape::Number(scalar, order) => push(name.into(), *scalar, *order, offset),
            Shape::Bytes | Shape::Elsewhere if self.bytes == 1 => {
                push(name.into(), Scalar::U8, ByteOrder::Little, offset)
            }
            Shape::Bytes | Shape::Elsewhere => {
                for at in 0..self.bytes {
                    push(format!("{name}[{at}]"), Scalar::U8, ByteOrder::Little, place(at)?)?;
                }
                Ok(())
            }
            Shape::Compound(members) => {
                for member in members {
                    let dot = if name.is_empty() { "" } else { "." };
                    let path = format!("{name}{dot}{}", member.name);
                    member.of.flatten(&path, place(member.offset)?, columns)?;
                }
                Ok(())
            }
            Shape::Array { element, count } => {
                for at in 0..*count {
                    if columns.len() >= MOST_COLUMNS {
                        return Err(WIDE);
                    }
                    element.flatten(
                        &format!("{name}[{at}]"),
                        place(at.saturating_mul(element.bytes))?,
                        columns,
                    )?;
                }
                Ok(())
            }
        }
    }
}
