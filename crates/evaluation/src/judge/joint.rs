//! Joint tests: all float columns of a table at once.
//!
//! In: rows of the original and other rows of the other, as points. Out: [`Joint`].
//! Not here: tests of one column (`two_sample`), classifiers (`classifier`).
//! Holds: features are standardised by mean and standard deviation of the original's rows; samples are independent,
//! so labels are exchangeable if there is no difference.
//! Source: Kansal et al., arXiv:2211.10295 (Frechet and kernel physics distance); their code normalises by the
//! largest value and draws rows with replacement; here it is the standard deviation, so that a single large value
//! does not decide, and no row is drawn twice, so that repeats are no bias.

use super::classifier::{ClassifierTest, classifiers};
use super::residual::quantile;
use super::two_sample::{Gram, Permuted, TestResult, maximum_mean_discrepancy, shuffle};
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Columns that are looked at together: eigenvalues and kernels of more say less and cost more.
pub(crate) const MOST_COLUMNS: usize = 24;
/// Points of either sample in a matrix of kernels.
const KERNEL_POINTS: usize = 300;
/// Points of either sample whose covariance is compared under permutations.
const FRECHET_POINTS: usize = 2000;
/// Points of either sample, at least.
const FEWEST: usize = 10;
/// Draws for a distance and its error.
const BATCHES: usize = 10;
/// Sizes of samples from which the Frechet distance is extrapolated.
const SIZES: usize = 8;
/// Standardised features are kept to this many standard deviations.
const FAR: f64 = 30.0;

/// A value and its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distance {
    /// The value.
    pub value: f64,
    /// Its error.
    pub error: f64,
}

/// What several columns say together.
#[derive(Clone, Debug)]
pub struct Joint {
    /// The columns.
    pub columns: Vec<String>,
    /// Rows of the original, and rows of the other.
    pub n: [usize; 2],
    /// Frechet physics distance, extrapolated to samples without end.
    pub frechet: Option<Distance>,
    /// Kernel physics distance: median over draws and half of the middle 68 %.
    pub kernel: Option<Distance>,
    /// Tests by permutation.
    pub tests: Vec<TestResult>,
    /// Classifiers that try to tell the two apart.
    pub classifiers: Vec<ClassifierTest>,
}

/// One column at the rows of both samples.
pub(crate) struct Feature {
    /// Its name.
    pub(crate) name: String,
    /// Values of the original in rows of one half.
    pub(crate) x: Vec<f64>,
    /// Values of the other in rows of the other half.
    pub(crate) y: Vec<f64>,
}

/// Judges columns together; `None` if fewer than ten points or no column is left.
pub(crate) fn judge(features: Vec<Feature>, permutations: usize, seed: u64) -> Option<Joint> {
    let usable = features.into_iter().filter(|feature| spread(&feature.x).is_some()).take(MOST_COLUMNS);
    let features: Vec<Feature> = usable.collect();
    let (x, y) = points(&features);
    let found = judge_points(&x, &y, permutations, seed)?;
    Some(Joint { columns: features.into_iter().map(|feature| feature.name).collect(), ..found })
}

