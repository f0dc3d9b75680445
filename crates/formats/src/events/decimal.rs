//! Decimal and binary: fast conversions that are correctly rounded or say that they do not know.
//!
//! In: integers times powers of ten, or binary64. Out: the nearest of the other kind, ties to even; `None` where the
//! 192-bit product does not decide.
//! Not here: text (`number`), the slow way (the standard library, asked by `number`).
//! Holds: a product with a truncated power of ten is too small by less than two units of its middle word, so a remainder that
//! far from one half decides; powers that fit in 128 bits are exact, and so are ties with them.
//! Source: the product of D. Lemire, "Number Parsing at a Gigabyte per Second", Software: Practice and Experience 51, 2021,
//! used in both directions.

/// Powers of ten from `-LARGEST_POWER` to `LARGEST_POWER`: all that binary64 with up to 19 digits asks for.
const LARGEST_POWER: i32 = 360;
/// Powers of five up to this one fit in 128 bits, so the table has them exactly.
const LARGEST_EXACT: i32 = 55;
/// Most digits that [`to_digits`] gives.
pub(super) const MOST_DIGITS: u32 = 17;

const POWERS: usize = 2 * LARGEST_POWER as usize + 1;
/// Words of 32 bits that hold 5^360 (836 bits), and 2^1535 divided by it to more than 128 bits.
const WORDS: usize = 48;

/// The first 128 bits of each power, the first of which is one; the rest is cut off.
static TABLE: [u128; POWERS] = table();

/// The first 128 bits of an integer of at least one bit, lowest word first.
const fn leading_bits(words: &[u32; WORDS]) -> u128 {
    let mut top = WORDS - 1;
    while words[top] == 0 {
        top -= 1;
    }
    let zeros = words[top].leading_zeros();
    let mut bits = 0u128;
    let mut taken = 0;
    // Four whole words, and what the first lacks from a fifth.
    while taken < 5 {
        let word = if top >= taken { words[top - taken] } else { 0 };
        bits = match taken {
            4 => bits << zeros | (word as u64 >> (32 - zeros)) as u128,
            _ => bits << 32 | word as u128,
        };
        taken += 1;
    }
    bits
}

const fn table() -> [u128; POWERS] {
    let mut table = [0; POWERS];
    let (mut positive, mut negative) = ([0u32; WORDS], [0u32; WORDS]);
    positive[0] = 1;
    negative[WORDS - 1] = 1 << 31;
    let mut power = 0;
    while power <= LARGEST_POWER as usize {
        table[LARGEST_POWER as usize + power] = leading_bits(&positive);
        table[LARGEST_POWER as usize - power] = leading_bits(&negative);
        let (mut carry, mut rest, mut at) = (0u64, 0u64, 0);
        while at < WORDS {
            carry += positive[at] as u64 * 5;
            positive[at] = carry as u32;
            carry >>= 32;
            rest = rest << 32 | negative[WORDS - 1 - at] as u64;
            negative[WORDS - 1 - at] = (rest / 5) as u32;
            rest %= 5;
            at += 1;
        }
        power += 1;
    }
    table
}

fn power_of_ten(power: i32) -> u128 {
    TABLE[(power + LARGEST_POWER) as usize]
}

/// Power of two of the first bit of a power of ten: floor(power * log2(10)).
fn binary_exponent(power: i32) -> i32 {
    // 1741647 / 2^19 is log2(10) to nine digits; exact far beyond the table (test).
    (power * 1_741_647) >> 19
}

/// A product of 192 bits: high, middle and low word.
fn product(factor: u64, power: u128) -> (u64, u64, u64) {
    let low = u128::from(factor) * u128::from(power as u64);
    let high = u128::from(factor) * (power >> 64) + (low >> 64);
    ((high >> 64) as u64, high as u64, low as u64)
}

/// Whether a product's integer part, `high >> shift`, has to be rounded up; `None` if the product does not decide.
/// `shift` is from 1 to 63.
fn rounds_up((high, middle, low): (u64, u64, u64), shift: u32, power: i32) -> Option<bool> {
    let rest = u128::from(high & ((1 << shift) - 1)) << 64 | u128::from(middle);
    let half = 1u128 << (shift + 63);
    if (0..=LARGEST_EXACT).contains(&power) {
        let odd = high >> shift & 1 == 1;
        return Some(rest > half || rest == half && (low != 0 || odd));
    }
    // The product is too small, so at one half it is above.
    match rest {
        rest if rest >= half => Some(true),
        rest if rest + 2 <= half => Some(false),
        _ => None,
    }
}

/// The binary64 next to `digits * 10^power`, without sign; `None` if it is not known here or not a normal number.
pub(crate) fn to_binary64(digits: u64, power: i32) -> Option<f64> {
    if digits == 0 {
        return Some(0.0);
    }
    if !(-LARGEST_POWER..=LARGEST_POWER).contains(&power) {
        return None;
    }
    let zeros = digits.leading_zeros();
    let words = product(digits << zeros, power_of_ten(power));
    let upper = (words.0 >> 63) as u32;
    let shift = 10 + upper;
    let exponent = binary_exponent(power) + 63 + upper as i32 - zeros as i32;
    if !(-1022..=1022).contains(&exponent) {
        return None;
    }
    let mantissa = (words.0 >> shift) + u64::from(rounds_up(words, shift, power)?);
    // A mantissa that grew to 2^53 carries into the exponent, as it should.
    Some(f64::from_bits((((exponent + 1023) as u64) << 52) + (mantissa - (1 << 52))))
}

