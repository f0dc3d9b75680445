//! Forecasts: what a network says about path values, as probabilities of the walk's decisions.
//!
//! In: a value network, the activations of each value, the intervals that its outcomes stand for. Out: for each decision of a walk
//! a probability and how many intervals are left.
//! Not here: how activations are made from columns (`hepz`), how opinions are mixed (`ensemble`).
//! Holds: no floating point; forecasts of any row are the same in any order; memory does not grow with the rows.

use hepz_neural::kernel::Kernel;
use hepz_neural::value::ValueNetwork;

/// Rows that the network runs together.
const BATCH: usize = 256;

/// What a network says about the path values of one column.
pub struct Forecasts<'a> {
    network: &'a ValueNetwork,
    kernel: Kernel,
    /// `[value][input]`.
    activations: &'a [i16],
    /// First path value of each interval, rising, and one behind the last: one more than outcomes.
    bounds: &'a [u64],
    batch: usize,
    frequencies: Vec<u32>,
    /// Of the current value: frequencies of all intervals before each.
    below: Vec<u32>,
}

/// A cell of the walk, as the forecast sees it.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Intervals that the cell touches.
    first: usize,
    last: usize,
    /// Frequency of everything below its first value, and below its end.
    low: u32,
    high: u32,
}

/// What a forecast says about a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// Probability of a 1 in units of 2^-16, from 1 to 65535.
    pub p1: u32,
    /// How many intervals are left: 1 for two, one more for each doubling.
    pub intervals: u32,
}

impl<'a> Forecasts<'a> {
    /// `None` if sides do not fit together or bounds do not rise.
    pub fn new(
        network: &'a ValueNetwork,
        kernel: Kernel,
        activations: &'a [i16],
        bounds: &'a [u64],
    ) -> Option<Forecasts<'a>> {
        let fits = bounds.len() == network.outcomes() + 1
            && bounds.windows(2).all(|pair| pair[0] < pair[1])
            && activations.len().is_multiple_of(network.inputs());
        fits.then_some(Forecasts {
            network,
            kernel,
            activations,
            bounds,
            batch: usize::MAX,
            frequencies: Vec::new(),
            below: vec![0; bounds.len()],
        })
    }

    /// The cell of all path values, for the value at `at`.
    pub fn begin(&mut self, at: usize) -> Reach {
        let (inputs, outcomes) = (self.network.inputs(), self.network.outcomes());
        if at / BATCH != self.batch {
            self.batch = at / BATCH;
            let from = (self.batch * BATCH * inputs).min(self.activations.len());
            let to = (from + BATCH * inputs).min(self.activations.len());
            self.frequencies = self.network.forecast(self.kernel, &self.activations[from..to]);
        }
        let row = self.frequencies.get(at % BATCH * outcomes..).unwrap_or(&[]);
        let mut sum = 0;
        for (below, frequency) in self.below.iter_mut().zip(row.iter().take(outcomes).chain([&0])) {
            *below = sum;
            sum += frequency;
        }
        Reach { first: 0, last: outcomes - 1, low: 0, high: sum }
    }

    /// What the forecast says of the decision between the two halves of a cell that part at `middle`, and both halves.
    /// `None` where it has nothing to say: at most one interval is left, or the cell is out of reach.
    pub fn split(&self, reach: Reach, middle: u64) -> (Option<Opinion>, [Reach; 2]) {
        let Reach { first, last, low, high } = reach;
        if first == last {
            return (None, [reach, reach]);
        }
        let starts = &self.bounds[first + 1..=last];
        let at = first + starts.partition_point(|&start| start <= middle);
        let (start, end) = (self.bounds[at], self.bounds[at + 1]);
        let frequency = self.below[at + 1] - self.below[at];
        let inside = middle.clamp(start, end) - start;
        let part = (u128::from(frequency) * u128::from(inside) / u128::from(end - start)) as u32;
        let middle_below = (self.below[at] + part).clamp(low, high);
        // Where the halves part at a border, the lower one does not touch the interval behind it.
        let touched = if inside == 0 && at > first { at - 1 } else { at };
        let halves = [
            Reach { first, last: touched, low, high: middle_below },
            Reach { first: at, last, low: middle_below, high },
        ];
        let whole = u64::from(high - low);
        if whole < 16 {
            return (None, halves);
        }
        let p1 = ((u64::from(high - middle_below) << 16) / whole).clamp(16, 65_520) as u32;
        let intervals = (last - first).ilog2() + 1;
        (Some(Opinion { p1, intervals }), halves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hepz_neural::matrix::Matrix;

    #[test]
    fn probabilities_of_decisions_multiply_to_those_of_intervals() {
        // Logits are the biases: outcomes of frequencies about 1 : e : e^2 : e^3.
        let biases = vec![0, 4096, 8192, 12_288];
        let layer = Matrix::new(1, vec![0; 4], vec![0; 4], biases).unwrap();
        let network = ValueNetwork::new(vec![layer]).unwrap();
        let bounds = [16u64, 64, 128, 192, 256];
        let activations = [0i16; 3];
        let mut forecasts = Forecasts::new(&network, Kernel::Scalar, &activations, &bounds).unwrap();
        let e = std::f64::consts::E;
        let total = 1.0 + e + e * e + e * e * e;
        for (at, (value, width, share)) in
            [(70u64, 64.0, e), (200, 64.0, e * e * e), (20, 48.0, 1.0)].into_iter().enumerate()
        {
            let mut reach = forecasts.begin(at);
            let (mut low, mut p) = (0u64, 1.0f64);
            let mut cell = 256u64;
            for size in (0..8).rev() {
                let middle = low + (1 << size);
                let (opinion, halves) = forecasts.split(reach, middle);
                let bit = usize::from(value >= middle);
                let Some(opinion) = opinion else { break };
                let p1 = f64::from(opinion.p1) / 65_536.0;
                p *= if bit == 1 { p1 } else { 1.0 - p1 };
                low = if bit == 1 { middle } else { low };
                cell = 1 << size;
                reach = halves[bit];
            }
            let expected = share / total * (cell as f64).min(width) / width;
            assert!((p / expected - 1.0).abs() < 0.35, "{value}: {p} {expected}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let layer = Matrix::new(2, vec![0; 4], vec![0; 2], vec![0; 2]).unwrap();
        let network = ValueNetwork::new(vec![layer]).unwrap();
        let of = |activations: &[i16], bounds: &[u64]| {
            Forecasts::new(&network, Kernel::Scalar, activations, bounds).is_some()
        };
        assert!(of(&[0; 4], &[0, 1, 2]));
        assert!(!of(&[0; 3], &[0, 1, 2]) && !of(&[0; 4], &[0, 2, 2]) && !of(&[0; 4], &[0, 2]));
    }
}
