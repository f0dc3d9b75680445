//! Residuals: how far the other's values are from the original's, row by row.
//!
//! In: two columns of numbers. Out: [`Residuals`].
//! Not here: grids and staircases (`grid`), tests of distributions (`two_sample`).
//! Holds: a residual is other minus original; means are over pairs that are both finite, everything else is counted.

use super::pairing::Column;

/// The largest of its kind, and where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Worst {
    /// How large.
    pub value: f64,
    /// In which row.
    pub row: u64,
}

/// Values that are no ordinary numbers, in the original, and how many of them the other kept bit for bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// In the original.
    pub n: u64,
    /// The same in the other.
    pub kept: u64,
}

/// What became of special values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Specials {
    /// NaN, with payload.
    pub nan: Kept,
    /// Infinities, with sign.
    pub infinite: Kept,
    /// Zeros, with sign.
    pub zero: Kept,
    /// Finite values that the other has as NaN or infinity.
    pub made_special: u64,
    /// Values other than zero that the other has as zero.
    pub made_zero: u64,
    /// Values other than zero whose sign the other turned.
    pub sign_turned: u64,
}

/// How far one column is from another.
#[derive(Clone, Debug, PartialEq)]
pub struct Residuals {
    /// Rows.
    pub n: u64,
    /// Rows whose number (or, of NaN, whose pattern) is not the same.
    pub n_changed: u64,
    /// Rows in which both are finite; of these are the means.
    pub n_finite: u64,
    /// Mean of other minus original.
    pub bias: f64,
    /// Its standard error, as if rows were independent.
    pub bias_error: f64,
    /// Bias by its error.
    pub bias_in_errors: f64,
    /// Mean of (other minus original) / original, over originals other than zero.
    pub relative_bias: f64,
    /// Root of the mean square.
    pub rms: f64,
    /// Quantiles of the residual: share of rows below, value.
    pub quantiles: Vec<(f64, f64)>,
    /// Largest residual, without sign.
    pub max_absolute: Worst,
    /// Largest residual by the original, without sign, over originals other than zero.
    pub max_relative: Worst,
    /// Mean of (ln other - ln original)^2, natural logarithms, over values of the same sign other than zero.
    pub ln_mse: f64,
    /// Rows of which that is the mean.
    pub n_ln: u64,
    /// Special values.
    pub specials: Specials,
}

/// Shares at which quantiles are given: the ends, 0.5 %, 2.5 %, one and two sides of a standard deviation.
const SHARES: [f64; 9] = [0.0, 0.005, 0.025, 0.1587, 0.5, 0.8413, 0.975, 0.995, 1.0];

impl Residuals {
    /// Of a pair of columns.
    pub(crate) fn of(column: &Column) -> Residuals {
        let [raw_x, raw_y] = [column.values[0].to_raw(), column.values[1].to_raw()];
        let same_type = column.values[0].scalar() == column.values[1].scalar();
        let mut n_changed = 0;
        let mut specials = Specials::default();
        for (row, (&x, &y)) in column.x.iter().zip(&column.y).enumerate() {
            let patterns = raw_x.get(row) == raw_y.get(row);
            let same =
                if same_type { patterns } else { x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()) };
            n_changed += u64::from(!same);
            specials.look(x, y, same);
        }
        Residuals { n_changed, specials, ..Residuals::of_numbers(&column.x, &column.y) }
    }

    /// Of two arrays of numbers. Special values are not looked at.
    pub fn of_numbers(x: &[f64], y: &[f64]) -> Residuals {
        let mut residuals = Vec::with_capacity(x.len().min(y.len()));
        let (mut max_absolute, mut max_relative) = (Worst::default(), Worst::default());
        let mut n_changed = 0;
        let (mut relative, mut n_relative) = (0.0, 0u64);
        let (mut squares_ln, mut n_ln) = (0.0, 0u64);
        for (row, (&x, &y)) in (0u64..).zip(x.iter().zip(y)) {
            n_changed += u64::from(x.to_bits() != y.to_bits());
            if !(x.is_finite() && y.is_finite()) {
                continue;
            }
            let residual = y - x;
            residuals.push(residual);
            if residual.abs() > max_absolute.value {
                max_absolute = Worst { value: residual.abs(), row };
            }
            if x != 0.0 {
                let share = residual / x;
                relative += share;
                n_relative += 1;
                if share.abs() > max_relative.value {
                    max_relative = Worst { value: share.abs(), row };
                }
                if y / x > 0.0 {
                    // ln(y/x) of neighbours, without the loss of a quotient near one.
                    let logarithm = share.ln_1p();
                    squares_ln += logarithm * logarithm;
                    n_ln += 1;
                }
            }
        }
        let n = residuals.len() as f64;
        let bias = residuals.iter().sum::<f64>() / n;
        let square = residuals.iter().map(|r| r * r).sum::<f64>() / n;
        let spread = residuals.iter().map(|r| (r - bias) * (r - bias)).sum::<f64>();
        let bias_error = (spread / (n - 1.0) / n).sqrt();
        let bias_in_errors = if bias == 0.0 { 0.0 } else { bias / bias_error };
        residuals.sort_by(f64::total_cmp);
        Residuals {
            n: x.len().min(y.len()) as u64,
            n_changed,
            n_finite: residuals.len() as u64,
            bias,
            bias_error,
            bias_in_errors,
            relative_bias: relative / n_relative as f64,
            rms: square.sqrt(),
            quantiles: SHARES.map(|share| (share, quantile(&residuals, share))).to_vec(),
            max_absolute,
            max_relative,
            ln_mse: squares_ln / n_ln as f64,
            n_ln,
            specials: Specials::default(),
        }
    }
}

