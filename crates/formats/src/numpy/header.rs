//! Headers of NumPy files: what an array is and where its data begin.
//!
//! In: the first bytes of a `.npy` file. Out: [`Header`], or why there is none.
//! Not here: dtypes (`record`), where the file lies (`mod`, `crate::zip`).
//! Holds: no more is read than the header claims, and no more than [`MOST_HEADER_BYTES`].
//! Source: NumPy enhancement proposal 1; `numpy/lib/format.py`, versions 1.0, 2.0 and 3.0.

use super::literal::Literal;
use super::record::{Record, Refusal};
use hepz_columns::{RowOrder, Table};

/// The first bytes of every `.npy` file.
pub(super) const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Longest header that is read. NumPy itself refuses more than 10,000 bytes unless told otherwise.
pub(super) const MOST_HEADER_BYTES: usize = 1 << 20;

/// Dimensions that NumPy allows.
const MOST_DIMENSIONS: usize = 64;

/// What the front of a `.npy` file says.
pub(super) enum Front {
    /// So many bytes are needed to know.
    Needs(usize),
    /// The header.
    Header(Header),
    /// It is not, or not such, a file.
    Odd(Refusal),
}

/// An array: its table and where its data begin.
#[derive(Debug)]
pub(super) struct Header {
    pub data_at: usize,
    pub table: Table,
}

/// Reads the header from the front of a file; `name` is the array's.
pub(super) fn read(front: &[u8], name: &str) -> Front {
    let Some((magic, rest)) = front.split_first_chunk::<6>() else { return Front::Needs(12) };
    if magic != MAGIC {
        return Front::Odd("it has no NumPy header");
    }
    let Some((&version, rest)) = rest.split_first_chunk::<2>() else { return Front::Needs(12) };
    let Some((&length, _)) = rest.split_first_chunk::<4>() else { return Front::Needs(12) };
    let (length, fields_at) = match version {
        [1, 0] => (usize::from(u16::from_le_bytes([length[0], length[1]])), 10),
        [2 | 3, 0] => (usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX), 12),
        _ => return Front::Odd("its NumPy version is not known"),
    };
    if length > MOST_HEADER_BYTES {
        return Front::Odd("its NumPy header is too long");
    }
    let data_at = fields_at + length;
    let Some(text) = front.get(fields_at..data_at) else { return Front::Needs(data_at) };
    match parse(text, version, name) {
        Ok(table) => Front::Header(Header { data_at, table }),
        Err(refusal) => Front::Odd(refusal),
    }
}

fn parse(text: &[u8], version: [u8; 2], name: &str) -> Result<Table, Refusal> {
    const ODD: Refusal = "its NumPy header is odd";
    // Versions 1 and 2 are Latin-1, where every byte is its own code point.
    let text = match version {
        [3, _] => String::from_utf8(text.to_vec()).map_err(|_| ODD)?,
        _ => text.iter().map(|&byte| char::from(byte)).collect(),
    };
    let header = Literal::parse(&text).ok_or(ODD)?;
    let mut shape = header.entry("shape").and_then(Literal::numbers).ok_or(ODD)?;
    let Some(&Literal::Truth(fortran_order)) = header.entry("fortran_order") else { return Err(ODD) };
    let column = if name.is_empty() { "value" } else { name };
    let record = Record::of(header.entry("descr").ok_or(ODD)?, column)?;
    shape.extend_from_slice(&record.inner);
    if shape.len() > MOST_DIMENSIONS {
        return Err(ODD);
    }
    let rows = shape.iter().try_fold(1u64, |product, &n| product.checked_mul(n)).ok_or(ODD)?;
    let row_order = if fortran_order && shape.len() > 1 { RowOrder::Storage } else { RowOrder::Logical };
    Ok(Table {
        name: name.into(),
        rows,
        inner: shape.get(1..).unwrap_or_default().to_vec(),
        row_order,
        row_bytes: record.bytes,
        columns: record.columns,
    })
}
