//! Columns as products, quotients and functions of others, up to a constant factor; angles and rapidities.
//!
//! In: the probe. Out: guesses to the judge.
//! Not here: sums and roots of sums (`sums`).
//! Holds: between two rows a constant factor cancels, so `ln|y1 / y0|` must be the sum of the same logarithms of the
//! factors; one of them is looked up for every choice of the other.

use super::super::formula::{Direction, Formula, Gain};
use super::super::function::Function;
use super::judge::{Guess, Inputs, Judge, Open};
use super::ladder::Ladder;
use super::probe::{COARSEST, Facts};
use crate::real;

/// A column, or a function of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Term {
    column: usize,
    function: Option<Function>,
}

/// Functions that stand beside another factor.
const BESIDE: [Function; 9] = [
    Function::Sin,
    Function::Cos,
    Function::Sinh,
    Function::Cosh,
    Function::Tanh,
    Function::Tan,
    Function::Exp,
    Function::Sqrt,
    Function::Square,
];

/// Functions that stand alone.
const ALONE: [Function; 16] = Function::ALL;

/// Whether a function of this column makes sense in physics; guesses beyond are coincidences.
fn suits(function: Function, fact: &Facts) -> bool {
    let size = fact.size();
    match function {
        _ if !fact.is_float() => false,
        Function::Sin | Function::Cos | Function::Tan => size <= 6.3,
        Function::Sinh | Function::Cosh | Function::Tanh | Function::PolarAngle => size <= 12.0,
        Function::Pseudorapidity => fact.least >= 0.0 && fact.most <= 3.2,
        Function::Acos => size <= 1.0,
        Function::Exp => size <= 80.0,
        Function::Ln | Function::Sqrt => fact.least > 0.0,
        Function::Asinh | Function::Atan | Function::Square | Function::Reciprocal => true,
    }
}

/// The logarithm of the ratio of a term's sizes on two rows.
fn log_ratio(values: &[f64], function: Option<Function>, [from, to]: [usize; 2]) -> f64 {
    let at = |row: usize| function.map_or(values[row], |f| f.at(values[row])).abs();
    real::ln(at(to) / at(from))
}

/// How far a sum of logarithms may be off, for columns of this step of the grid.
fn slack(eps: f64) -> f64 {
    (8.0 * eps).max(1.0 / 32768.0)
}

/// The same for the coarsest of the columns.
fn coarsest(judge: &Judge<'_>, columns: &[usize]) -> f64 {
    slack(columns.iter().map(|&c| judge.facts[c].eps).fold(0.0, f64::max))
}

/// Targets with their base rows: two pairs each, sorted so that equal pairs meet.
fn targets_by_base(judge: &Judge<'_>, columns: &[usize], round: usize) -> Vec<([usize; 2], usize)> {
    let mut list: Vec<_> = columns
        .iter()
        .filter(|&&target| judge.facts[target].plain > 3.0 && !judge.settled(target))
        .filter_map(|&target| match judge.probe.bases[target].get(2 * round..2 * round + 2)? {
            &[from, to] => Some(([from, to], target)),
            _ => None,
        })
        .collect();
    list.sort_unstable();
    list
}

/// Products, quotients and functions.
pub(super) fn search(judge: &mut Judge<'_>, columns: &[usize]) {
    let columns: Vec<usize> = columns.iter().copied().filter(|&c| judge.facts[c].eps <= COARSEST).collect();
    let tolerance = 2.0 * coarsest(judge, &columns);
    for round in 0..2 {
        let targets = targets_by_base(judge, &columns, round);
        for group in targets.chunk_by(|a, b| a.0 == b.0) {
            let rows = group[0].0;
            let mut terms = Vec::new();
            let mut alone = Vec::new();
            let mut plain = Vec::new();
            for &column in &columns {
                let (values, fact) = (&judge.probe.values[column], &judge.facts[column]);
                if values[rows[0]].is_nan() || values[rows[1]].is_nan() {
                    continue;
                }
                let d = log_ratio(values, None, rows);
                // A factor that does not change is no factor, unless it is a charge.
                let changes = d.abs() > tolerance || (!fact.is_float() && d != 0.0);
                if changes || (fact.one_size && fact.least < 0.0) {
                    plain.push((d, column));
                    terms.push((d, Term { column, function: None }));
                }
                for function in BESIDE.into_iter().filter(|&f| suits(f, fact)) {
                    let d = log_ratio(values, Some(function), rows);
                    if d.abs() > tolerance {
                        terms.push((d, Term { column, function: Some(function) }));
                    }
                }
                for function in ALONE.into_iter().filter(|&f| suits(f, fact)) {
                    let d = log_ratio(values, Some(function), rows);
                    if d.abs() > tolerance {
                        alone.push((d, Term { column, function: Some(function) }));
                    }
                }
            }
            if !judge.spend((terms.len() + alone.len()) as u64) {
                return;
            }
            let (terms, alone) = (Ladder::new(terms), Ladder::new(alone));
            for &(_, target) in group {
                functions(judge, target, rows, &alone, tolerance);
                pairs(judge, target, rows, &plain, &terms, tolerance);
            }
        }
    }
}

