//! Values of one column, packed as little-endian bit patterns.
//!
//! In: records or runs of a file. Out: `u64` bit patterns and back.
//! Not here: what the patterns mean (`scalar`), which of them repeat (`hepz-transforms`).
//! Holds: no arithmetic on floats; byte order is normalised here and nowhere else.

use crate::{ByteOrder, Column, Scalar};

/// The values of one column: `len` patterns of `scalar.bytes()` bytes each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    scalar: Scalar,
    bytes: Vec<u8>,
}

impl Values {
    /// No values yet, with room for `rows`.
    pub fn with_capacity(scalar: Scalar, rows: usize) -> Values {
        Values { scalar, bytes: Vec::with_capacity(rows.saturating_mul(scalar.bytes())) }
    }

    /// Values of whose little-endian bytes these are; `None` if one is cut short.
    pub fn from_bytes(scalar: Scalar, bytes: Vec<u8>) -> Option<Values> {
        bytes.len().is_multiple_of(scalar.bytes()).then_some(Values { scalar, bytes })
    }

    /// From bit patterns; bits above the width of `scalar` are dropped.
    pub fn from_raw(scalar: Scalar, raw: &[u64]) -> Values {
        fn narrowed<const N: usize>(raw: &[u64]) -> Vec<u8> {
            let narrow = |pattern: &u64| -> [u8; N] {
                let mut bytes = [0; N];
                bytes.copy_from_slice(&pattern.to_le_bytes()[..N]);
                bytes
            };
            raw.iter().map(narrow).collect::<Vec<[u8; N]>>().into_flattened()
        }
        // Fixed widths, because this is done with every value.
        let bytes = match scalar.bytes() {
            1 => narrowed::<1>(raw),
            2 => narrowed::<2>(raw),
            4 => narrowed::<4>(raw),
            _ => narrowed::<8>(raw),
        };
        Values { scalar, bytes }
    }

    /// The type of the values.
    pub fn scalar(&self) -> Scalar {
        self.scalar
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.scalar.bytes()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The packed little-endian patterns.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The pattern of one row. Panics if `row` is out of range, as a slice would.
    #[inline]
    pub fn raw(&self, row: usize) -> u64 {
        fn read<const N: usize>(bytes: &[u8], row: usize) -> [u8; N] {
            let mut pattern = [0; N];
            pattern.copy_from_slice(&bytes[row * N..][..N]);
            pattern
        }
        // Fixed widths, because this is called for every value.
        match self.scalar.bytes() {
            1 => u64::from(self.bytes[row]),
            2 => u64::from(u16::from_le_bytes(read(&self.bytes, row))),
            4 => u64::from(u32::from_le_bytes(read(&self.bytes, row))),
            _ => u64::from_le_bytes(read(&self.bytes, row)),
        }
    }

    /// All patterns.
    pub fn to_raw(&self) -> Vec<u64> {
        match self.scalar.bytes() {
            1 => self.bytes.iter().map(|&b| u64::from(b)).collect(),
            2 => self.bytes.as_chunks().0.iter().map(|&b| u64::from(u16::from_le_bytes(b))).collect(),
            4 => self.bytes.as_chunks().0.iter().map(|&b| u64::from(u32::from_le_bytes(b))).collect(),
            _ => self.bytes.as_chunks().0.iter().map(|&b| u64::from_le_bytes(b)).collect(),
        }
    }

    /// Appends the values that `column` has in whole `records` of `row_bytes` each.
    pub fn gather(&mut self, column: &Column, records: &[u8], row_bytes: usize) {
        match column.scalar.bytes() {
            1 => self.gather_wide::<1>(column, records, row_bytes),
            2 => self.gather_wide::<2>(column, records, row_bytes),
            4 => self.gather_wide::<4>(column, records, row_bytes),
            _ => self.gather_wide::<8>(column, records, row_bytes),
        }
    }

    fn gather_wide<const N: usize>(&mut self, column: &Column, records: &[u8], row_bytes: usize) {
        let at = column.offset as usize;
        let from = self.bytes.len();
        self.bytes.resize(from + records.len() / row_bytes * N, 0);
        let places = self.bytes[from..].as_chunks_mut::<N>().0;
        if row_bytes == N && at == 0 {
            places.as_flattened_mut().copy_from_slice(&records[..records.len() / N * N]);
        } else {
            for (place, record) in places.iter_mut().zip(records.chunks_exact(row_bytes)) {
                place.copy_from_slice(&record[at..at + N]);
            }
        }
        if column.order == ByteOrder::Big {
            places.iter_mut().for_each(|place| place.reverse());
        }
    }

    /// Writes values `first..` into the place of `column` in whole `records`; the inverse of [`Values::gather`].
    pub fn scatter(&self, first: usize, column: &Column, records: &mut [u8], row_bytes: usize) {
        match self.scalar.bytes() {
            1 => self.scatter_wide::<1>(first, column, records, row_bytes),
            2 => self.scatter_wide::<2>(first, column, records, row_bytes),
            4 => self.scatter_wide::<4>(first, column, records, row_bytes),
            _ => self.scatter_wide::<8>(first, column, records, row_bytes),
        }
    }

    fn scatter_wide<const N: usize>(
        &self,
        first: usize,
        column: &Column,
        records: &mut [u8],
        row_bytes: usize,
    ) {
        let at = column.offset as usize;
        let patterns = self.bytes[first * N..].as_chunks::<N>().0;
        for (record, pattern) in records.chunks_exact_mut(row_bytes).zip(patterns) {
            let mut pattern = *pattern;
            if column.order == ByteOrder::Big {
                pattern.reverse();
            }
            record[at..at + N].copy_from_slice(&pattern);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scatter_undoes_gather_in_both_byte_orders() {
        let records: Vec<u8> = (0u8..66).collect();
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let column =
                Column { name: "x".into(), unit: String::new(), scalar: Scalar::F64, order, offset: 3 };
            let mut values = Values::with_capacity(Scalar::F64, 6);
            values.gather(&column, &records, 11);
            assert_eq!(values.len(), 6);
            let mut back = vec![0; 66];
            values.scatter(0, &column, &mut back, 11);
            for row in 0..6 {
                assert_eq!(back[row * 11 + 3..row * 11 + 11], records[row * 11 + 3..row * 11 + 11]);
            }
            assert_eq!(Values::from_raw(Scalar::F64, &values.to_raw()), values);
        }
    }

    #[test]
    fn big_endian_values_are_read_as_numbers() {
        let column = Column {
            name: "n".into(),
            unit: String::new(),
            scalar: Scalar::U16,
            order: ByteOrder::Big,
            offset: 0,
        };
        let mut values = Values::with_capacity(Scalar::U16, 1);
        values.gather(&column, &[1, 2], 2);
        assert_eq!(values.raw(0), 0x0102);
    }
}
