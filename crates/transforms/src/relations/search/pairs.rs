//! One column from one other: copies, signs, constant factors and shifts, straight lines.
//!
//! In: the probe. Out: guesses to the judge.
//! Not here: functions of one column (`products`, which find them by their ratios).
//! Holds: every ordered pair is looked at on at most twelve rows.

use super::super::formula::{Formula, Gain};
use super::judge::{Guess, Inputs, Judge, Open};
use std::collections::BTreeMap;

/// Offers copies of earlier columns; returns the columns that are copies of no earlier one.
pub(super) fn copies(judge: &mut Judge<'_>) -> Vec<usize> {
    let mut first_of: BTreeMap<(u8, u64), Vec<usize>> = BTreeMap::new();
    let mut originals = Vec::new();
    for (at, column) in judge.sample.columns.iter().enumerate() {
        if !judge.facts[at].usable {
            continue;
        }
        let hash = column.raw.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, &raw| {
            (hash ^ raw).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
        });
        let same = first_of.entry((column.scalar.id(), hash)).or_default();
        let original = same.iter().copied().find(|&other| judge.sample.columns[other].raw == column.raw);
        if let Some(original) = original {
            let inputs = Inputs::new(&[original]);
            judge.keep(Guess { target: at, inputs, formula: Formula::Copy, open: Open::Nothing });
        } else {
            same.push(at);
            originals.push(at);
        }
    }
    originals
}

/// Whether two of the first four pairs give nearly the same number.
fn two_agree(values: &[f64], near: f64) -> bool {
    let first = &values[..values.len().min(4)];
    first.iter().enumerate().any(|(at, a)| first[at + 1..].iter().any(|b| (a - b).abs() <= near * a.abs()))
}

/// Looks at every ordered pair.
pub(super) fn search(judge: &mut Judge<'_>, columns: &[usize]) {
    for &target in columns {
        let bases = &judge.probe.bases[target];
        let ys: Vec<f64> = bases.iter().map(|&row| judge.probe.values[target][row]).collect();
        let size = ys.iter().take(4).fold(0.0f64, |size, y| size.max(y.abs()));
        let exact = !judge.facts[target].is_float();
        for (at, &input) in columns.iter().enumerate() {
            // Four pairs cost as much as one look-up elsewhere.
            if input == target || (at % 4 == 0 && !judge.spend(1)) {
                continue;
            }
            let bases = &judge.probe.bases[target];
            let xs = &judge.probe.values[input];
            let (mut ratios, mut shifts) = ([f64::NAN; 12], [f64::NAN; 12]);
            for (at, (&row, y)) in bases.iter().zip(&ys).enumerate() {
                ratios[at] = y / xs[row];
                shifts[at] = y - xs[row];
            }
            let n = ys.len();
            let tolerance = if exact { 1.0e-12 } else { 2.0 * judge.tolerance(target, &[input]) };
            let guess = |formula, open| Guess { target, inputs: Inputs::new(&[input]), formula, open };
            let mut held = false;
            if ratios[..n.min(4)].iter().any(|k| (k.abs() - 1.0).abs() <= tolerance) {
                held = judge.offer(guess(Formula::Copy, Open::Nothing));
                // With mixed signs, both may hold on half of the rows where the size holds on all.
                held |= judge.offer(guess(Formula::Negate, Open::Nothing));
                held |= judge.facts[target].least >= 0.0
                    && judge.facts[input].least < 0.0
                    && judge.offer(guess(Formula::Abs, Open::Nothing));
            }
            if !held && two_agree(&ratios[..n], tolerance) {
                held = judge.offer(guess(Formula::Scale { gain: Gain::ONE }, Open::Gain));
            }
            let near = if size > 0.0 { tolerance } else { 0.0 };
            let in_size = shifts[..n].iter().map(|d| 1.0 + d / size.max(f64::MIN_POSITIVE));
            let in_size: Vec<f64> = in_size.take(4).collect();
            if !held && two_agree(&in_size, near) {
                held = judge.offer(guess(Formula::Shift { shift: 0.0 }, Open::Shift));
            }
            if !held && let Some((k, m)) = line(judge, target, input, tolerance) {
                let mut affine = guess(Formula::Affine { gain: Gain::Times(k), shift: m }, Open::Shift);
                affine.open = Open::Shift;
                judge.offer(affine);
            }
        }
    }
}

/// The straight line through the points of a pair, if most of twelve lie on it.
fn line(judge: &Judge<'_>, target: usize, input: usize, tolerance: f64) -> Option<(f64, f64)> {
    let (ys, xs) = (&judge.probe.values[target], &judge.probe.values[input]);
    let points = judge.probe.bases[target].iter().map(|&row| (xs[row], ys[row])).filter(|p| !p.0.is_nan());
    let (low, high) =
        points.clone().fold(((f64::INFINITY, 0.0), (f64::NEG_INFINITY, 0.0)), |(low, high), p| {
            (if p.0 < low.0 { p } else { low }, if p.0 > high.0 { p } else { high })
        });
    let k = (high.1 - low.1) / (high.0 - low.0);
    let m = low.1 - k * low.0;
    if !k.is_normal() || !m.is_finite() {
        return None;
    }
    // Points near a line that spans nothing say nothing.
    let span = (high.1 - low.1).abs() / 64.0;
    let close = |p: (f64, f64), k: f64, m: f64| {
        let off = (p.1 - (k * p.0 + m)).abs();
        off <= 2.0 * tolerance * p.1.abs() && off <= span
    };
    let (n, on) = points.fold((0, 0), |(n, on), p| (n + 1, on + usize::from(close(p, k, m))));
    if n < 6 || on * 10 < n * 7 {
        return None;
    }
    // Least squares over the points of the whole sample near the line, with equal relative weights.
    let fact = &judge.facts[target];
    let (ys, xs) = (&judge.sample.columns[target].values, &judge.sample.columns[input].values);
    let (mut w, mut wx, mut wy, mut wxx, mut wxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (row, (&x, &y)) in xs.iter().zip(ys).enumerate() {
        if fact.ordinary[row] && y != 0.0 && close((x, y), k, m) {
            let weight = 1.0 / (y * y);
            // Centred on one point of the line, so that large numbers do not cancel.
            let (x, y) = (x - low.0, y - low.1);
            w += weight;
            wx += weight * x;
            wy += weight * y;
            wxx += weight * x * x;
            wxy += weight * x * y;
        }
    }
    let fitted = (w * wxy - wx * wy) / (w * wxx - wx * wx);
    let k = if fitted.is_normal() { fitted } else { k };
    let k = super::judge::short(k, 8.0 * fact.eps.max(1.0e-15)).unwrap_or(k);
    Some((k, low.1 - k * low.0))
}
