//! Momenta: masses, three-momenta and energies of one event.
//!
//! In: the event's graph, ranks. Out: ranks. Not here: the laws themselves (`hepz_transforms::laws`).
//! Holds: the choice of a law is coded; whatever it predicts, the number comes back.

use super::{Event, Truth};
use super::io::{Account, Io, Law};
use super::systems;
use super::numbers::{Free, LEVELS, exponent, in_interval, interval, relative};
use hepz_columns::events::{Events, NONE};
use hepz_entropy::RawBits;
use hepz_models::symbol::{Difference, Symbol, Tree};
use hepz_transforms::laws::decay::Decay;
use hepz_transforms::laws::kinematics::{Momentum, Transformation, add, energy, mass, product, subtract};
use hepz_transforms::laws::lattice::Ranks;
use std::collections::BTreeMap;

/// Which law a momentum follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
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

const CHOICES: [Choice; 10] = [
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

/// Masses that a species has had lately.
const RECENT: usize = 4;
const OPEN_IMBALANCES: usize = 24;
/// A law that misses by more bits than this is none.
const MISS: u32 = 44;

pub struct Models {
    mass_choice: Symbol<4>,
    mass: Free,
    late_mass: Difference,
    masses: BTreeMap<i32, [i64; RECENT]>,
    choice: Symbol<6>,
    free: Free,
    residual: Difference,
    energy: Difference,
    energy_choice: Symbol<2>,
    entry: Symbol<2>,
    intervals: Tree,
    root: Tree,
    /// Momenta of the particles of the last event that come from nowhere.
    beams: Vec<[i64; 4]>,
}

impl Models {
    pub fn new() -> Models {
        Models {
            mass_choice: Symbol::new(3, 10),
            late_mass: Difference::new(1),
            mass: Free::new(1, 6, 8),
            masses: BTreeMap::new(),
            choice: Symbol::new(4, 11),
            free: Free::new(64, 3, 11),
            residual: Difference::new(40),
            energy: Difference::new(16),
            energy_choice: Symbol::new(1, 8),
            entry: Symbol::new(5, 8),
            intervals: Tree::new(16, LEVELS),
            root: Tree::new(4, 1),
            beams: Vec::new(),
        }
    }
}

/// How a system moves.
#[derive(Default)]
struct Motion {
    /// Members before and after.
    examples: Vec<(Momentum, Momentum)>,
    map: Option<Transformation>,
}

/// What is known of the particles of the event.
struct Known {
    /// px, py, pz as printed; the energy from the mass shell where the printed one is near.
    momenta: Vec<Momentum>,
    ranks: Vec<[i64; 4]>,
    masses: Vec<f64>,
    choices: Vec<u8>,
    /// Momentum that vertices take from elsewhere.
    borrowed: Vec<Momentum>,
    ledger: Vec<Momentum>,
    /// What moved each system at each step, as far as it is known.
    motions: BTreeMap<systems::Step, Motion>,
    steps: Vec<systems::Step>,
    /// Particles that go on alone and take a recoil, and what they become.
    recoils: Vec<(u32, u32)>,
    beams: Vec<[i64; 4]>,
}

/// Everything about the particle that is to be coded.
struct Subject<'a> {
    p: usize,
    species: i32,
    status: i32,
    mass: f64,
    /// True if the mass follows from the four-momentum.
    late: bool,
    incoming: &'a [u32],
    outgoing: &'a [u32],
    place: usize,
    /// Sum of the incoming, with what was borrowed.
    total: Momentum,
    /// What is left of it.
    rest: Momentum,
    /// True if all incoming particles are known.
    whole: bool,
    mother: Option<usize>,
    truth: [i64; 4],
}

