//! Calibrations: a column that is another one times a smooth factor of itself and perhaps of a third.
//!
//! In: the probe and the sample. Out: guesses to the judge.
//! Not here: splines (`smooth`), least squares (`fit`).
//! Holds: only pairs whose ratio varies much less than the column itself are fitted.

use super::super::fit::{Points, fit};
use super::super::formula::{Formula, Gain};
use super::super::smooth::Smooth;
use super::judge::{Guess, Inputs, Judge, Open};
use crate::real;

/// Cells of a column by rank, for the quick look at what a ratio depends on.
const CELLS: usize = 16;
/// Pairs that are fitted in one search.
const MOST_PAIRS: usize = 24;
/// Sizes of the two curves, in intervals: a small try and a large one.
const SIZES: [[usize; 2]; 2] = [[12, 10], [32, 24]];
/// A pair is only fitted if the best other relation leaves more than this.
const BITS_LEFT: f64 = 4.0;
/// Steps that one fit costs.
const FIT_STEPS: u64 = 2_500;
/// Bits per value that curves must save beyond a constant factor: they take some hundred bytes, and a second column.
const LEAST_GAIN: f64 = 3.0;
/// Rows of a small try.
const FEW_ROWS: usize = 600;

/// A pair worth fitting: (logarithm of how much narrower the ratio is than the target, target, input).
fn narrow_pairs(judge: &mut Judge<'_>, columns: &[usize]) -> Vec<(f64, usize, usize)> {
    let float: Vec<usize> = columns.iter().copied().filter(|&c| judge.facts[c].is_float()).collect();
    let mut pairs = Vec::new();
    for &target in &float {
        let fact = &judge.facts[target];
        if fact.plain < BITS_LEFT + 4.0 || judge.best_bits(target) < BITS_LEFT {
            continue;
        }
        let mut of_target: Vec<(f64, usize, usize)> = Vec::new();
        for &input in &float {
            if input == target || !judge.spend(1) {
                continue;
            }
            let (ys, xs) = (&judge.probe.values[target], &judge.probe.values[input]);
            let bases = &judge.probe.bases[target];
            let ratio = |row: usize| ys[row] / xs[row];
            // Most pairs fall on the first few rows: a factor is within half and twice its typical size.
            let first = bases.iter().take(6).map(|&row| ratio(row)).filter(|k| !k.is_nan());
            let middle = first.clone().fold((0.0, 0.0), |(sum, n), k| (sum + k, n + 1.0));
            let middle: f64 = middle.0 / middle.1;
            let within = first.clone().filter(|k| (k / middle - 1.0).abs() < 0.5).count();
            if within < 4 || !middle.is_normal() {
                continue;
            }
            let rows = (0..judge.probe.rows.len()).filter(|&row| !ratio(row).is_nan() && ys[row] != 0.0);
            let mut ratios: Vec<f64> = rows.clone().map(ratio).collect();
            let mut sizes: Vec<f64> = rows.map(|row| ys[row]).collect();
            judge.spend(ratios.len() as u64 / 8);
            if ratios.len() < 16 {
                continue;
            }
            // Spread of the middle four fifths, relative to the middle.
            let spread = |list: &mut Vec<f64>| {
                list.sort_unstable_by(f64::total_cmp);
                let at = |tenths: usize| list[(list.len() * tenths / 10).min(list.len() - 1)];
                ((at(9) - at(1)) / at(5)).abs()
            };
            let (of_ratio, of_size) = (spread(&mut ratios), spread(&mut sizes));
            let narrower = real::ln(of_size / of_ratio);
            if narrower > 1.0 {
                of_target.push((narrower, target, input));
            }
        }
        of_target.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        pairs.extend(of_target.into_iter().take(2));
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    pairs.truncate(MOST_PAIRS);
    pairs
}

/// For each row of the probe, the cell of a column's size by rank; `CELLS` where it is missing.
fn cells(values: &[f64]) -> Vec<u8> {
    let mut sizes: Vec<f64> = values.iter().map(|x| x.abs()).filter(|x| !x.is_nan()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let edges: Vec<f64> =
        (1..CELLS).filter_map(|cell| sizes.get(sizes.len() * cell / CELLS).copied()).collect();
    let of = |x: &f64| if x.is_nan() { CELLS as u8 } else { edges.partition_point(|&e| e <= x.abs()) as u8 };
    values.iter().map(of).collect()
}

/// The sum of squares that is left when each cell has its own mean.
fn left_within(cells: &[u8], values: &[f64]) -> f64 {
    let mut sums = [[0.0; 3]; CELLS + 1];
    for (&cell, &x) in cells.iter().zip(values) {
        if let Some(sum) = sums.get_mut(usize::from(cell)).filter(|_| !x.is_nan()) {
            sum[0] += 1.0;
            sum[1] += x;
            sum[2] += x * x;
        }
    }
    let within = |[n, s, ss]: [f64; 3]| if n > 1.0 { (ss - s * s / n) * n / (n - 1.0) } else { ss };
    // Rows without the third column stay as they are.
    sums[..CELLS].iter().map(|&sum| within(sum)).sum::<f64>() + sums[CELLS][2]
}

/// Fits factors.
pub(super) fn search(judge: &mut Judge<'_>, columns: &[usize]) {
    let pairs = narrow_pairs(judge, columns);
    if pairs.is_empty() {
        return;
    }
    let of_columns: Vec<Vec<u8>> = columns.iter().map(|&c| cells(&judge.probe.values[c])).collect();
    for (_, target, input) in pairs {
        if !judge.spend(FIT_STEPS) {
            return;
        }
        let wide = judge.facts[target].eps < 1.0e-9;
        let few = points(judge, target, input, None, FEW_ROWS);
        let Some(alone) = fit(&few, SIZES[0], wide) else { continue };
        // What the ratio still varies by, row by row of the probe.
        let (ys, xs) = (&judge.probe.values[target], &judge.probe.values[input]);
        let rest: Vec<f64> = ys
            .iter()
            .zip(xs)
            .map(|(y, &x)| if y.is_nan() || x.is_nan() { f64::NAN } else { y / x - alone.at(&[x]) / x })
            .collect();
        let mut thirds: Vec<(f64, usize)> = columns
            .iter()
            .zip(&of_columns)
            .filter(|(c, _)| ![target, input].contains(c))
            .map(|(&c, cells)| (left_within(cells, &rest), c))
            .collect();
        thirds.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let whole = rest.iter().filter(|x| !x.is_nan()).map(|x| x * x).sum::<f64>();
        let third = |c: usize| (c, fit(&points(judge, target, input, Some(c), FEW_ROWS), SIZES[0], wide));
        let mut trials = vec![(vec![input], Some(alone))];
        let likely = thirds.iter().take(2).filter(|third| third.0 < 0.7 * whole);
        for (c, smooth) in likely.map(|&(_, c)| third(c)) {
            trials.push((vec![input, c], smooth));
        }
        // A model with the input as context gets what a constant factor gets; a curve has to beat that.
        let gain = Gain::Times(base(&few));
        let scale = Guess {
            target,
            inputs: Inputs::new(&[input]),
            formula: Formula::Scale { gain },
            open: Open::Gain,
        };
        let reference = judge.probe_bits(&scale);
        judge.keep_once(scale);
        let mut best: Option<(f64, Guess)> = None;
        for (list, smooth) in trials {
            let Some(smooth) = smooth else { continue };
            better(judge, &mut best, smooth, target, &list);
        }
        let Some(second) = best.as_ref().map(|best| best.1.inputs.list().get(1).copied()) else { continue };
        let points = points(judge, target, input, second, usize::MAX);
        if let Some(smooth) = fit(&points, SIZES[1], wide) {
            let list: Vec<usize> = [Some(input), second].into_iter().flatten().collect();
            better(judge, &mut best, smooth, target, &list);
        }
        if let Some((_, guess)) = best.filter(|best| best.0 <= reference - LEAST_GAIN) {
            judge.keep(guess);
        }
    }
}

/// Takes a curve if it beats the best so far by as much as its further bytes demand.
fn better(
    judge: &mut Judge<'_>,
    best: &mut Option<(f64, Guess)>,
    smooth: Smooth,
    target: usize,
    list: &[usize],
) {
    judge.spend(FIT_STEPS);
    let formula = Formula::SmoothFactor(Box::new(smooth));
    let guess = Guess { target, inputs: Inputs::new(list), formula, open: Open::Nothing };
    let bits = judge.probe_bits(&guess);
    if best.as_ref().is_none_or(|best| bits < best.0 - 0.1) {
        *best = Some((bits, guess));
    }
}

/// The typical ratio.
fn base(points: &Points) -> f64 {
    let mut ratios = points.ratios.clone();
    let at = ratios.len() / 2;
    if ratios.is_empty() { 1.0 } else { *ratios.select_nth_unstable_by(at, f64::total_cmp).1 }
}

/// The rows of the sample on which all columns are ordinary.
fn points(judge: &Judge<'_>, target: usize, input: usize, third: Option<usize>, most: usize) -> Points {
    let mut points = Points::default();
    let columns = [target, input, third.unwrap_or(input)];
    let values = columns.map(|c| &judge.sample.columns[c].values);
    let ordinary = columns.map(|c| &judge.facts[c].ordinary);
    for row in (0..ordinary[0].len()).step_by((ordinary[0].len() / most).max(1)) {
        if ordinary.iter().all(|column| column[row]) && values[1][row] != 0.0 {
            points.ratios.push(values[0][row] / values[1][row]);
            points.first.push(values[1][row]);
            if third.is_some() {
                points.second.push(values[2][row].abs());
            }
        }
    }
    points
}
