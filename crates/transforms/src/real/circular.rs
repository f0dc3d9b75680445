//! Sine, cosine, tangent and their inverses, in radians.
//!
//! In: f64. Out: f64, within 2 to 3 units in the last place.
//! Not here: logarithms and hyperbolic functions (`exponential`).
//! Holds: arguments of sine, cosine and tangent beyond 2^20 give [`NAN`]: no angle in physics is that large.
//! Source: Cody and Waite's reduction in three parts of pi/2; Taylor series; arctangents by a table of quarters.

use super::{NAN, TO_INTEGER, polynomial, sqrt};

/// 2 / pi.
const TWO_OVER_PI: f64 = f64::from_bits(0x3fe4_5f30_6dc9_c883);
/// The first 33 bits of pi/2, the next 33, and the rest: products of the first two with up to 2^20 are exact.
const HALF_PI_PARTS: [f64; 3] = [
    f64::from_bits(0x3ff9_21fb_5440_0000),
    f64::from_bits(0x3dd0_b461_1a60_0000),
    f64::from_bits(0x3ba3_198a_2e03_7073),
];
const PI: f64 = f64::from_bits(0x4009_21fb_5444_2d18);
const PI_LOW: f64 = f64::from_bits(0x3ca1_a626_3314_5c07);
const HALF_PI: f64 = f64::from_bits(0x3ff9_21fb_5444_2d18);
const HALF_PI_LOW: f64 = f64::from_bits(0x3c91_a626_3314_5c07);
/// The largest argument that is reduced.
const MOST: f64 = 1_048_576.0;

/// -1/3!, 1/5!, ...: to below 2^-58 at pi/4.
const SIN_TERMS: [f64; 8] = [
    -1.0 / 6.0,
    1.0 / 120.0,
    -1.0 / 5_040.0,
    1.0 / 362_880.0,
    -1.0 / 39_916_800.0,
    1.0 / 6_227_020_800.0,
    -1.0 / 1_307_674_368_000.0,
    1.0 / 355_687_428_096_000.0,
];

/// 1/4!, -1/6!, ...: to below 2^-58 at pi/4.
const COS_TERMS: [f64; 8] = [
    1.0 / 24.0,
    -1.0 / 720.0,
    1.0 / 40_320.0,
    -1.0 / 3_628_800.0,
    1.0 / 479_001_600.0,
    -1.0 / 87_178_291_200.0,
    1.0 / 20_922_789_888_000.0,
    -1.0 / 6_402_373_705_728_000.0,
];

/// -1/3, 1/5, ...: to below 2^-60 at 1/8.
const ATAN_TERMS: [f64; 9] = [
    -1.0 / 3.0,
    1.0 / 5.0,
    -1.0 / 7.0,
    1.0 / 9.0,
    -1.0 / 11.0,
    1.0 / 13.0,
    -1.0 / 15.0,
    1.0 / 17.0,
    -1.0 / 19.0,
];

/// atan(j / 4) and what rounding took from it.
const ATAN_OF_QUARTERS: [(f64, f64); 5] = [
    (0.0, 0.0),
    (f64::from_bits(0x3fcf_5b75_f92c_80dd), f64::from_bits(0x3c68_ab6e_3cf7_afbd)),
    (f64::from_bits(0x3fdd_ac67_0561_bb4f), f64::from_bits(0x3c7a_2b7f_222f_65e2)),
    (f64::from_bits(0x3fe4_978f_a326_9ee1), f64::from_bits(0x3c72_419a_87f2_a458)),
    (f64::from_bits(0x3fe9_21fb_5444_2d18), f64::from_bits(0x3c81_a626_3314_5c07)),
];

/// An angle as `quarter * pi/2 + high + low`, with `|high| <= pi/4` or a hair more.
struct Reduced {
    quarter: i64,
    high: f64,
    low: f64,
}

/// `None` if the angle is NaN or beyond [`MOST`].
fn reduce(x: f64) -> Option<Reduced> {
    if x.is_nan() || x.abs() > MOST {
        return None;
    }
    let [first, second, third] = HALF_PI_PARTS;
    let n = (x * TWO_OVER_PI + TO_INTEGER) - TO_INTEGER;
    let rest = x - n * first; // exact
    let (high, low) = two_difference(rest, n * second);
    let (high, low) = two_difference(high, n * third - low);
    Some(Reduced { quarter: n as i64, high, low })
}

