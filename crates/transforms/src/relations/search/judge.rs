//! From a guess to a candidate: a check on few rows, constants, prices.
//!
//! In: guesses of the searches, most of them wrong. Out: [`Candidate`]s, the best of each target.
//! Not here: how guesses are made.
//! Holds: every rejection is cheap first (a dozen rows), then dear (the whole sample).

use super::super::formula::{Formula, Gain, MOST_INPUTS};
use super::super::price::{Price, Residuals, grid_rank};
use super::super::sample::{Budget, Candidate, Sample};
use super::probe::{Facts, Probe};
use std::collections::BTreeSet;

/// Bits per value that a relation must save to be kept.
const LEAST_GAIN: f64 = 1.0;

/// Bits per value by which a long constant must beat a short one.
const SHORTER: f64 = 0.06;
/// Bits per value by which a further input must improve a relation.
const FURTHER_INPUT: f64 = 0.2;

/// Bits per value below which a relation is not improved by another.
const SETTLED: f64 = 2.0;
/// Rows on which different constants are compared.
const TRIAL_ROWS: usize = 400;

/// The constant of a guess that is still open.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    Nothing,
    Gain,
    Shift,
}

/// A formula that may predict a column.
#[derive(Clone)]
pub(super) struct Guess {
    pub target: usize,
    pub inputs: Inputs,
    pub formula: Formula,
    pub open: Open,
}

/// The inputs of a guess, without allocation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Inputs {
    columns: [usize; MOST_INPUTS],
    n: usize,
}

impl Inputs {
    pub fn new(list: &[usize]) -> Inputs {
        let mut columns = [usize::MAX; MOST_INPUTS];
        for (place, &column) in columns.iter_mut().zip(list) {
            *place = column;
        }
        Inputs { columns, n: list.len().min(MOST_INPUTS) }
    }

    pub fn list(&self) -> &[usize] {
        &self.columns[..self.n]
    }
}

/// A guess that passed the probe.
struct Kept {
    guess: Guess,
    probe_bits: f64,
}

pub(super) struct Judge<'a> {
    pub sample: &'a Sample,
    pub facts: &'a [Facts],
    pub probe: &'a Probe,
    kept: Vec<Vec<Kept>>,
    seen: BTreeSet<(usize, u8, u8, Inputs)>,
    /// Steps that are left to the search that runs now.
    pub steps: u64,
}

