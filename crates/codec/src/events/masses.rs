//! Masses: of all particles of an event, before their momenta.
//!
//! In: species, status, mothers. Out: masses; which ones follow from a momentum that is not known yet.
//! Not here: momenta (`momenta`).
//! Holds: any mass comes back.

use super::choice::size;
use super::io::{Account, Io, Law};
use super::numbers::{Free, exponent, relative};
use super::{Event, Truth};
use hepz_columns::events::{Events, NONE};
use hepz_entropy::RawBits;
use hepz_models::symbol::{Difference, Symbol};
use hepz_transforms::laws::kinematics::{add, mass};
use hepz_transforms::laws::lattice::Ranks;
use std::collections::BTreeMap;

/// Masses of a species that are remembered, the last one first.
const RECENT: usize = 4;

pub struct Models {
    choice: Symbol<4>,
    free: Free,
    late: Difference,
    /// By species without sign.
    recent: BTreeMap<i32, [i64; RECENT]>,
}

impl Models {
    pub fn new() -> Models {
        Models {
            choice: Symbol::new(3, 10),
            free: Free::new(1, 6, 8),
            late: Difference::new(1),
            recent: BTreeMap::new(),
        }
    }

    /// Codes all masses into `masses`; returns which ones follow later and are 0 until then.
    pub fn walk<C: Account, R: RawBits>(
        &mut self,
        io: &mut Io<C, R>,
        truth: Truth<'_>,
        events: &mut Events,
        event: &Event,
        ranks: &[Ranks; 4],
        masses: &mut Vec<f64>,
    ) -> Vec<bool> {
        let on_masses = &ranks[2];
        let base = event.first_particle;
        let n = event.particles;
        io.law(Law::Mass);
        let mut mass_ranks: Vec<i64> = Vec::with_capacity(n);
        let mut late: Vec<bool> = Vec::with_capacity(n);
        for p in 0..n {
            let at = base + p;
            let mother = mother(events, event, base, p).filter(|&q| q < p);
            let own = on_masses.rank(truth.of(|e| &e.mass, at));
            io.numbers(1);
            let follows = io.encoding && mass_follows(truth, event, base, p, ranks);
            let coded = self.code(
                io,
                on_masses,
                (events.species[at], events.status[at]),
                mother.map(|q| mass_ranks[q]),
                (own, follows),
            );
            let rank = coded.unwrap_or(0);
            late.push(coded.is_none());
            mass_ranks.push(rank);
            masses.push(on_masses.value(rank));
            if coded.is_some() {
                events.mass[at] = on_masses.pattern(rank);
            }
        }
        late
    }

    /// Codes a mass that follows from the four-momentum.
    pub fn late<C: Account, R: RawBits>(
        &mut self,
        io: &mut Io<C, R>,
        on: &Ranks,
        mass: f64,
        truth: i64,
    ) -> i64 {
        io.law(Law::Mass);
        let predicted = on.nearest(mass);
        predicted.wrapping_add(io.difference(&mut self.late, 0, 0, truth.wrapping_sub(predicted)))
    }

    fn code<C: Account, R: RawBits>(
        &mut self,
        io: &mut Io<C, R>,
        on: &Ranks,
        (species, status): (i32, i32),
        mother: Option<i64>,
        (truth, follows): (i64, bool),
    ) -> Option<i64> {
        const LATE: u32 = 4;
        const MOTHER: u32 = 5;
        const ZERO: u32 = 6;
        const FREE: u32 = 7;
        let recent = self.recent.entry(species.wrapping_abs()).or_insert([0; RECENT]);
        let symbol = match recent.iter().position(|&rank| rank == truth) {
            Some(slot) => slot as u32,
            None if Some(truth) == mother => MOTHER,
            None if truth == 0 => ZERO,
            None if follows => LATE,
            None => FREE,
        };
        let (s, t) = (u64::from(species as u32), u64::from(status as u32));
        let alike =
            mother.and_then(|rank| recent.iter().position(|&r| r == rank)).map_or(7, |slot| slot as u64);
        let contexts = [s, t << 8 | alike, s << 16 | t, (s << 16 | t) << 4 | alike];
        let symbol = io.symbol(&mut self.choice, contexts, symbol);
        let rank = match symbol {
            LATE => return None,
            MOTHER => mother.unwrap_or(0),
            ZERO => 0,
            FREE => {
                let reference = exponent(on.value(recent[0])).max(-20);
                let near = mother.map_or(0, |rank| relative(on.value(rank), reference));
                self.free.code(io, on, reference, [s, t, near, s << 16 | t, 0], [s, t, 0], 0, truth)
            }
            slot => recent[slot as usize % RECENT],
        };
        let slot = recent.iter().position(|&r| r == rank).unwrap_or(RECENT - 1);
        recent[..=slot].rotate_right(1);
        recent[0] = rank;
        Some(rank)
    }
}

fn mother(events: &Events, event: &Event, base: usize, p: usize) -> Option<usize> {
    let vertex = events.production[base + p];
    if vertex == NONE { None } else { event.incoming[vertex as usize].first().map(|&q| q as usize) }
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
