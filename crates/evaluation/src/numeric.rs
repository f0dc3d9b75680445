//! Columns of numbers, each by its own type: pco, and xz set for numbers.
//!
//! In: columns one after another, and their shapes. Out: one packed run of bytes, and back.
//! Not here: how the columns were found (`tables_view`), those that Python packages pack (`packages`).
//! Holds: one-byte columns, which pco is not made for, are given to zstd level 19.

use crate::EvaluationError;
use crate::coders::xz_for_numbers;
use crate::framed;
use crate::tables_view::Shape;
use hepz_columns::Scalar;
use liblzma::stream::{Filters, Stream};
use pco::ChunkConfig;
use pco::standalone::{simple_compress, simple_decompress};
use std::io::{self, Read, Write};

/// pco's best level.
const LEVEL: usize = 12;
/// zstd's level for what a rival does not take.
pub(crate) const ZSTD_LEVEL: i32 = 19;
/// xz's window is never longer than this (that of preset 9), nor than a column needs.
const XZ_WINDOW_BYTES: usize = 64 << 20;
/// Nor shorter than this: what liblzma takes.
const XZ_SHORTEST_WINDOW_BYTES: usize = 4096;

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
pub(crate) fn compress(rival: &str, columns: &[u8], shapes: &[Shape]) -> Result<Vec<u8>, EvaluationError> {
    let mut packed = Vec::new();
    for (column, &shape) in framed::split(rival, columns, shapes)?.into_iter().zip(shapes) {
        let one = if rival == "pco" { pco_column(column, shape) } else { xz_column(column) };
        framed::push(rival, &mut packed, &one.map_err(|error| EvaluationError::failed(rival, error))?)?;
    }
    Ok(packed)
}

/// Gives back what [`compress`] was given.
pub(crate) fn decompress(rival: &str, packed: &[u8], shapes: &[Shape]) -> Result<Vec<u8>, EvaluationError> {
    let mut columns = Vec::with_capacity(shapes.iter().map(Shape::bytes).sum());
    let mut rest = packed;
    for &shape in shapes {
        let one = framed::pop(rival, &mut rest)?;
        let into = &mut columns;
        let done = if rival == "pco" { pco_back(one, shape, into) } else { xz_back(one, shape, into) };
        done.map_err(|error| EvaluationError::failed(rival, error))?;
    }
    Ok(columns)
}

fn pco_column(column: &[u8], shape: Shape) -> io::Result<Vec<u8>> {
    let config = ChunkConfig::default().with_compression_level(LEVEL);
    by_type!(shape.scalar, zstd::bulk::compress(column, ZSTD_LEVEL), Number => {
        let numbers: Vec<Number> =
            column.as_chunks().0.iter().map(|&bytes| Number::from_le_bytes(bytes)).collect();
        simple_compress(&numbers, &config).map_err(io::Error::other)
    })
}

fn pco_back(one: &[u8], shape: Shape, columns: &mut Vec<u8>) -> io::Result<()> {
    by_type!(shape.scalar, columns.extend(zstd::bulk::decompress(one, shape.bytes())?), Number => {
        let numbers: Vec<Number> = simple_decompress(one).map_err(io::Error::other)?;
        columns.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    });
    Ok(())
}

fn xz_filters(column_bytes: usize) -> io::Result<Filters> {
    let window = column_bytes.clamp(XZ_SHORTEST_WINDOW_BYTES, XZ_WINDOW_BYTES);
    let mut options = xz_for_numbers()?;
    options.dict_size(window as u32);
    let mut filters = Filters::new();
    filters.lzma2(&options);
    Ok(filters)
}

fn xz_column(column: &[u8]) -> io::Result<Vec<u8>> {
    let stream = Stream::new_raw_encoder(&xz_filters(column.len())?)?;
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(column)?;
    encoder.finish()
}

fn xz_back(one: &[u8], shape: Shape, columns: &mut Vec<u8>) -> io::Result<()> {
    let stream = Stream::new_raw_decoder(&xz_filters(shape.bytes())?)?;
    liblzma::read::XzDecoder::new_stream(one, stream).read_to_end(columns).map(drop)
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
        for rival in ["pco", "xz-split"] {
            let packed = compress(rival, &columns, &shapes).unwrap();
            assert_eq!(decompress(rival, &packed, &shapes).unwrap(), columns, "{rival}");
            assert!(decompress(rival, &packed[..packed.len() / 2], &shapes).is_err(), "{rival}");
        }
    }
}