pub fn walk<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    models: &mut Models,
    truth: Truth<'_>,
    events: &mut Events,
    event: &Event,
    ranks: &[Ranks; 4],
) {
    let (on, on_energy, on_masses) = (&ranks[0], &ranks[1], &ranks[2]);
    let base = event.first_particle;
    let n = event.particles;
    let mut known = Known {
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
    };
    io.law(Law::Mass);
    let mut mass_ranks: Vec<i64> = Vec::with_capacity(n);
    let mut late: Vec<bool> = Vec::with_capacity(n);
    for p in 0..n {
        let at = base + p;
        let mother = mother(events, event, base, p).filter(|&q| q < p);
        let own = on_masses.rank(truth.of(|e| &e.mass, at));
        io.numbers(1);
        let follows = io.encoding && mass_follows(truth, event, base, p, ranks);
        let coded = code_mass(
            io,
            models,
            on_masses,
            (events.species[at], events.status[at]),
            mother.map(|q| mass_ranks[q]),
            (own, follows),
        );
        let rank = coded.unwrap_or(0);
        late.push(coded.is_none());
        mass_ranks.push(rank);
        known.masses.push(on_masses.value(rank));
        if coded.is_some() {
            events.mass[at] = on_masses.pattern(rank);
        }
    }
    for p in 0..n {
        let at = base + p;
        let vertex = events.production[at];
        let (incoming, outgoing): (&[u32], &[u32]) = match vertex {
            NONE => (&[], &[]),
            _ => (&event.incoming[vertex as usize], &event.outgoing[vertex as usize]),
        };
        let place = outgoing.partition_point(|&q| (q as usize) < p);
        let whole = !incoming.is_empty() && incoming.iter().all(|&q| (q as usize) < p);
        let mut total = if vertex == NONE { [0.0; 4] } else { known.borrowed[vertex as usize] };
        if whole {
            for &q in incoming {
                total = add(total, known.momenta[q as usize]);
            }
        }
        let rest = outgoing[..place].iter().fold(total, |rest, &q| subtract(rest, known.momenta[q as usize]));
        let mut subject = Subject {
            p,
            species: events.species[at],
            status: events.status[at],
            mass: known.masses[p],
            late: late[p],
            incoming,
            outgoing,
            place,
            total,
            rest,
            whole,
            mother: incoming.first().map(|&q| q as usize).filter(|&q| q < p),
            truth: [0; 4],
        };
        if io.encoding {
            subject.truth = std::array::from_fn(|c| [on, on, on, on_energy][c].rank(truth.of(|e| &e.momentum[c], at)));
        }
        let mut found = momentum(io, models, on, events, base, &mut known, &subject, vertex);
        found[3] = shell(io, models, [on, on_energy], &known, &subject, found);
        for (c, column) in events.momentum.iter_mut().enumerate() {
            column[at] = [on, on, on, on_energy][c].pattern(found[c]);
        }
        let mut value: Momentum = std::array::from_fn(|c| [on, on, on, on_energy][c].value(found[c]));
        if subject.late {
            io.law(Law::Mass);
            let predicted = on_masses.nearest(mass(subject.rest));
            let own = on_masses.rank(truth.of(|e| &e.mass, at));
            let difference = io.difference(&mut models.late_mass, 0, 0, own.wrapping_sub(predicted));
            let rank = predicted.wrapping_add(difference);
            events.mass[at] = on_masses.pattern(rank);
            known.masses[p] = on_masses.value(rank);
        }
        let exact = energy(value, known.masses[p]);
        if on_energy.nearest(exact).wrapping_sub(found[3]).unsigned_abs() <= 8 {
            value[3] = exact;
        }
        known.momenta.push(value);
        known.ranks.push(found);
        if vertex == NONE {
            known.beams.push(found);
        } else if place + 1 == outgoing.len() {
            settle(&mut known, &subject, value);
        }
    }
    models.beams = std::mem::take(&mut known.beams);
}

fn mother(events: &Events, event: &Event, base: usize, p: usize) -> Option<usize> {
    let vertex = events.production[base + p];
    if vertex == NONE { None } else { event.incoming[vertex as usize].first().map(|&q| q as usize) }
}

