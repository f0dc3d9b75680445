//! Comparison: an observable before and after, row by row.
//!
//! In: its values from original and from coarser columns, in pairs. Out: shift of the mean and growth of the width,
//! each with its error; the shift of a fitted peak.
//! Not here: how the coarser values came about.
//! Holds: rows count by their original value, so both sides are the same rows, and what is common to both cancels.
//! Errors are those of a jackknife over stretches of rows, which knows that both sides are the same rows.
//! Source: jackknife: Efron, The Jackknife, the Bootstrap and Other Resampling Plans, chapters 2 and 3.

use super::peak::{Shift, Sums, shift};

/// Stretches of the jackknife: the error of an error is then about a tenth.
const STRETCHES: u64 = 64;

/// A number and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error; NaN if there are too few rows to tell.
    pub error: f64,
}

/// What happened to an observable.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Rows that count.
    pub rows: u64,
    /// Mean before.
    pub mean: f64,
    /// Standard deviation before.
    pub width: f64,
    /// Mean after less mean before.
    pub bias: Estimate,
    /// Standard deviation after by that before, less 1.
    pub growth: Estimate,
    /// Root of the mean square of the differences.
    pub rms: f64,
    /// Largest difference.
    pub largest: f64,
    /// Rows that have a value before and none after.
    pub lost: u64,
}

/// What a fit says of a peak before and after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeakShift {
    /// Its place before.
    pub mean: f64,
    /// Its width before.
    pub width: f64,
    /// Its place after less that before.
    pub shift: Estimate,
    /// Its width after by that before, less 1.
    pub growth: Estimate,
}

/// Sums over the rows of a stretch. Values are taken from a number near their mean, so that nothing cancels.
#[derive(Clone, Copy, Debug, Default)]
struct Paired {
    n: f64,
    u: f64,
    uu: f64,
    d: f64,
    dd: f64,
    ud: f64,
}

impl Paired {
    fn plus(self, other: Paired, sign: f64) -> Paired {
        Paired {
            n: self.n + sign * other.n,
            u: self.u + sign * other.u,
            uu: self.uu + sign * other.uu,
            d: self.d + sign * other.d,
            dd: self.dd + sign * other.dd,
            ud: self.ud + sign * other.ud,
        }
    }

    fn variance(&self) -> f64 {
        self.uu / self.n - (self.u / self.n).powi(2)
    }

    fn bias(&self) -> f64 {
        self.d / self.n
    }

    /// From `var(u + d) = var(u) + 2 cov(u, d) + var(d)`.
    fn growth(&self) -> f64 {
        let covariance = self.ud / self.n - self.u / self.n * self.d / self.n;
        let added = 2.0 * covariance + self.dd / self.n - (self.d / self.n).powi(2);
        (1.0 + added / self.variance()).max(0.0).sqrt() - 1.0
    }
}

/// Gathers pairs of values.
#[derive(Clone, Debug)]
pub struct Comparison {
    within: (f64, f64),
    center: f64,
    total_rows: u64,
    paired: Vec<Paired>,
    /// For fits: the values inside on either side, whichever rows they are of.
    before: Vec<Sums>,
    after: Vec<Sums>,
    largest: f64,
    lost: u64,
}

impl Comparison {
    /// A comparison of values within a range, of a table of so many rows.
    pub fn new(within: (f64, f64), rows: u64) -> Comparison {
        let n = STRETCHES as usize;
        Comparison {
            within,
            center: (within.0 + within.1) / 2.0,
            total_rows: rows.max(1),
            paired: vec![Paired::default(); n],
            before: vec![Sums::default(); n],
            after: vec![Sums::default(); n],
            largest: 0.0,
            lost: 0,
        }
    }

    /// Adds pairs, the first of which is that of row `first`.
    pub fn add(&mut self, first: u64, before: &[f64], after: &[f64]) {
        let inside = |x: f64| x >= self.within.0 && x <= self.within.1;
        for (row, (&x, &y)) in before.iter().zip(after).enumerate() {
            let row = u128::from(first) + row as u128;
            let stretch = (row * u128::from(STRETCHES) / u128::from(self.total_rows)) as usize;
            let stretch = stretch.min(STRETCHES as usize - 1);
            if inside(y) {
                self.after[stretch].add(y - self.center);
            }
            if !inside(x) {
                continue;
            }
            let (u, d) = (x - self.center, y - x);
            self.before[stretch].add(u);
            if !d.is_finite() {
                self.lost += 1;
                continue;
            }
            self.largest = self.largest.max(d.abs());
            let one = Paired { n: 1.0, u, uu: u * u, d, dd: d * d, ud: u * d };
            self.paired[stretch] = self.paired[stretch].plus(one, 1.0);
        }
    }

