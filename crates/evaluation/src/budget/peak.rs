//! Peak: a Gaussian fitted to values in a window.
//!
//! In: number, sum and sum of squares of the values in the window. Out: mean and width of the Gaussian.
//! Not here: errors (`comparison`).
//! Holds: this is the fit of maximum likelihood, without bins: the likelihood of a Gaussian that is cut off at both
//! ends depends on the values through those three sums only, and is largest where its mean and variance are theirs.
//! Source: Cohen, Ann. Math. Statist. 21 (1950) 557: truncated normal distributions.

/// Sums over values in a window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) n: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    pub(super) fn add(&mut self, x: f64) {
        self.n += 1.0;
        self.sum += x;
        self.squares += x * x;
    }

    pub(super) fn plus(self, other: Sums, sign: f64) -> Sums {
        Sums {
            n: self.n + sign * other.n,
            sum: self.sum + sign * other.sum,
            squares: self.squares + sign * other.squares,
        }
    }
}

/// A shift without errors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    pub(super) mean: f64,
    pub(super) width: f64,
    pub(super) shift: f64,
    pub(super) growth: f64,
}

/// Fits both sides.
pub(super) fn shift(before: Sums, after: Sums, window: (f64, f64)) -> Option<Shift> {
    let (mean, width) = fit(before, window)?;
    let (mean_after, width_after) = fit(after, window)?;
    Some(Shift { mean, width, shift: mean_after - mean, growth: width_after / width - 1.0 })
}

/// Steps after which a fit that has not converged never will.
const STEPS: usize = 2000;
/// Relative to the width; far below any error.
const CLOSE: f64 = 1e-13;
/// A window that is narrower in units of the width holds no peak.
const NARROWEST: f64 = 1.0;

fn fit(sums: Sums, (from, to): (f64, f64)) -> Option<(f64, f64)> {
    let mean_inside = sums.sum / sums.n;
    let variance_inside = sums.squares / sums.n - mean_inside * mean_inside;
    let (mut mean, mut width) = (mean_inside, variance_inside.sqrt());
    for _ in 0..STEPS {
        if !(width > 0.0 && (to - from) / width > NARROWEST) {
            return None;
        }
        let (cut_mean, cut_variance) = cut_off((from - mean) / width, (to - mean) / width);
        let (step, factor) = (
            mean_inside - (mean + width * cut_mean),
            (variance_inside / (width * width * cut_variance)).sqrt(),
        );
        mean += step;
        width *= factor;
        if step.abs() < CLOSE * width && (factor - 1.0).abs() < CLOSE {
            return Some((mean, width));
        }
    }
    None
}

/// Mean and variance of a standard Gaussian between `from` and `to`.
fn cut_off(from: f64, to: f64) -> (f64, f64) {
    let density = |x: f64| (-0.5 * x * x).exp();
    // Beyond 9 widths there is nothing.
    let (from, to) = (from.max(-9.0), to.min(9.0));
    // Simpson's rule; its error is the fourth power of a step of at most 0.05.
    const PARTS: usize = 400;
    let step = (to - from) / PARTS as f64;
    let mut moments = [0.0; 3];
    for at in 0..=PARTS {
        let x = from + step * at as f64;
        let weight = match at {
            0 | PARTS => 1.0,
            odd if odd % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let part = weight * density(x);
        for (moment, power) in moments.iter_mut().zip([1.0, x, x * x]) {
            *moment += part * power;
        }
    }
    let mean = moments[1] / moments[0];
    (mean, moments[2] / moments[0] - mean * mean)
}
