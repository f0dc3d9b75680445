//! Columns as sums and differences of others, and as roots of sums of squares.
//!
//! In: the probe. Out: guesses to the judge.
//! Not here: groups that add up to a constant (`groups`), products (`products`).
//! Holds: on one row, all but one or two terms are chosen and the rest is looked up. Integers are looked up by a sum
//! over several rows with irrational weights, because on one row small integers coincide.

use super::super::formula::{Formula, Gain};
use super::judge::{Guess, Inputs, Judge, Open};
use super::ladder::Ladder;
use super::probe::COARSEST;

/// Columns in which pairs of terms are sought at once, and how far the next such window starts.
const PAIRS: (usize, usize) = (400, 200);
/// The same for three terms.
const TRIPLES: (usize, usize) = (40, 20);
/// The same for four terms.
const QUADRUPLES: (usize, usize) = (24, 12);

/// Weights of the rows for integers: square roots of primes, so that no small integers cancel.
const WEIGHTS: [f64; 6] = [1.0, std::f64::consts::SQRT_2, 1.732_050_8, 2.236_068, 2.645_751_3, 3.316_624_8];

/// What is added up: the values themselves, or their squares.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sum,
    Hypot,
}

impl Kind {
    fn formula(self, inputs: u8, minus: u8) -> Formula {
        match self {
            Kind::Sum => Formula::Sum { inputs, minus },
            Kind::Hypot => Formula::Hypot { gain: Gain::ONE, inputs, minus },
        }
    }
}

/// The numbers of all columns of a window on one base.
struct Keys {
    /// (key, step of the grid in it, column)
    list: Vec<(f64, f64, usize)>,
    kind: Kind,
    /// The coarsest grid, relative to its key.
    coarsest: f64,
}

/// Windows over a list of columns.
pub(super) fn windows(columns: &[usize], (length, step): (usize, usize)) -> impl Iterator<Item = &[usize]> {
    let last = columns.len().saturating_sub(length).div_ceil(step);
    (0..=last).map(move |at| &columns[at * step..(at * step + length).min(columns.len())])
}

/// All sums and roots.
pub(super) fn search(judge: &mut Judge<'_>, columns: &[usize]) {
    let float: Vec<usize> = columns
        .iter()
        .copied()
        .filter(|&c| judge.facts[c].is_float() && judge.facts[c].eps <= COARSEST)
        .collect();
    let integer: Vec<usize> = columns
        .iter()
        .copied()
        .filter(|&c| !judge.facts[c].is_float() && judge.facts[c].plain > 0.8)
        .collect();
    for kind in [Kind::Sum, Kind::Hypot] {
        for window in windows(&float, PAIRS) {
            for round in 0..2 {
                for_bases(judge, window, round, kind, two);
            }
        }
        for window in windows(&float, TRIPLES) {
            for round in 0..2 {
                for_bases(judge, window, round, kind, three);
            }
        }
    }
    for window in windows(&float, QUADRUPLES) {
        for_bases(judge, window, 0, Kind::Hypot, four);
    }
    for window in windows(&integer, PAIRS) {
        integers(judge, window, two);
    }
    for window in windows(&integer, TRIPLES) {
        integers(judge, window, three);
    }
}