/// Judges points whose features are on one scale; their columns have no names. `None` of fewer than ten points.
pub fn judge_points(x: &[Vec<f64>], y: &[Vec<f64>], permutations: usize, seed: u64) -> Option<Joint> {
    if x.len() < FEWEST || y.len() < FEWEST || x[0].is_empty() {
        return None;
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let few = |points: &[Vec<f64>], most: usize| points.iter().take(most).cloned().collect::<Vec<_>>();
    let (few_x, few_y) = (few(x, KERNEL_POINTS), few(y, KERNEL_POINTS));
    let mut tests = Vec::new();
    tests.extend(frechet_test(&few(x, FRECHET_POINTS), &few(y, FRECHET_POINTS), permutations, &mut random));
    let polynomial = Gram::polynomial(&few_x, &few_y);
    tests.extend(polynomial.and_then(|gram| gram.test("kernel_physics", permutations, &mut random)));
    tests.extend(maximum_mean_discrepancy(&few_x, &few_y, permutations, seed));
    Some(Joint {
        columns: Vec::new(),
        n: [x.len(), y.len()],
        frechet: extrapolated(x, y, &mut random),
        kernel: kernel_distance(x, y, &mut random),
        tests,
        classifiers: classifiers(x, y, seed),
    })
}

/// Mean and standard deviation of the finite values; `None` if there is no spread or most are not finite.
fn spread(values: &[f64]) -> Option<(f64, f64)> {
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if finite.len() < 2 || finite.len() * 2 < values.len() {
        return None;
    }
    let n = finite.len() as f64;
    let mean = finite.iter().sum::<f64>() / n;
    let sd = (finite.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0)).sqrt();
    (sd > 0.0 && sd.is_finite()).then_some((mean, sd))
}

/// Rows whose features are all finite, standardised. Features without spread are left out.
pub(crate) fn points(features: &[Feature]) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let scaled = features.iter().filter_map(|feature| Some((feature, spread(&feature.x)?)));
    let scaled: Vec<(&Feature, (f64, f64))> = scaled.collect();
    let gather = |of: fn(&Feature) -> &Vec<f64>| {
        let rows = scaled.iter().map(|(feature, _)| of(feature).len()).min().unwrap_or(0);
        let standard =
            |row: usize, (feature, (mean, sd)): &(&Feature, (f64, f64))| (of(feature)[row] - mean) / sd;
        let point = |row: usize| scaled.iter().map(|feature| standard(row, feature)).collect::<Vec<f64>>();
        let finite = |point: &Vec<f64>| point.iter().all(|x| x.is_finite());
        let kept = |mut point: Vec<f64>| {
            point.iter_mut().for_each(|x| *x = x.clamp(-FAR, FAR));
            point
        };
        (0..rows).map(point).filter(finite).map(kept).collect()
    };
    (gather(|feature| &feature.x), gather(|feature| &feature.y))
}

/// Mean and covariance.
fn gaussian(points: &[&[f64]]) -> (DVector<f64>, DMatrix<f64>) {
    let d = points.first().map_or(0, |point| point.len());
    let n = points.len() as f64;
    let mut mean = DVector::zeros(d);
    points.iter().for_each(|point| point.iter().enumerate().for_each(|(at, x)| mean[at] += x / n));
    let mut covariance = DMatrix::zeros(d, d);
    for point in points {
        for a in 0..d {
            for b in 0..=a {
                covariance[(a, b)] += (point[a] - mean[a]) * (point[b] - mean[b]) / (n - 1.0);
            }
        }
    }
    for a in 0..d {
        for b in 0..a {
            covariance[(b, a)] = covariance[(a, b)];
        }
    }
    (mean, covariance)
}

/// Frechet distance of the normal distributions with the means and covariances of two samples:
/// `|m1 - m2|^2 + tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2)` (Dowson and Landau, J. Multivariate Analysis 12, 1982).
pub fn frechet_distance(x: &[Vec<f64>], y: &[Vec<f64>]) -> Option<f64> {
    let [x, y] = [x, y].map(|points| points.iter().map(Vec::as_slice).collect::<Vec<&[f64]>>());
    frechet(&x, &y)
}

fn frechet(x: &[&[f64]], y: &[&[f64]]) -> Option<f64> {
    if x.len() < 2 || y.len() < 2 {
        return None;
    }
    let ((mean_x, of_x), (mean_y, of_y)) = (gaussian(x), gaussian(y));
    // Rounding may leave eigenvalues just below zero.
    let eigen = |matrix| SymmetricEigen::try_new(matrix, f64::EPSILON, 10_000);
    let parts = eigen(of_x.clone())?;
    let roots = DMatrix::from_diagonal(&parts.eigenvalues.map(|value| value.max(0.0).sqrt()));
    let root = &parts.eigenvectors * roots * parts.eigenvectors.transpose();
    let product = &root * &of_y * &root;
    let common: f64 = eigen(product)?.eigenvalues.iter().map(|value| value.max(0.0).sqrt()).sum();
    let found = (mean_x - mean_y).norm_squared() + of_x.trace() + of_y.trace() - 2.0 * common;
    found.is_finite().then_some(found)
}