/// `a - b` and what rounding took from it.
fn two_difference(a: f64, b: f64) -> (f64, f64) {
    let high = a - b;
    let part = high - a;
    (high, (a - (high - part)) - (b + part))
}

/// Sine of `high + low` near zero.
fn sin_near_zero(high: f64, low: f64) -> f64 {
    let z = high * high;
    high + (high * (z * polynomial(z, &SIN_TERMS)) + low * (1.0 - 0.5 * z))
}

/// Cosine of `high + low` near zero.
fn cos_near_zero(high: f64, low: f64) -> f64 {
    let z = high * high;
    let half = 0.5 * z;
    let main = 1.0 - half;
    main + (((1.0 - main) - half) + (z * z * polynomial(z, &COS_TERMS) - high * low))
}

/// The sine.
pub fn sin(x: f64) -> f64 {
    if x == 0.0 {
        return x; // keeps the sign
    }
    let Some(Reduced { quarter, high, low }) = reduce(x) else { return NAN };
    match quarter & 3 {
        0 => sin_near_zero(high, low),
        1 => cos_near_zero(high, low),
        2 => -sin_near_zero(high, low),
        _ => -cos_near_zero(high, low),
    }
}

/// The cosine.
pub fn cos(x: f64) -> f64 {
    let Some(Reduced { quarter, high, low }) = reduce(x) else { return NAN };
    match quarter & 3 {
        0 => cos_near_zero(high, low),
        1 => -sin_near_zero(high, low),
        2 => -cos_near_zero(high, low),
        _ => sin_near_zero(high, low),
    }
}

/// The tangent, as sine over cosine.
pub fn tan(x: f64) -> f64 {
    if x == 0.0 {
        return x;
    }
    let Some(Reduced { quarter, high, low }) = reduce(x) else { return NAN };
    let (s, c) = (sin_near_zero(high, low), cos_near_zero(high, low));
    let value = if quarter & 1 == 0 { s / c } else { -(c / s) };
    if value.is_nan() { NAN } else { value }
}

/// The arctangent as high and low part, for `0 <= x <= 1`.
fn atan_parts(x: f64) -> (f64, f64) {
    let nearest = (4.0 * x + TO_INTEGER) - TO_INTEGER;
    let quarter = 0.25 * nearest;
    let t = (x - quarter) / (1.0 + x * quarter);
    let z = t * t;
    let series = t * (z * polynomial(z, &ATAN_TERMS));
    let (high, low) = ATAN_OF_QUARTERS[(nearest as usize).min(4)];
    (high + t, ((high - (high + t)) + t) + (low + series))
}

/// The arctangent.
pub fn atan(x: f64) -> f64 {
    if x.is_nan() {
        return NAN;
    }
    let size = x.abs();
    let value = if size <= 1.0 {
        let (high, low) = atan_parts(size);
        high + low
    } else {
        let (high, low) = atan_parts(1.0 / size);
        HALF_PI - (high + (low - HALF_PI_LOW))
    };
    value.copysign(x)
}

/// The angle of the point (`x`, `y`), from -pi to pi; the signs of zeros count as in IEEE 754.
pub fn atan2(y: f64, x: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        return NAN;
    }
    let (along, up) = (x.abs(), y.abs());
    let back = x.is_sign_negative();
    let value = if up == 0.0 {
        if back { PI } else { 0.0 }
    } else if up.is_infinite() && along.is_infinite() {
        if back { 0.75 * PI } else { 0.25 * PI }
    } else if up <= along {
        let (high, low) = atan_parts(up / along);
        if back { PI - (high + (low - PI_LOW)) } else { high + low }
    } else {
        let (high, low) = atan_parts(along / up);
        if back { HALF_PI + (high + (low + HALF_PI_LOW)) } else { HALF_PI - (high + (low - HALF_PI_LOW)) }
    };
    value.copysign(y)
}

/// The arccosine, for -1 to 1.
pub fn acos(x: f64) -> f64 {
    if x.abs() > 1.0 {
        return NAN;
    }
    atan2(sqrt((1.0 - x) * (1.0 + x)), x)
}