fn code_mass<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    models: &mut Models,
    on: &Ranks,
    (species, status): (i32, i32),
    mother: Option<i64>,
    (truth, follows): (i64, bool),
) -> Option<i64> {
    const LATE: u32 = 4;
    const MOTHER: u32 = 5;
    const ZERO: u32 = 6;
    const FREE: u32 = 7;
    let recent = models.masses.entry(species.wrapping_abs()).or_insert([0; RECENT]);
    let symbol = match recent.iter().position(|&rank| rank == truth) {
        Some(slot) => slot as u32,
        None if Some(truth) == mother => MOTHER,
        None if truth == 0 => ZERO,
        None if follows => LATE,
        None => FREE,
    };
    let (s, t) = (u64::from(species as u32), u64::from(status as u32));
    let alike = mother.and_then(|rank| recent.iter().position(|&r| r == rank)).map_or(7, |slot| slot as u64);
    let contexts = [s, t << 8 | alike, s << 16 | t, (s << 16 | t) << 4 | alike];
    let symbol = io.symbol(&mut models.mass_choice, contexts, symbol);
    let rank = match symbol {
        LATE => return None,
        MOTHER => mother.unwrap_or(0),
        ZERO => 0,
        FREE => {
            let reference = exponent(on.value(recent[0])).max(-20);
            let near = mother.map_or(0, |rank| relative(on.value(rank), reference));
            models.mass.code(io, on, reference, [s, t, near, s << 16 | t, 0], [s, t, 0], 0, truth)
        }
        slot => recent[slot as usize % RECENT],
    };
    let slot = recent.iter().position(|&r| r == rank).unwrap_or(RECENT - 1);
    recent[..=slot].rotate_right(1);
    recent[0] = rank;
    Some(rank)
}

/// True if the mass is about that of the sum of what comes in; the particle is the only one that goes out.
fn mass_follows(truth: Truth<'_>, event: &Event, base: usize, p: usize, ranks: &[Ranks; 4]) -> bool {
    let vertex = truth.of(|e| &e.production, base + p);
    if vertex == NONE || event.outgoing[vertex as usize].len() != 1 {
        return false;
    }
    let mut total = [0.0; 4];
    for &q in &event.incoming[vertex as usize] {
        if q as usize >= p {
            return false;
        }
        let of = |c: usize| {
            let on = &ranks[usize::from(c == 3)];
            on.value(on.rank(truth.of(|e| &e.momentum[c], base + q as usize)))
        };
        total = add(total, [of(0), of(1), of(2), of(3)]);
    }
    let truth = ranks[2].rank(truth.of(|e| &e.mass, base + p));
    size(ranks[2].nearest(mass(total)).wrapping_sub(truth)) <= 16
}

/// Bits of a difference.
fn size(difference: i64) -> u32 {
    64 - difference.unsigned_abs().leading_zeros()
}

/// Bits that the three components miss a prediction by.
fn miss(on: &Ranks, predicted: &Momentum, truth: &[i64; 4]) -> u32 {
    let mut sum = 0;
    for c in 0..3 {
        let bits = size(on.nearest(predicted[c]).wrapping_sub(truth[c]));
        if bits > MISS {
            return 1000;
        }
        sum += bits;
    }
    sum
}

/// The two bodies that are left of `total`.
fn decay_of(subject: &Subject<'_>, known: &Known, total: Momentum, borrowed: bool) -> Option<Decay> {
    let second = *subject.outgoing.get(subject.place + 1)? as usize;
    let of = match subject.mother {
        Some(mother) if subject.incoming.len() == 1 && subject.place == 0 && !borrowed => {
            known.masses[mother]
        }
        _ => mass(total),
    };
    Decay::new(total, of, subject.mass, *known.masses.get(second)?)
}