impl<'a> Judge<'a> {
    pub fn new(sample: &'a Sample, facts: &'a [Facts], probe: &'a Probe) -> Judge<'a> {
        let kept = facts.iter().map(|_| Vec::new()).collect();
        Judge { sample, facts, probe, kept, seen: BTreeSet::new(), steps: 0 }
    }

    /// Takes steps from the budget of this search; false if it is spent.
    #[inline]
    pub fn spend(&mut self, steps: u64) -> bool {
        let enough = self.steps >= steps;
        self.steps = self.steps.saturating_sub(steps);
        enough
    }

    /// The formula's values on one row of the probe.
    #[inline]
    fn at_probe(&self, guess: &Guess, row: usize) -> f64 {
        let mut inputs = [0.0; MOST_INPUTS];
        for (x, &column) in inputs.iter_mut().zip(guess.inputs.list()) {
            *x = self.probe.values[column][row];
        }
        guess.formula.predict(&inputs[..guess.inputs.n])
    }

    /// How far a prediction may be off, relative to the value.
    pub fn tolerance(&self, target: usize, inputs: &[usize]) -> f64 {
        let coarsest = inputs.iter().map(|&c| self.facts[c].eps).fold(self.facts[target].eps, f64::max);
        (4.0 * coarsest).clamp(1.0 / 8192.0, 1.0 / 64.0)
    }

    /// Checks a guess on a few rows and keeps it if it holds on most of them.
    pub fn offer(&mut self, mut guess: Guess) -> bool {
        let target = guess.target;
        if guess.inputs.list().contains(&target) || !self.spend(1) {
            return false;
        }
        let mut tolerance = self.tolerance(target, guess.inputs.list());
        let slack = if self.facts[target].is_float() { 0.0 } else { 0.5 };
        if slack > 0.0 {
            tolerance = 1.0e-12;
        }
        let mut open = [0.0; 12];
        let (mut n, mut finite) = (0, 0);
        for (at, &row) in self.probe.bases[target].iter().enumerate() {
            let (y, z) = (self.probe.values[target][row], self.at_probe(&guess, row));
            if !z.is_nan() {
                finite += 1;
                open[n] = match guess.open {
                    Open::Nothing if (y - z).abs() <= tolerance * y.abs() + slack => 1.0,
                    Open::Nothing => 0.0,
                    Open::Gain => y / z,
                    Open::Shift => y - z,
                };
                n += usize::from(open[n].is_finite());
            }
            if at == 3 && !agree(&open[..n], guess.open, tolerance, y, slack) {
                return false;
            }
        }
        if n < 5 || 2 * finite < self.probe.bases[target].len() {
            return false;
        }
        open[..n].sort_unstable_by(f64::total_cmp);
        let middle = open[n / 2];
        let holds = match guess.open {
            Open::Nothing => open[..n].iter().filter(|&&x| x == 1.0).count(),
            Open::Gain => {
                open[..n].iter().filter(|&&k| (k - middle).abs() <= 2.0 * tolerance * middle.abs()).count()
            }
            Open::Shift => {
                let bases = &self.probe.bases[target];
                let typical = self.probe.values[target][bases[bases.len() / 2]].abs();
                open[..n].iter().filter(|&&d| (d - middle).abs() <= 2.0 * tolerance * typical + slack).count()
            }
        };
        if holds * 2 < n + 1 || middle == 0.0 && guess.open == Open::Gain {
            return false;
        }
        let [id, detail] = signature(&guess.formula);
        if !self.seen.insert((target, id, detail, guess.inputs)) {
            return true;
        }
        set_constant(&mut guess.formula, guess.open, middle);
        self.keep(guess)
    }

    /// As [`Judge::keep`], but every guess once only.
    pub fn keep_once(&mut self, guess: Guess) -> bool {
        let [id, detail] = signature(&guess.formula);
        self.seen.insert((guess.target, id, detail, guess.inputs)) && self.keep(guess)
    }

    /// Prices a guess on the probe and keeps it if it saves enough.
    pub fn keep(&mut self, guess: Guess) -> bool {
        let bits = self.probe_bits(&guess);
        // A constant that is fitted better later can save a bit or two more.
        let enough = bits <= self.facts[guess.target].plain - 0.5 * LEAST_GAIN;
        if enough {
            self.kept[guess.target].push(Kept { guess, probe_bits: bits });
        }
        enough
    }

    /// Bits per value that a guess leaves on the probe.
    pub fn probe_bits(&mut self, guess: &Guess) -> f64 {
        let fact = &self.facts[guess.target];
        let column = &self.sample.columns[guess.target];
        let mut residuals = Residuals::new();
        for (at, &row) in self.probe.rows.iter().enumerate() {
            if fact.ordinary[row] {
                let rank = grid_rank(column.raw[row], fact.scalar, fact.grid);
                residuals.add(rank, self.at_probe(guess, at), fact.scalar, fact.grid);
            }
        }
        self.spend(self.probe.rows.len() as u64 / 4);
        residuals.price(fact.plain).bits
    }

    /// Whether a relation to earlier columns already leaves next to nothing of a target. (One to later columns does not
    /// count: those may need this target themselves.)
    pub fn settled(&self, target: usize) -> bool {
        self.kept[target]
            .iter()
            .any(|kept| kept.probe_bits < SETTLED && kept.guess.inputs.list().iter().all(|&c| c < target))
    }

    /// Bits that the best relation so far leaves of a target.
    pub fn best_bits(&self, target: usize) -> f64 {
        self.kept[target].iter().map(|kept| kept.probe_bits).fold(f64::INFINITY, f64::min)
    }

    /// The price on every `stride`th row of the sample.
    fn price(&self, guess: &Guess, stride: usize) -> Price {
        let fact = &self.facts[guess.target];
        let column = &self.sample.columns[guess.target];
        let mut residuals = Residuals::new();
        for row in (0..column.raw.len()).step_by(stride).filter(|&row| fact.ordinary[row]) {
            let rank = grid_rank(column.raw[row], fact.scalar, fact.grid);
            residuals.add(rank, self.at_sample(guess, row), fact.scalar, fact.grid);
        }
        residuals.price(fact.plain)
    }

    /// The formula's value on one row of the sample.
    fn at_sample(&self, guess: &Guess, row: usize) -> f64 {
        let mut inputs = [0.0; MOST_INPUTS];
        for (x, &column) in inputs.iter_mut().zip(guess.inputs.list()) {
            *x = self.sample.columns[column].values[row];
        }
        guess.formula.predict(&inputs[..guess.inputs.n])
    }

    /// The values that the open constant takes on the rows of the sample.
    fn constants(&self, guess: &Guess) -> Vec<f64> {
        let mut bare = guess.clone();
        set_constant(&mut bare.formula, guess.open, if guess.open == Open::Gain { 1.0 } else { 0.0 });
        let fact = &self.facts[guess.target];
        let values = &self.sample.columns[guess.target].values;
        let stride = (fact.n_ordinary / (2 * TRIAL_ROWS)).max(1);
        let ordinary = (0..values.len()).step_by(stride).filter(|&row| fact.ordinary[row]);
        let constants = ordinary.map(|row| {
            let z = self.at_sample(&bare, row);
            if guess.open == Open::Gain { values[row] / z } else { values[row] - z }
        });
        constants.filter(|k| k.is_finite()).collect()
    }

    /// Tries the constant as fitted and as short numbers, and takes the cheapest.
    fn refine(&self, mut guess: Guess) -> (Guess, Price) {
        let mut best: Option<Price> = None;
        let mut constants = if guess.open == Open::Nothing { Vec::new() } else { self.constants(&guess) };
        if constants.is_empty() {
            let price = self.price(&guess, 1);
            return (guess, price);
        }
        let at = constants.len() / 2;
        let middle = *constants.select_nth_unstable_by(at, f64::total_cmp).1;
        let fact = &self.facts[guess.target];
        let mut trials = Vec::new();
        if guess.open == Open::Gain {
            // The median of many ratios is good to about one unit in the last place.
            let near = if fact.is_float() { fact.eps.max(1.0e-15) } else { 1.0e-9 };
            trials.extend(short(middle, near).map(Gain::Times));
            trials.extend(short(1.0 / middle, near).map(Gain::Over));
            trials.push(Gain::Times(middle));
            trials.push(Gain::Times(f64::from(middle as f32)));
            if fact.eps < 1.0e-14 {
                for ulps in [-2i64, -1, 1, 2] {
                    trials.push(Gain::Times(f64::from_bits(middle.to_bits().wrapping_add_signed(ulps))));
                }
            }
        } else {
            let near = fact.eps.max(1.0e-15) * (fact.size() / middle.abs().max(f64::MIN_POSITIVE));
            trials.extend(short(middle, near).map(Gain::Times));
            trials.push(Gain::Times(middle));
        }
        let original = guess.formula.clone();
        let stride = (fact.n_ordinary / TRIAL_ROWS).max(1);
        for gain in trials.into_iter().filter(|gain| gain.constant().is_normal()) {
            let mut trial = guess.clone();
            trial.formula = original.clone();
            match guess.open {
                Open::Gain => set_gain(&mut trial.formula, gain),
                _ => set_constant(&mut trial.formula, Open::Shift, gain.constant()),
            }
            let price = self.price(&trial, stride);
            // Short numbers come first: what the sample cannot tell apart is more likely the short one.
            if best.is_none_or(|best| price.bits < best.bits - SHORTER) {
                (guess, best) = (trial, Some(price));
            }
        }
        let price = self.price(&guess, 1);
        (guess, price)
    }

    /// The candidates, best first within each target.
    pub fn verdict(mut self, budget: &Budget) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for target in 0..self.kept.len() {
            let mut kept = std::mem::take(&mut self.kept[target]);
            kept.sort_by(|a, b| a.probe_bits.total_cmp(&b.probe_bits));
            kept.truncate(budget.per_target);
            let fact = &self.facts[target];
            let mut of_target: Vec<Candidate> = Vec::new();
            for Kept { guess, .. } in kept {
                let (guess, price) = self.refine(guess);
                let gain = fact.plain - price.bits;
                if gain < LEAST_GAIN || (price.rows_ok < 0.7 && gain < 0.25 * fact.plain) {
                    continue;
                }
                of_target.push(Candidate {
                    target,
                    inputs: guess.inputs.list().to_vec(),
                    formula: guess.formula,
                    bits_left: price.bits as f32,
                    plain_bits: fact.plain as f32,
                    rows_ok: price.rows_ok as f32,
                    median_ulp: price.median,
                    grid_bits: fact.grid,
                });
            }
            of_target.sort_by(|a, b| rank(a).total_cmp(&rank(b)).then(a.inputs.cmp(&b.inputs)));
            let better = |a: &Candidate| {
                let part = |b: &&Candidate| {
                    b.inputs.len() < a.inputs.len() && b.inputs.iter().all(|input| a.inputs.contains(input))
                };
                let needed = |b: &Candidate| f64::from(b.bits_left - a.bits_left) >= FURTHER_INPUT;
                of_target.iter().filter(part).all(needed)
            };
            let worth: Vec<bool> = of_target.iter().map(better).collect();
            let mut of_target: Vec<Candidate> = of_target
                .into_iter()
                .zip(worth)
                .filter(|(_, worth)| *worth)
                .map(|(candidate, _)| candidate)
                .collect();
            of_target.truncate(budget.per_target);
            candidates.extend(of_target);
        }
        candidates
    }
}