type Find = fn(&mut Judge<'_>, &Keys, &[usize]);

/// Groups the float targets of a window by their base row and searches each group.
fn for_bases(judge: &mut Judge<'_>, window: &[usize], round: usize, kind: Kind, find: Find) {
    let mut targets: Vec<(usize, usize)> = window
        .iter()
        .filter(|&&c| judge.facts[c].plain > 4.0 && !judge.settled(c))
        .filter_map(|&c| Some((*judge.probe.bases[c].get(round)?, c)))
        .collect();
    targets.sort_unstable();
    for group in targets.chunk_by(|a, b| a.0 == b.0) {
        let row = group[0].0;
        let of = |&c: &usize| {
            let x = judge.probe.values[c][row];
            let eps = judge.facts[c].eps;
            match kind {
                Kind::Sum => (x, 4.0 * eps * x.abs(), c),
                Kind::Hypot => (x * x, 8.0 * eps * x * x, c),
            }
        };
        let list: Vec<_> = window.iter().map(of).filter(|key| key.0.is_finite() && key.0 != 0.0).collect();
        let targets: Vec<usize> = group.iter().map(|target| target.1).collect();
        find(judge, &Keys::new(list, kind), &targets);
    }
}

fn integers(judge: &mut Judge<'_>, window: &[usize], find: Find) {
    let Some(bases) = window.first().map(|&c| judge.probe.bases[c].clone()) else { return };
    let of = |&c: &usize| {
        let values = &judge.probe.values[c];
        let key: f64 = bases.iter().zip(WEIGHTS).map(|(&row, weight)| weight * values[row]).sum();
        let size: f64 = bases.iter().zip(WEIGHTS).map(|(&row, weight)| weight * values[row].abs()).sum();
        (key, 1.0e-14 * size, c)
    };
    let list: Vec<_> = window.iter().map(of).filter(|key| key.0.is_finite()).collect();
    let targets: Vec<usize> = window.iter().copied().filter(|&c| judge.facts[c].plain > 2.5).collect();
    find(judge, &Keys::new(list, Kind::Sum), &targets);
}

impl Keys {
    fn new(list: Vec<(f64, f64, usize)>, kind: Kind) -> Keys {
        let relative = list.iter().map(|key| key.1 / key.0.abs().max(f64::MIN_POSITIVE));
        let coarsest = relative.fold(0.0, f64::max).min(1.0 / 128.0);
        Keys { list, kind, coarsest }
    }

    /// The target's key, and how far a sum may be off it.
    fn target(&self, judge: &Judge<'_>, target: usize) -> Option<(f64, f64)> {
        let (key, grid, _) = *self.list.iter().find(|key| key.2 == target)?;
        let share = if judge.facts[target].is_float() { 1.0 / 32768.0 } else { 1.0e-13 };
        Some((key, grid + share * key.abs()))
    }

    /// How far a term of this size may be off, if it has the coarsest grid of all.
    fn grid(&self, size: f64) -> f64 {
        self.coarsest * size.abs()
    }
}

/// Offers a sum: the first `plus` inputs are added, the others subtracted. Either are put in the order of the table, so
/// that a sum that is found from several sides is one guess.
fn offer(judge: &mut Judge<'_>, keys: &Keys, target: usize, inputs: &[usize], plus: usize) {
    if inputs.contains(&target) {
        return;
    }
    let mut sorted = [0; 4];
    let Some(sorted) = sorted.get_mut(..inputs.len()) else { return };
    sorted.copy_from_slice(inputs);
    let (added, subtracted) = sorted.split_at_mut(plus.min(inputs.len()));
    added.sort_unstable();
    subtracted.sort_unstable();
    let minus = ((1u8 << inputs.len()) - 1) & !((1u8 << added.len()) - 1);
    let formula = keys.kind.formula(inputs.len() as u8, minus);
    let guess = Guess { target, inputs: Inputs::new(sorted), formula, open: Open::Nothing };
    // Differences of azimuths come round.
    let turns = keys.kind == Kind::Sum && inputs.len() == 2 && minus == 2;
    let fact = &judge.facts[target];
    // pi in f32 is a little larger than pi.
    if turns && fact.is_float() && fact.size() <= std::f64::consts::PI + 1.0e-3 {
        let mut round = guess.clone();
        round.formula = Formula::AngleDifference;
        judge.offer(round);
    }
    if judge.offer(guess) && inputs.len() > 2 {
        // A term that is small in most rows may be none, and may be all that this row sees beside the largest.
        for dropped in 0..inputs.len() {
            let kept = inputs.iter().enumerate().filter(|&(at, _)| at != dropped);
            let fewer: Vec<usize> = kept.map(|(_, &input)| input).collect();
            let plus = plus - usize::from(dropped < plus);
            if plus > 0 {
                offer(judge, keys, target, &fewer, plus);
            }
        }
    }
}

/// Two terms: a + b, a - b.
fn two(judge: &mut Judge<'_>, keys: &Keys, targets: &[usize]) {
    let ladder = Ladder::new(keys.list.iter().zip(0..).map(|(key, at)| (key.0, at)).collect());
    for &target in targets {
        let Some((y, off)) = keys.target(judge, target) else { continue };
        for &(x, grid, a) in &keys.list {
            if a == target || !judge.spend(2) {
                continue;
            }
            let rest = y - x;
            let near = off + grid + keys.grid(rest);
            // A rest within the tolerance would be no term at all; a tolerance beyond the target no prediction.
            if rest.abs() <= 8.0 * near || near > y.abs() / 16.0 {
                continue;
            }
            for (found, b) in ladder.near(rest, near) {
                let (_, own, b) = keys.list[b];
                if a < b && (found - rest).abs() <= off + grid + own {
                    offer(judge, keys, target, &[a, b], 2);
                }
            }
            for (found, b) in ladder.near(-rest, near) {
                let (_, own, b) = keys.list[b];
                if a != b && (found + rest).abs() <= off + grid + own {
                    offer(judge, keys, target, &[a, b], 1);
                }
            }
        }
    }
}

/// All sums (b + c) or differences (b - c) of two keys, b before c, by their places in the list.
fn pairs(keys: &Keys, sign: f64) -> Ladder<(usize, usize)> {
    let mut list = Vec::with_capacity(keys.list.len() * keys.list.len() / 2);
    for (b, first) in keys.list.iter().enumerate() {
        for (c, second) in keys.list.iter().enumerate().skip(b + 1) {
            list.push((first.0 + sign * second.0, (b, c)));
        }
    }
    Ladder::new(list)
}

/// Three terms, at least one of them added.
fn three(judge: &mut Judge<'_>, keys: &Keys, targets: &[usize]) {
    let n = keys.list.len() as u64;
    if targets.is_empty() || !judge.spend(n * n / 2) {
        return;
    }
    let (sums, differences) = (pairs(keys, 1.0), pairs(keys, -1.0));
    for &target in targets {
        let Some((y, off)) = keys.target(judge, target) else { continue };
        for &(x, grid, a) in &keys.list {
            if a == target || !judge.spend(4) {
                continue;
            }
            let rest = y - x;
            let near = off + grid + keys.grid(rest);
            if rest.abs() <= 8.0 * near || near > y.abs() / 16.0 {
                continue;
            }
            let close = |found: f64, wanted: f64, (b, c): (usize, usize)| {
                let ((_, of_b, b), (_, of_c, c)) = (keys.list[b], keys.list[c]);
                ((found - wanted).abs() <= off + grid + of_b + of_c).then_some((b, c))
            };
            for (found, at) in sums.near(rest, near) {
                if let Some((b, c)) = close(found, rest, at).filter(|&(b, _)| a < b) {
                    offer(judge, keys, target, &[a, b, c], 3);
                }
            }
            for (found, at) in sums.near(-rest, near) {
                if let Some((b, c)) = close(found, -rest, at).filter(|&(b, c)| a != b && a != c) {
                    offer(judge, keys, target, &[a, b, c], 1);
                }
            }
            // a + b - c: sought once, with the earlier of the two added terms as `a`.
            for (found, at) in differences.near(rest, near) {
                if let Some((b, c)) = close(found, rest, at).filter(|&(b, c)| a < b && a != c) {
                    offer(judge, keys, target, &[a, b, c], 2);
                }
            }
            for (found, at) in differences.near(-rest, near) {
                if let Some((b, c)) = close(found, -rest, at).filter(|&(b, c)| a < c && a != b) {
                    offer(judge, keys, target, &[a, c, b], 2);
                }
            }
        }
    }
}

/// Four squares: all added, or one less three (a mass from energy and momentum).
fn four(judge: &mut Judge<'_>, keys: &Keys, targets: &[usize]) {
    let n = keys.list.len() as u64;
    if targets.is_empty() || !judge.spend(n * n / 4) {
        return;
    }
    let sums = pairs(keys, 1.0);
    for &target in targets {
        let Some((y, off)) = keys.target(judge, target) else { continue };
        for (at, a) in keys.list.iter().enumerate() {
            for (then, b) in keys.list.iter().enumerate() {
                if a.2 == target || b.2 == target || at == then || !judge.spend(1) {
                    continue;
                }
                let rest = y - a.0 - b.0;
                let near = off + a.1 + b.1;
                if at < then && rest > 8.0 * near {
                    for (_, (c, d)) in sums.near(rest, near) {
                        if at < c && then != c && then != d {
                            offer(judge, keys, target, &[a.2, b.2, keys.list[c].2, keys.list[d].2], 4);
                        }
                    }
                }
                let rest = a.0 - b.0 - y;
                let near = near + keys.grid(rest);
                if rest > 8.0 * near && near <= y / 16.0 {
                    for (_, (c, d)) in sums.near(rest, near) {
                        if then < c && at != c && at != d {
                            offer(judge, keys, target, &[a.2, b.2, keys.list[c].2, keys.list[d].2], 1);
                        }
                    }
                }
            }
        }
    }
}
