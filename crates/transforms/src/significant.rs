//! Significant digits: floats that are decimal numbers of few digits, numbered in their order.
//!
//! In: a number and how many digits it may have. Out: its place among all such numbers, and back.
//! Not here: which columns hold such numbers (`path_map`).
//! Holds: places rise with the numbers; only `*`, `/` and comparisons of floats, so every machine agrees.

/// Decades below and above one that have places.
const DECADES: i32 = 60;
/// The place of zero.
pub(crate) const ZERO: u64 = 1 << 62;
/// Most digits that a float of 4 bytes and one of 8 bytes bring back.
pub(crate) const MOST_DIGITS: [u32; 2] = [6, 15];

const POWERS: [f64; 81] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35,
    1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45, 1e46, 1e47, 1e48, 1e49, 1e50, 1e51, 1e52,
    1e53, 1e54, 1e55, 1e56, 1e57, 1e58, 1e59, 1e60, 1e61, 1e62, 1e63, 1e64, 1e65, 1e66, 1e67, 1e68, 1e69,
    1e70, 1e71, 1e72, 1e73, 1e74, 1e75, 1e76, 1e77, 1e78, 1e79, 1e80,
];

/// `value * 10^power`; powers beyond the table count as the last one.
#[inline]
fn scaled(value: f64, power: i32) -> f64 {
    let factor = POWERS[(power.unsigned_abs() as usize).min(POWERS.len() - 1)];
    if power < 0 { value / factor } else { value * factor }
}

fn first_mantissa(digits: u32) -> u64 {
    10u64.pow(digits.clamp(1, 15) - 1)
}

/// The place of the number of so many digits that is nearest to `value`.
#[inline]
pub(crate) fn place(value: f64, digits: u32) -> u64 {
    let first = first_mantissa(digits);
    let decade = 9 * first;
    let size = value.abs();
    let steps = if size >= POWERS[DECADES as usize] {
        decade * (2 * DECADES as u64)
    } else if size < 1.0 / POWERS[DECADES as usize] || size.is_nan() {
        0
    } else {
        // 315653 / 2^20 is log10(2) to seven digits; what is estimated is this or one too small.
        let binary = (size.to_bits() >> 52) as i32 - 1023;
        let mut exponent = (binary * 315_653) >> 20;
        let mut mantissa = (scaled(size, digits as i32 - 1 - exponent) + 0.5) as u64;
        while mantissa >= 10 * first {
            exponent += 1;
            mantissa = (scaled(size, digits as i32 - 1 - exponent) + 0.5) as u64;
        }
        let above = mantissa.saturating_sub(first);
        (i64::from(exponent + DECADES).max(0) as u64) * decade + above + 1
    };
    if value < 0.0 { ZERO - steps } else { ZERO + steps }
}

/// The number at a place; places that no number has give some number.
#[inline]
pub(crate) fn number(place: u64, digits: u32) -> f64 {
    let first = first_mantissa(digits);
    let decade = 9 * first;
    let steps = place.abs_diff(ZERO);
    if steps == 0 {
        return 0.0;
    }
    let exponent = ((steps - 1) / decade).min(2 * DECADES as u64) as i32 - DECADES;
    let mantissa = (steps - 1) % decade + first;
    let size = scaled(mantissa as f64, exponent - (digits as i32 - 1));
    if place < ZERO { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers_have_places_in_their_order() {
        let texts = [
            "-1e20",
            "-123456",
            "-10",
            "-9.99999",
            "-1e-15",
            "0",
            "1e-10",
            "0.000123",
            "0.1",
            "0.999999",
            "1",
            "1.00001",
            "9.99999",
            "10",
            "86.7962",
            "123456",
            "1.23457e+06",
            "3e18",
        ];
        let mut before = 0;
        for text in texts {
            let value: f64 = text.parse().unwrap();
            for digits in [6, 9, 15] {
                assert_eq!(number(place(value, digits), digits), value, "{text}");
            }
            assert!(place(value, 6) > before, "{text}");
            before = place(value, 6);
        }
    }

    #[test]
    fn every_place_of_a_decade_and_a_half_is_that_of_its_number() {
        for digits in [3, 4] {
            let from = place(0.01, digits);
            for at in from..from + 15_000 {
                assert_eq!(place(number(at, digits), digits), at);
                let single = number(at, digits) as f32;
                assert_eq!(place(single.into(), digits), at);
            }
        }
    }

    #[test]
    fn any_number_has_a_place_near_it() {
        assert_eq!(number(place(1.0 / 7.0, 6), 6), 0.142857);
        assert_eq!(place(f64::NAN, 6), ZERO);
        for value in [f64::INFINITY, -f64::INFINITY, 1e300, 5e-324, -1e-70] {
            assert!(number(place(value, 15), 15).is_finite());
        }
        assert!(number(u64::MAX, 15).is_finite() && number(0, 1).is_finite());
    }
}