/// Bits left, with a handicap for every input: two that leave the same differ in what they demand.
fn rank(candidate: &Candidate) -> f64 {
    f64::from(candidate.bits_left) + 0.5 * FURTHER_INPUT * candidate.inputs.len() as f64
}

/// After four rows: whether at least two of them agree, so that it is worth going on.
fn agree(open: &[f64], kind: Open, tolerance: f64, y: f64, slack: f64) -> bool {
    if open.len() < 2 {
        return true; // rows without values say nothing yet
    }
    match kind {
        Open::Nothing => open.iter().filter(|&&x| x == 1.0).count() * 2 >= open.len(),
        _ => open.iter().enumerate().any(|(at, &a)| {
            let scale = if kind == Open::Gain { a.abs() } else { y.abs() };
            open[at + 1..].iter().any(|&b| (a - b).abs() <= 2.0 * tolerance * scale + slack)
        }),
    }
}

/// The shortest decimal within a relative distance, if it is short.
pub(super) fn short(x: f64, near: f64) -> Option<f64> {
    let mut chance = 10.0;
    (0..15).find_map(|digits| {
        chance *= 0.1;
        let rounded: f64 = format!("{x:.digits$e}").parse().ok()?;
        // A decimal that is as long as the precision allows is a coincidence.
        ((rounded - x).abs() <= near * x.abs() && chance > 16.0 * near).then_some(rounded)
    })
}

