//! Order: bit patterns as integers in numeric order, and predictions as bit patterns.
//!
//! In: bit patterns of a [`Scalar`], predictions in f64. Out: order numbers; the pattern that a prediction names.
//! Not here: where predictions come from (`relations`), how a difference is coded (the codec).
//! Holds: [`unordered`] undoes [`ordered`] for every pattern; a special prediction names no pattern.
//!
//! The distance of two values in units in the last place is the difference of their order numbers.

use hepz_columns::Scalar;

/// Does the same for the usual scalars with the scalar as a constant, so that loops do not ask for it at every value.
#[macro_export]
macro_rules! with_constant_scalar {
    ($scalar:expr, $constant:ident => $body:expr) => {
        match $scalar {
            hepz_columns::Scalar::F32 => {
                let $constant = hepz_columns::Scalar::F32;
                $body
            }
            hepz_columns::Scalar::F64 => {
                let $constant = hepz_columns::Scalar::F64;
                $body
            }
            hepz_columns::Scalar::I32 => {
                let $constant = hepz_columns::Scalar::I32;
                $body
            }
            $constant => $body,
        }
    };
}

/// The bits that a pattern of this scalar may use.
#[inline]
fn mask(scalar: Scalar) -> u64 {
    u64::MAX >> (64 - scalar.bits())
}

/// The highest of these bits.
#[inline]
fn top(scalar: Scalar) -> u64 {
    1 << (scalar.bits() - 1)
}

/// The rank of a pattern among all patterns of its scalar, in numeric order.
///
/// Floats run from -NaN over -infinity, -0.0, 0.0 and infinity to NaN; bits above the scalar's width are dropped.
#[inline]
pub fn ordered(raw: u64, scalar: Scalar) -> u64 {
    let raw = raw & mask(scalar);
    if scalar.is_float() {
        if raw & top(scalar) != 0 { !raw & mask(scalar) } else { raw | top(scalar) }
    } else if scalar.is_signed_integer() {
        raw ^ top(scalar)
    } else {
        raw
    }
}

/// The pattern of a rank; undoes [`ordered`].
#[inline]
pub fn unordered(rank: u64, scalar: Scalar) -> u64 {
    let rank = rank & mask(scalar);
    if scalar.is_float() {
        if rank & top(scalar) != 0 { rank ^ top(scalar) } else { !rank & mask(scalar) }
    } else if scalar.is_signed_integer() {
        rank ^ top(scalar)
    } else {
        rank
    }
}

/// The pattern nearest to a prediction, ties to even.
///
/// `None` if the prediction is NaN or infinite, leaves the scalar's range, or would be a subnormal: those are no
/// predictions, because libraries loaded beside us may have told the processor to flush subnormals.
#[inline]
pub fn to_raw(prediction: f64, scalar: Scalar) -> Option<u64> {
    if !prediction.is_finite() || prediction.is_subnormal() {
        return None;
    }
    match scalar {
        Scalar::F64 => Some(prediction.to_bits()),
        Scalar::F32 => {
            let rounded = prediction as f32;
            let tiny = rounded.is_subnormal() || (rounded == 0.0 && prediction != 0.0);
            (rounded.is_finite() && !tiny).then(|| u64::from(rounded.to_bits()))
        }
        Scalar::F16 => to_f16(prediction),
        Scalar::Bool => to_integer(prediction, 0, 1),
        Scalar::U8 => to_integer(prediction, 0, i128::from(u8::MAX)),
        Scalar::U16 => to_integer(prediction, 0, i128::from(u16::MAX)),
        Scalar::U32 => to_integer(prediction, 0, i128::from(u32::MAX)),
        Scalar::U64 => to_integer(prediction, 0, i128::from(u64::MAX)),
        Scalar::I8 => to_integer(prediction, i128::from(i8::MIN), i128::from(i8::MAX)),
        Scalar::I16 => to_integer(prediction, i128::from(i16::MIN), i128::from(i16::MAX)),
        Scalar::I32 => to_integer(prediction, i128::from(i32::MIN), i128::from(i32::MAX)),
        Scalar::I64 => to_integer(prediction, i128::from(i64::MIN), i128::from(i64::MAX)),
    }
    .map(|raw| raw & mask(scalar))
}

/// The number that a pattern stands for, in f64; integers beyond 2^53 are rounded to nearest, ties to even.
#[inline]
pub fn to_number(raw: u64, scalar: Scalar) -> f64 {
    let raw = raw & mask(scalar);
    match scalar {
        Scalar::F64 => f64::from_bits(raw),
        Scalar::F32 => f64::from(f32::from_bits(raw as u32)),
        Scalar::F16 => from_f16(raw),
        Scalar::Bool | Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 => raw as f64,
        Scalar::I8 => f64::from(raw as u8 as i8),
        Scalar::I16 => f64::from(raw as u16 as i16),
        Scalar::I32 => f64::from(raw as u32 as i32),
        Scalar::I64 => raw as i64 as f64,
    }
}

