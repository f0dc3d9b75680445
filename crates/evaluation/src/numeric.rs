//! Numeric columns by pco, each by its own type.
//!
//! In: columns one after another, and their shapes. Out: one packed run of bytes, and back.
//! Not here: how the columns were found (`columns_view`).
//! Holds: one-byte columns, which pco is not made for, are given to zstd level 19; 4 bytes a column for its length count.

use crate::EvaluationError;
use crate::columns_view::Shape;
use hepz_columns::Scalar;
use pco::ChunkConfig;
use pco::standalone::{simple_compress, simple_decompress};

/// pco's best level.
const LEVEL: usize = 12;
/// zstd's level for what pco does not take.
const ZSTD_LEVEL: i32 = 19;
/// The rival's name.
const NAME: &str = "pco";

macro_rules! by_type {
    ($scalar:expr, $other:expr, $number:ident => $work:expr) => {
        match $scalar {
            Scalar::Bool | Scalar::I8 | Scalar::U8 => $other,
            Scalar::I16 => {
                type $number = i16;
                $work
            }
            Scalar::I32 => {
                type $number = i32;
                $work
            }
            Scalar::I64 => {
                type $number = i64;
                $work
            }
            Scalar::U16 => {
                type $number = u16;
                $work
            }
            Scalar::U32 => {
                type $number = u32;
                $work
            }
            Scalar::U64 => {
                type $number = u64;
                $work
            }
            Scalar::F16 => {
                type $number = half::f16;
                $work
            }
            Scalar::F32 => {
                type $number = f32;
                $work
            }
            Scalar::F64 => {
                type $number = f64;
                $work
            }
        }
    };
}

/// Compresses columns.
pub(crate) fn compress(columns: &[u8], shapes: &[Shape]) -> Result<Vec<u8>, EvaluationError> {
    let failed = |what: String| EvaluationError::failed(NAME, what);
    let mut packed = Vec::new();
    let mut rest = columns;
    let config = ChunkConfig::default().with_compression_level(LEVEL);
    for shape in shapes {
        let (column, others) = rest
            .split_at_checked(shape.bytes())
            .ok_or_else(|| failed("the columns are shorter than their shapes".to_owned()))?;
        rest = others;
        let one = by_type!(
            shape.scalar,
            zstd::bulk::compress(column, ZSTD_LEVEL).map_err(|e| failed(e.to_string()))?,
            Number => {
                let numbers: Vec<Number> =
                    column.as_chunks().0.iter().map(|&bytes| Number::from_le_bytes(bytes)).collect();
                simple_compress(&numbers, &config).map_err(|e| failed(e.to_string()))?
            }
        );
        let bytes =
            u32::try_from(one.len()).map_err(|_| failed("a column is longer than 4 GiB".to_owned()))?;
        packed.extend_from_slice(&bytes.to_le_bytes());
        packed.extend_from_slice(&one);
    }
    Ok(packed)
}

/// Gives back what [`compress`] was given.
pub(crate) fn decompress(packed: &[u8], shapes: &[Shape]) -> Result<Vec<u8>, EvaluationError> {
    let failed = |what: String| EvaluationError::failed(NAME, what);
    let short = || failed("the packed columns are cut short".to_owned());
    let mut columns = Vec::with_capacity(shapes.iter().map(Shape::bytes).sum());
    let mut rest = packed;
    for shape in shapes {
        let (length, others) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let (one, others) =
            others.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(short)?;
        rest = others;
        by_type!(
            shape.scalar,
            columns.extend(zstd::bulk::decompress(one, shape.bytes()).map_err(|e| failed(e.to_string()))?),
            Number => {
                let numbers: Vec<Number> = simple_decompress(one).map_err(|e| failed(e.to_string()))?;
                columns.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            }
        );
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_every_type_come_back() {
        let mut columns = Vec::new();
        let mut shapes = Vec::new();
        for scalar in Scalar::ALL {
            let rows = 300u64;
            let bits = |row: u64| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7;
            for row in 0..rows {
                columns.extend_from_slice(&bits(row).to_le_bytes()[..scalar.bytes()]);
            }
            shapes.push(Shape { scalar, rows });
        }
        shapes.push(Shape { scalar: Scalar::F32, rows: 0 });
        let packed = compress(&columns, &shapes).unwrap();
        assert_eq!(decompress(&packed, &shapes).unwrap(), columns);
        assert!(decompress(&packed[..packed.len() / 2], &shapes).is_err());
    }
}
