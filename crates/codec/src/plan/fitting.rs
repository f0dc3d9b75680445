//! Fitting: which columns say something about a number, and how.
//!
//! In: numbers of a column and of candidates on some rows. Out: a [`Fit`], if any is worth its name.
//! Not here: what it is good for (`tuned`), how it is obeyed (`fit`).
//! Holds: sums in the order of rows; equal samples give equal fits on every machine.
//! Source: S. Chen et al., orthogonal least squares, 1989; the bends are those of J. Friedman, "Multivariate adaptive
//! regression splines", 1991.

use super::fit::{Bend, Fit, MOST_BENDS, MOST_TERMS, Term, seen, shared};
use super::input::Input;

/// What may become a term.
pub struct Candidate {
    pub input: Input,
    /// Its number on each row.
    pub numbers: Vec<f64>,
}

/// Bounds of bends are tried at so many places, evenly among the rows.
const PLACES: usize = 11;

/// A term that takes away less than this share of what is left is none; terms may need each other.
const LEAST: f64 = 0.01;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Four sums by turns, in a fixed order: one would wait for itself.
    let mut sums = [0.0f64; 4];
    let (a4, b4) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    for (a, b) in a4.0.iter().zip(b4.0) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a4.1.iter().zip(b4.1).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

fn centred(mut values: Vec<f64>) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter_mut().for_each(|value| *value -= mean);
    values
}

/// Takes the part along `direction` off.
fn off(values: &mut [f64], direction: &[f64], norm: f64) {
    let part = dot(values, direction) / norm;
    values.iter_mut().zip(direction).for_each(|(value, d)| *value -= part * d);
}

/// Solves the normal equations of `columns` (centred) for `target` (centred).
fn solve(columns: &[Vec<f64>], target: &[f64]) -> Option<Vec<f64>> {
    let n = columns.len();
    let mut rows: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let mut row: Vec<f64> = columns.iter().map(|column| dot(&columns[i], column)).collect();
            row[i] *= 1.0 + 1e-9;
            row.push(dot(&columns[i], target));
            row
        })
        .collect();
    for pivot in 0..n {
        let best = (pivot..n).max_by(|&a, &b| rows[a][pivot].abs().total_cmp(&rows[b][pivot].abs()))?;
        rows.swap(pivot, best);
        let lead = rows[pivot][pivot];
        if lead.abs() < 1e-290 {
            return None;
        }
        let from = rows[pivot].clone();
        for (at, row) in rows.iter_mut().enumerate() {
            if at != pivot {
                let factor = row[pivot] / lead;
                row.iter_mut().zip(&from).for_each(|(value, from)| *value -= factor * from);
            }
        }
    }
    let solution: Vec<f64> = (0..n).map(|i| rows[i][n] / rows[i][i]).collect();
    solution.iter().all(|value| value.is_finite()).then_some(solution)
}

