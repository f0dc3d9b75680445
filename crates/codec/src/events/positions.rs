//! Positions: where vertices lie.
//!
//! In: the graph and momenta of one event. Out: ranks of x, y, z, t. Not here: momenta.
//! Holds: a vertex that no law places comes back all the same.
//!
//! A vertex lies where its incoming particle was made, or on that particle's line of flight: then t says the rest.

use super::choice::size;
use super::io::{Account, Io, Law};
use super::numbers::{Free, exponent};
use super::{Event, Truth};
use hepz_columns::events::{Events, NONE};
use hepz_entropy::RawBits;
use hepz_models::symbol::{Difference, Symbol};
use hepz_transforms::laws::lattice::Ranks;

pub struct Models {
    placed: Symbol<3>,
    choice: Symbol<4>,
    free: Free,
    later: Difference,
    residual: Difference,
}

impl Models {
    pub fn new() -> Models {
        Models {
            placed: Symbol::new(1, 8),
            choice: Symbol::new(2, 9),
            free: Free::new(8, 3, 8),
            later: Difference::new(2),
            residual: Difference::new(4),
        }
    }
}

const SAME: u32 = 0;
const FLIGHT: u32 = 1;
const PREVIOUS: u32 = 2;
const FREE: u32 = 3;

pub fn walk<C: Account, R: RawBits>(
    io: &mut Io<C, R>,
    models: &mut Models,
    truth: Truth<'_>,
    events: &mut Events,
    event: &Event,
    ranks: &[Ranks; 4],
) {
    io.law(Law::Position);
    let (on_momenta, on_energy, on) = (&ranks[0], &ranks[1], &ranks[3]);
    let (base, first) = (event.first_particle, event.first_vertex);
    let mut all: Vec<[i64; 4]> = Vec::with_capacity(event.incoming.len());
    for vertex in 0..event.incoming.len() {
        let at = first + vertex;
        let mother = event.incoming[vertex].first().map(|&q| base + q as usize);
        let origin = mother.map(|q| events.production[q]).filter(|&v| v != NONE && (v as usize) < vertex);
        let (species, status) = mother.map_or((0, 0), |q| {
            (u64::from(events.species[q] as u32), u64::from(events.status[q] as u32) & 0xffff)
        });
        let origin_placed = origin.map_or(2, |v| u64::from(events.placed[first + v as usize]));
        let contexts = [
            species << 4 | origin_placed,
            status << 4 | origin_placed,
            (event.incoming[vertex].len().min(3) as u64) << 4 | origin_placed,
        ];
        let placed = io.symbol(&mut models.placed, contexts, u32::from(truth.of(|e| &e.placed, at))) == 1;
        events.placed[at] = placed;
        let before = origin.map_or([0; 4], |v| all[v as usize]);
        if !placed {
            // Nothing is printed: the vertex counts as being where its mother was made.
            all.push(before);
            continue;
        }
        io.numbers(4);
        let previous = all.last().copied().unwrap_or([0; 4]);
        let goal: [i64; 4] = if io.encoding {
            std::array::from_fn(|c| on.rank(truth.of(|e| &e.position[c], at)))
        } else {
            [0; 4]
        };
        let flight = |t: i64| -> [f64; 4] {
            let Some(q) = mother else { return [0.0; 4] };
            let p = |c: usize| on_momenta.value(on_momenta.rank(events.momentum[c][q]));
            let start = before.map(|rank| on.value(rank));
            let energy = on_energy.value(on_energy.rank(events.momentum[3][q]));
            let per_energy = (on.value(t) - start[3]) / energy;
            [
                start[0] + p(0) * per_energy,
                start[1] + p(1) * per_energy,
                start[2] + p(2) * per_energy,
                per_energy,
            ]
        };
        let mut choice = FREE;
        if io.encoding {
            let predicted = flight(goal[3]);
            let whole = size(on.nearest(1.5).wrapping_sub(on.nearest(1.0)));
            choice = if goal == before {
                SAME
            } else if goal == previous {
                PREVIOUS
            } else if (0..3).all(|c| size(on.nearest(predicted[c]).wrapping_sub(goal[c])) + 3 < whole) {
                FLIGHT
            } else {
                FREE
            };
        }
        let alike = u64::from(before == previous);
        let contexts = [
            species << 1 | alike,
            status << 1 | alike,
            (event.incoming[vertex].len().min(3) as u64) << 8 | alike,
            (species << 16 | status) << 2 | alike << 1 | u64::from(before[3] == 0),
        ];
        let choice = io.symbol(&mut models.choice, contexts, choice);
        let mut found = match choice {
            SAME => before,
            PREVIOUS => previous,
            _ => [0; 4],
        };
        if choice == FLIGHT || choice == FREE {
            let order: [usize; 4] = [3, 0, 1, 2];
            let mut predicted = [0.0; 4];
            for c in order {
                let near_origin = (exponent(on.value(before[c])) + 64).clamp(0, 127) as u64;
                found[c] = if choice == FLIGHT && c < 3 {
                    let target = on.nearest(predicted[c]);
                    let start = on.value(before[c]);
                    let t = on.value(found[3]);
                    let lost = (exponent(t) - exponent(t - on.value(before[3]))).clamp(0, 30) as u64;
                    let cancelled = (exponent(start.abs().max(predicted[c].abs())) - exponent(predicted[c]))
                        .clamp(0, 30) as u64;
                    target.wrapping_add(io.difference(
                        &mut models.residual,
                        0,
                        lost << 5 | cancelled,
                        goal[c].wrapping_sub(target),
                    ))
                } else if c == 3 && before[3] != 0 {
                    before[3].wrapping_add(io.difference(
                        &mut models.later,
                        0,
                        species << 8 | near_origin,
                        goal[3].wrapping_sub(before[3]),
                    ))
                } else {
                    let c64 = c as u64;
                    let contexts = [
                        species << 2 | c64,
                        status << 2 | c64,
                        near_origin << 2 | c64,
                        c64,
                        (species << 16 | status) << 2 | c64,
                    ];
                    models.free.code(
                        io,
                        on,
                        -10,
                        contexts,
                        [c64, species << 2 | c64, status << 2 | c64],
                        c,
                        goal[c],
                    )
                };
                if c == 3 {
                    predicted = flight(found[3]);
                }
            }
        }
        for (c, column) in events.position.iter_mut().enumerate() {
            column[at] = on.pattern(found[c]);
        }
        all.push(found);
    }
}
