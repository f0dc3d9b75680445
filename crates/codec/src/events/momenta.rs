//! Momenta: three-momenta and energies of one event.
//!
//! In: the event's graph, ranks. Out: ranks.
//! Not here: the laws themselves (`hepz_transforms::laws`), which one is chosen (`choice`), masses (`masses`).
//! Holds: the choice of a law is coded; whatever it predicts, the number comes back.

use super::choice::{Ways, choose, decay_of, size};
use super::io::{Account, Io, Law};
use super::known::{CHOICES, Choice, Known, Subject, along, axis, emitted, moved, recoilers, settle};
use super::numbers::{Free, LEVELS, exponent, interval, relative};
use super::{Event, Truth, masses};
use hepz_columns::events::{Events, NONE};
use hepz_entropy::RawBits;
use hepz_models::symbol::{Difference, Symbol, Tree};
use hepz_transforms::laws::decay::Decay;
use hepz_transforms::laws::kinematics::{Momentum, add, energy, mass, subtract};
use hepz_transforms::laws::lattice::Ranks;

pub struct Models {
    masses: masses::Models,
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
            masses: masses::Models::new(),
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
    let mut known = Known::new(events, event);
    let late = models.masses.walk(io, truth, events, event, ranks, &mut known.masses);
    for (p, &late) in late.iter().enumerate() {
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
            late,
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
            subject.truth =
                std::array::from_fn(|c| [on, on, on, on_energy][c].rank(truth.of(|e| &e.momentum[c], at)));
        }
        let mut found = momentum(io, models, on, events, base, &mut known, &subject, vertex);
        found[3] = shell(io, models, [on, on_energy], &known, &subject, found);
        for (c, column) in events.momentum.iter_mut().enumerate() {
            column[at] = [on, on, on, on_energy][c].pattern(found[c]);
        }
        let mut value: Momentum = std::array::from_fn(|c| [on, on, on, on_energy][c].value(found[c]));
        if subject.late {
            let own = on_masses.rank(truth.of(|e| &e.mass, at));
            let rank = models.masses.late(io, on_masses, mass(subject.rest), own);
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
    let motion = scaled.and_then(|_| known.motions.get(&known.steps[subject.p])?.map);

    let ways = Ways { same, scaled, motion };
    let (choice, entry) = if io.encoding { choose(on, known, subject, &ways) } else { (Choice::Free, 0) };

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
            let largest = legs
                .filter_map(|&q| known.momenta.get(q as usize))
                .fold([0.0f64; 3], |m, p| [m[0].max(p[0].abs()), m[1].max(p[1].abs()), m[2].max(p[2].abs())]);
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
            let near =
                [0, 1, 2].map(|c| (exponent(subject.total[3]) - exponent(predicted[c])).clamp(0, 60) as u64);
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
            found[c] = models.free.code(
                io,
                on,
                reference,
                [1 << 60, 1 << 59 | t, 1 << 58, 1 << 57, 1 << 56 | s],
                [1 << 40 | sign, 1 << 41 | sign, 1 << 42 | sign],
                kind,
                subject.truth[c],
            );
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
