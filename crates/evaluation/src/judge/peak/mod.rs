//! Peaks: where a mass peak lies and how wide it is, in the original and in the other.
//!
//! In: an observable in both files, row by row. Out: a [`PeakJudgement`].
//! Not here: the observable itself (`observable`).
//! Holds: both fits see the same rows, window and bins, and bootstrap replicas draw rows for both at once, so the
//! error of the shift is that of paired samples; rows are drawn from the stated seed.

mod fit;
mod shape;

pub use fit::Peak;
pub use shape::PeakShape;

use super::residual::quantile;
use fit::Binned;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Bins of the window.
const BINS: usize = 240;
/// Half of an automatic window, in widths of the peak.
const WINDOW: f64 = 4.0;
/// Half of the core, in widths of the peak.
const CORE: f64 = 2.0;
/// Rows in the window for a fit, at least.
const FEWEST: usize = 50;

/// One observable in both files.
#[derive(Clone, Debug)]
pub struct PeakJudgement {
    /// Rows in which it is defined in both.
    pub n_rows: u64,
    /// From where to where it is fitted.
    pub window: (f64, f64),
    /// What is fitted over an exponential background.
    pub shape: PeakShape,
    /// Fits of the original and of the other; none if one of them does not converge.
    pub peaks: Option<[Peak; 2]>,
    /// Mean of the other's fit less that of the original's.
    pub shift: f64,
    /// Its bootstrap error.
    pub shift_error: f64,
    /// Width of the other's fit by that of the original's, less one.
    pub width_growth: f64,
    /// Its bootstrap error.
    pub width_growth_error: f64,
    /// Bootstrap replicas whose fits converged.
    pub n_replicas: usize,
    /// Rows whose original lies in the core: two widths around the peak.
    pub n_core: u64,
    /// Mean of the differences in the core.
    pub core_shift: f64,
    /// Its standard error.
    pub core_shift_error: f64,
    /// Root mean square of the differences in the core.
    pub core_rms: f64,
    /// What width growth that makes if differences do not depend on the observable: `sqrt(1 + (rms / width)^2) - 1`.
    pub core_width_growth: f64,
    /// Counts of original and other in the window, in equal bins.
    pub counts: [Vec<f64>; 2],
    /// Expected counts of the original by its fit.
    pub expected: Vec<f64>,
    /// Rows that are in different bins, by the bin of the original and by that of the other.
    pub moved: Vec<f64>,
}

/// How a peak is fitted.
#[derive(Clone, Copy, Debug)]
pub struct PeakOptions {
    /// From where to where; around the peak if not given.
    pub window: Option<(f64, f64)>,
    /// What is fitted.
    pub shape: PeakShape,
    /// Bootstrap replicas.
    pub replicas: usize,
    /// Their seed.
    pub seed: u64,
}

/// Fits the peaks of `x` (original) and `y` (other), which are paired by row. `None` if too few rows are in the
/// window.
pub fn judge_peak(x: &[f64], y: &[f64], options: &PeakOptions) -> Option<PeakJudgement> {
    let pairs = || x.iter().copied().zip(y.iter().copied()).filter(|(x, y)| x.is_finite() && y.is_finite());
    let n_rows = pairs().count();
    let window = options.window.or_else(|| automatic(pairs().map(|(x, _)| x).collect()))?;
    let (low, high) = window;
    let width = high - low;
    if !(width > 0.0 && width.is_finite()) {
        return None;
    }
    // Outside the window is a bin of its own, behind the others.
    let bin = |value: f64| {
        let place = (value - low) / width * BINS as f64;
        if (0.0..BINS as f64).contains(&place) { place as u16 } else { BINS as u16 }
    };
    let bins: Vec<(u16, u16)> = pairs()
        .map(|(x, y)| (bin(x), bin(y)))
        .filter(|&(x, y)| usize::from(x) < BINS || usize::from(y) < BINS)
        .collect();
    let mut counts = [vec![0.0; BINS + 1], vec![0.0; BINS + 1]];
    let mut moved = vec![0.0; BINS + 1];
    for &(x, y) in &bins {
        counts[0][usize::from(x)] += 1.0;
        counts[1][usize::from(y)] += 1.0;
        if x != y {
            moved[usize::from(x)] += 1.0;
            moved[usize::from(y)] += 1.0;
        }
    }
    counts.iter_mut().for_each(|counts| counts.truncate(BINS));
    moved.truncate(BINS);
    if counts.iter().any(|counts| counts.iter().sum::<f64>() < FEWEST as f64) {
        return None;
    }
    let model = Binned { window, bins: BINS, shape: options.shape };
    // Tails are those of the original in both: a shape that moves with every fit would hide a shift.
    let fits = model
        .fit(&counts[0], None, false)
        .and_then(|a| Some([a.clone(), model.fit(&counts[1], Some(&a), true)?]));
    let mut found = PeakJudgement {
        n_rows: n_rows as u64,
        window,
        shape: options.shape,
        expected: fits.as_ref().map_or(Vec::new(), |fits| model.expected(&counts[0], &fits[0])),
        peaks: fits.as_ref().map(|fits| [model.peak(&counts[0], &fits[0]), model.peak(&counts[1], &fits[1])]),
        shift: f64::NAN,
        shift_error: f64::NAN,
        width_growth: f64::NAN,
        width_growth_error: f64::NAN,
        n_replicas: 0,
        n_core: 0,
        core_shift: f64::NAN,
        core_shift_error: f64::NAN,
        core_rms: f64::NAN,
        core_width_growth: f64::NAN,
        counts,
        moved,
    };
    let (mean, sd) = match &found.peaks {
        Some([a, b]) => {
            found.shift = b.mean - a.mean;
            found.width_growth = b.width / a.width - 1.0;
            (a.mean, a.width)
        }
        None => ((low + high) / 2.0, width / 2.0 / WINDOW),
    };
    found.core(pairs(), mean, sd);
    if let Some(fits) = fits {
        found.bootstrap(&model, &bins, &fits, options);
    }
    Some(found)
}

