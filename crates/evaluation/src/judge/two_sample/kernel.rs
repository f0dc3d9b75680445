//! Kernels: the maximum mean discrepancy of two samples of points.
//!
//! In: points of both samples. Out: a [`Gram`] matrix and the test it gives.
//! Not here: which points (`sampling`).
//! Holds: the estimate is unbiased, so it may be negative; permutations only read the matrix.
//! Source: Gretton et al., A kernel two-sample test, JMLR 13 (2012), eq. 3; Kansal et al., arXiv:2211.10295, for the
//! kernel (x y / d + 1)^4 of the kernel physics distance.

use super::pooled::shuffle;
use super::{Permuted, TestResult};
use rand_chacha::ChaCha8Rng;

/// Kernel of each pair of points, the first sample before the second.
pub(crate) struct Gram {
    n: usize,
    n_first: usize,
    kernel: Vec<f64>,
}

impl Gram {
    /// `exp(-|x - y|^2 / (2 s^2))` with `s` the median distance of the pooled points; `None` if there are too few
    /// points or all are one.
    pub(crate) fn gaussian(x: &[Vec<f64>], y: &[Vec<f64>]) -> Option<Gram> {
        let mut gram = Gram::new(x, y, |a, b| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum())?;
        let mut squares: Vec<f64> = Vec::with_capacity(gram.kernel.len() / 2);
        for row in 0..gram.n {
            squares.extend_from_slice(&gram.kernel[row * gram.n + row + 1..(row + 1) * gram.n]);
        }
        let middle = squares.len() / 2;
        let median = *squares.select_nth_unstable_by(middle, f64::total_cmp).1;
        if !(median > 0.0 && median.is_finite()) {
            return None;
        }
        gram.kernel.iter_mut().for_each(|square| *square = (-*square / (2.0 * median)).exp());
        Some(gram)
    }

    /// `(x y / d + 1)^4` in `d` dimensions.
    pub(crate) fn polynomial(x: &[Vec<f64>], y: &[Vec<f64>]) -> Option<Gram> {
        Gram::new(x, y, |a, b| {
            let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            (product / a.len() as f64 + 1.0).powi(4)
        })
    }

    fn new(x: &[Vec<f64>], y: &[Vec<f64>], kernel: impl Fn(&[f64], &[f64]) -> f64) -> Option<Gram> {
        if x.len() < 2 || y.len() < 2 {
            return None;
        }
        let points: Vec<&[f64]> = x.iter().chain(y).map(Vec::as_slice).collect();
        let n = points.len();
        let mut matrix = vec![0.0; n * n];
        for a in 0..n {
            for b in 0..=a {
                let value = kernel(points[a], points[b]);
                matrix[a * n + b] = value;
                matrix[b * n + a] = value;
            }
        }
        Some(Gram { n, n_first: x.len(), kernel: matrix })
    }

    /// The squared discrepancy with the first sample made of these points.
    pub(crate) fn discrepancy(&self, in_second: &[bool]) -> f64 {
        // Sums within the first, within the second, between them.
        let mut sums = [0.0; 3];
        for (a, row) in self.kernel.chunks_exact(self.n).enumerate() {
            let (mut first, mut second) = (0.0, 0.0);
            for (value, is_second) in row[..a].iter().zip(in_second) {
                if *is_second { second += value } else { first += value }
            }
            if in_second[a] {
                sums[1] += second;
                sums[2] += first;
            } else {
                sums[0] += first;
                sums[2] += second;
            }
        }
        let n = self.n_first as f64;
        let m = (self.n - self.n_first) as f64;
        2.0 * (sums[0] / (n * (n - 1.0)) + sums[1] / (m * (m - 1.0)) - sums[2] / (n * m))
    }

    /// Which points are of the second sample.
    pub(crate) fn observed(&self) -> Vec<bool> {
        (0..self.n).map(|at| at >= self.n_first).collect()
    }

    /// The test by permutation.
    pub(crate) fn test(
        &self,
        name: &'static str,
        permutations: usize,
        random: &mut ChaCha8Rng,
    ) -> Option<TestResult> {
        let mut labels = self.observed();
        let mut permuted = Permuted::new(&[self.discrepancy(&labels)]);
        for _ in 0..permutations {
            shuffle(&mut labels, random);
            permuted.add(&[self.discrepancy(&labels)]);
        }
        permuted.results(&[name], &[None]).pop()
    }
}
