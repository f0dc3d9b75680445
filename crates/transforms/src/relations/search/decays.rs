//! Systems of two or three momenta that share a mass: decays.
//!
//! In: a sample of a table. Out: [`System`]s: for each component the two values that the mass allows.
//! Not here: formulas with one answer (`search`), what a system saves (the planner measures).
//! Holds: no clock, no chance, no names; masses of daughters are hypotheses from a list, that of the system is where the
//! sample piles up.

use super::super::formula::Formula;
use super::super::invariant::Decay;
use super::super::sample::Sample;
use super::momenta::{MASSES_GEV, UNITS, vectors};
use hepz_columns::Scalar;

/// Rows on which a system is looked at first, and on which hypotheses are compared.
const LOOK_ROWS: usize = 64;
const COMPARED_ROWS: usize = 256;

/// A pile is narrower by this factor than the masses of momenta that do not belong together.
const PILE: f64 = 0.4;

/// Systems of which hypotheses are compared.
const MOST_SYSTEMS: usize = 6;

/// One component of a momentum from the others of a system.
#[derive(Clone, Debug, PartialEq)]
pub struct System {
    /// The component that is solved for.
    pub target: usize,
    /// The columns that the formulas read, in their order.
    pub inputs: Vec<usize>,
    /// The two answers.
    pub formulas: [Formula; 2],
}

/// Daughters with their masses under a hypothesis.
type Rows = Vec<Vec<[f64; 3]>>;

/// Finds systems in a sample: at most a few, each with all its components as targets.
pub fn systems(sample: &Sample) -> Vec<System> {
    let rows = sample.columns.first().map_or(0, |column| column.values.len());
    if rows < LOOK_ROWS || sample.columns.iter().any(|column| column.values.len() != rows) {
        return Vec::new();
    }
    let stride = rows / LOOK_ROWS;
    let columns: Vec<usize> = (0..sample.columns.len()).collect();
    let wide = |c: usize| matches!(sample.columns[c].scalar, Scalar::F32 | Scalar::F64);
    let few = |c: usize| sample.columns[c].values.iter().copied().step_by(stride).collect::<Vec<f64>>();
    let momenta: Vec<[usize; 3]> = vectors(&columns, wide, few)
        .into_iter()
        .filter(|v| v.iter().all(|&c| sample.columns[c].scalar == sample.columns[v[0]].scalar))
        .collect();
    let mut groups: Vec<(f64, Vec<[usize; 3]>)> = Vec::new();
    for (at, &a) in momenta.iter().enumerate() {
        for (then, &b) in momenta.iter().enumerate().skip(at + 1) {
            if disjoint(a, b) {
                look(sample, vec![a, b], &mut groups);
                for &c in momenta[then + 1..].iter().filter(|&&c| disjoint(a, c) && disjoint(b, c)) {
                    look(sample, vec![a, b, c], &mut groups);
                }
            }
        }
    }
    groups.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    groups.truncate(MOST_SYSTEMS);
    groups.into_iter().filter_map(|(_, group)| best_hypothesis(sample, &group)).flatten().collect()
}

fn disjoint(a: [usize; 3], b: [usize; 3]) -> bool {
    a.iter().all(|c| !b.contains(c))
}

/// The momenta of a group on some rows; with `shift`, each from another row, so that nothing belongs together.
fn gather(sample: &Sample, group: &[[usize; 3]], rows: usize, shift: bool) -> Rows {
    let all = sample.columns.first().map_or(0, |column| column.values.len());
    let stride = (all / rows).max(1);
    (0..all)
        .step_by(stride)
        .map(|row| {
            let momentum = |(at, p): (usize, &[usize; 3])| {
                let row = if shift { (row + at * (all / 3 + 1)) % all } else { row };
                p.map(|c| sample.columns[c].values[row])
            };
            group.iter().enumerate().map(momentum).collect()
        })
        .collect()
}

