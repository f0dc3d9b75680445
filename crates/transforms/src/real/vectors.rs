//! Frozen vectors and comparisons with the system's functions.
//!
//! In: `vectors.txt`, rows of function, argument bits, result bits. Out: a failed test if one bit changed.
//! Not here: the functions (`exponential`, `circular`).
//! Holds: a row is never changed; archives that use the function depend on it. Twelve rows per function, printed once by
//! the functions themselves over [`argument`]'s range.

use super::*;
use proptest::prelude::*;

/// A function, the system's twin of it, and the range over which the two are compared.
type Row = (&'static str, fn(f64) -> f64, fn(f64) -> f64, f64, f64);

const FUNCTIONS: [Row; 11] = [
    ("exp", exp, f64::exp, -708.0, 709.7),
    ("ln", ln, f64::ln, 1.0e-300, 1.0e300),
    ("sin", sin, f64::sin, -1.0e6, 1.0e6),
    ("cos", cos, f64::cos, -1.0e6, 1.0e6),
    ("tan", tan, f64::tan, -1.0e6, 1.0e6),
    ("sinh", sinh, f64::sinh, -710.0, 710.0),
    ("cosh", cosh, f64::cosh, -710.0, 710.0),
    ("tanh", tanh, f64::tanh, -30.0, 30.0),
    ("asinh", asinh, f64::asinh, -1.0e300, 1.0e300),
    ("atan", atan, f64::atan, -1.0e300, 1.0e300),
    ("acos", acos, f64::acos, -1.0, 1.0),
];

/// Distance in units in the last place.
fn ulps(a: f64, b: f64) -> u64 {
    let rank =
        |x: f64| if x.is_sign_negative() { -((x.to_bits() << 1 >> 1) as i64) } else { x.to_bits() as i64 };
    if a.is_nan() && b.is_nan() { 0 } else { rank(a).abs_diff(rank(b)) }
}

/// A size spread evenly in the logarithm from 2^-60 to the end of the range, or evenly, by the lowest bit of `pick`.
fn argument(pick: u64, least: f64, most: f64) -> f64 {
    let share = (pick >> 11) as f64 / (1u64 << 53) as f64;
    if pick & 1 == 0 {
        return least + (most - least) * share;
    }
    let size = (most.ln() - (2.0f64).powi(-60).ln()) * share + (2.0f64).powi(-60).ln();
    if pick & 2 == 0 && least < 0.0 { (-size.exp()).max(least) } else { size.exp().min(most) }
}

/// The system's asinh is not good to 4 units everywhere; ours is compared with the definition in the logarithm.
fn allowed(name: &str) -> u64 {
    if name == "asinh" { 8 } else { 4 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn functions_agree_with_the_system_within_4_units(pick: u64) {
        for (name, ours, system, least, most) in FUNCTIONS {
            let x = argument(pick, least, most);
            let (a, b) = (ours(x), system(x));
            prop_assert!(ulps(a, b) <= allowed(name), "{name}({x:e}) = {a:e}, system {b:e}");
        }
    }

    #[test]
    fn atan2_agrees_with_the_system_within_4_units(a: u64, b: u64) {
        let (y, x) = (argument(a, -1.0e6, 1.0e6), argument(b, -1.0e6, 1.0e6));
        prop_assert!(ulps(atan2(y, x), y.atan2(x)) <= 4, "atan2({y:e}, {x:e})");
    }
}

#[test]
fn special_arguments_give_sane_results() {
    for (name, ours, _, _, _) in FUNCTIONS {
        assert_eq!(ours(f64::NAN).to_bits(), NAN.to_bits(), "{name}(NaN)");
        assert_eq!(ours(-f64::NAN).to_bits(), NAN.to_bits(), "{name}(-NaN)");
    }
    assert_eq!(exp(f64::NEG_INFINITY), 0.0);
    assert_eq!(exp(f64::INFINITY), f64::INFINITY);
    assert_eq!(exp(0.0), 1.0);
    assert_eq!(ln(0.0), f64::NEG_INFINITY);
    assert_eq!(ln(1.0), 0.0);
    assert_eq!(ln(-1.0).to_bits(), NAN.to_bits());
    assert_eq!(sin(f64::INFINITY).to_bits(), NAN.to_bits());
    assert_eq!(cos(3.0e9).to_bits(), NAN.to_bits());
    assert_eq!(sin(-0.0).to_bits(), (-0.0f64).to_bits());
    assert_eq!(sinh(f64::NEG_INFINITY), f64::NEG_INFINITY);
    assert_eq!(cosh(f64::NEG_INFINITY), f64::INFINITY);
    assert_eq!(tanh(f64::NEG_INFINITY), -1.0);
    assert_eq!(asinh(f64::INFINITY), f64::INFINITY);
    assert_eq!(atan(f64::NEG_INFINITY), -std::f64::consts::FRAC_PI_2);
    assert_eq!(acos(1.5).to_bits(), NAN.to_bits());
    assert_eq!(sqrt(-1.0).to_bits(), NAN.to_bits());
    for (y, x) in [(0.0, -1.0), (-0.0, -1.0), (0.0, 1.0), (-0.0, 1.0), (1.0, 0.0), (-1.0, -0.0), (0.0, 0.0)] {
        assert_eq!(atan2(y, x).to_bits(), f64::atan2(y, x).to_bits(), "atan2({y}, {x})");
    }
    for (y, x) in [(f64::INFINITY, f64::INFINITY), (f64::INFINITY, 1.0), (-1.0, f64::NEG_INFINITY)] {
        assert!(ulps(atan2(y, x), f64::atan2(y, x)) <= 1, "atan2({y}, {x})");
    }
}

#[test]
fn results_are_the_frozen_ones_bit_for_bit() {
    let mut rows = 0;
    for line in include_str!("vectors.txt").lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |word: &str| f64::from_bits(u64::from_str_radix(word, 16).unwrap());
        let result = match words[..] {
            ["atan2", y, x, _] => atan2(number(y), number(x)),
            [name, x, _] => FUNCTIONS.iter().find(|row| row.0 == name).unwrap().1(number(x)),
            _ => panic!("odd row {line}"),
        };
        assert_eq!(format!("{:016x}", result.to_bits()), *words.last().unwrap(), "{line}");
        rows += 1;
    }
    assert_eq!(rows, 12 * 12, "rows of the table");
}
