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
    let labelled =
        || pooled.values.iter().zip(in_second).map(|(value, second)| (value - middle, usize::from(*second)));
    let (mut n, mut means, mut squares) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    for (value, side) in labelled() {
        n[side] += 1.0;
        means[side] += value;
    }
    (0..2).for_each(|side| means[side] /= n[side]);
    // Two passes: samples may be far from each other and narrow.
    for (value, side) in labelled() {
        squares[side] += (value - means[side]) * (value - means[side]);
    }
    let [mean_a, mean_b] = means;
    let [a, b] = [0, 1].map(|side| squares[side] / (n[side] - 1.0) / n[side]);
    if a + b <= 0.0 {
        // Constant samples: equal, or as different as can be.
        let t = if mean_a == mean_b { 0.0 } else { f64::MAX };
        return Welch { t, freedom: n[0] + n[1] - 2.0 };
    }
    let freedom = (a + b) * (a + b) / (a * a / (n[0] - 1.0) + b * b / (n[1] - 1.0));
    Welch { t: (mean_a - mean_b) / (a + b).sqrt(), freedom }
}