fn frechet_test(
    x: &[Vec<f64>],
    y: &[Vec<f64>],
    permutations: usize,
    random: &mut ChaCha8Rng,
) -> Option<TestResult> {
    let mut points: Vec<&[f64]> = x.iter().chain(y).map(Vec::as_slice).collect();
    let split = |points: &[&[f64]]| frechet(&points[..x.len()], &points[x.len()..]);
    let mut permuted = Permuted::new(&[split(&points)?]);
    for _ in 0..permutations {
        shuffle(&mut points, random);
        permuted.add(&[split(&points)?]);
    }
    permuted.results(&["frechet_physics"], &[None]).pop()
}

/// Some points, none twice: then each draw is a sample of its size, and what is estimated from it has no bias by
/// repeats.
fn drawn<'a>(from: &'a [Vec<f64>], n: usize, random: &mut ChaCha8Rng) -> Vec<&'a [f64]> {
    let mut points: Vec<&[f64]> = from.iter().map(Vec::as_slice).collect();
    shuffle(&mut points, random);
    points.truncate(n);
    points
}

/// Frechet distance in the limit of samples without end: its bias falls as 1/n, so a straight line in 1/n is fitted
/// and read at zero. The error is that of the line's end.
fn extrapolated(x: &[Vec<f64>], y: &[Vec<f64>], random: &mut ChaCha8Rng) -> Option<Distance> {
    let most = x.len().min(y.len());
    let mut line = Vec::new();
    for size in 0..SIZES {
        // Even steps in 1/n, from a quarter of the rows to all.
        let n = most as f64 / (4.0 - 3.0 * size as f64 / (SIZES - 1) as f64);
        let n = (n as usize).max(2);
        for _ in 0..BATCHES / 2 {
            line.push((1.0 / n as f64, frechet(&drawn(x, n, random), &drawn(y, n, random))?));
        }
    }
    let n = line.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| line.iter().map(of).sum::<f64>() / n;
    let (at, value) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = line.iter().map(|point| (point.0 - at).powi(2)).sum();
    let slope = line.iter().map(|point| (point.0 - at) * (point.1 - value)).sum::<f64>() / spread;
    let end = value - slope * at;
    let rest: f64 = line.iter().map(|point| (point.1 - end - slope * point.0).powi(2)).sum();
    let error = (rest / (n - 2.0) * (1.0 / n + at * at / spread)).sqrt();
    Some(Distance { value: end, error })
}

/// Kernel distance: the unbiased squared discrepancy with `(x y / d + 1)^4`, median over draws.
fn kernel_distance(x: &[Vec<f64>], y: &[Vec<f64>], random: &mut ChaCha8Rng) -> Option<Distance> {
    let mut values = Vec::new();
    for _ in 0..BATCHES {
        let mut owned = |from| -> Vec<Vec<f64>> {
            drawn(from, KERNEL_POINTS, random).into_iter().map(<[f64]>::to_vec).collect()
        };
        let gram = Gram::polynomial(&owned(x), &owned(y))?;
        values.push(gram.discrepancy(&gram.observed()));
    }
    values.sort_by(f64::total_cmp);
    let error = (quantile(&values, 0.8413) - quantile(&values, 0.1587)) / 2.0;
    Some(Distance { value: quantile(&values, 0.5), error })
}

/// Squared discrepancy with the kernel `(x y / d + 1)^4`, unbiased; `None` of fewer than two points.
pub fn kernel_physics_distance(x: &[Vec<f64>], y: &[Vec<f64>]) -> Option<f64> {
    let gram = Gram::polynomial(x, y)?;
    Some(gram.discrepancy(&gram.observed()))
}