/// Ten to powers that fit.
const SMALL_POWERS: [u64; 20] = {
    let mut powers = [1u64; 20];
    let mut at = 1;
    while at < 20 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// The first `n_digits` decimal digits of a positive finite number as an integer, and the power of ten of the first one;
/// `None` if they are not known here.
pub(crate) fn to_digits(value: f64, n_digits: u32) -> Option<(u64, i32)> {
    if value <= 0.0 || !value.is_finite() || !(1..=MOST_DIGITS).contains(&n_digits) {
        return None;
    }
    let bits = value.to_bits();
    let field = (bits >> 52) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, power_of_two) =
        if field == 0 { (fraction, -1074) } else { (fraction | 1 << 52, field - 1075) };
    let zeros = mantissa.leading_zeros();
    let factor = mantissa << zeros;
    let power_of_two = power_of_two - zeros as i32;
    let first_bit = power_of_two + 63;
    // 315653 / 2^20 is log10(2) to seven digits; the range is checked below.
    let mut exponent = (first_bit * 315_653) >> 20;
    let next = binary_exponent(exponent + 1);
    if next < first_bit || next == first_bit && factor >= (power_of_ten(exponent + 1) >> 64) as u64 {
        exponent += 1;
    }
    let power = n_digits as i32 - 1 - exponent;
    let words = product(factor, power_of_ten(power));
    let shift = -(power_of_two + binary_exponent(power) - 127) - 128;
    if !(1..=63).contains(&shift) {
        return None;
    }
    let digits = words.0 >> shift;
    if digits < SMALL_POWERS[n_digits as usize - 1] || digits >= SMALL_POWERS[n_digits as usize] {
        return None;
    }
    let digits = digits + u64::from(rounds_up(words, shift as u32, power)?);
    Some(if digits == SMALL_POWERS[n_digits as usize] {
        (digits / 10, exponent + 1)
    } else {
        (digits, exponent)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A generator good enough for tests: xorshift with a multiplication.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
        }
    }

    fn standard_digits(value: f64, n_digits: u32) -> (u64, i32) {
        let text = format!("{:.*e}", n_digits as usize - 1, value);
        let (digits, exponent) = text.split_once('e').unwrap();
        (digits.replace('.', "").parse().unwrap(), exponent.parse().unwrap())
    }

    #[test]
    fn digits_are_those_of_the_standard_library() {
        let mut random = Random(1);
        let mut unknown = 0;
        for round in 0..400_000u32 {
            let bits = random.next();
            let value = match round % 4 {
                0 => f64::from_bits(bits & !(1 << 63)),
                1 => f64::from(f32::from_bits(bits as u32 & 0x7fff_ffff)),
                // Halves and other short binary fractions: ties.
                2 => (bits >> 40) as f64 / f64::from(1u32 << (bits & 15)),
                _ => (bits >> 11) as f64 * 1e-6,
            };
            if !value.is_finite() || value == 0.0 {
                continue;
            }
            for n_digits in [1, 2, 6, 9, 15, 16, 17] {
                match to_digits(value, n_digits) {
                    Some(found) => {
                        assert_eq!(found, standard_digits(value, n_digits), "{value:e} {n_digits}")
                    }
                    None => unknown += 1,
                }
            }
        }
        assert!(unknown < 30_000, "{unknown}");
    }

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        let mut random = Random(2);
        let mut unknown = 0;
        for round in 0..1_000_000u32 {
            let digits = match round % 3 {
                0 => random.next() % 100_000_000_000_000_000,
                1 => random.next() % 1_000_000_000,
                _ => random.next(),
            };
            let power = match round % 2 {
                0 => (random.next() % 40) as i32 - 28,
                _ => (random.next() % 720) as i32 - 360,
            };
            match to_binary64(digits, power) {
                Some(found) => {
                    let standard: f64 = format!("{digits}e{power}").parse().unwrap();
                    assert_eq!(found.to_bits(), standard.to_bits(), "{digits}e{power}");
                }
                None => unknown += 1,
            }
        }
        // Powers at random over- and underflow.
        assert!(unknown < 100_000, "{unknown}");
    }

    #[test]
    fn halfway_numbers_go_to_the_even_one() {
        // 2^53 + 1 lies between two binary64.
        assert_eq!(to_binary64(9_007_199_254_740_993, 0), Some(9_007_199_254_740_992.0));
        assert_eq!(to_binary64(9_007_199_254_740_995, 0), Some(9_007_199_254_740_996.0));
        assert_eq!(to_digits(2.5, 1), Some((2, 0)));
        assert_eq!(to_digits(3.5, 1), Some((4, 0)));
        assert_eq!(to_digits(9.96, 2), Some((10, 1)));
        assert_eq!(to_digits(f64::from_bits(1), 17), Some((49_406_564_584_124_654, -324)));
    }

    #[test]
    fn binary_exponents_are_those_of_the_table() {
        for power in 0..=LARGEST_POWER {
            // Exact integers up to 10^38; beyond them neighbours differ by log2(10).
            let step = binary_exponent(power + 1) - binary_exponent(power);
            assert!(step == 3 || step == 4);
            if power <= 38 {
                assert_eq!(binary_exponent(power), 10u128.pow(power as u32).ilog2() as i32);
            }
            let negative = power_of_ten(-power);
            let positive = power_of_ten(power);
            // 10^p * 10^-p is one: 2^254 or 2^255 or a little less.
            let exponents = binary_exponent(power) + binary_exponent(-power);
            let high = (positive >> 64) * (negative >> 64);
            assert_eq!(exponents, if power == 0 { 0 } else { -1 });
            assert!(power == 0 || high >> 126 >= 1, "{power}");
        }
    }
}
