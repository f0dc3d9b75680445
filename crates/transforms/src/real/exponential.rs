//! Exponential, logarithm and the hyperbolic functions.
//!
//! In: f64. Out: f64, within 2 to 3 units in the last place.
//! Not here: angles (`circular`).
//! Holds: results below the least normal number are 0; subnormal arguments of [`ln`] give [`NAN`].
//! Source: `exp` reduces by multiples of ln 2 and sums the Taylor series; `ln` sums that of
//! `2 atanh(f / (2 + f))`.

use super::{NAN, TO_INTEGER, polynomial, sqrt};

/// 1 / ln 2.
const LOG2_E: f64 = f64::from_bits(0x3ff7_1547_652b_82fe);
/// ln 2 cut to 40 bits, so that its product with an exponent is exact.
const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fefa_2000);
/// The rest of ln 2.
const LN2_LOW: f64 = f64::from_bits(0x3d69_ef35_793c_7673);
/// `exp` of more than this overflows.
const EXP_MOST: f64 = 709.782712893384;
/// `exp` of less than this is below the least normal number.
const EXP_LEAST: f64 = -708.396418532264;

/// 1/2!, 1/3!, ...: at `|r| <= ln 2 / 2` the next term is below 2^-58.
const EXP_TERMS: [f64; 12] = [
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
];

/// 2/3, 2/5, ...: the series of `2 atanh(s) / s - 2` in `s²`, to below 2^-58 at `|s| <= 0.1716`.
const LN_TERMS: [f64; 11] = [
    2.0 / 3.0,
    2.0 / 5.0,
    2.0 / 7.0,
    2.0 / 9.0,
    2.0 / 11.0,
    2.0 / 13.0,
    2.0 / 15.0,
    2.0 / 17.0,
    2.0 / 19.0,
    2.0 / 21.0,
    2.0 / 23.0,
];

/// 1/3!, 1/5!, ...: the series of `sinh(x) / x - 1` in `x²`, to below 2^-60 at `|x| <= 1`.
const SINH_TERMS: [f64; 10] = [
    1.0 / 6.0,
    1.0 / 120.0,
    1.0 / 5_040.0,
    1.0 / 362_880.0,
    1.0 / 39_916_800.0,
    1.0 / 6_227_020_800.0,
    1.0 / 1_307_674_368_000.0,
    1.0 / 355_687_428_096_000.0,
    1.0 / 121_645_100_408_832_000.0,
    1.0 / 51_090_942_171_709_440_000.0,
];

/// e to the power of `x`.
pub fn exp(x: f64) -> f64 {
    if x.is_nan() {
        return NAN;
    }
    if x > EXP_MOST {
        return f64::INFINITY;
    }
    if x < EXP_LEAST {
        return 0.0;
    }
    let steps = (x * LOG2_E + TO_INTEGER) - TO_INTEGER;
    let r = (x - steps * LN2_HIGH) - steps * LN2_LOW;
    let value = 1.0 + (r + r * r * polynomial(r, &EXP_TERMS));
    // 2^1024 is no number, so the last doubling is apart.
    let exponent = steps as i64;
    let (exponent, last) = if exponent > 1023 { (exponent - 1, 2.0) } else { (exponent, 1.0) };
    value * f64::from_bits(((exponent.max(-1022) + 1023) as u64) << 52) * last
}

/// `exponent * ln 2 + ln(1 + f) + rest` for `f` from sqrt(1/2) - 1 to sqrt(2) - 1.
fn ln_of_parts(exponent: f64, f: f64, rest: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    let series = z * polynomial(z, &LN_TERMS);
    let half = 0.5 * f * f;
    // ln(1 + f) = f - (f²/2 - s (f²/2 + series)): the large term `f` is exact.
    let low = exponent * LN2_LOW + rest;
    exponent * LN2_HIGH + (f - (half - (s * (half + series) + low)))
}

/// Splits a positive normal number into exponent and `f`, the mantissa less 1, as [`ln_of_parts`] wants them.
fn split(x: f64) -> (f64, f64) {
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i64 - 1023;
    let mut mantissa = f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 1023 << 52);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    (exponent as f64, mantissa - 1.0)
}

/// The natural logarithm. `ln(0)` is minus infinity; negative and subnormal arguments give [`NAN`].
pub fn ln(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x == f64::INFINITY {
        return x;
    }
    if !x.is_normal() || x < 0.0 {
        return NAN;
    }
    let (exponent, f) = split(x);
    ln_of_parts(exponent, f, 0.0)
}

/// `ln(1 + x)` for `x >= 0`.
fn ln_1p(x: f64) -> f64 {
    let sum = 1.0 + x;
    if sum == f64::INFINITY {
        return sum;
    }
    // What rounding took from the sum, to first order.
    let lost = if x < 1.0 { x - (sum - 1.0) } else { 1.0 - (sum - x) };
    let (exponent, f) = split(sum);
    if exponent == 0.0 && lost == 0.0 {
        return ln_of_parts(0.0, f, 0.0);
    }
    ln_of_parts(exponent, f, lost / sum)
}

/// The hyperbolic sine.
pub fn sinh(x: f64) -> f64 {
    let size = x.abs();
    let value = if size < 1.0 {
        let z = size * size;
        size + size * (z * polynomial(z, &SINH_TERMS))
    } else if size > 700.0 {
        // In halves, so that results near the largest number do not overflow on the way.
        let root = exp(0.5 * size);
        0.5 * root * root
    } else {
        let e = exp(size);
        0.5 * (e - 1.0 / e)
    };
    if value.is_nan() { NAN } else { value.copysign(x) }
}

/// The hyperbolic cosine.
pub fn cosh(x: f64) -> f64 {
    let size = x.abs();
    if size > 700.0 {
        let root = exp(0.5 * size);
        return 0.5 * root * root;
    }
    let e = exp(size);
    0.5 * (e + 1.0 / e)
}

/// The hyperbolic tangent.
pub fn tanh(x: f64) -> f64 {
    let size = x.abs();
    let value = if size < 1.0 {
        sinh(size) / cosh(size)
    } else if size < 22.0 {
        1.0 - 2.0 / (exp(2.0 * size) + 1.0)
    } else {
        1.0
    };
    if x.is_nan() { NAN } else { value.copysign(x) }
}

/// The inverse hyperbolic sine: pseudorapidity from `pz / pt`.
pub fn asinh(x: f64) -> f64 {
    let size = x.abs();
    let value = if size > 1.0e8 {
        // 1 is lost beside size²; ln 2 is added in the two parts of the constant.
        ln(size) + LN2_LOW + LN2_HIGH
    } else {
        let z = size * size;
        ln_1p(size + z / (1.0 + sqrt(1.0 + z)))
    };
    if value.is_nan() { NAN } else { value.copysign(x) }
}