/// Sets the constant that was open.
fn set_constant(formula: &mut Formula, open: Open, value: f64) {
    match (open, formula) {
        (Open::Gain, formula) => set_gain(formula, Gain::Times(value)),
        (Open::Shift, Formula::Shift { shift } | Formula::Affine { shift, .. }) => *shift = value,
        (Open::Shift, Formula::Complement { total, .. }) => *total = value,
        _ => {}
    }
}

fn set_gain(formula: &mut Formula, value: Gain) {
    if let Formula::Scale { gain }
    | Formula::Affine { gain, .. }
    | Formula::Product { gain }
    | Formula::Quotient { gain }
    | Formula::Hypot { gain, .. }
    | Formula::Unary { gain, .. }
    | Formula::Times { gain, .. }
    | Formula::Per { gain, .. }
    | Formula::Over { gain, .. } = formula
    {
        *gain = value;
    }
}

/// What two guesses with the same inputs must share to be the same guess.
fn signature(formula: &Formula) -> [u8; 2] {
    let mut bytes = Vec::with_capacity(16);
    formula.write(&mut bytes);
    let detail = match formula {
        Formula::Sum { minus, .. } | Formula::Hypot { minus, .. } => *minus,
        Formula::Unary { function, .. }
        | Formula::Times { function, .. }
        | Formula::Per { function, .. }
        | Formula::Over { function, .. } => function.id(),
        Formula::Shell { mass } => u8::from(*mass),
        Formula::Direction(direction) => *direction as u8,
        // Pairs of different masses are different guesses.
        Formula::PairMass(_) => {
            bytes.iter().fold(0, |all: u8, byte| all.wrapping_mul(31).wrapping_add(*byte))
        }
        _ => 0,
    };
    [bytes.first().copied().unwrap_or(0), detail]
}
