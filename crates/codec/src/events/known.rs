//! Known: what the walk over an event has seen of its particles.
//!
//! In: particles, as they are coded. Out: open imbalances, motions of systems, recoilers.
//! Not here: which law is used (`choice`), how it is coded (`momenta`).
//! Holds: encoder and decoder keep the same.

use super::Event;
use super::systems;
use hepz_columns::events::{Events, NONE};
use hepz_transforms::laws::kinematics::{Momentum, Transformation, add, product, subtract};
use std::collections::BTreeMap;

/// Imbalances that are kept, the newest ones.
const OPEN_IMBALANCES: usize = 24;

/// Which law a momentum follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// None.
    Free,
    /// The four-momentum of the mother.
    Same,
    /// What the other legs leave over.
    Balance,
    /// First of two bodies that are left.
    Decay,
    /// Along the mother's momentum.
    Scale,
    /// The mother's momentum and another vertex's imbalance.
    Ledger,
    /// Moved with others.
    Boost,
    /// First of two bodies that are left, of a total that includes another vertex's imbalance.
    LedgerDecay,
    /// Second body of an emission whose recoil another particle takes along its direction.
    Emission,
    /// Against an imbalance: it will take that recoil later.
    Against,
}

/// All of them, by number.
pub const CHOICES: [Choice; 10] = [
    Choice::Free,
    Choice::Same,
    Choice::Balance,
    Choice::Decay,
    Choice::Scale,
    Choice::Ledger,
    Choice::Boost,
    Choice::LedgerDecay,
    Choice::Emission,
    Choice::Against,
];

/// How a system moves.
#[derive(Default)]
pub struct Motion {
    /// Members before and after.
    pub examples: Vec<(Momentum, Momentum)>,
    pub map: Option<Transformation>,
}

/// What is known of the particles of the event.
pub struct Known {
    /// px, py, pz as printed; the energy from the mass shell where the printed one is near.
    pub momenta: Vec<Momentum>,
    pub ranks: Vec<[i64; 4]>,
    pub masses: Vec<f64>,
    pub choices: Vec<u8>,
    /// Momentum that vertices take from elsewhere.
    pub borrowed: Vec<Momentum>,
    pub ledger: Vec<Momentum>,
    /// What moved each system at each step, as far as it is known.
    pub motions: BTreeMap<systems::Step, Motion>,
    pub steps: Vec<systems::Step>,
    /// Particles that go on alone and take a recoil, and what they become.
    pub recoils: Vec<(u32, u32)>,
    pub beams: Vec<[i64; 4]>,
}

/// Everything about the particle that is to be coded.
pub struct Subject<'a> {
    pub p: usize,
    pub species: i32,
    pub status: i32,
    pub mass: f64,
    /// True if the mass follows from the four-momentum.
    pub late: bool,
    pub incoming: &'a [u32],
    pub outgoing: &'a [u32],
    pub place: usize,
    /// Sum of the incoming, with what was borrowed.
    pub total: Momentum,
    /// What is left of it.
    pub rest: Momentum,
    /// True if all incoming particles are known.
    pub whole: bool,
    pub mother: Option<usize>,
    pub truth: [i64; 4],
}

impl Known {
    /// Nothing known but the graph.
    pub fn new(events: &Events, event: &Event) -> Known {
        let n = event.particles;
        let base = event.first_particle;
        Known {
            momenta: Vec::with_capacity(n),
            ranks: Vec::with_capacity(n),
            masses: Vec::with_capacity(n),
            choices: Vec::with_capacity(n),
            borrowed: vec![[0.0; 4]; event.incoming.len()],
            ledger: Vec::new(),
            motions: BTreeMap::new(),
            steps: systems::steps(events, event),
            recoils: (0..n)
                .filter_map(|p| Some((p as u32, next_alone(events, event, base, p)? as u32)))
                .filter(|&(p, next)| next > p)
                .collect(),
            beams: Vec::new(),
        }
    }
}

/// The largest component.
pub fn axis(p: &Momentum) -> usize {
    (0..3).fold(0, |best, c| if p[c].abs() > p[best].abs() { c } else { best })
}

/// The momentum along `parent` whose component `c` is `value`.
pub fn along(parent: &Momentum, c: usize, value: f64) -> Momentum {
    let factor = value / parent[c];
    parent.map(|component| component * factor)
}

/// Known particles that go on alone and whose next momentum is not known yet, the newest first.
pub fn recoilers(known: &Known, p: usize) -> impl Iterator<Item = usize> + '_ {
    let before = known.recoils.partition_point(|recoil| (recoil.0 as usize) < p);
    known.recoils[..before]
        .iter()
        .rev()
        .filter(move |recoil| recoil.1 as usize > p)
        .map(|recoil| recoil.0 as usize)
}

/// What the particle goes on as, if it goes on alone and takes a recoil.
fn next_alone(events: &Events, event: &Event, base: usize, p: usize) -> Option<usize> {
    let end = events.end[base + p];
    if end == NONE || event.incoming[end as usize].len() != 1 {
        return None;
    }
    match event.outgoing[end as usize][..] {
        [next] if events.status[base + next as usize] == 52 => Some(next as usize),
        _ => None,
    }
}

/// The second body of an emission: what is left of the emitter, and so much of the recoiler that it is on its mass shell.
pub fn emitted(rest: Momentum, recoiler: Momentum, mass: f64) -> Option<Momentum> {
    let share = (mass * mass.abs() - product(rest, rest)) / (2.0 * product(rest, recoiler));
    (share > 0.0 && share < 1.0).then(|| add(rest, recoiler.map(|component| component * share)))
}

/// Remembers how a particle moved; three of one system and step say how all of them do.
pub fn moved(known: &mut Known, p: usize, before: Momentum, after: Momentum, unit: f64) {
    // Rounding is no motion.
    if (0..3).all(|c| (after[c] - before[c]).abs() <= 16.0 * unit * after[3]) {
        return;
    }
    let motion = known.motions.entry(known.steps[p]).or_default();
    // Two that fly together say no more than one.
    let alike =
        |example: &(Momentum, Momentum)| product(example.0, before) <= 1e-9 * example.0[3] * before[3];
    if motion.examples.len() < 8 && !motion.examples.iter().any(alike) {
        motion.examples.push((before, after));
    }
    if let [.., a, b, c] = motion.examples[..] {
        let map = Transformation::of_three([a.0, b.0, c.0], [a.1, b.1, c.1], 1e-9 + 64.0 * unit);
        motion.map = map.or(motion.map);
    }
}

/// A vertex is whole: what it does not balance is open.
pub fn settle(known: &mut Known, subject: &Subject<'_>, last: Momentum) {
    if !subject.whole || subject.incoming.len() != 1 {
        return;
    }
    let choice = known.choices[subject.p];
    if choice == Choice::Same as u8 || choice == Choice::Balance as u8 || choice == Choice::Boost as u8 {
        return;
    }
    let imbalance = subtract(subject.rest, last);
    let scale = subject.total[3].abs().max(last[3].abs());
    let borrowed = choice == Choice::Ledger as u8;
    if !borrowed && (0..3).any(|c| imbalance[c].abs() > 1e-5 * scale) {
        if known.ledger.len() == OPEN_IMBALANCES {
            known.ledger.remove(0);
        }
        known.ledger.push(imbalance);
    }
}