/// The masses of all rows under a hypothesis, sorted.
fn masses(rows: &Rows, daughters: &[f64]) -> Vec<f64> {
    let mut found: Vec<f64> = rows
        .iter()
        .map(|row| {
            let (mut sum, mut energy) = ([0.0; 3], 0.0);
            for (p, m) in row.iter().zip(daughters) {
                energy += (m * m + p[0] * p[0] + p[1] * p[1] + p[2] * p[2]).sqrt();
                sum.iter_mut().zip(p).for_each(|(sum, x)| *sum += x);
            }
            (energy * energy - sum[0] * sum[0] - sum[1] * sum[1] - sum[2] * sum[2]).max(0.0).sqrt()
        })
        .filter(|mass| mass.is_finite())
        .collect();
    found.sort_unstable_by(f64::total_cmp);
    found
}

/// The narrowest interval that holds one value in `share`.
fn narrowest(sorted: &[f64], share: usize) -> Option<&[f64]> {
    let n = sorted.len() / share;
    let width = |part: &&[f64]| part[n - 1] - part[0];
    if n < 4 { None } else { sorted.windows(n).min_by(|a, b| width(a).total_cmp(&width(b))) }
}

/// Width of the pile over its place.
fn sharpness(sorted: &[f64]) -> Option<f64> {
    let part = narrowest(sorted, 2)?;
    let middle = part[part.len() / 2];
    (middle > 0.0).then(|| (part[part.len() - 1] - part[0]) / middle)
}

/// Width of the pile over that of momenta that do not belong together. (Slow daughters of large masses always have
/// nearly the mass that they have at rest, so the width alone says nothing.)
fn excess(rows: &Rows, others: &Rows, daughters: &[f64]) -> Option<f64> {
    Some(sharpness(&masses(rows, daughters))? / sharpness(&masses(others, daughters))?)
}

/// Keeps a group whose masses pile up much more than those of momenta that do not belong together.
fn look(sample: &Sample, group: Vec<[usize; 3]>, groups: &mut Vec<(f64, Vec<[usize; 3]>)>) {
    // The pion's mass, in the unit that suits, serves for a first look: reflections are still piles.
    let first = &sample.columns[group[0][0]].values;
    let scale = first.iter().filter(|x| x.is_finite()).fold(0.0, |most: f64, x| most.max(x.abs()));
    let pion = MASSES_GEV[3] * if scale > 500.0 { UNITS[1] } else { UNITS[0] };
    let [rows, others] = [false, true].map(|shift| gather(sample, &group, LOOK_ROWS, shift));
    if let Some(excess) = excess(&rows, &others, &vec![pion; group.len()]).filter(|excess| *excess < PILE) {
        groups.push((excess, group));
    }
}

/// The hypothesis under which the masses pile up most, as formulas for each component.
fn best_hypothesis(sample: &Sample, group: &[[usize; 3]]) -> Option<Vec<System>> {
    let [rows, others] = [false, true].map(|shift| gather(sample, group, COMPARED_ROWS, shift));
    let mut best: Option<(f64, Vec<f64>)> = None;
    for unit in UNITS {
        for code in 0..MASSES_GEV.len().pow(group.len() as u32) {
            let mut rest = code;
            let daughters: Vec<f64> = group
                .iter()
                .map(|_| {
                    let mass = MASSES_GEV[rest % MASSES_GEV.len()] * unit;
                    rest /= MASSES_GEV.len();
                    mass
                })
                .collect();
            let Some(excess) = excess(&rows, &others, &daughters) else { continue };
            if best.as_ref().is_none_or(|(least, _)| excess < *least) {
                best = Some((excess, daughters));
            }
        }
    }
    let (_, daughters) = best.filter(|(excess, _)| *excess < PILE)?;
    let sorted = masses(&gather(sample, group, usize::MAX, false), &daughters);
    let pile = narrowest(&sorted, 4)?;
    let mass = pile.iter().sum::<f64>() / pile.len() as f64;
    let mut found = Vec::new();
    for last in 0..group.len() {
        let others = || (0..group.len()).filter(|&at| at != last).chain([last]);
        let masses: Vec<f64> = others().map(|at| daughters[at]).collect();
        let upper = Decay::new(mass, &masses, true).ok()?;
        for axis in 0..3 {
            let components = |at: usize| (1..=3).map(move |step| group[at][(axis + step) % 3]);
            let mut inputs: Vec<usize> = others().flat_map(components).collect();
            let target = inputs.pop()?;
            let formulas = [Formula::Component(upper), Formula::Component(upper.other())];
            found.push(System { target, inputs, formulas });
        }
    }
    Some(found)
}
