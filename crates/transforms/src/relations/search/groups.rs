//! Groups of columns that add up to a constant, and the mass shell in collider coordinates.
//!
//! In: the probe. Out: guesses to the judge.
//! Not here: sums that are another column (`sums`).
//! Holds: between two rows a constant cancels, so the differences of a group add up to zero; half of the group is
//! looked up for every choice of the other half.

use super::super::formula::Formula;
use super::judge::{Guess, Inputs, Judge, Open};
use super::ladder::Ladder;
use super::probe::COARSEST;
use super::sums::windows;
use crate::real;

/// Columns among which groups are sought at once: 2,024 triples.
const GROUPS: (usize, usize) = (24, 12);
/// Columns among which (pt, eta, mass, energy) are sought at once.
const SHELLS: (usize, usize) = (48, 24);
/// Upper ends of the ranges in which shares lie.
const WHOLES: [f64; 2] = [1.0, 100.0];
/// Columns per half of a group, in the order in which halves are listed.
const MOST_OF_HALF: usize = 3;

/// Up to three columns, ascending; unused places hold `usize::MAX`.
type Half = [usize; MOST_OF_HALF];

/// Finds groups of three to six shares with a constant sum; each member is a target.
pub(super) fn complements(judge: &mut Judge<'_>, columns: &[usize]) {
    for (at, whole) in WHOLES.into_iter().enumerate() {
        let below = if at == 0 { -1.0 } else { WHOLES[at - 1] };
        let shares: Vec<usize> = columns
            .iter()
            .copied()
            .filter(|&c| {
                let fact = &judge.facts[c];
                let most = fact.most <= whole * 1.0001 && (fact.most > below * 1.0001 || at == 0);
                fact.is_float() && fact.least >= 0.0 && most && fact.plain > 3.0
            })
            .collect();
        for window in windows(&shares, GROUPS) {
            let mut bases: Vec<[usize; 2]> = Vec::new();
            for &c in window {
                for pair in judge.probe.bases[c].chunks_exact(2).take(2) {
                    bases.push([pair[0], pair[1]]);
                }
            }
            bases.sort_unstable();
            bases.dedup();
            for base in bases.into_iter().take(6) {
                groups(judge, window, base, whole);
            }
        }
    }
}

fn groups(judge: &mut Judge<'_>, window: &[usize], [from, to]: [usize; 2], whole: f64) {
    let change = |c: usize| judge.probe.values[c][to] - judge.probe.values[c][from];
    let eps = window.iter().map(|&c| judge.facts[c].eps).fold(0.0, f64::max);
    let near = whole * (8.0 * eps).clamp(1.0e-7, 1.0e-3);
    // A member that does not change on these rows would go with any group.
    let members: Vec<(f64, usize)> =
        window.iter().map(|&c| (change(c), c)).filter(|member| member.0.abs() > 4.0 * near).collect();
    let mut halves: Vec<(f64, Half)> = Vec::new();
    let none = usize::MAX;
    for (at, a) in members.iter().enumerate() {
        halves.push((a.0, [a.1, none, none]));
        for (then, b) in members.iter().enumerate().skip(at + 1) {
            halves.push((a.0 + b.0, [a.1, b.1, none]));
            for c in &members[then + 1..] {
                halves.push((a.0 + b.0 + c.0, [a.1, b.1, c.1]));
            }
        }
    }
    if !judge.spend(halves.len() as u64 * 3) {
        return;
    }
    let ladder = Ladder::new(halves.clone());
    let mut found: Vec<Vec<usize>> = Vec::new();
    for (sum, half) in &halves {
        for (_, other) in ladder.near(-sum, near) {
            // Halves of 1 and 2, 2 and 2, 2 and 3, 3 and 3 columns.
            let size = |half: &Half| half.iter().filter(|&&c| c != none).count();
            let (mine, theirs) = (size(half), size(&other));
            let ordered = mine < theirs || (mine == theirs && mine > 1 && half < &other);
            if !ordered || theirs > mine + 1 {
                continue;
            }
            let mut group: Vec<usize> = half.iter().chain(&other).copied().filter(|&c| c != none).collect();
            group.sort_unstable();
            group.dedup();
            if group.len() == mine + theirs {
                found.push(group);
            }
        }
    }
    found.sort_unstable_by(|a, b| a.len().cmp(&b.len()).then(a.cmp(b)));
    found.dedup();
    for group in found.into_iter().take(64) {
        complement(judge, &group, near);
    }
}

