//! Which style and lattice the numbers of a file have.
//!
//! In: numbers as a file prints them. Out: the format that prints most of them again.
//! Not here: printing and scanning (`number`).
//! Holds: a guess that is wrong costs bytes, never a number, because lines that come out otherwise are kept.

use super::number::{MOST_DIGITS, NumberFormat, Style};
use hepz_columns::events::Lattice;

/// So many numbers decide on the style.
const STYLE_SAMPLE: usize = 2_000;
/// So many numbers decide on the lattice.
const LATTICE_SAMPLE: usize = 100_000;
/// One number in so many may be off the lattice.
const TOLERANCE: usize = 1_000;
/// Decimal numbers of so many digits take less than a binary32 even if they come from one.
const SHORT_DIGITS: u8 = 7;
/// Longest decimal lattice.
const DECIMAL_DIGITS: u8 = 15;

/// What is taken for a file without numbers.
const DEFAULT: NumberFormat =
    NumberFormat { style: Style::Scientific(16), short_zero: false, lattice: Lattice::Binary64 };

/// Whether a number comes back as it was printed.
fn comes_back(format: &NumberFormat, token: &[u8], scratch: &mut Vec<u8>) -> bool {
    scratch.clear();
    match format.scan(token) {
        Some((pattern, length)) if length == token.len() => {
            format.print(pattern, scratch);
            scratch == token
        }
        _ => false,
    }
}

/// Digits after the point and whether there is an exponent; `None` without a point.
fn shape(token: &[u8]) -> Option<(usize, bool)> {
    let point = token.iter().position(|&byte| byte == b'.')?;
    let n_after = token[point + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    Some((n_after, token.get(point + 1 + n_after) == Some(&b'e')))
}

/// The most frequent number of digits, if there is any.
fn most_frequent(counts: &[usize]) -> Option<u8> {
    let most = (0..counts.len()).rev().max_by_key(|&at| counts[at])?;
    (counts[most] > 0).then_some(most as u8)
}

/// Styles that the shapes of numbers suggest, the likeliest first.
fn candidates(tokens: &[&[u8]]) -> Vec<Style> {
    let mut with_exponent = [0; MOST_DIGITS as usize + 1];
    let mut without = [0; MOST_DIGITS as usize + 1];
    let mut significant = 1;
    for token in tokens {
        let letter = token.iter().position(|&byte| byte == b'e').unwrap_or(token.len());
        let digits = token[..letter].iter().filter(|byte| byte.is_ascii_digit());
        significant = digits.skip_while(|byte| **byte == b'0').count().max(significant);
        if let Some((n_after, exponent)) = shape(token)
            && n_after <= MOST_DIGITS.into()
        {
            if exponent { with_exponent[n_after] += 1 } else { without[n_after] += 1 }
        }
    }
    let mut styles = Vec::new();
    styles.extend(most_frequent(&with_exponent).map(Style::Scientific));
    styles.extend(most_frequent(&without).map(Style::Fixed));
    styles.extend([Style::General(significant.min(17) as u8), Style::General(6), Style::Shortest]);
    styles
}

/// The format of numbers that a file prints in one kind of field.
pub(super) fn recognise(tokens: &[&[u8]]) -> NumberFormat {
    let is_zero = |token: &[u8]| !token.is_empty() && token.iter().all(|byte| b"0.e+".contains(byte));
    let n_zeros = tokens.iter().filter(|token| is_zero(token)).count();
    let n_short = tokens.iter().filter(|token| **token == b"0").count();
    let short_zero = n_short * 2 > n_zeros;
    let nonzero: Vec<&[u8]> =
        tokens.iter().copied().filter(|token| !is_zero(token)).take(LATTICE_SAMPLE).collect();
    // Where all are zero, zeros tell the style.
    let sample = if nonzero.is_empty() { tokens } else { &nonzero };
    let sample = &sample[..sample.len().min(STYLE_SAMPLE)];
    let mut scratch = Vec::new();
    let mut best = (0, DEFAULT.style);
    for style in candidates(sample) {
        let format = NumberFormat { style, short_zero, lattice: Lattice::Binary64 };
        let same = sample.iter().filter(|token| comes_back(&format, token, &mut scratch)).count();
        if same > best.0 {
            best = (same, style);
        }
    }
    let format = NumberFormat { style: best.1, short_zero, ..DEFAULT };
    if let Style::Scientific(n_after @ 0..SHORT_DIGITS) = format.style {
        return NumberFormat { lattice: Lattice::Decimal(n_after + 1), ..format };
    }
    let single = NumberFormat { lattice: Lattice::Binary32, ..format };
    let off = nonzero.iter().filter(|token| !comes_back(&single, token, &mut scratch)).count();
    if !nonzero.is_empty() && off * TOLERANCE <= nonzero.len() {
        return single;
    }
    match format.style {
        Style::Scientific(n_after) if n_after < DECIMAL_DIGITS => {
            NumberFormat { lattice: Lattice::Decimal(n_after + 1), ..format }
        }
        _ => format,
    }
}
