//! p-values of the judge are valid: if nothing differs they are uniform, and if something does they are small.
//!
//! In: generated samples, many seeds. Out: a test of uniformity of the p-values.
//! Not here: statistics themselves (`judge_scipy.rs`).
//! Holds: seeds are fixed, so the test passes or fails for ever; the bound is that of Kolmogorov's law at one in a
//! thousand.

mod numbers;

use hepz_evaluation::judge::{Joint, Null, TESTS, judge_points, maximum_mean_discrepancy, tests};
use numbers::Numbers;

const STUDIES: u64 = 200;
const ROWS: usize = 150;
/// Permutations: p-values are multiples of one hundredth.
const PERMUTATIONS: usize = 99;

/// How far the share of p-values up to a limit is above the limit at most, and how far below.
fn distances(p: &[f64]) -> (f64, f64) {
    let n = p.len() as f64;
    let steps = PERMUTATIONS + 1;
    let share = |limit: f64| p.iter().filter(|p| **p <= limit + 1e-9).count() as f64 / n;
    let away = (1..=steps).map(|step| step as f64 / steps as f64).map(|at| share(at) - at);
    away.fold((0.0, 0.0), |(above, below), away| (above.max(away), below.max(-away)))
}

/// Kolmogorov's law: a distance of `1.95 / sqrt(n)` is exceeded once in a thousand. Statistics with few different
/// values (`coarse`) are often equal under permutation, so their p-values may be larger than uniform, and never
/// smaller.
fn is_valid(name: &str, p: &[f64], coarse: bool) {
    let bound = 1.95 / (p.len() as f64).sqrt();
    let (above, below) = distances(p);
    assert!(above < bound, "{name}: p-values are too small, by {above}");
    assert!(coarse || below < bound, "{name}: p-values are too large, by {below}");
}

#[test]
fn one_distribution_twice_gives_uniform_p_values() {
    let mut by_test: Vec<Vec<f64>> = vec![Vec::new(); TESTS.len()];
    let mut pairs: Vec<Vec<f64>> = vec![Vec::new(); TESTS.len()];
    let mut kernel = Vec::new();
    for seed in 0..STUDIES {
        let mut numbers = Numbers(seed * 7919 + 1);
        // Rounding makes ties, as real columns have them.
        let rounded =
            |values: Vec<f64>| values.into_iter().map(|x| (x * 8.0).round() / 8.0).collect::<Vec<f64>>();
        let (x, y) = (rounded(numbers.many(ROWS)), rounded(numbers.many(ROWS)));
        for (at, result) in tests(&x, &y, Null::Labels, PERMUTATIONS, seed).iter().enumerate() {
            by_test[at].push(result.p_permutation);
        }
        // Pairs that depend on each other but can be exchanged: a common part and a part of each.
        let common = numbers.many(ROWS);
        let mut with =
            |common: &[f64]| common.iter().map(|c| c + 0.1 * numbers.normal()).collect::<Vec<f64>>();
        let (a, b) = (with(&common), with(&common));
        for (at, result) in tests(&a, &b, Null::Pairs, PERMUTATIONS, seed).iter().enumerate() {
            pairs[at].push(result.p_permutation);
        }
        let points = |values: &[f64]| values.iter().take(60).map(|x| vec![*x]).collect::<Vec<_>>();
        let found = maximum_mean_discrepancy(&points(&x), &points(&y), PERMUTATIONS, seed).unwrap();
        kernel.push(found.p_permutation);
    }
    for (at, name) in TESTS.iter().enumerate() {
        // In pairs that nearly agree, the largest difference of the distributions is a few rows.
        is_valid(&format!("{name}, apart"), &by_test[at], false);
        is_valid(&format!("{name}, in pairs"), &pairs[at], *name == "kolmogorov_smirnov");
    }
    is_valid("maximum mean discrepancy", &kernel, false);
}

fn cloud(numbers: &mut Numbers, n: usize, shift: f64) -> Vec<Vec<f64>> {
    let point = |numbers: &mut Numbers| {
        let (a, b) = (numbers.normal(), numbers.normal());
        vec![a + shift, 0.5 * a + b, a * b]
    };
    (0..n).map(|_| point(numbers)).collect()
}

fn together(seed: u64, shift: f64) -> Joint {
    let mut numbers = Numbers(seed * 104729 + 5);
    let (x, y) = (cloud(&mut numbers, ROWS, 0.0), cloud(&mut numbers, ROWS, shift));
    judge_points(&x, &y, PERMUTATIONS, seed).unwrap()
}

#[test]
fn one_distribution_twice_gives_uniform_p_values_of_columns_together() {
    let mut by_test = [Vec::new(), Vec::new(), Vec::new()];
    let mut classifiers = [Vec::new(), Vec::new()];
    for seed in 0..STUDIES {
        let found = together(seed, 0.0);
        found.tests.iter().zip(&mut by_test).for_each(|(test, p)| p.push(test.p_permutation));
        found.classifiers.iter().zip(&mut classifiers).for_each(|(test, p)| p.push(test.p));
    }
    for (name, p) in ["frechet", "kernel", "gaussian"].iter().zip(&by_test) {
        is_valid(name, p, false);
    }
    // Of 150 points that a classifier may get right there are few different numbers.
    classifiers.iter().for_each(|p| is_valid("classifier", p, true));
}

#[test]
fn a_shift_is_found() {
    let mut numbers = Numbers(3);
    let x = numbers.many(2000);
    let y: Vec<f64> = numbers.many(2000).iter().map(|y| y + 0.2).collect();
    let found = tests(&x, &y, Null::Labels, PERMUTATIONS, 1);
    assert!(found.iter().all(|test| test.p_permutation <= 0.02), "{found:#?}");
    // A hundredth of the spread is far below what independent samples show, and plain in pairs.
    let y: Vec<f64> = x.iter().map(|x| x + 0.01).collect();
    let pairs = tests(&x, &y, Null::Pairs, PERMUTATIONS, 1);
    assert!(pairs.iter().any(|test| test.name == "welch_t" && test.p_permutation <= 0.01), "{pairs:#?}");
    let found = together(1, 1.0);
    // The fourth power of the kernel distance makes its law wide.
    let p = |name| found.tests.iter().find(|test| test.name == name).unwrap().p_permutation;
    assert!(p("frechet_physics") <= 0.01 && p("mmd_gaussian") <= 0.01 && p("kernel_physics") <= 0.2);
    assert!(found.classifiers.iter().all(|test| test.p < 1e-3), "{:#?}", found.classifiers);
}