impl Specials {
    fn look(&mut self, x: f64, y: f64, same: bool) {
        let count = |kept: &mut Kept| {
            kept.n += 1;
            kept.kept += u64::from(same);
        };
        if x.is_nan() {
            count(&mut self.nan);
        } else if x.is_infinite() {
            count(&mut self.infinite);
        } else {
            self.made_special += u64::from(!y.is_finite());
            if x == 0.0 {
                count(&mut self.zero);
            } else {
                self.made_zero += u64::from(y == 0.0);
                self.sign_turned +=
                    u64::from(x * y < 0.0 || (y != 0.0 && x.signum() != y.signum() && !y.is_nan()));
            }
        }
    }

    /// Share of special values that were kept; 1 if there are none.
    pub fn share_kept(&self) -> f64 {
        let kinds = [self.nan, self.infinite, self.zero];
        let n: u64 = kinds.iter().map(|kind| kind.n).sum();
        let kept: u64 = kinds.iter().map(|kind| kind.kept).sum();
        if n == 0 { 1.0 } else { kept as f64 / n as f64 }
    }
}

/// A quantile of sorted numbers, between neighbours in proportion (as NumPy's default); NaN of none.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share * last as f64;
    let below = (place.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let part = place - below as f64;
    if part == 0.0 { sorted[below] } else { sorted[below] * (1.0 - part) + sorted[above] * part }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hepz_columns::{Scalar, Values};

    #[test]
    fn figures_of_a_few_values_are_those_by_hand() {
        let x = [1.0, -2.0, 4.0, 0.0, f64::NAN];
        let y = [1.5, -2.0, 3.0, 0.25, 1.0];
        let found = Residuals::of_numbers(&x, &y);
        assert_eq!((found.n, found.n_changed, found.n_finite, found.n_ln), (5, 4, 4, 3));
        assert_eq!((found.bias, found.max_absolute), (-0.0625, Worst { value: 1.0, row: 2 }));
        assert_eq!(found.max_relative, Worst { value: 0.5, row: 0 });
        assert!((found.rms - (1.3125f64 / 4.0).sqrt()).abs() < 1e-15);
        let by_hand = (1.5f64.ln().powi(2) + 0.75f64.ln().powi(2)) / 3.0;
        assert!((found.ln_mse - by_hand).abs() < 1e-15);
        assert_eq!(found.quantiles[4], (0.5, 0.125));
        assert!((found.relative_bias - 0.25 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn special_values_that_changed_are_counted() {
        let raw = |numbers: [f32; 6]| Values::from_raw(Scalar::F32, &numbers.map(|x| u64::from(x.to_bits())));
        let x = raw([f32::NAN, f32::INFINITY, 0.0, -0.0, 1.0, 2.0]);
        let y = raw([f32::INFINITY, f32::INFINITY, 0.0, 0.0, f32::NAN, -2.0]);
        let found = Residuals::of(&Column::new([x, y]));
        let specials = found.specials;
        assert_eq!((specials.nan, specials.infinite), (Kept { n: 1, kept: 0 }, Kept { n: 1, kept: 1 }));
        assert_eq!((specials.zero, specials.made_special), (Kept { n: 2, kept: 1 }, 1));
        assert_eq!((specials.sign_turned, found.n_changed), (1, 4));
        assert_eq!(specials.share_kept(), 0.5);
    }
}