/// Rounds to an integer, ties to even, without the system's rounding functions.
fn to_integer(prediction: f64, least: i128, most: i128) -> Option<u64> {
    if prediction.abs() >= 3.0e19 {
        return None;
    }
    let down = prediction as i128;
    // Exact: below 2^53 both parts are representable, above it there is no fraction.
    let rest = prediction - down as f64;
    let odd = down & 1 != 0;
    let away = rest.abs() > 0.5 || (rest.abs() == 0.5 && odd);
    let rounded = if !away {
        down
    } else if rest > 0.0 {
        down + 1
    } else {
        down - 1
    };
    (least..=most).contains(&rounded).then_some(rounded as u64)
}

/// Bits of an f64 mantissa that a binary16 does not have.
const F16_DROPPED: u32 = 42;

/// Rounds to binary16, ties to even.
fn to_f16(prediction: f64) -> Option<u64> {
    let sign = (prediction.to_bits() >> 63) << 15;
    let size = prediction.abs().to_bits();
    if size == 0 {
        return Some(sign);
    }
    let half = (1u64 << (F16_DROPPED - 1)) - 1 + (size >> F16_DROPPED & 1);
    let rounded = (size + half) >> F16_DROPPED;
    // Exponents run from 1 (2^-14) to 30 (2^15); the biases are 1023 and 15.
    let rebiased = rounded.checked_sub((1023 - 15) << 10)?;
    (0x0400..0x7c00).contains(&rebiased).then_some(sign | rebiased)
}

/// Widens a binary16.
fn from_f16(raw: u64) -> f64 {
    let sign = (raw >> 15) << 63;
    let (exponent, mantissa) = (raw >> 10 & 0x1f, raw & 0x3ff);
    let size = match exponent {
        0 => (mantissa as f64 / 16_777_216.0).to_bits(), // units of 2^-24
        0x1f => 0x7ff << 52 | mantissa << F16_DROPPED,
        _ => (exponent + 1023 - 15) << 52 | mantissa << F16_DROPPED,
    };
    f64::from_bits(sign | size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn unordered_undoes_ordered(raw: u64) {
            for scalar in Scalar::ALL {
                let raw = raw & mask(scalar);
                prop_assert_eq!(unordered(ordered(raw, scalar), scalar), raw);
            }
        }

        #[test]
        fn ranks_rise_with_the_numbers(a: u64, b: u64) {
            for scalar in Scalar::ALL {
                let (x, y) = (to_number(a, scalar), to_number(b, scalar));
                if x < y {
                    prop_assert!(ordered(a, scalar) < ordered(b, scalar), "{:?} {} {}", scalar, x, y);
                }
            }
        }

        #[test]
        fn a_number_names_its_own_pattern(raw: u64) {
            for scalar in Scalar::ALL {
                let raw = raw & mask(scalar);
                let number = to_number(raw, scalar);
                let exact = scalar.bytes() < 8 || scalar == Scalar::F64 || number.abs() < 9.0e15;
                let special = !number.is_finite() || (scalar.is_float() && number.abs() < 1.0e-4);
                if exact && !special && !(scalar == Scalar::Bool && raw > 1) {
                    prop_assert_eq!(to_raw(number, scalar), Some(raw), "{:?} {}", scalar, number);
                }
            }
        }

        #[test]
        fn f16_rounds_to_the_nearest(x in -60_000.0f64..60_000.0) {
            if x.abs() > 1.0e-4 {
                let raw = to_raw(x, Scalar::F16).unwrap();
                let error = (to_number(raw, Scalar::F16) - x).abs();
                for near in [raw - 1, raw + 1] {
                    prop_assert!(error <= (to_number(near, Scalar::F16) - x).abs());
                }
            }
        }
    }

    #[test]
    fn special_predictions_name_no_pattern() {
        for scalar in Scalar::ALL {
            assert_eq!(to_raw(f64::NAN, scalar), None);
            assert_eq!(to_raw(f64::INFINITY, scalar), None);
            assert_eq!(to_raw(5.0e-324, scalar), None);
        }
        assert_eq!(to_raw(1.0e-40, Scalar::F32), None);
        assert_eq!(to_raw(1.0e-60, Scalar::F32), None);
        assert_eq!(to_raw(3.0e38 * 2.0, Scalar::F32), None);
        assert_eq!(to_raw(65_520.0, Scalar::F16), None);
        assert_eq!(to_raw(65_519.0, Scalar::F16), Some(0x7bff));
        assert_eq!(to_raw(3.0e-5, Scalar::F16), None);
        assert_eq!(to_raw(256.0, Scalar::U8), None);
        assert_eq!(to_raw(-1.0, Scalar::U8), None);
        assert_eq!(to_raw(1.9e19, Scalar::U64), None);
        assert_eq!(to_raw(-9.3e18, Scalar::I64), None);
    }

    #[test]
    fn integers_round_half_to_even() {
        for (number, rounded) in
            [(0.5, 0), (1.5, 2), (2.5, 2), (2.500001, 3), (-0.5, 0), (-1.5, -2), (-2.6, -3)]
        {
            assert_eq!(to_raw(number, Scalar::I32), Some(rounded as u32 as u64), "{number}");
        }
        assert_eq!(to_raw(255.4, Scalar::U8), Some(255));
    }
}