/// Bits that a decay takes: the two free components, the miss of the third.
fn decay_bits(on: &Ranks, decay: &Decay, truth: &[i64; 4]) -> Option<u32> {
    let range = decay.px();
    if !in_interval(on, range, truth[0]) {
        return None;
    }
    let px = on.value(truth[0]);
    let range_y = decay.py(px);
    if !in_interval(on, range_y, truth[1]) {
        return None;
    }
    let (low, high, _) = decay.pz(px, on.value(truth[1]));
    let one = size(on.nearest(low).wrapping_sub(truth[2]));
    let other = size(on.nearest(high).wrapping_sub(truth[2]));
    let least = one.min(other);
    let spread = |(a, b): (f64, f64), rank: i64| {
        let step = (on.value(rank + 1) - on.value(rank)).abs();
        exponent((b - a) / step).clamp(0, 64) as u32
    };
    (least <= MISS).then(|| spread(range, truth[0]) + spread(range_y, truth[1]) + least + 1)
}

#[allow(clippy::too_many_arguments)]
fn momentum<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    models: &mut Models,
    on: &Ranks,
    events: &Events,
    base: usize,
    known: &mut Known,
    subject: &Subject<'_>,
    vertex: u32,
) -> [i64; 4] {
    let n_out = subject.outgoing.len();
    let left = n_out.saturating_sub(subject.place);
    let one_to_one = subject.incoming.len() == 1 && n_out == 1;
    let same = match subject.mother {
        Some(mother) if subject.incoming.len() == 1 => Some(known.ranks[mother]),
        None if subject.incoming.is_empty() => models.beams.get(known.beams.len()).copied(),
        _ => None,
    };
    let scaled = subject.mother.filter(|_| one_to_one).map(|mother| known.momenta[mother]);
    let axis = |p: &Momentum| (0..3).fold(0, |best, c| if p[c].abs() > p[best].abs() { c } else { best });
    let along = |parent: &Momentum, c: usize, value: f64| {
        let factor = value / parent[c];
        parent.map(|component| component * factor)
    };

    let motion = scaled.and_then(|_| known.motions.get(&known.steps[subject.p])?.map);

    // Encoding, the law that takes the fewest bits.
    let (mut choice, mut entry) = (Choice::Free, 0usize);
    if io.encoding {
        let truth = &subject.truth;
        let mut least = 3 * size(on.nearest(1.5) - on.nearest(1.0)) + 6;
        let mut offer = |bits: u32, offered: Choice, at: usize| {
            if bits < least {
                (least, choice, entry) = (bits, offered, at);
            }
        };
        if same == Some(*truth) {
            offer(0, Choice::Same, 0);
        } else {
            if subject.whole && left == 1 {
                offer(miss(on, &subject.rest, truth) + 1, Choice::Balance, 0);
            }
            if let Some(parent) = scaled {
                if let Some(map) = motion {
                    offer(miss(on, &map.apply(parent), truth) + 1, Choice::Boost, 0);
                }
                for (at, &imbalance) in known.ledger.iter().rev().enumerate() {
                    offer(miss(on, &add(parent, imbalance), truth) + 6, Choice::Ledger, at);
                }
                let c = axis(&parent);
                if in_interval(on, (parent[c].min(0.0), parent[c].max(0.0)), truth[c]) {
                    let bits = miss(on, &along(&parent, c, on.value(truth[c])), truth);
                    offer(bits + size(on.nearest(1.5) - on.nearest(1.0)) + 3, Choice::Scale, 0);
                }
            }
            if subject.whole && left == 1 && subject.incoming.len() == 1 && n_out > 1 {
                for (at, recoiler) in recoilers(known, subject.p).enumerate().take(32) {
                    if let Some(predicted) = emitted(subject.rest, known.momenta[recoiler], subject.mass) {
                        offer(miss(on, &predicted, truth) + 6, Choice::Emission, at);
                    }
                }
            }
            if known.recoils.binary_search_by_key(&(subject.p as u32), |recoil| recoil.0).is_ok() {
                let whole = size(on.nearest(1.5) - on.nearest(1.0));
                for (at, imbalance) in known.ledger.iter().rev().enumerate() {
                    let c = axis(imbalance);
                    let predicted = along(imbalance, c, on.value(truth[c]));
                    offer(miss(on, &predicted, truth).saturating_add(whole + 9), Choice::Against, at);
                }
            }
            if subject.whole && left == 2 {
                if let Some(bits) = decay_of(subject, known, subject.rest, false)
                    .and_then(|decay| decay_bits(on, &decay, truth))
                {
                    offer(bits + 2, Choice::Decay, 0);
                }
                if subject.incoming.len() == 1 {
                    for (at, &imbalance) in known.ledger.iter().rev().enumerate() {
                        let total = add(subject.rest, imbalance);
                        if let Some(bits) = decay_of(subject, known, total, true)
                            .and_then(|decay| decay_bits(on, &decay, truth))
                        {
                            offer(bits + 7, Choice::LedgerDecay, at);
                        }
                    }
                }
            }
        }
    }

    io.law(Law::Choice);
    let (s, t) = (u64::from(subject.species as u32), u64::from(subject.status as u32) & 0xffff);
    let shape = (subject.incoming.len().min(3) << 8 | n_out.min(5) << 4 | left.min(4)) as u64;
    let mother_status = subject.mother.map_or(0, |q| u64::from(events.status[base + q] as u32) & 0xffff);
    let mother_choice = subject.mother.map_or(15, |q| u64::from(known.choices[q]));
    let sibling_choice = match subject.place {
        0 => 15,
        place => u64::from(known.choices[subject.outgoing[place - 1] as usize]),
    };
    let last = known.choices.last().map_or(15, |&c| u64::from(c));
    let ledger = known.ledger.len().min(3) as u64;
    let maps = u64::from(motion.is_some());
    let contexts = [
        (shape << 16 | t) << 16 | mother_status,
        (shape << 16 | t) << 8 | sibling_choice << 4 | mother_choice,
        (shape << 32 | s) << 8 | sibling_choice,
        ((shape << 16 | t) << 4 | ledger) << 4 | maps,
        (t << 8 | last << 4 | mother_choice) << 12 | shape,
        (mother_status << 16 | t) << 20 | sibling_choice << 8 | ledger << 4 | maps,
    ];
    let choice = CHOICES[io.symbol(&mut models.choice, contexts, choice as u32) as usize % CHOICES.len()];
    known.choices.push(choice as u8);

    let mut found = [0; 4];
    match choice {
        Choice::Free => {
            io.law(Law::Free);
            free(io, models, on, known, subject, &mut found);
            io.numbers(found[..3].iter().filter(|&&rank| rank != 0).count() as u64);
            if let Some(parent) = scaled {
                let after = [0, 1, 2].map(|c| on.value(found[c]));
                let after =
                    [after[0], after[1], after[2], energy([after[0], after[1], after[2], 0.0], subject.mass)];
                let unit = on.value(on.nearest(1.0) + 1) - 1.0;
        moved(known, subject.p, parent, after, unit);
            }
        }
        Choice::Same => {
            io.law(Law::Copy);
            io.numbers(4);
            found = same.unwrap_or([0; 4]);
        }
        Choice::Balance => {
            io.law(Law::Balance);
            io.numbers(3);
            let legs = subject.incoming.iter().chain(&subject.outgoing[..subject.place]);
            // A code that no writer writes may choose this where not all legs are known.
            let largest = legs.filter_map(|&q| known.momenta.get(q as usize)).fold([0.0f64; 3], |m, p| {
                [m[0].max(p[0].abs()), m[1].max(p[1].abs()), m[2].max(p[2].abs())]
            });
            let near =
                [0, 1, 2].map(|c| (exponent(largest[c]) - exponent(subject.rest[c])).clamp(0, 60) as u64);
            // A particle that goes on alone and changed is no leg of a vertex that balances.
            let kind = if one_to_one { 20 } else { 0 };
            residuals(io, models, on, kind, &subject.rest, near, &subject.truth, &mut found);
        }
        Choice::Decay | Choice::LedgerDecay => {
            io.law(Law::Decay);
            io.numbers(3);
            let mut total = subject.rest;
            let borrowed = choice == Choice::LedgerDecay;
            if borrowed {
                total = add(total, take(io, models, known, subject, entry));
                if vertex != NONE {
                    known.borrowed[vertex as usize] = subtract(total, subject.rest);
                }
            }
            let kind = usize::from(borrowed);
            let decay = decay_of(subject, known, total, borrowed)
                .unwrap_or(Decay::new([0.0, 0.0, 0.0, 1.0], 1.0, 0.0, 0.0).expect("a decay at rest"));
            found[0] = interval(io, &mut models.intervals, kind * 2, on, decay.px(), subject.truth[0]);
            let px = on.value(found[0]);
            found[1] = interval(io, &mut models.intervals, kind * 2 + 1, on, decay.py(px), subject.truth[1]);
            let (low, high, spread) = decay.pz(px, on.value(found[1]));
            let truth = subject.truth[2];
            let upper =
                size(on.nearest(high).wrapping_sub(truth)) < size(on.nearest(low).wrapping_sub(truth));
            let upper = io.tree(&mut models.root, kind, u32::from(upper)) == 1;
            let predicted = if upper { high } else { low };
            let near = (exponent(spread) - exponent(predicted) + 54).clamp(0, 120) as u64;
            found[2] = residual(io, models, on, 4 + kind, predicted, near, truth);
        }
        Choice::Scale => {
            io.law(Law::Scale);
            io.numbers(3);
            let parent = scaled.unwrap_or([1.0; 4]);
            let c = axis(&parent);
            let range = (parent[c].min(0.0), parent[c].max(0.0));
            found[c] = interval(
                io,
                &mut models.intervals,
                4 + usize::from(parent[c] < 0.0),
                on,
                range,
                subject.truth[c],
            );
            let predicted = along(&parent, c, on.value(found[c]));
            for other in (0..3).filter(|&other| other != c) {
                found[other] = residual(io, models, on, 6, predicted[other], 0, subject.truth[other]);
            }
        }
        Choice::Ledger => {
            io.law(Law::Ledger);
            io.numbers(3);
            let parent = scaled.unwrap_or([0.0; 4]);
            let imbalance = take(io, models, known, subject, entry);
            if vertex != NONE {
                known.borrowed[vertex as usize] = imbalance;
            }
            let predicted = add(parent, imbalance);
            let near = [0, 1, 2].map(|c| {
                (exponent(parent[c].abs().max(imbalance[c].abs())) - exponent(predicted[c])).clamp(0, 60)
                    as u64
            });
            residuals(io, models, on, 8, &predicted, near, &subject.truth, &mut found);
        }
        Choice::Emission => {
            io.law(Law::Ledger);
            io.numbers(3);
            let known_recoilers = recoilers(known, subject.p).take(32).count();
            let context = [1 << 22 | t, 1 << 23 | known_recoilers as u64];
            let at = io.symbol(&mut models.entry, context, entry as u32) as usize;
            let recoiler = recoilers(known, subject.p).nth(at).map_or([0.0; 4], |q| known.momenta[q]);
            let predicted = emitted(subject.rest, recoiler, subject.mass).unwrap_or(subject.rest);
            let near = [0, 1, 2].map(|c| (exponent(subject.total[3]) - exponent(predicted[c])).clamp(0, 60) as u64);
            residuals(io, models, on, 16, &predicted, near, &subject.truth, &mut found);
        }
        Choice::Against => {
            io.law(Law::Scale);
            io.numbers(3);
            let n = known.ledger.len();
            let context = [1 << 24 | t, 1 << 25 | n as u64];
            let at = io.symbol(&mut models.entry, context, entry as u32) as usize;
            let imbalance = n.checked_sub(at + 1).map_or([1.0; 4], |at| known.ledger[at]);
            let c = axis(&imbalance);
            let reference = exponent(imbalance[c]).clamp(-60, 60);
            let sign = u64::from(imbalance[c] < 0.0);
            let kind = 8 + c;
            found[c] = models.free.code(io, on, reference, [1 << 60, 1 << 59 | t, 1 << 58, 1 << 57, 1 << 56 | s], [1 << 40 | sign, 1 << 41 | sign, 1 << 42 | sign], kind, subject.truth[c]);
            let predicted = along(&imbalance, c, on.value(found[c]));
            let near = (exponent(subject.total[3]) - exponent(imbalance[c])).clamp(0, 60) as u64;
            for other in (0..3).filter(|&other| other != c) {
                found[other] = residual(io, models, on, 7, predicted[other], near, subject.truth[other]);
            }
        }
        Choice::Boost => {
            io.law(Law::Boost);
            io.numbers(3);
            let parent = scaled.unwrap_or([0.0; 4]);
            let predicted = motion.map_or(parent, |map| map.apply(parent));
            let near = [0, 1, 2].map(|c| (exponent(parent[3]) - exponent(predicted[c])).clamp(0, 60) as u64);
            residuals(io, models, on, 12, &predicted, near, &subject.truth, &mut found);
        }
    }
    if let (Some(parent), Choice::Free | Choice::Balance) = (scaled, choice) {
        let after = [0, 1, 2].map(|c| on.value(found[c]));
        let after = [after[0], after[1], after[2], energy([after[0], after[1], after[2], 0.0], subject.mass)];
        let unit = on.value(on.nearest(1.0) + 1) - 1.0;
        moved(known, subject.p, parent, after, unit);
    }
    found
}

