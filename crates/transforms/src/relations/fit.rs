//! Least squares for calibration factors.
//!
//! In: ratios of two columns and what they may depend on. Out: a [`Smooth`].
//! Not here: which columns to try (`search`), evaluating (`smooth`).
//! Holds: the encoder's business only: the decoder sees knots and coefficients, never a fit.

use super::smooth::{Curve, Smooth, basis, interval, pad};

/// Rows to fit.
#[derive(Default)]
pub(super) struct Points {
    /// Target over first input.
    pub ratios: Vec<f64>,
    /// First input.
    pub first: Vec<f64>,
    /// Size of the second input; empty if there is none.
    pub second: Vec<f64>,
}

/// Rows further off than this many typical distances are left out of the second fit.
const OUTLIER: f64 = 8.0;

/// Knots at equal shares of the values, so that every interval has rows; fewer if values repeat.
fn knots(values: &[f64], intervals: usize, wide: bool) -> Option<Vec<f64>> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let store = |x: f64| if wide { x } else { f64::from(x as f32) };
    let mut knots: Vec<f64> = (0..=intervals).map(|at| store(sorted[last * at / intervals])).collect();
    knots.dedup();
    (knots.len() >= 2 && knots.iter().all(|x| x.is_finite())).then_some(knots)
}

/// Columns of the design matrix that are not zero on one row, with their values: four for each curve.
type Entries = ([(usize, f64); 8], usize);

/// Adds the four entries of one curve, whose columns start at `from`.
fn support(entries: &mut Entries, knots: &[f64], padded: &[f64], x: f64, from: usize) {
    let (first, last) = (knots[0], knots[knots.len() - 1]);
    let at = interval(knots, x);
    let values = basis(padded, at + 3, x.clamp(first, last), 3);
    for (j, value) in values.into_iter().enumerate() {
        entries.0[entries.1] = (from + at + j, value);
        entries.1 += 1;
    }
}

/// Fits `base + f(first) + g(second)` to the ratios. `None` if there are too few rows.
pub(super) fn fit(points: &Points, sizes: [usize; 2], wide: bool) -> Option<Smooth> {
    let rows = points.ratios.len();
    let intervals = sizes.map(|size| size.min(rows / 12));
    if rows < 24 || intervals[0] == 0 || points.ratios.iter().any(|k| !k.is_finite()) {
        return None;
    }
    let first = knots(&points.first, intervals[0], wide)?;
    let second =
        if points.second.is_empty() { Vec::new() } else { knots(&points.second, intervals[1], wide)? };
    let (padded_first, padded_second) = (pad(&first), pad(&second));
    let n_first = first.len() + 2;
    let n = n_first + if second.is_empty() { 0 } else { second.len() + 2 };
    let mut sorted = points.ratios.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let base = f64::from(sorted[rows / 2] as f32);
    let design: Vec<Entries> = (0..rows)
        .map(|row| {
            let mut entries = ([(0, 0.0); 8], 0);
            support(&mut entries, &first, &padded_first, points.first[row], 0);
            if let Some(&x) = points.second.get(row) {
                support(&mut entries, &second, &padded_second, x, n_first);
            }
            entries
        })
        .collect();
    let mut used = vec![true; rows];
    let mut solution = Vec::new();
    for _ in 0..3 {
        let mut matrix = vec![0.0; n * n];
        let mut right = vec![0.0; n];
        for row in (0..rows).filter(|&row| used[row]) {
            let entries = &design[row].0[..design[row].1];
            let y = points.ratios[row] - base;
            for &(i, vi) in entries {
                right[i] += vi * y;
                for &(j, vj) in entries {
                    matrix[i * n + j] += vi * vj;
                }
            }
        }
        // The two curves share a constant; a breath of damping chooses among the equals.
        for i in 0..n {
            matrix[i * n + i] += 1.0e-9 * rows as f64 / n as f64;
        }
        solution = solve(matrix, right)?;
        let off: Vec<f64> = (0..rows)
            .map(|row| {
                let fitted: f64 = design[row].0[..design[row].1].iter().map(|&(i, v)| v * solution[i]).sum();
                (points.ratios[row] - base - fitted).abs()
            })
            .collect();
        let mut sorted = off.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let most = OUTLIER * sorted[rows / 2];
        for (used, off) in used.iter_mut().zip(off) {
            *used = off <= most;
        }
    }
    let rest = solution.split_off(n_first);
    let first = Curve::new(first, solution).ok()?;
    let second = if second.is_empty() { None } else { Some(Curve::new(second, rest).ok()?) };
    Smooth::new(wide, base, first, second).ok()
}

/// Solves a symmetric positive system by Cholesky's factors.
fn solve(mut matrix: Vec<f64>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    for j in 0..n {
        for i in j..n {
            let mut sum = matrix[i * n + j];
            for k in 0..j {
                sum -= matrix[i * n + k] * matrix[j * n + k];
            }
            matrix[i * n + j] =
                if i == j { (sum > 0.0).then(|| sum.sqrt())? } else { sum / matrix[j * n + j] };
        }
    }
    for i in 0..n {
        for k in 0..i {
            right[i] -= matrix[i * n + k] * right[k];
        }
        right[i] /= matrix[i * n + i];
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            right[i] -= matrix[k * n + i] * right[k];
        }
        right[i] /= matrix[i * n + i];
    }
    Some(right)
}
