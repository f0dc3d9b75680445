//! The fit: parameters of a peak by maximum likelihood in bins.
//!
//! In: counts, a shape. Out: parameters, and the [`Peak`] they stand for.
//! Not here: densities (`shape`), pairs of fits (`mod`).
//! Holds: the likelihood (with the weak terms of `shape::priors`) never falls from step to step; a fit that does not
//! come to rest is none.
//! Source: Osborne, Fisher's method of scoring, Int. Stat. Rev. 60 (1992); damping after Nielsen, Damping parameter
//! in Marquardt's method, IMM-REP-1999-05.

use super::shape::{PeakShape, priors, probabilities};
use nalgebra::{DMatrix, DVector};

/// Parameters of the core and of the background: mean, width, share, slope.
const CORE: usize = 4;
/// Steps at most.
const STEPS: usize = 120;
/// A step that should gain less in ln likelihood is the last.
const REST: f64 = 1e-7;
/// After so many steps one that should gain less than this will do: the mean is off by a few hundredths of its error at
/// most, and what still creeps are tails that the data hardly determine.
const NEARLY: f64 = 1e-3;
/// Difference of a parameter for a derivative: errors of 1e-8 in curvature, far below those of counts.
const SMALL: f64 = 1e-4;

/// A fitted peak, in units of the observable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Where its maximum is.
    pub mean: f64,
    /// Error of that, as of one sample.
    pub mean_error: f64,
    /// Standard deviation of its Gaussian core.
    pub width: f64,
    /// Error of that.
    pub width_error: f64,
    /// Share of the rows in the window that belong to it.
    pub share: f64,
    /// Pearson's chi-square of the fit, over bins where at least 5 are expected.
    pub chi_square: f64,
    /// Such bins, less the parameters.
    pub freedom: i64,
}

/// A histogram to be fitted.
pub(crate) struct Binned {
    /// From where to where.
    pub(crate) window: (f64, f64),
    /// Bins.
    pub(crate) bins: usize,
    /// The shape.
    pub(crate) shape: PeakShape,
}

impl Binned {
    /// Parameters at which counts are likeliest, starting from `start`; tails stay where they are if `core` is all that
    /// may move.
    pub(crate) fn fit(&self, counts: &[f64], start: Option<&Vec<f64>>, core: bool) -> Option<Vec<f64>> {
        let mut parameters = start.cloned().unwrap_or_else(|| self.guess(counts));
        let (mut damping, mut growth, mut last) = (1e-3, 2.0, f64::INFINITY);
        let mut best = self.likelihood(counts, &parameters);
        for _ in 0..STEPS {
            let free = if core { CORE } else { parameters.len() };
            let (gradient, information) = self.scores(counts, &parameters, free);
            loop {
                let mut damped = information.clone();
                for at in 0..free {
                    // What the data do not say anything about stays where it is.
                    damped[(at, at)] += damping * (information[(at, at)] + 1.0) + 1e-6;
                }
                let step = damped.cholesky()?.solve(&gradient);
                let gain = gradient.dot(&step) - (&information * &step).dot(&step) / 2.0;
                let mut tried = parameters.clone();
                tried.iter_mut().zip(step.iter()).for_each(|(parameter, step)| *parameter += step);
                let found = self.likelihood(counts, &tried);
                if found >= best {
                    // Nielsen's rule: the better the gain was foreseen, the less damping. The expected information
                    // may be below the curvature, and full steps would overshoot for ever.
                    let foreseen = (found - best) / gain;
                    damping = (damping * (1.0 - (2.0 * foreseen - 1.0).powi(3)).max(1.0 / 3.0)).max(1e-9);
                    growth = 2.0;
                    (parameters, best, last) = (tried, found, gain);
                    if gain < REST {
                        return Some(parameters);
                    }
                    break;
                }
                // Rounding hides gains as small as these.
                if gain < REST {
                    return Some(parameters);
                }
                damping *= growth;
                growth *= 2.0;
                if damping.is_nan() || damping > 1e12 {
                    return if core { None } else { self.fit(counts, Some(&parameters), true) };
                }
            }
        }
        if last < NEARLY || core {
            return (last < NEARLY).then_some(parameters);
        }
        // Tails that begin where the rows end creep for ever: they stay where they have come to.
        self.fit(counts, Some(&parameters), true)
    }