/// Known particles that go on alone and whose next momentum is not known yet, the newest first.
fn recoilers(known: &Known, p: usize) -> impl Iterator<Item = usize> + '_ {
    let before = known.recoils.partition_point(|recoil| (recoil.0 as usize) < p);
    known.recoils[..before].iter().rev().filter(move |recoil| recoil.1 as usize > p).map(|recoil| recoil.0 as usize)
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
fn emitted(rest: Momentum, recoiler: Momentum, mass: f64) -> Option<Momentum> {
    let share = (mass * mass.abs() - product(rest, rest)) / (2.0 * product(rest, recoiler));
    (share > 0.0 && share < 1.0).then(|| add(rest, recoiler.map(|component| component * share)))
}

/// Codes which imbalance is taken, and takes it.
fn take<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    models: &mut Models,
    known: &mut Known,
    subject: &Subject<'_>,
    entry: usize,
) -> Momentum {
    let n = known.ledger.len();
    let status = u64::from(subject.status as u32) & 0xffff;
    let entry = io.symbol(&mut models.entry, [status, status << 8 | n.min(31) as u64], entry as u32) as usize;
    match n.checked_sub(entry + 1) {
        Some(at) => known.ledger.remove(at),
        None => [0.0; 4],
    }
}

fn residual<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    models: &mut Models,
    on: &Ranks,
    kind: usize,
    predicted: f64,
    near: u64,
    truth: i64,
) -> i64 {
    let predicted = on.nearest(predicted);
    predicted.wrapping_add(io.difference(&mut models.residual, kind, near, truth.wrapping_sub(predicted)))
}

