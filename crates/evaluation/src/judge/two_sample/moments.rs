//! Statistics of moments: Welch's t.
//!
//! In: the pooled sample and who is of the second. Out: [`Welch`].
//! Not here: its law (statrs).
//! Holds: the figures are those of `scipy.stats.ttest_ind(equal_var=False)`.
//! Source: Welch, The generalization of Student's problem, Biometrika 34 (1947).

use super::pooled::Pooled;

/// Welch's t and its degrees of freedom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Welch {
    /// Difference of the means (first less second) by its error.
    pub(crate) t: f64,
    /// Degrees of freedom.
    pub(crate) freedom: f64,
}

/// Of one assignment.
pub(crate) fn welch(pooled: &Pooled, in_second: &[bool]) -> Welch {
    // Values far from zero lose nothing if the middle one is taken off first.
    let middle = pooled.values[pooled.values.len() / 2];
    let (mut n, mut sums, mut squares) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    for (value, second) in pooled.values.iter().zip(in_second) {
        let side = usize::from(*second);
        let value = value - middle;
        n[side] += 1.0;
        sums[side] += value;
        squares[side] += value * value;
    }
    let side = |at: usize| {
        let mean = sums[at] / n[at];
        let variance = (squares[at] - sums[at] * mean) / (n[at] - 1.0);
        (mean, variance / n[at])
    };
    let ((mean_a, a), (mean_b, b)) = (side(0), side(1));
    if a + b <= 0.0 {
        // Constant samples: equal, or as different as can be.
        let t = if mean_a == mean_b { 0.0 } else { f64::MAX };
        return Welch { t, freedom: n[0] + n[1] - 2.0 };
    }
    let freedom = (a + b) * (a + b) / (a * a / (n[0] - 1.0) + b * b / (n[1] - 1.0));
    Welch { t: (mean_a - mean_b) / (a + b).sqrt(), freedom }
}
