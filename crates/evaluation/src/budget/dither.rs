//! Dither: what subtractive dither on the same grids would do.
//!
//! In: values, a grid. Out: the values that a reader would see who knows the noise.
//! Not here: archives, which never have it: a dithered value is on no grid, so rounding again changes it again.
//! Holds: noise follows from column and row alone, so a reader can take it away; the error is uniform and does not
//! depend on the value.
//! Source: Ziv 1985 and Agustsson and Theis 2020 (universal quantisation); noise by the finaliser of splitmix64.

use super::grid::Grid;
use super::rows::numbers;
use hepz_columns::Values;
use hepz_precision::Layout;

/// Noise of a column and a row: uniform from -1/2 to 1/2. The row is a counter, so any row can be had at once.
fn noise(column: u64, row: u64) -> f64 {
    let mut z = (column + 1).wrapping_mul(0xD1B5_4A32_D192_ED03) ^ row.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for factor in [0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB] {
        z = (z ^ (z >> 30)).wrapping_mul(factor);
        z ^= z >> 27;
    }
    ((z >> 11) as f64 + 0.5) / (1u64 << 53) as f64 - 0.5
}

/// Values of rows from `first`, rounded with noise added, and the noise taken away again. With kept bits the noise is
/// added to the pattern, whose order is that of the numbers.
pub(super) fn dithered(values: &Values, grid: Grid, column: u64, first: u64) -> Vec<f64> {
    let Some(layout) = Layout::of(values.scalar()) else { return numbers(values) };
    let one = |row: usize| {
        let (raw, noise) = (values.raw(row), noise(column, first.wrapping_add(row as u64)));
        let x = layout.to_f64(raw);
        if !x.is_finite() {
            return x;
        }
        match grid {
            Grid::Exact => x,
            Grid::Step(exponent) => {
                let step = 2f64.powi(exponent);
                ((x / step + noise).round() - noise) * step
            }
            Grid::Kept(kept) => {
                let cell = 2f64.powi(layout.mantissa() as i32 - kept as i32);
                let magnitude = layout.magnitude(raw) as f64;
                let stored = (((magnitude / cell + noise).round() - noise) * cell).round().max(0.0) as u64;
                let stored = stored.min(layout.infinity() - 1);
                layout.to_f64(layout.sign(raw) | stored)
            }
        }
    };
    (0..values.len()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hepz_columns::Scalar;

    #[test]
    fn the_error_is_uniform_whatever_the_values_are() {
        // All the same value: without dither the error would be the same everywhere.
        let values = Values::from_raw(Scalar::F32, &vec![u64::from(1.3f32.to_bits()); 50_000]);
        let x = f64::from(1.3f32);
        for (grid, step) in [(Grid::Step(-4), 1.0 / 16.0), (Grid::Kept(4), 1.0 / 16.0)] {
            let errors: Vec<f64> = dithered(&values, grid, 3, 0).iter().map(|y| (y - x) / step).collect();
            let n = errors.len() as f64;
            let mean = errors.iter().sum::<f64>() / n;
            let square = errors.iter().map(|e| e * e).sum::<f64>() / n;
            assert!(errors.iter().all(|e| e.abs() < 0.501));
            assert!(mean.abs() < 0.006 && (square * 12.0 - 1.0).abs() < 0.03, "{mean} {square}");
        }
    }

    #[test]
    fn noise_depends_on_row_and_column_only() {
        let values = Values::from_raw(Scalar::F32, &vec![u64::from(0.7f32.to_bits()); 100]);
        let whole = dithered(&values, Grid::Kept(3), 1, 1000);
        let part = Values::from_raw(Scalar::F32, &[u64::from(0.7f32.to_bits()); 10]);
        assert_eq!(whole[50..60], dithered(&part, Grid::Kept(3), 1, 1050));
        assert_ne!(whole, dithered(&values, Grid::Kept(3), 2, 1000));
    }
}
