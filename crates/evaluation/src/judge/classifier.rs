//! Classifier two-sample test: can anything learn to tell the two files apart?
//!
//! In: points of the original and of the other, from rows that they do not share. Out: [`ClassifierTest`]s.
//! Not here: features (`joint`).
//! Holds: half of the points teach, the other half are judged; given the classifier, labels of the judged points are
//! exchangeable if there is no difference, so their permutations give a hypergeometric law and the p-value is exact.
//! Source: Lopez-Paz and Oquab, Revisiting classifier two-sample tests, arXiv:1610.06545.

use super::two_sample::{Pooled, shuffle};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};
use statrs::distribution::{Discrete, Hypergeometric};
use statrs::statistics::Distribution;

/// Points that a classifier is given, at most, of both samples together.
const MOST_POINTS: usize = 4000;
/// Trees of the forest.
const TREES: u16 = 40;
/// Their depth: enough for combs in a few features, too little to learn every point.
const DEPTH: u16 = 8;

/// What came of one classifier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassifierTest {
    /// Which.
    pub classifier: &'static str,
    /// Points that taught it.
    pub n_train: usize,
    /// Points that it had to tell apart.
    pub n_test: usize,
    /// Share that it told right.
    pub accuracy: f64,
    /// Area under its curve, where it gives scores.
    pub area: Option<f64>,
    /// Mean accuracy if there is no difference, given how often it says which.
    pub null_mean: f64,
    /// Its standard deviation.
    pub null_sd: f64,
    /// How often chance is at least as accurate: exact, over all permutations of the labels.
    pub p: f64,
}

type Points = DenseMatrix<f64>;

/// Lets each classifier try.
pub(crate) fn classifiers(x: &[Vec<f64>], y: &[Vec<f64>], seed: u64) -> Vec<ClassifierTest> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let label = |second: i32| move |point: &Vec<f64>| (point.clone(), second);
    let most = MOST_POINTS / 2;
    let mut all: Vec<(Vec<f64>, i32)> =
        x.iter().take(most).map(label(0)).chain(y.iter().take(most).map(label(1))).collect();
    shuffle(&mut all, &mut random);
    let test = all.split_off(all.len() / 2);
    let [Some(train), Some(test)] = [all, test].map(Labelled::new) else { return Vec::new() };
    let mut found = Vec::new();
    let parameters = LogisticRegressionParameters::default().with_alpha(1.0);
    if let Ok(model) = LogisticRegression::fit(&train.points, &train.labels, parameters)
        && let Ok(said) = model.predict(&test.points)
    {
        let weights = model.coefficients();
        let score = |row: usize| -> f64 {
            (0..train.width).map(|at| test.points.get((row, at)) * weights.get((0, at))).sum()
        };
        let scores: Vec<f64> = (0..test.labels.len()).map(score).collect();
        found.extend(test.result("logistic_regression", &train, &said, Some(area(&scores, &test.labels))));
    }
    let parameters = RandomForestClassifierParameters::default()
        .with_n_trees(TREES)
        .with_max_depth(DEPTH)
        .with_min_samples_leaf(5)
        .with_seed(seed);
    if let Ok(model) = RandomForestClassifier::fit(&train.points, &train.labels, parameters)
        && let Ok(said) = model.predict(&test.points)
    {
        found.extend(test.result("random_forest", &train, &said, None));
    }
    found
}

struct Labelled {
    points: Points,
    labels: Vec<i32>,
    width: usize,
}

impl Labelled {
    /// `None` if one kind or every point is missing.
    fn new(points: Vec<(Vec<f64>, i32)>) -> Option<Labelled> {
        let (points, labels): (Vec<Vec<f64>>, Vec<i32>) = points.into_iter().unzip();
        let both = labels.contains(&0) && labels.contains(&1);
        let width = points.first()?.len();
        let points = DenseMatrix::from_2d_vec(&points).ok()?;
        both.then_some(Labelled { points, labels, width })
    }

    fn result(
        &self,
        classifier: &'static str,
        train: &Labelled,
        said: &[i32],
        area: Option<f64>,
    ) -> Option<ClassifierTest> {
        let count = |of: &[i32]| of.iter().filter(|label| **label == 1).count() as u64;
        let n = self.labels.len() as u64;
        let right =
            self.labels.iter().zip(said).filter(|(label, said)| label == said).count() as f64 / n as f64;
        let (second, called) = (count(&self.labels), count(said));
        let hits =
            self.labels.iter().zip(said).filter(|(label, said)| **label == 1 && **said == 1).count() as u64;
        // Right answers are n - second - called + 2 hits, and hits are hypergeometric under permutations.
        let law = Hypergeometric::new(n, second, called).ok()?;
        let accuracy = |hits: f64| (n as f64 - second as f64 - called as f64 + 2.0 * hits) / n as f64;
        Some(ClassifierTest {
            classifier,
            n_train: train.labels.len(),
            n_test: self.labels.len(),
            accuracy: right,
            area,
            null_mean: accuracy(law.mean()?),
            null_sd: 2.0 * law.variance()?.sqrt() / n as f64,
            p: (hits..=second.min(called)).map(|hits| law.ln_pmf(hits).exp()).sum::<f64>().min(1.0),
        })
    }
}

/// How often a point of the second kind has the higher score: Mann and Whitney's statistic by the number of pairs.
fn area(scores: &[f64], labels: &[i32]) -> f64 {
    let of = |kind: i32| -> Vec<f64> {
        scores.iter().zip(labels).filter(|(_, label)| **label == kind).map(|(score, _)| *score).collect()
    };
    let (first, second) = (of(0), of(1));
    let (pooled, in_second) = Pooled::new(&first, &second);
    let (mut below, mut first_below, mut sum) = (0, 0.0, 0.0);
    for &end in &pooled.ends {
        let here = &in_second[below..end];
        let n_second = here.iter().filter(|second| **second).count() as f64;
        let n_first = here.len() as f64 - n_second;
        sum += n_second * (first_below + n_first / 2.0);
        first_below += n_first;
        below = end;
    }
    sum / (first.len() as f64 * second.len() as f64)
}
