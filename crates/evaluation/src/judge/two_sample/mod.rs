//! Two-sample tests: may two sets of numbers come from one distribution?
//!
//! In: two samples, a null hypothesis, a seed. Out: [`TestResult`]s.
//! Not here: which rows are compared (`sampling`), tests of several columns at once (`joint`).
//! Holds: a p-value by permutation is (1 + permutations at least as extreme) / (1 + permutations), which is valid
//! for any sample size; asymptotic p-values are given where a law is known and rows of the samples are independent.

mod binned;
mod kernel;
mod moments;
mod pooled;
mod rank;
mod spread;

pub(crate) use kernel::Gram;
pub(crate) use pooled::{Pooled, below, shuffle};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use statrs::distribution::{ChiSquared, ContinuousCDF, StudentsT};

/// What is exchanged if there is no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Null {
    /// Any value of one sample with any of the other: the samples are independent.
    Labels,
    /// The two values of a row: the samples are paired.
    Pairs,
}

/// One test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TestResult {
    /// What it is called.
    pub name: &'static str,
    /// Its statistic.
    pub statistic: f64,
    /// Mean of the statistic under permutations.
    pub null_mean: f64,
    /// Its standard deviation there.
    pub null_sd: f64,
    /// How often permutations are at least as extreme.
    pub p_permutation: f64,
    /// By the limiting law of the statistic.
    pub p_asymptotic: Option<f64>,
}

/// Names of the one-dimensional tests, in the order of their results. They are explained in docs/precision/judge.md.
pub const TESTS: [&str; 8] = [
    "kolmogorov_smirnov",
    "anderson_darling",
    "wasserstein_1",
    "energy_distance",
    "chi_square",
    "kullback_leibler",
    "jensen_shannon",
    "welch_t",
];

/// The statistics of [`TESTS`] for one assignment of pooled values to samples.
fn statistics(pooled: &Pooled, in_second: &[bool]) -> [f64; TESTS.len()] {
    let ranks = rank::statistics(pooled, in_second);
    let counts = binned::counts(pooled, in_second);
    [
        ranks.kolmogorov_smirnov,
        ranks.anderson_darling,
        ranks.wasserstein,
        ranks.energy,
        binned::chi_square(&counts),
        binned::kullback_leibler(&counts),
        binned::jensen_shannon(&counts),
        moments::welch(pooled, in_second).t.abs(),
    ]
}

/// All one-dimensional tests of `x` against `y`. For [`Null::Pairs`] both have as many values, row by row. Values are
/// finite; of fewer than two in a sample nothing is said.
pub fn tests(x: &[f64], y: &[f64], null: Null, permutations: usize, seed: u64) -> Vec<TestResult> {
    if x.len() < 2 || y.len() < 2 {
        return Vec::new();
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (pooled, observed) = Pooled::new(x, y);
    let found = statistics(&pooled, &observed);
    let mut permuted = Permuted::new(&found);
    let mut labels = observed.clone();
    for _ in 0..permutations {
        match null {
            Null::Labels => pooled::shuffle(&mut labels, &mut random),
            Null::Pairs => pooled.swap_pairs(&observed, &mut labels, &mut random),
        }
        permuted.add(&statistics(&pooled, &labels));
    }
    let asymptotic = match null {
        Null::Labels => asymptotic(&pooled, &observed, x, y, &found),
        Null::Pairs => [None; TESTS.len()],
    };
    permuted.results(&TESTS, &asymptotic)
}

/// The statistics of [`TESTS`] alone.
pub(crate) fn distances(x: &[f64], y: &[f64]) -> Option<[f64; TESTS.len()]> {
    if x.len() < 2 || y.len() < 2 {
        return None;
    }
    let (pooled, observed) = Pooled::new(x, y);
    Some(statistics(&pooled, &observed))
}

/// p-values by limiting laws. Source: statrs for the laws; KS by its own test of two samples.
fn asymptotic(
    pooled: &Pooled,
    observed: &[bool],
    x: &[f64],
    y: &[f64],
    found: &[f64; TESTS.len()],
) -> [Option<f64>; TESTS.len()] {
    let mut p = [None; TESTS.len()];
    p[0] = rank::kolmogorov_p(found[0], x.len(), y.len());
    let freedom = binned::counts(pooled, observed).len().saturating_sub(1);
    p[4] = ChiSquared::new(freedom as f64).ok().map(|law| law.sf(found[4]));
    let welch = moments::welch(pooled, observed);
    p[7] = StudentsT::new(0.0, 1.0, welch.freedom).ok().map(|law| 2.0 * law.sf(welch.t.abs()));
    p
}

/// Maximum mean discrepancy with a Gaussian kernel, whose width is the median of the distances (Gretton et al., A
/// kernel two-sample test, JMLR 13, 2012, eq. 3 and section 8). Rows are points.
pub fn maximum_mean_discrepancy(
    x: &[Vec<f64>],
    y: &[Vec<f64>],
    permutations: usize,
    seed: u64,
) -> Option<TestResult> {
    let gram = Gram::gaussian(x, y)?;
    gram.test("mmd_gaussian", permutations, &mut ChaCha8Rng::seed_from_u64(seed))
}

/// Statistics of permutations, summed up.
pub(crate) struct Permuted<const N: usize> {
    found: [f64; N],
    n: usize,
    sums: [f64; N],
    squares: [f64; N],
    as_extreme: [usize; N],
}

impl<const N: usize> Permuted<N> {
    /// None yet.
    pub(crate) fn new(found: &[f64; N]) -> Permuted<N> {
        Permuted { found: *found, n: 0, sums: [0.0; N], squares: [0.0; N], as_extreme: [0; N] }
    }

    /// One more.
    pub(crate) fn add(&mut self, statistics: &[f64; N]) {
        self.n += 1;
        for (at, (&statistic, &found)) in statistics.iter().zip(&self.found).enumerate() {
            self.sums[at] += statistic;
            self.squares[at] += statistic * statistic;
            // The same assignment in another order of sums counts as equal.
            // What is no number is no evidence.
            let smaller = statistic < found - 1e-12 * found.abs();
            self.as_extreme[at] += usize::from(!smaller);
        }
    }

    /// What came of them.
    pub(crate) fn results(
        &self,
        names: &[&'static str; N],
        asymptotic: &[Option<f64>; N],
    ) -> Vec<TestResult> {
        let n = self.n as f64;
        let result = |at: usize| {
            let null_mean = self.sums[at] / n;
            TestResult {
                name: names[at],
                statistic: self.found[at],
                null_mean,
                null_sd: (self.squares[at] / n - null_mean * null_mean).max(0.0).sqrt(),
                p_permutation: (1 + self.as_extreme[at]) as f64 / (1.0 + n),
                p_asymptotic: asymptotic[at],
            }
        };
        (0..N).map(result).collect()
    }
}