impl PeakJudgement {
    fn core(&mut self, pairs: impl Iterator<Item = (f64, f64)>, mean: f64, sd: f64) {
        let core = pairs.filter(|(x, _)| (x - mean).abs() <= CORE * sd);
        let differences: Vec<f64> = core.map(|(x, y)| y - x).collect();
        let n = differences.len() as f64;
        let shift = differences.iter().sum::<f64>() / n;
        let square = differences.iter().map(|d| d * d).sum::<f64>() / n;
        self.n_core = differences.len() as u64;
        self.core_shift = shift;
        self.core_shift_error = ((square - shift * shift).max(0.0) / (n - 1.0)).sqrt();
        self.core_rms = square.sqrt();
        self.core_width_growth = (1.0 + square / (sd * sd)).sqrt() - 1.0;
    }

    /// Rows are drawn with Poisson weights of mean one, which stand for drawing with replacement. Tails stay where the fit
    /// of all rows has put them: few rows are there, and the core hardly depends on them.
    fn bootstrap(
        &mut self,
        model: &Binned,
        bins: &[(u16, u16)],
        fits: &[Vec<f64>; 2],
        options: &PeakOptions,
    ) {
        let mut random = ChaCha8Rng::seed_from_u64(options.seed);
        let (mut shifts, mut growths) = (Vec::new(), Vec::new());
        for _ in 0..options.replicas {
            let mut counts = [vec![0.0; model.bins + 1], vec![0.0; model.bins + 1]];
            for rows in bins.chunks(4) {
                let mut bits = random.next_u64();
                for &(x, y) in rows {
                    let weight = poisson(bits as u16);
                    bits >>= 16;
                    counts[0][usize::from(x)] += weight;
                    counts[1][usize::from(y)] += weight;
                }
            }
            counts.iter_mut().for_each(|counts| counts.truncate(model.bins));
            let fit = |side: usize| {
                let found = model.fit(&counts[side], Some(&fits[side]), true)?;
                Some(model.peak(&counts[side], &found))
            };
            if let (Some(a), Some(b)) = (fit(0), fit(1)) {
                shifts.push(b.mean - a.mean);
                growths.push(b.width / a.width - 1.0);
            }
        }
        self.n_replicas = shifts.len();
        self.shift_error = deviation(&shifts);
        self.width_growth_error = deviation(&growths);
    }
}

fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0)).sqrt()
}

/// A Poisson number of mean one from 16 random bits: the cumulative law in units of 2^-16.
fn poisson(bits: u16) -> f64 {
    const LAW: [u16; 8] = [24109, 48219, 60274, 64292, 65296, 65497, 65531, 65535];
    LAW.iter().position(|&end| bits < end).unwrap_or(LAW.len()) as f64
}

/// Around the shortest interval that holds 68 % of the values, whose half is taken for the width.
fn automatic(mut values: Vec<f64>) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    let inside = (values.len() as f64 * 0.6827) as usize;
    let spans = values.iter().zip(values.get(inside..)?);
    let (low, high) = spans.min_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))?;
    let (middle, half) = ((low + high) / 2.0, (high - low) / 2.0);
    let window = (middle - WINDOW * half, middle + WINDOW * half);
    // A window wider than the values holds empty bins only.
    let (least, most) = (quantile(&values, 0.0), quantile(&values, 1.0));
    (half > 0.0 && most > least).then_some((window.0.max(least), window.1.min(most)))
}
