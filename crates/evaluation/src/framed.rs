//! Columns in one run of bytes: each packed by itself, with its length in front.
//!
//! In: columns one after another, their shapes, and what packs one. Out: one packed run of bytes, and back.
//! Not here: what packs them (`numeric`, `packages`).
//! Holds: 4 bytes a column for its length count.

use crate::EvaluationError;
use crate::tables_view::Shape;

fn failed(rival: &str, what: &str) -> EvaluationError {
    EvaluationError::failed(rival, what)
}

/// The columns of `bytes`, in order.
pub(crate) fn split<'a>(
    rival: &str,
    mut bytes: &'a [u8],
    shapes: &[Shape],
) -> Result<Vec<&'a [u8]>, EvaluationError> {
    let mut columns = Vec::new();
    for shape in shapes {
        let (column, rest) = bytes
            .split_at_checked(shape.bytes())
            .ok_or_else(|| failed(rival, "the columns are shorter than their shapes"))?;
        columns.push(column);
        bytes = rest;
    }
    Ok(columns)
}

/// Appends a packed column to others.
pub(crate) fn push(rival: &str, into: &mut Vec<u8>, one: &[u8]) -> Result<(), EvaluationError> {
    let bytes = u32::try_from(one.len()).map_err(|_| failed(rival, "a column is longer than 4 GiB"))?;
    into.extend_from_slice(&bytes.to_le_bytes());
    into.extend_from_slice(one);
    Ok(())
}

/// Takes the first packed column from others.
pub(crate) fn pop<'a>(rival: &str, from: &mut &'a [u8]) -> Result<&'a [u8], EvaluationError> {
    let short = || failed(rival, "the packed columns are cut short");
    let (length, rest) = from.split_first_chunk::<4>().ok_or_else(short)?;
    let (one, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(short)?;
    *from = rest;
    Ok(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_columns_come_back_and_are_refused_when_cut() {
        let mut packed = Vec::new();
        for one in [&b"abc"[..], b"", b"z"] {
            push("x", &mut packed, one).unwrap();
        }
        let mut rest = &packed[..];
        assert_eq!(pop("x", &mut rest).unwrap(), b"abc");
        assert_eq!(pop("x", &mut rest).unwrap(), b"");
        assert!(pop("x", &mut &rest[..4]).is_err());
        assert_eq!(pop("x", &mut rest).unwrap(), b"z");
        assert!(pop("x", &mut rest).is_err());
    }
}
