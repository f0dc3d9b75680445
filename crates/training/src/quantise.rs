//! Weights as integers: rows of 8 bits with one multiplier each.
//!
//! In: rows of floating-point weights. Out: integers and multipliers of [`hepz_neural::matrix::Matrix`], or the
//! weights that they stand for. Not here: byte networks (`bytes`).
//! Holds: what training sees as rounded weights is what the integers compute with, to the precision of `f32`.

use hepz_neural::fixed::{BIAS_LIMIT, FRACTION, MOST_MULTIPLIER, MULTIPLIER_FRACTION};

/// Greatest integer weight.
const GREATEST: f64 = 127.0;

/// `2^24`, the unit of multipliers.
const UNIT: f64 = (1u32 << MULTIPLIER_FRACTION) as f64;

/// The least multiplier under which every weight of a row fits: `ceil(max |w| 2^24 / 127)`; 0 for a row of zeros.
/// Weights over 63.5, where multipliers end, are cut.
pub fn multiplier(row: &[f32]) -> i32 {
    let greatest = row.iter().fold(0f32, |greatest, w| greatest.max(w.abs()));
    ((f64::from(greatest) * UNIT / GREATEST).ceil() as i32).min(MOST_MULTIPLIER)
}

/// The integer weights of a row: `round(w 2^24 / multiplier)`.
pub fn integers(row: &[f32], multiplier: i32) -> impl Iterator<Item = i8> + '_ {
    let scale = if multiplier > 0 { UNIT / f64::from(multiplier) } else { 0.0 };
    row.iter().map(move |&w| (f64::from(w) * scale).round().clamp(-GREATEST, GREATEST) as i8)
}

/// The weights that the integers stand for, row by row: `integer * multiplier / 2^24`.
pub fn rounded(weights: &[f32], inputs: usize, into: &mut [f32]) {
    for (row, into) in weights.chunks(inputs).zip(into.chunks_mut(inputs)) {
        let multiplier = multiplier(row);
        let back = (f64::from(multiplier) / UNIT) as f32;
        for (integer, into) in integers(row, multiplier).zip(into) {
            *into = f32::from(integer) * back;
        }
    }
}

/// A bias in units of 2^-12.
pub fn bias(bias: f32) -> i32 {
    let units = (f64::from(bias) * f64::from(1u32 << FRACTION)).round() as i32;
    units.clamp(1 - BIAS_LIMIT, BIAS_LIMIT - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_weights_are_within_half_a_step_and_rows_keep_their_own_scale() {
        let weights = [0.5f32, -0.25, 0.1, 1e-3, -2e-3, 5e-4, 0.0, 0.0, 0.0];
        let mut back = [9f32; 9];
        rounded(&weights, 3, &mut back);
        for (row, (weights, back)) in weights.chunks(3).zip(back.chunks(3)).enumerate() {
            let step = multiplier(weights) as f32 / UNIT as f32;
            for (w, b) in weights.iter().zip(back) {
                assert!((w - b).abs() <= step * 0.5001, "{row}: {w} {b}");
            }
        }
        assert_eq!(&back[6..], &[0.0; 3]);
        assert_eq!(integers(&weights[..3], multiplier(&weights[..3])).next(), Some(127));
    }
}