/// A fit of `numbers` by some of the candidates, of which `allowed` may forbid one beside those chosen before.
pub fn fit(
    numbers: &[f64],
    logarithm: bool,
    candidates: &[Candidate],
    allowed: &mut dyn FnMut(&[Input], Input) -> bool,
) -> Option<(Fit, Vec<Input>)> {
    let target = centred(numbers.iter().map(|&number| seen(number, logarithm)).collect());
    let total = dot(&target, &target);
    if total <= 0.0 || numbers.len() < 64 {
        return None;
    }
    // Each candidate as it is and as its logarithm.
    let mut features: Vec<(usize, bool, Vec<f64>)> = Vec::new();
    for (at, candidate) in candidates.iter().enumerate() {
        for logarithm in [false, true] {
            let values = centred(candidate.numbers.iter().map(|&x| seen(x, logarithm)).collect());
            if dot(&values, &values) > 0.0 {
                features.push((at, logarithm, values));
            }
        }
    }
    let norms: Vec<f64> = features.iter().map(|(_, _, values)| dot(values, values)).collect();
    let along: Vec<f64> = features.iter().map(|(_, _, values)| dot(values, &target)).collect();
    let mut left = target.clone();
    let mut chosen: Vec<(usize, bool)> = Vec::new();
    // Two that say much together may say nothing alone: all pairs are asked first.
    let mut pair: Option<(f64, usize, usize)> = None;
    for a in 0..features.len() {
        for b in a + 1..features.len() {
            if features[a].0 == features[b].0 {
                continue;
            }
            let joint = dot(&features[a].2, &features[b].2);
            let determinant = norms[a] * norms[b] - joint * joint;
            if determinant <= norms[a] * norms[b] * 1e-6 {
                continue;
            }
            let gain = (along[a] * along[a] * norms[b] - 2.0 * along[a] * along[b] * joint
                + along[b] * along[b] * norms[a])
                / determinant;
            let alone = (along[a] * along[a] / norms[a]).max(along[b] * along[b] / norms[b]);
            if gain > alone + total * LEAST && pair.is_none_or(|pair| gain > pair.0) {
                let (a_input, b_input) = (candidates[features[a].0].input, candidates[features[b].0].input);
                if allowed(&[a_input], b_input) {
                    pair = Some((gain, a, b));
                }
            }
        }
    }
    let mut planned: Vec<usize> = pair.map_or(Vec::new(), |(_, a, b)| vec![b, a]);
    while chosen.len() < MOST_TERMS {
        let before = dot(&left, &left);
        let mut order: Vec<(f64, usize)> = Vec::new();
        for (at, (candidate, _, values)) in features.iter().enumerate() {
            let norm = dot(values, values);
            if norm > norms[at] * 1e-6 && !chosen.iter().any(|(other, _)| other == candidate) {
                let along = dot(values, &left);
                order.push((along * along / norm, at));
            }
        }
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let inputs: Vec<Input> = chosen.iter().map(|&(at, _)| candidates[at].input).collect();
        let best = order
            .into_iter()
            .take_while(|&(gain, _)| gain > before * LEAST)
            .find(|&(_, at)| allowed(&inputs, candidates[features[at].0].input));
        let Some(at) = planned.pop().or(best.map(|(_, at)| at)) else { break };
        let (candidate, logarithm, direction) = (features[at].0, features[at].1, features[at].2.clone());
        chosen.push((candidate, logarithm));
        let norm = dot(&direction, &direction);
        off(&mut left, &direction, norm);
        for (_, _, values) in &mut features {
            off(values, &direction, norm);
        }
    }
    if chosen.is_empty() {
        return None;
    }
    bent(&target, numbers, logarithm, candidates, &chosen)
}