/// Checks the sum of a group on the probe and offers each member as what the others leave.
fn complement(judge: &mut Judge<'_>, group: &[usize], near: f64) {
    let rows = judge.probe.rows.len();
    let sum = |row: usize| group.iter().map(|&c| judge.probe.values[c][row]).sum::<f64>();
    let mut sums: Vec<f64> = (0..rows).map(sum).filter(|sum| !sum.is_nan()).collect();
    judge.spend(rows as u64 / 8);
    if sums.len() < 5 {
        return;
    }
    sums.sort_unstable_by(f64::total_cmp);
    let total = sums[sums.len() / 2];
    let on = sums.iter().filter(|sum| (**sum - total).abs() <= 4.0 * near).count();
    if on * 10 < sums.len() * 7 {
        return;
    }
    let total = super::judge::short(total, near).unwrap_or(total);
    for &target in group {
        let inputs: Vec<usize> = group.iter().copied().filter(|&c| c != target).collect();
        let formula = Formula::Complement { total, inputs: inputs.len() as u8 };
        judge.keep_once(Guess { target, inputs: Inputs::new(&inputs), formula, open: Open::Shift });
    }
}

/// Finds energy from (pt, eta, mass) and mass from (pt, eta, energy).
pub(super) fn shells(judge: &mut Judge<'_>, columns: &[usize]) {
    let float: Vec<usize> = columns
        .iter()
        .copied()
        .filter(|&c| judge.facts[c].is_float() && judge.facts[c].eps <= COARSEST)
        .collect();
    for window in windows(&float, SHELLS) {
        for round in 0..2 {
            let mut targets: Vec<(usize, usize)> = window
                .iter()
                .filter(|&&c| judge.facts[c].least >= 0.0 && judge.facts[c].plain > 4.0 && !judge.settled(c))
                .filter_map(|&c| Some((*judge.probe.bases[c].get(round)?, c)))
                .collect();
            targets.sort_unstable();
            for group in targets.chunk_by(|a, b| a.0 == b.0) {
                shell(judge, window, group[0].0, group);
            }
        }
    }
}

fn square(x: f64) -> f64 {
    x * x
}

fn shell(judge: &mut Judge<'_>, window: &[usize], row: usize, targets: &[(usize, usize)]) {
    let value = |c: usize| judge.probe.values[c][row];
    let sizes: Vec<usize> =
        window.iter().copied().filter(|&c| judge.facts[c].least >= 0.0 && value(c) > 0.0).collect();
    let etas =
        window.iter().copied().filter(|&c| judge.facts[c].size() <= 12.0 && judge.facts[c].plain > 4.0);
    let mut momenta = Vec::new();
    for eta in etas {
        let factor = real::cosh(value(eta));
        momenta
            .extend(sizes.iter().filter(|&&pt| pt != eta).map(|&pt| (square(value(pt) * factor), (pt, eta))));
    }
    if !judge.spend(momenta.len() as u64) {
        return;
    }
    let eps = window.iter().map(|&c| judge.facts[c].eps).fold(0.0, f64::max);
    let share = (16.0 * eps).clamp(1.0 / 16384.0, 1.0 / 128.0);
    let ladder = Ladder::new(momenta);
    for &(_, target) in targets {
        let y = square(value(target));
        for &third in &sizes {
            if third == target || !judge.spend(2) {
                continue;
            }
            let z = square(value(third));
            // Masses far below the energy are lost in its rounding; energies of massless things need no mass.
            for (rest, mass, near) in [(y - z, false, share * y), (z - y, true, share * y.min(z - y))] {
                if rest <= 0.0 || z.min(y) < 1.0e-6 * z.max(y) {
                    continue;
                }
                for (_, (pt, eta)) in ladder.near(rest, near) {
                    let inputs = Inputs::new(&[pt, eta, third]);
                    if pt != target && eta != target && pt != third && eta != third {
                        judge.offer(Guess {
                            target,
                            inputs,
                            formula: Formula::Shell { mass },
                            open: Open::Nothing,
                        });
                    }
                }
            }
        }
    }
}
