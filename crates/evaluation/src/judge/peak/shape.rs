//! Shapes: densities of a peak over a background.
//!
//! In: parameters, the window mapped to -1..1. Out: the probability of each bin.
//! Not here: fitting (`fit`).
//! Holds: probabilities are positive and sum to one, whatever the parameters.
//! Source: Gaiser, SLAC-R-255 (1982), appendix F, for the tail; on both sides as LHC experiments fit H to gamma
//! gamma.

/// What a peak looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeakShape {
    /// A Gaussian.
    Gaussian,
    /// A Gaussian core with power-law tails on both sides: double-sided Crystal Ball.
    CrystalBall,
}

impl PeakShape {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            PeakShape::Gaussian => "gaussian",
            PeakShape::CrystalBall => "crystal_ball",
        }
    }

    /// Where a fit begins, in units of half a window: mean, ln width, logit of the share of the peak, slope of the
    /// background; then of both tails ln of where it begins (in widths) and ln of its power less one.
    pub(crate) fn start(self, mean: f64, width: f64) -> Vec<f64> {
        let mut start = vec![mean, width.ln(), 2.0, 0.0];
        if self == PeakShape::CrystalBall {
            start.extend([1.5f64.ln(), 4f64.ln(), 1.5f64.ln(), 4f64.ln()]);
        }
        start
    }
}

/// Weak Gaussian terms on what the data may not determine: centre and width for each parameter, an infinite width
/// for the mean and the width of the peak. Without a background its slope, without tails their power would be
/// anything, and a fit would not come to rest; where the data speak, a thousand rows outweigh these terms.
pub(crate) fn priors(parameters: usize) -> Vec<(f64, f64)> {
    let free = (0.0, f64::INFINITY);
    let (begins, power) = ((1.5f64.ln(), 1.0), (4f64.ln(), 1.5));
    let all = [free, free, (2.0, 3.0), (0.0, 3.0), begins, power, begins, power];
    all.into_iter().take(parameters).collect()
}

/// Keeps parameters where densities are numbers: a narrow width is a tenth of a bin, a wide one many windows.
fn bounded(parameter: f64, most: f64) -> f64 {
    parameter.clamp(-most, most)
}

/// Density of the peak at `t` widths from its mean, not normalised.
fn peak(shape: PeakShape, t: f64, tails: &[f64]) -> f64 {
    if let (PeakShape::CrystalBall, &[begins_low, power_low, begins_high, power_high]) = (shape, tails) {
        for (t, begins, power) in [(-t, begins_low, power_low), (t, begins_high, power_high)] {
            let begins = bounded(begins, 3.0).exp();
            if t > begins {
                let power = 1.0 + bounded(power, 5.0).exp();
                return (-begins * begins / 2.0).exp() * (1.0 + begins / power * (t - begins)).powf(-power);
            }
        }
    }
    (-t * t / 2.0).exp()
}

/// Probability of each of `bins` equal bins of the window, by Simpson's rule in each.
pub(crate) fn probabilities(shape: PeakShape, parameters: &[f64], bins: usize) -> Vec<f64> {
    let (core, tails) = parameters.split_at(parameters.len().min(4));
    let &[mean, ln_width, logit, slope] = core else { return vec![1.0 / bins as f64; bins] };
    let width = bounded(ln_width, 7.0).exp();
    let share = 1.0 / (1.0 + (-bounded(logit, 14.0)).exp());
    let slope = bounded(slope, 50.0);
    let place = |half: usize| half as f64 / bins as f64 - 1.0;
    // Densities at edges and middles of the bins.
    let signal: Vec<f64> =
        (0..=2 * bins).map(|half| peak(shape, (place(half) - mean) / width, tails)).collect();
    let background: Vec<f64> = (0..=2 * bins).map(|half| (slope * place(half)).exp()).collect();
    let integrals = |density: &[f64]| -> Vec<f64> {
        (0..bins).map(|bin| density[2 * bin] + 4.0 * density[2 * bin + 1] + density[2 * bin + 2]).collect()
    };
    let (signal, background) = (integrals(&signal), integrals(&background));
    let (all_signal, all_background): (f64, f64) = (signal.iter().sum(), background.iter().sum());
    let least = 1e-12 / bins as f64;
    let probability = |(s, b): (&f64, &f64)| {
        let s = if all_signal > 0.0 { s / all_signal } else { 1.0 / bins as f64 };
        (share * s + (1.0 - share) * b / all_background).max(least)
    };
    signal.iter().zip(&background).map(probability).collect()
}