/// The chosen terms, with bends.
fn bent(
    target: &[f64],
    numbers: &[f64],
    logarithm: bool,
    candidates: &[Candidate],
    chosen: &[(usize, bool)],
) -> Option<(Fit, Vec<Input>)> {
    let n = target.len();
    let plain: Vec<Vec<f64>> = chosen
        .iter()
        .map(|&(at, log)| candidates[at].numbers.iter().map(|&x| seen(x, log)).collect())
        .collect();
    let mut columns: Vec<Vec<f64>> = plain.iter().map(|column| centred(column.clone())).collect();
    let slopes = solve(&columns, target)?;
    let shares: Vec<f64> = slopes.iter().map(|&slope| f64::from(slope as f32)).collect();
    let mut left = target.to_vec();
    let mut directions: Vec<(Vec<f64>, f64)> = Vec::new();
    let orthogonal = |values: &mut Vec<f64>, directions: &[(Vec<f64>, f64)]| {
        directions.iter().for_each(|(direction, norm)| off(values, direction, *norm));
    };
    for column in &columns {
        let mut direction = column.clone();
        orthogonal(&mut direction, &directions);
        let norm = dot(&direction, &direction);
        if norm > 0.0 {
            off(&mut left, &direction, norm);
            directions.push((direction, norm));
        }
    }
    // Every sum of some terms may bend at every place.
    let mut bends: Vec<(u8, f32, Vec<f64>, f64)> = Vec::new();
    let mut row = vec![0.0; plain.len()];
    for terms in 1..1u8 << plain.len() {
        let sums: Vec<f64> = (0..n)
            .map(|at| {
                row.iter_mut().zip(&plain).for_each(|(value, column)| *value = column[at]);
                shared(&row, &shares, terms)
            })
            .collect();
        let mut sorted = sums.clone();
        sorted.sort_by(f64::total_cmp);
        for place in 0..PLACES {
            let from = sorted[(n - 1) * (2 * place + 1) / (2 * PLACES)] as f32;
            let over = |&sum: &f64| if sum > f64::from(from) { sum - f64::from(from) } else { 0.0 };
            let mut values = centred(sums.iter().map(over).collect());
            let norm = dot(&values, &values);
            orthogonal(&mut values, &directions);
            if norm > 0.0 {
                bends.push((terms, from, values, norm));
            }
        }
    }
    let mut kept: Vec<(u8, f32)> = Vec::new();
    while kept.len() < MOST_BENDS {
        let before = dot(&left, &left);
        let mut best: Option<(f64, usize)> = None;
        for (at, (_, _, values, whole)) in bends.iter().enumerate() {
            let norm = dot(values, values);
            if norm > whole * 1e-6 {
                let along = dot(values, &left);
                let gain = along * along / norm;
                if best.is_none_or(|best| gain > best.0) {
                    best = Some((gain, at));
                }
            }
        }
        let Some((_, at)) = best.filter(|&(gain, _)| gain > before * 2.0 * LEAST) else { break };
        let (terms, from, direction, _) = bends.swap_remove(at);
        let norm = dot(&direction, &direction);
        off(&mut left, &direction, norm);
        bends.iter_mut().for_each(|(_, _, values, _)| off(values, &direction, norm));
        kept.push((terms, from));
    }
    for &(terms, from) in &kept {
        let values = (0..n).map(|at| {
            row.iter_mut().zip(&plain).for_each(|(value, column)| *value = column[at]);
            let over = shared(&row, &shares, terms) - f64::from(from);
            if over > 0.0 { over } else { 0.0 }
        });
        let values: Vec<f64> = values.collect();
        columns.push(centred(values));
    }
    let slopes = solve(&columns, target)?;
    let mut terms = chosen.iter().zip(&shares).zip(&slopes).map(|((&(_, logarithm), &share), &slope)| Term {
        logarithm,
        share: share as f32,
        slope: slope as f32,
    });
    let bends = kept.iter().zip(&slopes[chosen.len()..]);
    let mut fit = Fit {
        logarithm: false,
        signs: [numbers.iter().any(|&x| x > 0.0), numbers.iter().any(|&x| x < 0.0)],
        constant: 0.0,
        terms: terms.by_ref().collect(),
        bends: bends.map(|(&(terms, from), &slope)| Bend { terms, from, slope: slope as f32 }).collect(),
    };
    // The constant makes up for all that was centred, by what the fit itself gives.
    let mut numbers_of = vec![0.0; chosen.len()];
    let mut shift = 0.0;
    for (at, &number) in numbers.iter().enumerate() {
        numbers_of.iter_mut().zip(chosen).for_each(|(x, &(c, _))| *x = candidates[c].numbers[at]);
        shift += seen(number, logarithm) - fit.expect(&numbers_of);
    }
    fit.constant = (shift / n as f64) as f32;
    fit.logarithm = logarithm;
    let finite = |x: f32| x.is_finite();
    let sound = finite(fit.constant)
        && fit.terms.iter().all(|term| finite(term.share) && finite(term.slope))
        && fit.bends.iter().all(|bend| finite(bend.from) && finite(bend.slope));
    sound.then(|| (fit, chosen.iter().map(|&(at, _)| candidates[at].input).collect()))
}