    /// Mean and width, before and after.
    pub fn effect(&self) -> Effect {
        let all = self.paired.iter().fold(Paired::default(), |sum, part| sum.plus(*part, 1.0));
        let of = |what: fn(&Paired) -> f64| {
            let parts = self.paired.iter().filter(|part| part.n > 0.0);
            let without: Vec<f64> = parts.map(|part| what(&all.plus(*part, -1.0))).collect();
            Estimate { value: what(&all), error: jackknife(&without) }
        };
        Effect {
            rows: all.n as u64,
            mean: self.center + all.u / all.n,
            width: all.variance().max(0.0).sqrt(),
            bias: of(Paired::bias),
            growth: of(Paired::growth),
            rms: (all.dd / all.n).sqrt(),
            largest: self.largest,
            lost: self.lost,
        }
    }

    /// A Gaussian fitted to the values in the range, before and after; `None` if there is no peak.
    pub fn peak(&self) -> Option<PeakShift> {
        let bounds = (self.within.0 - self.center, self.within.1 - self.center);
        let sum = |parts: &[Sums]| parts.iter().fold(Sums::default(), |sum, part| sum.plus(*part, 1.0));
        let (before, after) = (sum(&self.before), sum(&self.after));
        let whole = shift(before, after, bounds)?;
        let mut without = Vec::new();
        for (x, y) in self.before.iter().zip(&self.after).filter(|(x, _)| x.n > 0.0) {
            without.push(shift(before.plus(*x, -1.0), after.plus(*y, -1.0), bounds)?);
        }
        let error = |what: fn(&Shift) -> f64| jackknife(&without.iter().map(what).collect::<Vec<f64>>());
        Some(PeakShift {
            mean: self.center + whole.mean,
            width: whole.width,
            shift: Estimate { value: whole.shift, error: error(|fit| fit.shift) },
            growth: Estimate { value: whole.growth, error: error(|fit| fit.growth) },
        })
    }
}

/// The standard error from what a quantity is without each stretch.
fn jackknife(without: &[f64]) -> f64 {
    let n = without.len() as f64;
    if without.len() < 2 {
        return f64::NAN;
    }
    let mean = without.iter().sum::<f64>() / n;
    ((n - 1.0) / n * without.iter().map(|x| (x - mean).powi(2)).sum::<f64>()).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uniform between 0 and 1.
    fn uniform(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(state: &mut u64) -> f64 {
        (0..12).map(|_| uniform(state)).sum::<f64>() - 6.0
    }

    #[test]
    fn a_known_shift_and_a_known_growth_are_found_within_their_errors() {
        let mut state = 1;
        let before: Vec<f64> = (0..100_000).map(|_| 125.0 + 1.7 * normal(&mut state)).collect();
        let after: Vec<f64> = before.iter().map(|x| x + 0.05 + 0.3 * normal(&mut state)).collect();
        let mut comparison = Comparison::new((110.0, 140.0), 100_000);
        for (at, (x, y)) in before.chunks(1000).zip(after.chunks(1000)).enumerate() {
            comparison.add(1000 * at as u64, x, y);
        }
        let effect = comparison.effect();
        let growth = (1.0f64 + (0.3f64 / 1.7).powi(2)).sqrt() - 1.0;
        let within = |estimate: Estimate, truth: f64, error: f64| {
            assert!((estimate.value - truth).abs() < 4.0 * estimate.error, "{estimate:?}, {truth}");
            assert!((0.7..1.4).contains(&(estimate.error / error)), "{estimate:?}, {error}");
        };
        within(effect.bias, 0.05, 0.3 / 100_000f64.sqrt());
        within(effect.growth, growth, 0.3 / 1.7 / 100_000f64.sqrt());
        assert_eq!((effect.rows, effect.lost), (100_000, 0));
        let peak = comparison.peak().unwrap();
        within(peak.shift, 0.05, 0.3 / 100_000f64.sqrt());
        within(peak.growth, growth, 0.3 / 1.7 / 100_000f64.sqrt());
        assert!((peak.width / 1.7 - 1.0).abs() < 0.01 && (peak.mean - 125.0).abs() < 0.02);
    }

    #[test]
    fn rows_that_lose_their_value_are_counted() {
        let mut comparison = Comparison::new((0.0, 10.0), 3);
        comparison.add(0, &[1.0, 2.0, f64::NAN], &[f64::NAN, 2.5, 1.0]);
        let effect = comparison.effect();
        assert_eq!((effect.lost, effect.rows, effect.largest), (1, 1, 0.5));
    }

    #[test]
    fn a_fit_in_a_narrow_window_finds_the_whole_peak() {
        let mut state = 7;
        let values: Vec<f64> = (0..200_000).map(|_| 91.0 + 2.0 * normal(&mut state)).collect();
        let mut comparison = Comparison::new((88.0, 93.0), 200_000);
        comparison.add(0, &values, &values);
        let peak = comparison.peak().unwrap();
        assert!((peak.mean - 91.0).abs() < 0.03 && (peak.width - 2.0).abs() < 0.04, "{peak:?}");
        assert_eq!((peak.shift.value, peak.growth.value), (0.0, 0.0));
    }
}