    fn probabilities(&self, parameters: &[f64]) -> Vec<f64> {
        probabilities(self.shape, parameters, self.bins)
    }

    /// The highest bin, and how wide the peak is at half its height.
    fn guess(&self, counts: &[f64]) -> Vec<f64> {
        // Five bins together are less rough.
        let smooth: Vec<f64> = (0..counts.len())
            .map(|at| counts[at.saturating_sub(2)..(at + 3).min(counts.len())].iter().sum())
            .collect();
        let top = smooth.iter().copied().fold(0.0, f64::max);
        let at = smooth.iter().position(|&count| count == top).unwrap_or(0);
        let over = smooth.iter().filter(|&&count| count > top / 2.0).count().max(2);
        let unit = 2.0 / self.bins as f64;
        self.shape.start(at as f64 * unit - 1.0 + unit / 2.0, over as f64 * unit / 2.355)
    }

    /// Gradient of the ln likelihood and expected information, by the first `free` parameters.
    fn scores(&self, counts: &[f64], parameters: &[f64], free: usize) -> (DVector<f64>, DMatrix<f64>) {
        let n: f64 = counts.iter().sum();
        let middle = self.probabilities(parameters);
        let slopes: Vec<Vec<f64>> = (0..free)
            .map(|at| {
                let moved = |by: f64| {
                    let mut moved = parameters.to_vec();
                    moved[at] += by;
                    self.probabilities(&moved)
                };
                let (up, down) = (moved(SMALL), moved(-SMALL));
                let difference = |(up, down): (&f64, &f64)| (up - down) / (2.0 * SMALL);
                up.iter().zip(&down).map(difference).collect()
            })
            .collect();
        let d = free;
        let mut gradient = DVector::zeros(d);
        let mut information = DMatrix::zeros(d, d);
        for (bin, (count, p)) in counts.iter().zip(&middle).enumerate() {
            for a in 0..d {
                gradient[a] += count / p * slopes[a][bin];
                for b in 0..d {
                    information[(a, b)] += n / p * slopes[a][bin] * slopes[b][bin];
                }
            }
        }
        for (at, (centre, width)) in priors(d).into_iter().enumerate() {
            gradient[at] -= (parameters[at] - centre) / (width * width);
            information[(at, at)] += 1.0 / (width * width);
        }
        (gradient, information)
    }

    /// ln likelihood, with the weak terms.
    fn likelihood(&self, counts: &[f64], parameters: &[f64]) -> f64 {
        let probabilities = self.probabilities(parameters);
        let likelihood: f64 = counts.iter().zip(&probabilities).map(|(count, p)| count * p.ln()).sum();
        let weak =
            |(parameter, (centre, width)): (&f64, (f64, f64))| ((parameter - centre) / width).powi(2) / 2.0;
        likelihood - parameters.iter().zip(priors(parameters.len())).map(weak).sum::<f64>()
    }

    /// Expected counts.
    pub(crate) fn expected(&self, counts: &[f64], parameters: &[f64]) -> Vec<f64> {
        let n: f64 = counts.iter().sum();
        self.probabilities(parameters).into_iter().map(|p| n * p).collect()
    }

    /// What the parameters stand for.
    pub(crate) fn peak(&self, counts: &[f64], parameters: &[f64]) -> Peak {
        let half = (self.window.1 - self.window.0) / 2.0;
        let middle = (self.window.1 + self.window.0) / 2.0;
        let (_, mut information) = self.scores(counts, parameters, parameters.len());
        (0..parameters.len()).for_each(|at| information[(at, at)] += 1e-6);
        let variance = information.try_inverse();
        let error = |at: usize| variance.as_ref().map_or(f64::NAN, |matrix| matrix[(at, at)].max(0.0).sqrt());
        let width = parameters[1].exp() * half;
        let filled = || self.expected(counts, parameters).into_iter().zip(counts).filter(|(e, _)| *e >= 5.0);
        Peak {
            mean: middle + half * parameters[0],
            mean_error: half * error(0),
            width,
            width_error: width * error(1),
            share: 1.0 / (1.0 + (-parameters[2]).exp()),
            chi_square: filled().map(|(e, n)| (n - e) * (n - e) / e).sum(),
            freedom: filled().count() as i64 - parameters.len() as i64 - 1,
        }
    }
}