#[allow(clippy::too_many_arguments)]
fn residuals<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    models: &mut Models,
    on: &Ranks,
    kind: usize,
    predicted: &Momentum,
    near: [u64; 3],
    truth: &[i64; 4],
    found: &mut [i64; 4],
) {
    for c in 0..3 {
        found[c] = residual(io, models, on, kind + c, predicted[c], near[c], truth[c]);
    }
}

/// Codes three components that no law predicts.
fn free<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    models: &mut Models,
    on: &Ranks,
    known: &Known,
    subject: &Subject<'_>,
    found: &mut [i64; 4],
) {
    let reference = if subject.whole {
        exponent(subject.total[3])
    } else {
        known.momenta.last().map_or(12, |p| exponent(p[3]))
    };
    let reference = reference.clamp(-60, 60);
    let sibling = match subject.place {
        0 => [0.0; 4],
        place => known.momenta[subject.outgoing[place - 1] as usize],
    };
    let mother = subject.mother.map_or([0.0; 4], |q| known.momenta[q]);
    let (s, t) = (u64::from(subject.species as u32), u64::from(subject.status as u32) & 0xffff);
    let n_out = subject.outgoing.len().min(7) as u64;
    let place = subject.place.min(7) as u64;
    let several = u64::from(subject.incoming.len() > 1);
    let mut own = [0u64; 3];
    for c in 0..3 {
        let c64 = c as u64;
        let rest = relative(subject.rest[c], reference);
        let beside = relative(sibling[c], reference);
        let above = relative(mother[c], reference);
        let most = own[0].max(own[1]);
        let contexts = [
            (c64 << 32 | s) << 8 | rest,
            c64 << 20 | beside << 10 | most << 1 | several,
            (c64 << 16 | t) << 8 | n_out << 4 | place,
            ((c64 << 16 | t) << 8 | own[0]) << 8 | own[1],
            (c64 << 16 | above << 8 | rest) << 8 | most << 1 | several,
        ];
        let sign = |value: f64| u64::from(value < 0.0);
        let signs = [
            c64 << 20 | sign(subject.rest[c]) << 8 | rest,
            c64 << 20 | 1 << 16 | sign(sibling[c]) << 8 | beside,
            (c64 << 16 | t) << 8 | 2 << 4 | sign(mother[c]),
        ];
        found[c] = models.free.code(io, on, reference, contexts, signs, c, subject.truth[c]);
        own[c] = relative(on.value(found[c]), reference).max(1);
    }
}