fn functions(judge: &mut Judge<'_>, target: usize, rows: [usize; 2], alone: &Ladder<Term>, tolerance: f64) {
    let d = log_ratio(&judge.probe.values[target], None, rows);
    if d.abs() <= tolerance || !judge.facts[target].is_float() {
        return;
    }
    for (_, term) in alone.near(d, tolerance) {
        if let Some(function) = term.function {
            let formula = Formula::Unary { function, gain: Gain::ONE };
            judge.offer(Guess { target, inputs: Inputs::new(&[term.column]), formula, open: Open::Gain });
        }
    }
}

fn pairs(
    judge: &mut Judge<'_>,
    target: usize,
    rows: [usize; 2],
    plain: &[(f64, usize)],
    terms: &Ladder<Term>,
    tolerance: f64,
) {
    let d = log_ratio(&judge.probe.values[target], None, rows);
    if !d.is_finite() || (d.abs() <= tolerance && judge.facts[target].is_float()) {
        return;
    }
    let gain = Gain::ONE;
    for &(da, a) in plain {
        if a == target || !judge.spend(3) {
            continue;
        }
        if !da.is_finite() {
            continue;
        }
        let offer = |judge: &mut Judge<'_>, b: usize, formula: Formula| {
            if b != a && b != target {
                judge.offer(Guess { target, inputs: Inputs::new(&[a, b]), formula, open: Open::Gain });
            }
        };
        let own = judge.facts[target].eps.max(judge.facts[a].eps);
        let facts = judge.facts;
        let close = |found: f64, wanted: f64, term: Term| {
            (found - wanted).abs() <= 2.0 * slack(own.max(facts[term.column].eps))
        };
        for (x, term) in terms.near(d - da, tolerance) {
            if !close(x, d - da, term) {
                continue;
            }
            match term.function {
                None if a < term.column => offer(judge, term.column, Formula::Product { gain }),
                None => {}
                Some(function) => offer(judge, term.column, Formula::Times { function, gain }),
            }
        }
        for (x, term) in terms.near(da - d, tolerance) {
            if !close(x, da - d, term) {
                continue;
            }
            match term.function {
                None => offer(judge, term.column, Formula::Quotient { gain }),
                Some(function) => offer(judge, term.column, Formula::Per { function, gain }),
            }
        }
        for (x, term) in terms.near(d + da, tolerance) {
            if let Some(function) = term.function.filter(|_| close(x, d + da, term)) {
                offer(judge, term.column, Formula::Over { function, gain });
            }
        }
    }
}

/// Angles and rapidities: a function of the target is the quotient of two columns.
pub(super) fn directions(judge: &mut Judge<'_>, columns: &[usize]) {
    let columns: Vec<usize> = columns
        .iter()
        .copied()
        .filter(|&c| judge.facts[c].is_float() && judge.facts[c].eps <= COARSEST)
        .collect();
    let tolerance = coarsest(judge, &columns);
    let logs = |judge: &Judge<'_>, row: usize| -> Vec<(f64, usize)> {
        let logs = columns.iter().map(|&c| (real::ln(judge.probe.values[c][row].abs()), c));
        logs.filter(|log| log.0.is_finite()).collect()
    };
    for round in 0..2 {
        let mut targets: Vec<(usize, usize)> = columns
            .iter()
            .filter(|&&c| {
                judge.facts[c].is_float() && judge.facts[c].size() <= 12.0 && judge.facts[c].plain > 4.0
            })
            .filter_map(|&c| Some((*judge.probe.bases[c].get(round)?, c)))
            .collect();
        targets.sort_unstable();
        for group in targets.chunk_by(|a, b| a.0 == b.0) {
            let list = logs(judge, group[0].0);
            let ladder = Ladder::new(list.clone());
            for &(row, target) in group {
                let (y, fact) = (judge.probe.values[target][row], &judge.facts[target]);
                // pi in f32 is a little larger than pi.
                let round_angle = fact.size() <= std::f64::consts::PI + 1.0e-3;
                let all = [
                    (Direction::Atan2, real::tan(y), round_angle),
                    (Direction::Asinh, real::sinh(y), true),
                    (Direction::Atanh, real::tanh(y), true),
                    (Direction::Acos, real::cos(y), round_angle && fact.least >= 0.0),
                ];
                for (direction, quotient, _) in all.into_iter().filter(|row| row.2) {
                    let log = real::ln(quotient.abs());
                    for &(la, a) in &list {
                        if !judge.spend(1) {
                            return;
                        }
                        for (_, b) in ladder.near(la - log, tolerance) {
                            let formula = Formula::Direction(direction);
                            let inputs = Inputs::new(&[a, b]);
                            if a != b && b != target {
                                judge.offer(Guess { target, inputs, formula, open: Open::Nothing });
                            }
                        }
                    }
                }
            }
        }
    }
}
