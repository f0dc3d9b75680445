//! Points: the numbers that occur on a grid.
//!
//! In: nothing. Out: [`Points`], and numbers rounded to the type of a column.
//! Not here: which column is on which grid (`grid`).
//! Holds: a point is rounded once, as a program that made the column would have.

use hepz_columns::Scalar;
use hepz_transforms::order::to_raw;

/// Which numbers occur.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Points {
    /// `first + n * step`, rounded to the type.
    Step { first: f64, step: f64 },
    /// `n / 10^places`, rounded to the type.
    Decimal { places: i32 },
    /// Decimal numbers of so many digits.
    Significant { digits: i32 },
    /// These patterns, in rising order.
    List(Vec<u64>),
}

/// The pattern nearest to a number.
pub(super) fn rounded(number: f64, scalar: Scalar) -> Option<u64> {
    match scalar {
        Scalar::F32 => Some(u64::from((number as f32).to_bits())),
        Scalar::F64 => Some(number.to_bits()),
        _ => to_raw(number, scalar),
    }
}