/// Codes the energy.
fn shell<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    models: &mut Models,
    [on, on_energy]: [&Ranks; 2],
    known: &Known,
    subject: &Subject<'_>,
    found: [i64; 4],
) -> i64 {
    if known.choices.last() == Some(&(Choice::Same as u8)) {
        return found[3];
    }
    io.law(Law::Shell);
    io.numbers(1);
    let value = found.map(|rank| on.value(rank));
    let predicted = energy(value, subject.mass);
    let left = subject.outgoing.len().saturating_sub(subject.place);
    let truth = subject.truth[3];
    let by_shell = on_energy.nearest(predicted);
    let by_balance = on_energy.nearest(subject.rest[3]);
    let status = u64::from(subject.status as u32) & 0xffff;
    let mut use_balance = false;
    if subject.whole && left == 1 {
        let better = size(by_balance.wrapping_sub(truth)) < size(by_shell.wrapping_sub(truth));
        let context = [status, 1 << 32 | u64::from(subject.species as u32)];
        use_balance = subject.late || io.symbol(&mut models.energy_choice, context, u32::from(better)) == 1;
    }
    let predicted_rank = if use_balance { by_balance } else { by_shell };
    let heavy = (exponent(subject.mass) - exponent(predicted)).clamp(-40, 2) + 40;
    let kind = usize::from(use_balance) * 8
        + usize::from(subject.mass == 0.0) * 4
        + (subject.status.clamp(0, 3) as usize);
    predicted_rank.wrapping_add(io.difference(
        &mut models.energy,
        kind,
        heavy as u64,
        truth.wrapping_sub(predicted_rank),
    ))
}

/// Remembers how a particle moved; three of one system and step say how all of them do.
fn moved(known: &mut Known, p: usize, before: Momentum, after: Momentum, unit: f64) {
    // Rounding is no motion.
    if (0..3).all(|c| (after[c] - before[c]).abs() <= 16.0 * unit * after[3]) {
        return;
    }
    let motion = known.motions.entry(known.steps[p]).or_default();
    // Two that fly together say no more than one.
    let alike = |example: &(Momentum, Momentum)| product(example.0, before) <= 1e-9 * example.0[3] * before[3];
    if motion.examples.len() < 8 && !motion.examples.iter().any(alike) {
        motion.examples.push((before, after));
    }
    if let [.., a, b, c] = motion.examples[..] {
        let map = Transformation::of_three([a.0, b.0, c.0], [a.1, b.1, c.1], 1e-9 + 64.0 * unit);
        motion.map = map.or(motion.map);
    }
}

/// A vertex is whole: what it does not balance is open.
fn settle(known: &mut Known, subject: &Subject<'_>, last: Momentum) {
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
